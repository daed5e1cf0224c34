"""Exposure of lots: every lot in one place, totals that add up, three statements kept apart."""

from __future__ import annotations

from datetime import date

import polars as pl
import pytest

from tests.lots import lot_rows, price_of
from toolkit.app.config import resolve
from toolkit.app.context import Context
from toolkit.holdings.exposure import DELIVERIES, PortfolioExposure, industries, lot_exposures
from toolkit.holdings.resale import resale_answer, resale_restrictions, restricted_buyers

TODAY = date(2026, 11, 24)
PRICES = (price_of("gallium", 1000.0), price_of("indium", 500.0))


def exposed(ledger, *rows, on=TODAY, destination="DEU"):
    return lot_exposures(lot_rows(*rows), PRICES, ledger, on=on, destination=destination)


@pytest.mark.parametrize(
    ("row", "delivery"),
    [
        ({}, "stored_safe"),
        ({"location": "CHN"}, "stored_at_origin"),
        ({"location": None}, "stored_place_unknown"),
        ({"location": "China"}, "stored_at_origin"),
        ({"location": "CN"}, "stored_at_origin"),
        ({"location": "Shanghai warehouse"}, "stored_at_origin"),
        ({"location": "Hongkong"}, "stored_at_origin"),
        ({"location": "Macau", "origin_country": "unknown"}, "stored_at_origin"),
        ({"location": "Zollfreilager Zürich"}, "stored_safe"),
        ({"location": "Hongkong", "origin_country": "KOR"}, "stored_at_origin"),
        ({"location": "Shanghai", "origin_country": "DEU", "status": "ordered"}, "open_order_at_risk"),
        ({"location": "Shanghai", "origin_country": "DEU", "status": "planned"}, "planned_at_risk"),
        ({"location": "Shanghai", "origin_country": "KOR", "asset": "indium", "status": "ordered"}, "open_order_clear"),
        ({"location": "Rotterdam", "origin_country": "HKG", "status": "ordered"}, "open_order_at_risk"),
        ({"location": "Seoul", "origin_country": "KOR"}, "stored_at_origin"),
        ({"location": "China Freilager Hamburg"}, "stored_place_unknown"),
        ({"location": "Tresor"}, "stored_place_unknown"),
        ({"status": "in_transit"}, "in_transit"),
        ({"status": "ordered"}, "open_order_at_risk"),
        ({"status": "ordered", "origin_country": "KOR"}, "open_order_not_covered"),
        ({"status": "planned", "origin_country": "KOR"}, "planned_not_covered"),
        ({"status": "ordered", "origin_country": "FRA"}, "open_order_clear"),
        ({"status": "ordered", "origin_country": "FRA", "destination": "JPN"}, "open_order_not_covered"),
        ({"status": "ordered", "origin_country": "JPN", "destination": "JPN"}, "open_order_clear"),
        ({"status": "ordered", "asset": "indium"}, "open_order_clear"),
        ({"status": "planned"}, "planned_at_risk"),
        ({"status": "planned", "asset": "indium"}, "planned_clear"),
        ({"status": "ordered", "origin_country": "unknown"}, "open_order_at_risk"),
    ],
)
def test_where_a_lot_stands(ledger, row, delivery):
    (lot,) = exposed(ledger, row)
    assert lot.delivery == delivery
    assert lot.assumed_origin == (row.get("origin_country") == "unknown")


def test_a_lot_that_is_or_may_be_in_china_needs_a_licence_to_leave_whoever_buys_it(ledger):
    rows = [
        {"status": "ordered", "location": "Shanghai"}, {"status": "in_transit"}, {"location": "Lager 7"},
        {"location": "Shanghai", "origin_country": "DEU"}, {}, {"origin_country": "DEU", "location": "Lager 7"},
    ]  # fmt: skip
    for day in (TODAY, date(2026, 11, 28)):  # the ban of all sales to the USA is suspended to the 27th
        leaving = [{one.licence_to_leave for one in lot.answers} for lot in exposed(ledger, *rows, on=day)]
        assert leaving == [{True}, {True}, {True}, {True}, {False}, {False}]
    (ordered, *_) = exposed(ledger, rows[0])
    assert {one.answer for one in ordered.answers if one.end_user == "civil"} == {"licence"}


def test_metal_that_a_listed_exporter_alone_may_take_out_is_not_free_to_be_sold_from_there(ledger):
    there, gone = exposed(ledger, {"asset": "silver", "location": "Shanghai"}, {"asset": "silver", "location": "Zürich"})
    assert {one.answer for one in there.answers} == {"licence"}
    assert not any(one.licence_to_leave for one in gone.answers)


