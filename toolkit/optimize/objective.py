"""The value of an objective at any weights, in its own unit."""

from __future__ import annotations

import numpy as np

from toolkit.core.forecast import FloatArray
from toolkit.optimize.constraints.base import target_weights
from toolkit.optimize.objectives.models import (
    EqualWeight,
    HierarchicalRiskParity,
    MaxDiversification,
    MaxRatio,
    RiskParity,
    Track,
)
from toolkit.optimize.problem import Problem
from toolkit.optimize.relaxation import risk_of
from toolkit.optimize.solvers.ratio import excess_returns, volatilities
from toolkit.optimize.target import costs_of, target_of


def objective_value(problem: Problem, weights: FloatArray) -> float:
    """The objective in its own unit, to be minimised: ratios and returns are negative, their size is what was asked for.

    For strategies that name weights or budgets of risk themselves, the variance a year; for tracking, of the difference.
    """
    objective, x = problem.objective, np.append(weights, 1.0 - weights.sum())
    match objective:
        case EqualWeight() | RiskParity() | HierarchicalRiskParity():
            return problem.forecast.variance(weights)
        case Track():
            return problem.forecast.variance(weights - target_weights(objective.target, problem.universe))
        case MaxRatio() | MaxDiversification():
            return -ratio_of(problem, objective, x)
        case _:
            target = target_of(problem)
            return target.value(x) ** target.power


def ratio_of(problem: Problem, objective: MaxRatio | MaxDiversification, x: FloatArray) -> float:
    """The ratio at weights x, (n + 1,); 0 where there is no risk."""
    if isinstance(objective, MaxRatio):
        gain = float(excess_returns(problem, objective) @ x[:-1]) - sum(cost.value(x) for cost in costs_of(problem)[1])
    else:
        gain = float(volatilities(problem) @ x[:-1])
    risk = risk_of(problem).value(x)
    return gain / risk if risk > 0 else 0.0
