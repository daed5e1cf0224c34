"""A strip of dots a horizon: what each price did after a notice, and the median of all."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from toolkit.report.charts.lettering import width as lettered
from toolkit.report.charts.theme import AXIS_TEXT, COLUMN, FIXED, LABEL_TEXT, PHONE, TOKENS, Layer, layer, sized, specification
from toolkit.report.document import Chart
from toolkit.report.i18n.formats import Formats

HEAD, ROW, FOOT, RIGHT = 6, 46, 26, 16
"""Px above the first strip, of each strip, below the last for the axis, and at the right."""
TICKS = (0.25, 0.5, 0.75, 1.0, 1.5, 2.0, 3.0, 5.0, 8.0)
"""Prices after over before at which the axis has a line, where they fall inside."""
APART = 1.06
"""How far the axis goes beyond the least and the most, as a factor."""


@dataclass(frozen=True, slots=True)
class Strip:
    """The changes after so many months, as fractions; `label` and `note` stand before them, `written` at the median."""

    label: str
    note: str
    changes: tuple[float, ...]
    median: float
    written: str


def reactions(strips: Sequence[Strip], told: str, fmt: Formats) -> Chart:
    """The strips for a phone and for a column, on one logarithmic axis of the price after over before.

    Args:
        strips: From the top down; each has a change.
        told: What the chart shows, in words with its numbers.
        fmt: How the language writes numbers.
    """
    return sized(_spec, (tuple(strips),), told, fmt, PHONE, COLUMN)


def _spec(strips: tuple[Strip, ...], room: int, fmt: Formats) -> str:
    left = max(lettered(words) for strip in strips for words in (strip.label, strip.note)) + 18
    least = min(1.0, *(1 + min(strip.changes) for strip in strips)) / APART
    most = max(1.0, *(1 + max(strip.changes) for strip in strips)) * APART
    bottom = HEAD + ROW * len(strips)

    def across(change: float) -> float:
        return left + (room - RIGHT - left) * math.log((1 + change) / least) / math.log(most / least)

    layers: list[Layer] = []
    end = -math.inf
    for tick in (tick for tick in TICKS if least <= tick <= most):
        x, words = across(tick - 1), fmt.percent(tick - 1, 0, signed=True) if tick != 1 else fmt.percent(0, 0)
        colour = TOKENS["mut"] if tick == 1 else TOKENS["grid"]
        layers.append(layer("rule", [{}], {"x": x, "y": HEAD, "y2": {"value": bottom}}, stroke=colour, strokeWidth=1))
        half = lettered(words, AXIS_TEXT) / 2
        if x - half > end:
            style = {"align": "center", "baseline": "top", "fontSize": AXIS_TEXT, "color": TOKENS["mut"]}
            layers.append(layer("text", [{"label": words}], {"x": x, "y": bottom + 8, "text": "label:N"}, **style))
            end = x + half + 8
    for i, strip in enumerate(strips):
        middle = HEAD + ROW * i + ROW / 2 + 6
        for words, up, size, colour in ((strip.label, 8, LABEL_TEXT, "ink"), (strip.note, -7, AXIS_TEXT, "mut")):
            style = {"align": "left", "baseline": "middle", "fontSize": size, "color": TOKENS[colour]}
            layers.append(layer("text", [{"label": words}], {"x": 0, "y": middle - up, "text": "label:N"}, **style))
        dots = {"size": 50, "fill": TOKENS["dot"], "fillOpacity": 0.55}
        layers += [layer("circle", [{}], {"x": across(change), "y": middle}, **dots) for change in strip.changes]
        at = across(strip.median)
        tick = {"x": at, "y": middle - 9, "y2": {"value": middle + 9}}
        layers.append(layer("rule", [{}], tick, stroke=TOKENS["data"], strokeWidth=3))
        style = {"align": "center", "baseline": "bottom", "fontSize": LABEL_TEXT, "fontWeight": "bold", "color": TOKENS["data"]}
        layers.append(layer("text", [{"label": strip.written}], {"x": at, "y": middle - 11, "text": "label:N"}, **style))
    padding = {"left": 0, "right": 0, "top": 0, "bottom": 0}
    return specification(layers, fmt, width=room, height=bottom + FOOT, autosize=FIXED, padding=padding)
