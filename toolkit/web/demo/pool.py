"""The solver of the serving process: answers that are known, and questions to the processes that know the day's law."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from datetime import date
from typing import Any

from toolkit.web.asgi.later import awaited
from toolkit.web.demo import child
from toolkit.web.demo.crew import PROCESSES, Crew, Rank
from toolkit.web.demo.position import Outcome, Position, Start
from toolkit.web.demo.trial import Gap
from toolkit.web.writing import Busy

ANSWERS_KEPT = 2048
"""Answers in the cache: 2 kB each."""
ANSWER_SECONDS = 7.5
"""Seconds that a page waits for an answer: its script waits for eight."""
TRIAL_PATIENCE = 3.0
"""Seconds that a page waits for a trial, which takes tens of them."""
OF_A_REPORT = 60.0
"""Seconds that a report may take, and that a page waits for one."""


class Solver:
    """Answers at positions: each method raises `Later` until the answer is there, or `Busy`.

    Args:
        prices: The host's own price files.
        wall: Seconds of an answer after which its process is ended.
    """

    def __init__(self, prices: tuple[str, ...], *, wall: float) -> None:
        self._prices, self._wall = prices, wall
        self._lock, self._closing = threading.Lock(), threading.Lock()
        self._kept: OrderedDict[Hashable, Any] = OrderedDict()
        self._crews: list[Crew] = []

    def open(self, strategies: tuple[str, ...]) -> None:
        """Start the processes; the first is ready when it has loaded everything."""
        self._strategies = strategies
        self._crews = [self._crew(date.today())]

    def close(self) -> None:
        """End the processes; they have ended for whoever calls it meanwhile too."""
        with self._closing:
            with self._lock:
                crews, self._crews = self._crews, []
            for crew in crews:
                crew.close()

    def _crew(self, day: date) -> Crew:
        return Crew(day, self._prices, self._strategies, self._keep)

    def _present(self) -> Crew:
        """The processes that answer; on a new day others are loaded beside them and take over once all of them are ready."""
        today = date.today()
        with self._lock:
            if not self._crews:
                raise Busy
            answering, *following = self._crews
            if following and (following[0].ready >= PROCESSES or following[0].day != today):
                left = answering if following[0].day == today else following[0]
                left.leave()
                self._crews.remove(left)
            elif not following and answering.day != today:
                self._crews.append(self._crew(today))
            return self._crews[0]

    @property
    def is_ready(self) -> bool:
        """Whether a process has loaded everything."""
        return bool(self._crews) and self._crews[0].was_ready

    def _keep(self, key: Hashable, answer: Any) -> None:
        if isinstance(answer, bytes):
            return
        with self._lock:
            self._kept[key] = answer
            if len(self._kept) > ANSWERS_KEPT:
                self._kept.popitem(last=False)

    def _answer(
        self,
        function: Callable[..., Any],
        arguments: tuple[Any, ...],
        turn: tuple[Rank, str],
        seconds: float,
        *,
        is_long: bool = True,
        patience: float = ANSWER_SECONDS,
    ) -> Any:
        crew = self._present()
        key = (crew.day, function.__name__, *arguments)
        with self._lock:
            if key in self._kept:
                self._kept.move_to_end(key)
                return self._kept[key]
        return awaited(
            (function.__name__, *arguments),
            lambda: crew.ask(key, function, arguments, turn=turn, seconds=seconds, is_long=is_long),
            patience,
        )

    def start(self, strategy: str) -> Start:
        """Where the sliders of a strategy stand at first.

        Raises:
            ToolkitError: where the strategy, or its data, cannot be shown.
        """
        return self._answer(child.start, (strategy,), (Rank.PRESENTER, f"start {strategy}"), self._wall)

    def solve(self, position: Position, session: str, *, first: bool = False) -> Outcome:
        """The answer at a position.

        Args:
            position: On the grid.
            session: Of the visitor: of its questions the newest counts.
            first: Whether all wait for it: the presenter's.
        """
        turn = Rank.PRESENTER if first else Rank.ATTENDEE, session
        return self._answer(child.solve, (position,), turn, self._wall, is_long=position.whole)

    def trial(self, strategy: str) -> tuple[Gap, ...]:
        """What is missing over the ranges of a strategy's sliders; it is found while the page that says so comes again.

        Raises:
            ToolkitError: where the strategy, or its data, cannot be shown.
        """
        return self._answer(child.trial, (strategy,), (Rank.REPORT, f"trial {strategy}"), OF_A_REPORT, patience=TRIAL_PATIENCE)

    def report(self, position: Position, session: str, language: str, kind: str) -> bytes:
        """The report at a position.

        Args:
            position: On the grid.
            session: Of the visitor.
            language: Code.
            kind: ``html`` or ``pdf``.
        """
        turn = Rank.REPORT, session
        return self._answer(child.report, (position, language, kind), turn, OF_A_REPORT, patience=OF_A_REPORT)


solver: Solver | None = None
"""That of this process, while it serves."""


def current() -> Solver:
    """The solver of this process; `Busy` where there is none."""
    if solver is None:
        raise Busy
    return solver
