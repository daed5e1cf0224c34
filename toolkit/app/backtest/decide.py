"""Decisions of a strategy on past days, each from the market as known on its day."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import date

import numpy as np

from toolkit.app.allocation.holdings import ORDERED, STORED, Held, one_lot
from toolkit.app.allocation.inputs import PricedMarket
from toolkit.app.allocation.origins import OriginVariants
from toolkit.app.allocation.pieces import allocate_in_pieces
from toolkit.app.allocation.prepare import Prepared, prepare
from toolkit.app.allocation.record_risk import broken_limits
from toolkit.app.allocation.request import Request
from toolkit.backtest.account import Account, Decision
from toolkit.backtest.prices import BacktestPrices
from toolkit.core.assets import Universe
from toolkit.core.errors import DataError, GapError
from toolkit.returns.panel import MINIMUM_CHANGES
from toolkit.strategy.model import Strategy, UniverseSpec
from toolkit.strategy.without import among, from_cash, of_assets

KEPT_ROWS = 5_000_000
"""Price rows behind the days that are kept, at most: some hundred megabytes, however long the history."""


@dataclass(frozen=True, slots=True, eq=False)
class PastMarkets:
    """The market on past days, each made once for all strategies as long as there is room.

    Attributes:
        last: The market on the last day, with the user's prices.
    """

    last: PricedMarket
    _days: dict[date, PricedMarket] = field(default_factory=dict)
    _universes: dict[UniverseSpec, Universe] = field(default_factory=dict)

    def universe(self, strategy: Strategy) -> Universe:
        """What a strategy may hold on the last day."""
        if strategy.universe not in self._universes:
            self._universes[strategy.universe] = self.last.inputs(strategy).universe
        return self._universes[strategy.universe]

    def on(self, day: date) -> PricedMarket:
        """The market as known on a day."""
        if day not in self._days:
            while self._days and (len(self._days) + 1) * self.last.snapshot["prices"].height > KEPT_ROWS:
                self._days.pop(next(iter(self._days)))
            self._days[day] = self.last.on(day)
        return self._days[day]


@dataclass(frozen=True, slots=True, eq=False)
class PastDecisions:
    """Decides for a strategy on past days; see `toolkit.backtest.simulate.Decide`.

    Attributes:
        request: The question on the last day; its holdings do not count.
        markets: On all days.
        strategy: With its universe of the last day.
        costs_count: Whether costs are part of what is minimised, where the strategy has a table of them.
    """

    request: Request
    markets: PastMarkets
    strategy: Strategy
    costs_count: bool = True

    def __call__(self, day: date, account: Account) -> Decision:
        """The quantities that the strategy would have held.

        Raises:
            GapError, DataError: where too little was known.
            SolveError: where there is no answer.
        """
        prepared = self._asked(day, account)
        if not self.costs_count:
            costs = replace(prepared.problem.costs, in_objective=False)
            prepared = replace(prepared, problem=replace(prepared.problem, costs=costs))
        prepared, allocation = allocate_in_pieces(prepared)
        amounts = prepared.amounts(allocation)
        universe = prepared.problem.universe
        steps = [np.nan if (step := prepared.step(asset)) is None else step for asset in universe]
        costs = prepared.problem.costs
        return Decision(universe.keys, amounts.quantities, prepared.prices, costs, prepared.budget, np.array(steps))

    def exceeded(self, day: date, account: Account) -> tuple[str, ...]:
        """Names of the limits that what is owned on a day exceeds in their holding form; those with a price may be exceeded.

        Raises:
            GapError, DataError: where too little was known.
        """
        plain = self.strategy.model_copy(update={"rebalance": None})
        problem = replace(self, strategy=plain)._asked(day, account).problem
        soft = {one.name for one in problem.constraints if getattr(one, "soft", None) is not None}
        return tuple(limit.name for limit in broken_limits(problem, problem.data.held) if limit.name not in soft)

    def _asked(self, day: date, account: Account) -> Prepared:
        market = self.markets.on(day)
        request = replace(
            self.request,
            context=market.context,
            holdings=_held(account),
            overrides=(),
            scenarios=None,
            expected=None,
            budget_given=False,
        )
        assets = tuple(key for key in _priced(self.strategy, market) if key not in account.ended)
        request = replace(request, total=None, prices=None)
        return self._prepared(request, market, assets, held=bool(account.owned.any()))

    def _prepared(self, request: Request, market: PricedMarket, assets: tuple[str, ...], *, held: bool) -> Prepared:
        """The problem of the assets that have enough prices; one after the other is left out that has not.

        Nothing names what is left out, and where nothing is held no limit speaks of what is.

        Raises:
            GapError, DataError: where none has, or something else is missing.
        """
        while True:
            if not assets:
                raise GapError(
                    "no asset of {name:s} had enough prices on {as_of}.",
                    hint="Choose a later --start, or bring longer histories.",
                    name=self.strategy.name,
                    as_of=market.snapshot.as_of,
                )
            try:
                strategy = among(self.strategy, self.markets.universe(self.strategy), assets)
                return prepare(replace(request, strategy=strategy if held else from_cash(strategy)), market)
            except DataError as error:
                key = error.details.get("asset")
                if key not in assets:
                    raise
                assets = tuple(one for one in assets if one != key)


def universe_of(strategy: Strategy, market: PricedMarket) -> Strategy:
    """The strategy with the assets of its universe named one by one."""
    return of_assets(strategy, market.inputs(strategy).universe.keys)


def with_offers(prices: BacktestPrices, strategy: Strategy, market: PricedMarket) -> BacktestPrices:
    """The prices, with those of products that the strategy may buy by origin at a premium.

    Args:
        prices: Of the products, among others.
        strategy: Names the offers.
        market: Of the last day.
    """
    if not strategy.universe.offer:
        return prices
    offers = OriginVariants.of(market.inputs(strategy).universe, strategy.universe.offer)
    sources = [offers.universe[key].offer_of for key in offers.universe.keys]
    found = {
        key: (of, float(level))
        for key, of, level in zip(offers.universe.keys, sources, offers.level, strict=True)
        if of is not None and key not in prices.assets
    }
    return prices.with_variants(found)


def _priced(strategy: Strategy, market: PricedMarket) -> tuple[str, ...]:
    """Assets of the strategy with more prices than `MINIMUM_CHANGES`, or with annual ones alone."""
    series = market.snapshot.series
    counts = dict(zip(series.assets, series.counts.tolist(), strict=True))
    named = strategy.universe.assets
    keys = named if isinstance(named, tuple) else ()
    annual: set[str] = set()
    if "prices_annual" in market.snapshot and not {*keys} <= {*counts}:
        annual = set(market.snapshot["prices_annual"]["asset"].unique())
    return tuple(key for key in keys if counts.get(key, 0) > MINIMUM_CHANGES or (key not in counts and key in annual))


def _held(account: Account) -> Held:
    """What an account owns, a lot for what is stored of an asset and one for each delivery."""
    units = dict(account.units_by_asset)
    lots = [one_lot(key, quantity, STORED) for key, quantity in units.items() if quantity > 0]
    for delivery in account.arriving:
        lots.append(one_lot(delivery.asset, delivery.quantity, ORDERED))
        units[delivery.asset] = units.get(delivery.asset, 0.0) + delivery.quantity
    return Held(units, tuple(lots), cash=account.cash)
