"""A strip of dots a horizon: what each price did after a notice, and the median of all."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from toolkit.report.charts.plane import Plane
from toolkit.report.charts.theme import AXIS_TEXT, COLUMN, FIXED, LABEL_TEXT, PHONE, TOKENS, sized, specification
from toolkit.report.charts.theme import width as lettered
from toolkit.report.document import Drawings
from toolkit.report.i18n.formats import Formats

HEAD, ROW, FOOT, RIGHT = 6, 46, 26, 16
"""Px above the first strip, of each strip, below the last for the axis, and at the right."""
TICKS = (0.25, 0.5, 0.75, 1.0, 1.5, 2.0, 3.0, 5.0, 8.0)
"""Prices after over before at which the axis has a line, where they fall inside."""
APART = 1.06
"""How far the axis goes beyond the least and the most, as a factor."""


@dataclass(frozen=True, slots=True)
class Strip:
    """The changes after so many months, as fractions; `label` and `note` stand before them, `written` at the median."""

    label: str
    note: str
    changes: tuple[float, ...]
    median: float
    written: str


def reactions(strips: Sequence[Strip], fmt: Formats) -> Drawings:
    """The strips for a phone and for a column, on one logarithmic axis of the price after over before."""
    return sized(_spec, (tuple(strips),), fmt, PHONE, COLUMN)


def _spec(strips: tuple[Strip, ...], room: int, fmt: Formats) -> str:
    left = max(lettered(words) for strip in strips for words in (strip.label, strip.note)) + 18
    least = min(1.0, *(1 + min(strip.changes) for strip in strips)) / APART
    most = max(1.0, *(1 + max(strip.changes) for strip in strips)) * APART
    bottom = HEAD + ROW * len(strips)

    def across(change: float) -> float:
        return left + (room - RIGHT - left) * math.log((1 + change) / least) / math.log(most / least)

    plane = Plane(room, bottom + FOOT)
    lines, named, end = [], [], -math.inf
    for tick in (tick for tick in TICKS if least <= tick <= most):
        x, words = across(tick - 1), fmt.percent(tick - 1, 0, signed=True)
        lines.append({"x": x, "y": HEAD, "y2": bottom, "zero": tick == 1})
        half = lettered(words, AXIS_TEXT) / 2
        if x - half > end:
            named.append({"x": x, "y": bottom + 8, "label": words})
            end = x + half + 8
    rows = [(HEAD + ROW * i + ROW / 2 + 6, strip) for i, strip in enumerate(strips)]
    labels = [{"x": 0, "y": y - 8, "label": strip.label} for y, strip in rows]
    notes = [{"x": 0, "y": y + 7, "label": strip.note} for y, strip in rows]
    heads = {"align": "left", "baseline": "middle"}
    dots = [{"x": across(change), "y": y} for y, strip in rows for change in strip.changes]
    medians = [{"x": across(strip.median), "y": y - 9, "y2": y + 9} for y, strip in rows]
    written = [{"x": across(strip.median), "y": y - 11, "label": strip.written} for y, strip in rows]
    bold = {"align": "center", "baseline": "bottom", "fontSize": LABEL_TEXT, "fontWeight": "bold", "color": TOKENS["data"]}
    layers = [
        *(plane.marks("rule", [line], color=TOKENS["mut" if line["zero"] else "grid"], strokeWidth=1) for line in lines),
        plane.marks("text", named, align="center", baseline="top", fontSize=AXIS_TEXT, color=TOKENS["mut"]),
        plane.marks("text", labels, **heads, fontSize=LABEL_TEXT),
        plane.marks("text", notes, **heads, fontSize=AXIS_TEXT, color=TOKENS["mut"]),
        plane.marks("circle", dots, size=50, fill=TOKENS["dot"], fillOpacity=0.55),
        plane.marks("rule", medians, color=TOKENS["data"], strokeWidth=3),
        plane.marks("text", written, **bold),
    ]
    padding = {"left": 0, "right": 0, "top": 0, "bottom": 0}
    return specification(layers, fmt, width=room, height=plane.height, autosize=FIXED, padding=padding)
