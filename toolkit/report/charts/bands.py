"""Hollow bars between two multiples: what a price does at a small loss and at a full stop, one row a metal.

Every bar is hollow, because it rests on assumptions alone; a tick in it is the middle. A row whose full stop the formula does
not carry says so in words where its bar would be.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from toolkit.report.charts.lettering import cut, width
from toolkit.report.charts.library import alt
from toolkit.report.charts.theme import AXIS_TEXT, PAGE, PHONE, SHEET, TOKENS, specification
from toolkit.report.document import Chart, Drawing
from toolkit.report.i18n.formats import Formats

NAMES = 128
"""Px that names of metals take at most; longer ones are cut."""
PADDING, GAP = 18, 9
"""Px of the padding of the theme, and between a bar and the words beside it."""
ROW = 26
PART, STOP = (6, -6), (9, 4)
"""Thickness of a bar and how far it lies from the middle of its row, in px."""
TICKS = (1, 2, 5, 10, 20, 50, 100)


@dataclass(frozen=True, slots=True)
class Band:
    """Multiples of a price: from the smallest over the middle to the largest."""

    low: float
    central: float
    high: float


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


def bands(rows: Sequence[Bands], caption: str, told: str, fmt: Formats) -> Chart:
    """The bars for a phone, a printed sheet and a page.

    Args:
        rows: From top to bottom.
        caption: What the axis measures, written above it.
        told: What the chart shows, in words with its numbers.
        fmt: How the axis writes numbers.
    """
    widths = ((PHONE, 0), (SHEET, SHEET), (PAGE, PAGE))
    return Chart(tuple(Drawing(_spec, (tuple(rows), caption, room, fmt), least) for room, least in widths), told)


def _spec(rows: tuple[Bands, ...], caption: str, room: int, fmt: Formats) -> str:
    names = min(NAMES, 12 + max(width(row.label) for row in rows))
    across = room - names - PADDING
    scale = alt.Scale(type="log", domain=[1, _top(rows, across)], nice=False)
    layers = alt.layer(*_layers(rows, scale, caption, names)).properties(width=across, height=ROW * len(rows))
    return specification(layers, fmt)


def _top(rows: Sequence[Bands], across: float) -> float:
    """Upper end of the axis: every bar and mark is inside, and so are the words beside a bar."""
    ends = [2.0, *(1.1 * row.part.high for row in rows if row.part), *(1.1 * row.outside for row in rows if row.outside)]
    for row in rows:
        beside = GAP + width(row.words, AXIS_TEXT)
        end = row.stop.high if row.stop else _end(rows)
        ends.append(end ** (across / (across - min(beside, across / 2))))
    return max(ends)


def _layers(rows: Sequence[Bands], scale: alt.Scale, caption: str, names: float) -> Iterator[alt.Chart]:
    # The key keeps equal names apart.
    labels = json.dumps([cut(row.label, names - 9) for row in rows], ensure_ascii=False)
    y = alt.Y(
        "key:O",
        scale=alt.Scale(domain=list(range(len(rows)))),
        axis=alt.Axis(
            title=None, labelExpr=f"{labels}[datum.value]", minExtent=names, maxExtent=names, labelLimit=names, grid=False
        ),
    )  # fmt: skip
    values = [tick for tick in TICKS if tick <= scale.domain[1]]
    axis = alt.Axis(title=None, values=values, labelExpr="'×' + datum.label", grid=True, labelOverlap=False, orient="top")
    x = alt.X("low:Q", scale=scale, axis=axis)
    for (thick, down), colour, found in (
        (PART, TOKENS["mut"], [(i, row.part) for i, row in enumerate(rows) if row.part]),
        (STOP, TOKENS["data"], [(i, row.stop) for i, row in enumerate(rows) if row.stop]),
    ):
        base = _over([{"key": i, "low": band.low, "middle": band.central, "high": band.high} for i, band in found])
        style: dict[str, Any] = {"fill": TOKENS["paper"], "stroke": colour, "strokeWidth": 1.5}
        yield base.mark_bar(size=thick, yOffset=down, **style).encode(x=x, x2=alt.X2("high:Q"), y=y)
        middle = alt.X("middle:Q", scale=scale)
        yield base.mark_tick(size=thick, thickness=1.5, yOffset=down, color=colour, opacity=1).encode(x=middle, y=y)
    published = [{"key": i, "low": row.outside} for i, row in enumerate(rows) if row.outside]
    diamond: dict[str, Any] = {"shape": "diamond", "size": 70, "fill": TOKENS["ink"], "stroke": TOKENS["ink"], "opacity": 1}
    yield _over(published).mark_point(yOffset=STOP[1], **diamond).encode(x=x, y=y)
    words: dict[str, Any] = {"baseline": "middle", "fontSize": AXIS_TEXT, "yOffset": STOP[1]}
    beside = [{"key": i, "low": row.stop.high, "label": row.words} for i, row in enumerate(rows) if row.stop]
    yield _over(beside).mark_text(align="left", xOffset=GAP, **words).encode(x=x, y=y, text=alt.Text("label:N"))
    missing = [{"key": i, "low": _end(rows), "label": row.words} for i, row in enumerate(rows) if not row.stop]
    yield (
        _over(missing)
        .mark_text(align="left", xOffset=GAP, color=TOKENS["mut"], **words)
        .encode(x=x, y=y, text=alt.Text("label:N"))
    )
    title: dict[str, Any] = {"align": "left", "baseline": "middle", "fontSize": AXIS_TEXT, "color": TOKENS["mut"]}
    yield _over([{}]).mark_text(**title).encode(x=alt.XValue(-names), y=alt.YValue(-30), text=alt.TextValue(caption))


def _end(rows: Sequence[Bands]) -> float:
    """Where the bars and marks of rows without a full stop end: words stand behind all of them."""
    without = [row for row in rows if not row.stop]
    ends = [row.part.high for row in without if row.part] + [row.outside for row in without if row.outside]
    return max(ends, default=1.0)


def _over(rows: Sequence[dict[str, Any]]) -> alt.Chart:
    return alt.Chart(alt.Data(values=list(rows)))
