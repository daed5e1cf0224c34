"""What every answer of the Python API shares: its record, and its document as text and as a page."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import polars as pl
from markupsafe import Markup

from toolkit.app.context import Context
from toolkit.app.runs import to_json
from toolkit.records.sources import Beside

if TYPE_CHECKING:
    from toolkit.report.document import Document
    from toolkit.report.i18n.language import Language

WIDTH = 100
"""Cells of a line of text."""


@dataclass(frozen=True, eq=False)
class Answer(ABC):
    """An answer to a question: printed as the command prints it, warnings at the end, and shown as its page in a notebook.

    Attributes:
        record: JSON-ready, the same object that the command prints with `--json`.
        context: The owner, the day, and what was known on it.
    """

    record: Mapping[str, Any]
    context: Context = field(repr=False)

    def to_json(self) -> str:
        """The record as JSON text, byte for byte what the command stores."""
        return to_json(self.record)

    @abstractmethod
    def document(self, say: Language) -> Document:
        """The answer as a document in a language."""

    def __str__(self) -> str:
        return self._written("terminal")

    def _repr_html_(self) -> str:
        # A frame of its own keeps the styles of the page and of the notebook apart.
        style = "width:100%;height:36em;border:0"
        return Markup('<iframe sandbox srcdoc="{}" style="{}"></iframe>').format(self._written("html"), style)

    def _beside(self) -> Beside:
        """Warnings, which the command writes to stderr; its notes are in `record`."""
        kept = [row for row in self.record.get("remarks", ()) if row["kind"] != "note"]
        return Beside.model_validate({"remarks": kept, "phrases": self.record.get("phrases", {})})

    def _written(self, format: str) -> str:  # noqa: A002  # the word of the option
        from toolkit.app.answers import answered  # noqa: PLC0415  # who asks for figures alone needs no document

        lang = self.context.settings.config.output.language
        return answered(self.document, format, lang, width=WIDTH, bold=False, beside=self._beside())


def rows(entries: Iterable[Mapping[str, Any]], columns: Sequence[str] | None = None) -> pl.DataFrame:
    """Entries of a record as a frame.

    Args:
        entries: One a row.
        columns: Those kept, in order; by default all.
    """
    kept = [entry if columns is None else {name: entry[name] for name in columns} for entry in entries]
    return pl.DataFrame(kept, schema=None if kept or columns is None else list(columns), infer_schema_length=None)
