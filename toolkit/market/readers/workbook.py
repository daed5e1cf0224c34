"""Sheets of Excel workbooks (.xlsx) as records of typed cells, each as the sheet shows it.

A process of its own reads the file (`toolkit.market.readers.sheets`).
"""

from __future__ import annotations

import io
import pickle
import re
import zipfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, time
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

from toolkit.core.errors import DataError, SeveralSheets
from toolkit.core.messages import Message, message, named
from toolkit.market.readers.contents import MAX_CELLS, ReadingEnded, check_size, run

Cell = str | int | float | date | datetime | None
OLD = b"\xd0\xcf\x11\xe0"
ZIP = b"PK\x03\x04"
_EXCEL = "xl/workbook.xml"
_OTHERS = {
    "xl/workbook.bin": message("a binary workbook (.xlsb)"), "content.xml": message("an OpenDocument workbook (.ods)"),
}  # fmt: skip
"""Part of an archive -> the workbook that it is and that is not read."""
_TOP = 40  # rows among which a header is looked for
_ENCRYPTED = "EncryptedPackage".encode("utf-16-le")
_LOCKED = "locked by a password"
_SIGN = "-()− "  # that a section of negative numbers writes itself
_SHOWN = 8  # rows, columns or sheets that a note names
_TOKEN = re.compile(
    r'"([^"]*)"|\\(.)|\[\$([^\]-]*)[^\]]*\]|[_*].|\[[^\]]*\]|(General|E[+-]|(?<=[0#?])/(?=[0-9#?])|[0-9#?.,%])|(.)', re.DOTALL
)
"""A literal in quotes, escaped, of a currency; what is not shown; a place of the number; any other character."""


@dataclass(frozen=True, slots=True)
class Sheet:
    """Cells of a sheet from its first one on.

    Attributes:
        name: The file, with the sheet behind ``#`` where it has several.
        row, column: Position of the first cell, from 1.
        records: Rows of cells, as long as one another.
        notes: Notes on hidden columns and sheets.
        hidden: Rows that are hidden and not empty.
        merged: Cells of several rows that are merged, the later of which are not empty beside them: first row, and the cells
            as ``B2:B4``.
        struck: Rows with a cell that is struck through.
        comments: Rows and texts of the comments on cells.
        title: Its name where nobody asked for it by that.
    """

    name: str
    row: int = 1
    column: int = 1
    records: list[list[Cell]] = field(default_factory=list)
    notes: tuple[Message, ...] = ()
    hidden: Sequence[int] = ()
    merged: Sequence[tuple[int, str]] = ()
    struck: Sequence[int] = ()
    comments: Sequence[tuple[int, str]] = ()
    title: str = ""


def is_workbook(content: bytes) -> bool:
    """Whether a file begins as a workbook or another archive does."""
    return content.startswith((ZIP, OLD))


def read_sheet(name: str, content: bytes, wanted: str | None, fits: Callable[[Sequence[Sequence[str]]], bool]) -> Sheet:
    """The sheet that is wanted, else the one visible sheet that fits, else the first that is not empty.

    Args:
        name: File name as shown.
        content: Bytes of the file.
        wanted: Name of a sheet.
        fits: Whether the texts of a sheet's records hold the table that is looked for.

    Raises:
        DataError: for what is no workbook, is locked by a password or larger than is read, for a sheet that is not there,
            and a `SeveralSheets` where several sheets fit.
    """
    names, hidden, found = load(name, content, wanted)
    sheets = [_sheet(name, one, *parts) for one, parts in found.items()]
    if wanted is not None and not sheets:
        hint = message("Its sheets: {names:, }.", names=named(names[:_SHOWN]))
        raise DataError("{file:s} has no sheet {sheet!r:s}.", hint=hint, details={"sheets": names}, file=name, sheet=wanted)
    filled = [sheet for sheet in sheets if sheet.records]
    fitting = [sheet for sheet in filled if fits([[shown(cell) for cell in row] for row in sheet.records[:_TOP]])]
    if len(fitting) > 1 and wanted is None:
        several = [sheet.name for sheet in fitting]
        raise SeveralSheets(
            "{file:s} has {n:d} sheets that fit: {names:, }.",
            hint="Name one: {file:s}#{sheet:s}.",
            details={"sheets": several, "unread": [*hidden, *(sheet.name for sheet in filled if sheet not in fitting)]},
            file=name,
            n=len(several),
            names=named(several[:_SHOWN]),
            sheet=several[0],
        )
    if not filled:
        where = message("every sheet that is not hidden") if hidden else message("every sheet")
        where = message("sheet {name!r:s}", name=wanted) if wanted else where
        hint = message("Fill in the table.")
        if hidden and not wanted:
            hint = message("Name a hidden one if it is meant: {name:s}#{sheet:s}.", name=name, sheet=hidden[0])
        raise DataError("{file:s} is empty: {where} has no cell.", hint=hint, file=name, where=where)
    chosen = (fitting or filled)[0]
    notes = chosen.notes
    if hidden and not wanted:
        notes = (message("{file}: hidden sheets are not read: {sheets}.", file=name, sheets=hidden[:_SHOWN]), *notes)
    if len(names) > 1:
        notes = (message('{file}: the sheet "{sheet}" is read.', file=name, sheet=chosen.name), *notes)
    shown_as = f"{name}#{chosen.name}" if len(names) > 1 else name
    return replace(chosen, name=shown_as, title="" if wanted else chosen.name, notes=notes)


