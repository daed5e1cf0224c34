"""Observation model of customs unit values: a latent random walk seen through heavy-tailed noise.

A unit value is the value of all imports of a month over their quantity. Two shipments of other purity or an
entry error move it many times over, while the price of the metal stays. With y the log unit value of month t,

    y_t = m_t + e_t,    m_t = m_(t-1) + h_t,    h_t ~ N(0, s^2),
    e_t ~ (1 - p) N(0, n_t^2) + p N(0, k n_t^2),    n_t^2 = n^2 (median quantity / quantity_t)^a,

the local level model (Harvey 1989, ch. 2) with the contaminated normal of Tukey (1960). The filter collapses the
two-component posterior to its first two moments each month (generalised pseudo-Bayes of order 1: Bar-Shalom, Li and
Kirubarajan 2001, 11.6; Masreliez 1975 for the idea). It runs on a grid of (log s, log n) for all series at once.

Forty months do not identify s of one noisy series: its likelihood can peak at zero. The series share a distribution
log s ~ N(center, spread^2), whose parameters are integrated out, so that each is pulled to the group as far as its own
data leave open (Gelman et al. 2013, ch. 5; half-normal prior on the spread: Gelman 2006).

A month's average understates the volatility of month-end prices by sqrt(2/3) at most (Working 1960). Unit values and the
monthly averages of other sources share this, so that it is stated in the notes and left in all of them alike.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass, fields

import numpy as np
from scipy.special import logsumexp

from toolkit.factors.forecast import FloatArray, read_only

CONTAMINATIONS = (1e-4, 0.05)
"""p: next to none, or one print in twenty from the wide component; chosen for each series by integrated likelihood."""
INFLATION = 25.0
"""k: the wide component has five times the standard deviation; small quantities widen it further."""
EXPONENTS = (0.0, 0.25, 0.5, 0.75, 1.0)
"""a: 1 if shipments were independent draws, 0 if quantity said nothing; chosen for each series by integrated likelihood."""
LATENT_RANGE = (0.03, 2.0)
"""Annual volatility of the latent price: range of the flat prior of the group's center on the log scale."""
NOISE_RANGE = (0.003, 3.0)
"""Standard deviation of the noise of one print of median quantity: range of its flat prior on the log scale."""
SPREADS = np.array([0.05, 0.1, 0.15, 0.2, 0.3, 0.4, 0.55, 0.7, 0.9])
SPREAD_SCALE = 0.5
"""Half-normal prior of the spread of log volatility between metals: a factor of 1.6 either way is ordinary."""
GRID = (20, 14)


@dataclass(frozen=True, slots=True)
class LocalLevels:
    """Posterior of n local level models over T months.

    Attributes:
        volatility: (n,) annual latent volatility, exp of the posterior mean of log s.
        volatility_error: (n,) posterior standard deviation of log s.
        noise: (n,) standard deviation of the noise at median quantity (log points).
        noise_variance: (T, n) variance of the narrow component of every print, NaN where there is none.
        level: (n,) log price believed after the last month, given nothing later (one-sided).
        level_error: (n,) its standard error (log points), the uncertainty of s and n included.
        exponent, contamination: (n,) a and p chosen for each series.
        center, spread: Posterior means of the group's distribution of log annual volatility.
    """

    volatility: FloatArray
    volatility_error: FloatArray
    noise: FloatArray
    noise_variance: FloatArray
    level: FloatArray
    level_error: FloatArray
    exponent: FloatArray
    contamination: FloatArray
    center: float
    spread: float

    def __post_init__(self) -> None:
        for item in fields(self):
            value = getattr(self, item.name)
            if isinstance(value, np.ndarray):
                object.__setattr__(self, item.name, read_only(value))


def relative_noise(quantity: FloatArray, exponent: float) -> FloatArray:
    """Noise variance (T, n) of every print against one of the median quantity of its series.

    A print without a quantity counts as one of median quantity.
    """
    known = np.where(quantity > 0, quantity, np.nan)
    has = np.isfinite(known).any(axis=0)
    median = np.ones(known.shape[1])
    median[has] = np.nanmedian(known[:, has], axis=0)
    ratio = median / known
    return np.where(np.isfinite(ratio), ratio, 1.0) ** exponent


