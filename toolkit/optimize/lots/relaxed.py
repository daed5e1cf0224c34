"""The relaxation of a whole-lot problem: cutting planes (Kelley 1960) until bound and value meet."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from toolkit.core.errors import NumericalFailure
from toolkit.core.forecast import FloatArray
from toolkit.optimize.lots.approximation import Approximation, RelaxedPoint
from toolkit.optimize.solvers.work import Work

CUTTING_PLANES = 100
"""Linear programs of the relaxation at most."""


def relaxation(near: Approximation, start: FloatArray, tolerance: Callable[[float], float], work: Work) -> RelaxedPoint | None:
    """The optimum without integrality, to a tolerance that depends on the objective; None when there is none.

    Raises:
        NumericalFailure: when HiGHS stops without an answer.
    """
    near.program.demand_whole(asked=False)
    best, values, bound, prices = np.inf, start, -np.inf, np.zeros(0)
    for _ in range(CUTTING_PLANES):
        try:
            found = near.program.solve_relaxed(work)
        except NumericalFailure:
            if np.isfinite(bound):  # the work was used up
                break
            raise
        if found is None:
            return None
        point, least, prices = found
        bound = max(bound, least * near.scale)
        here = point[near.columns.value]
        value = _value(near, here, point)
        if value < best:
            best, values = value, here
        if (np.isfinite(best) and best - bound <= tolerance(best)) or work.over:
            break
        near.cut(here)
    near.program.demand_whole(asked=True)
    return RelaxedPoint(values, bound, prices)


def _value(near: Approximation, values: FloatArray, point: FloatArray) -> float:
    """The objective at a relaxed point: what the program calls it, with the functions in place of their columns."""
    amounts = point[: near.columns.n + 1]
    total = amounts.sum()
    square = slice(near.squares.first, near.squares.first + len(near.squares.rows))
    value = near.cost @ point - point[square].sum() + np.sum(near.squares.at(values) ** 2)
    for part in near.parts:
        value += part.function.value(amounts / total) * total / near.score.wealth - point[part.column]
    for held in (*(cone for cone, _ in near.cones), *near.limits):
        over = held.constraint.excess(amounts / total) * total
        if held.slack is not None:
            value += (held.constraint.price or 0.0) / near.score.wealth * max(0.0, over - point[held.slack])
        elif over > 1e-6 * max(held.constraint.limit, 1e-3):
            return np.inf
    return float(value)
