"""Hollow bars between two multiples: what a price does at a small loss and at a full stop, one row a metal.

Every bar is hollow, because it rests on assumptions alone; a tick in it is the middle. A row whose full stop the formula does
not carry says so in words where its bar would be.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from toolkit.records.whatif import Band
from toolkit.report.charts.theme import (
    AXIS_TEXT,
    COLUMN,
    PAGE,
    PHONE,
    SHEET,
    TOKENS,
    Layer,
    cut,
    field,
    layer,
    sized,
    specification,
    width,
)
from toolkit.report.document import Drawings
from toolkit.report.i18n.formats import Formats

NAMES = 128
"""Px that names of metals take at most; longer ones are cut."""
PADDING, GAP = 18, 9
"""Px of the padding of the theme, and between a bar and the words beside it."""
ROW = 24
PART, STOP = (6, -6), (9, 4)
"""Thickness of a bar and how far it lies from the middle of its row, in px."""
TICKS = (1, 2, 5, 10, 20, 50, 100)


@dataclass(frozen=True, slots=True)
class Bands:
    """A metal: its multiples at the small loss and at the full stop, and what others published for the stop.

    Attributes:
        label: Its name, with how much of it could stop.
        part: None where less than the small loss could stop.
        stop: None where the formula is not carried so far.
        words: Beside the bar of the stop, or in its place.
    """

    label: str
    part: Band | None
    stop: Band | None
    outside: float | None
    words: str


def bands(rows: Sequence[Bands], caption: str, fmt: Formats) -> Drawings:
    """The bars for a phone, a printed sheet and a page.

    Args:
        rows: From top to bottom.
        caption: What the axis measures, written above it.
        fmt: How the axis writes numbers.
    """
    return sized(_spec, (tuple(rows), caption), fmt, PHONE, COLUMN, SHEET, PAGE)


def _spec(rows: tuple[Bands, ...], caption: str, room: int, fmt: Formats) -> str:
    names = min(NAMES, 12 + max(width(row.label) for row in rows))
    across = room - names - PADDING
    layers = _layers(rows, _top(rows, across), caption, names)
    return specification(layers, fmt, width=across, height=ROW * len(rows))


def _top(rows: Sequence[Bands], across: float) -> float:
    """Upper end of the axis: every bar and mark is inside, and so are the words beside a bar."""
    ends = [2.0, *(1.1 * row.part.high for row in rows if row.part), *(1.1 * row.outside for row in rows if row.outside)]
    for row in rows:
        beside = GAP + width(row.words, AXIS_TEXT)
        end = row.stop.high if row.stop else _end(rows)
        ends.append(end ** (across / (across - min(beside, 0.6 * across))))
    return max(ends)


def _layers(rows: Sequence[Bands], top: float, caption: str, names: float) -> Iterator[Layer]:
    # The key keeps equal names apart.
    labels = json.dumps([cut(row.label, names - 9) for row in rows], ensure_ascii=False)
    extent = {"minExtent": names, "maxExtent": names, "labelLimit": names}
    axis = {"title": None, "labelExpr": f"{labels}[datum.value]", "grid": False, **extent}
    y = field("key:O", scale={"domain": list(range(len(rows)))}, axis=axis)
    ticks = {"values": [tick for tick in TICKS if tick <= top], "labelExpr": "'×' + datum.label", "labelOverlap": False}
    scale = {"type": "log", "domain": [1, top], "nice": False}
    at = {"x": field("low:Q", scale=scale, axis={"title": None, "grid": True, "orient": "top", **ticks}), "y": y}
    for (thick, down), colour, found in (
        (PART, TOKENS["mut"], [(i, row.part) for i, row in enumerate(rows) if row.part]),
        (STOP, TOKENS["data"], [(i, row.stop) for i, row in enumerate(rows) if row.stop]),
    ):
        spans = [{"key": i, "low": band.low, "middle": band.central, "high": band.high} for i, band in found]
        style = {"fill": TOKENS["paper"], "stroke": colour, "strokeWidth": 1.5}
        yield layer("bar", spans, {**at, "x2": "high"}, size=thick, yOffset=down, **style)
        middle = {"x": field("middle:Q", scale=scale), "y": y}
        yield layer("tick", spans, middle, size=thick, thickness=1.5, yOffset=down, color=colour, opacity=1)
    published = [{"key": i, "low": row.outside} for i, row in enumerate(rows) if row.outside]
    diamond = {"shape": "diamond", "size": 70, "fill": TOKENS["ink"], "stroke": TOKENS["ink"], "opacity": 1}
    yield layer("point", published, at, yOffset=STOP[1], **diamond)
    style = {"align": "left", "baseline": "middle", "fontSize": AXIS_TEXT}
    words = {**style, "xOffset": GAP, "yOffset": STOP[1]}
    beside = [{"key": i, "low": row.stop.high, "label": row.words} for i, row in enumerate(rows) if row.stop]
    yield layer("text", beside, {**at, "text": "label:N"}, **words)
    missing = [{"key": i, "low": _end(rows), "label": row.words} for i, row in enumerate(rows) if not row.stop]
    yield layer("text", missing, {**at, "text": "label:N"}, color=TOKENS["mut"], **words)
    yield layer("text", [{}], {"x": -names, "y": -30, "text": {"value": caption}}, color=TOKENS["mut"], **style)


def _end(rows: Sequence[Bands]) -> float:
    """Where the bars and marks of rows without a full stop end: words stand behind all of them."""
    without = [row for row in rows if not row.stop]
    ends = [row.part.high for row in without if row.part] + [row.outside for row in without if row.outside]
    return max(ends, default=1.0)
