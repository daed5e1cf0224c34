"""The part on a stop of exports: the formula recomputed, the rule that bounds it, who gains and who pays."""

from __future__ import annotations

import json
import math
from datetime import date

import pytest

from tests.records import asked, json_of, partial
from toolkit.app.config import resolve
from toolkit.app.context import Context
from toolkit.app.stops import FURTHER, price_responses
from toolkit.app.topics.whatif import LARGEST_SUPPLY_LOSS, amounts_of, whatif
from toolkit.records.run import Run

AS_OF = date(2026, 11, 24)
ELASTICITY = {"low": "high", "central": "central", "high": "low"}
"""Side of the multiple -> side of the elasticity."""
EARLY = date(2024, 1, 1)
"""Two metals had answered a control by then: the assumption, 0.25 to 0.7, is in use."""
LOTS = [
    {"asset": "gallium", "value": 10_000.0, "status": "stored", "delivery": "stored_safe", "export_from": "CHN"},
    {"asset": "gallium", "value": 7_000.0, "status": "stored", "delivery": "stored_at_origin", "export_from": "CHN"},
    {"asset": "gallium", "value": 500.0, "status": "in_transit", "delivery": "in_transit", "export_from": "CHN"},
    {"asset": "antimony", "value": 1_000.0, "status": "ordered", "delivery": "open_order_clear", "export_from": "TJK"},
    {"asset": "antimony", "value": 4_000.0, "status": "planned", "delivery": "planned_clear", "export_from": "TJK"},
    {"asset": "gallium", "value": 2_000.0, "status": "ordered", "delivery": "open_order_at_risk", "export_from": "CHN"},
    {"asset": "gold", "value": 5_000.0, "status": "planned", "delivery": "planned_clear", "export_from": "CHN"},
    {"asset": "hafnium", "value": None, "status": "stored", "delivery": "stored_safe", "export_from": "FRA"},
]
"""Neither what lies in China or is still under way from there gains, nor does an order from elsewhere need replacement."""


@pytest.fixture(scope="module")
def settings():
    return resolve({}, file=None)


@pytest.fixture(scope="module")
def find(settings):
    def found(record, as_of=AS_OF, assets=None):
        inputs = Context(settings, as_of)
        return json_of(whatif.find(asked(inputs, assets or inputs.products.keys, record)))

    return found


@pytest.fixture(scope="module")
def market(find):
    return find({})


@pytest.fixture(scope="module")
def holdings(find):
    return find({"weights": {"gallium": 12 / 21, "antimony": 4 / 21, "gold": 5 / 21}, "exposure": {"lots": LOTS}})


@pytest.fixture(scope="module")
def multiple(settings):
    """The formula by hand, at the elasticities of a metal."""
    inputs = Context(settings, AS_OF)
    responses = price_responses(inputs, (*inputs.products.keys, FURTHER))

    def multiplied(loss, side, asset=FURTHER):
        return math.pow(1 - loss, -1 / getattr(responses.elasticity(asset), ELASTICITY[side]))

    return multiplied


def bands(part):
    yield from ((FURTHER, band) for band in part["shown"])
    for metal in part["metals"]:
        yield from ((metal["asset"], band) for band in metal["bands"])
        if metal["stop"]:
            yield metal["asset"], metal["stop"]


def test_every_multiple_is_the_formula_and_none_is_of_more_than_half(market, multiple):
    for asset, band in bands(market):
        assert band["loss"] <= LARGEST_SUPPLY_LOSS
        for side in ELASTICITY:
            assert band[side] == pytest.approx(multiple(band["loss"], side, asset))
    assert len({band["central"] for metal in market["metals"] for band in metal["bands"][:1]}) > 5  # pooled, not the same


def test_the_cases_stand_beside_the_band(market):
    found = market["response"]
    cases = found["cases"]
    assert (found["observed"], found["published"]) == (10, 2)
    assert sum(case["loss"] is not None for case in cases) == 12
    for case in cases:
        if case["loss"] is not None:
            assert case["loss"] == pytest.approx(min(case["share_then"] * case["fall"], 0.99))
    assert {(case["asset"], case["change"]) for case in cases if case["kind"] == "published"} == {
        ("gallium", 1.5),
        ("germanium", 0.26),
    }
    assert found["moves"] > 0.1


def test_before_enough_cases_the_assumption_stands_and_says_so(find):
    part = find({}, EARLY)
    assert part["response"] is None
    # DOMAIN 9a: 20 % is 1.38, 1.75 and 2.44 times; 50 % is 2.69, 5.66 and 16.
    assert [round(part["shown"][0][side], 2) for side in ("low", "central", "high")] == [1.38, 1.75, 2.44]
    assert [round(part["shown"][1][side], 2) for side in ("low", "central", "high")] == [2.69, 5.66, 16.0]
    assert max(band["high"] for _, band in bands(part)) == pytest.approx(16.0)


