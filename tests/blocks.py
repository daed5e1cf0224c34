"""Finding one's way in the blocks of a section: its figures in order, and the table of each."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import fields, is_dataclass

from toolkit.report.document import Block, Columns, Drawing, Figure, Table
from toolkit.report.i18n.text import Span


def figures(blocks: Iterable[Block]) -> list[Figure]:
    """Figures as they are read, those side by side from left to right."""
    found: list[Figure] = []
    for block in blocks:
        if isinstance(block, Columns):
            found += block.figures
        elif isinstance(block, Figure):
            found.append(block)
    return found


def table_of(figure: Figure) -> Table:
    """The table that a figure shows, or the one closed behind its finding."""
    shown = next((block for block in figure.body if isinstance(block, Table)), None)
    found = shown or figure.data
    assert found is not None
    return found


def told(block: object) -> list[str]:
    """Every word of a block that a reader sees, but not its drawings."""
    if isinstance(block, Span | str):
        return [block.text if isinstance(block, Span) else block]
    if isinstance(block, Drawing):
        return []
    if is_dataclass(block):
        return [words for field in fields(block) for words in told(getattr(block, field.name))]
    return [words for one in block for words in told(one)] if isinstance(block, tuple) else []
