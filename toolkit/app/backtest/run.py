"""`backtest`: strategies and baselines over the same dates, from the requests to the record."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

import numpy as np
import polars as pl

from toolkit.app.allocation.holdings import reporting_budget
from toolkit.app.allocation.inputs import AGED, Inputs, PricedMarket, priced_market
from toolkit.app.allocation.origins import OriginVariants, is_controlled
from toolkit.app.allocation.request import Request
from toolkit.app.assumptions import licence_delay
from toolkit.app.backtest.baselines import GOLD, baselines
from toolkit.app.backtest.cash_rate import CashRate
from toolkit.app.backtest.decide import PastDecisions, PastMarkets, universe_of, with_offers
from toolkit.app.backtest.record import Simulation, backtest_record
from toolkit.app.threads import one_thread
from toolkit.backtest.account import Account, Decision
from toolkit.backtest.prices import BacktestPrices
from toolkit.backtest.simulate import Backtest, Decide, Deliveries, simulate
from toolkit.controls.periods import control_periods
from toolkit.core.calendar import month_end, month_number
from toolkit.core.errors import SpecError, did_you_mean
from toolkit.core.messages import message
from toolkit.core.remarks import note
from toolkit.core.text import repeated
from toolkit.market.price_series import PriceSeries
from toolkit.records import backtest as records
from toolkit.returns.history import DAY_BY_DAY, histories_of
from toolkit.strategy.model import RebalanceSpec, Strategy

HISTORY = 12
"""Prices that half of the assets have before a backtest begins by default: a year of months."""
DAYS_OF_HISTORY = 252
"""The same where prices are daily."""
HOLIDAYS = 7
"""Days by which dates may begin after the day that was asked for, or end before it, without a word: a weekend, a feast."""
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
        benchmark: What returns are held against: one of the strategies, a baseline, or an asset with prices.
        cash_rate: What cash earns; None for nothing.
    """

    requests: tuple[Request, ...]
    start: date | None = None
    end: date | None = None
    estimated: bool = True
    against_baselines: bool = True
    on_decision: Callable[[str, date], None] = lambda *_: None
    selects: bool = False
    benchmark: str | None = None
    cash_rate: CashRate | None = None


def past_markets(request: Request) -> PastMarkets:
    """The market of a request, and of all days before it."""
    context = request.context
    country = request.owner.country
    periods = control_periods(context.ledger, [*context.products], until=context.as_of, destination=country).sort("from")
    return PastMarkets(replace(priced_market(context, request.prices), controlled=periods))


