"""Stacked bars of a whole, one a row: parts side by side, told apart by fill, with their words inside where there is room."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from toolkit.report.charts.basket import FILLS, Slice
from toolkit.report.charts.lettering import cut, width
from toolkit.report.charts.plane import Plane
from toolkit.report.charts.theme import AXIS_TEXT, COLUMN, LABEL_TEXT, PAGE, PHONE, SHEET, TOKENS, specification
from toolkit.report.charts.timeline import LEFT, RIGHT
from toolkit.report.charts.vegalite import FIXED, Layer
from toolkit.report.document import Chart, Drawing
from toolkit.report.i18n.formats import Formats

ROW, BAR = 30, 22
"""Px of a row, and of its bar."""
NAMES = 0.36
"""Part of a drawing that the names of the rows may take."""
INSIDE = {"on": "paper", "whitelist": "paper"}
"""Colour of words inside a fill; ink inside the others, on a ground of their own where the fill is a pattern."""


@dataclass(frozen=True, slots=True)
class Stack:
    """A bar: its name, and its parts from left to right."""

    name: str
    parts: tuple[Slice, ...]


def stacked(rows: Sequence[Stack], told: str, fmt: Formats) -> Chart:
    """Each bar as long as any other, for a phone, a column, a printed sheet and a page.

    Args:
        rows: From the top down.
        told: What the bars show, in words with their numbers.
        fmt: How the language writes numbers.
    """
    widths = ((PHONE, 0), (COLUMN, COLUMN), (SHEET, SHEET), (PAGE, PAGE))
    return Chart(tuple(Drawing(_spec, (tuple(rows), px, fmt), least) for px, least in widths), told)


def _spec(rows: tuple[Stack, ...], px: int, fmt: Formats) -> str:
    room = px - LEFT - RIGHT
    left = min(max(width(row.name) for row in rows) + 10, NAMES * room)
    plane = Plane(room, ROW * len(rows))
    names = [{"x": 0, "y": ROW * i + 15, "label": cut(row.name, left - 6)} for i, row in enumerate(rows)]
    layers: list[Layer] = [plane.marks("text", names, align="left", baseline="alphabetic", fontSize=LABEL_TEXT)]
    for i, row in enumerate(rows):
        total, start = sum(part.value for part in row.parts), left
        for part in row.parts:
            end = start + part.value / total * (room - left)
            at = {"x": start, "x2": end, "y": ROW * i, "y2": ROW * i + BAR}
            layers += [plane.marks("rect", [at], **FILLS[part.fill]), *_label(plane, part, at)]
            start = end
    return specification(layers, fmt, width=room, height=plane.height, autosize=FIXED)


def _label(plane: Plane, part: Slice, at: dict[str, float]) -> list[Layer]:
    """The words of a part; none where they find no room inside it."""
    long = width(part.label, AXIS_TEXT)
    if long + 8 > at["x2"] - at["x"]:
        return []
    words = plane.words([{"x": at["x"] + 5, "y": at["y"] + 15, "label": part.label}], TOKENS[INSIDE.get(part.fill, "ink")])
    ground = {"x": at["x"] + 3, "x2": at["x"] + 7 + long, "y": at["y"] + 3, "y2": at["y"] + BAR - 3}
    return [plane.marks("rect", [ground], fill=TOKENS["paper"]), words] if part.fill == "suspended" else [words]
