"""Price series as arrays: what is known on a day, or since one, is a slice of each and no copy."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from datetime import date
from functools import cached_property

import numpy as np
import polars as pl
from numpy.typing import NDArray

from toolkit.core.forecast import FloatArray

IntArray = NDArray[np.int64]
EPOCH = date(1970, 1, 1).toordinal()
"""Day from which days are counted."""
SPAN = 1 << 24
"""More than the number of all days: a series and a day are one number, series x SPAN + day."""
MONTHS_BEFORE = 1970 * 12
"""Number of the first month of numpy's months (see `toolkit.core.calendar.month_number`)."""


def days_of(dates: pl.Series) -> IntArray:
    """Days since 1970 of a column of dates."""
    return dates.to_physical().to_numpy().astype(np.int64)


def day_number(day: date) -> int:
    """Days since 1970."""
    return day.toordinal() - EPOCH


def dates_of(days: IntArray) -> tuple[date, ...]:
    """The dates of numbers of days since 1970."""
    return tuple(map(date.fromordinal, (days + EPOCH).tolist()))


def date_of(day: int) -> date:
    """The date of a number of days since 1970."""
    return date.fromordinal(EPOCH + int(day))


@dataclass(frozen=True, slots=True, eq=False)
class _Rows:
    """N prices of all series, one series after the other, each by ascending date.

    Attributes:
        day, known: (N,) series x `SPAN` + day of the price, and of its publication.
        price, quantity: (N,); a quantity that is not known is NaN.
        published_in_order: Whether the days of publication of each series ascend too.
        length: Prices of each series, where all have them on the same days; else None.
    """

    day: IntArray
    known: IntArray
    price: FloatArray
    quantity: FloatArray
    published_in_order: bool
    length: int | None = None


