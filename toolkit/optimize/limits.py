"""Every named limit, re-checked on the final weights and priced where the certificate has a price."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from toolkit.factors.forecast import FloatArray
from toolkit.optimize.contribution import Share
from toolkit.optimize.functions import Ceiling
from toolkit.optimize.problem import Inequalities, Problem
from toolkit.optimize.programs.continuous import Continuous
from toolkit.optimize.terms.base import Constraint
from toolkit.optimize.terms.objectives import MaxReturn

BINDING = 1e-6
"""Slack below which a limit of the continuous optimum counts as binding (fractions of the budget)."""


@dataclass(frozen=True, slots=True)
class LimitReport:
    """One named constraint, re-checked on the final weights.

    Attributes:
        value: At the row nearest to its limit (or furthest beyond it).
        limit: Of that row.
        side: ``upper`` or ``lower``.
        where: What the row speaks of.
        slack: Distance to the limit, negative when broken.
        binding: Whether the continuous optimum touches the limit.
        shadow_price: Fall of the objective for a relaxation of the whole limit by 1 (None where there is no certificate).
    """

    name: str
    kind: str
    value: float | None
    limit: float | None
    side: str | None
    where: str | None
    slack: float | None
    binding: bool | None
    shadow_price: float | None


def _price(multipliers: FloatArray, limits: Inequalities, rows: list[int]) -> float:
    """What relaxing all rows of a constraint by one would gain; the two sides of an equality only differ by their net."""
    total = float(np.sum(multipliers[rows]))
    for upper in rows:
        for lower in rows:
            opposed = limits.sides[upper] == "upper" and limits.sides[lower] == "lower"
            if opposed and limits.labels[upper] == limits.labels[lower] and limits.h[upper] == -limits.h[lower]:
                total -= 2.0 * float(min(multipliers[upper], multipliers[lower]))
    return total


def limit_reports(
    problem: Problem, limits: Inequalities, x: FloatArray, continuous: Continuous, *, relaxed: Inequalities
) -> tuple[LimitReport, ...]:
    """One report a named constraint at x, (n + 1,), and one for a limit that the objective itself sets.

    Args:
        problem: Whose constraints are told.
        limits: Its rows.
        x: The final weights.
        continuous: The continuous optimum.
        relaxed: The same rows with the limits that it was held to.
    """
    reports = []
    values, relaxed_slack = limits.G @ x, relaxed.h - relaxed.G @ continuous.x
    curved = {ceiling.owner: ceiling for ceiling in problem.ceilings()}
    prices, shares = continuous.on_ceilings, problem.shares()
    for position, constraint in enumerate(problem.constraints):
        rows = [row for row, owner in enumerate(limits.owner) if owner == position]
        if position in curved:
            price = None if prices is None else prices.get(position)
            reports.append(_on_ceiling(constraint, curved[position], x, continuous.x, price))
            continue
        if position in shares:
            price = 0.0 if prices is None else prices.get(position, 0.0)
            reports.append(_on_shares(constraint, shares[position], x, continuous.x, price))
            continue
        if not rows:
            reports.append(LimitReport(constraint.name, constraint.kind, None, None, None, None, None, None, None))
            continue
        row = min(rows, key=lambda r: (limits.h[r] - values[r], r))
        sign = 1.0 if limits.sides[row] == "upper" else -1.0
        price = None if continuous.multipliers is None else _price(continuous.multipliers, limits, rows)
        reports.append(
            LimitReport(
                name=constraint.name,
                kind=constraint.kind,
                value=float(sign * values[row]) + 0.0,
                limit=float(sign * limits.h[row]) + 0.0,
                side=limits.sides[row],
                where=limits.labels[row],
                slack=float(limits.h[row] - values[row]),
                binding=bool(min(relaxed_slack[rows]) <= BINDING),
                shadow_price=price,
            )
        )
    if isinstance(problem.objective, MaxReturn) and problem.objective.volatility is not None:
        reports.append(_on_volatility(problem, problem.objective, problem.objective.volatility, x, continuous))
    return tuple(reports)


def _on_ceiling(
    constraint: Constraint, ceiling: Ceiling, x: FloatArray, relaxed: FloatArray, price: float | None
) -> LimitReport:
    """The report of a limit on a convex function, in the power in which its user speaks of it."""
    power = ceiling.power
    value, limit = ceiling.function.value(x) ** power, ceiling.limit**power
    return LimitReport(
        name=constraint.name,
        kind=constraint.kind,
        value=value,
        limit=limit,
        side="upper",
        where=ceiling.function.label,
        slack=limit - value,
        binding=ceiling.excess(relaxed) >= -BINDING,
        # d limit / d limit^power, where the multiplier belongs to the limit of the root.
        shadow_price=None if price is None else price / (power * ceiling.limit ** (power - 1)),
    )


def _on_shares(
    constraint: Constraint, shares: tuple[Share, ...], x: FloatArray, relaxed: FloatArray, price: float
) -> LimitReport:
    """The report of a limit on contributions to risk, at the largest."""
    largest = max(shares, key=lambda share: share.value(x[:-1]))
    value, limit = largest.value(x[:-1]), largest.limit
    touched = max(share.value(relaxed[:-1]) for share in shares) >= limit - BINDING
    return LimitReport(constraint.name, constraint.kind, value, limit, "upper", largest.label, limit - value, touched, price)


def _on_volatility(
    problem: Problem, objective: MaxReturn, ceiling: float, x: FloatArray, continuous: Continuous
) -> LimitReport:
    now, relaxed = (float(np.sqrt(problem.forecast.variance(point[:-1]))) for point in (x, continuous.x))
    return LimitReport(
        name="objective.volatility",
        kind=objective.kind,
        value=now,
        limit=ceiling,
        side="upper",
        where="volatility a year",
        slack=ceiling - now,
        binding=ceiling - relaxed <= BINDING,
        shadow_price=continuous.volatility_price,
    )
