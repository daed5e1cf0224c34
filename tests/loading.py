"""A start of the demo's process that fails, in a module that its process can import without Django."""

from __future__ import annotations

from datetime import date
from pathlib import Path

from toolkit.web.demo import child

load = child.load


def fails_at_first(folder: str, day: date, prices: tuple[str, ...], strategies: tuple[str, ...]) -> None:
    """`child.load`, whose first try in a folder ends without an answer."""
    if not (failed := Path(folder, "failed")).exists():
        failed.touch()
        raise MemoryError
    load(day, prices, strategies)
