from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import numpy as np
import polars as pl
import pytest

from toolkit.core.assets import Asset, Universe
from toolkit.core.errors import DataError, GapError
from toolkit.core.frames import Prices
from toolkit.returns.history import annual_rows, frequency
from toolkit.returns.panel import align


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


def test_prices_of_every_day_of_the_week_count_365_days_a_year():
    days = [date(2024, 1, 1) + timedelta(days=i) for i in range(300)]
    panel = align(table({"coin": [(d, 10.0 + np.sin(i)) for i, d in enumerate(days)]}), universe("coin"))
    assert (panel.periods_per_year, len(panel.dates)) == (365.25, 300)


def test_a_weekend_is_one_change_beside_what_rests_on_it():
    """A share has no price on Saturday: with weekends in the panel its changes from Friday to Monday were lost."""
    days = [date(2024, 1, 1) + timedelta(days=i) for i in range(300)]
    series = {
        "coin": [(d, 10.0 + np.sin(i)) for i, d in enumerate(days)],
        "share": [(d, 20.0 + np.sin(i)) for i, d in enumerate(days) if d.weekday() < 5],
    }
    panel = align(table(series), universe("coin", "share"))
    assert panel.periods_per_year == 252.0
    assert {day.weekday() for day in panel.dates} == {0, 1, 2, 3, 4}
    assert np.isfinite(panel.simple_returns()).all()


def test_mixed_frequencies_become_monthly():
    days = business_days(300)
    series = {
        "a": [(d, 10.0 + np.sin(i)) for i, d in enumerate(days)],
        "copper": [(d, 5.0 + i % 3) for i, d in enumerate(months(14))],
    }
    panel = align(table(series), universe("a", "copper"))
    assert panel.monthly
    assert panel.assets == ("a", "copper")
    assert panel.notes[0].startswith("Of a the last price of each month is used")


def test_weekly_prices_become_months_and_a_note_says_so():
    days = [date(2020, 1, 3) + timedelta(weeks=i) for i in range(120)]
    panel = align(table({"a": [(d, 10.0 + np.sin(i)) for i, d in enumerate(days)]}), universe("a"))
    assert panel.monthly
    assert panel.notes[0] == "Prices of a are weekly: risk is estimated by month, from the last price of each."


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
    with pytest.raises(GapError, match="the prices of 'b' are quarterly") as caught:
        align(table({"a": other, "b": other[::3]}), universe("a", "b"))
    assert "Bring monthly or daily prices" in caught.value.hint


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


def years(prices: list[float | None], start: int = 2020) -> list[tuple[date, float | None]]:
    return [(date(start + i, 12, 31), price) for i, price in enumerate(prices)]


def test_annual_prices_stay_out_of_the_months_and_beside_the_panel():
    series = {"a": [(d, 1.0 + i % 2) for i, d in enumerate(months(60))], "hf": years([1.0, 2.0, None, 3.0, 2.5])}
    panel = align(table(series), universe("hf", "a"))
    assert panel.monthly
    assert panel.assets == ("a", "hf")
    assert np.isnan(panel.prices[:, 1]).all()
    (history,) = panel.annual
    assert (history.asset, history.years, history.changes) == ("hf", (2020, 2021, 2023, 2024), 2)
    assert not history.averaged
    assert any(note.startswith("Annual prices only: hf") for note in panel.notes)


def test_annual_prices_do_not_slow_daily_ones_down():
    days = business_days(900)
    series = {"a": [(d, 10.0 + np.sin(i)) for i, d in enumerate(days)], "hf": years([1.0, 2.0, 3.0, 2.5])}
    panel = align(table(series).with_columns(basis=pl.lit("annual_average")), universe("a", "hf"))
    assert panel.periods_per_year == 252.0
    assert panel.annual[0].averaged


def test_a_daily_series_with_four_fifths_of_its_days_missing_is_still_daily():
    days = business_days(1500)
    seen = np.random.default_rng(0).random(1500) < 0.2
    series = {
        "a": [(d, 10.0 + np.sin(i)) for i, d in enumerate(days)],
        "holed": [(d, 10.0 + np.cos(i)) for i, (d, here) in enumerate(zip(days, seen, strict=True)) if here],
    }
    panel = align(table(series), universe("a", "holed"))
    assert panel.periods_per_year == 252.0
    assert np.isfinite(panel.prices[:, 1]).sum() == seen.sum()
    assert np.isfinite(panel.simple_returns()[:, 1]).sum() == (seen[1:] & seen[:-1]).sum()


def test_a_delisted_series_is_used_to_its_end_and_named():
    series = {
        "a": [(d, 1.0 + i % 2) for i, d in enumerate(months(40))],
        "gone": [(d, 2.0 - i % 2) for i, d in enumerate(months(20))],
    }
    panel = align(table(series), universe("a", "gone"))
    assert any("gone ends on 2021-08-15" in note for note in panel.notes)
    assert np.isfinite(panel.simple_returns()[:, 1]).sum() == 19
    late = align(table({**series, "gone": [(d, 2.0 - i % 2) for i, d in enumerate(months(38))]}), universe("a", "gone"))
    assert late.notes == ()


def test_two_annual_prices_are_a_gap_and_a_constant_one_an_error():
    other = [(d, 1.0 + i % 2) for i, d in enumerate(months(60))]
    with pytest.raises(GapError, match="'hf' has 1 changes between consecutive years"):
        align(table({"a": other, "hf": years([1.0, 2.0])}), universe("a", "hf"))
    with pytest.raises(DataError, match="'hf' never changes"):
        align(table({"a": other, "hf": years([3.0] * 5)}), universe("a", "hf"))


