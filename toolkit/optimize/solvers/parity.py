"""Budgets of risk within limits on convex functions: how much cash they need.

Cash has no risk to contribute, so it is the least that the rows allow. A limit that more cash eases (on risk, foremost) is
held by cash first, which keeps the budgets, and by other weights only where the rows allow no more cash.
"""

from __future__ import annotations

import numpy as np

from toolkit.core.forecast import FloatArray
from toolkit.optimize.functions import ConvexConstraints, ConvexFunction
from toolkit.optimize.problem import LinearConstraints
from toolkit.optimize.quadratic import ConvexObjective, Quadratic
from toolkit.optimize.solvers.budgeting import least_cash, most_cash
from toolkit.optimize.solvers.continuous import Continuous
from toolkit.optimize.solvers.convex import solve_convex, solve_parity_of

TOLERATED_PART = 1e-9
"""How far beyond its limit, as a fraction of it, rounding may carry a limit."""
PRECISION = 1e-10
"""Of the weight of cash."""
MOVED_INSIDE = 1e-7
"""How far a weight of cash from a cone program is moved into the set that it borders."""


def solve_parity_within(
    risk: ConvexFunction, budgets: FloatArray, limits: LinearConstraints, convex: ConvexConstraints
) -> Continuous:
    """Weights whose contributions to risk are proportional to budgets, (n,), with as little cash as the convex limits need.

    Args:
        risk: Homogeneous of degree one, positive for every asset.
        budgets: (n,) with mean 1.
        limits: Hard ones.
        convex: Hard ones.

    Raises:
        SolverInfeasible: where the limits contradict each other.
    """
    n = len(budgets)
    idle = np.eye(n + 1)[-1]
    by_cash = [constraint.limit > 0 and constraint.function.value(idle) <= 0 for constraint in convex]
    eased = tuple(constraint for constraint, eases in zip(convex, by_cash, strict=True) if eases)
    rigid = tuple(constraint for constraint, eases in zip(convex, by_cash, strict=True) if not eases)

    def solved(cash: float, held: ConvexConstraints) -> Continuous:
        return solve_parity_of(risk, budgets, limits, held, cash)

    def beyond(answer: Continuous) -> float:
        return max((constraint.excess(answer.x) / constraint.limit for constraint in eased), default=0.0)

    low = _extreme_cash(n, limits, rigid, most=False)
    answer = solved(low, rigid)
    if beyond(answer) <= TOLERATED_PART:
        return answer
    # No mix is riskier than the riskiest asset, so that this much cash is always enough.
    single = np.eye(n + 1)[:n]
    enough = max(1 - constraint.limit / max(constraint.function.value(row) for row in single) for constraint in eased)
    high = min(_extreme_cash(n, limits, rigid, most=True), enough)
    if high <= low or beyond(solved(high, rigid)) > TOLERATED_PART:
        return solved(_extreme_cash(n, limits, convex, most=True), convex)
    from scipy.optimize import root_scalar  # noqa: PLC0415  # a tenth of a second to import

    found = root_scalar(
        lambda c: beyond(solved(c, rigid)) - TOLERATED_PART, bracket=(low, high), method="brentq", xtol=PRECISION
    )
    cash = float(found.root)
    return solved(cash, convex)


def _extreme_cash(n: int, limits: LinearConstraints, convex: ConvexConstraints, *, most: bool) -> float:
    """The least or the most weight of cash.

    Raises:
        SolverInfeasible: where the limits contradict each other.
    """
    by_rows = most_cash(limits) if most else least_cash(limits)
    if not convex:
        return by_rows
    sign = 1.0 if most else -1.0
    assets = ConvexObjective(Quadratic.linear(np.full(n, sign)))
    cash = float(solve_convex(assets, limits, convex).x[n])
    return (
        max(cash - MOVED_INSIDE, 0.0)
        if most and cash < by_rows - MOVED_INSIDE
        else cash + MOVED_INSIDE
        if cash > by_rows + MOVED_INSIDE
        else by_rows
    )
