"""Prices of one metal by month: prints as dots, the level behind them as a line in its band, on a logarithmic axis."""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from toolkit.core.calendar import month_number
from toolkit.report.charts.plane import YEARS, Field, Plane, log_ticks
from toolkit.report.charts.theme import LABEL_TEXT, PANEL, TOKENS, Layer, specification, width
from toolkit.report.document import Drawing, Drawings
from toolkit.report.i18n.formats import Formats

ROOM, HEIGHT = PANEL - 12, 120
"""Px beside what the theme leaves around the drawing."""
MARGIN = 44
"""Room in px for the numbers of the price axis, the same in every panel so that their years align."""
LABEL = 60
"""Room in px for the last value, likewise."""
GRIDLINES = 4
ERRORS = 2.0
"""The band is so many standard errors wide on either side."""
BEYOND = 1.06
"""By how much the price axis goes beyond what is drawn."""
DOT = 15
"""Area of a dot in square px."""


@dataclass(frozen=True, slots=True)
class Month:
    """One month of a series; None where there is none.

    Attributes:
        month: A day of it.
        printed: What was printed.
        level: What is believed, None for a series that is taken as printed.
        error: Standard error of its logarithm.
    """

    month: date
    printed: float | None
    level: float | None = None
    error: float | None = None

    @property
    def band(self) -> tuple[float, float] | None:
        """The ends of the band around the level."""
        wide = math.exp(ERRORS * (self.error or 0.0))
        return None if self.level is None else (self.level / wide, self.level * wide)


def levels(months: Sequence[Month], span: tuple[date, date], fmt: Formats) -> Drawings:
    """Dots, line and band of a noisy series; the line alone of one that is taken as printed.

    Args:
        months: In order, at least one with a price.
        span: First and last month of the axis, the same in all panels of a figure.
        fmt: How prices are written.
    """
    return (Drawing(_spec, (months, span, fmt)),)


def _spec(months: Sequence[Month], span: tuple[date, date], fmt: Formats) -> str:
    noisy = any(one.level is not None for one in months)
    line = [(one, value) for one in months if (value := one.level if noisy else one.printed) is not None]
    printed = [(one.month, one.printed) for one in months if one.printed is not None]
    bands = [end for one in months for end in one.band or ()]
    ends = [*bands, *(price for _, price in printed)]
    (low, high), ticks = price_axis(min(ends), max(ends))
    label = fmt.price(line[-1][1])
    plane = Plane(ROOM, HEIGHT)
    right = ROOM - max(width(label, bold=True) + 10, LABEL)
    field = Field(plane, MARGIN, right, 4, HEIGHT - YEARS, *span, low, high, log=True)
    # Nothing is joined over a gap: each unbroken run of months is a line of its own.
    numbers = [month_number(one.month) for one, _ in line]
    runs = (0, *itertools.accumulate(int(b - a > 1) for a, b in itertools.pairwise(numbers)))
    rows = [{"x": field.x(one.month), "y": field.y(value), "run": run} for (one, value), run in zip(line, runs, strict=True)]
    layers: list[Layer] = [
        *field.gridlines([(tick, fmt.plain_number(tick) if tick < 1 else fmt.number(tick)) for tick in ticks]),
        *field.years(fmt),
    ]
    if noisy:
        around = [(row, one.band) for row, (one, _) in zip(rows, line, strict=True)]
        band = [{**row, "y": field.y(ends[0]), "y2": field.y(ends[1])} for row, ends in around if ends]
        dots = [{"x": field.x(month), "y": field.y(price)} for month, price in printed]
        layers.append(plane.marks("area", band, color=TOKENS["band"], opacity=1))
        layers.append(plane.marks("circle", dots, size=DOT, fill=TOKENS["dot"], opacity=1))
    words = {"align": "left", "baseline": "middle", "fontWeight": "bold", "fontSize": LABEL_TEXT, "color": TOKENS["data"]}
    layers.append(plane.marks("line", rows, color=TOKENS["data"], strokeWidth=2, strokeCap="round"))
    layers.append(plane.marks("text", [{"x": rows[-1]["x"] + 5, "y": rows[-1]["y"], "label": label}], **words))
    return specification(layers, fmt, width=ROOM, height=HEIGHT)


def price_axis(low: float, high: float) -> tuple[tuple[float, float], list[float]]:
    """Domain around the prices and its ticks of 1, 2 or 5: at least two, at most `GRIDLINES`.

    Args:
        low: Least of what is drawn, above zero.
        high: Most of it.
    """
    bottom, top = low / BEYOND, high * BEYOND
    every = log_ticks(bottom / 10.0, top * 10.0)
    while len(inside := [tick for tick in every if bottom <= tick <= top]) < 2:
        below, above = max(tick for tick in every if tick < bottom), min(tick for tick in every if tick > top)
        bottom, top = (below, top) if bottom / below <= above / top else (bottom, above)
    if len(inside) > GRIDLINES:
        decades = log_ticks(bottom, top, (1,))
        inside = decades if len(decades) > 1 else inside
        inside = inside[:: math.ceil(len(inside) / GRIDLINES)]
    return (bottom, top), inside