@one_thread()
def backtest(asked: BacktestRequest, markets: PastMarkets | None = None) -> records.Backtest:
    """Simulate strategies and their baselines over the same dates.

    Linear algebra has one thread: their number moves last bits, and several wait for each other longer than they compute.

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
    if twice := repeated(names):
        raise SpecError("two strategies are named {twice!r:s}.", hint="Give each file a name of its own.", twice=twice[0])
    inputs = market.inputs(strategies[0])
    prices, has_gold = past_prices(asked, strategies, market)
    others = [*baselines(strategies[0], gold=has_gold)] if asked.against_baselines else []
    if asked.benchmark is not None:
        _check_benchmark(asked.benchmark, [*names, *(one.strategy.name for one in others)], prices, market)
    budget, told = reporting_budget(first, inputs)
    simulated: list[Simulation] = []
    for request, strategy in zip(asked.requests, strategies, strict=True):
        decide = PastDecisions(request, markets, strategy)
        found = followed(asked, strategy, decide, prices, budget, market)
        simulated.append(Simulation(strategy, strategy.about.title, "strategy", found))
    for baseline in others:
        if baseline.strategy.name in names:
            continue
        decide = PastDecisions(first, markets, baseline.strategy, costs_count=baseline.optimizes_costs)
        found = followed(asked, baseline.strategy, decide, prices, budget, market)
        simulated.append(Simulation(baseline.strategy, baseline.title, "baseline", found))
    told = (*told, *_later_start(asked.start, prices), *_earlier_end(asked.end, prices.dates[-1]))
    read = (remark for remark in market.notes if remark.remedy is not AGED)  # no day of a backtest asks for a price of today
    return backtest_record(asked, prices, market, simulated, budget, (*read, *map(note, told)))


def _check_benchmark(name: str, simulated: Sequence[str], prices: BacktestPrices, market: PricedMarket) -> None:
    """Check that a benchmark is simulated, or has prices on all dates.

    Args:
        name: Of the benchmark.
        simulated: Strategies and baselines.
        prices: Of all assets at the dates.
        market: Of the last day, for the nearest names.
    """
    if name in prices.assets and name not in simulated:
        prices.levels(name)
    elif name not in simulated:
        known = sorted({*simulated, *market.snapshot.series.assets})
        raise SpecError(
            "the benchmark {name!r:s} is none of the strategies, baselines and assets.",
            hint=did_you_mean(name, known),
            name=name,
        )


def _later_start(start: date | None, prices: BacktestPrices) -> tuple[str, ...]:
    """What is told where dates begin well after the day that was asked for, or in a later month."""
    first = prices.dates[0]
    if start is None or (month_end(month_number(start)) >= first if prices.monthly else (first - start).days <= HOLIDAYS):
        return ()
    return (
        message(
            "The backtest begins on {first:%Y-%m-%d}: no earlier date from {start:%Y-%m-%d} on has a price.",
            first=first,
            start=start,
        ),
    )


def _earlier_end(end: date | None, last: date) -> tuple[str, ...]:
    """What is told where dates end well before the day that was asked for."""
    if end is None or (end - last).days <= HOLIDAYS:
        return ()
    return (
        message("The backtest ends on {last:%Y-%m-%d}: no later date up to {end:%Y-%m-%d} has a price.", last=last, end=end),
    )


def past_prices(asked: BacktestRequest, strategies: Sequence[Strategy], market: PricedMarket) -> tuple[BacktestPrices, bool]:
    """The prices of all assets between the days, and whether gold is one that a baseline can hold.

    Args:
        asked: The days.
        strategies: Whose assets are priced.
        market: Of the last day.

    Raises:
        SpecError: for days that make no range.
    """
    as_of, currency = market.snapshot.as_of, market.context.settings.config.owner.currency
    end = asked.end or as_of
    if end > as_of:
        raise SpecError(
            "--end {end} is after {as_of}, the day of knowledge.", hint="Choose an earlier --end.", end=end, as_of=as_of
        )
    if asked.start is not None and asked.start >= end:
        raise SpecError(
            "--start {start} is not before {end}.",
            hint="Choose an earlier --start, or a later --end.",
            start=asked.start,
            end=end,
        )
    keys = list(dict.fromkeys(key for strategy in strategies for key in _named(strategy)))
    index = [asked.benchmark] if asked.benchmark in market.snapshot.series.place and asked.benchmark not in keys else []
    frames = [market.inputs(strategy).snapshot["prices"] for strategy in strategies]
    rows = frames[0] if len(frames) == 1 else pl.concat(frames).unique(maintain_order=True)
    visible = rows.filter(pl.col("date") <= end)
    series = histories_of(PriceSeries.of(visible.filter(pl.col("asset").is_in([*keys, *index, GOLD]))))
    daily = all(series[key].frequency == DAY_BY_DAY for key in keys if key in series)
    if daily and any(series[key].frequency != DAY_BY_DAY for key in index):
        raise SpecError(
            "the benchmark {name!r:s} has no daily prices, as what may be held has.",
            hint="Bring its daily prices, or choose another benchmark.",
            name=asked.benchmark,
        )
    gold = GOLD in series and (not daily or series[GOLD].frequency == DAY_BY_DAY)
    wanted = [*dict.fromkeys((*keys, *index, *([GOLD] if gold else ())))]
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


def followed(
    asked: BacktestRequest,
    strategy: Strategy,
    decide: Decide,
    prices: BacktestPrices,
    budget: float,
    market: PricedMarket,
) -> Backtest:
    """A strategy over the dates of some prices.

    Args:
        asked: Called back on each decision; its seed is that of deliveries, its rate that of cash.
        strategy: With its assets named one by one.
        decide: Its decisions.
        prices: On the dates.
        budget: Cash at the start.
        market: Of the last day.
    """

    def decided(day: date, account: Account) -> Decision:
        asked.on_decision(strategy.name, day)
        return decide(day, account)

    rebalance = strategy.rebalance or RebalanceSpec()
    deliveries = None if rebalance.delay == "none" else deliveries_of(strategy, rebalance, market, asked.requests[0].seed)
    rates = None if asked.cash_rate is None else asked.cash_rate.between(prices.dates)
    return simulate(decided, prices, budget=budget, rebalance=rebalance, deliveries=deliveries, rates=rates)


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
