"""What the best of several tries is worth: the best of many without merit looks good too."""

from __future__ import annotations

from collections.abc import Sequence
from statistics import NormalDist

import numpy as np

from toolkit.core.forecast import FloatArray

LEAST_RETURNS = 8
"""Returns below which skewness and kurtosis say nothing."""


def deflated_sharpe_ratio(tries: Sequence[FloatArray]) -> float | None:
    """Probability that the Sharpe ratio of the best try is above what the best of so many without merit is expected to have.

    Bailey and Lopez de Prado (2014), The deflated Sharpe ratio, equations 1 and 2; interest on cash is zero.

    Args:
        tries: Returns (T,) of each try, over the same T periods.

    Returns:
        None for fewer than two tries or `LEAST_RETURNS` returns, and where a try does not move.
    """
    if len(tries) < 2 or len(tries[0]) < LEAST_RETURNS or any(np.ptp(returns) == 0 for returns in tries):
        return None
    ratios = np.array([returns.mean() / returns.std(ddof=1) for returns in tries])
    best = tries[int(np.argmax(ratios))]
    white = (best - best.mean()) / best.std()
    skewness, kurtosis = float((white**3).mean()), float((white**4).mean())
    return above_luck(float(ratios.max()), float(ratios.std(ddof=1)), len(tries), len(best), skewness, kurtosis)


def above_luck(ratio: float, spread: float, tries: int, periods: int, skewness: float, kurtosis: float) -> float:
    """Probability that a Sharpe ratio is above the greatest that is expected of tries without merit.

    Args:
        ratio: Of the best try, a period.
        spread: Standard deviation of the ratios of all tries.
        tries: How many, from 2.
        periods: Returns of each.
        skewness: Third standardised moment of the returns of the best.
        kurtosis: The fourth; 3 for a normal distribution.
    """
    normal = NormalDist()
    luck = (1 - np.euler_gamma) * normal.inv_cdf(1 - 1 / tries) + np.euler_gamma * normal.inv_cdf(1 - 1 / (tries * np.e))
    variance = (1 - skewness * ratio + (kurtosis - 1) / 4 * ratio**2) / (periods - 1)
    return normal.cdf((ratio - spread * luck) / np.sqrt(variance))
