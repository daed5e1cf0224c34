"""One upright bar of a whole in the colours of its controls, with the name of each part beside it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from toolkit.report.charts.lettering import cut
from toolkit.report.charts.theme import LABEL_TEXT, PHONE, TOKENS, specification
from toolkit.report.charts.vegalite import FIXED, Layer, layer
from toolkit.report.document import Chart, Drawing
from toolkit.report.i18n.formats import Formats

BAR, LEADER, EDGE = 84, 26, 8
"""Px: width of the bar, room for the lines to the names, and what is left above and below."""
LINE, LEAST = 17, 220
"""Px from one name to the next at least, and height of the bar at least."""
FILLS: Mapping[str, Mapping[str, Any]] = MappingProxyType(
    {
        "on": {"fill": TOKENS["ctl"], "stroke": TOKENS["paper"], "strokeWidth": 1},
        "uncertain": {"fill": TOKENS["paper"], "stroke": TOKENS["ctl"], "strokeDash": [4, 3], "strokeWidth": 1.5},
        "suspended": {"fill": TOKENS["hatch"], "stroke": TOKENS["ctl"], "strokeWidth": 1},
        "plain": {"fill": TOKENS["band"], "stroke": TOKENS["data"], "strokeWidth": 1},
        "whitelist": {"fill": TOKENS["wl"], "stroke": TOKENS["paper"], "strokeWidth": 1},
        "cash": {"fill": TOKENS["grid"], "stroke": TOKENS["paper"], "strokeWidth": 1},
    }
)
"""How a part looks, by the class of its mark in a legend; in grey, where `ctl` and `data` are alike, each looks its own way."""


@dataclass(frozen=True, slots=True)
class Slice:
    """A part of the whole: `fill` is a key of FILLS, `label` stands beside it."""

    value: float
    label: str
    fill: str


def basket(slices: Sequence[Slice], told: str, fmt: Formats) -> Chart:
    """The bar, as high as its names need; parts of nothing are left out.

    Args:
        slices: From the top down, in one unit.
        told: What the bar shows, in words with its numbers.
        fmt: How the language writes numbers.
    """
    return Chart((Drawing(_spec, (tuple(part for part in slices if part.value > 0), fmt)),), told)


def _spec(slices: tuple[Slice, ...], fmt: Formats) -> str:
    height = float(max(LEAST, LINE * len(slices)))
    total, start = sum(part.value for part in slices), float(EDGE)
    layers: list[Layer] = []
    middles: list[float] = []
    for part in slices:
        end = start + part.value / total * height
        layers.append(layer("rect", [{}], {"x": 1, "x2": {"value": BAR}, "y": start, "y2": {"value": end}}, **FILLS[part.fill]))
        middles.append((start + end) / 2)
        start = end
    left = BAR + LEADER
    for part, middle, place in zip(slices, middles, _places(middles, EDGE + height), strict=True):
        words = [{"label": cut(part.label, PHONE - left - 4)}]
        ends = {"x": BAR + 3, "x2": {"value": left - 5}, "y": middle, "y2": {"value": place}}
        layers.append(layer("rule", [{}], ends, stroke=TOKENS["cur"], strokeWidth=1))
        style = {"align": "left", "baseline": "middle", "fontSize": LABEL_TEXT}
        layers.append(layer("text", words, {"x": left, "y": place, "text": "label:N"}, **style))
    padding = {"left": 0, "right": 0, "top": 0, "bottom": 0}
    return specification(layers, fmt, width=PHONE, height=height + 2 * EDGE, autosize=FIXED, padding=padding)


def _places(middles: Sequence[float], end: float) -> list[float]:
    """Heights of the names: each at the middle of its part, or as far away as its neighbours need."""
    places: list[float] = []
    for middle in middles:
        places.append(max(middle, places[-1] + LINE) if places else middle)
    room = end
    for i in reversed(range(len(places))):
        places[i] = min(places[i], room)
        room = places[i] - LINE
    return places
