"""Least EVaR over scenarios: Newton's method, a quadratic program a step.

EVaR is smooth wherever the worst distribution q is not the worst scenario alone. With t its temperature, the Hessian in the
losses l is (diag(q) - qq' - vv' / Var_q(l)) / t with v = q (l - E_q l): the covariance under q of what the losses of the
portfolio leave of the returns, over t, since EVaR is homogeneous of degree one. A step minimises the quadratic so made under
the user's own rows, and its multipliers are those of the optimum when the steps end.
"""

from __future__ import annotations

from functools import partial

import numpy as np

from toolkit.core.errors import NumericalFailure
from toolkit.core.forecast import FloatArray
from toolkit.optimize.problem import LinearConstraints
from toolkit.optimize.quadratic import Quadratic
from toolkit.optimize.solvers.certificate import ACCEPT, Certificate
from toolkit.optimize.solvers.continuous import Continuous, certify_weights
from toolkit.optimize.solvers.program import QuadraticProgram
from toolkit.optimize.solvers.solve import Solved
from toolkit.risk_measures.tail import EVaR

STEPS = 50
"""Quadratic programs at most; eight to fifteen are usual."""
HALVINGS = 30
"""Of a step that does not lead down."""
EXACT = 1e-8
"""Residual of the optimality conditions at which the steps end."""
ROUNDING = 1e-14
"""Relative change of the objective that no step can be judged by."""


def solve_entropic(
    measure: EVaR, returns: FloatArray, probabilities: FloatArray, c: FloatArray, limits: LinearConstraints
) -> Continuous | None:
    """The least of c'x + EVaR(-returns x) under the limits; None where the steps do not end, for a cone program to find it.

    Args:
        measure: With its confidence.
        returns: (S, n) of the assets; cash earns nothing.
        probabilities: (S,).
        c: (n,) cost of a unit of weight, in the unit of the returns.
        limits: The user's hard rows.

    Raises:
        SolverInfeasible: no point holds the limits.
    """
    n, p = len(c), probabilities
    centred = (returns - p @ returns) * np.sqrt(p)[:, None]
    quadratic, x = Quadratic(centred, np.zeros(n), c, np.zeros(n)), np.zeros(0)
    for _ in range(STEPS):
        program = QuadraticProgram(quadratic, limits, quadratic.scale)
        try:
            solved = program.solve(("PIQP",), partial(_certificate, program))
        except NumericalFailure:
            return None
        y, duals = program.answer.x, program.duals()
        losses = -(returns @ y[:-1])
        reached = measure.numeric(losses, p) + float(c @ y[:-1])
        if len(x):
            start, slope = measure.numeric(-(returns @ x[:-1]), p) + float(c @ x[:-1]), quadratic.gradient(x[:-1])
            step, fall = 1.0, float(slope @ (y - x)[:-1])
            certificate = certify_weights(c - returns.T @ measure.subgradient(losses, p), limits, y, duals, abs(reached))
            if certificate.worst <= EXACT or (certificate.worst <= ACCEPT and -fall < ROUNDING * abs(start)):
                found = Solved("PIQP", "optimal", certificate, solved.attempts)
                return Continuous.of(y, duals.limits, found, limits, signs=duals.nonnegative)
            while reached > start + 1e-4 * step * fall + ROUNDING * abs(start):
                step /= 2
                if step < 2.0**-HALVINGS:
                    return None
                along = x + step * (y - x)
                reached = measure.numeric(-(returns @ along[:-1]), p) + float(c @ along[:-1])
            y = x + step * (y - x)
            losses = -(returns @ y[:-1])
        x = y
        worst, temperature = measure.tilted(losses, p)
        if temperature <= 0:
            return None
        spread = losses - worst @ losses
        rows = returns - worst @ returns
        rows -= np.outer(spread, (worst * spread) @ rows / float(worst @ spread**2))
        R = rows * np.sqrt(worst / (2 * temperature))[:, None]
        quadratic = Quadratic(R, np.zeros(n), c - returns.T @ worst, x[:-1])
    return None


def _certificate(program: QuadraticProgram) -> Certificate:
    x = program.answer.x
    return certify_weights(program.quadratic.gradient(x[:-1]), program.limits, x, program.duals(), program.scale)
