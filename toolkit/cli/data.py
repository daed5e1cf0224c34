"""`toolkit data list|show|validate`."""

from __future__ import annotations

import sys
from datetime import date
from functools import partial
from typing import TYPE_CHECKING, Annotated

import typer

from toolkit.cli.options import Common, with_common, without_prices
from toolkit.cli.terminal import print_json
from toolkit.cli.terminal import show as show_answer

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
    from toolkit.report.answers.lists import data as document

    context = common.context()
    records = [provenance.to_json() for provenance in context.snapshot.provenance()]
    told = {"as_of": context.as_of.isoformat(), "package": str(package_folder(context.settings)), "data": records}
    told["weaknesses"] = dict(context.weaknesses)
    show_answer(common, lambda: told, lambda say: document(records, context.as_of, say))


@app.command("show")
@partial(without_prices, formats=("terminal", "json"))
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
    from toolkit.report.answers.lists import package_check

    folder = package_folder(resolve(common.settings(), file=common.config))
    faults = validate_package(folder)
    if faults:
        raise FrameError(
            f"{folder}: {len(faults)} faults: " + "; ".join(str(fault) for fault in faults) + ".",
            hint="Mend the rows that are named and run it again.",
            details={"faults": [str(fault) for fault in faults]},
        )
    record = {"package": str(folder), "tables": sorted(TABLES), "faults": []}
    show_answer(common, lambda: record, lambda say: package_check(str(folder), len(TABLES), common.day(), say))


def _validate_prices(files: PriceFiles, common: Common) -> None:
    """Coverage, gaps, stale runs, outliers and unit jumps of price files; what `optimize` refuses is refused."""
    from toolkit.app.lots import LotNames
    from toolkit.app.prices import read_own
    from toolkit.market.quality import findings, quality
    from toolkit.report.answers.lists import quality as document

    context = common.context()
    own = read_own(files, context.snapshot, LotNames(context.ledger, context.products), masses=False)
    table_of, quotes = quality(own.file.frame, as_of=common.day()), own.file.quotes
    of_reading = (f"{remark.text} {remark.remedy}".strip() for remark in own.reading)
    told = (*of_reading, *findings(table_of))
    rows, of_day = (
        [{key: str(value) if isinstance(value, date) else value for key, value in row.items()} for row in frame.to_dicts()]
        for frame in (table_of, quotes)
    )
    record = {
        "file": own.name, "shape": own.file.shape, "quality": rows, "quotes": of_day, "findings": list(told), "faults": [],
    }  # fmt: skip
    show_answer(common, lambda: record, lambda say: document(table_of.to_dicts(), quotes.to_dicts(), told, common.day(), say))
