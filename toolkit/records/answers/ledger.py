"""The control ledger itself: `toolkit ledger review --json` and `toolkit ledger add --json`."""

from collections.abc import Mapping

from toolkit.controls.ledger_review import EndedSuspension, OpenClaim, StatusChange, Unchecked
from toolkit.records.base import Day, Record, Rows, Sentence
from toolkit.records.fields import (
    DayAsked,
    EndUser,
    EventId,
    MetalKey,
    Name,
    OwnEvents,
    ReviewedTo,
    SchemaVersion,
)


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
