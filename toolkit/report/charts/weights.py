"""Weights as a picture of its own: one bar a holding and one for cash, the largest first."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import altair as alt

from toolkit.report.charts.draw import draw, standalone, titled
from toolkit.report.charts.theme import TOKENS, specification
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
    values: list[Mapping[str, str | float]] = [
        {"name": name, "weight": weight, "told": fmt.percent(weight)} for name, weight in ordered
    ]
    y = alt.Y("name:N", sort=[name for name, _ in ordered], axis=alt.Axis(title=None))
    x = alt.X("weight:Q", axis=None)
    base = alt.Chart(alt.Data(values=values)).encode(x=x, y=y)
    numbers = base.mark_text(align="left", dx=6, color=TOKENS["ink"]).encode(text="told:N")
    chart = alt.layer(base.mark_bar(color=TOKENS["data"]), numbers)
    sized = chart.properties(
        width=WIDTH,
        height=ROW * len(ordered),
        title=alt.TitleParams(heading, anchor="start", color=TOKENS["ink"], fontSize=15, offset=10),
        padding=12,
    )
    told = f"{heading}: {', '.join(f'{name} {fmt.percent(weight)}' for name, weight in ordered)}."
    return f"{standalone(titled(draw(specification(sized, fmt)), told))}\n"
