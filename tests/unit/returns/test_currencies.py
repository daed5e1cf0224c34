from __future__ import annotations

from dataclasses import replace
from datetime import date

import numpy as np
import polars as pl
import pytest

from toolkit.returns.currencies import fx_returns
from toolkit.returns.panel import Panel

DAYS = tuple(date(2024, month, 28) for month in range(1, 7))


def panel(periods_per_year: float = 12.0, currencies: tuple[str, ...] = ("USD", "EUR")) -> Panel:
    n = len(currencies)
    prices = np.arange(1.0, 1.0 + 6 * n).reshape(6, n)
    return Panel(DAYS, tuple("abc"[:n]), prices, np.full((6, n), np.nan), currencies, ("close",) * n, periods_per_year)


def rates(base: str, quote: str, values: list[float]) -> pl.DataFrame:
    days = [date(2024, month, 15) for month in range(1, 1 + len(values))]
    return pl.DataFrame({"date": days, "base": base, "quote": quote, "rate": values})


def test_same_currency_is_not_converted_and_months_after_the_last_rate_stay_unknown():
    found = fx_returns(panel(), rates("USD", "EUR", [0.8, 0.88, 0.8, 0.9]), "EUR")
    assert (found.rates[:, 1] == 0).all()
    assert found.rates[:3, 0] == pytest.approx([0.1, 0.8 / 0.88 - 1, 0.125])
    assert np.isnan(found.rates[3:, 0]).all()
    assert f"reach to {DAYS[3]}, prices to {DAYS[5]}" in found.notes[0]


def test_rate_is_inverted_where_only_the_other_way_is_known():
    found = fx_returns(panel(currencies=("EUR",)), rates("USD", "EUR", [0.8] * 3 + [1.0] * 3), "USD")
    assert found.rates[2, 0] == pytest.approx(-0.2)
    assert found.dollar[2] == pytest.approx(0.25)


def test_rate_crosses_over_a_shared_base():
    fx = pl.concat([rates("USD", "EUR", [0.8] * 6), rates("USD", "CHF", [0.8] * 3 + [0.84] * 3)])
    found = fx_returns(panel(currencies=("EUR",)), fx, "CHF")
    assert found.rates[2, 0] == pytest.approx(0.05)


def test_daily_prices_are_converted_with_the_last_rate_of_the_day_and_never_with_an_old_one():
    days = tuple(date(2024, 5, day) for day in (6, 7, 8, 10, 13, 31))
    daily = replace(panel(252.0), dates=days)
    fx = pl.DataFrame({"date": [date(2024, 5, day) for day in (3, 7, 8, 9, 10)], "base": "EUR", "quote": "USD"})
    fx = fx.with_columns(rate=pl.Series([1.0, 1.25, 1.0, 1.1, 1.6]))
    found = fx_returns(daily, fx, "EUR")
    assert found.rates[:4, 0] == pytest.approx([1 / 1.25 - 1, 0.25, 1 / 1.6 - 1, 0.0])  # 6 May at Friday's rate, 13 May too
    assert np.isnan(found.rates[4, 0])  # a rate of three weeks ago is none
    assert "reach to 2024-05-13, prices to 2024-05-31" in found.notes[0]
    assert (found.rates[:, 1] == 0).all()


def test_unknown_rate_is_a_note_that_names_the_currency_of_risk():
    found = fx_returns(panel(), rates("USD", "EUR", [0.8] * 6), "GBP")
    assert (found.rates == 0).all()
    assert any("GBP" in note for note in found.notes)


def test_an_average_of_a_month_is_the_rate_of_no_day():
    """Of rates by month until April and by day in May, those of May alone convert daily prices."""
    days = tuple(date(2024, 4, 29) + (date(2024, 4, 30) - date(2024, 4, 29)) * i for i in range(6))
    monthly = pl.DataFrame({"date": [date(2024, 3, 31), date(2024, 4, 30)], "base": "EUR", "quote": "USD", "rate": [1.0, 1.0]})
    found = fx_returns(replace(panel(252.0), dates=days), monthly, "EUR")
    assert (found.rates == 0).all()
    assert found.notes[0].startswith("No rate from USD to EUR")
    daily = pl.DataFrame({"date": [date(2024, 5, day) for day in (8, 9)], "base": "EUR", "quote": "USD", "rate": [1.0, 1.25]})
    later = (*days[:4], date(2024, 5, 8), date(2024, 5, 9))
    found = fx_returns(replace(panel(252.0), dates=later), pl.concat([monthly, daily]), "EUR")
    assert np.isnan(found.rates[:4, 0]).all()
    assert found.rates[4, 0] == pytest.approx(1 / 1.25 - 1)
