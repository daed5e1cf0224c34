"""Largest expected return at no more than a given volatility: a second-order cone program, and its whole lots."""

from __future__ import annotations

import math

import numpy as np

from toolkit.core.errors import Infeasible, NumericalFailure
from toolkit.factors.forecast import FloatArray
from toolkit.optimize.certificate import Certificate, certify
from toolkit.optimize.continuous import Continuous, solve_quadratic
from toolkit.optimize.critical import CriticalLine
from toolkit.optimize.lots import WholeLots, whole_lots
from toolkit.optimize.problem import Inequalities, Problem
from toolkit.optimize.program import Duals, return_program
from toolkit.optimize.quadratic import Quadratic, risk_factor
from toolkit.optimize.solve import QUADRATIC_ORDER, Impossible, solve
from toolkit.optimize.terms.objectives import MaxReturn

PRICES_OF_RISK = (1.0, 1.1, 1.3, 1.7, 2.5, 5.0, 20.0, 1000.0)
"""Multiples of the continuous optimum's price of variance at which whole lots are tried until one holds the volatility."""
BINDS = 1e-7
"""Multiplier of the ceiling, over the largest return, above which it binds."""
LEAST_PRICE = 1e-3
"""Price of variance to start from where the volatility does not bind, over the largest return per variance of one asset."""


def reward_rate(problem: Problem) -> FloatArray:
    """(n,) expected return - costs a year, where they are optimized."""
    costs = problem.costs.annual_rate if problem.costs.in_objective else 0.0
    return problem.forecast.expected - costs


def solve_return(problem: Problem, objective: MaxReturn, limits: Inequalities, order: tuple[str, ...]) -> Continuous:
    """Weights with the largest return within the limit on volatility; `volatility_price` is the return of one more unit.

    Raises:
        Infeasible: when every allocation within the limits is more volatile.
        Impossible, NumericalFailure: see `toolkit.optimize.solve`.
    """
    n = len(problem.universe)
    c, ceiling = -reward_rate(problem), objective.volatility
    R, s = risk_factor(problem.forecast), np.sqrt(problem.forecast.specific_var)
    variance = Quadratic.variance(problem.forecast)
    scale = float(np.max(np.abs(c)))
    program = return_program(n, len(R), len(limits.h))
    bound = program.bind(R, s, c, limits.G, limits.h, ceiling, scale)

    def answer() -> tuple[FloatArray, Duals, float]:
        x, (duals, on_risk) = program.solution(), program.duals(scale)
        return _polished(variance, c, limits, ceiling, x, duals, on_risk) or (x, duals, on_risk)

    def certificate() -> Certificate:
        x, duals, on_risk = answer()
        deviation = math.sqrt(variance.value(x[:n]))
        # The cone's own row: the slope of volatility over its limit.
        slope = np.append(variance.gradient(x[:n]) / (2 * max(deviation, 1e-12) * ceiling), 0.0)
        A = np.vstack([limits.G, -np.eye(n + 1), slope])
        slack = np.concatenate([limits.h - limits.G @ x, x, [1 - deviation / ceiling]])
        multipliers = np.concatenate([duals.limits, duals.nonnegative, [on_risk]])
        return certify(np.append(c, 0.0), A, slack, multipliers, np.ones(n + 1), float(x.sum() - 1), duals.budget, scale)

    try:
        solved = solve(bound, order, certificate)
    except (Impossible, NumericalFailure):
        least = math.sqrt(variance.value(solve_quadratic(problem, variance, limits, QUADRATIC_ORDER).x[:n]))
        if least <= ceiling:
            raise
        raise _too_calm(ceiling, least) from None
    x, duals, on_risk = answer()
    return Continuous.of(x, duals.limits, solved, on_risk / ceiling)


