"""`toolkit data import`: a dealer's list, a customs file, a price file or an export, added to a store."""

from __future__ import annotations

import re
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import polars as pl

from toolkit.app.context import Context
from toolkit.app.data.places import store_to_write
from toolkit.app.holdings.names import LotNames
from toolkit.app.prices import of_no_product, per_kg, read_known
from toolkit.core.countries import country
from toolkit.core.errors import DataError, SpecError, did_you_mean
from toolkit.core.frames import TABLES
from toolkit.core.messages import Message, message, template_with
from toolkit.market.market import UNKNOWN, Source
from toolkit.market.quality import gap_findings
from toolkit.market.readers.flows import ALSO, read_flows
from toolkit.market.readers.parquet import PARQUET, as_ipc
from toolkit.market.readers.price_columns import read_columns
from toolkit.market.readers.price_shapes import price_header
from toolkit.market.readers.tabular import Table, read_table
from toolkit.market.sources.base import data_sources
from toolkit.market.store.commit import ROWS_OF_A_FILE
from toolkit.market.store.store import Frames, Store
from toolkit.market.tables import FETCHED_AT, STORE_TABLES
from toolkit.market.tables import Table as StoreTable
from toolkit.records.store import Imported
from toolkit.supply.flows import WORLD
from toolkit.supply.tariff import sole_asset, tariff_codes

PRICES, FLOWS = "prices", "flows"
OWN = "own"
"""Source of rows whose file names none, and whose name has no words."""
_NO_WORD = re.compile(r"[\W\d_]+")
YOURS = "your own"
"""Licence of the user's files."""


@dataclass(frozen=True, slots=True)
class ImportOptions:
    """How a file is read.

    Attributes:
        table: Table it goes to; read from its header when None.
        source: Name of the source of rows that name none; that of the file without its date when None.
        answers: To what is open of a price file, as of `toolkit data map --set`.
        currency: Of prices that name none.
        accept: Assets whose jumps are meant.
        reporter: Country whose customs office counted, where the file does not say.
        direction: ``import`` or ``export``, where the file does not say.
        correction: Why its rows replace those of the store, whatever their currency, unit or basis; empty where they do not.
        lag_days: Days from the end of a month to its publication, for a customs file; None: known from today on.
    """

    table: str | None = None
    source: str | None = None
    answers: Mapping[str, str] = field(default_factory=dict)
    currency: str | None = None
    accept: tuple[str, ...] = ()
    reporter: str | None = None
    direction: str | None = None
    lag_days: int | None = None
    correction: str = ""


@dataclass(frozen=True, slots=True)
class _Read:
    """Rows of a file for a table of the store."""

    table: str
    frames: Frames
    series: int
    name: str
    notes: tuple[str, ...] = ()
    left_out: int = 0
    sources: tuple[str, ...] = ()


def import_file(context: Context, path: str, options: ImportOptions) -> Imported:
    """Add a file to the store that the settings name, by default the one in the default place, which is made where it is not.

    Args:
        context: Settings, day, and what names mean.
        path: Of the file, ``-`` for standard input.
        options: How it is read.

    Raises:
        SpecError: for options that do not fit the file, and a store that cannot be written.
        DataError, FrameError: for a file whose header or rows cannot be used. Nothing is added.
    """
    root = store_to_write(context.settings)
    store = Store.open(root, create=True)
    source = options.source or _source(context, path)
    with tempfile.TemporaryDirectory() as folder:
        read = _contract_rows(path, options, Path(folder)) or _own_file(context, path, options, source)
        known = {name: context.snapshot.source(name) for name in read.sources}
        sources = [Source(name, read.name, YOURS, own=True) for name, one in known.items() if one.own or one.licence == UNKNOWN]
        commit = store.append(
            {read.table: read.frames},
            source=source, fetched_at=datetime.now(UTC), addresses=[path], described=sources,
            correction=options.correction,
        )  # fmt: skip
    name = read.table
    return Imported(
        as_of=context.as_of.isoformat(), store=str(root),
        file=Path(path).name, table=name, version=commit.versions.get(name), rows=commit.rows[name],
        revised=commit.revised[name], unchanged=commit.unchanged[name], left_out=read.left_out, series=read.series,
        sources=read.sources, correction=options.correction,
        notes=tuple(map(_phrase, read.notes)),
    )  # fmt: skip


