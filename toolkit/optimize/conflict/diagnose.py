"""Why there is no answer: an irreducible set of conflicting constraints and the least relaxation, in the user's names.

Deletion filter and elastic program: Chinneck, Feasibility and Infeasibility in Optimization (2008), chapters 6 and 7. Where
all limits are linear, feasibility is a small linear program; with limits on risk a cone program; with whole lots, tickets or
a number of holdings a small mixed-integer one, in which entry costs count too.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from pydantic import ValidationError

from toolkit.core.errors import Infeasible, NumericalFailure
from toolkit.factors.forecast import FloatArray
from toolkit.optimize.functions import Ceiling
from toolkit.optimize.problem import Inequalities, Problem
from toolkit.optimize.programs.linear import least
from toolkit.optimize.programs.mixed_integer import HELD, Columns, LotTerms, MixedIntegerProgram, add_structure, variables

RELAXED = 1e-7
"""A move below this is rounding."""
DIGITS = (6, 9, 12)
"""Decimals of a proposed limit: the fewest at which the proposal has a solution."""
A_HOLDING = 0.1
"""One holding more or fewer counts as much as this fraction of the budget when relaxations are weighed."""
RATIO_STEPS = 6
"""Dinkelbach steps at most; two or three are usual."""
SECONDS = 2.0
"""For each mixed-integer feasibility problem at most."""


@dataclass(frozen=True, slots=True)
class Move:
    """The limit on `side` of the constraint at position `owner` gives way by `amount`, in the unit of its rows."""

    owner: int
    side: str
    amount: float


def conflict(problem: Problem) -> Infeasible | None:
    """The error that explains the conflict between the limits on weights; None when there is none."""
    if _feasible(problem):
        return None
    needed = _irreducible(problem, _feasible)
    moves = _continuous_moves(problem) if problem.discrete() is None else _discrete_moves(problem, SECONDS)
    names = [problem.constraints[i].name for i in needed]
    told = ", ".join(repr(name) for name in names)
    alone = "these constraints contradict each other" if len(names) > 1 else "a constraint cannot hold"
    return _explained(problem, f"{alone}: {told}.", names, moves)


def discrete_conflict(problem: Problem, *, time_limit: float) -> Infeasible | None:
    """The error that explains why no whole-lot answer holds the constraints; None where one does."""
    seconds = min(time_limit, SECONDS)
    if _discrete_feasible(problem, seconds):
        return None
    needed = _irreducible(problem, lambda p: _discrete_feasible(p, seconds))
    names = [problem.constraints[i].name for i in needed]
    kinds = {problem.constraints[i].kind for i in needed}
    what = "allocation in whole lots" if "lots" in kinds else "allocation"
    together = "these constraints together" if len(names) > 1 else "this constraint"
    message = f"no {what} holds {together}: {', '.join(repr(name) for name in names)}."
    more = "Raise --budget, or drop one of them." if kinds & {"lots", "min_ticket"} else ""
    return _explained(problem, message, names, _discrete_moves(problem, seconds), more)


def _irreducible(problem: Problem, feasible: Callable[[Problem], bool]) -> list[int]:
    """Positions of constraints that conflict, while any one less does not."""
    needed = list(range(len(problem.constraints)))
    for position in tuple(needed):
        rest = [i for i in needed if i != position]
        if not feasible(replace(problem, constraints=tuple(problem.constraints[i] for i in rest))):
            needed = rest
    return needed


def _explained(problem: Problem, message: str, names: list[str], moves: list[Move] | None, more: str = "") -> Infeasible:
    proposal = None if moves is None else _proposal(problem, moves)
    if moves is None or proposal is None:
        hint = more or f"No limit can give way far enough: drop {' or '.join(repr(name) for name in names)}."
        return Infeasible(message, hint=hint, details={"conflict": names, "relaxation": {}, "set": []})
    changes, told = proposal
    settings = [f"constraint.{name}.{key}={_toml(value)}" for name, keys in changes.items() for key, value in keys.items()]
    options = " ".join(f'--set "{setting}"' for setting in settings)
    relaxation: dict[str, float] = {}
    for move in moves:
        name = problem.constraints[move.owner].name
        relaxation[name] = max(move.amount, relaxation.get(name, 0.0))
    return Infeasible(
        message,
        hint=f"Least relaxation: {'; '.join(told)}. Try {options}. {more}".strip(),
        details={"conflict": names, "relaxation": relaxation, "set": settings},
    )


def _toml(value: Any) -> str:
    return f"{value:.12g}" if isinstance(value, float) else str(value)


def _proposal(problem: Problem, moves: list[Move]) -> tuple[dict[str, dict[str, Any]], list[str]] | None:
    """The changed keys of each constraint and what is told of them, re-solved; None when no rounding has a solution."""
    feasible = _feasible if problem.discrete() is None else lambda p: _discrete_feasible(p, SECONDS)
    for digits in DIGITS:
        constraints, changes, told = list(problem.constraints), dict[str, dict[str, Any]](), []
        for move in moves:
            old = constraints[move.owner]
            changed = dict(old.relaxed(move.side, move.amount, digits))
            try:
                constraints[move.owner] = type(old).model_validate({**old.model_dump(), **changed})
            except ValidationError:
                return None
            changes.setdefault(old.name, {}).update(changed)
            for key, value in changed.items():
                told.append(f"{old.name!r} {key} from {_toml(getattr(old, key))} to {_toml(value)}")
        if feasible(replace(problem, constraints=tuple(constraints))):
            return changes, told
    return None


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
    limits, ceilings = problem.inequalities().hard(), _hard(problem)
    if not ceilings:
        return _linear_program(limits, len(problem.universe) + 1, {}) is not None
    from toolkit.optimize.conflict.elastic import least_violation  # noqa: PLC0415

    # All give way: such a program has a solution for certain, and a cone solver is good at those.
    owners = sorted({*limits.owner, *(ceiling.owner for ceiling in ceilings)})
    found = least_violation(limits, ceilings, {owner: at for at, owner in enumerate(owners)})
    return found is not None and found[1] <= RELAXED


def _hard(problem: Problem) -> tuple[Ceiling, ...]:
    return tuple(ceiling for ceiling in problem.ceilings() if ceiling.price is None)


def _continuous_moves(problem: Problem) -> list[Move] | None:
    """The moves that are least in sum, every limit of one constraint moving alike; None when none is enough."""
    limits, width, ceilings = problem.inequalities().hard(), len(problem.universe) + 1, _hard(problem)
    columns = _movable(problem, {*limits.owner, *(ceiling.owner for ceiling in ceilings)})
    if ceilings:
        from toolkit.optimize.conflict.elastic import least_violation  # noqa: PLC0415

        found = least_violation(limits, ceilings, columns)
        return None if found is None else _moves(problem, limits, found[0])
    point = _linear_program(limits, width, columns)
    return None if point is None else _moves(problem, limits, point)


def _movable(problem: Problem, owners: set[int]) -> dict[int, int]:
    movable = [i for i in sorted(owners) if problem.constraints[i].movable]
    return {owner: j for j, owner in enumerate(movable)}


def _moves(problem: Problem, limits: Inequalities, x: FloatArray) -> list[Move]:
    """By how much the weights x, (n + 1,), break each limit."""
    violation, most = limits.G @ x - limits.h, dict[tuple[int, str], float]()
    for owner, side, excess in zip(limits.owner, limits.sides, violation, strict=True):
        if excess > RELAXED and problem.constraints[owner].movable:
            most[owner, side] = max(float(excess), most.get((owner, side), 0.0))
    for ceiling in _hard(problem):
        value = ceiling.function.value(x)
        if value - ceiling.limit > RELAXED:
            most[ceiling.owner, "upper"] = value**ceiling.power - ceiling.limit**ceiling.power
    return [Move(owner, side, amount) for (owner, side), amount in sorted(most.items())]


# Whole lots


def _mixed(problem: Problem, extra: int, slack: Mapping[int, int], seconds: float) -> tuple[MixedIntegerProgram, Columns]:
    columns, terms = Columns(len(problem.universe), extra), LotTerms.of(problem)
    upper, integer = variables(problem, terms, columns)
    program = MixedIntegerProgram(np.zeros(columns.total), upper, integer, gap=1e-6, time_limit=seconds)
    add_structure(program, problem, terms, columns, slack)
    return program, columns


def _discrete_feasible(problem: Problem, seconds: float) -> bool:
    """Whether some whole-lot answer holds; True when there was no time to know, so that no constraint is blamed wrongly."""
    try:
        program, columns = _mixed(problem, 0, {}, seconds)
        return _holding(program, columns, _hard(problem), {}, seconds) is not None
    except NumericalFailure:
        return True


def _holding(
    program: MixedIntegerProgram, columns: Columns, ceilings: tuple[Ceiling, ...], slack: Mapping[int, int], seconds: float
) -> FloatArray | None:
    """The best point at which limits on convex functions hold too, by cutting planes (Kelley 1960); None where none is.

    Raises:
        NumericalFailure: when the time is over.
    """
    stop, n = time.perf_counter() + seconds, columns.n
    while (found := program.solve(max(stop - time.perf_counter(), 0.1))) is not None:
        point, wealth = found[0], float(found[0][: n + 1].sum())
        x, whole = found[0][: n + 1] / wealth, True
        for ceiling in ceilings:
            given = point[slack[ceiling.owner]] / wealth if ceiling.owner in slack else 0.0
            if ceiling.excess(x) - given <= RELAXED:
                continue
            slope, row = ceiling.function.gradient(x), program.blank(1)
            row[0, : n + 1] = slope + ceiling.excess(x) - slope @ x
            if ceiling.owner in slack:
                row[0, slack[ceiling.owner]] = -1.0
            program.add(row, -np.inf, 0.0)
            whole = False
        if whole:
            return point
        if time.perf_counter() > stop:
            raise NumericalFailure("there was no time to find out whether the constraints conflict.")
    return None


def _discrete_moves(problem: Problem, seconds: float) -> list[Move] | None:
    """The moves that are least in sum; None when none is enough.

    Limits are fractions of wealth after entry costs and moves come out in money, so what is least is a ratio: Dinkelbach
    (1967). Moves of the number of holdings are weighed by `A_HOLDING`.
    """
    limits, ceilings = problem.inequalities().hard(), _hard(problem)
    counts = {i for i, d in problem.asked().items() if d.most is not None or d.fewest}
    movable = _movable(problem, {*limits.owner, *(ceiling.owner for ceiling in ceilings)} | counts)
    start = Columns(len(problem.universe), 0).total
    slack = {owner: start + j for owner, j in movable.items()}
    n = len(problem.universe)
    ratio, best = 0.0, None
    try:
        program, columns = _mixed(problem, len(movable), slack, seconds)
        weighed = np.array([A_HOLDING if owner in counts else 1.0 for owner in movable])
        for _ in range(RATIO_STEPS):
            cost = np.zeros(columns.total)
            cost[columns.own] = weighed
            cost[: n + 1] = -ratio
            program.price(cost)
            point = _holding(program, columns, ceilings, slack, seconds)
            if point is None:
                return None
            wealth = float(point[: n + 1].sum())
            following = float(weighed @ point[columns.own]) / wealth
            if best is not None and following > ratio - RELAXED:
                break
            best, ratio = point, following
    except NumericalFailure:
        return None
    if best is None:
        return None
    moves = _moves(problem, limits, best[: n + 1] / best[: n + 1].sum())
    number = int(np.sum(best[columns.block(HELD)] > 0.5))
    for owner in sorted(counts):
        asked = problem.asked()[owner]
        if asked.most is not None and number > asked.most:
            moves.append(Move(owner, "upper", number - asked.most))
        if number < asked.fewest:
            moves.append(Move(owner, "lower", asked.fewest - number))
    return moves
