"""`toolkit data import`."""

from __future__ import annotations

from functools import partial
from typing import Annotated

import typer

from toolkit.cli.options import Common, with_common
from toolkit.cli.terminal import show


@partial(with_common, refused=("prices", "prices_only"), makes_store=True)
def import_(
    file: Annotated[
        str,
        typer.Argument(metavar="FILE", help="A dealer's list, prices, customs flows, or an export; - is stdin."),
    ],
    *,
    table: Annotated[
        str | None, typer.Option("--table", metavar="TABLE", help="Where it goes; default: read from its header.")
    ] = None,
    source: Annotated[
        str | None,
        typer.Option("--source", metavar="NAME", help="Source of rows that name none; default: the words of its name."),
    ] = None,
    sets: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="NAME=MEANING", help="What is open of a price file, as of data map; repeatable."),
    ] = None,
    reporter: Annotated[
        str | None, typer.Option("--reporter", metavar="COUNTRY", help="Of customs flows: whose office counted.")
    ] = None,
    direction: Annotated[
        str | None, typer.Option("--direction", metavar="WORD", help="Of customs flows: import or export.")
    ] = None,
    lag_days: Annotated[
        int | None,
        typer.Option("--lag-days", min=0, help="Of customs flows: days from month to publication; default: known today."),
    ] = None,
    correct: Annotated[
        str,
        typer.Option("--correct", metavar="REASON", help="Why these rows replace stored ones, also in other units."),
    ] = "",
    common: Common,
) -> None:
    """Add a file to a store. What is open of a price file `toolkit data map` asks once, and keeps beside the file."""
    from toolkit.app.data.import_file import ImportOptions, import_file
    from toolkit.cli.mapping import pair
    from toolkit.report.topics.data import imported as document

    answers = dict(pair(one) for one in sets or ())
    options = ImportOptions(
        table,
        source,
        answers,
        common.prices_currency,
        tuple(common.accept or ()),
        reporter,
        direction,
        lag_days,
        correct.strip(),
    )
    show(common, import_file(common.context(), file, options), document)
