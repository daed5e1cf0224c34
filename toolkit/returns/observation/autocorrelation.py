"""First autocorrelation of price changes, with a standard error robust to volatility clusters."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from toolkit.core.forecast import FloatArray

MINIMUM_PAIRS = 8
"""Fewest pairs of neighbouring changes from which an autocorrelation is estimated."""
ONE_SIDED = 1.645
"""Normal quantile of 95 %: smoothing and averaging have a sign."""


@dataclass(frozen=True, slots=True)
class Autocorrelation:
    """First-order autocorrelation of the changes of n series.

    Attributes:
        coefficient: (n,) of the regression of a change on the one before it, corrected for its small-sample bias, within
            -1 and 1; 0 where fewer than `MINIMUM_PAIRS`, or no variation, leave it unknown.
        error: (n,) its standard error; 1 where unknown.
        pairs: (n,) number of neighbouring changes behind it.
    """

    coefficient: FloatArray
    error: FloatArray
    pairs: NDArray[np.intp]

    @property
    def positive(self) -> NDArray[np.bool_]:
        """Which (n,) are significantly above zero, at 5 % on one side."""
        return self.coefficient > ONE_SIDED * self.error


def first_autocorrelation(changes: FloatArray) -> Autocorrelation:
    """Estimate the first autocorrelation over all pairs of neighbouring changes.

    Least squares, bias (1 + 3 f) / N taken off (Kendall 1954, Biometrika 41; Marriott and Pope 1954), error of White (1980)
    with N / (N - 2): one that supposes constant variance rejects far too often where months of low and high volatility
    alternate (Lo and MacKinlay 1988). A test of one lag with a sign is stronger here than Ljung and Box's of several without:
    any smoothing with non-negative weights makes the first autocorrelation positive.

    Args:
        changes: (T, n), NaN missing; pairs with a missing one are left out.
    """
    both = np.isfinite(changes[1:]) & np.isfinite(changes[:-1])
    N = both.sum(axis=0).astype(np.float64)
    share = both / np.maximum(N, 1.0)
    x, y = np.where(both, changes[:-1], 0.0), np.where(both, changes[1:], 0.0)
    x = np.where(both, x - (share * x).sum(axis=0), 0.0)
    y = np.where(both, y - (share * y).sum(axis=0), 0.0)
    square = (x * x).sum(axis=0)
    size = np.where(both, np.abs(changes[:-1]), 0.0).max(axis=0, initial=0.0)
    known = (N >= MINIMUM_PAIRS) & (square > 1e-20 * N * size**2)
    square, N = np.where(known, square, 1.0), np.where(known, N, MINIMUM_PAIRS)
    raw = (x * y).sum(axis=0) / square
    residual = y - raw * x
    error = np.sqrt((x * x * residual**2).sum(axis=0) * N / (N - 2.0)) / square
    # The estimate is f - (1 + 3 f) / N in expectation.
    inflation = N / (N - 3.0)
    coefficient = np.clip((raw + 1.0 / N) * inflation, -1.0, 1.0)
    return Autocorrelation(
        coefficient=np.where(known, coefficient, 0.0),
        error=np.where(known, np.maximum(error * inflation, 1.0 / N), 1.0),
        pairs=both.sum(axis=0),
    )
