"""Columns of a table as text, numbers and dates, or a fault of the rows that cannot be read.

What can be read in two ways (a decimal mark, a day and a month) is refused with a way out.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import date

import polars as pl

from toolkit.core.errors import DataError, did_you_mean, nearest
from toolkit.data.files.dates import iso_text
from toolkit.data.files.faults import FIRST_ROWS, refuse
from toolkit.data.files.tabular import MAX_NAME, Table, listed

_NUMBER_LIKE = r"^[+-]?[0-9][0-9.,]*$"
_SPACES = r"['’\s\u{a0}\u{202f}]"
_SPACED = rf"^[+-]?[0-9]{{1,3}}({_SPACES}[0-9]{{3}})+([.,][0-9]+)?$"
_OPEN_COMMA, _OPEN_POINT = (rf"^[+-]?[1-9][0-9]{{0,2}}[{mark}][0-9]{{3}}$" for mark in ",.")
_BOTH_ENGLISH = r"^[+-]?[1-9][0-9]{0,2}((,[0-9]{3})+\.[0-9]+|(,[0-9]{3}){2,})$"
_BOTH_GERMAN = r"^[+-]?[1-9][0-9]{0,2}((\.[0-9]{3})+,[0-9]+|(\.[0-9]{3}){2,})$"
# One mark that no grouping explains: another number of decimals than three, or more or no digits before it than a group has.
_POINT, _COMMA = (
    rf"^[+-]?([0-9]*[{mark}]([0-9]{{1,2}}|[0-9]{{4,}})|(0[0-9]*|[0-9]{{4,}})[{mark}][0-9]{{3}})$" for mark in ".,"
)
_ENGLISH = r"^[+-]?[0-9]{1,3}(,[0-9]{3})+(\.[0-9]+)?$"
_GERMAN = r"^[+-]?([0-9]{1,3}(\.[0-9]{3})+|[0-9]*)(,[0-9]+)?$"
_THOUSANDS = r"^[+-]?[0-9]{1,3}([.,'’\s\u00a0\u202f][0-9]{3})+([.,][0-9]+)?$"
_ISO_DAY = r"^[12][0-9]{3}-[0-9]{2}-[0-9]{2}$"
_ISO_MONTH = r"^[12][0-9]{3}-[0-9]{2}$"


def check_columns(table: Table, *, required: Collection[str], optional: Collection[str] = ()) -> None:
    """`DataError` unless the header holds every required column and nothing beyond the optional ones."""
    known = (*required, *optional)
    extra = tuple(name for name in table.columns if name not in known)
    missing = tuple(name for name in required if name not in table.columns)
    if missing:
        others = tuple(name for name in table.columns if name not in required)
        near = ((m, n) for m in missing for n in nearest(m, others, n=1))
        hint = " ".join(f"Rename column {found!r} to {wanted!r}." for wanted, found in near)
        raise DataError(
            f"{table.name}, row {table.header}: no column {listed(missing)}.",
            hint=hint or f"The header needs {', '.join(required)}.",
            details={"file": table.name, "rows": [table.header], "missing": list(missing)},
        )
    if extra:
        raise DataError(
            f"{table.name}, row {table.header}: unknown column {listed(extra)}.",
            hint=" ".join(dict.fromkeys(did_you_mean(name, known) for name in extra[:FIRST_ROWS])),
            details={"file": table.name, "rows": [table.header], "unknown": list(extra)},
        )


def texts(table: Table, column: str, *, default: str | None = None) -> pl.Series:
    """A column as text, empty cells (or a column that is not there) filled with `default`, null without one."""
    if column not in table.columns:
        return pl.Series(column, [default] * len(table.rows), dtype=pl.String)
    text = table.cells[column].cast(pl.String)
    return text if default is None else text.fill_null(default)


def numbers(table: Table, columns: Sequence[str]) -> pl.DataFrame:
    """Columns as finite Float64, null where the cell is empty.

    Decimal commas and thousands separators are read where the numbers of these columns decide between them.

    Raises:
        FrameError: rule ``decimal`` for an undecidable decimal mark, ``finite`` for NaN and infinities, ``number`` for
            what is not a number.
    """
    # A date is no number, but polars would cast it to days since 1970: as text it is refused.
    # Columns are indexed, never selected: `pl.col` would read a name such as "*" or "^.*$" as a pattern.
    cells = table.cells[list(columns)].with_columns(pl.col(pl.Date, pl.Datetime).cast(pl.String))
    if table.separator:
        cells = _decimal_point(table, cells)
    parsed = cells.select(pl.all().cast(pl.Float64, strict=False))
    lost = zip(
        cells.null_count().row(0), parsed.null_count().row(0), parsed.select(pl.all().is_finite().all()).row(0), strict=True
    )
    suspect = [name for name, (empty, null, finite) in zip(columns, lost, strict=True) if null > empty or not finite]
    faulty = [
        _cells(table, name, cells[name].is_not_null() & ~parsed[name].is_finite().fill_null(value=False), cells[name])
        for name in suspect
    ]
    if not faulty:
        return parsed
    found = pl.concat(faulty)
    not_finite = found.filter(pl.col("value").cast(pl.Float64, strict=False).is_not_null())
    refuse(
        table.name,
        not_finite,
        rule="finite",
        fault="not a finite number",
        hint="Leave the cell empty where a value is missing.",
    )
    refuse(table.name, found, rule="number", fault="not a number", hint=_number_hint(found["value"]))
    return parsed


def check_names(file: str, names: pl.DataFrame) -> None:
    """`FrameError` (rule ``name``) for names with control or invisible characters, or longer than `MAX_NAME`.

    Args:
        file: File name as shown.
        names: Columns `row` (Int64) and `value` (String, null where there is none).
    """
    odd = pl.col("value").str.contains(r"\p{C}") | (pl.col("value").str.len_chars() > MAX_NAME)
    refuse(
        file,
        names.filter(odd).with_columns(what=pl.lit(None, dtype=pl.String)),
        rule="name",
        fault=f"a name with control characters or of more than {MAX_NAME} characters",
        hint="Use letters, digits and signs that can be seen.",
    )


def required_cells(table: Table, column: str, *, what: pl.Series | None = None) -> None:
    """`FrameError` (rule ``empty``) for empty cells in a column that needs a value in every row."""
    empty = table.cells[column].is_null()
    faulty = pl.DataFrame({"row": table.rows, "what": table.cells[column].cast(pl.String) if what is None else what})
    faulty = faulty.filter(empty).with_columns(value=pl.lit(None, dtype=pl.String))
    refuse(table.name, faulty, rule="empty", fault=f"no {column}", hint=f"Fill the {column!r} cell or leave the row out.")


def days(table: Table, column: str, *, month_until: date | None = None, months: bool = True, local: bool = False) -> pl.Series:
    """A column of ISO dates as Date, null where the cell is empty.

    A month (``2026-05``) speaks of its last day. A month that is still running on `month_until` speaks of that day,
    since nothing can be known of the days after it.

    Args:
        table: The file.
        column: Name of the column.
        month_until: Today, for columns that may not lie in the future.
        months: Whether a month is precise enough.
        local: Whether a column of one other style is read too (`toolkit.data.files.dates`).

    Raises:
        FrameError: rule ``date`` for what is not a date of the calendar in ISO form.
    """
    text = _date_text(table.cells[column])
    if local:
        text, ambiguous = iso_text(text)
        if ambiguous:
            refuse(
                table.name,
                _cells(table, column, text.is_not_null(), text),
                rule="date",
                fault="dates of which no number is above 12, so that day and month cannot be told apart",
                hint="Write dates as 2026-05-31.",
            )
    parsed = text.to_frame("text").select(
        day=pl.when(pl.col("text").str.contains(_ISO_DAY)).then(pl.col("text")).str.to_date("%Y-%m-%d", strict=False),
        month=pl.when(pl.lit(months) & pl.col("text").str.contains(_ISO_MONTH))
        .then(pl.col("text") + "-01")
        .str.to_date("%Y-%m-%d", strict=False),
    )
    end = pl.col("month").dt.month_end()
    if month_until is not None:
        end = pl.when((pl.col("month") <= month_until) & (end > month_until)).then(pl.lit(month_until)).otherwise(end)
    result = parsed.select(pl.coalesce("day", end).alias(column)).to_series()
    month_form = " or, for a month, as 2026-05" if months else ""
    refuse(
        table.name,
        pl.DataFrame({"row": table.rows, "what": pl.repeat(column, len(text), eager=True), "value": text}).filter(
            text.is_not_null() & result.is_null()
        ),
        rule="date",
        fault="not a date",
        hint=f"Write dates as 2026-05-31{month_form}.",
    )
    return result


def running_months(table: Table, column: str, today: date) -> pl.Series:
    """The row numbers whose `column` names the month that is still running on `today`; empty on its last day."""
    if pl.Series([today]).dt.month_end()[0] == today:
        return table.rows.clear()
    return table.rows.filter(_date_text(table.cells[column]).fill_null("") == f"{today:%Y-%m}")


def _decimal_point(table: Table, cells: pl.DataFrame) -> pl.DataFrame:
    """Cells with a decimal point and no thousands separators, or `FrameError` where the marks cannot be decided.

    A mark is decided by numbers that can be read in one way only: ``1,234.5`` or ``0.25`` against ``1.234,5`` or ``12,5``.
    What looks like grouped thousands (``1,234``) is read as such beside a number that has both marks, and refused alone; but a
    lone point is decimal in a file separated by commas.
    """
    textual = [name for name, dtype in cells.schema.items() if dtype == pl.String]
    # By type, never by name: see `numbers`.
    marks = pl.col(pl.String).str.contains(r"[,'’\s\u{a0}\u{202f}]" if table.separator == "," else r"[.,'’\s\u{a0}\u{202f}]")
    if not textual or not any(cells.select(marks.any()).row(0)):
        return cells
    spaced = pl.col(pl.String)
    spaced = pl.when(spaced.str.contains(_SPACED)).then(spaced.str.replace_all(_SPACES, "")).otherwise(spaced)
    cells = cells.with_columns(spaced)
    found = pl.concat([_cells(table, name, cells[name].is_not_null(), cells[name]) for name in textual])
    found = found.filter(pl.col("value").str.contains(_NUMBER_LIKE))

    def of(pattern: str) -> pl.DataFrame:
        return found.filter(pl.col("value").str.contains(pattern))

    way_out = "Write numbers as 1234.5, with a decimal point and without thousands separators."
    both = of(_BOTH_ENGLISH), of(_BOTH_GERMAN)
    english, german = (pl.concat([whole, of(alone)]) for whole, alone in zip(both, (_POINT, _COMMA), strict=True))
    if english.height and german.height:
        fewer = min(english, german, key=lambda rows: rows.height)
        refuse(table.name, fewer, rule="decimal", fault="numbers use both '.' and ',', differently from the rest", hint=way_out)
    comma, point = of(_OPEN_COMMA), of(_OPEN_POINT)
    if german.height:
        undecided = point if not both[1].height else point.clear()
    elif english.height:
        undecided = comma if not both[0].height else comma.clear()
    else:
        undecided = comma if table.separator == "," else pl.concat([comma, point])
    refuse(table.name, undecided, rule="decimal", fault="a mark that may mean decimals or thousands", hint=way_out)
    text = pl.col(pl.String)
    if german.height:
        bare = text.str.replace_all(".", "", literal=True)
        text = pl.when(text.str.contains(_GERMAN)).then(bare.str.replace(",", ".", literal=True)).otherwise(text)
    else:
        text = pl.when(text.str.contains(_ENGLISH)).then(text.str.replace_all(",", "", literal=True)).otherwise(text)
    return cells.with_columns(text)


def _cells(table: Table, column: str, mask: pl.Series, values: pl.Series) -> pl.DataFrame:
    """The masked cells of one column in the form that `refuse` takes."""
    shown = values.filter(mask).cast(pl.String)
    return pl.DataFrame({"row": table.rows.filter(mask), "what": pl.repeat(column, len(shown), eager=True), "value": shown})


def _number_hint(values: pl.Series) -> str:
    if values.str.contains(_THOUSANDS).any():
        return "Write numbers without thousands separators, as 1234.5."
    if values.str.contains(r"^[+-]?[0-9]+,[0-9]+$").any():
        return "Write decimals with a point, as 1234.5."
    return "Write plain numbers such as 1234.5, without currency or unit; leave the cell empty where a value is missing."


def _date_text(column: pl.Series) -> pl.Series:
    """Dates as ISO text; a moment other than midnight keeps its time of day and so is no date."""
    if isinstance(column.dtype, pl.Datetime):
        moment = column.dt.to_string("iso:strict")
        return pl.select(
            pl.when(column.dt.time() == pl.time(0)).then(column.dt.to_string("%Y-%m-%d")).otherwise(moment)
        ).to_series()
    return column.cast(pl.String)
