"""How prices reacted to earlier notices: event studies, and price points around them."""

from dataclasses import dataclass

from toolkit.records.base import Day, Month, Named, Phrase, Record, Rows
from toolkit.records.fields import Assumed, DataUsed, Destinations, EventId, InstrumentKind, Number, PriceBasis
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
    """Whether the report is about this asset."""
    destinations: Destinations
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
    """Whether the report is about this asset."""
    notice: str
    """Id of the notice."""
    basis: PriceBasis
    kind: str
    """What was published: quotation, average, ..."""
    unit: str
    """Currency and unit."""
    first: PriceRange
    """Before."""
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


class History(Record):
    """Reactions of prices to notices."""

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
    """A notice and an asset each."""
    summary: Rows[Summary]
    """By horizon."""
    points: Rows[PricePoint]
    """Dated prices without a series."""
    assumptions: Assumed
    data: DataUsed
