"""`toolkit data show`."""

from __future__ import annotations

import sys
from functools import partial
from typing import Annotated

import typer

from toolkit.cli.options import Common, without_prices
from toolkit.cli.terminal import print_json


@partial(without_prices, formats=("terminal", "json"))
def show(
    *, table: Annotated[str, typer.Argument(metavar="TABLE", help="A table of `toolkit data list`.")], common: Common
) -> None:
    """Print the rows of a table that were known on the day, as CSV, sorted: what is packed can be compared, too."""
    import polars as pl

    from toolkit.core.errors import SpecError, did_you_mean
    from toolkit.core.frames import TABLES

    if table not in TABLES:
        raise SpecError("there is no table {table!r:s}.", hint=did_you_mean(table, TABLES), table=table)
    frame = common.context().snapshot[table]
    frame = frame.sort(TABLES[table].primary_key() or frame.columns)
    if common.json:
        rows = frame.with_columns(pl.selectors.date().cast(pl.String)).to_dicts()
        print_json({"as_of": common.day().isoformat(), "table": table, "rows": rows})
    else:
        sys.stdout.write(frame.write_csv())
