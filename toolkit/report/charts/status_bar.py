"""One stacked bar: parts of a total side by side, told apart by fill as well as by colour."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from toolkit.report.charts.lettering import width as lettered
from toolkit.report.charts.library import alt
from toolkit.report.charts.theme import LABEL_TEXT, PAGE, PHONE, SHEET, TOKENS, specification
from toolkit.report.document import Chart, Drawing
from toolkit.report.i18n.formats import Formats

BAR, HEAD = 30, 24
PADDING = 12
"""Px that the theme leaves at the sides."""
APART = 10
"""Px between two labels."""
FILLS: Mapping[str, Mapping[str, Any]] = MappingProxyType(
    {
        "safe": {"fill": TOKENS["data"]},
        "clear": {"fill": TOKENS["wl"]},
        "unsettled": {"fill": TOKENS["paper"], "stroke": TOKENS["ctl"], "strokeDash": [4, 3], "strokeWidth": 1.5},
        "order": {"fill": TOKENS["ctl"]},
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
    start, places = 0.0, _places(parts, width - PADDING)
    for i, part in enumerate(parts):
        row = {"from": start, "to": start + part.value, "label": part.label}
        base = alt.Chart(alt.Data(values=[row])).encode(x=alt.X("from:Q", scale=scale, axis=None))
        style = dict(FILLS[part.fill])
        layers.append(base.mark_rect(**style).encode(x2=alt.X2("to:Q"), y=alt.YValue(HEAD), y2=alt.Y2Value(HEAD + BAR)))
        if i in places:
            words = base.mark_text(align="left", baseline="bottom", fontSize=LABEL_TEXT, fontWeight="bold")
            layers.append(words.encode(x=alt.XValue(places[i]), y=alt.YValue(HEAD - 6), text=alt.Text("label:N")))
        start += part.value
    drawing = alt.layer(*layers).properties(width=width, height=HEAD + BAR)
    return specification(drawing.properties(autosize={"type": "fit", "contains": "padding"}), fmt)


def _places(parts: tuple[Part, ...], room: float) -> dict[int, float]:
    """Part -> left end of its label in px: above its start, or as far left of it as the labels after it need.

    Where all find no room beside each other, that of the least which nothing can stop is left out, then the least of all.
    """
    total, shown = sum(part.value for part in parts), list(range(len(parts)))
    while True:
        found: dict[int, float] = {}
        end = room + APART
        for i in reversed(shown):
            long = lettered(parts[i].label, bold=True)
            end = min(room * sum(part.value for part in parts[:i]) / total, end - APART - long)
            found[i] = end
        if end >= 0 or len(shown) == 1:
            return {i: max(left, 0.0) for i, left in found.items()}
        shown.remove(min(shown, key=lambda i: (parts[i].fill not in ("safe", "clear"), parts[i].value)))
