"""Marks in a plane with their names beside them: one figure against another, limits as lines, a scenario as a hollow mark."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from toolkit.report.charts.plane import Field, Plane
from toolkit.report.charts.theme import (
    AXIS_TEXT,
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


def _spec(marks: tuple[Mark, ...], x: Axis, y: Axis, room: int, fmt: Formats) -> str:
    height = HEIGHTS[room]
    right, across = _end(x, [mark.x for mark in marks], 4 if room == PHONE else 8)
    up, upward = _end(y, [max(mark.y, mark.supposed or 0.0) for mark in marks], 4)
    field = Field(Plane(room, height), LEFT, room - RIGHT, TOP, height - BOTTOM, 0.0, right, 0.0, up)
    layers = [
        *field.gridlines([(tick, fmt.plain_number(tick) + y.suffix) for tick in upward]),
        *_across(field, [(tick, fmt.plain_number(tick) + x.suffix) for tick in across]),
        *_limits(field, x, y),
        *_supposed(field, marks),
        *_marks(field, marks),
        *_names(field, marks, x, y),
        *_titles(field, x, y),
    ]
    return specification(layers, fmt, width=room, height=height, autosize=FIXED, padding=0)


def _end(axis: Axis, figures: Sequence[float], ticks: int) -> tuple[float, list[float]]:
    """Where an axis ends, a little beyond the largest mark, and its ticks: round numbers, at most about so many."""
    end = max(axis.least, ROOM * max(figures, default=0.0))
    power = 10.0 ** math.floor(math.log10(end / ticks))
    steps = WHOLE_TICKS if power >= TICKS[-1] else TICKS
    step = next(power * tick for tick in steps if power * tick >= 0.999 * end / ticks)
    return end, [round(i * step, 10) for i in range(int(end / step + 1e-9) + 1)]


def _across(field: Field[float], ticks: Sequence[tuple[float, str]]) -> Iterator[Layer]:
    """Numbers below the field."""
    yield field.plane.words(
        [{"x": field.x(at), "y": field.bottom + 17, "label": told} for at, told in ticks], TOKENS["mut"], "center"
    )


def _limits(field: Field[float], x: Axis, y: Axis) -> Iterator[Layer]:
    """Lines of limits, each with its label at its end, inside the plot."""
    lines, words = [], []
    if x.limit:
        at = field.x(x.limit[0])
        lines.append({"x": at, "y": field.bottom, "x2": at, "y2": field.top})
        words.append({"x": at + 5, "y": field.top + 11, "label": x.limit[1]})
    if y.limit:
        at = field.y(y.limit[0])
        lines.append({"x": field.left, "y": at, "x2": field.right, "y2": at})
        words.append({"x": field.left + 5, "y": at - 4, "label": y.limit[1]})
    yield field.plane.marks("rule", lines, color=TOKENS["ink"], strokeWidth=2)
    yield field.plane.words(words, TOKENS["ink"])


def _supposed(field: Field[float], marks: Sequence[Mark]) -> Iterator[Layer]:
    """Where a scenario puts a mark: hollow, joined to the mark it starts from."""
    rows = [
        {"x": field.x(mark.x), "y": field.y(mark.supposed), "y2": field.y(mark.y)}
        for mark in marks
        if mark.supposed is not None
    ]
    yield field.plane.marks("rule", rows, color=TOKENS["data"], strokeWidth=1.5, strokeDash=[3, 2])
    ends = [{"x": row["x"], "y": row["y"]} for row in rows]
    hollow = {"fill": TOKENS["paper"], "stroke": TOKENS["data"], "strokeWidth": 1.5}
    yield field.plane.marks("point", ends, size=64, opacity=1, **hollow)


def _marks(field: Field[float], marks: Sequence[Mark]) -> Iterator[Layer]:
    """Large marks first, so that small ones stay visible on them."""
    for mark in sorted(marks, key=lambda mark: ([*STYLES].index(mark.style), -mark.size)):
        at = [{"x": field.x(mark.x), "y": field.y(mark.y)}]
        yield field.plane.marks("point", at, size=_area(mark), strokeWidth=1.5, opacity=1, **STYLES[mark.style])


def _area(mark: Mark) -> float:
    return round(SMALL + (LARGE - SMALL) * mark.size, 1)


def _names(field: Field[float], marks: Sequence[Mark], x: Axis, y: Axis) -> Iterator[Layer]:
    """The names of the marks at their computed places, with lines to marks that are far."""
    labels = [cut(mark.label, NAME_LIMIT) for mark in marks]
    anchors = [
        Anchor(field.x(mark.x), field.y(mark.y), math.sqrt(_area(mark)) / 2, width(label), LINE)
        for mark, label in zip(marks, labels, strict=True)
    ]
    room = Box(field.left, field.top - LINE / 2, field.right + RIGHT, field.bottom + LINE / 2)
    placed = place(anchors, room, [*_lines(field, marks, x, y)], [*_ends(field, marks)])
    rows, leads = [], []
    for anchor, label, found in zip(anchors, labels, placed, strict=True):
        rows.append({"x": found.box.left, "y": (found.box.top + found.box.bottom) / 2, "label": label})
        if found.led:
            (start, end), (to_x, to_y) = _lead(anchor, found)
            leads.append({"x": start, "y": end, "x2": to_x, "y2": to_y})
    yield field.plane.marks("rule", leads, color=TOKENS["mut"], strokeWidth=1)
    yield field.plane.marks("text", rows, align="left", baseline="middle", fontSize=LABEL_TEXT)


def _lines(field: Field[float], marks: Sequence[Mark], x: Axis, y: Axis) -> Iterator[Box]:
    """What names had better not cover: the axis, limits with their labels, and what belongs to a scenario."""
    yield Box(field.left, field.bottom - 0.5, field.right, field.bottom + 0.5)
    if x.limit:
        across = field.x(x.limit[0])
        yield Box(across - 1, field.top, across + 1, field.bottom)
        yield Box(across, field.top, across + 5 + width(x.limit[1], AXIS_TEXT), field.top + LINE)
    if y.limit:
        down = field.y(y.limit[0])
        yield Box(field.left, down - 1, field.right, down + 1)
        yield Box(field.left, down - LINE, field.left + 5 + width(y.limit[1], AXIS_TEXT), down)
    for mark in marks:
        if mark.supposed is not None:
            across = field.x(mark.x)
            yield Box(across - 1, field.y(mark.supposed), across + 1, field.y(mark.y))


def _ends(field: Field[float], marks: Sequence[Mark]) -> Iterator[Box]:
    """Hollow marks of a scenario: they have no name of their own."""
    for mark in marks:
        if mark.supposed is not None:
            across, down = field.x(mark.x), field.y(mark.supposed)
            yield Box(across - 5, down - 5, across + 5, down + 5)


def _lead(anchor: Anchor, found: Placed) -> tuple[tuple[float, float], tuple[float, float]]:
    """From the edge of a mark to the nearest point of its label."""
    box = found.box
    end = min(max(anchor.x, box.left - 2), box.right + 2), min(max(anchor.y, box.top + 2), box.bottom - 2)
    distance = math.dist((anchor.x, anchor.y), end) or 1.0
    reach = anchor.radius / distance
    return (anchor.x + (end[0] - anchor.x) * reach, anchor.y + (end[1] - anchor.y) * reach), end


def _titles(field: Field[float], x: Axis, y: Axis) -> Iterator[Layer]:
    """The title of the upright axis above it, of the other below its right end: nothing is written sideways."""
    yield field.plane.words([{"x": 0, "y": field.top - 12, "label": y.title}], TOKENS["mut"])
    yield field.plane.words([{"x": field.right, "y": field.bottom + 38, "label": x.title}], TOKENS["mut"], "right")


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
