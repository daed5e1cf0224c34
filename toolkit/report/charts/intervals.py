"""Printed and believed figures beside an interval, one row each."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass

from toolkit.report.charts.plane import log_ticks
from toolkit.report.charts.theme import COLUMN, FIT, PHONE, TOKENS, cut, field, layer, sized, specification
from toolkit.report.document import Drawings
from toolkit.report.i18n.formats import Formats

ROW = 26
LABELS = 96
"""Room in px for names."""


@dataclass(frozen=True, slots=True)
class IntervalRow:
    """A figure as printed, the figure that is used, and an interval, which need not hold either; fractions."""

    label: str
    raw: float
    believed: float
    low: float
    high: float


def intervals(rows: Sequence[IntervalRow], fmt: Formats) -> Drawings:
    """Printed and believed figures of each row beside its interval, for a phone and for a column."""
    return sized(_spec, (tuple(rows),), fmt, PHONE, COLUMN)


def is_logarithmic(rows: Sequence[IntervalRow]) -> bool:
    """Whether the axis is: noise makes some prints ten times as volatile as the metal, and a flat series has no logarithm."""
    return min(v for r in rows for v in (r.raw, r.believed, r.low)) > 0


def _spec(rows: tuple[IntervalRow, ...], width: int, fmt: Formats) -> str:
    # Long names are cut by the label limit; the key keeps equal names apart.
    values = [
        {"key": i, "label": r.label, "raw": 100 * r.raw, "believed": 100 * r.believed, "low": 100 * r.low, "high": 100 * r.high}
        for i, r in enumerate(rows)
    ]
    names = json.dumps([cut(r.label, LABELS) for r in rows], ensure_ascii=False)
    ends = [100 * v for r in rows for v in (r.raw, r.believed, r.low, r.high)]
    low, high = 0.85 * min(ends), 1.15 * max(ends)
    log = is_logarithmic(rows)
    ticks = log_ticks(low, high) if log else []
    scale = {"type": "log", "domain": [low, high], "nice": False} if log else {"domain": [0, high or 1.0], "nice": True}
    label = {"labelExpr": f"{names}[datum.value]", "labelLimit": LABELS + 8, "labelPadding": 8}
    y = field("key:O", axis={"title": None, **label})
    x_axis = {
        "title": None,
        "labelExpr": f"datum.value + {json.dumps(fmt.percent(0, 0)[1:])}",
        "labelOverlap": False,
        "grid": True,
        **({"values": ticks} if ticks else {"tickCount": 4}),
    }
    x = field("believed:Q", axis=x_axis, scale=scale)
    raw, dot = (
        {"stroke": TOKENS["dot"], "strokeWidth": 2, "fill": TOKENS["paper"]},
        {"fill": TOKENS["data"], "stroke": TOKENS["data"]},
    )
    layers = [
        layer("rule", values, {"y": y, "x": "low:Q", "x2": "high"}, strokeWidth=9, color=TOKENS["band"], strokeCap="round"),
        layer("point", values, {"y": y, "x": "raw:Q"}, size=46, filled=False, opacity=1, **raw),
        layer("point", values, {"y": y, "x": x}, size=62, filled=True, opacity=1, **dot),
    ]
    return specification(layers, fmt, width=width, height=ROW * len(rows) + 24, autosize=FIT)
