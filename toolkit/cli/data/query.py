"""`toolkit data query`."""

from __future__ import annotations

from typing import Annotated

import typer

from toolkit.cli.options import Common, without_prices
from toolkit.cli.terminal import show


@without_prices
def query(
    sql: Annotated[str, typer.Argument(metavar="SQL", help="One SELECT over tables of `toolkit data list` (SQL of polars).")],
    *,
    common: Common,
) -> None:
    """Select rows with SQL, as known on the day; NAME_vintages are the tables of a store with every vintage."""
    from toolkit.app.data.query import query as ask
    from toolkit.report.topics.data import query as document

    answer = ask(common.context(), sql)
    show(common, answer, document)
