"""The least by which limits have to give way, where some of them hold down convex functions: an elastic cone program."""

from __future__ import annotations

from collections.abc import Mapping

import cvxpy as cp
import numpy as np

from toolkit.core.errors import NumericalFailure
from toolkit.core.forecast import FloatArray
from toolkit.optimize.functions import ConvexConstraints
from toolkit.optimize.problem import LinearConstraints
from toolkit.optimize.solvers.conic import solve_conic


def least_violation(
    limits: LinearConstraints, convex: ConvexConstraints, columns: Mapping[int, int]
) -> tuple[FloatArray, float] | None:
    """Weights (n + 1,) at which the limits of some constraints give way by the least sum, and that sum.

    Args:
        limits: Hard rows.
        convex: Hard limits on convex functions.
        columns: Position of a constraint that gives way -> position of its slack; all its limits move alike.

    Returns:
        None where the others have no feasible point.

    Raises:
        NumericalFailure: when the solver knows neither.
    """
    x, slack = cp.Variable(limits.G.shape[1], nonneg=True), cp.Variable(max(len(columns), 1), nonneg=True)
    constraints: list[cp.Constraint] = [cp.Zero(np.ones(limits.G.shape[1]) @ x - 1)]
    if len(limits.h):
        gives = np.zeros((len(limits.h), max(len(columns), 1)))
        for row, owner in enumerate(limits.owner):
            if owner in columns:
                gives[row, columns[owner]] = 1.0
        constraints.append(limits.G @ x - gives @ slack <= limits.h)
    for constraint in convex:
        expression, own = constraint.function.convex(x, cp.Constant(1.0))
        room = slack[columns[constraint.owner]] if constraint.owner in columns else cp.Constant(0.0)
        constraints += [*own, expression <= constraint.limit + room]
    problem = cp.Problem(cp.Minimize(np.ones(max(len(columns), 1)) @ slack), constraints)
    answer = solve_conic(problem)
    if answer.status in (cp.INFEASIBLE, cp.INFEASIBLE_INACCURATE):
        return None
    if answer.certificate is None:
        raise NumericalFailure(f"whether the constraints conflict could not be found out: {answer.status}.")
    point = np.clip(np.array(x.value), 0.0, None)
    return point / point.sum(), float(np.asarray(problem.value, dtype=float))