def test_a_universe_of_annual_prices_alone_has_nothing_that_moves_together():
    series = {"hf": years([1.0, 2.0, 3.0, 2.5]), "gold": [(d, 1.0 + i % 2) for i, d in enumerate(months(60))]}
    with pytest.raises(GapError, match="more often than once a year: hf"):
        align(table(series), universe("hf"))


def test_annual_explanation_is_left_out_with_a_note():
    series = {"a": [(d, 1.0 + i % 2) for i, d in enumerate(months(60))], "hf": years([1.0, 2.0, 3.0, 2.5])}
    panel = align(table(series), universe("a"))
    assert panel.assets == ("a",)
    assert panel.annual == ()
    assert panel.notes == ("Not used beside monthly prices, being slower: hf.",)


@pytest.mark.parametrize(
    ("step", "name"), [(1, "daily"), (7, "weekly"), (30, "monthly"), (91, "quarterly"), (365, "annual"), (150, "irregular")]
)
def test_frequency_is_the_shortest_gap_that_is_no_exception(step, name):
    days = [date(2020, 1, 1) + timedelta(days=step * i) for i in range(20)]
    assert frequency(days) == name
    assert frequency(days[:8] + days[10:]) == name
    assert frequency(days[:1]) == "irregular"


def annual_table(rows: list[tuple[int, str, str, float, str]]) -> pl.DataFrame:
    """Rows of (year, asset, series, price, source) of annual prices per kg."""
    frame = pl.DataFrame(rows, schema=["year", "asset", "series", "price", "source"], orient="row")
    day = pl.date(pl.col("year"), 12, 31)
    known = pl.date(pl.col("source").str.slice(-4).cast(pl.Int32), 2, 6)
    return frame.select(
        day.alias("date"), "asset", "series", "price", currency=pl.lit("USD"), unit=pl.lit("kg"), status=pl.lit("verified"),
        source="source", known_from=known,
    )  # fmt: skip


def test_annual_series_of_the_form_that_is_held_comes_first_and_sources_are_joined():
    held = Universe((replace(Asset.unknown("re", "kg"), form="metal"), replace(Asset.unknown("dy", "kg"), form="oxide")))
    salt = [(year, "re", "salt", 1.0, "usgs_2026") for year in range(2018, 2026)]
    metal = [(year, "re", "metal pellets", 2.0, "usgs_2026") for year in range(2021, 2026)]
    early = [(year, "dy", "oxide", 3.0, "usgs_2025") for year in range(2020, 2025)]
    late = [
        (2024, "dy", "oxide", 4.0, "usgs_2026"),
        (2025, "dy", "oxide", 5.0, "usgs_2026"),
        (2025, "other", "x", 1.0, "usgs_2026"),
    ]
    found = annual_rows(annual_table([*salt, *metal, *early, *late]), held)
    assert found.filter(pl.col("asset") == "re")["price"].to_list() == [2.0] * 5
    assert found.filter(pl.col("asset") == "dy")["price"].to_list() == [3.0, 3.0, 3.0, 3.0, 4.0, 5.0]
    assert set(found["asset"]) == {"re", "dy"}
    assert set(found["basis"]) == {"annual_average"}


def test_annual_rows_of_the_bundled_data_keep_the_contract_of_prices(snapshot):
    products = Universe(tuple(Asset.from_row(row) for row in snapshot["products"].to_dicts()))
    missing = Universe(tuple(asset for asset in products if asset.key not in set(snapshot["prices"]["asset"])))
    found = annual_rows(snapshot["prices_annual"], missing)
    Prices.validate(found)
    assert set(found["asset"]) == {"hafnium", "rhenium", "neodymium", "praseodymium", "dysprosium", "terbium"}
    assert found.filter(pl.col("asset") == "rhenium")["price"].to_list() == [
        1470.0, 1300.0, 1030.0, 977.0, 1120.0, 1070.0, 1360.0, 2600.0,
    ]  # fmt: skip
    panel = align(pl.concat([snapshot["prices"], found]), products)
    assert len(panel.annual) == 6
    assert all(history.averaged for history in panel.annual)


@pytest.mark.parametrize("weekends", [0.0, 0.3, 1.0], ids=["no weekends", "few weekends", "all weekends"])
def test_series_of_the_same_days_are_put_side_by_side_as_any_others(weekends):
    rng = np.random.default_rng(3)
    every = [date(2020, 1, 1) + timedelta(days=i) for i in range(400)]
    days = [day for day in every if day.weekday() < 5 or rng.random() < weekends]
    series = {
        key: [(day, float(price)) for day, price in zip(days, rng.uniform(5, 9, len(days)), strict=True)] for key in "abc"
    }
    apart = series | {"slow": [(day, 5.0 + i % 3) for i, day in enumerate(days[::3])]}
    together, other = (align(table(rows), universe("a", "b", "c"), lookback_months=6) for rows in (series, apart))
    assert together.dates == other.dates
    assert together.assets == other.assets[:3] == ("a", "b", "c")
    assert np.array_equal(together.prices, other.prices[:, :3], equal_nan=True)
    assert together.periods_per_year == other.periods_per_year
    assert together.histories == other.histories[:3]


def test_of_common_days_in_a_month_the_last_counts():
    days = [day for month in months(10) for day in (month.replace(day=3), month.replace(day=20))]
    series = {key: [(day, 5.0 + (i * step) % 7) for i, day in enumerate(days)] for key, step in (("a", 3), ("b", 5))}
    panel = align(table(series), universe("a", "b"))
    assert panel.prices.tolist() == [[series["a"][i][1], series["b"][i][1]] for i in range(1, 20, 2)]
