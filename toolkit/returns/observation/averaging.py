"""Prices that are averages over a period: what averaging does to volatility and to autocorrelation.

Let the price be a random walk with m steps a period and variance s^2 a period, and each print the mean of the m prices of
its period. The changes of the prints then have (Working 1960, Econometrica 28, 916-918)

    variance               s^2 (2 m^2 + 1) / (3 m^2)       -> 2/3 s^2
    first autocovariance   s^2 (m^2 - 1) / (6 m^2)         -> 1/6 s^2
    autocorrelation        (m^2 - 1) / (2 (2 m^2 + 1))     -> 1/4

and none at longer lags, so that s^2 is the variance plus twice the first autocovariance at every m. Dividing by the first
row gives back the volatility of prices at a period's end: sqrt(3/2) in the limit, 1.224 at 21 trading days. Equally, the
changes are a moving average of order one with coefficient 2 - sqrt(3): what Getmansky, Lo and Makarov's weights would find.

Two series averaged over the same periods keep their correlation and their loadings on one another, as both covariances
and variances shrink by the same factor; against a series that is not averaged, covariances shrink to (m + 1) / (2 m) -> 1/2.

**Customs unit values are averages too and need no factor.** With measurement noise of variance n^2 a print, their changes
have variance 2 s^2 / 3 + 2 n^2 and first autocovariance s^2 / 6 - n^2. The local level model reads the latent variance as
variance plus twice the first autocovariance, which is s^2 (and the noise as n^2 - s^2 / 6): the averaging hides in the noise
and is paid for there. That holds as long as n^2 > s^2 / 6. Below that the model finds no noise, and takes the rest of the
autocovariance for changes that persist, phi of 0.3 without any noise: of one period's change it then shows 2/3 to all of s^2,
of a year's all.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from toolkit.core.forecast import FloatArray
from toolkit.returns.observation.autocorrelation import first_autocorrelation

TRADING_DAYS = 21
"""Prices behind the average of a month."""


def variance_ratio(m: int) -> float:
    """Variance of the change of m-point averages against that of period-end prices: 1 at m = 1, 2/3 in the limit."""
    return (2.0 * m * m + 1.0) / (3.0 * m * m)


def autocorrelation(m: int) -> float:
    """First autocorrelation of the changes of m-point averages of a random walk: 0 at m = 1, 1/4 in the limit."""
    return (m * m - 1.0) / (2.0 * (2.0 * m * m + 1.0))


def volatility_factor(m: int = TRADING_DAYS) -> float:
    """What the volatility of averages is multiplied with to get that of period-end prices: sqrt(3/2) in the limit."""
    return float(1.0 / np.sqrt(variance_ratio(m)))


@dataclass(frozen=True, slots=True)
class AveragingTest:
    """Whether the changes of n series look like those of averages of a random walk.

    Attributes:
        autocorrelation: (n,) first autocorrelation, corrected for its bias.
        error: (n,) its standard error, robust to volatility clusters.
        expected: That of averages.
        consistent: (n,) whether `expected` lies within two standard errors.
        averaged: (n,) whether it is significantly above zero as well, at 5 % on one side: the data show the averaging.
    """

    autocorrelation: FloatArray
    error: FloatArray
    expected: float
    consistent: NDArray[np.bool_]
    averaged: NDArray[np.bool_]


def averaging_test(changes: FloatArray, m: int = TRADING_DAYS) -> AveragingTest:
    """Test changes (T, n) of averages of m prices against `autocorrelation`.

    Momentum and mean reversion of the price itself move the figure too, so that a series whose interval misses 1/4 is
    still an average if its source says so: the test is reported, the basis decides.
    """
    found = first_autocorrelation(changes)
    expected = autocorrelation(m)
    return AveragingTest(
        autocorrelation=found.coefficient,
        error=found.error,
        expected=expected,
        consistent=np.abs(found.coefficient - expected) < 2.0 * found.error,
        averaged=found.positive,
    )
