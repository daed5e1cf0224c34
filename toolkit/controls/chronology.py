"""The legal status of an event on a day: a pure function of dates and of what other events do to it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import wraps
from types import MappingProxyType
from typing import Any, ParamSpec, TypeVar

from toolkit.controls.events import ENDING, EXTENDS, SUSPENDS, Event

ANNOUNCED, IN_FORCE, SUSPENDED, EXPIRED, REPEALED = "announced", "in_force", "suspended", "expired", "repealed"
DAY = timedelta(days=1)

P = ParamSpec("P")
T = TypeVar("T")


def remembered(asked: Callable[P, T]) -> Callable[P, T]:
    """A question to a ledger, whose answers are kept with its chronology: each strategy and lot of a day asks it again."""

    @wraps(asked)
    def answer(*args: P.args, **kwargs: P.kwargs) -> T:
        ledger: Any = args[0]
        question = (asked.__name__, ledger.reviewed_to, args[1:], *kwargs.items())
        found = ledger.chronology.answers
        if question not in found:
            found[question] = asked(*args, **kwargs)
        return found[question]

    return answer


@dataclass(frozen=True, slots=True)
class ControlPeriod:
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
    """Events and what acts on them. `known` is the day of knowledge: nothing published after it counts."""

    events: tuple[Event, ...]
    _acting: Mapping[str, tuple[Event, ...]] = field(repr=False, compare=False)
    _found: dict[tuple[str, date, date], tuple[Event, str]] = field(default_factory=dict, init=False, repr=False, compare=False)
    answers: dict[object, Any] = field(default_factory=dict, init=False, repr=False, compare=False)

    @classmethod
    def of(cls, events: tuple[Event, ...]) -> Chronology:
        """The chronology of events whose `acts_on` references are known to be acyclic."""
        acting: dict[str, tuple[Event, ...]] = {}
        for event in events:
            for target in event.acts_on:
                acting[target] = (*acting.get(target, ()), event)
        return cls(events, MappingProxyType(acting))

    def acting_on(self, event: Event, *relations: str, known: date) -> tuple[Event, ...]:
        """Events known on `known` whose relation to `event` is one of `relations`."""
        found = self._acting.get(event.event_id)
        return tuple(other for other in found if other.relation in relations and other.known_from <= known) if found else ()

    def status(self, event: Event, day: date, *, known: date) -> str:
        """The status of `event` on `day`, as far as it was known on `known`. End dates are inclusive.

        A suspension does not repeal: after its last day, the suspended event has the status of its own dates. An event that was
        suspended before its first day counts as suspended, not as announced.

        Args:
            event: An event of the ledger.
            day: Day of which the status is asked.
            known: Day of knowledge: events known later do not count.
        """
        # Every form and every route asks for the status of the same events on the same days.
        key = (event.event_id, day, known)
        found = self._found.get(key)
        if found is None or found[0] is not event:
            found = self._found[key] = (event, self._status(event, day, known))
        return found[1]

    def _status(self, event: Event, day: date, known: date) -> str:
        """`status`, computed."""

        def holds(other: Event) -> bool:
            return other.is_law and self.status(other, day, known=known) == IN_FORCE

        def has_begun(other: Event) -> bool:
            return other.is_law and self.status(other, day, known=known) in (IN_FORCE, EXPIRED)

        is_acted_on = event.event_id in self._acting
        if is_acted_on and any(has_begun(other) for other in self.acting_on(event, *ENDING, known=known)):
            return REPEALED
        suspended = is_acted_on and any(holds(other) for other in self.acting_on(event, SUSPENDS, known=known))
        if event.effective is None or day < event.effective:
            return SUSPENDED if suspended else ANNOUNCED
        ends = event.ends_as_known(known)
        if ends is not None and day > ends and not any(holds(other) for other in self.acting_on(event, EXTENDS, known=known)):
            return EXPIRED
        return SUSPENDED if suspended else IN_FORCE

    def first_day(self, event: Event, on: date) -> date | None:
        """The first day by `on` on which `event` was in force; None when it has never operated by then."""
        reached = (cut for cut in sorted(self._cuts(event, on)) if cut <= on)
        return next((cut for cut in reached if self.status(event, cut, known=on) == IN_FORCE), None)

    def returned(self, event: Event, on: date, *, known: date) -> date | None:
        """The day on which `event`, in force on `on`, came into force because a suspension had ended; else None.

        Args:
            event: An event of the ledger.
            on: A day of the period.
            known: Day of knowledge.
        """
        period = self.period_on(event, on, known=known)
        if period.status != IN_FORCE or self.status(event, period.since - DAY, known=known) != SUSPENDED:
            return None
        return period.since

    def period(self, event: Event, on: date) -> ControlPeriod:
        """The status of `event` on `on` and its first and last day, as known on `on`."""
        return self.period_on(event, on, known=on)

    def period_on(self, event: Event, on: date, *, known: date) -> ControlPeriod:
        """The period of constant status that `on` lies in: status of `event`, first and last day, and the status after it.

        Args:
            event: An event of the ledger.
            on: A day of the period.
            known: Day of knowledge.
        """

        def status(day: date) -> str:
            return self.status(event, day, known=known)

        cuts = sorted(self._cuts(event, known))
        now = status(on)
        since = next((cut for cut in reversed(cuts) if cut <= on and status(cut - DAY) != now), event.known_from)
        change = next((cut for cut in cuts if cut > on and status(cut) != now), None)
        if change is None:
            return ControlPeriod(now, since, None, None)
        return ControlPeriod(now, since, change - DAY, status(change))

    def _cuts(self, event: Event, known: date) -> set[date]:
        """Every day on which the status of `event` can change: first days, and the days after last days."""
        own = {event.effective} if event.effective else set()
        ends = event.ends_as_known(known)
        own |= {ends + DAY} if ends else set()
        for other in self.acting_on(event, SUSPENDS, EXTENDS, *ENDING, known=known):
            own |= self._cuts(other, known)
        return own
