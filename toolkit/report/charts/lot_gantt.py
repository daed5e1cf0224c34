"""Periods that run out, one row each: what has passed is solid, what is ahead an outline, and today a line through each bar."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from toolkit.report.charts.lettering import cut
from toolkit.report.charts.lettering import width as width_of
from toolkit.report.charts.library import alt
from toolkit.report.charts.theme import LABEL_TEXT, PAGE, PHONE, SHEET, TOKENS, specification
from toolkit.report.document import Chart, Drawing
from toolkit.report.i18n.formats import Formats

ROW, BAR, HEAD, FOOT, LINE = 34, 10, 22, 22, 16
EDGES = 36
"""Px of a drawing that are no room for words: its margins, and half the word of a month that stands over the left end."""
MARGIN = timedelta(days=20)
FIRST_STRONG, POP = "\u2068", "\u2069"
"""Isolate a name that came from outside: what it holds cannot turn the words behind it around."""


@dataclass(frozen=True, slots=True)
class Period:
    """A period: a name from outside, words on it, and when it runs from and to."""

    name: str
    words: str
    since: date
    until: date


def lot_gantt(periods: Sequence[Period], today: date, written_today: str, told: str, fmt: Formats) -> Chart:
    """The periods for a phone, a printed sheet and a page.

    Args:
        periods: From top to bottom.
        today: Day of the line.
        written_today: Its label.
        told: What the chart shows, in words with its numbers.
        fmt: How the axis writes months.
    """
    widths = ((PHONE, 0), (SHEET, SHEET), (PAGE, PAGE))
    rows = tuple(periods)
    return Chart(tuple(Drawing(_spec, (rows, today, written_today, width, fmt), least) for width, least in widths), told)


def _spec(periods: tuple[Period, ...], today: date, written_today: str, width: int, fmt: Formats) -> str:
    first = min(*(period.since for period in periods), today) - MARGIN
    last = max(*(period.until for period in periods), today) + MARGIN
    scale = alt.Scale(domain=[_moment(first), _moment(last)], nice=False)
    ticks = alt.Axis(
        title=None, format="%b %Y", tickCount=3 if width == PHONE else 6, grid=True,
        labelFlush=True, labelOverlap="greedy", labelSeparation=8,
    )  # fmt: skip
    x = alt.X("since:T", scale=scale, axis=ticks)
    labels = [_label(period, width - EDGES) for period in periods]
    lines = max(len(label) for label in labels)
    step = ROW + LINE * (lines - 1)
    layers: list[Any] = []
    for i, (period, told) in enumerate(zip(periods, labels, strict=True)):
        y = HEAD + step * i + 18 + LINE * (lines - 1)
        row = {"since": period.since.isoformat(), "until": period.until.isoformat(), "today": today.isoformat()}
        passed = {**row, "until": min(period.until, today).isoformat()}
        whole, done = (alt.Chart(alt.Data(values=[values])).encode(x=x) for values in (row, passed))
        layers.append(
            whole.mark_rect(fill=TOKENS["paper"], stroke=TOKENS["data"], strokeWidth=1.5).encode(
                x2=alt.X2("until:T"), y=alt.YValue(y), y2=alt.Y2Value(y + BAR)
            )
        )
        layers.append(
            done.mark_rect(fill=TOKENS["data"]).encode(x2=alt.X2("until:T"), y=alt.YValue(y), y2=alt.Y2Value(y + BAR))
        )
        for above, words in enumerate(reversed(told)):
            layers.append(
                alt.Chart(alt.Data(values=[{"label": words}]))
                .mark_text(align="left", baseline="bottom", fontSize=LABEL_TEXT)
                .encode(x=alt.XValue(0), y=alt.YValue(y - 4 - LINE * above), text=alt.Text("label:N"))
            )
        mark = alt.Chart(alt.Data(values=[{"since": today.isoformat()}])).encode(x=x)
        layers.append(
            mark.mark_rule(color=TOKENS["ink"], strokeWidth=1.5).encode(y=alt.YValue(y - 3), y2=alt.Y2Value(y + BAR + 3))
        )
    line = alt.Chart(alt.Data(values=[{"since": today.isoformat(), "label": written_today}])).encode(x=x)
    end = HEAD + step * len(periods)
    layers.append(
        line.mark_text(baseline="bottom", fontWeight="bold", fontSize=LABEL_TEXT).encode(
            y=alt.YValue(12), text=alt.Text("label:N")
        )
    )
    drawing = alt.layer(*layers).properties(width=width, height=end + FOOT)
    return specification(drawing.properties(autosize={"type": "fit", "contains": "padding"}), fmt)


def _label(period: Period, room: float) -> list[str]:
    """Name and words in one line, or in two where they are wider than the drawing; a name that is wider still is cut."""
    first, _, rest = period.words.partition(", ")
    whole = f"{period.name} · {period.words}"
    if width_of(whole) <= room:
        return [f"{FIRST_STRONG}{period.name}{POP} · {period.words}"]
    name = cut(period.name, room - width_of(f" · {first}"))
    return [f"{FIRST_STRONG}{name}{POP} · {first}", cut(rest, room)]


def _moment(day: date) -> dict[str, int]:
    return {"year": day.year, "month": day.month, "date": day.day}
