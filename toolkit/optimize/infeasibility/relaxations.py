"""Least relaxations of limits on weights, and irreducible sets of constraints that conflict.

Elastic program and deletion filter: Chinneck, Feasibility and Infeasibility in Optimization (2008), chapters 6 and 7.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

import numpy as np

from toolkit.core.errors import NumericalFailure, SpecError
from toolkit.core.forecast import FloatArray
from toolkit.optimize.functions import OBJECTIVE, ConvexConstraints
from toolkit.optimize.problem import LinearConstraints, Problem
from toolkit.optimize.rows import SparseRows
from toolkit.optimize.solvers.budgeting import HELD as NEVER_HELD
from toolkit.optimize.solvers.budgeting import largest_weights, least_cash
from toolkit.optimize.solvers.highs import least
from toolkit.optimize.solvers.solve import SolverInfeasible

LEAST_RELAXATION = 1e-7
"""A relaxation below this is rounding."""
OBJECTIVE_TABLE = "objective"
SOME = 1e-3
"""Weight that a proposal leaves every asset where each has to contribute to risk."""
STEPS, CONVERGED_WEIGHTS = 20, 1e-5
"""Cone programs at most that look for weights within limits on contributions, and the change of the weights that ends them."""


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


def trades_are_limited(problem: Problem) -> bool:
    """Whether the turnover is, which costs of trades are part of: how far it must be only a program in money knows."""
    limited = any(constraint.held is not None for constraint in hard_convex_constraints(problem))
    return limited and problem.costs.most(problem.data.budget) > 0 and not problem.data.negative.any()


def name_of(problem: Problem, owner: int) -> str:
    """The name of a constraint, or of the limit that the objective sets itself."""
    own = problem.objective.limit(problem) if owner == OBJECTIVE else None
    return problem.constraints[owner].name if own is None else f"{OBJECTIVE_TABLE}.{own[0]}"


def relaxable_columns(problem: Problem, owners: set[int]) -> dict[int, int]:
    """Position of each constraint that may give way -> column of its slack."""
    relaxable = [i for i in sorted(owners) if i == OBJECTIVE or problem.constraints[i].relaxable]
    return {owner: j for j, owner in enumerate(relaxable)}


def relaxations_at(problem: Problem, limits: LinearConstraints, x: FloatArray) -> list[Relaxation]:
    """By how much the weights x, (n + 1,), break each limit."""
    violation, most = limits.G @ x - limits.h, dict[tuple[int, str], float]()
    for owner, side, excess in zip(limits.owner, limits.sides, violation, strict=True):
        if excess > LEAST_RELAXATION and problem.constraints[owner].relaxable:
            most[owner, side] = max(float(excess), most.get((owner, side), 0.0))
    for constraint in hard_convex_constraints(problem):
        value = constraint.function.value(x)
        if value - constraint.limit > LEAST_RELAXATION:
            most[constraint.owner, "upper"] = value**constraint.power - constraint.limit**constraint.power
    for contribution in problem.risk_contributions():
        if (excess := contribution.value(x[:-1]) - contribution.limit) > LEAST_RELAXATION:
            most[contribution.owner, "upper"] = max(excess, most.get((contribution.owner, "upper"), 0.0))
    return [Relaxation(owner, side, amount) for (owner, side), amount in sorted(most.items())]


def least_violation(
    limits: LinearConstraints, convex: ConvexConstraints, columns: Mapping[int, int]
) -> tuple[FloatArray, float] | None:
    """Weights (n + 1,) at which the limits of some constraints give way by the least sum, and that sum.

    Args:
        limits: Hard rows.
        convex: Hard limits on convex functions.
        columns: Position of a constraint that gives way -> position of its slack; all its limits move alike.

    Returns:
        None where the others have no feasible point.

    Raises:
        NumericalFailure: when the solver knows neither.
    """
    import cvxpy as cp  # noqa: PLC0415  # half a second that linear limits need not pay

    from toolkit.optimize.solvers.conic import solve_conic  # noqa: PLC0415

    x, slack = cp.Variable(limits.G.shape[1]), cp.Variable(max(len(columns), 1), nonneg=True)
    constraints: list[cp.Constraint] = [cp.Zero(np.ones(limits.G.shape[1]) @ x - 1), x[np.isfinite(limits.lowest)] >= 0]
    if len(limits.h):
        constraints.append(limits.G @ x - (_gives(limits, columns) @ slack if columns else 0.0) <= limits.h)
    for constraint in convex:
        expression, own = constraint.function.convex(x, cp.Constant(1.0))
        room = slack[columns[constraint.owner]] if constraint.owner in columns else cp.Constant(0.0)
        constraints += [*own, expression <= constraint.limit + room]
    problem = cp.Problem(cp.Minimize(np.ones(max(len(columns), 1)) @ slack), constraints)
    try:
        solve_conic(problem)
    except SolverInfeasible:
        return None
    point = np.maximum(np.array(x.value), limits.lowest)
    return point / point.sum(), float(np.asarray(problem.value, dtype=float))


def _gives(limits: LinearConstraints, columns: Mapping[int, int]) -> FloatArray:
    """(m, slacks) 1 where a row gives way by a slack (position of its constraint -> slack, in this order)."""
    return np.equal.outer(limits.owner, [*columns]).astype(np.float64)


def _linear_program(limits: LinearConstraints, width: int, columns: Mapping[int, int]) -> tuple[FloatArray, float] | None:
    """Weights (n + 1,) at which the limits of some constraints (position -> slack) give way by the least sum, and that sum."""
    slack = -_gives(limits, columns)
    cost = np.concatenate([np.zeros(width), np.ones(len(columns))])
    lowest = np.append(limits.lowest, np.zeros(len(columns)))
    found = least(cost, np.hstack([limits.G, slack]), limits.h, 1.0 - cost, lowest)
    return None if found is None else (found[0][:width], found[1])


def feasible(problem: Problem) -> bool:
    """Whether some weights hold every hard limit."""
    limits, convex = problem.linear_constraints().hard(), hard_convex_constraints(problem)
    if not convex:
        return _linear_program(limits, len(problem.universe) + 1, {}) is not None
    # All give way: such a program has a solution for certain, and a cone solver is good at those.
    owners = sorted({*limits.owner, *(constraint.owner for constraint in convex)})
    found = least_violation(limits, convex, {owner: at for at, owner in enumerate(owners)})
    return found is not None and found[1] <= LEAST_RELAXATION


def nearest_weights(problem: Problem) -> FloatArray | None:
    """Weights (n + 1,) at which limits give way by the least sum, all of one constraint alike; None when none is enough.

    Of several such moves one of fewer constraints, as far as leaving out one after the other finds it.
    With limits on contributions to risk a sequence of convex programs inside them, whose end is not known to be the least.
    """
    limits, convex = problem.linear_constraints().hard(), hard_convex_constraints(problem)
    contributions = problem.risk_contributions()
    columns = relaxable_columns(problem, {*limits.owner, *(own.owner for own in (*convex, *contributions))})
    roomy = _with_room(problem, limits)
    point = _fewest(roomy, convex, columns)
    if point is None and roomy is not limits:
        point = _fewest(limits, convex, columns)
    x = np.append(np.full(len(problem.universe), 1.0 / len(problem.universe)), 0.0)
    for _ in range(STEPS if contributions and point is not None else 0):
        found = _nearest(limits, (*convex, *(contribution.around(x[:-1]) for contribution in contributions)), columns)
        if found is None:
            raise NumericalFailure("no weights near the limits on contributions to risk were found.")
        point = found[0]
        if float(np.max(np.abs(point - x))) < CONVERGED_WEIGHTS:
            break
        x = point
    return point


def _nearest(
    limits: LinearConstraints, convex: ConvexConstraints, columns: Mapping[int, int]
) -> tuple[FloatArray, float] | None:
    if not convex:
        return _linear_program(limits, limits.G.shape[1], columns)
    return least_violation(limits, convex, columns)


def _fewest(limits: LinearConstraints, convex: ConvexConstraints, columns: Mapping[int, int]) -> FloatArray | None:
    """Weights at which few constraints give way by the least sum: of the first to the last, one that the sum spares stays."""
    found = _nearest(limits, convex, columns)
    if found is None:
        return None
    (point, total), moving = found, tuple(columns)
    for owner in columns:
        fewer = tuple(other for other in moving if other != owner)
        if not fewer:
            break
        without = _nearest(limits, convex, {one: at for at, one in enumerate(fewer)})
        if without is not None and without[1] <= total + LEAST_RELAXATION:
            point, moving = without[0], fewer
    return point


def _with_room(problem: Problem, limits: LinearConstraints) -> LinearConstraints:
    """The limits, and some weight for every asset where without one there are no budgets of risk."""
    if not problem.objective.holds_everything:
        return limits
    n = len(problem.universe)
    return LinearConstraints(
        SparseRows.stacked([limits.rows, SparseRows.unit(range(n), n + 1).take(np.ones(n, dtype=bool), -1.0)], n + 1),
        np.append(limits.h, np.full(n, -SOME)),
        (*limits.owner, *[OBJECTIVE] * n),
        (*limits.labels, *problem.universe.keys),
        (*limits.sides, *["lower"] * n),
    )


def irreducible(problem: Problem, feasible: Callable[[Problem], bool]) -> list[int]:
    """Positions of constraints that conflict, while any one less does not."""
    needed = list(range(len(problem.constraints)))
    for position in tuple(needed):
        rest = [i for i in needed if i != position]
        if not feasible(replace(problem, constraints=tuple(problem.constraints[i] for i in rest))):
            needed = rest
    return needed


def check_all_held(problem: Problem, *, free_cash: bool) -> None:
    """Refuse a budget of risk for what may not be held.

    Args:
        problem: Whose rows have a point.
        free_cash: Whether cash may be more than the least that the rows allow.

    Raises:
        SpecError: with the assets and the constraints that leave them no weight.
    """

    def largest(part: Problem) -> np.ndarray:
        limits = part.linear_constraints().hard()
        return largest_weights(limits, None if free_cash else least_cash(limits))

    zero = np.flatnonzero(largest(problem) <= NEVER_HELD)
    if not len(zero):
        return
    needed = irreducible(problem, lambda p: bool(np.all(largest(p)[zero] > NEVER_HELD)))
    keys = ", ".join(repr(problem.universe.keys[i]) for i in zero)
    names = ", ".join(repr(problem.constraints[i].name) for i in needed)
    leave = "leaves" if len(needed) == 1 else "leave"
    raise SpecError(
        "risk_parity: what has no weight cannot contribute to risk, and {names:s} {leave} none to {keys:s}.",
        hint="Loosen {names:s}, or leave {keys:s} out of the universe.",
        names=names,
        leave=leave,
        keys=keys,
    )
