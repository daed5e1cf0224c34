"""The control ledger in a run record: states of products, resale restrictions, and periods of measures."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Any

from toolkit.controls.chronology import DAY, IN_FORCE, SUSPENDED, UNSETTLED
from toolkit.controls.events import AGREED, CIVIL, CLAIMS, SUSPENDS, Event
from toolkit.controls.ledger import CHINA, ControlLedger
from toolkit.core.assets import Asset, Universe
from toolkit.holdings.resale import SINGLED_OUT

DRAWN = ("ban", "licence", "exporter_whitelist")
"""Instruments with a lane in the timeline; the others accompany these."""


def control_states(ledger: ControlLedger, products: Universe, as_of: date, destination: str) -> list[dict[str, Any]]:
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
        rows.append({"asset": asset.key, "name": asset.name, "element": asset.element, **state.to_json()})
        rows[-1]["routes"] = _routes(ledger, asset, as_of)
    return rows


def _routes(ledger: ControlLedger, asset: Asset, as_of: date) -> list[dict[str, Any]]:
    """The measures that name a buyer singled out, whoever the owner is: they are the same in every report of a day."""
    rows = []
    for destination, end_user in SINGLED_OUT:
        state = ledger.state(asset.key, asset.form or "", on=as_of, destination=destination, end_user=end_user)
        named = [m for m in state.measures if m.is_law and not m.conditional and "all" not in m.destinations]
        specific = [m for m in named if m.end_user == ("all" if end_user == CIVIL else end_user)]
        rows.append({"destination": destination, "end_user": end_user, "measures": [m.to_json() for m in specific]})
    return rows


def timeline(ledger: ControlLedger, products: Universe, as_of: date) -> list[dict[str, Any]]:
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
        periods: list[dict[str, Any]] = []
        for cut in cuts:
            status = chronology.status(event, cut, known=as_of)
            if cut < event.effective or (periods and status == periods[-1]["status"]):
                continue
            if periods:
                periods[-1]["until"] = cut - DAY
            periods.append({"status": status, "since": cut, "until": None})
        rows.append(
            {
                "event_id": event.event_id,
                "instrument": event.instrument,
                "number": event.number,
                "destinations": list(event.destinations),
                "end_user": event.end_user,
                "assets": [asset.key for asset in forms],
                "uncertain": [a.key for a in forms if ledger.certainty(event, a.key, a.form or "", on=as_of) != "named"],
                "spells": [period for period in periods if period["status"] in (IN_FORCE, SUSPENDED, UNSETTLED)],
                "claims": list(_claims(ledger, event, as_of)),
                "source_id": event.source,
                "confidence": event.confidence,
            }
        )
    return sorted(rows, key=lambda row: (row["spells"][0]["since"] if row["spells"] else as_of, row["event_id"]))


def _claims(ledger: ControlLedger, event: Event, as_of: date) -> Iterator[dict[str, Any]]:
    """Claimed extensions of what suspends an event: the days behind the end that the law knows, and who claims them."""
    chronology = ledger.chronology
    for suspension in chronology.acting_on(event, SUSPENDS, known=as_of):
        for claim in chronology.acting_on(suspension, CLAIMS, known=as_of):
            # Under an agreement of both governments the periods themselves say that the measure is unsettled.
            if claim.standing != AGREED and suspension.ends and (claim.ends is None or claim.ends > suspension.ends):
                since = suspension.ends + DAY
                yield {"since": since, "until": claim.ends, "authority": claim.authority, "event_id": claim.event_id}
