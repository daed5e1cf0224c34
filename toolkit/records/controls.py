"""Export controls: the state of a form, periods of a measure; `toolkit controls --json` and `toolkit ledger --json`."""

from collections.abc import Mapping
from typing import Any, Literal

from pydantic import Field

from toolkit.controls.ledger_review import EndedSuspension, OpenClaim, StatusChange, Unchecked
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
    KnownFrom,
    MetalKey,
    Name,
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


class ProductState(FormState, Named):
    """The legal state of the traded form of a product."""


class ControlState(ProductState):
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


class Form(FormState):
    """The state of one form of a metal."""

    traded: bool
    """Whether it is the form shown first."""


class ListedItem(Record):
    """An item of China's list of dual-use items, a row of the table `dual_use_list`, that no notice of the ledger names."""

    number: str
    """Number in the licence catalogue of 2026."""
    control_code: str
    """Its control code."""
    form: str
    """Form in the words of the list."""
    item: str
    """Its words in English, with every threshold."""
    thresholds: str | None
    """Thresholds, separated by semicolons."""
    hs_codes: str | None
    """Tariff codes, separated by semicolons."""
    confidence: str
    """partly: read from a compilation."""
    source: SourceId


class MetalControls(FormState, schema="controls"):
    """The state of a metal: `toolkit controls METAL`."""

    form_basis: str
    """Choice of the form: asked, traded, named (no product; a form that notices name) or metal (none of these)."""
    forms: Rows[Form]
    """Every form that a notice of the origin names, and the traded form; empty where one form was asked for."""
    listed_items: Rows[ListedItem]
    """What the list of dual-use items adds, read from a compilation; empty for other origins than China."""
    own_events: OwnEvents


class ProductControls(Record, schema="controls-products"):
    """The state of the traded form of every product: `toolkit controls`."""

    as_of: DayAsked
    origin: str
    """ISO-3 code of the controlling country."""
    destination: str
    """ISO-3 code of the buyer's country."""
    end_user: EndUser
    reviewed_to: ReviewedTo
    review: Sentence
    """What that means for the day asked about."""
    doubt: Sentence
    """Which measures are in force by the end of a suspension alone, in words; empty where none is."""
    note: Sentence
    """A remark on the route; empty where there is none."""
    products: Rows[ProductState]
    """In the order of the products."""
    own_events: OwnEvents


class ControlledItem(Record):
    """An item of a notice, a row of the table `control_items`."""

    event_id: str
    """Id of the notice in the ledger."""
    notice: str
    """Number of the notice."""
    item: str
    """Its words in English."""
    item_cn: str | None
    """Its words in Chinese."""
    metals: str
    """Keys, separated by semicolons."""
    control_code: str | None
    """Control code of the list of dual-use items."""
    hs_codes: str | None
    """Tariff codes, separated by semicolons."""
    announced: Day
    """Day of the notice."""
    effective: Day | None
    """First day in force."""
    citation: str
    """Of the notice."""
    source: SourceId
    known_from: KnownFrom
    status: str
    """in_force, suspended, ... on the day asked."""


class ControlledItems(Record, schema="controls-items"):
    """Items that a tariff code or words find: `toolkit controls --item`."""

    query: str
    """What was looked for."""
    as_of: DayAsked
    reviewed_to: ReviewedTo
    review: Sentence
    """What that means for the day asked about."""
    rows: Rows[ControlledItem] = Field(alias="items")
    """In the order of the notices."""


class EventTitle(Record):
    """An event of the ledger."""

    event_id: EventId
    title: Name


class Evidence(Record):
    """The file that shows an event of the user's own."""

    event_id: EventId
    evidence: str
    """Path of the file."""
    sha256: str
    """Its checksum, as the event gives it."""
    state: str
    """unchanged, changed or not found."""


class LawCoverage(Record):
    """How far an export law is in the ledger."""

    law: str
    """ISO-3 code of the country, or EU."""
    name: str | None
    """By which it is cited; null of a country of which only single acts are known."""
    coverage: str
    """modelled, partial or pointer."""
    acts: int
    """Number of its official acts on exports in the ledger."""
    metals: Rows[MetalKey]
    """Whose forms they name."""
    reason: Sentence
    """Why it is in the ledger as far as it is."""


class LedgerReview(Record, schema="ledger-review"):
    """What has to be checked before the ledger is relied on: `toolkit ledger review`."""

    as_of: DayAsked
    reviewed_to: ReviewedTo
    passed: Rows[StatusChange]
    """Changes of status after that day, in order of days."""
    ended: Rows[EndedSuspension]
    """Suspensions that have ended since, or whose end a claim disputes."""
    unconfirmed: Rows[EventTitle]
    """Measures in force because a suspension ended after that day."""
    claims: Rows[OpenClaim]
    """Extensions that were stated and are still said to run."""
    unchecked: Rows[Unchecked]
    """Rows that were not checked against their text, or only in part."""
    coverage: Rows[LawCoverage]
    """How far export laws are in the ledger; an answer that needs one that is not modelled says `not_covered`."""
    days_since: int | None
    """Days since the last reviewed day."""
    review: Sentence
    """What that means for today."""
    own_events: OwnEvents
    evidence: Rows[Evidence]
    """Files behind them."""


class StateChange(Record):
    """The state of a form without an event and with it."""

    metal: MetalKey
    form: str
    """As notices name it."""
    destination: str
    """ISO-3 code of the buyer's country."""
    end_user: EndUser
    day: Day
    """Day of the state."""
    was: str
    """Headline without it."""
    now: str
    """Headline with it."""
    measures: Rows[str]
    """Measures that differ."""


class AddedEvent(Record, schema="ledger-add"):
    """An event of the user's own and the states that it changes: `toolkit ledger add`."""

    schema_version: SchemaVersion
    as_of: DayAsked
    file: str
    """Where it stands."""
    event: Mapping[str, str]
    """Its cells as written."""
    written: bool
    """False where the file says the same already, or nothing was to be written."""
    is_there: bool
    """Whether the file says the same already."""
    changes: Rows[StateChange]
    """States that differ by it, on the day asked about and on the days that it names."""
    notes: Rows[Sentence]
    """On the events of the file."""
