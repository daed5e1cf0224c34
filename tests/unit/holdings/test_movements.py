"""The fold of movements, one rule at a time: what is taken back, what is refused, and to which cent."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal as D
from typing import Any

import pytest

from toolkit.holdings.holding_period import RULES
from toolkit.holdings.movements import Movement, Part, Payment, Sale, Stock, is_at, shares, stock_on

DAY = date(2026, 11, 24)
BOUGHT = date(2024, 6, 10)


AMOUNTS = ("quantity", "total", "fees", "taxes")


def moved(kind: str, row: int = 1, day: date = BOUGHT, **said: Any) -> Movement:
    said = {"asset": "gallium", "currency": "EUR", "unit": "kg"} | said
    amounts = {key: D(said.pop(key)) for key in AMOUNTS if said.get(key) is not None}
    return Movement(row, day, kind, **said, **amounts)


BUY = moved("buy", lot="A", quantity="10", total="5000", fees="25", taxes="10", to="Frankfurt", document="R1")
LATER = date(2025, 3, 1)


def of(*movements: Movement, rule: Any = None) -> Stock:
    return stock_on(movements, DAY, rule=rule)


def money(stock: Stock, currency: str = "EUR") -> tuple[D, ...]:
    """Paid in, owed, taken out, costs, gain, unknown, stock."""
    one = stock.account()[currency]
    assert one.is_balanced
    return one.paid_in, one.owed, one.taken_out, one.costs, one.gain, one.unknown, one.stock


def back(row: int = 2, day: date = LATER, **said: Any) -> Movement:
    return moved("reversal", row, day, **({"asset": None, "unit": None, "currency": None} | said))


class TestReversal:
    @pytest.mark.parametrize(
        "said",
        [
            {"reverses": "R1"},
            {"document": "r1"},
            {"lot": "A"},
            {"asset": "gallium"},
            {"lot": "A", "quantity": "10", "unit": "kg"},
            {"lot": "A", "quantity": "10000", "unit": "g"},
            {"lot": "A", "quantity": "10"},
        ],
    )
    def test_a_whole_movement_is_taken_back_by_what_names_it(self, said):
        found = of(BUY, back(**said))
        assert (found.parts, found.refusals, dict(found.reversed), found.payments) == ((), (), {2: 1}, ())
        assert not found.account()

    @pytest.mark.parametrize(
        ("said", "code"),
        [
            ({"reverses": "R2", "lot": "A"}, "no_original"),
            ({"lot": "B"}, "no_original"),
            ({"lot": "A", "asset": "indium"}, "no_original"),
            ({"lot": "A", "client": "Meier"}, "no_original"),
            ({"lot": "A", "day": date(2024, 6, 9)}, "no_original"),
            ({"lot": "A", "quantity": "10.001", "unit": "kg"}, "no_original"),
            ({"lot": "A", "quantity": "1", "unit": "unit"}, "no_original"),
            ({"lot": "A", "total": "5000.01"}, "no_original"),
            ({"lot": "A", "total": "5000"}, "all_of_it"),
            ({"lot": "A", "quantity": "1", "unit": "kg", "currency": "USD"}, "no_original"),
            ({"lot": "A", "quantity": "1", "unit": "kg", "fees": "25.01"}, "no_original"),
            ({"lot": "A", "quantity": "1", "unit": "kg", "taxes": "10.01"}, "no_original"),
            ({"lot": "A", "quantity": "1", "unit": "kg", "total": "5000.01"}, "no_original"),
        ],
    )
    def test_what_takes_back_nothing_that_is_there_is_refused(self, said, code):
        found = of(BUY, back(**said))
        assert [(one.row, one.code) for one in found.refusals] == [(2, code)]
        assert [part.quantity for part in found.parts] == [D(10)]

    def test_a_refusal_names_what_was_asked_for(self):
        assert of(BUY, back(reverses="R9", document="R8")).refusals[0].values == {"rows": [], "lot": "R8"}
        assert of(BUY, back(lot="B")).refusals[0].values == {"rows": [], "lot": "B"}
        assert of(BUY, back(asset="indium")).refusals[0].values == {"rows": [], "lot": "indium"}
        assert of(BUY, back(lot="A", total="5000")).refusals[0].values == {"lot": "A"}
        assert of(BUY, back(lot="A", currency="USD")).refusals[0].values == {"rows": [], "lot": "A"}

    def test_of_two_that_fit_the_exact_one_is_meant_else_it_is_asked(self):
        twin = replace(BUY, row=3, lot="B", total=D(4000))
        assert [part.lot for part in of(BUY, twin, back(document="R1", quantity="10", unit="kg", total="4000")).parts] == ["A"]
        found = of(BUY, twin, back(document="R1", quantity="10", unit="kg"))
        assert [(one.code, one.values["rows"]) for one in found.refusals] == [("which_original", [1, 3])]

    def test_a_part_is_taken_back_with_its_share_or_with_what_is_credited(self):
        found = of(BUY, back(lot="A", quantity="4000", unit="g"))
        assert [(part.quantity, part.cost, part.fees) for part in found.parts] == [(D(6), D(3000), D(25))]
        credited = of(BUY, back(lot="A", quantity="4", unit="kg", total="1900", fees="5", taxes="2"))
        assert [(part.quantity, part.cost, part.fees, part.taxes) for part in credited.parts] == [(D(6), D(3100), D(20), D(8))]
        third = of(BUY, back(lot="A", quantity="3.333", unit="kg"))
        assert [part.cost for part in third.parts] == [D("3333.50")]

    def test_a_credit_of_money_alone_lowers_the_price(self):
        found = of(BUY, back(lot="A", total="500"))
        assert [(part.quantity, part.cost) for part in found.parts] == [(D(10), D(4500))]
        assert money(found) == (D(4535), D(0), D(0), D(35), D(0), D(0), D(4500))

    @pytest.mark.parametrize(
        ("total", "fees", "kind", "amount"),
        [("4800", "0", "fee", "235"), ("5000", "25", "fee", "10"), ("5000", "35", None, "0"), ("5000", "60", "income", "-25")],
    )
    def test_what_a_credit_of_all_does_not_give_back_is_a_cost(self, total, fees, kind, amount):
        found = of(BUY, back(lot="A", quantity="10", unit="kg", total=total, fees=fees))
        assert found.parts == ()
        assert [(one.kind, one.amount, one.date, one.lot) for one in found.payments] == (
            [(kind, D(amount), LATER, "A")] if kind else []
        )

    def test_a_sale_that_is_taken_back_is_paid_back(self):
        sold = moved("sell", 2, LATER, lot="A", quantity="4", total="3000", document="S1")
        found = of(BUY, sold, back(3, date(2025, 4, 1), reverses="S1", quantity="4", unit="kg", total="3100"))
        assert found.sales == ()
        assert [(one.kind, one.amount) for one in found.payments] == [("fee", D(100))]
        part_of = of(BUY, sold, back(3, date(2025, 4, 1), reverses="S1", quantity="1", unit="kg"))
        assert [(one.quantity, one.proceeds) for one in part_of.sales] == [(D(3), D(2250))]

    def test_a_cost_is_taken_back_whole_and_never_in_part(self):
        storage = moved("storage", 2, LATER, lot="A", total="60", document="T1", unit=None)
        whole = of(BUY, storage, back(3, date(2025, 4, 1), reverses="T1", total="60"))
        assert (whole.payments, whole.refusals) == ((), ())
        part = of(BUY, storage, back(3, date(2025, 4, 1), reverses="T1", total="20"))
        assert [one.code for one in part.refusals] == ["no_original"]

    def test_what_was_owed_is_owed_no_more(self):
        owing = replace(BUY, unpaid=D(3000))
        found = of(owing, back(lot="A", quantity="4", unit="kg"))
        assert dict(found.owed) == {(None, "A"): D(1000)}
        assert of(owing, back(lot="A", quantity="8", unit="kg")).owed == {}
        given_back = of(owing, back(lot="A", quantity="10", unit="kg", total="2000", fees="35"))
        assert given_back.payments == ()
        credited = of(owing, back(lot="A", quantity="10", unit="kg", total="5000", fees="35"))
        assert credited.payments == ()


class TestFold:
    def test_a_sale_of_several_parts_shares_its_money_by_mass_to_the_cent(self):
        parts = (
            BUY,
            moved("transfer", 2, LATER, lot="A", quantity="3", source="Frankfurt", to="Zug", fees="9"),
            moved("sell", 3, date(2025, 4, 1), lot="A", quantity="10", total="100.01", fees="1.01", taxes="0.02"),
        )
        found = of(*parts)
        (sale,) = found.left
        assert sale == Sale(
            3, date(2025, 4, 1), "sell", "A", None, "gallium", None, None, D(10), "kg", BOUGHT, D("100.01"), D(5000),
            D("1.01"), D(25), "EUR", "EUR", None, None, D(0), D("0.02"), D(10),
        )  # fmt: skip
        assert sale.gain == D("-4899.99")
        assert money(found) == (D(5044), D(0), D("98.98"), D("45.03"), D("-4899.99"), D(0), D(0))

    def test_more_of_a_sale_adds_every_amount_and_an_unknown_one_stays_unknown(self):
        own = Sale(
            3, LATER, "sell", "A", None, "gallium", None, None, D(1), "kg", BOUGHT, D(2), D(3), D(4), D(5), "EUR", "EUR",
            None, None, D(6), D(7), D(8),
        )  # fmt: skip
        twice = own.with_more(replace(own, quantity=D(10), proceeds=D(20), cost=D(30), fees=D(40), purchase_fees=D(50),
                                      unpaid=D(60), taxes=D(70), purchase_taxes=D(80)))  # fmt: skip
        assert (twice.quantity, twice.proceeds, twice.cost, twice.fees) == (D(11), D(22), D(33), D(44))
        assert (twice.purchase_fees, twice.unpaid, twice.taxes, twice.purchase_taxes) == (D(55), D(66), D(77), D(88))
        assert (twice.row, twice.lot, twice.currency) == (3, "A", "EUR")
        for unknown in ("proceeds", "cost"):
            bare = replace(own, **{unknown: None})
            for one in (own.with_more(bare), bare.with_more(own)):
                assert getattr(one, unknown) is None
                assert one.gain is None
        assert replace(own, cost_currency="USD").gain is None

    def test_fees_taxes_and_amounts_are_payments_of_their_own(self):
        found = of(
            BUY,
            moved("storage", 2, LATER, lot="A", total="60", fees="3", taxes="2", rate=1.5, asset=None),
            moved("income", 3, LATER, lot="A", total="80", fees="1", asset=None),
            moved("fee", 4, LATER, total="7", client="Meier", asset=None, lot=None),
        )
        assert set(found.payments) == {
            Payment(LATER, "storage", D(60), "EUR", "A", "gallium", None, 1.5),
            Payment(LATER, "fee", D(3), "EUR", "A", "gallium", None, 1.5),
            Payment(LATER, "tax", D(2), "EUR", "A", "gallium", None, 1.5),
            Payment(LATER, "income", D(-80), "EUR", "A", "gallium", None),
            Payment(LATER, "fee", D(1), "EUR", "A", "gallium", None),
            Payment(LATER, "fee", D(7), "EUR", None, None, "Meier"),
        }
        lot = found.account(lot="A")["EUR"]
        assert (lot.paid_in, lot.costs, lot.gain, lot.taken_out) == (D(5100), D(101), D(80), D(79))
        assert found.account(client="Meier")["EUR"].paid_in == D(7)
        assert found.account(asset="gallium")["EUR"].costs == D(101)
        assert not found.account(client="Huber")

    def test_money_alone_is_brought_and_taken(self):
        bare = {"asset": None, "lot": None, "unit": None}
        found = of(
            moved("deposit", 1, LATER, total="100", fees="2", client="Meier", rate=2.0, **bare),
            moved("withdraw", 2, LATER, total="40", **bare),
            moved("transfer", 3, LATER, total="30", fees="1", **bare),
        )
        assert set(found.moneys) == {
            Payment(LATER, "deposit", D(100), "EUR", None, None, "Meier", 2.0),
            Payment(LATER, "withdraw", D(-40), "EUR", None, None, None),
        }
        assert {(one.kind, one.amount) for one in found.payments} == {("fee", D(2)), ("fee", D(1))}
        assert money(found) == (D(3), D(0), D(0), D(3), D(0), D(0), D(0))

    def test_what_is_paid_later_is_owed_in_its_currency_and_not_sold_before(self):
        owing = replace(BUY, unpaid=D(3000))
        paid = moved("pay", 2, LATER, lot="A", total="2000", fees="4", rate=1.1)
        found = of(owing, paid)
        assert dict(found.owed) == {(None, "A"): D(1000)}
        assert money(found) == (D(4039), D(1000), D(0), D(39), D(0), D(0), D(5000))
        assert found.payments == (
            Payment(LATER, "pay", D(2000), "EUR", "A", "gallium", None, 1.1),
            Payment(LATER, "fee", D(4), "EUR", "A", "gallium", None, 1.1),
        )
        for wrong in (replace(paid, total=D("3000.01")), replace(paid, currency="USD"), replace(paid, lot="B")):
            (refusal,) = of(owing, wrong).refusals
            assert refusal.code == "not_owed"
            assert refusal.values == {"lot": wrong.lot, "owed": D(3000) if wrong.lot == "A" else D(0)}
        assert of(owing, replace(paid, total=D(3000))).owed == {}
        for kind, beside in (("sell", {"total": "9"}), ("split", {"into": "B"})):
            (refusal,) = of(owing, moved(kind, 3, LATER, lot="A", quantity="1", **beside)).refusals
            assert (refusal.code, refusal.values) == ("not_paid", {"lot": "A"})

    def test_a_division_takes_its_share_of_cost_fees_and_taxes(self):
        found = of(BUY, moved("split", 2, LATER, lot="A", quantity="4", into="B", fees="6"))
        assert [(one.lot, one.quantity, one.cost, one.fees, one.taxes, one.bought) for one in found.parts] == [
            ("A", D(6), D(3000), D(15), D(6), BOUGHT),
            ("B", D(4), D(2000), D(10), D(4), BOUGHT),
        ]
        of_lots = {lot: found.account(lot=lot)["EUR"] for lot in "AB"}
        assert [(one.paid_in, one.costs, one.stock) for one in of_lots.values()] == [
            (D(3027), D(27), D(3000)),
            (D(2014), D(14), D(2000)),
        ]
        assert all(one.is_balanced for one in of_lots.values())
        for into, code, lot in ((None, "no_into", "A"), ("A", "lot_twice", "A")):
            (refusal,) = of(BUY, moved("split", 2, LATER, lot="A", quantity="4", into=into)).refusals
            assert (refusal.code, refusal.values) == (code, {"lot": lot})

    def test_a_correction_changes_the_quantity_and_not_the_cost(self):
        found = of(BUY, moved("adjust", 2, LATER, lot="A", quantity=D(-500), unit="g", purity="5N"))
        assert [(one.quantity, one.cost, one.purity) for one in found.parts] == [(D("9.5"), D(5000), "5N")]
        assert [one.purity for one in of(replace(BUY, purity="4N"), moved("adjust", 2, LATER, lot="A")).parts] == ["4N"]
        (refusal,) = of(BUY, moved("adjust", 2, LATER, lot="A", quantity=D(-10))).refusals
        assert (refusal.code, refusal.values) == ("below_zero", {"lot": "A"})
        away = moved("transfer", 2, LATER, lot="A", quantity="3", to="Zug")
        (refusal,) = of(BUY, away, moved("adjust", 3, date(2025, 4, 1), lot="A", quantity=D(1))).refusals
        assert (refusal.code, refusal.values) == ("several", {"lots": ["A"]})

    def test_more_than_is_there_is_refused_with_what_is_here_and_elsewhere(self):
        away = moved("transfer", 2, LATER, lot="A", quantity="3", source="frankfurt", to="Zug")
        (refusal,) = of(BUY, away, moved("sell", 3, DAY, lot="A", quantity="5000", unit="g", source="Zug")).refusals
        assert (refusal.row, refusal.code) == (3, "not_there")
        assert refusal.values == {
            "asset": "gallium", "lot": "A", "unit": "g", "quantity": D(5000), "there": D(3000), "place": "Zug",
            "elsewhere": D(7000),
        }  # fmt: skip
        (refusal,) = of(BUY, moved("deliver", 2, LATER, lot="A", quantity="11")).refusals
        assert (refusal.code, refusal.values["there"], refusal.values["elsewhere"]) == ("too_much", D(10), D(10))
        (refusal,) = of(replace(BUY, kind="order"), moved("sell", 2, LATER, lot="A", quantity="1")).refusals
        assert refusal.code == "not_arrived"

    def test_a_delivery_says_where_it_lies_and_as_what(self):
        order = replace(BUY, kind="order", to=None, status="ordered")
        found = of(order, moved("deliver", 2, LATER, lot="A", quantity="4000", unit="g", to="Zug", fees="8"))
        assert [(one.quantity, one.place, one.status, one.arrives) for one in found.parts] == [
            (D(6), None, "ordered", date.max),
            (D(4), "Zug", "stored", LATER),
        ]
        assert [(one.kind, one.amount, one.asset) for one in found.payments] == [("fee", D(8), "gallium")]
        for wrong, code in (
            (moved("deliver", 2, LATER, lot="B"), "no_order"),
            (moved("deliver", 2, LATER, asset="tin"), "no_order"),
        ):
            assert [one.code for one in of(order, wrong).refusals] == [code]
        two = of(order, replace(order, row=3, lot="B"), moved("deliver", 2, LATER))
        assert [(one.code, one.values) for one in two.refusals] == [("several", {"lots": ["A", "B"]})]

    @pytest.mark.parametrize(
        ("order", "lots"),
        [
            ("fifo", [("A", "10"), ("B", "2")]),
            ("lifo", [("C", "10"), ("B", "2")]),
            ("highest_cost", [("B", "10"), ("C", "2")]),
            ("least_tax", [("B", "10"), ("A", "2")]),
        ],
    )
    def test_a_sale_that_names_no_lot_takes_them_in_its_order(self, order, lots):
        bought = (
            BUY,
            replace(BUY, row=2, lot="B", date=date(2025, 1, 1), total=D(8000), quantity=D(10_000), unit="g"),
            replace(BUY, row=3, lot="B2", asset="tin"),
            replace(BUY, row=4, lot="C", date=date(2026, 6, 1), total=D(6000)),
        )
        sold = moved("sell", 5, DAY, quantity="12", total="9000", sale_order=order)
        found = of(*bought, sold, rule=RULES["DEU"])
        assert found.refusals == ()
        kilograms = [(one.lot, one.quantity / (1000 if one.unit == "g" else 1)) for one in found.sales]
        assert kilograms == [(lot, D(quantity)) for lot, quantity in lots]
        assert sum(one.proceeds or 0 for one in found.sales) == D(9000)

    def test_where_no_order_says_which_lot_it_is_asked_and_where_it_cannot_be_known_refused(self):
        other = replace(BUY, row=2, lot="B", date=LATER)
        sale = moved("sell", 3, DAY, quantity="12", total="9000")
        for changed, order, code in (
            (other, None, "which_lot"),
            (other, "least_tax", "not_known"),
            (replace(other, currency="USD"), "highest_cost", "not_known"),
            (replace(other, total=None), "highest_cost", "not_known"),
        ):
            (refusal,) = of(BUY, changed, replace(sale, sale_order=order)).refusals
            assert (refusal.code, refusal.values) == (code, {"lots": ["A", "B"], "asset": "gallium"})
        assert len(of(BUY, other, replace(sale, quantity=D(20))).sales) == 2
        assert [one.code for one in of(BUY, other, replace(sale, quantity=D(21))).refusals] == ["not_there"]
        assert [one.code for one in of(BUY, other, replace(sale, quantity=None)).refusals] == ["several"]
        assert [one.code for one in of(BUY, replace(sale, asset="tin", quantity=None)).refusals] == ["no_lot"]

    def test_what_is_taken_out_goes_at_cost_and_what_is_lost_is_a_loss(self):
        taken = of(BUY, moved("withdraw", 2, LATER, lot="A", quantity="4", fees="3"))
        assert money(taken) == (D(5038), D(0), D(2000), D(38), D(0), D(0), D(3000))
        lost = of(BUY, moved("loss", 2, LATER, lot="A", quantity="4", total="500"))
        assert money(lost) == (D(5035), D(0), D(500), D(35), D(-1500), D(0), D(3000))
        gone = of(BUY, moved("loss", 2, LATER, lot="A", quantity="4"))
        assert money(gone) == (D(5035), D(0), D(0), D(35), D(-2000), D(0), D(3000))
        unknown = of(BUY, moved("sell", 2, LATER, lot="A", quantity="4"))
        assert money(unknown) == (D(5035), D(0), D(0), D(35), D(0), D(-2000), D(3000))
        without_cost = of(replace(BUY, total=None), moved("sell", 2, LATER, lot="A", quantity="4", total="100", fees="1"))
        assert money(without_cost) == (D(35), D(0), D(99), D(36), D(0), D(100), D(0))

    def test_a_lot_is_bought_once_and_by_name(self):
        (refusal,) = of(BUY, replace(BUY, row=2)).refusals
        assert (refusal.row, refusal.code, refusal.values) == (2, "lot_twice", {"lot": "A"})
        assert of(BUY, replace(BUY, row=2, client="Meier")).refusals == ()
        for lacking in ("lot", "quantity", "unit"):
            (refusal,) = of(replace(BUY, **{lacking: None})).refusals
            assert (refusal.code, refusal.values) == ("no_lot", {"lot": "" if lacking == "lot" else "A"})

    def test_a_division_before_a_transfer_of_the_whole_waits_for_it(self):
        found = of(
            BUY,
            moved("transfer", 2, LATER, lot="A", quantity="10", source="Frankfurt", to="Zug"),
            moved("split", 3, LATER, lot="A", quantity="4", into="B"),
        )
        assert found.refusals == ()
        assert [(one.lot, one.quantity, one.place) for one in found.parts] == [("A", D(6), "Zug"), ("B", D(4), "Zug")]

    def test_what_a_new_lot_needs_whole_goes_before_its_division(self):
        found = of(
            BUY,
            moved("split", 2, LATER, lot="A", quantity="4", into="B"),
            moved("transfer", 3, LATER, lot="B", quantity="4", source="Frankfurt", to="Zug"),
            moved("split", 4, LATER, lot="B", quantity="1", into="C"),
            moved("transfer", 5, LATER, lot="C", quantity="1", source="Zug", to="Aachen"),
        )
        assert found.refusals == ()
        at = {"A": (D(6), "Frankfurt"), "B": (D(3), "Zug"), "C": (D(1), "Aachen")}
        assert {one.lot: (one.quantity, one.place) for one in found.parts} == at

    def test_lots_are_told_by_client_day_name_and_place(self):
        rows = (
            replace(BUY, row=1, lot="B"),
            replace(BUY, row=2, lot="A"),
            replace(BUY, row=3, lot="C", date=date(2024, 1, 1)),
            replace(BUY, row=4, lot="A", client="Abel"),
            moved("transfer", 5, LATER, lot="B", quantity="3", to="Aachen"),
        )
        assert [(one.client, one.lot, one.place) for one in of(*rows).parts] == [
            (None, "C", "Frankfurt"),
            (None, "A", "Frankfurt"),
            (None, "B", "Aachen"),
            (None, "B", "Frankfurt"),
            ("Abel", "A", "Frankfurt"),
        ]

    def test_what_comes_after_the_day_has_not_been(self):
        assert stock_on([BUY], date(2024, 6, 9)).parts == ()
        assert len(stock_on([BUY], BOUGHT).parts) == 1


def test_a_part_is_there_once_it_has_arrived_and_a_listed_one_before_its_settlement():
    (part,) = of(replace(BUY, settled=date(2024, 6, 12))).parts
    assert [part.is_there(date(2024, 6, day)) for day in (11, 12, 13)] == [False, True, True]
    listed: Part = replace(part, unit="unit")
    assert listed.is_there(date(2024, 6, 11))
    assert not replace(listed, arrives=date.max).is_there(DAY)
    assert replace(part, arrives=None).is_there(date(2020, 1, 1))
    assert part.in_its_unit(D(500), "g") == D("0.5")
    assert part.in_its_unit(D(5), None) == part.in_its_unit(D(5), "kg") == D(5)
    assert part.in_its_unit(D(5), "unit") is None
    assert listed.in_its_unit(D(5), "kg") is None


def test_shares_go_to_the_cent_and_the_last_is_the_rest():
    assert shares(D("100.00"), [D(1), D(1), D(1)]) == [D("33.33"), D("33.34"), D("33.33")]
    assert shares(D("0.05"), [D(1), D(1)]) == [D("0.03"), D("0.02")]
    assert shares(D("7.77"), [D(3)]) == [D("7.77")]


def test_a_place_is_one_whatever_its_spelling():
    assert is_at("Zürich", "zurich")
    assert is_at(None, None)
    assert is_at("Zug", None)
    assert not is_at(None, "Zug")
    assert not is_at("Zug", "Bern")
