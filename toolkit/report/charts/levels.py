"""Prices of one metal by month: prints as dots, the level behind them as a line in its band, on a logarithmic axis."""

from __future__ import annotations

import itertools
import json
import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from toolkit.core.calendar import month_number
from toolkit.report.charts.lettering import width
from toolkit.report.charts.plane import log_ticks
from toolkit.report.charts.theme import FIT, PANEL, TOKENS, Channel, Layer, field, layer, specification
from toolkit.report.document import Drawing, Drawings
from toolkit.report.i18n.formats import Formats

HEIGHT = 126
MARGIN = 44
"""Room in px for the numbers of the price axis, the same in every panel so that their years align."""
LABEL = 60
"""Room in px for the last value, likewise."""
GRIDLINES = 4
ERRORS = 2.0
"""The band is so many standard errors wide on either side."""
ROOM = 1.06
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
    rows = [_row(one, noisy=noisy) for one in months]
    line = _runs([row for row in rows if row["line"] is not None])
    ends = [row[key] for row in rows for key in ("print", "line", "low", "high") if row[key] is not None]
    domain, ticks = price_axis(min(ends), max(ends))
    last = line[-1]
    label = fmt.price(last["line"])
    first, end = month_number(span[0]), month_number(span[1])
    plot = PANEL - MARGIN
    room = max(width(label, bold=True) + 10, LABEL)
    x_axis = {
        "title": None, "grid": False, "values": _years(first, end), "labelExpr": "floor(datum.value / 12)",
        "labelAlign": "left", "ticks": True, "tickColor": TOKENS["mut"], "tickSize": 5, "labelOffset": 3, "labelPadding": 3,
        "domain": True, "domainColor": TOKENS["mut"], "labelBound": False, "labelFlush": False,
    }  # fmt: skip
    x_scale = {"domain": [first - 0.5, end + (end - first + 1) * room / (plot - room)], "nice": False}
    names = json.dumps([fmt.plain_number(tick) if tick < 1 else fmt.number(tick) for tick in ticks], ensure_ascii=False)
    y_axis = {
        "title": None, "values": ticks, "labelExpr": f"{names}[indexof({json.dumps(ticks)}, datum.value)]",
        "labelColor": TOKENS["mut"], "labelFontSize": 11.5, "minExtent": MARGIN - 8, "labelPadding": 4,
    }  # fmt: skip
    y_scale = {"type": "log", "domain": list(domain), "nice": False}

    def at(name: str) -> dict[str, Channel]:
        return {"x": field("x:Q", scale=x_scale, axis=x_axis), "y": field(f"{name}:Q", scale=y_scale, axis=y_axis)}

    layers: list[Layer] = []
    if noisy:
        dot = {"shape": "circle", "filled": True, "size": DOT, "fill": TOKENS["dot"], "stroke": TOKENS["dot"], "strokeWidth": 0}
        layers += [
            layer("area", line, {**at("low"), "y2": "high", "detail": "run:N"}, color=TOKENS["band"], opacity=1),
            layer("point", [row for row in rows if row["print"] is not None], at("print"), opacity=1, **dot),
        ]
    words = {"align": "left", "dx": 5, "baseline": "middle", "fontWeight": "bold", "color": TOKENS["data"], "text": label}
    layers += [
        layer("line", line, {**at("line"), "detail": "run:N"}, color=TOKENS["data"], strokeWidth=2, strokeCap="round"),
        layer("text", [last], at("line"), **words),
    ]
    return specification(layers, fmt, width=PANEL, height=HEIGHT, autosize=FIT)


def _row(one: Month, *, noisy: bool) -> dict:
    error = ERRORS * one.error if one.error is not None else 0.0
    level = one.level
    return {
        "x": month_number(one.month),
        "print": one.printed,
        "line": level if noisy else one.printed,
        "low": None if level is None else level * math.exp(-error),
        "high": None if level is None else level * math.exp(error),
    }


def _runs(rows: list[dict]) -> list[dict]:
    """The rows with the number of the unbroken `run` of months they are of: nothing is joined over a gap."""
    starts = itertools.accumulate(int(b["x"] - a["x"] > 1) for a, b in itertools.pairwise(rows))
    return [{**row, "run": run} for row, run in zip(rows, (0, *starts), strict=True)]


def _years(first: int, end: int) -> list[int]:
    """The Januaries of the axis, at most six."""
    januaries = [month for month in range(first, end + 1) if month % 12 == 0]
    return januaries[:: max(math.ceil(len(januaries) / 6), 1)]


def price_axis(low: float, high: float) -> tuple[tuple[float, float], list[float]]:
    """Domain around the prices and its ticks of 1, 2 or 5: at least two, at most `GRIDLINES`.

    Args:
        low: Least of what is drawn, above zero.
        high: Most of it.
    """
    bottom, top = low / ROOM, high * ROOM
    every = log_ticks(bottom / 10.0, top * 10.0)
    while len(inside := [tick for tick in every if bottom <= tick <= top]) < 2:
        below, above = max(tick for tick in every if tick < bottom), min(tick for tick in every if tick > top)
        bottom, top = (below, top) if bottom / below <= above / top else (bottom, above)
    if len(inside) > GRIDLINES:
        decades = log_ticks(bottom, top, (1,))
        inside = decades if len(decades) > 1 else inside
        inside = inside[:: math.ceil(len(inside) / GRIDLINES)]
    return (bottom, top), inside
