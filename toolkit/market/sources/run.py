"""One fetch of several sources at a time."""

from __future__ import annotations

import queue
import threading
from collections.abc import Iterator, Sequence

from toolkit.market.sources.base import DataSource, Query, SeriesResult


def fetch_all(jobs: Sequence[tuple[DataSource, Query]]) -> Iterator[SeriesResult]:
    """Every series of sources and what each is asked for, as it comes; each source is in a thread of its own.

    An exception of a source, which is a bug, is raised here. Where the iterator is closed, or the thread that reads it is
    interrupted, no source sends a further request.
    """
    found: queue.SimpleQueue[SeriesResult | BaseException | None] = queue.SimpleQueue()

    def work(source: DataSource, query: Query) -> None:
        try:
            for result in source.fetch(query):
                found.put(result)
                if query.client.stop.is_set():
                    break
        except BaseException as error:  # noqa: BLE001  (raised in the thread that reads)
            found.put(error)
        found.put(None)

    try:
        for job in jobs:
            threading.Thread(target=work, args=job, daemon=True).start()
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
        for _, query in jobs:
            query.client.stop.set()
            query.client.close()
