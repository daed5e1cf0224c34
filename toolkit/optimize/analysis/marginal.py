"""What one more of each holding would do: slopes of volatility, of cost and of the objective at given weights."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from toolkit.core.forecast import FloatArray, read_only_arrays
from toolkit.optimize.objectives.base import Gradient
from toolkit.optimize.problem import Problem


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
        read_only_arrays(self)


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
        costs.trade_rate @ np.maximum(d, 0.0) + costs.move_rate @ np.maximum(-d, 0.0) + costs.impact_rate @ np.abs(d) ** 1.5
    )
    return float(costs.held(weights) + trades)


def marginals(problem: Problem, weights: FloatArray) -> Marginals:
    """The slopes at asset weights, (n,)."""
    covariances = problem.forecast.covariances(weights)
    deviation = float(np.sqrt(max(weights @ covariances, 0.0)))
    slope = covariances / deviation if deviation > 0 else np.zeros(len(weights))
    return Marginals(slope, problem.costs.slope(weights, problem.previous), problem.objective.gradient(problem, weights))
