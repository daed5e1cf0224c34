"""The control ledger in a run record: states of products, resale restrictions, and periods of measures."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date
from itertools import zip_longest
from typing import Unpack

from toolkit.controls.chronology import DAY, IN_FORCE, SUSPENDED
from toolkit.controls.events import CIVIL, CLAIMS, SUSPENDS, Event
from toolkit.controls.ledger import CHINA, ControlLedger
from toolkit.controls.state import Piece, piece_of
from toolkit.core.assets import Asset, Universe
from toolkit.core.trade_names import SYMBOLS
from toolkit.holdings.exposure import LotExposure
from toolkit.holdings.resale import SINGLED_OUT
from toolkit.records.controls import ClaimedPeriod, ControlState, MeasureSpells, Route, Spell

DRAWN = ("ban", "licence", "exporter_whitelist")
"""Instruments with a lane in the timeline; the others accompany these."""


def control_states(
    ledger: ControlLedger, products: Universe, as_of: date, destination: str, lots: Iterable[LotExposure] = ()
) -> tuple[ControlState, ...]:
    """The control state of every form that lots are held in, each state once, then of the products that no lot is of.

    Args:
        ledger: The control ledger.
        products: Products, which name the metals; those without a form have no state.
        as_of: Day of knowledge and of the state.
        destination: ISO-3 code of the owner's country.
        lots: Lots, in the order of the rows.
    """
    kinds = dict.fromkeys((lot.asset, lot.form, lot.purity, lot.size) for lot in lots)
    forms: list[tuple[str, str, Piece]] = [(metal, form, piece_of(pure, size)) for metal, form, pure, size in kinds]
    held = {metal for metal, *_ in forms}
    forms += [(one.key, one.form, piece_of(None, None)) for one in products if one.form is not None and one.key not in held]
    rows: list[ControlState] = []
    for metal, form, piece in forms:
        state = ledger.state(metal, form, on=as_of, destination=destination, **piece)
        symbol = next((symbol for symbol, key in SYMBOLS.items() if key == metal), None)
        asset = products[metal] if metal in products else Asset(metal, metal, element=symbol)
        routes = _routes(ledger, metal, form, as_of, **piece)
        row = ControlState.from_objects(state, asset, asset=metal, routes=routes)
        rows += [] if row in rows else [row]
    return tuple(rows)


def _routes(ledger: ControlLedger, metal: str, form: str, as_of: date, **piece: Unpack[Piece]) -> tuple[Route, ...]:
    """The measures that name a buyer singled out, whoever the owner is: they are the same in every report of a day."""
    rows = []
    for destination, end_user in SINGLED_OUT:
        state = ledger.state(metal, form, on=as_of, destination=destination, end_user=end_user, **piece)
        named = [m for m in state.measures if m.is_law and not m.conditional and "all" not in m.destinations]
        measures = tuple(m for m in named if m.end_user == ("all" if end_user == CIVIL else end_user))
        rows.append(Route(destination=destination, end_user=end_user, measures=measures))
    return tuple(rows)


def timeline(ledger: ControlLedger, forms: Iterable[tuple[str, str | None]], as_of: date) -> tuple[MeasureSpells, ...]:
    """The periods of every official measure on a form that the ledger knows by `as_of`: past, present and dated ahead.

    A period that no known date ends has no `until`. `claims` are days for which one side says that a suspension goes on: they
    change no period.

    Args:
        ledger: The control ledger.
        forms: (metal, form) whose measures are meant: of products, or of lots.
        as_of: Day of knowledge.
    """
    pairs = [(metal, form) for metal, form in dict.fromkeys(forms) if form]
    rows = []
    for event in ledger.events:
        covers: dict[str, set[str]] = {}
        for metal, form in pairs:
            if certainty := ledger.certainty(event, metal, form, on=as_of):
                covers.setdefault(metal, set()).add(certainty)
        if not (event.is_law and event.origin == CHINA and event.instrument in DRAWN and event.effective and covers):
            continue
        rows.append(
            MeasureSpells.from_objects(
                event,
                assets=tuple(covers),
                uncertain=tuple(metal for metal, found in covers.items() if "named" not in found),
                spells=spells(ledger, event, as_of),
                claims=tuple(_claims(ledger, event, as_of)),
                source_id=event.source,
            )
        )
    return tuple(sorted(rows, key=lambda row: (row.spells[0].since if row.spells else as_of.isoformat(), row.event_id)))


def spells(ledger: ControlLedger, event: Event, as_of: date) -> tuple[Spell, ...]:
    """The periods in which a measure is in force or suspended; the last has no `until`.

    Args:
        ledger: The control ledger.
        event: The measure.
        as_of: Day of knowledge.
    """
    if event.effective is None:
        return ()
    reviewed, status, changes = ledger.reviewed_on(as_of) or as_of, None, list[tuple[str, date]]()
    cuts = {d for e in ledger.events if e.known_from <= as_of for d in (e.effective, e.ends and e.ends + DAY) if d}
    for cut in sorted(cuts):
        if cut >= event.effective and (now := ledger.chronology.status(event, cut, known=as_of)) != status:
            changes.append((status := now, cut))
    ends = [since - DAY for _, since in changes[1:]]
    befores = ["", *(status for status, _ in changes[:-1])]
    return tuple(
        Spell(
            status=status,
            since=since.isoformat(),
            until=until and until.isoformat(),
            unconfirmed=status == IN_FORCE and before == SUSPENDED and since > reviewed,
        )
        for before, (status, since), until in zip_longest(befores, changes, ends)
        if status in (IN_FORCE, SUSPENDED)
    )


def _claims(ledger: ControlLedger, event: Event, as_of: date) -> Iterator[ClaimedPeriod]:
    """Claimed extensions of what suspends an event: the days behind the end that the law knows, and who claims them."""
    chronology = ledger.chronology
    for suspension in chronology.acting_on(event, SUSPENDS, known=as_of):
        for claim in chronology.acting_on(suspension, CLAIMS, known=as_of):
            if suspension.ends and (claim.ends is None or claim.ends > suspension.ends):
                since = suspension.ends + DAY
                until = claim.ends and claim.ends.isoformat()
                yield ClaimedPeriod(since=since.isoformat(), until=until, authority=claim.authority, event_id=claim.event_id)
