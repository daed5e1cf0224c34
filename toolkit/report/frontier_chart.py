"""The efficient frontier as a picture of its own: one SVG that carries its colours, light and dark."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

import altair as alt

from toolkit.report import formats
from toolkit.report.charts import TOKENS, draw

WIDTH, HEIGHT = 640, 400
LIGHT = {
    "ink": "#17212b",
    "mut": "#52606d",
    "data": "#1b5e93",
    "band": "#cfe1ef",
    "dot": "#5a7389",
    "grid": "#e3e8ec",
    "paper": "#ffffff",
}
DARK = {
    "ink": "#e8edf2",
    "mut": "#a7b3bf",
    "data": "#7cb9e8",
    "band": "#23435c",
    "dot": "#8ea3b6",
    "grid": "#25303a",
    "paper": "#10161c",
}
"""The colours of the report, which a page elsewhere does not have."""


def frontier_svg(record: Mapping[str, Any]) -> str:
    """The frontier of a record as standalone SVG, with what it says as its title.

    Args:
        record: The object of `toolkit frontier --json`.
    """
    value = "expected" if record["against"] == "return" else "cost"
    first, last, verb = record["points"][0], record["points"][-1], "brings" if value == "expected" else "costs"
    heading = (
        f"{formats.percent(first['volatility'])} volatility {verb} {formats.percent(first[value])} a year, "
        f"{formats.percent(last['volatility'])} {formats.percent(last[value])}"
    )
    spec = _spec(record["points"], record["critical"], value, (heading, record["strategy"]["title"]))
    text = draw(json.dumps(spec, sort_keys=True), told(record))
    start = text.index(">") + 1
    return f"{text[:start]}<style>{_style()}</style>{text[start:]}\n"


def told(record: Mapping[str, Any]) -> str:
    """What the picture shows, in a sentence."""
    first, last, value = record["points"][0], record["points"][-1], "expected" if record["against"] == "return" else "cost"
    word = "expected return" if value == "expected" else "cost"
    turns = len(record["critical"])
    return (
        f"{record['strategy']['title']}, {record['as_of']}: from {formats.percent(first['volatility'])} volatility and "
        f"{formats.percent(first[value])} {word} a year to {formats.percent(last['volatility'])} and "
        f"{formats.percent(last[value])}; {turns} turning {'point' if turns == 1 else 'points'}."
    )


def _spec(
    points: Sequence[Mapping[str, Any]], critical: Sequence[Mapping[str, Any]], value: str, title: tuple[str, str]
) -> dict[str, Any]:
    def rows(entries: Sequence[Mapping[str, Any]]) -> alt.Data:
        return alt.Data(values=[{"x": 100 * p["volatility"], "y": 100 * p[value], "order": i} for i, p in enumerate(entries)])

    scale = alt.Scale(zero=False, nice=True)
    axis = alt.Axis(labelExpr="datum.value + '%'", domain=False, ticks=False, grid=True, labelPadding=6, titlePadding=10)
    x = alt.X("x:Q", scale=scale, axis=alt.Axis(**axis.to_dict(), title="volatility a year"))
    y_title = "expected return a year" if value == "expected" else "cost a year"
    y = alt.Y("y:Q", scale=scale, axis=alt.Axis(**axis.to_dict(), title=y_title))
    base = alt.Chart(rows(points)).encode(x=x, y=y)
    layers = [
        base.mark_line(color=TOKENS["data"], strokeWidth=2).encode(order="order:Q"),
        base.mark_point(size=16, filled=True, fill=TOKENS["data"], stroke=TOKENS["data"], opacity=1),
    ]
    if critical:
        turning = alt.Chart(rows(critical)).encode(x=x, y=y)
        layers.append(
            turning.mark_point(
                size=60, shape="diamond", filled=False, fill=TOKENS["paper"], stroke=TOKENS["dot"], strokeWidth=2, opacity=1
            )
        )
    heading = alt.TitleParams(
        title[0],
        subtitle=f"{title[1]}; diamonds where what binds changes",
        anchor="start",
        color=TOKENS["ink"],
        subtitleColor=TOKENS["mut"],
        fontSize=17,
        subtitleFontSize=12.5,
        subtitlePadding=6,
        offset=14,
    )
    drawing = alt.layer(*layers).properties(width=WIDTH, height=HEIGHT, title=heading)
    return drawing.configure(
        padding=12,
        autosize={"type": "fit", "contains": "padding"},
        view=alt.ViewConfig(stroke=None),
        axis=alt.AxisConfig(
            gridColor=TOKENS["grid"],
            labelColor=TOKENS["mut"],
            titleColor=TOKENS["mut"],
            labelFontSize=12,
            titleFontSize=12.5,
            titleFontWeight="normal",
        ),
    ).to_dict()


def _style() -> str:
    """Rules for the classes of a drawing, and those for who prefers it dark."""

    def rules(colours: Mapping[str, str]) -> str:
        found = "".join(f".fill-{name}{{fill:{colour}}}.stroke-{name}{{stroke:{colour}}}" for name, colour in colours.items())
        return f"svg{{background:{colours['paper']}}}{found}"

    own = f"text{{font-family:system-ui,sans-serif;fill:{LIGHT['ink']}}}{rules(LIGHT)}"
    return f"{own}@media(prefers-color-scheme:dark){{{rules(DARK)}}}"
