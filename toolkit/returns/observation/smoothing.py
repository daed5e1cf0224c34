"""Observation model of assessed prices, which reporting agencies smooth.

An assessor who moves only part of the way to the evidence prints changes r_t that mix those of the price, r*_t:

    Geltner (1993)                          r_t = f r_(t-1) + (1 - f) r*_t
    Getmansky, Lo and Makarov (2004), 3     r_t = theta_0 r*_t + ... + theta_k r*_(t-k),  theta_0 + ... + theta_k = 1

Volatility is understated by sqrt((1 - f) / (1 + f)) in the one, sqrt(theta_0^2 + ... + theta_k^2) in the other; the mean
is not.
Which of the two, and k of 1 or 2 (as in the paper), is the choice of the Bayesian information criterion, series by series.

A series is unsmoothed only where its first autocorrelation is significantly positive (5 %, one side; see
`toolkit.returns.observation.smoothing`). One clean series in twenty is therefore unsmoothed by chance, with a factor
that its own error calls doubtful, and weak smoothing of a short series is left in: at 43 months f below 0.25 is found less than
half of the time. A trending price is autocorrelated as well, and no model of one series tells the two apart.
"""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from toolkit.core.forecast import FloatArray, read_only_arrays

LEAST_PAIRS = 8
"""Fewest pairs of neighbouring changes from which an autocorrelation is estimated."""
ONE_SIDED = 1.645
"""Normal quantile of 95 %: smoothing and averaging have a sign."""


@dataclass(frozen=True, slots=True)
class Autocorrelation:
    """First-order autocorrelation of the changes of n series.

    Attributes:
        coefficient: (n,) of the regression of a change on the one before it, corrected for its small-sample bias, within
            -1 and 1; 0 where fewer than `LEAST_PAIRS`, or no variation, leave it unknown.
        error: (n,) its standard error; 1 where unknown.
        pairs: (n,) number of neighbouring changes behind it.
    """

    coefficient: FloatArray
    error: FloatArray
    pairs: NDArray[np.intp]

    @property
    def positive(self) -> NDArray[np.bool_]:
        """Which (n,) are significantly above zero, at 5 % on one side."""
        return self.coefficient > ONE_SIDED * self.error


def first_autocorrelation(changes: FloatArray) -> Autocorrelation:
    """Estimate the first autocorrelation over all pairs of neighbouring changes.

    Least squares, bias (1 + 3 f) / N taken off (Kendall 1954, Biometrika 41; Marriott and Pope 1954), error of White (1980)
    with N / (N - 2): one that supposes constant variance rejects far too often where months of low and high volatility
    alternate (Lo and MacKinlay 1988). A test of one lag with a sign is stronger here than Ljung and Box's of several without:
    any smoothing with non-negative weights makes the first autocorrelation positive.

    Args:
        changes: (T, n), NaN missing; pairs with a missing one are left out.
    """
    both = np.isfinite(changes[1:]) & np.isfinite(changes[:-1])
    N = both.sum(axis=0).astype(np.float64)
    share = both / np.maximum(N, 1.0)
    x, y = np.where(both, changes[:-1], 0.0), np.where(both, changes[1:], 0.0)
    x = np.where(both, x - (share * x).sum(axis=0), 0.0)
    y = np.where(both, y - (share * y).sum(axis=0), 0.0)
    square = (x * x).sum(axis=0)
    size = np.where(both, np.abs(changes[:-1]), 0.0).max(axis=0, initial=0.0)
    known = (N >= LEAST_PAIRS) & (square > 1e-20 * N * size**2)
    square, N = np.where(known, square, 1.0), np.where(known, N, LEAST_PAIRS)
    raw = (x * y).sum(axis=0) / square
    residual = y - raw * x
    error = np.sqrt((x * x * residual**2).sum(axis=0) * N / (N - 2.0)) / square
    # The estimate is f - (1 + 3 f) / N in expectation.
    inflation = N / (N - 3.0)
    coefficient = np.clip((raw + 1.0 / N) * inflation, -1.0, 1.0)
    return Autocorrelation(
        coefficient=np.where(known, coefficient, 0.0),
        error=np.where(known, np.maximum(error * inflation, 1.0 / N), 1.0),
        pairs=both.sum(axis=0),
    )


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


PRICES_OF_MONTH = 21
"""Prices behind the average of a month."""

