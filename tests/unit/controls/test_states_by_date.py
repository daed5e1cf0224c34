"""The law by dates, as two audits found it: what was suspended, stopped and carried forward, and what is not known."""

from __future__ import annotations

from datetime import date

import pytest

from toolkit.controls.chronology import SUSPENDED
from toolkit.controls.ledger import ControlLedger

REVIEWED = date(2026, 10, 8)
LISTED = {"destination": "USA", "end_user": "listed"}
JAPAN = {"destination": "JPN", "end_user": "listed"}
MILITARY = {"destination": "USA", "end_user": "military"}
GERMANY = {"destination": "DEU"}
AMERICA = {"destination": "USA"}


@pytest.fixture(scope="module")
def ledger(tables):
    return ControlLedger.of(tables["controls"], tables["control_scopes"], tables["control_items"], reviewed_to=REVIEWED)


EVENTS = [
    # event, day, status
    ("EV042", "2025-05-13", "in_force"),  # No. 21 of 2025
    ("EV042", "2025-05-20", "suspended"),
    ("EV042", "2025-08-11", "suspended"),
    ("EV042", "2025-08-12", "suspended"),
    ("EV042", "2025-09-01", "suspended"),
    ("EV042", "2025-10-15", "suspended"),
    ("EV042", "2025-11-08", "suspended"),
    ("EV042", "2026-11-10", "suspended"),
    ("EV042", "2026-11-11", "in_force"),
    ("EV095", "2025-04-09", "announced"),  # No. 22 of 2025
    ("EV095", "2025-04-10", "in_force"),
    ("EV095", "2025-05-20", "suspended"),
    ("EV095", "2025-08-12", "repealed"),
    ("EV095", "2026-12-01", "repealed"),
    ("EV086", "2026-06-29", "in_force"),  # No. 27 of 2026
    ("EV086b", "2026-06-29", "in_force"),  # No. 28 of 2026
    ("EV111", "2026-07-23", "in_force"),  # Section 122
    ("EV111", "2026-07-24", "expired"),
    ("EV115", "2025-10-15", "in_force"),  # affiliates rule
    ("EV115", "2026-03-01", "suspended"),
    ("EV112a", "2024-11-30", "in_force"),  # list of nuclear dual-use items
    ("EV112a", "2024-12-01", "repealed"),
]


@pytest.mark.parametrize(("event_id", "day", "status"), EVENTS)
def test_an_act_has_the_status_of_its_day_as_known_on_it(ledger, event_id, day, status):
    on = date.fromisoformat(day)
    assert ledger.chronology.status(ledger[event_id], on, known=on) == status


STATES = [
    # metal, form, route, day, headline, unconfirmed
    ("hafnium", "metal", GERMANY, "2024-11-14", "licence", False),  # list of nuclear dual-use items
    ("hafnium", "metal", GERMANY, "2024-12-01", "licence", False),  # No. 51 of 2024
    ("hafnium", "metal", GERMANY, "2026-12-01", "licence", False),
    ("hafnium", "oxide", GERMANY, "2026-12-01", "licence", False),
    ("hafnium", "metal", MILITARY, "2024-12-02", "licence", False),
    ("hafnium", "metal", MILITARY, "2024-12-03", "ban", False),  # No. 46 of 2024, para 1
    ("gallium", "metal", AMERICA, "2026-11-27", "licence+ban_suspended", False),  # No. 72 of 2025
    ("gallium", "metal", AMERICA, "2026-11-28", "ban", True),
    ("gallium", "metal", MILITARY, "2026-11-28", "ban", False),  # para 1 stands by itself
    ("gallium", "metal", LISTED, "2025-05-20", "ban", False),  # No. 46 of 2024, para 2, for everybody
    ("holmium", "oxide", GERMANY, "2026-11-10", "licence_suspended", False),  # No. 70 of 2025
    ("holmium", "oxide", GERMANY, "2026-11-11", "licence", True),
    ("holmium", "oxide", MILITARY, "2026-11-11", "ban", True),  # which it is by that licence alone
    ("dysprosium", "oxide", GERMANY, "2026-11-11", "licence", False),
    ("nickel", "metal powder", GERMANY, "2024-11-30", "not_listed", False),
    ("nickel", "metal powder", GERMANY, "2024-12-01", "licence_uncertain", False),
]


@pytest.mark.parametrize(("metal", "form", "route", "day", "headline", "unconfirmed"), STATES)
def test_a_form_has_the_state_of_its_day_and_says_what_is_not_known(ledger, metal, form, route, day, headline, unconfirmed):
    on = date.fromisoformat(day)
    found = ledger.known(on).state(metal, form, on=on, **route)
    assert (found.headline, found.unconfirmed) == (headline, unconfirmed)
    assert ("is not known" in found.doubt) >= unconfirmed
    if unconfirmed:
        assert found.is_controlled(("licence", "ban"))


def test_of_one_day_one_notice_bans_and_the_other_watches(ledger):
    on = date(2026, 7, 1)
    found = {m.number: m.instrument for m in ledger.state("gallium", "metal", on=on, **JAPAN).measures if not m.conditional}
    assert (found["No. 27 of 2026"], found["No. 28 of 2026"]) == ("entity_list", "watch_list")


def test_nos_21_70_and_72_follow_one_rule(ledger):
    """Each came back because a suspension ended after the last reviewed day, and each says so and counts."""
    on = date(2026, 12, 1)
    for metal, route, numbers in (
        ("gallium", LISTED, {"No. 21 of 2025"}),
        ("holmium", GERMANY, {"No. 57 of 2025"}),
        ("gallium", AMERICA, {"No. 46 of 2024 para 2"}),
    ):
        measures = {m.number: m for m in ledger.state(metal, "metal", on=on, **route).measures}
        for number in numbers:
            assert (measures[number].status, measures[number].unconfirmed) == ("in_force", True), number
    reviewed = {m.number: m.unconfirmed for m in ledger.state("gallium", "metal", on=on, **LISTED).measures}
    assert not reviewed["No. 23 of 2023"]


def test_a_past_day_is_complete_to_the_last_act_that_the_ledger_of_it_has(ledger):
    for day in ("2012-05-01", "2024-06-30", "2025-06-01", "2026-10-07"):
        on = date.fromisoformat(day)
        reviewed = ledger.reviewed_on(on)
        assert reviewed == max(event.known_from for event in ledger.events if event.known_from <= on)
        assert ledger.known(on).reviewed_to == ledger.state("gallium", "metal", on=on).reviewed_to == reviewed
    assert ledger.reviewed_on(REVIEWED) == ledger.reviewed_on(date(2027, 1, 1)) == REVIEWED


def test_a_suspended_act_that_another_suspension_takes_over_never_returned(ledger):
    on = date(2025, 9, 1)
    assert ledger.chronology.status(ledger["EV042"], on, known=on) == SUSPENDED
    assert ledger.chronology.returned(ledger["EV042"], on, known=on) is None
