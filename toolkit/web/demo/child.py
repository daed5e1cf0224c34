"""The processes of the demo: one solves, one prints reports, which takes seconds in which the first answers others.

The serving process knows these functions by name alone: it loads neither solvers nor data.
"""

from __future__ import annotations

import contextlib
import os
import pickle
import signal
import sys
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from typing import TYPE_CHECKING

from toolkit.core.errors import ToolkitError
from toolkit.web.demo.position import SCENARIOS, Outcome, Position, Start

if TYPE_CHECKING:
    from toolkit.web.demo.solving import Demo

MEMORY = 6 << 30
"""Bytes of memory that each may have."""

_demo: Demo | None = None
_refused: list[dict[str, str | None]] = []


@contextlib.contextmanager
def _leaves_nothing() -> Iterator[None]:
    """What a process does when it is told to end is undone first: its files, and the browser that prints for it."""

    def undo(*_: object) -> None:
        raise SystemExit(1)

    former = signal.signal(signal.SIGTERM, undo)
    try:
        yield
    except SystemExit:
        os._exit(1)  # pebble takes an exception for an answer, and waits for the next question
    finally:
        signal.signal(signal.SIGTERM, former)


@_leaves_nothing()
def load(day: date, prices: tuple[str, ...], strategies: tuple[str, ...]) -> None:
    """Make this process ready: libraries, data, and the problem of each strategy.

    Args:
        day: Day of knowledge.
        prices: The host's own price files.
        strategies: Of announced webinars.
    """
    from toolkit.web.demo.solving import Demo  # noqa: PLC0415

    global _demo  # noqa: PLW0603  # a process has one
    limit_memory()
    _demo = Demo(day, prices)
    for strategy in strategies:
        try:
            position = _demo.start(strategy).position
            for scenario in SCENARIOS:
                _demo.solve(replace(position, scenario=scenario))
        except ToolkitError as error:  # told to whoever asks for it, too
            _refused.append({"strategy": strategy, "reason": error.message, "hint": error.hint})


@_leaves_nothing()
def start(strategy: str) -> Start:
    """`Demo.start` in this process."""
    assert _demo is not None  # noqa: S101  # `load` came first
    return _demo.start(strategy)


@_leaves_nothing()
def solve(position: Position) -> Outcome:
    """`Demo.solve` in this process."""
    assert _demo is not None  # noqa: S101
    return _demo.solve(position)


def document(position: Position, language: str) -> bytes:
    """`Demo.document` in this process, for `printed` in the other one."""
    assert _demo is not None  # noqa: S101
    return pickle.dumps(_demo.document(position, language))


@_leaves_nothing()
def printed(document: bytes, language: str, kind: str) -> bytes:
    """A report as a file.

    Args:
        document: As `document` gave it.
        language: Code, of the document.
        kind: ``html`` or ``pdf``.
    """
    from toolkit.app.languages import language as of_code  # noqa: PLC0415
    from toolkit.app.report import FORMATS  # noqa: PLC0415

    return FORMATS[kind].make(pickle.loads(document), of_code(language))  # noqa: S301  # of the process beside this one


def limit_memory() -> None:
    """The memory of this process, not its addresses: what draws charts and prints reserves far more than it uses."""
    if sys.platform == "linux":
        import resource  # noqa: PLC0415

        resource.setrlimit(resource.RLIMIT_DATA, (MEMORY, MEMORY))


def refused() -> list[dict[str, str | None]]:
    """Strategies of `load` that cannot be shown, each with its reason and hint; every process is asked for them first."""
    return _refused
