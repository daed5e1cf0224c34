"""Figures of the bundled tables that were wrong once, each with the reason, and series that were missing."""

from __future__ import annotations

from datetime import date

import polars as pl
import pytest

from tests.subjects import context
from toolkit.app.topics.supply import supply
from toolkit.market.package import bundled_folder, bundled_market, descriptor

EVER = bundled_market().until(date(2100, 1, 1))


def test_sweden_refines_tellurium():
    """The table calls its output a concentrate, and it was left out: China had 80.2 and 81.6 %."""
    rows = EVER["shares"].filter(asset="tellurium", source="usgs_mcs_2026").sort("period_end")
    assert rows.filter(country="SWE")["quantity"].to_list() == [46_000, 48_000]
    assert rows.filter(country="CHN")["share"].to_list() == pytest.approx([750 / 981, 800 / 1028], abs=1e-6)


@pytest.mark.parametrize(
    ("year", "value", "update", "known"),
    [
        (2022, 0.0271, "world_bank_wgi_2023", date(2023, 10, 1)),
        (2023, 0.418, "world_bank_wgi_2025", date(2025, 10, 1)),
        (2024, 0.412, "world_bank_wgi_2025", date(2025, 10, 1)),
    ],
)
def test_governance_is_of_two_updates_and_guyana_is_not_french_guiana(year, value, update, known):
    """Guyana of 2022 was the 0.3315 of French Guiana; 2023 was said to be known in 2024, in numbers of a later method."""
    row = EVER["governance"].filter(country="GUY", year=year).row(0, named=True)
    assert (row["political_stability"], row["source"], row["known_from"]) == (value, update, known)
    assert set(EVER["governance"].filter(year=year)["source"]) == {update}


def test_the_study_of_2017_was_known_from_13_september():
    """It was said to be the 3rd."""
    assert set(EVER["criticality"].filter(year=2017)["known_from"]) == {date(2017, 9, 13)}


def test_germanium_of_2022_was_known_in_june_2024():
    """It was said to be July 2026."""
    rows = EVER["shares"].filter(asset="germanium", source="world_mining_data", period_end=date(2022, 12, 31))
    assert set(rows["known_from"]) == {date(2024, 6, 17)}


@pytest.mark.parametrize(("asset", "edition", "price"), [
    ("dysprosium", 2025, 260), ("dysprosium", 2026, 257), ("terbium", 2025, 810), ("terbium", 2026, 812),
])  # fmt: skip
def test_heavy_rare_earths_of_2024_are_kept_by_edition(asset, edition, price):
    rows = EVER["prices_annual"].filter(asset=asset, source=f"usgs_mcs_{edition}", date=date(2024, 12, 31))
    assert rows["price"].to_list() == [price]


@pytest.mark.parametrize(("asset", "series", "price"), [
    ("yttrium", "oxide 99.999 %", 9), ("yttrium", "metal 99.9 %", 40), ("holmium", "oxide 99.5 % fob China", 70),
    ("erbium", "oxide 99.5 % fob China", 46), ("ytterbium", "oxide 99.99 % fob China", 15),
    ("lutetium", "oxide 99.99 % fob China", 888), ("scandium", "metal ingot 99.999 %", 5200),
    ("magnesium", "US spot Western", 3.2 * 2.20462), ("vanadium", "vanadium pentoxide", 5.02 * 2.20462),
    ("tantalum", "tantalite, per kg of oxide", 180), ("zirconium", "sponge ex-works China", 22),
    ("graphite_flake", "natural lump, Sri Lanka, import unit value", 2.6),
])  # fmt: skip
def test_series_that_were_missing_are_there(asset, series, price):
    rows = EVER["prices_annual"].filter(asset=asset, series=series, source="usgs_mcs_2026", date=date(2025, 12, 31))
    assert rows["price"].to_list() == pytest.approx([price], rel=1e-4)


def test_an_edition_says_nothing_before_its_day():
    days = {2022: date(2022, 1, 31), 2023: date(2023, 1, 31), 2024: date(2024, 1, 31), 2025: date(2025, 1, 31)}
    for table in ("shares", "prices_annual"):
        found = EVER[table].filter(pl.col("source").str.starts_with("usgs_mcs")).select("source", "known_from").unique()
        assert dict(found.iter_rows()) == {f"usgs_mcs_{y}": day for y, day in {**days, 2026: date(2026, 2, 6)}.items()}


def test_the_range_of_bismuth_is_carried_into_every_figure():
    """USGS 86 %, World Mining Data 82 %, British Geological Survey 40 %."""
    scored = supply(context(date(2026, 11, 25)), "bismuth").metals[0].scored
    assert scored is not None
    told = scored.to_json()
    assert told["elsewhere"] == {"British Geological Survey": 0.4, "World Mining Data": 0.82}
    assert told["top_share_range"] == pytest.approx([0.4, 0.859951])
    assert told["n_minus_1_range"] == pytest.approx([0.140049, 0.6])
    rest = scored.hhi - scored.top_share**2
    assert told["hhi_range"] == pytest.approx([0.16 + rest * (0.6 / 0.140049) ** 2, scored.hhi], rel=1e-5)
    assert scored.top_share_range[1] == scored.producers[0].share  # caps hold at the upper end as they stand


def test_the_share_of_germanium_is_an_upper_bound():
    """World Mining Data has no figures of Canada, Belgium and Germany; USGS said of 2022 that China made two thirds."""
    scored = supply(context(date(2026, 11, 25)), "germanium").metals[0].scored
    assert scored is not None
    assert scored.to_json()["top_share_range"] == pytest.approx([0.678571, 0.933333])
    assert not {one.key for one in scored.producers} & {"CAN", "BEL", "DEU"}
    weaknesses = {table.name: table.weaknesses for table in descriptor(bundled_folder()).resources}
    assert any("ermanium" in words and "upper bound" in words for words in weaknesses["shares"])


def test_customs_averages_are_on_another_basis_and_the_package_says_so():
    """The summaries have 220 t of indium in 2024, and 1.08 USD/kg of flake graphite in 2023."""
    flows = EVER["flows"].filter(partner="WLD").group_by("asset", year=pl.col("date").dt.year())
    totals = flows.agg(pl.col("value").sum(), pl.col("quantity").sum())
    assert totals.filter(asset="indium", year=2024)["quantity"].to_list() == pytest.approx([236_700], rel=1e-3)
    graphite = totals.filter(asset="graphite_flake", year=2023)
    assert (graphite["value"] / graphite["quantity"]).to_list() == pytest.approx([1.97], rel=5e-3)
    prices = EVER["prices_annual"].filter(asset="graphite_flake", series="natural flake, import unit value")
    assert prices.filter(source="usgs_mcs_2026", date=date(2023, 12, 31))["price"].to_list() == [1.08]
    weaknesses = {table.name: table.weaknesses for table in descriptor(bundled_folder()).resources}
    assert any("237" in words and "1.97" in words for words in weaknesses["prices_annual"])