def _polished(
    variance: Quadratic, c: FloatArray, limits: Inequalities, ceiling: float, x: FloatArray, duals: Duals, on_risk: float
) -> tuple[FloatArray, Duals, float] | None:
    """The point of the critical line where the volatility is the ceiling: a cone solver stops some digits short of it.

    None where the ceiling does not bind, or where the active rows of the solver's answer are not those of the optimum.
    """
    if on_risk <= BINDS * float(np.max(np.abs(c))):
        return None
    path = CriticalLine(variance, -np.append(c, 0.0), limits)
    # The multipliers of -e'x + (1 / tau) V, times tau, are those of V - tau e'x.
    near = 2 * ceiling**2 / on_risk
    line = path.through(x, Duals(duals.limits * near, duals.nonnegative * near, 0.0))
    if line is None:
        return None
    # V(at + tau slope) = ceiling^2, a quadratic equation in tau; risk rises with tau, so the larger root.
    at, slope = line.at[:-1], line.slope[:-1]
    square, cross = variance.value(slope), float(variance.gradient(at) @ slope) / 2
    inside = cross**2 - square * (variance.value(at) - ceiling**2)
    tau = (math.sqrt(max(inside, 0.0)) - cross) / square if square > 0 else 0.0
    if inside < 0 or tau <= 0 or not line.low <= tau <= line.high:
        return None
    exact = path.duals(line, tau)
    rows = Duals(exact.limits / tau, exact.nonnegative / tau, exact.budget / tau)
    return line.weights(tau), rows, 2 * ceiling**2 / tau


def _too_calm(ceiling: float, least: float) -> Infeasible:
    enough = math.ceil(least * 1e4 + 1e-6) / 1e4
    return Infeasible(
        f"no allocation within the constraints has a volatility of {ceiling:.2%} or less: the least is {least:.2%}.",
        hint=f'Try --set "objective.volatility={enough:g}".',
        details={"conflict": ["objective.volatility"], "relaxation": {"objective.volatility": least - ceiling}},
    )


def return_in_lots(
    problem: Problem, objective: MaxReturn, continuous: Continuous, wealth: float, *, gap: float, time_limit: float
) -> WholeLots:
    """Whole lots within the limit on volatility: by Lagrangian relaxation, return less a price times variance.

    Any price of variance >= 0 gives a bound of the problem with the limit (Geoffrion 1974), so the gap is proven; the
    answer is the best of those tried that hold the limit.

    Raises:
        Infeasible: when no price leads to whole lots that hold it.
    """
    n = len(problem.universe)
    c, ceiling = -reward_rate(problem), objective.volatility
    single = np.clip(np.diag(problem.forecast.matrix), 1e-12, None)
    floor = LEAST_PRICE * float(np.max(np.abs(c) / single))
    start = max((continuous.volatility_price or 0.0) / (2 * ceiling), floor)
    R, s = risk_factor(problem.forecast), np.sqrt(problem.forecast.specific_var)
    bound, rounds = -np.inf, 0
    for multiple in PRICES_OF_RISK:
        price = start * multiple
        lagrangian = Quadratic(math.sqrt(price) * R, math.sqrt(price) * s, c, np.zeros(n))
        answer = whole_lots(problem, lagrangian, continuous.x[:n], wealth, target_gap=gap, size=0.0, time_limit=time_limit)
        bound, rounds = max(bound, answer.bound - price * ceiling**2), rounds + answer.rounds
        weights = answer.values / wealth
        if math.sqrt(problem.forecast.variance(weights)) <= ceiling * (1 + 1e-9):
            value = float(c @ weights)
            proven = max(0.0, value - bound) / max(abs(value), abs(bound), 1e-9)
            return WholeLots(answer.values, answer.lots, value, bound, proven, rounds)
    raise Infeasible(
        f"no allocation in whole lots was found with a volatility of {ceiling:.2%} or less.",
        hint="Raise objective.volatility or --budget, or drop the constraint of kind 'lots'.",
        details={"conflict": ["objective.volatility"]},
    )
