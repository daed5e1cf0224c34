"""What the presenter shows: one driver at a time, each step a version of the room and a moment of its replay."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.utils import timezone
from pydantic import TypeAdapter

from toolkit.web.demo.position import Outcome, Position, Start
from toolkit.web.models import Host, Webinar
from toolkit.web.room.models import Moment, Room
from toolkit.web.writing import writing

LEASE = timedelta(seconds=15)
"""How long who drives is the only one who may, after the last step."""
GONE = timedelta(seconds=20)
"""How long no page of a presenter is connected before attendees are told: a page that is loaded anew is back before."""
SECTIONS = ("demo", "poll", "questions")


@dataclass(frozen=True, slots=True)
class State:
    """What everybody who follows sees.

    Attributes:
        position, outcome: Where the sliders stand, and the answer there.
        section: Where the presenter is: one of `SECTIONS`.
        pointer: The figure, or the asset, that is pointed at; empty for none.
    """

    position: Position
    outcome: Outcome
    section: str = "demo"
    pointer: str = ""


@dataclass(frozen=True, slots=True)
class Kept:
    """What a room shows before anybody presents: where the sliders start, and the answer there."""

    start: Start
    outcome: Outcome


_JSON, _KEPT = TypeAdapter(State), TypeAdapter(Kept)


class Held(Exception):
    """Somebody else drives."""


class Over(Exception):
    """The webinar is over: what is shown reaches nobody."""


def stored(state: dict[str, object]) -> State | None:
    """A state that was stored; None for the empty one."""
    return _JSON.validate_python(state) if state else None


def kept(room: Room) -> Kept | None:
    """What a room showed before anybody presented; None where it has not yet."""
    return _KEPT.validate_python(room.start) if room.start else None


def keep(room: Room, start: Start, outcome: Outcome) -> None:
    """Keep what a room shows before anybody presents, for the time in which the demo loads after a restart.

    Args:
        room: Which need not be stored yet.
        start: Where the sliders start.
        outcome: The answer there.
    """
    new = _KEPT.dump_python(Kept(start, outcome), mode="json")
    if new != room.start:
        _store_start(room, new)


@writing
def _store_start(room: Room, new: dict[str, object]) -> None:
    Room.objects.update_or_create(webinar_id=room.webinar_id, defaults={"start": new})


def find(webinar: Webinar) -> Room:
    """The room of a webinar, which need not be stored yet."""
    return next(iter(Room.objects.filter(webinar=webinar)), Room(webinar=webinar))


def locked(webinar: Webinar) -> Room:
    """The room of a webinar, for a change within a transaction."""
    Room.objects.get_or_create(webinar=webinar)
    return Room.objects.select_for_update().get(webinar=webinar)


def holder(room: Room, session: str) -> str:
    """Name of the other host who drives; empty where the way is free.

    Args:
        room: Of the webinar.
        session: Digest of the session that asks.
    """
    other = room.driver is not None and room.driver_session != session and room.driver_until > timezone.now()
    return room.driver.username if other and room.driver is not None else ""


@writing
def see(webinars: Collection[int]) -> None:
    """Keep that pages of presenters are connected.

    Args:
        webinars: Their numbers.
    """
    Room.objects.filter(webinar__in=webinars).update(presenter_seen=timezone.now())


def is_away(room: Room) -> bool:
    """Whether somebody has presented, and no page of a presenter is connected any more."""
    return bool(room.state) and room.presenter_seen is not None and room.presenter_seen < timezone.now() - GONE


@writing
def take(webinar: Webinar, host: Host, session: str) -> None:
    """Become the driver, whoever is it now.

    Args:
        webinar: Whose room.
        host: Who takes over.
        session: Digest of the session.
    """
    room = locked(webinar)
    room.driver, room.driver_session, room.driver_until = host, session, timezone.now() + LEASE
    room.talk += 1
    room.save(update_fields=["driver", "driver_session", "driver_until", "talk"])


@writing
def drive(webinar: Webinar, host: Host, session: str, state: State, asked: datetime) -> int:
    """Show a state to all; the version of the room. A step that was asked for before the newest one changes nothing.

    Args:
        webinar: Whose room.
        host: Who drives.
        session: Digest of the session.
        state: What is shown.
        asked: When the step was asked for.

    Raises:
        Held: where somebody else drives.
        Over: after the end.
    """
    room = locked(webinar)
    if webinar.is_over:
        raise Over
    if holder(room, session):
        raise Held
    if room.version and asked < room.asked:
        return room.version
    if room.driver_session != session:
        room.talk += 1
    room.version, room.state, room.asked = room.version + 1, _JSON.dump_python(state, mode="json"), asked
    room.driver, room.driver_session, room.driver_until = host, session, timezone.now() + LEASE
    room.save()
    Moment.objects.create(webinar=webinar, version=room.version, state=room.state)
    return room.version
