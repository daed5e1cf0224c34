"""The continuous problem of one choice of lots and holdings: the half of outer approximation that finds answers.

Duran and Grossmann (1986): the mixed-integer program only approaches limits on convex functions from outside, so that what
it finds breaks them by a little. Where a value may be any number, the best values of the same choice hold them.
"""

from __future__ import annotations

import numpy as np

from toolkit.core.errors import NumericalFailure
from toolkit.core.forecast import FloatArray
from toolkit.optimize.lots.approximation import Approximation
from toolkit.optimize.solvers.work import Work

STEPS = 60
"""Linear programs of one choice at most."""
MARGIN = 1e-7
"""Limits on convex functions are kept smaller by this part, for linear programs approach them from outside."""


def solve_fixed_integer(near: Approximation, values: FloatArray, tolerance: float, work: Work) -> FloatArray | None:
    """The best values, (n,), with the lots and holdings of `values`; None when none hold every limit.

    Args:
        near: The program, which keeps the tangents.
        values: (n,).
        tolerance: Of the objective.
        work: What may be spent.
    """
    program, score = near.program, near.score
    chosen = np.flatnonzero(program.integer)
    lower, upper = program.bounds(chosen)
    fixed = np.clip(near.decisions(values), lower, upper)
    margin = np.array([near.margin])
    program.narrow(chosen, fixed, fixed)
    program.narrow(margin, np.full(1, MARGIN), np.full(1, MARGIN))
    program.demand_whole(asked=False)
    best, answer = np.inf, None
    try:
        for _ in range(STEPS):
            found = None if work.over else program.solve_relaxed(work)
            if found is None:
                break
            point, least, _ = found
            here = near.answer(point)
            excess, value = score.one(here)
            if excess == 0 and value < best:
                best, answer = value, here
            if best - least * near.scale <= tolerance:
                break
            near.cut(here)
    except NumericalFailure:  # one choice less: the search goes on
        return answer
    finally:
        program.demand_whole(asked=True)
        program.narrow(chosen, lower, upper)
        program.narrow(margin, np.zeros(1), np.zeros(1))
    return answer
