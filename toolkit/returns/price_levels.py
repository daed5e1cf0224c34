"""The estimated price of an asset, from the observations of that asset alone.

No row of another asset enters: neither its dates (a level is that of the asset's own last observation, never carried
forward to the newest date of a panel) nor its values (the numbers of `toolkit.returns.observation.level_filter` are fixed, and
its posterior is of the series itself). Risk may be pooled within a group of assets; a price may not.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import NamedTuple

import numpy as np
import polars as pl

from toolkit.core.calendar import month_end
from toolkit.core.forecast import FloatArray, PriceLevel
from toolkit.market.price_series import PriceSeries, date_of
from toolkit.market.readers.price_checks import CUSTOMS
from toolkit.returns.history import ANNUAL, ANNUAL_AVERAGE, AnnualPrices, frequency
from toolkit.returns.observation.level_filter import filtered_levels
from toolkit.returns.panel import MINIMUM_CHANGES, MINIMUM_YEARS
from toolkit.returns.volatility_pooling import annual_volatility, level_error


class MonthlyPrices(NamedTuple):
    """Observations of one asset in all months from the first, number `first`, to the last: log prices and quantities (T,)."""

    first: int
    log_price: FloatArray
    quantity: FloatArray

    def is_filterable(self, least: int) -> bool:
        """Whether so many changes between consecutive months are known, and one of them is a change of the price."""
        changes = np.diff(self.log_price)
        return not least or (int(np.isfinite(changes).sum()) >= least and bool(np.nanmax(np.abs(changes)) > 0.0))

    def begins_with(self, other: MonthlyPrices) -> bool:
        """Whether the observations of the other are the first ones of this."""
        pairs = ((own[: len(given)], given) for own, given in zip(self[1:], other[1:], strict=True))
        return self.first == other.first and all(np.array_equal(own, given, equal_nan=True) for own, given in pairs)


@dataclass(frozen=True, slots=True)
class LevelPath:
    """Filtered levels of one asset by month, from the first to the last observation.

    Attributes:
        observed: What was filtered, T months.
        log_level: (T,) in the currency of quotation.
        error: (T,) its standard error in log points.
    """

    observed: MonthlyPrices
    log_level: FloatArray
    error: FloatArray

    @property
    def months(self) -> tuple[date, ...]:
        """T ends of months."""
        return tuple(month_end(self.observed.first + i) for i in range(len(self.log_level)))

    @property
    def last(self) -> tuple[float, float]:
        """The level of the last month and its standard error, as prices in the currency of quotation."""
        price = float(np.exp(self.log_level[-1]))
        return price, price * float(self.error[-1])


def price_levels(
    prices: PriceSeries | pl.DataFrame,
    assets: Iterable[str],
    *,
    latent: bool = True,
    known: Mapping[str, LevelPath] | None = None,
) -> tuple[PriceLevel, ...]:
    """The estimated price of each asset on the day of its own last observation.

    Args:
        prices: Series, or rows of `toolkit.core.frames.Prices` in any order; every asset has at least one.
        assets: Keys, in the order of the answer.
        latent: Whether customs unit values are filtered; False takes every last print as it is.
        known: Paths that were filtered before; see `level_paths`.

    Returns:
        One record an asset. Customs unit values with at least `MINIMUM_CHANGES` changes between consecutive months are
        filtered; an average of a year has the error of the price of that year's end; any other price has none.
    """
    series, keys = PriceSeries.of(prices), tuple(assets)
    paths = level_paths(series, keys, known) if latent else {}
    days, last = series.last_days.tolist(), series.rows.price[series.ends - 1].tolist()
    return tuple(_level(series, at := series.place[key], days[at], last[at], paths.get(key)) for key in keys)


def level_paths(
    prices: PriceSeries | pl.DataFrame,
    assets: Iterable[str],
    known: Mapping[str, LevelPath] | None = None,
    *,
    least: int = MINIMUM_CHANGES,
) -> dict[str, LevelPath]:
    """Levels behind customs unit values, each series for itself, all in one pass; the last are those of `price_levels`.

    Args:
        prices: Series, or rows of `toolkit.core.frames.Prices` in any order.
        assets: Keys; those that have another basis have no path.
        known: Paths that were filtered before: a series with the same observations, or the first of them, is read off.
        least: Changes between consecutive months that a series needs; 0 filters every one.

    Returns:
        Asset -> path. No path for a series with fewer changes.
    """
    given, wanted = PriceSeries.of(prices), {*assets}
    customs = [(i, key) for i, key in enumerate(given.assets) if key in wanted and given.bases[i] == CUSTOMS]
    series = {key: one for i, key in customs if (one := _by_month(given, i)).is_filterable(least)}
    before = {key: path for key, path in (known or {}).items() if key in series and path.observed.begins_with(series[key])}
    new = {key: one for key, one in series.items() if key not in before}
    paths = before | _filtered(new) if new else before
    lengths = {key: len(one.log_price) for key, one in series.items()}
    return {key: LevelPath(series[key], paths[key].log_level[:T], paths[key].error[:T]) for key, T in lengths.items()}


def _filtered(series: Mapping[str, MonthlyPrices]) -> dict[str, LevelPath]:
    """Paths of at least one series, each with its error after its last month too."""
    # All begin with their own first month; the months after the last one of a series are without a price.
    log_prices, quantities = np.full((2, max(len(one.log_price) for one in series.values()), len(series)), np.nan)
    for column, one in enumerate(series.values()):
        log_prices[: len(one.log_price), column], quantities[: len(one.log_price), column] = one.log_price, one.quantity
    levels, errors = filtered_levels(log_prices, quantities)
    return {key: LevelPath(one, levels[:, i], errors[:, i]) for i, (key, one) in enumerate(series.items())}


def _level(series: PriceSeries, at: int, day: int, last: float, path: LevelPath | None) -> PriceLevel:
    """The level of one of the series, on the day of its last price; `path` where it is filtered."""
    basis, price, error = series.bases[at], last, 0.0
    if path is not None:
        price, error = path.last
    elif basis == ANNUAL_AVERAGE and frequency([date_of(day) for day in series.days(at)]) == ANNUAL:
        error = price * _annual_error(series, at)
    return PriceLevel(
        asset=series.assets[at],
        price=price,
        standard_error=error,
        raw=last,
        date=date_of(day),
        currency=series.currencies[at],
        unit=series.units[at],
        basis=basis,
    )


def _by_month(series: PriceSeries, of: int) -> MonthlyPrices:
    """The last observation of one of the series in each month."""
    months = series.months(of)
    at = months - months[0]
    log_price, quantity = np.full((2, at[-1] + 1), np.nan)
    # Of two values at one place the later one is kept.
    log_price[at], quantity[at] = np.log(series.prices(of)), series.quantities(of)
    return MonthlyPrices(int(months[0]), log_price, quantity)


def _annual_error(series: PriceSeries, at: int) -> float:
    """Error (log points) of the mean of a year as the price of its end; none where the series tells no volatility."""
    history = AnnualPrices.of(series, series.assets[at])
    if history.changes < MINIMUM_YEARS - 1:
        return 0.0
    return level_error(annual_volatility(history)[0], 0.0, averaged=True)
