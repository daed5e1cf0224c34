"""Export controls: measures, the state of a product, periods of a measure, dated changes ahead."""

from typing import Any, Literal

from toolkit.controls.state import Measure
from toolkit.records.base import Day, Named, Record, Rows, Sentence
from toolkit.records.dates import Upcoming
from toolkit.records.fields import (
    AsOf,
    Authority,
    Client,
    Confidence,
    Currency,
    DataBySource,
    DayAsked,
    Destinations,
    EndUser,
    EventId,
    MetalKey,
    NotesBeside,
    Number,
    OwnerCountry,
    OwnEvents,
    OwnLedger,
    Phrases,
    Remarks,
    ReviewedTo,
    SchemaVersion,
    SourceId,
    Warnings,
)
from toolkit.records.sources import Owner, Rate, Review


class Change(Record):
    """Something that changes on a date."""

    date: Day
    """First day of the new state."""
    what: Sentence
    """The change."""
    standing: str
    """Of what it rests on."""


class Route(Record):
    """What notices add for a buyer that they single out."""

    destination: str
    """ISO-3 code of the buyer's country."""
    end_user: EndUser
    measures: Rows[Measure]
    """Measures that name this buyer."""


Standing = Literal["controlled", "unsettled", "plain"]
"""Needs a licence or is banned; no notice settles the form; neither."""


class FormState(Record):
    """The legal state of a form of a metal on a route (`toolkit.controls.state.ControlState`)."""

    metal: MetalKey
    form: str
    """Traded form."""
    origin: str
    """ISO-3 code of the controlling country."""
    destination: OwnerCountry
    end_user: EndUser
    as_of: DayAsked
    headline: str
    """Summary of the law: licence, licence+ban_suspended, ..., not_listed; not_covered where the law is not in the ledger."""
    coverage: str
    """How far the export law of the origin is in the ledger: modelled, partial or pointer."""
    listed: bool
    """Whether a legal measure in force or suspended names the form on this route."""
    uncertain: bool
    """Whether the headline rests on a notice that does not settle this form."""
    unconfirmed: bool
    """Whether the headline rests on the end of a suspension after the last reviewed day: it counts as controlled."""
    doubt: Sentence
    """Which measures do, in words; empty where none does."""
    reviewed_to: ReviewedTo
    review: Sentence
    """The same in a sentence."""
    measures: Rows[Measure]
    """Measures of the controlling country on this form."""
    elsewhere: Rows[Measure]
    """Legal measures of other jurisdictions on the same form and route."""
    next_changes: Rows[Change]
    """Dated changes ahead."""
    note: Sentence
    """A remark on what is missing or open."""
    named_forms: Rows[str] | None
    """Forms of the metal that notices name, where `note` says no more of the law than that none names this one; else null."""


class ControlState(FormState, Named):
    """The legal state of a product for the owner's country."""

    routes: Rows[Route]
    """What is added for buyers that notices single out."""

    @property
    def counts(self) -> bool:
        """Whether a measure makes the form controlled."""
        return any(measure.counts for measure in self.measures)

    @property
    def standing(self) -> Standing:
        """How it stands on the day of the report."""
        return "unsettled" if self.uncertain else "controlled" if self.counts else "plain"


class Spell(Record):
    """A period of one status."""

    status: str
    """in_force or suspended."""
    since: Day
    """First day."""
    until: Day | None
    """Last day; null where no known date ends it."""
    unconfirmed: bool
    """Whether it began because a suspension ended after the last reviewed day: an extension is not known."""


class ClaimedPeriod(Record):
    """A period for which one side says that a suspension goes on."""

    since: Day
    """First day behind what the law knows."""
    until: Day | None
    """Last day of it."""
    authority: Authority
    event_id: str
    """Id of the claim in the ledger."""


class MeasureSpells(Record):
    """The periods of one official measure, past, present and dated ahead."""

    event_id: EventId
    instrument: str
    """ban, licence, exporter_whitelist."""
    number: Number
    destinations: Destinations
    end_user: str
    """all, civil, military or listed."""
    assets: Rows[str]
    """Keys of products that it names."""
    uncertain: Rows[str]
    """Those of them whose form it does not settle."""
    spells: Rows[Spell]
    """In order."""
    claims: Rows[ClaimedPeriod]
    """Claims about its suspension."""
    source_id: SourceId
    confidence: Confidence


class OwnerControls(Record):
    """Export controls as an owner meets them on a day, with what is told beside any subject of a report."""

    schema_version: SchemaVersion = 1
    kind: Any
    """What it is about: one word of each subject."""
    as_of: AsOf
    owner: Owner
    """For whom it is."""
    currency: Currency
    controls: Rows[ControlState]
    """State of every product for the owner's country."""
    timeline: Rows[MeasureSpells]
    """Periods of every official measure."""
    upcoming: Rows[Upcoming]
    """Dated events of the past and ahead."""
    ledger: Review
    """How far the control ledger is complete."""
    rates: Rows[Rate]
    """Exchange rates that were used."""
    data: DataBySource
    warnings: Warnings
    notes: NotesBeside
    remarks: Remarks
    own_events: OwnEvents = ()
    own_ledger: OwnLedger = None
    client: Client = None
    phrases: Phrases
