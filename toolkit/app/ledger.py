"""The control ledger that a question is put to: the data package in force, with the user's own events over it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from types import MappingProxyType

import polars as pl

from toolkit.app.config import Settings
from toolkit.app.market import load
from toolkit.core.assets import Asset, Universe
from toolkit.core.errors import FrameError
from toolkit.core.market import Snapshot
from toolkit.data.files.events import OwnEvents, read_events
from toolkit.supply.amend import amend
from toolkit.supply.controls import ControlLedger
from toolkit.supply.ledger_checks import mentioned


@dataclass(frozen=True, slots=True)
class LedgerInputs:
    """A ledger as known at a date, and the names that questions use.

    Attributes:
        snapshot: The market as known at that date, without the user's events.
        products: What can be held; its forms are the traded forms.
        symbols: Element symbol, in small letters, -> asset key.
        own: Ids of the user's own events that are in the ledger, sorted.
    """

    snapshot: Snapshot
    ledger: ControlLedger
    products: Universe
    symbols: Mapping[str, str]
    own: tuple[str, ...]

    def metal(self, name: str) -> str:
        """The asset key of a metal named by key or by its element symbol; `DataError` with the nearest names otherwise."""
        return self.ledger.metal(self.symbols.get(name.strip().casefold(), name))


def load_ledger(settings: Settings, as_of: date, events: str | None = None) -> LedgerInputs:
    """The ledger as known on `as_of`.

    Args:
        settings: Which data package.
        as_of: Nothing published later is in it.
        events: File with the user's own events, None for none.

    Raises:
        DataError: for a file that cannot be used.
        FrameError: for own events that break a rule of the ledger, with their file and row.
    """
    market = load(settings).market
    snapshot = market.until(as_of)
    # Own events may act on notices that come later than `as_of`: all are checked together, then looked at as known.
    everything = market.until(date.max)
    tables = everything["controls"], everything["control_scopes"]
    products = Universe(tuple(Asset.from_row(row) for row in snapshot["products"].iter_rows(named=True)))
    own: OwnEvents | None = None
    if events is not None:
        bundled = _ledger(*tables, everything, products)
        own = read_events(
            events,
            bundled=tables[0],
            metals={*bundled.assets, *mentioned(tables[0]), *tables[1]["group"].drop_nulls()},
            forms=bundled.forms,
        )
        tables = amend(*tables, own.events, own.scopes)
    try:
        ledger = _ledger(*tables, everything, products).known(as_of)
    except FrameError as error:
        raise error if own is None else _in_own_file(error, own, tables) from error
    metals = snapshot["metals"].select("symbol", "asset")
    elements = {asset.element.casefold(): asset.key for asset in products if asset.element}
    symbols = {symbol.casefold(): asset for symbol, asset in metals.iter_rows() if asset in ledger.assets} | elements
    visible = () if own is None else tuple(sorted(event.event_id for event in ledger.events if event.event_id in own.rows))
    return LedgerInputs(snapshot, ledger, products, MappingProxyType(symbols), visible)


def _ledger(events: pl.DataFrame, scopes: pl.DataFrame, everything: Snapshot, products: Universe) -> ControlLedger:
    forms = [asset.form for asset in products if asset.form]
    return ControlLedger.of(
        events,
        scopes,
        everything["control_items"],
        assets=products.keys,
        forms=forms,
        reviewed_to=everything.complete_to("controls"),
    )


def _in_own_file(error: FrameError, own: OwnEvents, tables: tuple[pl.DataFrame, pl.DataFrame]) -> FrameError:
    """The error with the file and row that the user can mend, where an own event is among the faulty rows."""
    table = tables[1] if error.details.get("file") == "control_scopes.csv" else tables[0]
    faulty = [table["event_id"][row - 2] for row in error.details.get("rows", ())]
    mine = [event_id for event_id in faulty if event_id in own.rows]
    what = error.message.partition("): ")[2]
    if not mine:
        hint = f"The bundled ledger holds alone: look at the events of {own.name} that act on it. {error.hint}"
        return FrameError(error.message, hint=hint, details={**error.details, "own_events": own.name})
    rows = [own.rows[event_id] for event_id in dict.fromkeys(mine)]
    details = {**error.details, "file": own.name, "rows": rows}
    return FrameError(f"{own.name}, row {rows[0]} ({mine[0]}): {what}", hint=error.hint, details=details)