def test_a_full_stop_has_a_figure_only_where_the_formula_carries(market):
    state = {metal["asset"]: metal for metal in market["metals"]}
    for metal in state.values():
        if metal["state"] == "counted":
            assert 0 < metal["share"] <= LARGEST_SUPPLY_LOSS
            assert metal["stop"]["loss"] == pytest.approx(metal["share"])
        else:
            assert metal["stop"] is None
    assert (state["gallium"]["state"], state["antimony"]["state"]) == ("beyond", "beyond")
    assert state["molybdenum"]["state"] == "counted"
    assert {key for key, metal in state.items() if metal["state"] == "precious"} == {"gold", "silver", "platinum"}
    assert [band["loss"] for band in state["molybdenum"]["bands"]] == [0.2]
    assert state["rhenium"]["bands"] == []


def test_gains_and_costs_are_sums_over_the_metals_that_the_stop_touches(holdings, multiple):
    share = next(metal["share"] for metal in holdings["metals"] if metal["asset"] == "antimony")
    for i, loss in enumerate((0.2, 0.5)):
        for side in ELASTICITY:
            ga, sb = multiple(loss, side, "gallium") - 1, multiple(min(loss, share), side, "antimony") - 1
            money = {name: rows[i][side] for name, rows in holdings["money"].items()}
            assert money == {
                "whole": pytest.approx(12_000 * ga + 4_000 * sb),
                "held": pytest.approx(10_000 * ga),
                "coming": pytest.approx(2_000 * ga + 4_000 * sb),
                "ordered": pytest.approx(2_000 * ga),
                "planned": pytest.approx(4_000 * sb),
            }
            back = {name: rows[i]["on_return"][side] for name, rows in holdings["money"].items()}
            assert back["held"] == pytest.approx(10_000 * (1 - 1 / (1 + ga)))
            assert holdings["weights"][i][side] == pytest.approx(money["whole"] / 21_000)
    assert [(row["metals"], row["short"]) for row in holdings["money"]["whole"]] == [(2, 2), (2, 2)]


def test_only_orders_of_the_country_or_of_unknown_origin_may_not_arrive(holdings):
    assert holdings["undelivered"] == 2_000.0


def test_what_is_on_its_way_from_there_is_told_beside_gains_and_losses(holdings):
    assert holdings["in_transit"] == 500.0


def test_of_a_proposal_what_is_kept_is_held_and_the_rest_is_still_to_be_bought():
    positions = [
        {"asset": "gallium", "value": 600.0, "previous_weight": 0.2},
        {"asset": "x", "offer_of": "indium", "value": 100.0, "previous_weight": 0.3},
        {"asset": "gold", "value": 0.0, "previous_weight": 0.0},
    ]
    amounts = amounts_of(partial(Run, {"positions": positions, "budget": 1000.0}))
    assert amounts.held == {"gallium": pytest.approx(200.0), "indium": pytest.approx(100.0)}
    assert amounts.coming == {"gallium": pytest.approx(400.0)}
    assert amounts.whole == {"gallium": pytest.approx(600.0), "indium": pytest.approx(100.0)}


def test_the_outside_check_inverts_both_ways(market, multiple):
    checks = {check["asset"]: check for check in market["checks"]}
    assert {key: check["change"] for key, check in checks.items()} == {"gallium": 1.5, "germanium": 0.26}
    for check in checks.values():
        assert math.pow(1 - check["share"], -1 / check["implied_elasticity"]) == pytest.approx(1 + check["change"])
        assert multiple(check["implied_loss"], "central", check["asset"]) == pytest.approx(1 + check["change"])


def test_the_check_is_there_for_a_report_about_other_metals(find):
    part = find({}, assets=("tungsten",))
    assert [metal["asset"] for metal in part["metals"]] == ["tungsten"]
    assert len(part["checks"]) == 2
    assert "stocks_above_ground" not in part["assumptions"]


def test_before_the_publication_there_is_no_check_and_before_the_assumption_no_part(find):
    assert find({}, date(2023, 9, 30))["checks"] == []
    assert find({}, date(2011, 12, 31)) is None
    (unknown,) = find({}, assets=("unobtainium",))["metals"]
    assert unknown["state"] == "unknown"


def test_json_closes_and_sources_are_those_used(market):
    json.dumps(market, allow_nan=False)
    assert {row["table"] for row in market["data"]} == {"assumptions", "shares"}
    assert "toolkit_assumptions" not in {row["source_id"] for row in market["data"]}
    assert {metal["source_id"] for metal in market["metals"]} == {
        row["source_id"] for row in market["data"] if row["table"] == "shares"
    }
