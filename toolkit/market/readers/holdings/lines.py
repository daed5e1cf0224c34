"""Rows of a holdings file that are no lots: totals, and remarks below the table; and those that name a lot again."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from toolkit.core.countries import fold, foldings
from toolkit.core.errors import DataError
from toolkit.core.messages import Message, message
from toolkit.core.places import place
from toolkit.core.size import PieceSize
from toolkit.core.units import KG_PER_UNIT
from toolkit.market.readers.cells import PURITY, amount, tidy
from toolkit.market.readers.holdings.columns import COUNTS, GONE, TOTALS, UNKNOWN_WORDS, Header
from toolkit.market.readers.holdings.lots import CellFault, Names, few
from toolkit.market.readers.holdings.purchase import AGREES
from toolkit.market.readers.tabular import Table

_LEFT = re.compile(
    r"\b(rest(menge|bestand|gewicht)|bestand|aktuelle menge|current (stock|quantity))\b|"
    r"\bremaining( (quantity|qty|weight|mass|stock|kg|g|t|lb))?$|\b(qty|quantity|kg) left\b"
)
"""Headers, as `fold` writes them, of what is left of a lot."""
SALE = re.compile(rf"(teil)?verkauf|rue?ck(kauf|gabe)|sell|sale|buy ?back|redemption|withdrawal|{GONE.pattern}")
"""Cells, as `fold` writes them, of a list of purchases and sales, on a row that takes metal away."""
_ARRIVED = re.compile(r"\bgeliefert( kg| g| t)?$|\bgelieferte menge\b|\b(delivered|received)( quantity| qty| kg| g| t)?$")
_OUTSTANDING = re.compile(r"\boffene (liefer)?menge\b|\boffen( kg| g| t)$|\boutstanding( quantity| qty| kg| g| t)$")
"""Headers, as `fold` writes them, of what of an order has arrived, and of what has not."""
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
    hint, fault = (
        message("Give every lot an id of its own, or leave the column out: each row is then a lot."),
        message("a lot_id that occurs twice"),
    )
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


def sales(table: Table, headers: Sequence[Header], kept: Sequence[int]) -> list[CellFault]:
    """A fault for every row of which a column that is not read says that it is a sale: ``Vorgang`` and ``Verkauf``.

    Args:
        table: Its cells.
        headers: Of its columns.
        kept: Positions of the rows that are lots.
    """
    fault = message("a row that takes metal away")
    hint = message("A sale is no lot: take it off the quantity of its lot, and leave its row out.")
    return [
        CellFault(table.rows[i], "quantity", None, cell, "sale", fault, hint)
        for header in headers
        if header.key is None and not fold(header.text).startswith("note ")
        for i in kept
        if isinstance(cell := table.cells[header.text][i], str) and SALE.fullmatch(fold(cell))
    ]


def in_part(table: Table, headers: Sequence[Header], kept: Sequence[int], lots: Sequence[Mapping[str, Any]]) -> list[CellFault]:
    """A fault for every row of which a column that is not read says that not all has arrived, as its status does not.

    Args:
        table: Its cells.
        headers: Of its columns.
        kept: Positions of the rows that are lots.
        lots: Their records.
    """
    found: list[CellFault] = []
    for header in headers:
        name = fold(header.text)
        arrived = _ARRIVED.search(name)
        if header.key is not None or name.startswith("note ") or not (arrived or _OUTSTANDING.search(name)):
            continue
        fault = message("a column {header!r:s} that says that not all of it has arrived", header=header.text)
        hint = message(
            "Give what has arrived a row of its own with the status 'stored', the rest one with 'ordered', and rename the "
            "column to {new!r:s}.",
            new=f"note {header.text}",
        )
        for i, lot in zip(kept, lots, strict=True):
            text = tidy(str(cell)) if (cell := table.cells[header.text][i]) is not None else ""
            number = amount(text)
            if number is None or number.before or "-" in number.after or lot["quantity"] is None:
                continue
            is_all, is_none = (share in (number.point, number.comma) for share in (lot["quantity"], 0.0))
            if not ((is_all if arrived else is_none) or ((is_none if arrived else is_all) and lot["status"] != "stored")):
                found.append(CellFault(table.rows[i], "quantity", None, text, "in_part", fault, hint))
    return found


def counted(table: Table, headers: Sequence[Header], kept: Sequence[int], lots: Sequence[Mapping[str, Any]]) -> list[CellFault]:
    """A fault for every row of several pieces whose quantity may be that of one: it is not so many times the size of a piece.

    Args:
        table: Its cells.
        headers: Of its columns.
        kept: Positions of the rows that are lots.
        lots: Their records.
    """
    fault = message("several pieces beside a quantity that may be of one or of all")
    found: list[CellFault] = []
    for header in headers:
        if header.key is not None or COUNTS.isdisjoint(foldings(header.text)):
            continue
        hint = message(
            "Write the mass of the whole lot as the quantity, and rename the column to {new!r:s}.", new=f"note {header.text}"
        )
        for i, lot in zip(kept, lots, strict=True):
            text = tidy(str(cell)) if (cell := table.cells[header.text][i]) is not None else ""
            if re.match(r"0*([2-9]|1[0-9])", text) and not _is_of_all(text, lot):
                found.append(CellFault(table.rows[i], "quantity", None, text, "pieces", fault, hint))
    return found


def alike(lots: Sequence[Mapping[str, Any]]) -> list[Message]:
    """That rows without an id or a fault say the same of a lot, each of which counts; none where no two do."""
    groups: dict[tuple[Any, ...], list[Mapping[str, Any]]] = {}
    for lot in lots:
        if lot["lot_id"].startswith("row ") and lot["unit"] in KG_PER_UNIT:
            kg, price = KG_PER_UNIT[lot["unit"]], lot["purchase_price"]
            said = [lot[key] for key in ("asset", "form", "purchase_date", "currency", "origin_country", "status")]
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


_SHARE = re.compile(
    r"((mit)?eigentums|miteigentums|besitz)?anteil( des eigentue?mers)?|(ownership|owners?|beneficial)( share| interest)?|"
    r"share|our share|my share|mein anteil|unser anteil|stake|beteiligung|quote|miteigentum|part owned|owned"
)
"""Headers, as `fold` writes them, of the part of a lot that is the owner's."""
_ANOTHERS = re.compile(
    r"fremd(bestand|eigentum|ware|besitz)?|third part(y|ies)( owned| stock)?|kommission(sware)?|consignment( stock)?|not owned|"
    r"(belongs to|property of|owned by|held for|gehoert|eigentum von) (a |the |einem )?"
    r"(clients?|customers?|third part(y|ies)|kunden?|dritten?)"
)
"""Cells, as `fold` writes them, that say that a lot is not the owner's."""
_OWNER = frozenset(
    {"eigentuemer", "inhaber", "besitzer", "owner", "holder", "kunde", "client", "name", "person", "family member"}
)


