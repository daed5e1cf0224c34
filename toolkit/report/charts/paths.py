"""Lines over dates: one in front with its band of noise, others behind it in grey, each with its name at its end."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Literal

from toolkit.report.charts.levels import price_axis
from toolkit.report.charts.plane import GAP, LEFT, RIGHT, YEARS, Field, Plane, linear_ticks, spread
from toolkit.report.charts.theme import (
    AXIS_TEXT,
    BOLD,
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

TOP, HEIGHT, LOW = 8, 250, 190
"""Px above the field, and its height on a page and on a phone."""
NAMES, LEAD, LINE = (112, 190), 10, 15
"""Px that names take at most on a phone and on a page, from a line to its name, and from name to name."""
DASHES: tuple[tuple[int, ...], ...] = ((), (6, 3), (2, 2), (9, 3, 2, 3), (1, 4))
"""Of the lines behind, in turn: they are told apart without a colour."""


@dataclass(frozen=True, slots=True)
class ChartPath:
    """A line: its name, and a value on each date; None leaves a gap."""

    name: str
    values: tuple[float | None, ...]


@dataclass(frozen=True, slots=True)
class Paths:
    """Lines over the same dates.

    Attributes:
        dates: T days.
        front: The line that the chart is about.
        behind: Those that it is compared with.
        band: (low, high) on each date; empty for none.
        unit: ``money`` has a logarithmic axis, ``amount`` and ``percent`` one that begins at zero, or ends there.
        filled: Whether the room between the front line and zero is filled.
        marked: Days on which the front line has a dot.
    """

    dates: tuple[date, ...]
    front: ChartPath
    behind: tuple[ChartPath, ...]
    band: tuple[tuple[float, float], ...]
    unit: Literal["money", "amount", "percent"]
    filled: bool = False
    marked: tuple[date, ...] = ()

    @property
    def ends(self) -> tuple[float, float]:
        """Least and largest of what is drawn."""
        every = [v for path in (self.front, *self.behind) for v in path.values if v is not None]
        every += [end for pair in self.band for end in pair]
        return min(every), max(every)


def paths(drawn: Paths, fmt: Formats) -> Drawings:
    """The lines for a phone, a printed sheet and a page."""
    return sized(_spec, (drawn,), fmt, PHONE, SHEET, PAGE)


def _spec(drawn: Paths, px: int, fmt: Formats) -> str:
    room, phone = px - LEFT - RIGHT, px < SHEET
    (low, high), ticks = _axis(drawn, fmt)
    left = max(width(words, AXIS_TEXT) for _, words in ticks) + GAP
    names = {path.name: cut(path.name, NAMES[not phone]) for path in drawn.behind}
    names[drawn.front.name] = cut(drawn.front.name, NAMES[not phone] / BOLD)
    right = room - LEAD - max(width(name, LABEL_TEXT, bold=name == names[drawn.front.name]) for name in names.values())
    bottom = TOP + (LOW if phone else HEIGHT)
    plane = Plane(room, bottom + YEARS)
    field = Field(plane, left, right, TOP, bottom, drawn.dates[0], drawn.dates[-1], low, high, log=drawn.unit == "money")
    layers = [
        *_band(field, drawn),
        *field.gridlines(ticks),
        *field.years(fmt),
        *_lines(field, drawn),
        *_names(field, drawn, names),
    ]
    return specification(layers, fmt, width=room, height=plane.height, autosize=FIXED)


def _axis(drawn: Paths, fmt: Formats) -> tuple[tuple[float, float], list[tuple[float, str]]]:
    low, high = drawn.ends
    if drawn.unit == "money":
        domain, values = price_axis(low, high)
        near = linear_ticks(low, high)
        # Of 1, 2 and 5 only one tick lies within so little, and half of the field would be empty.
        if near[0] > 0 and near[-1] < 2 * near[0] and all(value.is_integer() for value in near):
            domain, values = (near[0], near[-1]), near
        return domain, [(value, fmt.number(value)) for value in values]
    values = linear_ticks(min(low, 0.0), max(high, 0.0))
    if drawn.unit == "amount":
        return (values[0], values[-1]), [(value, fmt.number(value)) for value in values]
    decimals = 0 if all(abs(100 * value - round(100 * value)) < 1e-9 for value in values) else 1
    return (values[0], values[-1]), [(value, fmt.percent(value, decimals)) for value in values]


def _band(field: Field, drawn: Paths) -> Iterator[Layer]:
    rows = [
        {"x": field.x(day), "y": field.y(low), "y2": field.y(high)}
        for day, (low, high) in zip(drawn.dates, drawn.band, strict=bool(drawn.band))
    ]
    yield field.plane.marks("area", rows, color=TOKENS["band"], opacity=1)


def _lines(field: Field, drawn: Paths) -> Iterator[Layer]:
    for path, dash in zip(drawn.behind, itertools.cycle(DASHES)):
        yield field.plane.marks("line", _rows(field, drawn.dates, path), color=TOKENS["cur"], strokeWidth=1.5, strokeDash=dash)
    front = _rows(field, drawn.dates, drawn.front)
    if drawn.filled:
        zero = [{"x": row["x"], "y": row["y"], "y2": field.y(0.0), "run": row["run"]} for row in front]
        yield field.plane.marks("area", zero, color=TOKENS["band"], opacity=1)
    yield field.plane.marks("line", front, color=TOKENS["data"], strokeWidth=2.5)
    on = dict(zip(drawn.dates, drawn.front.values, strict=True))
    dots = [{"x": field.x(day), "y": field.y(value)} for day in drawn.marked if (value := on[day]) is not None]
    yield field.plane.marks("circle", dots, color=TOKENS["dot"], opacity=1, size=26)


def _rows(field: Field, dates: Sequence[date], path: ChartPath) -> list[dict[str, Any]]:
    """Points of a line with the number of their unbroken run: nothing is joined over a gap."""
    runs = itertools.accumulate(int(value is None) for value in path.values)
    known = ((day, value, run) for day, value, run in zip(dates, path.values, runs, strict=True) if value is not None)
    return [{"x": field.x(day), "y": field.y(value), "run": run} for day, value, run in known]


def _names(field: Field, drawn: Paths, names: dict[str, str]) -> Iterator[Layer]:
    """Names at the ends of the lines, moved apart where they would meet, each with a line to its own."""
    known = [path for path in (drawn.front, *drawn.behind) if any(v is not None for v in path.values)]
    ends = {path.name: field.y(next(v for v in reversed(path.values) if v is not None)) for path in known}
    order = sorted(ends, key=lambda key: (ends[key], key))
    low, high = field.top + LINE / 2, field.bottom - LINE / 2
    places = dict(zip(order, spread([ends[key] for key in order], LINE, low, high), strict=True))
    for front in (True, False):
        shown = [path.name for path in known if (path == drawn.front) is front]
        leads = [{"x": field.right, "y": ends[key], "x2": field.right + LEAD - 3, "y2": places[key]} for key in shown]
        colour = TOKENS["data" if front else "mut"]
        yield field.plane.marks("rule", leads, color=colour, strokeWidth=1)
        rows = [{"x": field.right + LEAD, "y": places[key] + 4, "label": names[key]} for key in shown]
        style = {"fontWeight": "bold"} if front else {}
        yield field.plane.marks("text", rows, align="left", baseline="alphabetic", fontSize=LABEL_TEXT, color=colour, **style)
