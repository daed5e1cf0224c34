"""Stale prices: assessments carried over from one period to the next without a trade."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from toolkit.core.forecast import FloatArray

SIGNIFICANCE = 0.01


@dataclass(frozen=True, slots=True)
class Staleness:
    """Unchanged prices of n series.

    Staleness by itself does not bias the variance of a price without drift: the change that comes late is the sum of those
    that were missed (Lo and MacKinlay 1990). It does bias correlations and loadings with fresher series towards zero,
    which lagged terms repair (Dimson 1979).

    Attributes:
        share: (n,) of changes that are exactly zero.
        expected: (n,) the same of a price that is rounded to its tick but never carried over.
        longest: (n,) unchanged prices in a row (number of zero changes; a missing one breaks the row).
        share_p, longest_p: (n,) probability of at least as many, and of at least as long a row, if nothing is carried over.
        stale: (n,) whether either is below `SIGNIFICANCE` / 2 (Bonferroni).
    """

    share: FloatArray
    expected: FloatArray
    longest: NDArray[np.intp]
    share_p: FloatArray
    longest_p: FloatArray
    stale: NDArray[np.bool_]


def longest_runs(marked: NDArray[np.bool_]) -> NDArray[np.intp]:
    """Longest row (n,) of marked cells (T, n)."""
    count = marked.cumsum(axis=0)
    before = np.maximum.accumulate(np.where(marked, 0, count), axis=0)
    return (count - before).max(axis=0, initial=0)


def _rounded_to_zero(value: FloatArray, deviation: FloatArray) -> FloatArray:
    """Probability (T, n) that a change of a price with a tick is rounded to none.

    The tick is the smallest move of the price, relative to its highest level, and weighs more where the price is low.
    """
    from scipy.special import erf  # noqa: PLC0415  # 0.15 s to import

    log_level = value.cumsum(axis=0)
    level = np.exp(np.maximum(log_level - log_level.max(axis=0, initial=0.0), -700.0))
    move = np.where(value == 0.0, np.inf, level * np.abs(np.expm1(-value))).min(axis=0, initial=np.inf)
    tick = np.where(deviation > 0.0, move, 0.0) / level
    return erf(tick / (2.0 * np.sqrt(2.0) * np.where(deviation > 0.0, deviation, 1.0)))


def staleness(changes: FloatArray) -> Staleness:
    """Test log changes (T, n), NaN missing, for prices that are carried over.

    A normal change of the series' root mean square falls within half a tick of zero with probability
    erf(tick / (2 sqrt(2) sd)); one unchanged price a sample is granted to every series. The longest row of T independent
    trials of probability q reaches L with probability 1 - exp(-(1 + (T - L)(1 - q)) q^L) (Schilling 1990; Arratia,
    Goldstein and Gordon 1990); q is that of the lowest price, where rows are longest.
    """
    from scipy.special import bdtrc  # noqa: PLC0415  # 0.15 s to import

    seen = np.isfinite(changes)
    T = np.maximum(seen.sum(axis=0), 1)
    value = np.where(seen, changes, 0.0)
    zero = seen & (value == 0.0)
    zeros, longest = zero.sum(axis=0), longest_runs(zero)
    chance = np.where(seen, _rounded_to_zero(value, np.sqrt((value**2).sum(axis=0) / T)), 0.0)
    expected = np.maximum(chance.sum(axis=0) / T, 1.0 / T)
    share_p = np.where(zeros > 0, bdtrc(np.maximum(zeros - 1, 0), T, expected), 1.0)
    q = np.maximum(chance.max(axis=0, initial=0.0), expected)
    tries = 1.0 + np.maximum(T - longest, 0) * (1.0 - q)
    longest_p = np.where(longest > 0, -np.expm1(-tries * q**longest), 1.0)
    stale = np.minimum(share_p, longest_p) < 0.5 * SIGNIFICANCE
    return Staleness(zeros / T, expected, longest, share_p, longest_p, stale)
