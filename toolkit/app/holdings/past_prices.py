"""Prices of metals and instruments on past days, as they are known now."""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import date
from functools import cache, cached_property
from typing import Any, NamedTuple

import numpy as np
import polars as pl

from toolkit.app.assumptions import grade_step
from toolkit.app.context import Context
from toolkit.app.holdings.names import PRECIOUS, LotNames
from toolkit.app.holdings.valuation import ANNUAL, QUOTE, Observation, observation, unit_prices, with_own_prices
from toolkit.app.prices import PriceFiles, read_own, with_stored
from toolkit.controls.purity import grades_apart
from toolkit.core.assets import Asset
from toolkit.core.grouping import by_key
from toolkit.core.remarks import Remark
from toolkit.core.units import DAYS_PER_YEAR
from toolkit.holdings.performance import Good, Levels
from toolkit.holdings.price_slips import LEVEL_DAYS
from toolkit.holdings.unit_price import UnitPrice, lot_price
from toolkit.market.exchange_rates import Rates, rate_on, rates_used
from toolkit.market.market import FramesOnDemand, Snapshot
from toolkit.market.price_series import PriceSeries
from toolkit.returns.history import ANNUAL_AVERAGE
from toolkit.returns.price_errors import OF_VOLATILITY, PLACE, PriceErrors, price_error
from toolkit.returns.price_levels import level_paths

GOLD = "gold"
"""Whose prices are kept for a benchmark."""


class _Valued(NamedTuple):
    """What a good is valued at: level and exchange rate of a day, relative error as the price of that day, and its grade."""

    quoted: float
    rate: float
    error: float
    kind: str
    basis: str
    date: date
    nines: int


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
        self._traded = {(asset.key, asset.form): asset for asset in self.products}

    @cached_property
    def on(self) -> Callable[[date], tuple[UnitPrice, ...]]:
        """Prices of a kg on a day, in the reporting currency."""
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
    def _rate(self) -> Callable[[str, date], float | None]:
        fx = Rates.by_date(self.context.snapshot["fx"])
        return lambda quoted, day: rate_on(fx, quoted, self.currency, day)

    @cached_property
    def _volatility(self) -> Callable[[str, str], float]:
        return cache(self.errors.volatility)

    @cached_property
    def _rows(self) -> Callable[[str, str | None], Mapping[date, dict[str, Any]]]:
        """Day -> price of an asset in a unit, or in any, ascending."""
        rows = by_key((row["asset"], row) for row in self.prices.sort("date").iter_rows(named=True))
        return cache(lambda asset, unit: {row["date"]: row for row in rows.get(asset, ()) if unit in (None, row["unit"])})

    @cached_property
    def _first_known(self) -> Mapping[str, date] | None:
        """Asset -> first day on which a price of it is known, where nothing is taken from the bundled ones; else None."""
        if self.own is None or not self.own.only:
            return None
        return dict(self.own.frame.group_by("asset").agg(pl.max_horizontal("date", "known_from").min()).iter_rows())

    @cached_property
    def _steps(self) -> Callable[[Asset], Sequence[date]]:
        """Days from which on a product is valued otherwise: of its annual averages, and from the first on of its prices."""
        annual = self.context.snapshot["prices_annual"]

        @cache
        def of(product: Asset) -> Sequence[date]:
            own = [*self._rows(product.key, product.unit)]
            years = annual.filter(pl.col("asset") == (product.offer_of or product.key), pl.col("unit") == product.unit)
            return [*(day for day in years["date"].unique().sort() if not own or day < own[0]), *own]

        return of

    @cached_property
    def _at_step(self) -> Callable[[Asset, date], Observation | None]:
        """What a product is valued at from a day of its steps on."""
        known, levels = self.context.snapshot["prices_annual"], self.context.level_paths
        series = PriceSeries.of(self.prices.with_columns(known_from=pl.col("date")))

        @cache
        def of(product: Asset, day: date) -> Observation | None:
            row, paths = self._rows(product.key, product.unit).get(day), level_paths(series.until(day), [product.key], levels)
            annual = FramesOnDemand({"prices_annual": lambda: known.filter(pl.col("date") <= day)})
            return observation(product, row, paths.get(product.key), annual)

        return of

    def _valued(self, good: tuple[str, str, str | None], day: date) -> _Valued | None:
        """What a good is valued at on a day."""
        product = self._traded.get(good[:2])
        if day != self.days[-1]:
            first, steps = date.min, () if product is None else self._steps(product)
            if self._first_known is not None:
                first = self._first_known.get(good[0], date.max)
            at = bisect_right(steps, day)
            if product is None or not at or day < first or (found := self._at_step(product, steps[at - 1])) is None:
                return None
            row, kind, price, level = found
            if (rate := self._rate(row["currency"], day)) is not None:
                years, basis = (day - row["date"]).days / DAYS_PER_YEAR, ANNUAL_AVERAGE if kind == ANNUAL else row["basis"]
                error = price_error(basis, years, self._volatility(product.key, basis), level / price).error
                usual = None if product.group == PRECIOUS else product.purity
                return _Valued(price, rate, error, kind, row["basis"], row["date"], grades_apart(usual, good[2]))
        lot = lot_price(self.on(day), *good)
        if lot is None:
            return None
        one = lot.price
        rate, error = one.price / one.quoted, one.price_today_se / one.price
        return _Valued(one.quoted, rate, error, one.kind, one.basis, one.date, lot.nines)

    @cached_property
    def price(self) -> Callable[[Good, date], tuple[float, float, float, float] | None]:
        """Level, exchange rate, and the errors of day and place of a good on a day; None where none is near."""
        return cache(self._price)

    def _price(self, good: Good, day: date) -> tuple[float, float, float, float] | None:
        asset, form, purity = good
        if form is None:
            days = [*(rows := self._rows(asset, None))]
            at = bisect_right(days, day)
            if not at or (day - days[at - 1]).days > LEVEL_DAYS:
                return None
            row = rows[days[at - 1]]
            return None if (rate := self._rate(row["currency"], day)) is None else (row["price"], rate, 0.0, 0.0)
        one = self._valued((asset, form, purity), day)
        if one is None or (day - one.date).days > LEVEL_DAYS * (2 if one.kind == ANNUAL else 1):
            return None
        error, of_place = math.hypot(one.error, self.step * one.nines), 0.0
        if one.basis in OF_VOLATILITY or one.kind == ANNUAL:
            of_place = PLACE.error
        return one.quoted, one.rate, math.sqrt(max(error**2 - of_place**2, 0.0)), of_place

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
