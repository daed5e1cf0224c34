"""Volatilities of assets with short histories, pooled within groups (normal hierarchical model on the log).

The log of a sample standard deviation s over n changes with excess kurtosis g behaves like that of a chi-square with

    d = 2 / (2 / (n - 1) + g / n)

degrees of freedom (Box 1953: the variance of s^2 is sigma^4 times 2 / (n - 1) + g / n), so that

    log s ~ log sigma + (digamma(d / 2) - log(d / 2)) / 2,    variance trigamma(d / 2) / 4,

which is 1 / (2 (n - 1)) for many normal changes, and honest for three (Smyth 2004, eqs. 5 to 9, for variances of genes).
Across a group log sigma ~ N(mu, tau^2), mu flat, tau half-normal; both are integrated out (Gelman et al. 2013, ch. 5.4,
eqs. 5.20 and 5.21). So no constant sets the weight of an asset's own history: n, its tails and its group do.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import numpy as np
from numpy.typing import NDArray

from toolkit.core.errors import GapError
from toolkit.core.forecast import FloatArray, read_only_arrays
from toolkit.returns.history import AnnualPrices
from toolkit.returns.observation.group import SPREAD_SCALE
from toolkit.returns.observed_returns import patterns

SPREADS = np.linspace(0.01, 2.0, 200)
"""Nodes of tau, the spread of log volatility in a group; `SPREAD_SCALE` is the scale of its half-normal prior."""
AVERAGED_VARIANCE, AVERAGED_AUTOCOVARIANCE = 2.0 / 3.0, 1.0 / 6.0
"""Changes of averages over consecutive years against the variance of a year (Working 1960: autocorrelation 1/4)."""
MONTHS = 12


@dataclass(frozen=True, slots=True)
class PooledVolatility:
    """Volatilities of n assets after pooling within their groups.

    Attributes:
        volatility: (n,) exp of the posterior mean of log sigma, in the unit of the input.
        error: (n,) posterior standard deviation of log sigma: one standard error each side is the 68 % interval.
        own_weight: (n,) how far log sigma moves for a unit that the asset's own estimate moves, 0..1; the rest is the
            group's.
    """

    volatility: FloatArray
    error: FloatArray
    own_weight: FloatArray

    def __post_init__(self) -> None:
        read_only_arrays(self)


def effective_excess(changes: FloatArray, groups: tuple[str, ...]) -> FloatArray:
    """The excess kurtosis g (n,) of independent changes that would leave a variance as uncertain as these changes do.

    Fat tails and volatility that comes and goes both widen it: the long-run variance of the squares z^2 of standardised
    changes is 2 + g, estimated with Bartlett weights over the root of the longest history (Newey and West 1987). Twenty
    changes cannot show their own tails (a sample kurtosis is below their number), so that the members of a group share one
    figure (Layard 1973), corrected for what standardising does to short histories, and never below that of a normal.
    Where volatility clusters strongly it is still too small for a short history, which covers few of its clusters.

    Args:
        changes: (T, n), NaN missing.
        groups: (n,).
    """
    known = np.isfinite(changes)
    missing = None if known.all() else ~known
    count = np.maximum(known.sum(axis=0), 1)
    whole = changes if missing is None else np.where(known, changes, 0.0)
    u = whole - whole.sum(axis=0) / count  # in place from here on: series are thousands, and days too
    np.square(u, out=u)
    if missing is not None:
        u[missing] = 0.0
    second = u.sum(axis=0) / count
    moves = second > 0
    u /= np.where(moves, second, 1.0)
    u -= 1.0
    u[:, ~moves] = 0.0
    if missing is not None:
        u[missing] = 0.0
    squares = np.einsum("ti,ti->i", u, u)
    found = np.zeros(len(groups))
    for group in dict.fromkeys(groups):
        own = np.array([other == group for other in groups]) & moves & (count > 1)
        if own.any():
            n = count[own]
            # Under normality the mean of z^4 is 3 (n - 1) / (n + 1).
            fourth = 3.0 * (squares[own] + n).sum() / (3.0 * n * (n - 1) / (n + 1.0)).sum()
            pooled = (u, known) if own.all() else (u[:, own], known[:, own])
            long_run = fourth - 1.0 + _autocovariances(*pooled, squares[own], n)
            found[[other == group for other in groups]] = max(float(long_run) - 2.0, 0.0)
    return found


def _autocovariances(u: FloatArray, known: NDArray[np.bool_], squares: FloatArray, count: NDArray[np.intp]) -> float:
    """Twice the weighted sum of the autocovariances of u (T, m), pooled over the m series, each of which sums to zero."""
    lags, total = int(np.sqrt(count.max())), 0.0
    first, pattern = patterns(known)
    distinct, u = known[:, first], np.ascontiguousarray(u)
    if distinct.all():
        pairs = np.broadcast_to(len(u) - np.arange(1, lags + 1)[:, None], (lags, len(pattern)))
    else:
        pairs = np.array([(distinct[lag:] & distinct[:-lag]).sum(axis=0) for lag in range(1, lags + 1)])[:, pattern]
    # What sums to zero is negatively correlated by construction.
    corrections = (pairs * squares / (count * (count - 1.0))).sum(axis=1).tolist()
    for lag, (shared, correction) in enumerate(zip(pairs.sum(axis=1).tolist(), corrections, strict=True), start=1):
        if shared:
            products = float(np.vdot(u[lag:], u[:-lag])) + correction
            total += 2.0 * (1.0 - lag / (lags + 1.0)) * (products / shared)
    return total


STEPS = 15
"""Steps of the recurrence, from where on the asymptotic series is exact to 1e-15."""


def polygammas(x: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Digamma and trigamma of x > 0; scipy's take 0.15 s to import, which a plain run does not need otherwise.

    Recurrence and asymptotic series: Abramowitz and Stegun (1972), 6.3.5, 6.3.18, 6.4.6 and 6.4.12.
    """
    below = x[..., None] + np.arange(STEPS)
    z = x + STEPS
    w = 1.0 / z**2
    digamma = np.log(z) - 0.5 / z - w * (1 / 12 - w * (1 / 120 - w * (1 / 252 - w * (1 / 240 - w / 132))))
    trigamma = 1.0 / z + 0.5 * w + w / z * (1 / 6 - w * (1 / 30 - w * (1 / 42 - w * (1 / 30 - w * 5 / 66))))
    return digamma - (1.0 / below).sum(axis=-1), trigamma + (1.0 / below**2).sum(axis=-1)


