"""The control ledger as a run records it: the state of every product, what resale meets, and the spells of each measure."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Any

from toolkit.app.inputs import Inputs
from toolkit.app.ledger import LedgerInputs
from toolkit.core.assets import Asset
from toolkit.supply.chronology import DAY, IN_FORCE, SUSPENDED
from toolkit.supply.controls import CHINA, ControlLedger
from toolkit.supply.events import CLAIMS, SUSPENDS, Event
from toolkit.supply.state import ControlState

RESALE = (("USA", "civil"), ("USA", "military"), ("JPN", "military"))
"""Buyers that Chinese notices single out: a holder who never ships there may still want to sell there."""
DRAWN = ("ban", "licence", "exporter_whitelist")
"""Instruments with a lane in the timeline; the others accompany these."""


def control_states(inputs: Inputs | LedgerInputs, as_of: date, destination: str) -> list[dict[str, Any]]:
    """The control state of every product for the owner's destination, and what is added on the way to other buyers."""
    rows = []
    for asset in inputs.products:
        if asset.form is None:
            continue
        state = inputs.ledger.state(asset.key, asset.form, on=as_of, destination=destination)
        rows.append({"asset": asset.key, "name": asset.name, "element": asset.element, **state.to_json()})
        rows[-1]["routes"] = _routes(inputs, asset, as_of, state)
    return rows


def _routes(inputs: Inputs | LedgerInputs, asset: Asset, as_of: date, own: ControlState) -> list[dict[str, Any]]:
    """What stands in the way of resale to the buyers that notices single out, beyond what holds for the owner anyway."""
    known = {measure.event_id for measure in own.measures if not measure.conditional}
    rows = []
    for destination, end_user in RESALE:
        state = inputs.ledger.state(asset.key, asset.form or "", on=as_of, destination=destination, end_user=end_user)
        added = [m for m in state.measures if m.is_law and m.event_id not in known and not m.conditional]
        specific = [m for m in added if end_user in ("civil", m.end_user)]
        rows.append({"destination": destination, "end_user": end_user, "measures": [m.to_json() for m in specific]})
    return rows


def timeline(inputs: Inputs | LedgerInputs, as_of: date) -> list[dict[str, Any]]:
    """The spells of every official measure on a product that the ledger knows by `as_of`: past, present and dated ahead.

    A spell that no known date ends has no `until`. `claims` are days for which one side says that a suspension goes on: they
    change no spell.
    """
    ledger, chronology = inputs.ledger, inputs.ledger.chronology
    cuts = sorted({d for e in ledger.events for d in (e.effective, e.ends and e.ends + DAY) if d})
    rows = []
    for event in ledger.events:
        forms = [a for a in inputs.products if a.form and ledger.certainty(event, a.key, a.form, on=as_of)]
        if not (event.is_law and event.origin == CHINA and event.instrument in DRAWN and event.effective and forms):
            continue
        spells: list[dict[str, Any]] = []
        for cut in cuts:
            status = chronology.status(event, cut, known=as_of)
            if cut < event.effective or (spells and status == spells[-1]["status"]):
                continue
            if spells:
                spells[-1]["until"] = cut - DAY
            spells.append({"status": status, "since": cut, "until": None})
        rows.append(
            {
                "event_id": event.event_id,
                "instrument": event.instrument,
                "number": event.number,
                "destinations": list(event.destinations),
                "end_user": event.end_user,
                "assets": [asset.key for asset in forms],
                "spells": [spell for spell in spells if spell["status"] in (IN_FORCE, SUSPENDED)],
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
            if suspension.ends and (claim.ends is None or claim.ends > suspension.ends):
                since = suspension.ends + DAY
                yield {"since": since, "until": claim.ends, "authority": claim.authority, "event_id": claim.event_id}
