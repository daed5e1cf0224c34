"""The process of the demo. The serving process knows these functions by name alone: it loads neither solvers nor data."""

from __future__ import annotations

import sys
from dataclasses import replace
from datetime import date
from typing import TYPE_CHECKING

import structlog

from toolkit.core.errors import ToolkitError
from toolkit.web.demo.position import SCENARIOS, Outcome, Position, Start

if TYPE_CHECKING:
    from toolkit.web.demo.solving import Demo

log = structlog.get_logger("demo")
MEMORY = 6 << 30
"""Bytes of memory that this process may have."""

_demo: Demo | None = None


def load(day: date, prices: tuple[str, ...], strategies: tuple[str, ...]) -> None:
    """Make this process ready: libraries, data, and the problem of each strategy.

    Args:
        day: Day of knowledge.
        prices: The host's own price files.
        strategies: Of announced webinars.
    """
    from toolkit.web.demo.solving import Demo  # noqa: PLC0415

    global _demo  # noqa: PLW0603  # a process has one
    if sys.platform == "linux":
        import resource  # noqa: PLC0415

        # Of memory and not of addresses: what draws charts and prints reserves far more addresses than it uses.
        resource.setrlimit(resource.RLIMIT_DATA, (MEMORY, MEMORY))
    _demo = Demo(day, prices)
    for strategy in strategies:
        try:
            position = _demo.start(strategy).position
            for scenario in SCENARIOS:
                _demo.solve(replace(position, scenario=scenario))
        except ToolkitError as error:  # told to whoever asks for it, too
            log.warning("demo.cannot_show", strategy=strategy, reason=error.message, hint=error.hint)


def start(strategy: str) -> Start:
    """`Demo.start` in this process."""
    assert _demo is not None  # noqa: S101  # `load` came first
    return _demo.start(strategy)


def solve(position: Position) -> Outcome:
    """`Demo.solve` in this process."""
    assert _demo is not None  # noqa: S101
    return _demo.solve(position)


def make_report(position: Position, language: str, kind: str) -> bytes:
    """`Demo.report` in this process.

    Args:
        position: On the grid.
        language: Code.
        kind: ``html`` or ``pdf``.
    """
    assert _demo is not None  # noqa: S101
    return _demo.report(position, language, kind)


def is_loaded() -> bool:
    """Whether `load` has finished, as every process is asked first."""
    return _demo is not None
