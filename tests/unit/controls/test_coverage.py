"""How far an export law is in the ledger."""

from __future__ import annotations

from datetime import date

import pytest

from toolkit.controls.coverage import LAWS, MODELLED, PARTIAL, POINTER, coverage_of, export_law, uncovered_note
from toolkit.controls.ledger import ControlLedger

DAY = date(2026, 12, 1)


def test_a_member_state_and_hong_kong_export_by_the_law_of_the_whole():
    assert [export_law(country) for country in ("DEU", "FRA", "CHE", "USA", "CHN")] == ["EU", "EU", "CHE", "USA", "CHN"]
    assert [export_law(country) for country in ("HKG", "MAC", "TWN")] == ["CHN", "CHN", "TWN"]


@pytest.mark.parametrize(
    ("law", "acts", "day", "expected"),
    [
        ("CHN", [{"dual_use": True}], LAWS["CHN"].complete_from, MODELLED),
        ("CHN", [{"dual_use": False}, {"dual_use": True}], DAY, MODELLED),
        ("CHN", [{"dual_use": True}], date(2023, 7, 2), PARTIAL),
        ("CHN", [{"dual_use": False}], DAY, PARTIAL),
        ("CHN", [], DAY, POINTER),
        ("USA", [{"dual_use": True}], DAY, PARTIAL),
        ("PHL", [{"dual_use": False}], DAY, PARTIAL),
        ("PHL", [], DAY, POINTER),
    ],
)
def test_a_law_is_modelled_from_its_day_with_an_act_on_dual_use_goods(frames, law, acts, day, expected):
    rows = [{"event_id": f"A{at}", **act} for at, act in enumerate(acts)]
    events = ControlLedger.of(*frames(*rows)).events if rows else ()
    assert coverage_of(law, iter(events), day) == expected


def test_what_is_in_no_ledger_and_what_is_in_it_in_part_are_said_apart():
    none = "The export law of USA and JPN is not in the ledger: that it finds no control is no proof."
    part = "The export law of EU is in the ledger in part only: that it finds no control is no proof."
    assert uncovered_note(["EU"], []) == part
    assert uncovered_note([], ["USA", "JPN"]) == none.replace(" and ", ", ")
    assert uncovered_note(["EU"], ["USA", "JPN"]) == f"{none.replace(' and ', ', ')} {part}"
