"""One stacked bar: parts of a total side by side, told apart by fill as well as by colour."""

from __future__ import annotations

from collections.abc import Sequence

from toolkit.report.charts.basket import FILLS, Slice
from toolkit.report.charts.lettering import width as lettered
from toolkit.report.charts.theme import LABEL_TEXT, PAGE, PHONE, SHEET, specification
from toolkit.report.charts.vegalite import FIT, Layer, field, layer
from toolkit.report.document import Chart, Drawing
from toolkit.report.i18n.formats import Formats

BAR, HEAD = 30, 24
PADDING = 12
"""Px that the theme leaves at the sides."""
APART = 10
"""Px between two labels."""


def status_bar(parts: Sequence[Slice], told: str, fmt: Formats) -> Chart:
    """The bar for a phone, a printed sheet and a page; parts of nothing are left out.

    Args:
        parts: From left to right, in one unit.
        told: What the bar shows, in words with its numbers.
        fmt: How the language writes numbers.
    """
    there = tuple(part for part in parts if part.value > 0)
    widths = ((PHONE, 0), (SHEET, SHEET), (PAGE, PAGE))
    return Chart(tuple(Drawing(_spec, (there, width, fmt), least) for width, least in widths), told)


def _spec(parts: tuple[Slice, ...], width: int, fmt: Formats) -> str:
    total = sum(part.value for part in parts)
    x = field("from:Q", scale={"domain": [0, total], "nice": False, "zero": True}, axis=None)
    layers: list[Layer] = []
    start, places = 0.0, _places(parts, width - PADDING)
    for i, part in enumerate(parts):
        row = {"from": start, "to": start + part.value, "label": part.label}
        layers.append(layer("rect", [row], {"x": x, "x2": "to", "y": HEAD, "y2": HEAD + BAR}, **FILLS[part.fill]))
        if i in places:
            words = {"align": "left", "baseline": "bottom", "fontSize": LABEL_TEXT, "fontWeight": "bold"}
            layers.append(layer("text", [row], {"x": places[i], "y": HEAD - 6, "text": "label:N"}, **words))
        start += part.value
    return specification(layers, fmt, width=width, height=HEAD + BAR, autosize=FIT)


def _places(parts: tuple[Slice, ...], room: float) -> dict[int, float]:
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
