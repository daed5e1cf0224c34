"""From a file of lots to an exposure: values with their basis, totals that add up, JSON that is plain."""

from __future__ import annotations

import json
import math
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from toolkit.app.allocation.request import Request
from toolkit.app.config import resolve
from toolkit.app.context import Context
from toolkit.app.holdings.exposure import ExposureRequest, expose
from toolkit.app.optimize import optimize
from toolkit.app.prices import PriceFiles
from toolkit.app.subjects import holdings
from toolkit.app.topics.whatif import shock
from toolkit.core.errors import FrameError, SpecError

TODAY = date(2026, 11, 24)
HEADER = (
    "lot_id,asset,form,purity,quantity,unit,purchase_date,purchase_price,currency,origin_country,location,status,certificate"
)
ROWS = (
    "L1,gallium,metal,99.99 %,5,kg,2024-02-01,300,EUR,CHN,Frankfurt,stored,CoA 1",
    "L2,gallium,metal,4N,10,kg,2026-08-01,1000,EUR,CHN,,ordered,",
    "L3,rhenium,metal,99.9 %,500,g,2022-06-01,1100,EUR,CHL,Frankfurt,stored,R-1",
    "L4,dysprosium,oxide,99.5 %,3,kg,,,,CHN,,planned,",
    "L5,germanium,oxide,5N,2,kg,2025-01-01,900,EUR,unknown,Frankfurt,stored,yes",
)


