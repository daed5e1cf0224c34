"""`backtest`: strategies and baselines over the same dates, from the requests to the record."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

import numpy as np
import polars as pl

from toolkit.app.allocation.holdings import reporting_budget
from toolkit.app.allocation.inputs import Inputs, PricedMarket, priced_market
from toolkit.app.allocation.origins import OriginVariants, is_controlled
from toolkit.app.allocation.request import Request
from toolkit.app.assumptions import licence_delay
from toolkit.app.backtest.baselines import EQUAL_WEIGHT, GOLD, baselines
from toolkit.app.backtest.decide import PastDecisions, PastMarkets, universe_of, with_offers
from toolkit.app.backtest.over_time import over_time
from toolkit.app.backtest.remarks import remarks
from toolkit.backtest import evaluation
from toolkit.backtest.account import Account, Decision
from toolkit.backtest.delivery import Deliveries
from toolkit.backtest.prices import BacktestPrices
from toolkit.backtest.selection import CONFIDENCE, LEAST, Selection, select
from toolkit.backtest.simulate import Backtest, simulate
from toolkit.controls.events import COUNTING
from toolkit.controls.periods import control_periods
from toolkit.core.errors import SpecError
from toolkit.core.messages import message, phrases
from toolkit.core.remarks import Remark, in_record, note
from toolkit.market.exchange_rates import rates_used
from toolkit.market.price_series import PriceSeries
from toolkit.records.answers import backtest as records
from toolkit.returns.history import DAY_BY_DAY, histories_of
from toolkit.returns.panel import CUSTOMS
from toolkit.risk_model.observed import AVERAGE
from toolkit.strategy.model import RebalanceSpec, Strategy

SCHEMA_VERSION = 1
HISTORY = 12
"""Prices that half of the assets have before a backtest begins by default: a year of months."""
DAYS_OF_HISTORY = 252
"""The same where prices are daily."""
HOLIDAYS = 7
"""Days by which dates may end before the day that was asked for without a word: a weekend, a feast."""
LAST_YEAR = 12
"""Dates among which the default end is looked for: the last one on which as many assets have a price as on any of them."""


@dataclass(frozen=True, slots=True)
class BacktestRequest:
    """What is asked for.

    Attributes:
        requests: One a strategy, of one context and one set of price files.
        start, end: First and last day; None for as long as prices allow.
        estimated: Whether customs values are traded and valued at the price that a filter finds behind them.
        against_baselines: Whether those of the first strategy are simulated too.
        on_decision: Called with the name of a strategy and the day before each decision.
        selects: Whether all of them are compared at once (extra `evidence`).
    """

    requests: tuple[Request, ...]
    start: date | None = None
    end: date | None = None
    estimated: bool = True
    against_baselines: bool = True
    on_decision: Callable[[str, date], None] | None = None
    selects: bool = False


@dataclass(frozen=True, slots=True)
class Simulation:
    """A strategy or a baseline and what it did.

    Attributes:
        title: For a reader.
        role: ``strategy`` or ``baseline``.
    """

    strategy: Strategy
    title: str
    role: str
    backtest: Backtest


def past_markets(request: Request) -> PastMarkets:
    """The market of a request, and of all days before it."""
    context = request.context
    country = request.owner.country
    periods = control_periods(context.ledger, [*context.products], until=context.as_of, destination=country)
    return PastMarkets(replace(priced_market(context, request.prices), controlled=periods))


def backtest(asked: BacktestRequest, markets: PastMarkets | None = None) -> records.Backtest:
    """Simulate strategies and their baselines over the same dates.

    Args:
        asked: Strategies and dates.
        markets: Of the requests' day and prices, where they were made before.

    Raises:
        SpecError: for a strategy named twice, and for days that make no range.
        GapError: for a range without prices, and for a strategy that had too few of them on any date.
        Infeasible: where a strategy stops at limits that contradict each other.
    """
    first = asked.requests[0]
    markets = markets or past_markets(first)
    market = markets.last
    strategies = [universe_of(request.read_strategy(), market) for request in asked.requests]
    names = [strategy.name for strategy in strategies]
    if twice := [name for name in dict.fromkeys(names) if names.count(name) > 1]:
        raise SpecError(f"two strategies are named {twice[0]!r}.", hint="Give each file a name of its own.")
    inputs = market.inputs(strategies[0])
    prices, has_gold = _prices(asked, strategies, market)
    budget, told = reporting_budget(first, inputs)
    simulated: list[Simulation] = []
    for request, strategy in zip(asked.requests, strategies, strict=True):
        decide = PastDecisions(request, markets, strategy)
        found = _simulated(asked, strategy, decide, prices, budget, market)
        simulated.append(Simulation(strategy, strategy.about.title, "strategy", found))
    for baseline in baselines(strategies[0], gold=has_gold) if asked.against_baselines else ():
        if baseline.strategy.name in names:
            continue
        decide = PastDecisions(first, markets, baseline.strategy, costs_count=baseline.optimizes_costs)
        found = _simulated(asked, baseline.strategy, decide, prices, budget, market)
        simulated.append(Simulation(baseline.strategy, baseline.title, "baseline", found))
    told = (*told, *_earlier_end(asked.end, prices.dates[-1]))
    return _record(asked, prices, market, simulated, budget, (*market.notes, *map(note, told)))


def _earlier_end(end: date | None, last: date) -> tuple[str, ...]:
    """What is told where dates end well before the day that was asked for."""
    if end is None or (end - last).days <= HOLIDAYS:
        return ()
    return (
        message("The backtest ends on {last:%Y-%m-%d}: no later date up to {end:%Y-%m-%d} has a price.", last=last, end=end),
    )


def _prices(asked: BacktestRequest, strategies: Sequence[Strategy], market: PricedMarket) -> tuple[BacktestPrices, bool]:
    """The prices of all assets between the days, and whether gold is one that a baseline can hold."""
    as_of, currency = market.snapshot.as_of, market.context.settings.config.owner.currency
    end = asked.end or as_of
    if end > as_of:
        raise SpecError(f"--end {end} is after {as_of}, the day of knowledge.", hint="Choose an earlier --end.")
    if asked.start is not None and asked.start >= end:
        raise SpecError(f"--start {asked.start} is not before {end}.", hint="Choose an earlier --start, or a later --end.")
    keys = list(dict.fromkeys(key for strategy in strategies for key in _named(strategy)))
    rows = pl.concat([market.inputs(strategy).snapshot["prices"] for strategy in strategies]).unique(maintain_order=True)
    visible = rows.filter(pl.col("date") <= end)
    series = histories_of(PriceSeries.of(visible.filter(pl.col("asset").is_in([*keys, GOLD]))))
    daily = all(series[key].frequency == DAY_BY_DAY for key in keys if key in series)
    gold = GOLD in series and (not daily or series[GOLD].frequency == DAY_BY_DAY)
    wanted = [*keys, *([GOLD] if gold and GOLD not in keys else ())]
    fx = market.snapshot["fx"]
    found = BacktestPrices.of(rows, fx, wanted, currency, until=end, estimated=asked.estimated)
    for strategy in strategies:
        found = with_offers(found, strategy, market)
    start = asked.start or _first(found)
    last = end if asked.end is not None else _last(found)
    return found.between(start, last), gold


def _named(strategy: Strategy) -> tuple[str, ...]:
    assets = strategy.universe.assets
    return assets if isinstance(assets, tuple) else ()


def _first(prices: BacktestPrices) -> date:
    """The first date before which half of the assets had a year of prices; the first of all where none has."""
    needed = HISTORY if prices.monthly else DAYS_OF_HISTORY
    counts = np.cumsum(np.isfinite(prices.observed), axis=0) > needed
    enough = np.flatnonzero(counts.mean(axis=1) >= 0.5)
    return prices.dates[int(enough[0]) if len(enough) else 0]


def _last(prices: BacktestPrices) -> date:
    """The last date with as many observed prices as any of the last year."""
    counts = (np.isfinite(prices.observed) | prices.implausible).sum(axis=1)[-LAST_YEAR:]
    return prices.dates[len(prices.dates) - len(counts) + int(np.flatnonzero(counts == counts.max())[-1])]


def _simulated(
    asked: BacktestRequest,
    strategy: Strategy,
    decide: PastDecisions,
    prices: BacktestPrices,
    budget: float,
    market: PricedMarket,
) -> Backtest:
    def decided(day: date, account: Account) -> Decision:
        if asked.on_decision is not None:
            asked.on_decision(strategy.name, day)
        return decide(day, account)

    rebalance = strategy.rebalance or RebalanceSpec()
    deliveries = None if rebalance.delay == "none" else deliveries_of(strategy, rebalance, market, asked.requests[0].seed)
    return simulate(decided, prices, budget=budget, rebalance=rebalance, deliveries=deliveries)


def deliveries_of(strategy: Strategy, rebalance: RebalanceSpec, market: PricedMarket, seed: int) -> Deliveries:
    """Whether and when purchases of a strategy arrive.

    Args:
        strategy: Names the assets and their offers by origin.
        rebalance: Which delay.
        market: Ledger and assumptions of the day.
        seed: Of draws.
    """
    inputs: Inputs = market.inputs(strategy)
    owner, universe = market.context.settings.config.owner, inputs.universe
    offers = OriginVariants.of(universe, strategy.universe.offer).universe
    known = {asset.key: asset for asset in (*universe, *offers)}

    def controlled(key: str, day: date, instruments: tuple[str, ...]) -> bool:
        asset = known.get(key)
        if asset is None or (asset.offer_of or asset.key) not in inputs.products:
            return False
        return is_controlled(inputs.ledger, asset, day, owner.country, instruments)

    drawn: Any = rebalance.delay
    return Deliveries(controlled, licence_delay(market.snapshot), drawn, seed)


def _record(
    asked: BacktestRequest,
    prices: BacktestPrices,
    market: PricedMarket,
    simulated: Sequence[Simulation],
    budget: float,
    notes: tuple[Remark, ...],
) -> records.Backtest:
    first, seed = simulated[0].backtest, asked.requests[0].seed
    paths = evaluation.resampled(first, seed=seed)
    held = {trade.asset for one in simulated for trade in one.backtest.trades}
    bases = dict(zip(prices.assets, prices.bases, strict=True))
    comparisons = [
        (ours.strategy.name, other.strategy.name, evaluation.difference(ours.backtest, other.backtest, paths))
        for ours, other in itertools.combinations(simulated, 2)
        if ours.role == "strategy"
    ]
    found: dict[str, Any] = {
        "schema_version": SCHEMA_VERSION,
        "kind": "backtest",
        "as_of": market.snapshot.as_of,
        "currency": market.context.settings.config.owner.currency,
        "budget": budget,
        "prices": "estimated" if asked.estimated else "observed",
        "monthly": prices.monthly,
        "periods_per_year": prices.periods_per_year,
        "dates": prices.dates,
        "years": evaluation.years_of(first),
        "strategies": [_one(one, prices, paths) for one in simulated],
        "comparisons": [
            {
                "strategy": ours,
                "against": other,
                "growth": found.growth,
                "interval": _interval(found.interval),
                "distinguishable": found.is_distinguishable,
                "years_needed": found.years_needed,
            }
            for ours, other, found in comparisons
        ],
        "selection": _selection(simulated, seed) if asked.selects else None,
        "events": _events(market, prices, simulated),
        "noisy": sorted(key for key in held if bases[key] == CUSTOMS and not asked.estimated),
        "filtered": sorted(key for key in held if bases[key] == CUSTOMS and asked.estimated),
        "averaged": sorted(key for key in held if bases[key] == AVERAGE),
        "seed": seed,
        "data": [one.to_json() for one in market.snapshot.provenance(_used(market, prices))],
    }
    told = (*remarks(found, [one.backtest for one in simulated]), *notes)
    sentences = [words for remark in told for words in (remark.text, remark.remedy) if words]
    sentences += [one.title for one in simulated]
    found |= {**in_record(told), "phrases": phrases(sentences)}
    return records.Backtest.model_validate(found)


def _selection(simulated: Sequence[Simulation], seed: int) -> dict[str, Any]:
    """All of them compared at once; equal weight is the benchmark of the strategies where it is one of them."""
    returns = {one.strategy.name: one.backtest.returns for one in simulated}
    benchmark = EQUAL_WEIGHT if EQUAL_WEIGHT in returns else None
    against = [one.strategy.name for one in simulated if one.role == "strategy" and one.strategy.name != benchmark]
    if len(returns) < 2:
        raise SpecError("--select compares strategies, and there is one.", hint="Name several, or leave --no-baselines out.")
    found = select(returns, benchmark, against, seed=seed)
    recorded = {"least": LEAST, "draws": evaluation.DRAWS, "seed": seed, "confidence": CONFIDENCE, "benchmark": benchmark}
    return {**{name: getattr(found, name) for name in Selection.__slots__}, **recorded}


def _interval(interval: evaluation.Interval | None) -> dict[str, float] | None:
    return None if interval is None else {"low": interval.low, "high": interval.high}


def _one(one: Simulation, prices: BacktestPrices, paths: evaluation.Paths | None) -> dict[str, Any]:
    strategy, found = one.strategy, one.backtest
    figures = evaluation.performance(found, paths)
    return {
        "name": strategy.name,
        "title": one.title,
        "role": one.role,
        "fingerprint": strategy.fingerprint,
        "figures": {
            "total": figures.total,
            "growth": figures.growth,
            "growth_interval": _interval(figures.growth_interval),
            "volatility": figures.volatility,
            "volatility_interval": _interval(figures.volatility_interval),
            "max_drawdown": figures.drawdown.depth,
            "peak": figures.drawdown.peak,
            "trough": figures.drawdown.trough,
            "days_under_water": figures.drawdown.under_water,
            "turnover": figures.turnover,
            "costs": figures.costs,
            "storage": figures.storage,
        },
        "wealth": found.wealth,
        **over_time(found, prices, paths, banded=one.role == "strategy"),
        "weights": [
            {key: weight for key, weight in zip(found.assets, row, strict=True) if weight} for row in found.weights.tolist()
        ],
        "decisions": found.decided,
        "orders": [{name: getattr(trade, name) for name in records.Trade.model_fields} for trade in found.trades],
        "incidents": [{name: getattr(row, name) for name in records.Incident.model_fields} for row in found.incidents],
        "stuck": found.stuck,
    }


def _events(market: PricedMarket, prices: BacktestPrices, simulated: Sequence[Simulation]) -> list[Mapping[str, Any]]:
    """Official licences and bans on the assets, announced between the dates, oldest first."""
    ledger = market.context.ledger
    named: dict[str, set[str]] = {}
    for scope in ledger.scopes:
        if scope.certainty != "not_named" and scope.asset in prices.assets:
            named.setdefault(scope.event_id, set()).add(scope.asset)
    chosen = [
        event
        for event in sorted(ledger.events, key=lambda event: (event.announced, event.event_id))
        if event.is_law and event.instrument in COUNTING and event.event_id in named
    ]
    days = {event.event_id: event.announced for event in chosen}
    losses = {one.strategy.name: evaluation.event_losses(one.backtest, days) for one in simulated}
    return [
        {
            "event": event.event_id,
            "title": event.title,
            "announced": event.announced,
            "metals": sorted(named[event.event_id]),
            "losses": {name: of[event.event_id] for name, of in losses.items()},
        }
        for event in chosen
        if all(event.event_id in of for of in losses.values())
    ]


def _used(market: PricedMarket, prices: BacktestPrices) -> dict[str, pl.DataFrame]:
    """The rows of prices, exchange rates and controls that were read, up to the last date."""
    currency, end = market.context.settings.config.owner.currency, prices.dates[-1]
    rows = market.snapshot["prices"].filter(pl.col("date") <= end)
    quoted = {*rows["currency"].unique()}
    frames = {"prices": rows}
    if quoted != {currency}:
        frames["fx"] = rates_used(market.snapshot["fx"], {*quoted, currency}).filter(pl.col("date") <= end)
    frames |= {name: market.snapshot[name] for name in ("products", "controls", "control_scopes", "shares")}
    return {name: frame for name, frame in frames.items() if frame.height}
