"""Purchases of lots and values of listed instruments: cost, debt, and what lacks a rate or a price."""

from __future__ import annotations

from datetime import date
from typing import Any

import polars as pl
import pytest

from toolkit.core.errors import GapError
from toolkit.core.messages import phrases
from toolkit.holdings.instruments import Instrument, instruments, out_of_scope
from toolkit.holdings.purchases import Purchase, gaps, purchases, without_rate

FX = pl.DataFrame(
    {
        "date": [date(2024, 1, 2), date(2026, 11, 20)],
        "base": ["EUR", "EUR"],
        "quote": ["USD", "USD"],
        "rate": [1.25, 1.0],
        "known_from": [date(2024, 1, 2), date(2026, 11, 20)],
    }
)
TEXTS = ("custody", "vat_state", "client")
NUMBERS = ("purchase_price", "paid", "spread", "storage_fee")


def frame(*rows: dict[str, Any]) -> pl.DataFrame:
    base = {
        "asset": "gallium", "quantity": 10.0, "status": "stored", "currency": "USD", "purchase_date": date(2024, 1, 5),
        "purchase_price": 50.0, "paid": None, "spread": None, "storage_fee": None, "vat_state": None, "custody": None,
        "client": None,
    }  # fmt: skip
    types = dict.fromkeys(TEXTS, pl.String) | dict.fromkeys(NUMBERS, pl.Float64) | {"purchase_date": pl.Date}
    return pl.DataFrame([{"lot_id": f"L{at}", **base, **row} for at, row in enumerate(rows)], schema_overrides=types)


def test_a_purchase_costs_what_its_day_says_and_owes_what_is_left_at_the_last_rate():
    rows = (
        {"spread": 0.1, "storage_fee": 0.02, "vat_state": "paid", "custody": "bonded"},
        {"paid": 0.25, "status": "ordered"},
        {"paid": 1.0},
        {"paid": 0.25, "status": "planned"},
        {"purchase_price": None},
        {"purchase_date": None},
        {"currency": "JPY", "paid": 0.5},
        {"currency": "JPY", "status": "planned"},
        {"currency": "JPY", "purchase_price": None},
    )
    found = purchases(frame(*rows), FX, "EUR", doubted={"L2"})
    day = date(2024, 1, 5)
    assert found[0] == Purchase("L0", day, 400.0, 0.0, 0.1, 0.02, "paid", "bonded")
    assert [one.cost for one in found] == [400.0, 400.0, 400.0, 400.0, None, 500.0, None, None, None]
    assert [one.owed for one in found] == [0.0, 375.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0]
    assert [one.bought for one in found] == [day, day, day, day, day, None, day, day, day]
    assert [one.doubted for one in found] == [at == 2 for at in range(9)]
    assert [one.without_rate for one in found] == [*[None] * 6, "JPY", None, None]


def test_debts_are_of_whole_cents():
    (found,) = purchases(frame({"currency": "EUR", "paid": 1 / 3, "purchase_price": 10.0, "quantity": 1.0}), FX, "EUR")
    assert found.owed == 6.67


def test_lots_that_no_rate_leads_from_are_named_by_currency():
    rows = ({"currency": "JPY"}, {"currency": "CNY"}, {}, {"currency": "JPY"})
    found = list(without_rate(purchases(frame(*rows), FX, "EUR")))
    assert [str(one.text) for one in found] == [
        "No exchange rate of JPY is known: what was paid for L0, L3 is in no cost, gain or debt.",
        "No exchange rate of CNY is known: what was paid for L1 is in no cost, gain or debt.",
    ]
    for one in found:
        assert (one.kind, one.comes_first) == ("data", True)
        assert "--rates FILE" in one.remedy
        assert len(phrases([one.text, one.remedy])) == 2
    assert list(without_rate(purchases(frame({}), FX, "EUR"))) == []


def test_what_a_file_does_not_say_of_purchases_is_told_but_not_of_plans():
    rows = (
        {"purchase_date": None},
        {"purchase_price": None},
        {"purchase_price": None, "purchase_date": None, "status": "planned"},
    )
    assert list(gaps(frame(*rows))) == [
        "No purchase date, so no holding period is told: L0.",
        "No purchase price, so no gain is told: L1.",
    ]
    assert list(gaps(frame({}))) == []


PRICES = pl.DataFrame(
    {
        "asset": ["GLD", "GLD", "GLD", "SLV"],
        "date": [date(2026, 11, 3), date(2026, 11, 5), date(2026, 11, 4), date(2026, 11, 6)],
        "price": [200.0, 250.0, 300.0, 20.0],
        "currency": ["USD", "USD", "USD", "EUR"],
    }
)


def test_an_instrument_is_worth_its_last_price_at_the_last_rate():
    rows = (
        {"asset": "GLD", "quantity": 4.0, "client": "Meier"},
        {
            "asset": "SLV",
            "quantity": -3.0,
            "status": "ordered",
            "currency": "EUR",
            "purchase_price": 15.0,
            "purchase_date": None,
        },
    )
    assert instruments(frame(*rows), PRICES, FX, "EUR") == (
        Instrument(
            "L0", "GLD", 4.0, "stored", 250.0, date(2026, 11, 5), 1000.0, date(2024, 1, 5), 160.0, "Meier"
        ),
        Instrument("L1", "SLV", -3.0, "ordered", 20.0, date(2026, 11, 6), -60.0, None, -45.0),
    )  # fmt: skip


def test_an_instrument_without_a_price_is_refused():
    with pytest.raises(GapError) as refused:
        instruments(frame({"asset": "PALL"}), PRICES, FX, "EUR")
    assert str(refused.value) == "no price of PALL was known by then. Choose a later --as-of."
    assert refused.value.details == {"asset": "PALL"}


def test_instruments_are_in_no_total_and_that_is_told_once():
    rows = ({"asset": "SLV", "quantity": 3.0}, {"asset": "GLD", "quantity": 4.0}, {"asset": "SLV", "quantity": 2.0})
    (told,) = out_of_scope(instruments(frame(*rows), PRICES, FX, "EUR"), "EUR")
    assert told.startswith("GLD, SLV: listed instruments, 1,100 EUR by your prices, in no total.")
    assert told.to_json()["with"] == {"assets": ["GLD", "SLV"], "value": 1100.0, "currency": "EUR"}
    assert out_of_scope((), "EUR") == []
