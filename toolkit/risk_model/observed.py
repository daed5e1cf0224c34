"""Returns of a panel under the observation model of each price basis."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from toolkit.core.baskets import DOLLAR, DOLLAR_SERIES, MEMBERS
from toolkit.core.forecast import FloatArray, frozen
from toolkit.market.readers.price_checks import CUSTOMS
from toolkit.returns.currencies import FxReturns
from toolkit.returns.history import MONTHLY_AVERAGE
from toolkit.returns.observation.joint import latent_increments
from toolkit.returns.observation.local_level import LocalLevels, local_levels
from toolkit.returns.observation.smoothing import VOLATILITY_FACTOR, Unsmoothed, unsmooth
from toolkit.returns.observed_returns import Returns
from toolkit.returns.panel import Panel
from toolkit.returns.volatility_prior import with_prior
from toolkit.risk_model.timeseries.baskets import mean_weights

ASSESSED = "assessed"
"""Basis of a price that an agency assesses: unsmoothed where it shows smoothing."""
FITS_KEPT = 256
"""Fits of noisy series that are kept, two a day: those of a sweep over ten years of months, some megabytes."""
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Observed:
    """Changes of a panel, corrected by observation models.

    Attributes:
        local: Of all series and of the dollar, in the currencies of quotation; posterior where noisy.
        total: The same in the reporting currency.
        realised: Of all series and of the dollar, in the currencies of quotation, without any correction of volatility:
            prints as they are, posterior means where noisy. Corrections scale risk; a return that is shown comes from here.
        printed: (T, n) changes of observed prices in the reporting currency: log changes of a noisy basis, since one outlier
            of fifteen times the price would dominate simple returns; simple returns otherwise. Those of `total` where no
            model changes any.
        noisy: Names of the series behind the columns of `levels`.
        levels: None without a noisy series; their volatilities use the prior too where the panel has one.
        months: Levels without the prior.
        months_weight: Weight of these in each volatility of `levels`, NaN where there is no prior.
        information: (m + 1, m + 1) changes without noise that those of a pair of the m noisy series are worth, the last row and
            column of one with an exact series; None without a noisy series.
        assessed: Names of the series behind the columns of `smoothing`.
        smoothing: None where nothing is assessed.
        averaged: (n,) which series were corrected for averaging.
    """

    local: Returns
    total: Returns
    realised: Returns
    printed: FloatArray
    noisy: tuple[str, ...]
    levels: LocalLevels | None
    months: LocalLevels | None
    months_weight: FloatArray
    information: FloatArray | None
    assessed: tuple[str, ...]
    smoothing: Unsmoothed | None
    averaged: NDArray[np.bool_]


def observe(panel: Panel, rates: FxReturns, *, latent: bool) -> Observed:
    """Apply to every series the model of its basis.

    Customs unit values become smoothed changes of the latent log price; monthly averages and assessed prices regain the
    volatility that averaging and smoothing took; every other price is taken as it is. Exchange rates by the month are
    averages too, and are treated as such beside prices that are.

    Args:
        panel: T + 1 dates, n series.
        rates: Changes of exchange rates on its calendar.
        latent: Whether to correct at all; False takes every print as a price.
    """
    bases = np.array(panel.bases)
    average = (bases == MONTHLY_AVERAGE) & latent & panel.monthly
    noisy, assessed = ((bases == basis) & latent for basis in (CUSTOMS, ASSESSED))
    printed = panel.simple_returns()
    factor = VOLATILITY_FACTOR if (average | noisy).any() and panel.monthly else 1.0
    corrected = average.any() or assessed.any()
    mean = printed.copy() if corrected else printed
    mean[:, average] = _widened(mean[:, average], factor)
    smoothing = None
    if assessed.any():
        smoothing = unsmooth(np.diff(np.log(panel.prices[:, assessed]), axis=0))
        mean[:, assessed] = np.where(smoothing.applied, np.expm1(smoothing.changes), mean[:, assessed])
    increments, levels, months = Returns.exact(panel.dates[1:], panel.assets, frozen(mean)), None, None
    information = None
    realised = increments
    if corrected or noisy.any():
        realised = Returns.exact(panel.dates[1:], panel.assets, frozen(printed))
    weight = np.full(int(noisy.sum()), np.nan)
    if noisy.any():
        exact = np.where(noisy, np.nan, printed)
        start, log_price, quantity = _noisy_prints(panel, noisy)
        levels = months = _once(local_levels, log_price, quantity, panel.periods_per_year)
        if panel.prior is not None:
            years = np.isfinite(log_price).sum(axis=0) / panel.periods_per_year
            levels, weight = with_prior(months, tuple(np.array(panel.assets)[noisy].tolist()), years, panel.prior)
        names, regressors = _regressors(panel, rates, exact)
        increments, realised, information = _through_noise(
            panel, noisy, levels, log_price, names, regressors[start:], exact, mean, factor
        )
    exchange, dollar = _widened(rates.rates, factor), _widened(rates.dollar[:, None], factor)[:, 0]
    names = np.array(panel.assets)
    as_printed = realised is increments and factor == 1.0
    local = _with_dollar(increments, dollar)
    # Thousands of series in one currency share its changes.
    exchange = exchange[:, :1] if exchange.strides[1] == 0 else exchange
    total = _with_dollar(increments, dollar, exchange) if exchange.any() else local
    if as_printed:
        printed = total.mean[:, :-1]
    else:
        with np.errstate(invalid="ignore"):
            logs = np.diff(np.log(panel.prices[:, noisy]), axis=0) + np.log1p(rates.rates[:, noisy])
            printed = 1.0 + printed
            printed *= 1.0 + rates.rates
            printed -= 1.0
        printed[:, noisy] = logs
    return Observed(
        local=local,
        total=total,
        realised=local if as_printed else _with_dollar(realised, rates.dollar),
        printed=printed,
        noisy=tuple(names[noisy]),
        levels=levels,
        months=months,
        months_weight=weight,
        information=information,
        assessed=tuple(names[assessed]),
        smoothing=smoothing,
        averaged=average,
    )


def _once(function: Callable[..., T], *given: FloatArray | float) -> T:
    """A function of arrays and numbers, called once for equal ones.

    The noisy series of a day, most of the work of a forecast, are the same whatever the strategy holds: a sweep over universes
    or parameters fits them once a day.
    """
    return _called(function, *((one.shape, one.tobytes()) if isinstance(one, np.ndarray) else one for one in given))


@lru_cache(maxsize=FITS_KEPT)
def _called(function: Callable[..., T], *given: Any) -> T:
    return function(*(np.frombuffer(one[1]).reshape(one[0]) if isinstance(one, tuple) else one for one in given))


def _through_noise(
    panel: Panel,
    noisy: NDArray[np.bool_],
    levels: LocalLevels,
    log_price: FloatArray,
    names: tuple[str, ...],
    regressors: FloatArray,
    exact: FloatArray,
    mean: FloatArray,
    factor: float,
) -> tuple[Returns, Returns, FloatArray]:
    """Smoothed changes of the noisy columns of a panel.

    Args:
        panel: T + 1 dates, n series.
        noisy: (n,) which are.
        levels: Models of those.
        log_price: (t, m) of those from the first print on.
        names: k names of factors.
        regressors: (t - 1, k) their changes.
        exact: (T, n) changes of all others as printed.
        mean: The same corrected.
        factor: `VOLATILITY_FACTOR` of averaging.

    Returns:
        Changes whose volatility is that of a year, beside `mean`; the changes of the levels themselves, beside `exact`; what
        pairs are worth (`Observed.information`).
    """
    start = len(exact) - len(regressors)
    variance = levels.change_volatility**2 / panel.periods_per_year
    prior = None if panel.prior is None else panel.prior.correlation
    smoothed = _once(
        latent_increments,
        log_price,
        levels.noise_variance,
        levels.contamination,
        variance,
        regressors,
        factor,
        *(() if prior is None else (prior.mean, prior.periods, np.array([prior.factors.get(name, np.nan) for name in names]))),
    )
    # A change exists only between a series' first and last print: outside, the smoother has its prior only.
    inside = _inside(np.isfinite(log_price))
    # Volatility is that of a year, in which persistent changes add up: let the smoothed moments average to it.
    changes = np.where(inside, smoothed.mean, np.nan)
    drift = np.nanmean(changes, axis=0)
    second = np.where(inside, (smoothed.mean - drift) ** 2 + np.einsum("tii->ti", smoothed.uncertainty), 0.0).sum(axis=0)
    scale = levels.volatility * np.sqrt(inside.sum(axis=0) / panel.periods_per_year / second)
    both = inside[:, :, None] & inside[:, None, :]
    columns = np.flatnonzero(noisy)

    def beside(others: FloatArray, own: FloatArray, size: FloatArray) -> Returns:
        whole = others.copy()
        whole[:, noisy] = np.nan
        whole[start:, noisy] = own
        uncertainty = np.zeros((len(whole), size.size, size.size))
        uncertainty[start:] = np.where(both, smoothed.uncertainty * np.outer(size, size), 0.0)
        return Returns(panel.dates[1:], panel.assets, whole, columns, uncertainty)

    as_they_were = beside(exact, changes, np.ones_like(scale))
    return beside(mean, _widened(changes, scale), scale), as_they_were, smoothed.information


def _noisy_prints(panel: Panel, noisy: NDArray[np.bool_]) -> tuple[int, FloatArray, FloatArray]:
    """First row with a noisy print, and log prices and quantities (T, m) from there on; exact series start years earlier."""
    log_price = np.log(panel.prices[:, noisy])
    start = int(np.isfinite(log_price).any(axis=1).argmax())
    return start, log_price[start:], panel.quantities[start:, noisy]


def _widened(changes: FloatArray, factor: FloatArray | float) -> FloatArray:
    """Changes (T, n) with deviations from their mean multiplied: a correction of volatility leaves the drift alone."""
    if isinstance(factor, float) and factor == 1.0:
        return changes
    known = np.isfinite(changes)
    drift = np.where(known, changes, 0.0).sum(axis=0) / np.maximum(known.sum(axis=0), 1)
    return drift + factor * (changes - drift)


def _inside(seen: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Which changes (T - 1, n) lie between the first and the last print of their series."""
    after_first = np.maximum.accumulate(seen, axis=0)[:-1]
    before_last = np.maximum.accumulate(seen[::-1], axis=0)[::-1][1:]
    return after_first & before_last


