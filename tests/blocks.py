"""Finding one's way in the blocks of a section: its figures in order, and the table of each."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import fields, is_dataclass
from typing import Any

from toolkit.report.document import Block, Drawing, Figure, Panels, Table, apart
from toolkit.report.i18n.text import Span, plain


def figures(blocks: Iterable[Block]) -> list[Figure]:
    """Figures as they are read, those side by side from left to right."""
    return [block for block in apart(blocks) if isinstance(block, Figure)]


def table_of(figure: Figure) -> Table:
    """The table that a figure shows, or the one closed behind its finding."""
    shown = next((block for block in figure.body if isinstance(block, Table)), None)
    found = shown or figure.data
    assert found is not None
    return found


def rows(figure: Figure) -> list[list[str]]:
    """The words of each cell of its table."""
    return [[plain(cell) for cell in row.cells] for row in table_of(figure).rows]


def panel(blocks: Sequence[Block]) -> Panels:
    """The small charts of the first figure."""
    return next(part for part in figures(blocks)[0].body if isinstance(part, Panels))


def values(drawing: Drawing) -> list[dict[str, Any]]:
    """What a drawing is of: the rows of every layer."""
    return [row for layer in json.loads(drawing.spec)["layer"] for row in layer["data"]["values"]]


def told(block: object) -> list[str]:
    """Every word of a block that a reader sees, but not its drawings."""
    if isinstance(block, Span | str):
        return [block.text if isinstance(block, Span) else block]
    if isinstance(block, Drawing):
        return []
    if is_dataclass(block):
        return [words for field in fields(block) for words in told(getattr(block, field.name))]
    return [words for one in block for words in told(one)] if isinstance(block, tuple) else []
