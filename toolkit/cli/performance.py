"""`toolkit performance`: what holdings earned by their movements."""

from __future__ import annotations

from typing import Annotated

import typer

from toolkit.cli.options import Common, with_common
from toolkit.cli.request import Client, Strict
from toolkit.cli.terminal import show, tell_remarks


@with_common
def performance(
    movements: Annotated[
        str,
        typer.Argument(metavar="MOVEMENTS", help="Your movements (a workbook, CSV or Parquet; - is stdin)."),
    ],
    *,
    benchmark: Annotated[
        list[str] | None,
        typer.Option("--benchmark", metavar="NAME", help="The same money in this: a metal, an own series, a file; repeatable."),
    ] = None,
    client: Client = None,
    strict: Strict = False,
    common: Common,
) -> None:
    """Show where the money went and what it earned: value, gain by its causes, returns by time and by money, each lot."""
    from toolkit.app.clients import client_name
    from toolkit.app.performance import PerformanceRequest
    from toolkit.app.performance import performance as answer_of
    from toolkit.app.status import WARNINGS_UNDER_STRICT
    from toolkit.report.topics.performance import document

    named = tuple(benchmark or ())
    request = PerformanceRequest(movements, common.context(), common.price_files(), client_name(client), named)
    found = answer_of(request)
    show(common, found, document)
    tell_remarks(found.remarks, common, found.phrases)
    if strict and found.warnings:
        raise typer.Exit(WARNINGS_UNDER_STRICT)
