"""From a total to what is left of it: one row a step, each bar beginning where the one before ended."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from toolkit.report.charts.library import alt
from toolkit.report.charts.theme import COLUMN, PHONE, TOKENS, specification
from toolkit.report.document import Chart, Drawing
from toolkit.report.i18n.formats import Formats

ROW = 31
NAMES = 128
"""Room for the names of the steps in px; longer ones are cut."""
FIGURE = 8.0
"""Width of a digit in px, on the generous side."""
Kind = Literal["whole", "cost", "kept"]
FILLS: Mapping[Kind, str] = {"whole": "cur", "cost": "mut", "kept": "data"}


@dataclass(frozen=True, slots=True)
class Step:
    """A row of the waterfall.

    Attributes:
        label: What it is.
        written: Its amount, as the reader is told.
        amount: Not negative but for a debt, in any unit.
        kind: The ``whole`` that everything is taken from, a ``cost``, or what is ``kept``.
        hollow: The amount rests on an assumption.
    """

    label: str
    written: str
    amount: float
    kind: Kind
    hollow: bool = False


@dataclass(frozen=True, slots=True)
class Span:
    """From where to where a bar goes, and the level that it leaves for the next one."""

    low: float
    high: float
    level: float


def waterfall(steps: Sequence[Step], told: str, fmt: Formats) -> Chart:
    """The steps from top to bottom, for a phone and for a column.

    Args:
        steps: The whole first; what the others take away adds up to it.
        told: What the chart shows, in words with its numbers.
        fmt: Of the language.
    """
    return Chart(
        tuple(Drawing(_spec, (tuple(steps), width, fmt), least) for width, least in ((PHONE, 0), (COLUMN, COLUMN))), told
    )


def spans(steps: Sequence[Step]) -> Iterator[Span]:
    """Where each bar lies: the whole from zero, every other one down from the level that was left."""
    level = 0.0
    for step in steps:
        below = 0.0 if step.kind == "whole" else level - step.amount
        above = step.amount if step.kind == "whole" else level
        level = above if step.kind == "whole" else below
        yield Span(min(below, above), max(below, above), level)


def _spec(steps: tuple[Step, ...], width: int, fmt: Formats) -> str:
    lying = tuple(spans(steps))
    # Equal labels would share a row; the key keeps them apart.
    values: list[dict[str, Any]] = [
        {"key": i, "low": at.low, "high": at.high, "level": at.level, "next": i + 1, "written": step.written}
        for i, (step, at) in enumerate(zip(steps, lying, strict=True))
    ]
    names = json.dumps([step.label for step in steps], ensure_ascii=False)
    top, bottom = max(at.high for at in lying), min(0.0, *(at.low for at in lying))
    room = width - NAMES
    figures = FIGURE * max(len(step.written) for step in steps) + 12
    end = bottom + (top - bottom or 1.0) * room / (room - figures)
    scale = alt.Scale(domain=[bottom, end], nice=False)
    y = alt.Y(
        "key:O",
        axis=alt.Axis(title=None, labelExpr=f"{names}[datum.value]", labelLimit=NAMES - 8),
        scale=alt.Scale(domain=list(range(len(steps))), paddingInner=0.4, paddingOuter=0.2),
    )
    x, x2 = alt.X("low:Q", axis=None, scale=scale), "high:Q"
    layers = [
        # From the end of a bar to the beginning of the next.
        _over(values[:-1])
        .mark_rule(color=TOKENS["mut"], strokeWidth=1)
        .encode(x=alt.X("level:Q", axis=None, scale=scale), y=y, y2=alt.Y2("next"))
    ]
    for hollow in (False, True):
        for kind, fill in FILLS.items():
            chosen = [value for value, step in zip(values, steps, strict=True) if (step.kind, step.hollow) == (kind, hollow)]
            if chosen:
                layers.append(_bars(_over(chosen), TOKENS["paper"] if hollow else TOKENS[fill]).encode(y=y, x=x, x2=x2))
    layers.append(_over([{"zero": 0}]).mark_rule(color=TOKENS["mut"], strokeWidth=1).encode(x=alt.X("zero:Q", axis=None)))
    layers.append(
        _over(values).mark_text(align="right").encode(y=y, x=alt.XValue(alt.expr("width")), text=alt.Text("written:N"))
    )
    size = {"width": width, "height": ROW * len(steps) + 8, "autosize": {"type": "fit", "contains": "padding"}}
    return specification(alt.layer(*layers).properties(**size), fmt)


def _over(values: list[dict[str, Any]]) -> alt.Chart:
    return alt.Chart(alt.Data(values=values))


def _bars(chart: alt.Chart, fill: str) -> alt.Chart:
    """Solid bars, or hollow ones where the fill is the ground."""
    if fill == TOKENS["paper"]:
        return chart.mark_bar(fill=fill, stroke=TOKENS["data"], strokeWidth=1.5)
    return chart.mark_bar(color=fill)
