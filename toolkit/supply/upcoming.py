"""The calendar: dated changes ahead, confirmed or claimed, and suspensions that have lapsed."""

from __future__ import annotations

from datetime import date, timedelta

import polars as pl

from toolkit.core.errors import SpecError
from toolkit.supply.changes import acted_on, change_ahead
from toolkit.supply.chronology import DAY, EXPIRED, IN_FORCE, Chronology
from toolkit.supply.controls import ControlLedger
from toolkit.supply.events import CLAIMS, SUSPENDS, Event

SCHEMA = {
    "date": pl.Date,
    "status": pl.String,
    "what": pl.String,
    "standing": pl.String,
    "kind": pl.String,
    "instrument": pl.String,
    "event_id": pl.String,
    "number": pl.String,
    "origin": pl.String,
    "metals": pl.String,
    "confidence": pl.String,
    "source": pl.String,
}


def _row(event: Event, day: date, status: str, what: str) -> dict[str, object]:
    return {
        "date": day,
        "status": status,
        "what": what,
        "standing": event.standing,
        "kind": event.kind,
        "instrument": event.instrument,
        "event_id": event.event_id,
        "number": event.number,
        "origin": event.origin,
        "metals": ";".join(event.metals),
        "confidence": event.confidence,
        "source": event.citation,
    }


def _lapsed(chronology: Chronology, event: Event, on: date, claims: tuple[Event, ...]) -> str:
    """Words for a suspension that has ended; a claim that it goes on is named, and changes nothing."""
    after = (chronology.spell(event, on).since).isoformat()
    text = f"The suspension of {acted_on(chronology, event)} ({event.title}) lapsed: in force again since {after}"
    if not claims:
        return text
    said = "; ".join(f"{c.authority}" + (f", to {c.ends.isoformat()}" if c.ends else "") for c in claims)
    return f"{text}, unless the claimed extension holds ({said}; no legal act confirms it)"


def upcoming(ledger: ControlLedger, *, on: date, within_days: int = 90) -> pl.DataFrame:
    """Everything that begins or ends from `on` to `within_days` later, as known on `on`, sorted by date.

    `status` is ``ahead``, or ``lapsed`` for an official suspension whose last day lies in the `within_days` before `on`, or
    longer ago when a claim that it goes on still stands. `date` is the first day of what begins and the last day, inclusive,
    of what ends. Policy events are in the list with their `kind`; they are not controls.

    Returns:
        Columns date, status, what, standing, kind, instrument, event_id, number, origin, metals, confidence, source.
    """
    if within_days < 0:
        raise SpecError(f"the calendar looks ahead, not {within_days} days.", hint="Give a positive number of days.")
    chronology, window = ledger.chronology, timedelta(days=within_days)
    rows: list[dict[str, object]] = []
    for event in ledger.events:
        if event.known_from > on:
            continue
        change = change_ahead(chronology, event, on)
        if change and change.date <= on + window:
            rows.append(_row(event, change.date, "ahead", change.what))
        if event.relation == SUSPENDS and event.is_law and chronology.status(event, on, known=on) == EXPIRED:
            last = chronology.spell(event, on).since - DAY
            claims = tuple(
                claim
                for claim in chronology.acting_on(event, CLAIMS, known=on)
                if chronology.status(claim, on, known=on) == IN_FORCE
            )
            if last >= on - window or claims:
                rows.append(_row(event, last, "lapsed", _lapsed(chronology, event, on, claims)))
    return pl.DataFrame(rows, schema=SCHEMA, orient="row").sort("date", "event_id")