@pytest.mark.parametrize(("origin", "lies", "kept"), [("CHN", "Shanghai", "Zürich"), ("JPN", "Tokyo", "Frankfurt")])
def test_a_ban_of_exports_is_a_no_to_every_buyer_abroad_while_the_lot_has_not_left(tmp_path, origin, lies, kept):
    (tmp_path / "ban.csv").write_text(
        "event_id,kind,instrument,standing,announced,effective,authority,origin,metals,forms,citation\n"
        f"ban1,control,ban,official,2026-11-20,2026-11-22,Ministry,{origin},Ga,metal,gazette\n"
    )
    context = Context(resolve({}, file=None, environment={}), TODAY, str(tmp_path / "ban.csv"))
    rows = [{"location": lies}, {"status": "ordered"}, {"status": "in_transit"}, {"location": "Lager 7"}, {"location": kept}]
    found = lot_exposures(
        lot_rows(*({"origin_country": origin, **row} for row in rows)), PRICES, context.ledger, on=TODAY, destination="DEU"
    )
    for lot in found[:4]:
        abroad = [one for one in lot.answers if one.destination != origin]
        assert {(one.answer, one.export_bans, one.licence_to_leave) for one in abroad} == {("no", ("Ministry (own)",), False)}
        assert lot.barred == (origin == "CHN")  # China singles buyers out beside the ban, Japan does not
        assert "licence" not in {one.answer for one in lot.answers}
    assert {one.export_bans for one in found[4].answers} == {()}


def test_a_ban_of_exports_where_a_lot_lies_keeps_it_there_whatever_its_origin(tmp_path):
    (tmp_path / "ban.csv").write_text(
        "event_id,kind,instrument,standing,announced,effective,authority,origin,metals,forms,citation\n"
        "ban1,control,ban,official,2026-11-20,2026-11-22,METI,Japan,Ga,metal,gazette\n"
    )
    context = Context(resolve({}, file=None, environment={}), TODAY, str(tmp_path / "ban.csv"))
    (lot,) = lot_exposures(lot_rows({"location": "Tokyo"}), PRICES, context.ledger, on=TODAY, destination="DEU")
    assert {one.answer for one in lot.answers if one.destination == "USA"} == {"no"}


def test_a_chinese_measure_does_not_bind_the_resale_of_other_metal_outside_china():
    bundled = Context(resolve({}, file=None, environment={}), TODAY).ledger
    rows = [
        {"asset": "silver", "origin_country": "MEX", "location": "Wien"},
        {"asset": "gallium", "origin_country": "CAN", "location": "Frankfurt"},
        {"asset": "antimony", "origin_country": "TJK", "location": "Rotterdam"},
        {"asset": "hafnium", "origin_country": "FRA", "location": "Frankfurt"},
        {"asset": "gallium", "origin_country": "CAN", "location": "Lager 7"},
    ]  # fmt: skip
    found = lot_exposures(lot_rows(*rows), (), bundled, on=TODAY, destination="DEU")
    assert [{one.answer for one in lot.answers if one.destination != "EU"} for lot in found] == [
        {"not_covered"}, {"not_covered"}, {"not_covered"}, {"unsettled"}, {"unsettled"},
    ]  # fmt: skip
    assert {one.answer for lot in found[:3] for one in lot.answers if one.destination == "EU"} == {"yes"}, (
        "no law inside the EU"
    )


def test_an_order_under_an_export_quota_can_fail_to_arrive_though_it_needs_no_licence():
    bundled = Context(resolve({}, file=None, environment={}), TODAY).ledger
    rows = [
        {"asset": "cobalt", "origin_country": "COD", "location": None, "status": "ordered"},
        {"asset": "cobalt", "origin_country": "FIN", "location": None, "status": "ordered"},
        {"asset": "cobalt", "origin_country": "COD", "location": None, "status": "in_transit"},
        {"asset": "cobalt", "origin_country": "COD", "location": "Antwerp"},
        {"asset": "cobalt", "origin_country": "COD", "location": "Kolwezi"},
        {"asset": "cobalt", "origin_country": "COD", "location": None},
    ]
    found = lot_exposures(lot_rows(*rows), [price_of("cobalt", 48.0)], bundled, on=TODAY, destination="BEL")
    assert [lot.delivery for lot in found] == [
        "open_order_at_risk", "open_order_clear", "in_transit", "stored_safe", "stored_at_origin", "stored_place_unknown",
    ]  # fmt: skip
    assert [lot.obstacle for lot in found[3:]] == [None, "licence", "place"]
    assert [(lot.controlled, lot.measures) for lot in found[:2]] == [(False, ("quota regime",)), (False, ())]
    whole = PortfolioExposure.of(found[:4])
    assert (whole.open_orders.value, whole.at_risk.value, whole.controlled.value) == (48.0, 96.0, 0.0)


