"""The short form of a report: one picture and one table a section; every other finding is a row of one table.

What a short report leaves out stands in the definition `full`, whose sections are the same.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from toolkit.report.document import (
    BarTable,
    Block,
    Calendar,
    Chart,
    Column,
    Columns,
    Figure,
    Matrix,
    Missing,
    Panels,
    Row,
    Section,
    Status,
    Table,
)
from toolkit.report.i18n.language import Language
from toolkit.report.i18n.text import Text, sources, text

ALSO, SOURCES = "also", "sources"
"""Sections that take what others leave: findings without a picture, and the status line of the opening."""
PICTURES: tuple[type[Any], ...] = (Chart, Panels, BarTable, Matrix, Calendar)


@dataclass(frozen=True, slots=True)
class _Left:
    """A finding whose evidence the short form does not show, and the section that it is of."""

    section: str
    figure: Figure


def shortened(sections: Iterable[Section], told: Sequence[str], say: Language) -> tuple[Section, ...]:
    """The sections of a document in short.

    Args:
        sections: In order; the one named `ALSO` has no content of its own.
        told: Names of sections whose findings are rows alone.
        say: The language of the document.
    """
    left: list[_Left] = []
    status: list[tuple[str, Text]] = []
    kept = []
    for section in sections:
        if isinstance(section.content, Missing):
            kept.append(section)
            continue
        blocks = section.content
        if not section.title:
            status += [item for block in blocks if isinstance(block, Status) for item in block.items]
            blocks = tuple(block for block in blocks if not isinstance(block, Status))
        shown, others = ((), _figures(blocks)) if section.name in told else _evidence(blocks)
        left += [_Left(section.title, figure) for figure in others]
        if shown:
            kept.append(replace(section, content=shown))
    return tuple(_completed(section, left, status, say) for section in kept if section.name != ALSO or left)


def _evidence(blocks: Sequence[Block]) -> tuple[tuple[Block, ...], list[Figure]]:
    """Blocks with the first picture and the first table among them; the figures that show neither."""
    shown: list[Block] = []
    left: list[Figure] = []
    taken: set[str] = set()
    for block in blocks:
        if not isinstance(block, Figure | Columns):
            shown.append(block)
            taken |= _kinds(block)
            continue
        for figure in block.figures if isinstance(block, Columns) else (block,):
            body = tuple(part for part in figure.body if not _kinds(part) & taken)
            new = {kind for part in body for kind in _kinds(part)}
            if new or not (shown or figure.body or figure.data):
                whole = len(body) == len(figure.body)
                shown.append(
                    replace(
                        figure,
                        body=body,
                        legend=figure.legend if whole else (),
                        data=None if any(isinstance(part, BarTable | Matrix) for part in body) else figure.data,
                    )
                )
                taken |= new
            else:
                left.append(figure)
    return tuple(shown), left


def _figures(blocks: Sequence[Block]) -> list[Figure]:
    found = (block.figures if isinstance(block, Columns) else (block,) for block in blocks)
    return [figure for figures in found for figure in figures if isinstance(figure, Figure)]


def _kinds(block: Block) -> set[str]:
    """What a reader takes a block for: a picture, a table, or the matrix of controls, which is both."""
    if isinstance(block, Matrix):
        return {"picture", "table"}
    return {"picture"} if isinstance(block, PICTURES) else {"table"} if isinstance(block, Table) else set()


def _completed(section: Section, left: Sequence[_Left], status: Sequence[tuple[str, Text]], say: Language) -> Section:
    if section.name == ALSO:
        return replace(section, content=(_table(left, say),))
    if section.name == SOURCES and status and not isinstance(section.content, Missing):
        own = {label for block in section.content if isinstance(block, Status) for label, _ in block.items}
        first, *others = section.content
        items = tuple(item for item in status if item[0] not in own)
        merged = (replace(first, items=(*items, *first.items)),) if isinstance(first, Status) else (Status(items), first)
        return replace(section, content=(*merged, *others))
    return section


def _table(left: Sequence[_Left], say: Language) -> Table:
    rows = [Row((text(one.section), text(one.figure.title, *_markers(one.figure)))) for one in left]
    return Table(
        say.words("Further findings"), (Column(say.words("About"), "left"), Column(say.words("Finding"), "left")), tuple(rows)
    )


def _markers(figure: Figure) -> Iterator[Any]:
    """The markers of what a finding rests on."""
    refs = [ref for span in figure.source for ref in span.refs]
    if refs:
        yield sources(*refs)
