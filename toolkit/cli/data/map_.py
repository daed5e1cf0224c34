"""`toolkit data map`."""

from __future__ import annotations

import sys
from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from toolkit.cli.mapping import Accept, Sets, Write, settled
from toolkit.cli.options import Common, with_common
from toolkit.cli.terminal import show

DATA_FAULT = 3


@partial(with_common, refused=("prices", "prices_only"))
def map_(
    file: Annotated[str, typer.Argument(metavar="FILE", help="Your prices (CSV, a workbook or Parquet; - is stdin).")],
    *,
    sets: Sets = None,
    accept: Accept = False,
    write: Write = False,
    common: Common,
) -> None:
    """Tell how each column of a price file is read and why, ask what is open, and keep it; exit 3 while it is open."""
    from toolkit.app.data.map_prices import map_prices
    from toolkit.app.runs import put
    from toolkit.market.layouts.layout import beside
    from toolkit.market.readers.contents import file_and_sheet
    from toolkit.report.topics.files import mapped as document

    context, currency = common.context(), common.prices_currency
    found, in_dialogue = settled(
        lambda answers: map_prices(file, context, currency=currency, answers=answers), sets, common, accept=accept
    )
    written = None
    if (write or in_dialogue) and not found.questions and file != "-":
        written = str(beside(*file_and_sheet(file)))
        put(Path(written), found.columns.layout.to_toml().encode())
    record, in_terminal = found.record(written), common.format in (None, "terminal")
    show(common, record, lambda record, say: document(record, common.day(), say, command=not in_terminal))
    if found.questions and in_terminal and not common.json:
        sys.stdout.write(f"{record.command}\n")
    if found.questions or found.fault:
        raise typer.Exit(DATA_FAULT)
