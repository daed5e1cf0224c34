"""`toolkit data export`."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Annotated

import typer

from toolkit.cli.options import Common, without_prices
from toolkit.cli.terminal import say, show
from toolkit.core.messages import message


@without_prices
def export(
    table: Annotated[str, typer.Argument(metavar="TABLE", help="A table of the store.")],
    file: Annotated[Path, typer.Argument(metavar="FILE", help="Where it goes; ends in .csv or .parquet.")],
    *,
    version: Annotated[int | None, typer.Option("--version", min=0, help="Version of the table; default: the last.")] = None,
    common: Common,
) -> None:
    """Write a table of a store to a file that `toolkit data import` reads back; with --as-of only what was known then."""
    from toolkit.app.data.export import export as ask
    from toolkit.report.topics.data import exported as document

    as_of: date | None = None if common.as_of is None else common.day()
    answer = ask(common.context(), table, file, as_of=as_of, version=version)
    show(common, answer, document)
    say(message("wrote {file:s}", file=str(answer.file)), common)
