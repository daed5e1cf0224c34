"""The active set of a quadratic optimum, and the exact derivative of the optimum while it stays the same.

With the active rows fixed the optimality conditions are linear: the derivative of weights and multipliers is one linear
system (implicit function theorem; Fiacco 1983, Introduction to Sensitivity and Stability Analysis in Nonlinear Programming),
and it holds until a multiplier or a slack reaches zero (Best and Grauer 1991, Sensitivity Analysis for Mean-Variance
Portfolio Problems).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from toolkit.core.forecast import FloatArray
from toolkit.optimize.problem import LinearConstraints
from toolkit.optimize.quadratic import Quadratic
from toolkit.optimize.solvers.critical_line import hessian_of, independent, solve_kkt

NEAR_SOLVER = 1e-3
"""How far the optimum of the active rows may lie from the solver's answer."""
ROUNDING = 1e-10
"""How far below zero rounding may leave a weight, a slack or a multiplier (over the scale)."""
REPAIRS = 30
"""How often the active rows are changed before they count as not found."""
FLAT = 1e-11
"""Slope of a slack or multiplier below which it does not move."""


@dataclass(frozen=True, slots=True)
class Derivative:
    """A derivative of the optimum and how far it is exact.

    Attributes:
        x: (n + 1,) change of the weights for one unit of the change.
        down, up: How far the change may go against and along its direction before the active rows are others.
    """

    x: FloatArray
    down: float
    up: float


@dataclass(frozen=True, slots=True)
class ActiveSet:
    """The optimum of a quadratic under `G x <= h`, `x >= lowest` and `sum(x) = 1`, with the rows that hold it.

    Attributes:
        hessian: (n + 1, n + 1) of the objective.
        limits: The m rows.
        active: (m + n + 1,) limits and signs that hold with equality and whose multipliers are determined.
        scale: Of the objective.
        x: (n + 1,).
        duals: (m + n + 1,) multipliers of the limits and of `x >= 0`.
        signed: (m + n + 1,) what may not be negative, as of `solve_kkt`.
    """

    hessian: FloatArray
    limits: LinearConstraints
    active: NDArray[np.bool_]
    scale: float
    x: FloatArray
    duals: FloatArray
    signed: FloatArray

    @classmethod
    def of(cls, quadratic: Quadratic, limits: LinearConstraints, x: FloatArray, multipliers: FloatArray) -> ActiveSet | None:
        """The active set of a solver's answer; None where the active rows do not lead back to it.

        Where a solver stops close to a point at which the active rows change it cannot tell them apart; moving all that are
        wrong at once is a semismooth Newton step (Hintermueller, Ito, Kunisch 2003, The Primal-Dual Active Set Strategy).

        Args:
            quadratic: What is minimised.
            limits: The m rows.
            x: (n + 1,) the answer.
            multipliers: (m,) of the limits.
        """
        scale, hessian, m = quadratic.scale, hessian_of(quadratic), len(limits.h)
        gradient = np.append(quadratic.gradient(np.zeros(len(x) - 1)), 0.0)
        believed, signs = _untangled(limits, hessian @ x + gradient, x, multipliers)
        # Strictly complementary: either the multiplier, over the scale, or the slack is the larger.
        slack = np.concatenate([np.clip(limits.h - limits.G @ x, 0.0, None), np.where(np.isfinite(limits.lowest), x, np.inf)])
        active = np.concatenate([believed, signs]) / scale > slack
        for _ in range(REPAIRS):
            active = independent(limits.G, active, believed)
            solved = solve_kkt(hessian, limits, active, scale, -gradient[:, None], np.append(1.0, limits.h)[:, None])
            if solved is None:
                return None
            found = cls(hessian, limits, active, scale, *(column[:, 0] for column in solved))
            wrong = found.signed < -ROUNDING
            if not wrong.any():
                return found if np.max(np.abs(found.x - x)) <= NEAR_SOLVER else None
            believed = np.where((wrong & ~active)[:m], scale, found.duals[:m])
            active = active ^ wrong
        return None

    def derivative(self, gradient: FloatArray, h: FloatArray) -> Derivative | None:
        """Derivative as the slope of the objective changes by `gradient`, (n + 1,), and the limits by `h`, (m,)."""
        change = np.append(0.0, h)[:, None]
        solved = solve_kkt(self.hessian, self.limits, self.active, self.scale, -gradient[:, None], change)
        if solved is None:
            return None
        x, _, slope = (column[:, 0] for column in solved)
        down, up = (_reach(np.clip(self.signed, 0.0, None), sign * slope) for sign in (-1.0, 1.0))
        return Derivative(x, down, up)


def _untangled(
    limits: LinearConstraints, slope: FloatArray, x: FloatArray, multipliers: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Multipliers of the limits and of `x >= 0`, where two rows hold the same thing only the one that is needed.

    The two sides of an equality, and a limit such as `cash <= 0` beside `cash >= 0`, leave a solver free to add any number
    to both.
    """
    believed = np.clip(multipliers, 0.0, None)
    pinning = limits.pinning()
    pins = np.any(pinning, axis=1)
    believed[pins] = 0.0
    for upper in np.flatnonzero(believed):
        for lower in np.flatnonzero(believed):
            if limits.h[upper] == -limits.h[lower] and np.array_equal(limits.G[upper], -limits.G[lower]):
                both = min(believed[upper], believed[lower])
                believed[[upper, lower]] -= both
    push = slope + limits.G.T @ believed
    signs = push - float(push @ x)
    for row in np.flatnonzero(pins):
        held = pinning[row] > 0
        believed[row] = float(np.max(-signs[held] / pinning[row][held], initial=0.0))
        signs = signs + believed[row] * pinning[row]
    return believed, signs


def _reach(value: FloatArray, slope: FloatArray) -> float:
    """The largest step at which no value + step * slope is negative; infinite where none falls."""
    falling = slope < -FLAT
    return float(np.min(value[falling] / -slope[falling], initial=np.inf))
