"""Largest return within a limit on volatility."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, ClassVar, Literal

import numpy as np
from pydantic import Field

from toolkit.core.forecast import FloatArray
from toolkit.optimize.constraints.base import DataNeeds
from toolkit.optimize.functions import ConvexConstraint, ConvexConstraints, Deviation
from toolkit.optimize.objectives.base import Gradient, Objective, cost_terms, is_plain
from toolkit.optimize.quadratic import ConvexObjective, Quadratic
from toolkit.optimize.solvers.solve import Order

if TYPE_CHECKING:
    from toolkit.optimize.problem import LinearConstraints, Problem
    from toolkit.optimize.solvers.continuous import Continuous


class MaxReturn(Objective):
    """Largest expected return - costs a year, as a minimum of its negative, at no more than `volatility` a year.

    Without `volatility` the constraints alone hold risk down, for instance one of kind `risk_limit`.
    """

    counts_costs: ClassVar[bool] = True

    kind: Literal["max_return"] = "max_return"
    measure: Literal["variance"] = "variance"
    volatility: float | None = Field(default=None, gt=0, lt=10)

    @property
    def needs(self) -> DataNeeds:
        """There is no largest return where none is forecast."""
        return replace(super().needs, returns=True)

    def function(self, problem: Problem) -> ConvexObjective:
        """Costs - return."""
        linear, parts = cost_terms(problem)
        return ConvexObjective(Quadratic.linear(linear - problem.forecast.expected), parts)

    def limit(self, problem: Problem) -> tuple[str, ConvexConstraint] | None:
        """The limit on volatility."""
        if self.volatility is None:
            return None
        risk = Deviation(*problem.forecast.roots(), np.zeros(len(problem.universe)), "volatility a year")
        return "volatility", ConvexConstraint(risk, self.volatility)

    def solve(self, problem: Problem, limits: LinearConstraints, convex: ConvexConstraints, order: Order) -> Continuous:
        """By a cone program, to the last digit where all other limits are linear."""
        answer = super().solve(problem, limits, convex, order)
        if self.volatility is None or not is_plain(problem, limits, convex):
            return answer
        from toolkit.optimize.solvers.largest_return import at_volatility  # noqa: PLC0415  # who only decodes loads no solver

        rate = self.function(problem).quadratic.c
        return at_volatility(answer, Quadratic.variance(problem.forecast), rate, self.volatility, limits)

    def gradient(self, problem: Problem, weights: FloatArray) -> Gradient:
        """Costs a year of a first purchase, and the return."""
        zeros = np.zeros(len(weights))
        return Gradient(zeros, problem.costs.annual_rate if problem.costs.in_objective else zeros, -problem.forecast.expected)

    def unit(self, problem: Problem) -> str:  # noqa: ARG002
        """A return a year."""
        return "return"
