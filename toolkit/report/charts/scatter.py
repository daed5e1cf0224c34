"""Marks in a plane with their names beside them: one figure against another, limits as lines, a scenario as a hollow mark."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from toolkit.report.charts.labels import Anchor, Box, Placed, place
from toolkit.report.charts.lettering import cut, width
from toolkit.report.charts.theme import AXIS_TEXT, LABEL_TEXT, PAGE, PHONE, SHEET, TOKENS, specification
from toolkit.report.charts.vegalite import Channel, Layer, field, layer
from toolkit.report.document import Chart, Drawing
from toolkit.report.i18n.formats import Formats

STYLES: Mapping[str, Mapping[str, Any]] = MappingProxyType(
    {
        "controlled": {"shape": "square", "fill": TOKENS["ctl"], "stroke": TOKENS["ctl"]},
        "unsettled": {"shape": "square", "fill": TOKENS["paper"], "stroke": TOKENS["ctl"], "strokeDash": [3, 2]},
        "plain": {"shape": "circle", "fill": TOKENS["data"], "stroke": TOKENS["data"]},
        "shared": {"shape": "diamond", "fill": TOKENS["data"], "stroke": TOKENS["data"]},
    }
)
"""How a mark looks: told apart by shape and fill as well as by colour."""
LEFT, RIGHT, TOP, BOTTOM = 42, 14, 26, 44
"""Px around the plot: for the labels of the axes, and a title above each."""
HEIGHTS: Mapping[int, int] = MappingProxyType({PHONE: 430, SHEET: 360, PAGE: 340})
SMALL, LARGE = 60.0, 620.0
"""Px² of the square around a mark of no size, and of the largest."""
LINE, NAME_LIMIT = 16.0, 200.0
"""Px that a label is high, and that it may be wide."""
ROOM = 1.08
"""How far an axis goes beyond its largest figure."""
TICKS, WHOLE_TICKS = (1.0, 2.0, 5.0, 10.0), (1.0, 2.0, 2.5, 5.0, 10.0)
"""Steps of an axis over the power of ten below; a quarter of a hundred is still a whole number."""
_At = Mapping[str, Channel]
"""Channels of `x` and `y`, in the figures of both axes."""


@dataclass(frozen=True, slots=True)
class Mark:
    """One mark: its name, its place, how it looks (`STYLES`), its size from 0 to 1, and where a scenario puts it."""

    label: str
    x: float
    y: float
    style: str = "plain"
    size: float = 0.0
    supposed: float | None = None


@dataclass(frozen=True, slots=True)
class Axis:
    """An axis from zero up: its title, the least it reaches to, what stands behind its numbers, a limit with its label."""

    title: str
    least: float
    suffix: str = ""
    limit: tuple[float, str] | None = None


def scatter(marks: Sequence[Mark], x: Axis, y: Axis, told: str, fmt: Formats) -> Chart:
    """The marks for a phone, a printed sheet and a page.

    Args:
        marks: In the order in which labels are given their places.
        x: Axis to the right; percentages are given as numbers up to 100, with their sign as `suffix`.
        y: Axis upwards.
        told: What the chart shows, in words with its numbers.
        fmt: How the axes write numbers.
    """
    widths = ((PHONE, 0), (SHEET, SHEET), (PAGE, PAGE))
    return Chart(tuple(Drawing(_spec, (tuple(marks), x, y, room, fmt), least) for room, least in widths), told)


@dataclass(frozen=True, slots=True)
class _Plane:
    """From figures to px: ends of both axes, the steps of their ticks, and the size of the plot."""

    right: float
    up: float
    steps: tuple[float, float]
    width: float
    height: float

    def at(self, x: float, y: float) -> tuple[float, float]:
        return x / self.right * self.width, self.height - y / self.up * self.height

    def back(self, across: float, down: float) -> tuple[float, float]:
        return across / self.width * self.right, (self.height - down) / self.height * self.up


def _spec(marks: tuple[Mark, ...], x: Axis, y: Axis, room: int, fmt: Formats) -> str:
    plane = _plane(marks, x, y, room)
    x_axis, y_axis = (_axis(a, end, step) for a, end, step in zip((x, y), (plane.right, plane.up), plane.steps, strict=True))
    x_axis |= {"grid": False, "domain": True, "domainColor": TOKENS["mut"]}
    y_axis |= {"grid": True, "labelColor": TOKENS["mut"], "labelFontSize": AXIS_TEXT}
    at = {
        "x": field("x:Q", scale={"domain": [0, plane.right], "nice": False}, axis=x_axis),
        "y": field("y:Q", scale={"domain": [0, plane.up], "nice": False}, axis=y_axis),
    }
    layers = [
        *_limits(at, x, y, plane),
        *_supposed(at, marks),
        *_marks(at, marks),
        *_names(at, marks, x, y, plane),
        *_titles(x, y, plane),
    ]
    around = {"left": LEFT, "right": RIGHT, "top": TOP, "bottom": BOTTOM}
    return specification(layers, fmt, width=plane.width, height=plane.height, autosize="none", padding=around)


def _plane(marks: Sequence[Mark], x: Axis, y: Axis, room: int) -> _Plane:
    """Axes end a little beyond the largest mark."""
    across, up = room - LEFT - RIGHT, HEIGHTS[room] - TOP - BOTTOM
    ends, steps = [], []
    for axis, most, ticks in (
        (x, max((mark.x for mark in marks), default=0.0), 4 if room == PHONE else 8),
        (y, max((max(mark.y, mark.supposed or 0.0) for mark in marks), default=0.0), 4),
    ):
        ends.append(max(axis.least, ROOM * most))
        steps.append(_step(ends[-1], ticks))
    return _Plane(ends[0], ends[1], (steps[0], steps[1]), across, up)


def _step(end: float, ticks: int) -> float:
    """Distance of ticks: a round number, so that at most about so many fit."""
    power = 10.0 ** math.floor(math.log10(end / ticks))
    return next(power * tick for tick in (WHOLE_TICKS if power >= TICKS[-1] else TICKS) if power * tick >= 0.999 * end / ticks)


def _axis(axis: Axis, end: float, step: float) -> dict[str, Any]:
    values = [round(i * step, 10) for i in range(int(end / step + 1e-9) + 1)]
    return {"title": None, "values": values, "labelExpr": f"datum.label + {json.dumps(axis.suffix)}", "labelOverlap": False}


def _limits(at: _At, x: Axis, y: Axis, plane: _Plane) -> Iterator[Layer]:
    """Lines of limits, each with its label at its end, inside the plot."""
    line, words = {"color": TOKENS["ink"], "strokeWidth": 2}, {"align": "left", "dx": 5, "fontSize": AXIS_TEXT}
    if x.limit:
        value, label = x.limit
        yield layer("rule", [{"x": value, "y": 0, "end": plane.up}], {**at, "y2": "end"}, **line)
        end = [{"x": value, "y": plane.up, "label": label}]
        yield layer("text", end, {**at, "text": "label:N"}, baseline="top", dy=1, **words)
    if y.limit:
        value, label = y.limit
        yield layer("rule", [{"x": 0, "y": value, "end": plane.right}], {**at, "x2": "end"}, **line)
        end = [{"x": 0, "y": value, "label": label}]
        yield layer("text", end, {**at, "text": "label:N"}, baseline="bottom", dy=-3, **words)


def _supposed(at: _At, marks: Sequence[Mark]) -> Iterator[Layer]:
    """Where a scenario puts a mark: hollow, joined to the mark it starts from."""
    rows = [{"x": mark.x, "y": mark.y, "end": mark.supposed} for mark in marks if mark.supposed is not None]
    yield layer("rule", rows, {**at, "y2": "end"}, color=TOKENS["data"], strokeWidth=1.5, strokeDash=[3, 2])
    ends = [{"x": row["x"], "y": row["end"]} for row in rows]
    yield layer("point", ends, at, size=64, fill=TOKENS["paper"], stroke=TOKENS["data"], strokeWidth=1.5, opacity=1)


def _marks(at: _At, marks: Sequence[Mark]) -> Iterator[Layer]:
    """Large marks first, so that small ones stay visible on them."""
    for style, look in STYLES.items():
        rows = [
            {"x": mark.x, "y": mark.y, "area": _area(mark)}
            for mark in sorted(marks, key=lambda mark: -mark.size)
            if mark.style == style
        ]
        yield layer("point", rows, {**at, "size": field("area:Q", scale=None)}, strokeWidth=1.5, opacity=1, **look)


def _area(mark: Mark) -> float:
    return round(SMALL + (LARGE - SMALL) * mark.size, 1)


def _names(at: _At, marks: Sequence[Mark], x: Axis, y: Axis, plane: _Plane) -> Iterator[Layer]:
    """The names of the marks at their computed places, with lines to marks that are far."""
    labels = [cut(mark.label, NAME_LIMIT) for mark in marks]
    anchors = [
        Anchor(*plane.at(mark.x, mark.y), math.sqrt(_area(mark)) / 2, width(label), LINE)
        for mark, label in zip(marks, labels, strict=True)
    ]
    room = Box(0, -LINE / 2, plane.width + RIGHT, plane.height + LINE / 2)
    placed = place(anchors, room, [*_lines(marks, x, y, plane)], [*_ends(marks, plane)])
    rows, leads = [], []
    for anchor, label, found in zip(anchors, labels, placed, strict=True):
        left, middle = plane.back(found.box.left, (found.box.top + found.box.bottom) / 2)
        rows.append({"x": left, "y": middle, "label": label})
        if found.led:
            (start, end), (to_x, to_y) = (plane.back(*point) for point in _lead(anchor, found))
            leads.append({"x": start, "y": end, "to_x": to_x, "to_y": to_y})
    yield layer("rule", leads, {**at, "x2": "to_x", "y2": "to_y"}, color=TOKENS["mut"], strokeWidth=1)
    yield layer("text", rows, {**at, "text": "label:N"}, align="left", baseline="middle", fontSize=LABEL_TEXT)


def _lines(marks: Sequence[Mark], x: Axis, y: Axis, plane: _Plane) -> Iterator[Box]:
    """What names had better not cover: the axis, limits with their labels, and what belongs to a scenario."""
    yield Box(0, plane.height - 0.5, plane.width, plane.height + 0.5)
    if x.limit:
        across, _ = plane.at(x.limit[0], 0.0)
        yield Box(across - 1, 0, across + 1, plane.height)
        yield Box(across, 0, across + 5 + width(x.limit[1], AXIS_TEXT), LINE)
    if y.limit:
        _, down = plane.at(0.0, y.limit[0])
        yield Box(0, down - 1, plane.width, down + 1)
        yield Box(0, down - LINE, 5 + width(y.limit[1], AXIS_TEXT), down)
    for mark in marks:
        if mark.supposed is not None:
            (across, start), (_, end) = plane.at(mark.x, mark.y), plane.at(mark.x, mark.supposed)
            yield Box(across - 1, end, across + 1, start)


def _ends(marks: Sequence[Mark], plane: _Plane) -> Iterator[Box]:
    """Hollow marks of a scenario: they have no name of their own."""
    for mark in marks:
        if mark.supposed is not None:
            across, down = plane.at(mark.x, mark.supposed)
            yield Box(across - 5, down - 5, across + 5, down + 5)


def _lead(anchor: Anchor, found: Placed) -> tuple[tuple[float, float], tuple[float, float]]:
    """From the edge of a mark to the nearest point of its label."""
    box = found.box
    end = min(max(anchor.x, box.left - 2), box.right + 2), min(max(anchor.y, box.top + 2), box.bottom - 2)
    distance = math.dist((anchor.x, anchor.y), end) or 1.0
    reach = anchor.radius / distance
    return (anchor.x + (end[0] - anchor.x) * reach, anchor.y + (end[1] - anchor.y) * reach), end


def _titles(x: Axis, y: Axis, plane: _Plane) -> Iterator[Layer]:
    """The title of the upright axis above it, of the other below its right end: nothing is written sideways."""
    for align, across, down, title in (("left", -LEFT, -16, y.title), ("right", plane.width, plane.height + 34, x.title)):
        style = {"align": align, "baseline": "middle", "fontSize": AXIS_TEXT, "color": TOKENS["mut"]}
        yield layer("text", [{}], {"x": across, "y": down, "text": {"value": title}}, **style)
