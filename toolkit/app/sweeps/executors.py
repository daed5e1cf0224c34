"""Where the tasks of a sweep run: in this process, on a pool of processes, or on a Dask cluster."""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import signal
import socket
import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from tempfile import TemporaryDirectory
from typing import Any
from urllib.parse import urlsplit

from toolkit.app.sweeps.tasks import SweepTask, TaskOutcome, attempt, check_versions, lost
from toolkit.app.threads import ONE_BLAS_THREAD
from toolkit.app.versions import versions
from toolkit.core.errors import SourceError, SpecError
from toolkit.core.messages import message

ONE_THREAD = ONE_BLAS_THREAD | {"POLARS_MAX_THREADS": "1"}
"""Environment of the processes of a pool: they are as many as the cores."""
PROCESSES_OF_TASK = 3
"""Processes that a task may end before it is given up."""
SCHEDULER_SECONDS = 5.0
"""Seconds in which a scheduler has to answer, and to have a worker."""
GREETING = 1 << 20
"""Bytes above which what is said at an address is no greeting of a scheduler, which has some hundred."""
START = message("Start one (dask scheduler), look at its address and the firewall, or use --workers.")


@dataclass(frozen=True, slots=True)
class InProcess:
    """One task after the other in this process."""

    def run(self, tasks: Sequence[SweepTask]) -> Iterator[TaskOutcome]:
        """The outcomes, in the order of the tasks."""
        yield from map(attempt, tasks)


@dataclass(frozen=True, slots=True)
class Pool:
    """Processes of this machine; one that is lost is replaced, and its tasks are run again.

    Attributes:
        workers: How many.
    """

    workers: int

    def run(self, tasks: Sequence[SweepTask]) -> Iterator[TaskOutcome]:
        """The outcomes. No more tasks are handed out than there are processes, so that a lost one leaves few suspects."""
        waiting = list(reversed(tasks))
        ended: dict[str, int] = {}
        while waiting:
            workers = 1 if ended else self.workers
            suspects = yield from self._until_broken(waiting, workers, len(ended) or None)
            # Which of these ended its process shows when each has one of its own.
            again = [task for task in suspects if ended.get(task.fingerprint, 0) + 1 < PROCESSES_OF_TASK]
            yield from (lost(task) for task in suspects if task not in again)
            ended = {task.fingerprint: ended.get(task.fingerprint, 0) + 1 for task in again}
            waiting += again

    def _until_broken(self, waiting: list[SweepTask], workers: int, most: int | None) -> Any:
        """Run tasks from the end of the list, at most so many, until a process is lost; return those that ran then."""
        running: dict[Future[TaskOutcome], SweepTask] = {}
        with _environment(), _pool(workers) as pool:
            while running or (waiting and most != 0):
                while waiting and len(running) < workers and most != 0:
                    task = waiting.pop()
                    most = None if most is None else most - 1
                    try:
                        running[pool.submit(attempt, task)] = task
                    except BrokenProcessPool:
                        return [*running.values(), task]
                done, _ = wait(running, return_when=FIRST_COMPLETED)
                for future in done:
                    if isinstance(future.exception(), BrokenProcessPool):
                        return [*running.values()]
                    del running[future]
                    yield future.result()
        return []


@contextlib.contextmanager
def _pool(workers: int) -> Iterator[ProcessPoolExecutor]:
    pool = ProcessPoolExecutor(workers, mp_context=multiprocessing.get_context("spawn"), initializer=_follow_the_parent)
    try:
        yield pool
    except BaseException:
        for process in (pool._processes or {}).values():  # public from Python 3.14 on, as kill_workers
            process.kill()
        raise
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


