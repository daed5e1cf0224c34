"""Weights as a picture of its own: one bar a holding and one for cash, the largest first."""

from __future__ import annotations

from collections.abc import Sequence

from toolkit.report.charts.draw import draw, standalone, titled
from toolkit.report.charts.theme import TOKENS, specification
from toolkit.report.charts.vegalite import field, layer
from toolkit.report.i18n.formats import Formats

WIDTH, ROW = 480, 22
"""Width of the bars and height of a row, in px."""


def weights_svg(heading: str, rows: Sequence[tuple[str, float]], fmt: Formats) -> str:
    """Bars of weights as standalone SVG.

    Args:
        heading: What it shows.
        rows: Names and their weights as fractions.
        fmt: How numbers are written.
    """
    ordered = sorted(rows, key=lambda row: -row[1])
    told = f"{heading}: {', '.join(f'{name} {fmt.percent(weight)}' for name, weight in ordered)}."
    return f"{standalone(titled(draw(_spec(heading, ordered, fmt)), told))}\n"


def _spec(heading: str, rows: Sequence[tuple[str, float]], fmt: Formats) -> str:
    values = [{"name": name, "weight": weight, "end": max(weight, 0.0), "told": fmt.percent(weight)} for name, weight in rows]
    at = {"x": field("weight:Q", axis=None), "y": field("name:N", sort=[name for name, _ in rows], axis={"title": None})}
    ends = {**at, "x": field("end:Q", axis=None), "text": "told:N"}
    layers = [
        layer("bar", values, at, color=TOKENS["data"]),
        layer("text", values, ends, align="left", dx=6, color=TOKENS["ink"]),
    ]
    title = {"text": heading, "anchor": "start", "color": TOKENS["ink"], "fontSize": 15, "offset": 10}
    return specification(layers, fmt, width=WIDTH, height=ROW * len(rows), title=title, padding=12)
