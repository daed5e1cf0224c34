"""The calendar of dated changes."""

from __future__ import annotations

from datetime import date

import polars as pl
import pytest

from toolkit.controls.upcoming import upcoming
from toolkit.core.errors import SpecError

TODAY = date(2026, 11, 24)


def test_what_changes_within_ninety_days(ledger):
    found = upcoming(ledger, on=TODAY, within_days=90)
    ahead = found.filter(pl.col("status") == "ahead")
    assert list(ahead.select("date", "standing", "kind", "event_id").iter_rows()) == [
        (date(2026, 11, 27), "official", "control", "EV063"),
        (date(2027, 1, 1), "official", "policy", "EV092"),
        (date(2027, 1, 10), "agreed", "policy", "EV089"),
    ]
    assert "2026-11-28" in ahead["what"][0]
    assert "amending act not seen" in ahead["what"][2]


def test_a_suspension_that_ended_by_its_text_under_an_agreed_extension_is_unsettled_and_never_in_force(ledger):
    rows = upcoming(ledger, on=TODAY).filter(pl.col("status") == "lapsed").iter_rows(named=True)
    row = next(row for row in rows if row["event_id"] == "EV062")
    assert (row["date"], row["number"]) == (date(2026, 11, 10), "No. 70 of 2025")
    assert "Unsettled: extension to 2027-01-10 agreed by both governments" in row["what"]
    assert "in force" not in row["what"]
    assert row["claims"] == [
        {"authority": "MOFCOM and USTR", "until": date(2027, 1, 10), "standing": "agreed", "relation": "claims_extension"}
    ]


def test_what_never_operated_does_not_come_back(ledger):
    (row,) = upcoming(ledger, on=date(2026, 9, 1), within_days=80).filter(pl.col("event_id") == "EV062").iter_rows(named=True)
    assert "again" not in row["what"]
    assert "No. 57 of 2025" in row["never_operated"]
    assert "No. 62 of 2025" not in row["never_operated"]  # in force from 2025-10-09 to 2025-11-06
    assert "No. 61 of 2025 limb 1(3)" not in row["never_operated"]
    (known,) = (
        upcoming(ledger, on=date(2026, 10, 1), within_days=50).filter(pl.col("event_id") == "EV062").iter_rows(named=True)
    )
    assert "agreed by both governments (MOFCOM and USTR), amending act not seen" in known["what"]


def test_a_lapsed_suspension_stays_while_the_claim_stands_and_goes_after(ledger):
    def lapsed(on):
        return upcoming(ledger, on=on, within_days=0).filter(pl.col("status") == "lapsed")["event_id"].to_list()

    assert lapsed(date(2026, 11, 10)) == []
    assert "EV062" in lapsed(date(2026, 11, 11))
    assert lapsed(date(2027, 1, 10)) == ["EV062", "EV098"]
    assert lapsed(date(2027, 1, 11)) == []


def test_the_window_is_inclusive(ledger):
    assert date(2026, 11, 27) in upcoming(ledger, on=TODAY, within_days=3)["date"]
    assert date(2026, 11, 27) not in upcoming(ledger, on=TODAY, within_days=2)["date"]
    assert date(2026, 11, 27) in upcoming(ledger, on=date(2026, 11, 27), within_days=0)["date"]


def test_nothing_is_ahead_that_was_not_announced(ledger):
    assert "EV063" not in upcoming(ledger, on=date(2025, 11, 8), within_days=500)["event_id"]
    assert "EV020" in upcoming(ledger, on=date(2023, 7, 3), within_days=60)["event_id"]
    assert "EV020" not in upcoming(ledger, on=date(2023, 7, 2), within_days=60)["event_id"]


def test_an_empty_calendar_keeps_its_columns(ledger):
    found = upcoming(ledger, on=date(2009, 1, 1))
    assert found.is_empty()
    assert found.columns[:4] == ["date", "status", "what", "standing"]


def test_looking_back_is_refused(ledger):
    with pytest.raises(SpecError):
        upcoming(ledger, on=TODAY, within_days=-1)
