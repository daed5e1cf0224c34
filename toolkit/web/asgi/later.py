"""Answers that a page waits for without a thread: the page is begun, ends with `Later`, and is made again with the answer."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from concurrent.futures import Future
from contextvars import ContextVar
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, TypeVar

from toolkit.web.writing import Busy

T = TypeVar("T")


class Later(Exception):
    """What a page needs is asked for and not here yet.

    Attributes:
        key: Of the question.
        future: Its answer; cancelled by who waits no longer.
        seconds: To wait for it at most.
    """

    def __init__(self, key: Hashable, future: Future[Any], seconds: float) -> None:
        super().__init__(key)
        self.key, self.future, self.seconds = key, future, seconds


@dataclass
class Begun:
    """One request: when it came, and what it has waited for."""

    at: datetime = field(default_factory=lambda: datetime.now(UTC))
    answers: dict[Hashable, Future[Any]] = field(default_factory=dict)


begun: ContextVar[Begun | None] = ContextVar("begun", default=None)
"""The request whose page is made in this thread."""


def asked_at() -> datetime:
    """When the request came, however often its page was begun since."""
    request = begun.get()
    return datetime.now(UTC) if request is None else request.at


def is_again() -> bool:
    """Whether the page was begun before: what was counted then is not counted again."""
    request = begun.get()
    return request is not None and bool(request.answers)


def awaited(key: Hashable, ask: Callable[[], Future[T]], seconds: float) -> T:
    """The answer that this request has waited for; `Later` where it has not yet, `Busy` where it waited for nothing.

    Args:
        key: Of the question.
        ask: Asks it.
        seconds: To wait for the answer.
    """
    request = begun.get()
    future = None if request is None else request.answers.get(key)
    if future is None:
        raise Later(key, ask(), seconds)
    if future.cancelled():
        raise Busy
    return future.result()
