"""Reader of holdings files: CSV, workbook or Parquet, one row a lot; an ambiguous cell is a fault, never guessed."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from itertools import zip_longest

import polars as pl

from toolkit.core.countries import fold, foldings
from toolkit.core.errors import DataError, SeveralSheets, nearest
from toolkit.core.messages import message, named, together
from toolkit.market.readers.cells import PIECE, UNITS, amount
from toolkit.market.readers.faults import Fault, row_error
from toolkit.market.readers.holdings.columns import (
    FAULT,
    NOT_READ,
    STRONG,
    Header,
    read_header,
)
from toolkit.market.readers.holdings.lots import Holdings, Names, ReadFile
from toolkit.market.readers.holdings.rows import Parser
from toolkit.market.readers.holdings.unread import SALE
from toolkit.market.readers.tabular import MAX_NAME, TITLES, Source, Table, read_table

_GROSS = re.compile(r"\b(brutto(gewicht|menge|masse)?|gross|(mit|inkl|incl|including) (verpackung|packaging|packing))\b")
"""Headers, as `fold` writes them, of a mass with its packing."""
MOST_LOTS = 100_000
"""Lots of one file; more are refused."""


def read_holdings(path: Source | Table, *, names: Names, today: date, client: str | None = None) -> Holdings:
    """Read a holdings file; see `docs/holdings.md` for its columns.

    Args:
        path: As of `read_table`.
        names: How assets, forms and instruments are recognised.
        today: No lot but a planned one is bought later.
        client: As of `parse`.

    Raises:
        DataError: for a file or a header that cannot be used.
        FrameError: for faulty rows: every kind of fault with its rule, count and first rows (header = row 1) in `details`.
    """
    return parse(path, names=names, today=today, client=client).holdings()


def parse(path: Source | Table, *, names: Names, today: date, client: str | None = None) -> ReadFile:
    """The rows of a holdings file that can be read, and the faults of the others.

    Args:
        path: As of `read_table`.
        names: How assets, forms and instruments are recognised.
        today: Day on which the file is read: only a planned lot may have a later purchase.
        client: Whose lots are meant, where the file has a column of clients; None for all.

    Raises:
        DataError: for a file that is no table, or whose header lacks asset or quantity or names a column twice, then with
            the faults of its rows; and for a client that it does not name.
    """
    broken: list[Fault] = []
    # Who holds nothing has a file with a header alone.
    try:
        table = read_table(path, may_be_empty=True, faults=broken, header=_header).visible()
    except SeveralSheets as error:
        every = message("Where each is one client's, '{file:s}#*' is all of them.", file=error.details["file"])
        raise SeveralSheets(error.message, hint=together(error.hint, every), details=error.details) from None
    if table.cells.height > MOST_LOTS:
        raise DataError(
            "{file:s} has {rows:,} rows; at most {most:,} lots are read.",
            hint="Split the file.",
            file=table.name,
            rows=table.cells.height,
            most=MOST_LOTS,
        )
    headers, refused = _headers(table)
    read = Parser(table, headers, names, today, client).read(broken)
    if refused is not None:
        keys = {header.key for header in headers}
        read = replace(read, faults=[found for found in read.faults if found.column in keys])
        groups = read.grouped()
        raise row_error(table.name, [_header_fault(refused), *groups]) if groups else refused
    return read


def _header(records: Sequence[Sequence[str]]) -> tuple[list[str], int, int] | None:
    """The first record that names asset and quantity and holds no number, or two that do so together; None where none does."""
    for at, record in enumerate(records[:TITLES]):
        if joined := _two_rows(record, records[at + 1]) if at + 1 < len(records) else None:
            return joined, at + 1, at + 2
        if _names_lots(record) and _has_words(record):
            return [text.strip() for text in record], at, at + 1
    return None


def _names_lots(record: Sequence[str]) -> bool:
    return {"asset", "quantity"} <= {read_header(text).key for text in record if len(text) <= MAX_NAME}


def _has_words(record: Sequence[str]) -> bool:
    """Whether some cells are filled, and none with a number."""
    return any(text.strip() for text in record) and not any(text.strip()[:1].isdigit() for text in record)


def _two_rows(groups: Sequence[str], names: Sequence[str]) -> list[str] | None:
    """Names of columns below groups of them (``Kauf`` above ``Menge`` and ``Preis``); None for no header of two rows."""
    if not (_has_words(groups) and _has_words(names)) or sum(map(bool, groups)) < 2 or max(map(len, groups)) > MAX_NAME:
        return None
    if any(fold(above) == FAULT for above in groups):  # a copy that keeps a second header as a row of faults
        return None
    group, joined = "", []
    for above, below in zip_longest(groups, names, fillvalue=""):
        group = above.strip() or group
        both = f"{group} {below.strip()}"
        is_known = bool(read_header(both).key) or SALE.match(fold(group)) is not None
        joined.append((both if is_known and group else below.strip()) if below.strip() else above.strip())
    is_apart = all(
        read_header(below).key == "asset" or not below.strip()
        for name, below in zip_longest(joined, names, fillvalue="")
        if read_header(name).key == "asset"
    ) and any(
        below.strip() and (not above.strip() or read_header(below).key)
        for above, below in zip_longest(groups, names, fillvalue="")
    )
    return joined if _names_lots(joined) and (_names_lots(names) or is_apart) else None


def _header_fault(error: DataError) -> Fault:
    """A header that cannot be used, as one of the faults of its file."""
    cells_of = {"row": error.details["rows"], "what": [None], "value": [None]}
    frame = pl.DataFrame(cells_of, schema={"row": pl.Int64, "what": pl.String, "value": pl.String})
    return Fault("header", message("{faults:; }", faults=error.details["faults"]), error.hint, frame)


def _headers(table: Table) -> tuple[list[Header], DataError | None]:
    """One header a column; of two that name one key, the weak one is left, else the later one.

    The error is that of a key that two columns name, a header that is nearly one, and a file without asset or quantity.
    """
    found = [read_header(text) for text in table.columns]
    # Beside the price of a unit the other money is that of the lot; that the two agree is checked.
    if any(header.key == "purchase_price" and not header.undecided for header in found):
        found = [replace(h, key="total_price", undecided=False, weak=False) if h.undecided else h for h in found]
    # Of "Item" and "Description", the one that numbers the rows is not the asset.
    if sum(header.key == "asset" for header in found) > 1:
        key = None if any(header.key == "lot_id" for header in found) else "lot_id"
        found = [
            replace(h, key=key, weak=True) if h.key == "asset" and h.weak and _counts(table.cells[h.text]) else h for h in found
        ]
    # Positions of several orders begin anew.
    found = [Header(h.text, None) if h.key == "lot_id" and h.weak and _repeats(table.cells[h.text]) else h for h in found]
    # A column of units is one whatever its header: without it the quantities would be in kg.
    if not any(header.key == "unit" or (header.key == "quantity" and header.unit not in (None, PIECE)) for header in found):
        of_units = [h.text for h in found if (h.key is None or h.weak) and _names_units(table.cells[h.text])]
        found = [Header(h.text, "unit") if [h.text] == of_units else h for h in found]
    # An amount or a rate of tax is no state of it.
    found = [Header(h.text, None) if h.key == "vat_state" and _are_amounts(table.cells[h.text]) else h for h in found]
    strong = {header.key for header in found if not header.weak}
    found = [Header(h.text, None) if h.weak and h.key in strong else h for h in found]
    accounts = [h.text for h in found if h.key == "client" and h.weak]  # one of them tells clients apart
    found = [Header(h.text, None) if h.text in accounts[1:] else h for h in found]
    faults: list[str] = []
    hints: list[str] = []
    for key, count in Counter(header.key for header in found if header.key).items():
        if count > 1:
            both = [header.text for header in found if header.key == key]
            faults.append(
                message(
                    "columns {names: and } both say {key!r:s}",
                    names=named(both),
                    key=key,
                )
            )
            hints.append(
                message(
                    "Keep one of them, or rename the other to something that is not read, as 'note {name:s}'.", name=both[-1]
                )
            )
            found = [Header(h.text, None) if h.text in both[1:] else h for h in found]
    for header in found:
        if header.key is None and fold(header.text) not in NOT_READ:
            meant = _nearly(fold(header.text))
            is_tax = meant == "vat_state" and _are_amounts(table.cells[header.text])
            if meant is not None and not is_tax and meant not in {h.key for h in found}:
                faults.append(message("unknown column {name!r:s}", name=header.text))
                hints.append(
                    message(
                        "Did you mean {meant!r:s}? Rename it, or to something that is not near a column that is read.",
                        meant=meant,
                    )
                )
    keys = {header.key for header in found}
    for key in ("asset", "quantity"):
        if key not in keys:
            faults.append(message("no column {key!r:s}", key=key))
            hints.append(_in_place_of(key, [h.text for h in found if h.key is None]))
    if faults:
        needs = message("The header needs asset and quantity; `toolkit holdings template` writes one with all columns.")
        hint = together(*dict.fromkeys(hints)) or needs
        return found, table.header_error("{faults:; }.", hint, details={"faults": faults}, faults=faults)
    return found, None


def _repeats(column: pl.Series) -> bool:
    """Whether a number of a column stands in it twice."""
    numbers = [text for cell in column if (text := str(cell or "").strip()).isdecimal()]
    return len({*numbers}) < len(numbers)


def _counts(cells: pl.Series) -> bool:
    """Whether the cells are whole numbers."""
    return cells.cast(pl.String).drop_nulls().str.contains(r"^[0-9]+\.?$").all()


def _names_units(column: pl.Series) -> bool:
    """Whether every cell that is not empty is the word for a unit."""
    written = column.drop_nulls().unique().to_list() if column.dtype == pl.String else []
    return bool(written) and all(any(spelling in UNITS for spelling in foldings(text)) for text in written)


def _are_amounts(cells: pl.Series) -> bool:
    """Whether the cells are numbers, with or without a currency or a sign for per cent."""
    texts = cells.drop_nulls().cast(pl.String).to_list()
    return bool(texts) and all(amount(text.lstrip("-\u2212 ")) for text in texts)


def _in_place_of(key: str, unread: Sequence[str]) -> str:
    """What to do about a column that is missing beside those that are not read; empty where none of them is near."""
    gross = [text for text in unread if key == "quantity" and _GROSS.search(fold(text))]
    if gross:
        return message("{name!r:s} may be gross: give the net mass, as 'Menge netto (kg)'.", name=gross[0])
    near = [text for text in unread if nearest(fold(text), (key,), n=1)]
    return message("Rename column {name!r:s} to {key!r:s}.", name=near[0], key=key) if near else ""


def _nearly(words: str) -> str | None:
    """The column whose header a text begins with (``Kaufpreis netto``) or is a slip of; None for another, and a gross mass."""
    import difflib  # noqa: PLC0415

    begins = [name for name in STRONG if words.startswith(f"{name} ")]
    near = [max(begins, key=len)] if begins else nearest(words, [name for name in STRONG if len(name) > 3], n=1)
    is_close = near and (begins or difflib.SequenceMatcher(None, words, near[0]).ratio() >= 0.85)
    key = STRONG[near[0]] if is_close else None
    return None if key == "quantity" and _GROSS.search(words) else key
