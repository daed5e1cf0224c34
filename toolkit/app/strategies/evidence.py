"""The evidence of strategies that is stored beside them: `toolkit.app.backtest.evidence` makes it, here it is only read."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from datetime import date
from functools import lru_cache
from pathlib import Path, PurePath

from toolkit.app.allocation.prepare import Prepared, prepare
from toolkit.app.allocation.request import Request
from toolkit.app.definitions import find, folders
from toolkit.app.runs import put
from toolkit.app.strategies.own_files import read_strategy
from toolkit.core.decode import raise_faults
from toolkit.core.errors import GapError, ToolkitError
from toolkit.optimize.constraints.base import Constraint, ConstraintData
from toolkit.optimize.continuous import check_soft
from toolkit.optimize.problem import check_returns
from toolkit.records.evidence import EvidenceList, StrategyEvidence

FILE = "evidence.json"
"""Beside the strategies that it is of."""


@lru_cache
def stored() -> EvidenceList | None:
    """The evidence that is stored beside the strategies; None where there is none."""
    for _, folder in folders("strategies"):
        if (file := folder / FILE).is_file():
            return EvidenceList.model_validate(json.loads(file.read_text(encoding="utf-8")))
    return None


def evidence_of(fingerprint: str, day: date) -> StrategyEvidence | None:
    """The stored evidence of exactly this strategy, known on a day; None where it was changed, or made later."""
    found = stored()
    if found is None or found.as_of > day.isoformat():
        return None
    return next((one for one in found.strategies if one.fingerprint == fingerprint), None)


def stored_of(names: Iterable[str], day: date) -> EvidenceList:
    """The stored evidence of strategies as they are now.

    Raises:
        GapError: where none is stored of any of them.
    """
    found, whole = [evidence_of(read_strategy(find("strategies", name).path).fingerprint, day) for name in names], stored()
    known = tuple(one for one in found if one is not None)
    if whole is None or not known:
        raise GapError(
            "no evidence of these strategies is stored on {day}.",
            hint="Make it: toolkit strategies evidence NAME --write FILE.",
            day=day,
        )
    return whole.model_copy(update={"strategies": known})


def written(found: EvidenceList, file: Path) -> None:
    """Store evidence in a file.

    Raises:
        SpecError: where it cannot be written.
    """
    put(file, (json.dumps(found.to_json(), indent=1, ensure_ascii=False) + "\n").encode())


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
