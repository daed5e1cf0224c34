"""Why there is no answer: an irreducible set of conflicting constraints and the least relaxation, in the user's names.

Deletion filter and elastic program: Chinneck, Feasibility and Infeasibility in Optimization (2008), chapters 6 and 7. Where
all limits are linear, feasibility is a small linear program; with limits on risk a cone program; with whole lots, tickets or
a number of holdings a small mixed-integer one, in which entry costs count too.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import numpy as np
from pydantic import ValidationError

from toolkit.core.errors import Infeasible, NumericalFailure, quoted
from toolkit.factors.forecast import FloatArray
from toolkit.optimize.conflict.calm import too_calm, without_own
from toolkit.optimize.conflict.confirm import has_answer
from toolkit.optimize.conflict.discrete import discrete_feasible, discrete_moves
from toolkit.optimize.conflict.moves import RELAXED, Move, hard_ceilings, movable_columns, moves_at
from toolkit.optimize.functions import Ceiling
from toolkit.optimize.problem import Inequalities, Problem
from toolkit.optimize.programs.linear import least
from toolkit.optimize.programs.reward import OWN
from toolkit.optimize.programs.work import Work
from toolkit.optimize.terms.objectives import RiskParity

DIGITS = (6, 9, 12)
"""Decimals of a proposed limit: the fewest at which the proposal has a solution."""
SOME = 1e-3
"""Weight that a proposal leaves every asset where each has to contribute to risk."""
SECONDS = 10.0
"""Of work, where nothing else is said."""
PART = 0.2
"""Of what is left, for each question whether some whole lots hold."""
GROWTH = (1.0, 1.01, 1.05, 1.2, 1.5, 2.0, 10.0, 100.0)
"""Multiples of the least moves that are tried until a proposal has an answer: costs that only an answer knows need room too."""


def conflict(problem: Problem, work: Work | None = None) -> Infeasible | None:
    """The error that explains the conflict between the limits on weights; None when there is none."""
    if _feasible(problem):
        return None
    work = Work(SECONDS) if work is None else work
    free = without_own(problem)
    if free is not problem and _feasible(free):
        other = None if free.discrete() is None else discrete_conflict(free, work)
        return too_calm(problem, _names(problem, irreducible(problem, _feasible)), work, other)
    needed = irreducible(free, _feasible)
    names = _names(free, needed)
    told = ", ".join(repr(name) for name in names)
    alone = "these constraints contradict each other" if len(names) > 1 else "a constraint cannot hold"
    return _explained(free, f"{alone}: {told}.", names, _moves(free, work), work)


def discrete_conflict(problem: Problem, work: Work | None = None) -> Infeasible | None:
    """The error that explains why no whole-lot answer holds the constraints; None where one does, or nothing is proven."""
    work = Work(SECONDS) if work is None else work
    unknown = 0

    def feasible(part: Problem) -> bool:
        nonlocal unknown
        found = discrete_feasible(part, work.part(PART * work.left))
        unknown += found is None
        # What is not proven infeasible is blamed for nothing.
        return found is not False

    if feasible(problem):
        return None
    free = without_own(problem)
    if free is not problem and feasible(free):
        return too_calm(problem, _names(problem, irreducible(problem, feasible)), work)
    needed = irreducible(free, feasible)
    names = _names(free, needed)
    kinds = {free.constraints[i].kind for i in needed}
    what = "allocation in whole lots" if "lots" in kinds else "allocation"
    together = "these constraints together" if len(names) > 1 else "this constraint"
    message = f"no {what} holds {together}: {', '.join(repr(name) for name in names)}."
    if unknown:
        message += " Whether fewer of them conflict already was not found out within solver.time_limit."
    more = "Raise --budget, or drop one of them." if kinds & {"lots", "min_ticket"} else ""
    return _explained(free, message, names, _moves(free, work), work, more, irreducible=not unknown)


def not_found(problem: Problem, message: str, work: Work) -> NumericalFailure:
    """The error of a search that found nothing and proved nothing, with a relaxation that has an answer where one was found."""
    details = {"proven": False, "relaxation": dict[str, float](), "set": list[str]()}
    moves = _moves(problem, work)
    proposal = _proposal(problem, moves[0], work) if isinstance(moves, tuple) and moves[0] else None
    if proposal is None or not isinstance(moves, tuple):
        return NumericalFailure(message, hint="Raise solver.time_limit, or loosen a limit.", details=details)
    changes, told, growth = proposal
    settings = _settings(changes)
    options = " ".join(f"--set {quoted(setting)}" for setting in settings)
    return NumericalFailure(
        message,
        hint=f"The nearest that was found has {'; '.join(told)}. Try {options}, or raise solver.time_limit.",
        details={**details, "set": settings, "relaxation": _amounts(problem, moves[0], growth)},
    )


def _settings(changes: Mapping[str, Mapping[str, Any]]) -> list[str]:
    return [f"constraint.{name}.{key}={_toml(value)}" for name, keys in changes.items() for key, value in keys.items()]


def _amounts(problem: Problem, moves: list[Move], growth: float) -> dict[str, float]:
    """Name of a constraint -> the largest of its moves."""
    amounts: dict[str, float] = {}
    for move in moves:
        name = problem.constraints[move.owner].name
        amounts[name] = max(growth * move.amount, amounts.get(name, 0.0))
    return amounts


def _moves(problem: Problem, work: Work) -> tuple[list[Move], bool] | NumericalFailure | None:
    """Moves and whether they are the least; None where it is proven that none is enough, the failure where it is not known."""
    try:
        if problem.discrete() is not None:
            return discrete_moves(problem, work.part(work.left / 2))
        moves = _continuous_moves(problem)
    except NumericalFailure as failure:
        return failure
    return None if moves is None else (moves, True)


def _names(problem: Problem, positions: list[int]) -> list[str]:
    return [problem.constraints[i].name for i in positions]


def irreducible(problem: Problem, feasible: Callable[[Problem], bool]) -> list[int]:
    """Positions of constraints that conflict, while any one less does not."""
    needed = list(range(len(problem.constraints)))
    for position in tuple(needed):
        rest = [i for i in needed if i != position]
        if not feasible(replace(problem, constraints=tuple(problem.constraints[i] for i in rest))):
            needed = rest
    return needed


def _explained(
    problem: Problem,
    message: str,
    names: list[str],
    moves: tuple[list[Move], bool] | NumericalFailure | None,
    work: Work,
    more: str = "",
    *,
    irreducible: bool = True,
) -> Infeasible:
    details = {"conflict": names, "relaxation": dict[str, float](), "set": list[str](), "irreducible": irreducible}
    listed = " or ".join(repr(name) for name in names)
    if moves is None:
        return Infeasible(message, hint=more or f"No limit can give way far enough: drop {listed}.", details=details)
    proposal = None if isinstance(moves, NumericalFailure) else _proposal(problem, moves[0], work)
    if isinstance(moves, NumericalFailure) or proposal is None:
        hint = f"By how much a limit would have to give way was not found out: loosen or drop {listed}."
        return Infeasible(
            message, hint=f"{hint} {more}".strip(), details={**details, "proven": False, "relaxation_known": False}
        )
    changes, told, growth = proposal
    settings = _settings(changes)
    options = " ".join(f"--set {quoted(setting)}" for setting in settings)
    kind = "Least relaxation" if moves[1] and growth == 1.0 else "A relaxation that has an answer (a smaller one may do)"
    hint = f"{kind}: {'; '.join(told)}. Try {options}. {more}".strip()
    return Infeasible(
        message, hint=hint, details={**details, "relaxation": _amounts(problem, moves[0], growth), "set": settings}
    )


def _toml(value: Any) -> str:
    return f"{value:.12g}" if isinstance(value, float) else str(value)


def _proposal(problem: Problem, moves: list[Move], work: Work) -> tuple[dict[str, dict[str, Any]], list[str], float] | None:
    """The changed keys of each constraint, what is told of them, and by how much the moves grew; None where none was solved.

    Every proposal is solved before it is made.
    """
    for digits, growth in [(digits, 1.0) for digits in DIGITS] + [(DIGITS[0], growth) for growth in GROWTH[1:]]:
        found = _changed(problem, moves, digits, growth)
        if found is None:
            continue
        relaxed, changes = found
        if has_answer(relaxed, work.part(PART * work.left)):
            old = {constraint.name: constraint for constraint in problem.constraints}
            told = [
                f"{name!r} {key} from {_toml(getattr(old[name], key))} to {_toml(value)}"
                for name, keys in changes.items()
                for key, value in keys.items()
            ]
            return changes, told, growth
    return None


def _changed(
    problem: Problem, moves: list[Move], digits: int, growth: float
) -> tuple[Problem, dict[str, dict[str, Any]]] | None:
    """The problem with its limits moved, and the changed keys of each constraint; None where a limit cannot be so."""
    constraints, changes = list(problem.constraints), dict[str, dict[str, Any]]()
    for move in moves:
        old = constraints[move.owner]
        changed = dict(old.relaxed(move.side, growth * move.amount, digits))
        try:
            constraints[move.owner] = type(old).model_validate({**old.model_dump(), **changed})
        except ValidationError:
            return None
        changes.setdefault(old.name, {}).update(changed)
    return replace(problem, constraints=tuple(constraints)), changes


# Limits on weights


def _linear_program(limits: Inequalities, width: int, columns: Mapping[int, int]) -> FloatArray | None:
    """Weights (n + 1,) at which the limits of some constraints (position -> slack) give way by the least sum; None for none."""
    slack = np.zeros((len(limits.h), len(columns)))
    for row, owner in enumerate(limits.owner):
        if owner in columns:
            slack[row, columns[owner]] = -1.0
    cost = np.concatenate([np.zeros(width), np.ones(len(columns))])
    found = least(cost, np.hstack([limits.G, slack]), limits.h, 1.0 - cost)
    return None if found is None else found[0][:width]


def _feasible(problem: Problem) -> bool:
    """Whether some weights hold every hard limit."""
    limits, ceilings = problem.inequalities().hard(), hard_ceilings(problem)
    if not ceilings:
        return _linear_program(limits, len(problem.universe) + 1, {}) is not None
    from toolkit.optimize.conflict.elastic import least_violation  # noqa: PLC0415

    # All give way: such a program has a solution for certain, and a cone solver is good at those.
    owners = sorted({*limits.owner, *(ceiling.owner for ceiling in ceilings)})
    found = least_violation(limits, ceilings, {owner: at for at, owner in enumerate(owners)})
    return found is not None and found[1] <= RELAXED


def _continuous_moves(problem: Problem) -> list[Move] | None:
    """The moves that are least in sum, every limit of one constraint moving alike; None when none is enough."""
    limits, ceilings = problem.inequalities().hard(), hard_ceilings(problem)
    columns = movable_columns(problem, {*limits.owner, *(ceiling.owner for ceiling in ceilings)})
    roomy = _with_room(problem, limits)
    point = _nearest(roomy, ceilings, columns)
    if point is None and roomy is not limits:
        point = _nearest(limits, ceilings, columns)
    return None if point is None else moves_at(problem, limits, point)


def _nearest(limits: Inequalities, ceilings: tuple[Ceiling, ...], columns: Mapping[int, int]) -> FloatArray | None:
    if not ceilings:
        return _linear_program(limits, limits.G.shape[1], columns)
    from toolkit.optimize.conflict.elastic import least_violation  # noqa: PLC0415

    found = least_violation(limits, ceilings, columns)
    return None if found is None else found[0]


def _with_room(problem: Problem, limits: Inequalities) -> Inequalities:
    """The limits, and some weight for every asset where without one there are no budgets of risk."""
    if not isinstance(problem.objective, RiskParity):
        return limits
    n = len(problem.universe)
    return Inequalities(
        np.vstack([limits.G, -np.eye(n, n + 1)]),
        np.append(limits.h, np.full(n, -SOME)),
        (*limits.owner, *[OWN] * n),
        (*limits.labels, *problem.universe.keys),
        (*limits.sides, *["lower"] * n),
    )
