"""By how much limits give way at a point, in the unit of their rows."""

from __future__ import annotations

from dataclasses import dataclass

from toolkit.core.forecast import FloatArray
from toolkit.optimize.functions import Ceiling
from toolkit.optimize.problem import Inequalities, Problem
from toolkit.optimize.programs.reward import OWN, own_ceilings

RELAXED = 1e-7
"""A move below this is rounding."""
OBJECTIVE = "objective"
OWN_NAME = f"{OBJECTIVE}.volatility"
"""The limit that an objective sets itself, where limits are named."""


@dataclass(frozen=True, slots=True)
class Move:
    """The limit on `side` of the constraint at `owner` (`OWN`: of the objective) gives way by `amount`, in its own unit."""

    owner: int
    side: str
    amount: float


def hard_ceilings(problem: Problem) -> tuple[Ceiling, ...]:
    """The limits on convex functions that may not be broken, the objective's own among them."""
    return tuple(ceiling for ceiling in (*problem.ceilings(), *own_ceilings(problem)) if ceiling.price is None)


def name_of(problem: Problem, owner: int) -> str:
    """The name of a constraint, or of the limit that the objective sets itself."""
    return OWN_NAME if owner == OWN else problem.constraints[owner].name


def movable_columns(problem: Problem, owners: set[int]) -> dict[int, int]:
    """Position of each constraint that may give way -> column of its slack."""
    movable = [i for i in sorted(owners) if i == OWN or problem.constraints[i].movable]
    return {owner: j for j, owner in enumerate(movable)}


def moves_at(problem: Problem, limits: Inequalities, x: FloatArray) -> list[Move]:
    """By how much the weights x, (n + 1,), break each limit."""
    violation, most = limits.G @ x - limits.h, dict[tuple[int, str], float]()
    for owner, side, excess in zip(limits.owner, limits.sides, violation, strict=True):
        if excess > RELAXED and problem.constraints[owner].movable:
            most[owner, side] = max(float(excess), most.get((owner, side), 0.0))
    for ceiling in hard_ceilings(problem):
        value = ceiling.function.value(x)
        if value - ceiling.limit > RELAXED:
            most[ceiling.owner, "upper"] = value**ceiling.power - ceiling.limit**ceiling.power
    for owner, group in problem.shares().items():
        if (excess := max(share.value(x[:-1]) - share.limit for share in group)) > RELAXED:
            most[owner, "upper"] = excess
    return [Move(owner, side, amount) for (owner, side), amount in sorted(most.items())]