@pytest.mark.parametrize("place", ["Genf", "London", "Singapore", "Oslo", "Vaduz", "Embraport", "Jebel Ali", "New York"])
def test_law_of_the_european_union_is_not_that_of_a_place_outside_it(place):
    """Of such a place the ledger holds no export law: whether hafnium or silver may leave it is not settled, and no act is named."""
    bundled = Context(resolve({}, file=None, environment={}), TODAY).ledger
    rows = [{"asset": "hafnium", "origin_country": "FRA"}, {"asset": "silver", "origin_country": "MEX"}, {"asset": "gallium"}]
    found = lot_exposures(lot_rows(*({**row, "location": place} for row in rows)), (), bundled, on=TODAY, destination="DEU")
    for lot in found[:2]:
        abroad = [one for one in lot.answers if one.destination != lot.place]
        assert {(one.answer, one.measures, one.not_in_ledger) for one in abroad} == {("not_covered", (), (lot.place,))}
        assert {one.answer for one in lot.answers if one not in abroad} <= {"yes"}, "what stays in a country is not exported"
        assert lot.elsewhere == ()
    graver = {(one.destination, one.end_user): one.answer for one in found[2].answers}
    assert (graver["USA", "civil"], graver["USA", "military"]) == ("suspended", "no")
    ordered = lot_rows({"asset": "hafnium", "origin_country": "FRA", "location": place, "status": "ordered"})
    (order,) = lot_exposures(ordered, (), bundled, on=TODAY, destination="DEU")
    abroad = [one for one in order.answers if one.destination != "EU"]
    assert {"2021/821" in number for one in abroad for number in one.measures} == {True}  # it leaves France first


def test_an_order_was_safe_before_the_licence(ledger):
    (lot,) = exposed(ledger, {"status": "ordered"}, on=date(2023, 7, 31))
    assert (lot.delivery, lot.headline) == ("open_order_clear", "not_listed")


def test_totals_add_up_and_unpriced_lots_are_named(ledger):
    rows = [{}, {"status": "ordered", "mass": 3.0}, {"status": "planned", "asset": "indium"}, {"form": "oxide", "mass": 9.0}]
    portfolio = PortfolioExposure.of(exposed(ledger, *rows))
    assert portfolio.value == pytest.approx(1000 + 3000)  # what is planned is not owned
    assert [(total.name, total.value) for total in portfolio.planned if total.lots] == [("planned_clear", 500)]
    assert sum(total.value for total in portfolio.deliveries) == pytest.approx(portfolio.value)
    assert sum(total.share for total in portfolio.deliveries) == pytest.approx(1.0)
    assert sum(total.lots for total in portfolio.deliveries) == len(rows) - 1 == len(portfolio.held)
    assert tuple(total.name for total in portfolio.deliveries) == DELIVERIES
    assert portfolio.unpriced == ("L3",)
    assert portfolio.controlled.value == pytest.approx(4000)
    assert portfolio.open_orders.value == pytest.approx(3000)
    assert sum(portfolio.weights.values()) == pytest.approx(1.0)


def test_nothing_held_is_worth_nothing(ledger):
    portfolio = PortfolioExposure.of(exposed(ledger, {"form": "oxide"}))
    assert (portfolio.value, portfolio.weights) == (0, {})
    assert portfolio.controlled.share == 0


def test_resale_is_restricted_for_single_users_of_chinese_lots_only(ledger):
    pairs = {(r.destination, r.end_user) for r in resale_restrictions(ledger, "gallium", "metal", on=TODAY, origin="CHN")}
    assert {("USA", "military"), ("JPN", "military"), ("USA", "listed"), ("JPN", "listed")} <= pairs
    assert resale_restrictions(ledger, "gallium", "metal", on=TODAY, origin="KOR") == ()
    assert resale_restrictions(ledger, "indium", "metal", on=TODAY, origin="CHN") == ()
    assert ("JPN", "military") not in restricted_buyers(ledger, on=date(2026, 1, 5), origin="CHN")
    assert restricted_buyers(ledger, on=date(2024, 12, 2), origin="CHN") == ()


def test_unknown_origin_is_no_restriction_that_is_known(ledger):
    portfolio = PortfolioExposure.of(exposed(ledger, {"origin_country": "unknown"}))
    assert portfolio.resale_restricted.value == 0
    assert portfolio.resale_unknown.value == pytest.approx(1000)


