"""The one theme of every chart: colours by name, type, axes, and the widths it is drawn for.

A specification names the colours of the theme by stand-ins. The drawing carries class names in their place, so that one
drawing follows light, dark and print (REPORT-STYLE 4).
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Literal

from toolkit.report.document import Drawing, Drawings
from toolkit.report.i18n.formats import Formats

Mark = Literal["area", "bar", "circle", "line", "point", "rect", "rule", "text", "tick"]
Channel = str | float | Mapping[str, Any]
"""A field with its type (``price:Q``) or without (``high``, of a second channel), a constant, or the whole definition."""
Layer = dict[str, Any]
_TYPES = {"Q": "quantitative", "O": "ordinal", "N": "nominal", "T": "temporal"}
FIT, FIXED = {"type": "fit", "contains": "padding"}, {"type": "none"}
"""Whether words have room inside the size of a drawing, or may reach into its margin without making it wider."""


def field(name: str, **options: Any) -> dict[str, Any]:
    """The channel of a field such as ``price:Q``, with options such as its `scale` and `axis`."""
    column, _, kind = name.partition(":")
    return {"field": column, **({"type": _TYPES[kind]} if kind else {}), **options}


def layer(mark: Mark, rows: Iterable[Mapping[str, Any]], encoding: Mapping[str, Channel], **style: Any) -> Layer:
    """Marks of one kind, one a row.

    Args:
        mark: Their kind.
        rows: Values by name of field.
        encoding: Channel -> what it shows.
        style: Properties of the mark.
    """
    channels = {name: _definition(channel) for name, channel in encoding.items()}
    return {"data": {"values": list(rows)}, "mark": {"type": mark, **style}, "encoding": channels}


def _definition(channel: Channel) -> Mapping[str, Any]:
    if isinstance(channel, str):
        return field(channel)
    return channel if isinstance(channel, Mapping) else {"value": channel}


LIGHT: Mapping[str, str] = {
    "ink": "#17212b", "mut": "#52606d", "data": "#1b5e93", "band": "#cfe1ef", "dot": "#5a7389", "grid": "#e3e8ec",
    "paper": "#ffffff", "ctl": "#b0391c", "cur": "#84919e", "wl": "#6c7a88", "soft": "#f6e3dc", "rule": "#cfd6dd",
    "warn": "#8a5a00", "panel": "#f3f6f8",
}  # fmt: skip
DARK: Mapping[str, str] = {
    "ink": "#e8edf2", "mut": "#a7b3bf", "data": "#7cb9e8", "band": "#23435c", "dot": "#8ea3b6", "grid": "#25303a",
    "paper": "#10161c", "ctl": "#ff9a78", "cur": "#76838f", "wl": "#93a1ae", "soft": "#3a241d", "rule": "#36434f",
    "warn": "#e6b655", "panel": "#182029",
}  # fmt: skip
"""The colours of the page (reports/assets/report.css), for a drawing that stands alone."""
TOKENS: Mapping[str, str] = {name: f"#0000{n:02x}" for n, name in enumerate((*LIGHT, "hatch", "unsure"), start=1)}
"""Theme colours and their stand-ins; ``hatch`` is the pattern of what is suspended, ``unsure`` that of what may be zero. No
other colour may appear.
"""
AXIS_TEXT, LABEL_TEXT = 11.5, 12.5
"""Sizes of type in px; a drawing is shown at its own size, so they hold on every screen."""
PHONE, COLUMN, SHEET, PAGE = 328, 512, 680, 1072
"""Widths in px that drawings are made for: a phone, one of two columns, a printed sheet, the whole page on a screen."""
PANEL = 320
"""Width in px of one of several small charts; its cell is 300 to 400 px wide, and the drawing scales with it."""


_CONFIG: Mapping[str, Any] = {
    "padding": {"left": 2, "right": 10, "top": 4, "bottom": 2},
    "view": {"stroke": None},
    "font": "sans-serif",
    "axis": {
        "gridColor": TOKENS["grid"], "labelColor": TOKENS["mut"], "titleColor": TOKENS["mut"], "labelFontSize": AXIS_TEXT,
        "titleFontSize": AXIS_TEXT, "titleFontWeight": "normal", "domain": False, "ticks": False, "labelPadding": 6,
    },
    "axisY": {"labelColor": TOKENS["ink"], "labelFontSize": LABEL_TEXT},
    "text": {"color": TOKENS["ink"], "fontSize": LABEL_TEXT},
    "bar": {"color": TOKENS["data"]},
    "line": {"color": TOKENS["data"], "strokeWidth": 2},
}  # fmt: skip


def specification(layers: Iterable[Layer], fmt: Formats, **properties: Any) -> str:
    """Layers under the theme as canonical JSON: equal charts are equal text, and are drawn once.

    Args:
        layers: From the ground up; those without rows are left out.
        fmt: How axes write numbers and dates.
        properties: Of the drawing: its `width` and `height` in px, `autosize`, `padding`, `title`.
    """
    spec = {
        "$schema": "https://vega.github.io/schema/vega-lite/v6.json",
        "config": {**_CONFIG, "locale": fmt.chart_locale()},
        "layer": [layer for layer in layers if layer["data"]["values"]],
        **properties,
    }
    return json.dumps(spec, sort_keys=True, ensure_ascii=False)


def sized(spec: Callable[..., str], figures: tuple[Any, ...], fmt: Formats, *widths: int) -> Drawings:
    """One drawing a width.

    Args:
        spec: From the figures, the width in px and the language to a specification.
        figures: What is drawn: plain values and frozen records.
        fmt: Of the language.
        widths: The narrowest first, which is shown wherever there is no room for the next.
    """
    return tuple(Drawing(spec, (*figures, px, fmt), px if i else 0) for i, px in enumerate(widths))


_GROUPS = {
    0: "\u2066\u2067\u2068\u2069",
    222: "ijl'’",
    278: "I ft/.,:;! \u00a0\u202f",
    333: "r()-·“”",
    500: "cksvxyzJ",
    556: "abdeghnopqu0123456789–?LßäöüFT¶",
    584: "+=<>~±−",
    667: "ABEKPSVXYÄ",
    722: "CDHNRUÜw",
    778: "GOQÖ",
    833: "mM",
    944: "W",
    1000: "%…▲",
}
_ADVANCE: Mapping[str, int] = {letter: width for width, letters in _GROUPS.items() for letter in letters}
_OTHER = 1000
"""Thousandths of the size: what a letter of another script takes at most."""
BOLD = 1.08
"""How much wider the bold face is, on the average of words."""


def width(words: str, size: float = LABEL_TEXT, *, bold: bool = False) -> float:
    """Width of words in px, at `size` px of type."""
    return sum(_ADVANCE.get(letter, _OTHER) for letter in words) * size / 1000 * (BOLD if bold else 1.0)


def cut(words: str, room: float, size: float = LABEL_TEXT) -> str:
    """The words, with an ellipsis where they do not fit the room.

    Args:
        words: In one line.
        room: px.
        size: px of type.
    """
    if width(words, size) <= room:
        return words
    kept = words
    while kept and width(f"{kept}…", size) > room:
        kept = kept[:-1]
    return f"{kept.rstrip()}…"
