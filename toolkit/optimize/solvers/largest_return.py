"""Largest expected return at no more than a given volatility: a second-order cone program."""

from __future__ import annotations

import math

import numpy as np

from toolkit.core.errors import NumericalFailure
from toolkit.core.forecast import FloatArray, Forecast
from toolkit.optimize.functions import OBJECTIVE
from toolkit.optimize.problem import LinearConstraints
from toolkit.optimize.quadratic import Quadratic
from toolkit.optimize.solvers.certificate import Certificate, certify
from toolkit.optimize.solvers.continuous import Continuous, solve_quadratic
from toolkit.optimize.solvers.critical_line import CriticalLine
from toolkit.optimize.solvers.program import Duals, return_program
from toolkit.optimize.solvers.solve import QUADRATIC_ORDER, Order, SolverInfeasible, solve

BINDS = 1e-7
"""Multiplier of the volatility, over the largest return, above which it binds."""


def solve_return(
    forecast: Forecast, rate: FloatArray, volatility: float, limits: LinearConstraints, order: Order
) -> Continuous:
    """Weights with the largest return within the limit on volatility.

    The multiplier of `OBJECTIVE` is the return of one more unit of volatility.

    Args:
        forecast: Of the risk.
        rate: (n,) return a year per unit of weight.
        volatility: The limit, a year.
        limits: Linear rows.
        order: Solvers to try.

    Raises:
        SolverInfeasible: when every allocation within the limits is more volatile, or none is within them.
        NumericalFailure: see `toolkit.optimize.solvers.solve`.
    """
    n, c = len(rate), -rate
    R, s = forecast.roots()
    variance = Quadratic.variance(forecast)
    scale = float(np.max(np.abs(c)))
    program = return_program(n, len(R), len(limits.h))
    bound = program.bind(R, s, c, limits.G, limits.h, volatility, scale)

    def answer() -> tuple[FloatArray, Duals, float]:
        x, (duals, on_risk) = program.solution(), program.duals(scale)
        return _polished(variance, c, limits, volatility, x, duals, on_risk) or (x, duals, on_risk)

    def certificate() -> Certificate:
        x, duals, on_risk = answer()
        deviation = math.sqrt(variance.value(x[:n]))
        # The cone's own row: the slope of volatility over its limit.
        slope = np.append(variance.gradient(x[:n]) / (2 * max(deviation, 1e-12) * volatility), 0.0)
        A = np.vstack([limits.G, -np.eye(n + 1), slope])
        slack = np.concatenate([limits.h - limits.G @ x, x, [1 - deviation / volatility]])
        multipliers = np.concatenate([duals.limits, duals.nonnegative, [on_risk]])
        return certify(np.append(c, 0.0), A, slack, multipliers, np.ones(n + 1), float(x.sum() - 1), duals.budget, scale)

    try:
        solved = solve(bound, order, certificate)
    except (SolverInfeasible, NumericalFailure):
        least = math.sqrt(variance.value(solve_quadratic(variance, limits, QUADRATIC_ORDER).x[:n]))
        if least <= volatility:
            raise
        raise SolverInfeasible(()) from None
    x, duals, on_risk = answer()
    price = on_risk / volatility
    return Continuous.of(x, duals.limits, solved, limits, {OBJECTIVE: price}, duals.nonnegative)


def _polished(
    variance: Quadratic,
    c: FloatArray,
    limits: LinearConstraints,
    volatility: float,
    x: FloatArray,
    duals: Duals,
    on_risk: float,
) -> tuple[FloatArray, Duals, float] | None:
    """The point of the critical line where the volatility is the volatility: a cone solver stops some digits short of it.

    None where the volatility does not bind, or where the active rows of the solver's answer are not those of the optimum.
    """
    if on_risk <= BINDS * float(np.max(np.abs(c))):
        return None
    path = CriticalLine(variance, -np.append(c, 0.0), limits)
    # The multipliers of -e'x + (1 / tau) V, times tau, are those of V - tau e'x.
    near = 2 * volatility**2 / on_risk
    line = path.through(x, Duals(duals.limits * near, duals.nonnegative * near, 0.0))
    if line is None:
        return None
    # V(at + tau slope) = volatility^2, a quadratic equation in tau; risk rises with tau, so the larger root.
    at, slope = line.at[:-1], line.slope[:-1]
    square, cross = variance.value(slope), float(variance.gradient(at) @ slope) / 2
    inside = cross**2 - square * (variance.value(at) - volatility**2)
    tau = (math.sqrt(max(inside, 0.0)) - cross) / square if square > 0 else 0.0
    if inside < 0 or tau <= 0 or not line.low <= tau <= line.high:
        return None
    exact = path.duals(line, tau)
    rows = Duals(exact.limits / tau, exact.nonnegative / tau, exact.budget / tau)
    return path.weights(line, tau), rows, 2 * volatility**2 / tau
