"""Streams of server-sent events, and the thread that feeds them.

A stream touches no database. The thread looks at the rooms ten times a second, whichever process changed them, makes each part
once for an audience and a language, and asks every few seconds whether the sessions of the open streams still hold.
"""

from __future__ import annotations

import asyncio
import contextlib
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

import structlog
from django.db import Error, close_old_connections, connections

from toolkit.web.asgi.whole import Receive, Send
from toolkit.web.models import Registration, Session, Webinar
from toolkit.web.room import attendance, presenting
from toolkit.web.room.models import Room
from toolkit.web.room.parts import Audience, parts
from toolkit.web.words import language
from toolkit.web.writing import Busy

TICK_SECONDS = 0.1
"""Seconds between two looks at the rooms."""
AWAY = 1.0
"""The same after the database did not answer."""
TALK = 1.0
"""Seconds between two versions of questions and polls that are sent."""
BEAT = 4.0
"""Seconds between two looks at the sessions of streams; a revoked one ends that soon."""
COMMENT = 15.0
"""Seconds of silence before a comment says that the stream lives."""
EACH = 3
"""Streams of one attendee."""
ALL = 4000
"""Streams of a process."""
Clock = tuple[bool, bool, datetime] | None
"""Of a webinar: whether it has begun, whether it is over, and when it ends; None before it was looked at."""
Seen = tuple[int, int, int, bool, Clock]
"""Of a room: versions of what is shown and said, who is there, whether the presenter has gone, and the clock."""
ELSEWHERE = b"event: ended\ndata: elsewhere\n\n"
log = structlog.get_logger("room")


def encode(name: str, content: str) -> bytes:
    """One event."""
    lines = "".join(f"data: {line}\n" for line in content.splitlines() or [""])
    return f"event: {name}\n{lines}\n".encode()


@dataclass(eq=False)
class Stream:
    """One open page.

    Attributes:
        webinar: Number.
        code: Of the language.
        audience: Attendee or host.
        holds: Whether the session of a host still holds; an attendee's is looked at with all others.
        session: Digest of an attendee's session.
        registration: Of an attendee.
        interval: Of attendance, once it is stored.
        sent: Parts that were given to it.
    """

    webinar: int
    code: str
    audience: Audience
    holds: Callable[[], bool] = lambda: True
    session: str = ""
    registration: UUID | None = None
    interval: int | None = None
    sent: dict[str, str] = field(default_factory=dict)

    async def __call__(self, receive: Receive, send: Send) -> None:
        """Send parts as they change, until either side goes."""
        self._waiting: dict[str, bytes] = {}
        self._news, self._ended, self._last = asyncio.Event(), False, b""
        self._loop = asyncio.get_running_loop()
        gone = asyncio.ensure_future(receive())  # the request is whole: what comes now is its end
        gone.add_done_callback(lambda _: self._news.set())
        hub.join(self)
        try:
            chunk = b": \n\n"
            while not gone.done():
                if chunk:
                    await send({"type": "http.response.body", "body": chunk, "more_body": True})
                if self._ended:
                    break
                chunk = b": \n\n"
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(self._news.wait(), COMMENT)
                    chunk, self._waiting = b"".join(self._waiting.values()) + self._last, {}
                self._news.clear()
        finally:
            gone.cancel()
            hub.leave(self)

    def give(self, new: dict[str, bytes]) -> None:
        """Put parts in place of those of the same name that wait; called in the loop."""
        self._waiting |= new
        self._news.set()

    def end(self, last: bytes = b"") -> None:
        """End, after a last event; called from any thread."""

        def ended() -> None:
            self._ended, self._last = True, last
            self._news.set()

        with contextlib.suppress(RuntimeError):  # the loop is closed: so is the stream
            self._loop.call_soon_threadsafe(ended)


