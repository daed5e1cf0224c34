"""Strict reading of CSV, Parquet and workbooks: cells as they stand in the file, each row with the number a person would count.

Nothing is guessed. What can be read in two ways (separator, decimal mark) is refused with a way out, and every row-level
fault is reported with its count and its first rows. Text is UTF-8, UTF-16 with its byte order mark, or else Windows-1252 (of
a Chinese table GB18030), which `Table.encoding` tells; a line that begins with ``# `` is a comment. Lines of a CSV are counted
from 1, comments and blank lines included, rows of a sheet as its spreadsheet counts them; records of a Parquet file, which has
no header line, are counted from 1.
"""

from __future__ import annotations

import csv
import io
import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, time
from itertools import islice
from typing import Any

import polars as pl

from toolkit.core.errors import DataError
from toolkit.core.messages import Message, message, named, sentence
from toolkit.core.text import INVISIBLE, one_line
from toolkit.market.readers.contents import MAX_PLAIN_CELLS, Source, check_size, content_of, text_of, unframed
from toolkit.market.readers.faults import FIRST_ROWS, Fault, cell_frame, raise_row_errors, row_error
from toolkit.market.readers.parquet import PARQUET, read_parquet
from toolkit.market.readers.workbook import Cell, Sheet, is_workbook, letters, read_sheet, shown

_SEPARATORS = (",", ";", "\t", "|")
Header = Callable[[Sequence[Sequence[str]]], tuple[list[str], int, int] | None]
"""Names of the columns of some records, the record that holds them, and how many records end with the header; None without."""
TITLES = 30
"""Most records above a header: a title, a date, an address."""
MAX_NAME = 100
"""Longest name of an asset or column, in characters."""
LONGEST_HEADER = 500
"""Longest cell of a header that is read: words beside a name may say what a price is of, in time that grows with its square."""
_COMMENT = re.compile(r'"?#(\s|"?$)')
_CALENDAR = (-719_162, 2_932_896)  # days from 1970-01-01 to the years 1 and 9999


@dataclass(frozen=True, slots=True, eq=False)  # frames have no truth value, so tables are compared by identity
class Table:
    """The cells of a file.

    Attributes:
        name: File name as shown in messages.
        cells: One column a header name. CSV cells are stripped text; columns of Parquet and of a sheet keep their numeric and
            date types, and numbers and dates among text are text that is read in one way. An empty cell is null. Rows without
            any cell are left out.
        rows: Row number in the file of each row of `cells`, Int64.
        separator: ``,``, ``;``, ``|`` or a tab of a CSV, a tab of a sheet, empty for Parquet.
        encoding: ``utf-8``, ``utf-16``, ``cp1252`` or ``gb18030`` of a CSV, empty for Parquet. The last two are what is left
            when the bytes are not UTF-8: letters beyond ASCII may be others.
        comments: Row numbers of the comment lines below the header.
        header: Row number of the header.
        notes: What of a workbook is read and what is not.
        titles: The lines above the header.
        sheet: The name of the sheet, where nobody asked for it by that.
        remarks: Row number -> comments on its cells, of a workbook.
        mark: The decimal mark that its layout says: a number that contradicts it is a fault.
        month_first: Whether the month stands first in dates of which none settles it; None where then it is asked for.
    """

    name: str
    cells: pl.DataFrame
    rows: pl.Series
    separator: str
    encoding: str = ""
    comments: tuple[int, ...] = ()
    header: int = 1
    notes: tuple[Message, ...] = ()
    titles: tuple[str, ...] = ()
    sheet: str = ""
    remarks: Mapping[int, tuple[str, ...]] = field(default_factory=dict)
    mark: str | None = None
    month_first: bool | None = None

    @property
    def columns(self) -> tuple[str, ...]:
        """Header names in file order."""
        return tuple(self.cells.columns)

    def header_error(self, fault: str, hint: str, /, *, details: Mapping[str, Any] | None = None, **values: Any) -> DataError:
        """The error of a header that cannot be used.

        Args:
            fault: What is wrong with it; a template, like `hint`.
            hint: How to mend it.
            details: For machines, beside file and row.
            values: What stands in the places of the templates.
        """
        return DataError(
            "{file:s}, row {header:d}: {fault}",
            hint=sentence(hint, values),
            details={"rows": [self.header], **(details or {})},
            file=self.name,
            header=self.header,
            fault=sentence(fault, values),
        )

    def visible(self) -> Table:
        """The table with every cell in one line of visible characters."""
        return replace(self, cells=visible(self.cells))


