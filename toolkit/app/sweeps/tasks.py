"""A backtest as a task: a function of its fingerprint, whichever process runs it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from toolkit.app.allocation.inputs import PricedMarket
from toolkit.app.allocation.pieces import allocate_in_pieces
from toolkit.app.allocation.prepare import Prepared, prepare
from toolkit.app.allocation.request import Request
from toolkit.app.allocation.scenarios import strategy_scenarios
from toolkit.app.allocation.shocks import NEW_CONTROLS, new_controls, strategy_shocks
from toolkit.app.backtest.run import BacktestRequest, backtest, deliveries_of, past_markets
from toolkit.app.config import Settings
from toolkit.app.context import Context
from toolkit.app.data.places import package_folder, store_in_use
from toolkit.app.prices import PriceFiles
from toolkit.app.runs import to_json
from toolkit.app.threads import one_thread
from toolkit.app.versions import versions
from toolkit.backtest.simulate import LICENCE
from toolkit.core.errors import DataError, SpecError, ToolkitError
from toolkit.core.forecast import FloatArray
from toolkit.core.messages import message, phrases
from toolkit.core.units import DAYS_PER_YEAR
from toolkit.holdings.cover import TAIL
from toolkit.market.readers.events import OwnEvents
from toolkit.records.sweep import AllocationFutures
from toolkit.scenarios.futures import NONE, drawn_futures, values
from toolkit.strategy.model import RebalanceSpec, Strategy
from toolkit.strategy.scenarios import SimulatedScenarios
from toolkit.strategy.without import from_cash

STREAM = 2
"""Of the draws of futures: those of the scenarios come from the seed alone."""
QUANTILES = (0.01, 0.05, 0.25, 0.5, 0.75, 0.95, 0.99)
WORST = 0.05


def allocation_futures(request: Request, market: PricedMarket, count: int) -> AllocationFutures:
    """Buy today what the strategy would hold, and value it in each future.

    Args:
        request: Strategy and seed; nothing is held before.
        market: Of the day.
        count: Futures.

    Raises:
        SpecError: for a strategy of which no shock is known, and for scenarios that are a path in order.
        ToolkitError: of the allocation.
    """
    strategy, currency = from_cash(request.read_strategy()), request.owner.currency
    request = replace(request, strategy=strategy, overrides=(), scenarios=None, expected=None)
    prepared, allocation = allocate_in_pieces(prepare(request, market))
    problem, inputs = prepared.problem, prepared.inputs
    bought = prepared.amounts(allocation)
    shocked = _with_scenarios(_with_shock(strategy, prepared, request), count)
    of = strategy_scenarios(
        shocked, inputs, problem.forecast, request.context, currency=currency, seed=request.seed, rows=count
    )
    if of.base.ordered:
        raise SpecError(
            "futures are drawn from scenarios without an order, and those of the strategy are one path.",
            hint=message('Write scenarios = {{kind = "simulated"}} under [forecast].'),
        )
    shocks = strategy_shocks(shocked, problem.universe, request.context).events
    years = 1 / of.scenarios.periods_per_year
    rng = np.random.default_rng([request.seed, STREAM])
    drawn = drawn_futures(of.scenarios, shocks, count, rng)
    controls = [spec.control is not None for spec in shocked.scenarios]
    keys = problem.universe.keys
    stops = np.array([[own and key in event.returns for key in keys] for own, event in zip(controls, shocks, strict=True)])
    rebalance = strategy.rebalance or RebalanceSpec()
    arrives = _arrives(strategy, rebalance, prepared, market, request, count, rng) / (years * DAYS_PER_YEAR)
    worth, stopped = values(
        drawn, bought.values, bought.cash, arrives=arrives, stops=stops, returned=rebalance.on_ban == "returned"
    )
    late = stopped > 0
    labels = np.array(of.scenarios.labels)
    notes = (*of.notes, *_notes(rebalance, any(controls)))
    found: dict[str, Any] = {
        "schema_version": 1,
        "kind": "allocation_futures",
        "as_of": request.as_of,
        "currency": currency,
        "strategy": strategy.name,
        "budget": prepared.budget,
        "years": years,
        "seed": request.seed,
        "amounts": {key: value for key, value in zip(keys, bought.values.tolist(), strict=True) if value},
        "cash": bought.cash,
        "values": _distribution(worth, prepared.budget),
        "without_shock": _distribution(worth[drawn.shock == NONE], prepared.budget),
        "shocks": [
            {
                "name": event.name,
                "probability": float(of.scenarios.probabilities[labels == event.name].sum()),
                "returns": dict(event.returns),
                "drawn": list(event.bands),
                "stops_deliveries": controls[k],
                "values": _distribution(worth[drawn.shock == k], prepared.budget),
            }
            for k, event in enumerate(shocks)
        ],
        "undelivered": float(late.mean()),
        "undelivered_amount": float(stopped[late].mean()) if late.any() else 0.0,
        "on_ban": rebalance.on_ban,
        "notes": list(notes),
        "phrases": phrases((*notes, NEW_CONTROLS)),
    }
    return AllocationFutures.model_validate(found)


def _with_shock(strategy: Strategy, prepared: Prepared, request: Request) -> Strategy:
    """The strategy with a shock: its own, or new controls by China where it has none."""
    if strategy.scenarios:
        return strategy
    shock = new_controls(prepared.problem.universe, request.context)
    if shock is None:
        raise SpecError(
            "no shock on what {name:s} may hold is known on {as_of}.",
            hint="State one: a [[scenario]] with `returns` and a `probability`.",
            name=strategy.name,
            as_of=request.as_of,
        )
    return strategy.model_copy(update={"scenarios": (shock,)})


def _with_scenarios(strategy: Strategy, count: int) -> Strategy:
    """The strategy with at least so many scenarios to draw from, where its scenarios are draws from the forecast."""
    spec = strategy.forecast.scenarios or SimulatedScenarios()
    if not isinstance(spec, SimulatedScenarios) or spec.ordered or spec.count >= count:
        return strategy
    more = spec.model_copy(update={"count": count + count % 2})
    return strategy.model_copy(update={"forecast": strategy.forecast.model_copy(update={"scenarios": more})})


def _arrives(
    strategy: Strategy,
    rebalance: RebalanceSpec,
    prepared: Prepared,
    market: PricedMarket,
    request: Request,
    count: int,
    rng: np.random.Generator,
) -> FloatArray:
    """(F, n) days after which purchases arrive: at once without a licence, or where the strategy knows no delay."""
    keys = prepared.problem.universe.keys
    days = np.zeros((count, len(keys)))
    if rebalance.delay == "none":
        return days
    terms = deliveries_of(strategy, rebalance, market, request.seed)
    chances = {"median": np.full(count, 0.5), "tail": np.full(count, TAIL)}
    for i, key in enumerate(keys):
        if terms.controlled(key, request.as_of, LICENCE):
            chance = chances[rebalance.delay] if rebalance.delay in chances else rng.uniform(1e-6, 1 - 1e-6, count)
            days[:, i] = terms.delay.quantile(chance)
    return days


def _distribution(worth: NDArray[np.float64], budget: float) -> dict[str, Any] | None:
    """Fields of `toolkit.records.sweep.FutureValues`; None without a future."""
    if not len(worth):
        return None
    ascending = np.sort(worth)
    return {
        "futures": len(worth),
        "mean": float(worth.mean()),
        "quantiles": [
            {"probability": p, "value": value}
            for p, value in zip(QUANTILES, np.quantile(ascending, QUANTILES).tolist(), strict=True)
        ],
        "worst_twentieth": float(ascending[: max(1, round(WORST * len(worth)))].mean()),
        "losing": float((worth < budget).mean()),
    }


def _notes(rebalance: RebalanceSpec, has_controls: bool) -> Iterable[str]:  # noqa: FBT001
    yield message(
        "Values are at estimated prices, after the costs of buying and before storage and the costs of a sale; cash earns "
        "nothing."
    )
    yield message(
        "Sizes by a prior are the price response of past controls, studied event by event: few cases that overlap, and no "
        "forecast. One draw sizes a shock for all its assets."
    )
    if rebalance.delay == "none":
        yield message("Everything arrives when it is bought: [rebalance] delay lets purchases wait for their licence.")
    elif has_controls:
        yield message("New controls are taken to stop every purchase of their assets that still waits for a licence.")


MARKETS_KEPT = 2
"""Markets that a process keeps: the tasks of a sweep share one."""
LOST = "lost"
"""Kind of failure that is of the process, not of the task: it ended, had no memory, saw other data or versions."""


@dataclass(frozen=True, slots=True)
class TaskData:
    """What is known to every task of a sweep.

    Attributes:
        settings: Of the owner, with the place of the data.
        as_of: Day of knowledge.
        today: Day of the question.
        prices: Files of own prices; each process reads them once.
        version: Checksum of the contents of the data, of the files and of own events.
        events: The user's own control events.
    """

    settings: Settings
    as_of: date
    today: date
    prices: PriceFiles | None
    version: str
    events: OwnEvents | None = field(default=None, compare=False)

    @classmethod
    def of(cls, request: Request) -> TaskData:
        """The data of a request as it is now; `SpecError` for prices that no other process could read."""
        context, prices = request.context, request.prices
        version = contents(context.settings, prices, context.events)
        return cls(context.settings, context.as_of, context.today, prices, version, context.events)

    def __hash__(self) -> int:
        return hash((self.version, self.as_of))


@dataclass(frozen=True, slots=True)
class SweepTask:
    """A backtest of one strategy, without baselines, or futures of its allocation.

    Attributes:
        data: Of the sweep.
        strategy: With everything that is varied.
        start: First day; None for the first possible.
        end: Last day; None for the last possible.
        estimated: Whether customs values are traded at the price behind them.
        seed: Of draws.
        versions: Of the process that asks: another one would compute other digits.
        futures: How many futures of the allocation of the day of knowledge; 0 for a backtest.
    """

    data: TaskData
    strategy: Strategy
    start: date | None
    end: date | None
    estimated: bool
    seed: int
    versions: Mapping[str, str]
    futures: int = 0

    @property
    def fingerprint(self) -> str:
        """The first twenty digits of the SHA-256 of everything that decides a byte of the answer."""
        days = [self.data.as_of, self.start, self.end]
        asked = {
            "strategy": [self.strategy.name, self.strategy.fingerprint],
            "data": self.data.version,
            "owner": self.data.settings.config.owner.model_dump(mode="json"),
            "days": [None if day is None else day.isoformat() for day in days],
            "estimated": self.estimated,
            "seed": self.seed,
            "versions": dict(self.versions),
        }
        if self.futures:
            asked["futures"] = self.futures
        return hashlib.sha256(json.dumps(asked, sort_keys=True).encode()).hexdigest()[:20]


@dataclass(frozen=True, slots=True)
class Failure:
    """Why a task has no answer.

    Attributes:
        kind: Of the error, or its class; ``lost`` where the process failed, and the next sweep tries the task again.
        message: In one sentence.
        hint: What to do about it; may be empty.
    """

    kind: str
    message: str
    hint: str = ""


@dataclass(frozen=True, slots=True)
class TaskOutcome:
    """The answer of a task, as bytes of its object, or why there is none."""

    fingerprint: str
    answer: bytes | Failure


def contents(settings: Settings, prices: PriceFiles | None, events: OwnEvents | None = None) -> str:
    """SHA-256 of the names and contents of all files that a task reads, and of own events.

    Args:
        settings: With the place of the data.
        prices: Files of own prices.
        events: The user's own control events.

    Raises:
        SpecError: for prices from standard input or from frames, which no other process could read.
    """
    folders = [package_folder(settings), store_in_use(settings)]
    given = () if prices is None else prices.paths
    if any(not isinstance(path, str) or path == "-" for path in given):
        raise SpecError(
            "sweeps and futures read prices from files.", hint="Write the prices to a file, and name it with --prices."
        )
    digest = hashlib.sha256() if events is None else hashlib.sha256(to_json(events.to_json()).encode())
    if settings.config.data.rates is not None:
        given = (*given, settings.config.data.rates)
    for place in (*(Path(folder) for folder in folders if folder is not None), *(Path(str(path)) for path in given)):
        for file in sorted(place.rglob("*")) if place.is_dir() else (place,):
            if file.is_file():
                digest.update(file.relative_to(place).as_posix().encode() + b"\0")
                digest.update(hashlib.sha256(file.read_bytes()).digest())
    return digest.hexdigest()


def run(task: SweepTask) -> bytes:
    """The object of a backtest or of futures, as bytes; linear algebra has one thread, since their number moves last bits.

    Raises:
        SpecError: where this process has other versions than the one that asks.
        DataError: where it sees other data.
        ToolkitError: of the backtest.
    """
    check_versions(task.versions, versions(), "this worker")
    with one_thread():
        context, markets = _market(task.data)
        request = Request(task.strategy, context, prices=task.data.prices, seed=task.seed)
        if task.futures:
            return to_json(allocation_futures(request, markets.last, task.futures).to_json()).encode()
        asked = BacktestRequest((request,), task.start, task.end, task.estimated, against_baselines=False)
        return to_json(backtest(asked, markets).to_json()).encode()


def attempt(task: SweepTask) -> TaskOutcome:
    """The outcome of a task: whatever goes wrong in it is recorded, for the others do not depend on it."""
    has_begun = False
    try:
        check_versions(task.versions, versions(), "this worker")
        _market(task.data)
        has_begun = True
        return TaskOutcome(task.fingerprint, run(task))
    except ToolkitError as error:
        return TaskOutcome(task.fingerprint, Failure(error.kind if has_begun else LOST, error.message, error.hint))
    except (MemoryError, OSError) as error:
        return TaskOutcome(task.fingerprint, Failure(LOST, str(error) or type(error).__name__))
    except Exception as error:  # noqa: BLE001  # a bug in one of thousands is recorded by name and stops no other
        return TaskOutcome(task.fingerprint, Failure(type(error).__name__, str(error) or type(error).__name__))


def lost(task: SweepTask) -> TaskOutcome:
    """The outcome of a task that ended its process each time."""
    told = "the process that ran it ended without an answer, each time it was tried."
    return TaskOutcome(
        task.fingerprint, Failure(LOST, told, "Look for the memory that it needs; the next sweep tries it again.")
    )


def check_versions(wanted: Mapping[str, str], there: Mapping[str, str], who: str) -> None:
    """Refuse a process with other versions.

    Args:
        wanted: Of the process that asks.
        there: Of the one that is to compute.
        who: Name of that one.

    Raises:
        SpecError: with everything that differs, by name.
    """
    differs = [f"{name} {there.get(name)} and not {mine}" for name, mine in wanted.items() if there.get(name) != mine]
    if differs:
        raise SpecError(
            "{who} has {differs}: it would compute other digits.",
            hint="Install the same versions everywhere (requirements.txt), on processors of one type.",
            who=who,
            differs=[*differs],
        )


@lru_cache(maxsize=MARKETS_KEPT)
def _market(data: TaskData):
    if contents(data.settings, data.prices, data.events) != data.version:
        raise DataError(
            "this worker sees other data than the sweep was asked about.",
            hint="Give every worker the same folder and files under the same paths, and do not change them while it runs.",
        )
    context = Context(data.settings, data.as_of, data.events, data.today)
    return context, past_markets(Request("", context, prices=data.prices))