def log_volatility(volatility: FloatArray, observations: FloatArray, excess: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Unbiased log volatility (n,) and its sampling variance (n,).

    Args:
        volatility: (n,) sample standard deviations with divisor N - 1, positive.
        observations: (n,) changes behind each, at least two.
        excess: (n,) excess kurtosis of the changes (see `effective_excess`).
    """
    half = 1.0 / (2.0 / (observations - 1.0) + excess / observations)
    digamma, trigamma = polygammas(half)
    return np.log(volatility) - 0.5 * (digamma - np.log(half)), 0.25 * trigamma


def pooled_volatility(estimate: FloatArray, variance: FloatArray, groups: tuple[str, ...]) -> PooledVolatility:
    """Posterior of log volatility given all members of each group; a group of one keeps its own.

    Args:
        estimate: (n,) log volatilities; NaN for an asset about which its own data say nothing: it gets its group's.
        variance: (n,) their sampling variances, NaN with them.
        groups: (n,); every group has at least one estimate.
    """
    mean, error, weight = np.empty((3, len(groups)))
    for group in dict.fromkeys(groups):
        own = np.array([other == group for other in groups])
        mean[own], error[own], weight[own] = _pool(estimate[own], variance[own])
    return PooledVolatility(np.exp(mean), error, weight)


def _pool(estimate: FloatArray, variance: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Posterior mean, standard deviation and own weight (m,) in one group."""
    known, square = np.isfinite(estimate), SPREADS[:, None] ** 2
    y, v = np.where(known, estimate, 0.0), np.where(known, variance, np.inf)
    # (K, m): of the marginal of each estimate given tau, mu integrated out.
    precision = 1.0 / (v + square)
    total = precision.sum(axis=1, keepdims=True)
    mu = (precision @ y)[:, None] / total
    gap = y - mu
    log_density = 0.5 * (np.log(precision[:, known]).sum(axis=1) - np.einsum("km,km,km->k", precision, gap, gap))
    log_density += -0.5 * np.log(total[:, 0]) - 0.5 * (SPREADS / SPREAD_SCALE) ** 2
    weight = np.exp(log_density - log_density.max())
    weight /= weight.sum()
    share = square * precision
    rest = 1.0 - share
    center = share * gap + mu
    mean = weight @ center
    spread = weight @ (rest * (square + rest / total) + (center - mean) ** 2)
    # The group's mean contains the asset: its effect on the mean is part of its own weight.
    own = weight @ (share + rest * precision / total)
    return mean, np.sqrt(spread), own


def annual_changes(history: AnnualPrices, rate: FloatArray | None = None) -> FloatArray:
    """Log changes (N,) between consecutive years about their mean, as if independent and of a year's variance.

    The average of a random walk over a year moves less than its end, and its changes overlap: variance 2/3, covariance
    1/6 between neighbours (Working 1960). Generalised least squares undoes both: the deviations from the mean it
    estimates, times the inverse root of that covariance. Their sum of squares over N - 1 is the variance of a year, with
    the sampling distribution of one from N independent changes.

    Args:
        history: Prices of an asset.
        rate: (m,) exchange rate of each year into the currency of the answer; NaN where unknown, whose changes drop out.
    """
    level = np.log(history.prices if rate is None else history.prices * rate)
    years = np.array(history.years)
    usable = (np.diff(years) == 1) & np.isfinite(np.diff(level))
    x, at = np.diff(level)[usable], years[1:][usable]
    covariance = np.eye(len(x))
    if history.averaged:
        covariance = AVERAGED_VARIANCE * covariance + AVERAGED_AUTOCOVARIANCE * (np.abs(np.subtract.outer(at, at)) == 1)
    root = np.linalg.cholesky(covariance)
    # A constant is whitened with the changes, so that what is subtracted is the mean by generalised least squares.
    white, ones = np.linalg.solve(root, np.column_stack([x, np.ones(len(x))])).T
    return white - ones * (ones @ white) / max(ones @ ones, 1.0)


def annual_volatility(history: AnnualPrices, rate: FloatArray | None = None) -> tuple[float, int]:
    """Volatility a year, with divisor N - 1, and the number N of changes behind it.

    Args:
        history: Prices of an asset.
        rate: As for `annual_changes`.

    Raises:
        GapError: for fewer than two changes.
    """
    white = annual_changes(history, rate)
    if len(white) < 2:
        raise GapError(
            "{asset!r:s} has {n} annual changes in the reporting currency; 2 are needed.",
            hint="Report in the currency of its price, or bring exchange rates for its years.",
            details={"asset": history.asset, "changes": len(white), "needed": 2},
            asset=history.asset,
            n=len(white),
        )
    return float(np.sqrt(white @ white / (len(white) - 1))), len(white)


def yearly_rate(dates: tuple[date, ...], changes: FloatArray, years: tuple[int, ...]) -> FloatArray:
    """Mean exchange rate (m,) of each year, up to one constant; NaN for a year without all twelve months.

    Args:
        dates: T ends of consecutive months.
        changes: (T - 1,) of the rate as fractions, NaN where unknown.
        years: m years.
    """
    known = np.isfinite(changes)
    level = np.concatenate([[1.0], np.cumprod(1.0 + np.where(known, changes, 0.0))])
    # A month counts if the rate is known into it or out of it; a hole would break the chain that levels are made of.
    seen = np.append(known, False) | np.append(False, known)
    at = np.array([day.year for day in dates])
    whole = {year for year in years if (seen & (at == year)).sum() == MONTHS}
    return np.array([level[at == year].mean() if year in whole else np.nan for year in years])


def level_error(volatility: float, years: float, *, averaged: bool) -> float:
    """Standard error (log points) of today's price, of which nothing is known but the price of a year.

    Args:
        volatility: A year.
        years: Between the end of that year and today, at least zero.
        averaged: Whether the price is the mean of the year, from which its end is a third of a year's variance away.
    """
    return volatility * float(np.sqrt(years + (1.0 / 3.0 if averaged else 0.0)))
