"""To whom each kind of lot may be passed on."""

from toolkit.records.base import Day, Named, Record, Rows
from toolkit.records.fields import Confidence, DataUsed, EndUser, EventId, InstrumentKind, Number, SourceId


class Buyer(Record):
    """A buyer that a notice singles out."""

    destination: str
    """ISO-3 code of its country."""
    end_user: EndUser


class ResaleMeasure(Record):
    """A measure behind an answer."""

    event_id: EventId
    instrument: InstrumentKind
    number: Number
    authority: str
    """Who issued it."""
    status: str
    """in_force, suspended, ..."""
    since: Day | None
    """First day on which it operated."""
    until: Day | None
    """Last day of the present status."""
    standing: str
    """official, reported, ..."""
    confidence: Confidence
    source_id: SourceId


class ResaleAnswer(Record):
    """Whether a kind of lot may be passed on to a buyer."""

    answer: str
    """yes, not_covered, permit, licence, suspended, unsettled or no."""
    not_in_ledger: Rows[str]
    """ISO-3 codes of countries, or EU, whose export law is not modelled in the ledger."""
    licence_to_leave: bool
    """Whether it needs a licence to leave where it lies."""
    export_bans: Rows[str]
    """Ids of bans on its export."""
    certain: bool
    """Whether every measure names this form."""
    measures: Rows[ResaleMeasure]
    """Behind the answer."""


class LotGroup(Named):
    """Lots that the law does not tell apart."""

    form: str
    """Form that they are held in."""
    traded: bool
    """Whether it is the traded form."""
    origin: str
    """ISO-3 code, or unknown."""
    at_origin: bool
    """Whether they lie in the controlling country, or may."""
    supposed: bool
    """Whether their law rests on an origin that was assumed."""
    lots: int
    """How many."""
    value: float | None
    """Of those with a price, in the reporting currency; null where none has one."""
    answers: Rows[ResaleAnswer]
    """One a buyer, in the order of `buyers`."""


class Resale(Record):
    """Resale of what is held."""

    buyers: Rows[Buyer]
    """That notices single out today."""
    groups: Rows[LotGroup]
    """The largest first."""
    data: DataUsed
