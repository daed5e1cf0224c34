"""The answer to a problem, or why there is none."""

from __future__ import annotations

from contextlib import suppress

from toolkit.core.errors import Infeasible, NumericalFailure, ToolkitError
from toolkit.optimize.continuous import ContributionsNotHeld, can_hold_contributions
from toolkit.optimize.infeasibility.diagnose import conflict, lots_infeasible
from toolkit.optimize.infeasibility.risk_contributions import contributions_infeasible, not_found
from toolkit.optimize.problem import Problem
from toolkit.optimize.solution import Allocation, solve
from toolkit.optimize.solvers.solve import SolverInfeasible, SolverSpec, listed
from toolkit.optimize.solvers.work import Work
from toolkit.optimize.wealth import NotSolved


def allocate(problem: Problem, solver: SolverSpec | None = None, *, work: Work | None = None) -> Allocation:
    """Solve the problem.

    Args:
        problem: What is to be solved.
        solver: Its settings.
        work: What may be spent on whole lots and on finding out why there is no answer; `solver.time_limit` by default.

    Raises:
        Infeasible: with an irreducible set of conflicting constraints and the least relaxation.
        Unbounded, NumericalFailure: see `toolkit.optimize.solvers.solve`.
        SpecError: for an objective without what it needs.
    """
    return allocate_giving_way(problem, solver, work=work)[1]


def allocate_giving_way(
    problem: Problem, solver: SolverSpec | None = None, *, work: Work | None = None
) -> tuple[Problem, Allocation]:
    """The problem that was solved and its answer: where nothing holds every limit, those that may give way are soft.

    They are where whole lots or what is held leave no answer; limits that contradict each other are a conflict, whatever they
    may do. Args and errors as of `allocate`.
    """
    settings = solver or SolverSpec()
    work = Work(settings.time_limit) if work is None else work
    try:
        return problem, solve(problem, settings, work)
    except NotSolved as error:
        coarse = error.convex is not None or problem.previous.any()
        if coarse and (softer := problem.giving_way()) is not None:
            with suppress(NotSolved):
                return softer, solve(softer, settings, Work(settings.time_limit))
        raise explain(error, work) from error.cause


def explain(error: NotSolved, work: Work | None = None) -> ToolkitError:
    """The error to raise where a problem was not solved, with the reason."""
    problem, cause = error.problem, error.cause
    if error.convex is not None:
        return lots_infeasible(
            problem, error.convex, work or Work(SolverSpec().time_limit), proven=isinstance(cause, Infeasible)
        )
    if isinstance(cause, ContributionsNotHeld):
        limits = problem.linear_constraints().hard()
        return contributions_infeasible(problem, can_hold_contributions) or not_found(problem, limits, cause.x)
    if (found := conflict(problem, work)) is not None:
        return found
    if not isinstance(cause, SolverInfeasible):
        return cause if isinstance(cause, ToolkitError) else error
    return NumericalFailure(
        "a solver called the problem infeasible, and a linear program found a feasible point.",
        details=listed(cause.attempts),
    )
