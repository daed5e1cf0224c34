"""One stacked bar: parts of a total side by side, told apart by fill as well as by colour."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

import altair as alt

from toolkit.report.charts.lettering import width as lettered
from toolkit.report.charts.theme import LABEL_TEXT, PAGE, PHONE, SHEET, TOKENS, specification
from toolkit.report.document import Chart, Drawing
from toolkit.report.words.formats import Formats

BAR, HEAD = 30, 24
PADDING = 12
"""Px that the theme leaves at the sides."""
APART = 10
"""Px between two labels: one that finds no room beside the one before is left out."""
FILLS: Mapping[str, Mapping[str, Any]] = MappingProxyType(
    {
        "safe": {"fill": TOKENS["data"]},
        "clear": {"fill": TOKENS["wl"]},
        "unsettled": {"fill": TOKENS["paper"], "stroke": TOKENS["ctl"], "strokeDash": [4, 3], "strokeWidth": 1.5},
        "order": {"fill": TOKENS["ctl"]},
        "planned": {"fill": TOKENS["hatch"], "stroke": TOKENS["ctl"]},
    }
)
"""How a part looks: solid, dashed outline or hatched."""


@dataclass(frozen=True, slots=True)
class Part:
    """A part of the whole: `fill` is a key of FILLS, `label` is written above it where there is room."""

    value: float
    label: str
    fill: str


def status_bar(parts: Sequence[Part], told: str, fmt: Formats) -> Chart:
    """The bar for a phone, a printed sheet and a page; parts of nothing are left out.

    Args:
        parts: From left to right, in one unit.
        told: What the bar shows, in words with its numbers.
        fmt: How the language writes numbers.
    """
    there = tuple(part for part in parts if part.value > 0)
    widths = ((PHONE, 0), (SHEET, SHEET), (PAGE, PAGE))
    return Chart(tuple(Drawing(_spec, (there, width, fmt), least) for width, least in widths), told)


def _spec(parts: tuple[Part, ...], width: int, fmt: Formats) -> str:
    total = sum(part.value for part in parts)
    scale = alt.Scale(domain=[0, total], nice=False, zero=True)
    layers: list[alt.Chart] = []
    start = taken = 0.0
    for part in parts:
        row = {"from": start, "to": start + part.value, "label": part.label}
        base = alt.Chart(alt.Data(values=[row])).encode(x=alt.X("from:Q", scale=scale, axis=None))
        style = dict(FILLS[part.fill])
        layers.append(base.mark_rect(**style).encode(x2=alt.X2("to:Q"), y=alt.YValue(HEAD), y2=alt.Y2Value(HEAD + BAR)))
        # The label of a thin last part ends where the bar does.
        long = lettered(part.label, bold=True)
        left = max(0.0, min((width - PADDING) * start / total, width - PADDING - long))
        if left >= taken:
            words = base.mark_text(align="left", baseline="bottom", fontSize=LABEL_TEXT, fontWeight="bold")
            layers.append(words.encode(x=alt.XValue(left), y=alt.YValue(HEAD - 6), text=alt.Text("label:N")))
            taken = left + long + APART
        start += part.value
    drawing = alt.layer(*layers).properties(width=width, height=HEAD + BAR)
    return specification(drawing.properties(autosize={"type": "fit", "contains": "padding"}), fmt)
