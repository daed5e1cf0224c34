"""Rows of a holdings file that are no lots: totals, and remarks below the table; and those that name a lot again."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from typing import Any

from toolkit.core.countries import fold
from toolkit.core.errors import DataError
from toolkit.core.messages import message
from toolkit.market.readers.cells import PURITY, tidy
from toolkit.market.readers.holdings.columns import GONE, TOTALS, UNKNOWN_WORDS, Header
from toolkit.market.readers.holdings.lots import CellFault, Names
from toolkit.market.readers.tabular import Table

_LEFT = re.compile(
    r"\b(rest(menge|bestand|gewicht)|bestand|aktuelle menge|current (stock|quantity))\b|"
    r"\bremaining( (quantity|qty|weight|mass|stock|kg|g|t|lb))?$|\b(qty|quantity|kg) left\b"
)
"""Headers, as `fold` writes them, of what is left of a lot."""
_COUNT = re.compile(
    r"(anzahl|anz|stuck|stucke|stk|pieces|pcs|count|(number|no) of (pieces|bars|ingots)|anzahl (barren|stucke?))"
)
"""Headers, as `fold` writes them, of how many pieces a lot has."""
_NO_PART = {*UNKNOWN_WORDS, "", "no", "n", "nein", "false"}
_SENTENCE = re.compile(r"[^\W\d]{3}.*\s")


def no_lots(table: Table, assets: Sequence[str | None], names: Names) -> tuple[list[int], list[int]]:
    """Positions of the totals and of the remarks among the rows of a table.

    A total is a row whose first word is that of a total and which names no asset. Remarks are rows of one text that is no
    asset, below an empty row or a total that ends the table.

    Args:
        table: Its cells.
        assets: The text of each row in the column of the asset.
        names: What the words of the file mean.
    """
    rows = table.cells.rows()
    totals = [i for i, row in enumerate(rows) if _is_total(row, assets[i])]
    first = len(rows)
    while first and _is_remark(rows[first - 1], names):
        first -= 1
    if first in (0, len(rows)):
        return totals, []
    is_apart = table.rows[first] - table.rows[first - 1] > 1 or first - 1 in totals
    return totals, list(range(first, len(rows))) if is_apart else []


def _is_total(row: Sequence[Any], asset: str | None) -> bool:
    first = next((str(cell) for cell in row if cell is not None), "")
    words = [fold(text) for text in (first, asset or "") if text]
    starts = any(word in TOTALS or word.split(" ")[0] in TOTALS for word in words if word)
    return starts and (asset is None or fold(asset).split(" ")[0] in TOTALS)


def _is_remark(row: Sequence[Any], names: Names) -> bool:
    filled = [cell for cell in row if cell is not None]
    if len(filled) != 1 or not isinstance(filled[0], str) or not _SENTENCE.search(filled[0]):
        return False
    try:
        names.asset(PURITY.sub("", filled[0]))
    except DataError:
        return True
    return False


def repeated(lots: Sequence[str], rows: Sequence[int]) -> list[CellFault]:
    """A fault for every row whose lot_id another row has too."""
    counts = Counter(lots)
    hint, fault = message("Give every lot an id of its own."), message("a lot_id that occurs twice")
    return [
        CellFault(row, "lot_id", lot, lot, "duplicate", fault, hint)
        for lot, row in zip(lots, rows, strict=True)
        if counts[lot] > 1
    ]


def reduced(table: Table, headers: Sequence[Header], kept: Sequence[int]) -> list[CellFault]:
    """A fault for every row of which a column that is not read says that part is sold, taken or cancelled.

    Args:
        table: Its cells.
        headers: Of its columns.
        kept: Positions of the rows that are lots.
    """
    whole = next((table.cells[header.text] for header in headers if header.key == "quantity"), None)
    found: list[CellFault] = []
    for header in headers:
        name = fold(header.text)
        left = _LEFT.search(name)
        if header.key is not None or name.startswith("note ") or not (left or GONE.search(name)):
            continue
        hint = message(
            "Write what is left as the quantity, leave out the row of a lot that is gone, and rename the column to {new!r:s}.",
            new=f"note {header.text}",
        )
        fault = message("a column {header!r:s} that says that not all of the quantity is held", header=header.text)
        for i in kept:
            cell = table.cells[header.text][i]
            text = "" if cell is None or cell == 0 else tidy(str(cell))
            is_whole = left and whole is not None and str(cell) == str(whole[i])
            if not (fold(text) in _NO_PART or is_whole or re.fullmatch(r"[0.,\s]+[a-z]*", text)):
                found.append(CellFault(table.rows[i], "quantity", None, text, "reduced", fault, hint))
    return found


def counted(table: Table, headers: Sequence[Header], kept: Sequence[int]) -> list[CellFault]:
    """A fault for every row of several pieces whose quantity may be that of one, in a file that gives no size of a piece.

    Args:
        table: Its cells.
        headers: Of its columns.
        kept: Positions of the rows that are lots.
    """
    if any(header.key == "size" for header in headers):
        return []
    fault = message("several pieces beside a quantity that may be of one or of all")
    found: list[CellFault] = []
    for header in headers:
        if header.key is None and _COUNT.fullmatch(fold(header.text)):
            new = f"note {header.text}"
            hint = message("Write the mass of the whole lot as the quantity, and rename the column to {new!r:s}.", new=new)
            cells = [(i, tidy(str(cell))) for i in kept if (cell := table.cells[header.text][i]) is not None]
            several = [(i, text) for i, text in cells if re.match(r"0*([2-9]|1[0-9])", text)]
            found += [CellFault(table.rows[i], "quantity", None, text, "pieces", fault, hint) for i, text in several]
    return found
