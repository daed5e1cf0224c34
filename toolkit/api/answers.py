"""What every answer of the Python API shares: its record, and how a notebook shows it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import polars as pl
from markupsafe import Markup

from toolkit.app.runs import to_json
from toolkit.core.text import figure

ROWS = 40
"""Most rows of a table in a notebook; a frame has them all."""


@dataclass(frozen=True, eq=False)
class Answer:
    """An answer to a question.

    Attributes:
        record: JSON-ready, the same object that the command prints with `--json`.
    """

    record: Mapping[str, Any]

    def to_json(self) -> str:
        """The record as JSON text, byte for byte that of the command."""
        return to_json(self.record)


def rows(entries: Iterable[Mapping[str, Any]], columns: Sequence[str] | None = None) -> pl.DataFrame:
    """Entries of a record as a frame.

    Args:
        entries: One a row.
        columns: Those kept, in order; by default all.
    """
    kept = [entry if columns is None else {name: entry[name] for name in columns} for entry in entries]
    return pl.DataFrame(kept, schema=None if kept or columns is None else list(columns), infer_schema_length=None)


def html(title: str, *parts: str | Mapping[str, Any] | pl.DataFrame) -> str:
    """Sentences, named figures and tables under a title, for a notebook; every text is escaped."""
    return Markup("<section><h4>{}</h4>{}</section>").format(title, Markup().join(map(_part, parts)))


def _part(part: str | Mapping[str, Any] | pl.DataFrame) -> Markup:
    if isinstance(part, str):
        return Markup("<p>{}</p>").format(part)
    if isinstance(part, Mapping):
        told = Markup().join(Markup("<tr><th>{}</th><td>{}</td></tr>").format(key, shown(part[key])) for key in part)
        return Markup("<table>{}</table>").format(told)
    head = Markup().join(Markup("<th>{}</th>").format(name) for name in part.columns)
    body = Markup().join(
        Markup("<tr>{}</tr>").format(Markup().join(Markup("<td>{}</td>").format(shown(cell)) for cell in row))
        for row in part.head(ROWS).iter_rows()
    )
    more = Markup("<p>{} more rows</p>").format(part.height - ROWS) if part.height > ROWS else Markup()
    return Markup("<table><thead><tr>{}</tr></thead><tbody>{}</tbody></table>{}").format(head, body, more)


def shown(value: Any) -> str:
    """A cell: numbers at four digits, nothing for what is missing."""
    if value is None:
        return ""
    if isinstance(value, float):
        return figure(value, 4)
    return ", ".join(map(shown, value)) if isinstance(value, list | tuple) else str(value)