@dataclass(frozen=True, eq=False)  # no slots: positions are found once
class PriceSeries:
    """Price series of S assets, sorted by name, none of them empty.

    Attributes:
        assets: S keys.
        currencies, units, bases: One a series (see `toolkit.core.frames.Prices`).
        starts, ends: (S,) where each begins and ends among the rows.
        numbers: (S,) of the series in `rows`.
        rows: Prices of these and of other series.
    """

    assets: tuple[str, ...]
    currencies: tuple[str, ...]
    units: tuple[str, ...]
    bases: tuple[str, ...]
    starts: IntArray
    ends: IntArray
    numbers: IntArray
    rows: _Rows

    @classmethod
    def of(cls, prices: PriceSeries | pl.DataFrame) -> PriceSeries:
        """The series of a frame; series as they are.

        Args:
            prices: Series, or rows of `toolkit.core.frames.Prices` in any order; those without a price count nothing.
        """
        if isinstance(prices, PriceSeries):
            return prices
        table = prices.drop_nulls("price")
        day, lengths = _positions_of(table, "date")
        if (day[1:] < day[:-1]).any():
            table = table[np.argsort(day, kind="stable")]  # quick where whole series are in order, as in a store
            day, lengths = _positions_of(table, "date")
        starts = np.cumsum(lengths) - lengths
        known = day
        if "known_from" in table.columns and not table["known_from"].equals(table["date"]):
            known, _ = _positions_of(table, "known_from")
        quantity = np.broadcast_to(np.float64("nan"), len(day))
        if table.select(pl.col("quantity").is_not_null().any()).item():
            quantity = table["quantity"].cast(pl.Float64).fill_null(float("nan")).to_numpy()
        in_order = bool((known[1:] >= known[:-1]).all())
        length, short = divmod(len(day), max(len(starts), 1))
        alike = not short and bool((day.reshape(-1, max(length, 1)) % SPAN == day[:length] % SPAN).all())
        price = table["price"].cast(pl.Float64).to_numpy()
        rows = _Rows(day, known, price, quantity, in_order, length if length and alike else None)
        # A column of one value takes no memory until it is asked for by name: the few rows are taken from the frame.
        first = table.select("asset", "currency", "unit", "basis")[starts]
        assets, currencies, units, bases = map(tuple, first.get_columns())
        return cls(assets, currencies, units, bases, starts, np.append(starts[1:], table.height), np.arange(len(starts)), rows)

    @classmethod
    def of_columns(
        cls, values: FloatArray, dates: pl.Series, quotations: Mapping[str, tuple[str, str]], basis: str
    ) -> PriceSeries:
        """Series whose prices stand side by side, each known on its day.

        Args:
            values: (T, n) prices, NaN where there is none; a column in the order of names.
            dates: T days, ascending.
            quotations: Key -> currency and unit, n, sorted.
            basis: Of all of them.
        """
        (price, counts), days = one_by_one(values), days_of(dates)
        day = (np.arange(len(counts))[:, None] * SPAN + days).ravel()
        is_whole = len(day) == len(price)
        day = day if is_whole else day[~np.isnan(values.ravel(order="F"))]
        nothing = np.broadcast_to(np.float64("nan"), len(day))
        rows = _Rows(day, day, price, nothing, published_in_order=True, length=len(days) if is_whole else None)
        currencies, units = zip(*quotations.values(), strict=True)
        ends = np.cumsum(counts)
        return cls(
            tuple(quotations), currencies, units, (basis,) * len(counts), ends - counts, ends, np.arange(len(counts)), rows
        )

    def frame(self, source: str) -> pl.DataFrame:
        """Rows of `toolkit.core.frames.Prices` of series of which each price was known on its day, and no quantity.

        Args:
            source: Of all of them.
        """
        series, days, price, _ = self.together()
        at = pl.Series(series)
        names = {"asset": self.assets, "currency": self.currencies, "unit": self.units, "basis": self.bases}
        texts = {name: pl.Series(values, dtype=pl.String).gather(at) for name, values in names.items()}
        dates = pl.Series(days, dtype=pl.Int32).cast(pl.Date)
        rows = pl.DataFrame({"date": dates, "price": price, **texts, "known_from": dates})
        return rows.select(
            "date", "asset", "price", "currency", "unit", pl.lit(None, pl.Float64).alias("quantity"), "basis",
            pl.lit(source).alias("source"), "known_from",
        )  # fmt: skip

    @cached_property
    def place(self) -> dict[str, int]:
        """Asset -> its position."""
        return {key: i for i, key in enumerate(self.assets)}

    @property
    def counts(self) -> IntArray:
        """(S,) prices of each."""
        return self.ends - self.starts

    @property
    def last_days(self) -> IntArray:
        """(S,) day of the last price of each, since 1970."""
        return self.rows.day[self.ends - 1] - self.numbers * SPAN

    def until(self, day: date) -> PriceSeries:
        """What was published by a day, of dates no later than it."""
        last = self.numbers * SPAN + day_number(day)
        if not self.rows.published_in_order:
            return self._copied(day)
        ends = np.minimum(np.searchsorted(self.rows.day, last, "right"), np.searchsorted(self.rows.known, last, "right"))
        return self._between(self.starts, np.minimum(ends, self.ends))

    def since(self, day: date) -> PriceSeries:
        """The prices of a day and of all later ones."""
        starts = np.searchsorted(self.rows.day, self.numbers * SPAN + day_number(day), "left")
        return self._between(np.maximum(starts, self.starts), self.ends)

    def take(self, assets: Collection[str]) -> PriceSeries:
        """The series of some assets; those without one are left out."""
        wanted = {*assets}
        return self._pick(np.array([key in wanted for key in self.assets], dtype=bool))

    def without(self, assets: Collection[str]) -> PriceSeries:
        """All other series."""
        left = {*assets}
        return self._pick(np.array([key not in left for key in self.assets], dtype=bool))

    def days(self, at: int) -> IntArray:
        """Days of one series since 1970, ascending."""
        return self.rows.day[self.starts[at] : self.ends[at]] - self.numbers[at] * SPAN

    def prices(self, at: int) -> FloatArray:
        """Prices of one series."""
        return self.rows.price[self.starts[at] : self.ends[at]]

    def quantities(self, at: int) -> FloatArray:
        """Quantities of one series, NaN where there is none."""
        return self.rows.quantity[self.starts[at] : self.ends[at]]

    @cached_property
    def common_days(self) -> IntArray | None:
        """Days since 1970 on which every series has a price, where no series has one on any other day; else None."""
        if not len(self.assets) or (self.counts != self.counts[0]).any():
            return None
        first = self.days(0)
        if self.rows.length and not np.ptp(self.starts % self.rows.length):
            return first
        return first if all(np.array_equal(self.days(i), first) for i in range(1, len(self.assets))) else None

    def side_by_side(self) -> tuple[FloatArray, FloatArray]:
        """Prices and quantities (T, S) of series of T common days."""
        count, quantity, length = int(self.counts[0]), self.rows.quantity, self.rows.length
        if length and not quantity.strides[0]:  # a part of a table; one value for all: none has a quantity
            series, first = np.divmod(self.starts, length)
            found = self.rows.price.reshape(-1, length)[:, first[0] : first[0] + count]
            found = (found if len(series) == len(found) else found[series]).T
            return found, np.broadcast_to(quantity[:1], found.shape)
        at = self.starts[:, None] + np.arange(count)
        return self.rows.price[at].T, quantity[at].T

    def months(self, at: int) -> IntArray:
        """Numbers of the months of one series (`toolkit.core.calendar.month_number`)."""
        return months_of(self.days(at))

    def together(self) -> tuple[IntArray, IntArray, FloatArray, FloatArray]:
        """Series, day, price and quantity (M,) of all prices, one series after the other."""
        series, at = self._positions()
        days = self.rows.day[at] - (self.numbers * SPAN)[series]
        return series, days, self.rows.price[at], self.rows.quantity[at]

    def _positions(self) -> tuple[IntArray, IntArray | slice]:
        """Series and position among the rows (M,) of all prices; series that follow each other need no copy."""
        counts = self.counts
        series = np.repeat(np.arange(len(counts)), counts)
        if (self.starts[1:] == self.ends[:-1]).all():
            return series, slice(*((self.starts[0], self.ends[-1]) if len(counts) else (0, 0)))
        return series, np.arange(len(series)) + (self.starts - (np.cumsum(counts) - counts))[series]

    def _pick(self, kept: NDArray[np.bool_]) -> PriceSeries:
        if kept.all():
            return self
        at = np.flatnonzero(kept)
        assets, currencies, units, bases = (
            tuple(of[i] for i in at) for of in (self.assets, self.currencies, self.units, self.bases)
        )
        return PriceSeries(assets, currencies, units, bases, self.starts[at], self.ends[at], self.numbers[at], self.rows)

    def _between(self, starts: IntArray, ends: IntArray) -> PriceSeries:
        return replace(self, starts=starts, ends=ends)._pick(ends > starts)

    def _copied(self, day: date) -> PriceSeries:
        """What was known on a day where a later price may have been published earlier: the rows themselves are chosen."""
        series, at = self._positions()
        last, rows = (self.numbers * SPAN + day_number(day))[series], self.rows
        kept = (rows.day[at] <= last) & (rows.known[at] <= last)
        at, counts = np.arange(len(rows.day))[at][kept], np.bincount(series[kept], minlength=len(self.assets))
        ends = np.cumsum(counts)
        chosen = _Rows(rows.day[at], rows.known[at], rows.price[at], rows.quantity[at], published_in_order=False)
        return replace(self, starts=ends - counts, ends=ends, rows=chosen)._pick(counts > 0)


def one_by_one(values: FloatArray) -> tuple[FloatArray, IntArray]:
    """Prices of columns (T, n) one column after the other, without those that are NaN, and how many each has (n,)."""
    price = values.ravel(order="F")
    if not np.isnan(price.sum()):
        return price, np.full(values.shape[1], len(values))
    known = ~np.isnan(values)
    return price[known.ravel(order="F")], known.sum(axis=0)


def _positions_of(table: pl.DataFrame, column: str) -> tuple[IntArray, IntArray]:
    """Series x `SPAN` + day of a column of dates (N,), and the lengths of the runs of one asset."""
    runs = table["asset"].rle().struct
    lengths = runs["len"].to_numpy().astype(np.int64)
    found = np.repeat((runs["value"].rank("dense").cast(pl.Int64).to_numpy() - 1) * SPAN, lengths)
    found += table[column].to_physical().to_numpy()  # in place: of millions of prices each further array takes longer
    return found, lengths


def months_of(days: IntArray) -> IntArray:
    """Numbers of the months of days since 1970 (`toolkit.core.calendar.month_number`)."""
    return days.astype("datetime64[D]").astype("datetime64[M]").astype(np.int64) + MONTHS_BEFORE
