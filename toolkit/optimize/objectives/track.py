"""Least tracking error."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import numpy as np
from pydantic import Field

from toolkit.core.forecast import FloatArray
from toolkit.optimize.benchmark import BENCHMARK, Benchmark, benchmark_needs, benchmark_weights
from toolkit.optimize.constraints.base import ConstraintData, DataNeeds
from toolkit.optimize.functions import ConvexConstraints
from toolkit.optimize.objectives.base import Gradient, Objective, is_plain
from toolkit.optimize.quadratic import ConvexObjective, Quadratic
from toolkit.optimize.solvers.solve import Order

if TYPE_CHECKING:
    from toolkit.optimize.problem import LinearConstraints, Problem
    from toolkit.optimize.solvers.continuous import Continuous


class Track(Objective):
    """Least tracking error: the variance a year of the difference to `target`, also called `benchmark`.

    The target is weights by name, of which what they leave is cash, or one name: an asset such as a listed fund,
    `equal_weight`, or `held` for what is held today.
    """

    kind: Literal["track"] = "track"
    measure: Literal["variance"] = "variance"
    target: Benchmark = Field(kw_only=False, validation_alias=BENCHMARK)

    @property
    def needs(self) -> DataNeeds:
        """What is held, where that is the target."""
        return benchmark_needs(self.target)

    def reference(self, data: ConstraintData) -> FloatArray:
        """(n,) the target."""
        return benchmark_weights(self.target, data, "objective.target")

    def function(self, problem: Problem) -> ConvexObjective:
        """Variance of the difference."""
        return ConvexObjective(Quadratic.tracking(problem.forecast, self.reference(problem.data)))

    def solve(self, problem: Problem, limits: LinearConstraints, convex: ConvexConstraints, order: Order) -> Continuous:
        """The target where it holds the limits."""
        from toolkit.optimize.solvers.continuous import Continuous  # noqa: PLC0415  # who only decodes loads no solver

        target = self.reference(problem.data)
        x = np.append(target, 1.0 - target.sum())
        if is_plain(problem, limits, convex) and np.all(limits.G @ x <= limits.h + 1e-12):
            return Continuous(np.clip(x, 0.0, None), np.zeros(len(limits.h)), "closed form", "optimal", (), None)
        return super().solve(problem, limits, convex, order)

    def value(self, problem: Problem, weights: FloatArray, charges: float = 0.0) -> float:  # noqa: ARG002
        """Variance a year of the difference.

        Args:
            problem: Whose target is tracked.
            weights: (n,) of the assets.
            charges: Do not count.
        """
        return problem.forecast.variance(weights - self.reference(problem.data))

    def gradient(self, problem: Problem, weights: FloatArray) -> Gradient:
        """Of the variance of the difference."""
        zeros = np.zeros(len(weights))
        return Gradient(2 * (problem.forecast.matrix @ (weights - self.reference(problem.data))), zeros, zeros)

    def check(self, problem: Problem) -> None:
        """Raise the error of a name in the target that is not in the universe."""
        self.reference(problem.data)