def test_what_lies_in_china_is_restricted_whatever_its_origin(ledger):
    """Of unknown origin in Shanghai or Hong Kong it is under the law that binds German metal beside it."""
    rows = [
        {"origin_country": "DEU", "location": "Shanghai"}, {"origin_country": "unknown", "location": "Shanghai"},
        {"origin_country": "unknown", "location": "Hongkong", "status": "in_transit"}, {"origin_country": "unknown"},
        {"origin_country": "unknown", "location": None},
    ]  # fmt: skip
    portfolio = PortfolioExposure.of(exposed(ledger, *rows))
    german, unknown, *_ = portfolio.lots
    assert unknown.answers == german.answers
    assert (portfolio.resale_restricted.lots, portfolio.resale_restricted.value) == (3, pytest.approx(3000))
    assert (portfolio.resale_unknown.lots, portfolio.resale_unknown.value) == (2, pytest.approx(2000))


def test_oxide_below_the_threshold_is_not_controlled(ledger):
    below, above, silent = exposed(
        ledger,
        {"asset": "antimony", "form": "oxide", "purity": "99.5 %"},
        {"asset": "antimony", "form": "oxide", "purity": "99.99 %"},
        {"asset": "antimony", "form": "oxide", "purity": None},
    )
    assert (below.controlled, above.controlled, silent.controlled) == (False, True, True)
    assert silent.uncertain


def test_own_jurisdiction_is_shown_with_its_confidence(ledger):
    (lot,) = exposed(ledger, {"asset": "hafnium", "form": "metal", "origin_country": "FRA"})
    ((number, confidence),) = lot.elsewhere
    assert "2021/821" in number
    assert confidence == "not checked against the text"


def test_industries_weigh_uses_by_value():
    uses = pl.DataFrame(
        {"asset": ["a", "a", "b"], "application": ["x", "y", "z"], "nace2": ["C26", "C27", "C26"], "share": [0.7, 0.3, 1.0]}
    )
    found, unknown = industries({"a": 0.5, "b": 0.3, "c": 0.2}, uses)
    assert [(i.nace2, pytest.approx(i.share)) for i in found] == [("C26", 0.65), ("C27", 0.15)]
    assert found[0].applications == ("x", "z")
    assert unknown == ("c",)
    assert sum(i.share for i in found) == pytest.approx(0.8)


def test_what_lies_at_no_known_place_counts_as_at_risk(ledger):
    rows = [{}, {"location": "Tresor", "mass": 2.0}, {"location": "Hongkong", "mass": 4.0}, {"status": "ordered", "mass": 8.0}]
    assert PortfolioExposure.of(exposed(ledger, *rows)).at_risk.value == pytest.approx(14_000)


def test_what_no_notice_names_is_not_at_risk_wherever_it_lies(ledger):
    portfolio = PortfolioExposure.of(exposed(ledger, {"asset": "indium", "location": "Tresor"}))
    assert portfolio.at_risk.lots == 0


def test_the_ledger_says_that_it_follows_no_law_of_a_country(ledger):
    assert ledger.coverage("CHN", on=TODAY) == "modelled"
    note = ledger.state("gallium", "metal", on=TODAY, destination="DEU", origin="MCO").note
    assert note == "The export law of MCO is not in the ledger: that it finds no control is no proof."


def test_a_size_settles_what_a_notice_names_from_a_size_on():
    """No. 10 of 2025 names solid tungsten from which 120 x 50 mm can be machined: a thin bar is free, a block is not."""
    bundled = Context(resolve({}, file=None, environment={}), TODAY).ledger
    rows = [
        {"asset": "tungsten", "status": "ordered", "size": size} for size in (None, "700x30x30 mm", "130x130x60 mm", "5 kg")
    ]
    found = lot_exposures(lot_rows(*rows), (), bundled, on=TODAY, destination="DEU")
    assert [lot.headline for lot in found] == ["licence_above_size", "whitelist", "licence", "whitelist"]
    assert [lot.delivery for lot in found][1:] == ["open_order_clear", "open_order_at_risk", "open_order_clear"]
    barred = [lot.barred for lot in found]
    assert barred[2]
    assert not any(barred[1::2])


def test_whoever_buys_gallium_that_lies_in_china_needs_a_licence_first(ledger):
    """Of what has left nobody does."""
    there, out = (
        resale_answer(
            ledger, "gallium", "metal", ("JPN", "civil"), on=TODAY, origin="CHN", at_origin=at_origin, lies_in=lies_in
        )
        for at_origin, lies_in in ((True, "CHN"), (False, "DEU"))
    )
    assert (there.licence_to_leave, out.licence_to_leave) == (True, False)
