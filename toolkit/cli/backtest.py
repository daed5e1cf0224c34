"""`toolkit backtest`: what strategies would have done, beside baselines and after all costs."""

from __future__ import annotations

import sys
from datetime import date
from typing import Annotated

import typer

from toolkit.cli.options import Common, with_common
from toolkit.cli.request import Budget, Settings, request_of
from toolkit.cli.terminal import progress, say, show, tell_remarks
from toolkit.core.errors import SpecError

Names = Annotated[list[str], typer.Argument(metavar="STRATEGY...", help="Names of strategies, or paths to their files.")]


@with_common
def backtest(
    strategies: Names,
    *,
    start: Annotated[
        str | None, typer.Option("--start", metavar="DATE", help="First day; default: after a year of prices.")
    ] = None,
    end: Annotated[str | None, typer.Option("--end", metavar="DATE", help="Last day; default: the last with prices.")] = None,
    estimated: Annotated[
        bool, typer.Option("--estimated", help="Trade and value at the prices behind noisy customs values.")
    ] = False,
    no_baselines: Annotated[
        bool, typer.Option("--no-baselines", help="Compare with no equal weight, gold, least risk, buy and hold.")
    ] = False,
    budget: Budget = None,
    settings: Settings = None,
    strict: Annotated[bool, typer.Option("--strict", help="Exit code 7 when there are warnings.")] = False,
    common: Common,
) -> None:
    """Show what strategies would have done: decided on what was known, traded later, after costs, beside baselines."""
    if settings and len(strategies) > 1:
        raise SpecError("--set changes one strategy, and several are named.", hint="Name one, or write files of their own.")
    first, last = _day("--start", start), _day("--end", end)
    requests = tuple(request_of(common, name, settings, budget=budget, holdings=None) for name in strategies)
    with progress("Loading the solver", common):
        from toolkit.app.backtest.run import BacktestRequest
        from toolkit.app.backtest.run import backtest as answer_of
        from toolkit.app.status import WARNINGS_UNDER_STRICT
        from toolkit.core.remarks import Remark
        from toolkit.report.answers.backtest import backtest as document

    def decided(name: str, day: date) -> None:
        if sys.stderr.isatty():
            say(f"{name}: {day}", common)

    asked = BacktestRequest(requests, first, last, estimated, not no_baselines, decided if common.verbose else None)
    with progress("Deciding on past days", common):
        found = answer_of(asked)
    show(common, found, document)
    told = [Remark(row.kind, row.text, row.remedy or "") for row in found.remarks]
    tell_remarks(told, common, found.phrases)
    if strict and found.warnings:
        raise typer.Exit(WARNINGS_UNDER_STRICT)


def _day(option: str, text: str | None) -> date | None:
    try:
        return None if text is None else date.fromisoformat(text)
    except ValueError:
        raise SpecError(f"{option} {text!r} is not a date.", hint="Write it as 2026-05-31.") from None
