"""The processes of the demo, and what keeps them from being asked too much.

A cache of positions, one calculation for all who ask the same, the newest position of a session in place of those that wait,
few page threads that wait at a time, and a limit of time after which the process is ended and made again (pebble).
"""

from __future__ import annotations

import multiprocessing
import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from concurrent.futures import CancelledError, Future
from concurrent.futures import TimeoutError as TooLong
from datetime import date
from typing import Any, TypeVar, cast

import structlog
from pebble import ProcessExpired, ProcessPool

from toolkit.web.demo import child
from toolkit.web.demo.position import Outcome, Position, Start
from toolkit.web.writing import Busy

T = TypeVar("T")
Loaded = Future[list[dict[str, str | None]]]
ANSWERS_KEPT = 2048
"""Answers in the cache: 2 kB each."""
LOADING_SECONDS = 120.0
"""Seconds that the libraries and the data may take to load."""
OF_A_REPORT = 60.0
"""Seconds that a report may take."""
NEXT_TRY = 600.0
"""Seconds after which a new day that could not be loaded is tried again."""
log = structlog.get_logger("demo")


class Solver:
    """Answers at positions.

    Args:
        prices: The host's own price files.
        wall: Seconds of an answer.
        waiting: Threads that may wait for one at a time.
    """

    def __init__(self, prices: tuple[str, ...], *, wall: float, waiting: int) -> None:
        self._prices, self._wall = prices, wall
        self._seats = threading.BoundedSemaphore(waiting)
        self._lock = threading.Lock()
        self._answers: OrderedDict[tuple[date, Position], Outcome] = OrderedDict()
        self._running: dict[tuple[date, Position], Future[Outcome]] = {}
        self._newest: dict[str, Future[Outcome]] = {}
        self._starts: dict[tuple[date, str], Start] = {}
        self._pool: ProcessPool | None = None
        self._printer: ProcessPool | None = None
        self._next: ProcessPool | None = None
        self._next_day, self._try_again = date.min, 0.0
        self._reports = threading.BoundedSemaphore(max(1, waiting // 2))
        self._day = date.min
        self.stops = False
        """Whether the portal was told to stop, as its processes may have been at the same time."""

    def open(self, strategies: tuple[str, ...]) -> None:
        """Start the process; it is ready when it has loaded everything."""
        self._day, self._strategies = date.today(), strategies
        self._next_day, self._try_again = self._day, time.monotonic() + LOADING_SECONDS
        self._pool = _process(child.load, self._day, self._prices, strategies)
        self._ready = self._pool.schedule(child.refused, timeout=LOADING_SECONDS)
        self._ready.add_done_callback(self._tell)

    def close(self) -> None:
        """End the processes."""
        self.stops = True
        with self._lock:
            pools = self._pool, self._printer, self._next
            self._pool = self._printer = self._next = None
        for pool in pools:
            if pool is not None:
                pool.stop()
                pool.join()

    def _tell(self, ready: Loaded) -> None:
        """Log why the process could not load, or what it cannot show; one that is stopped meanwhile has no reason."""
        if self.stops or ready.cancelled():
            return
        if (error := ready.exception()) is not None:
            log.error("demo.not_loaded", error=type(error).__name__, message=str(error))
            return
        for told in ready.result():
            log.warning("demo.cannot_show", **told)

    def _follow_the_day(self) -> None:
        """On a new day load a process beside the one that answers until it is ready; again `NEXT_TRY` after a failure.

        Where none answers, as it could not be loaded either, the next one is loaded `LOADING_SECONDS` after it.
        """
        today, now = date.today(), time.monotonic()
        with self._lock:
            if self._pool is None or self._next is not None or not self._ready.done() or (self.is_ready and today == self._day):
                return
            if today == self._next_day and now < self._try_again:
                return
            self._next_day, self._try_again = today, now + (NEXT_TRY if self.is_ready else LOADING_SECONDS)
            self._next = following = _process(child.load, today, self._prices, self._strategies)
        ready = following.schedule(child.refused, timeout=LOADING_SECONDS)
        ready.add_done_callback(self._tell)
        # A thread of its own: the callback runs in that of the pool, which cannot wait for its own end.
        ready.add_done_callback(lambda done: threading.Thread(target=self._change_over, args=[following, today, done]).start())

    def _change_over(self, following: ProcessPool, day: date, ready: Loaded) -> None:
        loaded = not ready.cancelled() and ready.exception() is None
        with self._lock:
            if self._next is not following:  # closed meanwhile
                return
            former, self._next = following, None
            if loaded:
                former, self._pool, self._day, self._ready = self._pool, following, day, ready
        if former is not None:
            former.close() if loaded else former.stop()  # what is asked already is answered
            former.join()

    @property
    def is_ready(self) -> bool:
        """Whether the process has loaded everything."""
        return self._ready.done() and self._ready.exception() is None

    def start(self, strategy: str) -> Start:
        """Where the sliders of a strategy stand at first; `Busy` while the process loads, or where it has too much to do.

        Raises:
            ToolkitError: where the strategy, or its data, cannot be shown.
        """
        self._follow_the_day()
        key = self._day, strategy
        if key not in self._starts:
            self._starts[key] = self._wait(lambda: self._schedule(child.start, [strategy], self._wall))
        return self._starts[key]

    def solve(self, position: Position, session: str) -> Outcome:
        """The answer at a position; `Busy` where there is none in time, or a newer question of the same session.

        Args:
            position: On the grid.
            session: Of the visitor: of its questions the newest counts.
        """
        self._follow_the_day()
        key = self._day, position
        with self._lock:
            if key in self._answers:
                self._answers.move_to_end(key)
                return self._answers[key]
        answer = self._wait(lambda: self._ask(key, position, session))
        with self._lock:
            self._answers[key] = answer
            if len(self._answers) > ANSWERS_KEPT:
                self._answers.popitem(last=False)
        return answer

    def report(self, position: Position, language: str, kind: str) -> bytes:
        """The report at a position.

        Args:
            position: On the grid.
            language: Code.
            kind: ``html`` or ``pdf``.
        """
        if not self._reports.acquire(blocking=False):
            raise Busy
        try:
            document = self._wait(lambda: self._schedule(child.document, [position, language], OF_A_REPORT))
            return self._result(lambda: self._print(document, language, kind))
        finally:
            self._reports.release()

    def _print(self, document: bytes, language: str, kind: str) -> Future[bytes]:
        with self._lock:
            if self._pool is None:
                raise Busy
            if self._printer is None or not self._printer.active:
                self._printer = _process(child.limit_memory)
            printing = self._printer.schedule(child.printed, args=[document, language, kind], timeout=OF_A_REPORT)
        return cast("Future[bytes]", printing)

    def _ask(self, key: tuple[date, Position], position: Position, session: str) -> Future[Outcome]:
        with self._lock:
            before = self._newest.get(session)
            future = self._running.get(key)
            others = sum(asked is before for asked in self._newest.values()) - 1
            if before is not None and before is not future and not others and not before.running():
                before.cancel()
            if future is None:
                future = self._schedule(child.solve, [position], self._wall)
                self._running[key] = future
                future.add_done_callback(lambda _: self._running.pop(key, None))
            self._newest[session] = future
            future.add_done_callback(
                lambda done: self._newest.pop(session, None) if self._newest.get(session) is done else None
            )
        return future

    def _schedule(self, function: Callable[..., T], arguments: list[Any], seconds: float) -> Future[T]:
        if self._pool is None or not self.is_ready:
            raise Busy
        return cast("Future[T]", self._pool.schedule(function, args=arguments, timeout=seconds))

    def _open_again(self) -> None:
        with self._lock:
            broken = self._pool
            if broken is None or not self.is_ready or broken.active:
                return
            log.error("demo.broken")
            self.open(self._strategies)
        broken.stop()
        broken.join()

    def _wait(self, begin: Callable[[], Future[T]]) -> T:
        if not self._seats.acquire(blocking=False):
            raise Busy
        try:
            return self._result(begin)
        finally:
            self._seats.release()

    def _result(self, begin: Callable[[], Future[T]]) -> T:
        try:
            return begin().result()
        except (TooLong, CancelledError, ProcessExpired) as error:
            log.warning("demo.no_answer", error=type(error).__name__)
            raise Busy from None
        except RuntimeError:  # pebble gives a pool up whose process ended while nobody asked: closed, or broken
            self._open_again()
            raise Busy from None


def _process(initializer: Callable[..., None], *arguments: Any) -> ProcessPool:
    """A process that is started when it is asked first."""
    context = cast("Any", multiprocessing.get_context("spawn"))
    return ProcessPool(max_workers=1, context=context, initializer=initializer, initargs=[*arguments])


solver: Solver | None = None
"""That of this process, while it serves."""


def current() -> Solver:
    """The solver of this process; `Busy` where there is none."""
    if solver is None:
        raise Busy
    return solver
