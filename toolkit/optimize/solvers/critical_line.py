"""The optimum as a function of risk tolerance, exactly: segments between the turning points of the active set.

With the active rows fixed, the optimality conditions of min V(x) - tau e'x are linear in tau: weights and multipliers move
along a line, and the segment ends where a multiplier or a slack reaches zero (the critical line of Markowitz 1956; Best and
Grauer 1990 for general constraints).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from toolkit.core.forecast import FloatArray
from toolkit.optimize.problem import LinearConstraints
from toolkit.optimize.quadratic import Quadratic
from toolkit.optimize.solvers.program import Duals

REDUNDANT_ROW = 1e-9
"""Length of what is left of a row after its projection on the others, below which it says nothing new."""
FLAT = 1e-11
"""Slope below which a slack (fractions of the budget) or multiplier (over the scale of variance) does not move with tau."""
ROUNDING = 1e-9
"""How far below zero rounding may leave what does not move, and how far apart segments may be that meet (over tau)."""


@dataclass(frozen=True, slots=True)
class Segment:
    """Weights `at + tau * slope` are optimal for every risk tolerance tau from `low` to `high`.

    Attributes:
        at, slope: (n + 1,) weights at tau = 0 of the line, and their change with tau.
        duals, duals_slope: (m + n + 1,) multipliers of the limits and of `x >= 0`, likewise.
        active: (m + n + 1,) rows that hold with equality along the segment.
        end: The row that becomes active or stops being so at `high`; None where nothing ends it.
    """

    at: FloatArray
    slope: FloatArray
    duals: FloatArray
    duals_slope: FloatArray
    active: NDArray[np.bool_]
    low: float
    high: float
    end: int | None


class CriticalLine:
    """min V(x) - tau e'x under `G x <= h`, `x >= lowest` and `sum(x) = 1`, for every tau.

    A limit such as `cash <= 0` holds its weights at zero from the other side. Whatever the sign of what pulls at such a
    weight, one of the two has the multiplier: it is left out here and put back by `duals`.

    Args:
        quadratic: Variance V, without a target and without a linear part.
        reward: (n + 1,) e.
        limits: The rows.
    """

    def __init__(self, quadratic: Quadratic, reward: FloatArray, limits: LinearConstraints) -> None:
        self.quadratic, self.reward, self.limits = quadratic, reward, limits
        self.scale, self.hessian = quadratic.scale, hessian_of(quadratic)
        self.negative = ~np.isfinite(limits.lowest)
        self.pinning = limits.pinning()
        self.pins, self.pinned = np.any(self.pinning, axis=1), np.any(self.pinning, axis=0)

    def through(self, x: FloatArray, duals: Duals) -> Segment | None:
        """The segment that a solver's answer lies on: rows are active whose multiplier, over the scale, outweighs the slack."""
        slack = np.concatenate([self.limits.h - self.limits.G @ x, np.where(self.negative, np.inf, x)])
        multipliers = np.concatenate([duals.limits, duals.nonnegative])
        return self.segment(multipliers / self.scale > slack, multipliers)

    def after(self, left: Segment) -> Segment | None:
        """The segment that follows; None where a single row does not lead to it (several meet there)."""
        if left.end is None:
            return None
        active = left.active.copy()
        active[left.end] = not active[left.end]
        right = self.segment(active, left.duals + left.high * left.duals_slope)
        if right is None or abs(right.low - left.high) > ROUNDING * max(1.0, left.high) or right.high <= left.high:
            return None
        return right

    def segment(self, active: NDArray[np.bool_], multipliers: FloatArray) -> Segment | None:
        """The segment on which these rows are active; None when there is none.

        Args:
            active: (m + n + 1,) rows of the limits and of `x >= 0`.
            multipliers: (m + n + 1,) where active limits depend on each other, those with the larger are believed.
        """
        m = len(self.limits.h)
        rows = np.concatenate([active[:m] & ~self.pins, active[m:] | self.pinned])
        rows = independent(self.limits.G, rows, multipliers)
        downhill, right = np.column_stack([np.zeros_like(self.reward), self.reward]), np.zeros((m + 1, 2))
        right[:, 0] = np.append(1.0, self.limits.h)
        solved = solve_kkt(self.hessian, self.limits, rows, self.scale, downhill, right)
        if solved is None:
            return None
        x, duals, signed = solved
        signed[:m][self.pins] = signed[m:][self.pinned] = (1.0, 0.0)
        low, high, end = _where_positive(signed)
        if not low <= high:
            return None
        return Segment(x[:, 0], x[:, 1], duals[:, 0], duals[:, 1], rows, low, high, end)

    def weights(self, line: Segment, tau: float) -> FloatArray:
        """(n + 1,) weights at a risk tolerance within a segment."""
        x = np.maximum(line.at + tau * line.slope, self.limits.lowest)
        return x / x.sum()

    def duals(self, line: Segment, tau: float) -> Duals:
        """The multipliers of V(x) - tau e'x at a risk tolerance within a segment, in the user's rows."""
        limits, m = self.limits, len(self.limits.h)
        x, multipliers = self.weights(line, tau), line.duals + tau * line.duals_slope
        on_limits, on_signs = multipliers[:m].copy(), multipliers[m:].copy()
        for row in np.flatnonzero(self.pins):
            row_of_signs = self.pinning[row]
            held = row_of_signs > 0
            on_limits[row] = float(np.max(-on_signs[held] / row_of_signs[held], initial=0.0))
            on_signs += on_limits[row] * row_of_signs
        slope = self.hessian @ x - tau * self.reward
        return Duals(on_limits, on_signs, -float(slope @ x + limits.h @ on_limits))


