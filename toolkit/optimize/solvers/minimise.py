"""The least of a convex function under limits, by the quickest program that fits it."""

from __future__ import annotations

from dataclasses import replace

from toolkit.core.errors import NumericalFailure
from toolkit.optimize.functions import ConvexConstraints, RiskOf, Scaled, TradeCost
from toolkit.optimize.problem import LinearConstraints
from toolkit.optimize.quadratic import ConvexObjective
from toolkit.optimize.solvers.continuous import Continuous, solve_quadratic
from toolkit.optimize.solvers.gini import solve_gini
from toolkit.optimize.solvers.shortfall import solve_deviation, solve_entropic, solve_shortfall
from toolkit.optimize.solvers.solve import Order
from toolkit.risk_measures.dispersion import GiniMeanDifference, MeanAbsoluteDeviation
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
    returns, probabilities, c = risk.scenarios.returns, risk.scenarios.probabilities, q.c / price
    match risk.measure:
        case CVaR(confidence=confidence):
            found = solve_shortfall(returns, probabilities, confidence, c, limits)
        case WorstCase():
            found = solve_shortfall(returns, probabilities, 1.0, c, limits)
        case GiniMeanDifference():
            found = solve_gini(returns, probabilities, c, limits)
        case MeanAbsoluteDeviation():
            found = solve_deviation(returns, probabilities, c, limits)
        case EVaR() as measure:
            answer = solve_entropic(measure, returns, probabilities, c, limits)
            if answer is None or answer.multipliers is None or answer.signs is None:
                return None
            return replace(answer, multipliers=answer.multipliers * price, signs=answer.signs * price)
        case _:
            return None
    solved, duals = found.solved, found.duals
    told = (solved.solver, solved.status, solved.attempts, solved.certificate)
    return Continuous(found.x, duals.limits * price, *told, signs=duals.nonnegative * price)
