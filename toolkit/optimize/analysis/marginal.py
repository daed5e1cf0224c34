"""What one more of each holding would do: slopes of volatility, of cost and of the objective at given weights."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from toolkit.core.forecast import FloatArray, read_only
from toolkit.optimize.constraints.base import target_weights
from toolkit.optimize.functions import TradeCost
from toolkit.optimize.objectives.models import MaxDiversification, MaxRatio, MaxReturn, MaxUtility, MinRisk, Track
from toolkit.optimize.problem import Problem
from toolkit.optimize.solvers.ratio import excess_returns, volatilities
from toolkit.optimize.target import target_of


@dataclass(frozen=True, slots=True)
class Gradient:
    """Slope of the objective that is minimised, in its own unit per unit of weight; the parts add up to it.

    Attributes:
        risk, cost, reward: (n,) what risk, costs and what is sought (return, or the assets' own volatility) add to it.
    """

    risk: FloatArray
    cost: FloatArray
    reward: FloatArray

    def __post_init__(self) -> None:
        for name in ("risk", "cost", "reward"):
            object.__setattr__(self, name, read_only(getattr(self, name)))

    @property
    def total(self) -> FloatArray:
        """(n,)."""
        return self.risk + self.cost + self.reward


@dataclass(frozen=True, slots=True)
class Marginals:
    """Slopes at given weights, per unit of weight of each asset that is paid for from cash.

    Attributes:
        volatility: (n,) of volatility a year: (Sigma w)_i over the volatility; zeros where there is no risk.
        cost: (n,) a year.
        objective: None where the strategy names its weights or budgets of risk itself, or a ratio to another measure.
    """

    volatility: FloatArray
    cost: FloatArray
    objective: Gradient | None

    def __post_init__(self) -> None:
        for name in ("volatility", "cost"):
            object.__setattr__(self, name, read_only(getattr(self, name)))


def from_others(slopes: FloatArray, weights: FloatArray, i: int) -> float | None:
    """The slope for asset i when all other holdings pay in proportion, instead of cash; None where there are no others.

    Args:
        slopes: (n,) per unit of weight, paid for from cash.
        weights: (n,).
        i: Position of the asset.
    """
    others = np.array(weights, dtype=float)
    others[i] = 0.0
    total = float(others.sum())
    return float(slopes[i] - slopes @ others / total) if total > 0 else None


def annual_cost(problem: Problem, weights: FloatArray) -> float:
    """Cost a year of asset weights, (n,): storage, exit, and the trades that lead to them over the holding period.

    Fixed fees of a trade are left out, as in the continuous problem.
    """
    costs, d = problem.costs, weights - problem.previous
    trades = (
        costs.trade_rate @ np.maximum(d, 0.0) + costs.sale_rate @ np.maximum(-d, 0.0) + costs.impact_rate @ np.abs(d) ** 1.5
    )
    return float(costs.holding_rate @ weights + trades)


def cost_slope(problem: Problem, weights: FloatArray) -> FloatArray:
    """(n,) slope of the cost a year towards more of each asset: what is bought pays, what is not sold saves."""
    costs, d = problem.costs, weights - problem.previous
    trades = np.where(d >= 0, costs.trade_rate, -costs.sale_rate)
    return costs.holding_rate + trades + 1.5 * costs.impact_rate * np.sqrt(np.abs(d)) * np.sign(d)


def marginals(problem: Problem, weights: FloatArray) -> Marginals:
    """The slopes at asset weights, (n,)."""
    forecast = problem.forecast
    covariances = forecast.loadings @ (forecast.factor_cov @ (forecast.loadings.T @ weights)) + forecast.specific_var * weights
    deviation = float(np.sqrt(max(weights @ covariances, 0.0)))
    slope = covariances / deviation if deviation > 0 else np.zeros(len(weights))
    return Marginals(slope, cost_slope(problem, weights), _gradient(problem, weights, covariances, deviation))


def _gradient(problem: Problem, weights: FloatArray, covariances: FloatArray, deviation: float) -> Gradient | None:
    """The objective's slope by parts; `covariances` is Sigma w, `deviation` the volatility."""
    objective, nothing, optimized = problem.objective, np.zeros(len(weights)), problem.costs.in_objective
    rate = problem.costs.annual_rate if optimized else nothing
    match objective:
        case MinRisk() | MaxUtility():
            return _of_target(problem, weights)
        case Track():
            away = problem.forecast.matrix @ (weights - target_weights(objective.target, problem.universe))
            return Gradient(2 * away, nothing, nothing)
        case MaxReturn():
            return Gradient(nothing, rate, -problem.forecast.expected)
        case MaxRatio(measure="variance" | "volatility") | MaxDiversification() if deviation > 0:
            own = excess_returns(problem, objective) if isinstance(objective, MaxRatio) else volatilities(problem)
            paid = rate if isinstance(objective, MaxRatio) else nothing
            risk = float(own @ weights) * covariances / deviation**3
            return Gradient(risk, paid / deviation, -(own + paid) / deviation)
        case _:
            return None


def _of_target(problem: Problem, weights: FloatArray) -> Gradient:
    """The parts of what a minimum-risk or utility objective minimises; uncertainty of returns counts as risk."""
    target, costs = target_of(problem), problem.costs
    quadratic, x = target.quadratic, np.append(weights, 1.0 - weights.sum())
    curved = [part.gradient(x) for part in target.parts if not isinstance(part, TradeCost)]
    # Paid for from cash: its own slope is the price.
    risk = quadratic.gradient(weights) - quadratic.c + sum((slope[:-1] - slope[-1] for slope in curved), np.zeros(len(weights)))
    if not costs.in_objective:
        return Gradient(risk, np.zeros(len(weights)), quadratic.c)
    linear = costs.holding_rate if problem.previous.any() else costs.annual_rate
    return Gradient(risk, cost_slope(problem, weights), quadratic.c - linear)
