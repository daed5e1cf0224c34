"""Explanation of an allocation: slopes of each holding, prices of limits, sensitivities, number of bets, effect of lots.

Slopes of holdings are taken at the proposal. Prices and sensitivities are those of the divisible problem, solved again here:
with whole lots a limit that binds there may leave some room.
"""

from __future__ import annotations

import numpy as np

from toolkit.app.optimize import Result
from toolkit.core.forecast import FloatArray
from toolkit.core.grouping import by_key
from toolkit.optimize.analysis.bets import BET_HELD, effective_bets, effective_number
from toolkit.optimize.analysis.marginal import Marginals, annual_cost, from_others, marginals
from toolkit.optimize.analysis.sensitivity import POINT, Analysis, Sensitivity, analyse
from toolkit.optimize.problem import Problem
from toolkit.records.explanation import (
    Bets,
    Explanation,
    HoldingSlopes,
    LimitPrice,
    Moves,
    PointWorth,
    Rounded,
    Rounding,
    Slopes,
)
from toolkit.records.run import Run
from toolkit.report.i18n.language import Language
from toolkit.report.i18n.measures import NOTHING, fall_in_words, worth
from toolkit.risk_measures.variance import risk_contributions, volatility

SOFT = 1e-7
"""Violation above which a soft limit counts as broken."""


def explanation(result: Result) -> Explanation:
    """Why an allocation is what it is.

    Fractions as everywhere: a slope of 0.2 is 0.2 points for a point.

    Raises:
        SolveError: where the continuous problem, which has been solved before, is not solved again.
    """
    problem, record = result.prepared.problem, result.record
    weights = np.array([position.weight for position in record.positions])
    slopes = marginals(problem, weights)
    found = analyse(problem, result.prepared.strategy.solver.order)
    return Explanation(
        holdings=_holdings(problem, record, weights, slopes),
        limits=_limits(problem, record, found),
        risk_aversion=None if found.risk_aversion is None else _moved(problem, found.risk_aversion, found),
        bets=_bets(problem, weights),
        rounding=None if record.solver.lots_gap is None else _rounding(result, weights),
    )


def _holdings(problem: Problem, record: Run, weights: FloatArray, slopes: Marginals) -> tuple[HoldingSlopes, ...]:
    """Each asset, held or not: its share of risk, and the slopes of one more point of it, paid from cash or by the others."""
    shares = risk_contributions(problem.forecast, weights)
    funded = "cash" if record.cash.weight >= POINT else "others"
    of = {"volatility": slopes.volatility, "cost": slopes.cost}
    if (aims := slopes.objective) is not None:
        of |= {f"objective_{name}": getattr(aims, name) for name in ("risk", "cost", "reward")} | {"objective": aims.total}
    return tuple(
        HoldingSlopes.from_objects(
            position,
            weight=weights[i],
            risk_contribution=shares[i],
            funded_by=funded,
            from_cash=Slopes(**{name: slope[i] for name, slope in of.items()}),
            from_others=Slopes(**{name: from_others(slope, weights, i) for name, slope in of.items()}),
        )
        for i, position in enumerate(record.positions)
    )


def _level(problem: Problem, weights: FloatArray) -> float:
    """The volatility, or for a strategy that tracks the tracking error, of asset weights, (n,)."""
    away = weights - problem.objective.reference(problem.data)
    return volatility(problem.forecast, away)


