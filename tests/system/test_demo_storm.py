"""The demo while attendees ask it as fast as they can: everybody else is answered, no process is lost for it, and it ends."""

from __future__ import annotations

import http.client
import os
import signal
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from urllib.parse import urlencode

import pytest

from tests.system.portal import PATIENCE, Portal, Visitor, seated, serving

DATABASE = "TEST_PORTAL_DATABASE_URL"
"""A database of PostgreSQL in place of SQLite's file."""
TABS = 2
"""Requests that a hostile session has open at a time."""
GOOD = 8
LONGEST = 200.0
"""Seconds in which a question is answered on however slow a machine."""
numbers = count()


def asked(visitor: Visitor, number: int) -> int:
    """Status of a question that nobody has asked before."""
    fields = {"budget": str(60_000 + 10_000 * (number % 40)), "aversion": str(0.5 + number // 40 % 40 / 2), "cap": "90"}
    token = {"scenario": "today", "csrfmiddlewaretoken": visitor.cookies["__Host-csrf"]}
    headers = {"Content-Type": "application/x-www-form-urlencoded", "Origin": visitor.base, "HX-Request": "true"}
    return visitor.ask("POST", "/room/solve", urlencode({**fields, **token}).encode(), headers).status


def answered(visitor: Visitor) -> float:
    """Seconds until the answer, asked again where it is busy."""
    began, number = time.monotonic(), next(numbers)
    while (status := asked(visitor, number)) != 200:
        assert status == 503
        assert time.monotonic() - began < LONGEST
        time.sleep(0.3)
    return time.monotonic() - began


@contextmanager
def storm(sessions: list[Visitor]) -> Iterator[None]:
    """Each session asks for something else at once as soon as it was answered or refused, in several tabs."""
    over = threading.Event()

    def ask(visitor: Visitor) -> None:
        while not over.is_set():
            try:
                asked(visitor, next(numbers))
            except (OSError, http.client.HTTPException):  # the portal has ended
                over.wait(0.1)

    threads = [threading.Thread(target=ask, args=[one]) for one in sessions for _ in range(TABS)]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        over.set()
        for thread in threads:
            thread.join(PATIENCE)


def processes(portal: Portal) -> list[int]:
    """Of the demo, which the portal has loaded."""
    assert portal.process is not None
    tasks = Path(f"/proc/{portal.process.pid}/task").glob("*/children")
    found = [int(pid) for children in tasks for pid in children.read_text("ascii").split()]
    return [pid for pid in found if b"spawn_main" in Path(f"/proc/{pid}/cmdline").read_bytes()]


@pytest.fixture
def portal(tmp_path) -> Iterator[Portal]:
    with serving(tmp_path, **({"TOOLKIT_WEB_DATABASE_URL": os.environ[DATABASE]} if DATABASE in os.environ else {})) as found:
        starts = (datetime.now(UTC) - timedelta(minutes=2)).isoformat(timespec="minutes")[:16]
        found.create("Gallium", starts, "--zone", "UTC", "--capacity", "200")
        found.start()
        yield found


def test_nobody_ends_the_demo_for_others(portal):
    """Sixty questions in nine seconds of one attendee ended it for ten minutes, and the portal could not be stopped."""
    good, hostile = seated(portal, GOOD), seated(portal, 30)
    with ThreadPoolExecutor(GOOD) as threads:
        list(threads.map(answered, good))  # the demo has loaded
        for sessions in (1, 30):
            with storm(hostile[:sessions]):
                list(threads.map(answered, good))
        assert '"demo.' not in portal.log.read_text("utf-8")
        if sys.platform == "linux":
            former = processes(portal)
            with storm(hostile[:3]):
                os.kill(former[0], signal.SIGKILL)
                os.kill(former[-1], signal.SIGSTOP)
                list(threads.map(answered, good))
        streams = [_stream(visitor) for visitor in [*good, *hostile]]
        with storm(hostile):
            time.sleep(1)
            assert portal.stop() < 10
        for stream in streams:
            stream.close()
    assert "server.ended_anyway" not in portal.log.read_text("utf-8")


def _stream(visitor: Visitor) -> http.client.HTTPConnection:
    """An open page."""
    connection = http.client.HTTPConnection("127.0.0.1", visitor.portal.port, timeout=PATIENCE)
    cookies = "; ".join(f"{name}={value}" for name, value in visitor.cookies.items())
    connection.request("GET", "/room/live", headers={"Cookie": cookies})
    assert connection.getresponse().status == 200
    return connection
