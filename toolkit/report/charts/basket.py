"""One upright bar of a whole in the colours of its controls, with the name of each part beside it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from toolkit.report.charts.plane import LEFT, RIGHT, Plane, spread
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
    layer,
    sized,
    specification,
    width,
)
from toolkit.report.document import Drawing, Drawings
from toolkit.report.i18n.formats import Formats

BAR, LEADER, EDGE = 84, 26, 8
"""Px: width of the bar, room for the lines to the names, and what is left above and below."""
LINE, LEAST = 17, 220
"""Px from one name to the next at least, and height of the bar at least."""
FILLS: Mapping[str, Mapping[str, Any]] = {
    "on": {"fill": TOKENS["ctl"], "stroke": TOKENS["paper"], "strokeWidth": 1},
    "uncertain": {"fill": TOKENS["paper"], "stroke": TOKENS["ctl"], "strokeDash": [4, 3], "strokeWidth": 1.5},
    "suspended": {"fill": TOKENS["hatch"], "stroke": TOKENS["ctl"], "strokeWidth": 1},
    "plain": {"fill": TOKENS["band"], "stroke": TOKENS["data"], "strokeWidth": 1},
    "hollow": {"fill": TOKENS["paper"], "stroke": TOKENS["data"], "strokeWidth": 1.5},
    "whitelist": {"fill": TOKENS["wl"], "stroke": TOKENS["paper"], "strokeWidth": 1},
    "cash": {"fill": TOKENS["grid"], "stroke": TOKENS["paper"], "strokeWidth": 1},
}
"""How a part looks, by the class of its mark in a legend; in grey, where `ctl` and `data` are alike, each looks its own way."""


@dataclass(frozen=True, slots=True)
class Slice:
    """A part of the whole: `fill` is a key of FILLS, `label` stands beside it."""

    value: float
    label: str
    fill: str


def basket(slices: Sequence[Slice], fmt: Formats) -> Drawings:
    """The bar from the top down, as high as its names need; parts of nothing are left out."""
    return (Drawing(_spec, (tuple(part for part in slices if part.value > 0), fmt)),)


def _spec(slices: tuple[Slice, ...], fmt: Formats) -> str:
    height = float(max(LEAST, LINE * len(slices)))
    total, start = sum(part.value for part in slices), float(EDGE)
    layers: list[Layer] = []
    middles: list[float] = []
    for part in slices:
        end = start + part.value / total * height
        layers.append(layer("rect", [{}], {"x": 1, "x2": {"value": BAR}, "y": start, "y2": {"value": end}}, **FILLS[part.fill]))
        middles.append((start + end) / 2)
        start = end
    left = BAR + LEADER
    for part, middle, place in zip(slices, middles, spread(middles, LINE, 0, EDGE + height), strict=True):
        words = [{"label": cut(part.label, PHONE - left - 4)}]
        ends = {"x": BAR + 3, "x2": {"value": left - 5}, "y": middle, "y2": {"value": place}}
        layers.append(layer("rule", [{}], ends, stroke=TOKENS["cur"], strokeWidth=1))
        style = {"align": "left", "baseline": "middle", "fontSize": LABEL_TEXT}
        layers.append(layer("text", words, {"x": left, "y": place, "text": "label:N"}, **style))
    padding = {"left": 0, "right": 0, "top": 0, "bottom": 0}
    return specification(layers, fmt, width=PHONE, height=height + 2 * EDGE, autosize=FIXED, padding=padding)


ROW, THICK = 30, 22
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


def stacked(rows: Sequence[Stack], fmt: Formats) -> Drawings:
    """Bars from the top down, each as long as any other, for a phone, a column, a printed sheet and a page."""
    return sized(_stacked_spec, (tuple(rows),), fmt, PHONE, COLUMN, SHEET, PAGE)


def _stacked_spec(rows: tuple[Stack, ...], px: int, fmt: Formats) -> str:
    room = px - LEFT - RIGHT
    left = min(max(width(row.name) for row in rows) + 10, NAMES * room)
    plane = Plane(room, ROW * len(rows))
    names = [{"x": 0, "y": ROW * i + 15, "label": cut(row.name, left - 6)} for i, row in enumerate(rows)]
    layers: list[Layer] = [plane.marks("text", names, align="left", baseline="alphabetic", fontSize=LABEL_TEXT)]
    for i, row in enumerate(rows):
        total, start = sum(part.value for part in row.parts), left
        for part in row.parts:
            end = start + part.value / total * (room - left)
            at = {"x": start, "x2": end, "y": ROW * i, "y2": ROW * i + THICK}
            layers += [plane.marks("rect", [at], **FILLS[part.fill]), *_label(plane, part, at)]
            start = end
    return specification(layers, fmt, width=room, height=plane.height, autosize=FIXED)


def _label(plane: Plane, part: Slice, at: dict[str, float]) -> list[Layer]:
    """The words of a part; none where they find no room inside it."""
    long = width(part.label, AXIS_TEXT)
    if long + 8 > at["x2"] - at["x"]:
        return []
    words = plane.words([{"x": at["x"] + 5, "y": at["y"] + 15, "label": part.label}], TOKENS[INSIDE.get(part.fill, "ink")])
    ground = {"x": at["x"] + 3, "x2": at["x"] + 7 + long, "y": at["y"] + 3, "y2": at["y"] + THICK - 3}
    return [plane.marks("rect", [ground], fill=TOKENS["paper"]), words] if part.fill == "suspended" else [words]
