"""`toolkit data export`: a table of a store as CSV or Parquet, which `toolkit data import` reads back bit for bit."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import polars as pl

from toolkit.app.context import Context
from toolkit.app.data.store import opened
from toolkit.core.errors import SpecError, did_you_mean
from toolkit.market.store.files import file_sha256, replacing
from toolkit.market.tables import FETCHED_AT, Table
from toolkit.records.store import Exported

SORTED = 5_000_000
"""Rows up to which an export is sorted; a larger one streams in the order of the data files, each of which is sorted."""


def export(context: Context, table: str, file: Path, *, as_of: date | None = None, version: int | None = None) -> Exported:
    """Write a table to a file, in one step.

    Args:
        context: Names the store.
        table: Name of the table.
        file: Ends in ``.csv`` or ``.parquet``; one that is there is replaced.
        as_of: Day of knowledge of the rows; every vintage when None.
        version: Version that is written; the last one when None.

    Raises:
        SpecError: for another ending, a table that the store does not have, and a file that cannot be written.
        DataError: for a damaged file or an unknown version.
    """
    store = opened(context)
    if table not in store.versions:
        raise SpecError("the store has no table {table!r:s}.", hint=did_you_mean(table, store.versions), table=table)
    if file.suffix not in (".csv", ".parquet"):
        raise SpecError("{name:s} is neither .csv nor .parquet.", hint="Name a file that ends in one of them.", name=file.name)
    rows = store.scan(table, as_of, version)
    number = rows.select(pl.len()).collect(engine="streaming").item()
    if number <= SORTED:
        rows = rows.sort(Table.of(table).order)
    with replacing(file) as draft:
        if file.suffix == ".csv":
            rows.with_columns(pl.col(FETCHED_AT).dt.strftime("%Y-%m-%dT%H:%M:%S%.6fZ")).sink_csv(draft)
        else:
            rows.sink_parquet(draft)
    used = store.versions[table] if version is None else version
    told = {"as_of": context.as_of.isoformat(), "store": str(store.path), "table": table, "file": str(file)}
    return Exported(**told, version=used, rows=number, sha256=file_sha256(file))
