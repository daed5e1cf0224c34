"""Exchange rates on the dates of a panel, and the currency that risk is measured in."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date

import numpy as np
import polars as pl

from toolkit.core.forecast import FloatArray
from toolkit.core.messages import message
from toolkit.market.exchange_rates import Rates
from toolkit.market.price_series import EPOCH, IntArray
from toolkit.returns.panel import Panel

LONGEST_HOLIDAY = 7
"""Days for which a rate of the day holds: weekends with the holidays around them."""


@dataclass(frozen=True, slots=True)
class FxReturns:
    """Changes of the exchange rates that turn a panel into the reporting currency.

    Attributes:
        rates: (T - 1, n) change of each series' rate as a fraction; zero where nothing is converted, NaN where no rate
            is known.
        dollar: (T - 1,) change of the dollar against the reporting currency (of the euro, if that is the dollar);
            all NaN where there is no rate.
        notes: Currencies that were not converted, and the age of the last rate.
    """

    rates: FloatArray
    dollar: FloatArray
    notes: tuple[str, ...]


def monthly_rate(fx: Rates | pl.DataFrame, quote: str, reporting: str, dates: tuple[date, ...]) -> FloatArray:
    """Monthly averages (T,) of the exchange rate, in reporting currency for one unit of `quote`; NaN where unknown.

    A rate that is not given is crossed over a shared base.

    Args:
        fx: Rates, or rows with columns `date`, `base`, `quote` and `rate`.
        quote: ISO 4217 code of the currency of quotation.
        reporting: ISO 4217 code of the reporting currency.
        dates: T days, one in each month asked for.
    """
    months = [d.replace(day=1) for d in dates]

    def averages(known: IntArray, rates: FloatArray) -> FloatArray:
        rows = pl.DataFrame({"date": known.astype("datetime64[D]"), "rate": rates}).sort("date")
        by_month = dict(rows.group_by(pl.col("date").dt.truncate("1mo")).agg(pl.col("rate").mean()).iter_rows())
        return np.array([by_month.get(month, np.nan) for month in months])

    return _crossed(fx, quote, reporting, len(dates), averages)


def daily_rate(fx: Rates | pl.DataFrame, quote: str, reporting: str, dates: tuple[date, ...]) -> FloatArray:
    """Exchange rate (T,) of each day, in reporting currency for one unit of `quote`; NaN where there is none.

    The last rate counts for at most `LONGEST_HOLIDAY` days. A rate without another one in the days around it is that of a week
    or a month, and of no day.

    Args:
        fx: Rates, or rows with columns `date`, `base`, `quote` and `rate`.
        quote: ISO 4217 code of the currency of quotation.
        reporting: ISO 4217 code of the reporting currency.
        dates: T days.
    """
    days = np.fromiter(map(date.toordinal, dates), np.int64, len(dates)) - EPOCH

    def last(known: IntArray, rates: FloatArray) -> FloatArray:
        gaps = np.concatenate([[LONGEST_HOLIDAY], np.diff(known), [LONGEST_HOLIDAY]])
        of_days = np.minimum(gaps[:-1], gaps[1:]) < LONGEST_HOLIDAY
        if not of_days.any():
            return np.full(len(days), np.nan)
        known, rates = known[of_days], rates[of_days]
        at = np.maximum(np.searchsorted(known, days, side="right") - 1, 0)
        age = days - known[at]
        return np.where((age >= 0) & (age <= LONGEST_HOLIDAY), rates[at], np.nan)

    return _crossed(fx, quote, reporting, len(dates), last)


def _crossed(
    fx: Rates | pl.DataFrame, quote: str, reporting: str, count: int, rates: Callable[[IntArray, FloatArray], FloatArray]
) -> FloatArray:
    """Reporting currency for one unit of `quote`: directly, inverted, or over a shared base; `rates` of those of a pair."""
    pairs = Rates.of(fx)

    def direct(base: str, target: str) -> FloatArray:
        if base == target:
            return np.ones(count)
        for left, right, power in ((base, target, 1.0), (target, base, -1.0)):
            days, known = pairs.pair(left, right)
            if len(days):
                return rates(days, known) ** power
        return np.full(count, np.nan)

    rate = direct(quote, reporting)
    if np.isfinite(rate).any():
        return rate
    for base in pairs.bases:
        if np.isfinite(rate).any():
            break
        rate = direct(quote, base) * direct(base, reporting)
    return rate


def _change(level: FloatArray) -> FloatArray:
    return level[1:] / level[:-1] - 1.0


def fx_returns(panel: Panel, fx: Rates | pl.DataFrame, reporting: str) -> FxReturns:
    """Changes of exchange rates over the periods of a panel: of monthly averages for months, of daily rates for days.

    A change is NaN where one of its two rates is unknown, and 0 for a currency without any rate, which a note names.

    Args:
        panel: Prices with their dates, assets and currencies.
        fx: Rates, or rows with columns `date`, `base`, `quote` and `rate`.
        reporting: ISO 4217 code of the reporting currency.
    """
    foreign = [c != reporting for c in panel.currencies]
    rates = np.zeros((len(panel.dates) - 1, len(panel.assets)))
    rate_on = monthly_rate if panel.monthly else daily_rate
    notes: list[str] = []
    for currency in sorted({c for c, other in zip(panel.currencies, foreign, strict=True) if other}):
        level = rate_on(fx, currency, reporting, panel.dates)
        columns = np.array([c == currency for c in panel.currencies])
        known = np.flatnonzero(np.isfinite(level))
        if not len(known):
            notes.append(
                message(
                    "No rate from {currency} to {reporting}: the risk of prices in {currency} is measured in {currency}.",
                    currency=currency,
                    reporting=reporting,
                )
            )
            continue
        change = _change(level)[:, None]
        if columns.all():  # thousands of series in one currency share its changes
            rates = np.broadcast_to(change, rates.shape)
        else:
            rates[:, columns] = change
        if known[-1] < len(level) - 1:
            notes.append(
                message(
                    "Rates from {currency} to {reporting} reach to {rate:%Y-%m-%d}, prices to {price:%Y-%m-%d}: changes in "
                    "between enter no risk in {reporting}.",
                    currency=currency,
                    reporting=reporting,
                    rate=panel.dates[known[-1]],
                    price=panel.dates[-1],
                )
            )
    dollar = _change(rate_on(fx, "USD", reporting if reporting != "USD" else "EUR", panel.dates))
    return FxReturns(rates, dollar, tuple(notes))
