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
from toolkit.optimize.solvers.critical_line import hessian_of, independent_rows, solve_kkt

CLOSE = 1e-3
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
        limits: The rows.
        rows: Limits that hold with equality and whose multipliers are determined.
        free: (n + 1,) weights that are not held at zero by their sign.
        x: (n + 1,).
        multipliers: (m,) of the limits.
        signs: (n + 1,) multipliers of `x >= 0`.
        scale: Of the objective.
    """

    hessian: FloatArray
    limits: LinearConstraints
    rows: tuple[int, ...]
    free: NDArray[np.bool_]
    x: FloatArray
    multipliers: FloatArray
    signs: FloatArray
    scale: float

    @classmethod
    def of(cls, quadratic: Quadratic, limits: LinearConstraints, x: FloatArray, multipliers: FloatArray) -> ActiveSet | None:
        """The active set of a solver's answer; None where the active rows do not lead back to it.

        Args:
            quadratic: What is minimised.
            limits: The m rows.
            x: (n + 1,) the answer.
            multipliers: (m,) of the limits.
        """
        scale, hessian = quadratic.scale, hessian_of(quadratic)
        gradient = np.append(quadratic.gradient(np.zeros(len(x) - 1)), 0.0)
        believed, signs = _untangled(limits, hessian @ x + gradient, x, multipliers)
        # Strictly complementary: either the multiplier, over the scale, or the slack is the larger.
        negative = ~np.isfinite(limits.lowest)
        free = negative | ~(signs / scale > x)
        active = believed / scale > np.clip(limits.h - limits.G @ x, 0.0, None)
        blank = np.zeros(len(limits.h)), np.zeros(len(x))
        for _ in range(REPAIRS):
            rows = tuple(independent_rows(limits.G, free, active, believed))
            active_set = cls(hessian, limits, rows, free, x, *blank, scale)
            solved = active_set.solve(gradient, limits.h, 1.0)
            if solved is None:
                return None
            active_set = cls(hessian, limits, rows, free, *solved, scale)
            wrong, loose, tight = active_set.faults()
            if not (wrong.any() or loose.any() or tight.any()):
                return active_set if np.max(np.abs(active_set.x - x)) <= CLOSE else None
            free = free ^ wrong
            believed = np.where(tight, scale, active_set.multipliers)
            active = (np.isin(np.arange(len(limits.h)), rows) & ~loose) | tight
        return None

    def faults(self) -> tuple[NDArray[np.bool_], NDArray[np.bool_], NDArray[np.bool_]]:
        """What is not optimal here: weights on the wrong side of their sign, limits to let go, limits that are broken.

        Where a solver stops close to a point at which the active rows change it cannot tell them apart; moving all that are
        wrong at once is a semismooth Newton step (Hintermueller, Ito, Kunisch 2003, The Primal-Dual Active Set Strategy).
        """
        wrong = np.where(self.free, self.x, self.signs / self.scale) < np.minimum(self.limits.lowest, -ROUNDING)
        slack = self.limits.h - self.limits.G @ self.x
        return wrong, self.multipliers / self.scale < -ROUNDING, slack < -ROUNDING

    def solve(self, gradient: FloatArray, h: FloatArray, total: float) -> tuple[FloatArray, FloatArray, FloatArray] | None:
        """Weights, multipliers of limits and of signs that meet the optimality conditions with these rows active.

        Args:
            gradient: (n + 1,) of the objective at zero.
            h: (m,) right-hand sides.
            total: Sum of the weights.
        """
        free, rows, limits = self.free, list(self.rows), self.limits
        right = np.concatenate([[total], h[rows]])[:, None]
        solved = solve_kkt(self.hessian, limits.G[rows], free, -gradient[:, None], right)
        if solved is None:
            return None
        x, multipliers = solved[0][:, 0], np.zeros(len(h))
        multipliers[rows] = solved[1][:, 0]
        push = self.hessian @ x + gradient + limits.G.T @ multipliers + solved[2][0]
        return x, multipliers, np.where(free, 0.0, push)

    def derivative(self, gradient: FloatArray, h: FloatArray) -> Derivative | None:
        """Derivative as the slope of the objective changes by `gradient`, (n + 1,), and the limits by `h`, (m,)."""
        solved = self.solve(gradient, h, 0.0)
        if solved is None:
            return None
        x, multipliers, signs = solved
        inactive = np.ones(len(h), dtype=bool)
        inactive[list(self.rows)] = False
        held = self.free & np.isfinite(self.limits.lowest)
        slack, slack_slope = self.limits.h - self.limits.G @ self.x, h - self.limits.G @ x
        value = np.concatenate(
            [slack[inactive], self.multipliers[~inactive] / self.scale, self.x[held], self.signs[~self.free] / self.scale]
        )
        slope = np.concatenate(
            [slack_slope[inactive], multipliers[~inactive] / self.scale, x[held], signs[~self.free] / self.scale]
        )
        down, up = (_reach(np.clip(value, 0.0, None), sign * slope) for sign in (-1.0, 1.0))
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
