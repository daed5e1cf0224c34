"""From a `Document` to Markdown (CommonMark with the tables of GitHub): every chart as words and its data.

What came from outside stands literally: marks of the syntax are escaped, links and markup cannot begin, and a name that turns
the direction of writing is isolated (U+2068, U+2069) so that it turns nothing but itself.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import replace

from toolkit.report.document import Block, Chart, Document, Table
from toolkit.report.formats.plain import Form, Items, Medium, PlainData, Title, Words, isolated
from toolkit.report.i18n.language import Language
from toolkit.report.i18n.text import Span, Text, in_runs, text

_SYNTAX = re.compile(r"([\\`*_{}\[\]<>&|~$#])")
_LINK = re.compile(r"(?=://|@)|(?<=www)(?=\.)", re.IGNORECASE)
"""Where bare text would become a link: in a scheme, an address, a host."""
_BEGINS = re.compile(r"^(\d{0,9})([.)](?=\s|$)|[-+](?=[\s-]|$)|=)")
"""What begins a list or a rule when it is the first thing of a line."""
_MARKS = {"strong": "**", "warn": "**", "assumption": "*"}


def markdown(document: Document, say: Language) -> str:
    """The document as Markdown; the same document gives the same text."""
    return "\n\n".join(_blocks(document, say)) + "\n"


def _blocks(document: Document, say: Language) -> Iterator[str]:
    yield inline(text(f"{document.title}. {say.words('As of')} ", Span(document.as_of_written, "strong"), "."), first=True)
    for form in Medium(say).told(document):
        yield from _form(form, say)
    yield "---"
    yield inline(text(f"{document.title}, {document.as_of_written}. ", Span(document.subject, "name")), first=True)


def _form(form: Form | Block, say: Language) -> Iterator[str]:
    match form:
        case Title():
            yield f"{'#' * form.level} {inline(form.text)}"
        case Words():
            yield inline(form.text, first=True)
        case Items():
            yield "\n".join(f"- {_item(marker, words, assumed=form.assumed)}" for marker, words in form.items)
        case Table():
            yield _table(form)
        case Chart():
            yield inline(text(form.told), first=True)
        case PlainData():
            yield inline(say("Data table: {caption}", caption=form.table.caption), first=True)
            yield _table(form.table)
        case _:  # a legend: its marks are nowhere drawn
            return


def _item(marker: str, words: Text, *, assumed: bool) -> str:
    told = tuple(Span(s.text, "assumption", s.refs) if assumed and s.style in ("plain", "name") else s for s in words)
    return inline(text(Span(marker, "strong"), " " if marker else "", told), first=not marker)


def _table(table: Table) -> str:
    heads = _cells(text(column.label) for column in table.columns)
    rules = f"|{'|'.join(' ---: ' if column.align == 'right' else ' :--- ' for column in table.columns)}|"
    return "\n".join(
        (heads, rules, *(_cells(cell for _, cell in zip(table.columns, row.cells, strict=True)) for row in table.rows))
    )


def _cells(cells: Iterable[Text]) -> str:
    return f"| {' | '.join(inline(cell) for cell in cells)} |"


def inline(value: Text, *, first: bool = False) -> str:
    """Spans as Markdown on one line.

    Args:
        value: What to write.
        first: Whether it stands first on its line, where some signs begin a list or a rule.
    """
    spans = tuple(_joined(value))
    bare = [_LINK.sub(r"\\", _SYNTAX.sub(r"\\\1", span.text)) for span in spans]
    written = ""
    for i, (span, words) in enumerate(zip(spans, bare, strict=True)):
        after = "[" if span.refs else next((other[0] for other in bare[i + 1 :] if other), "")
        written += _emphasised(words, _MARKS.get(span.style, ""), written[-1:], after)
        written += " ".join(f"[{ref}]" for ref in in_runs(span.refs))
    written = written.strip()
    return _BEGINS.sub(r"\1\\\2", written) if first else written


def _joined(value: Text) -> Iterator[Span]:
    """Neighbours under one mark in one: marks that end and begin at the same place would stand as letters."""
    held: Span | None = None
    for span in value:
        alone = replace(span, text=isolated(span.text))
        if held and not held.refs and _MARKS.get(held.style) == _MARKS.get(span.style):
            held = replace(alone, text=held.text + alone.text)
            continue
        if held:
            yield held
        held = alone
    if held:
        yield held


def _emphasised(words: str, mark: str, before: str, after: str) -> str:
    """Words between marks, their outer spaces left outside; without marks where these would stand as letters."""
    core = words.strip()
    if not mark or not core:
        return words
    lead, trail = words[: len(words) - len(words.lstrip())], words[len(words.rstrip()) :]
    opens = not _is_sign(core[0]) or _is_edge(lead[-1:] or before)
    closes = not _is_sign(core[-1]) or _is_edge(trail[:1] or after)
    return f"{lead}{mark}{core}{mark}{trail}" if opens and closes else words


def _is_sign(character: str) -> bool:
    """Punctuation or a symbol, as CommonMark tells what a run of asterisks flanks."""
    return unicodedata.category(character)[0] in "PS"


def _is_edge(character: str) -> bool:
    return not character or character.isspace() or _is_sign(character)