def read_table(
    path: Source | Table,
    *,
    may_be_empty: bool = False,
    faults: list[Fault] | None = None,
    header: Header | None = None,
    legacy: str = "cp1252",
) -> Table:
    """The cells of a CSV, a Parquet file or a sheet; the content decides which, not the ending of the name.

    Args:
        path: A file, ``FILE.xlsx#SHEET``, ``-`` for standard input, a stream, or cells that were read before.
        may_be_empty: Whether a header without rows is an answer too.
        faults: Where lines with too many or too few fields are noted; they are then left out instead of raised.
        header: Finds the header among the first records of a CSV or a sheet; the first record by default. Of the sheets of a
            workbook, it is the one with such a header.
        legacy: Encoding of text that is neither UTF-8 nor UTF-16: one of `LEGACY`; ``gb18030`` holds GBK and GB2312.

    Raises:
        DataError: for a missing or unreadable file, an empty one, one beyond `MAX_BYTES` or `MAX_CELLS`, one that is
            none of these, several sheets that fit, an ambiguous separator, or a header with unnamed or repeated columns.
        FrameError: for lines with too many or too few fields (rule ``fields``) or broken quotes (rule ``quotes``).
    """
    if isinstance(path, Table):
        name, table = path.name, path
    else:
        name, table = _read(path, faults, header and _of_first_records(header), legacy)
    if table.cells.is_empty() and not may_be_empty and not faults:
        raise DataError("{file:s} has a header but no rows.", hint="Give at least one row of data.", file=name)
    return table


def _of_first_records(make: Header) -> Header:
    """The same of the records among which a header is looked for, cells no longer than a name is: in time that has an end."""
    return lambda records: make([[cell[: LONGEST_HEADER + 1] for cell in record] for record in records[: TITLES + 3]])


def _read(path: Source, faults: list[Fault] | None, header: Header | None, legacy: str) -> tuple[str, Table]:
    name, content, sheet = content_of(path)
    if is_workbook(content):
        table = _workbook(name, content, sheet, faults, header)
    elif sheet is not None:
        raise DataError("{file:s} is no workbook and has no sheets.", hint="Give the file alone.", file=name)
    elif content.startswith(PARQUET):
        table = table_of(read_parquet(name, content), name)
    else:
        table = _csv(name, *text_of(name, content, legacy), faults, header)
    return name, table


def _without_comments(text: str) -> tuple[str, str | None, tuple[int, ...]]:
    """The text with comment lines blank, the separator that a first line ``sep=;`` names, and the comments below the header."""
    if "#" not in text and "sep=" not in text.lstrip()[:5]:
        return text, None, ()
    named, quotes, begun = None, 0, False
    kept: list[str] = []
    comments: list[int] = []
    for number, line in enumerate(io.StringIO(text, newline=""), start=1):
        bare = line.strip("\r\n ")
        end = line[len(line.rstrip("\r\n")) :]
        if quotes % 2 == 0 and _COMMENT.match(bare) and not bare.startswith("#\t"):
            kept.append(end)
            comments += [number] if begun else []
        elif not begun and re.fullmatch(r'"?sep=[,;\t]"?', bare):
            named = bare.strip('"')[4]
            kept.append(end)
        else:
            quotes += line.count('"')
            begun = begun or bool(bare)
            kept.append(line)
    return "".join(kept), named, tuple(comments)


BY_COLUMN = 100_000
"""Cells from which a CSV without quotes, whose lines all have as many fields, is read by column."""
_CSV_RULES = '"\r\x1c\x1d\x1e\x1f'
"""A quote, a line break of its own, and what Python takes for spaces and polars does not: these are read line by line."""


