"""The processes of the demo, and who is next.

One question of a session waits, the newest; who has asked and cost the least of late is next, those who present come first, and
one report is made at a time. One process is left to questions that take hundredths of a second. What a process was
given is never taken away from it: a process is ended if it is silent for too long, and loaded again.
"""

from __future__ import annotations

import contextlib
import multiprocessing
import threading
import time
from collections.abc import Callable, Hashable, Iterator
from concurrent.futures import Future
from dataclasses import dataclass, field
from datetime import date
from enum import IntEnum
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from typing import Any

import structlog

from toolkit.web.demo import child
from toolkit.web.writing import Busy

PROCESSES = 3
"""One may make a report and another be loaded while the third answers."""
LOADING_SECONDS = 120.0
"""Seconds that the libraries and the data may take to load."""
NEXT_TRY = 60.0
"""Seconds after which a process that could not be loaded is tried again."""
SIGN_SECONDS = 1.0
"""Seconds in which a process shows that it lives before it gets a question; the question goes to another one then."""
SILENT_SECONDS = 10.0
"""Seconds without that sign after which a process is ended."""
END_SECONDS = 1.0
"""Seconds in which a process that is told to end removes its files."""
ASKED = {True: 0.3, False: 0.03}
"""Seconds that a long question and another one cost a session by being asked: who asks all the time is answered last."""
SHORT_COST = 100
"""Hundredths of a second that the short questions of a session may have cost to be answered before long ones of others."""
SPENT_HALVES = 10.0
"""Seconds in which what a session has asked and cost counts half."""
COSTS_KEPT = 4096
"""Sessions whose costs are kept without looking which are long past."""
log = structlog.get_logger("demo")


class Rank(IntEnum):
    """Whose questions come first."""

    PRESENTER = 0
    ATTENDEE = 1
    REPORT = 2


@dataclass(eq=False)
class Question:
    """What a process is asked, for all who wait for the answer.

    Attributes:
        key: Two questions of one key have one answer.
        function, arguments: Of `child`.
        seconds: After which the process is ended.
        is_long: Whether it may take more than hundredths of a second.
        waiting: Who waits -> where the answer goes.
        turn: Rank and whose turn it took, once a process has it.
        began: When that was.
        died: Whether a process has ended over it.
    """

    key: Hashable
    function: Callable[..., Any]
    arguments: tuple[Any, ...]
    seconds: float
    is_long: bool
    waiting: dict[str, list[Future[Any]]] = field(default_factory=dict)
    turn: tuple[Rank, str] | None = None
    began: float = 0.0
    died: bool = False

    def taken(self) -> list[Future[Any]]:
        """Where the answer goes, once: nobody waits any more."""
        found = [future for futures in self.waiting.values() for future in futures]
        self.waiting.clear()
        return found


