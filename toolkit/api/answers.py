"""What every answer of the Python API shares: its record, and its document as text and as a page."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import fields
from functools import cached_property
from pathlib import Path
from pkgutil import resolve_name
from typing import TYPE_CHECKING, Any, ClassVar, Generic, Self, TypeVar, cast

import polars as pl
from markupsafe import Markup

from toolkit.api.market import PathText
from toolkit.app.context import Context
from toolkit.app.runs import put, to_json
from toolkit.app.threads import one_thread
from toolkit.core.errors import SpecError
from toolkit.records.base import Record
from toolkit.records.sources import Beside

if TYPE_CHECKING:
    from toolkit.app.subjects import Subject
    from toolkit.report.document import Document
    from toolkit.report.i18n.language import Language

LINE_OF_TEXT = 100
"""Cells of a line of text."""
DAYS = {
    "as_of", "bought", "day", "decided", "first", "free_from", "last", "peak", "price_date", "since", "start", "status_since",
    "trough", "until", "written",
}  # fmt: skip
"""Columns of frames that are days, which JSON has as text."""
RecordT = TypeVar("RecordT", bound=Record)


class Answer(Generic[RecordT]):
    """An answer to a question: printed as the command prints it, warnings at the end, and shown as its page in a notebook.

    Attributes:
        told: Function of `toolkit.report` that composes the document, by its path.
        found: The record with its fields typed.
        context: The owner, the day, and what was known on it.
    """

    told: ClassVar[str]
    found: RecordT
    context: Context

    _reading: ClassVar[Collection[str]] = ()

    @cached_property
    def record(self) -> Mapping[str, Any]:
        """JSON-ready, the same object that the command prints with `--json`."""
        return self.found.to_json()

    def to_json(self) -> str:
        """The record as JSON text, byte for byte what the command stores."""
        return to_json(self.record)

    def document(self, say: Language) -> Document:
        """The answer as a document in a language."""
        return resolve_name(f"toolkit.report.{self.told}")(self.found, say)

    def __str__(self) -> str:
        return self._written("terminal")

    def __repr__(self) -> str:
        return str(self)

    def __copy__(self) -> Self:
        return self  # nothing of an answer changes

    def __deepcopy__(self, memo: Any) -> Self:
        return self

    def __reduce__(self) -> tuple[Any, ...]:
        """Pickled as its record and what it was asked of; another process reads the data package itself."""
        return type(self), tuple(getattr(self, field.name) for field in fields(cast("Any", self)))

    def _repr_html_(self) -> str:
        # A frame of its own keeps the styles of the page and of the notebook apart.
        style = "width:100%;height:36em;border:0"
        return Markup('<iframe sandbox srcdoc="{}" style="{}"></iframe>').format(self._written("html"), style)

    def _written(self, format: str) -> str:  # noqa: A002  # the word of the option
        from toolkit.app.answers import answered  # noqa: PLC0415  # who asks for figures alone needs no document

        lang = self.context.settings.config.output.language
        # Warnings and how own prices were read, which the command writes to stderr; its other notes are in `record`.
        kept = [row for row in self.record.get("remarks", ()) if row["kind"] != "note" or row["text"] in self._reading]
        beside = Beside.model_validate({"remarks": kept, "phrases": self.record.get("phrases", {})})
        return answered(self.document, format, lang, width=LINE_OF_TEXT, bold=False, beside=beside)


class ReportedAnswer(Answer[RecordT]):
    """An answer that a report can be written on."""

    @property
    def warnings(self) -> list[str]:
        """What the answer rests on and may fail by."""
        return list(self.record["warnings"])

    @cached_property
    def _subject(self) -> Subject:
        """What the report is about, which who asks for figures alone does not pay for."""
        raise NotImplementedError

    @one_thread()
    def report(
        self, path: PathText, *, language: str | None = None, name: str | None = None, theme: PathText | None = None
    ) -> Path:
        """Write a report and return its path; `SpecError` for an ending that is no format.

        Args:
            path: Of the file; its ending is the format: html, md, pdf, eml, xlsx or json.
            language: Code of a language; by default that of the settings.
            name: Of a report, or the path of its definition; by default the usual one of its kind of subject.
            theme: Whose report it is: a TOML file with name, logo, two colours and footer.
        """
        from toolkit.app.report.render import FORMATS, format_of, report  # noqa: PLC0415  # the drawing library is large
        from toolkit.app.report.theme import brand_of  # noqa: PLC0415
        from toolkit.app.subjects import DEFAULT_REPORT  # noqa: PLC0415

        target, subject = Path(path), self._subject
        if (kind := format_of(target)) is None:
            endings = ", ".join(f".{entry.suffix}" for entry in FORMATS.values())
            raise SpecError(f"{target} ends in no format of reports.", hint=f"Formats end in {endings}.")
        chosen, lang = name or DEFAULT_REPORT[subject.record.kind], language or self.context.settings.config.output.language
        brand = None if theme is None else brand_of(str(theme))
        return put(target, report(subject.record, subject.parts, name=chosen, lang=lang, format=kind, brand=brand))


def rows(entries: Iterable[Mapping[str, Any]], columns: Sequence[str] | None = None) -> pl.DataFrame:
    """Entries of a record as a frame.

    Args:
        entries: One a row.
        columns: Those kept, in order; by default all. Those of `DAYS` are dates.
    """
    kept = [entry if columns is None else {name: entry[name] for name in columns} for entry in entries]
    found = pl.DataFrame(kept, schema=None if kept or columns is None else list(columns), infer_schema_length=None)
    return found.with_columns(pl.col(name).cast(pl.String).str.to_date() for name in DAYS & {*found.columns})
