"""The largest ratio in whole lots and few holdings, with a bound of every answer: Dinkelbach (1967) over integer programs.

At a level, level x risk - numerator is convex, and where no answer has it below zero none has a larger ratio than the level.
So the search is repeated at a level that is the gap above the best ratio so far, until nothing is found or the work is used up.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from toolkit.core.forecast import FloatArray
from toolkit.optimize.functions import ConvexConstraint, ConvexConstraints, ConvexFunction
from toolkit.optimize.lots.exact import WholeLots, whole_lots
from toolkit.optimize.problem import Problem
from toolkit.optimize.quadratic import ConvexObjective, Quadratic
from toolkit.optimize.solvers.minimise import minimise
from toolkit.optimize.solvers.solve import QUADRATIC_ORDER
from toolkit.optimize.solvers.work import Work

ABOVE = 0.25
"""Part of the gap by which the first level is above the continuous optimum: there a start is all that is looked for."""
PART_OF_LEVEL = 0.9
"""Of the gap, the next level above the best ratio: the rest is for the tolerances of the linear programs."""


def largest_ratio(
    problem: Problem,
    fraction: tuple[ConvexObjective, ConvexFunction],
    relaxed: FloatArray,
    wealth: float,
    *,
    target_gap: float,
    work: Work,
    convex: ConvexConstraints,
    charged: bool,
) -> WholeLots:
    """The best answer, and by which part of the best ratio that can be it may be less than that.

    Args:
        problem: With its discrete terms.
        fraction: The negative numerator, and the risk below it.
        relaxed: (n,) weights of the continuous optimum, of which the ratio is positive.
        wealth: After entry costs there, as a fraction of the budget.
        target_gap: Stop at this gap.
        work: For all programs.
        convex: Limits on convex functions.
        charged: Whether fees of trades and of sites lessen the numerator.

    Raises:
        Infeasible, NumericalFailure: see `whole_lots`.
    """
    numerator, risk = fraction
    most = problem.at_wealth(wealth).objective.value(problem, relaxed)
    level, upper, best, largest, rounds = -most * (1 + ABOVE * target_gap), np.inf, None, -np.inf, 0
    while True:
        within = (*convex, ConvexConstraint(risk, 0.0, price=level))
        found = whole_lots(
            problem,
            numerator.quadratic,
            relaxed,
            wealth,
            target_gap=target_gap,
            size=level * risk.value(np.append(relaxed, 1.0 - relaxed.sum())),
            work=work,
            parts=numerator.parts,
            convex=within,
            charged=charged,
            known=None if best is None else best.values,
            sought=0.0,
        )
        rounds, ratio = rounds + found.rounds, _ratio(problem, found.values, charged=charged)
        better = ratio > largest
        if best is None or better:
            best, largest = found, ratio
        # Of an answer with a larger ratio the numerator is above level x risk by no more than the bound.
        beyond, least = max(-found.bound, 0.0), 0.0 if found.bound >= 0 else _least_risk(problem, risk, convex)
        beyond = beyond and (beyond / least if least > 0 else np.inf)
        proven, upper = level + beyond < upper, min(upper, level + beyond)
        following = max(largest, 0.0) / (1.0 - PART_OF_LEVEL * target_gap)
        if upper - largest <= target_gap * upper or work.over or not (better or (proven and following < level)):
            break
        level = following
    gap = (upper - largest) / upper if 0 < upper < np.inf else None
    return replace(best, objective=-largest, bound=-upper, gap=gap, rounds=rounds)


def _ratio(problem: Problem, values: FloatArray, *, charged: bool) -> float:
    """Of values, (n,), at the wealth that their own trades leave."""
    costs, previous, budget = problem.costs, problem.previous, problem.data.budget
    wealth = 1.0 - costs.entry(values - previous, budget)
    charges = costs.charges(values, previous, budget) / wealth if charged else 0.0
    return -problem.objective.value(problem, values / wealth, charges)


def _least_risk(problem: Problem, risk: ConvexFunction, convex: ConvexConstraints) -> float:
    """A lower bound of the risk of what any answer invests, per unit of the budget; zero where cash alone holds the limits."""
    nothing = ConvexObjective(Quadratic.linear(np.zeros(len(problem.universe))), (risk,))
    hard = tuple(own for own in convex if own.price is None and own.held is None)
    x = minimise(nothing, problem.linear_constraints().hard(), hard, QUADRATIC_ORDER).x
    return risk.value(x) * problem.data.least_wealth
