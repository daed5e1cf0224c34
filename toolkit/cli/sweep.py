"""`toolkit sweep`: many backtests of one question, on every core or on a cluster."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Annotated, TypeVar

import typer

from toolkit.cli.controls import Events
from toolkit.cli.options import Common, parse_day, with_common
from toolkit.cli.request import Budget, Estimated, Settings, request_of
from toolkit.cli.terminal import progress, say, show
from toolkit.core.errors import SpecError
from toolkit.core.limits import MOST_FUTURES
from toolkit.core.messages import message

T = TypeVar("T")
PROGRESS_SECONDS = 1.0
"""Seconds between lines of progress."""


@with_common
def sweep(
    strategy: Annotated[str, typer.Argument(help="Name of a strategy, or path of its file.")],
    *,
    vary: Annotated[
        list[str] | None,
        typer.Option("--vary", metavar="KEY=V1,V2", help="Values of a key of the strategy; repeatable, each with each."),
    ] = None,
    starts: Annotated[
        str | None, typer.Option("--starts", metavar="DATE:DATE", help="One backtest from the end of each month between.")
    ] = None,
    start: Annotated[str | None, typer.Option("--start", metavar="DATE", help="First day; default: after a year.")] = None,
    end: Annotated[str | None, typer.Option("--end", metavar="DATE", help="Last day; default: the last with prices.")] = None,
    months: Annotated[int | None, typer.Option("--months", min=1, help="Length of each backtest that has a start.")] = None,
    universes: Annotated[
        str | None, typer.Option("--universes", metavar="COUNT:SIZE", help="So many random universes of so many assets.")
    ] = None,
    sample: Annotated[
        int | None, typer.Option("--sample", metavar="N", min=1, help="N of all these, drawn at random (--seed).")
    ] = None,
    futures: Annotated[
        int | None,
        typer.Option(
            "--futures",
            metavar="N",
            min=1,
            max=MOST_FUTURES,
            help="Instead of backtests: value today's allocation in N futures with shocks.",
        ),
    ] = None,
    events: Events = None,
    estimated: Estimated = True,
    workers: Annotated[int, typer.Option("--workers", min=1, help="Processes of this machine; 1: this one alone.")] = 1,
    cluster: Annotated[
        str | None, typer.Option("--cluster", metavar="local:N", help="A Dask cluster of this machine (extra cluster).")
    ] = None,
    scheduler: Annotated[
        str | None, typer.Option("--scheduler", metavar="tcp://HOST:PORT", help="A Dask cluster that runs (extra cluster).")
    ] = None,
    budget: Budget = None,
    settings: Settings = None,
    common: Common,
) -> None:
    """Show what a strategy would have done in many variations: stored one by one, never computed twice."""
    if starts is not None and start is not None:
        raise SpecError("--start and --starts are two ways to say one thing.", hint="Give one of them.")
    varied = tuple(_varied(text) for text in vary or ())
    count, size = (0, 0) if universes is None else _pair("--universes", universes, int, "20:8")
    between = None if starts is None else _pair("--starts", starts, date.fromisoformat, "2024-01-31:2025-06-30")
    first, last = parse_day("--start", start), parse_day("--end", end)
    request = request_of(common, strategy, settings, budget=budget, holdings=None, events=events)
    with progress(message("Loading the solver"), common):
        from toolkit.app.runs import BACKTESTS, FUTURES
        from toolkit.app.sweeps.executors import Cluster, InProcess, Pool
        from toolkit.app.sweeps.run import SweepRequest
        from toolkit.app.sweeps.run import futures as futures_of
        from toolkit.app.sweeps.run import sweep as answer_of
        from toolkit.report.topics.sweep import document
        from toolkit.report.topics.sweep import futures as futures_document
    if scheduler is not None or cluster is not None:
        executor = Cluster(scheduler or "", 0 if scheduler else _local(cluster or ""))
    else:
        executor = InProcess() if workers == 1 else Pool(workers)
    folder = request.settings.config.output.folder
    asked = SweepRequest(
        request,
        Path(folder) / (FUTURES if futures else BACKTESTS),
        varied,
        between,
        first,
        last,
        months,
        count,
        size,
        sample,
        estimated,
        _progress(common, message("allocations") if futures else message("backtests")),
        futures or 0,
    )
    try:
        if futures:
            show(common, futures_of(asked, executor), futures_document)
        else:
            show(common, answer_of(asked, executor), document)
    except KeyboardInterrupt:
        say(message("Interrupted: what was computed is stored, and the same command goes on from there."), common)
        raise


def _progress(common: Common, what: str) -> Callable[[int, int, int], None]:
    """Lines on stderr: how many of how many, the rate, and the time left."""
    began, last = time.monotonic(), 0.0

    def tell(done: int, of: int, stored: int) -> None:
        nonlocal last
        now = time.monotonic()
        if done < of and now - last < PROGRESS_SECONDS:
            return
        last, computed = now, done - stored
        if not computed:
            say(message("{done:,} of {of:,} {what} are stored", done=done, of=of, what=what), common)
            return
        rate = computed / max(now - began, 1e-9)
        left = (of - done) / rate
        say(
            message(
                "{done:,} of {of:,} {what}, {rate:,.1f} a minute, {left:,.1f} minutes left",
                done=done,
                of=of,
                what=what,
                rate=rate * 60,
                left=left / 60,
            ),
            common,
        )

    return tell


def _varied(text: str) -> tuple[str, tuple[str, ...]]:
    key, equals, values = text.partition("=")
    found = tuple(value.strip() for value in values.split(",") if value.strip())
    if not equals or not key.strip() or not found:
        raise SpecError(
            "--vary {text!r:s} is no KEY=V1,V2.", hint="For instance --vary rebalance.delay=none,median,tail", text=text
        )
    return key.strip(), found


def _pair(option: str, text: str, parse: Callable[[str], T], example: str) -> tuple[T, T]:
    try:
        first, last = (parse(part) for part in text.split(":"))
    except ValueError:
        raise SpecError(
            "{option} {text!r:s} cannot be read.",
            hint="For instance {option} {example}",
            option=option,
            text=text,
            example=example,
        ) from None
    return first, last


def _local(text: str) -> int:
    kind, _, count = text.partition(":")
    if kind != "local" or not count.isdecimal() or not int(count):
        raise SpecError(
            "--cluster {text!r:s} is no local:N.",
            hint="For instance --cluster local:2; one that runs is --scheduler.",
            text=text,
        )
    return int(count)
