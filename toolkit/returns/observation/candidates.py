"""Candidate models of every series, and their posterior from one pass of the filter.

A column is one series under one pair (a, p) of quantity exponent and contamination and one persistence phi, on its own grid of
(log s, log n).
"""

from __future__ import annotations

from dataclasses import dataclass, fields, replace

import numpy as np
from numpy.typing import NDArray

from toolkit.core.forecast import FloatArray
from toolkit.returns.observation.group import LATENT_RANGE, horizon_variance, log_sum
from toolkit.returns.observation.mixture import filter_levels

EXPONENTS = (0.0, 0.25, 0.5, 0.75, 1.0)
"""a: 1 if shipments were independent draws, 0 if quantity said nothing; averaged over by integrated likelihood."""
NOISE_RANGE = (0.003, 3.0)
"""Range of the standard deviation of the noise of one print of median quantity."""
NOISE_SCALE = 0.1
"""Scale of its half-Cauchy prior (Gelman 2006, section 4.3). One that is flat on the log scale has most of its weight where
noise is too small to be seen, and so prefers models that need none: changes that do not persist, prints without error."""
COARSE = 7
"""Nodes of log s and of log n in the passes that locate the posterior for the last one."""
RESOLVED = 1.5
"""Steps between nodes, in posterior standard deviations, at which sums are integrals (to exp(-2 pi^2 / 1.5^2))."""
REACH = 4.0
"""Posterior standard deviations that the nodes cover on either side."""


