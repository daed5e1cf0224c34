"""Price series as arrays: what is visible is what a filter of the rows would leave."""

from datetime import date, timedelta

import numpy as np
import polars as pl
from hypothesis import given
from hypothesis import strategies as st

from toolkit.market.price_series import PriceSeries

START = date(2024, 1, 29)


def rows(cells: list[tuple[str, int, int, float | None]]) -> pl.DataFrame:
    """Rows of prices: asset, day of the price, days until it is published, quantity; the newest of a day is kept."""
    return pl.DataFrame(
        [
            {
                "date": START + timedelta(day),
                "asset": asset,
                "price": 1.0 + i,
                "currency": f"C{asset}",
                "unit": "kg",
                "quantity": quantity,
                "basis": f"basis {asset}",
                "known_from": START + timedelta(day + late),
            }
            for i, (asset, day, late, quantity) in enumerate(cells)
        ],
        schema={
            "date": pl.Date,
            "asset": pl.String,
            "price": pl.Float64,
            "currency": pl.String,
            "unit": pl.String,
            "quantity": pl.Float64,
            "basis": pl.String,
            "known_from": pl.Date,
        },
    ).unique(["asset", "date"], keep="last")


def contents(series: PriceSeries) -> list[tuple[object, ...]]:
    """Everything that a reader of the series sees."""
    found: list[tuple[object, ...]] = []
    for i, key in enumerate(series.assets):
        labels = (key, series.currencies[i], series.units[i], series.bases[i])
        quantities = np.nan_to_num(series.quantities(i), nan=-1.0).tolist()
        found.append((*labels, series.days(i).tolist(), series.prices(i).tolist(), quantities, series.months(i).tolist()))
    return found


CELLS = st.lists(
    st.tuples(st.sampled_from("abc"), st.integers(0, 70), st.integers(0, 40), st.sampled_from([None, 2.0])), max_size=40
)


@given(CELLS, st.integers(-2, 115), st.sampled_from(["known", "in order"]))
def test_what_is_visible_on_a_day_is_what_a_filter_leaves(cells, day, published):
    if published == "in order":
        cells = [(asset, at, 3, quantity) for asset, at, _, quantity in cells]
    table, limit = rows(cells), START + timedelta(day)
    seen = table.filter((pl.col("date") <= limit) & (pl.col("known_from") <= limit))
    assert contents(PriceSeries.of(table).until(limit)) == contents(PriceSeries.of(seen))


@given(CELLS, st.integers(-2, 115), st.integers(-2, 115))
def test_a_window_of_some_assets_is_a_filter_too(cells, first, last):
    table, since, until = rows(cells), START + timedelta(first), START + timedelta(last)
    seen = table.filter((pl.col("known_from") <= until) & (pl.col("date") >= since) & pl.col("asset").is_in(["a", "c"]))
    expected = PriceSeries.of(seen.filter(pl.col("date") <= until))
    found = PriceSeries.of(table).until(until).since(since)
    assert contents(found.take(["c", "a", "x"])) == contents(expected) == contents(found.without(["b"]))


@given(CELLS)
def test_all_prices_together_are_those_of_the_series(cells):
    series = PriceSeries.of(rows(cells)).since(START + timedelta(10)).without(["b"])
    own, days, prices, _ = series.together()
    assert own.tolist() == [i for i in range(len(series.assets)) for _ in series.days(i)]
    assert days.tolist() == [day for i in range(len(series.assets)) for day in series.days(i).tolist()]
    assert prices.tolist() == [price for i in range(len(series.assets)) for price in series.prices(i).tolist()]


def test_a_window_copies_nothing():
    series = PriceSeries.of(rows([("a", day, 3, None) for day in range(60)]))
    window = series.until(START + timedelta(50)).since(START + timedelta(20))
    assert np.shares_memory(window.prices(0), series.prices(0))
    assert window.counts.tolist() == [28]