def _source(context: Context, path: str) -> str:
    """The words of the name of a file, so that a dealer's next list continues his series; no name of a public source."""
    words = _NO_WORD.sub("_", Path(path).stem).strip("_")
    there = context.snapshot.source(words)
    public = words in data_sources() or not (there.own or there.licence == UNKNOWN)
    return f"{OWN}_{words}" if words and public else words or OWN


def _phrase(sentence: str) -> dict[str, Any]:
    return sentence.to_json() if isinstance(sentence, Message) else template_with("{text}", {"text": sentence})


def _contract_rows(path: str, options: ImportOptions, folder: Path) -> _Read | None:
    """A file that has every column of a table, such as an export: its rows as they are, in parts of whole series."""
    if path == "-" or not Path(path).is_file():
        return None
    try:
        with Path(path).open("rb") as file:
            is_parquet = file.read(4) == PARQUET
        if is_parquet:
            rows = pl.scan_ipc(as_ipc(Path(path).name, Path(path), folder / "rows.arrow"))
        else:
            rows = pl.scan_csv(path, infer_schema=False, glob=False)
        columns = rows.collect_schema().names()
    except (pl.exceptions.PolarsError, OSError):
        return None
    fitting = [name for name in STORE_TABLES if {*StoreTable.of(name).contract.columns()} <= {*columns}]
    names = [name for name in fitting if options.table in (None, name)]
    if not names:
        return None
    table = StoreTable.of(max(names, key=lambda name: len(StoreTable.of(name).dtypes)))
    kept = [name for name in table.dtypes if name in columns]
    try:
        if not is_parquet:
            packed = folder / "rows.parquet"
            rows.select(_parsed(table, name) for name in kept).sink_parquet(packed)
            rows = pl.scan_parquet(packed)
        lead = table.series[0]
        counts = rows.group_by(lead).len().sort(lead).collect(engine="streaming")
    except pl.exceptions.PolarsError as error:
        message_ = str(error).splitlines()[0]
        raise DataError(
            message("{name:s} cannot be read: {message}", name=Path(path).name, message=message_), details={"file": path}
        ) from error
    rows = rows.select(kept)
    return _Read(table.name, _parts(rows, lead, counts), counts.height, "")


def _parsed(table: StoreTable, name: str) -> pl.Expr:
    """A column of text in the type that the table has of it."""
    if name == FETCHED_AT:
        return pl.col(name).str.to_datetime("%Y-%m-%dT%H:%M:%S%.fZ", time_unit="us", time_zone="UTC")
    dtype, text = table.dtypes[name], pl.col(name)
    if dtype == pl.Date:
        return text.str.to_date("%Y-%m-%d")
    return text.replace_strict({"true": True, "false": False}, return_dtype=dtype) if dtype == pl.Boolean else text.cast(dtype)


def _parts(rows: pl.LazyFrame, lead: str, counts: pl.DataFrame) -> Iterator[pl.DataFrame]:
    """Rows of whole series, about `ROWS_OF_A_FILE` at a time."""
    group: list[str] = []
    size = 0
    for name, count in counts.iter_rows():
        if group and size + count > ROWS_OF_A_FILE:
            yield rows.filter(pl.col(lead).is_in(group)).collect(engine="streaming")
            group, size = [], 0
        group.append(name)
        size += count
    if group:
        yield rows.filter(pl.col(lead).is_in(group)).collect(engine="streaming")


def _own_file(context: Context, path: str, options: ImportOptions, source: str) -> _Read:
    """A price file or a customs file, read as `--prices` and `toolkit flows --file` read one."""
    if options.table not in (None, PRICES, FLOWS):
        raise SpecError(
            "{path:s} does not have the columns of table {table!r:s}.",
            hint=_needed(options.table),
            path=str(path),
            table=options.table,
        )
    cells = read_table(path, header=price_header)
    named = {ALSO.get(name, name) for name in cells.columns}
    kind = options.table or (FLOWS if {"hs_code", "quantity_kg"} <= named and "price" not in named else PRICES)
    if kind == FLOWS:
        return _flows(context, cells, options, source)
    return _prices(context, cells if path == "-" else path, cells.name, options, source)


