"""Marks at px of a small drawing, and where the words beside its vertical lines stand."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Generic, TypeVar

from toolkit.core.calendar import add_months, month_number
from toolkit.report.charts.theme import AXIS_TEXT, TOKENS, Channel, Layer, Mark, field, layer, width
from toolkit.report.i18n.formats import Formats

LEFT, RIGHT = 2, 10
"""Room that the theme leaves beside a drawing, in px."""
SPACE, APART, CLEAR = 4, 6, 2
"""Px from a line to its words, between two words, and from words to another line."""
OVER = 8
"""Px that words may reach into the right margin of a drawing."""
_FURTHER = {"x2": "x2", "y2": "y2", "text": "label:N", "detail": "run:N"}
"""Channel -> its column, where the rows have it."""

AtT = TypeVar("AtT", date, float)


@dataclass(frozen=True, slots=True)
class Plane:
    """A drawing of `width` by `height` px, the origin at its top left."""

    width: float
    height: float

    def marks(self, mark: Mark, rows: Sequence[Mapping[str, Any]], **style: Any) -> Layer:
        """Marks of one kind, one a row.

        Args:
            mark: Their kind.
            rows: `x` and `y` in px; `x2` and `y2` where a mark ends, the `label` of a text, the `run` of points on one line.
            style: Properties of the mark.
        """
        encoding: dict[str, Channel] = {
            "x": field("x:Q", scale={"domain": [0, self.width], "nice": False, "zero": False}, axis=None),
            "y": field("y:Q", scale={"domain": [self.height, 0], "nice": False, "zero": False}, axis=None),
        }
        columns = rows[0].keys() if rows else ()
        encoding |= {channel: column for channel, column in _FURTHER.items() if column.split(":")[0] in columns}
        return layer(mark, rows, encoding, **style)

    def words(self, rows: Sequence[Mapping[str, Any]], colour: str, align: str = "left") -> Layer:
        """The `label` of each row, its base line at `y`."""
        return self.marks("text", rows, align=align, baseline="alphabetic", fontSize=AXIS_TEXT, color=colour)

    def placed(
        self, lines: Sequence[tuple[float, str]], heights: Sequence[int], taken: Iterable[tuple[int, float, float]] = ()
    ) -> list[tuple[float, int]]:
        """Left end and height of the words of each vertical line: right of it, else left, else one of the next heights.

        Words meet neither other words nor, where there is room, another line; past the last height they stand on it.

        Args:
            lines: (x, words) from left to right.
            heights: Base lines to try, the first is best.
            taken: (height, left end, right end) of what is there already.
        """
        there = list(taken)
        places: list[tuple[float, int]] = []
        for i, (x, words) in enumerate(lines):
            long = width(words, AXIS_TEXT)
            others = [other for j, (other, _) in enumerate(lines) if j != i]
            tries = [(a, y) for y in heights for a in (x + SPACE, x - SPACE - long) if a >= 0 and a + long <= self.width + OVER]
            open_ = [
                (a, y) for a, y in tries if not any(y == row and a < e + APART and a + long > s - APART for row, s, e in there)
            ]
            clear = [(a, y) for a, y in open_ if not any(a - CLEAR < other < a + long + CLEAR for other in others)]
            last = (min(max(x + SPACE, 0.0), self.width + OVER - long), heights[-1])
            place = (clear or open_ or [last])[0]
            there.append((place[1], place[0], place[0] + long))
            places.append(place)
        return places


def spread(wanted: Sequence[float], apart: float, low: float, high: float) -> list[float]:
    """Heights as near to the wanted ones as they can be with `apart` px between two.

    Args:
        wanted: In order.
        apart: Px.
        low: Least height; where there is no room for all, the first ones are above it.
        high: Largest height.
    """
    found: list[float] = []
    for height in wanted:
        found.append(max(height, found[-1] + apart if found else low))
    for i in reversed(range(len(found))):
        found[i] = min(found[i], high)
        high = found[i] - apart
    return found


GRIDLINES = 4
GAP = 6
"""Px from the words of an axis to what they name."""
YEARS = 18
"""Px below the field for the years."""
MONTH = 90
"""Px from a named month to the next at least: the last name may end where the drawing does."""


@dataclass(frozen=True, slots=True)
class Field(Generic[AtT]):
    """Days, or numbers, from left to right and values from bottom to top, in px of a plane.

    Attributes:
        left, right, top, bottom: Its edges.
        start, end: First and last day.
        low, high: Least and largest value.
        log: Whether equal ratios, rather than equal differences, are equal distances.
    """

    plane: Plane
    left: float
    right: float
    top: float
    bottom: float
    start: AtT
    end: AtT
    low: float = 0.0
    high: float = 1.0
    log: bool = False

    def x(self, at: AtT) -> float:
        """Px of a day, kept on the field."""
        share = (at - self.start) / (self.end - self.start) if self.end > self.start else 0.0
        return round(self.left + (self.right - self.left) * min(max(share, 0.0), 1.0), 1)

    def y(self, value: float) -> float:
        """Px of a value, kept on the field."""
        low, high, at = (math.log(max(v, 1e-300)) if self.log else v for v in (self.low, self.high, value))
        share = (at - low) / ((high - low) or 1.0)
        return round(self.bottom - (self.bottom - self.top) * min(max(share, 0.0), 1.0), 1)

    def gridlines(self, ticks: Sequence[tuple[float, str]], base: float = 0.0) -> Iterator[Layer]:
        """A line for each (value, words) with its words at the left; that of `base` is darker."""
        for dark in (False, True):
            rows = [{"x": self.left, "x2": self.right, "y": self.y(v)} for v, _ in ticks if (v == base) is dark]
            yield self.plane.marks("rule", rows, color=TOKENS["mut" if dark else "grid"], strokeWidth=1)
        words = [{"x": self.left - GAP, "y": self.y(value) + 4, "label": told} for value, told in ticks]
        yield self.plane.words(words, TOKENS["mut"], align="right")

    def years(self: Field[date], fmt: Formats, *, lines: bool = False) -> Iterator[Layer]:
        """A tick, or a line across the field, and a number for each January; where there are not two, months in its place."""
        januaries = [date(year, 1, 1) for year in range(self.start.year, self.end.year + 1)]
        januaries = [day for day in januaries if day >= self.start]
        every = max(1, math.ceil(len(januaries) * 44 / max(self.right - self.left, 1.0)))
        shown = [(day, str(day.year)) for day in januaries[::every]]
        if len(shown) < 2:
            shown = [(day, fmt.month(day)) for day in self._months()]
        top, colour = (self.top - 4, "grid") if lines else (self.bottom, "mut")
        ticks = [{"x": self.x(day), "y": top, "y2": self.bottom + 5} for day, _ in shown]
        yield self.plane.marks("rule", ticks, color=TOKENS[colour], strokeWidth=1)
        rows = []
        for day, words in shown:
            long = width(words, AXIS_TEXT)
            place = min(max(self.x(day) - long / 2, 0.0), self.plane.width - long)
            rows.append({"x": place, "y": self.bottom + 17, "label": words})
        yield self.plane.words(rows, TOKENS["mut"])

    def _months(self: Field[date]) -> list[date]:
        """The first day, the last, and days a month or some apart between them, as many as there is room to name."""
        count = month_number(self.end) - month_number(self.start)
        every = max(1, math.ceil(count * MONTH / max(self.right - self.left, 1.0)))
        return [*(add_months(self.start, i) for i in range(0, count - every + 1, every)), self.end]


def linear_ticks(low: float, high: float) -> tuple[float, ...]:
    """Round numbers from the one at or below `low` to the one at or above `high`, at most one more than `GRIDLINES`."""
    span = (high - low) or abs(high) or 1.0
    step = 10.0 ** math.floor(math.log10(span))
    while span / step > GRIDLINES:
        step *= 2.5 if f"{step:e}"[0] == "2" else 2.0
    while span / step <= GRIDLINES / 2:
        step /= 2.0
    first, last = math.floor(low / step + 1e-9), math.ceil(high / step - 1e-9)
    return tuple(round(step * i, 12) for i in range(first, last + 1))


def log_ticks(low: float, high: float, steps: tuple[int, ...] = (1, 2, 5)) -> list[float]:
    """Round numbers between two ends above zero, themselves among them: `steps` of every decade."""
    decades = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
    return [tick for e in decades for m in steps if low <= (tick := float(f"{m}e{e}")) <= high]
