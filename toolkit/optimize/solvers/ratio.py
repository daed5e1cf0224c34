"""Largest ratio of something linear to volatility, as one quadratic program.

Charnes and Cooper (1962), Programming with Linear Fractional Functionals; for the Sharpe ratio Cornuejols and Tutuncu (2007),
section 8.2; for the diversification ratio Choueifaty and Coignard (2008). With y = x / (e'x) the ratio e'x / sigma(x) is
1 / sigma(y), and limits `G x <= h` with sum(x) = 1 read `(G - h 1') y <= 0`.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from toolkit.core.errors import Unbounded
from toolkit.core.forecast import FloatArray, Forecast
from toolkit.optimize.problem import LinearConstraints
from toolkit.optimize.quadratic import Quadratic
from toolkit.optimize.rows import SparseRows
from toolkit.optimize.solvers.certificate import Certificate
from toolkit.optimize.solvers.continuous import Continuous, certify_weights
from toolkit.optimize.solvers.program import Duals, QuadraticProgram
from toolkit.optimize.solvers.solve import Order

RISKLESS_SHARE = 1e-12
"""Variance over that of one asset below which a mix with a positive numerator counts as free of risk."""


def solve_ratio(forecast: Forecast, numerator: FloatArray, limits: LinearConstraints, order: Order) -> Continuous:
    """Weights with the largest numerator'w / volatility.

    Multipliers and certificate are those of the negative ratio in the user's rows.

    Raises:
        Unbounded: when a mix without risk has a positive numerator.
        SolverInfeasible, NumericalFailure: see `toolkit.optimize.solvers.solve`.
    """
    n, m, best = len(numerator), len(limits.h), limits.best(numerator)
    quadratic = Quadratic.variance(forecast)
    scale, homogeneous = quadratic.scale, replace(limits, rows=SparseRows.of(limits.G - limits.h[:, None]), h=np.zeros(m))
    program = QuadraticProgram(quadratic, homogeneous, scale, np.append(numerator / best, 0.0))

    def answer() -> tuple[FloatArray, Duals]:
        y = np.maximum(program.answer.x, limits.lowest)
        y[n] = _least_cash(homogeneous, y[:n])
        size, variance = float(y.sum()), quadratic.value(y[:n])
        if variance <= RISKLESS_SHARE * scale * size**2:
            raise Unbounded(
                "the ratio can be improved without limit: a mix without risk has a positive numerator.",
                hint="Leave out series that do not move, or use another covariance.",
            )
        duals, rate = program.duals(), best * size / (2 * variance**1.5)
        on_limits = duals.limits * rate
        return y / size, Duals(on_limits, duals.nonnegative * rate, -float(limits.h @ on_limits))

    def certificate() -> Certificate:
        x, duals = answer()
        variance = quadratic.value(x[:n])
        slope = quadratic.gradient(x[:n]) / 2  # Sigma x
        gradient = -numerator / np.sqrt(variance) + float(numerator @ x[:n]) * slope / variance**1.5
        return certify_weights(gradient, limits, x, duals, best / np.sqrt(variance))

    solved = program.solve(order, certificate)
    x, duals = answer()
    return Continuous.of(x, duals.limits, solved, limits, signs=duals.nonnegative)


def _least_cash(homogeneous: LinearConstraints, assets: FloatArray) -> float:
    """The least cash that the limits allow beside the assets, both not normalised: cash does not move the ratio."""
    on_assets, on_cash = homogeneous.G[:, :-1] @ assets, homogeneous.G[:, -1]
    needs = on_cash < 0
    return float(np.max(on_assets[needs] / -on_cash[needs], initial=homogeneous.lowest[-1]))
