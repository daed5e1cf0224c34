"""`toolkit backtest`: what strategies would have done, beside baselines and after all costs."""

from __future__ import annotations

import sys
from datetime import date
from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from toolkit.cli.controls import Events
from toolkit.cli.options import Common, parse_day, with_common
from toolkit.cli.request import Budget, Charts, Client, Estimated, Expected, Settings, Strict, request_of, write_charts
from toolkit.cli.terminal import progress, say, show, tell_remarks, try_write
from toolkit.core.errors import SpecError
from toolkit.core.messages import message

Names = Annotated[list[str], typer.Argument(metavar="STRATEGY...", help="Names of strategies, or paths to their files.")]


@with_common
def backtest(
    strategies: Names,
    *,
    start: Annotated[
        str | None, typer.Option("--start", metavar="DATE", help="First day; default: after a year of prices.")
    ] = None,
    end: Annotated[str | None, typer.Option("--end", metavar="DATE", help="Last day; default: the last with prices.")] = None,
    expected: Expected = None,
    events: Events = None,
    estimated: Estimated = True,
    no_baselines: Annotated[
        bool, typer.Option("--no-baselines", help="Compare with no equal weight, gold, least risk, buy and hold.")
    ] = False,
    select: Annotated[
        bool, typer.Option("--select", help="Which of all can be the best, which beats equal weight (extra evidence).")
    ] = False,
    benchmark: Annotated[
        str | None,
        typer.Option("--benchmark", metavar="NAME", help="A strategy, a baseline or an asset to hold returns against."),
    ] = None,
    cash_rate: Annotated[
        str | None,
        typer.Option(
            "--cash-rate", metavar="RATE|FILE", help="Interest a year on cash, as 0.03, or a file of date and rate; default 0."
        ),
    ] = None,
    report: Annotated[bool, typer.Option("--report", help="Write an HTML report and say where it is.")] = False,
    charts: Charts = None,
    budget: Budget = None,
    settings: Settings = None,
    client: Client = None,
    strict: Strict = False,
    common: Common,
) -> None:
    """Show what strategies would have done: decided on what was known, traded later, after costs, beside baselines."""
    if settings and len(strategies) > 1:
        raise SpecError("--set changes one strategy, and several are named.", hint="Name one, or write files of their own.")
    if client is not None and not report:
        raise SpecError("--client is the name on a report, and none is written.", hint="Add --report.")
    first, last = parse_day("--start", start), parse_day("--end", end)
    asked_of = partial(request_of, common, budget=budget, holdings=None, events=events, expected=expected)
    requests = tuple(asked_of(name, settings) for name in strategies)
    with progress(message("Loading the solver"), common):
        from toolkit.app.backtest.cash_rate import CashRate
        from toolkit.app.backtest.run import BacktestRequest
        from toolkit.app.backtest.run import backtest as answer_of
        from toolkit.app.status import WARNINGS_UNDER_STRICT
        from toolkit.report.topics.backtest import document

    def decided(name: str, day: date) -> None:
        if common.verbose and sys.stderr.isatty():
            say(message("{name:s}: {day:%Y-%m-%d}", name=name, day=day), common)

    context = requests[0].context
    rate = None if cash_rate is None else CashRate.of(cash_rate)
    asked = BacktestRequest(requests, first, last, estimated, not no_baselines, decided, select, benchmark, rate)
    with progress(message("Deciding on past days"), common):
        found = answer_of(asked)
    subject, unwritten = None, None
    show(common, found, document)
    if report or charts is not None:
        with progress(message("Finding what is told beside it"), common):
            from toolkit.app.clients import client_name
            from toolkit.app.subjects import backtest as subject_of

            subject = subject_of(found, context, client=client_name(client))
    if report and subject is not None:
        with progress(message("Writing the report"), common):
            from toolkit.app.report.stored import store_backtest
            from toolkit.app.runs import REPORTS

            folder = Path(context.settings.config.output.folder) / REPORTS
            path, unwritten = try_write(lambda: store_backtest(subject, folder, context, common.language()))
        if path is not None:
            say(message("report: {path:s}", path=str(path.resolve())), common)
    tell_remarks(found.remarks, common, found.phrases, notes=common.format in (None, "terminal"))
    if unwritten is not None:
        raise unwritten
    if charts is not None and subject is not None:
        write_charts(subject, charts, common)
    if strict and found.warnings:
        raise typer.Exit(WARNINGS_UNDER_STRICT)
