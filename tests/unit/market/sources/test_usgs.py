"""USGS: prices continue the series of the data package, production is shares of an edition."""

from datetime import date

import polars as pl
import pytest

from tests.loopback import Answer
from tests.recorded import RECORDED
from toolkit.market.market import Market
from toolkit.market.package import bundled_folder, load_market
from toolkit.market.sources.base import Query
from toolkit.market.sources.usgs import Usgs
from toolkit.market.store.merge import merged
from toolkit.market.tables import Table

FILE = "/www.sciencebase.gov/catalog/file/get/2"


def fetched(server, client, tmp_path, *series, change=("", "")):
    RECORDED["usgs"].play(server, tmp_path)
    server.routes[FILE] = Answer(server.routes[FILE].body.replace(change[0].encode(), change[1].encode()))
    return {one.outcome.series: one for one in Usgs().fetch(Query(series, {}, client()))}


@pytest.fixture(scope="module")
def package() -> Market:
    return load_market(bundled_folder())


def test_an_annual_price_continues_the_series_of_the_package(server, client, tmp_path, package):
    rows = fetched(server, client, tmp_path, "gallium")["gallium"].tables["prices_annual"]
    known = package.until(date(2026, 11, 24))["prices_annual"].filter(asset="gallium", source="usgs_mcs_2026")
    assert rows["series"].unique().to_list() == known["series"].unique().to_list()
    both = rows.join(known, on=["series", "date"])
    assert both["price"].to_list() == both["price_right"].to_list() == [439.0, 580.0]


def test_production_is_shares_of_the_edition_as_in_the_package(server, client, tmp_path, package):
    found = fetched(server, client, tmp_path, "gallium")["gallium"]
    assert found.outcome.status == "ok"
    rows = found.tables["shares"].sort("country").drop("known_from")
    known = package.until(date(2026, 11, 24))["shares"].filter(
        asset="gallium", source="usgs_mcs_2026", period_start=date(2025, 1, 1)
    )
    assert rows["quantity"].to_list() == known.sort("country")["quantity"].to_list() == [900_000.0, 3_000.0, 6_000.0]
    assert rows["share"].to_list() == pytest.approx(known.sort("country")["share"].to_list(), abs=1e-6)
    assert found.tables["shares"]["known_from"].unique().to_list() == [date(2026, 2, 6)]
    assert Usgs().describe("usgs_mcs_2026").title == package.until(date(2026, 11, 24)).source("usgs_mcs_2026").title


@pytest.mark.parametrize(
    ("change", "detail"),
    [
        (("Gallium,China,Production,Primary production", "Gallium,China,Production,Primary output"), "9000 of 909000"),
        (("Gallium,Japan", "Gallium,Nippon Land"), "Nippon Land"),
        (('kilograms,2025,"3,000"', 'flasks,2025,"3,000"'), "flasks"),
    ],
)
def test_production_in_other_words_is_no_smaller_world(server, client, tmp_path, change, detail):
    found = fetched(server, client, tmp_path, "gallium", change=change)["gallium"]
    assert (found.outcome.status, found.outcome.reason, found.tables) == ("failed", "format", {})
    assert detail in found.outcome.detail


def edition(shares: dict[str, float], source: str = "usgs_mcs_2027") -> pl.DataFrame:
    told = {"asset": "gallium", "stage": "processing", "country": list(shares), "period_start": date(2026, 1, 1)}
    rest = {"period_end": date(2026, 12, 31), "source": source, "quantity": None, "unit": None, "share": list(shares.values())}
    return pl.DataFrame({**told, **rest, "known_from": date(2027, 2, 6)}).cast({"quantity": pl.Float64, "unit": pl.String})


def test_an_edition_of_the_store_stands_beside_others_and_replaces_its_own_as_a_whole():
    table = Table.of("shares")
    package = pl.concat([edition({"CHN": 0.9, "JPN": 0.1}), edition({"CHN": 1.0}, "usgs_mcs_2026")])
    found = merged(package, edition({"CHN": 0.8, "KOR": 0.2}), table)
    assert found.select("source", "country", "share").rows() == [
        ("usgs_mcs_2026", "CHN", 1.0), ("usgs_mcs_2027", "CHN", 0.8), ("usgs_mcs_2027", "KOR", 0.2),
    ]  # fmt: skip


def test_an_edition_that_is_not_whole_in_the_store_counts_for_nothing():
    package = edition({"CHN": 0.9, "JPN": 0.1})
    found = merged(package, edition({"CHN": 0.8, "JPN": 0.1, "KOR": 0.2}), Table.of("shares"))
    assert found.equals(package.select(found.columns))