class Crew:
    """Processes that know the law and the data of one day.

    Args:
        day: Of knowledge.
        prices: The host's own price files.
        strategies: Of announced webinars.
        keep: Takes the key of each question that was answered, and the answer.
    """

    def __init__(
        self, day: date, prices: tuple[str, ...], strategies: tuple[str, ...], keep: Callable[[Hashable, Any], None]
    ) -> None:
        self.day, self._load, self._keep = day, (day, prices, strategies), keep
        self._changed = threading.Condition()
        self._loading = threading.Lock()
        self._ending, self._leaving = threading.Event(), False
        self._asked: dict[Hashable, Question] = {}
        self._turns: dict[Rank, dict[str, Question]] = {rank: {} for rank in Rank}
        self._taken: dict[tuple[Rank, str], bool] = {}
        self._spent: dict[tuple[bool, str], tuple[float, float, Hashable]] = {}
        self._processes: set[BaseProcess] = set()
        self._told = False
        self.ready = 0
        """Processes that have loaded everything."""
        self.was_ready = False
        """Whether one ever had."""
        self._threads = [threading.Thread(target=self._work, name=f"demo-{n}", daemon=True) for n in range(PROCESSES)]
        for thread in self._threads:
            thread.start()

    def ask(
        self,
        key: Hashable,
        function: Callable[..., Any],
        arguments: tuple[Any, ...],
        *,
        turn: tuple[Rank, str],
        seconds: float,
        is_long: bool = True,
    ) -> Future[Any]:
        """The answer to come; what the same session asked before and waits still gets `Busy`.

        Args:
            key: Two questions of one key have one answer.
            function: Of `child`.
            arguments: Of the function.
            turn: Rank, and session.
            seconds: That a process may take.
            is_long: Whether it may take more than hundredths of a second.
        """
        rank, who = turn
        future: Future[Any] = Future()
        refused: list[Future[Any]] = []
        with self._changed:
            if self._ending.is_set() or not self.was_ready:
                raise Busy
            question = self._asked.setdefault(key, Question(key, function, arguments, seconds, is_long))
            question.waiting.setdefault(who, []).append(future)
            if self._spent.get((is_long, who), (0, 0, None))[2] != key:  # it is not one that was busy and is asked again
                self._charge((is_long, who), ASKED[is_long], key)
            if question.turn is None:
                before = self._turns[rank].get(who, question)
                self._turns[rank][who] = question  # in the place of the former one
                if before is not question:
                    refused = before.waiting.pop(who, [])
                    self._forget_unless_wanted(before)
                self._changed.notify()
        _refuse(refused)
        return future

    def _forget_unless_wanted(self, question: Question) -> bool:
        """Whether nobody waits for a question any more, which is none then."""
        if any(not future.cancelled() for futures in question.waiting.values() for future in futures):
            return False
        self._asked.pop(question.key, None)
        self._take_from_turns(question)
        return True

    def _take_from_turns(self, question: Question) -> None:
        for turns in self._turns.values():
            for who in question.waiting:
                if turns.get(who) is question:
                    del turns[who]

    def _next(self) -> Question | None:
        """The question whose turn it is."""
        full, long_first = sum(self._taken.values()) >= max(1, self.ready - 1), self.ready > 1
        for rank, turns in self._turns.items():
            if rank is Rank.REPORT and (self.ready < 2 or any(taken is rank for taken, _ in self._taken)):
                continue
            waiting = [(*self._lane(who, question), who, question) for who, question in turns.items()]
            for is_long, _, who, question in sorted(waiting, key=lambda one: (one[0] != long_first, one[1])):
                if (rank, who) in self._taken or self._forget_unless_wanted(question):
                    continue
                if full and is_long and rank is not Rank.PRESENTER:
                    continue
                self._take_from_turns(question)
                question.turn, question.began = (rank, who), time.monotonic()
                self._taken[question.turn] = is_long
                return question
        return None

    def _lane(self, who: str, question: Question) -> tuple[bool, int]:
        """Whether a question waits with the long ones, as those of a session that asks too many do, and the session's cost."""
        of_short = self._cost((False, who))
        is_long = question.is_long or of_short > SHORT_COST
        return is_long, of_short + self._cost((True, who)) if is_long else of_short

    def _cost(self, who: tuple[bool, str]) -> int:
        """Hundredths of a second that the long questions of a session, or its others, have cost, the fewer the longer ago."""
        seconds, at, _ = self._spent.get(who, (0.0, 0.0, None))
        return round(100 * seconds * 0.5 ** ((time.monotonic() - at) / SPENT_HALVES))

    def _charge(self, who: tuple[bool, str], seconds: float, key: Hashable) -> None:
        """Add to what the questions of a session have cost.

        Args:
            who: Whether it is a long question, and the session.
            seconds: More.
            key: Of the question.
        """
        now = time.monotonic()
        if len(self._spent) > COSTS_KEPT:
            self._spent = {one: spent for one, spent in self._spent.items() if now - spent[1] < 10 * SPENT_HALVES}
        self._spent[who] = self._cost(who) / 100 + seconds, now, key

    def _take(self, process: BaseProcess) -> Question | None:
        """The next question for a process; None where there will be none, or it has ended by itself."""
        with self._changed:
            while not self._ending.is_set() and process.is_alive():
                if (question := self._next()) is not None:
                    return question
                if self._leaving and not self._asked:
                    break
                self._changed.wait(SIGN_SECONDS)
        return None

    def _put_back(self, question: Question) -> None:
        """Give a question that no process has begun, or whose process has ended, to the next one before all others."""
        with self._changed:
            if question.turn is None or self._ending.is_set():
                return
            (rank, who), question.turn = question.turn, None
            self._taken.pop((rank, who), None)
            if who in self._turns[rank]:  # a newer one came meanwhile
                refused = question.waiting.pop(who, [])
                for other in question.waiting:
                    self._turns[rank].setdefault(other, question)
                self._forget_unless_wanted(question)
            else:
                refused = []
                self._turns[rank] = {who: question, **self._turns[rank]}
            self._changed.notify()
        _refuse(refused)

    def _finish(self, question: Question, answer: Any, error: Exception | None) -> None:
        """Give an answer, or why there is none, to all who wait for it."""
        if error is None:
            self._keep(question.key, answer)
        with self._changed:
            self._asked.pop(question.key, None)
            if question.turn is not None:
                self._taken.pop(question.turn, None)
                self._charge((question.is_long, question.turn[1]), time.monotonic() - question.began, question.key)
            waiting = question.taken()
            self._changed.notify_all()
        for future in waiting:
            if future.set_running_or_notify_cancel():
                future.set_exception(error) if error is not None else future.set_result(answer)

    def _work(self) -> None:
        """What the thread of a process does: load one, hand it questions, and load the next when it has ended."""
        while not self._ending.is_set() and not (self._leaving and not self._asked):
            with self._process() as (process, pipe):
                if not self._is_loaded(process, pipe):
                    continue
                try:
                    while (question := self._take(process)) is not None:
                        if not self._is_answered(process, pipe, question):
                            break
                finally:
                    with self._changed:
                        self.ready -= 1
            if not self._ending.wait(SIGN_SECONDS / 4) and not self._leaving:
                log.warning("demo.ended", process=process.pid, exitcode=process.exitcode)

    @contextlib.contextmanager
    def _process(self) -> Iterator[tuple[BaseProcess, Connection]]:
        """A process, until it has ended."""
        context = multiprocessing.get_context("spawn")
        pipe, other = context.Pipe()
        process = context.Process(target=child.work, args=[other, *self._load], daemon=True)
        with self._changed:  # `close` knows it, or it does not start
            if not self._ending.is_set():
                process.start()
                self._processes.add(process)
        other.close()
        try:
            yield process, pipe
        finally:
            if process in self._processes:
                _end([process])
            self._processes.discard(process)
            pipe.close()

    def _is_loaded(self, process: BaseProcess, pipe: Connection) -> bool:
        """Load everything, one process at a time; say once what cannot be shown, and wait where it failed."""
        with self._loading, _limited(process, LOADING_SECONDS):
            try:
                refused = pipe.recv()
            except (EOFError, OSError):
                refused = None
        if refused is None:
            if not self._ending.wait(SIGN_SECONDS / 4):
                log.error("demo.not_loaded", exitcode=process.exitcode)
                self._ending.wait(NEXT_TRY)
            return False
        with self._changed:
            self.ready, self.was_ready, told, self._told = self.ready + 1, True, self._told, True
        for one in refused if not told else ():
            log.warning("demo.cannot_show", **one)
        return True

    def _is_answered(self, process: BaseProcess, pipe: Connection, question: Question) -> bool:
        """Ask a process; False where it has ended, or is to be ended."""
        began = time.monotonic()
        try:
            pipe.send(None)
            if not pipe.poll(SIGN_SECONDS):
                self._put_back(question)
                if not pipe.poll(SILENT_SECONDS):
                    return False
                pipe.recv()
                return True
            pipe.recv()
            pipe.send((question.function, question.arguments))
            with _limited(process, question.seconds):
                answer, error = pipe.recv()
        except (EOFError, OSError):
            if question.died or time.monotonic() - began >= question.seconds:
                log.warning("demo.no_answer", question=str(question.key))
                self._finish(question, None, Busy())
            else:
                question.died = True
                self._put_back(question)
            return False
        self._finish(question, answer, error)
        return True

    def leave(self) -> None:
        """Answer what was asked, and end."""
        with self._changed:
            self._leaving = True
            self._changed.notify_all()

    def close(self) -> None:
        """End at once: who waits gets `Busy`."""
        with self._changed:
            self._ending.set()
            waiting = [future for question in self._asked.values() for future in question.taken()]
            self._asked.clear()
            processes = [*self._processes]
            self._changed.notify_all()
        _refuse(waiting)
        _end(processes)
        for thread in self._threads:
            thread.join(2 * END_SECONDS)


def _refuse(futures: list[Future[Any]]) -> None:
    for future in futures:
        if future.set_running_or_notify_cancel():
            future.set_exception(Busy())


@contextlib.contextmanager
def _limited(process: BaseProcess, seconds: float) -> Iterator[None]:
    """End a process that is not done in time, wherever it, or what it sends, has come to a halt."""
    timer = threading.Timer(seconds, _end, [[process]])
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()


def _end(processes: list[BaseProcess]) -> None:
    """Tell processes to end, and kill what does not, a stopped one too."""
    for process in processes:
        process.terminate()
    until = time.monotonic() + END_SECONDS
    for process in processes:
        process.join(max(0.0, until - time.monotonic()))
        process.kill()
    for process in processes:
        process.join(END_SECONDS)
