"""Risk parity and risk budgeting: the log-barrier program, under limits.

Spinu (2013), An Algorithm for Computing Risk Parity Weights; Richard and Roncalli (2019), Constrained Risk Budgeting
Portfolios.
"""

from __future__ import annotations

import numpy as np

from toolkit.core.forecast import FloatArray, Forecast
from toolkit.optimize.problem import LinearConstraints
from toolkit.optimize.solvers.certificate import Certificate, certify
from toolkit.optimize.solvers.continuous import Continuous
from toolkit.optimize.solvers.linear import least
from toolkit.optimize.solvers.program import risk_budget_program
from toolkit.optimize.solvers.solve import Order, SolverInfeasible, solve

NEWTON_STEPS = 6
HELD = 1e-6
"""Largest weight at which an asset counts as never held: limits that are held up to `ROUNDING` leave it so much by rounding."""
ROUNDING = 1e-9
"""How far rounding may carry a polished answer beyond a limit, in units of an asset's own risk, or a multiplier below zero."""


def solve_risk_budgets(forecast: Forecast, budgets: FloatArray, limits: LinearConstraints, order: Order) -> Continuous:
    """Weights whose risk contributions are proportional to budgets, (n,), as far as the limits let them.

    Raises:
        SolverInfeasible, NumericalFailure: see `toolkit.optimize.solvers.solve`.
    """
    n, m = len(budgets), len(limits.h)
    # In units of each asset's own risk every entry of the answer is near one, where an exponential cone is accurate.
    unit = 1 / np.sqrt(np.clip(np.diag(forecast.matrix), 1e-16, None))
    R, s = (root * unit for root in forecast.roots())
    to_money = np.append(unit, np.mean(unit))
    cash = least_cash(limits)
    cash_row = (np.eye(n + 1)[-1] - cash) * to_money
    # Cash is given, so limits on it alone either hold or contradict each other; as rows they would only be degenerate.
    alone = np.all(limits.G[:, :n] == 0, axis=1)
    if np.any(limits.G[alone, n] * cash > limits.h[alone] + 1e-12):
        raise SolverInfeasible(())
    G = np.where(alone[:, None], 0.0, (limits.G - limits.h[:, None]) * to_money)
    program = risk_budget_program(n, len(R), m)
    bound = program.bind(R, s, budgets, G, cash_row)
    A = np.vstack([G, -np.eye(n + 1)])

    def answer() -> tuple[FloatArray, FloatArray, float]:
        """The variable, the multipliers of the rows of A, and that of the cash row."""
        y, (on_limits, on_signs, on_cash) = program.solution(), program.multipliers()
        active = (on_limits > -G @ y) & ~alone
        exact = _polished(y, R, s, budgets, np.vstack([cash_row, G[active]]))
        if exact is None or np.any(G @ exact[0] > ROUNDING) or np.any(exact[1][1:] < -ROUNDING):
            return y, np.concatenate([on_limits, on_signs]), on_cash
        multipliers = np.zeros(len(A))
        multipliers[:m][active] = exact[1][1:]
        return exact[0], multipliers, float(exact[1][0])

    def certificate() -> Certificate:
        y, multipliers, on_cash = answer()
        barrier = budgets / y[:n]
        gradient = np.append(R.T @ (R @ y[:n]) + s**2 * y[:n] - barrier, 0.0)
        return certify(gradient, A, -A @ y, multipliers, cash_row, float(cash_row @ y), on_cash, float(barrier.max()))

    solved = solve(bound, order, certificate)
    # The multipliers price the limits in the log-barrier objective, which has no unit a reader could use.
    return Continuous.of(answer()[0] * to_money, None, solved, limits)


def _polished(
    y: FloatArray, R: FloatArray, s: FloatArray, budgets: FloatArray, A: FloatArray
) -> tuple[FloatArray, FloatArray] | None:
    """Newton steps on y'(R'R + diag(s^2)) y / 2 - b' log(y) subject to A y = 0: a conic solver stops some digits short.

    Close to the optimum Newton's method converges quadratically (Spinu 2013); each step is kept inside the domain.

    Args:
        y: (n + 1,) a solver's answer, cash last.
        R: (k, n) systematic risk.
        s: (n,) specific risk.
        budgets: (n,) of risk.
        A: The cash row and the limits that bind, (rows, n + 1).

    Returns:
        The variable and the multipliers of the rows; None where the rows depend on each other.
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
    return max(0.0, _extreme(np.eye(limits.G.shape[1])[-1], limits.G, limits.h))


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


def _extreme(cost: FloatArray, G: FloatArray, h: FloatArray) -> float:
    if not len(h):
        return float(cost.min())
    found = least(cost, G, h, np.ones(len(cost)))
    if found is None:
        raise SolverInfeasible(())
    return found[1]
