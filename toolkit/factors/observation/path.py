"""The path of latent prices behind noisy prints, for what looks back: a report, a picture.

The model, its posterior and its last level are those of `toolkit.factors.observation.local_level`. Earlier levels are smoothed:
each knows the prints that came after it, so that no decision in the past may rest on one.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from toolkit.factors.forecast import FloatArray, read_only
from toolkit.factors.observation.local_level import posterior
from toolkit.factors.observation.mixture import smooth_levels
from toolkit.factors.observation.persistence import horizon_variance


@dataclass(frozen=True, slots=True)
class LevelPaths:
    """Smoothed levels of n series over T months.

    Attributes:
        level: (T, n) log price; NaN before a level starts. The last row is `LocalLevels.level`.
        error: (T, n) its standard error (log points), the uncertainty of the model included.
    """

    level: FloatArray
    error: FloatArray

    def __post_init__(self) -> None:
        object.__setattr__(self, "level", read_only(self.level))
        object.__setattr__(self, "error", read_only(self.error))


def level_paths(log_price: FloatArray, quantity: FloatArray, periods_per_year: float) -> LevelPaths:
    """The levels of all months; arguments as of `local_levels`."""
    fit = posterior(log_price, quantity, periods_per_year)
    models = fit.models
    change = np.exp(models.log_s) / np.sqrt(horizon_variance(models.phi, periods_per_year))[:, None]
    prices = log_price[:, models.series]
    # About the median, where the difference of two squares keeps its digits.
    centre = np.nanmedian(log_price, axis=0)
    mean, square = smooth_levels(
        prices - centre[models.series],
        models.relative(),
        models.contamination,
        change,
        np.exp(models.log_n),
        models.phi,
        fit.weights,
    )
    level, second = (np.stack([_sums(row, models.series, len(centre)) for row in moments]) for moments in (mean, square))
    return LevelPaths(level + centre, np.sqrt(np.maximum(second - level**2, 0.0)))


def _sums(row: FloatArray, series: np.ndarray, n: int) -> FloatArray:
    """Sums (n,) over the columns (K,) of each series."""
    return np.bincount(series, row, minlength=n).astype(np.float64)
