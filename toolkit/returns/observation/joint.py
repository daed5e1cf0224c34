"""Joint latent prices of the noisy series: their correlations corrected for noise.

Noise attenuates correlations as it inflates variances, so both are corrected. With m the latent log prices and f the
changes of exactly observed factors,

    m_t = m_(t-1) + a + B f_t + u_t,    u_t ~ N(0, Psi),    y_t = m_t + e_t,

the multivariate local level (Harvey 1989, ch. 8) with drift and regressors. The total variances diag(B F B' + Psi) are held at
those of `toolkit.returns.observation.local_level`; expectation-maximisation (Shumway and Stoffer 1982) finds what they
leave open: a, B, pooled between the series, and the correlations of u, with an inverse-Wishart prior centred on
independence. The
contaminated noise is a variational mixture: each print keeps the expected precision of its component.

The levels are random walks here even where the changes of the single series persist: what is asked is what moves together
within a period, so that the variances to hold are those of one period's changes (`LocalLevels.change_volatility`). Who needs
the risk of a year scales the smoothed changes to `LocalLevels.volatility` afterwards, which leaves correlations alone.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from toolkit.core.forecast import FloatArray
from toolkit.returns.observation.mixture import effective_noise
from toolkit.returns.pooling import pool

ITERATIONS = 20
TOLERANCE = 5e-3
"""Largest change of a correlation in the last round: far below its standard error at any length we meet."""
PRIOR_PERIODS = 1.0
"""Strength of the prior on the correlations: so many periods a series. Forty months outweigh it, twelve do not."""
MOST_EXPLAINED = 0.95
"""Factors explain at most this share of a variance, so that every asset has a specific risk."""
MISSING = 1e8
"""Noise variance (log points squared) of a missing print."""
START_VARIANCE = 10.0
"""Variance (log points squared) of the level before the first print: a diffuse prior."""


@dataclass(frozen=True, slots=True)
class LatentIncrements:
    """Smoothed changes of n latent log prices.

    Attributes:
        mean: (T - 1, n); what factors explain of them is that of period-end prices where `factor_scale` says so.
        uncertainty: (T - 1, n, n) posterior covariance of each period's changes.
        covariance: (n, n) of a period's changes, B F B' + Psi.
        loadings: (n, k) on the factors, per unit of factor.
        levels: (T, n) smoothed log prices. For charts only: each knows the prints that came after it, and a decision that used
            one would look ahead (`toolkit.returns.observation.local_level.LocalLevels.level` does not).
    """

    mean: FloatArray
    uncertainty: FloatArray
    covariance: FloatArray
    loadings: FloatArray
    levels: FloatArray


def capped(loadings: FloatArray, factor_cov: FloatArray, variance: FloatArray) -> FloatArray:
    """Factor loadings, scaled down in rows that explain more than `MOST_EXPLAINED` of a variance.

    Args:
        loadings: (n, k).
        factor_cov: (k, k).
        variance: (n,) total variance, in the unit of `factor_cov`.
    """
    explained = np.einsum("ik,kl,il->i", loadings, factor_cov, loadings)
    limit = MOST_EXPLAINED * variance
    ratio = np.divide(limit, explained, out=np.ones_like(limit), where=explained > limit)
    return loadings * np.sqrt(ratio)[:, None]


def _marginals(D: FloatArray, U: FloatArray, h: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Means and neighbouring covariances of a Gaussian chain, by odd-even reduction (Golub and Van Loan 2013, 4.5.4).

    Every second node is eliminated, the rest solved in the same way, and the eliminated ones are filled in given their
    two neighbours. All nodes of a round are independent, so that a chain of T takes 2 log2(T) batched steps in place of
    2 T small ones; the answer is that of the Kalman filter and the Rauch-Tung-Striebel smoother.

    Args:
        D: (T, n, n) blocks on the diagonal of the precision.
        U: (T - 1, n, n) blocks above it.
        h: (T, n) precision times mean.

    Returns:
        Means (T, n), covariances (T, n, n), and those of each node with the next (T - 1, n, n).
    """
    T, n = h.shape
    if T == 1:
        V = np.asarray(np.linalg.inv(D), dtype=np.float64)
        return np.einsum("tij,tj->ti", V, h), V, U
    # Of an even number the last node is eliminated with no neighbour on its right: a block of zeros stands for one.
    inner, lone = (T - 1) // 2, 1 - T % 2
    left, right = U[0::2], np.concatenate([U[1::2], np.zeros((lone, n, n))])
    W = np.linalg.inv(D[1::2])
    to_left, to_right = W @ left.transpose(0, 2, 1), W @ right
    own = np.einsum("tij,tj->ti", W, h[1::2])
    kept, pull = D[0::2].copy(), h[0::2].copy()
    kept[: T // 2] -= left @ to_left
    kept[1:] -= (right.transpose(0, 2, 1) @ to_right)[:inner]
    pull[: T // 2] -= np.einsum("tij,tj->ti", left, own)
    pull[1:] -= np.einsum("tji,tj->ti", right, own)[:inner]
    kept_mean, kept_cov, across = _marginals(kept, -(left @ to_right)[:inner], pull)
    around = np.concatenate([kept_mean, np.zeros((lone, n))])
    outer = np.concatenate([kept_cov, np.zeros((lone, n, n))])
    across = np.concatenate([across, np.zeros((lone, n, n))])
    with_left = -outer[:-1] @ to_left.transpose(0, 2, 1) - across @ to_right.transpose(0, 2, 1)
    with_right = -to_left @ across - to_right @ outer[1:]
    mean, V, lagged = np.empty_like(h), np.empty_like(D), np.empty_like(U)
    mean[0::2], V[0::2] = kept_mean, kept_cov
    mean[1::2] = own - np.einsum("tij,tj->ti", to_left, around[:-1]) - np.einsum("tij,tj->ti", to_right, around[1:])
    V[1::2] = W - to_left @ with_left - to_right @ with_right.transpose(0, 2, 1)
    lagged[0::2], lagged[1::2] = with_left, with_right[:inner]
    return mean, V, lagged


def smooth(
    y: FloatArray, drift: FloatArray, state: FloatArray, noise: FloatArray
) -> tuple[FloatArray, FloatArray, FloatArray, FloatArray]:
    """Smooth latent levels given all prints.

    Args:
        y: (T, n) log prices, finite everywhere (missing prints carry `MISSING` as noise).
        drift: (T - 1, n) expected change.
        state: (T - 1, n, n) covariance of a change.
        noise: (T, n) variance of a print.

    Returns:
        Smoothed changes (T - 1, n), their covariances (T - 1, n, n), smoothed levels (T, n), their variances (T, n).
    """
    n = y.shape[1]
    origin = y[0]
    inverse = np.asarray(np.linalg.inv(state), dtype=np.float64)
    D = np.einsum("ti,ij->tij", 1.0 / noise, np.eye(n))
    D[0] += np.eye(n) / START_VARIANCE
    D[:-1] += inverse
    D[1:] += inverse
    push = np.einsum("tij,tj->ti", inverse, drift)
    h = (y - origin) / noise
    h[:-1] -= push
    h[1:] += push
    levels, V, lagged = _marginals(D, -inverse, h)
    spread = V[1:] + V[:-1] - lagged - lagged.transpose(0, 2, 1)
    # Rounding leaves it a little asymmetric, and expectation-maximisation would amplify that sixfold every round.
    spread = 0.5 * (spread + spread.transpose(0, 2, 1))
    return np.diff(levels, axis=0), spread, levels + origin, np.einsum("tii->ti", V)


def latent_increments(
    log_price: FloatArray,
    noise_variance: FloatArray,
    contamination: FloatArray,
    variance: FloatArray,
    factors: FloatArray,
    factor_scale: float = 1.0,
) -> LatentIncrements:
    """Smooth n noisy series jointly.

    Args:
        log_price: (T, n), NaN missing.
        noise_variance: (T, n) of the narrow component of each print, NaN where there is none.
        contamination: (n,) share of prints from the wide component.
        variance: (n,) of the latent change of one period; held fixed.
        factors: (T - 1, k) changes of the factors; a row with a NaN is a period of which only the variances are known.
        factor_scale: Volatility of the factors' prices against that of the printed changes: for factors averaged over the
            same periods as the noisy prints, `toolkit.returns.observation.averaging.VOLATILITY_FACTOR`. Loadings are
            right on the averages, between which nothing is out of step; what they explain has to be the factor's
            whole variance, or correlations of the noisy series are a third too low.
    """
    T, n = log_price.shape
    seen = np.isfinite(log_price)
    first = log_price[seen.argmax(axis=0), np.arange(n)]
    y = np.where(seen, log_price, first)
    narrow = np.where(seen, noise_variance, 1.0)
    noise = np.where(seen, narrow, MISSING)
    known = np.asarray(np.isfinite(factors).all(axis=1))
    # About their means, beside a drift of each series: two prices that rise all the while have that alone in common.
    centre = factors[known].mean(axis=0) if known.any() else np.zeros(factors.shape[1])
    x = np.where(known[:, None], factors - centre, 0.0)
    k = x.shape[1]
    moment = x.T @ x
    F = factor_scale**2 * moment / max(int(known.sum()), 1)
    usable = k > 0 and known.sum() > k + 3
    B, drift = np.zeros((n, k)), np.zeros(n)
    Psi = np.diag(variance)
    changes, spread, levels = np.zeros((T - 1, n)), np.zeros((T - 1, n, n)), y
    for _ in range(ITERATIONS):
        whole = B @ F @ B.T + Psi
        state = np.where(known[:, None, None], Psi, whole)
        changes, spread, levels, variances = smooth(y, drift + x @ B.T, state, noise)
        noise = np.where(seen, effective_noise(narrow, contamination, (y - levels) ** 2 + variances), MISSING)
        if usable:
            inverse = np.linalg.inv(moment)
            own = changes[known] - changes[known].mean(axis=0)
            raw = own.T @ x[known] @ inverse
            residual = ((own - x[known] @ raw.T) ** 2).sum(axis=0) + np.einsum("tii->i", spread[known])
            error = np.sqrt(np.outer(residual / (known.sum() - k - 1), np.diag(inverse)))
            B = capped(pool(raw, error)[0], F, variance)
        drift = (changes - x @ B.T).mean(axis=0)
        u = changes - drift - x @ B.T
        scatter = u.T @ u + spread.sum(axis=0)
        scale = np.sqrt(np.diag(scatter))
        weight = (T - 1) / (T - 1 + PRIOR_PERIODS * n)
        correlation = weight * scatter / np.outer(scale, scale)
        np.fill_diagonal(correlation, 1.0)
        own = np.sqrt(variance - np.einsum("ik,kl,il->i", B, F, B))
        Psi = correlation * np.outer(own, own)
        settled = np.abs(B @ F @ B.T + Psi - whole).max() / variance.max() < TOLERANCE
        if settled:
            break
    explained = (factor_scale - 1.0) * x @ B.T
    return LatentIncrements(changes + explained, spread, B @ F @ B.T + Psi, B, levels)
