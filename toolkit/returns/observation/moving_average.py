"""Moving averages of white noise, fitted to many gappy series at once by exact maximum likelihood.

x_t = mu + e_t + b_1 e_(t-1) + ... + b_k e_(t-k), e_t ~ N(0, s^2). The innovations algorithm (Brockwell and Davis 1991,
5.2-5.3) on the banded covariance gives the Gaussian likelihood, s^2 concentrated out; a missing change has no covariance
with any.
The coefficients are kept invertible by their partial autocorrelations (Monahan 1984) and found by Newton steps whose
derivatives are differences: every point of the stencil of every series is one more column of the same pass.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass

import numpy as np

from toolkit.core.forecast import FloatArray

STARTS = (-0.6, -0.2, 0.2, 0.6)
"""Partial autocorrelations from which the best starting point is chosen."""
DIFFERENCE_STEP = 1e-3
"""Of the differences, in inverse hyperbolic tangents."""
ITERATIONS = 25
RADIUS = 0.5
LIMIT = 3.0
"""Largest inverse hyperbolic tangent: a partial autocorrelation of 0.995."""


@dataclass(frozen=True, slots=True)
class MovingAverage:
    """Fits of order k to n series.

    Attributes:
        coefficients: (n, k) b.
        point: (n, k) the same as inverse hyperbolic tangents of partial autocorrelations.
        point_cov: (n, k, k) covariance of `point`, from the curvature of the likelihood.
        loglik: (n,) maximum.
    """

    coefficients: FloatArray
    point: FloatArray
    point_cov: FloatArray
    loglik: FloatArray


def invertible(point: FloatArray) -> FloatArray:
    """Coefficients (..., k) of an invertible moving average, one to one with any real (..., k)."""
    partial = np.tanh(point)
    b = partial[..., :1]
    for j in range(1, point.shape[-1]):
        p = partial[..., j : j + 1]
        b = np.concatenate([b + p * b[..., ::-1], p], axis=-1)
    return b


def innovations(x: FloatArray, b: FloatArray) -> tuple[FloatArray, FloatArray]:
    """One-step prediction errors of centred changes and their variances in units of s^2.

    Args:
        x: (T, K), NaN missing.
        b: (K, k).

    Returns:
        Errors (T, K), zero where missing, and variances (T, K).
    """
    T, K = x.shape
    k = b.shape[1]
    full = np.concatenate([np.ones((K, 1)), b], axis=1).T
    gamma = [(full[: k + 1 - j] * full[j:]).sum(axis=0) for j in range(k + 1)]
    seen = np.isfinite(x)
    value, known = np.where(seen, x, 0.0), seen.astype(np.float64)
    error, variance = np.zeros((T, K)), np.empty((T, K))
    loading = np.zeros((T, k + 1, K))
    for t in range(T):
        spread, rest = gamma[0].copy(), value[t].copy()
        for j in range(min(k, t), 0, -1):
            shared = gamma[j] * (known[t] * known[t - j])
            for i in range(j + 1, min(k, t) + 1):
                shared -= loading[t, i] * loading[t - j, i - j] * variance[t - i]
            loading[t, j] = shared / variance[t - j]
            spread -= loading[t, j] * shared
            rest -= loading[t, j] * error[t - j]
        variance[t], error[t] = spread, rest
    return error, variance


def log_likelihood(x: FloatArray, b: FloatArray) -> FloatArray:
    """Exact Gaussian log likelihood (K,) of centred changes (T, K) at coefficients (K, k), s^2 concentrated out."""
    seen = np.isfinite(x)
    error, variance = innovations(x, b)
    count = seen.sum(axis=0)
    scale = (error**2 / variance).sum(axis=0) / count
    return -0.5 * (count * (np.log(2.0 * np.pi * scale) + 1.0) + np.where(seen, np.log(variance), 0.0).sum(axis=0))


def _stencil(k: int) -> FloatArray:
    """Points (P, k): the centre, a step either way along each axis, and a step either way along each pair of axes."""
    axes = np.eye(k)
    pairs = [axes[i] + axes[j] for i, j in itertools.combinations(range(k), 2)]
    moves = np.array([*axes, *pairs])
    return DIFFERENCE_STEP * np.concatenate([np.zeros((1, k)), moves, -moves])


def _derivatives(values: FloatArray, k: int) -> tuple[FloatArray, FloatArray]:
    """Gradient (n, k) and curvature (n, k, k) from values (n, P) on the stencil."""
    moves = (values.shape[1] - 1) // 2
    plus, minus = values[:, 1 : moves + 1], values[:, moves + 1 :]
    gradient = (plus - minus)[:, :k] / (2.0 * DIFFERENCE_STEP)
    second = (plus + minus - 2.0 * values[:, :1]) / DIFFERENCE_STEP**2
    curvature = np.einsum("ni,ij->nij", second[:, :k], np.eye(k))
    for place, (i, j) in enumerate(itertools.combinations(range(k), 2), start=k):
        curvature[:, i, j] = curvature[:, j, i] = 0.5 * (second[:, place] - second[:, i] - second[:, j])
    return gradient, curvature


def _at(x: FloatArray, points: FloatArray) -> FloatArray:
    """Log likelihood (n, P) of changes (T, n) at points (n, P, k)."""
    n, P, k = points.shape
    return log_likelihood(np.repeat(x, P, axis=1), invertible(points).reshape(n * P, k)).reshape(n, P)


def fit(x: FloatArray, order: int) -> MovingAverage:
    """Fit moving averages of one order to centred changes (T, n), NaN missing, none of them constant."""
    n = x.shape[1]
    grid = np.arctanh(np.array(list(itertools.product(STARTS, repeat=order))))
    values = _at(x, np.broadcast_to(grid, (n, *grid.shape)))
    point = grid[values.argmax(axis=1)]
    stencil, radius = _stencil(order), np.full(n, RADIUS)
    best, trial = np.full(n, -np.inf), point
    gradient, curvature = np.zeros((n, order)), np.zeros((n, order, order))
    for _ in range(ITERATIONS):
        values = _at(x, trial[:, None, :] + stencil)
        better = values[:, 0] > best
        slope, bend = _derivatives(values, order)
        gradient = np.where(better[:, None], slope, gradient)
        curvature = np.where(better[:, None, None], bend, curvature)
        point = np.where(better[:, None], trial, point)
        best = np.where(better, values[:, 0], best)
        radius = np.where(better, radius, 0.25 * radius)
        # Newton on the absolute eigenvalues climbs where the likelihood is not concave yet.
        root, axes = np.linalg.eigh(-curvature)
        step = np.einsum("nij,nj,nkj,nk->ni", axes, 1.0 / np.maximum(np.abs(root), 1e-3), axes, gradient)
        length = np.maximum(np.linalg.norm(step, axis=1), 1e-12)
        step *= np.minimum(1.0, radius / length)[:, None]
        if np.minimum(length, radius).max() < 0.1 * DIFFERENCE_STEP:
            break
        trial = np.clip(point + step, -LIMIT, LIMIT)
    root, axes = np.linalg.eigh(-curvature)
    cov = np.einsum("nij,nj,nkj->nik", axes, 1.0 / np.maximum(root, 1e-2), axes)
    return MovingAverage(invertible(point), point, cov, best)
