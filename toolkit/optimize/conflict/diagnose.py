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

from toolkit.core.errors import Infeasible
from toolkit.factors.forecast import FloatArray
from toolkit.optimize.conflict.calm import too_calm, without_own
from toolkit.optimize.conflict.discrete import discrete_feasible, discrete_moves
from toolkit.optimize.conflict.moves import RELAXED, Move, hard_ceilings, movable_columns, moves_at
from toolkit.optimize.functions import Ceiling
from toolkit.optimize.problem import Inequalities, Problem
from toolkit.optimize.programs.linear import least
from toolkit.optimize.programs.reward import OWN
from toolkit.optimize.terms.objectives import RiskParity

DIGITS = (6, 9, 12)
"""Decimals of a proposed limit: the fewest at which the proposal has a solution."""
SOME = 1e-3
"""Weight that a proposal leaves every asset where each has to contribute to risk."""
SECONDS = 2.0
"""For each mixed-integer feasibility problem at most."""


def conflict(problem: Problem) -> Infeasible | None:
    """The error that explains the conflict between the limits on weights; None when there is none."""
    if _feasible(problem):
        return None
    free = without_own(problem)
    if free is not problem and _feasible(free):
        other = None if free.discrete() is None else discrete_conflict(free, time_limit=SECONDS)
        return too_calm(problem, _names(problem, irreducible(problem, _feasible)), SECONDS, other)
    needed = irreducible(free, _feasible)
    moves = discrete_moves(free, SECONDS) if free.discrete() is not None else _continuous_moves(free)
    names = _names(free, needed)
    told = ", ".join(repr(name) for name in names)
    alone = "these constraints contradict each other" if len(names) > 1 else "a constraint cannot hold"
    return _explained(free, f"{alone}: {told}.", names, moves)


def discrete_conflict(problem: Problem, *, time_limit: float) -> Infeasible | None:
    """The error that explains why no whole-lot answer holds the constraints; None where one does."""
    seconds = min(time_limit, SECONDS)

    def feasible(part: Problem) -> bool:
        return discrete_feasible(part, seconds)

    if feasible(problem):
        return None
    free = without_own(problem)
    if free is not problem and feasible(free):
        return too_calm(problem, _names(problem, irreducible(problem, feasible)), seconds)
    needed = irreducible(free, feasible)
    names = _names(free, needed)
    kinds = {free.constraints[i].kind for i in needed}
    what = "allocation in whole lots" if "lots" in kinds else "allocation"
    together = "these constraints together" if len(names) > 1 else "this constraint"
    message = f"no {what} holds {together}: {', '.join(repr(name) for name in names)}."
    more = "Raise --budget, or drop one of them." if kinds & {"lots", "min_ticket"} else ""
    return _explained(free, message, names, discrete_moves(free, seconds), more)


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
    feasible = _roomy if problem.discrete() is None else lambda p: discrete_feasible(p, SECONDS)
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


def _roomy(problem: Problem) -> bool:
    """Whether some weights hold every limit, with some weight for each asset where the objective needs it."""
    return (
        _feasible(problem)
        and _linear_program(_with_room(problem, problem.inequalities().hard()), len(problem.universe) + 1, {}) is not None
    )
