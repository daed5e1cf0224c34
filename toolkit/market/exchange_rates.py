"""Exchange rates as known on a day, and the last one between two currencies."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field, replace
from datetime import date

import numpy as np
import polars as pl

from toolkit.core.errors import DataError, nearest
from toolkit.core.forecast import FloatArray
from toolkit.core.messages import message, together
from toolkit.market.price_series import IntArray, date_of, day_number, days_of

OLD_RATE = 92
"""Days after which a rate is none of a day: rates are published daily, monthly or by the quarter."""


@dataclass(frozen=True, slots=True)
class Rate:
    """Units of `quote` for one unit of `base`, and the day of the rate; None for a currency in itself."""

    base: str
    quote: str
    value: float
    date: date | None


@dataclass(frozen=True, slots=True, eq=False)
class Rates:
    """Exchange rates as arrays, a pair of currencies at a time; those of a pair are read once for all days.

    Attributes:
        frame: Rows with columns `date`, `base`, `quote`, `rate` (units of `quote` for one of `base`) and `known_from`.
        day: Last day of knowledge; None where the rows are those that are known.
        found: Base, quote and day -> what `rate_on` found.
    """

    frame: pl.DataFrame
    day: date | None = None
    _pairs: dict[tuple[str, str], tuple[IntArray, IntArray, FloatArray]] = field(default_factory=dict)
    _names: dict[tuple[str, ...], list[str]] = field(default_factory=dict)
    found: dict[tuple[str, str, date | None], float | None] = field(default_factory=dict)

    @classmethod
    def of(cls, fx: Rates | pl.DataFrame) -> Rates:
        """The rates of a frame; rates as they are."""
        return fx if isinstance(fx, Rates) else cls(fx)

    @classmethod
    def by_date(cls, fx: pl.DataFrame) -> Rates:
        """The rates of a frame, all of which count from their own date on, whenever they were published."""
        return cls(fx.with_columns(known_from=pl.col("date")))

    def until(self, day: date) -> Rates:
        """What was published by a day, of dates no later than it."""
        return replace(self, day=day, found={})

    def pair(self, base: str, quote: str) -> tuple[IntArray, FloatArray]:
        """Days since 1970 (T,), ascending, and rates (T,) of those rows that have these two currencies."""
        if (base, quote) not in self._pairs:
            rows = self.frame.filter((pl.col("base") == base) & (pl.col("quote") == quote)).sort("date")
            known = rows["known_from"] if "known_from" in rows.columns else rows["date"]
            self._pairs[base, quote] = days_of(rows["date"]), days_of(known), rows["rate"].to_numpy()
        days, known, rates = self._pairs[base, quote]
        if self.day is None:
            return days, rates
        last = day_number(self.day)
        count = int(np.searchsorted(days, last, "right"))
        visible = known[:count] <= last
        return (days[:count], rates[:count]) if visible.all() else (days[:count][visible], rates[:count][visible])

    @property
    def bases(self) -> list[str]:
        """Currencies that the rows, known or not yet, give rates for."""
        return self._named_in("base")

    @property
    def currencies(self) -> list[str]:
        """Currencies of the rows, known or not yet."""
        return self._named_in("base", "quote")

    def _named_in(self, *columns: str) -> list[str]:
        if columns not in self._names:
            self._names[columns] = sorted({name for column in columns for name in self.frame[column].unique()})
        return self._names[columns]

    @property
    def visible(self) -> pl.DataFrame:
        """The rows that are known."""
        if self.day is None:
            return self.frame
        return self.frame.filter((pl.col("date") <= self.day) & (pl.col("known_from") <= self.day))


def _direct(fx: Rates, base: str, quote: str) -> Rate | None:
    if base == quote:
        return Rate(base, quote, 1.0, None)
    for left, right, power in ((base, quote, 1), (quote, base, -1)):
        days, rates = fx.pair(left, right)
        if len(days):
            return Rate(base, quote, float(rates[-1]) ** power, date_of(int(days[-1])))
    return None


def rates_used(fx: pl.DataFrame, currencies: Collection[str]) -> pl.DataFrame:
    """The rows of rates between some currencies, for hashes and ages."""
    return fx.filter(pl.col("quote").is_in(list(currencies)))


def last_rate(fx: Rates | pl.DataFrame, base: str, quote: str) -> Rate:
    """The newest rate among the rows given: direct, inverted, or crossed over one other currency.

    Args:
        fx: Rates, or rows with columns `date`, `base`, `quote` and `rate` (units of `quote` for one of `base`).
        base: ISO 4217 code of the currency that is converted.
        quote: ISO 4217 code of the currency it is converted to.

    Raises:
        DataError: when no chain of rates links the two.
    """
    rates = Rates.of(fx)
    found = _direct(rates, base, quote)
    if found is not None:
        return found
    for pivot in rates.currencies:
        first, second = _direct(rates, base, pivot), _direct(rates, pivot, quote)
        if first is not None and second is not None:
            days = [rate.date for rate in (first, second) if rate.date is not None]
            return Rate(base, quote, first.value * second.value, min(days))
    known = rates.visible
    currencies = sorted({*known["base"].unique(), *known["quote"].unique()})
    close = nearest(next((word for word in (base, quote) if word not in currencies), quote), currencies)
    near = message("Did you mean {names: or }?", names=close) if close else ""
    known_ones = message("Currencies with a rate: {currencies}. Bring others with --rates FILE.", currencies=currencies)
    hint = together(near, known_ones)
    raise DataError("no exchange rate from {base} to {quote} is known.", hint=hint, base=base, quote=quote)


def rate_on(fx: Rates, base: str, quote: str, day: date | None = None) -> float | None:
    """The value of `last_rate`; None where no chain of rates links the two, or only one `OLD_RATE` days older than the day.

    Args:
        fx: Rates by date, which keep what was found: of thousands of lots there are few days and currencies.
        base: The currency that is converted.
        quote: The currency it is converted to.
        day: Of the last row that counts; None for all.
    """
    key = base, quote, day
    if key not in fx.found:
        fx.found[key] = _rate_on(fx if day is None else fx.until(day), *key)
    return fx.found[key]


def _rate_on(fx: Rates, base: str, quote: str, day: date | None) -> float | None:
    try:
        found = last_rate(fx, base, quote)
    except DataError:
        return None
    is_old = day is not None and found.date is not None and (day - found.date).days > OLD_RATE
    return None if is_old else found.value
