"""Search for the candidates of the last pass: pairs (a, p), persistence, and nodes where the likelihood of a level lies.

Two searches on grids of (log s, log n), each from where the one before it ended:

1. the pairs (a, p) of every series, at a middle persistence: tails and quantities are identified by the noise, whatever phi is;
2. the persistence phi of the group, on the likeliest pair of every series: a wrong tail would pass for a wrong phi;
3. `weighable` crosses what is left: all phi of the group with the pairs of each series.

A search looks again, closer, until its nodes are near enough to one another to integrate over.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass, fields, replace

import numpy as np

from toolkit.core.forecast import FloatArray
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
from toolkit.returns.observation.group import LATENT_RANGE, NODES, STRONGEST, posterior_weights
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
