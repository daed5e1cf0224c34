"""The language of strategies as its own models tell it: every table, every kind, its keys with type and default."""

from __future__ import annotations

import inspect
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, get_args

from pydantic import BaseModel

from toolkit.factors.covariance import CovarianceSpec
from toolkit.factors.expected import ReturnsSpec
from toolkit.optimize.terms import constraint_kinds, objective_kinds
from toolkit.strategy.decode import SECTIONS


def language() -> list[dict[str, Any]]:
    """One entry a table or kind: where it is written, its kind, what it says of itself, and its keys."""
    return [
        *_tables(),
        *(_entry("[objective]", name, model) for name, model in objective_kinds().items()),
        *(_entry("[[constraint]]", name, model) for name, model in constraint_kinds().items()),
        *(_entry("[forecast] covariance", _kind(model), model) for model in _members(CovarianceSpec)),
        *(_entry("[forecast] returns", _kind(model), model) for model in _members(ReturnsSpec)),
    ]


def _tables() -> Iterator[dict[str, Any]]:
    for name, model in SECTIONS.items():
        yield _entry(f"[{name}]", None, model)


def _members(annotated: Any) -> tuple[type[BaseModel], ...]:
    """The models of a discriminated union."""
    return get_args(get_args(annotated)[0])


def _kind(model: type[BaseModel]) -> str:
    return str(model.model_fields["kind"].default)


def _entry(where: str, kind: str | None, model: type[BaseModel]) -> dict[str, Any]:
    schema = model.model_json_schema()
    required, known = set(schema.get("required", ())), schema.get("$defs", {})
    keys = [
        {
            "key": key,
            "type": _type(body, known),
            "required": key in required,
            "default": body.get("default"),
        }
        for key, body in schema.get("properties", {}).items()
        if key != "kind"
    ]
    return {"table": where, "kind": kind, "says": _says(model), "keys": keys}


def _says(model: type[BaseModel]) -> str:
    """The docstring up to its list of attributes, in one paragraph."""
    text = (inspect.getdoc(model) or "").split("Attributes:")[0].split("Args:")[0]
    return " ".join(text.replace("``", "`").split())


def markdown(entries: Sequence[Mapping[str, Any]]) -> str:
    """The entries as a page."""
    lines: list[str] = []
    for entry in entries:
        kind = "" if entry["kind"] is None else f' kind = "{entry["kind"]}"'
        lines += [f"### `{entry['table']}{kind}`", "", entry["says"], ""]
        for key in entry["keys"]:
            default = (
                "required"
                if key["required"]
                else "optional"
                if _empty(key["default"])
                else f"default `{_toml(key['default'])}`"
            )
            lines.append(f"- `{key['key']}`: {key['type']}, {default}")
        lines += [""] * bool(entry["keys"])
    return "\n".join(lines).rstrip()


def _empty(value: Any) -> bool:
    return value is None or value in ([], {})


def _toml(value: Any) -> str:
    """A default as it would be written."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str):
        return f'"{value}"'
    if isinstance(value, Mapping):
        inner = ", ".join(f"{key} = {_toml(item)}" for key, item in value.items() if not _empty(item))
        return "{" + inner + "}"
    if isinstance(value, list):
        return "[" + ", ".join(_toml(item) for item in value) + "]"
    return f"{value:g}"


WORDS = {"string": "text", "integer": "whole number", "number": "number", "boolean": "true | false", "object": "table"}


def _type(body: Mapping[str, Any], known: Mapping[str, Any]) -> str:
    """A type in a reader's words, from its JSON schema."""
    if "$ref" in body:
        return _type(known[str(body["$ref"]).rsplit("/", 1)[-1]], known)
    choices = body.get("anyOf") or body.get("oneOf")
    if choices:
        return " | ".join(dict.fromkeys(_type(part, known) for part in choices if part.get("type") != "null"))
    values = body.get("enum") or ([body["const"]] if "const" in body else [])
    if values:
        return " | ".join(f'"{value}"' for value in values)
    if body.get("type") == "array":
        return f"[{_type(body.get('items', {}), known)}, ...]"
    if isinstance(body.get("additionalProperties"), Mapping):
        return f"{{name = {_type(body['additionalProperties'], known)}}}"
    return WORDS.get(str(body.get("type")), "any")
