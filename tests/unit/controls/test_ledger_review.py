"""The review of the ledger: what has passed since, what is not settled, what nobody checked."""

from __future__ import annotations

from datetime import date

import polars as pl
import pytest

from toolkit.app.config import resolve
from toolkit.app.context import Context
from toolkit.controls.chronology import DAY
from toolkit.controls.ledger import ControlLedger
from toolkit.controls.ledger_review import EndedSuspension, OpenClaim, StatusChange, Unchecked, review_ledger
from toolkit.controls.state import is_beyond_review, review_note
from toolkit.controls.upcoming import dated_changes

REVIEWED, TODAY = date(2026, 10, 8), date(2026, 11, 25)


def test_on_the_reviewed_day_nothing_has_passed(ledger):
    found = review_ledger(ledger.known(REVIEWED), on=REVIEWED, reviewed_to=REVIEWED)
    assert (found.days_since, found.passed, found.unconfirmed) == (0, (), ())


def test_changes_by_date_are_those_of_the_chronology(ledger):
    found = review_ledger(ledger, on=TODAY, reviewed_to=REVIEWED)
    assert found.days_since == 48
    status = ledger.chronology.status
    wanted = {
        (event.event_id, status(event, REVIEWED, known=TODAY), status(event, TODAY, known=TODAY))
        for event in ledger.events
        if event.known_from <= REVIEWED and status(event, REVIEWED, known=TODAY) != status(event, TODAY, known=TODAY)
    }
    assert {(change.event_id, change.was, change.now) for change in found.passed} == wanted
    assert ("EV056", "suspended", "in_force") in wanted
    assert {change.day for change in found.passed} == {date(2026, 11, 10), date(2026, 11, 11)}


def test_suspensions_that_ended_and_statements_that_they_go_on(ledger):
    found = review_ledger(ledger, on=TODAY, reviewed_to=REVIEWED)
    assert {one.event_id: one.last_day for one in found.ended} == {
        "EV062": date(2026, 11, 10),
        "EV098": date(2026, 11, 10),
        "EV115b": date(2026, 11, 9),
    }
    assert {claim.event_id: claim.relation for claim in found.claims} == {"EV089": "claims_extension"}
    assert {"EV042", "EV056"} <= {event_id for event_id, _ in found.unconfirmed}


@pytest.mark.parametrize("day", [TODAY, date(2024, 6, 1)])
def test_rows_not_checked_are_those_that_were_known(ledger, day):
    found = review_ledger(ledger, on=day, reviewed_to=REVIEWED)
    wanted = [e.event_id for e in ledger.events if e.known_from <= day and not e.confidence.startswith("verified")]
    assert wanted
    assert [row.event_id for row in found.unchecked] == wanted


def test_two_changes_of_one_event_are_both_told(tables):
    events = tables["controls"].with_columns(
        ends=pl.when(pl.col("event_id") == "EV063").then(pl.lit(date(2026, 11, 5))).otherwise("ends")
    )
    ledger = ControlLedger.of(events, tables["control_scopes"])
    found = review_ledger(ledger, on=TODAY, reviewed_to=date(2025, 11, 1))
    ban = [(change.day, change.was, change.now) for change in found.passed if change.event_id == "EV037b"]
    assert ban == [(date(2025, 11, 9), "in_force", "suspended"), (date(2026, 11, 6), "suspended", "in_force")]


def test_a_ledger_that_states_no_day_counts_every_change(ledger):
    found = review_ledger(ledger, on=TODAY, reviewed_to=None)
    assert found.days_since is None
    assert len(found.passed) > len(ledger.events)


def test_the_bundled_ledger_says_to_which_day_it_was_reviewed_and_of_a_past_day_that_of_the_last_act_in_it():
    settings = resolve({}, file=None)
    assert Context(settings, date(2026, 11, 25)).ledger.reviewed_to == REVIEWED
    assert Context(settings, date(2025, 1, 1)).ledger.reviewed_to == date(2024, 12, 11)


