"""How much of a covariance may be moved to its diagonal: there, bounds of whole-lot problems are much tighter.

On the diagonal a square is one asset's own, so that it can be bounded by its value at whole lots and, where holdings are
decisions, by its perspective. The best split is a semidefinite program (Frangioni and Gentile 2007): maximise w'd subject to
S - diag(d) positive semidefinite, d >= 0. A barrier method solves it in some forty factorisations of an n x n matrix.
"""

from __future__ import annotations

import numpy as np

from toolkit.core.forecast import FloatArray

SINGULAR = 1e-8
"""Least eigenvalue of a correlation matrix below which nothing can be moved."""
LAST_BARRIER = 1e-6
"""Weight of the barrier, over the sum of w, at which the method stops; a diagonal that is not the best is a valid one."""
SHRINK = 0.2
CENTRED = 1e-2
MAX_STEPS = 200
WORTHWHILE = 1.1
INSIDE = 1.0 - 1e-6
"""What is moved of the diagonal that was found, so that rounding leaves the rest positive semidefinite."""


def split(R: FloatArray, s: FloatArray, weight: FloatArray) -> tuple[FloatArray, FloatArray]:
    """The same quadratic |R x|^2 + |s * x|^2 with as much as may be in s.

    Args:
        R: (k, n).
        s: (n,).
        weight: (n,) what a unit of each diagonal element is worth, positive.

    Returns:
        (k', n) and (n,), of which the first has no row for what is zero.
    """
    matrix = R.T @ R + np.diag(s**2)
    unit = np.sqrt(np.diag(matrix))
    risky = np.flatnonzero(unit > 1e-8 * unit.max(initial=0.0))
    own = np.zeros(len(s))
    unit = unit[risky]
    own[risky] = _diagonal(matrix[np.ix_(risky, risky)] / np.outer(unit, unit), weight[risky] * unit**2) * unit**2
    own = np.maximum(own, 0.0)
    if own @ weight <= WORTHWHILE * (s**2 @ weight):  # the rows of a factor form are fewer, which counts for more
        return R, s
    values, vectors = np.linalg.eigh(matrix - np.diag(own))
    kept = values > 1e-12 * values[-1]
    return (vectors[:, kept] * np.sqrt(values[kept])).T, np.sqrt(own)


def _diagonal(correlation: FloatArray, weight: FloatArray) -> FloatArray:
    """(n,) d >= 0 that maximises weight'd with correlation - diag(d) positive semidefinite; zeros where that is singular."""
    n = len(correlation)
    least = float(np.linalg.eigvalsh(correlation)[0]) if n else 0.0
    if least < SINGULAR:
        return np.zeros(n)
    weight = weight / weight.sum()
    d, barrier = np.full(n, least / 2), 1.0 / n
    for _ in range(MAX_STEPS):
        inverse = np.linalg.inv(correlation - np.diag(d))
        slope = weight + barrier * (1 / d - np.diag(inverse))
        step = np.linalg.solve(barrier * (inverse**2 + np.diag(1 / d**2)), slope)
        # Newton's decrement of a self-concordant function: a step of 1 / (1 + decrement) stays inside (Nesterov 2004).
        decrement = float(np.sqrt(max(slope @ step, 0.0) / barrier))
        d = d + step / (1 + decrement) if decrement > 0.25 else d + step
        if decrement < np.sqrt(CENTRED * n) and decrement <= 0.25:
            if barrier < LAST_BARRIER:
                break
            barrier *= SHRINK
    return np.asarray(INSIDE * d, dtype=np.float64)
