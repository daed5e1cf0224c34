"""Prices around events, indexed to 100 before each, as small panels on one common log scale."""

from __future__ import annotations

import calendar
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date

from toolkit.records.history import PathMonth
from toolkit.report.charts.plane import Field, Plane, log_ticks
from toolkit.report.charts.theme import PANEL, TOKENS, Layer, specification
from toolkit.report.document import Chart, Drawing
from toolkit.report.i18n.formats import Formats

LEFT, ROOM = 26, PANEL - 12
"""Px for the numbers of the scale, and px beside what the theme leaves at the sides."""
LINE, PLOT, FOOT = 13, 108, 18
"""Px of a line of words above the plot, of the plot, and below it."""
ROWS, NEAR = 3, 12
"""Lines of words there may be, and px within which two events share their words."""
MONTHS = (-6, 0, 3, 6, 12)
"""Those with a number on the axis: the horizons of the event study and where the path begins."""
HUNDRED = 100.0
TICKS = 5
"""Most numbers of the scale."""


@dataclass(frozen=True, slots=True)
class Indexed:
    """One event and the price around it.

    Attributes:
        announced: Day zero.
        effective: First day in force; None where there is none in the path.
        others: (day, words) of further events on the metal.
        told: What the panel shows, in words with its numbers.
    """

    months: tuple[PathMonth, ...]
    announced: date
    effective: date | None
    others: tuple[tuple[date, str], ...]
    told: str


def indexed(paths: Sequence[Indexed], fmt: Formats) -> tuple[Chart, ...]:
    """One drawing a path, for panels; all have the same scale, so that they can be compared.

    The scale holds every level; a print beyond it is a triangle at its edge.
    """
    ends = span(paths)
    lines = max((len({y for _, y in _places(path)}) for path in paths), default=0)
    return tuple(Chart((Drawing(_spec, (path, ends, lines, fmt)),), path.told) for path in paths)


def span(paths: Sequence[Indexed]) -> tuple[float, float]:
    """The ends of the common scale: 1, 2 or 5 times a power of ten around every level."""
    levels = [figure for path in paths for month in path.months for figure in (month.level, month.benchmark) if figure]
    low, high = min([*levels, HUNDRED]), max([*levels, HUNDRED])
    return log_ticks(low / 10, low)[-1], log_ticks(high, high * 10)[0]


def _field(path: Indexed, ends: tuple[float, float] = (1.0, HUNDRED), top: float = 0.0) -> Field[float]:
    """Months from the announcement to the right, indices upwards; the plot begins below `top`."""
    first, last = path.months[0].shift - 0.5, path.months[-1].shift + 0.5
    return Field(Plane(ROOM, top + PLOT + FOOT), LEFT, ROOM, top, top + PLOT, first, last, *ends, log=True)


def _away(day: date, announced: date) -> float:
    """Months from the middle of the month of the event, as months stand on the axis."""
    share = (day.day - 1) / calendar.monthrange(day.year, day.month)[1]
    return (day.year - announced.year) * 12 + day.month - announced.month + share - 0.5


def _named(path: Indexed) -> list[tuple[float, str]]:
    """Where further events lie, with their words; the words of those close together stand at the first of them."""
    found: list[tuple[float, str]] = []
    for day, words in sorted(path.others):
        x = _field(path).x(_away(day, path.announced))
        if found and x - found[-1][0] < NEAR:
            found[-1] = (found[-1][0], found[-1][1] if words in found[-1][1] else f"{found[-1][1]}, {words}")
        else:
            found.append((x, words))
    return found


def _places(path: Indexed) -> list[tuple[float, int]]:
    """Left end and line, counted from the plot, of the words of further events."""
    return Plane(ROOM, 0).placed(_named(path), range(ROWS))


def _spec(path: Indexed, ends: tuple[float, float], lines: int, fmt: Formats) -> str:
    field = _field(path, ends, 4 + LINE * lines)
    layers = [*_axes(field, path, fmt), *_events(field, path), *_prices(field, path)]
    return specification(layers, fmt, width=ROOM, height=field.plane.height)


def _axes(field: Field[float], path: Indexed, fmt: Formats) -> Iterator[Layer]:
    plane, every = field.plane, log_ticks(field.low, field.high)
    every = every if len(every) <= TICKS else log_ticks(field.low, field.high, (1,))
    yield from field.gridlines([(tick, fmt.plain_number(tick)) for tick in every], HUNDRED)
    shifts = [shift for shift in MONTHS if path.months[0].shift <= shift <= path.months[-1].shift]
    months = [{"x": field.x(shift), "y": plane.height - 3, "label": fmt.number(shift, signed=True)} for shift in shifts]
    yield plane.words(months, TOKENS["mut"], "center")


def _events(field: Field[float], path: Indexed) -> Iterator[Layer]:
    """The announcement, the first day in force, and further events with their words above the plot."""
    plane, top, bottom = field.plane, field.top, field.bottom
    named = _named(path)
    labels = [
        {"x": x, "y": top - 4 - LINE * row, "label": words} for (x, row), (_, words) in zip(_places(path), named, strict=True)
    ]
    heights = {x: label["y"] for (x, _), label in zip(named, labels, strict=True)}
    lines = [field.x(_away(day, path.announced)) for day, _ in path.others]
    rows = [{"x": x, "y": heights.get(x, top + 8) - 8, "y2": bottom} for x in lines]
    yield plane.marks("rule", rows, color=TOKENS["mut"], strokeWidth=1, strokeDash=[1, 3])
    yield plane.words(labels, TOKENS["mut"])
    for day, colour, thick, dash in ((path.announced, "ink", 1, [5, 3]), (path.effective, "ctl", 1.5, [])):
        if day:
            line = [{"x": field.x(_away(day, path.announced)), "y": top, "y2": bottom}]
            yield plane.marks("rule", line, color=TOKENS[colour], strokeWidth=thick, strokeDash=dash)


def _prices(field: Field[float], path: Indexed) -> Iterator[Layer]:
    """Benchmark and level as lines that stop at what is not known, prints as dots, those beyond the scale at its edge."""
    plane = field.plane
    for colour, thick, side in (("cur", 1.5, "benchmark"), ("data", 2.2, "level")):
        known = [(month.shift, getattr(month, side)) for month in path.months]
        runs = [
            {"x": field.x(shift), "y": field.y(figure), "run": sum(f is None for _, f in known[:i])}
            for i, (shift, figure) in enumerate(known)
            if figure is not None
        ]
        yield plane.marks("line", runs, strokeWidth=thick, color=TOKENS[colour], strokeJoin="round")
    prints = [(month.shift, month.printed) for month in path.months if month.printed is not None]
    dots = [{"x": field.x(s), "y": field.y(f)} for s, f in prints if field.low <= f <= field.high]
    yield plane.marks("circle", dots, size=11, color=TOKENS["dot"], opacity=1)
    for shape, inside in (("triangle-up", lambda f: f <= field.high), ("triangle-down", lambda f: f >= field.low)):
        rows = [{"x": field.x(s), "y": field.y(f)} for s, f in prints if not inside(f)]
        yield plane.marks("point", rows, shape=shape, size=22, filled=True, color=TOKENS["dot"], opacity=1)
