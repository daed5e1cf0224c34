"""Dated changes: of the calendar of any subject, and `toolkit upcoming --json`."""

from typing import Literal

from toolkit.records.base import Day, Record, Rows, Sentence
from toolkit.records.fields import (
    Authority,
    Confidence,
    DayAsked,
    Destinations,
    EventId,
    InstrumentKind,
    NoticeTitle,
    Number,
    OwnEvents,
    ReviewedTo,
)


class Claim(Record):
    """A day until which one side says that a suspension lasts: it changes no period."""

    authority: Authority
    until: Day | None
    """Last day of it."""
    standing: str
    """agreed by both governments, or claimed."""
    relation: str | None
    """What it does to the measure."""


class Upcoming(Record):
    """A dated event of the calendar (`toolkit.controls.upcoming`)."""

    date: Day
    """Day of the event."""
    status: str
    """ahead or lapsed."""
    what: Sentence
    """The event."""
    standing: str
    """official, reported, agreed or claimed."""
    kind: str
    """control, practice, policy, market."""
    instrument: InstrumentKind
    event_id: EventId
    number: Number
    origin: str | None
    """ISO-3 code of the country that acts."""
    metals: str
    """Keys, separated by semicolons."""
    confidence: Confidence
    source: str
    """Citation."""
    change: str
    """What it does to the law."""
    title: NoticeTitle
    authority: str
    """Who acts."""
    acts_on: Rows[str]
    """Ids of the measures that it acts on."""
    destinations: Destinations
    returns: str | None
    """What comes back into force."""
    claims: Rows[Claim]
    """Claims of one side about the same day."""
    never_operated: Rows[str]
    """Ids of measures that were suspended before they took effect."""


class Dates(Record, schema="upcoming"):
    """Dated changes ahead, and suspensions that have lapsed: `toolkit upcoming`."""

    schema_version: Literal[2] = 2
    """Of this shape."""
    as_of: DayAsked
    within_days: int
    """How far ahead it looks."""
    reviewed_to: ReviewedTo
    review: Sentence
    """What that means for the days ahead."""
    upcoming: Rows[Upcoming]
    """Ahead, the nearest first."""
    lapsed: Rows[Upcoming]
    """Suspensions whose end has passed and of which nothing else is known."""
    own_events: OwnEvents
