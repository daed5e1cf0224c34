"""The review of a control ledger: changes since the last reviewed day, and rows that are unconfirmed or not checked."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from toolkit.controls.changes import titles_acted_on
from toolkit.controls.chronology import ANNOUNCED, DAY
from toolkit.controls.events import CLAIMS, Event
from toolkit.controls.ledger import ControlLedger
from toolkit.controls.upcoming import dated_changes


@dataclass(frozen=True, slots=True)
class StatusChange:
    """A status that changed by the dates of acts already known.

    Attributes:
        day: First day of the status `now`.
        event_id: Id in the ledger.
        title: Name of the event.
        instrument: licence, ban, ...
        was: Status on the day before.
        now: Status from that day on.
    """

    day: date
    event_id: str
    title: str
    instrument: str
    was: str
    now: str


@dataclass(frozen=True, slots=True)
class EndedSuspension:
    """A suspension that has ended by its text.

    Attributes:
        last_day: Of the suspension.
        event_id: Id in the ledger.
        title: Name of the event.
        acts_on: Titles of what it suspends.
        what: What its end means for them.
    """

    last_day: date
    event_id: str
    title: str
    acts_on: tuple[str, ...]
    what: str


@dataclass(frozen=True, slots=True)
class OpenClaim:
    """A statement, with no act seen, that a suspension goes on.

    Attributes:
        event_id: Id in the ledger.
        title: Name of the event.
        authority: Who says so.
        standing: agreed or claimed.
        relation: What it does to the suspension.
        acts_on: Titles of what it acts on.
        until: Last day of it.
    """

    event_id: str
    title: str
    authority: str
    standing: str
    relation: str
    acts_on: tuple[str, ...]
    until: date | None


@dataclass(frozen=True, slots=True)
class Unchecked:
    """An event whose text was not checked, or in part only, or that rests on one source.

    Attributes:
        event_id: Id in the ledger.
        title: Name of the event.
        kind: control, practice, policy, ...
        instrument: licence, ban, ...
        metals: Keys of metals and groups that it names.
        confidence: What was checked of it.
    """

    event_id: str
    title: str
    kind: str
    instrument: str
    metals: tuple[str, ...]
    confidence: str


@dataclass(frozen=True, slots=True)
class LedgerReview:
    """The points of the ledger to check on a day.

    Attributes:
        reviewed_to: Last day through which acts are in the ledger; None where its sources state none.
        passed: Changes of status after that day, in order of days.
        ended: Suspensions that have ended since, or whose end a claim disputes.
        unconfirmed: (event id, title) of measures that are in force because a suspension ended after that day.
        claims: Extensions that were stated and are still said to run.
        unchecked: Rows that were not checked against their text, or only in part, or by one source.
    """

    as_of: date
    reviewed_to: date | None
    passed: tuple[StatusChange, ...]
    ended: tuple[EndedSuspension, ...]
    unconfirmed: tuple[tuple[str, str], ...]
    claims: tuple[OpenClaim, ...]
    unchecked: tuple[Unchecked, ...]

    @property
    def days_since(self) -> int | None:
        """Days from the last reviewed day to `as_of`."""
        return None if self.reviewed_to is None else (self.as_of - self.reviewed_to).days


def review_ledger(ledger: ControlLedger, *, on: date, reviewed_to: date | None) -> LedgerReview:
    """The review of a ledger as known on a day.

    Args:
        ledger: The ledger.
        on: The day; nothing published later is looked at.
        reviewed_to: Last day through which acts are in it; None, of a ledger that states none, counts every change as passed.
    """
    chronology, since = ledger.chronology, reviewed_to or date.min
    known = [event for event in ledger.events if event.known_from <= on]
    changes = dated_changes(ledger, on=on, within_days=max((on - since).days, 0) if reviewed_to else 90)
    ended = [
        EndedSuspension(row["date"], row["event_id"], row["title"], tuple(row["acts_on"]), row["what"])
        for row in changes
        if row["status"] == "lapsed"
    ]
    return LedgerReview(
        as_of=on,
        reviewed_to=reviewed_to,
        passed=tuple(sorted(_passed(ledger, known, since, on), key=lambda change: (change.day, change.event_id))),
        ended=tuple(ended),
        unconfirmed=tuple((e.event_id, e.title) for e in known if (chronology.returned(e, on, known=on) or since) > since),
        claims=tuple(
            OpenClaim(e.event_id, e.title, e.authority, e.standing, e.relation or "", titles_acted_on(chronology, e), e.ends)
            for e in known
            if e.relation == CLAIMS and (e.ends is None or e.ends >= on)
        ),
        unchecked=tuple(
            Unchecked(e.event_id, e.title, e.kind, e.instrument, e.metals, e.confidence)
            for e in known
            if not e.confidence.startswith("verified")
        ),
    )


def _passed(ledger: ControlLedger, known: list[Event], since: date, on: date) -> Iterator[StatusChange]:
    """Changes of status after `since`, up to `on`, as they follow from dates known on `on`."""
    for event in known:
        period = ledger.chronology.period(event, on)
        while period.since > since:
            before = period.since - DAY
            was = ledger.chronology.status(event, before, known=on) if before >= event.known_from else ANNOUNCED
            if was == period.status:
                break
            yield StatusChange(period.since, event.event_id, event.title, event.instrument, was, period.status)
            if before <= since or before < event.known_from:
                break
            period = ledger.chronology.period_on(event, before, known=on)
