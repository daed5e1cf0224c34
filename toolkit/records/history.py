"""Prices after control notices: `toolkit event --json`, and a report's `findings.json`."""

from dataclasses import dataclass
from typing import Literal

from toolkit.records.base import Day, Month, Named, Phrase, Record, Rows
from toolkit.records.fields import (
    AsOf,
    Assumed,
    Citation,
    Confidence,
    DataUsed,
    Destinations,
    EventId,
    InstrumentKind,
    Number,
    PriceBasis,
)
from toolkit.shocks.event_study import Reaction as MeasuredReaction
from toolkit.shocks.event_study import Summary


class Notice(Record):
    """A notice of the ledger."""

    event_id: EventId
    number: Number
    instrument: InstrumentKind
    kind: str
    """control, practice, ..."""
    announced: Day
    """Day of its announcement."""
    effective: Day | None
    """First day."""


@dataclass(frozen=True, slots=True)
class Reaction(MeasuredReaction):
    """The change of a price some months after a notice; fractions.

    Attributes:
        scarce: Whether few prices stand behind it.
    """

    scarce: bool

    @property
    def figure(self) -> float | None:
        """The change over the benchmark, or that of the price alone where the benchmark ends earlier."""
        return self.change if self.adjusted is None else self.adjusted


class PathMonth(Record):
    """A month of the path around a notice; the level before it is 100."""

    shift: int
    """Months since the notice."""
    month: Month
    """Of the calendar."""
    printed: float | None
    """Observed price."""
    level: float | None
    """Price behind noisy prints."""
    benchmark: float | None
    """Of the benchmark."""
    scarce: bool
    """Whether few prices stand behind it."""


class HistoryCase(Named, Notice):
    """The reaction of an asset to a notice."""

    concerns: bool
    """Whether it is what is asked about: an asset of the report, or the event."""
    destinations: Destinations
    zero: str
    """announcement or effect."""
    day: Day
    """Of it."""
    form_named: bool
    """Whether the notice names the form that the series prices."""
    basis: PriceBasis
    overlaps: Rows[Notice]
    """Other notices in the same months."""
    reactions: Rows[Reaction]
    """By horizon."""
    path: Rows[PathMonth]
    """Month by month."""


class PriceRange(Record):
    """A price on a day, as a range."""

    date: Day
    """Day of it."""
    low: float
    """Lower end, in the unit of the point."""
    high: float
    """Upper end."""


class PricePoint(Named):
    """Dated prices around a notice that belong to no series."""

    concerns: bool
    """Whether it is what is asked about: an asset of the report, or the event."""
    notice: str
    """Id of the notice."""
    basis: PriceBasis
    kind: str
    """What was published: quotation, average, ..."""
    unit: str
    """Currency and unit."""
    first: PriceRange
    """Before."""
    between: Rows[PriceRange]
    """From one to the other."""
    last: PriceRange | None
    """After."""
    change: float | None
    """As a fraction."""
    sources: Rows[str]
    """Keys of the sources."""
    press: bool
    """Whether the press is the source."""
    exact: bool
    """Whether both are of the same basis."""
    citation: str | None
    """Source in words."""


class StudiedEvent(Notice):
    """The event that a command asks about, with its own cases."""

    title: str
    """How it is cited."""
    own: bool
    """Whether it is the user's own, which nobody checked."""
    standing: str
    """official, reported, agreed or claimed."""
    ends: Day | None
    """Last day."""
    authority: str
    """Who issued it."""
    metals: Rows[str]
    """Keys of metals and groups that it names."""
    scope: str | None
    """What it covers, in its own words."""
    citation: Citation
    confidence: Confidence
    cases: Rows[HistoryCase]
    """From its announcement and from its first day; also of metals whose traded form it does not name."""
    without_series: Rows[str]
    """Metals without any monthly price: no other series is put in its place."""
    outside_series: Rows[str]
    """Metals whose series does not cover the months around it."""


class History(Record, schema="event"):
    """Reactions of prices to every official licence or ban that names the form of a series, from its announcement."""

    schema_version: Literal[2] = 2
    """Of this shape."""
    as_of: AsOf
    asked: StudiedEvent | None
    """What a command asked about; null in a report."""
    benchmark: Rows[str]
    """Metals that a change is measured against."""
    no_reaction: float
    """Change below which none is told, as a fraction."""
    method: Rows[Phrase]
    """How it was measured."""
    notices: int
    """Notices that are looked at."""
    overlapping: int
    """Of which other notices fall into the same months."""
    cases: Rows[HistoryCase]
    """A notice and an asset each; non-reactions are among them."""
    summary: Rows[Summary]
    """By horizon."""
    points: Rows[PricePoint]
    """Dated prices without a series."""
    assumptions: Assumed
    data: DataUsed
