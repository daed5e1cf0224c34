"""Joint latent prices of the noisy series: what moves together once the noise is taken off.

Noise attenuates correlations as it inflates variances, so both are corrected. With m the latent log prices and f the
changes of exactly observed factors,

    m_t = m_(t-1) + B f_t + u_t,    u_t ~ N(0, Psi),    y_t = m_t + e_t,

the multivariate local level (Harvey 1989, ch. 8) with regressors. The total variances diag(B F B' + Psi) are held at
those of `toolkit.factors.observation.local_level`; expectation-maximisation (Shumway and Stoffer 1982) finds what they
leave open: B, pooled between the series, and the correlations of u, with an inverse-Wishart prior centred on independence. The
contaminated noise is a variational mixture: each print keeps the expected precision of its component.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from toolkit.factors.forecast import FloatArray
from toolkit.factors.observation.local_level import INFLATION
from toolkit.factors.pooling import pool

ITERATIONS = 20
TOLERANCE = 5e-3
"""On a correlation: far below its standard error at any length we meet."""
PRIOR_PERIODS = 1.0
"""Strength of the prior on the correlations: so many periods a series. Forty months outweigh it, twelve do not."""
EXPLAINED = 0.95
"""Factors explain at most this share of a variance, so that nothing is ever without risk of its own."""
MISSING = 1e8
"""Noise variance (log points squared) that stands for no print at all."""


@dataclass(frozen=True, slots=True)
class LatentIncrements:
    """Smoothed changes of n latent log prices.

    Attributes:
        mean: (T - 1, n).
        uncertainty: (T - 1, n, n) posterior covariance of each period's changes.
        covariance: (n, n) of a period's changes, B F B' + Psi.
        loadings: (n, k) on the factors, per unit of factor.
    """

    mean: FloatArray
    uncertainty: FloatArray
    covariance: FloatArray
    loadings: FloatArray


def capped(loadings: FloatArray, factor_cov: FloatArray, variance: FloatArray) -> FloatArray:
    """Loadings (n, k), rows scaled down where they explain more than `EXPLAINED` of a variance (n,)."""
    explained = np.einsum("ik,kl,il->i", loadings, factor_cov, loadings)
    limit = EXPLAINED * variance
    ratio = np.divide(limit, explained, out=np.ones_like(limit), where=explained > limit)
    return loadings * np.sqrt(ratio)[:, None]


def _smooth(
    y: FloatArray, drift: FloatArray, state: FloatArray, noise: FloatArray
) -> tuple[FloatArray, FloatArray, FloatArray, FloatArray]:
    """Kalman filter and Rauch-Tung-Striebel smoother.

    Args:
        y: (T, n) log prices, finite everywhere (missing prints carry `MISSING` as noise).
        drift: (T - 1, n) expected change.
        state: (T - 1, n, n) covariance of a change.
        noise: (T, n) variance of a print.

    Returns:
        Smoothed changes (T - 1, n), their covariances (T - 1, n, n), smoothed levels (T, n), their variances (T, n).
    """
    T, n = y.shape
    filtered, P = np.empty((T, n)), np.empty((T, n, n))
    predicted, ahead = np.empty((T, n)), np.empty((T, n, n))
    predicted[0], ahead[0] = y[0], np.eye(n) * 10.0
    for t in range(T):
        if t:
            predicted[t], ahead[t] = filtered[t - 1] + drift[t - 1], P[t - 1] + state[t - 1]
        gain = np.linalg.solve(ahead[t] + np.diag(noise[t]), ahead[t]).T
        filtered[t] = predicted[t] + gain @ (y[t] - predicted[t])
        P[t] = ahead[t] - gain @ ahead[t]
        P[t] = 0.5 * (P[t] + P[t].T)
    level, V = filtered[-1], P[-1]
    changes, spread = np.empty((T - 1, n)), np.empty((T - 1, n, n))
    levels, variances = np.empty((T, n)), np.empty((T, n))
    levels[-1], variances[-1] = level, np.diag(V)
    for t in range(T - 2, -1, -1):
        J = np.linalg.solve(ahead[t + 1], P[t]).T
        before = filtered[t] + J @ (level - predicted[t + 1])
        earlier = P[t] + J @ (V - ahead[t + 1]) @ J.T
        lagged = V @ J.T  # Cov(m_(t+1), m_t | all)
        changes[t] = level - before
        spread[t] = V + earlier - lagged - lagged.T
        level, V = before, 0.5 * (earlier + earlier.T)
        levels[t], variances[t] = level, np.diag(V)
    return changes, spread, levels, variances


def _effective_noise(narrow: FloatArray, contamination: FloatArray, square: FloatArray) -> FloatArray:
    """Noise variance (T, n) with the expected precision of the mixture.

    Args:
        narrow: (T, n) variance of the narrow component.
        contamination: (n,) share of the wide one.
        square: (T, n) expected squared distance of the print from the smoothed level.
    """
    odds = np.log(contamination / (1 - contamination)) - 0.5 * np.log(INFLATION)
    odds = odds + 0.5 * square / narrow * (1 - 1 / INFLATION)
    wide = 1.0 / (1.0 + np.exp(-np.clip(odds, -500, 500)))
    return narrow / (1.0 - wide + wide / INFLATION)


def latent_increments(
    log_price: FloatArray, noise_variance: FloatArray, contamination: FloatArray, variance: FloatArray, factors: FloatArray
) -> LatentIncrements:
    """Smooth n noisy series jointly.

    Args:
        log_price: (T, n), NaN missing.
        noise_variance: (T, n) of the narrow component of each print, NaN where there is none.
        contamination: (n,) share of prints from the wide component.
        variance: (n,) of the latent change of a period; held fixed.
        factors: (T - 1, k) changes of the factors; a row with a NaN is a period of which only the variances are known.
    """
    T, n = log_price.shape
    seen = np.isfinite(log_price)
    first = log_price[seen.argmax(axis=0), np.arange(n)]
    y = np.where(seen, log_price, first)
    narrow = np.where(seen, noise_variance, 1.0)
    noise = np.where(seen, narrow, MISSING)
    known = np.asarray(np.isfinite(factors).all(axis=1))
    x = np.where(known[:, None], factors, 0.0)
    k = x.shape[1]
    moment = x.T @ x
    F = moment / max(int(known.sum()), 1)
    usable = k > 0 and known.sum() > k + 2
    B = np.zeros((n, k))
    Psi = np.diag(variance)
    changes, spread = np.zeros((T - 1, n)), np.zeros((T - 1, n, n))
    for _ in range(ITERATIONS):
        whole = B @ F @ B.T + Psi
        state = np.where(known[:, None, None], Psi, whole)
        changes, spread, levels, variances = _smooth(y, x @ B.T, state, noise)
        noise = np.where(seen, _effective_noise(narrow, contamination, (y - levels) ** 2 + variances), MISSING)
        if usable:
            inverse = np.linalg.inv(moment)
            raw = changes[known].T @ x[known] @ inverse
            rest = changes[known] - x[known] @ raw.T
            residual = (rest**2).sum(axis=0) + np.einsum("tii->i", spread[known])
            error = np.sqrt(np.outer(residual / (known.sum() - k), np.diag(inverse)))
            B = capped(pool(raw, error)[0], F, variance)
        u = changes - x @ B.T
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
    return LatentIncrements(changes, spread, B @ F @ B.T + Psi, B)
