"""Writes: on SQLite by one thread that commits several together, elsewhere each in a transaction of its own.

SQLite has one writer at a time, and its lock is not fair: of 32 threads that write by themselves some wait for more than the
timeout (PORTAL-STACK section 2). One thread needs no lock, and commits what has come in meanwhile with one fsync.
"""

from __future__ import annotations

import contextlib
import functools
import queue
import threading
from collections.abc import Callable
from concurrent.futures import Future
from pathlib import Path
from typing import Any, ParamSpec, TypeVar

from django.conf import settings
from django.db import OperationalError, connection, connections, transaction

P = ParamSpec("P")
T = TypeVar("T")
Job = tuple[Callable[[], Any], "Future[Any]"]

WRITES_OF_COMMIT = 64
"""Writes of one commit."""
WRITES_WAITING = 512
"""Writes that may wait before the portal is busy."""


class Busy(Exception):
    """Too much is waiting: come back in a moment."""


class Writer:
    """The thread."""

    def __init__(self) -> None:
        self._jobs: queue.Queue[Job | None] = queue.Queue(WRITES_WAITING)
        self._thread: threading.Thread | None = None
        self._lock = threading.Lock()

    def run(self, job: Callable[[], T]) -> T:
        """The result of a job once it is committed; `Busy` where the thread has too much to do."""
        with self._lock:
            if self._thread is None:
                self._thread = threading.Thread(target=self._work, name="writer", daemon=True)
                self._thread.start()
        done: Future[T] = Future()
        try:
            self._jobs.put((job, done), timeout=1)
            return done.result(settings.WRITE_SECONDS)
        except (queue.Full, TimeoutError):
            if done.done() and not done.cancelled():  # a TimeoutError of the job itself
                return done.result()
            done.cancel()
            raise Busy from None

    def stop(self) -> None:
        """Finish what waits, and close the connection."""
        with self._lock:
            thread, self._thread = self._thread, None
        if thread is not None:
            self._jobs.put(None)
            thread.join()

    def _work(self) -> None:
        ending = False
        while not ending:
            jobs: list[Job] = []
            for item in self._batch():
                if item is None:
                    ending = True
                elif item[1].set_running_or_notify_cancel():
                    jobs.append(item)
            if jobs:
                _commit(jobs)
        connections.close_all()

    def _batch(self) -> list[Job | None]:
        found = [self._jobs.get()]
        while len(found) < WRITES_OF_COMMIT:
            try:
                found.append(self._jobs.get_nowait())
            except queue.Empty:
                break
        return found


_files: dict[str, tuple[int, int]] = {}


def is_moved() -> bool:
    """Whether the file of SQLite is no longer where it was: what is written to it would be gone with the process."""
    if connection.vendor != "sqlite":
        return False
    name = str(connection.settings_dict["NAME"])
    try:
        found = Path(name).stat()
    except OSError:
        return True
    return _files.setdefault(name, (found.st_dev, found.st_ino)) != (found.st_dev, found.st_ino)


def _refuse_moved() -> None:
    if is_moved():
        raise OperationalError("the file of the database is not where it was")


def _commit(jobs: list[Job]) -> None:
    """Run jobs in one transaction, each in a savepoint, and answer them after the commit."""
    answers: list[tuple[Any, BaseException | None]] = []
    try:
        with transaction.atomic():
            for job, _ in jobs:
                try:
                    with transaction.atomic():
                        answers.append((job(), None))
                except Exception as error:  # noqa: BLE001  # raised again where the job came from
                    answers.append((None, error))
            _refuse_moved()
    except Exception as error:  # noqa: BLE001  # nothing was stored: every job of the transaction failed
        answers = [(None, error)] * len(jobs)
    if any(isinstance(failed, OperationalError) for _, failed in answers):
        connection.close()  # of SQLite, a file that was moved away: it would stay open when it is back
    for (_, done), (result, failed) in zip(jobs, answers, strict=True):
        if failed is None:
            done.set_result(result)
        else:
            done.set_exception(failed)


writer = Writer()


def together(function: Callable[P, T]) -> Callable[P, T]:
    """The function with all that it writes as one job of the thread; elsewhere each `writing` in it is a transaction."""

    @functools.wraps(function)
    def run(*args: P.args, **kwargs: P.kwargs) -> T:
        if connection.vendor != "sqlite" or connection.in_atomic_block:
            return function(*args, **kwargs)
        return writer.run(lambda: function(*args, **kwargs))

    return run


def writing(function: Callable[P, T]) -> Callable[P, T]:
    """The function in a transaction; inside another one it is part of that."""

    @functools.wraps(function)
    def run(*args: P.args, **kwargs: P.kwargs) -> T:
        with contextlib.nullcontext() if connection.in_atomic_block else transaction.atomic():
            return function(*args, **kwargs)

    return together(run)
