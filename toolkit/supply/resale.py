"""To whom a lot may not be passed on: measures on single end users, which claim liability of third parties."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from toolkit.supply.chronology import IN_FORCE
from toolkit.supply.controls import ControlLedger
from toolkit.supply.events import END_USERS

RESTRICTING = ("ban", "entity_list")
"""Instruments that forbid passing goods on; a watch list makes it slow, not forbidden."""


@dataclass(frozen=True, slots=True)
class Restriction:
    """A buyer to whom the origin forbids passing a lot on, and by which measure.

    Attributes:
        destination: ISO-3 code of the buyer's country; `end_user` as in the ledger (``military``, ``listed``).
        certainty: ``named``, or ``uncertain`` when no notice settles the form.
    """

    destination: str
    end_user: str
    instrument: str
    event_id: str
    number: str | None
    certainty: str
    source: str


def restricted_buyers(ledger: ControlLedger, *, on: date, origin: str) -> tuple[tuple[str, str], ...]:
    """(destination, end user) pairs that any measure of `origin` in force on `on` singles out, sorted."""
    return tuple(
        sorted(
            {
                (destination, event.end_user)
                for event in ledger.events
                if event.is_law
                and event.origin == origin
                and event.end_user in END_USERS
                and event.instrument in RESTRICTING
                and event.known_from <= on
                and ledger.chronology.status(event, on, known=on) == IN_FORCE
                for destination in event.destinations
            }
        )
    )


def resale_restrictions(
    ledger: ControlLedger, metal: str, form: str, *, on: date, origin: str, purity: float | None = None
) -> tuple[Restriction, ...]:
    """The buyers to whom a lot of `origin` may not be passed on, by destination and end user.

    One entry a buyer and measure. A lot of another origin is free of these: the measures speak of goods of their own country.
    """
    found: list[Restriction] = []
    for destination, end_user in restricted_buyers(ledger, on=on, origin=origin):
        state = ledger.state(metal, form, on=on, destination=destination, origin=origin, end_user=end_user, purity=purity)
        found += [
            Restriction(destination, end_user, m.instrument, m.event_id, m.number, m.certainty, m.source)
            for m in state.measures
            if m.is_law and m.status == IN_FORCE and m.end_user == end_user and m.instrument in RESTRICTING
        ]
    return tuple(found)
