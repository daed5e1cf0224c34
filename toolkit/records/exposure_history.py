"""Export controls on what is held over time, each day as known on it."""

from dataclasses import dataclass
from typing import Literal

from toolkit.holdings.exposure_history import Change, Exposure
from toolkit.records.base import Day, Named, Record, Rows
from toolkit.records.fields import DataUsed, OwnerCountry


@dataclass(frozen=True, slots=True)
class MeasureChange(Change):
    """A measure whose status changed for some of what is held.

    Attributes:
        stoppable, outside: Of the exposure after it.
    """

    stoppable: float | None
    outside: float


class ControlledPeriod(Record):
    """Days on which a form stood one way."""

    status: Literal["controlled", "suspended"]
    """Whether a licence or ban counted, or all that would were suspended."""
    since: Day
    """First day."""
    until: Day | None
    """Last day; null where it goes on."""
    numbers: Rows[str]
    """Measures, by which they are cited."""


class MetalHistory(Named):
    """A metal that is held, or was, and its controlled periods."""

    form: str
    """Form in which it is traded."""
    periods: Rows[ControlledPeriod]
    """Oldest first."""


class ControlHistory(Record):
    """Export controls on what is held over time."""

    subject: Literal["lots", "backtest"]
    """Whether today's lots stand on every past day, or what a strategy held on it."""
    destination: OwnerCountry
    points: Rows[Exposure]
    """Oldest first: of lots one a change, of a backtest one a date."""
    changes: Rows[MeasureChange]
    """Oldest first."""
    metals: Rows[MetalHistory]
    """Of a backtest, those that it held, the largest on average first; none of lots, whose forms differ."""
    unjudged: Rows[str]
    """Keys of what is held and the ledger knows nothing of: it counts as under no control."""
    data: DataUsed
