"""A document in the few forms that every medium has: titles, words, lists, tables, pictures.

A page shows a control matrix with marks, a phone a stack of rows, a mail or a text neither. Here each kind of block is told
once in forms that no medium lacks; what a medium can show better, it takes from the block itself before it asks.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any, Literal

from toolkit.report import document as d
from toolkit.report.i18n.language import Language
from toolkit.report.i18n.text import NONE, Text, muted, plain, strong, text


@dataclass(frozen=True, slots=True)
class Title:
    """A heading; the result of the document is of level 1, a section of 2, a finding of 3, one of several charts of 4."""

    text: Text
    level: int


@dataclass(frozen=True, slots=True)
class Words:
    """A paragraph. `tone` says what it is: the answer, the body, what is measured, where it comes from."""

    text: Text
    tone: Literal["answer", "body", "sub", "source"] = "body"


@dataclass(frozen=True, slots=True)
class Items:
    """A list of (marker or date, words); `assumed` sets the words in the assumption type."""

    items: tuple[tuple[str, Text], ...]
    assumed: bool = False


@dataclass(frozen=True, slots=True)
class Key:
    """Legend of what follows: (mark, words); a medium without marks leaves it out."""

    items: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class PlainData:
    """The data table behind a chart; a medium for reading may leave it out."""

    table: d.Table


Form = Title | Words | Items | Key | d.Table | d.Chart | PlainData


@dataclass(frozen=True, slots=True)
class Medium:
    """What a document is told in.

    Attributes:
        say: The language.
        shows: Kinds of blocks that the medium shows in a way of its own; they are handed over as they are.
    """

    say: Language
    shows: frozenset[type[Any]] = frozenset()

    def told(self, document: d.Document) -> Iterator[Form | d.Block]:
        """A document in the common forms: of each section its title, and what it shows or why that is missing."""
        for section in document.sections:
            if section.title:
                yield Title(text(section.title), 2)
            if section.missing:
                yield Words(text(section.missing))
            for block in section.blocks:
                yield from self.forms(block)

    def forms(self, block: d.Block) -> Iterator[Form | d.Block]:
        """A block in the common forms, in reading order.

        Raises:
            KeyError: for a kind of block that has none yet: a fault of who added the kind.
        """
        if type(block) in self.shows:
            yield block
        else:
            yield from _forms(block, self)


def isolated(words: str) -> str:
    """Words on one line that turn the direction of writing of nothing but themselves.

    Control characters and breaks become spaces. Where a character sets a direction, the words stand between U+2068 and U+2069,
    and hold no isolate of their own that could end this one.
    """
    words = _ISOLATES.sub("", _BREAKS.sub(" ", words))
    turns = any(unicodedata.bidirectional(character) in _TURNING for character in words)
    return f"\u2068{words}\u2069" if turns else words


_BREAKS = re.compile(r"\s*[\x00-\x1f\x7f-\x9f\u2028\u2029]+\s*")
_ISOLATES = re.compile("[\u2066-\u2069]")
_TURNING = frozenset({"R", "AL", "AN", "RLE", "RLO", "LRE", "LRO", "PDF"})
"""Classes of characters that set the direction of writing of what stands beside them."""


def _forms(block: d.Block, medium: Medium) -> Iterator[Form | d.Block]:  # noqa: PLR0912  # a kind of block each
    match block:
        case d.Heading():
            yield Title(block.text, 1)
        case d.Paragraph():
            yield Words(block.text, {"answer": "answer", "intro": "sub"}.get(block.role, "body"))  # type: ignore[arg-type]
        case d.KeyFigures():
            yield Items(
                tuple(("", text(f"{item.label}: ", _bold(item.value), _in_brackets(item.note))) for item in block.items)
            )
        case d.Status():
            yield Items(tuple(("", text(f"{label}: ", words)) for label, words in block.items))
        case d.Figure():
            yield from _figure(block, medium)
        case d.Columns():
            for figure in block.figures:
                yield from medium.forms(figure)
        case d.Table():
            yield _with_gauge(block, medium) if block.gauge else block
        case d.BarTable():  # the bars draw what the cells say; only the limits above them are told apart
            rows = tuple(d.Row((bar.label, *bar.cells), bar.total) for bar in block.bars)
            yield d.Table(block.caption, (d.Column(block.head, "left"), *block.columns), rows)
            if block.caps:
                yield Words(text("; ".join(words for _, words in block.caps)), "source")
        case d.Chart():
            yield block
        case d.Matrix():
            yield from _matrix(block)
        case d.Calendar():
            yield Items(tuple((date.written, _date(date)) for date in block.dates))
        case d.Notes():
            yield Items(block.items, block.assumed)
        case d.Panel():
            yield from map(Words, block.paragraphs)
        case d.Panels():
            yield from _panels(block)
        case _:
            raise KeyError(block)


def _figure(block: d.Figure, medium: Medium) -> Iterator[Form | d.Block]:
    yield Title(block.title, 3)
    if block.sub:
        yield Words(block.sub, "sub")
    if block.legend:
        yield Key(block.legend)
    for part in block.body:
        yield from medium.forms(part)
    if block.source:
        yield Words(block.source, "source")
    if block.data:
        yield PlainData(block.data)


def _with_gauge(block: d.Table, medium: Medium) -> d.Table:
    """A gauge is told as the share it draws."""
    rows = (
        d.Row((*row.cells, text(medium.say.fmt.percent(row.gauge, 0)) if row.gauge is not None else ()), row.total, row.anchor)
        for row in block.rows
    )
    return d.Table(block.caption, (*block.columns, d.Column(block.gauge)), tuple(rows), block.stacks)


def _matrix(block: d.Matrix) -> Iterator[Form]:
    """Lines with states as a table; lines with a reason instead follow it as a list."""
    columns = (d.Column(block.head, "left"), *(d.Column(head, "left", short) for head, short in block.columns))
    rows = tuple(d.Row((_line(line), *(_state(state) for state in line.states))) for line in block.lines if line.states)
    if rows:
        yield d.Table(block.caption, columns, rows)
    reasons = tuple((line.symbols, text(line.names, ": ", line.reason)) for line in block.lines if not line.states)
    if reasons:
        yield Items(reasons)


def _date(date: d.Date) -> Text:
    stop = "" if plain(date.what).endswith(".") else ". "
    return text(muted(f"{date.away}: "), date.what, stop, date.note, f" ({date.standing})")


def _panels(block: d.Panels) -> Iterator[Form]:
    if block.legend:
        yield Key(block.legend)
    for item in block.items:
        yield Title(item.title, 4)
        if item.note:
            yield Words(item.note, "sub")
        yield item.chart


def _bold(value: Text) -> Text:
    """The figure itself in bold, unless it says more of itself already."""
    return tuple(replace(span, style="strong") if span.style == "plain" else span for span in value)


def _in_brackets(note: Text) -> Text:
    return text(" (", note, ")") if note else ()


def _line(line: d.Line) -> Text:
    return text(strong(line.symbols), " ", line.names)


def _state(state: d.State | None) -> Text:
    """A cell of the matrix: the words hold the state that the mark shows."""
    if state is None:
        return text(NONE)
    message = strong(state.words) if state.urgent else state.words
    return text(state.number, ", " if state.number and state.words else "", message)
