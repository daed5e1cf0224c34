"""Period changes with what is not known of them: where every observation model ends and every covariance begins."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import numpy as np
from numpy.typing import NDArray

from toolkit.factors.forecast import FloatArray, read_only


@dataclass(frozen=True, slots=True)
class Increments:
    """Price changes of T periods and n series: posterior mean, and posterior covariance of those seen through noise.

    A price taken as it is has no posterior covariance, and its mean is the simple return. The change of a latent price
    is one of its log, which equals the simple return to first order (0.6 % of volatility at 10 % a month).

    Attributes:
        dates: T last dates of the periods.
        series: n names.
        mean: (T, n), NaN where there is no change between consecutive periods.
        uncertainty: (T, n, n) posterior covariance of the changes of a period, zero for exact ones.
    """

    dates: tuple[date, ...]
    series: tuple[str, ...]
    mean: FloatArray
    uncertainty: FloatArray

    def __post_init__(self) -> None:
        object.__setattr__(self, "mean", read_only(self.mean))
        object.__setattr__(self, "uncertainty", read_only(self.uncertainty))

    def at(self, series: tuple[str, ...]) -> NDArray[np.intp]:
        """Positions (m,) of `series`."""
        place = {name: i for i, name in enumerate(self.series)}
        return np.array([place[name] for name in series], dtype=np.intp)

    def take(self, series: tuple[str, ...]) -> Increments:
        """The same of some series, in their order."""
        at = self.at(series)
        return Increments(self.dates, series, self.mean[:, at], self.uncertainty[np.ix_(np.arange(len(self.mean)), at, at)])

    def translated(self, rates: FloatArray) -> Increments:
        """In the reporting currency.

        Args:
            rates: (T, n) change of the exchange rate of each series as a fraction; zero where nothing is converted and
                NaN where no rate is known, whose periods drop out.
        """
        return Increments(self.dates, self.series, (1.0 + self.mean) * (1.0 + rates) - 1.0, self.uncertainty)

    def pairwise(self) -> tuple[FloatArray, FloatArray]:
        """Second moments about the mean over the periods that two series share, and their number.

        Returns:
            Covariance a period (n, n) with divisor N - 1, and N (n, n). Not always positive semidefinite; zero where
            fewer than two periods are shared.
        """
        seen = np.isfinite(self.mean)
        x = np.where(seen, self.mean, 0.0)
        known = seen.astype(np.float64)
        counts = known.T @ known
        divisor = np.maximum(counts, 1.0)
        sums = x.T @ known
        noise = np.einsum("tij,ti,tj->ij", self.uncertainty, known, known)
        centred = x.T @ x - sums * sums.T / divisor
        cov = centred / np.maximum(counts - 1.0, 1.0) + noise / divisor
        return np.where(counts > 1, cov, 0.0), counts
