"""Dated changes ahead: which there are, and what each sentence says."""

from __future__ import annotations

from datetime import date

import pytest

from toolkit.controls.changes import BEGINS, CLAIM_ENDS, ENDS, SUSPENSION_ENDS, change_ahead, start_of
from toolkit.controls.ledger import ControlLedger

BAN = {"event_id": "A", "instrument": "import_ban", "destination": "USA;USA", "ends": date(2020, 12, 31)}
OTHER = {"event_id": "D", "effective": date(2020, 5, 1)}
PAUSE = {
    "event_id": "B", "instrument": "suspension", "relation": "suspends", "acts_on": "A", "coverage": "acts_on",
    "announced": date(2020, 3, 1), "effective": date(2020, 4, 1), "ends": date(2020, 4, 30),
}  # fmt: skip


def ahead(frames, on: date, *events, which: str = "A"):
    """Date, words, standing and kind of what an event does next; None where no date is known."""
    ledger = ControlLedger.of(*frames(*events))
    change = change_ahead(ledger.chronology, ledger[which], on)
    return None if change is None else (change.date, str(change.what), change.standing, change.kind)


@pytest.mark.parametrize(
    ("destination", "begins", "ends"),
    [
        (
            "USA;USA",
            "No. A (import ban, to USA: gallium) takes effect",
            "Last day of No. A (import ban, to USA: gallium)",
        ),
        ("all", "No. A (import ban: gallium) takes effect", "Last day of No. A (import ban: gallium)"),
    ],
)
def test_a_control_begins_after_the_day_and_ends_on_its_last(frames, destination, begins, ends):
    ban = BAN | {"destination": destination}
    assert ahead(frames, date(2020, 1, 31), ban) == (date(2020, 2, 1), begins, "official", BEGINS)
    assert ahead(frames, date(2020, 2, 1), ban) == (date(2020, 12, 31), ends, "official", ENDS)
    assert ahead(frames, date(2020, 12, 31), ban) == (date(2020, 12, 31), ends, "official", ENDS)
    assert ahead(frames, date(2021, 1, 1), ban) is None


def test_what_has_no_end_and_what_is_suspended_have_no_date_of_their_own(frames):
    assert ahead(frames, date(2020, 2, 1), BAN | {"ends": None}) is None
    assert ahead(frames, date(2020, 4, 10), BAN, PAUSE) is None, "the event that suspends it has the date"
    assert ahead(frames, date(2020, 3, 10), BAN, PAUSE) is None, "it is set aside first: its end does not follow"


def test_a_repeal_and_a_suspension_name_what_they_act_on(frames):
    ledger = ControlLedger.of(*frames(BAN, PAUSE, {"event_id": "E", "relation": "replaces", "acts_on": "A"}))
    begun = {name: str(start_of(ledger.chronology, ledger[name])) for name in ("B", "E")}
    assert begun == {
        "B": "No. B (suspension of No. A) takes effect",
        "E": "No. E (licence: gallium) takes effect",
    }


@pytest.mark.parametrize(
    ("more", "told"),
    [
        ({}, "Last day of the suspension of No. A (No. B); from 2020-05-01 these are in force again unless it is extended"),
        (
            {"destination": "USA"},
            "Last day of the suspension of No. A, to USA (No. B); from 2020-05-01 these are in force again unless it is extended",
        ),
        (
            {"acts_on": "D"},
            "Last day of the suspension of No. D (No. B); from 2020-05-01 these apply for the first time unless it is extended",
        ),
        (
            {"acts_on": "A;D"},
            (
                "Last day of the suspension of No. A and No. D (No. B); from 2020-05-01 these apply unless it is extended, No. D "
                "for the first time"
            ),
        ),
    ],
)
def test_the_end_of_a_suspension_says_what_comes_back_and_what_begins(frames, more, told):
    found = ahead(frames, date(2020, 4, 5), BAN, OTHER, PAUSE | more, which="B")
    assert found == (date(2020, 4, 30), told, "official", SUSPENSION_ENDS)


def test_the_end_of_a_claim_says_who_claimed_it(frames):
    claim = {
        "event_id": "C", "acts_on": "B", "coverage": "acts_on", "announced": date(2020, 4, 2), "effective": date(2020, 4, 2),
        "ends": date(2020, 6, 30), "instrument": "suspension", "relation": "claims_extension", "kind": "policy",
        "standing": "claimed", "authority": "MOFCOM",
    }  # fmt: skip
    told = "Last day of the extension of No. B that MOFCOM claimed; no legal act confirms it"
    assert ahead(frames, date(2020, 4, 5), BAN, PAUSE, claim, which="C") == (date(2020, 6, 30), told, "claimed", CLAIM_ENDS)
    official = claim | {"relation": "extends", "kind": "control", "standing": "official"}
    found = ahead(frames, date(2020, 4, 5), BAN, PAUSE, official, which="C")
    assert found is None or found[3] == ENDS
