"""The control ledger itself: `toolkit ledger review --json` and `toolkit ledger add --json`."""

from collections.abc import Mapping

from pydantic import Field

from toolkit.records.base import Day, Record, Rows, Sentence
from toolkit.records.fields import (
    Authority,
    Confidence,
    DayAsked,
    EndUser,
    EventId,
    InstrumentKind,
    MetalKey,
    Name,
    NoticeTitle,
    OwnEvents,
    ReviewedTo,
    SchemaVersion,
)


class StatusChange(Record):
    """A status that changed by the dates of acts already known."""

    day: Day
    """First day of the status `now`."""
    event_id: EventId
    title: NoticeTitle
    instrument: InstrumentKind
    was: str
    """Status on the day before."""
    now: str
    """Status from that day on."""


class EndedSuspension(Record):
    """A suspension that has ended by its text."""

    last_day: Day
    """Of the suspension."""
    event_id: EventId
    title: NoticeTitle
    acts_on: Rows[str]
    """Titles of what it suspends."""
    what: Sentence
    """What its end means for them."""


class EventTitle(Record):
    """An event of the ledger."""

    event_id: EventId
    title: Name


class OpenClaim(Record):
    """A statement, with no act seen, that a suspension goes on."""

    event_id: EventId
    title: NoticeTitle
    authority: Authority
    standing: str
    """agreed or claimed."""
    relation: str
    """What it does to the suspension."""
    acts_on: Rows[str]
    """Titles of what it acts on."""
    until: Day | None
    """Last day of it."""


class Unchecked(Record):
    """An event whose text was not checked, or in part only, or that rests on one source."""

    event_id: EventId
    title: NoticeTitle
    kind: str
    """control, practice, policy, ..."""
    instrument: InstrumentKind
    metals: Rows[str]
    """Keys of metals and groups that it names."""
    confidence: Confidence


class Evidence(Record):
    """The file that shows an event of the user's own."""

    event_id: EventId
    evidence: str
    """Path of the file."""
    sha256: str
    """Its checksum, as the event gives it."""
    state: str
    """unchanged, changed or not found."""


class CatalogueRow(Record):
    """A row of the licence catalogue."""

    row: int
    """Its number in the file."""
    code: str | None
    """Tariff code."""
    name: str
    """Of the item."""


class ItemCheck(Record):
    """An item of the ledger beside the licence catalogue (`toolkit.controls.licence_catalogue.ItemCheck`)."""

    item: str
    """Its words in English."""
    item_cn: str | None
    """Its words in Chinese."""
    notice: str
    """Number of its notice."""
    metals: Rows[str]
    """Keys of metals that it names."""
    status: str
    """Of its notice on the day."""
    status_in_january: str
    """On 1 January of that year, when the catalogue takes effect."""
    agreeing: Rows[str]
    """Codes that the catalogue has."""
    in_part: Rows[str]
    """Codes that it has in the first eight digits alone."""
    lacked: Rows[str]
    """Codes that it has not."""
    rows: Rows[CatalogueRow]
    """Rows that may be meant by a lacked code."""
    similar: Rows[CatalogueRow]
    """Of an item without a code, rows that name one of its metals."""
    may_be_left_out: bool
    """Whether its notice was not in force on both days: nothing is contradicted."""


class MissingCode(Record):
    """A code of the catalogue, for a metal of the ledger, that no item of the ledger has for it."""

    row: int
    """Its number in the file."""
    code: str
    """Tariff code."""
    name: str
    """Of the item."""
    metals: Rows[str]
    """Keys of metals of the ledger that it names."""
    named_in: str
    """Where they were found: name or description."""
    listed_for: Rows[str] = Field(alias="items")
    """Items of the ledger that have the code, for other metals."""


class UnreadRow(Record):
    """A row of which something could not be read."""

    row: int
    """Its number in the file."""
    what: str
    """What could not be read."""
    value: str
    """The cell."""
    hint: str
    """How to mend it."""


class CodeCounts(Record):
    """How many codes of the ledger there are; a code counts once an item."""

    codes: int
    """All."""
    agreeing: int
    """That the catalogue has."""
    in_part: int
    """That it has in eight digits alone."""
    lacked: int
    """That it has not."""


class CatalogueCheck(Record):
    """The licence catalogue of a file beside the items of the ledger."""

    file: Name
    encoding: str
    """Of its text."""
    items_read: int
    """How many items it has."""
    counts: CodeCounts
    """Codes of the ledger."""
    checked: Rows[ItemCheck] = Field(alias="items")
    """Items of the ledger."""
    missing_in_ledger: Rows[MissingCode]
    """Codes that the ledger lacks."""
    unread: Rows[UnreadRow]
    """Rows of which something could not be read."""
    not_judged: Rows[Sentence]
    """What the comparison leaves out."""
    notes: Rows[Sentence]
    """What of a workbook is read and what is not."""


class LedgerReview(Record, schema="ledger-review"):
    """What has to be checked before the ledger is relied on: `toolkit ledger review`."""

    as_of: DayAsked
    reviewed_to: ReviewedTo
    passed: Rows[StatusChange]
    """Changes of status after that day, in order of days."""
    ended: Rows[EndedSuspension]
    """Suspensions that have ended since, or whose end a claim disputes."""
    unsettled: Rows[EventTitle]
    """Measures that are neither plainly in force nor suspended."""
    claims: Rows[OpenClaim]
    """Extensions that were stated and are still said to run."""
    unchecked: Rows[Unchecked]
    """Rows that were not checked against their text, or only in part."""
    days_since: int | None
    """Days since the last reviewed day."""
    review: Sentence
    """What that means for today."""
    own_events: OwnEvents
    evidence: Rows[Evidence]
    """Files behind them."""
    catalogue: CatalogueCheck | None = None
    """The licence catalogue, where a file of it is given."""


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
