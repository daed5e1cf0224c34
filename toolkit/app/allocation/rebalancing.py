"""What of holdings may be sold or bought again by the `[rebalance]` of a strategy, and what moving them is charged."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from itertools import compress
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

from toolkit.core.calendar import month_end, month_number
from toolkit.core.errors import SolveError
from toolkit.core.forecast import FloatArray, Forecast
from toolkit.optimize.constraints.base import Constraint, ConstraintData, HoldLimited
from toolkit.optimize.constraints.no_trade import KeepAtLeast, NoBuy, NoSell, NoTrade
from toolkit.optimize.costs import TRADED, Costs
from toolkit.optimize.objectives.base import Objective, Priced
from toolkit.optimize.objectives.min_risk import MinRisk
from toolkit.optimize.problem import GIVING_WAY, Problem
from toolkit.optimize.solution import SAME_WEIGHT, solve
from toolkit.optimize.solvers.solve import SolverSpec
from toolkit.optimize.solvers.work import Work
from toolkit.optimize.wealth import NotSolved
from toolkit.records.limits import Rebalancing
from toolkit.strategy.model import RebalanceSpec
from toolkit.strategy.scenarios import months

KEPT, GROWN, SETTLED = "kept by [rebalance]", "grown through a limit", "kept, and grown through a limit"
"""Names of the constraints on what is not sold, on what is not bought, and on what is neither."""
NO_FURTHER = "sold no further than the limits ask"
"""Name of the constraint on what is sold for a limit."""
SALE_GAP = 0.01
"""Gap to which the smallest sale in whole lots is found."""


class _OfAssets:
    """Of single assets: the key of a product is not that of its origins."""

    def members(self, label: str, data: ConstraintData) -> tuple[int, ...]:
        """The one position of a key."""
        return (data.universe.keys.index(label),)


class _Kept(_OfAssets, NoSell):
    """Held, and not sold."""


class _Grown(_OfAssets, NoBuy):
    """Not bought."""


class _Settled(_OfAssets, NoTrade):
    """Held, and neither: what is no whole number of lots stays so."""


class _Priced(_OfAssets, NoSell):
    """Held, and sold at a price."""

    soft: float = GIVING_WAY

    def integer(self, data: ConstraintData) -> None:
        """Nothing: the rows have a price."""


class _NoFurther(_OfAssets, KeepAtLeast):
    """Held, and sold down to a value."""


MONTHS = {"month": 1, "quarter": 3, "year": 12}
"""Months until a strategy that is looked at so often is looked at again."""


def rebalancing(problem: Problem, spec: RebalanceSpec | None, day: date) -> Rebalancing | None:
    """The record of when a strategy is looked at again and of what it keeps; None where it says nothing of it.

    Args:
        problem: As it was solved.
        spec: Of the strategy.
        day: Of the proposal.
    """
    if spec is None:
        return None
    kept = [key for one in problem.constraints if isinstance(one, _Kept | _Settled) for key in one.assets or ()]
    later = {"day": day + timedelta(days=1), "week": day + timedelta(days=7)}
    later |= {every: month_end(month_number(day) + n) for every, n in MONTHS.items()}
    look = later.get(spec.every)
    return Rebalancing(every=spec.every, sell=spec.sell, next_look=look and look.isoformat(), kept=tuple(kept))


def charged_moves(
    costs: Costs, rebalance: RebalanceSpec, forecast: Forecast, objective: Objective, previous: FloatArray
) -> Costs:
    """Costs that charge moves of what is held over the time they last, and for what their gain may be wrong by.

    Args:
        costs: Of the strategy.
        rebalance: Of the strategy.
        forecast: Of the n assets.
        objective: Of the strategy: errors count where it weighs the variance against costs.
        previous: (n,) value held today as a fraction of the budget.
    """
    if not (costs.in_objective and rebalance.band and previous.any()):
        return costs
    doubt = np.zeros(len(previous))
    if isinstance(objective, Priced) and objective.measure == "variance":
        doubt = objective.risk_aversion * marginal_variance_errors(forecast, previous)
    moved = costs.of_moves(months(rebalance.horizon) / 12.0, NormalDist().inv_cdf(rebalance.confidence) * doubt)
    return replace(costs, move=rebalance.band * moved)


def within_rebalancing(problem: Problem, rebalance: RebalanceSpec, solver: SolverSpec | None = None) -> Problem:
    """The problem where nothing is sold but what `[rebalance]` allows, and nothing bought that has grown through a limit.

    Where only limits allow a sale, no more of any asset is sold than in the answer with the smallest sale that holds them.

    Args:
        problem: Of the strategy.
        rebalance: Of the strategy.
        solver: Its settings.
    """
    if not problem.previous.any():
        return problem
    if (required := problem.integer_requirements()) is not None and required.lots:
        problem = replace(problem, data=replace(problem.data, least_purchase=problem.lot_values))
    held = problem.previous > 0
    restricted = held & ~np.isin(problem.universe.keys, problem.data.outside)  # of the others the owner says what may be sold
    restricted &= rebalance.sell != "free" or _places_money(problem, rebalance)
    grown = _grown(problem, restricted)
    kept = restricted if rebalance.sell == "never" else restricted & ~_too_much(problem)
    asked = replace(problem, constraints=(*problem.constraints, *_terms(problem, grown, kept)))
    return asked if (kept == restricted).all() else _with_least_sale(asked, restricted & ~kept, solver or SolverSpec())


def _terms(problem: Problem, grown: NDArray[np.bool_], kept: NDArray[np.bool_]) -> Iterator[Constraint]:
    for kind, name, of in ((_Settled, SETTLED, grown & kept), (_Kept, KEPT, kept & ~grown), (_Grown, GROWN, grown & ~kept)):
        if of.any():
            yield kind(name=name, assets=tuple(compress(problem.universe.keys, of)))


def _with_least_sale(problem: Problem, sold: NDArray[np.bool_], solver: SolverSpec, *, whole: bool = True) -> Problem:
    """The problem where of some assets, (n,), no more is sold than where each sale has a price above any gain from it.

    Unchanged where that has no answer: whatever gives way, or the conflict, is found with these sales free.

    Args:
        problem: With what is not sold.
        sold: Of which assets.
        solver: Its settings.
        whole: Whether the parts are kept of which a sale leaves the same weight of what costs leave of wealth.
    """
    keys = tuple(compress(problem.universe.keys, sold))
    objective = problem.objective if problem.objective.prices_limits else MinRisk()
    priced = replace(problem, objective=objective, constraints=(*problem.constraints, _Priced(name=NO_FURTHER, assets=keys)))
    if problem.risk_contributions():  # found by a local search, which would not find the same answer from other limits
        return priced
    try:
        found = solve(priced, solver.model_copy(update={"gap": max(solver.gap, SALE_GAP)}), Work(solver.time_limit))
    except (NotSolved, SolveError):
        return problem
    held, least = problem.previous[sold], found.values[sold]
    if whole:
        # The same weight of what costs leave of wealth is no sale: those that are sold pay for it, and for their own costs.
        sale = found.weights[sold] < held - SAME_WEIGHT
        unpaid = 2.0 * np.maximum(held - least, 0.0)[~sale].sum()
        least = np.where(sale, np.maximum(least - unpaid, 0.0), held)
    left = least * problem.data.budget
    values = {key: float(value) for key, value in zip(keys, left, strict=True) if value}
    return (
        replace(problem, constraints=(*problem.constraints, _NoFurther(name=NO_FURTHER, values=values))) if values else problem
    )


def with_smallest_sale(problem: Problem, rebalance: RebalanceSpec, solver: SolverSpec) -> Problem | None:
    """The problem where what is kept may be sold after all, no more than is needed; None where nothing is kept, or for good.

    What trades cost makes wealth smaller and shares larger: what is kept just within a limit may exceed it by that alone.

    Args:
        problem: As of `within_rebalancing`.
        rebalance: Of the strategy.
        solver: Its settings.
    """
    keeping = [one for one in problem.constraints if isinstance(one, _Kept | _Settled)]
    if not keeping or rebalance.sell == "never":
        return None
    settled = (_Grown(name=one.name, assets=one.assets) for one in keeping if isinstance(one, _Settled))
    others = (*(one for one in problem.constraints if one not in keeping and one.name != NO_FURTHER), *settled)
    held = (problem.previous > 0) & ~np.isin(problem.universe.keys, problem.data.outside)
    return _with_least_sale(replace(problem, constraints=others), held, solver, whole=False)


def _places_money(problem: Problem, rebalance: RebalanceSpec) -> bool:
    """Whether there is new money to place before anything is sold."""
    least = np.nanmin(problem.lot_values, initial=np.inf)
    return rebalance.new_money_first and problem.data.held[-1] >= (least if np.isfinite(least) else TRADED)


def _grown(problem: Problem, restricted: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """(n,) which assets add to a limit of purchases that what is held exceeds, or would with the smallest purchase.

    What is not held is one of them only where that limit asks for no sale, which would make room for it.

    Args:
        problem: With holdings.
        restricted: (n,) which are sold for limits alone.
    """
    found, held = np.zeros(len(problem.universe), dtype=bool), problem.previous > 0
    for limit in (one for one in problem.constraints if isinstance(one, HoldLimited)):
        rows = limit.linear(problem.data)
        if rows is not None and limit.upper is not None:
            grown, adds = limit.grown(problem.data), rows.coefficients.toarray()[:, :-1] > limit.upper
            stays = grown & (rows.coefficients.matvec(problem.data.held) <= (limit.most_held or 0.0)) & restricted.any()
            found |= (held & adds[grown].any(axis=0)) | adds[stays].any(axis=0)
    return found


def _too_much(problem: Problem) -> NDArray[np.bool_]:
    """(n,) of which assets something must be sold for the limits, those on holdings by what may be held."""
    held, limits = problem.data.held, problem.linear_constraints()
    broken = (limits.rows.matvec(held) > limits.h + TRADED) & ~limits.soft
    rows = limits.rows.take(broken).toarray()
    rows = rows[rows[:, -1] <= 0]  # too much cash asks for a purchase
    more = rows[:, :-1] > 0
    # A row that asks for more of something is paid for by what it does not ask for.
    sold = np.where(more.any(axis=1, keepdims=True), more, rows[:, :-1] == 0).any(axis=0)
    anything = (
        held[-1] < -TRADED  # bills that were more than the cash
        or any(limit.excess(held) > TRADED for limit in problem.convex_constraints())
        or any(limit.value(held[:-1]) > limit.limit + TRADED for limit in problem.risk_contributions())
    )
    return np.full(len(held) - 1, anything) | sold


def marginal_variance_errors(forecast: Forecast, weights: FloatArray) -> FloatArray:
    """(n,) standard errors of the marginal variances (Sigma w)_i.

    To first order in the errors of correlations and of logarithms of volatilities (delta method).

    Args:
        forecast: Of n assets.
        weights: (n,).
    """
    spread = np.array([0.5 * np.log(risk.high / risk.low) for risk in forecast.risks])
    parts = forecast.matrix * weights
    marginal = parts.sum(axis=1)
    variance = (marginal * spread) ** 2 + (parts**2) @ spread**2
    if (errors := forecast.correlation_errors) is not None:
        size = np.sqrt(forecast.variances)
        scale = np.outer(size, size * weights)
        variance += ((scale * errors.own) ** 2).sum(axis=1) + (scale * errors.common).sum(axis=1) ** 2
    return np.sqrt(variance)
