"""The order in which lots are sold, by each rule, and the period of an owner."""

from __future__ import annotations

from datetime import date

import pytest

from toolkit.holdings.holding_period import RULES, HoldingRule, LotOrder, holding_rule, tax_law

DAY = date(2026, 11, 24)
LOTS = {
    "old and cheap": (date(2023, 5, 2), 10.0),
    "free today": (date(2025, 11, 23), 20.0),
    "free tomorrow": (date(2025, 11, 24), 30.0),
    "new and dear": (date(2026, 6, 1), 40.0),
    "no cost": (date(2024, 1, 5), None),
    "given": (date(2026, 7, 1), 0.0),
    "no day": (None, 35.0),
}


def sold(order: LotOrder) -> list[str]:
    return sorted(LOTS, key=lambda name: order.rank(name, *LOTS[name], DAY))


@pytest.mark.parametrize(
    ("order", "first"),
    [
        (LotOrder("fifo"), ["old and cheap", "no cost", "free today", "free tomorrow", "new and dear", "given", "no day"]),
        (LotOrder("lifo"), ["given", "new and dear", "free tomorrow", "free today", "no cost", "old and cheap", "no day"]),
        (
            LotOrder("highest_cost"),
            ["new and dear", "no day", "free tomorrow", "free today", "old and cheap", "given", "no cost"],
        ),
        (
            LotOrder("least_tax", RULES["DEU"]),
            ["free today", "old and cheap", "no cost", "new and dear", "no day", "free tomorrow", "given"],
        ),
        (LotOrder("least_tax"), ["old and cheap", "no cost", "free today", "free tomorrow", "new and dear", "given", "no day"]),
        (
            LotOrder("named", lots=("no day", "given")),
            ["no day", "given", "old and cheap", "no cost", "free today", "free tomorrow", "new and dear"],
        ),
        (
            LotOrder("fifo", lots=("no day", "given")),
            ["old and cheap", "no cost", "free today", "free tomorrow", "new and dear", "given", "no day"],
        ),
        (
            LotOrder("fifo", RULES["DEU"]),
            ["old and cheap", "no cost", "free today", "free tomorrow", "new and dear", "given", "no day"],
        ),
    ],
)
def test_lots_are_sold_in_the_order_of_the_rule(order, first):
    assert sold(order) == first


def test_equal_lots_go_by_name_and_named_ones_before_any_day():
    day = date(2024, 1, 5)
    for by in ("fifo", "lifo", "highest_cost"):
        assert LotOrder(by).rank("A", day, 5.0, DAY) < LotOrder(by).rank("B", day, 5.0, DAY)
    named = LotOrder("named", lots=("B", "A", "B"))
    assert named.rank("B", day, None, DAY) < named.rank("A", day, None, DAY) < named.rank("C", date.min, None, DAY)


def test_a_period_that_the_owner_sets_goes_before_the_law():
    assert holding_rule("DEU", "company", 3) == HoldingRule(None, 3)
    assert holding_rule("DEU", "private", 0) == HoldingRule(None, 0)
    assert holding_rule("DEU", "private") is RULES["DEU"]
    assert holding_rule("DEU", "company") is None
    assert (tax_law("DEU", "company"), tax_law("GBR", "trust"), tax_law("BRA", "private")) == (None, None, None)


def test_a_note_tells_the_rule_by_its_kind():
    own = HoldingRule(None, 3).note(None)
    assert own.startswith("A sale counts as tax-free once more than 3 years lie between purchase and sale")
    assert own.to_json()["with"] == {"years": 3}
    law = RULES["AUT"].law
    assert RULES["AUT"].note(600.0) == f"{law} Not advice."
    assert RULES["AUT"].note(None).to_json()["with"]["law"] == law.to_json()
    assert RULES["DEU"].note(1000.0).to_json()["with"] == {"law": RULES["DEU"].law.to_json(), "exemption": 1000.0}
    assert "is not known to this data. Not advice." in RULES["DEU"].note(None)
    assert RULES["DEU"].note(None).to_json()["with"] == {"law": RULES["DEU"].law.to_json()}
