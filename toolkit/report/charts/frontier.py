"""The efficient frontier as a picture of its own: one SVG that carries its colours, light and dark."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from toolkit.records.frontier import EfficientFrontier, FrontierPoint
from toolkit.report.charts.draw import draw, standalone, titled
from toolkit.report.charts.theme import FIT, TOKENS, field, layer, specification
from toolkit.report.i18n.formats import Formats

WIDTH, HEIGHT = 640, 400
FMT = Formats()


def frontier_svg(record: EfficientFrontier) -> str:
    """The frontier of a record as standalone SVG, with what it says as its title."""
    value = "expected" if record.against == "return" else "cost"
    first, last, verb = record.points[0], record.points[-1], "brings" if value == "expected" else "costs"
    heading = (
        f"{FMT.percent(first.volatility)} volatility {verb} {FMT.percent(first.traded)} a year, "
        f"{FMT.percent(last.volatility)} {FMT.percent(last.traded)}"
    )
    spec = _spec(record.points, record.critical, value, (heading, record.strategy.title))
    return f"{standalone(titled(draw(spec), told(record)))}\n"


def told(record: EfficientFrontier) -> str:
    """What the picture shows, in a sentence."""
    first, last, value = record.points[0], record.points[-1], "expected" if record.against == "return" else "cost"
    word = "expected return" if value == "expected" else "cost"
    turns = len(record.critical)
    return (
        f"{record.strategy.title}, {record.as_of}: from {FMT.percent(first.volatility)} volatility and "
        f"{FMT.percent(first.traded)} {word} a year to {FMT.percent(last.volatility)} and "
        f"{FMT.percent(last.traded)}; {turns} turning {'point' if turns == 1 else 'points'}."
    )


def _spec(points: Sequence[FrontierPoint], critical: Sequence[FrontierPoint], value: str, title: tuple[str, str]) -> str:
    def rows(entries: Sequence[FrontierPoint]) -> list[dict[str, Any]]:
        return [{"x": 100 * p.volatility, "y": 100 * p.traded, "order": i} for i, p in enumerate(entries)]

    axis = {
        "labelExpr": "datum.value + '%'",
        "domain": False,
        "ticks": False,
        "grid": True,
        "labelPadding": 6,
        "titlePadding": 10,
    }
    titles = {"x": "volatility a year", "y": "expected return a year" if value == "expected" else "cost a year"}
    scale = {"zero": False, "nice": True}
    at = {side: field(f"{side}:Q", scale=scale, axis={**axis, "title": words}) for side, words in titles.items()}
    dot = {"size": 16, "filled": True, "fill": TOKENS["data"], "stroke": TOKENS["data"]}
    diamond = {
        "size": 60,
        "shape": "diamond",
        "filled": False,
        "fill": TOKENS["paper"],
        "stroke": TOKENS["dot"],
        "strokeWidth": 2,
    }
    layers = [
        layer("line", rows(points), {**at, "order": "order:Q"}, color=TOKENS["data"], strokeWidth=2),
        layer("point", rows(points), at, opacity=1, **dot),
        layer("point", rows(critical), at, opacity=1, **diamond),
    ]
    heading = {
        "text": title[0],
        "subtitle": f"{title[1]}; diamonds where the limits reached change",
        "anchor": "start",
        "color": TOKENS["ink"],
        "subtitleColor": TOKENS["mut"],
        "fontSize": 17,
        "subtitleFontSize": 12.5,
        "subtitlePadding": 6,
        "offset": 14,
    }
    return specification(layers, FMT, width=WIDTH, height=HEIGHT, title=heading, autosize=FIT, padding=12)
