"""Observation model of customs unit values: a latent price seen through heavy-tailed noise.

A unit value is the value of all imports of a month over their quantity. Two shipments of other purity or an
entry error move it many times over, while the price of the metal stays. With y the log unit value of month t,

    y_t = m_t + e_t,    m_t = m_(t-1) + v_t,    v_t = phi v_(t-1) + h_t,    n_t^2 = n^2 (median quantity / quantity_t)^a,

a local level (Harvey 1989, ch. 2) whose changes persist: prices of a metal under export control trend for months, and a
random walk that fits its monthly changes understates those of a year. e_t is from the mixture of
`toolkit.returns.observation.mixture`, whose narrow component has variance n_t^2 and whose wide one a share p. The likelihood is
computed on grids of (log s, log n), with s the standard deviation of the latent change of a year
(`toolkit.returns.observation.group`), for pairs (a, p) and values of phi, and all are averaged with the weight of their
integrated likelihood (Hoeting et al. 1999): forty months do not identify them, and an interval given one of them
is too narrow. `weighable` finds which of them are worth it.

Forty months do not identify s of one noisy series either: its likelihood can peak at zero. Each is pooled with its
group (partial pooling), and phi is common to the group (`toolkit.returns.observation.group`). Series are taken as
independent given it, so that one common trend counts as evidence once for each.

A unit value is also an average over its month, and needs no correction for it (Working 1960,
`toolkit.returns.observation.smoothing`): averaging of a random walk with changes of variance c^2 adds c^2/6 to the first
autocovariance of the changes, the noise takes n^2 away, and the model reads c^2 as variance plus twice that,
2c^2/3 + 2n^2 + 2(c^2/6 - n^2) = c^2, as long as n^2 > c^2/6. The n that it reports is then the square root of n^2 - c^2/6.
Below that the rest passes for persistence, 0.3 of it without any noise, and the volatility of a year is right again.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass, fields, replace

import numpy as np

from toolkit.core.forecast import FloatArray, read_only_arrays
from toolkit.returns.observation.candidates import (
    COARSE,
    EXPONENTS,
    NOISE_RANGE,
    REACH,
    Candidates,
    GridPosterior,
    around,
    cover,
    likeliest,
    look,
    moments,
    shares,
    sums,
)
from toolkit.returns.observation.group import (
    LATENT_RANGE,
    NODES,
    STRONGEST,
    horizon_variance,
    pool_volatility,
    posterior_weights,
)
from toolkit.returns.observation.mixture import relative_noise

CONTAMINATIONS = (1e-4, 0.05, 0.15)
"""p: none, one print in twenty or one in seven; averaged over by integrated likelihood."""
GRID = (16, 7)
"""Nodes of (log s, log n) of the last pass."""
CLOSER = 4
"""Passes of a search, each with nodes 2 to 3 times closer: thousands of daily prices determine log s and log n to some per
cent."""
PHI_REACH = 3.0
"""Posterior standard deviations that the nodes of phi cover on either side, within 0 and `STRONGEST`."""
SHIFT = 0.5
"""How much further log n may lie under another pair: whether a tail is noise or contamination moves it."""
NEGLIGIBLE = 0.01
"""A pair (a, p) of less weight than this is left out of the last pass."""
NARROWER = 0.7
"""New nodes of phi that cover less than this part of the old ones get another pass."""
NEGLIGIBLE_WEIGHT = 1e-30
"""Weight below which a pair is left out of a pass on coarse nodes; its cube is that of the first pass."""


def _closely(candidates: Candidates) -> GridPosterior:
    """The posterior of each candidate on resolved nodes; those far from the best of their series stay on coarse ones."""
    seen = look(candidates)
    for remaining in reversed(range(CLOSER - 1)):
        share = shares(candidates.series, seen.evidence)
        again = ~seen.resolved() & (share >= (NEGLIGIBLE_WEIGHT if remaining < CLOSER - 2 else NEGLIGIBLE_WEIGHT**3))
        if not again.any():
            break
        columns = np.flatnonzero(again)
        seen = seen.updated(columns, look(around(candidates.at(columns), seen.at(columns))))
    return seen


def _first(prices: FloatArray, quantity: FloatArray, periods: float) -> Candidates:
    """The middle pair of every series at the middle persistence, on the widest grid."""
    m = prices.shape[1]
    known = bool(np.isfinite(quantity).any())
    return Candidates(
        prices=prices,
        scatter=np.stack([relative_noise(quantity, a) for a in EXPONENTS]),
        periods=periods,
        series=np.arange(m),
        exponent=np.full(m, EXPONENTS[len(EXPONENTS) // 2] if known else EXPONENTS[0]),
        contamination=np.full(m, CONTAMINATIONS[1]),
        phi=np.full(m, 0.5 * STRONGEST),
        log_s=cover(np.zeros(m), np.full(m, np.inf), LATENT_RANGE, COARSE),
        log_n=cover(np.zeros(m), np.full(m, np.inf), NOISE_RANGE, COARSE),
    )


def _pairs(first: Candidates) -> tuple[Candidates, GridPosterior, FloatArray]:
    """Every pair of every series that is not negligible, its posterior, and its weight."""
    exponents = EXPONENTS if first.exponent[0] else EXPONENTS[:1]
    pairs = np.array(list(itertools.product(exponents, CONTAMINATIONS)))
    every = np.repeat(first.series, len(pairs))
    exponent, contamination = np.tile(pairs, (len(first.series), 1)).T
    start = around(first, _closely(first), SHIFT).at(every)
    chosen = replace(start, exponent=exponent, contamination=contamination)
    seen = _closely(chosen)
    share = shares(every, seen.evidence)
    kept = np.flatnonzero(share >= NEGLIGIBLE)
    return chosen.at(kept), seen.at(kept), shares(every[kept], seen.evidence[kept])


def _between(phi: FloatArray, old: FloatArray, seen: GridPosterior) -> GridPosterior:
    """The posterior at the old nodes of phi, interpolated at new ones."""
    found = {}
    for item in fields(seen):
        rows = getattr(seen, item.name).reshape(-1, len(old))
        found[item.name] = np.concatenate([np.interp(phi, old, row) for row in rows])
    return GridPosterior(**found)


@dataclass(frozen=True, slots=True)
class _Search:
    """Both searches from one assumed persistence.

    Attributes:
        assumed: The phi that the pairs were chosen at.
        pairs, found, share: The pairs that are not negligible, their posterior, and their weights.
        phi, weights: (NODES,) that cover the posterior of phi, and their weights.
        trial: Posterior of the likeliest pair of every series at each phi, phi fastest.
    """

    assumed: float
    pairs: Candidates
    found: GridPosterior
    share: FloatArray
    phi: FloatArray
    weights: FloatArray
    trial: GridPosterior

    @property
    def consistent(self) -> bool:
        """Whether the pairs were chosen at a persistence that the data do not exclude."""
        return bool(self.phi[0] <= self.assumed <= self.phi[-1])

    @property
    def score(self) -> float:
        """Log evidence of all series at the best phi."""
        return float(_of_group(self.trial).max())


def _of_group(trial: GridPosterior) -> FloatArray:
    """Log evidence (NODES,) of each phi: the series' sum."""
    return trial.evidence.reshape(-1, NODES).sum(axis=0)


