"""Marks in a plane with their names beside them: one figure against another, limits as lines, a scenario as a hollow mark."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from toolkit.report.charts.lettering import cut, width
from toolkit.report.charts.theme import (
    AXIS_TEXT,
    LABEL_TEXT,
    PAGE,
    PHONE,
    SHEET,
    TOKENS,
    Channel,
    Layer,
    field,
    layer,
    sized,
    specification,
)
from toolkit.report.document import Drawings
from toolkit.report.i18n.formats import Formats

STYLES: Mapping[str, Mapping[str, Any]] = {
    "controlled": {"shape": "square", "fill": TOKENS["ctl"], "stroke": TOKENS["ctl"]},
    "unsettled": {"shape": "square", "fill": TOKENS["paper"], "stroke": TOKENS["ctl"], "strokeDash": [3, 2]},
    "plain": {"shape": "circle", "fill": TOKENS["data"], "stroke": TOKENS["data"]},
    "shared": {"shape": "diamond", "fill": TOKENS["data"], "stroke": TOKENS["data"]},
}
"""How a mark looks: told apart by shape and fill as well as by colour."""
LEFT, RIGHT, TOP, BOTTOM = 42, 14, 26, 44
"""Px around the plot: for the labels of the axes, and a title above each."""
HEIGHTS: Mapping[int, int] = {PHONE: 430, SHEET: 360, PAGE: 340}
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


def scatter(marks: Sequence[Mark], x: Axis, y: Axis, fmt: Formats) -> Drawings:
    """The marks for a phone, a printed sheet and a page.

    Args:
        marks: In the order in which labels are given their places.
        x: Axis to the right; percentages are given as numbers up to 100, with their sign as `suffix`.
        y: Axis upwards.
        fmt: How the axes write numbers.
    """
    return sized(_spec, (tuple(marks), x, y), fmt, PHONE, SHEET, PAGE)


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


SIDES = ((1, 0), (-1, 0), (0, -1), (0, 1), (1, -1), (1, 1), (-1, -1), (-1, 1))
"""Directions in the order of preference: right, left, above, below, then the corners; y grows downwards."""
DISTANCES = (3.0, 10.0, 20.0, 32.0, 46.0, 64.0)
"""Px between a mark and its label."""
FAR = 10.0
"""From this distance on a label needs a line to its mark."""
GAP, NEAR = 5.0, 9.0
"""Px between two labels side by side, and between a label and a mark that is not its own."""
ROUNDS = 8
ON_LABEL, ON_MARK, ON_LINE = 20.0, 8.0, 1.5
"""Cost of a px² of overlap with another label, another mark, or a line drawn through the plot."""
ACROSS = 150.0
"""Cost of a line of the plot, or for a label with a line to its mark of another label or mark, between the two."""


Point = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Box:
    """A rectangle in px; y grows downwards."""

    left: float
    top: float
    right: float
    bottom: float

    def overlap(self, other: Box) -> float:
        """Px² that both cover."""
        across = min(self.right, other.right) - max(self.left, other.left)
        down = min(self.bottom, other.bottom) - max(self.top, other.top)
        return max(0.0, across) * max(0.0, down)

    def wider(self, by: float) -> Box:
        """With as much more to the left and to the right."""
        return Box(self.left - by, self.top, self.right + by, self.bottom)

    def crossed(self, start: Point, end: Point) -> bool:
        """Whether it meets the way between two points, of which it holds the first in no case."""
        near, far = 0.0, 1.0
        for a, b, low, high in zip(start, end, (self.left, self.top), (self.right, self.bottom), strict=True):
            if a == b:
                if not low <= a <= high:
                    return False
                continue
            first, last = sorted(((low - a) / (b - a), (high - a) / (b - a)))
            near, far = max(near, first), min(far, last)
        return 0.0 < near <= far

    def inside(self, other: Box) -> bool:
        """Whether the other one holds all of it."""
        return self.left >= other.left and self.top >= other.top and self.right <= other.right and self.bottom <= other.bottom


@dataclass(frozen=True, slots=True)
class Anchor:
    """A mark and its label: centre and radius of the mark, width and height of the label, in px."""

    x: float
    y: float
    radius: float
    width: float
    height: float

    @property
    def box(self) -> Box:
        """The square around the mark."""
        return Box(self.x - self.radius, self.y - self.radius, self.x + self.radius, self.y + self.radius)


@dataclass(frozen=True, slots=True)
class Placed:
    """Where a label stands: its box, and whether a line leads to its mark."""

    box: Box
    led: bool


def place(anchors: Sequence[Anchor], room: Box, lines: Sequence[Box] = (), others: Sequence[Box] = ()) -> list[Placed]:
    """A place for the label of each mark.

    Args:
        anchors: Marks; their order decides among equals.
        room: Labels stay inside, where they can at all.
        lines: What is drawn through the plot and had better stay readable.
        others: Marks without a label of their own.
    """
    chosen: list[Placed | None] = [None] * len(anchors)
    for _ in range(ROUNDS):
        before = list(chosen)
        for i, anchor in enumerate(anchors):
            # Beside another mark, a label would be read as the name of that one.
            marks = [box.wider(NEAR) for box in (*others, *(other.box for j, other in enumerate(anchors) if j != i))]
            labels = [other.box.wider(GAP) for j, other in enumerate(chosen) if j != i and other is not None]
            ways = [_way(anchors[j], other) for j, other in enumerate(chosen) if j != i and other is not None and other.led]
            chosen[i] = min(
                _candidates(anchor),
                key=lambda candidate: _cost(anchor, candidate, room, marks, labels, lines, ways),
            )[1]
        if chosen == before:
            break
    return [found for found in chosen if found is not None]


def _candidates(anchor: Anchor) -> Iterator[tuple[float, Placed]]:
    """(cost of the place itself, place): near is better than far, a side better than a corner."""
    for distance in DISTANCES:
        for rank, (across, down) in enumerate(SIDES):
            # A corner is as far from the centre as a side is.
            reach = (anchor.radius + distance) / (math.sqrt(2) if across and down else 1.0)
            x, y = anchor.x + across * reach, anchor.y + down * reach
            left = x - anchor.width * (1 - across) / 2
            top = y - anchor.height * (1 - down) / 2
            box = Box(left, top, left + anchor.width, top + anchor.height)
            yield distance + 0.4 * rank, Placed(box, distance >= FAR)


def _way(anchor: Anchor, found: Placed) -> tuple[Point, Point]:
    """The line from a mark to the nearest point of its label."""
    box = found.box
    return (anchor.x, anchor.y), (min(max(anchor.x, box.left), box.right), min(max(anchor.y, box.top), box.bottom))


def _cost(
    anchor: Anchor,
    candidate: tuple[float, Placed],
    room: Box,
    marks: Sequence[Box],
    labels: Sequence[Box],
    lines: Sequence[Box],
    ways: Sequence[tuple[Point, Point]],
) -> tuple[bool, float]:
    own, found = candidate
    box = found.box
    middle = (box.left + box.right) / 2, (box.top + box.bottom) / 2
    between = sum(line.crossed((anchor.x, anchor.y), middle) for line in lines) + sum(box.crossed(*way) for way in ways)
    if found.led:
        between += sum(other.crossed(*_way(anchor, found)) for other in (*labels, *marks))
    overlaps = (
        sum(weight * box.overlap(other) for other in others)
        for weight, others in ((ON_LABEL, labels), (ON_MARK, marks), (ON_LINE, lines))
    )
    return not box.inside(room), own + ACROSS * between + sum(overlaps)