@pytest.fixture
def settings(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return resolve({}, environment={})


@pytest.fixture
def request_of(settings, tmp_path):
    def build(*rows: str, **more) -> ExposureRequest:
        file = tmp_path / "lots.csv"
        file.write_text("\n".join((HEADER, *(rows or ROWS))) + "\n", encoding="utf-8")
        return ExposureRequest(holdings=str(file), context=Context(more.pop("settings", settings), TODAY), **more)

    return build


def test_totals_add_up_and_each_price_says_what_it_is(request_of):
    record = expose(request_of()).to_json()
    values = {lot["lot_id"]: lot["value"] for lot in record["lots"]}
    assert sum(v for key, v in values.items() if v is not None and key != "L4") == pytest.approx(record["value"])
    assert [(total["name"], total["value"]) for total in record["planned"] if total["lots"]] == [
        ("planned_at_risk", values["L4"])
    ]
    assert sum(total["value"] for total in record["deliveries"]) == pytest.approx(record["value"])
    assert sum(total["share"] for total in record["deliveries"]) == pytest.approx(1.0)
    assert record["unpriced"] == ["L5"]
    kinds = {price["asset"]: price["kind"] for price in record["prices"]}
    assert kinds == {
        "gallium": "filtered",
        "rhenium": "annual_average",
        "dysprosium": "annual_average",
    }, "none of germanium, whose one lot is of another form"
    gallium = next(price for price in record["prices"] if price["asset"] == "gallium")
    assert gallium["standard_error"] > 0
    assert values["L1"] == pytest.approx(5 * gallium["price"])
    assert values["L3"] == pytest.approx(0.5 * next(p for p in record["prices"] if p["asset"] == "rhenium")["price"])


def test_json_is_plain_and_the_same_twice(request_of):
    first, second = (json.dumps(expose(request_of()).to_json(), allow_nan=False) for _ in range(2))
    assert first == second


def test_sources_are_there(request_of):
    answer = expose(request_of())
    assert {row.table for row in answer.data} >= {"prices", "controls", "shares", "assumptions"}
    assert any("L5" in remark.text and "price" in remark.text for remark in answer.remarks if remark.is_warning)
    assert answer.licence_delay is not None
    assert "assumption" in answer.licence_delay.source


def test_a_lot_without_a_price_is_told_and_never_as_nothing(request_of):
    unpriced = "L6,germanium,oxide,5N,2,kg,2025-01-01,900,EUR,CHN,Frankfurt,stored,"
    order = unpriced.replace("Frankfurt,stored", ",ordered").replace("L6", "L7")
    answer = expose(request_of(ROWS[1], unpriced, order))
    totals = {total.name: (total.lots, total.unpriced) for total in answer.deliveries if total.lots}
    assert totals == {"stored_safe": (1, 1), "open_order_at_risk": (2, 1)}


def test_the_destination_is_the_owners(request_of, tmp_path):
    american = resolve({"owner.country": "USA"}, environment={})
    lots = {lot.lot_id: lot for lot in expose(request_of(settings=american)).lots}
    assert lots["L1"].headline == "licence+ban_suspended"


def test_dates_ahead_are_of_the_form_the_purity_and_the_origin_of_the_lots(request_of):
    """The ban to the US returns for gallium; it never named oxide of 99.8 %, and reaches nothing that comes from Canada."""
    lot = "kg,2024-02-01,300,EUR,{},Frankfurt,stored,"
    record = expose(
        request_of(
            "G,gallium,metal,4N,5," + lot.format("CHN"),
            "O,antimony,oxide,99.8 %,5," + lot.format("CHN"),
            "C,germanium,metal,5N,5," + lot.format("CAN"),
            "S,silver,metal,999,5," + lot.format("MEX"),
        )
    ).to_json()
    assert {change["metal"] for change in record["next_changes"]} == {"gallium"}
    named = expose(request_of("O,antimony,oxide,99.995 %,5," + lot.format("CHN"))).to_json()["next_changes"]
    assert [change["date"] for change in named if "No. 46" in change["what"]] == ["2026-11-27"]


def test_own_prices_replace_the_series_of_their_metal(request_of, tmp_path):
    prices = tmp_path / "prices.csv"
    months = "".join(f"2026-{month:02d},{480 + month}\n" for month in range(3, 10))
    prices.write_text(f"date,gallium\n{months}2026-10,600\n", encoding="utf-8")
    record = expose(request_of(prices=PriceFiles((str(prices),), "EUR"))).to_json()
    price = next(p for p in record["prices"] if p["asset"] == "gallium")
    assert (price["price"], price["kind"], price["date"]) == (600.0, "last_print", "2026-10-31")
    assert (price["price_from"], price["source"]) == ("own_series", "prices.csv")


@pytest.mark.parametrize(
    ("row", "rule", "nearest"),
    [
        (ROWS[0].replace("gallium", "galium"), "unknown_asset", "'gallium'"),
        (ROWS[0].replace(",metal,", ",metl,"), "unknown_form", "'metal'"),
    ],
)
def test_unknown_names_are_errors_with_the_nearest(request_of, row, rule, nearest):
    with pytest.raises(FrameError) as caught:
        expose(request_of(row))
    assert (caught.value.details["rule"], caught.value.details["rows"]) == (rule, [2])
    assert nearest in caught.value.hint


def test_shock_cuts_at_a_substitute_and_inverts_the_published_figure(settings):
    free = shock(Context(settings, TODAY), "Ga", loss=0.5, elasticity="0.25:0.7")
    assert [round(level.multiple, 2) for level in free.asked.levels] == [2.69, 5.24, 16.0]
    price = free.asked.price.price
    cut = shock(Context(settings, TODAY), "gallium", loss=0.5, elasticity="0.25:0.7", cap=2 * price).asked
    assert cut.levels[-1].multiple == pytest.approx(2.0)
    assert cut.levels[-1].price == pytest.approx(2 * price)
    assert (cut.uncapped, free.asked.uncapped) == (pytest.approx(16.0), None)
    for level in (*free.asked.levels, *cut.levels):  # what a stop adds, its end takes
        assert (1 + level.gain) * (1 - level.loss_on_return) == pytest.approx(1.0)
    # (1 - share) ** (-1 / e) = 1 + change, by hand, for the full stop that was published
    (check,) = free.checks
    assert (1 - check.share) ** (-1 / check.implied_elasticity) == pytest.approx(1 + check.change)
    assert check.change == pytest.approx(1.5)
    assert shock(Context(settings, TODAY), "germanium", loss=0.5).checks[0].change == pytest.approx(0.26)


def test_a_shock_at_the_elasticity_of_the_user_rests_on_no_case(settings):
    given = shock(Context(settings, TODAY), "gallium", loss=0.5, elasticity="0.25:0.7")
    assert (given.response, given.asked.elasticity.basis) == (None, "given")
    assert "elasticity_sum" not in given.assumptions
    assert "reactions to controls" not in given.to_json()["asked"]["elasticity"]["source"]


def test_shock_without_a_price_has_multiples_and_no_cap(settings):
    answer = shock(Context(settings, TODAY), "yttrium", loss=0.2)
    assert answer.asked.price is None
    assert answer.asked.elasticity.basis == "posterior"
    before = shock(Context(settings, date(2024, 1, 1)), "yttrium", loss=0.2)  # two metals had answered a control by then
    assert (before.asked.elasticity.basis, before.response) == ("assumption", None)
    with pytest.raises(SpecError, match="price"):
        shock(Context(settings, TODAY), "yttrium", loss=0.2, cap=100.0)


@pytest.mark.parametrize("elasticity", ["", "a:b", "0.7:0.25", "0:0.5", "1:2:3:4", "nan", "inf:inf"])
def test_elasticities_that_are_no_range(settings, elasticity):
    with pytest.raises(SpecError):
        shock(Context(settings, TODAY), "gallium", loss=0.5, elasticity=elasticity)


def test_premium_is_the_users_or_a_marked_figure(settings):
    assert shock(Context(settings, TODAY), "dysprosium", loss=0.5).asked.premium.basis == "observed"
    given = shock(Context(settings, TODAY), "dysprosium", loss=0.5, premium=0.2).asked.premium
    assert (given.basis, given.premium) == ("given", 0.2)
    assert shock(Context(settings, TODAY), "hafnium", loss=0.5).asked.premium is None


def test_many_lots_ask_the_ledger_once_a_form_and_origin(tmp_path, monkeypatch):
    from toolkit.controls.ledger import ControlLedger

    asked = []
    state = ControlLedger.state
    monkeypatch.setattr(
        ControlLedger, "state", lambda self, *args, **kwargs: asked.append(args) or state(self, *args, **kwargs)
    )

    def calls(n):
        asked.clear()
        file = tmp_path / f"{n}.csv"
        rows = (f"L{i},{('gallium', 'Silber')[i % 2]},2,kg,{('CHN', 'DEU', '')[i % 3]}" for i in range(n))
        file.write_text("\n".join(["lot_id,asset,quantity,unit,origin_country", *rows]) + "\n", encoding="utf-8")
        answer = expose(ExposureRequest(str(file), Context(resolve({}, file=None), date(2026, 11, 24))))
        assert len(answer.lots) == n
        assert max(len(remark.text) for remark in answer.remarks) < 400
        return len(asked)

    assert calls(600) == calls(12)


def test_twenty_coins_are_worth_their_fine_content_and_fine_weight_is_taken_as_it_is(request_of):
    """20 Krugerrands: 678.6 g at 916.7; a bar of 999 is the product, and gallium of 98 % is worth less than that of 4N."""
    rows = (
        "AU-1,gold,metal,916.7,678.6,g,2020-01-01,50,EUR,ZAF,Zürich,stored,",
        "AG-1,silver,metal,999,2,kg,2020-01-01,500,EUR,MEX,Zürich,stored,",
        "GA-1,gallium,metal,98 %,2,kg,2024-02-01,300,EUR,CHN,Frankfurt,stored,",
    )
    request = request_of(*rows)
    gross = expose(request)
    mass = {lot.lot_id: lot.mass for lot in gross.lots}
    assert mass == pytest.approx({"AU-1": 0.6786 * 0.9167, "AG-1": 2.0, "GA-1": 2.0})
    assert gross.purchases[1].cost == pytest.approx(678.6 * 50)
    notes = gross.to_json()["notes"]
    assert [note for note in notes if "fine content" in note and "AU-1" in note and "AG-1" not in note]
    gallium = gross.lots[2]
    assert [(lot.nines, lot.priced_as) for lot in gross.lots] == [(0, None), (0, None), (-3, "99.99 %")]
    (bound,) = (remark for remark in gross.remarks if "purity of 99.99 %, and that of GA-1 is lower" in remark.text)
    assert (bound.is_warning, bound.money) == (True, pytest.approx(gallium.value))
    assert f"{gallium.value:,.2f} EUR +/- 120%, and rather less than more" in bound.text
    file = Path(request.holdings)
    file.write_text(file.read_text("utf-8").replace("quantity", "Feingewicht"), encoding="utf-8")
    assert {lot.lot_id: lot.mass for lot in expose(request).lots}["AU-1"] == pytest.approx(0.6786)


def test_a_fineness_as_it_is_written_counts_and_one_that_is_not_understood_is_told(request_of):
    written = {"22k": 22 / 24, ".925": 0.925, "91.67": 0.9167, "18 ct": 0.75, "Good Delivery": 1.0, "22": 1.0}
    rows = (f"{n},gold,metal,{purity},1,kg,,,,ZAF,Zürich,stored," for n, purity in enumerate(written))
    answer = expose(request_of(*rows))
    assert [lot.mass for lot in answer.lots] == pytest.approx([*written.values()])
    assert "the product: 4, 5." in " ".join(answer.to_json()["notes"])


@pytest.mark.parametrize(("metal", "purity", "form"), [
    ("neodymium", "magnet grade 99.5 %", "oxide"), ("gallium", "4N material", "metal"), ("tungsten", "carbide grade 99.9", "metal"),
])  # fmt: skip
def test_a_grade_that_says_what_it_is_for_is_no_form(request_of, metal, purity, form):
    assert expose(request_of(f"A,{metal},,{purity},1,kg,,,,CHN,Hanau,stored,")).lots[0].form == form


def test_what_arrived_after_the_day_was_on_its_way_then(request_of):
    """A year end is valued by the list of today, which calls stored what came in January."""
    request = request_of(
        "A,gallium,metal,,1,kg,2023-11-03,,,CHN,Hanau,stored,", "B,gallium,metal,,2,kg,2023-11-03,,,CHN,Hanau,stored,"
    )
    request = replace(request, context=replace(request.context, as_of=date(2025, 12, 31)))
    file = Path(request.holdings)
    head, *rows = file.read_text("utf-8").splitlines()
    for due, received, states in (
        ("2023-12-01", "2025-12-31", ["stored", "stored"]),
        ("2023-12-01", "2026-01-15", ["in_transit", "stored"]),
        ("2026-01-15", "2023-12-01", ["stored", "stored"]),
        ("2026-01-15", "", ["in_transit", "stored"]),
    ):
        told = (f"{due},{received}", "2023-12-01,2023-12-01")
        cells = [f"{row},{days}" for row, days in zip(rows, told, strict=True)]
        file.write_text("\n".join([f"{head},ETA,Wareneingang", *cells]), encoding="utf-8")
        answer = expose(request)
        assert [lot.status for lot in answer.lots] == states, (due, received)
        assert ("By the day of its arrival" in " ".join(answer.to_json()["notes"])) == ("in_transit" in states)


@pytest.mark.parametrize("form", ["Krügerrand", "Münze", "coins"])
def test_an_ounce_of_coins_is_an_ounce_of_fine_metal(request_of, form):
    """A Krugerrand weighs 33.9 g at 916.7 and holds an ounce: 7 of them are no 6.4 ounces."""
    answer = expose(request_of(f"AU-1,gold,{form},916.7,7,Unze,2020-02-01,1500,EUR,ZAF,Zürich,stored,"))
    assert answer.lots[0].mass == pytest.approx(7 * 0.0311034768)
    assert "Ounces of coins, and fine ounces, are ounces of fine metal: AU-1." in answer.to_json()["notes"]


@pytest.mark.parametrize(
    "table",
    [
        "Metall;Feinunzen;Feinheit\nGold;10;916,7",
        "Metal;Invoice;Fine oz;Fineness\nGold;10.9;10;916.7",
        "Metal;Fine ounces;Fineness\nGold;10;916.7",
        "Metal;Quantity;Unit;Fineness\nGold;10;fine ounces;916.7",
        "Metall;Menge;Feinheit\nGold;10 Feinunzen;916,7",
    ],
)
def test_a_fine_ounce_is_fine_weight_wherever_it_says_so(request_of, table):
    request = request_of()
    Path(request.holdings).write_text(table, encoding="utf-8")
    assert expose(request).lots[0].mass == pytest.approx(10 * 0.0311034768)


@pytest.mark.parametrize(
    ("name", "metal"),
    [
        ("Krugerrand", "gold"),
        ("Krügerrand 1 oz", "gold"),
        ("1 oz Sovereign", "gold"),
        ("Gold Maple Leaf", "gold"),
        ("Maple Leaf Silber 1 oz", "silver"),
        ("Silber Münzen 10 oz", "silver"),
        ("Silbermünzen", "silver"),
    ],
)
def test_the_name_of_a_coin_is_its_metal(request_of, name, metal):
    answer = expose(request_of(f"1,{name},,,7,oz,2020-02-01,,EUR,ZAF,Zürich,stored,"))
    (lot,) = answer.lots
    assert (lot.asset, lot.form, lot.mass) == (metal, "metal", pytest.approx(7 * 0.0311034768))


@pytest.mark.parametrize(("row", "told"), [("Maple Leaf,,,7,oz", "Silver Maple Leaf"), ("Krugerrand,,,7,", "may count coins")])
def test_a_coin_of_either_metal_or_of_no_mass_is_asked_about(request_of, row, told):
    with pytest.raises(FrameError) as error:
        expose(request_of(f"1,{row},2020-02-01,,EUR,ZAF,Zürich,stored,"))
    assert told in str(error.value.hint) + str(error.value.details)


def test_the_slip_of_a_price_is_told_from_the_unit_of_its_header(request_of):
    """1,500 EUR under `per kg` is the price of an ounce."""
    row = "AU-1,gold,coin,,7,ozt,2020-02-01,1500,EUR,ZAF,Zürich,stored,"
    assert not [r for r in expose(request_of(row)).remarks if "AU-1: bought" in r.text]
    request = request_of(row)
    file = Path(request.holdings)
    file.write_text(file.read_text("utf-8").replace("purchase_price", "Kaufpreis pro kg"), encoding="utf-8")
    (found,) = [r for r in expose(request).remarks if "AU-1: bought" in r.text]
    assert "the price of one ozt" in found.text


@pytest.mark.parametrize(("paid", "told"), [(400, False), (5000, False), (0.65, True), (1_300_000, True)])
def test_a_price_paid_on_an_unknown_day_is_in_doubt_from_ten_times_the_newest_on(request_of, paid, told):
    """At a third of today's price it was said to be one of a lb, and the price of its day, which nobody knew."""
    row = f"G-9,gallium,,,5,kg,,{paid},EUR,CHN,Frankfurt,stored,"
    found = [r.text for r in expose(request_of(row)).remarks if "G-9: bought" in r.text]
    assert len(found) == told
    assert all("the newest price" in text and "of one" not in text for text in found)


@pytest.mark.parametrize(("paid", "told"), [(5700, False), (1450, True), (18_000, True)])
def test_a_price_is_held_against_the_annual_average_of_its_own_year(request_of, paid, told):
    """Hafnium tripled in 2023: 5,700 EUR was called six times the price of its day, by the median of the three years before."""
    row = f"H-1,hafnium,,,2,kg,2023-11-11,{paid},EUR,FRA,Frankfurt,stored,"
    found = [r.text for r in expose(request_of(row)).remarks if "H-1: bought" in r.text]
    assert len(found) == told
    assert all("the annual average nearest to that day (5,738)" in text for text in found)  # 6,130 USD, MCS 2026


def test_how_own_prices_were_read_is_told_beside_the_lots(request_of, tmp_path):
    (tmp_path / "own.csv").write_text(
        "Datum;Metall;Preis;Währung;Einheit\n2026-11-20;Germanium;3000;EUR;kg\n", encoding="utf-8"
    )
    (tmp_path / "named.csv").write_text("Datum;Metall;Preis;Währung;Einheit\n2026-11-20;Ge;3000;EUR;kg\n", encoding="utf-8")
    told = {
        name: expose(request_of(ROWS[0], prices=PriceFiles((str(tmp_path / name),), "EUR"))).reading
        for name in ("own.csv", "named.csv")
    }
    assert "Names of named.csv: Ge = germanium." in told["named.csv"]
    assert not any("Names of" in words for words in told["own.csv"])


def test_lots_are_in_the_order_of_their_numbers(request_of):
    rows = (f"row {n},gallium,metal,,{n},kg,,,,CHN,Frankfurt,stored," for n in (10, 2, 1))
    assert [lot.lot_id for lot in expose(request_of(*rows)).lots] == ["row 1", "row 2", "row 10"]


def test_how_far_a_price_goes_is_told_of_lots_without_a_price(request_of):
    """Antimony trioxide has no price of its own; that exports stop still moves the metal."""
    found = holdings(request_of("L1,antimony,oxide,99.8 %,6,t,,,,CHN,Hamburg,stored,")).parts.whatif
    assert ([metal.asset for metal in found.metals], found.money) == (["antimony"], {})
    assert found.metals[0].bands[0].central > 1


def test_an_exposure_and_an_allocation_state_the_same_error_of_the_same_price(request_of):
    """Filtered, as published and the mean of a year alike; the error of the sum is that of its prices."""
    metals = ("gallium", "germanium", "tungsten", "gold", "hafnium", "neodymium")
    forms = {"neodymium": "oxide"}
    rows = [f"{metal},{metal},{forms.get(metal, 'metal')},,1,kg,,,,,Zurich,stored," for metal in metals]
    asked = request_of(*rows)
    record = expose(asked).to_json()
    shown = {price["asset"]: price for price in record["prices"]}
    run = optimize(Request("physical-basket", asked.context, holdings=asked.holdings)).record.to_json()
    positions = {position["asset"]: position for position in run["positions"]}
    for metal in metals:
        for field in ("price", "price_today_se", "price_today_low", "price_today_high"):
            assert shown[metal][field] == pytest.approx(positions[metal][field], rel=1e-9), (metal, field)
    errors = [price["price_today_se"] for price in shown.values()]
    assert math.hypot(*errors) <= record["value_se"] <= sum(errors)
    assert record["rates"] == [{"base": "USD", "quote": "EUR", "rate": pytest.approx(0.8951, abs=1e-4), "date": "2026-10-30"}]