def _narrower(phi: FloatArray, weights: FloatArray) -> FloatArray:
    """Nodes that cover the posterior of phi."""
    mean, error = (float(x[0]) for x in moments(weights[None, :], phi[None, :]))
    reach = max(PHI_REACH * error, phi[1] - phi[0])
    return np.linspace(max(mean - reach, 0.0), min(mean + reach, STRONGEST), NODES)


def _search(first: Candidates) -> _Search:
    """Choose pairs at the persistence of `first`, and the persistence given them."""
    pairs, found, share = _pairs(first)
    best = likeliest(pairs.series, share)
    every = np.repeat(best, NODES)
    phi = np.linspace(0.0, STRONGEST, NODES)
    trial = _closely(around(pairs.at(every), found.at(every), SHIFT).with_phi(phi))
    for _ in range(CLOSER - 1):
        closer = _narrower(phi, posterior_weights(_of_group(trial), phi))
        if closer[-1] - closer[0] > NARROWER * (phi[-1] - phi[0]):
            break
        trial, phi = _between(closer, phi, trial), closer
        trial = _closely(around(pairs.at(every), trial).with_phi(phi))
    return _Search(float(first.phi[0]), pairs, found, share, phi, posterior_weights(_of_group(trial), phi), trial)


def weighable(prices: FloatArray, quantity: FloatArray, periods: float) -> tuple[FloatArray, Candidates]:
    """The candidates of the last pass.

    Args:
        prices: (T, m) log prices, NaN missing.
        quantity: (T, m) kg behind each, NaN unknown.
        periods: Periods a year.

    Returns:
        Nodes of phi (P,), evenly spaced, and the candidates: every pair of a series that is not negligible, with every phi, phi
        running fastest. All columns of a series share their nodes of log s, which the group's distribution needs.
    """
    first = _first(prices, quantity, periods)
    tried = [_search(first)]
    # Thousands of prices can exclude the persistence that the pairs were chosen at, and a wrong one asks for wrong pairs: those
    # for another one, too. Search again from a random walk, then from what was found.
    for assumed in (0.0, float(tried[0].phi[tried[0].weights.argmax()])):
        if tried[-1].consistent:
            break
        tried.append(_search(first.with_phi(np.array([assumed]))))
    return _crossed(max(tried, key=lambda search: search.score))


