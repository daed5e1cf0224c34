"""The calendar: dated changes ahead, confirmed or claimed, and suspensions that have lapsed."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from toolkit.controls.changes import (
    SUSPENSION_ENDS,
    change_ahead,
    never_operated,
    route_of,
    titles_acted_on,
)
from toolkit.controls.chronology import DAY, EXPIRED, IN_FORCE, Chronology
from toolkit.controls.events import CLAIMS, SUSPENDS, Event
from toolkit.controls.ledger import ControlLedger
from toolkit.core.errors import SpecError
from toolkit.core.messages import Message, message


def _row(chronology: Chronology, event: Event, day: date, status: str, what: str, **parts: object) -> dict[str, object]:
    copied = ("standing", "kind", "instrument", "event_id", "number", "origin", "confidence", "title", "authority")
    return {
        **{name: getattr(event, name) for name in copied},
        "date": day,
        "status": status,
        "what": what,
        "metals": ";".join(event.metals),
        "source": event.citation,
        "acts_on": list(titles_acted_on(chronology, event)),
        "destinations": list(route_of(event)),
        "returns": None,
        "claims": [],
        "never_operated": [],
        **parts,
    }


def _claim(event: Event) -> dict[str, object]:
    return {"authority": event.authority, "until": event.ends, "standing": event.standing, "relation": event.relation}


def _lapsed(ledger: ControlLedger, event: Event, since: date, claims: tuple[Event, ...], *, first: tuple[str, ...]) -> Message:
    """The message for a suspension that has ended by its text.

    A claim that it goes on is named, and changes nothing. What is said of a day after the last reviewed one is inferred and
    says so.
    """
    reviewed, targets = ledger.reviewed_to, titles_acted_on(ledger.chronology, event)
    ended = message(
        "The suspension of {targets:and} ({title}) ended by its text on {day:%Y-%m-%d}",
        targets=targets,
        title=event.title,
        day=since - DAY,
    )
    if first == targets:
        text = message("{ended}: in force for the first time since {day:%Y-%m-%d}", ended=ended, day=since)
    elif first:
        text = message(
            "{ended}: in force again since {day:%Y-%m-%d} ({first:and} for the first time)", ended=ended, day=since, first=first
        )
    else:
        text = message("{ended}: in force again since {day:%Y-%m-%d}", ended=ended, day=since)
    if reviewed and since > reviewed:
        text = message(
            "{text} by the dates of the acts; whether it was extended after {day:%Y-%m-%d} is not known",
            text=text,
            day=reviewed,
        )
    if not claims:
        return text
    stated = [message("{who}, to {day:%Y-%m-%d}", who=c.authority, day=c.ends) if c.ends else c.authority for c in claims]
    return message(
        "{text}, unless the claimed extension holds ({claims:; }; no legal act confirms it)", text=text, claims=stated
    )


def upcoming(ledger: ControlLedger, *, on: date, within_days: int = 90) -> list[dict[str, Any]]:
    """Everything that begins or ends from `on` to `within_days` later, as known on `on`, sorted by date.

    `status` is ``ahead``, or ``lapsed`` for an official suspension whose last day lies in the `within_days` before `on`, or
    longer ago when a claim that it goes on still stands. `date` is the first day of what begins and the last day, inclusive,
    of what ends. Policy events are in the list with their `kind`; they are not controls.

    Args:
        ledger: The ledger of controls.
        on: Day of knowledge, from which on dates are listed.
        within_days: Days ahead, not negative.

    Returns:
        A row a change: date, status, what, standing, kind, instrument, event_id, number, origin, metals, confidence, source,
        and the parts of the sentence `what`: change (see `toolkit.controls.changes`, and ``lapsed``), title and authority
        of the event, titles of those it acts on, destinations that it names, the day on which what it suspended applies by its
        text, the claims (authority, last day, standing, relation) that a suspension goes on, and the titles of those that it
        suspended before they ever operated.
    """
    return dated_changes(ledger, on=on, within_days=within_days)


def dated_changes(ledger: ControlLedger, *, on: date, within_days: int) -> list[dict[str, Any]]:
    """The rows of `upcoming`, whose sentences keep their templates.

    Args:
        ledger: The ledger of controls.
        on: Day of knowledge.
        within_days: As of `upcoming`.
    """
    if within_days < 0:
        raise SpecError(
            "the calendar looks ahead, not {within_days} days.", hint="Give a positive number of days.", within_days=within_days
        )
    chronology, window = ledger.chronology, timedelta(days=within_days)
    rows: list[dict[str, Any]] = []
    for event in ledger.events:
        if event.known_from > on:
            continue
        change = change_ahead(chronology, event, on)
        if change and change.date <= on + window:
            parts = {}
            if change.kind == SUSPENSION_ENDS:
                parts = {"returns": change.date + DAY, "never_operated": list(never_operated(chronology, event, on))}
                parts["claims"] = [_claim(one) for one in chronology.acting_on(event, CLAIMS, known=on)]
            rows.append(_row(chronology, event, change.date, "ahead", change.what, change=change.kind, **parts))
        if event.relation == SUSPENDS and event.is_law and chronology.status(event, on, known=on) == EXPIRED:
            since = chronology.period(event, on).since
            claims = tuple(
                claim
                for claim in chronology.acting_on(event, CLAIMS, known=on)
                if chronology.status(claim, on, known=on) == IN_FORCE
            )
            back = any(chronology.returned(ledger[target], since, known=on) == since for target in event.acts_on)
            if back and (since - DAY >= on - window or claims):
                first = never_operated(chronology, event, since)
                what = _lapsed(ledger, event, since, claims, first=first)
                stated = [_claim(claim) for claim in claims]
                parts = {"change": "lapsed", "returns": since, "claims": stated, "never_operated": list(first)}
                rows.append(_row(chronology, event, since - DAY, "lapsed", what, **parts))
    return sorted(rows, key=lambda row: (row["date"], row["event_id"]))
