"""A process of the demo: it answers and makes reports, one question at a time.

The serving process knows these functions by name alone: it loads neither solvers nor data.
"""

from __future__ import annotations

import contextlib
import signal
import sys
from dataclasses import replace
from datetime import date
from multiprocessing.connection import Connection
from typing import TYPE_CHECKING, Any

from toolkit.core.errors import ToolkitError
from toolkit.web.demo.position import SCENARIOS, Outcome, Position, Start

if TYPE_CHECKING:
    from toolkit.web.demo.solving import Demo
    from toolkit.web.demo.trial import Gap

MEMORY = 6 << 30
"""Bytes of memory that each may have."""

_demo: Demo | None = None


def work(pipe: Connection, day: date, prices: tuple[str, ...], strategies: tuple[str, ...]) -> None:
    """Load, send what cannot be shown, and answer, until the serving process or this one ends.

    Args:
        pipe: Gets None, which comes back as a sign of life, or a function with arguments, whose answer or error goes back.
        day: Day of knowledge.
        prices: The host's own price files.
        strategies: Of announced webinars.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # of the console: the serving process ends this one
    signal.signal(signal.SIGTERM, _end)
    with contextlib.suppress(EOFError, OSError):  # the serving process has gone
        pipe.send(load(day, prices, strategies))
        while True:
            asked = pipe.recv()
            pipe.send(None if asked is None else _answer(*asked))


def _end(*_: object) -> None:
    """End once, by undoing what a report has begun: its files, and its browser."""
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    sys.exit(1)


def _answer(function: Any, arguments: tuple[Any, ...]) -> tuple[Any, Exception | None]:
    """The answer, or the error of the toolkit that there is in place of it; any other ends the process."""
    try:
        return function(*arguments), None
    except ToolkitError as error:
        return None, error


def load(day: date, prices: tuple[str, ...], strategies: tuple[str, ...]) -> list[dict[str, str | None]]:
    """Make this process ready, libraries, data, and the problem of each strategy: those that cannot be shown, and why.

    Args:
        day: Day of knowledge.
        prices: The host's own price files.
        strategies: Of announced webinars.
    """
    from toolkit.web.demo.solving import Demo  # noqa: PLC0415

    global _demo  # noqa: PLW0603  # a process has one
    limit_memory()
    _demo = Demo(day, prices)
    refused: list[dict[str, str | None]] = []
    for strategy in strategies:
        try:
            position = _demo.start(strategy).position
            for scenario in SCENARIOS:
                _demo.solve(replace(position, scenario=scenario))
        except ToolkitError as error:  # told to whoever asks for it, too
            refused.append({"strategy": strategy, "reason": error.message, "hint": error.hint})
    return refused


def start(strategy: str) -> Start:
    """`Demo.start` in this process."""
    assert _demo is not None  # noqa: S101  # `load` came first
    return _demo.start(strategy)


def solve(position: Position) -> Outcome:
    """`Demo.solve` in this process."""
    assert _demo is not None  # noqa: S101
    return _demo.solve(position)


def trial(strategy: str) -> tuple[Gap, ...]:
    """`Demo.trial` in this process."""
    assert _demo is not None  # noqa: S101
    return _demo.trial(strategy)


def report(position: Position, language: str, kind: str) -> bytes:
    """`Demo.document` in this process, as a file.

    Args:
        position: On the grid.
        language: Code.
        kind: ``html`` or ``pdf``.
    """
    from toolkit.app.languages import language as of_code  # noqa: PLC0415
    from toolkit.app.report import FORMATS  # noqa: PLC0415

    assert _demo is not None  # noqa: S101
    return FORMATS[kind].make(_demo.document(position, language), of_code(language))


def limit_memory() -> None:
    """The memory of this process, not its addresses: what draws charts and prints reserves far more than it uses."""
    if sys.platform == "linux":
        import resource  # noqa: PLC0415

        resource.setrlimit(resource.RLIMIT_DATA, (MEMORY, MEMORY))