def _limits(problem: Problem, record: Run, found: Analysis) -> tuple[LimitPrice, ...]:
    """Every limit of the record: the price of those that bind, the room that the others leave.

    A strategy that names its weights or shares of risk itself minimises no number that a price could be read in.
    """
    priced = record.objective.unit != "distance" or problem.objective.prices_limits
    entries = by_key((entry.name, entry) for entry in found.limits)
    rows = []
    for limit in record.constraints:
        if limit.value is None:
            continue
        is_broken = limit.soft is not None and limit.slack is not None and limit.slack < -SOFT
        binding = [] if is_broken else _pulling(entries.get(limit.name, []))
        if not binding:
            price = limit.shadow_price if is_broken or limit.binding else None
            # Without an entry it is a limit on a square, such as variance: its unit is no point.
            valued = _worth(problem, record, found, price) if is_broken else None
            of_limit = {"where": (limit.where,), "room": limit.slack, "moves": None}
            rows.append(LimitPrice.from_objects(limit, **of_limit, price=price or None, worth=valued))
        rows += [
            LimitPrice.from_objects(
                entry,
                limit,
                limit=entry.at,
                room=limit.slack,
                price=entry.price if priced else None,
                worth=_worth(problem, record, found, entry.price if priced else None),
                moves=_moved(problem, entry, found),
            )
            for entry in binding
        ]
    return tuple(rows)


def _pulling(entries: list[Sensitivity]) -> list[Sensitivity]:
    """The sides of a limit; of an equality only the one that binds."""
    if len(entries) < 2:
        return entries
    return [entry for entry in entries if entry.price is None or POINT * entry.price >= NOTHING] or entries[:1]


def _worth(problem: Problem, record: Run, found: Analysis, price: float | None) -> PointWorth | None:
    """Value of one more point of room, in units of the objective; None where it has none."""
    if price is None:
        return None
    measured = record.objective.model_copy(update={"measure": getattr(problem.objective, "measure", "variance")})
    gain = worth(measured, _level(problem, found.continuous.x[:-1]), POINT * price)
    fall = POINT * price
    words = fall_in_words(gain, fall, lambda amount: f"{amount:,.0f} {record.currency}", record.budget, Language())
    return None if words is None else gain.model_copy(update={"words": words})


def _moved(problem: Problem, entry: Sensitivity, found: Analysis) -> Moves:
    """Derivatives of weights and objective by a number of the strategy."""
    if entry.slope is None:
        return Moves(at=entry.at, method=None, reason=entry.reason)
    x, slope = found.continuous.x[:-1], entry.slope[:-1]
    exact = entry.low is not None
    at = marginals(problem, x)
    change, spent = float(at.volatility @ slope), float(at.cost @ slope)
    if not exact:
        step = POINT if entry.side else 1.0
        change = (volatility(problem.forecast, x + step * slope) - volatility(problem.forecast, x)) / step
        spent = (annual_cost(problem, x + step * slope) - annual_cost(problem, x)) / step
    return Moves(
        at=entry.at,
        method="derivative" if exact else "solved again",
        valid_from=entry.low,
        valid_to=entry.high,
        weights=dict(zip(problem.universe.keys, slope, strict=True)),
        cash=entry.slope[-1],
        volatility=change,
        cost=spent,
    )


def _bets(problem: Problem, weights: FloatArray) -> Bets:
    """Effective numbers: of holdings, of risk contributions, of uncorrelated bets."""
    held = np.where(np.abs(weights) > BET_HELD, weights, 0.0)
    return Bets(
        holdings=int(np.count_nonzero(held)),
        effective_holdings=effective_number(np.abs(held)),
        effective_risks=effective_number(risk_contributions(problem.forecast, held)),
        effective_bets=effective_bets(problem.forecast.matrix, held),
    )


def _rounding(result: Result, weights: FloatArray) -> Rounding:
    """The divisible optimum beside the whole lots."""
    problem, allocation = result.prepared.problem, result.allocation
    relaxed = allocation.continuous.x[:-1]
    return Rounding(
        weights={
            key: Rounded(divisible=before, lots=after)
            for key, before, after in zip(problem.universe.keys, relaxed, weights, strict=True)
        },
        cash=Rounded(divisible=allocation.continuous.x[-1], lots=result.record.cash.weight),
        volatility=Rounded(divisible=volatility(problem.forecast, relaxed), lots=volatility(problem.forecast, weights)),
        cost=Rounded(divisible=annual_cost(problem, relaxed), lots=annual_cost(problem, weights)),
        objective=Rounded(divisible=problem.objective.value(problem, relaxed), lots=allocation.objective),
    )
