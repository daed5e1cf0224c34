"""Faults of the rows of a file: every fault with its count, its first rows and its remedy."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import polars as pl

from toolkit.core.errors import FrameError
from toolkit.core.grouping import by_key
from toolkit.core.messages import Message, message, sentence, together

FIRST_ROWS = 5
"""Rows that a message names; the count says how many there are."""
_CELLS = {"row": pl.Int64, "what": pl.String, "value": pl.String}
_CELL_SHOWN = 40  # characters of a cell that a message quotes


@dataclass(frozen=True, slots=True, eq=False)
class Fault:
    """Cells that break one rule, and how to mend them.

    Attributes:
        rule: Name of the rule, for machines.
        fault: The fault in words, completed by "in row 3 ...".
        hint: How to mend it.
        cells: Columns `row` (Int64), `what` (String: asset, column or lot; may be null), `value` (String; may be null).
        texts: Messages among `what` and `value`, which say what is in a cell; all others are quoted as they are.
    """

    rule: str
    fault: str
    hint: str
    cells: pl.DataFrame
    texts: tuple[Message, ...] = ()

    def where(self) -> str:
        """The first rows in words, and how many cells more there are."""
        first = self.first()
        more = self.cells.height - len(first)
        known = {str(text): text for text in self.texts}
        rows = [
            _cell(cell["row"], *_shortened(known.get(text, text) for text in (cell["what"], cell["value"]))) for cell in first
        ]
        return message("{rows:, } and {more:d} more", rows=rows, more=more) if more else message("{rows:, }", rows=rows)

    def first(self) -> list[dict]:
        """The first cells, one a row: a row that is wrong throughout must not hide the other rows."""
        cells = self.cells.select("row", "what", "value").sort("row", maintain_order=True)
        return cells.unique("row", keep="first", maintain_order=True).head(FIRST_ROWS).to_dicts()

    def told(self) -> str:
        """The fault in words: what it is, where, and what helps."""
        return together(message("{fault} in {where}.", fault=self.fault, where=self.where()), self.hint)

    def details(self) -> dict:
        """The fault for machines."""
        first = self.first()
        return {"rule": self.rule, "count": self.cells.height, "rows": [cell["row"] for cell in first], "first": first}


def cell_frame(cells: Iterable[tuple[int, str | None, str | None]]) -> pl.DataFrame:
    """The cells of a fault: row, what and value of each."""
    return pl.DataFrame([*cells], schema=_CELLS, orient="row")


OneFault = tuple[str, str, str, tuple[int, str | None, str | None]]
"""Rule, fault in words, hint, and the cell: row, what and value."""


def grouped(faults: Iterable[OneFault]) -> list[Fault]:
    """Faults of single cells by rule and words; of the hints of one kind three are told, once each.

    An unknown asset is told with those of the same hint: what mends one name does not mend another.
    """
    kinds = by_key((fault[:3] if fault[0] == "unknown_asset" else fault[:2], fault) for fault in faults)
    groups = []
    for (rule, words, *_), found in kinds.items():
        hints = list(dict.fromkeys(hint for _, _, hint, _ in found if hint))
        groups.append(Fault(rule, words, together(*hints[:3]), cell_frame(one[3] for one in found)))
    return groups


def raise_row_errors(
    file: str, faulty: pl.DataFrame, /, *, rule: str, fault: str, hint: str, texts: Sequence[Message] = (), **values: Any
) -> None:
    """Raise `FrameError` if there is a faulty row.

    Args:
        file: File name as shown.
        faulty: Columns `row` (Int64), `what` (String: asset, column or lot) and `value` (String); these may lack or be null.
        rule: Name of the rule, for machines.
        fault: The fault in words, completed by "in row 3 ..."; a template, like `hint`.
        hint: How to mend it.
        texts: As of `Fault`.
        values: What stands in the places of the templates.
    """
    if faulty.height:
        lacking = [pl.lit(None, dtype=pl.String).alias(name) for name in _CELLS if name not in faulty.columns]
        told = sentence(fault, values), sentence(hint, values)
        raise row_error(file, [Fault(rule, *told, faulty.with_columns(lacking), tuple(texts))])


MEND = message("Mend each of them; nothing of the file was used.")


def row_error(file: str, faults: Sequence[Fault], *, remedy: str = "") -> FrameError:
    """The error that names every fault of a file with its rows and its remedy.

    Args:
        file: Name of the file.
        faults: At least one.
        remedy: Hint that holds for all of them; added to each fault's own where there is only one.
    """
    details = {"file": file, **faults[0].details()}
    if len(faults) == 1:
        only = faults[0]
        return FrameError(
            "{file:s}: {fault} in {where}.",
            hint=together(only.hint, remedy),
            details=details,
            file=file,
            fault=only.fault,
            where=only.where(),
        )
    told = [message("- {fault}", fault=found.told()) for found in faults]
    every = [{**found.details(), "fault": found.fault, "hint": found.hint} for found in faults]
    details |= {"faults": every}
    words = message("{file:s}: {n:d} kinds of faults.\n{faults:\n}", file=file, n=len(faults), faults=told)
    return FrameError(words, hint=remedy or MEND, details=details)


def _shortened(texts: Iterable[str | None]) -> list[str]:
    return [text if len(text) <= _CELL_SHOWN else text[:_CELL_SHOWN] + "…" for text in texts if text is not None]


def _cell(row: int, *texts: str) -> Message:
    """A row with name and value of its cell. `repr` keeps control characters of a hostile file off the terminal."""
    if not texts:
        return message("row {row:d}", row=row)
    if len(texts) == 1:
        return message("row {row:d} ({text!r:s})", row=row, text=texts[0])
    return message("row {row:d} ({what!r:s}: {text!r:s})", row=row, what=texts[0], text=texts[1])