def _follow_the_parent() -> None:
    """End with the process that started this one, however that ends: nobody else would.

    Ctrl-C is sent to every process of the terminal: that one tells the others.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with, args=[multiprocessing.parent_process()], daemon=True).start()


def _end_with(parent: Any) -> None:
    parent.join()
    os._exit(1)


@contextlib.contextmanager
def _environment() -> Iterator[None]:
    """Environment of processes that are started within."""
    before = {name: os.environ.get(name) for name in ONE_THREAD}
    os.environ.update(ONE_THREAD)
    try:
        yield
    finally:
        for name, value in before.items():
            os.environ.pop(name) if value is None else os.environ.update({name: value})


@dataclass(frozen=True, slots=True)
class Cluster:
    """A Dask cluster (extra `cluster`): its scheduler runs the tasks of a lost worker again.

    Attributes:
        address: Of a scheduler, ``tcp://host:8786``; empty for a cluster of this machine.
        workers: Processes of a cluster of this machine.
    """

    address: str = ""
    workers: int = 0

    def run(self, tasks: Sequence[SweepTask]) -> Iterator[TaskOutcome]:
        """The outcomes.

        Raises:
            SourceError: for a scheduler that does not answer, or has no worker.
            SpecError: for an address that is none, without Dask, and for workers without the toolkit, or with other versions of
                what decides digits.
        """
        if self.address:
            _check_scheduler(self.address)
        try:
            import distributed  # noqa: PLC0415  # an extra
        except ImportError:
            raise SpecError("a cluster needs Dask.", hint="pip install 'strategic-metals-toolkit[cluster]'") from None
        with contextlib.ExitStack() as stack:
            client = stack.enter_context(self._client(distributed, stack))
            _check_workers(client)
            futures = {client.submit(attempt, task, key=task.fingerprint, pure=False): task for task in tasks}
            for future in distributed.as_completed(list(futures), loop=client.loop):
                task = futures.pop(future)
                yield lost(task) if future.status == "error" else future.result()
                future.release()

    def _client(self, distributed: Any, stack: contextlib.ExitStack) -> Any:
        address: Any = self.address
        if not address:
            from dask import config  # noqa: PLC0415  # an extra

            folder = stack.enter_context(TemporaryDirectory(prefix="toolkit-sweep-", ignore_cleanup_errors=True))
            stack.enter_context(config.set(temporary_directory=folder))
            address = stack.enter_context(
                distributed.LocalCluster(
                    n_workers=self.workers,
                    threads_per_worker=1,
                    processes=True,
                    host="127.0.0.1",
                    dashboard_address="127.0.0.1:0",  # a port that is free
                    silence_logs=50,
                    env=ONE_THREAD,
                )
            )
        try:
            client = distributed.Client(address, timeout=SCHEDULER_SECONDS, set_as_default=False)
        except (OSError, TimeoutError, ValueError) as error:
            raise SourceError(
                "the scheduler {address} does not answer: {error:s}.", hint=START, address=self.address, error=str(error)
            ) from error
        if self.address and not client.scheduler_info()["workers"]:
            client.close()
            raise SourceError(
                "the scheduler {address} has no worker.",
                hint="Start one where the toolkit is installed: dask worker {address} --nthreads 1",
                address=self.address,
            )
        return client


Executor = InProcess | Pool | Cluster
"""Runs tasks, and gives the outcome of each in the order in which they end; a closed iterator stops what has not ended."""


def _check_scheduler(address: str) -> None:
    """Refuse an address at which no Dask scheduler speaks, without Dask.

    A scheduler speaks first: eight bytes with the length of its greeting. Where nobody speaks Dask waits for minutes, and what
    another service says it takes for a length.
    """
    try:
        where = urlsplit(address)
        scheme, host, port = where.scheme, where.hostname, where.port
    except ValueError:
        scheme, host, port = "", None, None
    if host is None or port is None:
        raise SpecError("--scheduler {address!r:s} is no address.", hint="Write it as tcp://HOST:PORT.", address=address)
    if scheme == "tls":  # the client of the other side speaks first
        return
    try:
        with socket.create_connection((host, port), timeout=SCHEDULER_SECONDS / 2) as found, found.makefile("rb") as stream:
            told = stream.read(8)
    except OSError as error:
        raise SourceError(
            "the scheduler {address} does not answer: {error:s}.", hint=START, address=address, error=str(error)
        ) from error
    if len(told) < 8 or int.from_bytes(told, "little") > GREETING:
        raise SourceError("what answers at {address} is no Dask scheduler.", hint=START, address=address)


def _check_workers(client: Any) -> None:
    """Refuse workers that would compute other digits, or nothing."""
    mine = versions()
    for worker, found in client.run(versions, on_error="return").items():
        if not isinstance(found, dict):
            raise SpecError(
                "the worker {worker} has no toolkit of this version: {found}.",
                hint="Install it there with the extra cluster, in the same version as here.",
                worker=worker,
                found=found,
            )
        check_versions(mine, found, f"the worker {worker}")
