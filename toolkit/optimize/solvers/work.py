"""A budget of work for a search, counted and not timed: the same problem ends at the same point on any machine.

Work is counted in seconds of a machine of 2024: iterations of the simplex method and steps of a search tree, at what one costs
there. The clock of the processor is only a backstop for much slower ones, and an answer that it cut short says so.
"""

from __future__ import annotations

import time

PER_ITERATION = 2e-5, 2.5e-9
"""Seconds of an iteration of the simplex method, and more for each entry of the matrix (measured: 52 us at 14,000 entries)."""
OF_STEP, OF_ROWS = 1.0, 0.4
"""Iterations per question of HiGHS whether to go on searching, by the number of rows to a power, as long as it has not been
seen (measured: 6 at 400 rows, 21 at 800, 65 at 12,000)."""
AT_START = 20
"""Iterations or steps that the start of a solver costs."""
BACKSTOP = 3.0
"""Times the seconds that were granted after which the clock ends a search: two cores that do much else take more than twice."""
FIRST_SEARCH_SECONDS = 10.0
"""Seconds more, in which a first search loads solvers (cvxpy takes 2 on an idle machine), so that a second one ends alike."""


def iterations_of_step(rows: int) -> float:
    """Iterations of the simplex method in a step of a search over a program with so many rows."""
    return OF_STEP * rows**OF_ROWS


class Work:
    """Seconds of work that may be spent.

    Attributes:
        late: Whether the clock, and not the work, has ended a search: another machine may find another answer.
    """

    __slots__ = ("_left", "_parent", "_stop", "late")

    def __init__(self, seconds: float, parent: Work | None = None) -> None:
        self._left, self._parent, self.late = seconds, parent, False
        self._stop = time.process_time() + BACKSTOP * seconds + FIRST_SEARCH_SECONDS
        if parent is not None:
            self._stop = min(self._stop, parent._stop)

    def part(self, seconds: float) -> Work:
        """A budget of at most so many of the seconds that are left; what it spends is spent here too."""
        return Work(min(seconds, self.left), self)

    @property
    def left(self) -> float:
        """Seconds of work."""
        return max(self._left, 0.0)

    @property
    def clock(self) -> float:
        """Seconds of the processor until the backstop."""
        return max(self._stop - time.process_time(), 0.0)

    @property
    def over(self) -> bool:
        """Whether nothing more may be begun."""
        if self._left <= 0:
            return True
        if self.clock <= 0:
            self.mark_late()
            return True
        return False

    def affords(self, unit: tuple[float, float], entries: int) -> int:
        """How many iterations or steps are left, on a matrix of so many entries."""
        return int(self.left / (unit[0] + unit[1] * entries))

    def spend(self, seconds: float) -> None:
        """Count work."""
        self._left -= seconds
        if self._parent is not None:
            self._parent.spend(seconds)

    def spend_on(self, unit: tuple[float, float], number: int, entries: int) -> None:
        """Count iterations or steps on a matrix of so many entries, and the start of a solver."""
        self.spend((number + AT_START) * (unit[0] + unit[1] * entries))

    def mark_late(self) -> None:
        """Say that the clock ended a search."""
        self.late = True
        if self._parent is not None:
            self._parent.mark_late()
