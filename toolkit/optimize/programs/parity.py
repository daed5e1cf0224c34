"""Budgets of risk within limits on convex functions: how much cash they need.

Cash has no risk to contribute, so it is the least that the rows allow. A ceiling that more cash eases (on risk, foremost) is
held by cash first, which keeps the budgets, and by other weights only where the rows allow no more cash.
"""

from __future__ import annotations

import numpy as np

from toolkit.core.forecast import FloatArray
from toolkit.optimize.functions import Ceiling, ConvexFunction
from toolkit.optimize.problem import Inequalities
from toolkit.optimize.programs.budgeting import least_cash, most_cash
from toolkit.optimize.programs.continuous import Continuous
from toolkit.optimize.programs.convex import solve_convex, solve_parity_of
from toolkit.optimize.quadratic import Quadratic
from toolkit.optimize.target import Target

HOLDS = 1e-9
"""How far beyond its limit, as a fraction of it, rounding may carry a ceiling."""
PRECISION = 1e-10
"""Of the weight of cash."""
INSIDE = 1e-7
"""How far a weight of cash from a cone program is moved into the set that it borders."""


def solve_parity_within(
    risk: ConvexFunction, budgets: FloatArray, limits: Inequalities, ceilings: tuple[Ceiling, ...]
) -> Continuous:
    """Weights whose contributions to risk are proportional to budgets, (n,), with as little cash as the ceilings need.

    Args:
        risk: Homogeneous of degree one, positive for every asset.
        budgets: (n,) with mean 1.
        limits: Hard ones.
        ceilings: Hard ones.

    Raises:
        Impossible: where the limits contradict each other.
    """
    n = len(budgets)
    idle = np.eye(n + 1)[-1]
    by_cash = [ceiling.limit > 0 and ceiling.function.value(idle) <= 0 for ceiling in ceilings]
    eased = tuple(ceiling for ceiling, eases in zip(ceilings, by_cash, strict=True) if eases)
    rigid = tuple(ceiling for ceiling, eases in zip(ceilings, by_cash, strict=True) if not eases)

    def solved(cash: float, held: tuple[Ceiling, ...]) -> Continuous:
        return solve_parity_of(risk, budgets, limits, held, cash)

    def beyond(answer: Continuous) -> float:
        return max((ceiling.excess(answer.x) / ceiling.limit for ceiling in eased), default=0.0)

    low = _extreme_cash(n, limits, rigid, most=False)
    answer = solved(low, rigid)
    if beyond(answer) <= HOLDS:
        return answer
    # No mix is riskier than the riskiest asset, so that this much cash is always enough.
    single = np.eye(n + 1)[:n]
    enough = max(1 - ceiling.limit / max(ceiling.function.value(row) for row in single) for ceiling in eased)
    high = min(_extreme_cash(n, limits, rigid, most=True), enough)
    if high <= low or beyond(solved(high, rigid)) > HOLDS:
        return solved(_extreme_cash(n, limits, ceilings, most=True), ceilings)
    from scipy.optimize import root_scalar  # noqa: PLC0415  # a tenth of a second to import

    found = root_scalar(lambda c: beyond(solved(c, rigid)) - HOLDS, bracket=(low, high), method="brentq", xtol=PRECISION)
    cash = float(found.root)
    return solved(cash, ceilings)


def _extreme_cash(n: int, limits: Inequalities, ceilings: tuple[Ceiling, ...], *, most: bool) -> float:
    """The least or the most weight of cash.

    Raises:
        Impossible: where the limits contradict each other.
    """
    by_rows = most_cash(limits) if most else least_cash(limits)
    if not ceilings:
        return by_rows
    sign = 1.0 if most else -1.0
    assets = Target(Quadratic.linear(np.full(n, sign)))
    cash = float(solve_convex(assets, limits, ceilings).x[n])
    return (
        max(cash - INSIDE, 0.0) if most and cash < by_rows - INSIDE else cash + INSIDE if cash > by_rows + INSIDE else by_rows
    )
