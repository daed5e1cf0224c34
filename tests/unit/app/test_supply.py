"""The answer of `supply`: stages apart, by-products at refining, groups marked, our scenario labelled, point in time."""

from __future__ import annotations

import json
from datetime import date

import pytest

from tests.records import facts_of
from toolkit.app.config import resolve
from toolkit.app.context import Context
from toolkit.app.supply import Scenario
from toolkit.app.topics.supply import supply
from toolkit.core.errors import SpecError
from toolkit.records.supply import MetalSupply

AS_OF = date(2026, 11, 24)


@pytest.fixture
def settings(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return resolve({})


@pytest.fixture
def one(settings):
    def ask(metal: str, as_of: date = AS_OF, scenario: Scenario | None = None) -> MetalSupply:
        (found,) = supply(Context(settings, as_of), metal, scenario).metals
        return found

    return ask


@pytest.mark.parametrize(
    ("name", "key"),
    [
        ("gallium", "gallium"),
        ("Ga", "gallium"),
        (" GALLIUM ", "gallium"),
        ("Co", "cobalt"),
        ("Cu", "copper"),
        ("Sc", "scandium"),
    ],
)
def test_a_metal_by_key_or_symbol(settings, name, key):
    answer = supply(Context(settings, AS_OF), name)
    assert (answer.asked, answer.metals[0].asset) == (key, key)


def test_gallium_has_the_worked_figures(one):
    found = one("gallium")
    at = found.scored
    assert at is not None
    # DOMAIN 5 and 6: N-1 1.0 %, HHI 9,804 from MCS 2026; 900 of 909 t in 2025.
    assert at.top_country == "CHN"
    assert at.top_share == pytest.approx(900 / 909, abs=1e-6)
    assert round(at.hhi * 10_000) == 9_804
    assert (at.stage, int(at.period_end[:4]), at.source_id) == ("processing", 2025, "usgs_mcs_2026")
    score = found.eu
    assert score is not None
    assert (score.year, score.scope, score.supply_risk, score.economic_importance) == (2023, "material", 3.9, 3.7)
    assert score.above_thresholds
    # DOMAIN 1: t = 1.3 lifts 3.85 to 5.0.
    assert at.scenario_ratio is not None
    assert at.scenario_ratio == pytest.approx(5.0 / 3.85, abs=0.01)


def test_a_by_product_is_scored_at_refining_although_mine_shares_are_newer(one):
    rhenium = one("rhenium")
    assert (rhenium.stage, rhenium.product_stage) == ("processing", "processing")
    assert [at.stage for at in rhenium.stages] == ["processing", "extraction"]
    assert rhenium.scored is rhenium.stages[0]
    assert rhenium.scored.source_id != rhenium.stages[1].source_id


def test_every_metal_noted_as_a_by_product_is_scored_at_refining(settings):
    for found in supply(Context(settings, AS_OF)).metals:
        if found.by_product == "yes":
            assert found.stage == "processing", found.asset


def test_mines_count_where_no_refining_is_known_and_that_is_the_basis(one):
    # Rhenium is scored at refining, and before March 2023 only shares of mining were known.
    rhenium = one("rhenium", date(2023, 2, 28))
    assert (rhenium.stage, rhenium.stage_basis, rhenium.product_stage) == ("extraction", "shares", "processing")
    assert rhenium.stages == (rhenium.scored,)


def test_without_product_and_note_no_stage_is_preferred(one):
    copper = one("copper")
    assert (copper.stage, copper.stage_basis, copper.scored) == (None, None, None)
    assert {at.stage for at in copper.stages} == {"extraction", "processing"}


def test_the_unnamed_rest_as_one_country_is_the_upper_bound(one):
    gold = one("gold").scored
    assert gold is not None
    assert gold.other > 0.2
    assert gold.hhi_upper - gold.hhi == pytest.approx(gold.other**2)
    assert gold.governance_hhi is not None
    assert gold.governance_hhi < gold.hhi
    assert gold.governance_hhi_upper - gold.governance_hhi == pytest.approx(gold.other**2)


def test_indium_and_rhenium_are_not_critical_for_the_eu(one):
    for metal in ("indium", "rhenium"):
        score = one(metal).eu
        assert score is not None
        assert score.above_thresholds is False


def test_older_studies_are_not_judged_by_thresholds_of_a_later_method(one):
    verdicts = {score.year: score.above_thresholds for score in one("indium").eu_studies}
    assert verdicts[2011] is None
    assert verdicts[2014] is None
    assert verdicts[2017] is not None


def test_the_ratio_starts_from_the_trade_parameter_of_the_study(one):
    tungsten = one("tungsten")
    refined, mine = tungsten.stages
    assert tungsten.scored is refined
    assert (refined.stage, refined.study_trade_parameter) == ("processing", 1.0)
    assert (mine.stage, mine.study_trade_parameter) == ("extraction", 1.1)
    assert mine.scenario_ratio is not None
    assert 1.15 < mine.scenario_ratio < 1.3 / 1.1
    same = one("tungsten", scenario=Scenario(trade_parameter=1.1)).stages[1]
    assert same.scenario_ratio is not None
    assert same.scenario_ratio == pytest.approx(1.0)


def test_the_statement_comes_from_the_data_and_the_country_asked(settings):
    base = supply(Context(settings, AS_OF), "gallium").eu_base
    assert base is not None
    assert facts_of(base)["statement"] == (
        "The EU supply risk of 2023 rests on 2016-2020 and is blind to controls of CHN since August 2023 (No. 23 of 2023)."
    )
    other = supply(Context(settings, AS_OF), "cobalt", Scenario(country="cod")).eu_base
    assert other is not None
    assert "controls of COD since February 2025" in facts_of(other)["statement"]
    # Announced on 3 July 2023, in force on 1 August.
    before = supply(Context(settings, date(2023, 7, 31)), "gallium").eu_base
    assert before is not None
    assert before.control is None
    on_the_day = supply(Context(settings, date(2023, 8, 1)), "gallium").eu_base
    assert on_the_day is not None
    assert on_the_day.control is not None


def test_nothing_known_later_is_used(settings, one):
    assert [score.year for score in one("gallium", date(2023, 3, 15)).eu_studies][-1] == 2020
    assert [score.year for score in one("gallium", date(2023, 3, 16)).eu_studies][-1] == 2023
    early = one("gallium", date(2023, 9, 30)).scored
    assert early is not None
    assert (early.governance_year, early.scenario_ratio, int(early.period_end[:4])) == (None, None, 2022)
    later = one("gallium", date(2023, 10, 1)).scored
    assert later is not None
    assert later.governance_year is not None
    assert later.governance_year == 2022
    assert one("gallium", date(2026, 2, 5)).notes_source_id is None
    for day in (date(2012, 1, 1), date(2019, 6, 30), date(2024, 5, 31)):
        answer = supply(Context(settings, day))
        known = [date.fromisoformat(at.known_from) for metal in answer.metals for at in metal.stages]
        known += [date.fromisoformat(score.known_from) for metal in answer.metals for score in metal.eu_studies]
        assert max(known, default=day) <= day
        assert all(record.known_from <= day.isoformat() for record in answer.data)


def test_products_are_ranked_and_each_appears_once(settings):
    answer = supply(Context(settings, AS_OF))
    indices = [at.hhi for metal in answer.metals if (at := metal.scored)]
    assert indices == sorted(indices, reverse=True)
    keys = [metal.asset for metal in answer.metals]
    assert len(keys) == len(set(keys))
    assert {"gallium", "dysprosium", "gold"} <= set(keys)


def test_the_object_is_json_and_labels_our_scenario(settings):
    data = json.loads(json.dumps(supply(Context(settings, AS_OF)).to_json(), allow_nan=False))
    assert data["thresholds"] == {"supply_risk": 1.0, "economic_importance": 2.8, "highly_concentrated": 0.18}
    assert data["assumptions"]["trade_parameter"]["said"].startswith("Our scenario, not an EU figure")
    assert data["scenario"] == {"trade_parameter": 1.3, "country": "CHN"}
    germanium = next(metal for metal in data["metals"] if metal["asset"] == "germanium")
    assert germanium["us_net_import_reliance"] == ">50"
    assert germanium["by_product"] == "yes"
    assert germanium["eu"]["above_thresholds"] is True
    stage = germanium["scored"]
    assert germanium["other_stages"] == []
    assert sum(one["share"] for one in stage["producers"]) + stage["other"] == pytest.approx(1, abs=0.005)
    assert {"usgs_mcs_2026", "eu_crm_study", "metals_reference"} <= {record["source_id"] for record in data["data"]}


@pytest.mark.parametrize("value", [0.0, -1.3, float("nan"), float("inf")])
def test_a_trade_parameter_is_a_positive_number(value):
    with pytest.raises(SpecError) as refused:
        Scenario(trade_parameter=value)
    assert "--trade-parameter" in refused.value.message
    assert "positive" in refused.value.hint or "finite" in refused.value.message
