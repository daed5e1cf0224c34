"""Why there is no answer: an irreducible set of conflicting constraints and the least relaxation, in the user's names.

Deletion filter: Chinneck, Feasibility and Infeasibility in Optimization (2008), chapter 6. The constraints of the first
terms are linear, so feasibility is a small linear program.
"""

from __future__ import annotations

import numpy as np
from scipy.optimize import linprog

from toolkit.core.errors import Infeasible
from toolkit.factors.forecast import FloatArray
from toolkit.optimize.problem import Inequalities, Problem

RELAXED = 1e-7


def _feasible(limits: Inequalities, keep: set[int], width: int) -> bool:
    chosen = [row for row, owner in enumerate(limits.owner) if owner in keep]
    result = linprog(
        np.zeros(width),
        A_ub=limits.G[chosen] if chosen else None,
        b_ub=limits.h[chosen] if chosen else None,
        A_eq=np.ones((1, width)),
        b_eq=[1.0],
        bounds=(0, None),
        method="highs",
    )
    return result.status == 0


def least_relaxation(limits: Inequalities, width: int) -> tuple[dict[int, float], FloatArray]:
    """Constraint position -> by how much its limits must move, least in sum, and the (m,) violation of each row.

    Every row of one constraint may move by the same amount; amounts are fractions of the budget.
    """
    movable = sorted(set(limits.owner))
    column = {owner: j for j, owner in enumerate(movable)}
    slack = np.zeros((len(limits.h), len(movable)))
    slack[np.arange(len(limits.h)), [column[owner] for owner in limits.owner]] = -1.0
    result = linprog(
        np.concatenate([np.zeros(width), np.ones(len(movable))]),
        A_ub=np.hstack([limits.G, slack]),
        b_ub=limits.h,
        A_eq=np.concatenate([np.ones(width), np.zeros(len(movable))]).reshape(1, -1),
        b_eq=[1.0],
        bounds=(0, None),
        method="highs",
    )
    moves = {owner: float(result.x[width + j]) for owner, j in column.items()}
    return {owner: move for owner, move in moves.items() if move > RELAXED}, limits.G @ result.x[:width] - limits.h


def conflict(problem: Problem) -> Infeasible | None:
    """The error that explains the conflict between the named constraints; None when there is none."""
    limits = problem.inequalities()
    width = len(problem.universe) + 1
    needed = set(limits.owner)
    if _feasible(limits, needed, width):
        return None
    for owner in sorted(needed):
        if not _feasible(limits, needed - {owner}, width):
            needed.remove(owner)
    names = [problem.constraints[owner].name for owner in sorted(needed)]
    moves, violation = least_relaxation(limits, width)
    told, options = [], []
    for owner, move in moves.items():
        constraint = problem.constraints[owner]
        rows = zip(limits.owner, limits.sides, violation, strict=True)
        broken = {side for row_owner, side, excess in rows if row_owner == owner and excess > RELAXED}
        for side in sorted(broken):
            sign = 1.0 if side == "upper" else -1.0
            limit = getattr(constraint, side)
            # Rounded outward, so that the relaxed problem is feasible for certain.
            new = float(np.clip(np.ceil((limit + sign * move) * sign * 1e6) * sign / 1e6, 0.0, 1.0))
            told.append(f"{constraint.name!r} {side} from {limit:g} to {new:.6g}")
            options.append(f'--set "constraint.{constraint.name}.{side}={new:.6g}"')
    return Infeasible(
        f"these constraints contradict each other: {', '.join(repr(name) for name in names)}.",
        hint=f"Least relaxation: {'; '.join(told)}. Try {' '.join(options)}.",
        details={"conflict": names, "relaxation": {problem.constraints[owner].name: move for owner, move in moves.items()}},
    )
