"""The efficient frontier as a picture of its own: one SVG that carries its colours, light and dark."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from toolkit.report.charts.draw import draw, standalone, titled
from toolkit.report.charts.library import alt
from toolkit.report.charts.theme import TOKENS, specification
from toolkit.report.i18n.formats import Formats

WIDTH, HEIGHT = 640, 400
FMT = Formats()


def frontier_svg(record: Mapping[str, Any]) -> str:
    """The frontier of a record as standalone SVG, with what it says as its title.

    Args:
        record: The object of `toolkit frontier --json`.
    """
    value = "expected" if record["against"] == "return" else "cost"
    first, last, verb = record["points"][0], record["points"][-1], "brings" if value == "expected" else "costs"
    heading = (
        f"{FMT.percent(first['volatility'])} volatility {verb} {FMT.percent(first[value])} a year, "
        f"{FMT.percent(last['volatility'])} {FMT.percent(last[value])}"
    )
    spec = _spec(record["points"], record["critical"], value, (heading, record["strategy"]["title"]))
    return f"{standalone(titled(draw(spec), told(record)))}\n"


def told(record: Mapping[str, Any]) -> str:
    """What the picture shows, in a sentence."""
    first, last, value = record["points"][0], record["points"][-1], "expected" if record["against"] == "return" else "cost"
    word = "expected return" if value == "expected" else "cost"
    turns = len(record["critical"])
    return (
        f"{record['strategy']['title']}, {record['as_of']}: from {FMT.percent(first['volatility'])} volatility and "
        f"{FMT.percent(first[value])} {word} a year to {FMT.percent(last['volatility'])} and "
        f"{FMT.percent(last[value])}; {turns} turning {'point' if turns == 1 else 'points'}."
    )


def _spec(
    points: Sequence[Mapping[str, Any]], critical: Sequence[Mapping[str, Any]], value: str, title: tuple[str, str]
) -> str:
    def rows(entries: Sequence[Mapping[str, Any]]) -> alt.Data:
        return alt.Data(values=[{"x": 100 * p["volatility"], "y": 100 * p[value], "order": i} for i, p in enumerate(entries)])

    scale = alt.Scale(zero=False, nice=True)
    axis = alt.Axis(labelExpr="datum.value + '%'", domain=False, ticks=False, grid=True, labelPadding=6, titlePadding=10)
    x = alt.X("x:Q", scale=scale, axis=alt.Axis(**axis.to_dict(), title="volatility a year"))
    y_title = "expected return a year" if value == "expected" else "cost a year"
    y = alt.Y("y:Q", scale=scale, axis=alt.Axis(**axis.to_dict(), title=y_title))
    base = alt.Chart(rows(points)).encode(x=x, y=y)
    layers = [
        base.mark_line(color=TOKENS["data"], strokeWidth=2).encode(order=alt.Order("order:Q")),
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
    sized = drawing.properties(autosize={"type": "fit", "contains": "padding"}, padding=12)
    return specification(sized, FMT)
