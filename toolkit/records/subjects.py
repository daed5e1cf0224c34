"""What a report may be about: a run, a run without an answer, what one holds, a backtest, or the market alone."""

from collections.abc import Mapping
from typing import Any, Literal

from toolkit.records.answers.backtest import Backtest
from toolkit.records.base import Day, Phrase, Record, Rows, Sentence
from toolkit.records.conflict import Conflict
from toolkit.records.controls import ControlState, MeasureSpells, OwnerControls, Upcoming
from toolkit.records.exposure import Exposure
from toolkit.records.run import Run
from toolkit.records.sources import Owner, Provenance, Rate, Remark, Review


class Market(OwnerControls):
    """The market alone: controls, dates and data, for nobody's holdings."""

    kind: Literal["market"] = "market"
    """What it is about."""
    metal: str | None = None
    """Key of the one metal that it is about; null for all."""
    data: Rows[Provenance]
    """Rows that were used, by table and source."""
    warnings: Rows[Sentence] = ()
    """Texts of the remarks that weaken the answer."""
    notes: Rows[Sentence] = ()
    """Texts of the others."""
    remarks: Rows[Remark] = ()
    """Both, with what is known of them."""
    own_events: Rows[str] = ()
    """Ids of the user's own control events that were known."""
    own_ledger: Mapping[str, Any] | None = None
    """The user's own control events."""
    client: str | None = None
    """Name of the client that it was made for."""
    phrases: Mapping[str, Phrase]
    """Sentences by their English words, with templates and values for other languages."""


class Holdings(Record):
    """What one holds."""

    schema_version: int = 1
    """Of this object."""
    kind: Literal["exposure"] = "exposure"
    """What it is about."""
    subject: str
    """Name of the holdings file."""
    as_of: Day
    """Day asked about: nothing known later counts."""
    owner: Owner
    """For whom it is."""
    currency: str
    """Reporting currency."""
    controls: Rows[ControlState]
    """State of every form that is held, then of the products of other metals, for the owner's country."""
    timeline: Rows[MeasureSpells]
    """Periods of every official measure."""
    upcoming: Rows[Upcoming]
    """Dated events of the past and ahead."""
    ledger: Review
    """How far the control ledger is complete."""
    rates: Rows[Rate]
    """Exchange rates that were used."""
    weights: Mapping[str, float]
    """Fraction of value by metal."""
    exposure: Exposure
    """Lot by lot."""
    data: Rows[Provenance]
    """Rows that were used, by table and source."""
    warnings: Rows[Sentence]
    """Texts of the remarks that weaken the answer."""
    notes: Rows[Sentence]
    """Texts of the others."""
    remarks: Rows[Remark]
    """Both, with what is known of them."""
    own_events: Rows[str] = ()
    """Ids of the user's own control events that were known."""
    own_ledger: Mapping[str, Any] | None = None
    """The user's own control events."""
    client: str | None = None
    """Name of the client that it was made for."""
    phrases: Mapping[str, Phrase]
    """Sentences by their English words, with templates and values for other languages."""


class BacktestSubject(OwnerControls):
    """What strategies would have done."""

    kind: Literal["backtest"] = "backtest"
    """What it is about."""
    backtest: Backtest
    """The object of `toolkit backtest --json`; its first strategy is the one that sections on one strategy are about."""
    data: Rows[Provenance]
    """Rows that were used, by table and source."""
    warnings: Rows[Sentence]
    """Texts of the remarks that weaken the answer."""
    notes: Rows[Sentence]
    """Texts of the others."""
    remarks: Rows[Remark]
    """Both, with what is known of them."""
    own_events: Rows[str] = ()
    """Ids of the user's own control events that were known."""
    own_ledger: Mapping[str, Any] | None = None
    """The user's own control events."""
    client: str | None = None
    """Name of the client that it was made for."""
    phrases: Mapping[str, Phrase]
    """Sentences by their English words, with templates and values for other languages."""


Subject = Run | Conflict | Holdings | BacktestSubject | Market
RUN, CONFLICT, HOLDINGS, BACKTEST, MARKET = "run", "conflict", "exposure", "backtest", "market"
"""Kinds of subjects."""
