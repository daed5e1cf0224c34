"""Joint latent prices of the noisy series: their correlations corrected for noise.

Noise attenuates correlations as it inflates variances, so both are corrected. With m the latent log prices and f the
changes of exactly observed factors,

    m_t = m_(t-1) + a + B f_t + u_t,    u_t ~ N(0, Psi),    y_t = m_t + e_t,

the multivariate local level (Harvey 1989, ch. 8) with drift and regressors. The total variances diag(B F B' + Psi) are held at
those of `toolkit.returns.observation.local_level`; expectation-maximisation (Shumway and Stoffer 1982) finds what they
leave open: a, B, pooled between the series, and the correlations. Their prior is inverse-Wishart, centred on the mean
correlation of decades of yearly prices and worth `CorrelationPrior.periods` (`toolkit.returns.volatility_prior`); that of
loadings is as strong, centred on the correlations with factors of the same decades. Forty-three changes that are seen through
noise are worth two to twenty-five to a pair (`information`), and what maximises their likelihood alone swings from quarter to
quarter by more than pairs differ. The contaminated noise is a variational mixture: each print keeps the expected precision of
its component.

The levels are random walks here even where the changes of the single series persist: what is asked is what moves together
within a period, so that the variances to hold are those of one period's changes (`LocalLevels.change_volatility`). Who needs
the risk of a year scales the smoothed changes to `LocalLevels.volatility` afterwards, which leaves correlations alone.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from toolkit.core.forecast import FloatArray
from toolkit.returns.observation.mixture import effective_noise
from toolkit.returns.pooling import pool

ITERATIONS = 20
TOLERANCE = 5e-3
"""Largest change of a correlation in the last round: far below its standard error at any length we meet."""
PRIOR_PERIODS = 1.0
"""Strength of the prior on independence where decades give none: so many periods a series."""
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
        information: (n + 1, n + 1) changes without noise that those of a pair are worth (see `information`).
        levels: (T, n) smoothed log prices. For charts only: each knows the prints that came after it, and a decision that used
            one would look ahead (`toolkit.returns.observation.local_level.LocalLevels.level` does not).
    """

    mean: FloatArray
    uncertainty: FloatArray
    covariance: FloatArray
    loadings: FloatArray
    information: FloatArray
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


def expected_loadings(correlation: FloatArray, factor_cov: FloatArray, variance: FloatArray) -> FloatArray:
    """Loadings (n, k) of assets that correlate with some factors so, and depend on no other given these.

    Args:
        correlation: (k,) with each factor, NaN where none is known.
        factor_cov: (k, k).
        variance: (n,) total variance, in the unit of `factor_cov`.
    """
    size = np.sqrt(np.diag(factor_cov))
    at = np.flatnonzero(np.isfinite(correlation) & (size > 0))
    slope = np.zeros(len(size))
    slope[at] = np.linalg.solve(factor_cov[np.ix_(at, at)], correlation[at] * size[at])
    return np.outer(np.sqrt(variance), slope)


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


def information(seen: NDArray[np.bool_], noise: FloatArray, variance: FloatArray) -> FloatArray:
    """Number of changes without noise that tell a correlation as well as the noisy ones of a pair do, (n + 1, n + 1).

    The Fisher information of the correlation of two independent walks, tr(K_i K_j) / (s_i s_j)^2 with K the covariance of
    the expected changes given the prints of one series; T - 1 for two exact ones. The last row and column are of a noisy
    series with an exact one.

    Args:
        seen: (T, n) which prints there are.
        noise: (T, n) variance of a print, any value where there is none.
        variance: (n,) of the change of one period.
    """
    T, n = seen.shape
    walk = np.tril(np.ones((T, T - 1)), -1)
    known = [np.eye(T - 1)]
    for at, error, size in zip(seen.T, noise.T, variance.tolist(), strict=True):
        # The level before the first print is not known: changes are seen as differences from that print.
        path = (walk[at] - walk[at][0])[1:]
        whole = size * path @ path.T + np.diag(error[at][1:]) + error[at][0]
        known.insert(-1, size * path.T @ np.linalg.solve(whole, path))
    flat = np.array(known).reshape(n + 1, -1)
    return flat @ flat.T


def latent_increments(
    log_price: FloatArray,
    noise_variance: FloatArray,
    contamination: FloatArray,
    variance: FloatArray,
    factors: FloatArray,
    factor_scale: float = 1.0,
    prior_mean: float = 0.0,
    prior_periods: float = 0.0,
    with_factors: FloatArray | None = None,
) -> LatentIncrements:
    """Smooth n noisy series jointly.

    Args:
        log_price: (T, n), NaN missing.
        noise_variance: (T, n) of the narrow component of each print, NaN where there is none.
        contamination: (n,) share of prints from the wide component.
        variance: (n,) of the latent change of one period; held fixed.
        factors: (T - 1, k) changes of the factors; a row with a NaN is a period of which only the variances are known.
        factor_scale: Volatility of the factors' prices against that of the printed changes: for factors averaged over the
            same periods as the noisy prints, `toolkit.returns.observation.smoothing.VOLATILITY_FACTOR`. Loadings are
            right on the averages, between which nothing is out of step; what they explain has to be the factor's
            whole variance, or correlations of the noisy series are a third too low.
        prior_mean: Prior mean of the correlation of two series.
        prior_periods: Number of periods without noise that the prior is worth, in correlations and in loadings; 0 for none
            of either but `PRIOR_PERIODS` on independence.
        with_factors: (k,) prior mean of the correlation with each factor, NaN for one of which nothing is known.
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
    expected = expected_loadings(np.full(k, np.nan) if with_factors is None else with_factors, F, variance)
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
            own_share = known.sum() / (known.sum() + prior_periods)
            raw = own_share * raw + (1.0 - own_share) * expected
            B = capped(pool(raw, error)[0], F, variance)
        drift = (changes - x @ B.T).mean(axis=0)
        u = changes - drift - x @ B.T
        scatter = u.T @ u + spread.sum(axis=0)
        scale = np.sqrt(np.diag(scatter))
        systematic = B @ F @ B.T
        own = np.sqrt(variance - np.diag(systematic))
        weight = (T - 1) / (T - 1 + (prior_periods or PRIOR_PERIODS * n))
        correlation = weight * scatter / np.outer(scale, scale)
        if prior_periods:
            left = prior_mean * np.sqrt(np.outer(variance, variance)) - systematic
            correlation += (1.0 - weight) * left / np.outer(own, own)
        np.fill_diagonal(correlation, 1.0)
        Psi = correlation * np.outer(own, own)
        settled = np.abs(B @ F @ B.T + Psi - whole).max() / variance.max() < TOLERANCE
        if settled:
            break
    explained = (factor_scale - 1.0) * x @ B.T
    worth = information(seen, noise, variance)
    return LatentIncrements(changes + explained, spread, B @ F @ B.T + Psi, B, worth, levels)
