"""The allocation of a strategy today, valued in futures that are drawn from its scenarios and shocks."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from toolkit.app.allocation.inputs import PricedMarket
from toolkit.app.allocation.pieces import allocate_in_pieces
from toolkit.app.allocation.prepare import Prepared, prepare
from toolkit.app.allocation.request import Request
from toolkit.app.allocation.scenarios import strategy_scenarios
from toolkit.app.allocation.shocks import NEW_CONTROLS, new_controls, strategy_shocks
from toolkit.app.backtest.run import deliveries_of
from toolkit.backtest.delivery import LICENCE
from toolkit.core.errors import SpecError
from toolkit.core.forecast import FloatArray
from toolkit.core.messages import message, phrases
from toolkit.core.units import DAYS_PER_YEAR
from toolkit.holdings.cover import TAIL
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
            days[:, i] = terms.delay.quantiles(chance)
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
