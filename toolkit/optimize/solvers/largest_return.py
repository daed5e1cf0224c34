"""Largest expected return at no more than a given volatility, to the last digit."""

from __future__ import annotations

import math

import numpy as np

from toolkit.core.forecast import FloatArray
from toolkit.optimize.functions import OBJECTIVE
from toolkit.optimize.problem import LinearConstraints
from toolkit.optimize.quadratic import Quadratic
from toolkit.optimize.solvers.certificate import ACCEPT
from toolkit.optimize.solvers.continuous import Continuous, certify_weights
from toolkit.optimize.solvers.critical_line import CriticalLine
from toolkit.optimize.solvers.program import Duals
from toolkit.optimize.solvers.solve import Solved

BINDING_PRICE = 1e-7
"""Price of the volatility times it, over the largest return, above which it binds."""


def at_volatility(
    answer: Continuous, variance: Quadratic, c: FloatArray, volatility: float, limits: LinearConstraints
) -> Continuous:
    """The point of the critical line where the volatility is the limit: a cone solver stops some digits short of it.

    Args:
        answer: Of a cone solver.
        variance: A year.
        c: (n,) cost less return a year per unit of weight, which is minimised.
        volatility: The limit, a year.
        limits: Linear rows.

    Returns:
        The answer itself where the volatility does not bind, or where its active rows are not those of the optimum.
    """
    if answer.multipliers is None or answer.signs is None or answer.convex_multipliers is None:
        return answer
    price, largest = answer.convex_multipliers[OBJECTIVE], float(np.max(np.abs(c)))
    if price * volatility <= BINDING_PRICE * largest:
        return answer
    path = CriticalLine(variance, -np.append(c, 0.0), limits)
    # The multipliers of -e'x + (1 / tau) V, times tau, are those of V - tau e'x.
    near = 2 * volatility / price
    line = path.through(answer.x, Duals(answer.multipliers * near, answer.signs * near, 0.0))
    if line is None:
        return answer
    # V(at + tau slope) = volatility^2, a quadratic equation in tau; risk rises with tau, so the larger root.
    at, slope = line.at[:-1], line.slope[:-1]
    square, cross = variance.value(slope), float(variance.gradient(at) @ slope) / 2
    inside = cross**2 - square * (variance.value(at) - volatility**2)
    tau = (math.sqrt(max(inside, 0.0)) - cross) / square if square > 0 else 0.0
    if inside < 0 or tau <= 0 or not line.low <= tau <= line.high:
        return answer
    x, exact = path.weights(line, tau), path.duals(line, tau)
    rows = Duals(exact.limits / tau, exact.nonnegative / tau, exact.budget / tau)
    certificate = certify_weights(c + variance.gradient(x[:-1]) / tau, limits, x, rows, largest)
    if certificate.worst > ACCEPT:
        return answer
    solved = Solved(answer.solver, "optimal", certificate, answer.attempts)
    return Continuous.of(x, rows.limits, solved, limits, {OBJECTIVE: 2 * volatility / tau}, rows.nonnegative)