def _csv(name: str, text: str, encoding: str, faults: list[Fault] | None, make: Header | None) -> Table:
    """Cells of a CSV, every line with exactly the fields of the header; empty fields beyond it are cut off."""
    text, named, comments = _without_comments(unframed(text))
    if not text or text.isspace():
        raise DataError("{file:s} is empty.", hint="Give a header and at least one row.", file=name)
    separator = named or _separator(name, text, make)
    cells = text.count(separator)
    if cells > BY_COLUMN and (plain := _plain(name, text, separator, make)) is not None:
        return replace(plain, encoding=encoding, comments=comments)
    check_size(name, rows=text.count("\n") + text.count("\r"), cells=cells)
    records, lines = _records(name, text, separator)
    # Below titles of one cell.
    first = next((at for at, record in enumerate(records[:TITLES]) if sum(map(bool, record)) > 1), 0)
    header, at, depth = (make(records) if make else None) or (records[first], first, first + 1)
    body, head, lines = records[depth:], lines[at], lines[depth:]
    if not header[0] and [record[0] for record in body] == [*map(str, range(len(body)))]:  # rows that pandas counted
        header, body = header[1:], [record[1:] for record in body]
    width = max((i for i, cell in enumerate(header, start=1) if cell), default=0)
    # A spreadsheet saves columns that were once touched: they have neither a name nor a cell.
    if any(any(record[width:]) and len(record) == len(header) for record in body):
        width = len(header)
    body = [record if any(record[width:]) else record[:width] for record in body]
    table_ends = max((i for i, record in enumerate(body, start=1) if len(record) == width), default=0)
    body[table_ends:] = [record + [""] * (width - 1) if _is_sentence(record) else record for record in body[table_ends:]]
    rows = [(line, record) for line, record in zip(lines, body, strict=True) if any(record)]
    wrong = [(line, message("{n:d} fields", n=len(record)), None) for line, record in rows if len(record) != width]
    hint = message(
        "Leave missing cells empty but keep their separators, and leave out lines that are no row; "
        "a decimal comma needs ';' between the cells."
    )
    fault = message("not the {width:d} fields of the header", width=width)
    _note(name, [Fault("fields", fault, hint, cell_frame(wrong), tuple(found for _, found, _ in wrong))], faults)
    rows = [(line, record) for line, record in rows if len(record) == width]
    columns = [*zip(*(record for _, record in rows), strict=True)] or [()] * width
    kept = [i for i, column in enumerate(columns) if header[i] or any(column)]
    names = _header(name, [header[i] for i in kept], head)
    cells = pl.DataFrame({one: pl.Series(columns[i], dtype=pl.String) for one, i in zip(names, kept, strict=True)})
    cells = cells.with_columns(pl.all().str.strip_chars().replace("", None))
    numbers = pl.Series("row", [line for line, _ in rows], dtype=pl.Int64)
    return Table(name, cells, numbers, separator, encoding, comments, head, titles=_titles(records[:at]))


def _note(name: str, found: list[Fault], faults: list[Fault] | None) -> None:
    """Faults that have a cell are added to a list, or raised where there is none."""
    found = [fault for fault in found if fault.cells.height]
    if found and faults is None:
        raise row_error(name, found)
    (faults if faults is not None else []).extend(found)


def _is_sentence(record: Sequence[str]) -> bool:
    """Whether a record is one field of several words and no figure, as a remark below a table is saved without separators."""
    return len(record) == 1 and re.fullmatch(r"\D*[^\W\d]{3}\D*\s\D*", record[0]) is not None


