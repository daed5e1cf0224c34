"""A table with bars as a drawing, for where no page draws the bars: a file of its own."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import Any

from toolkit.report.charts.draw import draw, standalone, titled
from toolkit.report.charts.theme import FIT, SHEET, TOKENS, cut, field, layer, specification, width
from toolkit.report.document import BarTable, Chart, Drawing
from toolkit.report.i18n.formats import Formats
from toolkit.report.i18n.text import plain

ROW, NAMES, GAP = 27, 210, 14
"""Height of a row, most room for its name, and room between two columns, in px."""
Figures = tuple[str, tuple[str, ...], float | None, float | None, float | None, bool, bool]
"""Of a bar: label, cells, value, reference, cap, hollow, controlled."""


def bars(table: BarTable, fmt: Formats) -> Chart:
    """The bars of a table with the words beside them, across a sheet."""
    rows: tuple[Figures, ...] = tuple(
        (plain(b.label), tuple(map(plain, b.cells)), b.value, b.reference, b.cap, b.hollow, b.controlled) for b in table.bars
    )
    told = "; ".join(f"{label} {', '.join(cells)}" for label, cells, *_ in rows)
    heads = tuple(column.label for column in table.columns)
    return Chart((Drawing(_spec, (rows, heads, table.caps, fmt)),), f"{table.caption}: {told}.")


def _spec(rows: tuple[Figures, ...], heads: tuple[str, ...], caps: tuple[tuple[float, str], ...], fmt: Formats) -> str:
    ends = [max(map(width, (head, *(row[1][j] for row in rows)))) + GAP for j, head in enumerate(heads)]
    room = max(width(row[0]) for row in rows) + 8
    bar_room = SHEET - min(room, NAMES) - sum(ends)
    domain = {"domain": [0, SHEET - min(room, NAMES)], "nice": False}
    names = json.dumps([cut(row[0], NAMES) for row in rows], ensure_ascii=False)
    y = field("key:O", axis={"title": None, "labelExpr": f"{names}[datum.value]", "labelLimit": NAMES + 8, "labelPadding": 8})
    layers = [
        layer(
            "bar",
            list(_drawn(rows, bar_room, kind)),
            {"y": y, "x": field("zero:Q", axis=None, scale=domain), "x2": "end"},
            **look,
        )
        for kind, look in LOOKS.items()
    ]
    limits = [{"key": i, "at": row[4] * bar_room} for i, row in enumerate(rows) if row[4] is not None]
    layers.append(
        layer("tick", limits, {"y": y, "x": field("at:Q", axis=None, scale=domain)}, color=TOKENS["ink"], thickness=2, size=ROW)
    )
    for j in range(len(heads)):
        x = bar_room + sum(ends[: j + 1])
        told = [{"key": i, "x": x, "words": row[1][j]} for i, row in enumerate(rows)]
        layers.append(
            layer("text", told, {"y": y, "x": field("x:Q", axis=None, scale=domain), "text": "words:N"}, align="right")
        )
    top = {"color": TOKENS["mut"], "baseline": "bottom"}
    marks = [{"x": bar_room + sum(ends[: j + 1]), "words": head} for j, head in enumerate(heads)]
    at: dict[str, Any] = {"x": field("x:Q", axis=None, scale=domain), "y": {"value": -4}, "text": "words:N"}
    layers.append(layer("text", marks, at, align="right", **top))
    layers.append(layer("text", [{"x": at * bar_room, "words": words} for at, words in caps], at, align="right", dx=3, **top))
    return specification(
        layers, fmt, width=SHEET, height=ROW * len(rows), autosize=FIT, padding={"left": 2, "right": 4, "top": 22, "bottom": 2}
    )


LOOKS: dict[str, dict[str, Any]] = {
    "reference": {"color": TOKENS["cur"], "height": 5, "yOffset": -8},
    "plain": {"color": TOKENS["data"], "height": 11, "yOffset": 1},
    "controlled": {"color": TOKENS["ctl"], "height": 11, "yOffset": 1},
    "hollow": {"fill": TOKENS["paper"], "stroke": TOKENS["data"], "strokeWidth": 1.5, "height": 11, "yOffset": 1},
}
"""Bars by what they are; a bar of today lies above the one that is proposed."""


def _drawn(rows: tuple[Figures, ...], room: float, kind: str) -> Iterator[dict[str, Any]]:
    for i, (_, _, value, reference, _, hollow, controlled) in enumerate(rows):
        shown = "hollow" if hollow else "controlled" if controlled else "plain"
        length = reference if kind == "reference" else value if kind == shown else None
        if length is not None:
            yield {"key": i, "zero": 0, "end": min(max(length, 0.0), 1.0) * room}


WIDTH, WEIGHTS_ROW = 480, 22
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
    return f"{standalone(titled(draw(_weights_spec(heading, ordered, fmt)), told))}\n"


def _weights_spec(heading: str, rows: Sequence[tuple[str, float]], fmt: Formats) -> str:
    values = [{"name": name, "weight": weight, "end": max(weight, 0.0), "told": fmt.percent(weight)} for name, weight in rows]
    at = {"x": field("weight:Q", axis=None), "y": field("name:N", sort=[name for name, _ in rows], axis={"title": None})}
    ends = {**at, "x": field("end:Q", axis=None), "text": "told:N"}
    layers = [
        layer("bar", values, at, color=TOKENS["data"]),
        layer("text", values, ends, align="left", dx=6, color=TOKENS["ink"]),
    ]
    title = {"text": heading, "anchor": "start", "color": TOKENS["ink"], "fontSize": 15, "offset": 10}
    return specification(layers, fmt, width=WIDTH, height=WEIGHTS_ROW * len(rows), title=title, padding=12)
