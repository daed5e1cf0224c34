"""The user's own prices: CSV or Parquet, long or wide, read strictly into the columns of `core.frames.Prices`."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import BinaryIO, Literal

import polars as pl

from toolkit.core.errors import DataError, SpecError
from toolkit.core.frames import CURRENCY, Prices
from toolkit.core.said import said
from toolkit.data.files.tabular import (
    Table,
    check_columns,
    days,
    numbers,
    read_table,
    refuse,
    required_cells,
    running_months,
    texts,
)
from toolkit.data.quality import gap_findings

REQUIRED = ("date", "asset", "price")
OPTIONAL = ("currency", "unit", "quantity", "basis", "source", "known_from")


@dataclass(frozen=True, slots=True, eq=False)  # frames have no truth value, so files are compared by identity
class PriceFile:
    """Prices as a file gives them.

    Attributes:
        frame: The columns of `core.frames.Prices`, sorted by (asset, date).
        name: File name as shown.
        shape: ``wide`` (one column an asset) or ``long`` (one row a price).
        notes: What a reader must know (gaps, months still running, columns without a price), one sentence each.
    """

    frame: pl.DataFrame
    name: str
    shape: Literal["wide", "long"]
    notes: tuple[str, ...]


def read_prices(path: str | Path, *, default_currency: str = "USD", today: date, stdin: BinaryIO | None = None) -> PriceFile:
    """Read a price file in either shape, told apart by its header.

    Where the file is silent: `currency` is `default_currency`, `unit` is ``unit`` (the caller knows which assets are
    products quoted per kg), `basis` is ``as_given``, `source` is the file name, `known_from` is the date itself.

    A month (``2026-05``) speaks of its last day. The month still running on `today` is accepted and dated `today`,
    with a note: it is what is known so far, and nothing may speak of the future. Later months are refused.

    An empty cell of a wide file is missing. A long row exists to give a price, so one without a price is refused.
    A `known_from` later than `today` is kept: such rows stay invisible to `Market.until` until that day.

    Args:
        path: CSV or Parquet file, or ``-`` for standard input.
        default_currency: ISO 4217 code for prices that name none.
        today: No price may speak of a later day.
        stdin: What ``-`` reads; the process's own standard input by default.

    Raises:
        SpecError: if `default_currency` is not three capital letters.
        DataError: for a file or a header that cannot be used.
        FrameError: for faulty rows; rule, count and first rows (header = row 1) are in `details`.
    """
    if not re.fullmatch(CURRENCY, default_currency):
        raise SpecError(f"{default_currency!r} is not a currency code.", hint="Give three capital letters, as USD.")
    table = read_table(path, stdin=stdin)
    # Either name is enough: a file with only one of the two is a long file with a slip, and better told so.
    shape = "long" if {"asset", "price"} & set(table.columns) else "wide"
    rows = _long(table, default_currency, today) if shape == "long" else _wide(table, default_currency, today)
    rows = rows.sort("asset", "date", "row")
    _check(table.name, rows)
    notes = _notes(table, rows, shape, today)
    frame = rows.select(Prices.column_names())
    return PriceFile(frame, table.name, shape, (*notes, *gap_findings(frame)))


def _wide(table: Table, currency: str, today: date) -> pl.DataFrame:
    """One row a price, with its row number in the file; empty cells are missing."""
    misplaced = tuple(name for name in OPTIONAL if name in table.columns)
    if misplaced:
        raise DataError(
            f"{table.name}, row 1: column {misplaced[0]!r} belongs to the long shape, but there is no 'asset' and 'price'.",
            hint="Use date,asset,price and optional columns, or date and one column an asset.",
            details={"file": table.name, "rows": [1]},
        )
    assets = tuple(name for name in table.columns if name != "date")
    check_columns(table, required=("date",), optional=assets)
    if not assets:
        raise DataError(
            f"{table.name}, row 1: there is no asset column.",
            hint="Add one column of prices an asset.",
            details={"file": table.name, "rows": [1]},
        )
    dates = _dates(table, today)
    prices = numbers(table, assets).unpivot(variable_name="asset", value_name="price")
    rows = prices.with_columns(
        row=pl.concat([table.rows] * len(assets)),
        date=pl.concat([dates] * len(assets)),
        currency=pl.lit(currency),
        unit=pl.lit("unit"),
        quantity=pl.lit(None, dtype=pl.Float64),
        basis=pl.lit("as_given"),
        source=pl.lit(table.name),
    ).drop_nulls("price")
    if rows.is_empty():
        raise DataError(
            f"{table.name} holds no price: every cell is empty.", hint="Fill in prices.", details={"file": table.name}
        )
    return rows.with_columns(known_from=pl.col("date"))


def _long(table: Table, currency: str, today: date) -> pl.DataFrame:
    """One row a price, with its row number in the file."""
    check_columns(table, required=REQUIRED, optional=OPTIONAL)
    assets = texts(table, "asset")
    required_cells(table, "asset")
    dates = _dates(table, today)
    values = numbers(table, ("price", "quantity") if "quantity" in table.columns else ("price",))
    required_cells(table, "price", what=assets)
    rows = pl.DataFrame(
        {
            "row": table.rows,
            "date": dates,
            "asset": assets,
            "price": values["price"],
            "currency": texts(table, "currency", default=currency),
            "unit": texts(table, "unit", default="unit"),
            "quantity": values["quantity"]
            if "quantity" in values.columns
            else pl.Series([None] * values.height, dtype=pl.Float64),
            "basis": texts(table, "basis", default="as_given"),
            "source": texts(table, "source", default=table.name),
            "known_from": days(table, "known_from").fill_null(dates) if "known_from" in table.columns else dates,
        }
    )
    negative = rows.filter(pl.col("quantity") < 0).select("row", what="asset", value=pl.col("quantity").cast(pl.String))
    refuse(table.name, negative, rule="quantity", fault="negative quantity", hint="Give kg, or leave the cell empty.")
    codes = rows.filter(~pl.col("currency").str.contains(CURRENCY)).select("row", what="asset", value="currency")
    refuse(table.name, codes, rule="currency", fault="not a currency code", hint="Give three capital letters, as USD.")
    for column in ("currency", "unit", "basis"):
        # Compared with the first row of the series in the file: the rows named are those a person would call different.
        differs = rows.filter(pl.col(column) != pl.col(column).first().over("asset"))
        refuse(
            table.name,
            differs.select("row", what="asset", value=column),
            rule=f"one_{column}",
            fault=f"a second {column} in the series of an asset",
            hint=f"Give each {column} an asset name of its own: series of two kinds are never joined.",
        )
    return rows


def _dates(table: Table, today: date) -> pl.Series:
    required_cells(table, "date")
    dates = days(table, "date", month_until=today)
    late = pl.DataFrame({"row": table.rows, "value": dates}).filter(dates > today)
    refuse(
        table.name,
        late.with_columns(pl.col("value").cast(pl.String), what=pl.lit(None, dtype=pl.String)),
        rule="future",
        fault=f"a date after today ({today.isoformat()})",
        hint="A price cannot be known before its day: correct the date or leave the row out.",
    )
    return dates


def _check(file: str, rows: pl.DataFrame) -> None:
    """The rules that both shapes share: positive prices, and one price an asset and day; `rows` are sorted by them."""
    price = pl.col("price").cast(pl.String)
    refuse(
        file,
        rows.filter(pl.col("price") <= 0).select("row", what="asset", value=price),
        rule="positive",
        fault="a price that is not positive",
        hint="Leave the cell of a wide file empty, or the row of a long file out, where a price is missing.",
    )
    # Sorted rows: those of one asset and day are neighbours.
    again = (pl.col("asset") == pl.col("asset").shift()) & (pl.col("date") == pl.col("date").shift())
    twice = rows.filter(again | again.shift(-1))
    refuse(
        file,
        twice.select("row", what="asset", value=pl.col("date").cast(pl.String)),
        rule="duplicate",
        fault="more than one price for the same asset and date",
        hint="Keep one row a date; a month counts as its last day.",
    )


def _notes(table: Table, rows: pl.DataFrame, shape: str, today: date) -> tuple[str, ...]:
    notes: list[str] = []
    running = running_months(table, "date", today)
    if len(running):
        notes.append(
            said(
                "{month:%Y-%m} is still running: its prices (first in row {row:d}) are dated {day:%Y-%m-%d}.",
                month=today,
                day=today,
                row=running[0],
            )
        )
    if shape == "wide":
        priced = set(rows["asset"].unique())
        empty = [name for name in table.columns if name != "date" and name not in priced]
        notes += [said("{name!r} has no prices and is left out.", name=name) for name in empty]
    later = rows.filter(pl.col("known_from") > today).height
    if later:
        notes.append(said("Rows published after {today:%Y-%m-%d} and so not visible yet: {count}.", today=today, count=later))
    return tuple(notes)
