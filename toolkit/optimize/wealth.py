"""Wealth after entry costs, where a problem asks for it: the continuous optimum and what its own trades leave."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from toolkit.core.errors import Infeasible, NumericalFailure, SpecError
from toolkit.core.forecast import FloatArray
from toolkit.optimize.continuous import solve_continuous
from toolkit.optimize.costs import TRADED
from toolkit.optimize.functions import ConvexConstraints
from toolkit.optimize.problem import LinearConstraints, Problem
from toolkit.optimize.solvers.continuous import Continuous
from toolkit.optimize.solvers.solve import Order, SolverInfeasible

LEAST_WEALTH = 0.01
"""Part of the budget below which costs count as having eaten it up: trades would be too small to be any."""
ROUNDS = 12
"""Times at most that a problem is solved again with the wealth that its own costs leave: three of them are usual."""
SLOPES = (-4.0, -0.25)
"""Of wealth that trades leave less wealth that was assumed, by the latter: where answers jump a secant may have any other."""
SETTLED_WEALTH = 1e-10


class NotSolved(Infeasible):
    """There is no answer, or none was found; `toolkit.optimize.allocate` finds out why.

    Attributes:
        problem: As it was solved, but for trades that are not worth their fee: no limit forbids them.
        cause: What the solver, or the search of whole lots, raised.
        convex: Limits on convex functions under which whole lots were looked for; None for the continuous problem.
    """

    def __init__(self, problem: Problem, cause: Exception, convex: ConvexConstraints | None = None) -> None:
        super().__init__("no weights hold the limits." if convex is None else "no whole lots were found.")
        self.problem = replace(problem, costs=replace(problem.costs, any_size=True))
        self.cause, self.convex = cause, convex


def asks_for_wealth(problem: Problem) -> bool:
    """Whether what trades cost, from what is held, is part of what is minimised, or what they turn over is limited."""
    if not problem.previous.any():
        return False
    return problem.costs.in_objective or any(own.held is not None for own in problem.convex_constraints())


def charges_count(problem: Problem) -> bool:
    """Whether what costs whatever the amount, fees of trades and of sites, is part of the objective."""
    return problem.objective.counts_charges and problem.costs.in_objective


def fees_of_trades(problem: Problem, weights: FloatArray) -> float:
    """Fees of the trades to weights, (n,), at the wealth of which rows bound values, else at that which the problem knows.

    Of the budget; what stays at such a bound is no trade, though another wealth may be tried meanwhile.
    """
    wealth = problem.wealth if problem.data.wealth is None else problem.data.wealth
    traded = np.abs(weights * wealth - problem.previous) > TRADED
    return float(problem.costs.fees @ traded) / problem.data.budget


def wealth_after_costs(problem: Problem, weights: FloatArray, fees: float | None = None) -> float:
    """The root N of N = 1 - entry cost of (weights x N): a contraction where costs are rates below one.

    N + entry cost rises with N, since a sale never costs more than it brings: where premiums, VAT or fixed fees make the
    iteration slow or divergent, bisection finds the root.

    Args:
        problem: Whose costs are paid.
        weights: (n,).
        fees: Of the trades, where they are known: otherwise the fee moves N, and N decides whether what is kept differs
            enough from what was held to pay it.

    Raises:
        SpecError: where costs leave nothing.
    """
    costs, budget, previous = problem.costs, problem.data.budget, problem.previous

    def entry(wealth: float) -> float:
        trades = weights * wealth - previous
        return costs.entry(trades, budget) if fees is None else costs.proportional(trades) + fees

    wealth = problem.wealth
    for _ in range(100):
        following = 1.0 - entry(wealth)
        if following < LEAST_WEALTH:
            break
        if abs(following - wealth) < 1e-15:
            return following
        wealth = following
    low, high = 0.0, 1.0
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if middle + entry(middle) <= 1 else (low, middle)
    if low < LEAST_WEALTH:
        raise SpecError("entry costs exceed the budget.", hint="Raise --budget or lower the fee.")
    return low


def solve_for_wealth_after_costs(
    problem: Problem, limits: LinearConstraints, order: Order | None
) -> tuple[Problem, Continuous, float]:
    """The problem, its continuous optimum and the wealth after entry costs, in keeping with each other.

    What is kept has the same value and a larger weight when costs are paid. Where the problem asks for it, the wealth that
    trades leave is found by solving again, at the root of a secant; with too little of it there may be no answer, and they may
    not be in keeping where what trades cost is all that limits them.

    Args:
        problem: What is to be solved, from the wealth that it knows.
        limits: Its rows.
        order: Solvers to try.

    Raises:
        SpecError, SolverInfeasible, Unbounded, NumericalFailure: see `solve_continuous`.
    """
    continuous, asked = solve_continuous(problem, limits, order), asks_for_wealth(problem)
    rounds, infeasible = ROUNDS if asked else 0, 0.0
    before: tuple[float, float] | None = None
    while True:
        weights, here = continuous.x[:-1], problem.wealth
        wealth = wealth_after_costs(problem, weights, fees_of_trades(problem, weights) if asked else None)
        error = wealth - here
        if not rounds or abs(error) < SETTLED_WEALTH:
            break
        slope = -1.0 if before is None else float(np.clip((error - before[1]) / (here - before[0]), *SLOPES))
        following, before = min(max(here - error / slope, (here + infeasible) / 2), 1.0), (here, error)
        while rounds and problem.wealth == here:
            rounds, found = rounds - 1, problem.at_wealth(following)
            try:
                problem, continuous = found, solve_continuous(found, limits, order, (problem, continuous))
            except (SolverInfeasible, NumericalFailure):  # limits on trades that costs leave no room for
                infeasible, following = following, (here + following) / 2
    return problem, continuous, wealth
