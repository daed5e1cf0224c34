"""From a `Document` to slides: one finding a slide, in the order of the document, with notes for who presents.

A slide holds what is read from the last row: what does not fit is continued on the next one; what is told and not shown (what
is measured, the source, findings with a table alone) goes to its notes.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

from toolkit.report import document as d
from toolkit.report.i18n.text import Text, plain, text

ROWS, BARS, LINES, PANELS, NOTES, DATES = 7, 9, 7, 4, 6, 4
"""What a slide holds at most: rows of a table, bars, lines of the matrix, small charts, notes, dates ahead."""
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Slide:
    """A slide.

    Attributes:
        section: Title of its section, above the finding.
        title: The finding.
        blocks: What shows it.
        legend: (mark, words) of what is shown.
        notes: For who presents: paragraphs.
        part: (number, of how many) where a finding takes several slides.
    """

    section: str
    title: Text
    blocks: tuple[d.Block, ...] = ()
    legend: tuple[tuple[str, str], ...] = ()
    notes: tuple[Text, ...] = ()
    part: tuple[int, int] = (1, 1)


def slides(document: d.Document) -> tuple[Slide, ...]:
    """The slides of a document in reading order."""
    return tuple(slide for section in document.sections for slide in _of(section))


def _of(section: d.Section) -> Iterator[Slide]:
    blocks = () if isinstance(section.content, d.Missing) else section.content
    title = next((block.text for block in blocks if isinstance(block, d.Heading)), text(section.title))
    found: list[Slide] = []
    said: list[Text] = []
    for block in (part for whole in blocks for part in (whole.figures if isinstance(whole, d.Columns) else (whole,))):
        if isinstance(block, d.Figure) and block.body:
            found.append(_figure(section.title, block))
        elif (words := _said(block)) is not None:
            said += words
        elif found and (isinstance(block, d.Calendar) or not section.title):
            found[-1] = replace(found[-1], blocks=(*found[-1].blocks, block))
        else:
            found.append(Slide(section.title, title, (block,)))
    if blocks:
        found = found or [Slide(section.title, title)]
        found[0] = replace(found[0], notes=(*found[0].notes, *said))
    for slide in found:
        yield from _parts(slide)


def _said(block: d.Block) -> tuple[Text, ...] | None:
    """What is told and not shown; None of a block that is shown."""
    match block:
        case d.Heading():
            return ()
        case d.Figure():
            return (block.title,)
        case d.Paragraph() if block.role != "answer":
            return (block.text,)
        case d.Status():
            return tuple(text(f"{label}: ", words) for label, words in block.items)
        case d.Panel():
            return block.paragraphs
        case _:
            return None


def _figure(section: str, figure: d.Figure) -> Slide:
    notes = tuple(words for words in (figure.sub, figure.source) if plain(words))
    of_panels = (entry for part in figure.body if isinstance(part, d.Panels) for entry in part.legend)
    return Slide(section, figure.title, figure.body, (*figure.legend, *of_panels), notes)


def _parts(slide: Slide) -> Iterator[Slide]:
    """A slide, or as many as its longest block needs."""
    cut = [_cut(block) for block in slide.blocks]
    several = max(map(len, cut), default=1)
    for i in range(several):
        blocks = tuple(pieces[i] for pieces in cut if i < len(pieces))
        yield replace(slide, blocks=blocks, notes=slide.notes if i == 0 else (), part=(i + 1, several))


def _cut(block: d.Block) -> list[d.Block]:
    """A block in pieces that fit a slide."""
    match block:
        case d.Table():
            cut = [replace(block, rows=rows, stacks=False) for rows in _pieces(block.rows, ROWS)]
        case d.BarTable():
            cut = [replace(block, bars=bars) for bars in _pieces(block.bars, BARS)]
        case d.Matrix():
            cut = [replace(block, lines=lines) for lines in _pieces(block.lines, LINES)]
        case d.Panels():
            cut = [replace(block, items=items, legend=()) for items in _pieces(block.items, PANELS)]
        case d.Calendar():
            ahead = tuple(one for one in block.dates if one.state != "past") or block.dates
            cut = [replace(block, dates=ahead[:DATES])]
        case d.Notes():
            cut = [replace(block, items=items) for items in _pieces(block.items, NOTES)]
        case _:
            cut = [block]
    return list(cut)


def _pieces(items: Sequence[T], most: int) -> list[tuple[T, ...]]:
    """Items in pieces of nearly the same length."""
    number = max(-(-len(items) // most), 1)
    size = max(-(-len(items) // number), 1)
    return [tuple(items[i : i + size]) for i in range(0, len(items), size)] or [()]
