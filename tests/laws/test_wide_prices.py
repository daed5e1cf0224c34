"""Law of wide tables: numbers that are checked by column give the prices, notes and refusals of a row for each price."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

import toolkit as tk
from tests.examples import QUICK
from toolkit.core.errors import ToolkitError
from toolkit.market.price_series import PriceSeries
from toolkit.market.readers.price_checks import HIGHEST_PRICE, JUMPS
from toolkit.market.readers.prices import read_prices
from toolkit.market.readers.tabular import table_of

TODAY = date(2026, 11, 24)
NAMES = (
    "gold",
    "Gold",
    "SPY",
    "SPY (EUR)",
    "GLD USD/kg",
    "GLD USD/kg EUR/t",
    "Tin EUR/100 g",
    "x\u200b",
    "*",
    "Total",
    "W",
    "AAA",
    "AU",
)
METALS = {"gold": "gold", "Gold": "gold", "AU": "gold", "W": "tungsten", "Tin": "tin"}
FAULTS = (0.0, -1.0, float("nan"), float("inf"), 2 * HIGHEST_PRICE, 1e-12, 900.0, 9.0, 1.0, None)


@st.composite
def tables(draw: st.DrawFn) -> pl.DataFrame:
    """A column of days and some of prices: around 100 or around 1, some of them missing or faulty, days in any order."""
    count = draw(st.sampled_from((1, 5, 30, 30)))
    rng = np.random.default_rng(draw(st.integers(0, 2**32)))
    names = draw(st.lists(st.sampled_from(NAMES), min_size=1, max_size=4, unique=True))
    level, memory = draw(st.sampled_from((100.0, 1.0))), draw(st.booleans())
    noise = rng.normal(0, 0.02, (count, len(names)))
    values = np.round(level * np.exp(noise.cumsum(axis=0) if memory else noise), 2)
    days = [TODAY - timedelta(days=7 * i) for i in range(count)][::-1]
    columns: dict[str, list[Any]] = {name: values[:, i].tolist() for i, name in enumerate(names)}
    cell = st.tuples(st.sampled_from(names), st.integers(0, count - 1), st.sampled_from(FAULTS))
    few = draw(st.sampled_from((0, 0, 1)))
    for name, at, fault in draw(st.lists(cell, max_size=2 * few)):
        columns[name][at] = fault
    for name in draw(st.lists(st.sampled_from(names), max_size=few)):
        gone = draw(st.sampled_from((count, count // 2)))
        columns[name][:gone] = [None] * gone
    order = draw(st.sampled_from(([*range(count)], [*range(count)][::-1])))
    if draw(st.integers(0, 9)) == 0:
        days[0] = draw(st.sampled_from((days[-1], TODAY + timedelta(days=1))))
    series = [pl.Series(name, [cells[i] for i in order], dtype=pl.Float64) for name, cells in columns.items()]
    return pl.DataFrame([pl.Series("date", [days[i] for i in order], dtype=pl.Date), *series])


def read(frame: pl.DataFrame, **options: Any) -> tuple[object, ...]:
    """What is read of a frame, or why it is refused."""
    try:
        file = read_prices(table_of(frame, "mine"), today=TODAY, key=METALS.get, **options)
    except ToolkitError as error:
        return type(error), str(error.message), str(error.hint), error.details
    told = [*map(str, file.notes)], [*map(str, file.reading)], [*map(str, file.assumed)]
    return file.frame.to_dict(as_series=False), file.quotes.to_dict(as_series=False), told, {*file.assets}, file.unstated


@QUICK
@given(
    tables(),
    st.sampled_from((TODAY, TODAY - timedelta(days=100))),
    st.sampled_from(((), {JUMPS}, {"SPY"})),
    st.sampled_from(("USD", "EUR")),
)
def test_numbers_by_column_are_read_as_text_by_row(frame, as_of, accept, currency):
    options = {"as_of": as_of, "accept": accept, "default_currency": currency}
    assert read(frame, **options) == read(frame.with_columns(pl.exclude("date").cast(pl.String)), **options)


def walk(names: Sequence[str], gaps: int) -> pl.DataFrame:
    rng = np.random.default_rng(5)
    values = 100 * np.exp(rng.normal(0, 0.01, (260, len(names))).cumsum(axis=0))
    days = pl.date_range(date(2025, 9, 1), date(2026, 8, 28), "1d", eager=True)
    days = days.filter(days.dt.weekday() <= 5)[:260]
    frame = pl.DataFrame({"date": days, **{name: values[: len(days), i] for i, name in enumerate(names)}})
    at = rng.choice(len(days), gaps)
    return frame.with_columns(pl.when(~pl.int_range(pl.len()).is_in(at)).then(pl.col(name)).alias(name) for name in names[:2])


def test_sound_numbers_are_series_and_text_is_rows():
    frame = walk("abc", 9)
    file = read_prices(table_of(frame, "mine"), today=TODAY)
    assert isinstance(file.prices, PriceSeries)
    of_rows = PriceSeries.of(file.frame)
    for name in ("assets", "currencies", "units", "bases", "starts", "ends", "numbers"):
        assert [*getattr(file.prices, name)] == [*getattr(of_rows, name)]
    assert (file.prices.rows.day == of_rows.rows.day).all()
    assert file.prices.rows.length == of_rows.rows.length


@pytest.mark.parametrize("gaps", [0, 9])
@pytest.mark.parametrize("names", ["abc", "cba", ["XYZ", "Tin Fund", "AAA"], ["gold", "silver", "b"]])
def test_a_wide_frame_and_the_same_written_long_are_one_run(names, gaps):
    wide = walk(names, gaps)
    long = wide.unpivot(index="date", variable_name="asset", value_name="price").drop_nulls()
    asked: dict[str, Any] = {"prices_currency": "EUR", "currency": "EUR", "as_of": "2026-08-27"}
    one, other = (tk.optimize("equal-weight", prices=frame, **asked) for frame in (wide, long))
    assert one.record["run_id"] == other.record["run_id"]
    assert one.weights.equals(other.weights)
    assert one.record["notes"] == other.record["notes"]


def test_weights_of_wide_numbers_need_no_row_a_price(monkeypatch: pytest.MonkeyPatch):
    wide = walk(["XYZ", "AAA", "BBB"], 9)
    returns = walk(["XYZ", "AAA", "BBB"], 0).with_columns(pl.exclude("date").pct_change()).slice(1)

    def rows(self: PriceSeries, source: str) -> pl.DataFrame:
        raise AssertionError(source)

    monkeypatch.setattr(PriceSeries, "frame", rows)
    asked: dict[str, Any] = {"currency": "EUR", "as_of": "2026-08-27"}
    both: list[dict[str, Any]] = [{"prices": wide, "prices_currency": "EUR"}, {"returns": returns}]
    for given_ in both:
        weights = tk.optimize("equal-weight", **given_, **asked).weights
        assert weights["weight"].sum() == pytest.approx(1.0)
