"""The short form of a report: one picture and one table a section; every other finding is a row of one table.

What a short report leaves out stands in the definition `full`, whose sections are the same.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from typing import Any, TypeVar

from toolkit.report.document import (
    BarTable,
    Block,
    Calendar,
    Chart,
    Figure,
    Matrix,
    Panels,
    Section,
    Status,
    Table,
    apart,
    left,
    tabled,
)
from toolkit.report.i18n.language import Language
from toolkit.report.i18n.text import Text, sources, text

ALSO, SOURCES = "also", "sources"
"""Sections that take what others leave: findings without a picture, and the status line of the opening."""
ROWS_SHOWN_WHOLE, LARGEST_ROWS = 40, 20
"""Rows that a table shows whole; of more, those of the largest holdings or trades, and the sum of the others."""
RowT = TypeVar("RowT")
PICTURES: tuple[type[Any], ...] = (Chart, Panels, BarTable, Matrix, Calendar)


def shortened(sections: Iterable[Section], told: Sequence[str], alone: Sequence[str], say: Language) -> tuple[Section, ...]:
    """The sections of a document in short.

    Args:
        sections: In order; the one named `ALSO` has no content of its own.
        told: Names of sections whose findings are rows alone.
        alone: Names of sections of which no finding but the first is told.
        say: The language of the document.
    """
    rest: list[tuple[str, Figure]] = []
    status: list[tuple[str, Text]] = []
    kept = []
    for section in sections:
        if section.missing:
            kept.append(section)
            continue
        blocks = section.blocks
        if not section.title:
            status += [item for block in blocks if isinstance(block, Status) for item in block.items]
            blocks = tuple(block for block in blocks if not isinstance(block, Status))
        shown, others = _evidence(blocks)
        if section.name in told:
            shown, others = (), [block for block in apart(blocks) if isinstance(block, Figure)]
        if section.name in alone:
            others = others[: 0 if shown else 1]
        rest += [(section.title, figure) for figure in others]
        if shown:
            kept.append(replace(section, content=shown))
    return tuple(_completed(section, rest, status, say) for section in kept if section.name != ALSO or rest)


def _evidence(blocks: Sequence[Block]) -> tuple[tuple[Block, ...], list[Figure]]:
    """Blocks with the first picture and the first table among them; the figures that show neither."""
    shown: list[Block] = []
    rest: list[Figure] = []
    taken: set[str] = set()
    for block in apart(blocks):
        if not isinstance(block, Figure):
            shown.append(block)
            taken |= _kinds(block)
            continue
        body = tuple(part for part in block.body if not _kinds(part) & taken)
        new = {kind for part in body for kind in _kinds(part)}
        if not new and (shown or block.body or block.data):
            rest.append(block)
            continue
        legend = block.legend if len(body) == len(block.body) else ()
        data = None if any(isinstance(part, BarTable | Matrix) for part in body) else block.data
        shown.append(replace(block, body=body, legend=legend, data=data))
        taken |= new
    return tuple(shown), rest


def _kinds(block: Block) -> set[str]:
    """What a reader takes a block for: a picture, a table, or the matrix of controls, which is both."""
    if isinstance(block, Matrix):
        return {"picture", "table"}
    return {"picture"} if isinstance(block, PICTURES) else {"table"} if isinstance(block, Table) else set()


def _completed(
    section: Section, rest: Sequence[tuple[str, Figure]], status: Sequence[tuple[str, Text]], say: Language
) -> Section:
    if section.name == ALSO:
        return replace(section, content=(_table(rest, say),))
    if section.name == SOURCES and status and section.blocks:
        own = {label for block in section.blocks if isinstance(block, Status) for label, _ in block.items}
        first, *others = section.blocks
        items = tuple(item for item in status if item[0] not in own)
        merged = (replace(first, items=(*items, *first.items)),) if isinstance(first, Status) else (Status(items), first)
        return replace(section, content=(*merged, *others))
    return section


def _table(rest: Sequence[tuple[str, Figure]], say: Language) -> Table:
    """A row a finding, with the markers of what it rests on."""
    return tabled(
        say,
        say("Further findings"),
        rest,
        left("About", lambda one: one[0]),
        left("Finding", lambda one: text(one[1].title, sources(*one[1].source))),
    )


def largest(rows: Sequence[RowT], size: Callable[[RowT], float]) -> tuple[list[RowT], list[RowT]]:
    """The rows that a table shows and those that it sums up, each in their order.

    Args:
        rows: In order.
        size: By which the largest are found, whatever the sign.
    """
    if len(rows) <= ROWS_SHOWN_WHOLE:
        return [*rows], []
    first = {*sorted(range(len(rows)), key=lambda i: -abs(size(rows[i])))[:LARGEST_ROWS]}
    return [row for i, row in enumerate(rows) if i in first], [row for i, row in enumerate(rows) if i not in first]