def _needed(table: str) -> str:
    known = STORE_TABLES.get(table)
    return did_you_mean(table, STORE_TABLES) if known is None else f"It needs {', '.join(known.columns())}."


def _prices(context: Context, path: str | Table, name: str, options: ImportOptions, source: str) -> _Read:
    """Prices, those of known products per kg; what a dealer asks and what he pays are series of two sources."""
    names = LotNames(context.ledger, context.products)
    columns = read_columns(path, key=names.series, answers=options.answers)
    known = {"default_currency": options.currency or "USD", "today": context.today, "accept": options.accept}
    file = read_known([columns], names, **known)
    if file.assumed and options.currency is None:
        hint = message("Say with --prices-currency what they are in: once stored, they count as if the file had named it.")
        raise DataError("{file:s} names no currency of some prices.", hint=hint, file=name)
    rows, notes = per_kg(file.frame, context.products)
    quotes, of_quotes = per_kg(file.quotes, context.products)
    names_none = pl.col("source") == name
    rows = rows.with_columns(source=pl.when(names_none).then(pl.lit(source)).otherwise("source"))
    of_side = pl.format("{} ({})", pl.when(names_none).then(pl.lit(source)).otherwise("source"), "basis")
    parts = [rows, *quotes.with_columns(source=of_side).partition_by("basis")]
    frames = [part for part in parts if part.height]
    remarks = dict.fromkeys((*notes, *of_quotes))
    told = (*file.reading, *file.notes, *gap_findings(file.frame), *(remark.text for remark in remarks))
    whole = pl.concat(parts)
    told = (*told, *of_no_product(whole["asset"], (*context.products.keys, *context.snapshot["prices"]["asset"])))
    sources = tuple(whole["source"].unique().sort())
    return _Read(PRICES, frames, whole["asset"].n_unique(), name, told, sources=sources)


def _flows(context: Context, cells: Table, options: ImportOptions, source: str) -> _Read:
    """Months of customs flows whose code counts one material and whose value and mass are known."""
    file = read_flows(cells, today=context.today)
    codes = tariff_codes(context.snapshot["tariff_codes"])
    of_code = {code: sole_asset(codes, code) for code in file.frame["hs_code"].unique()}
    for name in ("reporter", "direction"):
        if getattr(options, name) is None and file.frame[name].has_nulls():
            raise SpecError("{file:s} does not say the {name:s}.", hint="Say it with --{name:s}.", file=file.name, name=name)
    partners = {name: name if name == WORLD else country(name) for name in file.frame["partner"].unique().sort()}
    if unknown := [name for name, code in partners.items() if code is None]:
        hint = message("Write the country's name or ISO code, or {world} for all of them together.", world=WORLD)
        raise DataError(
            "{name:s}: {unknown!r:s} is no country.",
            hint=hint,
            details={"unknown": unknown},
            name=file.name,
            unknown=unknown[0],
        )
    lag = options.lag_days
    known = pl.lit(context.today) if lag is None else pl.col("date") + pl.duration(days=lag)
    rows = file.frame.select(
        "date",
        pl.col("reporter").fill_null(pl.lit(options.reporter, pl.String)),
        pl.col("partner").replace_strict(partners, return_dtype=pl.String),
        pl.col("direction").fill_null(pl.lit(options.direction, pl.String)),
        pl.col("hs_code").replace_strict(of_code, return_dtype=pl.String).alias("asset"),
        "hs_code",
        "value",
        pl.lit("USD").alias("currency"),
        "quantity",
        "basis",
        pl.lit(source).alias("source"),
        known.cast(pl.Date).alias("known_from"),
    )
    whole = rows.drop_nulls(["asset", "value", "quantity"])
    # A national tariff can have several lines of one material: the table has one row of a material.
    keyed = TABLES[FLOWS].primary_key()
    together = whole.group_by(keyed, maintain_order=True).agg(
        pl.col("value", "quantity").sum(), pl.exclude(*keyed, "value", "quantity", "hs_code").first(), pl.col("hs_code").min()
    )
    left = rows.height - whole.height
    note = message("{n} rows are left out: their code counts several materials, or value or mass is not known.", n=left)
    notes = (*file.notes, *([note] if left else []))
    return _Read(FLOWS, together.select(rows.columns), whole["asset"].n_unique(), file.name, notes, left, (source,))
