"""Check of a strategy: all faults of its file, and of its terms on the data, in one error."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import PurePath

from toolkit.app.allocation.prepare import Prepared, prepare
from toolkit.app.allocation.request import Request
from toolkit.core.decode import raise_faults
from toolkit.core.errors import ToolkitError
from toolkit.optimize.checks import check_returns
from toolkit.optimize.constraints.base import Constraint, ConstraintData
from toolkit.optimize.continuous import check_soft


def check(request: Request) -> Prepared:
    """The problem of a strategy without a fault.

    Raises:
        SpecError: that tells every fault of the file, or every fault of its terms.
        ToolkitError: when the problem cannot be posed at all.
    """
    prepared = prepare(request)
    problem, data = prepared.problem, prepared.problem.data
    held = problem.previous.any()
    parts: list[tuple[str, Callable[[], object]]] = [
        (f"constraint {constraint.name!r}", lambda constraint=constraint: _bound(constraint, data))
        for constraint in problem.constraints
        if held or not constraint.needs.holdings
    ]
    parts += [("objective", lambda: problem.objective.check(problem)), ("", lambda: check_returns(problem))]
    faults = [fault for where, part in parts if (fault := _fault(where, part)) is not None]
    raise_faults(faults, PurePath(str(request.strategy)).name)
    check_soft(problem, problem.linear_constraints(), problem.convex_constraints())
    return prepared


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


def _fault(where: str, part: Callable[[], object]) -> dict[str, str] | None:
    try:
        part()
    except ToolkitError as error:
        told = error.message.removeprefix(f"{where}: ").removeprefix(f"{where}.").removesuffix(".")
        return {"key": where, "message": told, "hint": error.hint}
    return None
