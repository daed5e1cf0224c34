"""A user's own customs file: monthly trade by tariff code and partner, read strictly.

One row a month, code and partner. Columns, in any order, with the other names under which statistics offices ship them:

| column | also | what |
|---|---|---|
| `date` | `period_dt`, `period`, `month` | the month, as 2026-05 or any day of it |
| `partner` | `partner_name` | ISO-3 code or name; ``WLD`` for all partners together |
| `hs_code` | `hs6`, `cn8`, `hts10` | 4 to 10 digits, dots allowed |
| `quantity_kg` | | net mass in kg; empty where it is not known |
| `value_usd` | | optional; value in USD |
| `reporter` | | optional; ISO-3 code or name of the country whose customs office counted |
| `direction` | | optional; ``import`` or ``export`` |
| `uv_usd_kg` | | optional; not used, being value over mass |
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import dataframely as dy
import polars as pl

from toolkit.core.messages import message
from toolkit.market.readers.columns import check_columns, days, numbers, required_cells, texts
from toolkit.market.readers.faults import Fault, row_error
from toolkit.market.readers.tabular import Source, Table, read_table

REQUIRED = ("date", "partner", "hs_code", "quantity_kg")
OPTIONAL = ("value_usd", "reporter", "direction", "uv_usd_kg")
ALSO = {
    **dict.fromkeys(("period_dt", "period", "month"), "date"),
    "partner_name": "partner",
    **dict.fromkeys(("hs6", "cn8", "hts10"), "hs_code"),
}
"""Other names of columns, as extracts of statistics offices have them. Where both are given, the file is refused."""

DIRECTIONS = ("import", "export")
WORLD = "WLD"
REPORTED, INFERRED_ZERO = "reported", "inferred_zero"
KEYS = ("reporter", "direction", "hs_code", "partner", "date")


class CustomsFlows(dy.Schema):
    """Monthly flows of a file. `date` is the last day of the month; `quantity` is kg, null where it is not known."""

    date = dy.Date(nullable=False)
    reporter = dy.String(nullable=True)
    partner = dy.String(nullable=False)
    direction = dy.String(nullable=True)
    hs_code = dy.String(nullable=False, regex=r"^[0-9]{4,10}$")
    value = dy.Float64(nullable=True, min=0, allow_inf=False, allow_nan=False)
    quantity = dy.Float64(nullable=True, min=0, allow_inf=False, allow_nan=False)
    basis = dy.String(nullable=False)
    source = dy.String(nullable=False)

    @dy.rule()
    def one_row_a_month_and_partner(cls) -> pl.Expr:  # noqa: N805
        """A second row would be counted twice."""
        return pl.len().over(*KEYS) == 1


@dataclass(frozen=True, slots=True, eq=False)  # frames have no truth value, so files are compared by identity
class FlowFile:
    """Flows as a file gives them.

    Attributes:
        frame: Holds the contract `CustomsFlows`, sorted.
        name: File name as shown.
        notes: How the file was read, one message each.
    """

    frame: pl.DataFrame
    name: str
    notes: tuple[str, ...]


def read_flows(path: Source | Table, *, today: date) -> FlowFile:
    """Read a customs file.

    A mass of 0 beside a value above 0 is a mass that was not reported, and becomes missing. Customs offices list a partner
    only in months with trade: where a code has rows in a month, a partner of that code without one is a zero, marked
    ``inferred_zero``. A month in which a code has no row at all stays missing.

    Args:
        path: CSV or Parquet file, ``-`` for standard input, or cells that were read before.
        today: Only months that were over by then are accepted.

    Raises:
        DataError: for a file or a header that cannot be used.
        FrameError: for faulty rows; rule, count and first rows are in `details`.
    """
    table = _canonical(read_table(path))
    check_columns(table, required=REQUIRED, optional=OPTIONAL)
    for column in ("date", "partner", "hs_code"):
        required_cells(table, column)
    figures = numbers(table, [name for name in ("quantity_kg", "value_usd") if name in table.columns])
    value = figures["value_usd"] if "value_usd" in figures.columns else pl.Series([None] * figures.height, dtype=pl.Float64)
    rows = pl.DataFrame(
        {
            "row": table.rows,
            "date": days(table, "date").dt.month_end(),
            "reporter": texts(table, "reporter"),
            "partner": texts(table, "partner"),
            "direction": texts(table, "direction"),
            "hs_code": texts(table, "hs_code").str.replace_all(".", "", literal=True),
            "value": value,
            "quantity": figures["quantity_kg"],
        }
    ).with_columns(basis=pl.lit(REPORTED), source=pl.lit(table.name))
    _check(table.name, rows, today)
    unweighed = (pl.col("quantity") == 0) & (pl.col("value") > 0)
    lost = rows.filter(unweighed).height
    rows = rows.with_columns(quantity=pl.when(~unweighed.fill_null(value=False)).then("quantity")).drop("row")
    filled, inferred = _with_zeros(rows)
    notes = (
        f"{lost} rows have a value and a mass of 0: their mass counts as not known." if lost else "",
        f"{inferred} months without a row of a partner count as zero: customs lists a partner only where there was trade."
        if inferred
        else "",
        "" if "direction" in table.columns else "The file does not say whether these are imports or exports.",
    )
    frame = filled.select(CustomsFlows.column_names()).sort(KEYS, nulls_last=True)
    return FlowFile(frame, table.name, tuple(note for note in notes if note))


def _canonical(table: Table) -> Table:
    """The table under the names of `REQUIRED` and `OPTIONAL`; a name that is taken is left, and then refused as unknown."""
    names = {also: name for also, name in ALSO.items() if also in table.columns and name not in table.columns}
    once = {also: name for also, name in names.items() if list(names.values()).count(name) == 1}
    return Table(table.name, table.cells.rename(once), table.rows, table.separator)


def _check(file: str, rows: pl.DataFrame, today: date) -> None:
    """`FrameError` for rows that break a rule, with every rule that some break."""
    month = pl.col("date").dt.strftime("%Y-%m")
    signs = message("Give masses and values as they crossed the border, re-imports as flows of their own.")
    rules = (
        ("hs_code", ~pl.col("hs_code").str.contains(r"^[0-9]{4,10}$"), pl.col("hs_code"), message("no tariff code"),
         message("Give 4 to 10 digits; a spreadsheet drops a leading zero.")),
        ("direction", ~pl.col("direction").is_in(DIRECTIONS), pl.col("direction"), message("no direction of trade"),
         message("Write {names: or }.", names=DIRECTIONS)),
        ("quantity_sign", pl.col("quantity") < 0, pl.col("quantity"), message("a negative quantity"), signs),
        ("value_sign", pl.col("value") < 0, pl.col("value"), message("a negative value"), signs),
        ("month", pl.col("date") > today, month, message("a month that was not over"),
         message("Leave the running month out: a part of a month looks like a fall.")),
        ("unique", pl.len().over(*KEYS) > 1, pl.concat_str("hs_code", pl.lit(" "), month),
         message("a second row of one month, code and partner"), message("Add the rows up, or take the duplicate out.")),
    )  # fmt: skip
    cells = (rows.filter(mask).select("row", what="partner", value=value.cast(pl.String)) for _, mask, value, _, _ in rules)
    faults = [Fault(rule, fault, hint, found) for (rule, _, _, fault, hint), found in zip(rules, cells, strict=True)]
    if faults := [fault for fault in faults if fault.cells.height]:
        raise row_error(file, faults)


def _with_zeros(rows: pl.DataFrame) -> tuple[pl.DataFrame, int]:
    """The rows with a zero for each partner in each month in which others of its code have a row, and how many were added."""
    code = ["reporter", "direction", "hs_code"]
    months = rows.select(*code, "date", "source").unique()
    partners = rows.filter(pl.col("partner") != WORLD).select(*code, "partner").unique()
    grid = partners.join(months, on=code, how="inner", nulls_equal=True)
    blank = grid.join(rows, on=list(KEYS), how="anti", nulls_equal=True).with_columns(
        value=pl.lit(0.0), quantity=pl.lit(0.0), basis=pl.lit(INFERRED_ZERO)
    )
    return pl.concat([rows, blank.select(rows.columns)]), blank.height
