"""A fan: what a price does as more supply is lost, over a range of an assumption, and how much of it each metal could lose.

The fan is hollow, because it rests on assumptions alone; it ends where its formula is not carried any further. Below it, on the
same axis, stands one dot a metal, which is data.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import altair as alt

from toolkit.report.charts.lettering import cut, width
from toolkit.report.charts.theme import AXIS_TEXT, LABEL_TEXT, PAGE, PHONE, SHEET, TOKENS, specification
from toolkit.report.document import Chart, Drawing
from toolkit.report.formats import Formats

NAMES, FIGURES, PADDING = 104, 40, 15
"""Px for the names of metals at the left, the figures at the right, and the padding of the theme."""
HEIGHT, ROW = 240, 21
LINE = 15
"""Px from line to line of a caption."""
LOSS = alt.Scale(domain=[0, 100], nice=False)
TICKS = (1, 2, 5, 10, 20, 50, 100)


@dataclass(frozen=True, slots=True)
class Band:
    """Multiples of a price at one loss, a fraction."""

    loss: float
    low: float
    central: float
    high: float


@dataclass(frozen=True, slots=True)
class Share:
    """How much of its supply a metal could lose, as a fraction, and the same as it is written."""

    label: str
    share: float
    written: str


@dataclass(frozen=True, slots=True)
class Outside:
    """A multiple that somebody else published for a loss."""

    label: str
    loss: float
    multiple: float


@dataclass(frozen=True, slots=True)
class Captions:
    """What is written in the fan: its title, that of the dots, the area past its end, and the three multiples at its end."""

    fan: str
    shares: str
    beyond: str
    ends: tuple[str, str, str]


def fan(
    curve: Sequence[Band], shares: Sequence[Share], outside: Sequence[Outside], words: Captions, told: str, fmt: Formats
) -> Chart:
    """The fan over the dots for a phone, a printed sheet and a page.

    Args:
        curve: By growing loss, from none to the largest that the formula is carried to.
        shares: Metals from top to bottom.
        outside: Marks beside the fan.
        words: Written in the drawing.
        told: What the chart shows, in words with its numbers.
        fmt: How the axes write numbers.
    """
    widths = ((PHONE, 0), (SHEET, SHEET), (PAGE, PAGE))
    drawings = (Drawing(_spec, (curve, shares, outside, words, room, fmt), least) for room, least in widths)
    return Chart(tuple(drawings), told)


def _spec(
    curve: Sequence[Band], shares: Sequence[Share], outside: Sequence[Outside], words: Captions, room: int, fmt: Formats
) -> str:
    names = min(NAMES, 10 + max((width(found.label) for found in shares), default=0.0))
    across = room - names - FIGURES - PADDING
    upper = alt.layer(*_fan(curve, outside, words, across, names)).properties(width=across, height=HEIGHT)
    lower = alt.layer(*_dots(shares, words, curve[-1].loss, names, fmt)).properties(width=across, height=ROW * len(shares))
    return specification(alt.vconcat(upper, lower, spacing=34), fmt)


def _data(rows: Sequence[dict[str, Any]]) -> alt.Chart:
    return alt.Chart(alt.Data(values=list(rows)))


def _fan(
    curve: Sequence[Band], outside: Sequence[Outside], words: Captions, across: float, names: float
) -> Iterator[alt.Chart]:
    last, x = curve[-1], alt.X("loss:Q", scale=LOSS, axis=None)
    end = 100 * last.loss
    top = 1.25 * max(last.high, *(mark.multiple for mark in outside), 2.0)
    log = alt.Scale(type="log", domain=[1, top], nice=False)
    ticks = [tick for tick in TICKS if tick <= top]
    upright = alt.Axis(
        title=None, values=ticks, labelExpr="'×' + datum.label", grid=True, labelColor=TOKENS["mut"], labelFontSize=AXIS_TEXT,
        minExtent=names, maxExtent=names, labelOverlap=False,
    )  # fmt: skip
    y = alt.Y("multiple:Q", scale=log, axis=upright)
    yield (
        _data([{"loss": end, "to": 100, "multiple": 1, "up": top}])
        .mark_rect(color=TOKENS["panel"])
        .encode(x=x, x2="to:Q", y=y, y2="up:Q")
    )
    for side, dash in (("low", [1, 0]), ("high", [1, 0]), ("central", [5, 3])):
        rows = [{"loss": 100 * band.loss, "multiple": getattr(band, side)} for band in curve]
        yield _data(rows).mark_line(color=TOKENS["data"], strokeWidth=1.5, strokeDash=dash).encode(x=x, y=y)
    for label, multiple in zip(words.ends, (last.low, last.central, last.high), strict=True):
        mark = _data([{"loss": end, "multiple": multiple, "label": label}]).encode(x=x, y=y)
        yield mark.mark_point(size=46, fill=TOKENS["paper"], stroke=TOKENS["data"], strokeWidth=1.5, opacity=1)
        yield mark.mark_text(align="left", baseline="middle", dx=8, fontSize=LABEL_TEXT).encode(text="label:N")
    for found in outside:
        mark = _data([{"loss": 100 * found.loss, "multiple": found.multiple, "label": found.label}]).encode(x=x, y=y)
        yield mark.mark_point(shape="diamond", size=80, fill=TOKENS["ink"], stroke=TOKENS["ink"], opacity=1)
        yield mark.mark_text(align="right", baseline="middle", dx=-8, fontSize=LABEL_TEXT).encode(text="label:N")
    lines = _wrapped(words.beyond, 0.62 * across * (1 - last.loss))
    for i, line in enumerate(lines):
        yield _written(line, across - 6, 12 + LINE * i, align="right")
    yield _written(words.fan, -names, -14)


def _dots(shares: Sequence[Share], words: Captions, end: float, room: float, fmt: Formats) -> Iterator[alt.Chart]:
    # The key keeps equal names apart.
    names = json.dumps([cut(found.label, room - 9) for found in shares])
    keys = alt.Axis(title=None, labelExpr=f"{names}[datum.value]", minExtent=room, maxExtent=room, labelLimit=room, grid=False)
    y = alt.Y("key:O", axis=keys)
    along = alt.X("loss:Q", scale=LOSS, axis=alt.Axis(
        title=None, values=[0, 50, 100], labelExpr=f"datum.label + {json.dumps(fmt.percent(0, 0)[1:])}", grid=False,
        labelOverlap=False, labelFlush=True,
    ))  # fmt: skip
    rows = [{"key": i, "start": 0, "loss": 100 * found.share, "label": found.written} for i, found in enumerate(shares)]
    yield _data([{"loss": 100 * end, "to": 100}]).mark_rect(color=TOKENS["panel"]).encode(x=along, x2="to:Q")
    base = _data(rows)
    yield base.mark_rule(color=TOKENS["rule"], strokeWidth=1).encode(x=alt.X("start:Q", scale=LOSS), x2="loss:Q", y=y)
    yield base.mark_point(size=62, filled=True, fill=TOKENS["data"], stroke=TOKENS["data"], opacity=1).encode(x=along, y=y)
    figures: dict[str, Any] = {"align": "left", "baseline": "middle", "dx": 9, "fontSize": AXIS_TEXT, "color": TOKENS["mut"]}
    yield base.mark_text(**figures).encode(x=along, y=y, text="label:N")
    yield _written(words.shares, -room, -14)


def _written(words: str, across: float, down: float, **style: Any) -> alt.Chart:
    """Words at a place in px, to its right."""
    look: dict[str, Any] = {"align": "left", "baseline": "middle", "fontSize": AXIS_TEXT, "color": TOKENS["mut"], **style}
    return _data([{}]).mark_text(**look).encode(x=alt.value(across), y=alt.value(down), text=alt.value(words))


def _wrapped(words: str, room: float) -> list[str]:
    """The words in lines of at most so many px."""
    lines = [""]
    for word in words.split():
        longer = f"{lines[-1]} {word}".strip()
        if lines[-1] and width(longer, AXIS_TEXT) > room:
            lines.append(word)
        else:
            lines[-1] = longer
    return lines
