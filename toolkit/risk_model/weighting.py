"""Exponential weights: half-lives by the frequency of the prices."""

from __future__ import annotations

import numpy as np

from toolkit.core.forecast import FloatArray
from toolkit.returns.panel import DAILY

DAYS, MONTHS = (42.0, 126.0), (12.0, 36.0)
"""Default half-lives of volatility and of correlation, in days of daily prices and in months of others. Volatility
changes faster than correlations (Menchero, Orr and Wang 2011, USE4, separate them as well); docs/evidence.md
shows what other choices would have done."""


def half_lives(periods_per_year: float, volatility: float | None, correlation: float | None) -> tuple[float, float]:
    """Half-lives of volatility and of correlation, in periods.

    Args:
        periods_per_year: Frequency of the prices, on which the defaults depend.
        volatility: Half-life asked for; None for the default.
        correlation: Half-life asked for; None for the default.
    """
    default = DAYS if periods_per_year >= DAILY else MONTHS
    return volatility or default[0], correlation or default[1]


def decay(periods: int, half_life: float) -> FloatArray:
    """Weights (T,) of the periods, the latest of which has weight one; none so small that its square underflows."""
    return 0.5 ** np.minimum(np.arange(periods)[::-1] / half_life, 500.0)
