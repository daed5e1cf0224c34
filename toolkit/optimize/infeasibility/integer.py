"""Whether whole lots, tickets and numbers of holdings leave an answer, and the least relaxation: mixed-integer programs."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from toolkit.core.errors import NumericalFailure
from toolkit.core.forecast import FloatArray
from toolkit.optimize.functions import ConvexConstraints
from toolkit.optimize.infeasibility.relaxations import (
    LEAST_RELAXATION,
    Relaxation,
    hard_convex_constraints,
    relaxable_columns,
    relaxations_at,
)
from toolkit.optimize.problem import Problem
from toolkit.optimize.solvers.highs import MixedIntegerProgram
from toolkit.optimize.solvers.mixed_integer import HELD, Columns, lot_program
from toolkit.optimize.solvers.work import Work

A_HOLDING = 0.1
"""One holding more or fewer counts as much as this fraction of the budget when relaxations are weighed."""
RATIO_STEPS = 6
"""Dinkelbach steps at most; two or three are usual."""


def discrete_feasible(problem: Problem, work: Work) -> bool | None:
    """Whether some whole-lot answer holds; None where the work did not suffice to know."""
    try:
        program, columns = lot_program(problem, 0, {})
        found = _holding(program, columns, hard_convex_constraints(problem), {}, work)
    except NumericalFailure:
        return None
    return False if found is None else True if found[1] else None


def discrete_relaxations(problem: Problem, work: Work, near: FloatArray | None = None) -> tuple[list[Relaxation], bool] | None:
    """Moves at which whole lots hold, and whether they are the least in sum; None when it is proven that none is enough.

    Moves of the number of holdings are weighed by `A_HOLDING`.

    Args:
        problem: With its discrete terms.
        work: For the programs.
        near: (n + 1,) weights around which limits on contributions to risk are made convex; None where there are none.

    Raises:
        NumericalFailure: when the work is used up before any were found.
    """
    limits, convex = problem.linear_constraints().hard(), hard_convex_constraints(problem)
    if near is not None:
        convex += tuple(contribution.around(near[:-1]) for contribution in problem.risk_contributions())
    counts = {i for i, d in problem.integer_by_constraint().items() if d.counts}
    relaxable = relaxable_columns(problem, {*limits.owner, *(constraint.owner for constraint in convex)} | counts)
    found = _nearest_lots(problem, relaxable, counts, convex, work)
    if found is None:
        return None
    best, least = found[0], found[1] and near is None and not problem.costs.impact.any()
    n, columns = len(problem.universe), Columns(len(problem.universe), len(relaxable))
    # The program may waste money on market impact: what is left in cash is counted again.
    paid = problem.costs.entry(best[:n] - problem.previous, problem.data.budget)
    x = np.append(best[:n], 1.0 - best[:n].sum() - paid) / (1.0 - paid)
    relaxations = relaxations_at(problem.at_wealth(1.0 - paid), limits, x)
    held = best[columns.block(HELD)] > 0.5
    for owner in sorted(counts):
        for count in problem.integer_by_constraint()[owner].counts:
            number = round(float(held @ count.members))
            if count.most is not None and number > count.most:
                relaxations.append(Relaxation(owner, "upper", number - count.most))
            if number < count.fewest:
                relaxations.append(Relaxation(owner, "lower", count.fewest - number))
    return relaxations, least


def _nearest_lots(
    problem: Problem, relaxable: Mapping[int, int], counts: set[int], convex: ConvexConstraints, work: Work
) -> tuple[FloatArray, bool] | None:
    """A point of the mixed-integer program at which limits (position -> slack) give way, and whether by the least sum.

    Limits are fractions of wealth after entry costs and moves come out in money, so what is least is a ratio: Dinkelbach
    (1967). None where it is proven that none is enough.

    Raises:
        NumericalFailure: when the work is used up before any was found.
    """
    n = len(problem.universe)
    start = Columns(n, 0).total
    slack = {owner: start + j for owner, j in relaxable.items()}
    ratio, best = 0.0, None
    program, columns = lot_program(problem, len(relaxable), slack)
    weighed = np.array([A_HOLDING if owner in counts else 1.0 for owner in relaxable])
    for _ in range(RATIO_STEPS):
        cost = np.zeros(columns.total)
        cost[columns.own] = weighed
        cost[: n + 1] = -ratio
        program.price(cost)
        try:
            found = _holding(program, columns, convex, slack, work)
        except NumericalFailure:
            if best is None:
                raise
            return best, False
        if found is None:
            return None if best is None else (best, False)
        point, exact = found
        if not exact:
            return (point if best is None else best), False
        wealth = float(point[: n + 1].sum())
        following = float(weighed @ point[columns.own]) / wealth
        if best is not None and following > ratio - LEAST_RELAXATION:
            break
        best, ratio = point, following
    return None if best is None else (best, True)


def _holding(
    program: MixedIntegerProgram, columns: Columns, convex: ConvexConstraints, slack: Mapping[int, int], work: Work
) -> tuple[FloatArray, bool] | None:
    """The best point by cutting planes (Kelley 1960), and whether limits on convex functions hold there; None where none is.

    Raises:
        NumericalFailure: when the work is used up before there was any.
    """
    n, last = columns.n, None
    while True:
        try:
            found = program.solve(work)
        except NumericalFailure:
            if last is None:
                raise
            return last, False
        if found is None:
            return None
        point, wealth = found[0], float(found[0][: n + 1].sum())
        x, whole = found[0][: n + 1] / wealth, True
        for constraint in (limit for limit in convex if limit.held is None):  # of the turnover the program has exact rows
            given = point[slack[constraint.owner]] / wealth if constraint.owner in slack else 0.0
            if constraint.excess(x) - given <= LEAST_RELAXATION:
                continue
            slope, row = constraint.function.gradient(x), program.blank(1)
            row[0, : n + 1] = slope + constraint.excess(x) - slope @ x
            if constraint.owner in slack:
                row[0, slack[constraint.owner]] = -1.0
            program.add(row, -np.inf, 0.0)
            whole = False
        last = point
        if whole or work.over:
            return point, whole
