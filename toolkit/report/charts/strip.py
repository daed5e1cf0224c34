"""A calendar strip: dates as marks on one line, each written below it on as many levels as they need to stay apart."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Literal

from toolkit.report.charts.plane import LEFT, RIGHT, Plane
from toolkit.report.charts.theme import (
    AXIS_TEXT,
    FIXED,
    LABEL_TEXT,
    PAGE,
    PHONE,
    SHEET,
    TOKENS,
    Layer,
    sized,
    specification,
    width,
)
from toolkit.report.charts.timeline import TimelinePeriod
from toolkit.report.document import Drawings
from toolkit.report.i18n.formats import Formats

Mark = Literal["next", "firm", "open", "past"]
TOP, AXIS, LEVEL = 14, 30, 18
"""Px: base line of the months, the line with the marks, and from one level of labels to the next."""
LABEL_GAP, INDENT = 12, 5
"""Px: between two labels of a level, and from the line of a mark to its label."""
QUARTER, SHORT = 3, timedelta(days=300)
"""Months between two ticks, and the period that has one each month."""
_STYLE: dict[Mark, dict[str, Any]] = {
    "past": {"fill": TOKENS["cur"], "stroke": TOKENS["cur"]},
    "firm": {"fill": TOKENS["mut"], "stroke": TOKENS["mut"]},
    "open": {"fill": TOKENS["paper"], "stroke": TOKENS["ctl"], "strokeDash": [3, 2]},
    "next": {"fill": TOKENS["ctl"], "stroke": TOKENS["ctl"]},
}
"""In the order in which they are drawn: the next date lies over all others."""


@dataclass(frozen=True, slots=True)
class Dated:
    """A date with its mark; what happens on it stands below the strip, where there is room for a sentence."""

    day: date
    mark: Mark


@dataclass(frozen=True, slots=True)
class _Label:
    dated: Dated
    mark: float
    left: float
    level: int


def strip(dates: Sequence[Dated], period: TimelinePeriod, fmt: Formats) -> Drawings:
    """The dates on one line, drawn for a phone, a printed sheet and the whole page.

    Args:
        dates: In order of time; those outside the period stand on its edge.
        period: The line, with the day of the report marked.
        fmt: How dates are written.
    """
    return sized(_spec, (dates, period), fmt, PHONE, SHEET, PAGE)


def _spec(dates: Sequence[Dated], period: TimelinePeriod, px: int, fmt: Formats) -> str:
    room = px - LEFT - RIGHT
    labels = _placed(dates, period, room, fmt)
    plane = Plane(room, AXIS + 14 + LEVEL * (1 + max((label.level for label in labels), default=0)))
    layers = [*_line(plane, period, fmt), *_labels(plane, labels, fmt), *_marks(plane, labels)]
    return specification(layers, fmt, width=room, height=plane.height, autosize=FIXED)


def _placed(dates: Sequence[Dated], period: TimelinePeriod, room: float, fmt: Formats) -> tuple[_Label, ...]:
    """Labels from the last date to the first, each on the highest level where it meets no other.

    What was placed lies to the right, so the line from a mark to a deeper label passes all others on their left.
    """
    placed: list[_Label] = []
    ends: list[float] = []
    for dated in sorted(dates, key=lambda one: one.day, reverse=True):
        mark = room * period.share(dated.day)
        wide = width(fmt.short_date(dated.day), bold=True)
        # A label begins at its mark, and at the edge ends there.
        left = min(mark + INDENT, room + RIGHT - wide)
        level = next((i for i, start in enumerate(ends) if left + wide + LABEL_GAP <= start), len(ends))
        ends[level : level + 1] = [min(left, mark)]
        # A line down to this level shuts the levels above it for what comes further left.
        ends[:level] = [min(start, mark) for start in ends[:level]]
        placed.append(_Label(dated, mark, left, level))
    return tuple(placed)


def _line(plane: Plane, period: TimelinePeriod, fmt: Formats) -> Iterator[Layer]:
    """The line, a tick a quarter or month with its name where there is room, and the day of the report."""
    every = 1 if period.end - period.start < SHORT else QUARTER
    yield plane.marks("rule", [{"x": 0, "y": AXIS, "x2": plane.width}], color=TOKENS["rule"], strokeWidth=2)
    today = plane.width * period.share(period.today)
    words = fmt.short_date(period.today)
    left = min(max(today - width(words, bold=True) / 2, 0), plane.width + RIGHT - width(words, bold=True))
    taken, ticks, named = [(left - LABEL_GAP, left + width(words, bold=True) + LABEL_GAP)], [], []
    for year in range(period.start.year, period.end.year + 1):
        for month in range(1, 13, every):
            day = date(year, month, 1)
            if not period.start <= day <= period.end:
                continue
            x, label = plane.width * period.share(day), fmt.month(day)
            ends = (x - 2, x + width(label, AXIS_TEXT) + LABEL_GAP)
            free = ends[1] - LABEL_GAP <= plane.width + RIGHT and not any(a < ends[1] and ends[0] < b for a, b in taken)
            ticks.append({"x": x, "y": AXIS - 5, "y2": AXIS + 5})
            if free:
                taken.append(ends)
                named.append({"x": x, "y": TOP, "label": label})
    yield plane.marks("rule", ticks, color=TOKENS["rule"], strokeWidth=1)
    yield plane.words(named, TOKENS["mut"])
    yield plane.marks("rule", [{"x": today, "y": TOP + 5, "y2": AXIS + 8}], color=TOKENS["ink"], strokeWidth=1.5)
    date_of_report = [{"x": left, "y": TOP, "label": words}]
    yield plane.marks("text", date_of_report, align="left", baseline="alphabetic", fontWeight="bold")


def _labels(plane: Plane, labels: Sequence[_Label], fmt: Formats) -> Iterator[Layer]:
    """A line from each mark to its date."""
    ends = [AXIS + 12 + LEVEL * (label.level + 1) - 8 for label in labels]
    lines = [{"x": label.mark, "y": AXIS, "y2": end} for label, end in zip(labels, ends, strict=True)]
    yield plane.marks("rule", lines, color=TOKENS["rule"], strokeWidth=1)
    style = {"align": "left", "baseline": "alphabetic", "fontSize": LABEL_TEXT, "fontWeight": "bold"}
    at = [{"x": one.left, "y": end, "label": fmt.short_date(one.dated.day)} for one, end in zip(labels, ends, strict=True)]
    ground = {"stroke": TOKENS["paper"], "strokeWidth": 4, "strokeJoin": "round", "color": TOKENS["paper"]}
    for over in (ground, {"color": TOKENS["ink"]}):
        yield plane.marks("text", at, **style, **over)


def _marks(plane: Plane, labels: Sequence[_Label]) -> Iterator[Layer]:
    for mark, style in _STYLE.items():
        at = [{"x": label.mark, "y": AXIS} for label in labels if label.dated.mark == mark]
        yield plane.marks("point", at, size=110, shape="circle", opacity=1, strokeWidth=2, **style)
