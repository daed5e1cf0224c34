"""Prices of metals and instruments on past days, as they are known now."""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import date
from functools import cache, cached_property

import numpy as np
import polars as pl

from toolkit.app.assumptions import grade_step
from toolkit.app.context import Context
from toolkit.app.holdings.names import LotNames
from toolkit.app.holdings.valuation import ANNUAL, QUOTE, unit_prices, with_own_prices
from toolkit.app.prices import PriceFiles, read_own, with_stored
from toolkit.core.remarks import Remark
from toolkit.holdings.performance import Good, Levels
from toolkit.holdings.price_slips import LEVEL_DAYS
from toolkit.holdings.unit_price import LotPrice, UnitPrice, lot_price
from toolkit.market.exchange_rates import Rates, rate_on, rates_used
from toolkit.market.market import FramesOnDemand, Snapshot
from toolkit.market.price_series import PriceSeries
from toolkit.returns.history import ANNUAL_AVERAGE
from toolkit.returns.price_errors import OF_VOLATILITY, PLACE, PriceErrors

GOLD = "gold"
"""Whose prices are kept for a benchmark."""


class PastPrices:
    """Prices of goods on days as they are known now.

    Args:
        context: The market and the owner on the day of the answer.
        files: Price files of the user.
        goods: Metal, form and purity; of a listed instrument its key alone.
        days: Ascending, the last one that of the answer.
    """

    def __init__(self, context: Context, files: PriceFiles | None, goods: Sequence[Good], days: Sequence[date]) -> None:
        self.context, self.goods, self.days = context, tuple(goods), tuple(days)
        self.currency = context.settings.config.owner.currency
        self.prices, self.own = context.snapshot["prices"], None
        self.remarks: list[Remark] = []
        if (files := with_stored(files, context)) is not None:
            self.own = read_own(files, context.snapshot, LotNames(context.ledger, context.products), self.currency)
            self.prices = self.own.over(self.prices)
            self.remarks = [*self.own.notes, *self.own.reading]
        self.errors = PriceErrors.on(context.snapshot, PriceSeries.of(self.prices))
        held = {good[0] for good in goods}
        self.prices = self.prices.filter(pl.col("asset").is_in([*held, GOLD]))
        self.products = tuple(asset for asset in context.products if asset.key in held | {GOLD})

    @cached_property
    def on(self) -> Callable[[date], tuple[UnitPrice, ...]]:
        """Prices of a kg on a day of `changes`, or on any, in the reporting currency."""
        known, last = self.context.snapshot, self.days[-1]

        @cache
        def of_day(day: date) -> tuple[UnitPrice, ...]:
            frames = {
                table: (lambda table=table: known[table].filter(pl.col("date") <= day))
                for table in ("prices_annual", "price_points", "fx")
            }
            seen = Snapshot(day, FramesOnDemand(frames), {})
            rows = self.prices.filter(pl.col("date") <= day)
            errors = replace(self.errors, day=day)
            found = unit_prices(seen, rows, self.products, self.currency, self.context.level_paths, errors)
            if self.own is None:
                return (*found.values(),)
            own = self.own if day == last else self.own.until(day)
            return with_own_prices(found, own, self.context.products, seen["fx"], self.currency, errors)[0]

        return of_day

    @cached_property
    def changes(self) -> Sequence[date]:
        """Days on which a price is of, ascending: between two of them the rate and the age of prices alone change."""
        held = pl.col("asset").is_in(list({good[0] for good in self.goods}))
        tables = [self.context.snapshot[name].filter(held) for name in ("prices_annual", "price_points")]
        days = [table["date"].unique() for table in (self.prices, *tables)]
        known = [] if self.own is None else [self.own.frame["known_from"].unique()]
        return sorted({day for column in (*days, *known) for day in column})

    @cached_property
    def _rate(self) -> Callable[[str, date], float | None]:
        fx = Rates.by_date(self.context.snapshot["fx"])
        return cache(lambda quoted, day: rate_on(fx, quoted, self.currency, day))

    @cached_property
    def _at_change(self) -> Callable[[tuple[str, str, str | None], date], LotPrice | None]:
        return cache(lambda good, day: lot_price(self.on(day), *good))

    @cached_property
    def _errors(self) -> Callable[[date], PriceErrors]:
        return cache(lambda day: replace(self.errors, day=day))

    def _of_day(self, good: tuple[str, str, str | None], day: date) -> tuple[LotPrice, float, float] | None:
        """The price of a good, of the last day on which one changed, with the rate and the relative error of the day."""
        at = bisect_right(self.changes, day)
        if day != self.days[-1] and at:
            if (found := self._at_change(good, self.changes[at - 1])) is None:
                return None
            if (rate := self._rate(found.price.quoted_currency, day)) is not None:
                return found, rate, self._error(found.price, day)
        found = lot_price(self.on(day), *good)
        return found and (found, found.price.price / found.price.quoted, found.price.price_today_se / found.price.price)

    def _error(self, one: UnitPrice, day: date) -> float:
        """The relative error of a price as the price of a day."""
        basis = ANNUAL_AVERAGE if one.kind == ANNUAL else one.basis
        return self._errors(day).of(one.asset, basis, one.date, one.standard_error / one.price).error

    @cached_property
    def price(self) -> Callable[[Good, date], tuple[float, float, float, float] | None]:
        """Level, exchange rate, and the errors of day and place of a good on a day; None where none is near."""
        return cache(self._price)

    def _price(self, good: Good, day: date) -> tuple[float, float, float, float] | None:
        asset, form, purity = good
        if form is None:
            rows = self.prices.filter((pl.col("asset") == asset) & (pl.col("date") <= day)).sort("date").tail(1).to_dicts()
            if not rows or (day - rows[0]["date"]).days > LEVEL_DAYS:
                return None
            rate = rate_on(self.context.snapshot["fx"], rows[0]["currency"], self.currency, day)
            return None if rate is None else (rows[0]["price"], rate, 0.0, 0.0)
        found = self._of_day((asset, form, purity), day)
        if found is None:
            return None
        lot, rate, error = found
        one, error = lot.price, math.hypot(error, self.step * lot.nines)
        if (day - one.date).days > LEVEL_DAYS * (2 if one.kind == ANNUAL else 1):
            return None
        of_place = PLACE.error if one.basis in OF_VOLATILITY or one.kind == ANNUAL else 0.0
        of_day = math.sqrt(max(error**2 - of_place**2, 0.0))
        return one.quoted, rate, of_day, of_place

    @cached_property
    def step(self) -> float:
        """Spread of the prices of grades, a nine apart."""
        return grade_step(self.context.snapshot)

    def worth(self, good: Good, day: date) -> float:
        """Price of a unit in the reporting currency; NaN where none is known."""
        found = self.price(good, day)
        return math.nan if found is None else found[0] * found[1]

    @cached_property
    def turned(self) -> frozenset[Good]:
        """Goods that are valued today at an own price of a single day, which is in no series of days before."""
        prices = self.on(self.days[-1])
        found = {(asset, form, purity): lot_price(prices, asset, form, purity) for asset, form, purity in self.goods if form}
        return frozenset(good for good, one in found.items() if one is not None and one.price.kind == QUOTE)

    def levels(self) -> Levels:
        """Of all goods on all days."""
        n, T = len(self.goods), len(self.days)
        read = np.full((4, n, T), math.nan)
        for at, good in enumerate(self.goods):
            for when, day in enumerate(self.days):
                read[:, at, when] = self.price(good, day) or (math.nan,) * 4
        place = np.nan_to_num(read[3]).max(axis=1, initial=0.0)
        of_day, correlation = np.nan_to_num(read[2]), max(self.errors.correlation, 0.0)
        return Levels(self.goods, self.days, read[0], read[1], of_day, place, correlation, self.turned)

    @property
    def used(self) -> dict[str, pl.DataFrame]:
        """The rows that the figures rest on."""
        snapshot, held = self.context.snapshot, [good[0] for good in self.goods]
        return {
            "prices": self.prices.filter(pl.col("asset").is_in(held)),
            "prices_annual": snapshot["prices_annual"].filter(pl.col("asset").is_in(held)),
            "fx": rates_used(snapshot["fx"], {*self.prices["currency"], self.currency}),
        }