def _plain(name: str, text: str, separator: str, make: Header | None) -> Table | None:
    """Cells of a CSV in which every line break ends a record and every separator a field; None where that is not so.

    Its cells are never objects of Python: a tenth of the memory, and a tenth of the time.
    """
    content = text.replace("\r\n", "\n") if "\r" in text else text
    if any(mark in content for mark in _CSV_RULES):
        return None
    data = content.encode()
    mark = separator.encode()
    separators = [line.count(mark) for line in io.BytesIO(data)]
    width = separators[0] + 1
    if len({*separators}) > 1:
        return None
    records, lines = _records(name, b"".join(islice(io.BytesIO(data), 2 * TITLES)).decode(), separator)
    header, at, depth = (make(records) or ([], 0, 0)) if make else (records[0], 0, 1)
    if len(header) != width or not all(header):
        return None
    check_size(name, cells=width * len(separators), most_cells=MAX_PLAIN_CELLS)
    names = _header(name, header, lines[at])
    cells = pl.read_csv(data, has_header=False, separator=separator, quote_char=None, infer_schema=False, skip_rows=depth)
    cells.columns = names
    if not data.isascii() or any(space in data for space in (b" ", b"\t", b"\v", b"\f")):
        cells = cells.select(pl.all().str.strip_chars().replace("", None))
    rows = pl.int_range(depth + 1, len(separators) + 1, eager=True).alias("row")
    if all(column.null_count() for column in cells):  # a line may be empty
        filled = cells.select(pl.any_horizontal(pl.all().is_not_null())).to_series()
        cells, rows = cells.filter(filled), rows.filter(filled)
    return Table(name, cells, rows, separator, header=lines[at], titles=_titles(records[:at]))


def _workbook(name: str, content: bytes, wanted: str | None, faults: list[Fault] | None, make: Header | None) -> Table:
    """The columns with a name of one sheet; what of its rows nobody sees, or several share, is a fault of its own."""
    sheet = read_sheet(name, content, wanted, lambda records: make is None or make(records) is not None)
    name, records = sheet.name, sheet.records
    texts = [[shown(cell) for cell in record] for record in records[: TITLES + 3]]
    names, at, depth = (make(texts) if make else None) or (texts[0], 0, 1)
    _note(name, _unseen(sheet, sheet.row + depth), faults)
    body = [(sheet.row + i, record) for i, record in enumerate(records) if i >= depth and any(c is not None for c in record)]
    names = [*names, *[""] * (len(records[0]) - len(names))]
    # A column with cells and without a name has its letter for one, so that it is not lost unseen.
    names = [
        cell or (f"column {letters(sheet.column + i)}" if any(record[i] is not None for _, record in body) else "")
        for i, cell in enumerate(names)
    ]
    kept = [i for i, cell in enumerate(names) if cell]
    columns = _header(name, [names[i] for i in kept], sheet.row + at)
    body = [(row, [record[i] for i in kept]) for row, record in body if any(record[i] is not None for i in kept)]
    values = zip(*(cells for _, cells in body), strict=True) if body else ((),) * len(kept)
    cells = pl.DataFrame([_column(column, list(found)) for column, found in zip(columns, values, strict=True)])
    rows = pl.Series("row", [row for row, _ in body], dtype=pl.Int64)
    remarks: dict[int, tuple[str, ...]] = {}
    for row, text in sheet.comments:
        remarks[row] = (*remarks.get(row, ()), one_line(text))
    told = [text for row in sorted(remarks) for text in remarks[row]]
    notes = (*sheet.notes, message("{file}: comments on cells: {texts}.", file=name, texts=told)) if told else sheet.notes
    titles, header = _titles(texts[:at]), sheet.row + at
    return Table(name, cells, rows, "\t", header=header, notes=notes, titles=titles, sheet=sheet.title, remarks=remarks)


def _unseen(sheet: Sheet, first: int) -> list[Fault]:
    """Hidden rows, merged cells that several rows share, and rows that are struck through, from a row on."""
    hidden = cell_frame((row, None, None) for row in sheet.hidden if row >= first)
    merged = cell_frame((row, reference, None) for row, reference in sheet.merged if row >= first)
    struck = cell_frame((row, None, None) for row in sheet.struck if row >= first)
    unmerge = message("Unmerge them, and fill in each row what holds for it.")
    clear = message("Delete the rows that are void, and clear the line of others.")
    return [
        Fault("hidden", message("hidden rows"), message("Show the rows that count, and delete the others."), hidden),
        Fault("merged", message("cells merged over rows"), unmerge, merged),
        Fault("struck", message("rows struck through"), clear, struck),
    ]


