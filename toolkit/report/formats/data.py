"""A document as data, for programs that read reports: `toolkit report --format json`.

The object has, in this order: ``schema_version``, ``kind`` ("report"), ``language``, ``title``, ``as_of`` (ISO date),
``subject``, ``run_id`` (null where the report is about no run), and ``sections``. A section has ``name`` (as report definitions
name it), ``title`` (empty for the one that opens the page), ``missing`` (why it has nothing to show, or null) and ``blocks``.
A block has its ``kind`` first and then the fields of the class of that kind in `toolkit.report.document`, in their order. Words
are lists of spans with ``text``, ``style`` and ``refs`` (markers of sources and assumptions). A chart has ``told``, the words
that say it with its numbers; its drawing is left out, the figure around it holds the ``data``.
"""

from __future__ import annotations

from dataclasses import fields, is_dataclass
from typing import Any

from toolkit.report.document import Chart, Document, Section

SCHEMA = 1
"""Raised when a field changes its meaning or goes; a new field or kind of block raises nothing."""


def as_data(document: Document) -> dict[str, Any]:
    """The document as JSON-ready data in a fixed order."""
    return {
        "schema_version": SCHEMA,
        "kind": "report",
        "language": document.language,
        "title": document.title,
        "as_of": document.as_of,
        "subject": document.subject,
        "run_id": document.run_id or None,
        "sections": [_section(section) for section in document.sections],
    }


def _section(section: Section) -> dict[str, Any]:
    missing = section.missing or None
    return {"name": section.name, "title": section.title, "missing": missing, "blocks": _plain(section.blocks)}


def _plain(value: Any) -> Any:
    if isinstance(value, Chart):
        return {"kind": value.kind, "told": value.told}
    if isinstance(value, tuple):
        return [_plain(item) for item in value]
    if not is_dataclass(value):
        return value
    kind = getattr(value, "kind", None)
    told = {field.name: _plain(getattr(value, field.name)) for field in fields(value)}
    return {"kind": kind, **told} if kind else told