def _filter(
    y: FloatArray, relative: FloatArray, contamination: FloatArray, s: FloatArray, n: FloatArray
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Log likelihood, last level and its variance on the grid.

    Args:
        y: (T, m) log prices, NaN missing.
        relative: (T, m) relative noise variance.
        contamination: (m,) share of the wide component.
        s: (m, S) candidate standard deviations of one period's latent change.
        n: (m, N) candidate standard deviations of the noise at median quantity.

    Returns:
        Three (m, S, N) arrays. The first print starts the level and adds nothing to the likelihood (diffuse start).
    """
    state, noise = s[:, :, None] ** 2, n[:, None, :] ** 2
    shape = (y.shape[1], s.shape[1], n.shape[1])
    level, variance, loglik = np.zeros(shape), np.zeros(shape), np.zeros(shape)
    started = np.zeros(shape[0], dtype=bool)
    p = contamination[:, None, None]
    start = noise * (1.0 + p * (INFLATION - 1.0))
    odds = np.log(p), np.log1p(-p)
    for t in range(y.shape[0]):
        variance[started] += np.broadcast_to(state, shape)[started]
        seen = np.isfinite(y[t])
        first, again = seen & ~started, seen & started
        level[first] = y[t, first, None, None]
        variance[first] = np.broadcast_to(start * relative[t, :, None, None], shape)[first]
        started |= first
        if not again.any():
            continue
        P = variance[again]
        v = y[t, again, None, None] - level[again]
        r = noise[again] * relative[t, again, None, None]
        narrow, wide = P + r, P + INFLATION * r
        log_narrow = odds[1][again] - 0.5 * (np.log(narrow) + v * v / narrow)
        log_wide = odds[0][again] - 0.5 * (np.log(wide) + v * v / wide)
        total = np.logaddexp(log_narrow, log_wide)
        loglik[again] += total - 0.5 * np.log(2.0 * np.pi)
        g = np.exp(log_wide - total)
        gain_narrow, gain_wide = P / narrow, P / wide
        gain = gain_narrow + g * (gain_wide - gain_narrow)
        level[again] += gain * v
        # Collapse: mean of the two variances plus the variance between the two means.
        variance[again] = P * (1.0 - gain) + g * (1.0 - g) * ((gain_wide - gain_narrow) * v) ** 2
    return loglik, level, variance


def _pool(likelihood: FloatArray, log_s: FloatArray) -> tuple[FloatArray, float, float]:
    """Posterior of log s given all series, the group's parameters integrated out.

    Args:
        likelihood: (m, S) likelihood of log s, noise integrated out, each row up to a constant.
        log_s: (m, S) nodes, evenly spaced in each row.

    Returns:
        Posterior weights (m, S), and the posterior means of center and spread.
    """
    centers = np.linspace(np.log(LATENT_RANGE[0]), np.log(LATENT_RANGE[1]), 32)
    step = log_s[:, 1] - log_s[:, 0]
    # The spread narrower than the nodes of a row would fall between them: integrate the density, floor its width.
    width = np.maximum(SPREADS[None, :], 0.5 * step[:, None])[:, None, :, None]
    z = (log_s[:, None, None, :] - centers[None, :, None, None]) / width
    density = np.exp(-0.5 * z * z) / width
    joint = density * likelihood[:, None, None, :]
    marginal = joint.sum(axis=-1) * step[:, None, None] / np.sqrt(2.0 * np.pi)
    log_hyper = np.log(np.maximum(marginal, 1e-300)).sum(axis=0) - 0.5 * (SPREADS / SPREAD_SCALE) ** 2
    # The nodes of the spread are uneven: each stands for the interval around it.
    log_hyper = log_hyper + np.log(np.gradient(SPREADS))
    hyper = np.exp(log_hyper - logsumexp(log_hyper))
    posterior = np.einsum("ct,mcts->ms", hyper, joint / np.maximum(joint.sum(axis=-1, keepdims=True), 1e-300))
    posterior /= posterior.sum(axis=1, keepdims=True)
    return posterior, float(hyper.sum(axis=1) @ centers), float(hyper.sum(axis=0) @ SPREADS)


def _integrate_noise(loglik: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Likelihood of log s (m, S) with the noise integrated out, up to a constant, and weights (m, S, N) given s."""
    peak = loglik.max(axis=(1, 2), keepdims=True)
    cell = np.exp(loglik - peak)
    likelihood = cell.mean(axis=2)
    return likelihood, cell / np.maximum(cell.sum(axis=2, keepdims=True), 1e-300)


def _moments(weights: FloatArray, nodes: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Mean and standard deviation (m,) of nodes (m, K) under weights (m, K)."""
    mean = (weights * nodes).sum(axis=1)
    return mean, np.sqrt(np.maximum((weights * (nodes - mean[:, None]) ** 2).sum(axis=1), 0.0))


def _refine(weights: FloatArray, nodes: FloatArray, size: int) -> FloatArray:
    """Evenly spaced nodes (m, size) that cover where the weights (m, K) lie, inside the range of the old nodes."""
    step = nodes[:, 1] - nodes[:, 0]
    mean, deviation = _moments(weights, nodes)
    reach = np.maximum(4.0 * deviation, step)
    low = np.maximum(mean - reach, nodes[:, 0])
    return np.linspace(low, np.minimum(mean + reach, nodes[:, -1]), size, axis=1)


def local_levels(log_price: FloatArray, quantity: FloatArray, periods_per_year: float) -> LocalLevels:
    """Fit the model of this module to m series at once.

    Args:
        log_price: (T, m), NaN missing; every series has at least two prices.
        quantity: (T, m) kg behind each price; NaN where unknown.
        periods_per_year: Of the rows.

    Returns:
        Posterior means and errors; nothing is NaN, and no volatility is below `LATENT_RANGE`.
    """
    m = log_price.shape[1]
    root = np.sqrt(periods_per_year)
    log_s = np.tile(np.linspace(np.log(LATENT_RANGE[0]), np.log(LATENT_RANGE[1]), GRID[0]), (m, 1))
    log_n = np.tile(np.linspace(np.log(NOISE_RANGE[0]), np.log(NOISE_RANGE[1]), GRID[1]), (m, 1))
    # How much a larger quantity helps differs by metal (bulk graphite, single bars of germanium), and so does the
    # frequency of outliers: each series chooses both.
    noises = tuple(itertools.product(EXPONENTS if np.isfinite(quantity).any() else EXPONENTS[:1], CONTAMINATIONS))
    relative = {exponent: relative_noise(quantity, exponent) for exponent, _ in noises}
    s, n = np.exp(log_s) / root, np.exp(log_n)
    logliks = np.stack([_filter(log_price, relative[a], np.full(m, p), s, n)[0] for a, p in noises])
    chosen = np.asarray(logsumexp(logliks, axis=(2, 3))).argmax(axis=0)
    loglik = logliks[chosen, np.arange(m)]
    exponent, contamination = np.array(noises)[chosen].T
    ratio = np.stack([relative[a][:, i] for i, a in enumerate(exponent)], axis=1)
    # A second, narrower grid: two thousand daily prices know the noise better than the nodes of the first one.
    likelihood, given = _integrate_noise(loglik)
    flat = likelihood / likelihood.sum(axis=1, keepdims=True)
    log_s, log_n = _refine(flat, log_s, GRID[0]), _refine(np.einsum("ms,msn->mn", flat, given), log_n, GRID[1])
    loglik, level, variance = _filter(log_price, ratio, contamination, np.exp(log_s) / root, np.exp(log_n))
    likelihood, given = _integrate_noise(loglik)
    posterior, center, spread = _pool(likelihood, log_s)
    cells = posterior[:, :, None] * given
    believed = (cells * level).sum(axis=(1, 2))
    between = (cells * (level - believed[:, None, None]) ** 2).sum(axis=(1, 2))
    mean, error = _moments(posterior, log_s)
    noise = np.exp((cells.sum(axis=1) * log_n).sum(axis=1))
    return LocalLevels(
        volatility=np.exp(mean),
        volatility_error=error,
        noise=noise,
        noise_variance=np.where(np.isfinite(log_price), noise**2 * ratio, np.nan),
        level=believed,
        level_error=np.sqrt((cells * variance).sum(axis=(1, 2)) + between),
        exponent=exponent,
        contamination=contamination,
        center=center,
        spread=spread,
    )
