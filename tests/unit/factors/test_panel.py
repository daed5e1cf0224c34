from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import polars as pl
import pytest

from toolkit.core.assets import Asset, Universe
from toolkit.core.errors import DataError, GapError
from toolkit.factors.panel import align


def table(series: dict[str, list[tuple[date, float | None]]]) -> pl.DataFrame:
    rows = [
        {"asset": asset, "date": day, "price": price, "currency": "USD", "quantity": None, "basis": "close", "unit": "kg"}
        for asset, prices in series.items()
        for day, price in prices
    ]
    return pl.DataFrame(rows, schema_overrides={"price": pl.Float64, "quantity": pl.Float64})


def months(n: int, start: int = 0) -> list[date]:
    return [date(2020 + (start + i) // 12, (start + i) % 12 + 1, 15) for i in range(n)]


def universe(*keys: str) -> Universe:
    return Universe(tuple(Asset.unknown(key) for key in keys))


def business_days(n: int) -> list[date]:
    days = (date(2020, 1, 1) + timedelta(days=i) for i in range(2 * n))
    return [day for day in days if day.weekday() < 5][:n]


def test_a_month_is_its_last_observation_and_a_missing_one_stays_missing():
    days = months(10)
    prices = [(day, 10.0 + i * i) for i, day in enumerate(days) if i != 4]
    panel = align(table({"a": [*prices, (days[9].replace(day=28), 500.0)]}), universe("a"))
    assert panel.periods_per_year == 12.0
    assert len(panel.dates) == 10
    assert np.isnan(panel.prices[4, 0])
    assert panel.prices[9, 0] == 500.0
    assert np.isnan(panel.simple_returns()[[3, 4], 0]).all()
    assert np.isfinite(panel.simple_returns()).sum() == 7


def test_daily_universe_stays_daily_and_leaves_monthly_explanation_out_with_a_note():
    days = business_days(300)
    series = {
        "a": [(d, 10.0 + np.sin(i)) for i, d in enumerate(days)],
        "copper": [(d, 5.0 + i % 3) for i, d in enumerate(months(14))],
    }
    panel = align(table(series), universe("a"))
    assert panel.periods_per_year == 252.0
    assert panel.assets == ("a",)
    assert "copper" in panel.notes[0]


def test_mixed_rhythms_become_monthly():
    days = business_days(300)
    series = {
        "a": [(d, 10.0 + np.sin(i)) for i, d in enumerate(days)],
        "copper": [(d, 5.0 + i % 3) for i, d in enumerate(months(14))],
    }
    panel = align(table(series), universe("a", "copper"))
    assert panel.monthly
    assert panel.assets == ("a", "copper")


def test_lookback_counts_changes():
    panel = align(table({"a": [(d, 10.0 + i % 5) for i, d in enumerate(months(40))]}), universe("a"), lookback_months=24)
    assert len(panel.simple_returns()) == 24


def test_asset_without_series_is_named_with_a_way_out():
    with pytest.raises(GapError, match="hafnium") as caught:
        align(table({"a": [(d, 1.0 + i % 2) for i, d in enumerate(months(20))]}), universe("a", "hafnium"))
    assert "own price" in caught.value.hint


@pytest.mark.parametrize("prices", [[(date(2020, 1, 1), 1.0), (date(2020, 2, 1), 2.0)], [(d, None) for d in months(20)]])
def test_two_observations_or_none_are_a_gap(prices):
    other = [(d, 1.0 + i % 2) for i, d in enumerate(months(20))]
    with pytest.raises(GapError, match="'b'") as caught:
        align(table({"a": other, "b": prices}), universe("a", "b"))
    assert caught.value.details["asset"] == "b"


def test_quarterly_series_has_no_consecutive_months():
    other = [(d, 1.0 + i % 2) for i, d in enumerate(months(40))]
    with pytest.raises(GapError, match="0 changes"):
        align(table({"a": other, "b": other[::3]}), universe("a", "b"))


def test_constant_price_is_an_error_for_an_asset_and_a_note_for_an_explanation():
    series = {"a": [(d, 1.0 + i % 2) for i, d in enumerate(months(20))], "flat": [(d, 7.0) for d in months(20)]}
    with pytest.raises(DataError, match="never changes"):
        align(table(series), universe("a", "flat"))
    panel = align(table(series), universe("a"))
    assert panel.assets == ("a",)
    assert "flat" in panel.notes[0]


def test_empty_universe_is_an_error():
    with pytest.raises(DataError, match="empty"):
        align(table({"a": [(date(2020, 1, 1), 1.0)]}), Universe(()))
