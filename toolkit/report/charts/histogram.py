"""How often returns were how large, beside a normal distribution of the same mean and spread."""

from __future__ import annotations

import math
import statistics
from collections import Counter
from collections.abc import Sequence

from toolkit.report.charts.plane import GAP, LEFT, RIGHT, YEARS, Field, Plane, linear_ticks
from toolkit.report.charts.theme import AXIS_TEXT, FIXED, PAGE, PHONE, SHEET, TOKENS, sized, specification, width
from toolkit.report.document import Drawings
from toolkit.report.i18n.formats import Formats

WORDS, TOP, HEIGHT = (12, 28), 40, 200
"""Base lines of what is told above the field, its top, and its height in px."""
MOST_BINS, POINTS = 60, 120
"""Bins at most, and points of the curve."""


def bin_width(values: Sequence[float]) -> float:
    """The round width of bins at or below that of Freedman and Diaconis (1981), 2 IQR / n^(1/3)."""
    low, _, high = statistics.quantiles(values, n=4)
    span = max(values) - min(values)
    wanted = max(2.0 * (high - low) / len(values) ** (1 / 3), span / MOST_BINS)
    decade = 10.0 ** math.floor(math.log10(wanted))
    return max(decade * step for step in (1.0, 2.0, 2.5, 5.0) if decade * step <= wanted * (1 + 1e-9))


def bins(values: Sequence[float]) -> list[tuple[float, float, int]]:
    """(low, high, count) of each bin, from that of the least value to that of the largest; an edge is in the upper one."""
    size = bin_width(values)
    counts = Counter(math.floor(value / size + 1e-9) for value in values)
    return [(size * k, size * (k + 1), counts[k]) for k in range(min(counts), max(counts) + 1)]


def histogram(values: Sequence[float], lines: Sequence[tuple[float, str]], fmt: Formats) -> Drawings:
    """Counts of returns for a phone, a printed sheet and a page.

    Args:
        values: Returns, two different ones at least.
        lines: (value, words) of vertical lines, ascending.
        fmt: How numbers are written.
    """
    return sized(_spec, (tuple(values), tuple(lines)), fmt, PHONE, SHEET, PAGE)


def _spec(values: tuple[float, ...], lines: tuple[tuple[float, str], ...], px: int, fmt: Formats) -> str:
    room, found = px - LEFT - RIGHT, bins(values)
    curve = statistics.NormalDist(statistics.fmean(values), statistics.stdev(values))
    scale, (low, high) = len(values) * (found[0][1] - found[0][0]), (found[0][0], found[-1][1])
    at = [low + (high - low) * k / POINTS for k in range(POINTS + 1)]
    tall = max(*(count for *_, count in found), *(scale * curve.pdf(x) for x in at))
    ticks = [(value, fmt.number(value)) for value in linear_ticks(0.0, tall) if value == int(value)]
    left = max(width(words, AXIS_TEXT) for _, words in ticks) + GAP
    plane = Plane(room, TOP + HEIGHT + YEARS)
    field = Field(plane, left, room, TOP, TOP + HEIGHT, low, high, 0.0, ticks[-1][0])
    bars = [{"x": field.x(a), "x2": field.x(b), "y": field.y(n), "y2": field.y(0.0)} for a, b, n in found if n]
    marks = [(field.x(value), words) for value, words in lines]
    places = plane.placed(marks, WORDS)
    layers = [
        *field.gridlines(ticks),
        plane.marks("rect", bars, fill=TOKENS["band"], stroke=TOKENS["data"], strokeWidth=1),
        plane.marks(
            "line",
            [{"x": field.x(x), "y": field.y(scale * curve.pdf(x)), "run": 0} for x in at],
            color=TOKENS["data"],
            strokeWidth=2,
            strokeDash=(4, 3),
        ),
        plane.marks(
            "rule",
            [{"x": x, "y": y - 9, "y2": field.bottom} for (x, _), (_, y) in zip(marks, places, strict=True)],
            color=TOKENS["ink"],
            strokeWidth=1,
        ),
        plane.words(
            [{"x": a, "y": y, "label": words} for (_, words), (a, y) in zip(marks, places, strict=True)], TOKENS["ink"]
        ),
        plane.words(_axis(field, fmt), TOKENS["mut"]),
    ]
    return specification(layers, fmt, width=room, height=plane.height, autosize=FIXED)


def _axis(field: Field[float], fmt: Formats) -> list[dict[str, object]]:
    """Round returns below the field, words within the drawing."""
    shown = [value for value in linear_ticks(field.start, field.end) if field.start <= value <= field.end]
    decimals = 0 if all(abs(100 * value - round(100 * value)) < 1e-9 for value in shown) else 1
    found = []
    for value in shown:
        words = fmt.percent(value, decimals)
        long = width(words, AXIS_TEXT)
        place = min(max(field.x(value) - long / 2, 0.0), field.plane.width - long)
        found.append({"x": place, "y": field.bottom + 17, "label": words})
    return found
