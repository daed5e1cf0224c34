"""A price speaks of its own asset only: no row of another asset changes what an asset is believed to cost."""

from __future__ import annotations

from datetime import date
from functools import cache

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.examples import FITTED
from tests.subjects import context
from toolkit.app.holdings.valuation import unit_prices
from toolkit.controls.periods import SCHEMA
from toolkit.core.assets import Asset, Universe
from toolkit.returns.observation.level_filter import filtered_levels
from toolkit.returns.price_levels import level_paths, price_levels
from toolkit.risk_model.covariance.sample import SampleCovariance
from toolkit.risk_model.model import estimate

DAY = date(2026, 11, 24)
SAME = 1e-12


@cache
def snapshot():
    return context(DAY).snapshot


@cache
def bundled() -> pl.DataFrame:
    return snapshot()["prices"]


@cache
def products() -> Universe:
    every = Universe(tuple(Asset.from_row(row) for row in snapshot()["products"].iter_rows(named=True)))
    return every.take([key for key in every.keys if key in set(bundled()["asset"])])


def levels_of(prices: pl.DataFrame, keys: tuple[str, ...], lookback: int | None = None) -> dict[str, tuple[float, float]]:
    forecast = estimate(
        prices=prices,
        fx=snapshot()["fx"],
        universe=products().take(keys),
        controlled=pl.DataFrame(schema=SCHEMA),
        covariance=SampleCovariance(),
        lookback_months=lookback,
    )
    return {level.asset: (level.price, level.standard_error) for level in forecast.levels}


def series(key: str, days: list[date], prices: list[float], basis: str = "as_given") -> pl.DataFrame:
    return pl.DataFrame(
        {
            "date": days,
            "asset": key,
            "price": prices,
            "currency": "USD",
            "unit": "kg",
            "quantity": None,
            "basis": basis,
            "source": "mine",
            "known_from": days,
        },
        schema=bundled().schema,
    )


METALS = ("gallium", "germanium", "gold", "tungsten")


@pytest.mark.parametrize("lookback", [None, 24])
@pytest.mark.parametrize("basis", ["customs_unit_value", "monthly_average", "as_given"])
def test_a_series_of_another_asset_changes_no_believed_price(basis, lookback):
    months = pl.date_range(date(2023, 4, 1), date(2026, 11, 1), "1mo", eager=True).dt.month_end().to_list()
    months[-1] = DAY  # four months after the newest customs value
    rng = np.random.default_rng(7)
    mine = series("mine", months, np.exp(5 + rng.normal(0, 0.4, len(months)).cumsum()).tolist(), basis)
    before = levels_of(bundled(), METALS, lookback)
    after = levels_of(pl.concat([bundled(), mine.select(bundled().columns)]), METALS, lookback)
    for key in METALS:
        assert after[key] == pytest.approx(before[key], rel=SAME)


def test_a_later_row_of_one_metal_changes_that_metal_alone():
    rows = bundled().filter(pl.col("asset") == "gold").sort("date").tail(1).with_columns(date=DAY, known_from=DAY)
    before, after = levels_of(bundled(), METALS), levels_of(pl.concat([bundled(), rows.with_columns(price=9e4)]), METALS)
    assert after["gold"][0] == 9e4 != before["gold"][0]
    for key in set(METALS) - {"gold"}:
        assert after[key] == pytest.approx(before[key], rel=SAME)


@FITTED
@given(kept=st.sets(st.sampled_from(sorted(METALS)), min_size=1), seed=st.integers(0, 2**16))
def test_a_believed_price_depends_on_no_other_series_and_no_order(kept, seed):
    alone = {level.asset: level for level in price_levels(bundled(), METALS)}
    shuffled = bundled().filter(pl.col("asset").is_in(sorted(kept))).sample(fraction=1.0, shuffle=True, seed=seed)
    assert {level.asset: level for level in price_levels(shuffled, sorted(kept))} == {key: alone[key] for key in kept}


@FITTED
@given(day=st.dates(date(2023, 1, 1), DAY), revised=st.sets(st.sampled_from(sorted(METALS)), max_size=2))
def test_a_level_is_read_off_a_path_that_was_filtered_before_where_it_begins_with_the_same_prices(day, revised):
    known = level_paths(bundled(), METALS)
    rows = bundled().filter(pl.col("date") <= day)
    rows = rows.with_columns(
        price=pl.when(pl.col("asset").is_in(sorted(revised))).then(pl.col("price") * 1.5).otherwise("price")
    )
    counts = dict(rows.group_by("asset").len().iter_rows())
    assets = [key for key in METALS if key in counts]
    assert price_levels(rows, assets, known=known) == price_levels(rows, assets)


@pytest.mark.parametrize("lookback", [None, 24])
def test_every_command_believes_the_same_price_whatever_the_strategy_looks_back(lookback):
    rates = unit_prices(snapshot(), bundled(), tuple(products()), "USD")
    shown = {asset: (one.price, one.standard_error) for (asset, _), one in rates.items()}
    for key, level in levels_of(bundled(), METALS, lookback).items():
        assert shown[key] == pytest.approx(level, rel=SAME)


def test_levels_filtered_in_one_pass_are_those_of_each_series_alone():
    """Also where histories differ in length."""
    rng = np.random.default_rng(3)
    T, m = 40, 5
    prices = rng.normal(0, 0.1, (T, m)).cumsum(axis=0) + rng.normal(0, 0.1, (T, m))
    kilograms = np.exp(rng.normal(7, 1, (T, m)))
    prices[25:, 1], kilograms[25:, 1], prices[10:13, 2], kilograms[:, 3] = np.nan, np.nan, np.nan, np.nan
    level, error = filtered_levels(prices, kilograms)
    for column, last in enumerate((T, 25, T, T, T)):
        alone, alone_error = filtered_levels(prices[:last, [column]], kilograms[:last, [column]])
        np.testing.assert_allclose(level[:last, column], alone[:, 0], rtol=SAME, atol=SAME)
        np.testing.assert_allclose(error[:last, column], alone_error[:, 0], rtol=SAME)
