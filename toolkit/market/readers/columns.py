"""Columns of a table as text, numbers and dates, or a fault of the rows that cannot be read.

What can be read in two ways (a decimal mark, a day and a month) is refused with a way out.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date

import polars as pl

from toolkit.core.currencies import currency
from toolkit.core.errors import did_you_mean, nearest
from toolkit.core.messages import Message, message, together
from toolkit.market.layouts.texts import is_marked
from toolkit.market.readers import cells
from toolkit.market.readers.faults import FIRST_ROWS, raise_row_errors
from toolkit.market.readers.tabular import MAX_NAME, Table, listed
from toolkit.market.readers.workbook import shown

_POINTS = r"^[+-]?[1-9][0-9]{0,2}\.[0-9]{3}$"
"""A lone point that may group thousands."""
_DECIDED = r"\.([0-9]{1,2}|[0-9]{4,})$|^[+-]?(0[0-9]*|[0-9]{4,})?\.[0-9]+$"
"""A point that no grouping explains."""
_COMMAS = r"^[+-]?(?:[0-9]+|(?:[0-9]+|[1-9][0-9]{0,2}(?:\.[0-9]{3})+),(?:[0-9]{1,2}|[0-9]{4,}))$"
"""A number whose decimal mark can be nothing but a comma, or that has none."""
_WAY_OUT = message("Write numbers as 1234.5, with a decimal point and without thousands separators.")
_MEND = message("Correct the cell, or `decimal` of the layout.")
_ONE_IS_ENOUGH = message(
    "Write numbers as 1234.5, with a decimal point and without thousands separators; one number that settles what the mark is, "
    "as 1,400.00 or 1.400,00 does, is enough."
)
_PLAIN = message(
    "Write plain numbers such as 1234.5, without thousands separators, currency or unit; leave the cell empty where a value is "
    "missing."
)
_ONE_CURRENCY = message("Give the prices of one currency alone, or name the currency of each row in a column currency.")
_WORDS = r"[^0-9.,'’/:+–\s-]"
_ISO_DAY = r"^[12][0-9]{3}-[0-9]{2}-[0-9]{2}$"
_ISO_MONTH = r"^[12][0-9]{3}-[0-9]{2}$"


def check_columns(table: Table, *, required: Collection[str], optional: Collection[str] = ()) -> None:
    """Check that the header holds every required column, and no other than these and the optional ones.

    Args:
        table: Table as read.
        required: Columns that must be there.
        optional: Columns that may be there.
    """
    known = (*required, *optional)
    extra = tuple(name for name in table.columns if name not in known)
    missing = tuple(name for name in required if name not in table.columns)
    if missing:
        near = ((m, n) for m in missing for n in nearest(m, extra, n=1))
        hint = together(*(message("Rename column {name!r:s} to {key!r:s}.", name=found, key=wanted) for wanted, found in near))
        hint = hint or message("The header needs {columns:s}.", columns=", ".join(required))
        raise table.header_error("no column {columns}.", hint, details={"missing": list(missing)}, columns=listed(missing))
    if extra:
        hint = together(
            *dict.fromkeys(did_you_mean(name, known) for name in extra[:FIRST_ROWS]), message("Or leave the column out.")
        )
        raise table.header_error("unknown column {columns}.", hint, details={"unknown": list(extra)}, columns=listed(extra))


def texts(table: Table, column: str, *, default: str | None = None) -> pl.Series:
    """A column as text; null where a cell is empty and no default is given.

    Args:
        table: Table as read.
        column: Name of the column; it may be absent, which is a column of empty cells.
        default: Text of empty cells.
    """
    if column not in table.columns:
        return pl.repeat(default, len(table.rows), dtype=pl.String, eager=True).alias(column)
    text = table.cells[column].cast(pl.String)
    return text if default is None else text.fill_null(default)


@dataclass(frozen=True, slots=True, eq=False)  # frames have no truth value
class Numbers:
    """Numbers of some columns.

    Attributes:
        values: Finite Float64, null where the cell is empty.
        currency: Code of the one that stands beside each of the amounts of money; None where none does.
        notes: How marks that may be two things were read.
    """

    values: pl.DataFrame
    currency: str | None = None
    notes: tuple[Message, ...] = ()


def words(cells: pl.DataFrame) -> dict[str, list[str]]:
    """Column that is not all numbers -> its cells with more than the digits and signs of numbers and dates, each once."""
    given = cells.select(pl.col(pl.String))
    read = given.select(pl.all().cast(pl.Float64, strict=False))
    worded = [text for text, number in zip(given, read, strict=True) if number.null_count() > text.null_count()]
    # Methods of a series would read its name, such as "^a$", as a pattern.
    return {text.name: (cell := text.alias("")).filter(cell.str.contains(_WORDS)).unique().to_list() for text in worded}


def alike(columns: list[pl.Series]) -> list[pl.Series]:
    """Columns of a workbook, of which one may hold numbers and another words, of one type."""
    kinds = {column.dtype for column in columns}
    if len(kinds) == 1:
        return columns
    if all(kind.is_numeric() for kind in kinds):
        return [column.cast(pl.Float64) for column in columns]
    texts = ([None if cell is None else shown(cell) for cell in column] for column in columns)
    return [pl.Series(column.name, text, dtype=pl.String) for column, text in zip(columns, texts, strict=True)]


def numbers(table: Table, columns: Sequence[str]) -> pl.DataFrame:
    """Columns as finite Float64, null where the cell is empty; see `amounts`."""
    return amounts(table, columns).values


def amounts(table: Table, columns: Sequence[str], *, money: Collection[str] = (), what: pl.Series | None = None) -> Numbers:
    """Columns as numbers by `toolkit.market.readers.cells`: an ambiguous cell is read by the others, or is a fault.

    In a file that commas separate, a lone point is decimal (``1.234``).

    Args:
        table: The file.
        columns: Names of columns, which share one decimal mark.
        money: Those in which one currency may stand beside each number: ``€ 1.234,50``, ``720 EUR``.
        what: By which the rows are called in faults; their column by default.

    Raises:
        FrameError: rule ``decimal`` for an undecidable decimal mark, ``finite`` for NaN and infinities, ``number`` for
            what is not a number, ``one_currency`` for one beside others, or beside some of the numbers.
    """
    if not columns:  # an empty list would index every column
        return Numbers(pl.DataFrame())
    # A date is no number, but polars would cast it to days since 1970: as text it is refused.
    # Columns are indexed, never selected: `pl.col` would read a name such as "*" or "^.*$" as a pattern.
    given = table.cells[list(columns)].with_columns(pl.col(pl.Date, pl.Datetime).cast(pl.String))
    values = given.select(pl.all().cast(pl.Float64, strict=False))
    _refuse_infinite(table, given, values, what)
    textual = [name for name, dtype in given.schema.items() if dtype == pl.String]
    are_numbers = all(values[name].null_count() == given[name].null_count() for name in textual)
    if are_numbers and table.separator == "," and table.mark != ",":
        return Numbers(values)
    text = pl.concat([pl.Series("text", [], dtype=pl.String), *(given[name].alias("text") for name in textual)]).drop_nulls()
    if text.is_empty():
        return Numbers(values)
    if not are_numbers and table.mark != "." and text.str.contains(_COMMAS).all():
        return Numbers(values.with_columns(_of_commas(given[name]) for name in textual))
    is_open = text.str.contains(_POINTS).any() and not text.str.contains(_DECIDED).any()
    if are_numbers and table.mark != "," and not is_open:
        return Numbers(values)
    counts = text.value_counts()
    read = {cell: cells.amount(cell) for cell in counts["text"]}
    beside = {cell: code for cell, found in read.items() if found and (code := _currency(found))}

    def refuse(fault: str, hint: str, texts: Collection[str], rule: str = "decimal", names: Sequence[str] = textual) -> None:
        raise_row_errors(table.name, _those(table, given, names, texts, what), rule=rule, fault=fault, hint=hint)

    is_bare = {cell for cell, found in read.items() if found and not (found.before or found.after)}
    of_money = [name for name in textual if name in money]
    others = [name for name in textual if name not in money]
    refuse(message("not a number"), _PLAIN, [cell for cell in read if cell not in is_bare and cell not in beside], "number")
    refuse(message("not a number"), _PLAIN, beside.keys(), "number", others)
    code = next(iter(beside.values()), None)
    unlike = [cell for cell in read if beside.get(cell) != code]
    refuse(message("a price in another currency than others, or in none"), _ONE_CURRENCY, unlike, "one_currency", of_money)
    mark, odd = cells.decimal_mark({found: count for cell, count in counts.rows() if (found := read[cell])})
    fault, hint = message("numbers use both '.' and ',', differently from the rest"), _WAY_OUT
    if table.mark:
        mark, odd = table.mark, frozenset(found for found in read.values() if found and table.mark not in found.readings)
        fault, hint = message("a number with another decimal mark than its layout says"), _MEND
    refuse(fault, hint, [cell for cell, found in read.items() if found in odd])
    doubtful = {cell: found for cell, found in read.items() if found and found.is_ambiguous}
    if mark is None:
        asked = [cell for cell in doubtful if table.separator != "," or "," in cell]
        refuse(message("a mark that may mean decimals or thousands"), _ONE_IS_ENOUGH, asked)
    notes = (cells.decided(doubtful[min(doubtful)], mark),) if mark and doubtful and not table.mark else ()
    found = {cell: one.readings.get(mark or next(iter(one.readings))) for cell, one in read.items() if one}
    joined = pl.concat([given[name].alias("cell") for name in textual])
    joined = joined.replace_strict(found, default=None, return_dtype=pl.Float64)  # in one go: a mapping is costly to set up
    values = values.with_columns(joined.slice(i * given.height, given.height).alias(name) for i, name in enumerate(textual))
    return Numbers(values, code, notes)


def _refuse_infinite(table: Table, given: pl.DataFrame, values: pl.DataFrame, what: pl.Series | None) -> None:
    """`FrameError` for cells that are NaN or no finite number."""
    is_finite = values.select(pl.all().is_finite().all()).row(0)
    for name in (name for name, finite in zip(values.columns, is_finite, strict=True) if not finite):
        hint = message("Leave the cell empty where a value is missing.")
        found = _cells(table, name, ~values[name].alias("cell").is_finite().fill_null(value=True), given[name], what)
        raise_row_errors(table.name, found, fault="not a finite number", hint=hint, rule="finite")


def _of_commas(column: pl.Series) -> pl.Series:
    bare = column.alias("cell").str.replace_all(".", "", literal=True)
    return bare.str.replace(",", ".", literal=True).cast(pl.Float64).alias(column.name)


def _currency(found: cells.Amount) -> str | None:
    """The currency on one side of a number; None for none, for words on both, and for a sign beside it."""
    word = found.before or found.after
    return None if not word or (found.before and found.after) or is_marked(word) else currency(word)


def _those(
    table: Table, given: pl.DataFrame, names: Sequence[str], texts: Collection[str], what: pl.Series | None = None
) -> pl.DataFrame:
    """The cells that hold one of some texts."""
    wanted = pl.Series([*texts], dtype=pl.String)
    if wanted.is_empty() or not names:
        return _cells(table, "", table.rows.is_null(), table.rows)
    masks = {name: given[name].alias("cell").is_in(wanted.implode()).fill_null(value=False) for name in names}
    return pl.concat([_cells(table, name, mask, given[name], what) for name, mask in masks.items()])


def distinct(rows: pl.DataFrame, column: str) -> pl.Series:
    """The values of a column, each once, in any order: of millions of rows equal ones are mostly neighbours."""
    return rows.select(pl.col(column).rle().struct.field("value").unique().alias(column)).to_series()


IS_NO_NAME = pl.col("value").str.contains(r"\p{C}") | (pl.col("value").str.len_chars() > MAX_NAME)
"""Of a column `value` of names: has control or invisible characters, or is too long."""


def check_names(file: str, names: pl.DataFrame) -> None:
    """`FrameError` (rule ``name``) for names with control or invisible characters, or longer than `MAX_NAME`.

    Args:
        file: File name as shown.
        names: Columns `row` (Int64) and `value` (String, null where there is none).
    """
    if distinct(names, "value").to_frame().filter(IS_NO_NAME).is_empty():
        return
    raise_row_errors(
        file,
        names.filter(IS_NO_NAME),
        rule="name",
        fault=message("a name with control characters or of more than {most:d} characters", most=MAX_NAME),
        hint=message("Use letters, digits and signs that can be seen."),
    )


def required_cells(table: Table, column: str, *, what: pl.Series | None = None) -> None:
    """Check that a column has a value in every row.

    Args:
        table: Table as read.
        column: Name of a column of the table.
        what: Text by which a row is called in the message, one a row; by default the cell itself.
    """
    empty = table.cells[column].is_null()
    faulty = pl.DataFrame({"row": table.rows, "what": table.cells[column].cast(pl.String) if what is None else what})
    hint = message("Fill the {column!r:s} cell or leave the row out.", column=column)
    raise_row_errors(table.name, faulty.filter(empty), fault="no {column:s}", hint=hint, rule="empty", column=column)


def days(table: Table, column: str, *, month_until: date | None = None) -> pl.Series:
    """A column of ISO dates, or of those of one other style, as Date, null where the cell is empty.

    A month (``2026-05``) is dated at its last day; one that has not ended on `month_until` is dated on that day.

    Args:
        table: The file.
        column: Name of the column.
        month_until: Today, for columns that may not lie in the future.

    Raises:
        FrameError: rule ``date`` for what is not a date of the calendar, and for one that may be two.
    """
    if (cell := table.cells[column]).dtype == pl.Date and cell.is_between(date.min, date.max).all():
        return cell
    text = _local_days(table, column, _date_text(cell))
    parsed = text.to_frame("text").select(
        day=pl.when(pl.col("text").str.contains(_ISO_DAY)).then(pl.col("text")).str.to_date("%Y-%m-%d", strict=False),
        month=pl.when(pl.col("text").str.contains(_ISO_MONTH))
        .then(pl.col("text") + "-01")
        .str.to_date("%Y-%m-%d", strict=False),
    )
    end = pl.col("month").dt.month_end()
    if month_until is not None:
        end = pl.when((pl.col("month") <= month_until) & (end > month_until)).then(pl.lit(month_until)).otherwise(end)
    result = parsed.select(pl.coalesce("day", end).alias(column)).to_series()
    odd = _cells(table, column, text.is_not_null() & result.is_null(), text)
    hint = message("Write dates as 2026-05-31, or as 2026-05 for a month: no quarter, no year, and no time of another zone.")
    raise_row_errors(table.name, odd, fault="not a date", hint=hint, rule="date")
    return result


def _local_days(table: Table, column: str, text: pl.Series) -> pl.Series:
    """Dates of one style as ISO text, any other as it is; the whole column settles whether the day or the month is first."""
    written = text.drop_nulls().unique(maintain_order=True)
    iso = written.str.contains(rf"{_ISO_DAY}|{_ISO_MONTH}")
    # What is no date at all (a remark below the table) is a fault of its own, and not one of all the others.
    read = {cell: day for cell in written.filter(~iso) if (day := cells.day(cell))}
    # A spreadsheet in another language turns half of a column of dates into others: two styles are no column that is settled.
    bare = {cells.CLOCK.sub("", cells.tidy(cell)) for cell in read} | ({str(date.max)} if read and iso.any() else set())
    styles = {re.sub(r"[^\W\d_]+", "a", re.sub(r"[0-9]+", "0", cell)) for cell in bare}
    if len(styles) > 1:
        return text
    month_first, contradict = cells.either_reading(read.values())
    month_first = table.month_first if month_first is None and table.month_first is not None else month_first
    fault, hint = (
        message("dates of which no number is above 12, so that day and month cannot be told apart"),
        message("Write dates as 2026-05-31; of prices say it once: `toolkit data map FILE --set dates=day --write`."),
    )
    if contradict:
        fault = message("dates with the day first beside dates with the month first")
        hint = message("Write dates as 2026-05-31.")
    asked = [cell for cell, found in read.items() if found.either and (contradict or (month_first is None))]
    raise_row_errors(table.name, _those(table, text.to_frame(column), [column], asked), rule="date", fault=fault, hint=hint)
    days_of = {cell: found.day or (found.either or ())[month_first or 0] for cell, found in read.items()}
    return text.replace({cell: day.isoformat() for cell, day in days_of.items() if day is not None})


def running_months(table: Table, column: str, today: date) -> pl.Series:
    """Numbers of the rows whose `column` names the month that has not ended on `today`; none on its last day.

    Args:
        table: Table as read.
        column: Column of dates or months, as text.
        today: The day on which the file is read.
    """
    if table.cells[column].dtype == pl.Date or pl.Series([today]).dt.month_end()[0] == today:
        return table.rows.clear()
    return table.rows.filter(_date_text(table.cells[column]).fill_null("") == f"{today:%Y-%m}")


def _cells(table: Table, column: str, mask: pl.Series, values: pl.Series, what: pl.Series | None = None) -> pl.DataFrame:
    """The masked cells of one column in the form that `raise_row_errors` takes."""
    shown = values.filter(mask).cast(pl.String)
    called = pl.repeat(column, len(shown), eager=True) if what is None else what.filter(mask)
    return pl.DataFrame({"row": table.rows.filter(mask), "what": called, "value": shown})


def _date_text(column: pl.Series) -> pl.Series:
    """Dates and months as ISO text; a moment of a zone other than midnight stays one and so is no date."""
    if isinstance(column.dtype, pl.Datetime):
        day, moment = column.dt.to_string("%Y-%m-%d"), column.dt.to_string("iso:strict")
        of_day = pl.lit(value=True) if column.dtype.time_zone is None else column.dt.time() == pl.time(0)
        return pl.select(pl.when(of_day).then(day).otherwise(moment)).to_series()
    text = column.cast(pl.String)
    read = {cell: found for cell in text.drop_nulls().unique() if (found := cells.month(cell))}
    return text.replace(read) if read else text