def _crossed(search: _Search) -> tuple[FloatArray, Candidates]:
    """Every pair with every phi. The nodes move with phi as those of the likeliest pair do."""
    found, series = search.found, search.pairs.series
    best = likeliest(series, search.share)
    s, n = (
        (x[:, None] + (moved.reshape(-1, NODES) - x[best][:, None])[series]).ravel()
        for x, moved in ((found.s, search.trial.s), (found.n, search.trial.n))
    )
    every = np.repeat(np.arange(len(series)), NODES)
    crossed = search.pairs.at(every).with_phi(search.phi)
    weight = (search.share[:, None] * search.weights).ravel()
    mean = sums(crossed.series, weight * s)[crossed.series]
    error = np.sqrt(sums(crossed.series, weight * (found.s_error[every] ** 2 + (s - mean) ** 2)))[crossed.series]
    return search.phi, replace(
        crossed,
        log_s=cover(mean, REACH * error, LATENT_RANGE, GRID[0]),
        log_n=cover(n, REACH * found.n_error[every], NOISE_RANGE, GRID[1]),
    )


@dataclass(frozen=True, slots=True)
class LocalLevels:
    """Posterior of n local level models over T months.

    Attributes:
        volatility: (n,) standard deviation of the latent change of a year, exp of the posterior mean of log s.
        volatility_error: (n,) posterior standard deviation of log s.
        change_volatility: (n,) that of one period's latent change, annualised as if changes did not persist: at most
            `volatility`, for what happens within a period.
        own_log_volatility: (n,) mean of log s that the series alone leaves under a flat prior on `LATENT_RANGE`, each phi
            with the group's weight.
        own_log_error: (n,) its standard deviation.
        persistence: Posterior mean of phi, which all series share.
        persistence_error: Its standard deviation.
        noise: (n,) standard deviation of the noise at median quantity (log points).
        noise_error: (n,) posterior standard deviation of log noise.
        noise_variance: (T, n) variance of the narrow component of every print, NaN where there is none.
        level: (n,) filtered log price after the last month (one-sided).
        level_error: (n,) its standard error (log points), the uncertainty of s and n included.
        exponent, contamination: (n,) the pair (a, p) of the largest weight.
        center, spread: Posterior means of the group's distribution of log annual volatility.
    """

    volatility: FloatArray
    volatility_error: FloatArray
    change_volatility: FloatArray
    own_log_volatility: FloatArray
    own_log_error: FloatArray
    persistence: float
    persistence_error: float
    noise: FloatArray
    noise_error: FloatArray
    noise_variance: FloatArray
    level: FloatArray
    level_error: FloatArray
    exponent: FloatArray
    contamination: FloatArray
    center: float
    spread: float

    def __post_init__(self) -> None:
        read_only_arrays(self)


