"""Portfolios of series that are measured with error, and their weighted second moments."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from toolkit.core.forecast import FloatArray


@dataclass(frozen=True, slots=True)
class Moments:
    """Weighted sums of squares and products about the weighted mean.

    Attributes:
        matrix: (r, r).
        size: (r,) sums of squares about zero, the scale of rounding errors.
        mass: Sum of the weights w.
        effective: (sum w)^2 / sum w^2 (Kish 1965): the number of periods where weights are equal.
        count: Number of periods.
    """

    matrix: FloatArray
    size: FloatArray
    mass: float
    effective: float
    count: int

    @property
    def covariance(self) -> FloatArray:
        """(r, r) a period; divisor N - 1 where weights are equal and its analogue elsewhere, zero for no period."""
        lost = max(self.effective - 1.0, 1.0) / max(self.effective, 1.0)
        return self.matrix / (self.mass * lost) if self.mass > 0 else self.matrix


@dataclass(frozen=True, slots=True)
class Portfolios:
    """Changes of r portfolios in T periods.

    Attributes:
        mean: (T, r) posterior mean, NaN in periods without one.
        spread: (T, r, r) posterior covariance of the changes of one period; any value where there is no change. None where
            all prices are taken as they are.
    """

    mean: FloatArray
    spread: FloatArray | None

    @classmethod
    def of(cls, mean: FloatArray, weights: FloatArray, uncertainty: FloatArray) -> Portfolios:
        """Portfolios with the posterior covariance W U W' of their returns in each period.

        Args:
            mean: (T, r) posterior mean, NaN in periods without a return.
            weights: (T, r, m) W, weights on the m series that are measured with error.
            uncertainty: (T, m, m) U, posterior covariance of the returns of these.
        """
        return cls(mean, weights @ uncertainty @ weights.transpose(0, 2, 1) if uncertainty.shape[1] else None)

    def take(self, columns: NDArray[np.intp]) -> Portfolios:
        """Some of the portfolios."""
        return Portfolios(self.mean[:, columns], None if self.spread is None else self.spread[:, columns[:, None], columns])

    def combined(self, matrix: FloatArray) -> Portfolios:
        """Linear combinations (q, r) of the portfolios."""
        return Portfolios(self.mean @ matrix.T, None if self.spread is None else matrix @ self.spread @ matrix.T)

    def lagged(self, lags: int) -> Portfolios:
        """The portfolios with lags: all but the last, these 1, 2, ..., `lags` periods earlier, then the last.

        Posterior covariances between periods are not known and are taken as zero.
        """
        T, r = self.mean.shape
        k = r - 1
        q = k * (lags + 1)
        blocks = [slice(lag * k, (lag + 1) * k) for lag in range(lags + 1)]
        mean = np.full((T, q + 1), np.nan)
        mean[:, q] = self.mean[:, k]
        for lag, at in enumerate(blocks):
            mean[lag:, at] = self.mean[: T - lag, :k]
        if self.spread is None:
            return Portfolios(mean, None)
        spread = np.zeros((T, q + 1, q + 1))
        for lag, at in enumerate(blocks):
            spread[lag:, at, at] = self.spread[: T - lag, :k, :k]
        spread[:, :k, q] = spread[:, q, :k] = self.spread[:, :k, k]
        spread[:, q, q] = self.spread[:, k, k]
        return Portfolios(mean, spread)

    @property
    def joint(self) -> NDArray[np.bool_]:
        """(T,) periods in which all have a change."""
        return np.asarray(np.isfinite(self.mean).all(axis=1), dtype=bool)

    def moments(self, weights: FloatArray) -> Moments:
        """Second moments over the joint periods, with weights (T,): those of the means plus the posterior covariances."""
        rows = self.joint
        w, x = weights[rows], self.mean[rows]
        mass = float(w.sum())
        if not mass > 0:
            r = self.mean.shape[1]
            return Moments(np.zeros((r, r)), np.zeros(r), 0.0, 0.0, 0)
        d = x - w @ x / mass
        matrix = (d * w[:, None]).T @ d
        if self.spread is not None:
            matrix = matrix + np.tensordot(w, self.spread[rows], axes=1)
        return Moments(matrix, w @ (x * x), mass, mass**2 / float(w @ w), int(rows.sum()))


def exact_moments(changes: FloatArray, weights: FloatArray) -> tuple[Moments, FloatArray]:
    """As `Portfolios.moments` of b times r portfolios without spread, (b, r, T) with NaN in the same periods, at once.

    The matrix is (b, r, r) and its size (b, r). Beside them the deviations (b, r, T') from the mean in the joint periods, each
    times the root of its weight.
    """
    joint = np.isfinite(changes[0]).all(axis=0)
    x, w = (changes, weights) if joint.all() else (changes[:, :, joint], weights[joint])
    mass = float(w.sum())
    if not mass > 0:
        return Moments(np.zeros((*x.shape[:2], x.shape[1])), np.zeros(x.shape[:2]), 0.0, 0.0, 0), x
    mean = x @ w / mass
    d = x - mean[:, :, None]
    d *= np.sqrt(w)
    matrix = d @ d.transpose(0, 2, 1)
    size = np.einsum("brr->br", matrix) + mass * mean**2
    return Moments(matrix, size, mass, mass**2 / float(w @ w), len(w)), d
