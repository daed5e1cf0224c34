"""Dated changes ahead, in words: one rule for the state of a metal and for the calendar of everything."""

from __future__ import annotations

from datetime import date

from toolkit.controls.chronology import ANNOUNCED, DAY, EXPIRED, IN_FORCE, Chronology
from toolkit.controls.events import CLAIMS, OFFICIAL, SUSPENDS, Event
from toolkit.controls.state import Change
from toolkit.core.messages import Message, message

BEGINS, ENDS, SUSPENSION_ENDS, CLAIM_ENDS = "begins", "ends", "suspension_ends", "claim_ends"
"""Kinds of dated changes: an event takes effect, ends, ends a suspension, or is an extension without an act that
ends."""


def titles_acted_on(chronology: Chronology, event: Event) -> tuple[str, ...]:
    """The titles of the events that `event` acts on, each once, in order."""
    targets = {e.event_id: e.title for e in chronology.events}
    return tuple(dict.fromkeys(targets[target] for target in event.acts_on))


def never_operated(chronology: Chronology, event: Event, on: date) -> tuple[str, ...]:
    """Titles of the events that `event` acts on and that were never in force by `on`, each once, in order.

    Args:
        chronology: Dates of all events.
        event: A suspension.
        on: Day on which the first days are judged.
    """
    events = {e.event_id: e for e in chronology.events}
    new = [events[t] for t in event.acts_on if chronology.first_day(events[t], on) in (None, on)]
    old = {events[t].title for t in event.acts_on if events[t] not in new}
    return tuple(dict.fromkeys(e.title for e in new if e.title not in old))


def route_of(event: Event) -> tuple[str, ...]:
    """Destinations of a control; empty for all, and for policy, which has no route of goods."""
    return () if event.kind != "control" or event.destinations == ("all",) else tuple(dict.fromkeys(event.destinations))


def start_of(chronology: Chronology, event: Event) -> Message:
    """The message for the first day of an event; of a suspension or repeal it names what that acts on."""
    words, route = _named(event), route_of(event)
    if event.instrument in ("suspension", "repeal") and event.acts_on:
        targets = titles_acted_on(chronology, event)
        return message("{title} ({instrument} of {targets:and}) takes effect", targets=targets, **words)
    if route:
        return message("{title} ({instrument}, to {route:and}: {metals}) takes effect", route=route, **words)
    return message("{title} ({instrument}: {metals}) takes effect", **words)


def end_of(chronology: Chronology, event: Event, last: date, on: date) -> Message:
    """The message for the end of an event.

    Args:
        chronology: Dates of all events.
        event: The event that ends.
        last: Its last day, inclusive: what follows begins the day after.
        on: Day of knowledge.
    """
    kind, route, targets = kind_of_end(event), route_of(event), titles_acted_on(chronology, event)
    if kind == CLAIM_ENDS:
        return message(
            "Last day of the extension of {targets:and} that {authority} claimed; no legal act confirms it",
            targets=targets,
            authority=event.authority,
        )
    if kind == SUSPENSION_ENDS:
        return _suspension_ends(chronology, event, last, on)
    if route:
        return message("Last day of {title} ({instrument}, to {route:and}: {metals})", route=route, **_named(event))
    return message("Last day of {title} ({instrument}: {metals})", **_named(event))


def _suspension_ends(chronology: Chronology, event: Event, last: date, on: date) -> Message:
    route, targets = route_of(event), titles_acted_on(chronology, event)
    end = (
        message(
            "Last day of the suspension of {targets:and}, to {route:and} ({title})",
            targets=targets,
            route=route,
            title=event.title,
        )
        if route
        else message("Last day of the suspension of {targets:and} ({title})", targets=targets, title=event.title)
    )
    first = never_operated(chronology, event, on)
    if first == targets:
        after = message("from {day:%Y-%m-%d} these apply for the first time unless it is extended", day=last + DAY)
    elif first:
        after = message(
            "from {day:%Y-%m-%d} these apply unless it is extended, {first:and} for the first time", day=last + DAY, first=first
        )
    else:
        after = message("from {day:%Y-%m-%d} these are in force again unless it is extended", day=last + DAY)
    return message("{end}; {after}", end=end, after=after)


def kind_of_end(event: Event) -> str:
    """Kind of the change that the end of an event is."""
    if event.standing != OFFICIAL and event.relation == CLAIMS:
        return CLAIM_ENDS
    return SUSPENSION_ENDS if event.relation == SUSPENDS else ENDS


def change_ahead(chronology: Chronology, event: Event, on: date) -> Change | None:
    """The next date on which `event` itself begins or ends; None when no date is known.

    A suspended event has no date of its own: the event that suspends it has.

    Args:
        chronology: Dates of all events.
        event: Any event of the ledger.
        on: Day of knowledge, after which the date lies.
    """
    period = chronology.period(event, on)
    if period.status == ANNOUNCED and event.effective is not None and event.effective > on:
        return Change(event.effective, start_of(chronology, event), event.standing, BEGINS)
    if period.status == IN_FORCE and period.until is not None and period.following == EXPIRED:
        return Change(period.until, end_of(chronology, event, period.until, on), event.standing, kind_of_end(event))
    return None


def _named(event: Event) -> dict[str, object]:
    return {"title": event.title, "instrument": event.instrument.replace("_", " "), "metals": event.metals}
