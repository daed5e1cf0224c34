"""Heat maps, tints in steps with their numbers: of correlations, hatched where an interval holds zero, and of months."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from toolkit.report.charts.plane import LEFT, RIGHT, Plane
from toolkit.report.charts.theme import (
    AXIS_TEXT,
    COLUMN,
    FIXED,
    LABEL_TEXT,
    PAGE,
    PHONE,
    SHEET,
    TOKENS,
    Layer,
    cut,
    sized,
    specification,
    width,
)
from toolkit.report.document import Drawings
from toolkit.report.i18n.formats import MINUS, Formats

ROW, HEAD = 24, 20
"""Px of a row, and of the heads above the first."""
NAMES = 0.27
"""Part of a drawing that the names may take."""
STEPS: Mapping[str, tuple[float, float]] = {"r1": (0.0, 0.1), "r2": (0.25, 0.28), "r3": (0.5, 0.45), "r4": (0.75, 1.0)}
"""Mark of the legend -> (least size of a correlation, or part of the largest month; opacity of its tint)."""
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
        *_numbers(field, {cell: _correlation(cell[2], fmt) for cell in shown}),
        *_heads(field, names),
    ]
    return specification(layers, fmt, width=room, height=field.plane.height, autosize=FIXED)


def _correlation(value: float | None, fmt: Formats) -> tuple[str, ...]:
    words = "–" if value is None else fmt.number(value, 2)
    return words, words[0] if words[0] in (MINUS, "–") else ""


def months(names: Sequence[str], heads: Sequence[str], returns: Sequence[Sequence[float | None]], fmt: Formats) -> Drawings:
    """Returns in per cent by year and month, the last column without a tint, for a phone, a printed sheet and a page.

    Args:
        names: Of the m rows, the years.
        heads: Of the n columns, months and the year.
        returns: (m, n) fractions; None where there is none.
        fmt: How numbers are written.
    """
    return sized(_months_spec, (tuple(names), tuple(heads), tuple(map(tuple, returns))), fmt, PHONE, SHEET, PAGE)


def _months_spec(
    names: tuple[str, ...], heads: tuple[str, ...], returns: tuple[tuple[float | None, ...], ...], px: int, fmt: Formats
) -> str:
    room, left = px - LEFT - RIGHT, max(map(width, names)) + 9
    field = _Field(Plane(room, HEAD + ROW * len(names)), left, (room - left) / len(heads), clear=1)
    if max(width(head, AXIS_TEXT) for head in heads) > field.wide - field.clear:
        heads = tuple(head[:1] for head in heads)
    known = [(i, j, value) for i, row in enumerate(returns) for j, value in enumerate(row) if value is not None]
    most = max((abs(value) for _, j, value in known if j < len(heads) - 1), default=0.0) or 1.0
    cells: dict[_Cell, tuple[str, ...]] = {
        (i, j, value / most if j < len(heads) - 1 else None): (
            fmt.points(value),
            fmt.number(100 * value),
            MINUS if value < 0 else "",
        )
        for i, j, value in known
    }
    layers = [
        *_tints(field, [*cells]),
        *_numbers(field, cells),
        *_heads(field, [(name, "") for name in names]),
        field.words([(-1, j, head) for j, head in enumerate(heads)], "mut"),
    ]
    return specification(layers, fmt, width=room, height=field.plane.height, autosize=FIXED)


@dataclass(frozen=True, slots=True)
class _Field:
    """Cells of `wide` px to the right of the names; words keep `clear` px from both edges together."""

    plane: Plane
    left: float
    wide: float
    clear: int = 4

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


def _numbers(field: _Field, written: Mapping[_Cell, tuple[str, ...]]) -> Iterator[Layer]:
    """Words in cells, of all the first in which the longest fits its cell, else the last."""
    ways = [*zip(*written.values(), strict=True)]
    fits = (k for k, words in enumerate(ways) if max(width(word, AXIS_TEXT) for word in words) <= field.wide - field.clear)
    at = next(fits, len(ways) - 1)
    for colour in ("ink", "paper"):
        found = [
            (i, j, words[at])
            for (i, j, v), words in written.items()
            if words[at] and (v is not None and _step(v) == "r4") == (colour == "paper")
        ]
        yield field.words(found, colour)


def _heads(field: _Field, names: Sequence[tuple[str, str]]) -> Iterator[Layer]:
    """Names before the rows, symbols above the columns."""
    rows = [{"x": 0, "y": HEAD + i * ROW + 16, "label": cut(name, field.left - 8)} for i, (name, _) in enumerate(names)]
    yield field.plane.marks("text", rows, align="left", baseline="alphabetic", fontSize=LABEL_TEXT)
    yield field.words([(-1, j, cut(symbol, field.wide, AXIS_TEXT)) for j, (_, symbol) in enumerate(names)], "mut")
