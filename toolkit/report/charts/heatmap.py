"""A correlation matrix as a heat map: tints in steps with their numbers, hatched where an interval holds zero."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from toolkit.report.charts.lettering import cut, width
from toolkit.report.charts.plane import LEFT, RIGHT, Plane
from toolkit.report.charts.theme import AXIS_TEXT, COLUMN, FIXED, LABEL_TEXT, PHONE, SHEET, TOKENS, Layer, sized, specification
from toolkit.report.document import Drawings
from toolkit.report.i18n.formats import MINUS, Formats

ROW, HEAD = 24, 20
"""Px of a row, and of the heads above the first."""
NAMES = 0.27
"""Part of a drawing that the names may take."""
STEPS: Mapping[str, tuple[float, float]] = {"r1": (0.0, 0.1), "r2": (0.25, 0.28), "r3": (0.5, 0.45), "r4": (0.75, 1.0)}
"""Mark of the legend -> (least size of a correlation, opacity of its tint)."""
_Cell = tuple[int, int, float | None]


@dataclass(frozen=True, slots=True)
class Pair:
    """The correlations of two rows, by position; None where there is none.

    Attributes:
        observed: Below the diagonal; `unsure` where its interval holds zero, which is hatched.
        used: Above the diagonal.
    """

    one: int
    other: int
    observed: float | None
    used: float | None
    unsure: bool = False


def heatmap(names: Sequence[tuple[str, str]], pairs: Sequence[Pair], fmt: Formats) -> Drawings:
    """What is observed below the diagonal, what is used above it, for a phone, a column and a printed sheet.

    Args:
        names: (name before a row, symbol above a column), in order.
        pairs: Each pair once.
        fmt: How numbers are written.
    """
    return sized(_spec, (tuple(names), tuple(pairs)), fmt, PHONE, COLUMN, SHEET)


def _spec(names: tuple[tuple[str, str], ...], pairs: tuple[Pair, ...], px: int, fmt: Formats) -> str:
    room, n = px - LEFT - RIGHT, len(names)
    left = min(max(width(name) for name, _ in names) + 8, NAMES * room)
    field = _Field(Plane(room, HEAD + ROW * n), left, (room - left) / n)
    below = [(max(p.one, p.other), min(p.one, p.other), p) for p in pairs]
    hatched = [(i, j, None) for i, j, p in below if p.unsure]
    shown: list[_Cell] = [(i, j, p.observed) for i, j, p in below if not p.unsure] + [(j, i, p.used) for i, j, p in below]
    layers = [
        field.cells([(i, i, None) for i in range(n)], "grid", 1.0),
        field.cells(hatched, "unsure", 1.0),
        *_tints(field, shown),
        *_numbers(field, shown, fmt),
        *_heads(field, names),
    ]
    return specification(layers, fmt, width=room, height=field.plane.height, autosize=FIXED)


@dataclass(frozen=True, slots=True)
class _Field:
    """Cells of `wide` px to the right of the names."""

    plane: Plane
    left: float
    wide: float

    def cells(self, cells: Sequence[_Cell], colour: str, opacity: float) -> Layer:
        at = [(self.left + j * self.wide, HEAD + i * ROW) for i, j, _ in cells]
        rows = [{"x": x, "x2": x + self.wide - 1, "y": y, "y2": y + ROW - 1} for x, y in at]
        return self.plane.marks("rect", rows, fill=TOKENS[colour], opacity=opacity)

    def words(self, cells: Sequence[tuple[int, int, str]], colour: str) -> Layer:
        rows = [{"x": self.left + (j + 0.5) * self.wide, "y": HEAD + i * ROW + 16, "label": words} for i, j, words in cells]
        return self.plane.words(rows, TOKENS[colour], "center")


def _step(value: float) -> str:
    return [mark for mark, (least, _) in STEPS.items() if abs(value) >= least][-1]


def _tints(field: _Field, cells: Sequence[_Cell]) -> Iterator[Layer]:
    """A layer for each step and sign, so that a tint is one opacity of one colour of the theme."""
    for mark, (_, opacity) in STEPS.items():
        for colour, sign in (("data", 1), ("mut", -1)):
            found = [cell for cell in cells if (v := cell[2]) is not None and _step(v) == mark and (v < 0) == (sign < 0)]
            yield field.cells(found, colour, opacity)


def _numbers(field: _Field, cells: Sequence[_Cell], fmt: Formats) -> Iterator[Layer]:
    """Numbers where the longest fits its cell, else the sign of those below zero; a dash where there is none."""
    written = {cell: "–" if cell[2] is None else fmt.number(cell[2], 2) for cell in cells}
    if max(width(words, AXIS_TEXT) for words in written.values()) > field.wide - 4:
        written = {cell: words[0] for cell, words in written.items() if words[0] in (MINUS, "–")}
    for colour in ("ink", "paper"):
        found = [(i, j, w) for (i, j, v), w in written.items() if (v is not None and _step(v) == "r4") == (colour == "paper")]
        yield field.words(found, colour)


def _heads(field: _Field, names: Sequence[tuple[str, str]]) -> Iterator[Layer]:
    """Names before the rows, symbols above the columns."""
    rows = [{"x": 0, "y": HEAD + i * ROW + 16, "label": cut(name, field.left - 8)} for i, (name, _) in enumerate(names)]
    yield field.plane.marks("text", rows, align="left", baseline="alphabetic", fontSize=LABEL_TEXT)
    yield field.words([(-1, j, cut(symbol, field.wide, AXIS_TEXT)) for j, (_, symbol) in enumerate(names)], "mut")
