"""Every fault of a strategy at once: what its file says, and what its terms find when they meet the data."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import PurePath

from toolkit.app.allocation.prepare import Prepared, prepare
from toolkit.app.allocation.request import Request
from toolkit.core.decode import raise_faults
from toolkit.core.errors import ToolkitError
from toolkit.optimize.constraints.base import Constraint, ConstraintData, target_weights
from toolkit.optimize.objectives.models import MaxUtility, MinRisk, RiskParity, Track
from toolkit.optimize.problem import Problem
from toolkit.optimize.relaxation import risk_of
from toolkit.optimize.solvers.budgeting import risk_budgets
from toolkit.optimize.target import target_of


def check(request: Request) -> Prepared:
    """The problem of a strategy without a fault.

    Raises:
        SpecError: that tells every fault of the file, or every fault of its terms.
        ToolkitError: when the problem cannot be posed at all.
    """
    posed = prepare(request)
    problem, data = posed.problem, posed.problem.data
    held = problem.previous.any()
    parts: list[tuple[str, Callable[[], object]]] = [
        (f"constraint {constraint.name!r}", lambda constraint=constraint: _bound(constraint, data))
        for constraint in problem.constraints
        if held or not constraint.needs.holdings
    ]
    parts.append(("objective", lambda: _aim(problem)))
    faults = [fault for where, part in parts if (fault := _fault(where, part)) is not None]
    raise_faults(faults, PurePath(request.strategy).name)
    return posed


def _bound(constraint: Constraint, data: ConstraintData) -> None:
    """Everything that a term turns into."""
    for limits in (
        constraint.linear,
        constraint.convex,
        constraint.risk_contributions,
        constraint.integer,
        constraint.notes,
    ):
        limits(data)


def _aim(problem: Problem) -> None:
    """Everything that an objective reads."""
    match problem.objective:
        case MinRisk() | MaxUtility():
            target_of(problem)
        case Track():
            target_weights(problem.objective.target, problem.universe)
        case RiskParity():
            risk_budgets(problem, problem.objective)
            risk_of(problem)
        case _:
            risk_of(problem)


def _fault(where: str, part: Callable[[], object]) -> dict[str, str] | None:
    try:
        part()
    except ToolkitError as error:
        return {"key": where, "message": error.message.removeprefix(f"{where}: ").removesuffix("."), "hint": error.hint}
    return None
