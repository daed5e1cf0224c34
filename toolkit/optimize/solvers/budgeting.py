"""Risk parity and risk budgeting of variance, to the last digit, and what limits leave room for.

Spinu (2013), An Algorithm for Computing Risk Parity Weights; Richard and Roncalli (2019), Constrained Risk Budgeting
Portfolios.
"""

from __future__ import annotations

import numpy as np

from toolkit.core.forecast import FloatArray
from toolkit.optimize.functions import Deviation
from toolkit.optimize.problem import LinearConstraints
from toolkit.optimize.solvers.certificate import Certificate, certify
from toolkit.optimize.solvers.highs import least
from toolkit.optimize.solvers.solve import SolverInfeasible

NEWTON_STEPS = 6
HELD = 1e-6
"""Largest weight at which an asset counts as never held: limits that are held up to `ROUNDING` leave it so much by rounding."""
ROUNDING = 1e-9
"""How far rounding may carry a polished answer beyond a limit, in units of an asset's own risk, or a multiplier below zero."""


def exact_budgets(
    risk: Deviation, budgets: FloatArray, limits: LinearConstraints, cash: float, x: FloatArray, multipliers: FloatArray
) -> tuple[FloatArray, Certificate] | None:
    """The optimum near a solver's answer to the log-barrier program of variance, and its certificate.

    min x'Sigma x / 2 - b'log(x) subject to the limits made homogeneous in the sum of x. A conic solver stops some digits short.

    Args:
        risk: Volatility.
        budgets: (n,) b.
        limits: Rows of more than cash.
        cash: Its weight, which is given.
        x: (n + 1,) the answer, cash last, not normalised.
        multipliers: (m,) of the rows.

    Returns:
        None where the rows depend on each other, or others bind.
    """
    n = len(budgets)
    # In units of each asset's own risk every entry of the answer is near one.
    unit = 1 / np.sqrt(np.sum(risk.R**2, axis=0) + risk.s**2)
    R, s, to_money = risk.R * unit, risk.s * unit, np.append(unit, np.mean(unit))
    y, G = x / to_money, (limits.G - limits.h[:, None]) * to_money
    cash_row = (np.eye(n + 1)[-1] - cash) * to_money
    active = multipliers > -G @ y
    exact = _newton(y, R, s, budgets, np.vstack([cash_row, G[active]]))
    if exact is None or np.any(G @ exact[0] > ROUNDING) or np.any(exact[1][1:] < -ROUNDING):
        return None
    y, A = exact[0], np.vstack([G, -np.eye(n + 1)])
    on_rows = np.zeros(len(A))
    on_rows[: len(G)][active] = exact[1][1:]
    barrier = budgets / y[:n]
    gradient = np.append(R.T @ (R @ y[:n]) + s**2 * y[:n] - barrier, 0.0)
    on_cash, size = float(exact[1][0]), float(barrier.max())
    return y * to_money, certify(gradient, A, -A @ y, on_rows, cash_row, float(cash_row @ y), on_cash, size)


def _newton(
    y: FloatArray, R: FloatArray, s: FloatArray, budgets: FloatArray, A: FloatArray
) -> tuple[FloatArray, FloatArray] | None:
    """Newton steps on y'(R'R + diag(s^2)) y / 2 - b' log(y) subject to A y = 0: the variable and the multipliers of A's rows.

    Close to the optimum Newton's method converges quadratically (Spinu 2013); each step is kept inside the domain.
    """
    n = len(budgets)
    risk = np.zeros((n + 1, n + 1))
    risk[:n, :n] = R.T @ R + np.diag(s**2)
    multipliers: FloatArray = np.zeros(len(A))
    for _ in range(NEWTON_STEPS):
        hessian = risk + np.diag(np.append(budgets / y[:n] ** 2, 0.0))
        system = np.block([[hessian, A.T], [A, np.zeros((len(A), len(A)))]])
        downhill = np.append(budgets / y[:n], 0.0) - risk @ y
        try:
            solved = np.asarray(np.linalg.solve(system, np.concatenate([downhill, -A @ y])), dtype=np.float64)
        except np.linalg.LinAlgError:
            return None
        following, multipliers = y + solved[: n + 1], solved[n + 1 :]
        y = np.append(np.maximum(following[:n], y[:n] / 2), following[n])
    return y, multipliers


def least_cash(limits: LinearConstraints) -> float:
    """The least weight of cash that the limits allow: caps on everything else may force some.

    Raises:
        SolverInfeasible: when the limits contradict each other.
    """
    lowest = np.append(limits.lowest[:-1], 0.0)  # none is borrowed where that is asked for
    return _extreme(np.eye(len(lowest))[-1], limits.G, limits.h, lowest)


def most_cash(limits: LinearConstraints) -> float:
    """The largest weight of cash that the limits allow.

    Raises:
        SolverInfeasible: when the limits contradict each other.
    """
    return min(1.0, -_extreme(-np.eye(limits.G.shape[1])[-1], limits.G, limits.h))


def largest_weights(limits: LinearConstraints, cash: float | None) -> FloatArray:
    """(n,) the largest weight of each asset beside at most so much cash (None: any); where all may be held at once, any such.

    Raises:
        SolverInfeasible: when the limits contradict each other.
    """
    width = limits.G.shape[1]
    axes = np.eye(width)
    G, h = (limits.G, limits.h) if cash is None else (np.vstack([limits.G, axes[-1]]), np.append(limits.h, cash + ROUNDING))
    # One program shows what is usual, a point at which everything is held: the largest t with x >= t.
    spread = np.hstack([np.vstack([G, -axes[:-1]]), np.append(np.zeros(len(h)), np.ones(width - 1))[:, None]])
    found = least(-np.eye(width + 1)[-1], spread, np.append(h, np.zeros(width - 1)), np.append(np.ones(width), 0.0))
    if found is None:
        raise SolverInfeasible(())
    if -found[1] > HELD:
        return found[0][: width - 1]
    return np.array([-_extreme(-axis, G, h) for axis in axes[:-1]])


def _extreme(cost: FloatArray, G: FloatArray, h: FloatArray, lowest: FloatArray | None = None) -> float:
    if not len(h):
        return float(cost.min())
    found = least(cost, G, h, np.ones(len(cost)), lowest)
    if found is None:
        raise SolverInfeasible(())
    return found[1]
