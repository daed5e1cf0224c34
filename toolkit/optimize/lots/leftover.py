"""The cash that whole lots and minimum tickets leave over in a strategy that is fully invested."""

from __future__ import annotations

from dataclasses import replace

from toolkit.core.errors import NumericalFailure
from toolkit.optimize.infeasibility.discrete import least_cash
from toolkit.optimize.problem import Problem
from toolkit.optimize.solvers.mixed_integer import LotTerms
from toolkit.optimize.solvers.work import Work

PART = 0.2
"""Of the work, for the least cash; the best that is found by then is an upper bound of it as good as any."""

CLOSE = 1e-6
"""How far the least cash may be from what it is, of wealth, where lots are smaller."""


def with_leftover(problem: Problem, work: Work) -> Problem:
    """The problem with the cash that whole lots and tickets leave over allowed, where it is to be fully invested.

    Cash is at most the least that any answer leaves, and the price of the cheapest lot more, so that there is a choice.
    """
    owners = [i for i, own in enumerate(problem.constraints) if own.with_leftover_cash(1.0) != own]
    asked = problem.integer_requirements()
    if not owners or asked is None or not (asked.lots or asked.minimum is not None):
        return problem
    others = replace(problem, constraints=tuple(c for i, c in enumerate(problem.constraints) if i not in owners))
    spare = LotTerms.of(problem).cheapest(problem.costs)
    try:
        least = least_cash(others, max(CLOSE, spare / 2), work.part(PART * work.left))
    except NumericalFailure:
        least = None
    # Where there is no answer whatever the cash, the search of the lots says why.
    allowed = 1.0 if least is None else min(1.0, least + spare)
    if problem.previous.any() and allowed < (held := 1.0 - float(problem.previous.sum())) <= allowed + spare / 2:
        allowed = held + CLOSE  # what was fully invested yesterday is so today: `close` is no reason to trade
    return replace(problem, constraints=tuple(own.with_leftover_cash(allowed) for own in problem.constraints))
