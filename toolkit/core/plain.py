"""Records as JSON: dates in ISO form, tuples as lists, numbers at 12 significant digits, never NaN."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from datetime import date
from typing import Any

import polars as pl

from toolkit.core.messages import Message
from toolkit.core.units import significant


def plain(value: Any, *, retellable: bool = False) -> Any:
    """`value` in the types that JSON has; a dataclass becomes the object of its fields, a frame the list of its rows.

    Args:
        value: Anything of these types, nested.
        retellable: Whether messages become their templates and values, rather than text.
    """

    def inner(entry: Any) -> Any:
        return plain(entry, retellable=retellable)

    if is_dataclass(value) and not isinstance(value, type):
        return {field.name: inner(getattr(value, field.name)) for field in fields(value)}
    match value:
        case Message() if retellable:
            result: Any = inner(value.to_json())
        case None | bool() | int() | str():
            result = value
        case float():
            result = significant(value)
        case date():
            result = value.isoformat()
        case pl.DataFrame():
            result = [inner(row) for row in value.iter_rows(named=True)]
        case Mapping():
            result = {str(key): inner(entry) for key, entry in value.items()}
        case tuple() | list():
            result = [inner(entry) for entry in value]
        case _:
            raise TypeError(f"no JSON for {type(value).__name__}")
    return result
