"""Vega-Lite as plain objects: a layer is its rows, its mark and the channels that place it (https://vega.github.io/vega-lite)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Literal

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