VOLATILITY_FACTOR = 1.0 / math.sqrt((2.0 * PRICES_OF_MONTH**2 + 1.0) / (3.0 * PRICES_OF_MONTH**2))
"""Volatility of period-end prices over that of the averages of a month."""


AS_IS = "as_is"
GELTNER = "geltner"
GETMANSKY = "getmansky_lo_makarov"
ORDERS = (1, 2)
BOUND = 0.9
"""Largest Geltner coefficient: volatility times 4.4. Beyond it the price carries next to no information."""
MINIMUM_PAIRS = 20
"""Neighbouring changes below which no smoothing is estimated."""


@dataclass(frozen=True, slots=True)
class Geltner:
    """Coefficient f of n series, its standard error, and the log likelihood at it.

    f lies in [0, `BOUND`]; the error is of the estimate before it is bounded.
    """

    coefficient: FloatArray
    error: FloatArray
    loglik: FloatArray
    positive: NDArray[np.bool_]

    @property
    def factor(self) -> FloatArray:
        """Factor (n,) of the volatility: that of the price over that of its assessments."""
        return np.sqrt((1.0 + self.coefficient) / (1.0 - self.coefficient))


@dataclass(frozen=True, slots=True)
class SmoothingWeights:
    """Weights of Getmansky, Lo and Makarov of one order k, of n series.

    Attributes:
        weights, errors: (n, k + 1) theta and standard errors (curvature of the likelihood, delta method).
        factor, factor_error: (n,) what the volatility is multiplied with, and the standard error of its logarithm.
        loglik: (n,) maximum.
        coefficients: (n, k) theta_j / theta_0, invertible.
    """

    weights: FloatArray
    errors: FloatArray
    factor: FloatArray
    factor_error: FloatArray
    loglik: FloatArray
    coefficients: FloatArray


@dataclass(frozen=True, slots=True)
class Unsmoothed:
    """Estimates of the model of this module for n series.

    Attributes:
        method: n names of the model applied: `AS_IS`, `GELTNER` or `GETMANSKY`.
        coefficient, error: (n,) first autocorrelation, Geltner's f before its bounds, and its standard error.
        weights: (n, 3) of Getmansky, Lo and Makarov, zero beyond the order chosen; (1, 0, 0) where that is not the model
            applied.
        factor, factor_error: (n,) what the volatility is multiplied with, and the standard error of its logarithm; 1 and 0
            where nothing is applied.
        changes: (T, n) unsmoothed, NaN where there is no change. Each uses no later change, though parameters of all.
    """

    method: tuple[str, ...]
    coefficient: FloatArray
    error: FloatArray
    weights: FloatArray
    factor: FloatArray
    factor_error: FloatArray
    changes: FloatArray

    def __post_init__(self) -> None:
        read_only_arrays(self)

    @property
    def applied(self) -> NDArray[np.bool_]:
        """Which series (n,) were unsmoothed."""
        return np.array([method != AS_IS for method in self.method])


