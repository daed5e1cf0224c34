"""`toolkit data list|show|validate`."""

from __future__ import annotations

import sys
from datetime import date
from typing import TYPE_CHECKING, Annotated

import typer

from toolkit.cli.options import Common, with_common, without_prices
from toolkit.cli.terminal import console, print_json

if TYPE_CHECKING:
    from toolkit.app.prices import PriceFiles

app = typer.Typer(
    help="Data: what is bundled, how old it is, and whether it holds its contracts.",
    no_args_is_help=True,
    rich_markup_mode=None,
)


@app.command("list")
@without_prices
def list_data(*, common: Common) -> None:
    """Every table and source: rows, newest date, publication date, age against its release interval, licence."""
    from toolkit.app.context import package_folder

    context = common.context()
    records = [provenance.to_json() for provenance in context.snapshot.provenance()]
    if common.json:
        folder = str(package_folder(context.settings))
        weaknesses = dict(context.weaknesses)
        print_json({"as_of": context.as_of.isoformat(), "package": folder, "data": records, "weaknesses": weaknesses})
        return
    from toolkit.cli.tables import Table

    table = Table()
    for heading in ("table", "source", "rows", "newest", "known from", "overdue"):
        table.add_column(heading, justify="right" if heading in ("rows", "overdue") else "left")
    for record in records:
        overdue = f"{record['overdue_days']} d" if record["overdue_days"] else ""
        newest = record["as_of"] or ""
        table.add_row(record["table"], record["source"], str(record["rows"]), newest, record["known_from"], overdue)
    console(common).print(table)


@app.command("show")
@without_prices
def show(
    *, table: Annotated[str, typer.Argument(metavar="TABLE", help="A table of `toolkit data list`.")], common: Common
) -> None:
    """Print the rows of a table that were known on the day, as CSV, sorted: what is packed can be compared, too."""
    import polars as pl

    from toolkit.core.errors import SpecError, did_you_mean
    from toolkit.core.frames import TABLES

    if table not in TABLES:
        raise SpecError(f"there is no table {table!r}.", hint=did_you_mean(table, TABLES))
    frame = common.context().snapshot[table]
    frame = frame.sort(TABLES[table].primary_key() or frame.columns)
    if common.json:
        rows = frame.with_columns(pl.selectors.date().cast(pl.String)).to_dicts()
        print_json({"as_of": common.day().isoformat(), "table": table, "rows": rows})
    else:
        sys.stdout.write(frame.write_csv())


@app.command("validate")
@with_common
def validate(*, common: Common) -> None:
    """Check every table against its contract, its keys and its sums; with --prices, a price file and its quality."""
    if (files := common.price_files()) is not None:
        _validate_prices(files, common)
        return
    from toolkit.app.config import resolve
    from toolkit.app.context import package_folder
    from toolkit.core.errors import FrameError
    from toolkit.core.frames import TABLES
    from toolkit.market.package import validate_package

    folder = package_folder(resolve(common.settings(), file=common.config))
    faults = validate_package(folder)
    if faults:
        raise FrameError(
            f"{folder}: {len(faults)} faults: " + "; ".join(str(fault) for fault in faults) + ".",
            hint="Mend the rows that are named and run it again.",
            details={"faults": [str(fault) for fault in faults]},
        )
    if common.json:
        print_json({"package": str(folder), "tables": sorted(TABLES), "faults": []})
    else:
        console(common).print(f"{folder}: {len(TABLES)} tables hold their contracts", markup=False)


def _validate_prices(files: PriceFiles, common: Common) -> None:
    """Coverage, gaps, stale runs, outliers and unit jumps of price files; what `optimize` refuses is refused."""
    from toolkit.app.lots import LotNames
    from toolkit.app.prices import read_own
    from toolkit.market.quality import findings, quality

    context = common.context()
    own = read_own(files, context.snapshot, LotNames(context.ledger, context.products), masses=False)
    table_of, quotes = quality(own.file.frame, as_of=common.day()), own.file.quotes
    of_reading = (f"{remark.text} {remark.remedy}".strip() for remark in own.reading)
    told = (*of_reading, *findings(table_of))
    if common.json:
        rows, of_day = (
            [{key: str(value) if isinstance(value, date) else value for key, value in row.items()} for row in frame.to_dicts()]
            for frame in (table_of, quotes)
        )
        print_json(
            {
                "file": own.name, "shape": own.file.shape, "quality": rows, "quotes": of_day, "findings": list(told),
                "faults": [],
            }
        )  # fmt: skip
        return
    from toolkit.cli.tables import Table

    out = console(common)
    table = Table()
    headings = ("asset", "first", "last", "prints", "rhythm", "coverage", "gaps", "stale", "outliers", "unit", "age")
    for heading in headings:
        table.add_column(heading, justify="left" if heading in ("asset", "first", "last", "rhythm") else "right")
    for row in table_of.iter_rows(named=True):
        table.add_row(
            row["asset"], str(row["first"]), str(row["last"]), str(row["observations"]), row["rhythm"] or "",
            f"{row['coverage']:.0%}", str(row["gaps"]), str(row["stale_run"]), str(row["outliers"]),
            f"x {row['unit_factor']:.3g}" if row["unit_factor"] else "", f"{row['age_days']} d",
        )  # fmt: skip
    if table_of.height:
        out.print(table)
    for row in quotes.iter_rows(named=True):
        words = f"{row['asset']}: {row['basis']} {row['price']:,.2f} {row['currency']} a {row['unit']} on {row['date']}"
        out.print(f"{words}, a price of a day.", markup=False)
    for sentence in told:
        out.print(sentence, markup=False)