def test_a_state_after_the_last_reviewed_day_is_said_to_rest_on_silence():
    assert not is_beyond_review(REVIEWED, REVIEWED)
    assert review_note(REVIEWED, REVIEWED) == "Ledger reviewed to 2026-10-08."
    assert "carried forward" in review_note(REVIEWED, date(2026, 10, 9))
    assert is_beyond_review(None, REVIEWED)
    assert "states no day" in review_note(None, REVIEWED)


def test_the_law_of_china_is_modelled_from_its_first_notice_on_a_metal_and_in_part_before(ledger):
    """The list of 1998 has hafnium alone in the ledger: of tungsten it says nothing that is clear."""
    days = [date(2015, 1, 1), date(2021, 1, 1), date(2023, 7, 2), date(2023, 7, 3), date(2026, 12, 1)]
    assert [ledger.coverage("CHN", on=day) for day in days] == ["partial"] * 3 + ["modelled"] * 2
    route = {"destination": "DEU", "on": date(2021, 1, 1)}
    assert ledger.state("tungsten", "metal", **route).headline == "not_covered"
    assert ledger.state("hafnium", "metal", **route).headline == "licence"


def test_each_point_is_told_with_the_words_of_its_event(ledger):
    found, events = review_ledger(ledger, on=TODAY, reviewed_to=REVIEWED), {e.event_id: e for e in ledger.events}
    for change in found.passed:
        event = events[change.event_id]
        assert change == StatusChange(change.day, event.event_id, event.title, event.instrument, change.was, change.now)
    rows = {row["event_id"]: row for row in dated_changes(ledger, on=TODAY, within_days=48) if row["status"] == "lapsed"}
    for one in found.ended:
        row = rows[one.event_id]
        assert one == EndedSuspension(
            one.last_day, one.event_id, events[one.event_id].title, tuple(row["acts_on"]), row["what"]
        )
        assert one.acts_on
        assert one.what
    (claim,) = found.claims
    said = events["EV089"]
    assert claim == OpenClaim("EV089", said.title, said.authority, said.standing, "claims_extension", claim.acts_on, said.ends)
    assert claim.authority
    assert claim.acts_on
    for row in found.unchecked:
        event = events[row.event_id]
        assert row == Unchecked(event.event_id, event.title, event.kind, event.instrument, event.metals, event.confidence)
    assert found.as_of == TODAY


def test_what_is_published_on_the_day_is_known_on_it(ledger, tables):
    newest = max(event.known_from for event in ledger.events)
    of_that_day = {event.event_id for event in ledger.events if event.known_from == newest}
    unchecked = ControlLedger.of(tables["controls"].with_columns(confidence=pl.lit("unverified")), tables["control_scopes"])
    told = {row.event_id for row in review_ledger(unchecked, on=newest, reviewed_to=REVIEWED).unchecked}
    assert of_that_day <= told
    day_before = {row.event_id for row in review_ledger(unchecked, on=newest - DAY, reviewed_to=REVIEWED).unchecked}
    assert not of_that_day & day_before


def test_a_claim_is_open_on_its_last_day_and_not_after(ledger, tables):
    def claims(on: date, ends: date | None) -> set[str]:
        events = tables["controls"].with_columns(
            ends=pl.when(pl.col("event_id") == "EV089").then(pl.lit(ends)).otherwise("ends")
        )
        changed = ControlLedger.of(events, tables["control_scopes"])
        return {claim.event_id for claim in review_ledger(changed, on=on, reviewed_to=REVIEWED).claims}

    last = date(2026, 11, 20)
    assert claims(last, last) == {"EV089"}
    assert claims(last + DAY, last) == set()


def test_a_suspension_that_ended_on_the_reviewed_day_has_been_reviewed(ledger):
    """The change of the next day is told; a review that is later than the day asked for has nothing to tell."""
    day = date(2026, 11, 10)
    of_the_day = review_ledger(ledger, on=TODAY, reviewed_to=day)
    assert {change.day for change in of_the_day.passed} == {date(2026, 11, 11)}
    ahead = review_ledger(ledger, on=day, reviewed_to=TODAY)
    assert (ahead.passed, ahead.unconfirmed, ahead.days_since) == ((), (), -15)
