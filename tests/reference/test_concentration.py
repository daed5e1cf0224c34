"""Published and recomputed concentration figures.

Source: USGS Mineral Commodity Summaries 2026 (2025 estimates) and World Mining Data 2022, as compiled in the design notes
(DOMAIN 5 and 6). Treatment that reproduces every HHI of MCS 2026: sum over *named* countries of squared shares of the world
total, the remainder ``OTH`` included in that total but not squared.

Named as not reproduced: N-1 of tellurium, noted as 22 %; the table itself gives 18 % (800 of 980 t). World Mining Data is
bundled for germanium alone, so its HHI of gallium, tungsten, indium and rhenium cannot be recomputed here.
"""

from __future__ import annotations

from datetime import date

import polars as pl
import pytest

from toolkit.core.frames import TABLES
from toolkit.market.package import bundled_folder, read_table
from toolkit.supply.concentration import SupplyShares, newest_supplies


@pytest.fixture(scope="module")
def shares() -> pl.DataFrame:
    return read_table(bundled_folder() / "shares.csv", TABLES["shares"])


def newest(shares: pl.DataFrame, asset: str, stage: str) -> SupplyShares:
    supply = newest_supplies(shares)[asset, stage]
    assert (supply.source, supply.period_end) == ("usgs_mcs_2026", date(2025, 12, 31))
    return supply


@pytest.mark.parametrize(
    ("asset", "stage", "points"),
    [
        ("gallium", "processing", 9804),
        ("bismuth", "processing", 7453),
        ("tellurium", "processing", 6166),
        ("tungsten", "extraction", 6234),
        ("indium", "processing", 5181),
        ("rare_earths", "extraction", 5072),
        ("antimony", "extraction", 2582),
        ("rhenium", "extraction", 2370),
    ],
)
def test_hhi_from_mcs_2026(shares, asset, stage, points):
    assert round(newest(shares, asset, stage).hhi * 10_000) == points


def test_other_treatments_do_not_reproduce_tungsten(shares):
    supply = newest(shares, "tungsten", "extraction")
    named_only = sum((s / sum(supply.shares)) ** 2 for s in supply.shares)
    assert round(named_only * 10_000) == 6601  # shares of the named total
    assert round(supply.hhi_upper * 10_000) == 6242  # the remainder as one country


@pytest.mark.parametrize(
    ("asset", "stage", "percent", "country"),
    [
        ("gallium", "processing", 1, "CHN"),
        ("magnesium", "processing", 12, "CHN"),
        ("bismuth", "processing", 14, "CHN"),
        ("tungsten", "extraction", 21, "CHN"),
        ("cobalt", "extraction", 27, "COD"),
        ("indium", "processing", 30, "CHN"),
        ("rare_earths", "extraction", 31, "CHN"),
        ("rhenium", "extraction", 63, "CHL"),
        ("antimony", "extraction", 64, "CHN"),
    ],
)
def test_n_minus_1_from_mcs_2026(shares, asset, stage, percent, country):
    supply = newest(shares, asset, stage)
    assert (round(supply.n_minus_1 * 100), supply.top_country) == (percent, country)


def test_n_minus_1_of_tellurium_is_what_the_table_says(shares):
    assert newest(shares, "tellurium", "processing").n_minus_1 == pytest.approx(228 / 1028, abs=1e-4)


def test_germanium_from_world_mining_data_2022(shares):
    rows = shares.filter((pl.col("asset") == "germanium") & (pl.col("period_end") == date(2022, 12, 31)))
    assert round(newest_supplies(rows)["germanium", "processing"].hhi * 10_000) == 8764


@pytest.mark.parametrize(
    ("as_of", "source"),
    [
        (date(2023, 1, 30), "usgs_mcs_2022"),
        (date(2024, 1, 31), "usgs_mcs_2024"),
        (date(2026, 2, 5), "usgs_mcs_2025"),
        (date(2026, 2, 6), "usgs_mcs_2026"),
    ],
)
def test_the_newest_known_table_is_used(shares, as_of, source):
    assert newest_supplies(shares.filter(pl.col("known_from") <= as_of))["gallium", "processing"].source == source
