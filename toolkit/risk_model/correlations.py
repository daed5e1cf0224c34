"""Rank correlations of observed changes, with their number of shared periods and intervals."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from toolkit.core.forecast import FloatArray

NORMAL_95 = 1.96
LEAST_SHARED = 10
"""Shared periods below which a correlation has no interval worth showing."""
RANKS_KEPT = 64
"""Series whose ranks are kept."""


@dataclass(frozen=True, slots=True)
class RankCorrelation:
    """Spearman correlation of two series.

    Attributes:
        periods: n that both have a change in.
        value, low, high: The correlation and its 95 % interval; NaN for fewer than `LEAST_SHARED` periods or a series that
            never changes.
    """

    periods: int
    value: float
    low: float
    high: float


def rank_correlation(x: FloatArray, y: FloatArray, weights: FloatArray | None = None) -> RankCorrelation:
    """Spearman correlation of changes (T,), NaN missing, over the periods that both have.

    Ranks, so that one customs value of fifteen times the price is one of many. Interval on Fisher's scale with variance
    (1 + r^2 / 2) / (N - 3) (Bonett and Wright 2000, Psychometrika 65), N the number of periods that their weights are worth.

    Args:
        x: (T,).
        y: (T,).
        weights: (T,) of the periods, equal by default.
    """
    both = np.isfinite(x) & np.isfinite(y)
    n = int(both.sum())
    nothing = RankCorrelation(n, np.nan, np.nan, np.nan)
    if n < LEAST_SHARED:
        return nothing
    ranks = np.stack([_ranks(values[both].tobytes()) for values in (x, y)])
    if not (np.ptp(ranks, axis=1) > 0.0).all():
        return nothing
    w = np.ones(n) if weights is None else weights[both]
    (one, product), (_, other) = np.cov(ranks, aweights=w)
    r = float(product / np.sqrt(one * other))
    worth = float(w.sum() ** 2 / (w**2).sum())
    reach = NORMAL_95 * np.sqrt((1.0 + 0.5 * r**2) / max(worth - 3.0, 1.0))
    middle = np.arctanh(np.clip(r, -1.0 + 1e-12, 1.0 - 1e-12))
    return RankCorrelation(n, r, float(np.tanh(middle - reach)), float(np.tanh(middle + reach)))


@lru_cache(maxsize=RANKS_KEPT)
def _ranks(values: bytes) -> FloatArray:
    """Ranks (n,) from 1 of numbers, the mean rank among equals; each series once for all its pairs."""
    _, place, count = np.unique(np.frombuffer(values), return_inverse=True, return_counts=True)
    ranks = np.cumsum(count) - 0.5 * (count - 1.0)
    return ranks[place]
