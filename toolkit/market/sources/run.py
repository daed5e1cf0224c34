"""One fetch of several sources at a time."""

from __future__ import annotations

import queue
import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from toolkit.market.sources.base import DataSource, Query, SeriesResult


@dataclass(frozen=True, slots=True)
class Job:
    """A source and what it is asked for."""

    source: DataSource
    query: Query


def fetch_all(jobs: Sequence[Job]) -> Iterator[SeriesResult]:
    """Every series of every job as it comes, each source in a thread of its own.

    An exception of a source, which is a bug, is raised here. Where the iterator is closed, or the thread that reads it is
    interrupted, no source sends a further request.
    """
    found: queue.SimpleQueue[SeriesResult | BaseException | None] = queue.SimpleQueue()

    def work(job: Job) -> None:
        try:
            for result in job.source.fetch(job.query):
                found.put(result)
                if job.query.client.stop.is_set():
                    break
        except BaseException as error:  # noqa: BLE001  (raised in the thread that reads)
            found.put(error)
        found.put(None)

    try:
        for job in jobs:
            threading.Thread(target=work, args=(job,), daemon=True).start()
        running = len(jobs)
        while running:
            match found.get():
                case None:
                    running -= 1
                case BaseException() as error:
                    raise error
                case result:
                    yield result
    finally:
        for job in jobs:
            job.query.client.stop.set()
            job.query.client.close()
