"""Marks at px of a small drawing, and where the words beside its vertical lines stand."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from toolkit.report.charts.lettering import width
from toolkit.report.charts.theme import AXIS_TEXT
from toolkit.report.charts.vegalite import Channel, Layer, Mark, field, layer

SPACE, APART, CLEAR = 4, 6, 2
"""Px from a line to its words, between two words, and from words to another line."""
OVER = 8
"""Px that words may reach into the right margin of a drawing."""
_FURTHER = {"x2": "x2", "y2": "y2", "text": "label:N", "detail": "run:N"}
"""Channel -> its column, where the rows have it."""


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
