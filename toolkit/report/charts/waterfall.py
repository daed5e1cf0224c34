"""From a total to what is left of it: one row a step, each bar beginning where the one before ended."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from toolkit.report.charts.theme import COLUMN, FIT, PHONE, TOKENS, field, layer, sized, specification
from toolkit.report.document import Drawings
from toolkit.report.i18n.formats import Formats

ROW = 31
NAMES = 128
"""Room for the names of the steps in px; longer ones are cut."""
FIGURE = 8.0
"""Width of a digit in px, on the generous side."""
Kind = Literal["whole", "cost", "gain", "kept"]
FILLS: Mapping[Kind, str] = {"whole": "cur", "cost": "mut", "gain": "data", "kept": "data"}


@dataclass(frozen=True, slots=True)
class WaterfallStep:
    """A row of the waterfall.

    Attributes:
        label: What it is.
        written: Its amount, as the reader is told.
        amount: Not negative but for a debt and a gain, in any unit.
        kind: The ``whole`` that everything is taken from, a ``cost``, a ``gain``, which is a cost below zero, or what is
            ``kept``.
        hollow: The amount rests on an assumption.
    """

    label: str
    written: str
    amount: float
    kind: Kind
    hollow: bool = False


@dataclass(frozen=True, slots=True)
class StepSpan:
    """From where to where a bar goes, and the level that it leaves for the next one."""

    low: float
    high: float
    level: float


def waterfall(steps: Sequence[WaterfallStep], fmt: Formats) -> Drawings:
    """The steps from top to bottom, for a phone and for a column."""
    return sized(_spec, (tuple(steps),), fmt, PHONE, COLUMN)


def spans(steps: Sequence[WaterfallStep]) -> Iterator[StepSpan]:
    """Where each bar lies: the whole from zero, every other one down from the level that was left."""
    level = 0.0
    for step in steps:
        below = 0.0 if step.kind == "whole" else level - step.amount
        above = step.amount if step.kind == "whole" else level
        level = above if step.kind == "whole" else below
        yield StepSpan(min(below, above), max(below, above), level)


def _spec(steps: tuple[WaterfallStep, ...], width: int, fmt: Formats) -> str:
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
    scale = {"domain": [bottom, end], "nice": False}
    y = field(
        "key:O",
        axis={"title": None, "labelExpr": f"{names}[datum.value]", "labelLimit": NAMES - 8},
        scale={"domain": list(range(len(steps))), "paddingInner": 0.4, "paddingOuter": 0.2},
    )
    at = {"y": y, "x": field("low:Q", axis=None, scale=scale), "x2": "high"}
    thin = {"color": TOKENS["mut"], "strokeWidth": 1}
    # From the end of a bar to the beginning of the next.
    layers = [layer("rule", values[:-1], {"x": field("level:Q", axis=None, scale=scale), "y": y, "y2": "next"}, **thin)]
    for hollow in (False, True):
        for kind, fill in FILLS.items():
            chosen = [value for value, step in zip(values, steps, strict=True) if (step.kind, step.hollow) == (kind, hollow)]
            outline = {"fill": TOKENS["paper"], "stroke": TOKENS["data"], "strokeWidth": 1.5}
            layers.append(layer("bar", chosen, at, **(outline if hollow else {"color": TOKENS[fill]})))
    layers.append(layer("rule", [{"zero": 0}], {"x": field("zero:Q", axis=None)}, **thin))
    layers.append(layer("text", values, {"y": y, "x": {"value": {"expr": "width"}}, "text": "written:N"}, align="right"))
    return specification(layers, fmt, width=width, height=ROW * len(steps) + 8, autosize=FIT)
