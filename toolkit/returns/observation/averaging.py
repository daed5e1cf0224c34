"""Prices that are averages over a period: the effect of averaging on volatility and autocorrelation.

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
variance plus twice the first autocovariance, which is s^2 (and the noise as n^2 - s^2 / 6): the effect of averaging is
part of the estimated noise. That holds as long as n^2 > s^2 / 6. Below that the model finds no noise, and takes the rest of the
autocovariance for changes that persist, phi of 0.3 without any noise: of one period's change it then shows 2/3 to all of s^2,
of a year's all.
"""

from __future__ import annotations

import math

PRICES_OF_MONTH = 21
"""Prices behind the average of a month."""

VOLATILITY_FACTOR = 1.0 / math.sqrt((2.0 * PRICES_OF_MONTH**2 + 1.0) / (3.0 * PRICES_OF_MONTH**2))
"""Volatility of period-end prices over that of the averages of a month."""
