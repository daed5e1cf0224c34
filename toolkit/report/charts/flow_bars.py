"""A monthly flow as bars on a scale of its own, with the controls on it: dates as lines, a ban as tint, suspended as hatch."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta

from toolkit.core.calendar import add_months
from toolkit.report.charts.plane import Field, Plane
from toolkit.report.charts.theme import AXIS_TEXT, PANEL, TOKENS, Layer, specification, width
from toolkit.report.document import Drawing, Drawings
from toolkit.report.i18n.formats import Formats

ROOM = PANEL - 12
"""Px beside what the theme leaves at the sides."""
HIGH, LOW, TOP, BASE, HEIGHT = 10, 21, 26, 112, 130
"""Px from the top: two lines of notice numbers, the peak, zero, and the whole."""
PLANE = Plane(ROOM, HEIGHT)


@dataclass(frozen=True, slots=True)
class Dateline:
    """A first day; `dashed` for a measure that does not cover the traded form."""

    day: date
    label: str
    dashed: bool = False


@dataclass(frozen=True, slots=True)
class Tint:
    """Days of a ban, both inclusive; `until` None runs to the end of the axis."""

    since: date
    until: date | None
    suspended: bool = False


@dataclass(frozen=True, slots=True)
class FlowBars:
    """A flow on an axis of months.

    Attributes:
        first: First day of the first month of the axis.
        quantities: One a month of the axis; None leaves a gap in the line of zero.
        inferred: Positions of zeros that are inferred: a dot on the line of zero.
        peak: The largest quantity, in words.
        named: First days of bans, whose tint needs a number and no line.
    """

    first: date
    quantities: tuple[float | None, ...]
    inferred: frozenset[int]
    peak: str
    lines: tuple[Dateline, ...] = ()
    tints: tuple[Tint, ...] = ()
    named: tuple[Dateline, ...] = ()

    @property
    def step(self) -> int:
        """Px a month."""
        return max(1, ROOM // max(len(self.quantities), 1))

    @property
    def field(self) -> Field[date]:
        """The days of the axis."""
        months = len(self.quantities)
        return Field(PLANE, 0, self.step * months, TOP, BASE, self.first, add_months(self.first, months))


def flow_bars(flow: FlowBars, fmt: Formats) -> Drawings:
    """The bars of a flow, for one of several panels."""
    return (Drawing(_spec, (flow, fmt)),)


def _spec(flow: FlowBars, fmt: Formats) -> str:
    layers = [*_tints(flow), *_axis(flow, fmt), *_bars(flow), *_controls(flow)]
    return specification(layers, fmt, width=ROOM, height=HEIGHT)


def _tints(flow: FlowBars) -> Iterator[Layer]:
    field, x = flow.field, flow.field.x
    for suspended, fill, opacity in ((False, TOKENS["soft"], 1.0), (True, TOKENS["hatch"], 0.4)):
        spans = [
            (x(tint.since), field.right if tint.until is None else x(tint.until + timedelta(days=1)))
            for tint in flow.tints
            if tint.suspended is suspended
        ]
        rows = [{"x": a, "x2": b, "y": TOP, "y2": BASE} for a, b in spans if a < b]
        yield PLANE.marks("rect", rows, fill=fill, opacity=opacity)


def _axis(flow: FlowBars, fmt: Formats) -> Iterator[Layer]:
    """The peak at its line, zero where months are known, and the years."""
    yield PLANE.marks("rule", [{"x": 0, "x2": flow.field.right, "y": TOP}], color=TOKENS["grid"], strokeWidth=1)
    known = [{"x": a * flow.step, "x2": b * flow.step, "y": BASE} for a, b in _runs(flow.quantities)]
    yield PLANE.marks("rule", known, color=TOKENS["mut"], strokeWidth=1)
    last = len(flow.quantities) - 1
    # The axis names months where they begin, the last one too: its end is a month of which nothing is told.
    yield from replace(flow.field, right=flow.step * last, end=add_months(flow.first, last)).years(fmt)
    yield PLANE.words([{"x": 0, "y": LOW, "label": flow.peak}], TOKENS["mut"])


def _bars(flow: FlowBars) -> Iterator[Layer]:
    """A month that is not zero is at least one px high, so that a few kg are seen beside many tonnes."""
    peak = max((q for q in flow.quantities if q), default=0.0)
    gap = 1 if flow.step > 2 else 0
    bars = [
        {
            "x": i * flow.step + gap,
            "x2": (i + 1) * flow.step - gap,
            "y": BASE,
            "y2": BASE - max(1, round((BASE - TOP) * q / peak)),
        }
        for i, q in enumerate(flow.quantities)
        if q
    ]
    yield PLANE.marks("rect", bars, fill=TOKENS["data"], opacity=1)
    dots = [{"x": (i + 0.5) * flow.step, "y": BASE - 3} for i in sorted(flow.inferred)]
    yield PLANE.marks("circle", dots, size=9, color=TOKENS["dot"], opacity=1)


def _controls(flow: FlowBars) -> Iterator[Layer]:
    """Lines with their numbers, and the numbers of bans at the edge of their tint."""
    x, inside = flow.field.x, flow.field.right
    shown = sorted((one for one in (*flow.lines, *flow.named) if 0 < x(one.day) < inside), key=lambda one: one.day)
    beside = [(LOW, 0.0, width(flow.peak, AXIS_TEXT))]
    placed = PLANE.placed([(x(one.day), one.label) for one in shown], (LOW, HIGH), beside)
    for dashed in (False, True):
        rows = [
            {"x": x(one.day), "y": y - 8, "y2": BASE}
            for one, (_, y) in zip(shown, placed, strict=True)
            if one in flow.lines and one.dashed is dashed
        ]
        dash = {"strokeDash": [3, 3]} if dashed else {}
        yield PLANE.marks("rule", rows, color=TOKENS["ctl"], strokeWidth=1.5, **dash)
    labels = [{"x": at, "y": y, "label": one.label} for one, (at, y) in zip(shown, placed, strict=True)]
    yield PLANE.words(labels, TOKENS["ctl"])


def _runs(quantities: Sequence[float | None]) -> list[tuple[int, int]]:
    """(first, behind the last) of each run of known months."""
    known = [q is not None for q in quantities]
    starts = [i for i, here in enumerate(known) if here and (i == 0 or not known[i - 1])]
    ends = [i + 1 for i, here in enumerate(known) if here and (i + 1 == len(known) or not known[i + 1])]
    return list(zip(starts, ends, strict=True))
