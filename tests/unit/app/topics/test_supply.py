"""The part on supply: figures recomputed from the bundled tables in plain Python, point in time, and what is not known."""

from __future__ import annotations

import csv
import json
from collections import defaultdict
from datetime import date
from importlib.resources import files

import pytest

from tests.records import asked, json_of
from toolkit.app.config import resolve
from toolkit.app.context import Context
from toolkit.app.topics.supply import supply_of_report as supply

AS_OF = date(2026, 11, 24)
WEIGHTS = {"gallium": 0.5, "indium": 0.3, "gold": 0.1}


def table(name):
    return list(csv.DictReader((files("toolkit.market") / "bundled" / f"{name}.csv").read_text(encoding="utf-8").splitlines()))


@pytest.fixture(scope="module")
def settings():
    return resolve({}, file=None)


@pytest.fixture(scope="module")
def find(settings):
    def found(as_of=AS_OF, assets=None, weights=WEIGHTS):
        inputs = Context(settings, as_of)
        ask = asked(inputs, tuple(assets or inputs.products.keys), {"weights": dict(weights)})
        return json_of(supply.find(ask))

    return found


@pytest.fixture(scope="module")
def part(find):
    return find()


@pytest.fixture(scope="module")
def by_asset(part):
    return {metal["asset"]: metal for metal in part["metals"]}


def shares_of(metal):
    """Shares by country of the rows that the part says it used."""
    at = metal["scored"]
    return {
        row["country"]: float(row["share"])
        for row in table("shares")
        if (row["asset"], row["stage"], row["source"], row["period_start"], row["period_end"])
        == (metal["asset"], at["stage"], at["source_id"], at["period_start"], at["period_end"])
    }


def test_concentration_of_every_product_is_that_of_its_rows(by_asset):
    for metal in by_asset.values():
        shares = shares_of(metal)
        other = shares.pop("OTH", 0.0)
        at = metal["scored"]
        assert at["hhi"] == pytest.approx(sum(share**2 for share in shares.values()))
        assert at["hhi_upper"] == pytest.approx(at["hhi"] + other**2)
        assert at["top_country"] == max(shares, key=lambda country: shares[country])
        assert at["n_minus_1"] == pytest.approx(1 - max(shares.values()), abs=1e-9)


def test_by_products_are_scored_at_refining_and_the_newest_period_is_used(by_asset):
    for metal in by_asset.values():
        if metal["by_product"] == "yes":
            assert metal["scored"]["stage"] == "processing"
        ends = [
            row["period_end"]
            for row in table("shares")
            if (row["asset"], row["stage"]) == (metal["asset"], metal["scored"]["stage"]) and row["known_from"] <= "2026-11-24"
        ]
        assert metal["scored"]["period_end"] == max(ends)


def test_the_scenario_is_the_published_score_times_the_ratio_of_the_governed_index(by_asset):
    gallium = by_asset["gallium"]
    newest = max(row["year"] for row in table("governance") if row["known_from"] <= "2026-11-24")
    risk = {r["country"]: (2.5 - float(r["political_stability"])) / 5 for r in table("governance") if r["year"] == newest}
    shares = {country: share for country, share in shares_of(gallium).items() if country != "OTH"}
    before = sum(risk[country] * share**2 for country, share in shares.items())
    after = sum(risk[country] * share**2 * (1.3 if country == "CHN" else 1.0) for country, share in shares.items())
    assert gallium["eu"]["supply_risk"] == 3.9
    assert gallium["scenario_supply_risk"] == pytest.approx(3.9 * after / before)
    # DOMAIN 1 has 5.0 from the unrounded 3.85; the published 3.9 gives at most a tenth more.
    assert 5.0 <= gallium["scenario_supply_risk"] < 5.1
    platinum = by_asset["platinum"]  # 1.4 % of it are refined in China
    assert platinum["scenario_supply_risk"] == pytest.approx(platinum["eu"]["supply_risk"], rel=1e-3)


def test_together_they_are_weighted_by_value(part, by_asset):
    whole = part["portfolio"]
    total = sum(WEIGHTS.values())
    left = sum(weight * by_asset[key]["scored"]["n_minus_1"] for key, weight in WEIGHTS.items())
    assert whole["n_minus_1"] == pytest.approx(left / total)
    assert whole["won"] == {"yes": pytest.approx(0.8)}
    assert whole["critical"] == pytest.approx(0.5)
    assert [metal["weight"] for metal in part["metals"] if metal["weight"]] == [0.5, 0.3, 0.1]


def test_without_weights_there_is_no_portfolio(find):
    assert find(weights={})["portfolio"] is None


def test_nothing_known_later_is_used(find):
    early = find(date(2023, 3, 15))
    assert max(metal["eu"]["year"] for metal in early["metals"] if metal["eu"]) == 2020
    for metal in early["metals"]:
        assert metal["host"] is None
        assert metal["scenario_supply_risk"] is None
    assert early["assumptions"] == {}
    assert all(row["known_from"] <= "2023-03-15" for row in early["data"])


def test_a_metal_of_which_nothing_is_known_keeps_its_place(find):
    metals = find(assets=("unobtainium", "gallium"))["metals"]
    assert [metal["asset"] for metal in metals] == ["unobtainium", "gallium"]
    assert metals[0]["scored"] is metals[0]["eu"] is metals[0]["by_product"] is None
    assert find(assets=("unobtainium",)) is None


def test_sentences_remember_how_they_were_made_and_json_closes(part):
    assert part["eu_base"]["statement"]["with"] == {
        "year": "2023", "start": "2016", "end": "2020", "country": "CHN", "day": "2023-08-01", "notice": "No. 23 of 2023"
    }  # fmt: skip
    assert part["assumptions"]["trade_parameter"]["with"] == {"t": 1.3, "country": "China"}
    json.dumps(part, allow_nan=False)


def test_every_source_of_a_figure_is_in_the_data(part):
    used = defaultdict(set)
    for row in part["data"]:
        used[row["table"]].add(row["source_id"])
    assert {metal["scored"]["source_id"] for metal in part["metals"]} <= used["shares"]
    assert {"criticality", "metals", "governance"} <= set(used)
