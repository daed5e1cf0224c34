"""Every named limit, re-checked on the final weights and priced where the certificate has a price."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from toolkit.core.forecast import FloatArray
from toolkit.optimize.contribution import Share
from toolkit.optimize.functions import Ceiling
from toolkit.optimize.prices import BINDING, Price, Prices
from toolkit.optimize.problem import Inequalities, Problem
from toolkit.optimize.programs.continuous import Continuous
from toolkit.optimize.programs.reward import OWN
from toolkit.optimize.terms.base import Constraint
from toolkit.optimize.terms.objectives import MaxReturn


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
        shadow_price: Fall of the objective per unit by which the whole limit is relaxed (None where there is no certificate).
        shadow_price_less: Rise of the objective per unit by which it is tightened; None where that leaves no answer, or
            nothing is known of it.
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
    shadow_price_less: float | None = None


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
    prices, shares, found = continuous.on_ceilings, problem.shares(), Prices.of(problem, relaxed, continuous)
    for position, constraint in enumerate(problem.constraints):
        rows = [row for row, owner in enumerate(limits.owner) if owner == position]
        if position in curved:
            price = None if found is None else found.ceiling(position)
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
        price = None if found is None else found.rows(rows)
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
                shadow_price=None if price is None else price.more,
                shadow_price_less=None if price is None else price.less,
            )
        )
    if isinstance(problem.objective, MaxReturn) and problem.objective.volatility is not None:
        price = None if found is None else found.ceiling(OWN)
        reports.append(_on_volatility(problem, problem.objective, problem.objective.volatility, x, continuous, price))
    return tuple(reports)


def _on_ceiling(
    constraint: Constraint, ceiling: Ceiling, x: FloatArray, relaxed: FloatArray, price: Price | None
) -> LimitReport:
    """The report of a limit on a convex function, in the power in which its user speaks of it."""
    power = ceiling.power
    value, limit = ceiling.function.value(x) ** power, ceiling.limit**power
    unit = power * ceiling.limit ** (power - 1)  # d limit^power / d limit: the multiplier belongs to the limit of the root
    return LimitReport(
        name=constraint.name,
        kind=constraint.kind,
        value=value,
        limit=limit,
        side="upper",
        where=ceiling.function.label,
        slack=limit - value,
        binding=ceiling.excess(relaxed) >= -BINDING,
        shadow_price=None if price is None else price.more / unit,
        shadow_price_less=None if price is None or price.less is None else price.less / unit,
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
    problem: Problem, objective: MaxReturn, ceiling: float, x: FloatArray, continuous: Continuous, price: Price | None
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
        shadow_price=None if price is None else price.more,
        shadow_price_less=None if price is None else price.less,
    )
