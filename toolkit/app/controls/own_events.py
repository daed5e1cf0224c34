"""The user's own control events over the ledger of the data package: read, checked with it, kept in records, noted."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date
from typing import Any

import polars as pl

from toolkit.controls.events import END_USERS, EUROPEAN_UNION, INSTRUMENTS, KINDS, RELATIONS, STANDINGS
from toolkit.controls.ledger import ControlLedger
from toolkit.controls.ledger_checks import mentioned
from toolkit.core.assets import Asset, Universe
from toolkit.core.errors import FrameError
from toolkit.core.messages import message, together
from toolkit.core.text import OWN_MARK
from toolkit.market.market import USER, Market, Snapshot, Source
from toolkit.market.readers.events import EventNames, OwnEvents, read_events


def merge_user_events(
    events: pl.DataFrame, scopes: pl.DataFrame, own_events: pl.DataFrame, own_scopes: pl.DataFrame
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """The tables `controls` and `control_scopes` with a user's rows in them; `ControlLedger.of` checks the result.

    An own event with a bundled id takes its place: that is how a date is overridden. The scopes of such an event stay unless
    own scopes for it are given. An own scope may name a group (``rare_earths``): it is spelled out into the members that the
    bundled scopes give for the group.

    Args:
        events: Table `controls`.
        scopes: Table `control_scopes`.
        own_events: Rows of the same columns as `events`; their `source` is set to ``user`` and their titles are marked.
        own_scopes: Rows of the same columns as `scopes`; their `source` is set to ``user``.
    """
    title = pl.when(pl.col("number") == "none").then(pl.col("authority")).otherwise(pl.coalesce("number", "authority"))
    mine = own_events.with_columns(source=pl.lit(USER), number=title + pl.lit(OWN_MARK)).select(events.columns)
    members = scopes.filter(pl.col("group").is_not_null()).select("group", member="asset").unique()
    spelled = (
        own_scopes.with_columns(source=pl.lit(USER))
        .join(members, left_on="asset", right_on="group", how="left", maintain_order="left_right")
        .with_columns(
            group=pl.when(pl.col("member").is_not_null()).then(pl.col("asset")).otherwise(pl.col("group")),
            asset=pl.coalesce("member", "asset"),
        )
        .select(scopes.columns)
    )
    kept = events.filter(~pl.col("event_id").is_in(mine["event_id"].implode()))
    named = spelled.select("asset", "form").rows()
    everything = [asset for asset, form in named if form == "any"]
    # That no notice names a form is no longer so where an own event does.
    denied = (pl.col("certainty") == "not_named") & (
        pl.col("asset").is_in(everything)
        | pl.concat_str("asset", pl.lit("/"), "form").is_in([f"{asset}/{form}" for asset, form in named])
    )
    kept_scopes = scopes.filter(~pl.col("event_id").is_in(spelled["event_id"].implode()) & ~denied)
    return pl.concat([kept, mine]), pl.concat([kept_scopes, spelled])


Events = str | OwnEvents | None
"""Own events as a verb is given them: a file, what was read of one, or none."""


def with_own_events(market: Market, until: date, events: Events) -> tuple[Market, OwnEvents | None]:
    """The market with the user's own events in its ledger, and what was read of them.

    Args:
        market: Of the data package.
        until: Day that no event may be known after.
        events: As given.

    Raises:
        DataError: for a file that cannot be used.
        FrameError: for own events that break a rule of the ledger, with their file and row.
    """
    if events is None:
        return market, None
    # Own events may act on notices that come later than the day asked about: all are checked together, then looked at as known.
    everything = market.until(date.max)
    products = products_of(everything)
    tables = everything["controls"], everything["control_scopes"]
    own = events
    if isinstance(own, str):
        names = event_names(ledger_of(everything, products), {*mentioned(tables[0]), *tables[1]["group"].drop_nulls()})
        own = read_events(own, bundled=tables[0], names=names, until=until)
    amended = merge_user_events(*tables, own.events, own.scopes)
    source = {USER: Source(USER, f"{own.name} (own events, not checked)", "your own")}
    market = market.replace("controls", amended[0], source).replace("control_scopes", amended[1])
    try:
        ledger_of(market.until(date.max), products)
    except FrameError as error:
        raise _in_own_file(error, own, amended) from error
    return market, own


def kept(own: OwnEvents | None, as_of: date) -> dict[str, Any]:
    """The keys of a record that keep own events: their ids, and all that a report needs of them."""
    return {} if own is None else {"own_events": list(visible_ids(own, as_of)), "own_ledger": own.to_json()}


def visible_ids(own: OwnEvents, as_of: date) -> tuple[str, ...]:
    """Ids of the own events that were known on `as_of`, sorted."""
    return tuple(sorted(own.events.filter(pl.col("known_from") <= as_of)["event_id"]))


def notes_of(own: OwnEvents | None, as_of: date) -> tuple[str, ...]:
    """Notes on own events."""
    if own is None:
        return ()
    visible = visible_ids(own, as_of)
    later = sorted({*own.events["event_id"]} - {*visible})
    notes = []
    if visible:
        notes.append(
            message("Own events of {file} over the bundled ledger, not checked: {events}.", file=own.name, events=list(visible))
        )
    if later:
        notes.append(
            message("Own events that were not known on {day:%Y-%m-%d} do not count: {events}.", day=as_of, events=later)
        )
    return (*notes, *own.notes)


def event_names(ledger: ControlLedger, named: Collection[str]) -> EventNames:
    """The names of own events by the ledger's own rules; `named` are the groups by name, and what a notice mentions."""

    def metal(text: str) -> str:
        key = text.strip().casefold().replace(" ", "_").replace("-", "_")
        return key if key in named else ledger.metal(text)

    words = {"kind": KINDS, "instrument": INSTRUMENTS, "standing": STANDINGS, "relation": RELATIONS}
    return EventNames({**words, "end_user": ("all", *END_USERS)}, (EUROPEAN_UNION,), metal, ledger.form)


