"""The continuous optimum with its certificate, and that of a quadratic."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from toolkit.core.forecast import FloatArray
from toolkit.optimize.functions import ConvexConstraints, TradeCost
from toolkit.optimize.problem import LinearConstraints
from toolkit.optimize.quadratic import ConvexObjective, Quadratic
from toolkit.optimize.solvers.certificate import Certificate
from toolkit.optimize.solvers.direct import SOLVED, Program
from toolkit.optimize.solvers.direct import solve_near as solve_direct_near
from toolkit.optimize.solvers.program import Duals, QuadraticProgram
from toolkit.optimize.solvers.solve import Attempt, Order, Solved

EXACT_RESIDUAL = 1e-9
"""Largest residual of an answer that no solver was asked for."""
SWEPT = 1e-6
"""Weights below it are within the tolerance of an interior-point solver; leaving them out is a change of second order."""


@dataclass(frozen=True, slots=True)
class Continuous:
    """The continuous optimum.

    Attributes:
        x: (n + 1,) weights, cash last.
        multipliers: (m,) of the limits, the rate at which the objective falls; None where they have no unit to read.
        convex_multipliers: Multipliers of the limits on convex functions by position of their constraint, likewise.
        signs: (n + 1,) multipliers of `x >= 0`, in the unit of the others; None where they are not known.
        inside: Convex limits that stand for limits which are not convex, around x.
    """

    x: FloatArray
    multipliers: FloatArray | None
    solver: str
    status: str
    attempts: tuple[Attempt, ...]
    certificate: Certificate | None
    convex_multipliers: Mapping[int, float] | None = None
    signs: FloatArray | None = None
    inside: ConvexConstraints = ()

    @classmethod
    def of(
        cls,
        x: FloatArray,
        multipliers: FloatArray | None,
        solved: Solved,
        limits: LinearConstraints,
        convex_multipliers: Mapping[int, float] | None = None,
        signs: FloatArray | None = None,
    ) -> Continuous:
        """A solver's accepted point, its dust swept up and put on the budget.

        Args:
            x: (n + 1,), not normalised.
            multipliers: (m,) of the limits; None where they have no unit.
            solved: How it was found.
            limits: Its rows.
            convex_multipliers: Of limits on convex functions.
            signs: (n + 1,) multipliers of `x >= 0`.
        """
        x = np.maximum(x, limits.lowest)
        x = np.where(np.abs(x) < SWEPT * x.sum(), 0.0, x)
        told = (solved.solver, solved.status, solved.attempts, solved.certificate)
        return cls(x / x.sum(), multipliers, *told, convex_multipliers, signs)

    @classmethod
    def formula(cls, weights: FloatArray) -> Continuous:
        """Weights that need no solver, without cash."""
        return cls(np.append(weights, 0.0), None, "closed form", "optimal", (), None)


def certify_weights(
    gradient: FloatArray,
    limits: LinearConstraints,
    x: FloatArray,
    duals: Duals,
    size: float,
    trades: TradeCost | None = None,
) -> Certificate:
    """The certificate of weights x, (n + 1,), in the user's rows: `G x <= h`, `x >= lowest` and `sum(x) = 1`.

    Args:
        gradient: (n,) of the objective without trades, to which cash adds nothing.
        limits: The rows.
        x: The weights.
        duals: Their multipliers.
        size: A positive number of the size of the objective.
        trades: What is paid on trades beside; of its subgradients the one counts that leaves least.
    """
    # The rows of `x >= 0` are an identity matrix, which would be the largest array of a large problem.
    scale, slack = max(float(np.abs(gradient).max()), size), limits.h - limits.rows.matvec(x)
    signs = np.where(np.isfinite(limits.lowest), duals.nonnegative, 0.0)
    stationarity = limits.rows.rmatvec(duals.limits)
    stationarity[:-1] += gradient
    stationarity += duals.budget - signs
    if trades is not None:
        stationarity[:-1] += (-stationarity[:-1]).clip(*trades.slopes(x))
    negative = -min(float(duals.limits.min(initial=0.0)), float(signs.min(initial=0.0)))
    return Certificate(
        primal=max(-float(slack.min(initial=0.0)), float((limits.lowest - x).max(initial=0.0)), abs(float(x.sum() - 1))),
        dual=max(float(np.abs(stationarity).max()), negative) / scale,
        gap=float(np.abs(duals.limits * slack).sum() + np.abs(signs * x).sum()) / scale,
    )


def solve_near(function: ConvexObjective, limits: LinearConstraints, near: Continuous, held: FloatArray) -> Continuous | None:
    """The optimum near another one, without a solver; None where that one does not lead to it.

    Args:
        function: A quadratic and rates of trades.
        limits: Hard rows.
        near: The optimum, by PIQP, of the same function where other weights are held.
        held: (n,) these.
    """
    if near.solver != "PIQP" or near.multipliers is None or near.signs is None or limits.soft.any() or len(function.parts) != 1:
        return None
    quadratic, trades, scale = function.quadratic, function.parts[0], function.quadratic.scale
    if not isinstance(trades, TradeCost) or trades.impact.any():
        return None
    program = Program.of(quadratic, limits, np.ones(len(near.x)), scale, trades)
    found = solve_direct_near(program, near.x, near.multipliers, near.signs, held)
    if found.status != SOLVED:
        return None
    duals = Duals(found.limits * scale, found.nonnegative * scale, found.equality * scale)
    certificate = certify_weights(quadratic.gradient(found.x[:-1]), limits, found.x, duals, scale, trades)
    if certificate.worst > EXACT_RESIDUAL:
        return None
    solved = Solved(near.solver, "optimal", certificate, near.attempts)
    return Continuous.of(found.x, duals.limits, solved, limits, signs=duals.nonnegative)


def solve_quadratic(
    quadratic: Quadratic, limits: LinearConstraints, order: Order, trades: TradeCost | None = None
) -> Continuous:
    """The least of a quadratic, and of rates of trades beside it, under the limits.

    Args:
        quadratic: Risk and linear costs.
        limits: The rows.
        order: Solvers to try; PIQP alone can where trades are paid for.
        trades: Without impact.

    Raises:
        SolverInfeasible, NumericalFailure: see `toolkit.optimize.solvers.solve`.
    """
    program = QuadraticProgram(quadratic, limits, quadratic.scale, trades=trades)

    def certificate() -> Certificate:
        x = program.answer.x
        return certify_weights(quadratic.gradient(x[:-1]), limits, x, program.duals(), program.scale, trades)

    solved, duals = program.solve(order if trades is None else ("PIQP",), certificate), program.duals()
    return Continuous.of(program.answer.x, duals.limits, solved, limits, signs=duals.nonnegative)