def _regressors(panel: Panel, rates: FxReturns, exact: FloatArray) -> tuple[tuple[str, ...], FloatArray]:
    """Observed factors, k names and changes (T - 1, k), that the noisy series are regressed on while they are smoothed."""
    own = Returns.exact(panel.dates[1:], panel.assets, exact)
    values = np.nan_to_num(exact)
    columns = {name: np.einsum("tn,tn->t", mean_weights(own, members), values) for name, members in MEMBERS.items()}
    columns[DOLLAR] = rates.dollar
    known = {name: column for name, column in columns.items() if np.isfinite(column).any()}
    return tuple(known), np.column_stack([*known.values()] or [np.empty((len(exact), 0))])


def _with_dollar(increments: Returns, dollar: FloatArray, rates: FloatArray | None = None) -> Returns:
    """The returns with the dollar as one more exact series; in the reporting currency, where rates are given.

    Args:
        increments: Of n series in T periods.
        dollar: (T,) changes.
        rates: (T, n), or (T, 1) for all, change of the exchange rate of each series as a fraction; zero where nothing is
            converted and NaN where no rate is known, whose periods drop out.
    """
    series = (*increments.series, DOLLAR_SERIES)
    mean = np.empty((len(dollar), len(series)))
    own, mean[:, -1] = mean[:, :-1], dollar
    if rates is None:
        own[:] = increments.mean
    else:
        np.add(increments.mean, 1.0, out=own)
        own *= 1.0 + rates
        own -= 1.0
    return Returns(increments.dates, series, frozen(mean), increments.noisy, increments.uncertainty)
