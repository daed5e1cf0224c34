"""Prices of a backtest on one calendar: what was observed on each date, and what had been published by then.

The two differ where prices come late: a customs unit value of June is published in August. Trades and values take the price
observed on a date, which who trades on it pays and sees; a decision, and a bill for storage, know only what was published.

A customs unit value of a few kilograms may be ten times the price: one that is a `FAR_RATIO` from the median of the three
before it is no price at which metal is traded or valued. What noise remains can be taken out: `estimated` prices are those that
a filter finds behind the unit values up to each month, none of a later one.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property

import numpy as np
import polars as pl
from numpy.typing import NDArray

from toolkit.core.errors import GapError, did_you_mean
from toolkit.core.forecast import FloatArray, read_only_arrays
from toolkit.core.messages import message
from toolkit.core.units import periods_per_year
from toolkit.holdings.price_slips import is_far
from toolkit.market.price_series import PriceSeries
from toolkit.market.readers.price_checks import CUSTOMS, in_order
from toolkit.returns.currencies import daily_rate, monthly_rate
from toolkit.returns.history import DAY_BY_DAY, days_to_end, histories_of
from toolkit.returns.price_levels import level_paths

PRINTS = 3
"""Prices whose median a customs unit value is compared with."""


@dataclass(frozen=True)  # no slots: the ends of series are looked for once
class BacktestPrices:
    """Prices of n assets on T dates, per unit, in the reporting currency. NaN marks a missing price.

    Attributes:
        dates: T trading days, or ends of months unless every asset is priced daily.
        assets: n keys.
        observed: (T, n) price observed on the date itself, or in the month that it ends.
        published: (T, n) latest price that had been published by the date.
        monthly: Whether a period is a month.
        bases: (n,) price basis of each (``customs_unit_value``, ``monthly_average``, ...).
        implausible: (T, n) where a price was observed and is none to trade at.
    """

    dates: tuple[date, ...]
    assets: tuple[str, ...]
    observed: FloatArray
    published: FloatArray
    monthly: bool
    bases: tuple[str, ...]
    implausible: NDArray[np.bool_]

    def __post_init__(self) -> None:
        read_only_arrays(self)

    @property
    def periods_per_year(self) -> float:
        """12 for months, inferred from the dates for days; never a count of trading days for monthly prices."""
        return 12.0 if self.monthly else periods_per_year(self.dates)

    def position(self, day: date) -> int:
        """Position of the first date that is not before `day`; T where there is none."""
        return int(np.searchsorted(np.array(self.dates, dtype="datetime64[D]"), np.datetime64(day)))

    @cached_property
    def ends(self) -> NDArray[np.intp]:
        """(n,) position of the last price of a series that ended, T where it goes on.

        Ended has what has no price in the last `days_to_end` of the dates.
        """
        priced = np.isfinite(self.observed) | self.implausible
        last = np.where(priced.any(axis=0), len(priced) - 1 - np.argmax(priced[::-1], axis=0), len(priced) - 1)
        age = np.array([(self.dates[-1] - self.dates[at]).days for at in last])
        return np.where(age > days_to_end(daily=not self.monthly), last, len(priced))

    def levels(self, asset: str) -> FloatArray:
        """(T,) price of an asset on each date, or the last before it.

        Raises:
            GapError: where it has none yet on the first date, or no more before the last.
        """
        at = self.assets.index(asset)
        found = self.observed[:, at].copy()
        found[0] = found[0] if np.isfinite(found[0]) else self.published[0, at]
        begun, ends = bool(np.isfinite(found[0]) and np.isfinite(self.observed[:, at]).any()), int(self.ends[at])
        if not begun or ends < len(found):
            raise GapError(
                "{asset:s} has no price on {day}.",
                hint="Choose --start and --end between its first and its last price.",
                asset=asset,
                day=self.dates[ends + 1 if begun else 0],
            )
        return found[np.maximum.accumulate(np.where(np.isfinite(found), np.arange(len(found)), 0))]

    def between(self, start: date, end: date) -> BacktestPrices:
        """The prices of the dates from `start` to `end`, both included.

        Raises:
            GapError: where there are fewer than two of them.
        """
        kept = [i for i, day in enumerate(self.dates) if start <= day <= end]
        if len(kept) < 2:
            raise GapError(
                "there are {n} dates with prices from {start} to {end}; 2 are needed.",
                hint="Prices are known from {dates} to {dates_dates}: choose --start and --end between.",
                details={"start": start.isoformat(), "end": end.isoformat(), "dates": len(kept)},
                n=len(kept),
                start=start,
                end=end,
                dates=self.dates[0],
                dates_dates=self.dates[-1],
            )
        first, last = kept[0], kept[-1] + 1
        return BacktestPrices(
            self.dates[first:last],
            self.assets,
            self.observed[first:last],
            self.published[first:last],
            self.monthly,
            self.bases,
            self.implausible[first:last],
        )

    def with_variants(self, variants: Mapping[str, tuple[str, float]]) -> BacktestPrices:
        """The prices, with those of further assets: key -> the asset whose price they have, and a factor on it."""
        at = [self.assets.index(asset) for asset, _ in variants.values()]
        factors = np.array([factor for _, factor in variants.values()])
        return BacktestPrices(
            self.dates,
            (*self.assets, *variants),
            np.hstack([self.observed, self.observed[:, at] * factors]),
            np.hstack([self.published, self.published[:, at] * factors]),
            self.monthly,
            (*self.bases, *(self.bases[i] for i in at)),
            np.hstack([self.implausible, self.implausible[:, at]]),
        )

    @classmethod
    def of(
        cls,
        prices: pl.DataFrame,
        fx: pl.DataFrame,
        assets: Sequence[str],
        currency: str,
        *,
        until: date,
        estimated: bool = False,
    ) -> BacktestPrices:
        """The prices of some assets.

        Args:
            prices: Rows of `toolkit.core.frames.Prices`.
            fx: Rows of `toolkit.core.frames.ExchangeRates`.
            assets: n keys.
            currency: ISO 4217 code of the reporting currency.
            until: Last date.
            estimated: Whether customs unit values are replaced by the prices that a filter finds behind them.

        Raises:
            GapError: for an asset that never has a price.
        """
        rows = prices.filter(pl.col("asset").is_in(list(assets)) & (pl.col("date") <= until)).drop_nulls("price")
        rows = rows if in_order(rows, ("asset", "date")) else rows.sort("asset", "date")
        series = PriceSeries.of(rows)
        if missing := [key for key in assets if key not in series.place]:
            later = prices.filter(pl.col("asset").is_in(missing)).drop_nulls("price")["date"].min()
            if later is None:
                known = prices["asset"].unique()
                hint = message(
                    "Bring their prices (--prices), or leave them out. {did_you_mean}",
                    did_you_mean=did_you_mean(missing[0], known),
                )
            else:
                hint = message("The first of their prices is of {later}: choose a later --start and --end.", later=later)
            raise GapError(
                "never priced up to {until}: {missing}.",
                hint=hint,
                details={"missing": missing},
                until=until,
                missing=[*missing],
            )
        daily = all(history.frequency == DAY_BY_DAY for history in histories_of(series).values())
        if not daily:
            ends = rows.with_columns(pl.col("date").dt.month_end()).filter(pl.col("date") <= until)
            rows = ends.group_by("asset", "date", maintain_order=True).last()
            series = PriceSeries.of(rows)
        dates = rows["date"].unique().sort().to_list()
        if not dates:
            raise GapError("no whole month of prices is over by {until}.", hint="Choose a later --end.", until=until)
        if not daily:
            dates = pl.date_range(dates[0].replace(day=1), dates[-1], "1mo", eager=True).dt.month_end().to_list()
        days, rates = _days(pl.Series(dates)), dict[str, FloatArray]()
        observed, published = np.full((2, len(dates), len(assets)), np.nan)
        implausible, bases = np.zeros((len(dates), len(assets)), dtype=bool), []
        dated, known, price = _days(rows["date"]), _days(rows["known_from"]), rows["price"].to_numpy()
        for column, key in enumerate(assets):
            at = series.place[key]
            quoted, basis, of = series.currencies[at], series.bases[at], slice(series.starts[at], series.ends[at])
            own = dated[of], known[of], price[of]
            if basis == CUSTOMS and estimated:
                own = _filtered(key, rows[of])
            elif basis == CUSTOMS:
                far = _far(own[2])
                implausible[np.searchsorted(days, own[0][far]), column] = True
                own = own[0][~far], own[1][~far], own[2][~far]
            if quoted not in rates:
                rates[quoted] = _rate(fx, quoted, currency, tuple(dates))
            observed[np.searchsorted(days, own[0]), column] = own[2]
            published[:, column] = _published(*own, days)
            bases.append(basis)
            observed[:, column] *= rates[quoted]
            published[:, column] *= rates[quoted]
        return cls(tuple(dates), tuple(assets), observed, published, not daily, tuple(bases), implausible)


def _days(dates: pl.Series) -> np.ndarray:
    return dates.to_numpy().astype("datetime64[D]")


def _rate(fx: pl.DataFrame, quoted: str, currency: str, dates: tuple[date, ...]) -> FloatArray:
    """(T,) exchange rate of each date; where there is none of a day, the average of the month that ends on it."""
    if quoted == currency:
        return np.ones(len(dates))
    of_days = daily_rate(fx, quoted, currency, dates)
    return of_days if np.isfinite(of_days).any() else monthly_rate(fx, quoted, currency, dates)


def _far(prices: FloatArray) -> NDArray[np.bool_]:
    """Which prices (T,) are far from the median of up to three before them."""
    before = [float(np.median(prices[max(0, t - PRINTS) : t])) if t else float(prices[0]) for t in range(len(prices))]
    return np.array([is_far(price / level) for price, level in zip(prices, before, strict=True)], dtype=bool)


def _filtered(asset: str, rows: pl.DataFrame) -> tuple[np.ndarray, np.ndarray, FloatArray]:
    """Dates, days of publication and, as a filter finds them behind those up to each month, prices of one asset by month.

    A short series is filtered too: how many prices come later has no say in that of a month.
    """
    path = level_paths(rows, [asset], least=0)[asset]
    levels = pl.DataFrame({"date": path.months, "price": np.exp(path.log_level)})
    rows = rows.drop("price").join(levels, on="date", maintain_order="left")
    return _days(rows["date"]), _days(rows["known_from"]), rows["price"].to_numpy()


def _published(dates: np.ndarray, known: np.ndarray, prices: FloatArray, days: np.ndarray) -> FloatArray:
    """(T,) newest price of one asset among those published by each day; NaN before the first.

    Args:
        dates: Of its prices.
        known: Of their publication.
        prices: As many.
        days: (T,).
    """
    if not np.array_equal(dates, known):
        order = np.lexsort((dates, known))
        known, dates, prices = known[order], dates[order], prices[order]
    elif np.array_equal(dates, days):
        return prices
    newest = np.maximum.accumulate(np.where(dates == np.maximum.accumulate(dates), np.arange(len(dates)), 0))
    at = np.searchsorted(known, days, side="right") - 1
    return np.where(at >= 0, prices[newest[np.maximum(at, 0)]], np.nan)
