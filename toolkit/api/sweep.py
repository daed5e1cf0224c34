"""`sweep` and `futures` of the Python API."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from os import PathLike
from pathlib import Path
from typing import Any, Unpack

import polars as pl

from toolkit.api.answers import Answer, rows
from toolkit.api.market import Market, PathText, day_of
from toolkit.api.run import Owner, asks, request_of
from toolkit.app.context import Context
from toolkit.app.runs import BACKTESTS, FUTURES
from toolkit.app.sweeps.executors import Cluster, Executor, InProcess, Pool
from toolkit.app.sweeps.run import SweepRequest
from toolkit.app.sweeps.run import futures as futures_of
from toolkit.app.sweeps.run import sweep as sweep_of
from toolkit.app.threads import one_thread
from toolkit.core.errors import SpecError
from toolkit.core.limits import MOST_FUTURES
from toolkit.records import sweep as records
from toolkit.strategy.model import Strategy

Day = str | date


@dataclass(frozen=True, eq=False, repr=False)
class Sweep(Answer[records.Sweep]):
    """Many backtests of one question."""

    told = "topics.sweep:document"
    found: records.Sweep
    context: Context

    @property
    def runs(self) -> pl.DataFrame:
        """One row a backtest: what of the question is its own, its dates, its figures, or why there is none."""
        told = []
        for one in self.found.runs:
            row = one.to_json()
            told.append({**row.pop("changes"), **row})
        return rows(told)


@one_thread()
@asks(Owner)
def sweep(
    strategy: str | PathLike[str] | Strategy = "physical-basket",
    market: Market | None = None,
    *,
    vary: Mapping[str, Sequence[Any]] | None = None,
    starts: tuple[Day, Day] | None = None,
    start: Day | None = None,
    end: Day | None = None,
    months: int | None = None,
    universes: tuple[int, int] | None = None,
    sample: int | None = None,
    estimated: bool = True,
    workers: int = 1,
    scheduler: str | None = None,
    folder: PathText | None = None,
    **asked: Unpack[Owner],
) -> Sweep:
    """Many backtests of one strategy, stored one by one and never computed twice.

    Args:
        strategy: Itself, its name, or the path of its file.
        market: What is known; by default the bundled market. Own prices are files: other processes read them too.
        vary: Key of a strategy that is named -> values, each with each of the others.
        starts: One backtest from the end of each month between two days.
        start: First day where there is one start.
        end: Last day; by default the last possible.
        months: Length of each backtest that has a start.
        universes: How many random universes, and of how many assets.
        sample: How many of all these are drawn at random; by default all are computed.
        estimated: Whether customs values are traded and valued at the prices that a filter finds behind them.
        workers: Processes of this machine; 1 is this one alone.
        scheduler: Address of a Dask cluster (extra `cluster`).
        folder: Where backtests are stored; by default that of the settings.
        asked: Arguments of `toolkit.api.run.Owner`.

    Raises:
        SpecError: for a question without an answer.
        SourceError: for a scheduler that does not answer.
    """
    request = request_of(strategy, market, **asked)
    first, last = (None if day is None else day_of(day) for day in (start, end))
    if starts is not None and (not isinstance(starts, Sequence) or isinstance(starts, str) or len(starts) != 2):
        raise SpecError(f"starts are two days, not {starts!r}.", hint="For one start, give start=.")
    between = None if starts is None else (day_of(starts[0]), day_of(starts[1]))
    count, size = universes or (0, 0)
    place = Path(request.settings.config.output.folder) / BACKTESTS if folder is None else Path(folder)
    question = SweepRequest(request, place, _varied(vary), between, first, last, months, count, size, sample, estimated)
    found = sweep_of(question, _executor(workers, scheduler))
    return Sweep(found, request.context)


def _varied(vary: Mapping[str, Sequence[Any]] | None) -> tuple[tuple[str, tuple[str, ...]], ...]:
    for key, values in (vary or {}).items():
        if isinstance(values, str) or not isinstance(values, Iterable):
            raise SpecError(f"vary: {key!r} has one value, {values!r}.", hint="Give a list of values.")
    return tuple((key, tuple(map(str, values))) for key, values in (vary or {}).items())


def _executor(workers: int, scheduler: str | None) -> Executor:
    return Cluster(scheduler) if scheduler else InProcess() if workers == 1 else Pool(workers)


@dataclass(frozen=True, eq=False, repr=False)
class Futures(Answer[records.Futures]):
    """Allocations of today in futures with shocks."""

    told = "topics.sweep:futures"
    found: records.Futures
    context: Context

    @property
    def values(self) -> pl.DataFrame:
        """One row an allocation and shock: what of the question is its own, and the value in money over these futures."""
        told: list[dict[str, Any]] = []
        for run in self.found.runs:
            if run.found is None:
                told.append({**run.changes, "failure": run.failure})
                continue
            parts = {"all futures": run.found.values, "without a shock": run.found.without_shock}
            parts |= {shock.name: shock.values for shock in run.found.shocks}
            for name, values in parts.items():
                row = {} if values is None else values.to_json()
                quantiles = {f"{100 * one['probability']:g} %": one["value"] for one in row.pop("quantiles", ())}
                told.append({**run.changes, "shock": name, **row, **quantiles})
        return rows(told)


@one_thread()
@asks(Owner)
def futures(
    strategy: str | PathLike[str] | Strategy = "physical-basket",
    market: Market | None = None,
    *,
    count: int = 10_000,
    vary: Mapping[str, Sequence[Any]] | None = None,
    universes: tuple[int, int] | None = None,
    workers: int = 1,
    scheduler: str | None = None,
    folder: PathText | None = None,
    **asked: Unpack[Owner],
) -> Futures:
    """The allocation of today, bought from cash, valued in futures that are drawn from its scenarios and shocks.

    Args:
        strategy: Itself, its name, or the path of its file; one without a `[[scenario]]` gets new controls by China.
        market: What is known; by default the bundled market. Own prices are files: other processes read them too.
        count: Futures of each allocation.
        vary: Key of a strategy that is named -> values, each with each of the others.
        universes: How many random universes, and of how many assets.
        workers: Processes of this machine; 1 is this one alone.
        scheduler: Address of a Dask cluster (extra `cluster`).
        folder: Where the objects are stored; by default that of the settings.
        asked: Arguments of `toolkit.api.run.Owner`.

    Raises:
        SpecError: for a question without an answer.
        SourceError: for a scheduler that does not answer.
    """
    request = request_of(strategy, market, **asked)
    if not 0 < count <= MOST_FUTURES:
        raise SpecError(f"count: {count} futures cannot be drawn.", hint=f"Draw 1 to {MOST_FUTURES:,} of them.")
    number, size = universes or (0, 0)
    place = Path(request.settings.config.output.folder) / FUTURES if folder is None else Path(folder)
    question = SweepRequest(request, place, _varied(vary), universes=number, size=size, futures=count)
    found = futures_of(question, _executor(workers, scheduler))
    return Futures(found, request.context)
