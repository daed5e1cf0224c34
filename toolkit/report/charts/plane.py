"""Marks at px of a small drawing, and where the words beside its vertical lines stand."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from toolkit.report.charts.lettering import width
from toolkit.report.charts.library import alt
from toolkit.report.charts.theme import AXIS_TEXT

SPACE, APART, CLEAR = 4, 6, 2
"""Px from a line to its words, between two words, and from words to another line."""
OVER = 8
"""Px that words may reach into the right margin of a drawing."""


@dataclass(frozen=True, slots=True)
class Plane:
    """A drawing of `width` by `height` px, the origin at its top left."""

    width: float
    height: float

    def marks(self, rows: Iterable[dict[str, Any]]) -> alt.Chart:
        """Marks of rows with `x` and `y` in px."""
        return alt.Chart(alt.Data(values=list(rows))).encode(
            x=alt.X("x:Q", scale=alt.Scale(domain=[0, self.width], nice=False, zero=False), axis=None),
            y=alt.Y("y:Q", scale=alt.Scale(domain=[self.height, 0], nice=False, zero=False), axis=None),
        )

    def words(self, rows: Iterable[dict[str, Any]], colour: str, align: Any = "left") -> alt.Chart:
        """The `label` of each row, its base line at `y`."""
        style = {"align": align, "baseline": "alphabetic", "fontSize": AXIS_TEXT, "color": colour}
        return self.marks(rows).mark_text(**style).encode(text=alt.Text("label:N"))

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
