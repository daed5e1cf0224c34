"""A user's own exchange rates: units for one euro, a row a day and currency, or as the ECB's list with a column a currency."""

from __future__ import annotations

import polars as pl

from toolkit.core.currencies import currency, currency_hint
from toolkit.market.readers.faults import raise_row_errors
from toolkit.market.readers.tabular import Source, Table, read_table

EURO, OWN_RATES = "EUR", "own_rates"
COLUMNS = ("date", "currency", "per_eur")
"""Of a file with a row a day and currency."""
UNPUBLISHED = ("N/A", "NaN")
"""Cells of days on which the ECB published none."""


def read_rates(path: Source | Table) -> pl.DataFrame:
    """Exchange rates of a file, rows of `toolkit.core.frames.ExchangeRates` that are known on their day.

    Args:
        path: A CSV, a sheet or a Parquet file with the columns `COLUMNS`, or with `date` and a column for each currency.

    Raises:
        DataError: for a file that cannot be read, and other columns.
        FrameError: for dates that are not ISO, texts that are no currency, and rates that are no positive number.
    """
    table = read_table(path)
    cells = table.cells.rename({name: name.strip().casefold() for name in table.columns}).with_columns(row=table.rows)
    names = {*cells.columns} - {"row"}
    if "date" not in names or not (names == {*COLUMNS} or all(currency(name) for name in names - {"date"})):
        raise table.header_error(
            "these are no columns of exchange rates: {names}.",
            "Give the columns date, currency and per_eur (units of it for one euro), or the daily list of the ECB.",
            names=[*table.columns],
        )
    if names != {*COLUMNS}:
        texts = cells.select("row", "date", *(pl.col(name).cast(pl.String) for name in sorted(names - {"date"})))
        cells = texts.unpivot(index=["row", "date"], variable_name="currency", value_name="per_eur")
        cells = cells.filter(pl.col("per_eur").is_not_null() & ~pl.col("per_eur").is_in(UNPUBLISHED))
    given = {text: currency(text) for text in cells["currency"].drop_nulls().unique()}
    read = cells.select(
        "row",
        pl.col("date", "currency", "per_eur").cast(pl.String).name.suffix("_text"),
        date=pl.col("date").cast(pl.String).str.to_date("%Y-%m-%d", strict=False),
        quote=pl.col("currency").replace_strict(given, default=None, return_dtype=pl.String),
        rate=pl.col("per_eur").cast(pl.Float64, strict=False),
    )
    unread = next((text for text, code in given.items() if code is None), "")
    no_rate = ~pl.col("rate").is_finite().fill_null(value=False) | (pl.col("rate") <= 0.0)

    def broken(where: pl.Expr, text: str) -> pl.DataFrame:
        return read.filter(where).select("row", value=f"{text}_text")

    raise_row_errors(
        table.name, broken(pl.col("date").is_null(), "date"),
        rule="date", fault="no ISO date", hint="Write dates as 2026-05-31.",
    )  # fmt: skip
    raise_row_errors(
        table.name, broken(pl.col("quote").is_null(), "currency"),
        rule="currency", fault="no currency", hint=currency_hint(unread),
    )  # fmt: skip
    raise_row_errors(
        table.name, broken(no_rate, "per_eur"),
        rule="rate", fault="no rate", hint="Write units of the currency for one euro, with a decimal point.",
    )  # fmt: skip
    rows = read.filter(pl.col("quote") != EURO).select(
        "date", "rate", "quote", base=pl.lit(EURO), source=pl.lit(OWN_RATES), known_from=pl.col("date")
    )
    return rows.unique(["date", "quote"], keep="last", maintain_order=True)
