"""Periods that run out, one row each: what has passed is solid, what is ahead an outline, and today a line through each bar."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from toolkit.report.charts.theme import (
    FIT,
    LABEL_TEXT,
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
)
from toolkit.report.charts.theme import width as width_of
from toolkit.report.document import Drawings
from toolkit.report.i18n.formats import Formats

ROW, BAR, HEAD, FOOT, LINE = 34, 10, 22, 22, 16
EDGES = 36
"""Px of a drawing that are no room for words: its margins, and half the word of a month that stands over the left end."""
MARGIN = timedelta(days=20)
FIRST_STRONG, POP = "\u2068", "\u2069"
"""Isolate a name that came from outside: what it holds cannot turn the words behind it around."""


@dataclass(frozen=True, slots=True)
class LotPeriod:
    """A period: a name from outside, words on it, and when it runs from and to."""

    name: str
    words: str
    since: date
    until: date


def lot_gantt(periods: Sequence[LotPeriod], today: date, fmt: Formats) -> Drawings:
    """The periods for a phone, a printed sheet and a page.

    Args:
        periods: From top to bottom.
        today: Day of the line.
        fmt: How the axis writes months.
    """
    rows = tuple(periods)
    return sized(_spec, (rows, today), fmt, PHONE, SHEET, PAGE)


def _spec(periods: tuple[LotPeriod, ...], today: date, width: int, fmt: Formats) -> str:
    first = min(*(period.since for period in periods), today) - MARGIN
    last = max(*(period.until for period in periods), today) + MARGIN
    ticks = {
        "title": None, "format": "%b %Y", "tickCount": 3 if width == PHONE else 6, "grid": True,
        "labelFlush": True, "labelOverlap": "greedy", "labelSeparation": 8,
    }  # fmt: skip
    x = field("since:T", scale={"domain": [_moment(first), _moment(last)], "nice": False}, axis=ticks)
    hollow = {"fill": TOKENS["paper"], "stroke": TOKENS["data"], "strokeWidth": 1.5}
    above_bar = {"align": "left", "baseline": "bottom", "fontSize": LABEL_TEXT}
    day = {"since": today.isoformat(), "label": fmt.short_date(today)}
    labels = [_label(period, width - EDGES) for period in periods]
    lines = max(len(label) for label in labels)
    step = ROW + LINE * (lines - 1)
    layers: list[Layer] = []
    for i, (period, told) in enumerate(zip(periods, labels, strict=True)):
        y = HEAD + step * i + 18 + LINE * (lines - 1)
        whole, passed = (
            [{"since": period.since.isoformat(), "until": end.isoformat()}] for end in (period.until, min(period.until, today))
        )
        bar = {"x": x, "x2": "until", "y": y, "y2": y + BAR}
        layers += [layer("rect", whole, bar, **hollow), layer("rect", passed, bar, fill=TOKENS["data"])]
        for above, words in enumerate(reversed(told)):
            layers.append(
                layer("text", [{"label": words}], {"x": 0, "y": y - 4 - LINE * above, "text": "label:N"}, **above_bar)
            )
        layers.append(layer("rule", [day], {"x": x, "y": y - 3, "y2": y + BAR + 3}, color=TOKENS["ink"], strokeWidth=1.5))
    words = {"baseline": "bottom", "fontWeight": "bold", "fontSize": LABEL_TEXT}
    layers.append(layer("text", [day], {"x": x, "y": 12, "text": "label:N"}, **words))
    return specification(layers, fmt, width=width, height=HEAD + step * len(periods) + FOOT, autosize=FIT)


def _label(period: LotPeriod, room: float) -> list[str]:
    """Name and words in one line, or in two where they are wider than the drawing; a name that is wider still is cut."""
    first, _, rest = period.words.partition(", ")
    whole = f"{period.name} · {period.words}"
    if width_of(whole) <= room:
        return [f"{FIRST_STRONG}{period.name}{POP} · {period.words}"]
    name = cut(period.name, room - width_of(f" · {first}"))
    return [f"{FIRST_STRONG}{name}{POP} · {first}", cut(rest, room)]


def _moment(day: date) -> dict[str, int]:
    return {"year": day.year, "month": day.month, "date": day.day}
