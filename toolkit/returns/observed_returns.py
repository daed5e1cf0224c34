"""Returns and their measurement error: the output of observation models and the input of covariance estimators."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from itertools import compress

import numpy as np
from numpy.typing import NDArray

from toolkit.core.forecast import FloatArray, frozen, read_only_arrays
from toolkit.core.messages import Message, message


def patterns(seen: NDArray[np.bool_]) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """The m distinct columns of (T, n): positions (m,) of the first of each, and (n,) which of them each column is.

    Series of the same periods share sums of weights, which are then taken once for all: mostly m is 1.
    """
    if seen.all():
        return np.zeros(min(1, seen.shape[1]), dtype=np.intp), np.zeros(seen.shape[1], dtype=np.intp)
    _, first, pattern = np.unique(np.packbits(seen, axis=0), axis=1, return_index=True, return_inverse=True)
    return first, pattern.reshape(-1)


def columns(values: FloatArray, at: NDArray[np.intp]) -> FloatArray:
    """Columns of (T, n) at positions (m,): those that follow each other need no copy."""
    if len(at) and at[-1] - at[0] == len(at) - 1 and (np.diff(at) == 1).all():
        return values[:, at[0] : at[-1] + 1]
    return np.take(values, at, axis=1)


LOST = message("{lost} of {all} periods lack an asset and were not used, most for {asset}.", lost=0, all=0, asset="")
"""The note of `Returns.lost_periods`, by whose template it is known among others."""


@dataclass(frozen=True, slots=True)
class Returns:
    """Price changes of T periods and n series: posterior mean, and posterior covariance of those seen through noise.

    A price taken as it is has no posterior covariance, and its mean is the simple return. The change of a latent price
    is one of its log, which equals the simple return to first order (0.6 % of volatility at 10 % a month).

    Attributes:
        dates: T last dates of the periods.
        series: n names.
        mean: (T, n), NaN where there is no change between consecutive periods.
        noisy: (m,) ascending positions of the series that are measured with error.
        uncertainty: (T, m, m) posterior covariance of their changes of a period. Those of all others are exact.
    """

    dates: tuple[date, ...]
    series: tuple[str, ...]
    mean: FloatArray
    noisy: NDArray[np.intp]
    uncertainty: FloatArray

    def __post_init__(self) -> None:
        read_only_arrays(self)

    @classmethod
    def exact(cls, dates: tuple[date, ...], series: tuple[str, ...], mean: FloatArray) -> Returns:
        """Returns of prices without measurement error.

        Args:
            dates: T ends of the periods.
            series: n names.
            mean: (T, n) returns.
        """
        return cls(dates, series, mean, np.empty(0, dtype=np.intp), np.empty((len(dates), 0, 0)))

    def at(self, series: tuple[str, ...]) -> NDArray[np.intp]:
        """Positions (m,) of `series`."""
        if len(series) == 1:
            return np.array([self.series.index(series[0])], dtype=np.intp)
        place = {name: i for i, name in enumerate(self.series)}
        return np.array([place[name] for name in series], dtype=np.intp)

    def take(self, series: tuple[str, ...]) -> Returns:
        """The returns of some series, in their order."""
        at = self.at(series)
        place = {int(column): j for j, column in enumerate(self.noisy)}
        noisy = np.array([i for i, column in enumerate(at) if int(column) in place], dtype=np.intp)
        inner = np.array([place[int(at[i])] for i in noisy], dtype=np.intp)
        uncertainty = self.uncertainty[np.ix_(np.arange(len(self.dates)), inner, inner)]
        return Returns(self.dates, series, frozen(columns(self.mean, at)), noisy, uncertainty)

    def rows(self, which: NDArray[np.bool_]) -> Returns:
        """The periods marked in `which` (T,)."""
        if which.all():
            return self
        kept = int(np.count_nonzero(which))
        if which[:kept].all():  # no copy
            return Returns(self.dates[:kept], self.series, self.mean[:kept], self.noisy, self.uncertainty[:kept])
        dates = tuple(compress(self.dates, which.tolist()))
        return Returns(dates, self.series, frozen(self.mean[which]), self.noisy, frozen(self.uncertainty[which]))

    @property
    def least_seen(self) -> str:
        """The series that is most often the only one missing, then most often missing."""
        gone = ~np.isfinite(self.mean)
        return self.series[int(np.lexsort((gone.sum(axis=0), gone[gone.sum(axis=1) == 1].sum(axis=0)))[-1])]

    def lost_periods(self) -> tuple[Message, ...]:
        """The note that periods with changes lack one of a series; empty where none does."""
        seen = np.isfinite(self.mean)
        if seen.all() or (complete := int(seen.all(axis=1).sum())) == (known := int(seen.any(axis=1).sum())):
            return ()
        return (Message(LOST.template, {"lost": known - complete, "all": known, "asset": self.least_seen}),)

    def noise(self, weights: FloatArray) -> FloatArray:
        """Posterior covariance (n, n) summed over the periods with weights (T,)."""
        whole = np.zeros((len(self.series),) * 2)
        whole[np.ix_(self.noisy, self.noisy)] = np.tensordot(weights, self.uncertainty, axes=1)
        return whole

    def pairwise(self, weights: FloatArray | None = None) -> tuple[FloatArray, FloatArray]:
        """Second moments about the mean over the periods that two series share, and how many these are worth.

        Args:
            weights: (T,) of the periods, equal by default.

        Returns:
            Covariance a period (n, n) and the effective number N = (sum w)^2 / sum w^2 of shared periods (Kish 1965),
            with divisor N - 1 where weights are equal and its analogue elsewhere. Not always positive semidefinite; zero
            where fewer than two periods are shared.
        """
        seen = np.isfinite(self.mean)
        x = self.mean if seen.all() else np.where(seen, self.mean, 0.0)
        w = np.ones(len(x)) if weights is None else weights
        first, pattern = patterns(seen)
        known = seen[:, first].astype(np.float64)
        mass = known.T @ (known * w[:, None])
        counts = mass**2 / np.maximum(known.T @ (known * w[:, None] ** 2), 1e-300)
        divisor = np.where(mass > 0, mass, 1.0)
        freedom = np.maximum(1.0 - 1.0 / np.maximum(counts, 1.0 + 1e-9), 1e-9)
        usable = counts > 1.0 + 1e-9
        n, root = len(pattern), np.sqrt(w)[:, None]
        rooted = x * root
        sums = rooted.T @ (known * root)
        if len(first) > 1:  # one pattern is broadcast over all pairs
            sums, pairs = sums[:, pattern], np.ix_(pattern, pattern)
            counts, divisor, freedom, usable = counts[pairs], divisor[pairs], freedom[pairs], usable[pairs]
        cov = rooted.T @ rooted  # a matrix by its own transpose is half the work
        del rooted
        product = sums * sums.T
        product /= divisor
        cov -= product
        cov /= np.multiply(divisor, freedom, out=product if len(first) > 1 else None)
        if len(self.noisy):
            own = seen[:, self.noisy].astype(np.float64)
            at = np.ix_(self.noisy, self.noisy)
            noise = np.einsum("t,tij,ti,tj->ij", w, self.uncertainty, own, own, optimize=True)
            cov[at] += noise / np.broadcast_to(divisor, cov.shape)[at]
        if not usable.all():
            cov = np.where(usable, cov, 0.0)
        return cov, np.broadcast_to(counts, (n, n))
