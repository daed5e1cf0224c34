"""Findings of subjects that state only what a section reads: records without their other fields, which no code reads then."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from types import NoneType
from typing import Annotated, Any, Literal, get_args, get_origin

from toolkit.records.base import Record
from toolkit.records.findings import Parts
from toolkit.records.parts.supply import SupplyPart
from toolkit.records.subjects import MODELS, kind_of
from toolkit.report.findings import Findings
from toolkit.report.i18n.language import Language

MISSING = object()


def partial_findings(
    record: Mapping[str, Any], parts: Mapping[str, Any] | None = None, language: Language | None = None
) -> Findings:
    """Findings of the JSON of a subject and of parts beside it, of which keys may be missing: what may be null is, texts, lists and tables are empty."""
    return Findings.of(partial(MODELS[kind_of(record)], record), partial(Parts, parts or {}), language)


def partial(kind: Any, value: Any) -> Any:
    """The JSON of a type as the record that it is, whatever fields are missing."""
    arguments, origin = get_args(kind), get_origin(kind)
    if value is None or isinstance(value, Record):
        return value
    if origin is Annotated or NoneType in arguments:
        return partial(arguments[0], value)
    if isinstance(kind, type) and issubclass(kind, Record):
        return _constructed(kind, value)
    if origin is tuple:
        return tuple(partial(arguments[0], item) for item in value)
    if isinstance(value, Mapping) and len(arguments) == 2:
        return {key: partial(arguments[1], item) for key, item in value.items()}
    return value


def _constructed(kind: type[Record], value: Mapping[str, Any]) -> Record:
    given = dict(value)
    for name, field in kind.model_fields.items():
        key = field.alias or name
        if key in value:
            given[key] = partial(field.annotation, value[key])
        elif field.is_required():
            given[key] = _empty(field.annotation)
    return kind.model_construct(**{key: item for key, item in given.items() if item is not MISSING})


def _empty(kind: Any) -> Any:
    """What stands for a field that is missing: null, or what is empty; `MISSING` for a figure."""
    if NoneType in get_args(kind):
        return None
    if isinstance(kind, type) and issubclass(kind, Record):
        return _constructed(kind, {})
    return "" if kind is str or get_origin(kind) is Literal else {tuple: (), Mapping: {}}.get(get_origin(kind), MISSING)


def with_metals(run: Findings, only: str | None = None, **fields: Any) -> Findings:
    """Findings with other fields of a metal, or of each metal, in the part on supply."""
    part = run.part(SupplyPart)
    metals = tuple(metal.model_copy(update=fields) if only in (None, metal.asset) else metal for metal in part.metals)
    return replace(run, parts=run.parts.model_copy(update={"supply": part.model_copy(update={"metals": metals})}))
