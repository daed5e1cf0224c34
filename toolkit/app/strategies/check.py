"""Check of a strategy: all faults of its file, and of its terms on the data, in one error."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import PurePath

from toolkit.app.allocation.prepare import Prepared, prepare
from toolkit.app.allocation.request import Request
from toolkit.core.decode import raise_faults
from toolkit.core.errors import ToolkitError
from toolkit.optimize.constraints.base import Constraint, ConstraintData


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
    parts.append(("objective", lambda: problem.objective.check(problem)))
    faults = [fault for where, part in parts if (fault := _fault(where, part)) is not None]
    raise_faults(faults, PurePath(str(request.strategy)).name)
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
        return {"key": where, "message": error.message.removeprefix(f"{where}: ").removesuffix("."), "hint": error.hint}
    return None
