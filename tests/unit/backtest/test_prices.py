"""Prices of a backtest: what was observed on a date, what had been published, and what nobody trades at."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import polars as pl
import pytest

from toolkit.backtest.prices import BacktestPrices
from toolkit.core.calendar import month_end
from toolkit.core.errors import GapError
from toolkit.returns.price_levels import level_paths

MONTHS = [month_end(2024 * 12 + t) for t in range(12)]
END = MONTHS[-1]


def series(asset: str, dates: list[date], prices: list[float], *, lag: int = 0, basis: str = "as_given", currency: str = "EUR"):
    n = len(dates)
    return pl.DataFrame(
        {
            "date": dates,
            "asset": [asset] * n,
            "price": prices,
            "currency": [currency] * n,
            "unit": ["kg"] * n,
            "quantity": [1000.0] * n,
            "basis": [basis] * n,
            "source": ["test"] * n,
            "known_from": [day + timedelta(days=lag) for day in dates],
        }
    )


FX = pl.DataFrame(
    {
        "date": [date(2024, 1, 1) + timedelta(days=i) for i in range(366)],
        "base": ["EUR"] * 366,
        "quote": ["USD"] * 366,
        "rate": [1.0 + i / 1000 for i in range(366)],
    }
)


def of(*rows: pl.DataFrame, until: date = END, estimated: bool = False) -> BacktestPrices:
    frame = pl.concat(rows)
    return BacktestPrices.of(
        frame, FX, frame["asset"].unique(maintain_order=True).to_list(), "EUR", until=until, estimated=estimated
    )


def test_prices_that_come_late_are_observed_before_they_are_published():
    found = of(series("a", MONTHS, [*range(100, 112)], lag=41))
    assert found.observed[:, 0].tolist() == [*range(100, 112)]
    # At the end of March the price of January has been published; before that of February none.
    assert np.isnan(found.published[0, 0])
    assert np.isnan(found.published[1, 0]) == (MONTHS[0] + timedelta(days=41) > MONTHS[1])
    assert found.published[2:, 0].tolist() == [*range(100, 110)]
    assert found.periods_per_year == 12


def test_foreign_prices_are_in_reporting_currency_at_the_rate_of_the_date():
    found = of(series("a", MONTHS, [100.0] * 12, currency="USD"))
    rates = [1.0 + (day - date(2024, 1, 1)).days / 1000 for day in MONTHS]
    np.testing.assert_allclose(found.observed[:, 0], 100 / np.array(rates))


def test_one_monthly_asset_makes_the_calendar_monthly_and_only_whole_months_count():
    days = [day for i in range(360) if (day := date(2024, 1, 1) + timedelta(days=i)).weekday() < 5]
    daily = series("d", days, [100.0 + i for i in range(len(days))])
    both = of(series("m", MONTHS, [50.0] * 12), daily, until=date(2024, 6, 15))
    assert both.monthly
    assert both.dates == tuple(MONTHS[:5])
    last = [max(day for day in days if day <= end) for end in both.dates]
    assert both.observed[:, 1].tolist() == [100.0 + days.index(day) for day in last]
    alone = of(daily, until=date(2024, 6, 15))
    assert (alone.monthly, alone.dates[-1], alone.periods_per_year) == (False, date(2024, 6, 14), 252.0)


def test_a_customs_value_far_from_those_before_is_no_price():
    prices = [100.0, 110, 90, 1_000, 95, 31, 33, 32, 300, 90, 100, 110]
    found = of(series("a", MONTHS, prices, basis="customs_unit_value"))
    assert [prices[t] for t in np.flatnonzero(found.implausible[:, 0])] == [1_000, 31, 300]
    assert np.isnan(found.observed[found.implausible[:, 0], 0]).all()
    assert found.published[3, 0] == 90
    assert not of(series("a", MONTHS, prices)).implausible.any()  # a price of a day may fall that far


def test_estimated_prices_are_those_of_the_filter_and_of_the_past_alone():
    noisy = np.round(100 * np.exp(np.random.default_rng(2).normal(0, 0.3, 12)), 4).tolist()
    rows = series("a", MONTHS, noisy, basis="customs_unit_value", lag=41)
    found = of(rows, estimated=True)
    np.testing.assert_allclose(found.observed[:, 0], np.exp(level_paths(rows, ["a"])["a"].log_level))
    assert np.abs(np.diff(np.log(found.observed[:, 0]))).mean() < 0.8 * np.abs(np.diff(np.log(noisy))).mean()
    for n in (1, 2, 5, 9):  # a series of few prices too: when a backtest ends decides no price before
        shorter = of(rows[:n], until=MONTHS[n - 1], estimated=True)
        np.testing.assert_allclose(found.observed[:n], shorter.observed, rtol=1e-12)


def test_an_asset_that_never_has_a_price_is_an_error_that_names_it():
    rows = series("gallium", MONTHS, [1.0] * 12)
    with pytest.raises(GapError, match="galium") as error:
        BacktestPrices.of(rows, FX, ["gallium", "galium"], "EUR", until=END)
    assert error.value.details["missing"] == ["galium"]
    assert "'gallium'" in error.value.hint


def test_a_range_without_two_dates_is_an_error():
    found = of(series("a", MONTHS, [1.0] * 12))
    assert found.between(MONTHS[2], MONTHS[5]).dates == tuple(MONTHS[2:6])
    with pytest.raises(GapError, match="1 dates"):
        found.between(date(2024, 3, 1), date(2024, 4, 1))
    with pytest.raises(GapError, match="no whole month"):
        of(series("a", [date(2024, 1, 10)], [1.0]), until=date(2024, 1, 20))


def test_variants_have_the_price_of_their_product_times_a_factor():
    found = of(series("a", MONTHS, [*range(100, 112)])).with_variants({"a_CHN": ("a", 0.9)})
    assert found.assets == ("a", "a_CHN")
    np.testing.assert_allclose(found.observed[:, 1], found.observed[:, 0] * 0.9)
