"""The calendar of dated changes."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from toolkit.controls.upcoming import upcoming
from toolkit.core.errors import SpecError
from toolkit.core.messages import Message

TODAY = date(2026, 11, 24)


def test_what_changes_within_ninety_days(ledger):
    ahead = [row for row in upcoming(ledger, on=TODAY, within_days=90) if row["status"] == "ahead"]
    assert [(row["date"], row["standing"], row["kind"], row["event_id"]) for row in ahead] == [
        (date(2026, 11, 27), "official", "control", "EV063"),
        (date(2027, 1, 1), "official", "policy", "EV092"),
        (date(2027, 1, 10), "claimed", "policy", "EV089"),
    ]
    assert "2026-11-28" in ahead[0]["what"]
    assert "no legal act confirms it" in ahead[2]["what"]


def test_a_suspension_that_ended_by_its_text_brings_back_what_it_suspended_and_a_claim_is_named(ledger):
    row = next(row for row in upcoming(ledger, on=TODAY) if (row["status"], row["event_id"]) == ("lapsed", "EV062"))
    assert (row["date"], row["number"]) == (date(2026, 11, 10), "No. 70 of 2025")
    assert "in force again since 2026-11-11" in row["what"]
    assert "unless the claimed extension holds (MOFCOM, to 2027-01-10" in row["what"]
    assert row["claims"] == [
        {"authority": "MOFCOM", "until": date(2027, 1, 10), "standing": "claimed", "relation": "claims_extension"}
    ]


def test_what_never_operated_does_not_come_back(ledger):
    (row,) = (row for row in upcoming(ledger, on=date(2026, 9, 1), within_days=80) if row["event_id"] == "EV062")
    assert "again" not in row["what"]
    assert "No. 57 of 2025" in row["never_operated"]
    assert "No. 62 of 2025" not in row["never_operated"]  # in force from 2025-10-09 to 2025-11-06
    assert "No. 61 of 2025 limb 1(3)" not in row["never_operated"]
    (known,) = (row for row in upcoming(ledger, on=date(2026, 10, 1), within_days=50) if row["event_id"] == "EV062")
    assert [claim["authority"] for claim in known["claims"]] == ["MOFCOM"]


def test_a_suspension_that_another_goes_on_with_has_not_lapsed(ledger):
    """No. 21 of 2025 was suspended three times in a row: at the end of the first nothing came back."""
    rows = upcoming(ledger, on=date(2025, 8, 20), within_days=90)
    assert "EV042c" in [row["event_id"] for row in rows]
    assert "EV042b" not in [row["event_id"] for row in rows]


def test_a_lapsed_suspension_stays_while_the_claim_stands_and_goes_after(ledger):
    def lapsed(on):
        return [row["event_id"] for row in upcoming(ledger, on=on, within_days=0) if row["status"] == "lapsed"]

    assert lapsed(date(2026, 11, 10)) == []
    assert "EV062" in lapsed(date(2026, 11, 11))
    assert lapsed(date(2027, 1, 10)) == ["EV062"]
    assert lapsed(date(2027, 1, 11)) == []


def test_the_window_is_inclusive(ledger):
    assert date(2026, 11, 27) in [row["date"] for row in upcoming(ledger, on=TODAY, within_days=3)]
    assert date(2026, 11, 27) not in [row["date"] for row in upcoming(ledger, on=TODAY, within_days=2)]
    assert date(2026, 11, 27) in [row["date"] for row in upcoming(ledger, on=date(2026, 11, 27), within_days=0)]


def test_nothing_is_ahead_that_was_not_announced(ledger):
    assert "EV063" not in [row["event_id"] for row in upcoming(ledger, on=date(2025, 11, 8), within_days=500)]
    assert "EV020" in [row["event_id"] for row in upcoming(ledger, on=date(2023, 7, 3), within_days=60)]
    assert "EV020" not in [row["event_id"] for row in upcoming(ledger, on=date(2023, 7, 2), within_days=60)]


def test_looking_back_is_refused(ledger):
    with pytest.raises(SpecError):
        upcoming(ledger, on=TODAY, within_days=-1)


def test_sentences_of_dates_keep_their_templates_for_other_languages(ledger):
    """On a German page the next date of the first paragraph was English."""
    rows = upcoming(ledger, on=date(2026, 12, 1), within_days=400)
    assert rows
    assert all(isinstance(row["what"], Message) for row in rows)


def test_a_row_names_the_act_whom_it_reaches_and_what_it_brings_back(ledger):
    reviewed = replace(ledger, reviewed_to=date(2026, 10, 8))
    rows = {(row["event_id"], row["status"]): row for row in upcoming(reviewed, on=TODAY)}
    first = ("No. 55 of 2025", "No. 56 of 2025", "No. 57 of 2025", "No. 58 of 2025", "No. 61 of 2025 limbs 1(1) and 1(2)")
    acts = (*first, "No. 61 of 2025 limb 1(3)", "No. 62 of 2025")
    lapsed = rows["EV062", "lapsed"]
    assert {key: lapsed[key] for key in ("title", "authority", "origin", "instrument", "kind", "standing", "change", "destinations")} == {
        "title": "No. 70 of 2025", "authority": "MOFCOM + GACC", "origin": "CHN", "instrument": "suspension", "kind": "control",
        "standing": "official", "change": "lapsed", "destinations": [],
    }  # fmt: skip
    assert (lapsed["returns"], lapsed["acts_on"], lapsed["never_operated"]) == (date(2026, 11, 11), [*acts], [*first])
    assert lapsed["metals"].startswith("rare_earths;holmium;")
    assert lapsed["source"].startswith("chemradar; ")
    assert str(lapsed["what"]) == (
        f"The suspension of {', '.join(acts[:-1])} and {acts[-1]} (No. 70 of 2025) ended by its text on 2026-11-10: in force again "
        f"since 2026-11-11 ({', '.join(first[:-1])} and {first[-1]} for the first time) by the dates of the acts; whether it was "
        "extended after 2026-10-08 is not known, unless the claimed extension holds (MOFCOM, to 2027-01-10; no legal act confirms "
        "it)"
    )
    plain = rows["EV098", "lapsed"]
    assert (plain["claims"], plain["never_operated"], plain["destinations"]) == ([], [], ["USA"])
    assert "in force again since 2026-11-11 by the dates of the acts" in plain["what"]
    of_the_day = {row["event_id"]: row["what"] for row in upcoming(replace(ledger, reviewed_to=date(2026, 11, 11)), on=TODAY)}
    assert "by the dates" not in of_the_day["EV098"]
    ahead = rows["EV063", "ahead"]
    assert (ahead["change"], ahead["returns"], ahead["claims"]) == ("suspension_ends", date(2026, 11, 28), [])
    begins = rows["EV092", "ahead"]
    assert (begins["change"], begins["returns"], begins["acts_on"]) == ("begins", None, [])
    assert [row["date"] for row in upcoming(ledger, on=TODAY)] == sorted(row["date"] for row in rows.values())


def test_the_end_of_a_suspension_counts_on_the_edge_of_the_days_and_not_after(ledger):
    def told(on, days):
        return [row["event_id"] for row in upcoming(ledger, on=on, within_days=days) if row["date"] == date(2026, 11, 10)]

    assert "EV098" in told(date(2026, 11, 30), 20)
    assert "EV098" not in told(date(2026, 11, 30), 19)
    assert "EV098" in told(date(2026, 11, 1), 9)
    assert "EV098" not in told(date(2026, 11, 1), 8)
    assert upcoming(ledger, on=TODAY) == upcoming(ledger, on=TODAY, within_days=90)
    with pytest.raises(SpecError) as caught:
        upcoming(ledger, on=TODAY, within_days=-1)
    assert str(caught.value.message) == "the calendar looks ahead, not -1 days."
    assert caught.value.hint == "Give a positive number of days."