def _titles(records: Sequence[Sequence[str]]) -> tuple[str, ...]:
    return tuple(" ".join(filter(None, record))[:LONGEST_HEADER] for record in records)


def _column(name: str, cells: list[Cell]) -> pl.Series:
    """Cells of a sheet as numbers or dates where all of them are, else as text."""
    kinds = {type(cell) for cell in cells if cell is not None}
    if kinds and kinds <= {int, float}:
        return pl.Series(name, cells, dtype=pl.Int64 if kinds == {int} else pl.Float64, strict=False)
    if kinds and kinds <= {date, datetime}:
        # A `datetime` is a `date` too.
        moments = [datetime.combine(cell, time(0)) if type(cell) is date else cell for cell in cells]
        return pl.Series(name, moments, dtype=pl.Datetime("us"))
    return pl.Series(name, [None if cell is None else shown(cell) for cell in cells], dtype=pl.String)


def _records(name: str, text: str, separator: str) -> tuple[list[list[str]], list[int]]:
    """The records that are not blank, without spaces around their cells, and the line on which each begins."""
    records: list[list[str]] = []
    lines: list[int] = []
    start = 1
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True)
    try:
        for record in reader:
            if len(record) > 1 or (record and record[0].strip()):  # else a blank line
                records.append([cell.strip() for cell in record])
                lines.append(start)
            start = reader.line_num + 1
    except csv.Error as error:
        raise_row_errors(
            name,
            pl.DataFrame({"row": [start]}),
            fault="broken quotes or an endless cell ({error})",
            hint="Close every quotation mark, and double those inside a quoted cell.",
            rule="quotes",
            error=one_line(str(error)),
        )
    return records, lines


def table_of(frame: pl.DataFrame, name: str) -> Table:
    """A frame as a table, rows counted from 1; text is stripped as in a CSV, nested and binary columns are refused.

    Raises:
        DataError: for columns of other types, unnamed or repeated columns, and days of no calendar.
    """
    frame = frame.rename(dict(zip(frame.columns, _header(name, [column.strip() for column in frame.columns], 1), strict=True)))
    textual = (pl.String, pl.Categorical, pl.Enum, pl.Null)
    for column, dtype in frame.schema.items():
        if not (dtype in textual or dtype.is_numeric() or dtype in (pl.Date, pl.Datetime)):
            raise DataError(
                "{file:s}: column {column!r:s} holds {dtype}.",
                hint="Columns hold text, numbers or dates.",
                details={"column": column},
                file=name,
                column=column,
                dtype=str(dtype),
            )
    for column, dtype in frame.schema.items():
        if dtype in (pl.Date, pl.Datetime):
            day = {"ms": 86_400_000, "us": 86_400_000_000, "ns": 86_400_000_000_000}.get(getattr(dtype, "time_unit", ""), 1)
            counted = frame[column].to_physical() // day
            # polars panics at text of a day beyond the calendar.
            if not counted.is_between(*_CALENDAR).all():
                hint = message("Write or copy the file again.")
                raise DataError("{file:s}: column {column!r:s} holds days of no calendar.", hint=hint, file=name, column=column)
    frame = frame.with_columns(pl.col(*textual).cast(pl.String).str.strip_chars().replace("", None))
    return _said(Table(name, frame, pl.int_range(1, frame.height + 1, dtype=pl.Int64, eager=True).alias("row"), ""))


def visible(cells: pl.DataFrame) -> pl.DataFrame:
    """The frame with every text in one line of visible characters (`toolkit.core.text.one_line`)."""
    odd = cells.select(pl.col(pl.String).str.contains(INVISIBLE).any())
    names = [name for name, found in zip(odd.columns, odd.row(0) if odd.width else (), strict=True) if found]
    return cells.with_columns(cells[name].map_elements(one_line, return_dtype=pl.String) for name in names)


