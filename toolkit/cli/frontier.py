"""`toolkit frontier`: what a strategy's constraints allow, from least risk to the largest return or the least cost."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from toolkit.cli.options import Common, with_common
from toolkit.cli.request import DEFAULT_STRATEGY, Budget, Holdings, SellOthers, Settings, StrategyName, Total, request_of
from toolkit.cli.terminal import console, print_json, progress, say, try_write

if TYPE_CHECKING:
    from collections.abc import Mapping

    from toolkit.app.frontier import FrontierAnswer

EVERY = 5
"""Of the points, how many pass before the next is printed."""
LARGEST = 4
"""Holdings named in a line."""


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
    sell_others: SellOthers = False,
    settings: Settings = None,
    common: Common,
) -> None:
    """Show the efficient frontier of a strategy's constraints: risk against return, or against cost where none is forecast."""
    from toolkit.core.errors import SpecError

    if common.json and csv == "-":
        raise SpecError("--json and --csv - both write to stdout.", hint="Give --csv a file.")
    request = request_of(common, strategy, settings, budget=budget, holdings=holdings, total=total, sell_others=sell_others)
    with progress("Loading the solver", common):
        from toolkit.app.frontier import efficient_frontier
    with progress("Tracing the frontier", common):
        answer = efficient_frontier(request, points)
    unwritten = []
    if chart is not None and not answer.is_point:
        from toolkit.app.frontier import write_chart

        unwritten.append(try_write(lambda: write_chart(answer, Path(chart)))[1])
    if csv is not None and csv != "-":
        unwritten.append(try_write(lambda: answer.write_csv(Path(csv)))[1])
    if csv == "-":
        sys.stdout.write(answer.csv())
    elif common.json:
        print_json(answer.record)
    else:
        _show(answer, common)
    for error in unwritten:
        if error is not None:
            raise error
    if chart is not None:
        say("chart: not drawn, the frontier is a point." if answer.is_point else f"chart: {chart}", common)
    if csv is not None and csv != "-":
        say(f"points: {csv}", common)


def _show(answer: FrontierAnswer, common: Common) -> None:
    from toolkit.cli.tables import Table

    record = answer.record
    out = console(common)
    against = "expected return" if record["against"] == "return" else "cost a year"
    out.print(
        f"{record['strategy']['title']}: volatility against {against}, as of {record['as_of']},"
        f" {len(record['points'])} points, {len(record['critical'])} turning points",
        style="bold",
        markup=False,
    )
    last = len(record["points"])
    table = Table.of((), ("point", "volatility", "return", "cost", "aversion"), ("largest holdings, or what turns",))
    if answer.is_point:
        out.print(
            "The frontier is a point: within the constraints nothing trades risk against that, and all points are this one.",
            markup=False,
        )
    for row in answer.rows():
        number = row["point"]
        turns = number is None or number % EVERY == 1
        if number == last or (turns and not answer.is_point):
            table.add_row(*_cells(row))
    out.print(table)
    for note in record["notes"]:
        out.print(note, markup=False)


def _cells(row: Mapping[str, Any]) -> tuple[str, ...]:
    if row["point"] is None:
        words = "; ".join(row["changes"])
    else:
        held = sorted({**row["weights"], "cash": row["cash"]}.items(), key=lambda item: -item[1])[:LARGEST]
        words = ", ".join(f"{key} {weight:.0%}" for key, weight in held if weight >= 0.005)
    return (
        "*" if row["point"] is None else str(row["point"]),
        f"{row['volatility']:.2%}",
        "" if row["expected"] is None else f"{row['expected']:.2%}",
        f"{row['cost']:.2%}",
        "" if row["risk_aversion"] is None else f"{row['risk_aversion']:.1f}",
        words,
    )
