"""The control ledger that a question is put to: the data package in force, with the user's own events over it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from types import MappingProxyType
from typing import Any

import polars as pl

from toolkit.app.config import Settings
from toolkit.app.market import load
from toolkit.core.assets import Asset, Universe
from toolkit.core.errors import FrameError
from toolkit.core.market import USER, Market, Snapshot, Source
from toolkit.core.said import said
from toolkit.data.files.events import OwnEvents, read_events
from toolkit.supply.amend import amend
from toolkit.supply.controls import ControlLedger
from toolkit.supply.events import END_USERS, EUROPEAN_UNION, INSTRUMENTS, KINDS, RELATIONS, STANDINGS
from toolkit.supply.ledger_checks import mentioned

Events = str | OwnEvents | None
"""Own events as a verb is given them: a file, what was read of one, or none."""


@dataclass(frozen=True, slots=True)
class LedgerInputs:
    """A ledger as known at a date, and the names that questions use.

    Attributes:
        snapshot: The market as known at that date, with the user's events in its ledger.
        products: What can be held; its forms are the traded forms.
        symbols: Element symbol, in small letters, -> asset key.
        own: Ids of the user's own events that are in the ledger, sorted.
        events: The user's own events, None without any.
        notes: What a reader must know of them.
    """

    snapshot: Snapshot
    ledger: ControlLedger
    products: Universe
    symbols: Mapping[str, str]
    own: tuple[str, ...]
    events: OwnEvents | None = None
    notes: tuple[str, ...] = ()

    def metal(self, name: str) -> str:
        """The asset key of a metal named by key or by its element symbol; `DataError` with the nearest names otherwise."""
        return self.ledger.metal(self.symbols.get(name.strip().casefold(), name))


def load_ledger(settings: Settings, as_of: date, events: Events = None) -> LedgerInputs:
    """The ledger as known on `as_of`.

    Args:
        settings: Which data package.
        as_of: Nothing published later is in it.
        events: The user's own events, None for none.

    Raises:
        DataError: for a file that cannot be used.
        FrameError: for own events that break a rule of the ledger, with their file and row.
    """
    market, own = with_own_events(load(settings).market, as_of, events)
    snapshot, everything = market.until(as_of), market.until(date.max)
    products = _products(snapshot)
    ledger = _ledger(everything, products).known(as_of)
    metals = snapshot["metals"].select("symbol", "asset")
    elements = {asset.element.casefold(): asset.key for asset in products if asset.element}
    symbols = {symbol.casefold(): asset for symbol, asset in metals.iter_rows() if asset in ledger.assets} | elements
    visible = () if own is None else visible_ids(own, as_of)
    return LedgerInputs(snapshot, ledger, products, MappingProxyType(symbols), visible, own, notes_of(own, as_of))


def with_own_events(market: Market, as_of: date, events: Events) -> tuple[Market, OwnEvents | None]:
    """The market with the user's own events in its ledger, and what was read of them.

    Raises:
        DataError: for a file that cannot be used.
        FrameError: for own events that break a rule of the ledger, with their file and row.
    """
    if events is None:
        return market, None
    # Own events may act on notices that come later than `as_of`: all are checked together, then looked at as known.
    everything = market.until(date.max)
    products = _products(everything)
    tables = everything["controls"], everything["control_scopes"]
    own = events
    if isinstance(own, str):
        names = EventNames(_ledger(everything, products), frozenset({*mentioned(tables[0]), *tables[1]["group"].drop_nulls()}))
        own = read_events(own, bundled=tables[0], names=names, until=max(as_of, date.today()))
    amended = amend(*tables, own.events, own.scopes)
    source = {USER: Source(USER, f"{own.name} (own events, not checked)", "your own")}
    market = market.replace("controls", amended[0], source).replace("control_scopes", amended[1])
    try:
        _ledger(market.until(date.max), products)
    except FrameError as error:
        raise _in_own_file(error, own, amended) from error
    return market, own


def read_own_events(settings: Settings, as_of: date, events: Events) -> OwnEvents | None:
    """What is read of a file of own events, held against the ledger; of what was read already, itself.

    Raises:
        DataError, FrameError: as `with_own_events`.
    """
    return with_own_events(load(settings).market, as_of, events)[1] if isinstance(events, str) else events


def kept(own: OwnEvents | None, as_of: date) -> dict[str, Any]:
    """The keys of a record that keep own events: their ids, and all that a report needs of them."""
    return {} if own is None else {"own_events": list(visible_ids(own, as_of)), "own_ledger": own.to_json()}


def kept_in(record: Mapping[str, Any]) -> OwnEvents | None:
    """The own events that a record keeps."""
    return OwnEvents.from_json(record["own_ledger"]) if "own_ledger" in record else None


def visible_ids(own: OwnEvents, as_of: date) -> tuple[str, ...]:
    """Ids of the own events that were known on `as_of`, sorted."""
    return tuple(sorted(own.events.filter(pl.col("known_from") <= as_of)["event_id"]))


def notes_of(own: OwnEvents | None, as_of: date) -> tuple[str, ...]:
    """What a reader must know of own events."""
    if own is None:
        return ()
    visible = visible_ids(own, as_of)
    later = sorted({*own.events["event_id"]} - {*visible})
    notes = []
    if visible:
        notes.append(
            said("Own events of {file} over the bundled ledger, not checked: {events}.", file=own.name, events=list(visible))
        )
    if later:
        notes.append(said("Own events that were not known on {day:%Y-%m-%d} do not count: {events}.", day=as_of, events=later))
    return (*notes, *own.notes)


@dataclass(frozen=True, slots=True)
class EventNames:
    """The names of own events by the ledger's own rules."""

    ledger: ControlLedger
    mentioned: frozenset[str]
    words = MappingProxyType(
        {
            "kind": KINDS,
            "instrument": INSTRUMENTS,
            "standing": STANDINGS,
            "relation": RELATIONS,
            "end_user": ("all", *END_USERS),
        }
    )
    blocs = (EUROPEAN_UNION,)

    def metal(self, text: str) -> str:
        """A group by its name, what a notice mentions, or a metal that can be asked about."""
        key = text.strip().casefold().replace(" ", "_").replace("-", "_")
        return key if key in self.mentioned else self.ledger.metal(text)

    def form(self, metal: str, text: str) -> str:
        """As in every question."""
        return self.ledger.form(metal, text)


def _products(snapshot: Snapshot) -> Universe:
    return Universe(tuple(Asset.from_row(row) for row in snapshot["products"].iter_rows(named=True)))


def _ledger(everything: Snapshot, products: Universe) -> ControlLedger:
    forms = [asset.form for asset in products if asset.form]
    return ControlLedger.of(
        everything["controls"],
        everything["control_scopes"],
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
