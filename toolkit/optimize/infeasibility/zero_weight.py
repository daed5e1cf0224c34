"""Budgets of risk for assets that the constraints leave no weight."""

from __future__ import annotations

import numpy as np

from toolkit.core.errors import SpecError
from toolkit.optimize.infeasibility.diagnose import irreducible
from toolkit.optimize.problem import Problem
from toolkit.optimize.solvers.budgeting import HELD, largest_weights, least_cash


def check_all_held(problem: Problem, *, free_cash: bool) -> None:
    """Refuse a budget of risk for what may not be held.

    Args:
        problem: Whose rows have a point.
        free_cash: Whether cash may be more than the least that the rows allow.

    Raises:
        SpecError: with the assets and the constraints that leave them no weight.
    """

    def largest(part: Problem) -> np.ndarray:
        limits = part.linear_constraints().hard()
        return largest_weights(limits, None if free_cash else least_cash(limits))

    zero = np.flatnonzero(largest(problem) <= HELD)
    if not len(zero):
        return
    needed = irreducible(problem, lambda p: bool(np.all(largest(p)[zero] > HELD)))
    keys = ", ".join(repr(problem.universe.keys[i]) for i in zero)
    names = ", ".join(repr(problem.constraints[i].name) for i in needed)
    leave = "leaves" if len(needed) == 1 else "leave"
    raise SpecError(
        f"risk_parity: what has no weight cannot contribute to risk, and {names} {leave} none to {keys}.",
        hint=f"Loosen {names}, or leave {keys} out of the universe.",
    )
