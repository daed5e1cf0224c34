"""The risk, the limits, the scenarios and the objective of the run object."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from toolkit.app.allocation.amounts import AllocationAmounts
from toolkit.app.allocation.scenarios import StrategyScenarios
from toolkit.core.forecast import FloatArray, Forecast
from toolkit.core.messages import Message, message
from toolkit.optimize.constraints.measures import CLOSED
from toolkit.optimize.problem import Problem
from toolkit.optimize.solution import Allocation
from toolkit.records.factors import Risk, Scenario
from toolkit.records.limits import Constraint, Objective
from toolkit.records.positions import AtLastPrices, BrokenLimit
from toolkit.risk_measures import measures
from toolkit.risk_measures.base import measured as measured_on
from toolkit.risk_measures.tail import normal_cvar
from toolkit.risk_measures.variance import diversification_ratio, risk_contributions, volatility
from toolkit.scenarios.factor_falls import factor_falls

KINDS = {
    "historical": message("historical scenarios"),
    "simulated": message("simulated scenarios"),
    "own": message("own scenarios"),
    "shocked": message("scenarios with shocks"),
}
"""Kinds of scenarios in words."""


def risk_record(problem: Problem, outlook: StrategyScenarios | None, weights: FloatArray) -> Risk:
    """Risk of an allocation over a year; the tail from the scenarios where the strategy has some, else of a normal year.

    Args:
        problem: The problem of n assets, with its forecast.
        outlook: Scenarios of the strategy; None where it needs none.
        weights: (n,).
    """
    forecast = problem.forecast
    total = volatility(forecast, weights)
    tail, method, scenarios_tell = normal_cvar(total), message("normal, one year, zero mean"), False
    measured: dict[str, float | None] = {}
    if outlook is not None:
        scenarios = outlook.scenarios
        months = 12 / scenarios.periods_per_year
        known = {name: kind() for name, kind in measures().items() if scenarios.ordered or not kind.needs_order}
        measured = {name: measured_on(measure, scenarios, weights) for name, measure in known.items()}
        if not scenarios.ordered:
            tail, scenarios_tell = measured["cvar"], True
            method = message(
                "{count:,} {scenarios} over {span}", count=len(scenarios), scenarios=KINDS[scenarios.kind], span=_span(months)
            )
    return Risk(
        volatility=total,
        cvar_95=tail,
        cvar_method=method,
        diversification_ratio=diversification_ratio(forecast, weights),
        systematic=forecast.named_variance(weights) / total**2 if total > 0 and forecast.named else None,
        factor_shares=factor_shares(forecast, weights),
        measures=measured,
        contributions_of=contributed(problem),
        tail="scenarios" if scenarios_tell else "normal",
    )


def factor_shares(forecast: Forecast, weights: FloatArray) -> dict[str, float] | None:
    """Shares of the variance by named factor and of the rest, ``specific``; None without named factors, or without risk.

    With e the exposures to the factors and F their covariance, factor k brings e_k (F e)_k (Euler; Meucci 2007): the shares add
    up to one, and one below zero hedges the others. The specific share includes statistical factors.
    """
    total = forecast.variance(weights)
    if not forecast.named or total <= 0:
        return None
    exposure = forecast.loadings.T @ weights
    brought = exposure * (forecast.factor_cov @ exposure) / total
    shares = {forecast.factors[k]: float(brought[k]) for k in forecast.named}
    return {**shares, "specific": 1.0 - sum(shares.values())}


def contributed(problem: Problem) -> str:
    """Name of the measure of `risk_contributions`: that of the objective, else variance."""
    measure = getattr(problem.objective, "measure", "variance")
    return "variance" if measure in CLOSED else measure


def contributions(problem: Problem, weights: FloatArray) -> FloatArray:
    """(n,) shares of the risk that each holding brings, adding up to 1 (Euler; Tasche 1999); zeros where there is none."""
    if contributed(problem) == "variance":
        return risk_contributions(problem.forecast, weights)
    risk, x = problem.objective.risk(problem), np.append(weights, 1.0 - weights.sum())
    total = risk.value(x)
    return weights * risk.gradient(x)[:-1] / total if total > 0 else np.zeros(len(weights))


def _span(months: float) -> Message:
    if months == 12:
        return message("a year")
    return message("a month") if months == 1 else message("{months:g} months", months=months)


def limit_rows(problem: Problem, allocation: Allocation) -> tuple[Constraint, ...]:
    """Every named limit with its value, price and slack; the price is None where the objective has no unit for it.

    A price of sales (`on_trades`, and soft) asks for nothing and is no limit.
    """
    terms = {constraint.name: constraint for constraint in problem.constraints}
    return tuple(
        Constraint.from_objects(
            limit,
            confidence=_confidence(term),
            coverage=None if term is None else term.coverage(problem.data),
            **{key: getattr(term, key, None) for key in ("soft", "measure", "days")},
        )
        for limit in allocation.limits
        for term in (terms.get(limit.name),)
        if not (term is not None and term.on_trades and getattr(term, "soft", None))
    )


def _confidence(term: Any) -> float | None:
    """Confidence of the measure of an objective or a limit: as stated, else the measure's default."""
    kind = measures().get(getattr(term, "measure", None) or "")
    if kind is None or not hasattr(kind, "confidence"):
        return None
    return getattr(term, "confidence", None) or getattr(kind(), "confidence", None)


