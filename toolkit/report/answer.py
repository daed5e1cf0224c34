"""The document of an answer, block by block: the answer first, then its tables, then notes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import date
from typing import Any

from toolkit.core.countries import UNKNOWN_ORIGIN
from toolkit.core.messages import retellable
from toolkit.records.base import Phrase
from toolkit.records.sources import Beside, Fault, Remark
from toolkit.report.document import Align, Block, Column, Document, Heading, Notes, Paragraph, Row, Section, Table
from toolkit.report.i18n import names
from toolkit.report.i18n.formats import readable
from toolkit.report.i18n.language import Language
from toolkit.report.i18n.text import Inline, Text, name, plain, text

Cell = Inline | date | int | None

PRICE_KINDS = {"filtered": "estimated_price", "last_print": "last_observed_price", "quote": "own_price_of_a_day"}
"""Kind of a price in a record -> identifier of the words that stand for it."""


class Answer:
    """Blocks in the order in which a reader needs them.

    Templates are messages of the catalogue, with places as in `toolkit.core.messages.Message`: ``{share:.0%}``,
    ``{day:%Y-%m-%d}``, ``{names:and}``. A value that is a key of the data or an ISO-3 code is told as its name.
    """

    def __init__(self, say: Language, as_of: date | str, phrases: Mapping[str, Phrase] | None = None) -> None:
        """An answer without a block.

        Args:
            say: The language.
            as_of: The day that it speaks of.
            phrases: Sentence -> template and values, of a record whose sentences remember them there.
        """
        self.say = say
        self.phrases = phrases or {}
        self.as_of = str(as_of)
        self.blocks: list[Block] = []
        self.sections = [("", self.blocks)]
        self.title = ""

    def told(self, template: str, /, **values: Any) -> Text:
        """A message with its places filled."""
        return self.say.told(template, **values)

    def sentence(self, words: str) -> Text:
        """A sentence that remembers how it was made, or words of the data."""
        return self.say.translate(self.phrase(words))

    def phrase(self, words: str) -> Phrase:
        """The sentence as a value inside a message: its template and values where they are known."""
        return self.phrases.get(words) or retellable(words)

    def heading(self, template: str, /, **values: Any) -> None:
        """The answer in one line, the first of the document."""
        told = self.told(template, **values)
        self.title = plain(told)
        self.blocks.append(Heading(told))

    def subtitle(self, template: str, /, **values: Any) -> None:
        """The title of a section of its own."""
        self.blocks = []
        self.sections.append((plain(self.told(template, **values)), self.blocks))

    def line(self, template: str, /, **values: Any) -> None:
        """A sentence as a paragraph."""
        self.paragraph(self.told(template, **values))

    def paragraph(self, words: Text) -> None:
        """A paragraph that is told already."""
        self.blocks.append(Paragraph(words))

    def lines(self, *sentences: str) -> None:
        """Sentences of what is told, a paragraph each; empty ones are none."""
        self.blocks += [Paragraph(self.sentence(words)) for words in sentences if words]

    def notes(self, sentences: Iterable[str | Text]) -> None:
        """A list of sentences."""
        items = tuple(("", self.sentence(words) if isinstance(words, str) else words) for words in sentences)
        if items:
            self.blocks.append(Notes(items))

    def table(
        self, columns: str, rows: Iterable[Iterable[Cell]], /, *, figures: Iterable[str] = (), keys: int = 1, **values: Any
    ) -> bool:
        """A table, and whether it has a row; without any there is none.

        Args:
            columns: Headings as one message, ``metal | >share``; those that begin with ``>`` are of figures.
            rows: Cells, of which a missing one is empty.
            figures: Headings of further columns of figures, which are names.
            keys: Leading columns that name a row.
            values: What stands in the places of the headings.
        """
        written = tuple(Row(tuple(self._cell(cell) for cell in row)) for row in rows)
        if written:
            heads = [_column(head.strip()) for head in plain(self.told(columns, **values)).split("|")]
            heads += [Column(head) for head in figures]
            caption = ", ".join(head.label for head in heads)
            self.blocks.append(Table(caption, tuple(heads), written, keys=keys))
        return bool(written)

    def number(self, value: float | None, spec: str = "") -> str:
        """A number as a specification of `format` writes it, in this language; none is empty."""
        return "" if value is None else self.say.figure(value, spec)

    def day(self, day: str | date | None) -> str:
        """A day in a table; none is empty."""
        return "" if day is None else self.say.fmt.short_date(day)

    def word(self, identifier: str) -> str:
        """The words of an identifier of the data: a status, a form, an instrument."""
        return self.say.word(identifier)

    def origin(self, code: str) -> str:
        """The ISO-3 code of a country of origin, in words where it is not known."""
        return self.say.words("unknown") if code == UNKNOWN_ORIGIN else code

    def price_kind(self, kind: str) -> str:
        """What the price of a unit is, as pages call it."""
        return self.word(PRICE_KINDS.get(kind, kind))

    def words(self, of: Mapping[str, str], key: str) -> str:
        """A word of a table of messages; a key that it lacks stands for itself."""
        return self.say.words(of[key]) if of.get(key) else of.get(key, readable(key))

    def metal(self, key: str) -> str:
        """The name of a metal, or of a group of metals."""
        return names.of_key(key, self.say)

    def country(self, code: str) -> str:
        """The name of a country, or the words themselves where they are none."""
        return names.country(code, self.say)

    def place(self, where: str | None) -> Text:
        """Where a limit holds: an asset, a factor, a country."""
        return () if where is None else text(name(self.say.known(where)))

    def notice(self, number: str) -> str:
        """The number of a notice, or the authority of one without."""
        return self.say.notice(number)

    def document(self, name: str, title: Text = ()) -> Document:
        """What was told so far; without a title of its own under the name of the command."""
        sections = (
            Section(f"{name}-{i}" if i else name, title, tuple(blocks)) for i, (title, blocks) in enumerate(self.sections)
        )
        written = self.say.fmt.long_date(self.as_of)
        return Document(plain(title) or f"toolkit {name}", self.say.code, self.as_of, written, "", tuple(sections))

    def _cell(self, cell: Cell) -> Text:
        if isinstance(cell, date):
            return text(self.say.fmt.short_date(cell))
        if isinstance(cell, int):
            return text(self.say.fmt.number(cell))
        return () if cell is None else text(cell)


def _column(head: str) -> Column:
    align: Align = "right" if head.startswith(">") else "left"
    return Column(head.removeprefix(">"), align)


def with_remarks(document: Document, beside: Beside, say: Language) -> Document:
    """The document with sections for the error, the warnings with their remedies, and the notes that stand beside an answer.

    Args:
        document: Of the answer.
        beside: Remarks and error of its record.
        say: The language of the document.
    """
    remarks = beside.remarks or [Remark(kind="data", money=None, text=words, remedy=None) for words in beside.warnings]

    def listed(rows: Iterable[Remark]) -> tuple[Block, ...]:
        sentences = [[row.text, *([row.remedy] if row.remedy else ())] for row in rows]
        told = [[say.translate(beside.phrases.get(words) or retellable(words)) for words in each] for each in sentences]
        return (Notes(tuple(("", text(each[0], *[part for words in each[1:] for part in (" ", words)])) for each in told)),)

    sections = []
    if beside.error is not None:
        sections.append(Section("error", say.words("Error"), _fault(beside.error, document.as_of, say)))
    if warnings := [row for row in remarks if row.kind != "note"]:
        sections.append(Section("warnings", say.words("Warnings"), listed(warnings)))
    if notes := [row for row in remarks if row.kind == "note"]:
        sections.append(Section("notes", say.words("Notes"), listed(notes)))
    return replace(document, sections=(*document.sections, *sections))


def error(found: Fault, as_of: date, say: Language) -> Document:
    """An error as a page: what is wrong, each fault in a line, and what to do.

    Args:
        found: The error.
        as_of: Day that was asked about.
        say: The language.
    """
    answer = Answer(say, as_of)
    answer.title = say.words("Error")
    answer.blocks += [Heading(text(answer.title)), *_fault(found, answer.as_of, say)]
    return answer.document("error")


def _fault(found: Fault, as_of: str, say: Language) -> tuple[Block, ...]:
    first, *faults = found.message.splitlines()
    answer = Answer(say, as_of)
    answer.lines(first)
    answer.notes(line.removeprefix("- ") for line in faults)
    answer.lines(found.hint)
    return tuple(answer.blocks)
