"""The least of a convex function under limits, by the quickest program that fits it."""

from __future__ import annotations

from toolkit.core.errors import NumericalFailure
from toolkit.optimize.functions import ConvexConstraints, RiskOf, Scaled, TradeCost
from toolkit.optimize.problem import LinearConstraints
from toolkit.optimize.quadratic import ConvexObjective
from toolkit.optimize.solvers.continuous import Continuous, solve_quadratic
from toolkit.optimize.solvers.gini import solve_gini
from toolkit.optimize.solvers.newton import solve_smooth
from toolkit.optimize.solvers.shortfall import ShortfallTask, solve_drawdown, solve_shortfall
from toolkit.optimize.solvers.solve import Order
from toolkit.risk_measures.below_zero import DownsideDeviation, MeanLoss
from toolkit.risk_measures.dispersion import GiniMeanDifference, MeanAbsoluteDeviation, SemiDeviation
from toolkit.risk_measures.drawdown import CDaR, EDaR, MaximumDrawdown, UlcerIndex
from toolkit.risk_measures.tail import CVaR, EVaR, WorstCase


def minimise(function: ConvexObjective, limits: LinearConstraints, convex: ConvexConstraints, order: Order) -> Continuous:
    """The least by the quadratic program, the linear program of a tail, or a cone program.

    Args:
        function: What is minimised.
        limits: Linear rows, hard and soft.
        convex: Limits on convex functions, hard and soft.
        order: Solvers to try for the quadratic program.

    Raises:
        SolverInfeasible, Unbounded, NumericalFailure: see `toolkit.optimize.solvers.solve`.
    """
    if not convex and not limits.soft.any():
        if not function.parts:
            return solve_quadratic(function.quadratic, limits, order)
        if (answer := _trades(function, limits, order)) is not None:
            return answer
        if (answer := _tail(function, limits)) is not None:
            return answer
    # cvxpy takes half a second to import: who solves a plain quadratic does not pay.
    from toolkit.optimize.solvers.convex import solve_convex  # noqa: PLC0415

    return solve_convex(function, limits, convex)


def _trades(function: ConvexObjective, limits: LinearConstraints, order: Order) -> Continuous | None:
    """The quadratic program of a risk and of trades that cost rates; None for any other function, or where PIQP gives up."""
    part = function.parts[0]
    if len(function.parts) > 1 or not isinstance(part, TradeCost) or part.impact.any() or order[:1] != ("PIQP",):
        return None
    try:
        answer = solve_quadratic(function.quadratic, limits, ("PIQP",), part)
    except NumericalFailure:
        return None
    return answer if answer.status == "optimal" else None


def _tail(function: ConvexObjective, limits: LinearConstraints) -> Continuous | None:
    """The linear program of a function that is one tail or mean deviation and linear costs; None for any other."""
    q, part = function.quadratic, function.parts[0]
    price, risk = (part.factor, part.function) if isinstance(part, Scaled) else (1.0, part)
    if len(function.parts) > 1 or q.R.any() or q.s.any() or not isinstance(risk, RiskOf):
        return None
    task = ShortfallTask(risk.measure, risk.scenarios.returns, risk.scenarios.probabilities, q.c / price, limits)
    match risk.measure:
        case CVaR() | WorstCase() | MeanLoss() | MeanAbsoluteDeviation():
            found = solve_shortfall(task)
        case GiniMeanDifference():
            found = solve_gini(task)
        case CDaR() | MaximumDrawdown():
            found = solve_drawdown(task)
        case EVaR() | EDaR() | UlcerIndex() | SemiDeviation() | DownsideDeviation():
            found = solve_smooth(task)
        case _:
            found = None
    if found is None:
        return None
    duals = found.duals
    return Continuous.of(found.x, duals.limits * price, found.solved, limits, signs=duals.nonnegative * price)
