"""From what was found to a report in a format: definition, theme and language come from the folders of `reports/`."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from os import PathLike
from pathlib import Path
from types import MappingProxyType
from typing import Literal

from jinja2 import TemplateError
from pydantic import Field

from toolkit.app.definitions import find
from toolkit.app.languages import ENGLISH, language
from toolkit.app.report.drawings import kept_bitmap
from toolkit.app.report.pdf import pdf
from toolkit.app.report.theme import theme
from toolkit.core.decode import Spec, decode, read_toml
from toolkit.core.errors import SpecError, did_you_mean
from toolkit.records.findings import Parts
from toolkit.records.subjects import Subject
from toolkit.report.compose import ReportDefinition, compose, looked_at
from toolkit.report.document import Document, Layout
from toolkit.report.findings import Findings
from toolkit.report.formats.brand import Brand
from toolkit.report.formats.data import as_data
from toolkit.report.formats.email import letter, mail
from toolkit.report.formats.html import render
from toolkit.report.formats.markdown import markdown
from toolkit.report.formats.terminal import terminal
from toolkit.report.formats.workbook import workbook
from toolkit.report.i18n.language import Language

DEFAULT = "allocation"
OWN = Brand()
"""Of the toolkit itself."""


class ReportSpec(Spec):
    """`reports/NAME.toml`: users copy one and reorder the sections."""

    title: str = Field(min_length=1)
    sections: tuple[str, ...] = Field(min_length=1)
    layout: Layout = "page"
    length: Literal["short", "full"] = "full"
    told: tuple[str, ...] = ()
    alone: tuple[str, ...] = ()
    pairs: tuple[tuple[str, str], ...] = ()

    @property
    def definition(self) -> ReportDefinition:
        """What the report is composed of."""
        short = self.length == "short"
        return ReportDefinition(self.title, self.sections, self.layout, short, self.told, self.alone, self.pairs)


@dataclass(frozen=True, slots=True)
class Format:
    """A format of reports: the ending of its file, and how it is made from a document, its language and a brand."""

    suffix: str
    make: Callable[..., bytes]


def as_document(
    record: Subject, parts: Parts | None = None, *, name: str = DEFAULT, lang: str = ENGLISH
) -> tuple[Document, Language]:
    """The document of a report, and the language it is in.

    Args:
        record: What it is about (`Findings.record`).
        parts: What was found beside it (`toolkit.app.topics`).
        name: A report by name, or the path of its TOML file.
        lang: Code of a language.

    Raises:
        SpecError: for a definition, a section or a language that does not exist or is not valid.
    """
    path = find("reports", name).path
    spec = decode(ReportSpec, read_toml(path), file=str(path))
    say = language(lang)
    found = Findings.of(record, looked_at(parts or Parts(), spec.definition), say)
    return compose(found, spec.definition), say


def report(
    record: Subject,
    parts: Parts | None = None,
    *,
    name: str = DEFAULT,
    lang: str = ENGLISH,
    format: str = "html",  # noqa: A002  # the word of the option
    brand: Brand | None = None,
) -> bytes:
    """A report in a format; arguments as `as_document`.

    Raises:
        SpecError: likewise, and for a format that does not exist.
    """
    if format not in FORMATS:
        raise SpecError("no format is named {format!r:s}.", hint=did_you_mean(format, FORMATS), format=format)
    document, say = as_document(record, parts, name=name, lang=lang)
    try:
        return FORMATS[format].make(document, say, brand or Brand())
    except TemplateError as error:
        raise SpecError(
            "a template of the report is not valid: {error:s}.", hint="See reports/templates/.", error=str(error)
        ) from error


def _mail(document: Document, say: Language, brand: Brand = OWN) -> bytes:
    look = theme(brand)
    return mail(letter(document, say), look.templates, kept_bitmap, say, render(document, look, say).encode(), brand)


def _json(document: Document) -> bytes:
    return (json.dumps(as_data(document), ensure_ascii=False, allow_nan=False, indent=1) + "\n").encode()


FORMATS: Mapping[str, Format] = MappingProxyType(
    {
        "html": Format("html", lambda document, say, brand=OWN: render(document, theme(brand), say).encode()),
        "email": Format("eml", _mail),
        "pdf": Format("pdf", lambda document, say, brand=OWN: pdf(document, theme(brand), say)),
        "md": Format("md", lambda document, say, _=OWN: markdown(document, say).encode()),
        "json": Format("json", lambda document, *_: _json(document)),
        "xlsx": Format("xlsx", lambda document, say, _=OWN: workbook(document, say)),
        "terminal": Format("txt", lambda document, say, _=OWN: terminal(document, say).encode()),
    }
)
"""Formats by the word of `--format`."""


def format_of(path: str | PathLike[str]) -> str | None:
    """The format that the ending of a file means; None where it means none."""
    return next((word for word, entry in FORMATS.items() if Path(path).suffix == f".{entry.suffix}"), None)
