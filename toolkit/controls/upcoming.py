"""The calendar: dated changes ahead, confirmed or claimed, and suspensions that have lapsed."""

from __future__ import annotations

from datetime import date, timedelta

import polars as pl

from toolkit.controls.changes import (
    SUSPENSION_ENDS,
    agreed_extension,
    change_ahead,
    never_operated,
    route_of,
    titles_acted_on,
)
from toolkit.controls.chronology import DAY, EXPIRED, IN_FORCE, Chronology
from toolkit.controls.events import AGREED, CLAIMS, MAY_EXTEND, SUSPENDS, Event
from toolkit.controls.ledger import ControlLedger
from toolkit.core.errors import SpecError

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
    "change": pl.String,
    "title": pl.String,
    "authority": pl.String,
    "acts_on": pl.List(pl.String),
    "destinations": pl.List(pl.String),
    "returns": pl.Date,
    "claims": pl.List(pl.Struct({"authority": pl.String, "until": pl.Date, "standing": pl.String, "relation": pl.String})),
    "never_operated": pl.List(pl.String),
}
"""`what` is the sentence in English; from `change` on stand the parts that it is made of, for any other language."""


def _row(chronology: Chronology, event: Event, day: date, status: str, what: str, **parts: object) -> dict[str, object]:
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
        "title": event.title,
        "authority": event.authority,
        "acts_on": list(titles_acted_on(chronology, event)),
        "destinations": list(route_of(event)),
        "claims": [],
        "never_operated": [],
        **parts,
    }


def _claim(event: Event) -> dict[str, object]:
    return {"authority": event.authority, "until": event.ends, "standing": event.standing, "relation": event.relation}


def _lapsed(ledger: ControlLedger, event: Event, since: date, claims: tuple[Event, ...], *, first: tuple[str, ...]) -> str:
    """The message for a suspension that has ended by its text.

    A claim of one side that it goes on is named, and changes nothing; under an agreement of both governments what it suspended
    is unsettled. What is said of a day after the last reviewed one is an inference, and says so.
    """
    targets = _series(titles_acted_on(ledger.chronology, event))
    text = f"The suspension of {targets} ({event.title}) ended by its text on {(since - DAY).isoformat()}"
    agreed = [claim for claim in claims if claim.standing == AGREED]
    if agreed:
        until = agreed[0].ends
        to = f" to {until.isoformat()}" if until else ""
        reviewed = f", ledger complete to {ledger.reviewed_to.isoformat()}" if ledger.reviewed_to else ""
        who = agreed[0].authority
        if all(claim.relation == MAY_EXTEND for claim in agreed):
            covers = f"whether the extension{to} that both governments agreed ({who}) covers it was not found"
            return f"{text}. Unsettled: {covers}{reviewed}"
        return f"{text}. Unsettled: extension{to} agreed by both governments ({who}), amending act not seen{reviewed}"
    again = "for the first time" if first == titles_acted_on(ledger.chronology, event) else "again"
    text = f"{text}: in force {again} since {since.isoformat()}"
    text += f" ({_series(first)} for the first time)" if first and again == "again" else ""
    if ledger.reviewed_to is None or since > ledger.reviewed_to:
        text += f", unless an act after {ledger.reviewed_to.isoformat()} says otherwise" if ledger.reviewed_to else ""
    if not claims:
        return text
    told = "; ".join(f"{c.authority}" + (f", to {c.ends.isoformat()}" if c.ends else "") for c in claims)
    return f"{text}, unless the claimed extension holds ({told}; no legal act confirms it)"


def _series(titles: tuple[str, ...]) -> str:
    *others, last = titles
    return f"{', '.join(others)} and {last}" if others else last


def upcoming(ledger: ControlLedger, *, on: date, within_days: int = 90) -> pl.DataFrame:
    """Everything that begins or ends from `on` to `within_days` later, as known on `on`, sorted by date.

    `status` is ``ahead``, or ``lapsed`` for an official suspension whose last day lies in the `within_days` before `on`, or
    longer ago when a claim that it goes on still stands. `date` is the first day of what begins and the last day, inclusive,
    of what ends. Policy events are in the list with their `kind`; they are not controls.

    Args:
        ledger: The ledger of controls.
        on: Day of knowledge, from which on dates are listed.
        within_days: Days ahead, not negative.

    Returns:
        Columns date, status, what, standing, kind, instrument, event_id, number, origin, metals, confidence, source, and the
        parts of the sentence `what`: change (see `toolkit.controls.changes`, and ``lapsed``), title and authority of the event,
        titles of those it acts on, destinations that it names, the day on which what it suspended applies by its text, the
        claims (authority, last day, standing, relation) that a suspension goes on, and the titles of those that it suspended
        before they ever operated.
    """
    if within_days < 0:
        raise SpecError(
            "the calendar looks ahead, not {within_days} days.", hint="Give a positive number of days.", within_days=within_days
        )
    chronology, window = ledger.chronology, timedelta(days=within_days)
    rows: list[dict[str, object]] = []
    for event in ledger.events:
        if event.known_from > on:
            continue
        change = change_ahead(chronology, event, on)
        if change and change.date <= on + window:
            parts = {}
            if change.kind == SUSPENSION_ENDS:
                extension = agreed_extension(chronology, event, on)
                parts = {"returns": change.date + DAY, "never_operated": list(never_operated(chronology, event, on))}
                if extension:
                    parts["claims"] = [_claim(extension)]
            rows.append(_row(chronology, event, change.date, "ahead", change.what, change=change.kind, **parts))
        if event.relation == SUSPENDS and event.is_law and chronology.status(event, on, known=on) == EXPIRED:
            since = chronology.period(event, on).since
            extension = agreed_extension(chronology, event, on)
            if extension and extension.ends and extension.ends < on:
                since = max(since, extension.ends + DAY)  # until then it was unsettled
            claims = tuple(
                claim
                for claim in chronology.acting_on(event, CLAIMS, MAY_EXTEND, known=on)
                if chronology.status(claim, on, known=on) == IN_FORCE
            )
            if since - DAY >= on - window or claims:
                first = never_operated(chronology, event, since)
                what = _lapsed(ledger, event, since, claims, first=first)
                stated = [_claim(claim) for claim in claims]
                parts = {"change": "lapsed", "returns": since, "claims": stated, "never_operated": list(first)}
                rows.append(_row(chronology, event, since - DAY, "lapsed", what, **parts))
    return pl.DataFrame(rows, schema=SCHEMA, orient="row").sort("date", "event_id")
