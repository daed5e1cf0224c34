"""Every named limit, re-checked on the final weights and priced where the certificate has a price."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from toolkit.factors.forecast import FloatArray
from toolkit.optimize.continuous import Continuous
from toolkit.optimize.problem import Inequalities, Problem
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


def limit_reports(problem: Problem, limits: Inequalities, x: FloatArray, continuous: Continuous) -> tuple[LimitReport, ...]:
    """One report a named constraint at x, (n + 1,), and one for a limit that the objective itself sets."""
    reports = []
    values, relaxed_slack = limits.G @ x, limits.h - limits.G @ continuous.x
    for position, constraint in enumerate(problem.constraints):
        rows = [row for row, owner in enumerate(limits.owner) if owner == position]
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
    if isinstance(problem.objective, MaxReturn):
        reports.append(_on_volatility(problem, problem.objective, x, continuous))
    return tuple(reports)


def _on_volatility(problem: Problem, objective: MaxReturn, x: FloatArray, continuous: Continuous) -> LimitReport:
    ceiling = objective.volatility
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
