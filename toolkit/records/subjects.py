"""What a report may be about: a run, a run without an answer, what one holds, a backtest, or the market alone."""

from collections.abc import Mapping
from typing import Literal

from toolkit.records.answers.backtest import Backtest
from toolkit.records.base import Record, Rows
from toolkit.records.conflict import Conflict
from toolkit.records.controls import ControlState, MeasureSpells, OwnerControls, Upcoming
from toolkit.records.exposure import Exposure
from toolkit.records.fields import (
    AsOf,
    Client,
    Currency,
    DataBySource,
    NotesBeside,
    OwnEvents,
    OwnLedger,
    Phrases,
    Remarks,
    SchemaVersion,
    Warnings,
)
from toolkit.records.run import Run
from toolkit.records.sources import Owner, Rate, Review


class Market(OwnerControls):
    """The market alone: controls, dates and data, for nobody's holdings."""

    kind: Literal["market"] = "market"
    """What it is about."""
    metal: str | None = None
    """Key of the one metal that it is about; null for all."""
    data: DataBySource
    warnings: Warnings = ()
    notes: NotesBeside = ()
    remarks: Remarks = ()
    own_events: OwnEvents = ()
    own_ledger: OwnLedger = None
    client: Client = None
    phrases: Phrases


class Holdings(Record):
    """What one holds."""

    schema_version: SchemaVersion = 1
    kind: Literal["exposure"] = "exposure"
    """What it is about."""
    subject: str
    """Name of the holdings file."""
    as_of: AsOf
    owner: Owner
    """For whom it is."""
    currency: Currency
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
    data: DataBySource
    warnings: Warnings
    notes: NotesBeside
    remarks: Remarks
    own_events: OwnEvents = ()
    own_ledger: OwnLedger = None
    client: Client = None
    phrases: Phrases


class BacktestSubject(OwnerControls):
    """What strategies would have done."""

    kind: Literal["backtest"] = "backtest"
    """What it is about."""
    backtest: Backtest
    """The object of `toolkit backtest --json`; its first strategy is the one that sections on one strategy are about."""
    data: DataBySource
    warnings: Warnings
    notes: NotesBeside
    remarks: Remarks
    own_events: OwnEvents = ()
    own_ledger: OwnLedger = None
    client: Client = None
    phrases: Phrases


Subject = Run | Conflict | Holdings | BacktestSubject | Market
RUN, CONFLICT, HOLDINGS, BACKTEST, MARKET = "run", "conflict", "exposure", "backtest", "market"
"""Kinds of subjects."""
