"""Whether a proposed problem has an answer, by solving it as it would be solved for its user."""

from __future__ import annotations

from toolkit.core.errors import ToolkitError
from toolkit.optimize.problem import Problem
from toolkit.optimize.solvers.work import Work

ANY = 0.5
"""Gap at which any whole-lot answer ends the search."""


def has_answer(problem: Problem, work: Work) -> bool:
    """Whether the problem was solved; a failure of the solver counts as no answer."""
    from toolkit.optimize.allocate import Solver, allocate  # noqa: PLC0415  # allocate asks these modules why it has no answer

    try:
        allocate(problem, Solver(gap=ANY), work=work, diagnose=False)
    except ToolkitError:
        return False
    return True
