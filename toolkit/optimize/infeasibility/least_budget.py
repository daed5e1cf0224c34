"""The budget from which whole lots hold the limits that gave way in a smaller one."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import replace
from itertools import islice

from toolkit.core.errors import SolveError
from toolkit.optimize.constraints.base import Constraint, Relaxable
from toolkit.optimize.problem import GIVING_WAY, Problem
from toolkit.optimize.solution import ANY, AS_GOOD, Allocation, solve
from toolkit.optimize.solvers.solve import SolverSpec
from toolkit.optimize.solvers.work import Work

TRIED = (1.0, 1.2, 1.5, 1.8, 2.2, 2.7, 3.3, 3.9, 4.7, 5.6, 6.8, 8.2)
"""Budgets of each decade that are tried (the series E12), so that the answer is the same from any budget below it."""
IN_A_ROW = 4
"""Of them hold the limits, up to twice the first: lots that fit one budget need not fit the next."""
STEPS = 40
"""Budgets tried at most."""
SECONDS_OF_BUDGETS = 5.0
"""Of work for all of them."""


def least_budget(problem: Problem, allocation: Allocation, solver: SolverSpec) -> float | None:
    """A budget at which whole lots hold every limit, as they do at those above that are tried; None where none is found.

    Amounts that depend on the budget beside lots and fees, as market impact, are taken as they are: the number is a rough one.

    Args:
        problem: Solved; None is the answer unless limits of it gave way to whole lots alone.
        allocation: Its answer.
        solver: Settings of the strategy.
    """
    broken = {limit.name for limit in allocation.limits if limit.slack is not None and limit.slack < -AS_GOOD}
    if problem.previous.any() or not any(gave_way(one) and one.name in broken for one in problem.constraints):
        return None
    hard = tuple(one.model_copy(update={"soft": None}) if gave_way(one) else one for one in problem.constraints)
    budget, settings, work = problem.data.budget, solver.model_copy(update={"gap": ANY}), Work(SECONDS_OF_BUDGETS)

    def holds(other: float) -> bool:
        data, lots = replace(problem.data, budget=other), problem.lot_values * (budget / other)
        try:
            solve(replace(problem, constraints=hard, data=data, lot_values=lots), settings, work.part(work.left))
        except SolveError:  # none, or none that was found
            return False
        return True

    first, row = None, 0
    for other in islice(_larger(budget), STEPS):
        if work.over:
            return None
        if holds(other):
            first, row = (other if first is None else first), row + 1
            if row == IN_A_ROW:
                return first
        else:
            first, row = None, 0
    return None


def _larger(budget: float) -> Iterator[float]:
    """The budgets that are tried above one."""
    decade = 10.0 ** math.floor(math.log10(budget))
    while True:
        yield from (other for step in TRIED if (other := step * decade) > budget)
        decade *= 10.0


def gave_way(limit: Constraint) -> bool:
    """Whether a limit has the price of those that give way where no answer holds them."""
    return isinstance(limit, Relaxable) and limit.gives_way and limit.soft == GIVING_WAY
