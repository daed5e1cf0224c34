"""`toolkit frontier`: what a strategy's constraints allow, from least risk to the largest return or the least cost."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from toolkit.cli.options import Common, with_common
from toolkit.cli.request import (
    DEFAULT_STRATEGY,
    Budget,
    Client,
    Expected,
    Holdings,
    SellOthers,
    Settings,
    StrategyName,
    Total,
    request_of,
)
from toolkit.cli.terminal import progress, say, show, try_write
from toolkit.core.messages import message


@with_common
def frontier(
    strategy: StrategyName = DEFAULT_STRATEGY,
    *,
    points: Annotated[int, typer.Option("--points", min=2, max=1000, help="Points, evenly spaced.")] = 50,
    csv: Annotated[str | None, typer.Option("--csv", metavar="FILE", help="Write all points as CSV; - is stdout.")] = None,
    chart: Annotated[str | None, typer.Option("--chart", metavar="FILE", help="Draw the frontier as an SVG picture.")] = None,
    budget: Budget = None,
    total: Total = None,
    holdings: Holdings = None,
    client: Client = None,
    sell_others: SellOthers = False,
    expected: Expected = None,
    settings: Settings = None,
    common: Common,
) -> None:
    """Show the efficient frontier of a strategy's constraints: risk against return, or against cost where none is forecast."""
    from toolkit.core.errors import SpecError

    if common.format is not None and csv == "-":
        raise SpecError("--format {format} and --csv - both write to stdout.", hint="Give --csv a file.", format=common.format)
    request = request_of(
        common,
        strategy,
        settings,
        budget=budget,
        holdings=holdings,
        total=total,
        sell_others=sell_others,
        client=client,
        expected=expected,
    )
    with progress(message("Loading the solver"), common):
        from toolkit.app.frontier import csv_of, efficient_frontier
        from toolkit.report.topics.frontier import document
    with progress(message("Tracing the frontier"), common):
        answer = efficient_frontier(request, points)
    unwritten = []
    if chart is not None and not answer.is_point:
        from toolkit.report.charts.frontier import frontier_svg

        unwritten.append(try_write(lambda: _write("--chart", chart, frontier_svg(answer)))[1])
    if csv is not None and csv != "-":
        unwritten.append(try_write(lambda: _write("--csv", csv, csv_of(answer)))[1])
    if csv == "-":
        sys.stdout.write(csv_of(answer))
    else:
        show(common, answer, document)
    for error in unwritten:
        if error is not None:
            raise error
    if chart is not None:
        say(
            message("chart: not drawn, the frontier is a point.")
            if answer.is_point
            else message("chart: {file:s}", file=chart),
            common,
        )
    if csv is not None and csv != "-":
        say(message("points: {file:s}", file=csv), common)


def _write(option: str, file: str, content: str) -> None:
    """Write what an option names a file for; `SpecError` when it cannot be written."""
    from toolkit.app.runs import put
    from toolkit.core.errors import SpecError

    try:
        put(Path(file), content.encode())
    except SpecError as error:
        raise SpecError(error.message, hint="Name another file with {option}.", option=option) from error
