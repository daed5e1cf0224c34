"""By how much limits are relaxed at a point, in the unit of their rows."""

from __future__ import annotations

from dataclasses import dataclass

from toolkit.core.forecast import FloatArray
from toolkit.optimize.functions import OBJECTIVE, ConvexConstraints
from toolkit.optimize.problem import LinearConstraints, Problem

RELAXED = 1e-7
"""A relaxation below this is rounding."""
OBJECTIVE_TABLE = "objective"
OWN_NAME = f"{OBJECTIVE_TABLE}.volatility"
"""The limit that an objective sets itself, where limits are named."""


@dataclass(frozen=True, slots=True)
class Relaxation:
    """The limit on `side` of the constraint at position `owner` is relaxed by `amount`, in its own unit."""

    owner: int
    side: str
    amount: float


def hard_convex_constraints(problem: Problem) -> ConvexConstraints:
    """The limits on convex functions that may not be broken, the objective's own among them."""
    return tuple(
        constraint for constraint in (*problem.convex_constraints(), *problem.objective_limits()) if constraint.price is None
    )


def name_of(problem: Problem, owner: int) -> str:
    """The name of a constraint, or of the limit that the objective sets itself."""
    return OWN_NAME if owner == OBJECTIVE else problem.constraints[owner].name


def relaxable_columns(problem: Problem, owners: set[int]) -> dict[int, int]:
    """Position of each constraint that may give way -> column of its slack."""
    relaxable = [i for i in sorted(owners) if i == OBJECTIVE or problem.constraints[i].relaxable]
    return {owner: j for j, owner in enumerate(relaxable)}


def relaxations_at(problem: Problem, limits: LinearConstraints, x: FloatArray) -> list[Relaxation]:
    """By how much the weights x, (n + 1,), break each limit."""
    violation, most = limits.G @ x - limits.h, dict[tuple[int, str], float]()
    for owner, side, excess in zip(limits.owner, limits.sides, violation, strict=True):
        if excess > RELAXED and problem.constraints[owner].relaxable:
            most[owner, side] = max(float(excess), most.get((owner, side), 0.0))
    for constraint in hard_convex_constraints(problem):
        value = constraint.function.value(x)
        if value - constraint.limit > RELAXED:
            most[constraint.owner, "upper"] = value**constraint.power - constraint.limit**constraint.power
    for owner, group in problem.risk_contributions().items():
        if (excess := max(contribution.value(x[:-1]) - contribution.limit for contribution in group)) > RELAXED:
            most[owner, "upper"] = excess
    return [Relaxation(owner, side, amount) for (owner, side), amount in sorted(most.items())]
