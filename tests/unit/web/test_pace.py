"""A session that asks faster than a person waits before a page is begun for it; others do not."""

from __future__ import annotations

import asyncio

import pytest

from toolkit.web.asgi import pace
from toolkit.web.asgi.pace import BURST, WAITING, Pace


@pytest.fixture
def slept(monkeypatch) -> list[float]:
    """Seconds that requests have waited, while the clock stands still."""
    found: list[float] = []

    async def sleep(seconds: float) -> None:
        found.append(seconds)

    monkeypatch.setattr(pace.asyncio, "sleep", sleep)
    monkeypatch.setattr(pace.time, "monotonic", lambda: 1000.0)
    return found


def asked(paced: Pace, session: str, path: str = "/room/solve") -> bool:
    cookies = [(b"cookie", f"a=b; __Host-session={session}".encode())] if session else []
    return asyncio.run(paced.kept({"path": path, "headers": cookies, "client": ("192.0.2.1", 5)}))


class TestPace:
    def test_a_burst_passes_then_requests_wait_and_then_they_are_refused(self, slept):
        paced = Pace(frozenset({"/room/solve"}))
        assert [asked(paced, "one") for _ in range(int(BURST))] == [True] * int(BURST)
        assert slept == []
        assert [asked(paced, "one") for _ in range(WAITING)] == [True] * WAITING
        assert slept == [1.0, 2.0, 3.0, 4.0]
        assert [asked(paced, "one") for _ in range(3)] == [False] * 3
        assert slept[WAITING:] == [pace.REFUSED_SECONDS] * 3

    def test_what_was_refused_costs_no_more_turns(self, slept, monkeypatch):
        paced = Pace(frozenset({"/room/solve"}))
        assert [asked(paced, "one") for _ in range(100)].count(True) == BURST + WAITING
        monkeypatch.setattr(pace.time, "monotonic", lambda: 1001.0)
        assert [asked(paced, "one"), asked(paced, "one")] == [True, False]

    def test_another_session_and_another_page_do_not_wait(self, slept):
        paced = Pace(frozenset({"/room/solve"}))
        for _ in range(100):
            asked(paced, "one")
        slept.clear()
        assert asked(paced, "two")
        assert asked(paced, "one", "/room/ask")
        assert asked(paced, "")  # by its address
        assert slept == []

    def test_sessions_that_have_all_their_requests_left_are_forgotten(self, slept, monkeypatch):
        monkeypatch.setattr(pace, "REMEMBERED", 10)
        paced = Pace(frozenset({"/room/solve"}))
        for number in range(10):
            asked(paced, f"{number}")
        monkeypatch.setattr(pace.time, "monotonic", lambda: 2000.0)
        asked(paced, "last")
        assert len(paced._left) == 1
