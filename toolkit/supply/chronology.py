"""The legal status of an event on a day: a pure function of dates and of what other events do to it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from types import MappingProxyType

from toolkit.supply.events import ENDING, EXTENDS, SUSPENDS, Event

ANNOUNCED, IN_FORCE, SUSPENDED, EXPIRED, REPEALED = "announced", "in_force", "suspended", "expired", "repealed"
DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Spell:
    """A status and the days it holds, both inclusive; `until` is None when no known date ends it.

    Attributes:
        following: The status on the day after `until`; None when `until` is.
    """

    status: str
    since: date
    until: date | None
    following: str | None


@dataclass(frozen=True, slots=True)
class Chronology:
    """Events and what acts on them. Knowledge is an argument: nothing published after `known` is looked at."""

    events: tuple[Event, ...]
    _acting: Mapping[str, tuple[Event, ...]] = field(repr=False, compare=False)

    @classmethod
    def of(cls, events: tuple[Event, ...]) -> Chronology:
        """The chronology of events whose `acts_on` references are known to be acyclic."""
        acting: dict[str, tuple[Event, ...]] = {}
        for event in events:
            for target in event.acts_on:
                acting[target] = (*acting.get(target, ()), event)
        return cls(events, MappingProxyType(acting))

    def acting_on(self, event: Event, *relations: str, known: date) -> tuple[Event, ...]:
        """Events known by then that stand in one of `relations` to `event`."""
        found = self._acting.get(event.event_id, ())
        return tuple(other for other in found if other.relation in relations and other.known_from <= known)

    def status(self, event: Event, day: date, *, known: date) -> str:
        """The status of `event` on `day`, as far as it was known on `known`. End dates are inclusive.

        A suspension sets aside; it does not repeal: when its last day has passed, the suspended event is what its own dates
        say. An event that was suspended before its first day counts as suspended, not as announced.
        """

        def holds(other: Event) -> bool:
            return other.is_law and self.status(other, day, known=known) == IN_FORCE

        def has_begun(other: Event) -> bool:
            return other.is_law and self.status(other, day, known=known) in (IN_FORCE, EXPIRED)

        if any(has_begun(other) for other in self.acting_on(event, *ENDING, known=known)):
            return REPEALED
        suspended = any(holds(other) for other in self.acting_on(event, SUSPENDS, known=known))
        if event.effective is None or day < event.effective:
            return SUSPENDED if suspended else ANNOUNCED
        extended = any(holds(other) for other in self.acting_on(event, EXTENDS, known=known))
        ends = event.ends_as_known(known)
        if ends is not None and day > ends and not extended:
            return EXPIRED
        return SUSPENDED if suspended else IN_FORCE

    def spell(self, event: Event, on: date) -> Spell:
        """The status of `event` on `on` and its first and last day, as known on `on`."""

        def status(day: date) -> str:
            return self.status(event, day, known=on)

        cuts = sorted(self._cuts(event, on))
        now = status(on)
        since = next((cut for cut in reversed(cuts) if cut <= on and status(cut - DAY) != now), event.known_from)
        change = next((cut for cut in cuts if cut > on and status(cut) != now), None)
        if change is None:
            return Spell(now, since, None, None)
        return Spell(now, since, change - DAY, status(change))

    def _cuts(self, event: Event, known: date) -> set[date]:
        """Every day on which the status of `event` can change: first days, and the days after last days."""
        own = {event.effective} if event.effective else set()
        ends = event.ends_as_known(known)
        own |= {ends + DAY} if ends else set()
        for other in self.acting_on(event, SUSPENDS, EXTENDS, *ENDING, known=known):
            own |= self._cuts(other, known)
        return own
