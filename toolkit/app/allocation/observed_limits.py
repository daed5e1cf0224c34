"""The basket at the last observed prices, and the limits that would be broken there."""

from __future__ import annotations

import numpy as np

from toolkit.app.allocation.amounts import AllocationAmounts
from toolkit.core.forecast import FloatArray
from toolkit.optimize.problem import Problem
from toolkit.records.positions import AtLastPrices, BrokenLimit

BROKEN = 1e-6
"""Violation above which a limit counts as broken."""


def at_last_prices(problem: Problem, money: AllocationAmounts, raw: FloatArray) -> AtLastPrices:
    """Value of positions and cash at the last observed prices, and every limit that is broken at the weights there.

    Args:
        problem: The problem, with its limits.
        money: Amounts after the trades.
        raw: (n,) last observed price of a unit, in the reporting currency.
    """
    values = money.quantities * raw
    total = float(values.sum()) + money.cash
    if not total > 0:
        return AtLastPrices(value=total, limits_broken=())
    x = np.append(values, money.cash) / total
    limits = problem.linear_constraints()
    worst: dict[int, BrokenLimit] = {}
    for row in range(len(limits.h)):
        sign = 1.0 if limits.sides[row] == "upper" else -1.0
        value = float(limits.G[row] @ x)
        _keep(worst, problem, limits.owner[row], limits.labels[row], sign * value, sign * limits.h[row], value - limits.h[row])
    for convex_constraint in problem.convex_constraints():
        value, limit = (
            convex_constraint.function.value(x) ** convex_constraint.power,
            convex_constraint.limit**convex_constraint.power,
        )
        _keep(worst, problem, convex_constraint.owner, convex_constraint.function.label, value, limit, value - limit)
    for owner, contributions in problem.risk_contributions().items():
        for contribution in contributions:
            value = contribution.value(x[:-1])
            _keep(worst, problem, owner, contribution.label, value, contribution.limit, value - contribution.limit)
    return AtLastPrices(value=total, limits_broken=tuple(worst[owner] for owner in sorted(worst)))


def _keep(
    worst: dict[int, BrokenLimit], problem: Problem, owner: int, where: str, value: float, limit: float, beyond: float
) -> None:
    """Keep the row that is furthest beyond its limit, of each constraint."""
    constraint = problem.constraints[owner]
    if beyond <= BROKEN or constraint.on_trades or (owner in worst and beyond <= worst[owner].beyond):
        return
    worst[owner] = BrokenLimit(
        name=constraint.name,
        kind=constraint.kind,
        where=where,
        value=float(value) + 0.0,
        limit=float(limit) + 0.0,
        beyond=float(beyond),
    )
