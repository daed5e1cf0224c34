"""Who was there: intervals of connection, over all pages of an attendee."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.db.models import F
from django.utils import timezone

from toolkit.web.models import Registration, Webinar
from toolkit.web.room.models import Presence
from toolkit.web.writing import writing

GRACE = timedelta(seconds=90)
"""A gap that is none: a page is loaded again, a telephone changes its network."""
LOST = timedelta(seconds=60)
"""An interval whose process has not said so for longer has ended."""
LAST_MINUTE = timedelta(minutes=1)
"""In which a demo ends that its host ends now: its length is of whole minutes, and who came within the last one was there."""
ROWS_OF_STATEMENT = 500
"""Rows of one statement."""

Interval = tuple[datetime, datetime]


@dataclass(frozen=True, slots=True)
class Attendance:
    """When somebody was there, gaps of less than `GRACE` included."""

    registration: Registration
    intervals: tuple[Interval, ...]

    @property
    def minutes(self) -> float:
        """Of all intervals."""
        return sum((end - begin for begin, end in self.intervals), timedelta()).total_seconds() / 60


def merged(intervals: Iterable[Interval]) -> tuple[Interval, ...]:
    """Intervals that do not touch, in their order: what overlaps, or is less than `GRACE` apart, is one."""
    found: list[Interval] = []
    for begin, end in sorted(intervals):
        if found and begin - found[-1][1] < GRACE:
            found[-1] = found[-1][0], max(found[-1][1], end)
        else:
            found.append((begin, end))
    return tuple(found)


def attendance(webinar: Webinar, one: Registration | None = None) -> list[Attendance]:
    """Of everybody, or one, who was in the room between start and end, in the order of their first minute.

    Who came for the replay alone attended nothing.
    """
    rows = Presence.objects.filter(registration__webinar=webinar).exclude(registration__state=Registration.State.REPLAY)
    rows = rows.select_related("registration")
    rows = rows if one is None else rows.filter(registration=one)
    by_person: dict[Registration, list[Interval]] = {}
    for row in rows:
        begin, seen = max(row.opened, webinar.starts), row.closed or row.seen
        if seen >= begin and begin < webinar.ends + LAST_MINUTE:
            by_person.setdefault(row.registration, []).append((min(begin, webinar.ends), min(seen, webinar.ends)))
    found = [Attendance(registration, merged(intervals)) for registration, intervals in by_person.items()]
    return sorted(found, key=lambda one: (one.intervals[0], str(one.registration.id)))


def present(webinar: int) -> int:
    """How many people are connected, by the number of the webinar."""
    now = Presence.objects.filter(registration__webinar=webinar, closed=None, seen__gt=timezone.now() - LOST)
    return now.values("registration").distinct().count()


def mark(registration: Registration) -> None:
    """Keep that a page without a stream was looked at: its interval goes on, or one begins. Who asks often writes seldom.

    Args:
        registration: Whose page it is.
    """
    seen = timezone.now() - LOST / 3
    if not Presence.objects.filter(registration=registration, closed=None, seen__gt=seen).exists():
        _mark(registration)


@writing
def _mark(registration: Registration) -> None:
    now = timezone.now()
    if not Presence.objects.filter(registration=registration, closed=None, seen__gt=now - LOST).update(seen=now):
        Presence.objects.create(registration=registration, opened=now, seen=now)


@writing
def begin(registrations: list[UUID]) -> list[int | None]:
    """Open an interval of each; their numbers, None for a registration that was erased meanwhile."""
    known = {*Registration.objects.filter(id__in=registrations).values_list("id", flat=True)}
    rows = Presence.objects.bulk_create([Presence(registration_id=one) for one in registrations if one in known])
    numbers = iter(rows)
    return [next(numbers).id if one in known else None for one in registrations]


@writing
def end(intervals: list[int]) -> None:
    """Close intervals."""
    now = timezone.now()
    for part in _parts(intervals):
        Presence.objects.filter(id__in=part, closed=None).update(seen=now, closed=now)


@writing
def go_on(intervals: list[int]) -> None:
    """Say that intervals are open still, and close those of processes that say no more."""
    now = timezone.now()
    for part in _parts(intervals):
        Presence.objects.filter(id__in=part).update(seen=now, closed=None)
    Presence.objects.filter(closed=None, seen__lt=now - LOST).update(closed=F("seen"))


def _parts(intervals: list[int]) -> list[list[int]]:
    return [intervals[at : at + ROWS_OF_STATEMENT] for at in range(0, len(intervals), ROWS_OF_STATEMENT)]
