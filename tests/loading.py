"""A start of a process of the demo that fails, in a module that the process can import without Django."""

from __future__ import annotations

from datetime import date
from multiprocessing.connection import Connection
from pathlib import Path

from toolkit.web.demo import child

work = child.work


def fails_at_first(folder: str, pipe: Connection, day: date, prices: tuple[str, ...], strategies: tuple[str, ...]) -> None:
    """`child.work`, whose first try in a folder ends without an answer."""
    if not (failed := Path(folder, "failed")).exists():
        failed.touch()
        raise MemoryError
    work(pipe, day, prices, strategies)