@dataclass(frozen=True, slots=True)
class Candidates:
    """Models of all series: K columns, each with its own grid.

    Attributes:
        prices: (T, m) log prices.
        scatter: (E, T, m) relative noise of every print under each of `EXPONENTS`.
        periods: Periods a year.
        series: (K,) which series a column is of.
        exponent, contamination, phi: (K,) a, p and persistence.
        log_s, log_n: (K, S), (K, N) nodes of the annual latent volatility and of the noise of a print.
    """

    prices: FloatArray
    scatter: FloatArray
    periods: float
    series: NDArray[np.intp]
    exponent: FloatArray
    contamination: FloatArray
    phi: FloatArray
    log_s: FloatArray
    log_n: FloatArray

    def relative(self) -> FloatArray:
        """Relative noise (T, K) of every print."""
        return self.scatter[np.searchsorted(EXPONENTS, self.exponent), :, self.series].T

    def filtered(self) -> tuple[FloatArray, FloatArray, FloatArray]:
        """Log likelihood times the prior of the noise, last level and its variance, (K, S, N) each."""
        change = np.exp(self.log_s) / np.sqrt(horizon_variance(self.phi, self.periods))[:, None]
        noise = np.exp(self.log_n)
        prices = self.prices[:, self.series]
        loglik, level, variance = filter_levels(prices, self.relative(), self.contamination, change, noise, self.phi)
        # The density of log n is that of n times n.
        prior = self.log_n - np.log1p((noise / NOISE_SCALE) ** 2)
        return loglik + prior[:, None, :], level, variance

    def at(self, columns: NDArray[np.intp]) -> Candidates:
        """Some of the columns, or the same ones several times."""
        names = ("series", "exponent", "contamination", "phi", "log_s", "log_n")
        return replace(self, **{name: getattr(self, name)[columns] for name in names})

    def with_phi(self, phi: FloatArray) -> Candidates:
        """The columns with the nodes of phi (P,) in turn."""
        return replace(self, phi=np.tile(phi, len(self.series) // len(phi)))


@dataclass(frozen=True, slots=True)
class GridPosterior:
    """Posterior of K candidates from one pass of the filter.

    Attributes:
        evidence: (K,) log likelihood integrated over log s (flat) and log n, up to a constant.
        s, s_error, n, n_error: (K,) posterior moments of log s and log n.
        s_step, n_step: (K,) distances between the nodes.
    """

    evidence: FloatArray
    s: FloatArray
    s_error: FloatArray
    n: FloatArray
    n_error: FloatArray
    s_step: FloatArray
    n_step: FloatArray

    def resolved(self) -> NDArray[np.bool_]:
        """Columns (K,) whose nodes are close enough to integrate over (`RESOLVED`)."""
        return (self.s_step <= RESOLVED * self.s_error) & (self.n_step <= RESOLVED * self.n_error)

    def at(self, columns: NDArray[np.intp]) -> GridPosterior:
        """The posterior of some of the columns, or of the same ones several times."""
        return GridPosterior(*(getattr(self, item.name)[columns] for item in fields(self)))

    def updated(self, columns: NDArray[np.intp], later: GridPosterior) -> GridPosterior:
        """The posterior with some of the columns replaced by a later one."""
        found = {item.name: getattr(self, item.name).copy() for item in fields(self)}
        for name, values in found.items():
            values[columns] = getattr(later, name)
        return GridPosterior(**found)


def sums(series: NDArray[np.intp], values: FloatArray) -> FloatArray:
    """Sums (m,) of values (K,) over the columns of each series."""
    return np.bincount(series, values).astype(np.float64)


def moments(weights: FloatArray, nodes: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Mean and standard deviation (m,) of nodes (m, K) under weights (m, K)."""
    mean = (weights * nodes).sum(axis=1)
    return mean, np.sqrt(np.maximum((weights * (nodes - mean[:, None]) ** 2).sum(axis=1), 0.0))


def shares(series: NDArray[np.intp], log_weight: FloatArray) -> FloatArray:
    """Weights (K,) that add up to one for each series."""
    top = np.full(series.max() + 1, -np.inf)
    np.maximum.at(top, series, log_weight)
    weight = np.exp(log_weight - top[series])
    return weight / sums(series, weight)[series]


def likeliest(series: NDArray[np.intp], share: FloatArray) -> NDArray[np.intp]:
    """The column (m,) of the largest share of each series."""
    order = np.lexsort((-share, series))
    return order[np.unique(series[order], return_index=True)[1]]


def look(candidates: Candidates) -> GridPosterior:
    """The posterior of the candidates from one pass of the filter."""
    loglik = candidates.filtered()[0]
    log_s, log_n = candidates.log_s, candidates.log_n
    s_step, n_step = log_s[:, 1] - log_s[:, 0], log_n[:, 1] - log_n[:, 0]
    evidence = log_sum(loglik, axis=(1, 2)) + np.log(s_step * n_step)
    cell = np.exp(loglik - loglik.max(axis=(1, 2), keepdims=True))
    cell /= cell.sum(axis=(1, 2), keepdims=True)
    return GridPosterior(evidence, *moments(cell.sum(axis=2), log_s), *moments(cell.sum(axis=1), log_n), s_step, n_step)


def cover(mean: FloatArray, reach: FloatArray, limits: tuple[float, float], size: int) -> FloatArray:
    """Evenly spaced nodes (K, size) around a mean, inside the limits.

    Args:
        mean: (K,) logarithms.
        reach: (K,) distance of the outermost nodes from the mean.
        limits: Smallest and largest value, not logarithms.
        size: Nodes a row.
    """
    low, high = np.log(limits)
    return np.linspace(np.maximum(mean - reach, low), np.minimum(mean + reach, high), size, axis=1)


def around(candidates: Candidates, seen: GridPosterior, shift: float = 0.0) -> Candidates:
    """The candidates on new nodes around a posterior; they reach `REACH` standard errors, and at least `RESOLVED` of its steps.

    Where nodes lie too far apart the posterior mean may be anywhere between two of them.

    Args:
        candidates: K candidates.
        seen: Posterior of each on a coarser grid.
        shift: Logarithms by which the nodes reach further on either side.
    """
    s_reach = np.maximum(REACH * seen.s_error, RESOLVED * seen.s_step) + shift
    n_reach = np.maximum(REACH * seen.n_error, RESOLVED * seen.n_step) + shift
    return replace(
        candidates,
        log_s=cover(seen.s, s_reach, LATENT_RANGE, COARSE),
        log_n=cover(seen.n, n_reach, NOISE_RANGE, COARSE),
    )