Values = list[list[Any]]


def load(name: str, content: bytes, wanted: str | None) -> tuple[list[str], list[str], dict[str, tuple[Values, list, Mapping]]]:
    """Names of the sheets of a workbook, of those that are hidden, and the one that is wanted, else those that are not hidden.

    Of each its values from A1 on as calamine gives them, its merged cells (first row, first column, last row and last column,
    from 1), and its marks as of `toolkit.market.readers.sheets`.

    Args:
        name: File name as shown.
        content: Bytes of the file.
        wanted: Name of a sheet.

    Raises:
        DataError: for what is no workbook, is locked by a password or larger than is read.
    """
    hint = message("Open it, save a copy without a password, and give that.")
    locked = DataError("{file:s} is locked by a password.", hint=hint, file=name)
    if content.startswith(OLD):
        raise locked if _ENCRYPTED in content else _other(name, message("a workbook of Excel 97 to 2003 (.xls)"))
    try:
        _check_archive(name, content)
        program = Path(__file__).with_name("sheets.py").read_text(encoding="utf-8")
        meant = (wanted or "").strip().casefold()
        names, hidden, found = pickle.loads(run(program, meant, str(MAX_CELLS), content=content))  # noqa: S301  (our own)
    except (ReadingEnded, zipfile.BadZipFile, ValueError, OSError, NotImplementedError) as error:
        reason = error.reason if isinstance(error, ReadingEnded) else str(error)
        if str(reason) == _LOCKED:
            raise locked from None
        hint = message("Open it in the spreadsheet, save it again, or save the sheet as 'CSV UTF-8'.")
        raise DataError("{file:s} is no workbook that can be read: {reason}.", hint=hint, file=name, reason=reason) from None
    for sheet, (rows, columns, *_) in found.items():
        check_size(f"{name}#{sheet}", cells=rows * columns)
    return names, hidden, {sheet: one[2:] for sheet, one in found.items()}


def _check_archive(name: str, content: bytes) -> None:
    """`DataError` for an archive that is no workbook, or that states more than is read."""
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        sizes = {info.filename: info.file_size for info in archive.infolist()}
    if _EXCEL not in sizes:
        raise _other(name, next((what for part, what in _OTHERS.items() if part in sizes), None))
    check_size(name, unpacked=sum(sizes.values()))


def _other(name: str, what: Message | None) -> DataError:
    """The error of a file that is another workbook, or an archive and none."""
    if what is None:
        what, hint = message("a zip archive and no workbook"), message("Unpack it, and give the file inside.")
    else:
        hint = message("Save it as .xlsx or as 'CSV UTF-8'.")
    return DataError("{file:s} is {what}.", hint=hint, file=name, what=what)


