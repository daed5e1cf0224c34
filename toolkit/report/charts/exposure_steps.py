"""Shares under export control over time: steps from change to change, with the notices behind them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date
from itertools import pairwise

from toolkit.holdings.exposure_history import Exposure
from toolkit.report.charts.lettering import width
from toolkit.report.charts.plane import GAP, LEFT, RIGHT, YEARS, Field, Plane
from toolkit.report.charts.theme import AXIS_TEXT, FIXED, PAGE, PHONE, SHEET, TOKENS, Layer, sized, specification
from toolkit.report.document import Drawings
from toolkit.report.i18n.formats import Formats

ROWS, LINE, HEIGHT = 3, 14, 150
"""Lines of notice numbers above the field, px of each, and height of the field in px."""
TICKS = (0.0, 0.5, 1.0)
LAST = 3
"""Px of a step that begins where the axis ends."""


def exposure_steps(steps: Sequence[Exposure], end: date, notices: Sequence[tuple[date, str]], fmt: Formats) -> Drawings:
    """The steps for a phone, a printed sheet and a page.

    Args:
        steps: Shares from a day on, in order: what a control could stop, what is beyond its reach, what is suspended.
        end: Of the axis.
        notices: (day, words).
        fmt: How shares and months are written.
    """
    return sized(_spec, (tuple(steps), end, tuple(notices)), fmt, PHONE, SHEET, PAGE)


def _spec(steps: tuple[Exposure, ...], end: date, notices: tuple[tuple[date, str], ...], px: int, fmt: Formats) -> str:
    room = px - LEFT - RIGHT
    ticks = [(value, fmt.percent(value, 0)) for value in TICKS]
    left, top = max(width(words, AXIS_TEXT) for _, words in ticks) + GAP, ROWS * LINE + 4
    plane = Plane(room, top + HEIGHT + YEARS)
    field = Field(plane, left, room, top, top + HEIGHT, steps[0].day, end, 0.0, 1.0)
    layers = [*field.gridlines(ticks), *field.years(fmt), *_areas(field, steps), *_notices(field, notices)]
    return specification(layers, fmt, width=room, height=plane.height, autosize=FIXED)


def _areas(field: Field, steps: Sequence[Exposure]) -> Iterator[Layer]:
    days = [*(step.day for step in steps[1:]), field.end]
    layers: dict[str, list[dict[str, float]]] = {"ctl": [], "soft": [], "hatch": []}
    edges = []
    for step, until in zip(steps, days, strict=True):
        floor = 0.0
        # Whole px: a seam would show between two neighbours.
        across = {"x": round(field.x(step.day)), "x2": round(field.x(until)) + (LAST if step.day == field.end else 0)}
        if across["x"] == across["x2"]:
            continue
        for colour, share in zip(layers, (step.stoppable or 0.0, step.outside, step.suspended), strict=True):
            if share > 0:
                layers[colour].append({**across, "y": field.y(floor), "y2": field.y(floor + share)})
                floor += share
        edges.append({**across, "y": field.y((step.stoppable or 0.0) + step.outside)})
    for colour, rows in layers.items():
        edge = {"stroke": TOKENS["ctl"], "strokeWidth": 1} if colour == "hatch" else {}
        yield field.plane.marks("rect", rows, fill=TOKENS[colour], opacity=1, **edge)
    # The edge of what is under control, without which a pale tint is not told from paper.
    yield field.plane.marks("rule", [row for row in edges if row["y"] < field.bottom], color=TOKENS["ctl"], strokeWidth=1.5)
    rises = [
        {"x": after["x"], "y": before["y"], "y2": after["y"]} for before, after in pairwise(edges) if before["y"] != after["y"]
    ]
    yield field.plane.marks("rule", rises, color=TOKENS["ctl"], strokeWidth=1.5)


def _notices(field: Field, notices: Sequence[tuple[date, str]]) -> Iterator[Layer]:
    """A line a notice with its number above the field, the later ones lower where there is no room."""
    heights = [LINE * (i + 1) - 2 for i in range(ROWS)]
    lines = [(field.x(day), words) for day, words in notices]
    placed = field.plane.placed(lines, heights)
    rows = [{"x": x, "y": y - 8, "y2": field.bottom} for (x, _), (_, y) in zip(lines, placed, strict=True)]
    yield field.plane.marks("rule", rows, color=TOKENS["ctl"], strokeWidth=1, strokeDash=[2, 3])
    yield field.plane.words(
        [{"x": x, "y": y, "label": words} for (x, y), (_, words) in zip(placed, lines, strict=True)], TOKENS["ctl"]
    )
