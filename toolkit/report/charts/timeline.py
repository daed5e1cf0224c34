"""Swim lanes of measures over time: solid in force, hatched suspended, dashed ahead or only claimed, grey exporter lists."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Literal

from toolkit.report.charts.plane import LEFT, RIGHT, YEARS, Field, Plane
from toolkit.report.charts.theme import FIXED, LABEL_TEXT, PAGE, PHONE, SHEET, TOKENS, Layer, cut, sized, specification, width
from toolkit.report.document import Drawings
from toolkit.report.i18n.formats import Formats

Mark = Literal["on", "suspended", "unsettled", "ahead", "claimed", "whitelist", "reported"]
TOP, LINE, BAR = 26, 16, 12
"""Px: above the first lane, a line of a label, and a bar."""
BELOW, BETWEEN = 16, 10
"""Px from a lane to the next one: labels above their bars need more air, or they would go with the bar above."""
BESIDE, COLUMN, AWAY = 600, 0.4, 16
"""Least px of a drawing that has its labels beside the bars, the part of it they may take, and px from them to the bars."""
DOT, SPACE = " · ", 4
"""Between the pieces of a label, and px between its head and the first dot."""
THIN = 6
"""Px of the bar of a claim, which changes nothing: it lies below the one that the law draws."""
_STYLE: dict[Mark, dict[str, Any]] = {
    "on": {"fill": TOKENS["ctl"]},
    "suspended": {"fill": TOKENS["hatch"], "stroke": TOKENS["ctl"], "strokeWidth": 1},
    "ahead": {"fill": TOKENS["paper"], "stroke": TOKENS["ctl"], "strokeWidth": 1.5, "strokeDash": [4, 3]},
    "unsettled": {"fill": TOKENS["hatch"], "stroke": TOKENS["ctl"], "strokeWidth": 1.5, "strokeDash": [4, 3]},
    "claimed": {"fill": TOKENS["paper"], "stroke": TOKENS["ctl"], "strokeWidth": 1.5, "strokeDash": [2, 2]},
    "whitelist": {"fill": TOKENS["wl"]},
}


@dataclass(frozen=True, slots=True)
class TimelineBar:
    """Days in one state, both inclusive; `until` None runs to the end of the axis."""

    mark: Mark
    since: date
    until: date | None


@dataclass(frozen=True, slots=True)
class Swimlane:
    """A measure: whom it names in bold, what it is, and its bars."""

    head: str
    words: tuple[str, ...]
    bars: tuple[TimelineBar, ...]


@dataclass(frozen=True, slots=True)
class TimelinePeriod:
    """The axis: from `start` to `end`, with the day of the report marked."""

    start: date
    end: date
    today: date

    def share(self, day: date) -> float:
        """Where a day lies, 0 to 1; days outside lie on the edge."""
        inside = min(max(day, self.start), self.end)
        return (inside - self.start).days / max((self.end - self.start).days, 1)


@dataclass(frozen=True, slots=True)
class _Placed:
    """A lane at its height: `y` of the first line of its label, and the lines, the first of which follows the head."""

    lane: Swimlane
    y: float
    head: str
    lines: tuple[str, ...]
    beside: bool

    @property
    def bar(self) -> float:
        """Top of the bar: level with the first line, or below the last."""
        return self.y - 1 if self.beside else self.y + LINE * len(self.lines) - 3

    @property
    def end(self) -> float:
        """Where the next lane begins."""
        claimed = any(bar.mark == "claimed" for bar in self.lane.bars)
        bars = self.bar + BAR + (THIN + 2) * claimed
        return max(bars, self.y + LINE * len(self.lines) - 3) + (BETWEEN if self.beside else BELOW)


def swimlanes(lanes: Sequence[Swimlane], period: TimelinePeriod, fmt: Formats) -> Drawings:
    """The lanes from top to bottom, drawn for a phone, a printed sheet and the whole page.

    Args:
        lanes: In order; their labels stand before their bars, on a phone above them, and are broken where the room ends.
        period: The axis.
        fmt: How the day of the report is written.
    """
    return sized(_spec, (lanes, period), fmt, PHONE, SHEET, PAGE)


def _spec(lanes: Sequence[Swimlane], period: TimelinePeriod, px: int, fmt: Formats) -> str:
    room = px - LEFT - RIGHT
    left = min(max(_long(lane) for lane in lanes), COLUMN * room) if px >= BESIDE else None
    placed = tuple(_placed(lanes, room, left))
    bottom = max(placed[-1].bar + BAR, placed[-1].y + LINE * len(placed[-1].lines)) + 6
    plane = Plane(room, bottom + YEARS)
    field = Field(plane, 0 if left is None else left + AWAY, room, TOP, bottom, period.start, period.end)
    layers = [*field.years(fmt, lines=True), *_bars(field, placed), *_today(field, period.today, fmt), *_labels(plane, placed)]
    return specification(layers, fmt, width=room, height=plane.height, autosize=FIXED)


def _long(lane: Swimlane) -> float:
    """Px of a label in one line."""
    return width(lane.head, bold=True) + SPACE + width("".join(DOT + words for words in lane.words))


def _placed(lanes: Sequence[Swimlane], room: float, left: float | None) -> Iterator[_Placed]:
    y: float = TOP
    column = room if left is None else left
    for lane in lanes:
        head = cut(lane.head, column / 1.1)
        one = _Placed(
            lane, y, head, _lines(lane.words, column - SPACE - width(head, bold=True), column), beside=left is not None
        )
        yield one
        y = one.end


def _lines(pieces: Sequence[str], beside: float, room: float) -> tuple[str, ...]:
    """The words after a head: what fits goes beside it behind a dot, the rest on lines of its own; no piece is torn."""
    lines: list[list[str]] = [[""]]
    for piece in pieces:
        if width(DOT.join([*lines[-1], piece])) <= (beside if len(lines) == 1 else room):
            lines[-1].append(piece)
        else:
            lines.append([cut(piece, room)])
    return tuple(DOT.join(line).lstrip() for line in lines)


def _bars(field: Field[date], placed: Sequence[_Placed]) -> Iterator[Layer]:
    plane = field.plane
    rows: dict[Mark, list[dict[str, Any]]] = {}
    for one in placed:
        for bar in one.lane.bars:
            if bar.since >= field.end or (bar.until and bar.until < field.start):
                continue
            last = field.end if bar.until is None else bar.until + timedelta(days=1)
            claimed = bar.mark == "claimed"
            y = one.bar + (BAR + 2) * claimed
            x, x2 = field.x(bar.since), field.x(last)
            rows.setdefault(bar.mark, []).append({"x": x, "x2": max(x2, x + 1), "y": y, "y2": y + (THIN if claimed else BAR)})
    for mark, entries in rows.items():
        if mark == "reported":
            middle = [{"x": row["x"], "x2": row["x2"], "y": (row["y"] + row["y2"]) / 2} for row in entries]
            dots = {"strokeWidth": 3, "strokeDash": [0.1, 6], "strokeCap": "round", "color": TOKENS["ctl"]}
            yield plane.marks("rule", middle, **dots)
        else:
            yield plane.marks("rect", entries, opacity=1, **_STYLE[mark])


def _today(field: Field[date], today: date, fmt: Formats) -> Iterator[Layer]:
    """The day of the report, with its date above the line."""
    plane, x = field.plane, field.x(today)
    yield plane.marks("rule", [{"x": x, "y": TOP - 8, "y2": field.bottom}], color=TOKENS["ink"], strokeWidth=1.5)
    words = fmt.short_date(today)
    half = width(words, bold=True) / 2
    middle = min(max(x, half), plane.width + RIGHT - half)
    yield plane.marks("text", [{"x": middle, "y": TOP - 13, "label": words}], fontWeight="bold", baseline="alphabetic")


def _labels(plane: Plane, placed: Sequence[_Placed]) -> Iterator[Layer]:
    """Labels; above their bars they lie on a ground of paper, so that no line runs through a word."""
    heads = [{"x": 0, "y": one.y + 9, "label": one.head, "wide": width(one.head, bold=True)} for one in placed]
    rest = [
        {
            "x": width(one.head, bold=True) + SPACE if i == 0 else 0,
            "y": one.y + 9 + LINE * i,
            "label": line,
            "wide": width(line),
        }
        for one in placed
        for i, line in enumerate(one.lines)
        if line
    ]
    if not placed[0].beside:
        ground = [
            {"x": row["x"] - 2, "x2": row["x"] + row["wide"] + 6, "y": row["y"] - 12, "y2": row["y"] + 3}
            for row in (*heads, *rest)
        ]
        yield plane.marks("rect", ground, opacity=1, fill=TOKENS["paper"])
    style = {"align": "left", "baseline": "alphabetic", "fontSize": LABEL_TEXT}
    yield plane.marks("text", rest, **style, color=TOKENS["mut"])
    yield plane.marks("text", heads, **style, fontWeight="bold", color=TOKENS["ink"])
