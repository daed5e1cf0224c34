"""Findings of subjects that state only what a section reads: records without their other fields, which no code reads then."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, is_dataclass, replace
from dataclasses import fields as fields_of
from datetime import date
from types import NoneType
from typing import Annotated, Any, Literal, get_args, get_origin, get_type_hints

from toolkit.app import report as toolkit_report
from toolkit.app.context import Context
from toolkit.app.topics import Ask
from toolkit.core.messages import message
from toolkit.records.base import Record
from toolkit.records.conflict import Conflict
from toolkit.records.findings import Parts
from toolkit.records.run import Run
from toolkit.records.subjects import BacktestSubject, Holdings, Market
from toolkit.records.supply import Supply
from toolkit.report.findings import Findings
from toolkit.report.i18n.countries import NAMES
from toolkit.report.i18n.language import Language

MISSING = object()
MODELS: Mapping[str, type[Record]] = {
    "run": Run,
    "conflict": Conflict,
    "exposure": Holdings,
    "backtest": BacktestSubject,
    "market": Market,
}


@dataclass(frozen=True)
class Subject:
    """A subject and the parts beside it as JSON, for tests that change keys."""

    record: dict[str, Any]
    parts: dict[str, Any]

    @property
    def kind(self) -> str:
        """Run, conflict, exposure or market."""
        return kind_of(self.record)


def kind_of(record: Mapping[str, Any]) -> str:
    """The kind of a subject by its keys: a run has positions, the others say what they are."""
    return "run" if "positions" in record else record.get("kind") or "market"


def subject_of(record: Any) -> Any:
    """The record of a subject from its JSON."""
    return record if isinstance(record, Record) else MODELS[kind_of(record)].model_validate(record)


def parts_from(parts: Any) -> Parts:
    """The record of parts from their JSON."""
    return parts if isinstance(parts, Parts) else Parts.model_validate(parts or {})


def asked(context: Context, assets: tuple[str, ...], record: Mapping[str, Any]) -> Ask:
    """What parts are asked about a subject of which keys may be missing."""
    kind = "exposure" if {"weights", "exposure"} & record.keys() else kind_of(record)
    return Ask(context, assets, partial(MODELS[kind], record))


def json_of(found: Record | None) -> Any:
    """The JSON of a record; None of none."""
    return None if found is None else found.to_json()


def facts_of(found: Record | None) -> Any:
    """The JSON of a record with days as dates and sentences in English."""

    def read(value: Any) -> Any:
        match value:
            case {"said": str(template), "with": dict(values)}:
                return message(template, **{key: read(item) for key, item in values.items()})
            case dict():
                return {key: read(item) for key, item in value.items()}
            case list():
                return [read(item) for item in value]
            case str() if re.fullmatch(r"\d{4}-\d{2}-\d{2}", value):
                return date.fromisoformat(value)
        return value

    return read(json_of(found))


def report(record: Any, parts: Any = None, **options: Any) -> bytes:
    """`toolkit.app.report.report` of JSON."""
    return toolkit_report.report(subject_of(record), parts_from(parts), **options)


def as_document(record: Any, parts: Any = None, **options: Any) -> Any:
    """`toolkit.app.report.as_document` of JSON."""
    return toolkit_report.as_document(subject_of(record), parts_from(parts), **options)


def report_html(record: Any, name: str = "allocation", parts: Any = None, lang: str = "en") -> str:
    """A report of JSON as one page."""
    return toolkit_report.report(subject_of(record), parts_from(parts), name=name, lang=lang).decode()


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
    if isinstance(kind, type) and is_dataclass(kind):
        return value if isinstance(value, kind) else _dataclass(kind, value)
    if origin is tuple and len(arguments) == 2 and arguments[1] is not ...:
        return tuple(value)
    if kind is date:
        return date.fromisoformat(value) if isinstance(value, str) else value
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


def _dataclass(kind: Any, value: Mapping[str, Any]) -> Any:
    made, types = object.__new__(kind), get_type_hints(kind)
    for field in fields_of(kind):
        given = partial(types[field.name], value[field.name]) if field.name in value else _empty(types[field.name])
        if given is not MISSING:
            object.__setattr__(made, field.name, given)
    return made


def _empty(kind: Any) -> Any:
    """What stands for a field that is missing: null, or what is empty; `MISSING` for a figure."""
    if NoneType in get_args(kind):
        return None
    if isinstance(kind, type) and issubclass(kind, Record):
        return _constructed(kind, {})
    if isinstance(kind, type) and is_dataclass(kind):
        return _dataclass(kind, {})
    return "" if kind is str or get_origin(kind) is Literal else {tuple: (), Mapping: {}}.get(get_origin(kind), MISSING)


def with_metals(run: Findings, only: str | None = None, **fields: Any) -> Findings:
    """Findings with other fields of a metal, or of each metal, in the part on supply."""
    part = run.part(Supply)
    metals = tuple(metal.model_copy(update=fields) if only in (None, metal.asset) else metal for metal in part.metals)
    return replace(run, parts=run.parts.model_copy(update={"supply": part.model_copy(update={"metals": metals})}))


def shown_metal(position: dict) -> str:
    """The metal of a position as a page heads it: an origin of its own is told behind it."""
    of = position["offer_of"]
    return position["asset"].capitalize() if of is None else f"{of.capitalize()} from {NAMES[position['asset'][-3:]]}"


def shown_name(position: dict) -> str:
    """The product of a position as a page names it."""
    return re.sub(r" \((\w{3})\)$", lambda found: f", from {NAMES[found[1]]}", position["name"])
