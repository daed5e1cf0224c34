"""The corrected copy of a holdings file that was read."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable, Mapping
from datetime import date
from typing import Any

from toolkit.core.grouping import by_key
from toolkit.core.units import KG_PER_UNIT
from toolkit.market.layouts.fields import HOLDINGS
from toolkit.market.layouts.headers import Header
from toolkit.market.readers.holdings.lots import CellFault, ReadFile

_OF_A_PRICE = ("purchase_price", "purchase_price_is", "total_price", "paid", "currency")
FAULT = "fault"
"""Column of a corrected copy that says what is still wrong in a row; it is not read."""
_ONLY_RAW = ("purchase_price_is", "total_price", "pieces", "ordered", "remark", "snapshot", "arrival", "received")
"""Columns of which nothing is left once the price of a unit is known."""
_TWO_READINGS = re.compile(r"[0-9]{1,3}\.[0-9]{3}")


def corrected(read: ReadFile, tell: Callable[[str], str] = str) -> str:
    """The file as CSV with canonical headers, one unit, decimal mark and form of date; it reads to the same lots.

    A cell that breaks a rule stays as it was, and the column `fault` says what is wrong in its row. Columns that are not read
    are kept at the end; totals are left out. A line with other fields than the header becomes a row that says so.

    Args:
        read: The file.
        tell: From a fault or a hint to its words in the language of the reader; English by default.
    """
    of_row = by_key((found.row, found) for found in read.faults)
    headers = {header.key: header for header in read.headers if header.key}
    at = {number: i for i, number in enumerate(read.table.rows.to_list())}
    lines: list[dict[str, str]] = []
    for row, number in zip(read.rows, read.numbers, strict=True):
        raw = {key: read.table.cells[header.text][at[number]] for key, header in headers.items()}
        faults = of_row.pop(number, [])
        line = _line(row, raw, headers, faults)
        line |= {FAULT: _told(faults, tell)} if faults else {}
        line |= {text: _text(read.table.cells[text][at[number]]) for text in read.ignored}
        lines.append(line)
    for number, faults in sorted(of_row.items()):  # a total that is none of the lots above it
        lines.append({"lot_id": f"row {number}", "quantity": faults[0].value or "", FAULT: _told(faults, tell)})
    for broken in read.broken:
        lines += [
            {"lot_id": f"row {cell['row']}", FAULT: f"{tell(broken.fault)}: {cell['what']}"} for cell in broken.cells.to_dicts()
        ]
    wanted = [column.key for column in HOLDINGS if column.key not in _ONLY_RAW or any(line.get(column.key) for line in lines)]
    wanted += [*read.ignored, *([FAULT] if any(line.get(FAULT) for line in lines) else [])]
    out = io.StringIO()
    writer = csv.DictWriter(out, wanted, lineterminator="\n", restval="", extrasaction="ignore")
    writer.writeheader()
    writer.writerows(lines)
    return out.getvalue().replace("quantity", "fine weight", 1) if read.fine else out.getvalue()


def _line(
    row: Mapping[str, Any], raw: Mapping[str, Any], headers: Mapping[str, Header], faults: list[CellFault]
) -> dict[str, str]:
    """The cells of one lot: as understood, and as they were where something is wrong."""
    line = {column.key: _text(row[column.key]) for column in HOLDINGS if column.key not in _ONLY_RAW}
    if row["paid"] is not None:
        line["paid"] = f"{_text(round(row['paid'] * 100, 10))} %"
    if not faults:
        return line
    wrong = {found.column for found in faults}
    if "asset" in wrong:
        wrong |= {"form"}
    if wrong & {"quantity", "unit"}:
        wrong |= {"quantity", "unit"}
    if wrong & {*_OF_A_PRICE, "quantity", "unit"}:
        wrong |= set(_OF_A_PRICE)
    unread = {found.column for found in faults if found.rule == "decimal"}
    for key in wrong - {"lot_id"}:
        header, text = headers.get(key), _text(raw.get(key))
        if text and header is not None and header.percent and "%" not in text:
            text += " %"
        # Among numbers that are written anew the mark would no longer be in doubt.
        line[key] = f"{text} ?" if key in unread else text
    money = headers.get("purchase_price") or headers.get("total_price")
    if "unit" in wrong and not line["unit"] and "quantity" in headers:
        header = headers["quantity"]
        line["unit"] = header.unit or ""
    if money is not None and "currency" in wrong:
        line["currency"] = line["currency"] or money.currency or ""
        if money.per_unit and line.get("purchase_price") and money.unit in KG_PER_UNIT and "/" not in line["purchase_price"]:
            line["purchase_price"] += f" {line['currency'] or '?'}/{money.unit}"
        is_asked = any(found.rule == "price_is" for found in faults)
        if is_asked and line.get("purchase_price") and not line.get("purchase_price_is"):
            line["purchase_price_is"] = "?"
    return line


def _told(faults: list[CellFault], tell: Callable[[str], str]) -> str:
    return "; ".join(f"{found.column}: {tell(found.fault)}. {tell(found.hint)}".strip() for found in faults)


def _text(value: Any) -> str:
    """A cell that is read in one way: a number with three decimals has a fourth."""
    match value:
        case None:
            return ""
        case bool():
            return str(value)
        case int() | float():
            text = repr(float(value)).removesuffix(".0")
            return f"{text}0" if _TWO_READINGS.fullmatch(text) else text
        case date():
            return value.isoformat()
    return str(value)
