"""`toolkit data diff`."""

from __future__ import annotations

from typing import Annotated

import typer

from toolkit.cli.options import Common, without_prices
from toolkit.cli.terminal import show


@without_prices
def diff(
    before: Annotated[str, typer.Argument(metavar="A", help="A day (what was known on it), or a version of --table.")],
    after: Annotated[str, typer.Argument(metavar="B", help="The other day or version.")],
    *,
    table: Annotated[str | None, typer.Option("--table", metavar="TABLE", help="One table; default: all.")] = None,
    added: Annotated[
        bool, typer.Option("--added", help="List observations that only B has, too; else they are counted.")
    ] = False,
    common: Common,
) -> None:
    """Show the revisions between two vintages of a store."""
    from toolkit.app.data.diff import diff as ask
    from toolkit.report.topics.data import differences as document

    answer = ask(common.context(), before, after, table=table, added=added)
    show(common, answer, document)
