"""The JSON schema of a report (`toolkit report --format json`), read off the classes of its blocks."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator
from dataclasses import fields, is_dataclass
from types import NoneType, UnionType
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

from toolkit.report import document as d
from toolkit.report.formats.data import SCHEMA

PLAIN = {str: "string", bool: "boolean", int: "integer", float: "number", NoneType: "null"}
DRAWN = {"kind": {"const": d.Chart.kind}, "told": {"type": "string", "description": "What the chart shows, in words."}}
"""A chart: its drawing is no data, the figure around it holds the table."""
TOP = {
    "schema_version": {"const": SCHEMA, "description": "Raised when a field changes its meaning or goes."},
    "kind": {"const": "report", "description": "What the object is."},
    "language": {"type": "string", "description": "Code of the language of the words."},
    "title": {"type": "string", "description": "Of the report."},
    "as_of": {"type": "string", "format": "date", "description": "The day that the report speaks of."},
    "subject": {"type": "string", "description": "What it is about; empty for the market alone."},
    "run_id": {"type": ["string", "null"], "description": "Of the run; null where the report is about none."},
    "sections": {"type": "array", "items": {"$ref": "#/$defs/Section"}, "description": "In reading order."},
}
SECTION = {
    "name": {"type": "string", "description": "As report definitions name it."},
    "title": {"type": "string", "description": "Empty for the section that opens the page."},
    "missing": {"type": ["string", "null"], "description": "Why it has nothing to show; null where it has."},
    "blocks": {"type": "array", "items": {"$ref": "#/$defs/Block"}, "description": "In reading order; none of a missing one."},
}

Describe = Callable[[Any], Iterator[tuple[str, str]]]


def document_schema(described: Describe) -> dict[str, Any]:
    """The schema of `toolkit.report.formats.data.as_data`.

    Args:
        described: Fields of a class with what its docstring says of them.
    """
    defs: dict[str, Any] = {"Section": _object("A section of a report.", SECTION)}
    defs["Block"] = {}  # a figure holds blocks
    defs["Block"] = {
        "description": "One of the kinds of blocks; `kind` says which.",
        "anyOf": [_of(one, defs, described) for one in get_args(d.Block)],
    }
    whole = _object(_doc(d.Document), TOP)
    return {"title": "Report", **whole, "$defs": dict(sorted(defs.items()))}


def _of(kind: Any, defs: dict[str, Any], described: Describe) -> dict[str, Any]:
    """The schema of a type; classes go to the definitions."""
    arguments = get_args(kind)
    if kind in PLAIN:
        return {"type": PLAIN[kind]}
    if get_origin(kind) is Literal:
        return {"enum": list(arguments)}
    if get_origin(kind) is tuple:
        items = [_of(one, defs, described) for one in arguments if one is not Ellipsis]
        exact = {"prefixItems": items, "minItems": len(items), "maxItems": len(items)}
        return {"type": "array", **({"items": items[0]} if arguments[-1] is Ellipsis else exact)}
    if kind == d.Block and "Block" in defs:
        return {"$ref": "#/$defs/Block"}
    if get_origin(kind) in (Union, UnionType):
        return {"anyOf": [_of(one, defs, described) for one in arguments]}
    if not isinstance(kind, type) or not is_dataclass(kind):
        raise TypeError(f"a document holds no {kind}")
    name = str(kind.__qualname__)
    if name not in defs:
        defs[name] = {}  # before its fields, which may hold it again
        defs[name] = _object(_doc(kind), DRAWN if kind is d.Chart else _fields(kind, defs, described))
    return {"$ref": f"#/$defs/{name}"}


def _fields(kind: Any, defs: dict[str, Any], described: Describe) -> dict[str, Any]:
    hints, texts = get_type_hints(kind), dict(described(kind))
    found = {"kind": {"const": kind.kind}} if hasattr(kind, "kind") else {}
    for field in fields(kind):
        schema = _of(hints[field.name], defs, described)
        found[field.name] = {**schema, **({"description": texts[field.name]} if field.name in texts else {})}
    return found


def _object(words: str, properties: dict[str, Any]) -> dict[str, Any]:
    return {
        "type": "object",
        "description": words,
        "properties": properties,
        "required": list(properties),
        "additionalProperties": True,
    }


def _doc(kind: Any) -> str:
    return inspect.cleandoc(kind.__doc__ or "").partition("\n\nAttributes:")[0]
