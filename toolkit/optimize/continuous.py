"""The continuous problem of any objective, within limits on contributions to risk as well."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from toolkit.core.errors import SpecError
from toolkit.core.forecast import FloatArray
from toolkit.optimize.functions import ConvexConstraints
from toolkit.optimize.objectives.base import Objective
from toolkit.optimize.problem import LinearConstraints, Problem
from toolkit.optimize.quadratic import ConvexObjective, Quadratic
from toolkit.optimize.solvers.continuous import Continuous, solve_near
from toolkit.optimize.solvers.solve import QUADRATIC_ORDER, Order, SolverInfeasible, check_order

CONTRIBUTION_ROUNDING = 1e-8
"""How far beyond its limit rounding may carry a contribution to risk."""
STEPS = 60
CONVERGED_SEQUENCE = 1e-7
"""Change of the weights at which a sequence of convex problems has arrived."""


class ContributionsNotHeld(SolverInfeasible):
    """A local search ended at weights x, (n + 1,), that hold everything but limits on contributions to risk."""

    def __init__(self, x: FloatArray) -> None:
        super().__init__(())
        self.x = x


def solve_continuous(
    problem: Problem, limits: LinearConstraints, order: Order | None, near: tuple[Problem, Continuous] | None = None
) -> Continuous:
    """The continuous optimum of any objective.

    Args:
        problem: What is to be solved.
        limits: Its rows.
        order: Solvers to try; None for those that fit the program.
        near: The same problem at another wealth, and its optimum.

    Raises:
        SpecError: for an objective without what it needs.
        SolverInfeasible, Unbounded, NumericalFailure: see `toolkit.optimize.solvers.solve`.
    """
    objective, convex = problem.objective, problem.convex_constraints()
    order = check_order(order) if order else QUADRATIC_ORDER
    check_soft(problem, limits, convex)
    if near is not None and not convex and (found := _near(problem, limits, *near)) is not None:
        return _rescale_multipliers(problem, found)
    solve = _within_contributions if problem.risk_contributions() else objective.solve
    return _rescale_multipliers(problem, solve(problem, limits, convex, order))


def _near(problem: Problem, limits: LinearConstraints, other: Problem, optimum: Continuous) -> Continuous | None:
    """The optimum near that of the problem at another wealth; None where it is not that of a quadratic under rows alone."""
    function, objective = problem.function, problem.objective
    curved = problem.risk_contributions() or problem.objective_limits()
    if function is None or curved or type(objective).solve is not Objective.solve:
        return None
    return solve_near(function, limits, optimum, other.previous / other.wealth)


def _rescale_multipliers(problem: Problem, continuous: Continuous) -> Continuous:
    """Multipliers of f^p where f was minimised: d(f^p) = p f^(p - 1) df."""
    function = problem.function
    if function is None or function.power == 1 or continuous.multipliers is None:
        return continuous
    rate = function.power * function.value(continuous.x) ** (function.power - 1)
    convex, signs = continuous.convex_multipliers, continuous.signs
    return replace(
        continuous,
        multipliers=continuous.multipliers * rate,
        convex_multipliers=None if convex is None else {owner: price * rate for owner, price in convex.items()},
        signs=None if signs is None else signs * rate,
    )


def check_soft(problem: Problem, limits: LinearConstraints, convex: ConvexConstraints) -> None:
    """Refuse soft limits where the objective has no unit in which they could be priced.

    Raises:
        SpecError: with the first of them and the objective.
    """
    if problem.objective.prices_limits:
        return
    soft = [problem.constraints[limits.owner[row]].name for row in np.flatnonzero(limits.soft)]
    soft += [problem.constraints[limit.owner].name for limit in convex if limit.price is not None]
    if soft:
        raise SpecError(
            "constraint {soft!r:s}: objective {kind!r:s} has no unit in which a soft limit could be priced.",
            hint="Leave out `soft`, or use min_risk, max_utility, max_return or track.",
            soft=soft[0],
            kind=problem.objective.kind,
        )


def _within_contributions(problem: Problem, limits: LinearConstraints, convex: ConvexConstraints, order: Order) -> Continuous:
    """The locally best answer within limits on contributions to risk: convex limits inside the true ones, again and again."""
    contributions = problem.risk_contributions()

    def held(weights: FloatArray) -> bool:
        return all(contribution.value(weights) <= contribution.limit + CONTRIBUTION_ROUNDING for contribution in contributions)

    answer = problem.objective.solve(problem, limits, convex, order)
    if held(answer.x[:-1]):
        # Whole lots are looked for elsewhere, and have to hold the limits too.
        return replace(answer, inside=tuple(contribution.around(answer.x[:-1]) for contribution in contributions))
    start = _start(problem, limits, convex)
    if not held(start[:-1]):
        raise ContributionsNotHeld(start)
    weights = start[:-1]
    inside: ConvexConstraints = ()
    for _ in range(STEPS):
        inside = tuple(contribution.around(weights) for contribution in contributions)
        try:
            answer = problem.objective.solve(problem, limits, (*convex, *inside), order)
        except SolverInfeasible:  # what holds them is too thin for a solver, such as nothing but cash
            raise ContributionsNotHeld(np.append(weights, 1.0 - weights.sum())) from None
        moved, weights = float(np.max(np.abs(answer.x[:-1] - weights))), answer.x[:-1]
        if moved < CONVERGED_SEQUENCE:
            break
    return replace(answer, inside=inside)


def _start(problem: Problem, limits: LinearConstraints, convex: ConvexConstraints) -> FloatArray:
    """Weights (n + 1,) that hold the limits on contributions, as far as a sequence of least violations finds any."""
    from toolkit.optimize.solvers.convex import solve_convex  # noqa: PLC0415

    n, contributions = len(problem.universe), problem.risk_contributions()
    nothing = ConvexObjective(Quadratic.linear(np.zeros(n)))
    hard = tuple(constraint for constraint in convex if constraint.price is None)
    x = np.append(np.full(n, 1.0 / n), 0.0)
    for _ in range(STEPS):
        soft = tuple(contribution.around(x[:-1], 1.0) for contribution in contributions)
        following = solve_convex(nothing, limits.hard(), (*hard, *soft)).x
        moved, x = float(np.max(np.abs(following - x))), following
        if moved < CONVERGED_SEQUENCE or all(
            contribution.value(x[:-1]) <= contribution.limit for contribution in contributions
        ):
            break
    return x


def can_hold_contributions(problem: Problem) -> bool:
    """Whether a search finds weights that hold the limits on contributions."""
    weights = _start(problem, problem.linear_constraints(), problem.convex_constraints())[:-1]
    return all(
        contribution.value(weights) <= contribution.limit + CONTRIBUTION_ROUNDING
        for contribution in problem.risk_contributions()
    )
