"""Exposures to supply from the market: who is compared, what is known when, and how fast."""

from __future__ import annotations

import time
from datetime import date

import numpy as np
import polars as pl
import pytest

from toolkit.app.characteristics import compared, period_starts, supply_exposures
from toolkit.core.assets import Universe
from toolkit.core.errors import GapError
from toolkit.market.package import bundled_market
from toolkit.returns.observed_returns import Returns
from toolkit.returns.panel import align
from toolkit.risk_model.characteristics import characteristic_returns
from toolkit.risk_model.supply_characteristics import NAMES

SNAPSHOT = bundled_market().until(date(2026, 11, 24))
SERIES = tuple(SNAPSHOT["prices"]["asset"].unique().sort())


@pytest.fixture(scope="module")
def changes():
    panel = align(SNAPSHOT["prices"], Universe(tuple(compared(SNAPSHOT, ("copper", "gallium", "gold")))))
    return Returns.exact(panel.dates[1:], panel.assets, np.diff(np.log(panel.prices), axis=0))


@pytest.fixture(scope="module")
def exposures(changes):
    return supply_exposures(SNAPSHOT, changes, destination="DEU")


def value(exposures, day, asset, name):
    found = exposures.values[exposures.dates.index(day), exposures.assets.index(asset), exposures.names.index(name)]
    return None if np.isnan(found) else found


def test_metals_are_compared_once_and_energy_is_not():
    keys = compared(SNAPSHOT, SERIES).keys
    assert len(keys) == 18
    assert {"gallium", "copper", "graphite_flake", "gold"} <= set(keys)
    assert not {"brent", "natural_gas_us", "ammonium_paratungstate", "germanium_powder"} & set(keys)
    assert compared(SNAPSHOT, ("mystery",)).keys == ()


def test_a_period_begins_where_the_one_before_ended():
    months = (date(2024, 2, 29), date(2024, 3, 31))
    assert period_starts(months) == (date(2024, 1, 31), date(2024, 2, 29))
    assert period_starts((date(2024, 3, 7), date(2024, 3, 8))) == (date(2024, 3, 6), date(2024, 3, 7))


def test_each_figure_appears_on_the_day_it_was_known(exposures):
    assert exposures.names == NAMES
    # The notice on gallium is in force from 1 August 2023.
    assert value(exposures, date(2023, 7, 31), "gallium", "control_pressure") == 0
    assert value(exposures, date(2023, 8, 31), "gallium", "control_pressure") == 1
    # Graphite follows on 1 December, in the form that is priced.
    assert value(exposures, date(2023, 11, 30), "graphite_flake", "control_pressure") == 0
    assert value(exposures, date(2023, 12, 31), "graphite_flake", "control_pressure") == 1
    assert value(exposures, date(2026, 4, 30), "copper", "control_pressure") == 0
    # The first edition with gallium is that of 31 January 2022, the next of a year later.
    assert value(exposures, date(2021, 12, 31), "gallium", "n_minus_1") is None
    assert value(exposures, date(2022, 1, 31), "gallium", "n_minus_1") == pytest.approx(1 - 420 / 430, abs=1e-6)
    assert value(exposures, date(2023, 1, 31), "gallium", "n_minus_1") == pytest.approx(1 - 540 / 551, abs=1e-6)
    # The reference notes are of February 2026: before, how a metal is won was not on record.
    assert value(exposures, date(2026, 1, 31), "gallium", "companion_share") is None
    assert value(exposures, date(2026, 2, 28), "gallium", "companion_share") == 1
    assert value(exposures, date(2026, 2, 28), "copper", "companion_share") is None


def test_a_base_metal_is_scored_where_least_is_left(exposures):
    shares = SNAPSHOT["shares"].filter((pl.col("asset") == "nickel") & (pl.col("country") != "OTH"))
    mined = shares.filter(stage="extraction", source="usgs_mcs_2024", period_end=date(2023, 12, 31))["share"].max()
    refined = shares.filter(stage="processing", source="eu_crm_2023")["share"].max()
    assert mined != refined
    assert value(exposures, date(2024, 6, 30), "nickel", "n_minus_1") == pytest.approx(1.0 - max(mined, refined), abs=1e-6)


def test_exposures_of_fourteen_years_are_fast(changes):
    start = time.process_time()
    found = supply_exposures(SNAPSHOT, changes, destination="DEU")
    assert found.values.shape == (174, 18, 4)
    assert time.process_time() - start < 1.5


def test_the_block_on_the_bundled_data(changes):
    found = characteristic_returns(changes, supply_exposures(SNAPSHOT, changes, destination="DEU"), 12.0)
    assert found.factors == ("market", *NAMES)
    assert found.periods.tolist() == [174, 35, 42, 26, 5]
    assert "All assets are quoted in USD: there is no currency factor." in found.notes
    assert "companion_share: 5 periods are too few for a test." in found.notes
    assert np.isfinite(found.t_statistics[:4]).all()
    assert found.frame().drop_nulls().filter(pl.col("factor") == "control_pressure")["date"].min() == date(2023, 9, 30)


def test_nothing_to_compare(changes):
    mystery = Returns.exact(changes.dates, ("mystery",), np.zeros((len(changes.dates), 1)))
    with pytest.raises(GapError, match="nothing to compare"):
        supply_exposures(SNAPSHOT, mystery, destination="DEU")
