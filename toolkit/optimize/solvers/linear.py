"""Small linear programs over HiGHS."""

from __future__ import annotations

import numpy as np

from toolkit.core.forecast import FloatArray
from toolkit.optimize.solvers.highs import MixedIntegerProgram
from toolkit.optimize.solvers.work import Work

LINEAR_SECONDS = 60.0


def least(
    cost: FloatArray, G: FloatArray, h: FloatArray, equality: FloatArray, lowest: FloatArray | None = None
) -> tuple[FloatArray, float] | None:
    """The least of cost'z subject to G z <= h, equality'z = 1 and z >= lowest: point and value; None where nothing holds.

    Args:
        cost: (n,).
        G: (m, n).
        h: (m,).
        equality: (n,) with no negative entry, so that the program is bounded where costs are not negative elsewhere.
        lowest: (n,) zeros where left out; beside it the rows have to bound the program.

    Raises:
        NumericalFailure: when HiGHS stops without an answer either way.
    """
    n = len(cost)
    program = MixedIntegerProgram(cost, np.full(n, np.inf), np.zeros(n, dtype=bool), gap=0.0, lower=lowest)
    program.add(equality[None], 1.0, 1.0)
    if len(h):
        program.add(G, -np.inf, h)
    found = program.solve_relaxed(Work(LINEAR_SECONDS))
    return None if found is None else found[:2]
