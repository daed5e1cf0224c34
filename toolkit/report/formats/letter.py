"""From a `Document` to the short one that a mail is: the answer, its figures, the dates ahead, and what the report finds.

The report itself is attached, so that no table is squeezed into a mail, and the text beside the page is written to be read.
"""

from __future__ import annotations

import textwrap
from collections.abc import Iterator
from dataclasses import fields, is_dataclass, replace
from typing import Any

from toolkit.report import document as d
from toolkit.report.formats.plain import Items, Medium, Title, Words, isolated
from toolkit.report.i18n.language import Language
from toolkit.report.i18n.text import Span, Text, plain

DATES, WIDTH = 4, 72
"""Dates of a mail at most; characters of a line of its text (RFC 3676)."""


def letter(document: d.Document, say: Language) -> d.Document:
    """The document as a mail tells it, without the markers of sources: what they stand for is in the report.

    Args:
        document: The whole report.
        say: Its language.
    """
    opening = tuple(section for section in document.sections if not section.title)
    dates = [section for section in document.sections if (section.title and _calendar(section))]
    found = tuple((section.title, finding) for section in document.sections if section.title for finding in _finding(section))
    contents = d.Section("contents", say.words("In the attached report"), (d.Notes(found),)) if found else None
    sections = (
        *opening,
        *(replace(section, content=_calendar(section)) for section in dates),
        *((contents,) if contents else ()),
    )
    return replace(document, sections=_unmarked(sections))


def _calendar(section: d.Section) -> tuple[d.Block, ...]:
    """The dates of a section that lie ahead, the nearest first."""
    blocks = () if isinstance(section.content, d.Missing) else section.content
    shown = [part for block in blocks for part in (block.body if isinstance(block, d.Figure) else (block,))]
    dates = [one for part in shown if isinstance(part, d.Calendar) for one in part.dates if one.state != "past"]
    return (d.Calendar(tuple(dates[:DATES])),) if dates else ()


def _finding(section: d.Section) -> Iterator[Text]:
    """What a section finds first."""
    for block in () if isinstance(section.content, d.Missing) else section.content:
        for figure in block.figures if isinstance(block, d.Columns) else (block,):
            if isinstance(figure, d.Figure):
                yield figure.title
                return


def _unmarked(value: Any) -> Any:
    if isinstance(value, Span):
        return replace(value, refs=())
    if isinstance(value, tuple):
        return tuple(map(_unmarked, value))
    if not is_dataclass(value) or isinstance(value, d.Drawing | type):
        return value
    return replace(value, **{field.name: _unmarked(getattr(value, field.name)) for field in fields(value)})


def reading(document: d.Document, say: Language) -> str:
    """A document as text to be read: lines of `WIDTH` characters, labels and their words, no tables of signs.

    Args:
        document: What a mail tells.
        say: Its language.
    """
    told = [f"{document.title}, {document.as_of_written}", document.subject]
    paragraphs = ["\n".join(isolated(words) for words in told if words)]
    for section in document.sections:
        if section.title:
            paragraphs.append(_ruled(section.title, "-"))
        if isinstance(section.content, d.Missing):
            paragraphs.append(_filled(section.content.reason))
            continue
        for block in section.content:
            for form in Medium(say).forms(block):
                paragraphs += _paragraphs(form)
    return "\n\n".join(paragraphs) + "\n"


def _paragraphs(form: object) -> Iterator[str]:
    match form:
        case Title():
            yield _ruled(plain(form.text), "=") if form.level == 1 else _filled(plain(form.text))
        case Words():
            yield _filled(plain(form.text))
        case Items():
            yield "\n".join(_filled(_labelled(marker, plain(words)), "- ") for marker, words in form.items)
        case d.Table():
            yield "\n".join(_row(form, row) for row in form.rows)
        case d.Chart():
            yield _filled(form.told)
        case _:  # legends, and the data behind a picture
            return


def _labelled(label: str, words: str) -> str:
    return f"{label}{' ' if label.endswith('?') else ': '}{words}" if label else words


def _row(table: d.Table, row: d.Row) -> str:
    """A row as a line: its head, then what each column says of it."""
    head, *cells = zip(table.columns, row.cells, strict=True)
    said = (f"{column.label} {plain(cell)}" for column, cell in cells if plain(cell))
    return _filled(f"{plain(head[1])}: {', '.join(said)}", "- ")


def _filled(words: str, first: str = "") -> str:
    return textwrap.fill(
        isolated(words), WIDTH, initial_indent=first, subsequent_indent=" " * len(first), break_long_words=False
    )


def _ruled(words: str, sign: str) -> str:
    lines = _filled(words)
    return f"{lines}\n{sign * max(map(len, lines.splitlines()))}"
