"""`sweep`: many backtests of one question, stored as they come, and what they say together."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np

from toolkit.app.allocation.inputs import priced_market
from toolkit.app.allocation.request import Request
from toolkit.app.backtest.run import HOLIDAYS
from toolkit.app.clients import content_hash, path_word
from toolkit.app.runs import RECORD, SWEEPS, put, read_object, store, to_json, with_checksums
from toolkit.app.sweeps.executors import Executor
from toolkit.app.sweeps.tasks import LOST, Failure, SweepTask, TaskData, TaskOutcome
from toolkit.app.versions import versions
from toolkit.backtest.selection import deflated_sharpe_ratio
from toolkit.core.calendar import month_end, month_number
from toolkit.core.errors import SpecError
from toolkit.records.sweep import Futures, Sweep
from toolkit.strategy.model import Strategy
from toolkit.strategy.without import among

FAILED = ".failure.json"
"""How the file of a task without an answer ends."""
QUANTILES = (0.0, 0.25, 0.5, 0.75, 1.0)
MOST_BACKTESTS = 100_000
"""Backtests of a sweep; more are a slip of the pen."""


@dataclass(frozen=True, slots=True)
class SweepRequest:
    """What is asked for.

    Attributes:
        request: The strategy, with the overrides of all.
        vary: Key of the strategy -> values, each with each of the others.
        starts: First and last of the days that a backtest begins on, at ends of months; None for one start.
        start: First day where there is one start; None for the first possible.
        end: Last day; None for the last possible.
        months: Length of each backtest; None for up to the end.
        universes: How many random universes.
        size: Assets of each.
        sample: How many of all these are drawn at random; None for all.
        estimated: Whether customs values are traded at the price behind them.
        folder: Of the backtests; the answer of the sweep is stored beside it.
        on_progress: Called with how many of how many are done, and how many of these were stored before.
        futures: How many futures of each allocation (see `futures`); 0 for backtests.
    """

    request: Request
    folder: Path
    vary: tuple[tuple[str, tuple[str, ...]], ...] = ()
    starts: tuple[date, date] | None = None
    start: date | None = None
    end: date | None = None
    months: int | None = None
    universes: int = 0
    size: int = 0
    sample: int | None = None
    estimated: bool = True
    on_progress: Callable[[int, int, int], None] = lambda *_: None
    futures: int = 0


def sweep(asked: SweepRequest, executor: Executor) -> Sweep:
    """Run what is not stored yet, and read all of it.

    Raises:
        SpecError: for a question without an answer, or a store that cannot be written.
        SourceError: for a scheduler that does not answer.
    """
    tasks = _run(asked, executor)
    found = _record(asked, tasks)
    files = with_checksums({RECORD: to_json(found.to_json()).encode()}, _inputs(asked, tasks))
    store(asked.folder.parent / SWEEPS, found.sweep_id, files)
    return found


def futures(asked: SweepRequest, executor: Executor) -> Futures:
    """The same of the allocations of today in `asked.futures` futures each; the answer itself is not stored.

    Raises:
        SpecError, SourceError: as of `sweep`, and for dates of a backtest.
    """
    if (asked.starts, asked.start, asked.end, asked.months) != (None,) * 4:
        raise SpecError("--futures begin on the day of knowledge.", hint="Leave out --start, --starts, --end and --months.")
    rows: list[dict[str, Any]] = []
    for task, changes in _run(asked, executor):
        found, failure = _outcome(asked, task)
        told = " ".join(filter(None, (failure.get("message"), failure.get("hint")))) or None
        rows.append({"fingerprint": task.fingerprint, "changes": changes, "found": found, "failure": told})
    return Futures.model_validate(
        {
            "schema_version": 1,
            "kind": "futures",
            "as_of": asked.request.as_of,
            "strategy": asked.request.read_strategy().name,
            "folder": str(asked.folder),
            "runs": rows,
            "failed": sum(row["found"] is None for row in rows),
        }
    )


def _run(asked: SweepRequest, executor: Executor) -> list[tuple[SweepTask, dict[str, str]]]:
    """The tasks, each with an outcome in the folder."""
    tasks = _sampled(asked, list(_tasks(asked)))
    by_fingerprint = {task.fingerprint: task for task, _ in tasks}
    if len(by_fingerprint) > MOST_BACKTESTS:
        raise SpecError(
            "{n:,} backtests are more than {most:,}.", hint="Vary less.", n=len(by_fingerprint), most=MOST_BACKTESTS
        )
    missing = [task for fingerprint, task in by_fingerprint.items() if not _is_stored(asked.folder, fingerprint)]
    stored = done = len(by_fingerprint) - len(missing)
    asked.on_progress(done, len(by_fingerprint), stored)
    for outcome in executor.run(missing) if missing else ():
        _store(asked.folder, outcome)
        done += 1
        asked.on_progress(done, len(by_fingerprint), stored)
    return tasks


def _tasks(asked: SweepRequest) -> Iterator[tuple[SweepTask, dict[str, str]]]:
    """Each task, and what of it is its own."""
    request = asked.request
    data = TaskData.of(request)
    there = versions()
    for strategy, changes in _strategies(asked):
        for start, end in _ranges(asked):
            own = dict(changes)
            if asked.starts is not None and start is not None:
                own["start"] = start.isoformat()
            yield SweepTask(data, strategy, start, end, asked.estimated, request.seed, there, asked.futures), own


def _sampled(asked: SweepRequest, tasks: list[tuple[SweepTask, dict[str, str]]]) -> list[tuple[SweepTask, dict[str, str]]]:
    """So many of the different tasks, drawn without replacement, in their order: random windows of random universes."""
    if asked.sample is None:
        return tasks
    tasks = [*{task.fingerprint: (task, changes) for task, changes in tasks}.values()]
    if asked.sample >= len(tasks):
        return tasks
    # Universes are drawn from the seed too: a stream of its own keeps both independent.
    chosen = np.random.default_rng([asked.request.seed, 1]).choice(len(tasks), asked.sample, replace=False)
    return [tasks[i] for i in sorted(chosen.tolist())]


def _strategies(asked: SweepRequest) -> Iterator[tuple[Strategy, dict[str, str]]]:
    """Each strategy, and what is varied of it."""
    request, keys = asked.request, [key for key, _ in asked.vary]
    if keys and isinstance(request.strategy, Strategy):
        raise SpecError("keys are varied of a strategy that is named, not of an object.", hint="Name it, or its file.")
    for values in itertools.product(*(values for _, values in asked.vary)):
        changed = tuple(f"{key}={value}" for key, value in zip(keys, values, strict=True))
        strategy = replace(request, overrides=(*request.overrides, *changed)).read_strategy()
        changes = dict(zip(keys, values, strict=True))
        if not asked.universes:
            yield strategy, changes
            continue
        universe = priced_market(request.context, request.prices).inputs(strategy).universe
        known = universe.keys
        if not 0 < asked.size <= len(known):
            raise SpecError(
                "--universes: {size} of {n} assets cannot be drawn.",
                hint="Draw 1 to {n} of them.",
                size=asked.size,
                n=len(known),
            )
        drawn = np.random.default_rng(request.seed)
        for _ in range(asked.universes):
            chosen = {known[i] for i in drawn.choice(len(known), asked.size, replace=False)}
            assets = tuple(key for key in known if key in chosen)
            yield among(strategy, universe, assets), {**changes, "universe": " ".join(assets)}


def _ranges(asked: SweepRequest) -> Iterator[tuple[date | None, date | None]]:
    """First and last day of each backtest."""
    if asked.starts is None:
        starts: Sequence[date | None] = (asked.start,)
    else:
        first, last = asked.starts
        if last < first:
            raise SpecError("--starts: {last} is before {first}.", hint="Write the earlier day first.", last=last, first=first)
        ends = (month_end(number) for number in range(month_number(first), month_number(last) + 1))
        starts = [day for day in ends if first <= day <= last]
        if not starts:
            raise SpecError(
                "--starts: no month ends from {first} to {last}.", hint="Choose a longer range.", first=first, last=last
            )
    if asked.months is None or starts[0] is None:
        yield from ((start, asked.end) for start in starts)
        return
    until = min(asked.end or asked.request.as_of, asked.request.as_of)
    windows = [(start, month_end(month_number(start) + asked.months)) for start in starts if start is not None]
    if windows[0][1] > until:
        raise SpecError(
            "--months {months}: from {start} on they end after {until}.",
            hint="Begin earlier, or take fewer months.",
            months=asked.months,
            start=windows[0][0],
            until=until,
        )
    yield from (window for window in windows if window[1] <= until)


def _is_stored(folder: Path, fingerprint: str) -> bool:
    """Whether there is an answer, or a failure that would come again."""
    if (folder / f"{fingerprint}.json").is_file():
        return True
    failure = read_object(folder / f"{fingerprint}{FAILED}")
    return failure is not None and failure["kind"] != LOST


def _outcome(asked: SweepRequest, task: SweepTask) -> tuple[dict[str, Any] | None, dict[str, Any]]:
    """The answer of a task, and why there is none."""
    found = read_object(asked.folder / f"{task.fingerprint}.json")
    return found, {} if found else read_object(asked.folder / f"{task.fingerprint}{FAILED}") or {"message": "not run"}


def _cut(asked: SweepRequest, task: SweepTask, dates: Sequence[str]) -> str:
    """Why a backtest is not of the days that the sweep asks about, and so none beside the others; empty where it is."""
    first, last = (date.fromisoformat(dates[at]) for at in (0, -1))
    late = asked.starts is not None and task.start is not None and (first - task.start).days > HOLIDAYS
    early = asked.months is not None and task.end is not None and (task.end - last).days > HOLIDAYS
    return f"there are prices from {first} to {last} alone." if late or early else ""


def _store(folder: Path, outcome: TaskOutcome) -> None:
    answer = outcome.answer
    if isinstance(answer, Failure):
        put(folder / f"{outcome.fingerprint}{FAILED}", to_json(asdict(answer)).encode())
    else:
        put(folder / f"{outcome.fingerprint}.json", answer)


def _inputs(asked: SweepRequest, tasks: Sequence[tuple[SweepTask, Mapping[str, str]]]) -> dict[str, Any]:
    """What a sweep was made from; each of its backtests has the whole in its fingerprint."""
    request, owner, strategy = asked.request, asked.request.owner, asked.request.read_strategy()
    return {
        "as_of": request.as_of.isoformat(),
        "strategy": {"name": strategy.name, "fingerprint": strategy.fingerprint, **strategy.canonical()},
        "settings": {
            "country": owner.country,
            "currency": owner.currency,
            "budget": owner.budget,
            "seed": request.seed,
            "estimated": asked.estimated,
            "vary": {key: ", ".join(values) for key, values in asked.vary},
            "starts": None if asked.starts is None else ":".join(map(str, asked.starts)),
            "start": None if asked.start is None else str(asked.start),
            "end": None if asked.end is None else str(asked.end),
            "months": asked.months,
            "sample": asked.sample,
            "universes": f"{asked.universes}:{asked.size}" if asked.universes else None,
        },
        "data": tasks[0][0].data.version if tasks else "",
        "versions": versions(),
    }


def _record(asked: SweepRequest, tasks: Sequence[tuple[SweepTask, Mapping[str, str]]]) -> Sweep:
    rows: list[dict[str, Any]] = []
    returns: dict[tuple[str, str], dict[str, Any]] = {}
    for task, changes in tasks:
        fingerprint = task.fingerprint
        found, failure = _outcome(asked, task)
        if found is not None and (cut := _cut(asked, task, found["dates"])):
            found, failure = None, {"message": cut}
        row: dict[str, Any] = {"fingerprint": fingerprint, "changes": changes, "failure": None}
        names = ("growth", "volatility", "max_drawdown", "turnover", "costs")
        if found is None:
            row |= {"first": None, "last": None, **dict.fromkeys(names), "failure": failure["message"]}
        else:
            one, dates = found["strategies"][0], found["dates"]
            row |= {"first": dates[0], "last": dates[-1], **{name: one["figures"][name] for name in names}}
            if found["years"] < 1:  # no rate a year of less than a year
                row["growth"] = one["figures"]["total"]
            wealth = np.array(one["wealth"])
            returns.setdefault((dates[0], dates[-1]), {})[fingerprint] = wealth[1:] / wealth[:-1] - 1.0
        rows.append(row)
    answered = [row for row in rows if row["failure"] is None]
    growths = {row["fingerprint"]: row["growth"] for row in answered}
    same = next(iter(returns.values())) if len(returns) == 1 else {}
    name = asked.request.read_strategy().name
    found = {
        "schema_version": 1,
        "kind": "sweep",
        "as_of": asked.request.as_of,
        "sweep_id": f"{asked.request.as_of}-{path_word(name)}-{content_hash({'runs': [row['fingerprint'] for row in rows]})}",
        "strategy": name,
        "folder": str(asked.folder),
        "runs": rows,
        "failed": sum(row["failure"] is not None for row in rows),
        "quantiles": [] if not growths else np.quantile([*growths.values()], QUANTILES).tolist(),
        "drawdowns": [] if not growths else np.quantile([row["max_drawdown"] for row in answered], QUANTILES).tolist(),
        "losing": None if not growths else sum(row["growth"] < 0 for row in answered) / len(answered),
        "best": max(growths, key=lambda key: growths[key]) if growths else None,
        "tries": max(1, len(same)),
        "deflated": deflated_sharpe_ratio([*same.values()]),
    }
    return Sweep.model_validate(found)
