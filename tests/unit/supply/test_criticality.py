"""Criticality: terms of the formula, scenarios and their labels, published names, companion metals."""

from __future__ import annotations

from datetime import date

import polars as pl
import pytest

from toolkit.core.errors import DataError, GapError
from toolkit.core.frames import TABLES
from toolkit.market.package import bundled_folder, read_table
from toolkit.supply.concentration import (
    SupplyShares,
    governance_risk,
    governance_weighted_hhi,
    newest_supplies,
)
from toolkit.supply.criticality import (
    companion_share,
    published_scores,
    scenario_ratio,
    weighted_hhi,
)

SHARES = {"CHN": 0.5, "PER": 0.3}
GOVERNANCE = pl.DataFrame(
    {
        "country": ["CHN", "CHN", "XXX"],
        "year": [2022, 2023, 2022],
        "political_stability": [-0.5, -1.0, -2.8],
        "source": ["wgi"] * 3,
        "known_from": [date(2023, 10, 1), date(2024, 10, 1), date(2023, 10, 1)],
    }
)


@pytest.fixture(scope="module")
def bundled() -> dict[str, pl.DataFrame]:
    names = ("criticality", "criticality_materials", "metals", "shares", "trade_parameters", "governance")
    return {name: read_table(bundled_folder() / f"{name}.csv", TABLES[name]) for name in names}


def supply(**shares: float) -> SupplyShares:
    named = sorted((item for item in shares.items() if item[0] != "OTH"), key=lambda item: -item[1])
    return SupplyShares(
        "tin", "processing", "a", date(2024, 1, 1), date(2024, 12, 31), date(2025, 2, 6),
        tuple(country for country, _ in named), tuple(share for _, share in named), shares.get("OTH", 0.0),
    )  # fmt: skip


def test_the_world_term_by_hand():
    assert weighted_hhi(SHARES, {"CHN": 6.0, "PER": 5.0}, {"PER": 0.8}) == pytest.approx(0.25 * 6.0 + 0.09 * 5.0 * 0.8)


def test_a_producer_without_governance_is_no_zero():
    with pytest.raises(GapError, match="PER"):
        weighted_hhi(SHARES, {"CHN": 6.0}, {})


def test_a_scenario_ratio_is_t_for_a_monopoly_and_less_otherwise(bundled):
    governance = governance_risk(GOVERNANCE, 2022)
    none = bundled["trade_parameters"].clear()
    assert scenario_ratio(supply(CHN=1.0), governance, none, "CHN", 1.3).ratio == pytest.approx(1.3)
    mixed = scenario_ratio(supply(CHN=0.5, XXX=0.5), governance, none, "CHN", 1.3)
    assert mixed.ratio == pytest.approx((0.6 * 1.3 + 1.0) / 1.6)
    assert scenario_ratio(supply(XXX=1.0), governance, none, "CHN", 1.3).ratio == 1.0


def test_a_scenario_ratio_starts_from_the_studys_own_t(bundled):
    shares = bundled["shares"].filter(pl.col("source") == "eu_crm_2023")
    metal = newest_supplies(shares)["antimony", "processing"]
    governance = governance_risk(bundled["governance"], 2022)
    same = scenario_ratio(metal, governance, bundled["trade_parameters"], "CHN", 1.1)
    assert same.ratio == 1.0  # t of China is 1.1 in the study itself
    assert scenario_ratio(metal, governance, bundled["trade_parameters"], "CHN", 1.5).ratio > 1.0


def test_published_scores_of_a_material_and_of_a_group(bundled):
    gallium = published_scores(bundled["criticality"], bundled["criticality_materials"], "gallium")
    assert [score.year for score in gallium] == [2011, 2014, 2017, 2020, 2023]
    dysprosium = published_scores(bundled["criticality"], bundled["criticality_materials"], "dysprosium")[-1]
    assert (dysprosium.material, dysprosium.scope, dysprosium.supply_risk) == ("HREEs", "group", 5.1)
    indium = published_scores(bundled["criticality"], bundled["criticality_materials"], "indium")[-1]
    assert indium.above_thresholds is False
    with pytest.raises(DataError) as unknown:
        published_scores(bundled["criticality"], bundled["criticality_materials"], "galium")
    assert "gallium" in unknown.value.hint


def test_every_followed_metal_is_scored_under_a_name_that_exists(bundled):
    names = bundled["criticality_materials"]
    assert set(names["asset"]) == set(bundled["metals"]["asset"]) | {"gold", "silver", "platinum"}
    assert set(names["material"]) <= set(bundled["criticality"]["material"])


def test_companion_metals_and_their_weight(bundled):
    share = companion_share({"gallium": 0.5, "tungsten": 0.3, "cash": 0.2}, bundled["metals"])
    assert (share.weight("yes"), share.weight("no"), share.weight("partly")) == (0.5, 0.3, 0.0)
    assert share.unknown == 0.2


def test_governance_years_are_never_mixed_and_the_ends_of_the_scale_hold():
    assert governance_risk(GOVERNANCE).year == 2023
    assert governance_risk(GOVERNANCE).risk("XXX") == 0.5  # not rated in 2023: the rating of 2022 does not stand in
    assert governance_risk(GOVERNANCE, 2022).risk("XXX") == 1.0
    with pytest.raises(GapError, match="2019"):
        governance_risk(GOVERNANCE, 2019)
    with pytest.raises(GapError):
        governance_risk(GOVERNANCE.clear())


def test_governance_weighted_hhi_and_its_bound():
    found = governance_weighted_hhi(supply(CHN=0.5, PER=0.2, OTH=0.3), governance_risk(GOVERNANCE, 2022))
    assert found.hhi == pytest.approx(0.25 * 0.6 + 0.04 * 0.5)
    assert found.hhi_upper == pytest.approx(found.hhi + 0.09)
    assert (found.year, found.unrated) == (2022, ("PER",))