class Hub:
    """The streams of this process."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._streams: list[Stream] = []
        self._left: list[int] = []
        self._ending = threading.Event()
        self._thread: threading.Thread | None = None
        self._reset()

    def _reset(self) -> None:
        self._seen: dict[int, Seen] = {}
        self._people: dict[int, int] = {}
        self._clocks: dict[int, Clock] = {}
        self._made: dict[tuple[int, Audience, str], tuple[Seen, dict[str, str]]] = {}
        self._beat_at, self._talk_at = 0.0, 0.0

    def start(self) -> None:
        """Begin."""
        self._ending.clear()
        self._reset()
        self._thread = threading.Thread(target=self._work, name="rooms", daemon=True)
        self._thread.start()

    def end_streams(self) -> None:
        """End every stream: pages come back when the server does. Called in a handler of a signal, so without the lock."""
        self._ending.set()
        for stream in tuple(self._streams):
            stream.end()

    def stop(self) -> None:
        """Close what is open of attendance, once no stream is left."""
        self.end_streams()
        if self._thread is not None:
            self._thread.join()

    @property
    def is_full(self) -> bool:
        """Whether the process takes no more streams, or ends."""
        return len(self._streams) >= ALL or self._ending.is_set()

    def join(self, stream: Stream) -> None:
        """Take a stream; the oldest of the same attendee ends where there are too many."""
        with self._lock:
            self._streams.append(stream)
            same = [one for one in self._streams if stream.registration and one.registration == stream.registration]
        for one in same[:-EACH]:
            one.end(ELSEWHERE)
        if self._ending.is_set():
            stream.end()

    def leave(self, stream: Stream) -> None:
        """Forget a stream that has ended."""
        with self._lock:
            self._streams.remove(stream)
            if stream.interval is not None:
                self._left.append(stream.interval)

    def _work(self) -> None:
        away = False
        while not self._ending.wait(TICK_SECONDS):
            try:
                close_old_connections()
                self.tick()
                away = False
            except (Error, Busy) as error:  # the database is away for a moment, which is said once: all is looked at again
                if not away:
                    log.warning("room.tick_failed", error=repr(error))
                connections.close_all()
                away = True
                self._ending.wait(AWAY)
        self._finish()
        connections.close_all()

    def _finish(self) -> None:
        until = time.monotonic() + 2
        while self._streams and time.monotonic() < until:
            time.sleep(TICK_SECONDS / 4)
        with self._lock:
            open_ones = [one.interval for one in self._streams if one.interval is not None]
        try:
            attendance.end([*self._left, *open_ones])
        except (Error, Busy) as error:
            log.warning("room.intervals_left_open", error=repr(error))

    def tick(self) -> None:
        """Look once: who came and went, whose session ended, and what changed."""
        with self._lock:
            streams, left = list(self._streams), list(self._left)
        self._attend([one for one in streams if one.registration is not None and one.interval is None], left)
        now = time.monotonic()
        if now >= self._beat_at:
            self._beat_at = now + BEAT
            self._beat(streams)
        if streams:
            self._look(streams, talk=now >= self._talk_at)
            if now >= self._talk_at:
                self._talk_at = now + TALK

    def _attend(self, new: list[Stream], left: list[int]) -> None:
        if left:
            attendance.end(left)
            with self._lock:
                self._left = self._left[len(left) :]
        if not new:
            return
        numbers = attendance.begin([one.registration for one in new if one.registration is not None])
        with self._lock:
            for stream, number in zip(new, numbers, strict=True):
                stream.interval = number
                if number is not None and stream not in self._streams:  # it went meanwhile
                    self._left.append(number)
        for stream, number in zip(new, numbers, strict=True):
            if number is None:
                stream.end()

    def _beat(self, streams: list[Stream]) -> None:
        attendance.go_on([one.interval for one in streams if one.interval is not None])
        valid = _valid({one.session for one in streams if one.audience == "attendee"})
        for one in streams:
            if (one.audience == "attendee" and one.session not in valid) or not one.holds():
                one.end()
        hosts = {one.webinar for one in streams if one.audience == "host"}
        if hosts:
            presenting.see(hosts)
        self._people = {webinar: attendance.present(webinar) for webinar in hosts}

    def _look(self, streams: list[Stream], *, talk: bool) -> None:
        by_webinar: dict[int, list[Stream]] = defaultdict(list)
        for one in streams:
            by_webinar[one.webinar].append(one)
        rooms = {room.webinar_id: room for room in Room.objects.filter(webinar__in=by_webinar).defer("driver")}
        if talk or not self._clocks.keys() >= by_webinar.keys():
            found = Webinar.objects.in_bulk(by_webinar)
            self._clocks = {one.id: (one.is_open, one.is_over, one.ends) for one in found.values()}
        for webinar, here in by_webinar.items():
            room = rooms.get(webinar, Room(webinar_id=webinar))
            before = self._seen.get(webinar, (-1, -1, -1, False, None))
            talked, clock = room.talk if talk or before[1] < 0 else before[1], self._clocks.get(webinar)
            self._seen[webinar] = room.version, talked, self._people.get(webinar, 0), presenting.is_away(room), clock
            if self._seen[webinar] != before or any(not one.sent for one in here):
                self._send(webinar, self._seen[webinar], here)
        self._seen = {webinar: self._seen[webinar] for webinar in by_webinar}
        self._made = {key: made for key, made in self._made.items() if key[0] in by_webinar}

    def _send(self, webinar: int, seen: Seen, streams: Iterable[Stream]) -> None:
        given: list[tuple[Stream, dict[str, bytes]]] = []
        encoded: dict[tuple[str, str], bytes] = {}
        for stream in streams:
            key = webinar, stream.audience, stream.code
            if key not in self._made or self._made[key][0] != seen:
                found = Webinar.objects.get(id=webinar)
                room = Room.objects.select_related("driver").filter(webinar=found).first() or Room(webinar=found)
                self._made[key] = seen, parts(found, room, stream.audience, language(stream.code))
            made = self._made[key][1]
            changed = {name: content for name, content in made.items() if stream.sent.get(name) != content}
            if changed:
                for name, content in changed.items():
                    encoded.setdefault((name, content), encode(name, content))
                given.append((stream, {name: encoded[name, content] for name, content in changed.items()}))
                stream.sent = made
        if given:
            _give(given)


def _give(given: list[tuple[Stream, dict[str, bytes]]]) -> None:
    def all_of_them() -> None:
        for stream, new in given:
            stream.give(new)

    given[0][0]._loop.call_soon_threadsafe(all_of_them)  # one loop has all streams


def _valid(sessions: set[str]) -> set[str]:
    """Those of the sessions that may be in the room still."""
    held = {"registration__state__in": Registration.ENTERS, "registration__webinar__cancelled_at": None}
    rows, names = Session.unexpired().filter(**held), sorted(sessions)
    step = attendance.ROWS_OF_STATEMENT
    return {
        key
        for at in range(0, len(names), step)
        for key in rows.filter(session_key__in=names[at : at + step]).values_list("session_key", flat=True)
    }


hub = Hub()
"""That of this process."""