def _sheet(file: str, name: str, records: Values, merged: list[tuple[int, ...]], marks: Mapping[str, Any]) -> Sheet:
    """A sheet from its first cell on, its parts as of `load`; errors of formulas and numbers with a format are text."""
    texts: Mapping[tuple[int, int], str] = marks["texts"]
    width = max((len(records[0]) if records else 0, *(column for _, column in texts)))
    records += ([] for _ in range(max((0, *(row for row, _ in texts))) - len(records)))
    for record in records:
        record.extend([None] * (width - len(record)))
    for code, cells in marks["formats"].items():
        for row, column in cells:
            value = records[row - 1][column - 1] if row <= len(records) and column <= width else None
            if isinstance(value, int | float) and not isinstance(value, bool):
                records[row - 1][column - 1] = formatted(value, code)
    for (row, column), text in texts.items():
        records[row - 1][column - 1] = text
    for record in records:
        record[:] = map(_typed, record)
    filled = [i for i, record in enumerate(records) if any(cell is not None for cell in record)]
    if not filled:
        return Sheet(name)
    left = min(next(i for i, cell in enumerate(records[row]) if cell is not None) for row in filled)
    of_rows = [
        (top, f"{letters(at)}{top}:{letters(last)}{end}")
        for top, at, end, last in merged
        if any(cell is not None for record in records[top:end] for cell in record)
    ]
    columns = [letters(one) for one in sorted(marks["hidden_columns"]) if one <= width]
    columns = columns[:_SHOWN] + ["..."] * (len(columns) > _SHOWN)
    note = message("{file}: hidden columns are read: {columns}.", file=f"{file}#{name}", columns=columns)
    hidden = sorted({row - 1 for row in marks["hidden_rows"]} & {*filled})
    kept = [record[left:] for record in records[filled[0] : filled[-1] + 1]]
    return Sheet(
        name,
        filled[0] + 1,
        left + 1,
        kept,
        (note,) if columns else (),
        [row + 1 for row in hidden],
        of_rows,
        sorted({*marks["struck"]} & {row + 1 for row in filled}),
        marks["comments"],
    )


def shown(cell: Cell) -> str:
    """A cell as text that is read in one way: a number with decimals has an exponent in place of a decimal mark."""
    match cell:
        case None:
            return ""
        case bool():
            return str(cell).upper()
        case int() | float():
            return _exact(Decimal(repr(cell)))
        case datetime():
            return cell.date().isoformat() if cell.time() == time(0) else cell.isoformat(sep=" ")
        case date():
            return cell.isoformat()
    return cell.strip()


def _exact(number: Decimal) -> str:
    if number == number.to_integral_value() and abs(number) < 10**15:
        return str(int(number))
    sign, digits, exponent = number.as_tuple()
    return f"{'-' * sign}{''.join(map(str, digits))}e{exponent}"


def _typed(cell: Any) -> Cell:
    """Text without surrounding spaces, whole numbers as int; an empty text is no cell."""
    match cell:
        case str():
            return cell.strip() or None
        case bool():
            return str(cell).upper()
        case float():
            return int(cell) if cell.is_integer() and abs(cell) < 2**53 else cell
        case int() | date():
            return cell
    return None if cell is None else str(cell)


def formatted(number: float, code: str) -> str | float:
    """A number with the words that its format shows beside it, as ``5 kg``; with the format itself where that changes more.

    Formats have up to four sections, for positive and negative numbers, zero and text, or for those of a condition; a per cent
    sign outside of quotes multiplies by 100, a comma behind the last digit divides by 1000 (ECMA-376, 18.8.31). A condition, a
    division and words of one section alone are left to be asked about: the number is followed by the format.

    Args:
        number: Value of the cell.
        code: Format, as ``#,##0.0 "kg"``.
    """
    words = _words(code)
    if words is None:
        return f"{shown(number)} [{code}]"
    before, after, percent, zeros = words
    if not any(one.isalpha() or one in "%‰$€£¥₹¢" for one in before + after):
        return number
    text = _exact(Decimal(repr(number)).scaleb(2 if percent else 0).normalize())
    text = text.zfill(zeros) if text.isdecimal() else text
    return f"{before}{' ' if before[-1:].isalpha() else ''}{text} {after}".strip()


@cache
def _words(code: str) -> tuple[str, str, bool, int] | None:
    """What a format shows before and behind a number, whether it is in per cent, and its digits; None for one that asks."""
    sections = [["", "", ""]]
    for quoted, escaped, money, digit, other in _TOKEN.findall(code):
        if other == ";":
            sections.append(["", "", ""])
        elif digit:
            sections[-1][1] += digit
        else:
            sections[-1][2 if sections[-1][1] else 0] += quoted or escaped or money or other
    used = [section for section in sections[:3] if section[1]]
    is_divided = any(section[1].partition(".")[0].rstrip("%").endswith(",") for section in used)
    told = [(" ".join(before.split()), " ".join(after.split()), "%" in digits) for before, digits, after in used]
    differ = len({(before.strip(_SIGN), after.strip(_SIGN), percent) for before, after, percent in told}) > 1
    if differ or is_divided or any(f"[{sign}" in code for sign in "<>="):
        return None
    before, after, percent = told[0] if told else ("", "", False)
    zeros = used[0][1].partition(".")[0].count("0") if used else 0
    return before, f"% {after}".strip() if percent else after, percent, zeros


def letters(number: int) -> str:
    """Letters of a column number: A for 1, AA for 27."""
    text = ""
    while number:
        number, rest = divmod(number - 1, 26)
        text = chr(65 + rest) + text
    return text
