"""The control ledger in a run record: states of products, resale restrictions, and periods of measures."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from itertools import zip_longest

from toolkit.controls.chronology import DAY, IN_FORCE, SUSPENDED, UNSETTLED
from toolkit.controls.events import AGREED, CIVIL, CLAIMS, SUSPENDS, Event
from toolkit.controls.ledger import CHINA, ControlLedger
from toolkit.core.assets import Asset, Universe
from toolkit.holdings.resale import SINGLED_OUT
from toolkit.records.controls import ClaimedPeriod, ControlState, FormState, Measure, MeasureSpells, Route, Spell

DRAWN = ("ban", "licence", "exporter_whitelist")
"""Instruments with a lane in the timeline; the others accompany these."""


def control_states(ledger: ControlLedger, products: Universe, as_of: date, destination: str) -> tuple[ControlState, ...]:
    """The control state of every product for a destination, and the states for the buyers whom notices single out.

    Args:
        ledger: The control ledger.
        products: Products; those without a form have no state.
        as_of: Day of knowledge and of the state.
        destination: ISO-3 code of the owner's country.
    """
    rows = []
    for asset in products:
        if asset.form is None:
            continue
        state = ledger.state(asset.key, asset.form, on=as_of, destination=destination)
        named = {"asset": asset.key, "name": asset.name, "element": asset.element}
        rows.append(ControlState(**named, **dict(FormState.model_validate(state)), routes=_routes(ledger, asset, as_of)))
    return tuple(rows)


def _routes(ledger: ControlLedger, asset: Asset, as_of: date) -> tuple[Route, ...]:
    """The measures that name a buyer singled out, whoever the owner is: they are the same in every report of a day."""
    rows = []
    for destination, end_user in SINGLED_OUT:
        state = ledger.state(asset.key, asset.form or "", on=as_of, destination=destination, end_user=end_user)
        named = [m for m in state.measures if m.is_law and not m.conditional and "all" not in m.destinations]
        specific = [m for m in named if m.end_user == ("all" if end_user == CIVIL else end_user)]
        measures = tuple(map(Measure.model_validate, specific))
        rows.append(Route(destination=destination, end_user=end_user, measures=measures))
    return tuple(rows)


def timeline(ledger: ControlLedger, products: Universe, as_of: date) -> tuple[MeasureSpells, ...]:
    """The periods of every official measure on a product that the ledger knows by `as_of`: past, present and dated ahead.

    A period that no known date ends has no `until`. `claims` are days for which one side says that a suspension goes on: they
    change no period.

    Args:
        ledger: The control ledger.
        products: Products whose measures are meant.
        as_of: Day of knowledge.
    """
    chronology = ledger.chronology
    cuts = sorted({d for e in ledger.events if e.known_from <= as_of for d in (e.effective, e.ends and e.ends + DAY) if d})
    rows = []
    for event in ledger.events:
        forms = [a for a in products if a.form and ledger.certainty(event, a.key, a.form, on=as_of)]
        if not (event.is_law and event.origin == CHINA and event.instrument in DRAWN and event.effective and forms):
            continue
        status, changes = None, list[tuple[str, date]]()
        for cut in cuts:
            if cut >= event.effective and (now := chronology.status(event, cut, known=as_of)) != status:
                changes.append((status := now, cut))
        ends = [since - DAY for _, since in changes[1:]]
        rows.append(
            MeasureSpells(
                event_id=event.event_id,
                instrument=event.instrument,
                number=event.number,
                destinations=event.destinations,
                end_user=event.end_user,
                assets=tuple(asset.key for asset in forms),
                uncertain=tuple(a.key for a in forms if ledger.certainty(event, a.key, a.form or "", on=as_of) != "named"),
                spells=tuple(
                    Spell(status=status, since=since.isoformat(), until=until and until.isoformat())
                    for (status, since), until in zip_longest(changes, ends)
                    if status in (IN_FORCE, SUSPENDED, UNSETTLED)
                ),
                claims=tuple(_claims(ledger, event, as_of)),
                source_id=event.source,
                confidence=event.confidence,
            )
        )
    return tuple(sorted(rows, key=lambda row: (row.spells[0].since if row.spells else as_of.isoformat(), row.event_id)))


def _claims(ledger: ControlLedger, event: Event, as_of: date) -> Iterator[ClaimedPeriod]:
    """Claimed extensions of what suspends an event: the days behind the end that the law knows, and who claims them."""
    chronology = ledger.chronology
    for suspension in chronology.acting_on(event, SUSPENDS, known=as_of):
        for claim in chronology.acting_on(suspension, CLAIMS, known=as_of):
            # Under an agreement of both governments the periods themselves say that the measure is unsettled.
            if claim.standing != AGREED and suspension.ends and (claim.ends is None or claim.ends > suspension.ends):
                since = suspension.ends + DAY
                until = claim.ends and claim.ends.isoformat()
                yield ClaimedPeriod(since=since.isoformat(), until=until, authority=claim.authority, event_id=claim.event_id)
