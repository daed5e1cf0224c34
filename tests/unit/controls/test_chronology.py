"""Status by dates alone: inclusive ends, suspensions, extensions, repeals."""

from __future__ import annotations

from datetime import date, timedelta

from toolkit.controls.ledger import ControlLedger

BAN = {"event_id": "A", "instrument": "ban", "ends": date(2020, 12, 31)}
PAUSE = {
    "event_id": "B",
    "instrument": "suspension",
    "relation": "suspends",
    "acts_on": "A",
    "coverage": "acts_on",
    "announced": date(2020, 3, 1),
    "effective": date(2020, 4, 1),
    "ends": date(2020, 4, 30),
}


def status(ledger, day, *, known=date(2021, 1, 1)):
    return ledger.chronology.status(ledger["A"], day, known=known)


def test_end_dates_are_inclusive(frames):
    ledger = ControlLedger.of(*frames(BAN))
    days = (date(2020, 1, 31), date(2020, 2, 1), date(2020, 12, 31), date(2021, 1, 1))
    assert [status(ledger, day) for day in days] == ["announced", "in_force", "in_force", "expired"]


def test_a_suspension_sets_aside_and_does_not_repeal(frames):
    ledger = ControlLedger.of(*frames(BAN, PAUSE))
    days = (date(2020, 3, 31), date(2020, 4, 1), date(2020, 4, 30), date(2020, 5, 1))
    assert [status(ledger, day) for day in days] == ["in_force", "suspended", "suspended", "in_force"]
    assert status(ledger, date(2020, 4, 10), known=date(2020, 2, 29)) == "in_force"


def test_period_has_the_first_and_last_day_of_the_status(frames):
    ledger = ControlLedger.of(*frames(BAN, PAUSE))
    period = ledger.chronology.period(ledger["A"], date(2020, 4, 10))
    assert (period.status, period.since, period.until, period.following) == (
        "suspended", date(2020, 4, 1), date(2020, 4, 30), "in_force",
    )  # fmt: skip
    again = ledger.chronology.period(ledger["A"], date(2020, 6, 1))
    assert (again.status, again.since, again.until, again.following) == (
        "in_force", date(2020, 5, 1), date(2020, 12, 31), "expired",
    )  # fmt: skip


def test_an_official_extension_moves_the_last_day_and_a_claim_does_not(frames):
    longer = {"event_id": "C", "acts_on": "B", "coverage": "acts_on", "announced": date(2020, 4, 15), "ends": date(2020, 6, 30)}
    longer |= {"effective": date(2020, 4, 15), "instrument": "suspension"}
    official = ControlLedger.of(*frames(BAN, PAUSE, longer | {"relation": "extends"}))
    assert status(official, date(2020, 6, 30)) == "suspended"
    assert status(official, date(2020, 7, 1)) == "in_force"
    assert status(official, date(2020, 6, 1), known=date(2020, 4, 14)) == "in_force"
    claim = longer | {"relation": "claims_extension", "kind": "policy", "standing": "claimed"}
    assert status(ControlLedger.of(*frames(BAN, PAUSE, claim)), date(2020, 6, 1)) == "in_force"


def test_repealing_a_suspension_resumes_what_it_suspended(frames):
    resume = {"event_id": "C", "acts_on": "B", "relation": "repeals", "instrument": "repeal", "coverage": "acts_on"}
    resume |= {"announced": date(2020, 4, 10), "effective": date(2020, 4, 15)}
    ledger = ControlLedger.of(*frames(BAN, PAUSE, resume))
    assert status(ledger, date(2020, 4, 14)) == "suspended"
    assert status(ledger, date(2020, 4, 15)) == "in_force"


def test_a_repealed_or_replaced_event_does_not_come_back(frames):
    for relation in ("repeals", "replaces"):
        end = {"event_id": "B", "acts_on": "A", "relation": relation, "instrument": "quota", "effective": date(2020, 3, 1)}
        ledger = ControlLedger.of(*frames(BAN, end | {"ends": date(2020, 3, 31)}))
        assert status(ledger, date(2020, 2, 29)) == "in_force"
        assert status(ledger, date(2020, 3, 1)) == "repealed"
        assert status(ledger, date(2020, 4, 1)) == "repealed"


def test_only_official_controls_change_a_legal_status(frames):
    for change in ({"standing": "reported"}, {"kind": "policy"}, {"kind": "practice"}):
        ledger = ControlLedger.of(*frames(BAN, PAUSE | change))
        assert status(ledger, PAUSE["effective"] + timedelta(days=1)) == "in_force"


def test_an_event_suspended_before_its_first_day_never_begins_until_the_suspension_ends(frames):
    early = PAUSE | {"announced": date(2020, 1, 15), "effective": date(2020, 1, 31)}
    ledger = ControlLedger.of(*frames(BAN, early))
    assert status(ledger, date(2020, 1, 30)) == "announced"
    assert status(ledger, date(2020, 1, 31)) == "suspended"
    assert status(ledger, date(2020, 5, 1)) == "in_force"


def test_an_event_without_effective_date_stays_announced(frames):
    assert status(ControlLedger.of(*frames(BAN | {"effective": None, "ends": None})), date(2030, 1, 1)) == "announced"
