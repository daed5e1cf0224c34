"""Sheets of Excel and OpenDocument workbooks as records of typed cells, each as the sheet shows it.

calamine reads the values. It leaves errors of formulas and formulas that were never calculated empty, knows neither hidden rows
nor the format of a number (``€``, ``kg``, ``%``), and lays out every cell up to the last one in memory: these are taken from
the XML of .xlsx and .ods before. Of .xls, which is no XML, they are not known, and a note says so.
"""

from __future__ import annotations

import io
import math
import pickle
import re
import zipfile
import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, time
from decimal import Decimal
from functools import cache
from html import unescape
from operator import eq, ge, gt, le, lt, ne
from posixpath import join, normpath
from typing import Any

from toolkit.core.currencies import currency
from toolkit.core.errors import DataError, SeveralSheets
from toolkit.core.messages import Message, message, named
from toolkit.market.readers.cells import UNITS, amount
from toolkit.market.readers.child import ReadingEnded, run
from toolkit.market.readers.contents import MAX_CELLS, check_size

Cell = str | int | float | date | datetime | None
OLD = b"\xd0\xcf\x11\xe0"
ZIP = b"PK\x03\x04"
_TOTAL = re.compile(r"(?i)\W*(grand |sub)?(total|gesamt\w*|\w*summe|ergebnis)\b|\*+$")
"""The first cell of a total."""
_TOP = 40  # rows among which a header is looked for
_ENCRYPTED = "EncryptedPackage".encode("utf-16-le")
_SHOWN = 8  # rows, columns or sheets that a note names
_ATTRIBUTE = re.compile(r"([\w:.-]+)\s*=\s*(?:\"([^\"]*)\"|'([^']*)')")
_SEPARATOR = re.compile(r'("[^"]*"|\\.|\[[^\]]*\])|;', re.DOTALL)
_CONDITION = re.compile(r"\[(<=|>=|<>|<|>|=)(-?[0-9]+(?:\.[0-9]+)?)\]")
_LONGEST_FORMAT = 255  # of Excel
_TOKEN = re.compile(
    r'"([^"]*)"|\\(.)|\[\$([^\]-]*)[^\]]*\]|(?:_.|\*.|\[[^\]]*\])|(General|[0#?](?:/[0#?]+|E[+-][0#?]+)?)'
    r"|((?<=[0#?]),+(?![0#?,]))|(.)",
    re.DOTALL,
)
"""A literal in quotes, escaped, of a currency; what is not shown; a digit; commas behind the last one; any other character."""
_COMPARED = {"<": lt, "<=": le, ">": gt, ">=": ge, "=": eq, "<>": ne}
_LOCKED = "locked by a password"
_PROGRAM = f"""
import io, pickle
from python_calamine import PasswordError, load_workbook
meant, most = sys.argv[1], int(sys.argv[2])
try:
    book = load_workbook(io.BytesIO(sys.stdin.buffer.read()))
except PasswordError:
    raise ValueError({_LOCKED!r})
hidden = [sheet.name for sheet in book.sheets_metadata if str(sheet.visible) != "SheetVisibleEnum.Visible"]
cells = {{}}
for name in book.sheet_names:
    if name.strip().casefold() == meant or not (meant or name in hidden):
        sheet = book.get_sheet_by_name(name)
        values = sheet.to_python() if sheet.height * sheet.width <= most else []
        cells[name] = sheet.start, sheet.height, sheet.width, values, list(sheet.merged_cell_ranges or ())
sys.stdout.buffer.write(pickle.dumps((list(book.sheet_names), hidden, cells)))
"""
_NAMES = r"(?:[\w.-]+:)?"
_VALUE = re.compile(rf"<{_NAMES}v(?:\s[^>]*)?>([^<]*)<")
_FORMULA = re.compile(rf"<{_NAMES}f(?:\s[^>]*)?(?:/>|>([^<]*)<)")
_PLACE = re.compile(r"\br\s*=\s*[\"']([A-Za-z]{1,3})([0-9]{1,10})[\"']")
_SHOWN_NUMBER = re.compile(r"(?<![^\W\d_])[+-]?[0-9][0-9.,'’\s]*(?:E[+-]?[0-9]+)?")
_TEXT = re.compile(r"<text:p[^>]*>(.*?)</text:p>", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Sheet:
    """Cells of a sheet from its first one on.

    Attributes:
        name: The file, with the sheet behind ``#`` where it has several.
        row, column: Position of the first cell, from 1.
        records: Rows of cells, as long as one another.
        notes: Notes on hidden rows, columns and sheets.
        merged: Cells of one column that are merged: its first and last record, and the column among their cells.
        title: Its name where nobody asked for it by that.
    """

    name: str
    row: int
    column: int
    records: list[list[Cell]]
    notes: tuple[Message, ...]
    merged: Sequence[tuple[int, int, int]] = ()
    title: str = ""

    def unmerged(self, depth: int) -> list[int]:
        """The records from `depth` on that get the words of a cell that is merged over them.

        A number may be that of all, and a record that is a total of those above it is none of them.
        """
        filled: set[int] = set()
        ends: dict[int, int] = {}
        for first, last, at in sorted(self.merged):
            words = self.records[first][at] if depth <= first < len(self.records) and at < len(self.records[first]) else None
            if not isinstance(words, str) or not _are_words(words) or first <= ends.get(at, -1):
                continue
            ends[at] = last
            also = {column for top, _, column in self.merged if top == first}
            own = [j for j, cell in enumerate(self.records[first]) if j not in also and _is_of_lot(cell)]
            above: dict[int, tuple[int, float, float]] = {}
            for i, record in enumerate(self.records[first : last + 1], start=first):
                is_lot = own and all(_is_of_lot(record[j]) for j in own)
                if record[at] is None and not _is_total(record, {} if is_lot else above):
                    record[at] = words
                    filled.add(i)
                for column, cell in enumerate(record):
                    if isinstance(cell, int | float):
                        n, total, _ = above.get(column, (0, 0.0, 0.0))
                        above[column] = n + 1, total + cell, cell
        return sorted(filled)

    def letters(self, at: int) -> str:
        """Letters of the column of a cell of a record."""
        return _letters(self.column + at)


@dataclass(slots=True)
class Cells:
    """Values of a sheet as calamine gives them.

    Attributes:
        start: Row and column of the first one, from 0; None for an empty sheet.
        height, width: Rows and columns that hold all of them.
        values: Rows of cells from the first one on; none where they are more than are read.
        merged: First and last row and column of cells that are merged, from 0.
    """

    start: tuple[int, int] | None
    height: int
    width: int
    values: list[list[Any]]
    merged: Sequence[tuple[tuple[int, int], tuple[int, int]]]

    def from_first(self) -> list[list[Any]]:
        """Rows of cells from A1 on."""
        above, before = self.start or (0, 0)
        return [*([None] * (before + self.width) for _ in range(above)), *([None] * before + row for row in self.values)]


@dataclass(frozen=True, slots=True)
class Book:
    """A workbook.

    Attributes:
        names: Its sheets.
        hidden: Those that are hidden.
        cells: Sheet that was asked for -> its values.
        marks: Sheet -> what its XML tells beside them.
    """

    names: list[str]
    hidden: list[str]
    cells: Mapping[str, Cells]
    marks: Mapping[str, Marks]


@dataclass(slots=True)
class Marks:
    """Information of the XML of a sheet beside its values; cells by row and column from 1.

    Attributes:
        texts: Errors of formulas, and formulas without a value.
        formats: Formats of numbers that show more than the number.
        merged: First and last row and the column of cells that OpenDocument merges; those of Excel are known to calamine.
        row, column: The last ones that a cell names.
        is_hidden: Whether the sheet is.
    """

    texts: dict[tuple[int, int], str] = field(default_factory=dict)
    formats: dict[tuple[int, int], str] = field(default_factory=dict)
    merged: list[tuple[int, int, int]] = field(default_factory=list)
    hidden_rows: list[int] = field(default_factory=list)
    hidden_columns: list[int] = field(default_factory=list)
    row: int = 0
    column: int = 0
    is_hidden: bool = False


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
    book = load(name, content, wanted)
    names, hidden, asked = book.names, book.hidden, [*book.cells]
    sheets = [_sheet(name, one, cells, book.marks.get(one, Marks())) for one, cells in book.cells.items()]
    if wanted is not None and not asked:
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
    found = (fitting or filled)[0]
    notes = (*_notes(name, found.name, names, [] if wanted else hidden, content), *found.notes)
    shown_as = f"{name}#{found.name}" if len(names) > 1 else name
    return replace(found, name=shown_as, title="" if wanted else found.name, notes=notes)


def load(name: str, content: bytes, wanted: str | None) -> Book:
    """The cells of the sheets of a workbook, by a process of its own: of one that is wanted, or of those that are not hidden.

    Args:
        name: File name as shown.
        content: Bytes of the file.
        wanted: Name of a sheet.

    Raises:
        DataError: for what is no workbook, is locked by a password or larger than is read.
    """
    hint = message("Open it, save a copy without a password, and give that.")
    locked = DataError("{file:s} is locked by a password.", hint=hint, file=name)
    if content.startswith(OLD) and _ENCRYPTED in content:
        raise locked
    content, marks = (content, {}) if content.startswith(OLD) else _unpacked(name, content)
    meant = (wanted or "").strip().casefold()
    for sheet, one in marks.items():
        if sheet.strip().casefold() == meant or not (meant or one.is_hidden):
            check_size(f"{name}#{sheet}", cells=one.row * one.column)
    try:
        names, hidden, found = pickle.loads(run(_PROGRAM, meant, str(MAX_CELLS), content=content))  # noqa: S301  (our own)
    except ReadingEnded as ended:
        if str(ended.reason) == _LOCKED:
            raise locked from None
        hint = message("Open it in the spreadsheet, save it again, or save the sheet as 'CSV UTF-8'.")
        raise DataError(
            "{file:s} is no workbook that can be read: {reason}.", hint=hint, file=name, reason=ended.reason
        ) from None
    cells = {sheet: Cells(*one) for sheet, one in found.items()}
    for sheet, one in cells.items():
        check_size(f"{name}#{sheet}", cells=one.height * one.width)
    return Book(names, hidden, cells, marks)


def _notes(name: str, chosen: str, names: list[str], hidden: list[str], content: bytes) -> Iterator[Message]:
    """Which sheet was read, what other ones are hidden, and what a file of the old format does not tell."""
    if len(names) > 1:
        yield message('{file}: the sheet "{sheet}" is read.', file=name, sheet=chosen)
    if hidden:
        yield message("{file}: hidden sheets are not read: {sheets}.", file=name, sheets=hidden[:_SHOWN])
    if content.startswith(OLD):
        yield message(
            "{file}: of the old format .xls, errors of formulas are read as empty cells, and formats (currency, per cent) and "
            "hidden rows are not seen. Save it as .xlsx where they matter.",
            file=name,
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


def _sheet(file: str, name: str, cells: Cells, marks: Marks) -> Sheet:
    """The cells of a sheet and what it hides; errors of formulas and numbers with a format are text."""
    row, column = (1, 1) if cells.start is None else (cells.start[0] + 1, cells.start[1] + 1)
    values: list[list[Cell]] = cells.values
    texts = {at: text for at, text in marks.texts.items() if at[0] >= row and at[1] >= column}
    if texts and (len(texts) < len(marks.texts) or not values):  # an error above or left of every value
        row, column, values = 1, 1, cells.from_first()
        texts = marks.texts
    for (r, c), text in texts.items():
        while len(values) <= r - row:
            values.append([None] * (len(values[0]) if values else 0))
        width = c - column + 1
        if len(values[r - row]) < width:
            values = [[*record, *[None] * (width - len(record))] for record in values]
        values[r - row][c - column] = text
    for (r, c), code in marks.formats.items():
        at = (r - row, c - column)
        value = values[at[0]][at[1]] if 0 <= at[0] < len(values) and 0 <= at[1] < len(values[0]) else None
        if isinstance(value, int | float) and not isinstance(value, bool):
            values[at[0]][at[1]] = formatted(value, code)
    for record in values:
        record[:] = map(_typed, record)
    filled = {row + at for at, record in enumerate(values) if any(cell is not None for cell in record)}
    notes = []
    hidden = [str(one) for one in marks.hidden_rows if one in filled]
    if hidden:
        notes.append(message("{file}: hidden rows are read: {rows}.", file=f"{file}#{name}", rows=_few(hidden)))
    columns = [_letters(one) for one in marks.hidden_columns if column <= one < column + len(values[0] if values else ())]
    if columns:
        notes.append(message("{file}: hidden columns are read: {columns}.", file=f"{file}#{name}", columns=_few(columns)))
    ranges = [(top + 1, end + 1, at + 1) for (top, at), (end, last) in cells.merged if at == last]
    merged = [*marks.merged, *(one for one in ranges if one[1] > one[0])]
    within = [(top - row, end - row, at - column) for top, end, at in merged if top >= row and at >= column]
    return Sheet(name, row, column, values if filled else [], tuple(notes), within)


def _are_words(text: str) -> bool:
    """Whether a text has no digit, or begins with a word and is no number, as ``EUR 500`` or ``Halle 3`` may be."""
    return not re.search(r"\d", text) or (re.match(r"\W*[^\W\d]{3}", text) is not None and amount(text) is None)


def _is_of_lot(cell: Cell) -> bool:
    """Whether a cell has words that a total does not repeat, as it does a unit or a currency."""
    return isinstance(cell, str) and cell.strip().casefold() not in UNITS and currency(cell) is None


def _is_total(record: Sequence[Cell], above: Mapping[int, tuple[int, float, float]]) -> bool:
    """Whether a record is empty, a total by its first word, or has a sum, no count, of those `above`: number, sum, last."""
    first = next((cell for cell in record if cell is not None), None)
    if first is None or _TOTAL.match(str(first)):
        return True
    numbers = [(cell, *above[i]) for i, cell in enumerate(record) if isinstance(cell, int | float) and i in above]
    sums = [(math.isclose(cell, total), cell == last + 1) for cell, n, total, last in numbers if n > 1]
    return any(one and not counts for one, counts in sums) or (bool(sums) and all(one for one, _ in sums))


def _few(names: list[str]) -> list[str]:
    return names[:_SHOWN] + (["..."] if len(names) > _SHOWN else [])


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


def _unpacked(name: str, content: bytes) -> tuple[bytes, dict[str, Marks]]:
    """The parts of a workbook that hold cells, packed anew without compression, and the marks of its sheets.

    A part is read up to the size that the archive states and no further, so that nothing unpacks to more than was looked at.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            inside = {info.filename: info for info in archive.infolist()}
            what = _format(name, inside)
            needed = [
                info for part, info in inside.items() if part.endswith((".xml", ".rels", "mimetype")) and "/media/" not in part
            ]
            check_size(name, unpacked=sum(info.file_size for info in needed))
            parts = {info.filename: archive.read(info) for info in needed}
    except (
        zipfile.BadZipFile,
        zipfile.LargeZipFile,
        NotImplementedError,
        RuntimeError,
        EOFError,
        OSError,
        ValueError,
        zlib.error,
    ) as error:
        hint = message("Write or copy the file again.")
        raise DataError("{file:s} is not a whole workbook: {reason}.", hint=hint, file=name, reason=str(error)) from None
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for part, text in parts.items():
            archive.writestr(part, text)
    return packed.getvalue(), (_excel(parts) if what == "xlsx" else _open_document(parts))


def _format(name: str, inside: Mapping[str, Any]) -> str:
    """``xlsx`` or ``ods``, by the parts of the archive."""
    if "xl/workbook.xml" in inside:
        return "xlsx"
    if "content.xml" in inside:
        return "ods"
    what = message("a zip archive and no workbook")
    if "xl/workbook.bin" in inside:
        what = message("a binary workbook (.xlsb)")
    raise DataError(
        "{file:s} is {what}.",
        hint="Save it as .xlsx or as 'CSV UTF-8'." if "xl/workbook.bin" in inside else "Unpack it, and give the file inside.",
        file=name,
        what=what,
    )


def _attributes(tag: str) -> dict[str, str]:
    """Attributes by their names without a prefix."""
    return {name.rpartition(":")[2]: unescape(a or b) for name, a, b in _ATTRIBUTE.findall(tag)}


def _elements(name: str, text: str) -> Iterator[tuple[str, str]]:
    """Attributes as they stand and content of every element of a name, which does not hold another of that name.

    In linear time, whatever the text: behind the last closing tag only elements without content are looked for.
    """
    opening = re.search(rf"<([\w.-]+:)?{name}[\s/>]", text)
    if opening is None:
        return
    tag = f"{opening[1] or ''}{name}"
    last = text.rfind(f"</{tag}>")
    end = 0 if last < 0 else last + len(tag) + 3
    pattern, alone = _patterns(tag)
    for match in pattern.finditer(text, 0, end):
        yield match[1] or "", match[2] or ""
    for match in alone.finditer(text, end):
        yield match[1] or "", ""


@cache
def _patterns(tag: str) -> tuple[re.Pattern[str], re.Pattern[str]]:
    """Of an element with content or without, and of one without."""
    attributes = rf"<{re.escape(tag)}(\s[^<>]*?)?"
    return re.compile(rf"{attributes}(?:/>|>(.*?)</{re.escape(tag)}>)", re.DOTALL), re.compile(rf"{attributes}/>")


def _excel(parts: Mapping[str, bytes]) -> dict[str, Marks]:
    """The marks of the sheets of an Excel workbook by their names."""

    def text(part: str) -> str:
        return parts.get(part, b"").decode("utf-8-sig", "replace")

    relations = [_attributes(tag) for tag, _ in _elements("Relationship", text("xl/_rels/workbook.xml.rels"))]
    targets = {one.get("Id"): one.get("Target", "") for one in relations}
    formats = _formats(text("xl/styles.xml"))
    marks: dict[str, Marks] = {}
    for tag, _ in _elements("sheet", text("xl/workbook.xml")):
        sheet = _attributes(tag)
        target = targets.get(sheet.get("id"), "")
        part = normpath(target.lstrip("/") if target.startswith("/") else join("xl", target))
        found = marks[sheet.get("name", "")] = _excel_sheet(text(part), formats)
        found.is_hidden = sheet.get("state") in ("hidden", "veryHidden")
    return marks


def _formats(styles: str) -> list[str]:
    """The code of the format of each style; empty for one that shows a number alone."""
    own = [_attributes(tag) for tag, _ in _elements("numFmt", styles)]
    codes = {"9": "0%", "10": "0.00%"} | {one.get("numFmtId"): one.get("formatCode", "") for one in own}
    formats = next((content for _, content in _elements("cellXfs", styles)), "")
    # An <xf> may hold an <alignment>, never another <xf>.
    used = [codes.get(_attributes(tag).get("numFmtId"), "") for tag in re.findall(rf"<{_NAMES}xf(\s[^>]*)>", formats)]
    return [code[:_LONGEST_FORMAT] if _shows_more(code) else "" for code in used]


@cache
def _shows_more(code: str) -> bool:
    """Whether a format can show more than the number."""
    return _CONDITION.search(code) is not None or any(formatted(one, code) != one for one in (1.5, -1.5, 0))


def formatted(number: float, code: str) -> str | float:
    """A number as its format shows it, to every digit that it has: with its unit, as ``5 kg``, or alone.

    Excel's formats have up to four sections, for positive and negative numbers, zero and text, or for those of a condition; a
    per cent sign outside of quotes multiplies by 100, a comma behind the last digit divides by 1000 (ECMA-376, 18.8.31).

    Args:
        number: Value of the cell.
        code: Format, as ``#,##0.0 "kg"``.
    """
    section, is_negative = _section_of(number, _SEPARATOR.sub(lambda match: match[1] or "\0", code).split("\0"))
    before, after, thousands, percent, zeros = "", "", 0, 0, 0
    digits = decimals = False
    for quoted, escaped, money, placeholder, commas, other in _TOKEN.findall(section):
        literal = quoted or escaped or money
        if placeholder:
            digits = True
            zeros += placeholder == "0" and not decimals
            continue
        if commas:
            thousands += len(commas)
        percent += other == "%"
        decimals = decimals or (other == "." and not literal)
        literal = literal or ("" if other in (".", ",", "@") else other)
        before, after = (before, after + literal) if digits else (before + literal, after)
    if not digits:
        return number
    exact = Decimal(repr(number)).scaleb(2 * percent - 3 * thousands)
    words = before + after
    if not re.search(r"[^\W\d_]|[%‰$€£¥₹¢]", words):
        return number if exact == Decimal(repr(number)) else float(exact)
    before, after = (" ".join(text.replace("\xa0", " ").split()) for text in (before, after))
    if is_negative or number == 0:  # the section of negative numbers writes the sign itself, that of zero a dash
        before, after = (text.strip("-()− ") for text in (before, after))
    if not after and (currency(before) or before.casefold() in UNITS):
        before, after = "", before
    shown = _exact(exact.normalize())
    shown = shown.zfill(zeros) if shown.isdecimal() else shown
    gap = " " if before[-1:].isalpha() else ""
    return f"{before}{gap}{shown} {after}".strip()


def _section_of(number: float, sections: Sequence[str]) -> tuple[str, bool]:
    """The section of a format that shows a number, and whether it is the one of negative numbers."""
    conditions = [_CONDITION.search(section) for section in sections]
    if any(conditions):
        for section, condition in zip(sections, conditions, strict=True):
            if condition is None or _COMPARED[condition[1]](number, float(condition[2])):
                return section, False
        return sections[-1], False
    if number < 0 and len(sections) > 1:
        return sections[1], True
    return sections[2] if number == 0 and len(sections) > 2 else sections[0], False


def _excel_sheet(xml: str, formats: Sequence[str]) -> Marks:
    marks = Marks()
    for tag, _ in _elements("col", xml):
        one = _attributes(tag)
        if one.get("hidden") in ("1", "true") and one.get("min", "").isdecimal() and one.get("max", "").isdecimal():
            marks.hidden_columns += range(int(one["min"]), min(int(one["max"]), int(one["min"]) + _SHOWN) + 1)
    row = 0
    for tag, cells in _elements("row", xml):
        attributes = _attributes(tag)
        row = int(attributes["r"]) if attributes.get("r", "").isdecimal() else row + 1
        if attributes.get("hidden") in ("1", "true"):
            marks.hidden_rows.append(row)
        column = 0
        for cell, content in _elements("c", cells):
            at = _PLACE.search(cell)
            column = _number(at[1].upper()) if at else column + 1
            if not content:
                continue
            # A cell's own place counts, wherever its row stands.
            marks.row, marks.column = max(marks.row, int(at[2]) if at else row), max(marks.column, column)
            formula = _FORMULA.search(content)
            if not (formula or "s=" in cell or "t=" in cell):
                continue
            one, value = _attributes(cell), _VALUE.search(content)
            style = int(one["s"]) if one.get("s", "").isdecimal() else -1
            if one.get("t") == "e":
                marks.texts[row, column] = unescape(value[1]) if value and value[1] else "#N/A"
            elif formula and not (value and value[1]) and one.get("t") != "str":
                marks.texts[row, column] = f"={unescape(formula[1] or '')}"
            elif 0 <= style < len(formats) and formats[style]:
                marks.formats[row, column] = formats[style]
    return marks


def _open_document(parts: Mapping[str, bytes]) -> dict[str, Marks]:
    """The marks of the sheets of an OpenDocument workbook by their names."""
    text = parts["content.xml"].decode("utf-8-sig", "replace").replace("covered-table-cell", "table-cell")
    marks: dict[str, Marks] = {}
    for table, content in _elements("table", text):
        found = marks[_attributes(table).get("name", "")] = Marks()
        row = 1
        for tag, cells in _elements("table-row", content):
            attributes = _attributes(tag)
            rows = _repeated(attributes, "number-rows-repeated")
            if attributes.get("visibility") in ("collapse", "filter"):
                found.hidden_rows += range(row, row + min(rows, _SHOWN))
            column = 1
            for cell, inside in _elements("table-cell", cells):
                one = _attributes(cell)
                columns = _repeated(one, "number-columns-repeated")
                if (rows_of := _repeated(one, "number-rows-spanned")) > 1 and _repeated(one, "number-columns-spanned") == 1:
                    found.merged.append((row, row + rows_of - 1, column))
                if inside or "value-type" in one:
                    found.row, found.column = row + rows - 1, max(found.column, column + columns - 1)
                    told = _TEXT.search(inside)
                    if 'value-type="error"' in cell or (told and "formula" in one and re.match(r"#|Err:", told[1])):
                        found.texts[row, column] = unescape(told[1]) if told else "#N/A"
                    elif (code := _shown_as(one, told[1] if told else "")) and rows * columns <= MAX_CELLS:
                        found.formats |= {(row + i, column + j): code for i in range(rows) for j in range(columns)}
                column += columns
            row += rows
    return marks


def _shown_as(cell: Mapping[str, str], told: str) -> str:
    """The format of a number of OpenDocument, by its type and by what the sheet shows; empty for a number alone."""
    kind, words = cell.get("value-type"), cell.get("currency", "")
    if kind == "percentage":
        return "0%"
    if kind == "float":
        words = _SHOWN_NUMBER.sub("", unescape(told), count=1).replace('"', "")
    return f'0 "{words.strip()}"' if words.strip() and kind in ("currency", "float") else ""


def _repeated(attributes: Mapping[str, str], name: str) -> int:
    text = attributes.get(name, "1")
    return max(int(text), 1) if text.isdecimal() and len(text) < 9 else 1


def _number(letters: str) -> int:
    """Column number of letters: 1 for A, 27 for AA."""
    number = 0
    for letter in letters:
        number = number * 26 + ord(letter) - 64
    return number


def _letters(number: int) -> str:
    """Letters of a column number."""
    text = ""
    while number:
        number, rest = divmod(number - 1, 26)
        text = chr(65 + rest) + text
    return text