def _said(table: Table) -> Table:
    """The table without empty rows: spreadsheets end in lines of separators alone."""
    some = table.cells.select(pl.any_horizontal(pl.all().is_not_null())).to_series()
    return table if some.all() else replace(table, cells=table.cells.filter(some), rows=table.rows.filter(some))


def _separator(name: str, text: str, make: Header | None) -> str:
    """The separator of the first line that has one, else by which a header is found; of two, the one that cuts lines alike."""
    at = min((text.find(mark) for mark in _SEPARATORS if mark in text), default=0)
    start = end = text.rfind("\n", 0, at) + 1
    for _ in range(TITLES):  # a stream of all of the text takes four times its size
        end = text.find("\n", end) + 1 or len(text)
    head = text[start:end].replace("\r\n", "\n").replace("\r", "\n")
    lines = (re.sub(r'"[^"]*"', "", line) for line in head.split("\n"))
    first = next((line for line in lines if any(mark in line for mark in _SEPARATORS)), "")
    found = [mark for mark in _SEPARATORS if mark in first]
    fitting = [mark for mark in found if _has_header(head, mark, make)]
    fitting = fitting or [mark for mark in _SEPARATORS if mark in head and _has_header(head, mark, make)] or found
    if len(fitting) > 1:
        fitting = [mark for mark in fitting if _is_regular(text, mark)] or fitting
    if len(fitting) == 1:
        return fitting[0]
    raise DataError(
        "{file:s}, row {header:d}: {fault}",
        hint="Separate by one of them and quote names that contain the other."
        if fitting
        else "Separate the columns by ',' (or by ';' with decimal commas).",
        details={"rows": [1]},
        file=name,
        header=1,
        fault=message("the header holds {marks: and }, so the separator is ambiguous.", marks=named(fitting))
        if fitting
        else message("the header is a single column."),
    )


def _has_header(head: str, separator: str, make: Header | None) -> bool:
    """Whether the first lines hold the header that is looked for."""
    try:
        return make is None or make([*csv.reader(io.StringIO(head), delimiter=separator)] or [[]]) is not None
    except csv.Error:
        return False


def _is_regular(text: str, separator: str) -> bool:
    """Whether every record has as many fields as the first."""
    try:
        widths = {len(record) for record in csv.reader(io.StringIO(text, newline=""), delimiter=separator) if any(record)}
    except csv.Error:
        return False
    return len(widths) == 1


def _header(file: str, names: Iterable[str], row: int) -> tuple[str, ...]:
    """Column names, each given, short enough and unique."""
    columns = tuple(names)
    check_size(file, columns=len(columns))
    unnamed = [str(position) for position, name in enumerate(columns, start=1) if not name]
    long = [str(position) for position, name in enumerate(columns, start=1) if len(name) > LONGEST_HEADER]
    twice = [name for name, count in Counter(columns).items() if count > 1]
    if not (unnamed or long or twice):
        return columns
    if unnamed:
        fault = message("column {columns:, } has no name.", columns=unnamed[:FIRST_ROWS])
        hint = message("Name every column, or remove lines above the header; take out a separator at the end of the lines.")
    elif long:
        fault = message(
            "column {columns:, } has a name of more than {most:d} characters.", columns=long[:FIRST_ROWS], most=LONGEST_HEADER
        )
        hint = message("Shorten it, or give the table with its header.")
    else:
        fault = message("column {columns} occurs twice.", columns=listed(twice))
        hint = message("Names are compared without surrounding spaces: rename or remove one of each.")
    raise DataError("{file:s}, row {header:d}: {fault}", hint=hint, details={"rows": [row]}, file=file, header=row, fault=fault)


def listed(names: Sequence[str]) -> str:
    """The first names quoted, and how many more there are."""
    more = len(names) - FIRST_ROWS
    shown = named(names[:FIRST_ROWS])
    if more > 0:
        return message("{names:, } and {more:d} more", names=shown, more=more)
    return message("{names:, }", names=shown)
