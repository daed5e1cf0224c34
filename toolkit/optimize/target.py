"""What an objective minimises: a quadratic, and convex functions beside it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from toolkit.core.errors import SpecError
from toolkit.core.forecast import FloatArray
from toolkit.optimize.constraints.base import target_weights
from toolkit.optimize.constraints.risk import risk_function
from toolkit.optimize.functions import ConvexFunction, Deviation, Scaled, TradeCost
from toolkit.optimize.objectives.models import MaxReturn, MaxUtility, MinRisk, Priced, Track
from toolkit.optimize.problem import Problem
from toolkit.optimize.quadratic import Quadratic
from toolkit.risk_measures.tail import CVaR


@dataclass(frozen=True, slots=True)
class Target:
    """f(x) = quadratic(x) + the sum of the parts, over weights x, (n + 1,), of assets and cash.

    Attributes:
        power: In which the user speaks of f: 2 where f is the root of a square.
    """

    quadratic: Quadratic
    parts: tuple[ConvexFunction, ...] = ()
    power: int = 1

    def value(self, x: FloatArray) -> float:
        """The objective at x."""
        return self.quadratic.value(x[:-1]) + sum(part.value(x) for part in self.parts)

    def gradient(self, x: FloatArray) -> FloatArray:
        """(n + 1,) a subgradient at x."""
        own = np.append(self.quadratic.gradient(x[:-1]), 0.0)
        return own + sum((part.gradient(x) for part in self.parts), np.zeros_like(own))

    def scale(self) -> float:
        """A positive number of the size of f, for solvers that stop on absolute gaps."""
        n = len(self.quadratic.c)
        single = np.vstack([np.append(row, 0.0) for row in np.eye(n)])
        size = max((abs(part.value(x)) for part in self.parts for x in single), default=0.0)
        return max(self.quadratic.scale() if self._quadratic_counts() else 0.0, size) or 1.0

    def _quadratic_counts(self) -> bool:
        q = self.quadratic
        return bool(q.R.any() or q.s.any() or q.c.any())


def target_of(problem: Problem) -> Target:
    """What minimum-risk, utility, largest-return and tracking objectives minimise.

    Raises:
        SpecError: for an objective of another kind, or one that lacks what it needs.
    """
    objective, expected = problem.objective, problem.forecast.expected
    if isinstance(objective, Track):
        return Target(Quadratic.tracking(problem, target_weights(objective.target, problem.universe)))
    linear, parts = costs_of(problem)
    if isinstance(objective, MaxReturn):
        return Target(Quadratic.linear(linear - expected), parts)
    if isinstance(objective, MaxUtility):
        doubt, more = _doubt(problem, objective)
        return _with_risk(problem, objective, linear - expected + doubt, (*parts, *more), priced=True)
    if isinstance(objective, MinRisk):
        return _with_risk(problem, objective, linear, parts, priced=problem.costs.in_objective)
    raise SpecError(f"objective {objective.kind!r} is not a sum of risk, return and costs.")


def _with_risk(
    problem: Problem, objective: Priced, linear: FloatArray, parts: tuple[ConvexFunction, ...], *, priced: bool
) -> Target:
    """Risk, at its price where it is weighed against something, beside a linear term and convex parts."""
    n = len(linear)
    if objective.measure == "variance":
        root, specific = problem.forecast.roots()
        weight = np.sqrt(objective.risk_aversion / 2) if priced else 1.0
        return Target(Quadratic(weight * root, weight * specific, linear, np.zeros(n)), parts)
    risk, power = risk_function(objective.measure, objective.confidence, problem.data, "objective.measure")
    if power != 1 and priced:
        raise SpecError(
            f"objective.measure: {objective.measure!r} is a square and cannot be weighed against returns or costs.",
            hint='Use measure = "semideviation".',
        )
    price = objective.risk_aversion if priced else 1.0
    if objective.ambiguity:
        radius = price * objective.ambiguity / (1 - (objective.confidence or CVaR.confidence))
        parts = (*parts, Deviation(np.zeros((0, n)), np.full(n, radius), np.zeros(n), "ambiguity of the scenarios"))
    return Target(Quadratic.linear(linear), (risk if price == 1 else Scaled(risk, price), *parts), power)


def _doubt(problem: Problem, objective: MaxUtility) -> tuple[FloatArray | float, tuple[ConvexFunction, ...]]:
    """What the worst expected returns within `radius` standard errors take away: each by itself, or together.

    Raises:
        SpecError: where the forecast does not say how uncertain it is.
    """
    if objective.robust is None:
        return 0.0, ()
    covariance = problem.forecast.expected_cov
    if covariance is None:
        raise SpecError(
            "objective.robust: this forecast of returns does not say how uncertain it is.",
            hint='Use returns of kind "historical", "equilibrium" or "views".',
        )
    if objective.robust == "box":
        return objective.radius * np.sqrt(np.diag(covariance)), ()
    n = len(covariance)
    values, vectors = np.linalg.eigh(covariance)
    root = objective.radius * (vectors * np.sqrt(np.clip(values, 0.0, None))).T
    return 0.0, (Deviation(root, np.zeros(n), np.zeros(n), "uncertainty of expected returns"),)


def costs_of(problem: Problem) -> tuple[FloatArray, tuple[ConvexFunction, ...]]:
    """The (n,) linear rate of costs a year where they are optimized, and what of them is not linear in the weights."""
    costs, previous = problem.costs, problem.previous
    if not costs.in_objective:
        return np.zeros(len(previous)), ()
    if previous.any():
        trades = TradeCost(costs.trade_rate, costs.sale_rate, costs.impact_rate, previous / problem.wealth)
        return costs.holding_rate, (trades,)
    if costs.impact.any():
        zeros = np.zeros(len(previous))
        return costs.annual_rate, (TradeCost(zeros, zeros, costs.impact_rate, previous),)
    return costs.annual_rate, ()
