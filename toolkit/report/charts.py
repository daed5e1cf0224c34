"""Charts as data: altair specifications drawn by vl-convert, then stripped to what a page needs.

A specification names the colours of the theme by stand-ins; the drawing carries class names in their place, so that one
drawing follows light, dark and print. Labels that the library generates for every mark are dropped: the drawing has one title
that tells the numbers, and a data table follows it.
"""

from __future__ import annotations

import functools
import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from xml.etree import ElementTree as ET  #  (parses only what vl-convert has just drawn)

import altair as alt
import vl_convert

from toolkit.report import formats
from toolkit.report.document import Chart, Drawing

TOKENS = {
    "ink": "#000001",
    "mut": "#000002",
    "data": "#000003",
    "band": "#000004",
    "dot": "#000005",
    "grid": "#000006",
    "paper": "#000007",
}
"""Theme colours and their stand-ins in a specification; no other colour may appear."""
_CLASSES = {value: token for token, value in TOKENS.items()}
_KEPT = frozenset(
    {"d", "x", "y", "x1", "x2", "y1", "y2", "cx", "cy", "r", "width", "height", "transform", "viewBox", "opacity"}
    | {"text-anchor", "font-size", "font-weight", "font-style"}
    | {"stroke-width", "stroke-linecap", "stroke-dasharray", "stroke-linejoin"}
)
"""Attributes that say where a mark is and how thick; ids, labels and fonts are none of them."""
SVG = "http://www.w3.org/2000/svg"
NARROW, WIDE, WIDE_FROM = 340, 512, 500
ROW = 26
LOG_TICKS = tuple(m * 10.0**e for e in range(-2, 5) for m in (1, 2, 5))


@dataclass(frozen=True, slots=True)
class Interval:
    """A figure as printed, the figure that is believed, and its interval; fractions."""

    label: str
    raw: float
    believed: float
    low: float
    high: float


def intervals(rows: Sequence[Interval], axis: str) -> Chart:
    """Printed and believed figures of each row, with the interval of the latter, for a phone and for a column."""
    told = "; ".join(f"{r.label} printed {formats.percent(r.raw, 0)}, corrected {formats.percent(r.believed, 0)}" for r in rows)
    drawings = []
    for width, minimum in ((NARROW, 0), (WIDE, WIDE_FROM)):
        spec = _interval_spec(tuple(rows), width)
        drawings.append(Drawing(draw(json.dumps(spec, sort_keys=True), f"{axis}. {told}."), minimum))
    return Chart(tuple(drawings))


def _interval_spec(rows: tuple[Interval, ...], width: int) -> dict[str, Any]:
    # Long names are cut by the label limit; the key keeps equal names apart.
    values = [
        {"key": i, "label": r.label, "raw": 100 * r.raw, "believed": 100 * r.believed, "low": 100 * r.low, "high": 100 * r.high}
        for i, r in enumerate(rows)
    ]
    names = json.dumps([r.label for r in rows])
    ends = [100 * v for r in rows for v in (r.raw, r.low, r.high)]
    low, high = 0.85 * min(ends), 1.15 * max(ends)
    # Noise makes some prints ten times as volatile as the metal: a log axis keeps both apart. A flat series has no logarithm.
    log = low > 0
    ticks = [t for t in LOG_TICKS if low <= t <= high]
    scale = alt.Scale(type="log", domain=[low, high], nice=False) if log else alt.Scale(domain=[0, high or 1.0], nice=True)
    y = alt.Y(
        "key:O",
        axis=alt.Axis(title=None, labelExpr=f"{names}[datum.value]", domain=False, ticks=False, labelLimit=96, labelPadding=8),
    )
    x_axis = alt.Axis(
        title=None,
        labelExpr="datum.value + '%'",
        labelOverlap=False,
        domain=False,
        ticks=False,
        grid=True,
        labelPadding=6,
    )
    if log and ticks:
        x_axis["values"] = ticks
    else:
        x_axis["tickCount"] = 4
    x = alt.X("believed:Q", axis=x_axis, scale=scale)
    base = alt.Chart(alt.Data(values=values)).encode(y=y)
    drawing = alt.layer(
        base.mark_rule(strokeWidth=9, color=TOKENS["band"], strokeCap="round").encode(x=alt.X("low:Q"), x2="high:Q"),
        base.mark_point(size=46, filled=False, stroke=TOKENS["dot"], strokeWidth=2, fill=TOKENS["paper"], opacity=1).encode(
            x=alt.X("raw:Q")
        ),
        base.mark_point(size=62, filled=True, fill=TOKENS["data"], stroke=TOKENS["data"], opacity=1).encode(x=x),
    )
    styled = drawing.properties(width=width, height=ROW * len(rows) + 24).configure(
        padding={"left": 2, "right": 10, "top": 4, "bottom": 2},
        autosize={"type": "fit", "contains": "padding"},
        view=alt.ViewConfig(stroke=None),
        axis=alt.AxisConfig(gridColor=TOKENS["grid"], labelColor=TOKENS["mut"], labelFontSize=11.5),
        axisY=alt.AxisConfig(labelColor=TOKENS["ink"], labelFontSize=12.5),
    )
    return styled.to_dict()


@functools.lru_cache(maxsize=128)
def draw(spec: str, title: str) -> str:
    """The drawing of a specification as SVG text with theme classes; equal specifications are drawn once."""
    root = ET.fromstring(vl_convert.vegalite_to_svg(spec))  # noqa: S314
    _strip(root)
    root.attrib = {"viewBox": root.attrib["viewBox"], "role": "img", "class": "drawn", "style": f"max-width:{_width(root)}px"}
    first = ET.Element(f"{{{SVG}}}title")
    first.text = title
    root.insert(0, first)
    ET.register_namespace("", SVG)
    return ET.tostring(root, encoding="unicode", short_empty_elements=True)


def _width(root: ET.Element) -> str:
    return root.attrib["viewBox"].split()[2]


def _strip(element: ET.Element) -> None:
    """Drop generated labels, empty backgrounds and fonts; turn the stand-ins of colours into classes."""
    for child in list(element):
        tag = child.tag.removeprefix(f"{{{SVG}}}")
        ghost = child.attrib.get("class") in ("background", "foreground") or child.attrib.get("display") == "none"
        if ghost or (tag == "rect" and child.attrib.get("fill") == "white"):
            element.remove(child)
            continue
        _strip(child)
        if tag == "g" and not len(child):
            element.remove(child)
    classes = [
        f"{side}-{_colour(element.attrib[side])}" for side in ("fill", "stroke") if element.attrib.get(side, "none") != "none"
    ]
    kept = {key: value for key, value in element.attrib.items() if key in _KEPT}
    if element.attrib.get("fill") == "none":
        kept["fill"] = "none"
    element.attrib = {**kept, **({"class": " ".join(classes)} if classes else {})}


def _colour(value: str) -> str:
    """The token of a stand-in; a colour of the library's own would not follow the theme, and is refused."""
    try:
        return _CLASSES[value]
    except KeyError:
        raise ValueError(f"the drawing uses the colour {value!r}, which is no token of the theme") from None
