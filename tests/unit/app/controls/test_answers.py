"""Controlled items by tariff code and by words."""

from __future__ import annotations

from datetime import date

import pytest

from toolkit.app.controls.answers import find_items
from toolkit.controls.ledger import ControlLedger
from toolkit.core.errors import DataError, SpecError

TODAY = date(2026, 11, 24)


def items(ledger, query, on=TODAY):
    return find_items(ledger, query, on=on)["item"].to_list()


def test_all_ninety_two_items_are_bundled_and_belong_to_their_notice(ledger, tables):
    assert tables["control_items"].height == 92
    for row in tables["control_items"].iter_rows(named=True):
        event = ledger[row["event_id"]]
        year, number = row["notice"].split("-")[1:]
        assert event.title.startswith(f"No. {number} of {year}")
        assert event.announced == row["announced"]


@pytest.mark.parametrize("code", ["2853904051", "2853.90.40.51", "285390 4051"])
def test_a_full_code(ledger, code):
    assert items(ledger, code) == ["indium phosphide"]


def test_a_heading_finds_the_items_below_it_and_a_longer_code_the_item_above(ledger):
    assert "gallium metal" in items(ledger, "811292")
    assert "Ho metal, oxide, compounds" in items(ledger, "2805301990")  # listed with eight digits


@pytest.mark.parametrize("query", ["indium phosphide", "phosphide INDIUM", "磷化铟", "3C004.a"])
def test_words_in_any_order_language_or_code(ledger, query):
    assert items(ledger, query) == ["indium phosphide"]


def test_no_item_names_indium_metal_or_neodymium(ledger):
    assert items(ledger, "indium metal") == []
    assert items(ledger, "neodymium") == []
    assert items(ledger, "8112923010") == []


def test_status_is_that_of_the_notice_on_the_day(ledger):
    def status(on):
        return find_items(ledger, "holmium", on=on)["status"].to_list()

    assert status(date(2025, 10, 8)) == []
    assert status(date(2025, 10, 9)) == ["announced"]
    assert status(date(2026, 1, 1)) == ["suspended"]
    assert status(date(2026, 11, 11)) == ["in_force"]


@pytest.mark.parametrize("query", ["", "  ", "811"])
def test_too_short(ledger, query):
    with pytest.raises(SpecError):
        items(ledger, query)


def test_a_ledger_without_items_says_so(tables):
    ledger = ControlLedger.of(tables["controls"], tables["control_scopes"])
    with pytest.raises(DataError, match="without its items"):
        items(ledger, "gallium")
