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
    """free, restricted, not settled, ..."""
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
    value: float
    """Of those with a price, in the reporting currency."""
    answers: Rows[ResaleAnswer]
    """One a buyer, in the order of `buyers`."""


class Resale(Record):
    """Resale of what is held."""

    buyers: Rows[Buyer]
    """That notices single out."""
    groups: Rows[LotGroup]
    """The largest first."""
    data: DataUsed


class ChangedLots(Named):
    """Lots of one form and origin for which the answer to a buyer changes."""

    form: str
    """Form that they are held in."""
    origin: str
    """ISO-3 code, or unknown."""
    value: float | None
    """Of those with a price, in the reporting currency; null where none has one."""
    today: str
    """Answer on the day of the report: yes, not_covered, permit, licence, suspended, unsettled or no."""
    after: str
    """Answer on the day after the date."""
    numbers: Rows[str]
    """Numbers of the measures behind the later answer."""


class AnswerValue(Record):
    """Lots with the same answer to a buyer."""

    answer: str
    """yes, not_covered, permit, licence, suspended, unsettled or no."""
    value: float
    """Of those with a price, in the reporting currency."""


class BuyerChange(Buyer):
    """A buyer for whom an answer changes; values in the reporting currency."""

    today: Rows[AnswerValue]
    """Value of all lots by answer on the day of the report."""
    after: Rows[AnswerValue]
    """Value of all lots by answer on the day after the date."""
    closed: float
    """Value that may be sold to it today and not on the day after."""
    lots: Rows[ChangedLots]
    """Those whose answer changes, the largest value first."""


class DayAfter(Record):
    """The law of the next official date as it is known on the day of the report."""

    date: Day
    """Next official date."""
    after: Day
    """Day after it."""
    buyers: Rows[BuyerChange]
    """Those for whom an answer changes, the largest closed value first; none where the date changes nothing for these lots."""
    data: DataUsed
