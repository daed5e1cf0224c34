"""The last known exchange rate between two currencies."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date

import polars as pl

from toolkit.core.errors import DataError, nearest


@dataclass(frozen=True, slots=True)
class Rate:
    """Units of `quote` for one unit of `base`, and the day of the rate; None for a currency in itself."""

    base: str
    quote: str
    value: float
    date: date | None


def _direct(fx: pl.DataFrame, base: str, quote: str) -> Rate | None:
    if base == quote:
        return Rate(base, quote, 1.0, None)
    for left, right, power in ((base, quote, 1), (quote, base, -1)):
        rows = fx.filter((pl.col("base") == left) & (pl.col("quote") == right)).sort("date")
        if rows.height:
            last = rows.row(-1, named=True)
            return Rate(base, quote, last["rate"] ** power, last["date"])
    return None


def rates_used(fx: pl.DataFrame, currencies: Collection[str]) -> pl.DataFrame:
    """The rows of rates between some currencies, for hashes and ages."""
    return fx.filter(pl.col("quote").is_in(list(currencies)))


def last_rate(fx: pl.DataFrame, base: str, quote: str) -> Rate:
    """The newest rate among the rows given: direct, inverted, or crossed over one other currency.

    Args:
        fx: Rows with columns `date`, `base`, `quote` and `rate` (units of `quote` for one of `base`).
        base: ISO 4217 code of the currency that is converted.
        quote: ISO 4217 code of the currency it is converted to.

    Raises:
        DataError: when no chain of rates links the two.
    """
    found = _direct(fx, base, quote)
    if found is not None:
        return found
    for pivot in sorted({*fx["base"].unique(), *fx["quote"].unique()}):
        first, second = _direct(fx, base, pivot), _direct(fx, pivot, quote)
        if first is not None and second is not None:
            days = [rate.date for rate in (first, second) if rate.date is not None]
            return Rate(base, quote, first.value * second.value, min(days))
    currencies = sorted({*fx["base"].unique(), *fx["quote"].unique()})
    close = nearest(next((word for word in (base, quote) if word not in currencies), quote), currencies)
    hint = f"Did you mean {' or '.join(close)}? " if close else ""
    hint += f"Currencies with a rate: {', '.join(currencies) or 'none'}."
    raise DataError(f"no exchange rate from {base} to {quote} is known.", hint=hint)
