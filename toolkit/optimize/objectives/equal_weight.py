"""Equal weights."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, ClassVar, Literal

import numpy as np

from toolkit.optimize.functions import ConvexConstraints
from toolkit.optimize.objectives.base import Objective, is_plain
from toolkit.optimize.quadratic import ConvexObjective, Quadratic
from toolkit.optimize.solvers.solve import Order

if TYPE_CHECKING:
    from toolkit.optimize.problem import LinearConstraints, Problem
    from toolkit.optimize.solvers.continuous import Continuous


class EqualWeight(Objective):
    """The same weight for each asset, or the nearest weights (least squares) that hold the constraints."""

    prices_limits: ClassVar[bool] = False

    kind: Literal["equal_weight"] = "equal_weight"

    def solve(self, problem: Problem, limits: LinearConstraints, convex: ConvexConstraints, order: Order) -> Continuous:
        """Equal weights where they hold the limits, else the nearest that do; a distance has no unit for multipliers."""
        from toolkit.optimize.solvers.continuous import Continuous  # noqa: PLC0415  # who only decodes loads no solver
        from toolkit.optimize.solvers.minimise import minimise  # noqa: PLC0415

        n, plain = len(problem.universe), is_plain(problem, limits, convex)
        weights = np.full(n, 1.0 / n)
        if plain and np.all(limits.G @ np.append(weights, 0.0) <= limits.h + 1e-12):
            return Continuous.formula(weights)
        answer = minimise(ConvexObjective(Quadratic.distance(n, weights)), limits, convex, order)
        return replace(answer, multipliers=None, convex_multipliers=None, certificate=None if plain else answer.certificate)
