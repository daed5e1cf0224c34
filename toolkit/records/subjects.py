"""What a report may be about: a run, a run without an answer, what one holds, a backtest, or the market alone."""

from collections.abc import Mapping
from typing import Literal

from toolkit.records.backtest import Backtest
from toolkit.records.conflict import Conflict
from toolkit.records.controls import OwnerControls
from toolkit.records.exposure import Exposure
from toolkit.records.run import Run


class Market(OwnerControls):
    """The market alone: controls, dates and data, for nobody's holdings."""

    kind: Literal["market"] = "market"
    """What it is about."""
    metal: str | None = None
    """Key of the one metal that it is about; null for all."""


class Holdings(OwnerControls):
    """What one holds; its controls are those of every form that is held, then of the products of other metals."""

    kind: Literal["exposure"] = "exposure"
    """What it is about."""
    subject: str
    """Name of the holdings file."""
    weights: Mapping[str, float]
    """Fraction of value by metal."""
    exposure: Exposure
    """Lot by lot."""


class BacktestSubject(OwnerControls):
    """What strategies would have done."""

    kind: Literal["backtest"] = "backtest"
    """What it is about."""
    backtest: Backtest
    """The object of `toolkit backtest --json`; its first strategy is the one that sections on one strategy are about."""


Subject = Run | Conflict | Holdings | BacktestSubject | Market
RUN, CONFLICT, HOLDINGS, BACKTEST, MARKET = "run", "conflict", "exposure", "backtest", "market"
"""Kinds of subjects."""
