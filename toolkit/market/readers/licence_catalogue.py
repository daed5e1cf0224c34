"""China's yearly catalogue of dual-use items under import and export licence, as a CSV or a sheet that a user made of it.

The columns are found by their Chinese or English headers (`HEADERS`), below title rows and in any order. A row without a name
and a control code goes on with the item above: merged cells, or one more tariff code. Items of technology have no code.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from toolkit.core.errors import DataError
from toolkit.core.messages import Message, message
from toolkit.market.readers.faults import Fault
from toolkit.market.readers.tabular import TITLES, read_table
from toolkit.market.readers.workbook import shown

_HEADERS = {
    "name": "商品名称;物项名称;货物名称;name;item;item name;commodity;commodity name;name of commodity;product name",
    "description": "描述;商品描述;物项描述;管制物项描述;description;item description;commodity description",
    "code": "海关商品编号;海关商品编码;参考海关商品编号;商品编号;商品编码;税则号列;税号;hs编码;hs code;hs codes;tariff code;"
    "customs code;customs commodity code;customs commodity number;customs commodity no;"
    "commodity code;reference customs commodity code",
    "control_code": "出口管制编码;管制编码;两用物项编码;两用物项出口管制编码;物项编码;control code;export control code",
    "unit": "单位;计量单位;unit",
}
_NONE = ("", "-", "--", "\N{EM DASH}", "/", "无", "none", "n/a")
_NOTE = re.compile(r"(说明|技术说明|注释?|(technical )?notes?)\d*\b")
_REMEDY = (
    "Write codes of 8 or 10 digits as text in the column of codes, beside or below their item; numbers lose a leading zero."
)
SCHEMA = {"row": pl.Int64, **dict.fromkeys(("name", "description", "control_code", "code"), pl.String)}


def _folded(text: str) -> str:
    """Letters and digits, without what stands in brackets: ``海关商品编号（10位）`` and ``商 品 名 称`` are headers too."""
    plain = re.sub(r"\(.*?\)", "", unicodedata.normalize("NFKC", text))
    return "".join(letter for letter in plain.casefold() if letter.isalnum())


HEADERS: Mapping[str, str] = {_folded(name): key for key, names in _HEADERS.items() for name in names.split(";")}
"""Folded header -> column."""


@dataclass(frozen=True, slots=True)
class UnreadRow:
    """A row of which something could not be read.

    Attributes:
        row: Its number in the file.
        what: What could not be read.
        value: The cell.
        hint: How to mend it.
    """

    row: int
    what: str
    value: str
    hint: str


@dataclass(frozen=True, slots=True, eq=False)  # frames have no truth value, so files are compared by identity
class LicenceCatalogue:
    """Items of the catalogue.

    Attributes:
        name: File and sheet as shown.
        encoding: As in `toolkit.market.readers.tabular.Table`.
        items: How many items there are.
        codes: A row a tariff code, and one with a null code of an item that has none: columns `SCHEMA`.
        unread: Rows of which something could not be read.
        notes: What of a workbook is read and what is not.
    """

    name: str
    encoding: str
    items: int
    codes: pl.DataFrame
    unread: tuple[UnreadRow, ...]
    notes: tuple[Message, ...]


def read_licence_catalogue(path: str | Path) -> LicenceCatalogue:
    """The items of a catalogue.

    Raises:
        DataError: for a file without a header that names items and tariff codes, or without a code; else as `read_table`.
    """
    broken: list[Fault] = []
    seen: list[bool] = []

    def header(records: Sequence[Sequence[str]]) -> tuple[list[str], int, int] | None:
        for at, record in enumerate(records[:TITLES]):
            keys = [HEADERS.get(_folded(text), text.strip()) for text in record]
            if {"name", "code"} <= set(keys):
                seen.append(True)
                width = max(i for i, key in enumerate(keys, start=1) if key)
                return [key or f"column {i}" for i, key in enumerate(keys[:width], start=1)], at, at + 1
        seen.append(False)
        return None

    try:
        table = read_table(path, may_be_empty=True, faults=broken, header=header, legacy="gb18030").visible()
    except DataError:
        if any(seen) or not seen:
            raise
        table = None
    if table is None or not {"name", "code"} <= set(table.columns):
        raise DataError(
            "{name:s}: no row of the first {titles} names items and tariff codes.",
            hint="Keep the header of the catalogue (商品名称, 描述, 海关商品编号, 单位), or use name, description, code, unit.",
            details={"file": str(path)},
            name=Path(path).name,
            titles=TITLES,
        )
    unread = [
        UnreadRow(cell["row"], one.fault, cell["what"] or "", one.hint) for one in broken for cell in one.cells.to_dicts()
    ]
    items: list[dict[str, str]] = []
    codes_of: list[list[tuple[int, str | None]]] = []
    for row, cells in zip(table.rows, table.cells.iter_rows(named=True), strict=True):
        cell = {key: unicodedata.normalize("NFKC", shown(cells.get(key))) for key in _HEADERS}
        if HEADERS.get(_folded(cell["code"])) == "code":  # the header again, on a further page
            continue
        if cell["control_code"] or (cell["name"] and not _NOTE.match(cell["name"].casefold())):
            items.append({key: cell[key] for key in ("name", "description", "control_code")})
            codes_of.append([(row, None)])
        elif items:
            items[-1]["description"] = " ".join(filter(None, (items[-1]["description"], cell["name"], cell["description"])))
        codes = tariff_codes(cell["code"])
        elsewhere = next((key for key in ("name", "description") if codes == [] and tariff_codes(cell[key])), None)
        if codes is None or elsewhere or (codes and not items):
            what = (
                "no tariff code" if codes is None else f"a code in the column {elsewhere}" if elsewhere else "a code of no item"
            )
            unread.append(UnreadRow(row, what, cell[elsewhere or "code"], _REMEDY))
        elif codes:
            codes_of[-1] = [pair for pair in codes_of[-1] if pair[1]] + [(row, code) for code in codes]
    records = [
        {**item, "name": item["name"] or item["description"], "row": row, "code": code}
        for item, codes in zip(items, codes_of, strict=True)
        for row, code in codes
    ]
    frame = pl.DataFrame(records, schema=SCHEMA)
    if frame["code"].null_count() == frame.height:
        first = f" Row {unread[0].row}: {unread[0].what} ({unread[0].value[:40]!r})." if unread else ""
        raise DataError(
            "{file:s}: no tariff code was read below row {header}.{first}",
            hint=unread[0].hint if unread else message("Give the rows of the catalogue below its header."),
            details={"rows": [one.row for one in unread[:5]]},
            file=table.name,
            header=table.header,
            first=first,
        )
    return LicenceCatalogue(table.name, table.encoding, len(items), frame, tuple(unread), table.notes)


def tariff_codes(text: str) -> list[str] | None:
    """Tariff codes of 8 or 10 digits in a cell, dots and spaces within them allowed; None where something else stands there."""
    if text.strip().casefold() in _NONE:
        return []
    codes: list[str] = []
    for part in filter(str.strip, re.split(r"[;、,/。]", text.replace(".", ""))):
        pieces = part.split()
        whole = pieces if all(len(piece) in (8, 10) for piece in pieces) else ["".join(pieces)]
        if not all(piece.isascii() and piece.isdecimal() and len(piece) in (8, 10) for piece in whole):
            return None
        codes += whole
    return codes
