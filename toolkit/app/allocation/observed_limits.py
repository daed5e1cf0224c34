"""The basket at the last observed prices, and the limits that would be broken there."""

from __future__ import annotations

from typing import Any

import numpy as np

from toolkit.app.allocation.amounts import AllocationAmounts
from toolkit.core.forecast import FloatArray
from toolkit.optimize.problem import Problem

BROKEN = 1e-6
"""By how much a limit is broken that counts as such."""
OF_AMOUNTS = frozenset(
    {"buy_only", "fully_invested", "keep_at_least", "no_buy", "no_sell", "no_trade", "turnover", "whole_pieces"}
)
"""Kinds that speak of what is traded or left over, whatever prices are."""


def at_last_prices(problem: Problem, money: AllocationAmounts, raw: FloatArray) -> dict[str, Any]:
    """Value of positions and cash at the last observed prices, and every limit that is broken at the weights there.

    Args:
        problem: Whose limits are looked at.
        money: What is held after the trades.
        raw: (n,) last observed price of a unit, in the reporting currency.
    """
    values = money.quantities * raw
    total = float(values.sum()) + money.cash
    if not total > 0:
        return {"value": total, "limits_broken": []}
    x = np.append(values, money.cash) / total
    limits = problem.inequalities()
    worst: dict[int, dict[str, Any]] = {}
    for row in range(len(limits.h)):
        sign = 1.0 if limits.sides[row] == "upper" else -1.0
        value = float(limits.G[row] @ x)
        _keep(worst, problem, limits.owner[row], limits.labels[row], sign * value, sign * limits.h[row], value - limits.h[row])
    for ceiling in problem.ceilings():
        value, limit = ceiling.function.value(x) ** ceiling.power, ceiling.limit**ceiling.power
        _keep(worst, problem, ceiling.owner, ceiling.function.label, value, limit, value - limit)
    for owner, shares in problem.shares().items():
        for share in shares:
            value = share.value(x[:-1])
            _keep(worst, problem, owner, share.label, value, share.limit, value - share.limit)
    return {"value": total, "limits_broken": [worst[owner] for owner in sorted(worst)]}


def _keep(
    worst: dict[int, dict[str, Any]], problem: Problem, owner: int, where: str, value: float, limit: float, beyond: float
) -> None:
    """Keep the row that is furthest beyond its limit, of each constraint."""
    constraint = problem.constraints[owner]
    if beyond <= BROKEN or constraint.kind in OF_AMOUNTS or beyond <= worst.get(owner, {"beyond": 0.0})["beyond"]:
        return
    worst[owner] = {
        "name": constraint.name,
        "kind": constraint.kind,
        "where": where,
        "value": float(value) + 0.0,
        "limit": float(limit) + 0.0,
        "beyond": float(beyond),
    }
