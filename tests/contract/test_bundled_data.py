"""Every bundled table holds its contract, its sums and its dates."""

import gzip
import json
import shutil
from datetime import date

import polars as pl
import pytest

from toolkit.core.frames import TABLES
from toolkit.market.package import bundled_folder, bundled_market, descriptor, read_table, sources, validate_package


def table(name: str) -> pl.DataFrame:
    return bundled_market().until(date(2100, 1, 1))[name]


def test_no_table_has_a_fault():
    assert validate_package(bundled_folder()) == ()


@pytest.mark.parametrize("name", sorted(TABLES))
def test_nothing_was_known_in_the_future_and_every_source_is_described(name):
    frame = table(name)
    assert frame.height
    assert frame["known_from"].null_count() == 0
    assert frame["known_from"].max() <= (date(2026, 10, 30) if name == "fx" else date(2026, 10, 8))
    assert set(frame["source"]) <= set(sources(descriptor(bundled_folder())))


def test_the_descriptor_is_a_frictionless_package_with_weaknesses_told():
    package = json.loads((bundled_folder() / "datapackage.json").read_text(encoding="utf-8"))
    assert {resource["name"] for resource in package["resources"]} == set(TABLES)
    for resource in package["resources"]:
        assert resource["profile"] == "tabular-data-resource"
        assert resource["schema"]["fields"]
        assert resource["sources"]
    for source in package["sources"]:
        assert source["licence"]
        assert source["retrieved"]


def test_publication_lags_are_those_of_the_sources():
    prices = table("prices")
    known = {
        ("us_census", date(2026, 7, 31)): date(2026, 9, 10),
        ("world_bank_pink_sheet", date(2026, 5, 31)): date(2026, 6, 5),
        ("us_census", date(2025, 11, 30)): date(2026, 1, 10),
    }
    for (source, day), expected in known.items():
        rows = prices.filter((pl.col("source") == source) & (pl.col("date") == day))
        assert set(rows["known_from"]) == {expected}
    assert (prices["known_from"] > prices["date"]).all()


def test_shares_add_up_and_oth_is_never_the_largest_named_country():
    sums = table("shares").group_by("asset", "stage", "period_start", "source").agg(pl.col("share").sum())
    assert (sums["share"] - 1).abs().max() < 0.005


def test_flows_of_one_partner_never_exceed_the_world():
    flows = table("flows")
    world = flows.filter(pl.col("partner") == "WLD").select("date", "asset", "hs_code", total="quantity")
    china = flows.filter(pl.col("partner") == "CHN").join(world, on=["date", "asset", "hs_code"])
    assert china.height > 300
    assert (china["quantity"] <= china["total"] + 1e-9).all()


def test_a_unit_value_is_its_value_over_its_quantity():
    flows = table("flows").filter(pl.col("partner") == "WLD").select("date", "asset", "value", mass="quantity")
    joined = table("prices").filter(pl.col("basis") == "customs_unit_value").join(flows, on=["date", "asset"])
    assert joined.height > 400
    error = (joined["price"] / (joined["value"] / joined["mass"]) - 1).abs()
    assert error.max() < 1e-3


def test_annual_prices_are_verified_ones():
    assert table("prices_annual")["status"].str.starts_with("verified").all()


@pytest.mark.parametrize("name", ["fx", "shares", "history"])
def test_a_broken_table_is_found_with_its_row_in_every_format(tmp_path, name):
    folder = tmp_path / "package"
    shutil.copytree(bundled_folder(), folder)
    path = next(folder.glob(f"{name}.*"))
    column = {"fx": "rate", "shares": "quantity", "history": "value"}[name]
    frame = read_table(path, TABLES[name]).with_row_index()
    worse = frame.with_columns(pl.when(pl.col("index") == 2).then(-1.0).otherwise(column).alias(column)).drop("index")
    if path.suffix == ".parquet":
        worse.write_parquet(path)
    else:
        path.write_bytes((gzip.compress if path.suffix == ".gz" else bytes)(worse.write_csv().encode()))
    faults = validate_package(folder)
    assert [(fault.table, fault.file, fault.rows) for fault in faults] == [(name, path.name, (4,))]
    assert faults[0].rule.startswith(column)


def test_the_package_is_small():
    assert sum(path.stat().st_size for path in bundled_folder().iterdir()) < 6_000_000


def test_exchange_rates_agree_with_what_the_federal_reserve_printed():
    """Monthly averages of H.10 (noon in New York), as printed: the two fixings differ by less than half a percent."""
    dollars = table("fx").filter(pl.col("quote") == "USD")
    printed = {date(2012, 1, 1): 0.7746, date(2015, 4, 1): 0.9240, date(2022, 10, 1): 1.0149, date(2026, 6, 1): 0.8684}
    for month, rate in printed.items():
        rows = dollars.filter(pl.col("date").dt.truncate("1mo") == month)
        assert 1 / rows["rate"].mean() == pytest.approx(rate, rel=0.005)


def test_rates_of_the_day_know_no_gap_longer_than_the_holidays():
    daily = table("fx")
    assert set(daily["quote"]) == {"USD", "JPY", "GBP", "CHF", "CNY", "KRW", "CAD", "AUD", "SEK"}
    for (quote,), rows in daily.group_by("quote"):
        assert rows["date"].min() == (date(2005, 4, 1) if quote == "CNY" else date(1999, 1, 4))
        assert rows.sort("date")["date"].diff().max().days <= 5