def local_levels(log_price: FloatArray, quantity: FloatArray, periods_per_year: float) -> LocalLevels:
    """Fit the model of this module to m series at once.

    Args:
        log_price: (T, m), NaN missing; every series has at least two prices.
        quantity: (T, m) kg behind each price; NaN where unknown.
        periods_per_year: Of the rows.

    Returns:
        Posterior means and errors; nothing is NaN, and no volatility is below `LATENT_RANGE`.
    """
    phi, found = weighable(log_price, quantity, periods_per_year)
    series = found.series
    loglik, level, variance = found.filtered()
    # The nodes of log n are as far apart as the column's own posterior asks for, so that each cell counts with its width.
    loglik = loglik + np.log(found.log_n[:, 1] - found.log_n[:, 0])[:, None, None]
    peak = np.full(log_price.shape[1], -np.inf)
    np.maximum.at(peak, series, loglik.max(axis=(1, 2)))
    cells = np.exp(loglik - peak[series, None, None])
    likelihood = np.zeros((len(peak), len(phi), cells.shape[1]))
    node = np.arange(len(series)) % len(phi)
    np.add.at(likelihood, (series, node), cells.sum(axis=2))
    likelihood = likelihood.transpose(0, 2, 1)
    log_s = found.log_s[np.unique(series, return_index=True)[1]]
    log_noise = sums(series, (cells.sum(axis=1) * found.log_n).sum(axis=1)) / likelihood.sum(axis=(1, 2))
    pooled = pool_volatility(likelihood, log_s, log_noise, phi, periods_per_year)
    cells *= (pooled.weights / np.maximum(likelihood, 1e-300))[series, :, node, None]
    mean, error = moments(pooled.weights.sum(axis=2), log_s)
    shorter = 0.5 * np.log(horizon_variance(phi, periods_per_year) / periods_per_year)
    alone, alone_error = _alone(likelihood, log_s, pooled.persistence)
    persistence, persistence_error = moments(pooled.persistence[None, :], phi[None, :])
    posterior_level = sums(series, (cells * level).sum(axis=(1, 2)))
    apart = (level - posterior_level[series, None, None]) ** 2
    # The noise is that of the pair of the largest weight: that of another exponent is relative to another quantity.
    pairs = cells.sum(axis=(1, 2)).reshape(-1, len(phi)).sum(axis=1)
    best = len(phi) * likeliest(series[:: len(phi)], pairs)
    columns = best[:, None] + np.arange(len(phi))
    by_noise = cells.sum(axis=1)[columns].reshape(len(best), -1)
    log_noise, noise_error = moments(
        by_noise / by_noise.sum(axis=1, keepdims=True), found.log_n[columns].reshape(len(best), -1)
    )
    noise = np.exp(log_noise)
    return LocalLevels(
        volatility=np.exp(mean),
        volatility_error=error,
        change_volatility=np.exp(mean - pooled.weights.sum(axis=1) @ shorter),
        own_log_volatility=alone,
        own_log_error=alone_error,
        persistence=float(persistence[0]),
        persistence_error=float(persistence_error[0]),
        noise=noise,
        noise_error=noise_error,
        noise_variance=np.where(np.isfinite(log_price), noise**2 * found.relative()[:, best], np.nan),
        level=posterior_level,
        level_error=np.sqrt(sums(series, (cells * (variance + apart)).sum(axis=(1, 2)))),
        exponent=found.exponent[best],
        contamination=found.contamination[best],
        center=pooled.center,
        spread=pooled.spread,
    )


def _alone(likelihood: FloatArray, log_s: FloatArray, persistence: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Moments (m,) of log s under a flat prior, each phi with the group's weight: the posterior without pooling."""
    total = likelihood.sum(axis=1, keepdims=True)
    # At a phi that the series excludes its likelihood is nought everywhere, and so is the group's weight.
    given = np.divide(likelihood, total, out=np.zeros_like(likelihood), where=total > 0.0) @ persistence
    return moments(given / given.sum(axis=1, keepdims=True), log_s)
