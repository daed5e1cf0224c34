"""Strategies as TOML text: what was set, key by key, in the order of the models."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from datetime import date
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel

if TYPE_CHECKING:
    from toolkit.strategy.model import Strategy

LISTED = {"constraints": "constraint", "scenarios": "scenario", "views": "view"}
"""Field of a strategy -> table of its file that is written as [[...]]."""


def strategy_toml(strategy: Strategy) -> str:
    """The text of a strategy file; keys that nobody set and that have their default are left out.

    A table that may be absent is written even where all of its keys are: ``[costs]`` alone optimizes the costs.
    """
    parts = []
    for name, field in type(strategy).model_fields.items():
        value = getattr(strategy, name)
        if name in LISTED:
            parts += [_table(f"[[{LISTED[name]}]]", entry) for entry in value]
        elif isinstance(value, BaseModel) and (name == "about" or field.default is None or _kept(value)):
            parts.append(_table(f"[{name}]", value))
    return "\n\n".join(parts) + "\n"


def _table(header: str, model: BaseModel) -> str:
    return "\n".join((header, *(f"{_key(name)} = {toml_value(value)}" for name, value in _kept(model).items())))


def _kept(model: BaseModel) -> dict[str, Any]:
    """The values that a file must state: the kind, and what was set or is not the default."""
    values = {name: getattr(model, name) for name in type(model).model_fields}
    fields = type(model).model_fields
    return {
        name: value
        for name, value in values.items()
        if value is not None
        and (name == "kind" or name in model.model_fields_set or value != fields[name].get_default(call_default_factory=True))
    }


def _key(name: str) -> str:
    return name if name.isascii() and name.replace("_", "").replace("-", "").isalnum() else json.dumps(name)


def toml_value(value: Any) -> str:
    """A value, or a model as an inline table, as TOML writes it."""
    if isinstance(value, BaseModel):
        return toml_value(_kept(value))
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{_key(key)} = {toml_value(entry)}" for key, entry in value.items()) + "}"
    if isinstance(value, Iterable) and not isinstance(value, str):
        return "[" + ", ".join(map(toml_value, value)) + "]"
    if isinstance(value, date):
        return value.isoformat()
    # JSON writes text, numbers and truth as TOML does, but for the character 127, which TOML wants escaped.
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