def shared(table: Table, headers: Sequence[Header], kept: Sequence[int]) -> list[CellFault]:
    """A fault for every row that a column that is not read calls another's, in part (``Anteil %`` and ``60``) or whole.

    Without a column of owners, parts that sum to the whole are weights of the lots.

    Args:
        table: Its cells.
        headers: Of its columns.
        kept: Positions of the rows that are lots.
    """
    hint = message("Leave out the row of a lot that is another's, or write the cell in other words if it is not.")
    found = [
        CellFault(table.rows[i], "quantity", None, cell, "shared", message("a lot that is another's"), hint)
        for header in headers
        if header.key is None and not fold(header.text).startswith("note ")
        for i in kept
        if isinstance(cell := table.cells[header.text][i], str) and _ANOTHERS.fullmatch(fold(cell))
    ]
    has_owners = any(header.key is None and not _OWNER.isdisjoint(foldings(header.text)) for header in headers)
    for header in headers:
        if header.key is not None or not _SHARE.fullmatch(re.sub(r" (in )?(prozent|per ?cent|pct)$", "", fold(header.text))):
            continue
        texts = [tidy(str(cell)) if (cell := table.cells[header.text][i]) is not None else "" for i in kept]
        read = [_part(text) for text in texts]
        parts = [value for value in read if value is not None]
        whole = 100 if "%" in header.text + "".join(texts) or max(parts, default=0) > 1 else 1
        if not has_owners and abs(sum(parts) - whole) <= AGREES * whole:
            continue
        hint = message(
            "Write the quantity that is held by the owner, and rename the column to {new!r:s}.", new=f"note {header.text}"
        )
        fault = message("a column {header!r:s} that says that part of it is another's", header=header.text)
        found += [
            CellFault(table.rows[i], "quantity", None, text, "shared", fault, hint)
            for i, text, value in zip(kept, texts, read, strict=True)
            if value is not None and value < whole * (1 - 1e-9)
        ]
    return found


def _part(text: str) -> float | None:
    """The number in a cell; ``1/2`` is one too."""
    if (found := re.fullmatch(r"([0-9]{1,4}) ?/ ?([1-9][0-9]{0,3})", text)) is not None:
        return int(found[1]) / int(found[2])
    number = amount(text)
    return number and (number.point if number.point is not None else number.comma)


def _is_of_all(count: str, lot: Mapping[str, Any]) -> bool:
    """Whether the quantity of a lot is a number of pieces times the mass of one."""
    mass = PieceSize.parse(lot["size"]).mass if lot["size"] else None
    if not (mass and lot["quantity"] and lot["unit"] in KG_PER_UNIT and re.fullmatch(r"\d+([.,]0*)?", count)):
        return False
    whole = int(re.split("[.,]", count)[0]) * mass
    return abs(lot["quantity"] * KG_PER_UNIT[lot["unit"]] - whole) <= AGREES * whole