def scenario_rows(problem: Problem, outlook: StrategyScenarios | None, weights: FloatArray) -> tuple[Scenario, ...]:
    """The loss in each named scenario, a loss positive: a fall of each factor, and the shocks of the strategy.

    Args:
        problem: The problem of n assets, with its forecast.
        outlook: Scenarios of the strategy; None where it needs none.
        weights: (n,).
    """
    falls = (
        Scenario.from_objects(fall, kind="factor", loss=-float(fall.returns @ weights))
        for fall in factor_falls(problem.forecast)
    )
    if outlook is None:
        return tuple(falls)
    shocks = (
        Scenario(
            name=name,
            kind="shock",
            loss=-float(returns @ weights),
            method=message("returns and probability as the strategy states them, else from past controls"),
            probability=_probability(outlook, name),
        )
        for name, returns in outlook.shocks.items()
    )
    return (*falls, *shocks)


def _probability(outlook: StrategyScenarios, name: str) -> float | None:
    """Probability of a shock within the horizon, under the views; None for scenarios of a path, which hold no shocks."""
    scenarios = outlook.scenarios
    happens = np.array([label == name for label in scenarios.labels], dtype=bool)
    return None if scenarios.ordered or not len(happens) else float(scenarios.probabilities @ happens)


def objective_record(problem: Problem, allocation: Allocation) -> Objective:
    """The objective: its value, and the unit of its multipliers.

    `unit` is ``variance``; ``measure``, in that of the measure of risk; ``cost``, a fraction of the budget a year with risk
    priced at `risk_aversion` / 2 x variance, or `risk_aversion` x another measure; ``distance`` to weights or budgets of risk
    that the strategy names itself; ``ratio`` of return or volatilities to risk, and ``return``, each as a minimum of its
    negative.
    """
    objective = problem.objective
    measure = getattr(objective, "measure", None)
    return Objective(
        kind=objective.kind,
        value=allocation.objective,
        unit=objective.unit(problem),
        risk_aversion=objective.price_of_risk(problem),
        measure=measure,
        confidence=_confidence(objective),
        **({} if (benchmark := getattr(objective, "benchmark", None)) is None else {"benchmark": benchmark}),
    )


def lots_gap_value(problem: Problem, allocation: Allocation, wealth: float) -> float | None:
    """The proven gap of whole lots in money a year, rounded up, of squares that of their roots; None where it has no such unit.

    Args:
        problem: Solved.
        allocation: Its answer.
        wealth: After its costs, in the reporting currency.
    """
    gap, value = allocation.absolute_gap, allocation.objective
    unit = problem.objective.unit(problem)
    if gap is None or unit not in ("cost", "return", "variance", "measure"):
        return None
    if unit == "variance":
        gap = math.sqrt(max(value, 0.0)) - math.sqrt(max(value - gap, 0.0))
    return max(1.0, math.ceil(gap * wealth))


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
    broken = broken_limits(problem, np.append(values, money.cash) / total)
    return AtLastPrices(value=total, limits_broken=broken)


def broken_limits(problem: Problem, x: FloatArray) -> tuple[BrokenLimit, ...]:
    """Every limit on what is held that weights x, (n + 1,), break, at the row that is furthest beyond it."""
    limits = problem.linear_constraints()
    values = limits.rows.matvec(x)
    worst: dict[int, BrokenLimit] = {}
    for row in np.flatnonzero(values > limits.h + BROKEN):
        sign = 1.0 if limits.sides[row] == "upper" else -1.0
        value = float(values[row])
        _keep(worst, problem, limits.owner[row], limits.labels[row], sign * value, sign * limits.h[row], value - limits.h[row])
    for convex_constraint in problem.convex_constraints():
        value, limit = (
            convex_constraint.function.value(x) ** convex_constraint.power,
            convex_constraint.limit**convex_constraint.power,
        )
        _keep(worst, problem, convex_constraint.owner, convex_constraint.function.label, value, limit, value - limit)
    for own in problem.risk_contributions():
        value = own.value(x[:-1])
        _keep(worst, problem, own.owner, own.label, value, own.limit, value - own.limit)
    return tuple(worst[owner] for owner in sorted(worst))


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
