"""What prices did after a control event, beside all comparable cases: `toolkit event --json`."""

from toolkit.records.base import Day, Record, Rows, Sentence, Unwritten
from toolkit.records.fields import (
    AsOf,
    Citation,
    Confidence,
    EventId,
    InstrumentKind,
    KnownFrom,
    MetalKey,
    Number,
    SchemaVersion,
    SourceId,
)
from toolkit.shocks.event_study import Case, Summary


class StudiedEvent(Record):
    """An event of the control ledger."""

    event_id: EventId
    kind: str
    """control, practice, policy, ..."""
    instrument: InstrumentKind
    standing: str
    """official, reported, agreed or claimed."""
    announced: Day
    """Day of its announcement."""
    effective: Day | None
    """First day."""
    ends: Day | None
    """Last day."""
    number: Number
    authority: str
    """Who issued it."""
    metals: Rows[str]
    """Keys of metals and groups that it names."""
    scope: str | None
    """What it covers, in its own words."""
    citation: Citation
    confidence: Confidence
    title: Unwritten[str]


class ComparableCases(Record):
    """Every official licence or ban that names the form of a series, from its announcement."""

    cases: Rows[Case]
    """One by one; non-reactions are among them."""
    summary: Rows[Summary]
    """By horizon."""


class PointRow(Record):
    """A dated price that belongs to no series."""

    event: str
    """Notice that it stands beside."""
    asset: MetalKey
    basis: str
    """Ask, assessment, trade, ..."""
    date: Day
    """Of it."""
    price_low: float
    """Lower end, in `currency` a `unit`."""
    price_high: float
    """Upper end."""
    currency: str
    """Of the price."""
    unit: str
    """Of the price."""
    status: str | None
    """How it was looked up."""
    citation: str | None
    """Source in words."""
    source: SourceId
    known_from: KnownFrom


class EventAnswer(Record, schema="event"):
    """The study of one event."""

    schema_version: SchemaVersion
    as_of: AsOf
    event: StudiedEvent
    """Which one."""
    own: bool
    """Whether it is the user's own, which nobody checked."""
    method: Sentence
    """How it was measured."""
    benchmark: Rows[str]
    """Series of the basket: base metals that no measure of the ledger controls."""
    cases: Rows[Case]
    """Of this event."""
    without_series: Rows[str]
    """Metals without any monthly price."""
    outside_series: Rows[str]
    """Metals whose series does not cover the months around it."""
    comparable: ComparableCases
    """Beside it."""
    price_points: Rows[PointRow]
    """Dated prices of the same notice, each with its basis; never part of a series."""
