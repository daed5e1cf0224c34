"""Where the labels of marks go, so that no two meet and none hides a mark: computed, the same for the same marks.

Each label tries eight sides of its mark at growing distances and takes the cheapest; labels are then moved again with all the
others in place, until none of them finds a better one. A label that had to go far gets a line to its mark.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

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
