"""Rows of a holdings file: which are lots, what is decided by the whole file, and what is asked of its texts."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime
from functools import cache, lru_cache
from itertools import accumulate
from typing import Any, NamedTuple

import polars as pl

from toolkit.core.countries import fold, foldings
from toolkit.core.errors import DataError, did_you_mean
from toolkit.core.messages import Message, few, message
from toolkit.core.places import place
from toolkit.core.units import KG_PER_UNIT
from toolkit.market.layouts.fields import AS_LOT, FIELDS, HOLDINGS, IGNORE, KINDS_OF_MOVEMENTS, SEVERAL
from toolkit.market.layouts.headers import Header
from toolkit.market.layouts.layout import OF_LOTS, OF_OWNERS, OF_ROWS, Meaning
from toolkit.market.layouts.propose import Question, examples
from toolkit.market.layouts.texts import (
    as_answered,
    is_bare_name,
    is_code,
    is_grade,
    is_harmless,
    is_known_custody,
    is_marked,
    is_paper,
    is_plain_name,
    is_plain_place,
    undated,
)
from toolkit.market.layouts.vocabulary import vocabulary
from toolkit.market.readers import cells
from toolkit.market.readers.holdings import values
from toolkit.market.readers.holdings.lot import AGREES, FileCells, Row, lot_of_row, mass_of
from toolkit.market.readers.holdings.lots import ARRIVING, DEFAULTS, CellFault, Names, ReadFile, notes
from toolkit.market.readers.holdings.values import Faulty
from toolkit.market.readers.price_titles import days_in, moneys_and_units

_ROWS = 3
"""Rows that a question names."""
NEWEST, EVERY_DAY = "newest", "every"
_DAYS = (NEWEST, EVERY_DAY)
_WORD = re.compile(r"^[^\W\d_]{4,}$|\s[^\W\d_]{2,}")
_LETTERS = re.compile(r"[^\W\d_]{4,}")
_CODED = ("lot_id", "name", "document", "counterparty")
"""Columns of texts that may be codes, numbers or names."""
_SENTENCE = re.compile(r"[^\W\d]{3}.*\s")
_SAME = ("asset", "form", "purity", "purchase_date", "currency", "origin_country", "status", "client")
"""What two rows say alike of a lot that may stand twice."""


def with_lots(read: ReadFile, names: Names, today: date, client: str | None) -> ReadFile:
    """A file with its lots, the faults of their cells, what its texts leave open, and how it was read.

    Args:
        read: Its cells and the layout by which they are read.
        names: How assets, forms and instruments are recognised.
        today: Only a planned lot may have a later purchase.
        client: Whose lots are meant, where the file has a column of clients; None for all.

    Raises:
        DataError: for a client that it does not name, and for what is ordered in a column beside the quantity.
    """
    table, numbers = read.table, read.table.rows.to_list()
    by = {header.key: header.text for header in read.headers}
    if {"quantity", "ordered"} <= by.keys():
        hint = message(
            "Write what is ordered as rows of their own with the status ordered, or say {name:s}=ignore.", name=by["ordered"]
        )
        raise table.header_error("{name!r:s} is ordered beside what is there.", hint, name=by["ordered"])
    file, texts = opened(read, names, today)
    file.lots = _lot_ids(file, numbers)
    read, parts, told = rows_of(read, file, client)
    kept, own_rows, status = parts.kept, parts.own, status_of_file(file, parts.below)
    _ask_of_empty(file, kept)
    days = _days(file, kept)
    if read.layout.every.get("snapshot") == NEWEST:
        older = [i for i in kept if days.get(i, max(days.values())) < max(days.values())]
        kept = [i for i in kept if i not in {*older}]
        told += (
            [message("Rows of days before {day} that are not read: {n:d}.", day=max(days.values()), n=len(older))]
            if older
            else []
        )
    own_rows = [i for i in kept if i in own_rows]
    lots = {i: lot for i in own_rows if (lot := lot_of_row(Row(file, i), status, said_of(file, texts, i, status))) is not None}
    of_formulas = {(fault.row, fault.column) for fault in file.faults if fault.rule == "formula"}
    file.faults = [one for one in file.faults if one.rule != "empty" or (one.row, one.column) not in of_formulas]
    _repeated(file, lots)
    _sales(file, lots)
    if own_rows == kept:
        _totals(file, parts.totals, lots)
    arrivals = _arrivals(file, lots)
    own = {numbers[i] for i in own_rows}
    if client is not None:  # what is wrong in the rows of another is told by its row alone
        file.faults = [one if one.row in own else replace(one, lot=None, value=None) for one in file.faults]
    order = {column.key: at for at, column in enumerate(HOLDINGS)}
    faulty = {fault.row for fault in file.faults}
    for key, said in DEFAULTS.items():
        if named := file.defaults.get(key):
            # Forms are named one by one, since each is another assumption.
            told.append(said(few([*dict.fromkeys(named)], of=len(lots) if {*named} <= {*file.lots} else 0)))
    told += _alike(lot for i, lot in lots.items() if numbers[i] not in faulty)
    faults = sorted(file.faults, key=lambda found: (order.get(found.column, -1), found.row))
    return replace(closed(read, file, lots, told, faults), arrivals=arrivals)


# What the readers of lots, of movements and of other records share


class Parts(NamedTuple):
    """Positions of rows: those that are read, those of the client that is meant, of totals, and of remarks below the table."""

    kept: list[int]
    own: list[int]
    totals: list[int]
    below: list[int]


def opened(read: ReadFile, names: Names, today: date) -> tuple[FileCells, list[tuple[str, Sequence[str]]]]:
    """The cells of a file by field, and its columns of texts with what is not understood, or is answered.

    Args:
        read: Its cells and the layout by which they are read.
        names: How assets, forms and instruments are recognised.
        today: Day on which it is read.
    """
    file = FileCells(read.table, read.layout, names, today)
    read_columns(file, read.headers)
    check_formulas(file)
    return file, [*texts_of(read, file)]


def rows_of(read: ReadFile, file: FileCells, client: str | None) -> tuple[ReadFile, Parts, list[Message]]:
    """A file that quotes no cell of another client, its rows, and notes on how it was read.

    Args:
        read: The file.
        file: Its cells.
        client: Whose rows are meant; None for all.

    Raises:
        DataError: for a client that it does not name.
    """
    numbers, leave_out = file.table.rows, {fold(text) for text in read.layout.leave_out}
    totals, below = _rows_of_no_lot(file) if "asset" in file.raw else ([], [])
    left = [i for i, row in enumerate(file.table.cells.rows()) if _first_cell(row) in leave_out] if leave_out else []
    kept = sorted({*range(len(numbers))} - {*totals, *below, *left})
    own = _of_client(file, kept, client)
    read = read if own == kept else _told_of(read, own)
    told = [*notes(read, [numbers[i] for i in (*totals, *left)]), *_conventions(file, kept, {*own})]
    return read, Parts(kept, own, totals, below), told


def closed(
    read: ReadFile, file: FileCells, found: Mapping[int, Any], told: Iterable[Message], faults: Sequence[CellFault]
) -> ReadFile:
    """A file with its records.

    Args:
        read: As it was opened.
        file: With its questions.
        found: Position of a row -> its record.
        told: How it was read.
        faults: Of its cells.
    """
    rows, numbers = [*found.values()], [file.table.rows[i] for i in found]
    questions = (*read.questions, *file.questions.values())
    order = None if file.month_first is None else ("day", "month")[file.month_first]
    # What these cells settle, those of the next file may not.
    layout = read.layout.model_copy(update={"decimal": file.mark, "dates": order})
    return replace(read, layout=layout, rows=rows, numbers=numbers, faults=[*faults], questions=questions, notes=tuple(told))


# Columns


def _texts_in(column: Sequence[Any]) -> set[str]:
    """The distinct texts of cells, so that each is read once."""
    return {cell for cell in column if isinstance(cell, str)}


def read_columns(file: FileCells, headers: Sequence[Header]) -> None:
    """Cells by field, in the words of the vocabulary; where a column counts pieces or orders alone, it is the quantity."""
    words = {as_answered(text): word for text, word in file.layout.words.items()}
    of_movements = file.layout.of == "movements"  # a number is a kind in the column of kinds alone
    kinds = {text for text, word in words.items() if of_movements and word in KINDS_OF_MOVEMENTS}
    file.words, file.remarks = words, {as_answered(text): meaning for text, meaning in file.layout.remarks.items()}
    for header in headers:
        key = AS_LOT.get(header.key or "", header.key)
        if key and key not in SEVERAL["holdings"]:
            column = file.table.cells[header.text].to_list()
            own = words if key == "kind" else {text: word for text, word in words.items() if text not in kinds}
            said = (lambda text, own=own: own.get(as_answered(text), text)) if own else str
            read = {text: cells.tidy(said(text)) or None for text in _texts_in(column)}
            days = [cell.date() if isinstance(cell, datetime) else cell for cell in column]
            file.raw[key] = [read[cell] if isinstance(cell, str) else cell for cell in days]
            file.header[key] = header
    if "quantity" not in file.raw and "pieces" in file.raw:
        unit = None if "unit" in file.raw else cells.PIECE
        file.raw["quantity"] = file.raw.pop("pieces")
        file.header["quantity"] = replace(file.header["pieces"], key="quantity", unit=unit)
    elif "quantity" not in file.raw and "ordered" in file.raw:
        file.raw["quantity"], file.header["quantity"] = file.raw["ordered"], replace(file.header["ordered"], key="quantity")
    given = [amount.after for text in _texts_in(file.raw.get("quantity", ())) if (amount := cells.amount(text))]
    named = {cells.unit_in(text) for text in (*given, *_texts_in(file.raw.get("unit", ()))) if text}
    named |= {unit for line in (file.table.sheet, *file.table.titles) for unit in moneys_and_units(line)[1]}
    file.units = {unit for unit in named if unit in KG_PER_UNIT and unit != cells.KG}
    for key, text in file.layout.every.items():
        if key not in ("currency", "unit", "status"):  # these a cell, a header or a price may say in other places
            key = AS_LOT.get(key, key)  # noqa: PLW2901  # of a movement
            column = file.raw.get(key) or [None] * file.table.cells.height
            file.raw[key] = [text if cell is None else cell for cell in column]


def check_formulas(file: FileCells) -> None:
    """A formula without a value is a fault, and its cell is empty; in a CSV what begins with ``=`` is text."""
    for key, column in file.raw.items():
        errors = {text for text in _texts_in(column) if cells.FORMULA_ERROR.fullmatch(text)}
        for i, cell in enumerate(column) if errors else ():
            if isinstance(cell, str) and cell in errors and not (cell.startswith("=") and file.table.encoding):
                hint = message("Mend the formula, or write the value in its place.")
                if cell.startswith("="):
                    hint = message("Open the file in the spreadsheet and save it again, so that the formula has a value.")
                words = message("a formula without a value in column {header!r:s}", header=file.header[key].text)
                file.fault(i, key, Faulty("formula", words, hint))
                column[i] = None


def _conventions(file: FileCells, kept: Sequence[int], told: Collection[int]) -> Iterator[Message]:
    """The decimal mark and the order of day and month, from every cell; said with a cell of the rows that are `told`.

    Args:
        file: Its cells.
        kept: Rows that are read.
        told: Those of whom a question may quote a cell.
    """
    fields = FIELDS[file.layout.of]
    keys = [key for one in fields if one.cells in ("number", "fraction") and (key := AS_LOT.get(one.key, one.key)) in file.raw]
    column = [(i, key, cell) for key in keys for i in kept if isinstance(cell := file.raw[key][i], str)]
    counts = Counter(cell for _, _, cell in column)
    amounts = {cell: found for cell in counts if (found := cells.amount(cell))}
    by_amount = Counter[cells.Amount]()
    for cell, found in amounts.items():
        by_amount[found] += counts[cell]
    file.mark, odd = cells.decimal_mark(by_amount)
    if file.layout.decimal:
        file.mark, odd = file.layout.decimal, {found for found in by_amount if file.layout.decimal not in found.readings}
    doubtful = {cell: found for cell, found in amounts.items() if found.is_ambiguous or found in odd}
    seen = [(i, key, found) for i, key, cell in column if (found := doubtful.get(cell))]
    for i, key, found in seen:
        if found in odd:
            hint = message("Use one decimal mark in the whole file.")
            file.fault(i, key, Faulty("decimal", "numbers use both '.' and ',' as decimal mark", hint))
        elif found.is_ambiguous and file.mark is None and i in told:
            low, high = sorted(found.readings.values())
            asks = message("it may be {low:.12g} or {high:.12g}: which mark is the decimal?", low=low, high=high)
            file.questions.setdefault("decimal", Question("decimal", "decimal", (found.digits,), asks, None, (".", ",")))
    settled = [found for i, _, found in seen if found.is_ambiguous and i in told]
    if settled and file.mark is not None:
        yield cells.decided(settled[0], file.mark)
    dates = [file.raw["purchase_date"][i] for i in kept] if "purchase_date" in file.raw else []
    days = [cells.day(cell) for cell in dates if isinstance(cell, str)]
    file.month_first, contradict = cells.either_reading(day for day in days if day)
    if contradict:
        file.month_first = None
    if file.layout.dates:
        file.month_first = int(file.layout.dates == "month")


# Rows


def _first_cell(row: Sequence[Any]) -> str:
    """The first cell of a row, folded."""
    return fold(next((str(cell) for cell in row if cell is not None), ""))


def _rows_of_no_lot(file: FileCells) -> tuple[list[int], list[int]]:
    """Positions of the totals and of the remarks among the rows of a table.

    A total is a row that begins with the label of a total, or with ``*`` as in a list of SAP, and names no asset. Remarks are
    rows of one text that is no asset, below an empty row or a total that ends the table.
    """
    rows, numbers = file.table.cells.rows(), file.table.rows
    known = cache(lambda: {fold(cell) for row in rows for cell in row if isinstance(cell, str)})  # for few files
    is_label = cache(lambda text: _is_label(text, known, file.names))
    totals = []
    for i, row in enumerate(rows):
        texts = [text for text in (next((str(cell) for cell in row if cell is not None), ""), file.text("asset", i)) if text]
        labels = [is_label(text) for text in texts]
        totals += [i] if any(labels) and (file.text("asset", i) is None or labels[-1]) else []
    first = len(rows)
    while first and _is_remark(rows[first - 1], file.names):
        first -= 1
    is_apart = 0 < first < len(rows) and (numbers[first] - numbers[first - 1] > 1 or first - 1 in totals)
    return totals, [*range(first, len(rows))] if is_apart else []


def _is_label(text: str, known: Callable[[], Collection[str]], names: Names) -> bool:
    """Whether a text is the label of a total: ``Summe``, ``Meier Ergebnis`` of a client, ``Gallium Total``, ``*`` of SAP.

    What stands beside the word is a metal, a number, or a cell of the table.
    """
    words, totals = fold(text).split(" "), vocabulary().texts["totals"]
    if not text.strip("*") or " ".join(words) in totals:
        return True
    beside = words[1:] if words[0] in totals else words[:-1] if words[-1] in totals else []
    of = " ".join(word for word in beside if not re.search(r"\d", word))
    return bool(beside) and (not of or of in totals or is_asset(of, names) or of in known())


def is_asset(text: str, names: Names) -> bool:
    """Whether a text names an asset, with its purity or without."""
    try:
        return bool(names.asset(cells.tidy(cells.PURITY.sub(" ", text)) or text))
    except DataError:
        return False


def _is_remark(row: Sequence[Any], names: Names) -> bool:
    filled = [cell for cell in row if cell is not None]
    is_sentence = len(filled) == 1 and isinstance(filled[0], str) and _SENTENCE.search(filled[0]) is not None
    return is_sentence and not is_asset(filled[0], names)


def _lot_ids(file: FileCells, numbers: Sequence[int]) -> list[str]:
    # An id such as "# 1" would begin a comment where it stands first in a line.
    given = [(file.text("lot_id", i) or "").lstrip("# ") for i in range(len(numbers))]
    if "client" in file.raw and len({*filter(None, given)}) < len([*filter(None, given)]):  # each client's begin anew
        given = [lot and f"{file.text('client', i) or ''} {lot}".strip() for i, lot in enumerate(given)]
    return [lot or f"row {number}" for lot, number in zip(given, numbers, strict=True)]


def _days(file: FileCells, kept: Sequence[int]) -> dict[int, date]:
    """Row -> the day of its stock, in a file that tells it; of several days it is asked whether the newest is all."""
    days: dict[int, date] = {}
    for i in kept if "snapshot" in file.raw else ():
        row = Row(file, i)
        day, text = row.read("snapshot", row.day, "snapshot"), row.text("snapshot")
        if text is None or values.is_unknown(text) or (day and day > file.today):
            file.fault(i, "snapshot", Faulty("date", "not a day of the stock, up to today", "Write it as 2026-05-31."))
        elif day:
            days[i] = day
    if len({*days.values()}) > 1 and file.layout.every.get("snapshot") not in _DAYS:
        asks = message("stock of several days: is the newest all of it, or does each row count?")
        told = tuple(str(day) for day in sorted({*days.values()})[-_ROWS:])
        file.questions["snapshot"] = Question("snapshot", "snapshot", told, asks, None, _DAYS)
    return days


def _of_client(file: FileCells, kept: list[int], client: str | None) -> list[int]:
    """The rows of the client that is meant; all of them where none is, or no row names any.

    Args:
        file: Its cells.
        kept: Rows that are read.
        client: The name; None for all.
    """
    names = {i: name for i in kept if (name := file.text("client", i)) is not None}
    if client is None or not names:
        return kept
    meant = {i for i, name in names.items() if name.casefold() == client.casefold()}
    if not meant:
        raise DataError(
            "no lot of {file:s} is of the client {client!r:s}.",
            hint=did_you_mean(client, {name.casefold(): name for name in names.values()}.values()),
            file=file.table.name,
            client=client,
        )
    unnamed = sorted({*kept} - {*names, *of_all_clients(file, kept)})
    for i in unnamed:
        hint = message("Write whose lot it is in every row.")
        file.fault(i, "client", Faulty("client", "a lot of no client, beside those of clients", hint))
    return sorted({*meant, *unnamed})


def of_all_clients(file: FileCells, kept: list[int]) -> list[int]:
    """Movements of money that name no client, no lot and no metal, as a bill for the storage of all."""
    if file.layout.of != "movements":
        return []
    return [i for i in kept if not any(file.text(key, i) for key in ("client", "lot_id", "asset"))]


def _told_of(read: ReadFile, rows: Collection[int]) -> ReadFile:
    """A file of which readings and questions quote no cell of other rows."""
    cells_of = {
        header: examples(cells.tidy(str(cell)) for i in sorted(rows) if (cell := read.table.cells[header][i]) is not None)
        for header in read.table.columns
    }
    return replace(
        read,
        readings=[replace(one, cells=cells_of.get(one.header, ())) for one in read.readings],
        questions=[replace(one, cells=cells_of.get(one.name, one.cells)) for one in read.questions],
    )


# Texts


def texts_of(read: ReadFile, file: FileCells) -> Iterator[tuple[str, Sequence[str]]]:
    """Columns of texts that may say something of their lots: field or ``ignore``, and cells; comments on cells too.

    A text that is understood, and on which nothing is answered, is empty there.

    Args:
        read: The file.
        file: Its cells and the answers.
    """
    found = ((key, texts, {*texts}) for key, texts in _columns_of_texts(read))
    said = ((key, texts, {text for text in own if _is_said(file, key, text)}) for key, texts, own in found)
    return ((key, [text if text in own else "" for text in texts]) for key, texts, own in said if own)


def _is_said(file: FileCells, key: str, text: str) -> bool:
    """Whether a text is answered, or is not understood."""
    if not text or (file.remarks and as_answered(text) in file.remarks):
        return bool(text)
    said = file.words.get(as_answered(text), text) if file.words else text
    return is_marked(said) or not (values.is_unknown(said) or _TEXTS[key][0](said))


def _columns_of_texts(read: ReadFile) -> Iterator[tuple[str, Sequence[str]]]:
    asked = {one.name for one in read.questions}
    numbers = {AS_LOT.get(one.key, one.key) for one in FIELDS[read.layout.of] if one.cells in ("number", "fraction")}
    for header in read.headers:
        key, column = AS_LOT.get(header.key or IGNORE, header.key or IGNORE), read.table.cells[header.text]
        if header.text in asked or column.dtype != pl.String:
            continue
        texts = ["" if cell is None else cells.tidy(cell) for cell in column.to_list()]
        if key == IGNORE and vocabulary().headers[read.layout.of].get(fold(header.text), ("",))[0] == IGNORE:
            key = "name"
        if key in _CODED:
            yield "unlike", [*_unlike(texts)]
        if key in _TEXTS:
            yield key, texts
        elif key not in numbers and any(map(is_marked, {*texts})):
            yield "marked", [text if is_marked(text) else "" for text in texts]
    if read.table.remarks:
        yield "remark", [" ".join(read.table.remarks.get(row, ())) for row in read.table.rows]


def _unlike(texts: Sequence[str]) -> Iterator[str]:
    """Texts unlike the others of a column, empty for one like them.

    Words among codes, but towns in a code: a bin ``RETURNS`` or ``SCRAP-01`` among ``A1``, ``B2 expired`` among ``B1``; and
    another text of the column with more behind it.
    """
    known = {*texts} - {""}
    filled, codes, short = (
        sum(map(one, texts)) for one in (bool, is_code, lambda text: is_code(text) and not _LETTERS.search(text))
    )
    for text in texts:
        if is_code(text):
            is_word = 2 * short >= filled and any(place(word).country is None for word in _LETTERS.findall(text))
        else:
            number = cells.amount(text)
            is_word = 2 * codes >= filled and _WORD.search(text) and not (cells.day(text) or (number and not number.before))
        begins, comma, _ = text.partition(",")
        yield text if is_word or (comma and begins in known) else ""


def status_of_file(file: FileCells, below: Iterable[int]) -> str:
    """The status of a lot without one, by what the owner said of the texts beside the table."""
    is_ordered = file.header["quantity"].text == getattr(file.header.get("ordered"), "text", None)
    given = vocabulary().meanings["status"].get(fold(file.layout.every.get("status", "stored")), "stored")
    status = "ordered" if is_ordered else given
    dated = {undated(text): meaning for text, meaning in file.layout.remarks.items()}
    table, rows = file.table, {*file.table.rows}
    sections = ("harmless", "ledgers") if file.layout.of == "movements" else ("harmless",)
    # The name of the sheet, where nobody named it, may say what its lots are.
    sheet = [table.sheet] if table.sheet and not is_harmless(re.sub(r"[0-9]+|\b\w\b", " ", table.sheet), *sections) else []
    comments = [text for row, texts in table.remarks.items() if row not in rows for text in texts]
    for text in (
        *sheet,
        *table.titles,
        *comments,
        *(str(cell) for i in below for cell in table.cells.row(i) if cell is not None),
    ):
        is_ahead = any(day > file.today for _, day in days_in(text))
        match file.remarks.get(as_answered(text)) if is_ahead else dated.get(undated(text)):
            case None if is_ahead or not is_harmless(undated(text), *sections):
                asks = message("a line beside the table: what does it say of the lots?")
                ask(file, text, (), asks, None)
            case "in_transit" | "ordered" | "planned" as said:
                status = said
            case "at_risk" as said:  # whatever a row says of where its lot is
                file.of_all.add(said)
            case _:
                pass
    return status


def _ask_of_empty(file: FileCells, kept: Iterable[int]) -> None:
    """Ask what holds where no status stands, beside others whose meaning is their owner's: ``✓``, ``x``, ``paid``.

    Args:
        file: Its cells.
        kept: Rows that are read.
    """
    texts = {i: file.text("status", i) for i in kept}
    empty, words = [i for i, text in texts.items() if text is None], {*texts.values()} - {None}
    is_own = words and not any(values.known_word(text, vocabulary().meanings["status"]) for text in words)
    if empty and is_own and "status" not in file.layout.every:
        where = tuple(message("row {row:d}", row=file.table.rows[i]) for i in empty[:_ROWS])
        asks = message("rows without a status, beside words of your own: what holds of them?")
        answers = tuple(dict.fromkeys(vocabulary().meanings["status"].values()))
        file.questions["status"] = Question("status", "status", where, asks, None, answers)


def ask(file: FileCells, text: str, where: tuple[str, ...], asks: Message, proposed: Meaning | None) -> None:
    """A question on a text, told once however often it stands.

    Args:
        file: Of its questions.
        text: The text.
        where: Rows in which it stands.
        asks: In words.
        proposed: The likely answer.
    """
    known, answers = file.questions.get(as_answered(text)), OF_LOTS
    if file.layout.of not in OF_OWNERS:
        asks, proposed, answers = (
            message("no text that is known: does the row count (no_meaning), or not (not_mine)?"),
            None,
            OF_ROWS,
        )
    if answer := file.words.get(as_answered(text)):
        asks = message("{asks} {answer!r:s} is no answer to it.", asks=asks, answer=answer)
    if known is None:
        file.questions[as_answered(text)] = Question("text", text, where, asks, proposed, answers)
    elif len(known.cells) < _ROWS:
        file.questions[as_answered(text)] = replace(known, cells=tuple(dict.fromkeys((*known.cells, *where))))


def said_of(file: FileCells, texts: Sequence[tuple[str, Sequence[str]]], i: int, default: str) -> set[Meaning]:
    """What the texts of a row say of its lot, as the owner answered; a text that is not understood is asked about.

    Where a lot lies is of matter to one that is stored, and when it comes to one that is not (else `_arrivals` asks).

    Args:
        file: With the answers.
        texts: As of `texts_of`.
        i: Position of the row.
        default: Status of a lot without one.
    """
    found: set[Meaning] = {*file.of_all}
    if not any(column[i] for _, column in texts):
        return found
    status = values.known_word(file.text("status", i), vocabulary().meanings["status"]) or default
    for key, column in texts:
        text = column[i]
        if not text or (key == "location" and status != "stored") or (key in _DUE and status == "stored"):
            continue
        if meaning := file.remarks.get(as_answered(text)):
            found.add(meaning)
        else:
            ask(file, text, (message("row {row:d}", row=file.table.rows[i]),), _TEXTS[key][1], _says_status(text))
    return found


def _says_status(text: str) -> Meaning | None:
    """The status that the first words of a text that is not understood name; a proposal, and never that it is there."""
    words, known = fold(text).split(), vocabulary().meanings["status"]
    found = next((known[one] for end in range(len(words), 0, -1) if (one := " ".join(words[:end])) in known), None)
    return next((meaning for meaning in OF_LOTS if meaning == found != "stored"), None)


_DUE = ("arrival", "received")
_MORE = message("a name that says more: what does it say of the lot?")
_OF_A_NAME = lru_cache(4096)(is_bare_name), _MORE
_TEXTS: Mapping[str, tuple[Callable[[str], bool], Message]] = {
    "status": (
        lambda text: any(one in vocabulary().meanings["status"] for one in foldings(text)),
        message("no known status: what does it say of the lot?"),
    ),
    **dict.fromkeys(
        ("location", "from", "to"),
        (
            lru_cache(4096)(is_plain_place),
            message("not only a place that is known: does the lot lie there? Or answer with its country, or unknown."),
        ),
    ),
    "custody": (lru_cache(4096)(is_known_custody), message("not only how it is kept: what does it say of the lot?")),
    "certificate": (lru_cache(4096)(is_paper), message("not only a paper: what does it say of the lot?")),
    "purity": (
        lru_cache(4096)(is_grade),
        message("not only a purity: where it is a form, say COLUMN=form; else what does it say of the lot?"),
    ),
    "vat_state": _OF_A_NAME,
    **dict.fromkeys(_DUE, (lambda text: values.last_day(text) is not None, message("no day: what does it say of the lot?"))),
    "remark": (lru_cache(4096)(is_harmless), message("a remark: what does it say of the lot?")),
    "marked": (lambda _: True, message("a sign beside its words: what does it say of the lot, or which word is meant?")),
    **dict.fromkeys(("lot_id", "name", "counterparty", "document"), _OF_A_NAME),
    "unlike": (lambda text: not text, message("a word among codes: what does it say of the lot?")),
    "client": (lru_cache(4096)(is_plain_name), _MORE),
    IGNORE: (lru_cache(4096)(is_plain_name), message("in a column that is not read: what does it say of the lot?")),
}
"""Columns of text -> whether a text of it is understood, and what is asked where it is not."""

# All lots


def _repeated(file: FileCells, lots: Mapping[int, Mapping[str, Any]]) -> None:
    """A fault for every row whose lot_id another row has too."""
    counts = Counter(lot["lot_id"] for lot in lots.values())
    hint = message("Give every lot an id of its own, or leave the column out: each row is then a lot.")
    for i, lot in lots.items():
        if counts[lot["lot_id"]] > 1:
            file.fault(i, "lot_id", Faulty("duplicate", "a lot_id that occurs twice", hint, cell=lot["lot_id"]))


def _sales(file: FileCells, lots: Mapping[int, Mapping[str, Any]]) -> None:
    """A fault for every quantity below zero of an instrument of which its owner holds some: a sale, and no short position."""
    held = {(lot["asset"], lot["client"]) for lot in lots.values() if (lot["quantity"] or 0) > 0}
    for i, lot in lots.items():
        if (lot["quantity"] or 0) < 0 and (lot["asset"], lot["client"]) in held:
            file.fault(i, "quantity", Faulty("positive", "a quantity that is not positive", values.ABOVE_ZERO))


def _totals(file: FileCells, totals: Sequence[int], lots: Mapping[int, Mapping[str, Any]]) -> None:
    """A total is the sum of the last lots above it, in one of the units; else a row is wrong."""
    for i in totals:
        stated, _ = Row(file, i).number("quantity")
        above = [lot for at, lot in lots.items() if at < i][::-1]
        if stated is None or not above or not all(lot["quantity"] and lot["unit"] for lot in above):
            continue
        sums = [*accumulate(lot["quantity"] for lot in above)]
        is_mass = all(map(mass_of, above))
        masses = [*accumulate(map(mass_of, above))] if is_mass else []
        sums += [mass / kg for mass in masses for kg in KG_PER_UNIT.values()]
        if not any(abs(one - stated) <= AGREES * abs(one) for one in sums):
            hint = message(
                "The rows above it sum to {total:,.6g}{unit:s}: a lot is missing or misread; correct it or leave the row out.",
                total=masses[-1] if is_mass else sums[-1],
                unit=" kg" if is_mass else "",
            )
            file.fault(i, "quantity", Faulty("total", "a total that the lots do not sum to", hint))


def _arrivals(file: FileCells, lots: Mapping[int, Mapping[str, Any]]) -> dict[str, date]:
    """Lot -> the last day on which it may have arrived, or is due; a fault where a stored one may still lie ahead."""
    days: dict[str, date] = {}
    for i, lot in lots.items():
        key = "received" if file.text("received", i) else "arrival"
        text = file.text(key, i)
        may_be_unknown = lot["status"] != "stored"
        if text is None or lot["status"] not in ("stored", *ARRIVING) or (may_be_unknown and values.is_unknown(text)):
            continue
        cell = file.raw[key][i]
        day = cell if isinstance(cell, date) else values.last_day(text)
        if lot["status"] != "stored":
            days |= {} if day is None else {lot["lot_id"]: day}
        elif day is None or day > file.today:
            hint = message("Give the status: ordered or in_transit; or the day on which it arrived.")
            file.fault(i, key, Faulty("arrival", "stored, and a day of arrival that may lie ahead", hint))
        else:
            days[lot["lot_id"]] = day
    return days


def _alike(lots: Iterable[Mapping[str, Any]]) -> list[Message]:
    """That rows without an id or a fault say the same of a lot, each of which counts; none where no two do."""
    groups: dict[tuple[Any, ...], list[str]] = {}
    for lot in lots:
        if lot["lot_id"].startswith("row ") and (mass := mass_of(lot)):
            paid = lot["purchase_price"] and f"{lot['purchase_price'] * lot['quantity']:.9g}"
            said = round(mass, 9), paid, place(lot["location"] or "").country, *(lot[key] for key in _SAME)
            groups.setdefault(said, []).append(lot["lot_id"])
    return [
        message("{rows:and} say the same, and each counts as a lot: leave out what stands twice.", rows=few(rows))
        for rows in groups.values()
        if len(rows) > 1
    ]
