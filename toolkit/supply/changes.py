"""Dated changes ahead, in words: one rule for the state of a metal and for the calendar of everything."""

from __future__ import annotations

from datetime import date

from toolkit.core.said import Said, said
from toolkit.supply.chronology import ANNOUNCED, DAY, EXPIRED, IN_FORCE, Chronology
from toolkit.supply.events import CLAIMS, SUSPENDS, Event
from toolkit.supply.state import Change

BEGINS, ENDS, SUSPENSION_ENDS, CLAIM_ENDS = "begins", "ends", "suspension_ends", "claim_ends"
"""What a dated change is: an event takes effect or ends, what it suspended returns, or a claimed extension runs out."""


def titles_acted_on(chronology: Chronology, event: Event) -> tuple[str, ...]:
    """The titles of the events that `event` acts on, each once, in order."""
    targets = {e.event_id: e.title for e in chronology.events}
    return tuple(dict.fromkeys(targets[target] for target in event.acts_on))


def route_of(event: Event) -> tuple[str, ...]:
    """Where a control points: nothing for all destinations, nor for policy, which has no route of goods."""
    return () if event.kind != "control" or event.destinations == ("all",) else tuple(dict.fromkeys(event.destinations))


def start_of(event: Event) -> Said:
    """Words for the first day of an event."""
    words, route = _named(event), route_of(event)
    if route:
        return said("{title} ({instrument}, to {route:and}: {metals}) takes effect", route=route, **words)
    return said("{title} ({instrument}: {metals}) takes effect", **words)


def end_of(chronology: Chronology, event: Event, last: date) -> Said:
    """Words for the last day of an event; `last` is inclusive, so what follows begins the day after."""
    kind, route, targets = kind_of_end(event), route_of(event), titles_acted_on(chronology, event)
    if kind == CLAIM_ENDS:
        return said(
            "Last day of the extension of {targets:and} that {authority} claimed; no legal act confirms it",
            targets=targets,
            authority=event.authority,
        )
    if kind == SUSPENSION_ENDS and route:
        return said(
            "Last day of the suspension of {targets:and}, to {route:and} ({title}); "
            "from {after:%Y-%m-%d} these are in force again unless it is extended",
            targets=targets, route=route, title=event.title, after=last + DAY,
        )  # fmt: skip
    if kind == SUSPENSION_ENDS:
        return said(
            "Last day of the suspension of {targets:and} ({title}); "
            "from {after:%Y-%m-%d} these are in force again unless it is extended",
            targets=targets, title=event.title, after=last + DAY,
        )  # fmt: skip
    if route:
        return said("Last day of {title} ({instrument}, to {route:and}: {metals})", route=route, **_named(event))
    return said("Last day of {title} ({instrument}: {metals})", **_named(event))


def kind_of_end(event: Event) -> str:
    """What the end of an event changes."""
    if event.standing == "claimed" and event.relation == CLAIMS:
        return CLAIM_ENDS
    return SUSPENSION_ENDS if event.relation == SUSPENDS else ENDS


def change_ahead(chronology: Chronology, event: Event, on: date) -> Change | None:
    """The next date on which `event` itself begins or ends, as known on `on`; None when no date is known.

    A suspended event has no date of its own: the event that suspends it has.
    """
    spell = chronology.spell(event, on)
    if spell.status == ANNOUNCED and event.effective is not None and event.effective > on:
        return Change(event.effective, start_of(event), event.standing, BEGINS)
    if spell.status == IN_FORCE and spell.until is not None and spell.following == EXPIRED:
        return Change(spell.until, end_of(chronology, event, spell.until), event.standing, kind_of_end(event))
    return None


def _named(event: Event) -> dict[str, object]:
    return {"title": event.title, "instrument": event.instrument.replace("_", " "), "metals": event.metals}