def _centred(changes: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Changes (T, n) less their means, and the means (n,)."""
    seen = np.isfinite(changes)
    mean = np.where(seen, changes, 0.0).sum(axis=0) / np.maximum(seen.sum(axis=0), 1)
    return changes - mean, mean


def _ar_innovations(x: FloatArray, f: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Prediction errors (T, n) of centred changes from the last one seen, and their variances in units of that of x."""
    seen = np.isfinite(x)
    row = np.where(seen, np.arange(len(x))[:, None], -1)
    last = np.vstack([np.full((1, x.shape[1]), -1), np.maximum.accumulate(row, axis=0)[:-1]])
    gap = np.arange(len(x))[:, None] - last
    weight = np.where(last >= 0, f**gap, 0.0)
    before = np.take_along_axis(np.where(seen, x, 0.0), np.maximum(last, 0), axis=0)
    return np.where(seen, x - weight * before, 0.0), 1.0 - weight**2


def geltner(changes: FloatArray) -> Geltner:
    """Estimate Geltner's f of changes (T, n), NaN missing, by bias-corrected least squares."""
    found = first_autocorrelation(changes)
    f = np.clip(found.coefficient, 0.0, BOUND)
    x, _ = _centred(changes)
    seen = np.isfinite(x)
    error, variance = _ar_innovations(x, f)
    count = np.maximum(seen.sum(axis=0), 1)
    scale = np.maximum((error**2 / variance).sum(axis=0) / count, 1e-300)
    log_variance = np.where(seen, np.log(variance), 0.0).sum(axis=0)
    loglik = -0.5 * (count * (np.log(2.0 * np.pi * scale) + 1.0) + log_variance)
    return Geltner(f, found.error, loglik, found.positive & (found.pairs >= MINIMUM_PAIRS))


def _theta(point: FloatArray) -> FloatArray:
    """Weights (..., k + 1) that add up to one."""
    b = invertible(point)
    return np.concatenate([np.ones_like(b[..., :1]), b], axis=-1) / (1.0 + b.sum(axis=-1, keepdims=True))


def getmansky(changes: FloatArray, order: int) -> SmoothingWeights:
    """Estimate the weights of changes (T, n), NaN missing, none of them constant, by exact maximum likelihood."""
    found = fit(_centred(changes)[0], order)
    theta = _theta(found.point)
    step = 1e-5 * np.eye(order)
    ahead, back = (_theta(found.point[:, None, :] + sign * step) for sign in (1.0, -1.0))
    slope = (ahead - back) / 2e-5
    cov = np.einsum("npi,npq,nqj->nij", slope, found.point_cov, slope)
    square = (theta**2).sum(axis=1)
    gradient = -theta / square[:, None]
    return SmoothingWeights(
        weights=theta,
        errors=np.sqrt(np.einsum("nii->ni", cov)),
        factor=1.0 / np.sqrt(square),
        factor_error=np.sqrt(np.einsum("ni,nij,nj->n", gradient, cov, gradient)),
        loglik=found.loglik,
        coefficients=found.coefficients,
    )


def _choice(changes: FloatArray, ar: FloatArray, fits: list[SmoothingWeights]) -> NDArray[np.intp]:
    """0 for Geltner, else the place in `fits` plus one (n,): the smallest Bayesian information criterion."""
    size = np.log(np.isfinite(changes).sum(axis=0))
    criteria = [size - 2.0 * ar, *(order * size - 2.0 * found.loglik for order, found in zip(ORDERS, fits, strict=True))]
    return np.argmin(criteria, axis=0)


def _shocks(errors: tuple[FloatArray, FloatArray], changes: FloatArray, scale: FloatArray) -> FloatArray:
    """Unsmoothed changes (T, n) from prediction errors and their relative variances; `scale` (n,) keeps the mean."""
    error, variance = errors
    return np.where(np.isfinite(changes), _centred(changes)[1] + error / np.sqrt(variance) * scale, np.nan)


def unsmooth(changes: FloatArray) -> Unsmoothed:
    """Undo the smoothing of assessed prices, where there is any.

    Args:
        changes: (T, n) changes of the log price of a period, NaN missing. A constant series, or one
            of fewer than `MINIMUM_PAIRS` neighbouring changes, comes back as it is.
    """
    n = changes.shape[1]
    first, ar = first_autocorrelation(changes), geltner(changes)
    method = np.full(n, AS_IS, dtype=object)
    weights = np.tile([1.0, 0.0, 0.0], (n, 1))
    factor, factor_error = np.ones(n), np.zeros(n)
    result = changes.copy()
    smooth = np.flatnonzero(ar.positive)
    fits = [getmansky(changes[:, smooth], order) for order in ORDERS] if len(smooth) else []
    choice = _choice(changes[:, smooth], ar.loglik[smooth], fits) if len(smooth) else smooth
    own = smooth[choice == 0]
    f, printed = ar.coefficient[own], changes[:, own]
    method[own], factor[own], factor_error[own] = GELTNER, ar.factor[own], ar.error[own] / (1.0 - f**2)
    result[:, own] = _shocks(_ar_innovations(_centred(printed)[0], f), printed, ar.factor[own])
    for place, (order, found) in enumerate(zip(ORDERS, fits, strict=False), start=1):
        chosen = choice == place
        own = smooth[chosen]
        theta, printed = found.weights[chosen], changes[:, own]
        method[own], factor[own], factor_error[own] = GETMANSKY, found.factor[chosen], found.factor_error[chosen]
        weights[own, : order + 1] = theta
        result[:, own] = _shocks(innovations(_centred(printed)[0], found.coefficients[chosen]), printed, 1.0 / theta[:, 0])
    return Unsmoothed(
        method=tuple(method),
        coefficient=first.coefficient,
        error=first.error,
        weights=weights,
        factor=factor,
        factor_error=factor_error,
        changes=result,
    )