def products_of(snapshot: Snapshot) -> Universe:
    """The products of a market; their forms are the traded forms."""
    return Universe(tuple(Asset.from_row(row) for row in snapshot["products"].iter_rows(named=True)))


def ledger_of(everything: Snapshot, products: Universe) -> ControlLedger:
    """The ledger of a market, with all that its notices act on."""
    tables = (everything[name] for name in ("controls", "control_scopes", "control_items", "dual_use_list"))
    forms, reviewed_to = [asset.form for asset in products if asset.form], everything.complete_to("controls")
    return ControlLedger.of(*tables, assets=products.keys, forms=forms, reviewed_to=reviewed_to)


def _in_own_file(error: FrameError, own: OwnEvents, tables: tuple[pl.DataFrame, pl.DataFrame]) -> FrameError:
    """The error with the file and row that the user can mend, where an own event is among the faulty rows."""
    table = tables[1] if error.details.get("file") == "control_scopes.csv" else tables[0]
    faulty = [table["event_id"][row - 2] for row in error.details.get("rows", ())]
    mine = [event_id for event_id in faulty if event_id in own.rows]
    what = error.message.partition("): ")[2]
    if not mine:
        alone = message("The bundled ledger holds alone: look at the events of {name:s} that act on it.", name=own.name)
        hint = together(alone, error.hint)
        return FrameError(error.message, hint=hint, details={**error.details, "own_events": own.name})
    rows = [own.rows[event_id] for event_id in dict.fromkeys(mine)]
    details = {**error.details, "file": own.name, "rows": rows}
    return FrameError(
        "{name:s}, row {rows} ({mine}): {what}",
        hint=error.hint,
        details=details,
        name=own.name,
        rows=rows[0],
        mine=mine[0],
        what=what,
    )
