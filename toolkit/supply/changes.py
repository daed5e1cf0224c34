"""Dated changes ahead, in words: one rule for the state of a metal and for the calendar of everything."""

from __future__ import annotations

from datetime import date

from toolkit.supply.chronology import ANNOUNCED, DAY, EXPIRED, IN_FORCE, Chronology
from toolkit.supply.events import CLAIMS, SUSPENDS, Event
from toolkit.supply.state import Change


def _and(titles: list[str]) -> str:
    """Distinct titles in order, the last joined by "and"."""
    distinct = list(dict.fromkeys(titles))
    return distinct[0] if len(distinct) == 1 else f"{', '.join(distinct[:-1])} and {distinct[-1]}"


def acted_on(chronology: Chronology, event: Event) -> str:
    """The titles of the events that `event` acts on."""
    targets = {e.event_id: e.title for e in chronology.events}
    return _and([targets[target] for target in event.acts_on])


def _route(event: Event) -> str:
    """Where a control points: nothing for all destinations, nor for policy, which has no route of goods."""
    return "" if event.kind != "control" or event.destinations == ("all",) else f", to {_and(list(event.destinations))}"


def start_of(event: Event) -> str:
    """Words for the first day of an event."""
    return f"{event.title} ({event.instrument.replace('_', ' ')}{_route(event)}: {', '.join(event.metals)}) takes effect"


def end_of(chronology: Chronology, event: Event, last: date) -> str:
    """Words for the last day of an event; `last` is inclusive, so what follows begins the day after."""
    after = (last + DAY).isoformat()
    if event.standing == "claimed" and event.relation == CLAIMS:
        return (
            f"Last day of the extension of {acted_on(chronology, event)} that {event.authority} claimed; "
            "no legal act confirms it"
        )
    if event.relation == SUSPENDS:
        return (
            f"Last day of the suspension of {acted_on(chronology, event)}{_route(event)} ({event.title}); "
            f"from {after} these are in force again unless it is extended"
        )
    return f"Last day of {event.title} ({event.instrument.replace('_', ' ')}{_route(event)}: {', '.join(event.metals)})"


def change_ahead(chronology: Chronology, event: Event, on: date) -> Change | None:
    """The next date on which `event` itself begins or ends, as known on `on`; None when no date is known.

    A suspended event has no date of its own: the event that suspends it has.
    """
    spell = chronology.spell(event, on)
    if spell.status == ANNOUNCED and event.effective is not None and event.effective > on:
        return Change(event.effective, start_of(event), event.standing)
    if spell.status == IN_FORCE and spell.until is not None and spell.following == EXPIRED:
        return Change(spell.until, end_of(chronology, event, spell.until), event.standing)
    return None
