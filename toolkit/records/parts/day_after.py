"""What the next official date changes for lots: whom they may be sold to the day before and the day after."""

from toolkit.records.base import Day, Named, Record, Rows
from toolkit.records.sources import Provenance


class ChangedLots(Named):
    """Lots of one form and origin for which the answer to a buyer changes."""

    form: str
    """Form that they are held in."""
    origin: str
    """ISO-3 code, or unknown."""
    value: float | None
    """Of those with a price, in the reporting currency; null where none has one."""
    today: str
    """Answer on the day of the report: yes, permit, licence, suspended, unsettled or no."""
    after: str
    """Answer on the day after the date."""
    numbers: Rows[str]
    """Numbers of the measures behind the later answer."""


class AnswerValue(Record):
    """Lots with the same answer to a buyer."""

    answer: str
    """yes, permit, licence, suspended, unsettled or no."""
    value: float
    """Of those with a price, in the reporting currency."""


class BuyerChange(Record):
    """A buyer for whom an answer changes; values in the reporting currency."""

    destination: str
    """ISO-3 code of its country."""
    end_user: str
    """civil, military or listed."""
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
    data: Rows[Provenance]
    """Rows that were used."""