def _where_positive(lines: FloatArray) -> tuple[float, float, int | None]:
    """The interval of tau >= 0 on which no line value + tau * slope, (rows, 2), is negative, and the row that ends it."""
    value, slope = lines[:, 0], lines[:, 1]
    flat = np.abs(slope) < FLAT
    if np.any(value[flat] < -ROUNDING):
        return np.inf, -np.inf, None
    crossing = np.full(len(value), np.nan)
    crossing[~flat] = -value[~flat] / slope[~flat]
    rising, falling = ~flat & (slope > 0), ~flat & (slope < 0)
    low = float(np.max(crossing[rising], initial=0.0))
    if not falling.any():
        return low, np.inf, None
    end = int(np.flatnonzero(falling)[np.argmin(crossing[falling])])
    return low, float(crossing[end]), end


def hessian_of(quadratic: Quadratic) -> FloatArray:
    """(n + 1, n + 1) second derivatives, cash last."""
    n = len(quadratic.s)
    hessian = np.zeros((n + 1, n + 1))
    hessian[:n, :n] = 2 * (quadratic.R.T @ quadratic.R + np.diag(quadratic.s**2))
    return hessian


def solve_kkt(
    hessian: FloatArray,
    limits: LinearConstraints,
    active: NDArray[np.bool_],
    scale: float,
    downhill: FloatArray,
    right: FloatArray,
) -> tuple[FloatArray, FloatArray, FloatArray] | None:
    """Weights and multipliers that meet the optimality conditions with these rows active, for k right-hand sides at once.

    Args:
        hessian: (n + 1, n + 1) of the objective.
        limits: The m rows.
        active: (m + n + 1,) rows of the limits and of `x >= 0` that hold with equality.
        scale: Of the objective.
        downhill: (n + 1, k) the negative gradient of the objective at zero.
        right: (m + 1, k) sum of the weights, and right-hand sides of the limits.

    Returns:
        Weights (n + 1, k); multipliers (m + n + 1, k); and what may not be negative, of active rows the multiplier over the
        scale, of others the slack (0 of weights that may be negative). None where the rows leave no single answer.
    """
    m, free = len(limits.h), ~active[len(limits.h) :]
    rows, k = np.flatnonzero(active[:m]), int(free.sum())
    A = np.vstack([np.ones(len(free)), limits.G[rows]])[:, free]
    system = np.block([[hessian[np.ix_(free, free)], A.T], [A, np.zeros((len(A), len(A)))]])
    try:
        solved = np.linalg.solve(system, np.vstack([downhill[free], right[:1], right[1:][rows]]))
    except np.linalg.LinAlgError:
        return None
    if not np.isfinite(solved).all():
        return None
    x, duals = np.zeros(downhill.shape), np.zeros((len(active), downhill.shape[1]))
    x[free], duals[rows] = solved[:k], solved[k + 1 :]
    # What is left of stationarity is the multiplier of x >= 0.
    push = hessian @ x + limits.G.T @ duals[:m] + solved[k] - downhill
    duals[m:] = np.where(free[:, None], 0.0, push)
    slack = np.vstack([right[1:] - limits.G @ x, np.where(np.isfinite(limits.lowest)[:, None], x, 0.0)])
    return x, duals, np.where(active[:, None], duals / scale, slack)


def independent(G: FloatArray, active: NDArray[np.bool_], multipliers: FloatArray) -> NDArray[np.bool_]:
    """The active rows without limits that say nothing new about the free weights, beside the budget and each other.

    Args:
        G: (m, n + 1) the limits.
        active: (m + n + 1,) rows of the limits and of `x >= 0`.
        multipliers: (m or more,) those with the larger go first.
    """
    m, free, chosen = len(G), ~active[len(G) :], active.copy()
    basis = [free / np.sqrt(max(free.sum(), 1))]
    for row in sorted(np.flatnonzero(active[:m]), key=lambda r: (-multipliers[r], r)):
        left = G[row] * free
        for direction in basis:
            left = left - (direction @ left) * direction
        chosen[row] = (length := float(np.linalg.norm(left))) > REDUNDANT_ROW
        if chosen[row]:
            basis.append(left / length)
    return chosen
