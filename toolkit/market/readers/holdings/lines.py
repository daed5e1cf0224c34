"""Rows of a holdings file that are no lots: totals, and remarks below the table; and those that name a lot again."""

from __future__ import annotations

import contextlib
import re
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from typing import Any

from toolkit.core.countries import fold
from toolkit.core.errors import DataError
from toolkit.core.messages import Message, few, message
from toolkit.core.places import place
from toolkit.core.units import KG_PER_UNIT
from toolkit.market.layouts.vocabulary import vocabulary
from toolkit.market.readers.cells import PURITY
from toolkit.market.readers.holdings.lots import CellFault, Names
from toolkit.market.readers.tabular import Table

_SENTENCE = re.compile(r"[^\W\d]{3}.*\s")


def no_lots(table: Table, assets: Sequence[str | None], names: Names) -> tuple[list[int], list[int]]:
    """Positions of the totals and of the remarks among the rows of a table.

    A total is a row that begins with the label of a total, or with ``*`` as in a list of SAP, and names no asset. Remarks are
    rows of one text that is no asset, below an empty row or a total that ends the table.

    Args:
        table: Its cells.
        assets: The text of each row in the column of the asset.
        names: What the words of the file mean.
    """
    rows = table.cells.rows()
    known = {fold(str(cell)) for row in rows for cell in row if isinstance(cell, str)}
    totals = [i for i, row in enumerate(rows) if _is_total(row, assets[i], known, names)]
    first = len(rows)
    while first and _is_remark(rows[first - 1], names):
        first -= 1
    if first in (0, len(rows)):
        return totals, []
    is_apart = table.rows[first] - table.rows[first - 1] > 1 or first - 1 in totals
    return totals, list(range(first, len(rows))) if is_apart else []


def _is_total(row: Sequence[Any], asset: str | None, known: Collection[str], names: Names) -> bool:
    first = next((str(cell) for cell in row if cell is not None), "")
    labels = [_is_label(text, known, names) for text in (first, asset or "") if text]
    return any(labels) and (asset is None or labels[-1])


def _is_label(text: str, known: Collection[str], names: Names) -> bool:
    """Whether a text is the label of a total: ``Summe``, ``Meier Ergebnis`` of a client, ``Gallium Total``, ``*`` of SAP.

    What stands beside the word is a metal, a number, or a cell of the table.
    """
    words, totals = fold(text).split(" "), vocabulary().texts["totals"]
    if not text.strip("*") or " ".join(words) in totals:
        return True
    beside = words[1:] if words[0] in totals else words[:-1] if words[-1] in totals else []
    of = " ".join(word for word in beside if not re.search(r"\d", word))
    with contextlib.suppress(DataError):
        return bool(beside) and (not of or of in known or of in totals or bool(names.asset(of)))
    return False


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
    hint, fault = (
        message("Give every lot an id of its own, or leave the column out: each row is then a lot."),
        message("a lot_id that occurs twice"),
    )
    return [
        CellFault(row, "lot_id", lot, lot, "duplicate", fault, hint)
        for lot, row in zip(lots, rows, strict=True)
        if counts[lot] > 1
    ]


def alike(lots: Sequence[Mapping[str, Any]]) -> list[Message]:
    """That rows without an id or a fault say the same of a lot, each of which counts; none where no two do."""
    groups: dict[tuple[Any, ...], list[Mapping[str, Any]]] = {}
    for lot in lots:
        if lot["lot_id"].startswith("row ") and lot["unit"] in KG_PER_UNIT and lot["quantity"]:
            kg, price = KG_PER_UNIT[lot["unit"]], lot["purchase_price"]
            said = [
                lot[key]
                for key in ("asset", "form", "purity", "purchase_date", "currency", "origin_country", "status", "client")
            ]
            groups.setdefault((round(lot["quantity"] * kg, 9), price and f"{price / kg:.9g}", *said), []).append(lot)
    rows: dict[tuple[int, str | None], list[str]] = {}
    for n, group in enumerate(group for group in groups.values() if len(group) > 1):
        for lot in group:
            rows.setdefault((n, place(lot["location"] or "").country), []).append(lot["lot_id"])
    return [
        message("{rows:and} say the same, and each counts as a lot: leave out what stands twice.", rows=few(same))
        for same in rows.values()
        if len(same) > 1
    ]
