"""From a request to a problem: market, strategy, forecast, holdings and constraint data."""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from functools import cached_property
from typing import Any

import numpy as np
import polars as pl

from toolkit.app.allocation.amounts import AllocationAmounts
from toolkit.app.allocation.costs import at_own_terms, strategy_costs, with_own_terms, world_production
from toolkit.app.allocation.forecast import strategy_forecast
from toolkit.app.allocation.holdings import Held, Whole, read_held, reporting_budget, whole
from toolkit.app.allocation.inputs import Inputs, PricedMarket, priced_market
from toolkit.app.allocation.origins import OriginVariants, export_laws, is_controlled
from toolkit.app.allocation.rebalancing import charged_moves, within_rebalancing
from toolkit.app.allocation.request import Request
from toolkit.app.allocation.sales import WAIT_DAYS, free_from, waiting
from toolkit.app.allocation.scenarios import StrategyScenarios, needed_scenarios
from toolkit.app.assumptions import exit_days, grade_step
from toolkit.app.holdings.warnings import held_remarks
from toolkit.controls.ledger import CHINA
from toolkit.core.assets import Asset, Universe
from toolkit.core.countries import UNKNOWN_ORIGIN
from toolkit.core.errors import DataError
from toolkit.core.forecast import FloatArray, Forecast
from toolkit.core.messages import Message, few, message
from toolkit.core.remarks import Remark, note
from toolkit.core.units import KG_PER_UNIT
from toolkit.holdings.lots import Lot
from toolkit.market.exchange_rates import Rate, last_rate, rates_used
from toolkit.optimize.constraints.base import Constraint, ConstraintData, IntegerRequirements, LinearConstraint
from toolkit.optimize.constraints.exposure import DEFAULT_INSTRUMENTS
from toolkit.optimize.constraints.no_trade import KeepAtLeast, NoBuy, NoTrade
from toolkit.optimize.problem import Problem
from toolkit.optimize.shadow_prices import BINDING
from toolkit.optimize.solution import Allocation
from toolkit.returns.history import ended
from toolkit.returns.quotes import quoted_level
from toolkit.scenarios.factor_falls import factor_falls
from toolkit.strategy.model import RebalanceSpec, Strategy
from toolkit.strategy.without import among
from toolkit.supply.concentration import SupplyShares, newest_shares, newest_supplies

OUTSIDE = "held outside the strategy"
NOT_SOLD_YET = "not sold yet"
OF_OTHER_ORIGIN = "held of other origin"
LEAST_QUANTITY = "least quantity of"
"""Names of the constraints that holdings bring with them."""

SAME_QUANTITY = 1e-6
"""Relative difference of quantities below which they are the same."""


class _KeepLots(KeepAtLeast):
    """Values of single assets: the key of a product is not that of its origins."""

    def members(self, label: str, data: ConstraintData) -> tuple[int, ...]:
        """The one position of a key."""
        return (data.universe.keys.index(label),)


class _OnlyReduced(NoTrade):
    """What is held may be sold, what is short bought back: neither becomes more than it is."""

    sells = True

    def linear(self, data: ConstraintData) -> LinearConstraint:
        """One row an asset: between nothing and what is held."""
        at = self._bound(data)
        least, most = data.weights_of(data.held[at])
        return LinearConstraint.of_assets(at, np.minimum(least, 0.0), np.clip(most, 0.0, 1.0), data)

    def integer(self, data: ConstraintData) -> IntegerRequirements:
        """The greatest value of each asset, and the least of what is short."""
        at, n = self._bound(data), len(data.universe)
        least, greatest = np.zeros(n), np.full(n, np.inf)
        least[at], greatest[at] = np.minimum(data.held[at], 0.0), np.maximum(data.held[at], 0.0)
        return IntegerRequirements(least=least, greatest=greatest)


@dataclass(frozen=True)  # no slots: whether trades are in lots is asked once
class Prepared:
    """A problem and its inputs.

    Attributes:
        request: What it was asked by.
        prices: (n,) of a unit in the reporting currency; rates: of each currency of quotation into it.
        held: Holdings; `money` is the wealth of holdings and budget.
        outside: Assets that are held and not of the strategy's universe.
        told: Remarks on holdings outside of the universe.
        waiting: Asset -> its lots that are not sold today because their sale is nearly free of tax.
        outlook: Scenarios of the strategy, where it has or needs any.
        by_origin: Keys of what is held of one origin and counted by it.
        units: Asset -> quantity that is held in the end, where it was set so that trades are in whole pieces.
    """

    request: Request
    strategy: Strategy
    inputs: Inputs
    problem: Problem
    prices: FloatArray
    rates: Mapping[str, Rate]
    held: Held
    money: Whole
    outside: tuple[str, ...] = ()
    told: tuple[Remark, ...] = ()
    waiting: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    outlook: StrategyScenarios | None = None
    by_origin: tuple[str, ...] = ()
    units: Mapping[str, float] = field(default_factory=dict)

    @property
    def budget(self) -> float:
        """The whole: what is held and what is added."""
        return self.money.budget

    def amounts(self, allocation: Allocation) -> AllocationAmounts:
        """Amounts of an answer to the problem."""
        return AllocationAmounts.of(self.problem, allocation, self.prices, self.money.units, self.budget)

    def below_least(self, allocation: Allocation) -> dict[str, float]:
        """Asset -> the least quantity that its price is for, of those of which an answer buys less than that."""
        bought = self.amounts(allocation).quantities - self.money.units
        least = {asset.key: least_of(asset, self.inputs.least) for asset in self.inputs.universe}
        return {
            key: least[key]
            for key, quantity in zip(self.inputs.universe.keys, bought, strict=True)
            if SAME_QUANTITY < quantity < least[key] * (1.0 - SAME_QUANTITY)
        }

    def without_purchases(self, below: Mapping[str, float]) -> Prepared:
        """The same, but that nothing is bought of assets of which less would be than their price is for.

        Args:
            below: As of `below_least`.
        """
        name = f"{LEAST_QUANTITY} {' '.join(below)}"
        problem = replace(self.problem, constraints=(*self.problem.constraints, NoBuy(name=name, assets=tuple(below))))
        text = message("Not bought, since less than the least quantity of its quotation would be: {assets}.", assets=[*below])
        remedy = message("Raise the budget or the limit, or bring a price for less.")
        further = (*self.inputs.further, Remark("answer", text, remedy, tuple(below), comes_first=True))
        return replace(self, problem=problem, inputs=replace(self.inputs, further=further))

    @property
    def unpriced(self) -> dict[str, float]:
        """Asset -> quantity held of what has no price: it counts in no limit and in no amount."""
        return {key: units for key, units in self.held.units.items() if key not in self.inputs.universe}

    def not_sold(self, relaxed: FloatArray) -> tuple[Remark, ...]:
        """A note on each asset of which lots are not sold today although the continuous optimum ends at them.

        Args:
            relaxed: (n,) weights of the continuous optimum.
        """
        least = next((term.linear(self.problem.data) for term in self.problem.constraints if term.name == NOT_SOLD_YET), None)
        limits = {} if least is None else dict(zip(least.labels, least.lower, strict=True))
        return tuple(
            note(
                message(
                    "Not sold today: {lots} of {asset}, whose sale with a gain is free of tax within {days} days "
                    '(owner.sale_order = "fifo" lets them be sold).',
                    lots=lots,
                    asset=key,
                    days=WAIT_DAYS,
                )
            )
            for key, weight in zip(self.inputs.universe.keys, relaxed, strict=True)
            if (lots := self.waiting.get(key)) and weight <= limits[key] + BINDING
        )

    def step(self, asset: Asset) -> float | None:
        """Quantity in which an asset is traded where no lot says otherwise: the dealer's lot, where lots are asked for."""
        return asset.lot_size if self._in_lots else None

    @cached_property
    def _in_lots(self) -> bool:
        return (required := self.problem.integer_requirements()) is not None and required.lots

    def stays_whole(self, asset: str) -> bool:
        """Whether nothing of an asset is sold since the strategy does not hold it."""
        return asset in self.outside and not self.request.sell_others

    def why_kept(self, lot: Lot) -> tuple[Message | None, date | None]:
        """The message on a lot that is not sold today, and the first tax-free day where tax is the reason; else None."""
        if not lot.for_sale:
            return lot.why_kept(), None
        free = free_from(lot, self.request.owner.holding_rule)
        if free is None or lot.lot_id not in self.waiting.get(lot.asset, ()):
            return None, None
        told = message(
            "{quantity:,.6g} kg of {asset} ({lot}): free of tax from {day:%Y-%m-%d}",
            quantity=lot.quantity, asset=lot.asset, lot=lot.lot_id, day=free,
        )  # fmt: skip
        return told, free

    def not_for_sale(self) -> tuple[list[str], date | None]:
        """The lots that are not sold today, largest first, each with its reason; the day all that wait are tax-free."""
        prices = dict(zip(self.inputs.universe.keys, self.prices, strict=True))
        kept: list[tuple[float, str, Message]] = []
        until: date | None = None
        for lot in self.held.lots:
            if lot.asset not in prices or self.stays_whole(lot.asset):
                continue
            told, free = self.why_kept(lot)
            if told is None:
                continue
            if free is not None:
                until = free if until is None else max(until, free)
            kept.append((-lot.quantity * prices[lot.asset], lot.lot_id, told))
        return [told for _, _, told in sorted(kept)], until

    def used_rows(self) -> dict[str, pl.DataFrame]:
        """The rows behind the numbers, for hashes and ages: a table that was not read is not listed."""
        inputs, snapshot, currency = self.inputs, self.inputs.snapshot, self.request.owner.currency
        frames, quoted = {"prices": inputs.prices}, {*inputs.series.currencies}
        if quoted != {currency}:
            frames["fx"] = rates_used(snapshot["fx"], {*quoted, currency})
        if len(inputs.unknown) < len(inputs.universe):
            frames |= {table: snapshot[table] for table in ("products", "flows", "controls", "control_scopes")}
            supply = inputs.supply
            scored = [
                (asset.offer_of or asset.key, supply[asset.key].stage) for asset in inputs.universe if asset.key in supply
            ]
            keys = pl.DataFrame(scored, schema=["asset", "stage"], orient="row")
            frames["shares"] = newest_shares(snapshot["shares"]).join(keys, on=["asset", "stage"], how="semi")
        frames |= {table: snapshot[table].filter(pl.col("asset").is_not_null()) for table in inputs.yearly_tables}
        if inputs.quotes is not None and not inputs.quotes.is_empty():
            frames["prices"] = pl.concat([inputs.prices, inputs.quotes.select(inputs.prices.columns)])
        return frames


def prepare(request: Request, market: PricedMarket | None = None) -> Prepared:
    """The problem that a request poses.

    Args:
        request: Strategy, day and holdings.
        market: Of the day with the user's prices, where these were read before.

    Raises:
        ToolkitError: of the kind that says who can help.
    """
    currency, destination = request.owner.currency, request.owner.country
    strategy = request.read_strategy()
    market = market or priced_market(request.context, request.prices)
    strategy, inputs, gone = _without_ended(strategy, market)
    held = read_held(request, strategy, inputs)
    offered = {offer.asset for offer in strategy.universe.offer}
    priced = {*inputs.products.keys, *inputs.series.assets, *(request.context.listed if held.units else ())}
    others = tuple(sorted(key for key in held.units if key in priced - offered and key not in inputs.universe))
    inputs, forecast, short = _with_held(request, market, strategy, inputs, others)
    outside = tuple(key for key in others if key in inputs.universe)
    quoted = sorted({level.currency for level in forecast.levels})
    rates = {code: last_rate(inputs.snapshot.rates, code, currency) for code in quoted}
    inputs, forecast = _at_quotes(strategy, inputs, forecast)
    inputs = replace(inputs, universe=with_own_terms(strategy.costs, inputs.universe, inputs.products))
    inputs = _with_fewest_lots(inputs, held)
    by_origin, not_told_apart = _by_origin(strategy, held, inputs, offered, destination)
    offers = OriginVariants.of(inputs.universe, strategy.universe.offer, by_origin)
    outside = tuple(asset.key for asset in offers.universe if {asset.key, asset.offer_of} & {*outside})
    production = _production(strategy, inputs, offers)
    inputs, forecast = offers.inputs(inputs), offers.forecast(forecast)
    prices = np.array([level.price * rates[level.currency].value for level in forecast.levels])
    held = held.under(inputs.universe).at_prices(_wealth(request, inputs), inputs.universe, prices)
    money = whole(request, held, inputs, prices)
    budget, universe = money.budget, inputs.universe
    facts = _facts(strategy, inputs, offers, request.as_of, destination, budget, money.units * prices / budget)
    facts = replace(facts, outside=outside)
    costs, told = strategy_costs(
        strategy.costs,
        universe,
        known=inputs.products,
        prices=prices,
        volatility=np.sqrt(forecast.variances),
        production=production,
        budget=budget,
        premium=offers.premium,
    )
    outlook = needed_scenarios(strategy, inputs, forecast, request)
    facts = replace(facts, **_outcomes(strategy, inputs, forecast, outlook))
    own, of_holdings, waits = _of_holdings(request, held, inputs, prices, outside, short)
    costs, own_terms = at_own_terms(costs, strategy.costs, universe, held, waits)
    if offers.held:
        own = (*own, NoBuy(name=OF_OTHER_ORIGIN, assets=offers.held))
    of_holdings += (*not_told_apart, *_not_covered(held, money, currency))
    told = (*told, *_mined(strategy, inputs), *gone)
    inputs = replace(inputs, further=(*inputs.further, *map(note, money.notes), *of_holdings, *told, *own_terms))
    # What is held of one origin is not bought, and so need not end at a number of the dealer's lots.
    lots = np.array([np.nan if asset.lot_size is None or asset.key in offers.held else asset.lot_size for asset in universe])
    rebalance = strategy.rebalance or RebalanceSpec()
    costs = charged_moves(costs, rebalance, forecast, strategy.objective, money.units * prices / budget)
    problem = Problem(forecast, facts, strategy.objective, (*strategy.constraints, *own), costs, lots * prices / budget)
    problem = within_rebalancing(problem, rebalance, strategy.solver)
    of_day = (prices, rates, held, money)
    return Prepared(request, strategy, inputs, problem, *of_day, outside, of_holdings, waits, outlook, offers.held)


def _wealth(request: Request, inputs: Inputs) -> float:
    """The whole of which weights are fractions: the total, or the budget."""
    return reporting_budget(request, inputs)[0] if request.total is None else request.total


def _without_ended(strategy: Strategy, market: PricedMarket) -> tuple[Strategy, Inputs, tuple[Remark, ...]]:
    """Strategy and inputs without listed instruments whose series has ended, as in a backtest, and a warning of these."""
    inputs = market.inputs(strategy)
    priced = {*inputs.universe.keys} - {*inputs.products.keys}
    gone = {key: day for key, day in ended(inputs.series.take(inputs.universe.keys)).items() if key in priced} if priced else {}
    if not gone:
        return strategy, inputs, ()
    strategy = among(strategy, inputs.universe, tuple(key for key in inputs.universe.keys if key not in gone))
    text = message(
        "No price any more of {assets}, while others go on: taken as delisted, as in a backtest, and not bought.",
        assets=[message("{asset} (last of {day:%Y-%m-%d})", asset=key, day=day) for key, day in gone.items()],
    )
    remedy = message("Bring newer prices; what is held of them may be sold with --sell-others.")
    rest = market.inputs(strategy)

    def notes() -> tuple[Remark, ...]:
        return tuple(remark for remark in rest.notes if not remark.assets or {*remark.assets} - {*gone})

    return strategy, replace(rest, read_notes=notes), (Remark("data", text, remedy, tuple(gone), comes_first=True),)


def _at_quotes(strategy: Strategy, inputs: Inputs, forecast: Forecast) -> tuple[Inputs, Forecast]:
    """Inputs and forecast with the levels of quotes in place of the market's, and a note on each."""
    if inputs.quotes is None or inputs.quotes.is_empty():
        return inputs, forecast
    quotes = {row["asset"]: row for row in inputs.quotes.iter_rows(named=True)}
    paid = strategy.costs is None or "spread" in strategy.costs.include
    assets, levels, notes = list(inputs.universe), list(forecast.levels), []
    for i, (asset, level) in enumerate(zip(inputs.universe, forecast.levels, strict=True)):
        row = quotes.pop(asset.key, None)
        if row is None:
            continue
        if row["unit"] != level.unit:
            raise DataError(
                "{source}: {key!r:s} is priced per {unit}, and its series is per {level_unit}.",
                hint="State the unit of the price as that of the series.",
                details={"asset": asset.key},
                source=row["source"],
                key=asset.key,
                unit=row["unit"],
                level_unit=level.unit,
            )
        rate = last_rate(inputs.snapshot.rates, row["currency"], level.currency).value
        quoted = quoted_level(row, asset, level.price / rate, spread_is_paid=paid)
        price, error = quoted.price * rate, quoted.standard_error * rate
        levels[i] = level._replace(price=price, standard_error=error, raw=price, date=row["date"], basis=row["basis"])
        notes.append(quoted.sentence)
        if row["spread"] is not None:
            assets[i] = replace(asset, spread=row["spread"])
    if quotes:
        notes.append(message("Own prices that the strategy has no use for: {assets}.", assets=sorted(quotes)))
    told = replace(inputs, universe=Universe(tuple(assets)), further=(*inputs.further, *map(note, notes)))
    told = replace(told, price_notes=(*notes, *inputs.price_notes))
    return told, replace(forecast, levels=tuple(levels))


def _with_fewest_lots(inputs: Inputs, held: Held) -> Inputs:
    """The inputs with as many lots at least, of what is not held, as the least quantity comes to that a price is for."""

    def fewest(asset: Asset) -> Asset:
        least = least_of(asset, inputs.least)
        if not least or asset.lot_size is None or held.units.get(asset.key):
            return asset
        return replace(asset, minimum_lots=max(asset.minimum_lots, math.ceil(least / asset.lot_size - SAME_QUANTITY)))

    told = [
        message("{asset} {least:,.6g} {unit}", asset=asset.key, least=least, unit=asset.unit)
        for asset in inputs.universe if (least := least_of(asset, inputs.least))
    ]  # fmt: skip
    text = message("Bought in no less than their quotations are for: {assets}.", assets=told)
    further = (*inputs.further, note(text)) if told else inputs.further
    return replace(inputs, universe=Universe(tuple(map(fewest, inputs.universe))), further=further)


def least_of(asset: Asset, least: Mapping[str, float]) -> float:
    """The least quantity of an asset that is bought at its price, in its unit; 0 where any is.

    Args:
        asset: Or an offer of it.
        least: As of `Inputs`.
    """
    return least.get(asset.offer_of or asset.key, 0.0) / KG_PER_UNIT.get(asset.unit, 1.0)


def _with_held(
    request: Request, market: PricedMarket, strategy: Strategy, inputs: Inputs, others: tuple[str, ...]
) -> tuple[Inputs, Forecast, tuple[str, ...]]:
    """Inputs and forecast with the holdings outside of the strategy, and the assets left out: too few prices for risk.

    Raises:
        GapError, DataError: for an asset of the strategy with too few prices for risk.
    """
    currency, destination = request.owner.currency, request.owner.country
    short: tuple[str, ...] = ()
    while True:
        kept = tuple(key for key in others if key not in short)
        found = market.inputs(strategy, also=kept) if kept else inputs
        try:
            key = (strategy.forecast.model_dump_json(), found.universe, currency, destination)
            if key not in market.forecasts:
                market.forecasts[key] = strategy_forecast(strategy, found, currency, destination)
            return found, market.forecasts[key], short
        except DataError as error:
            key = error.details.get("asset")
            if key not in kept:
                raise
            short = (*short, key)


def _by_origin(
    strategy: Strategy, held: Held, inputs: Inputs, offered: Collection[str], destination: str
) -> tuple[dict[str, tuple[str, ...]], tuple[Remark, ...]]:
    """Product -> origins of its lots that are assets of their own, and remarks where the strategy does not allow that.

    Where a limit is on countries, all that the holdings name; where limits are on controls alone, those other than China of
    products that are controlled as exports of China. Objectives that weigh every asset, and counts of holdings, would take one
    metal of two origins for two; without costs nothing would keep a lot from being exchanged for metal of any origin.
    """
    known = {
        asset: countries
        for asset, countries in held.origins.items()
        if asset in inputs.products and asset in inputs.universe and asset not in offered
    }
    limits = [constraint for constraint in strategy.constraints if constraint.needs.countries or constraint.needs.controls]
    if any(limit.needs.countries for limit in limits):
        found = known
    else:
        questions = [limit.needs.controls for limit in limits if limit.needs.controls is not None]
        asked = {(to or destination, instruments) for to, instruments in questions}
        found = {
            asset: abroad
            for asset, countries in known.items()
            if (abroad := tuple(country for country in countries if country != CHINA))
            and any(
                is_controlled(inputs.ledger, inputs.products[asset], inputs.snapshot.as_of, *question) for question in asked
            )
        }
    told = _unplaced(held, inputs) if limits else ()
    if not found:
        return {}, told
    costs = strategy.costs
    charged = costs is not None and "spread" in costs.include
    if charged and strategy.objective.counts_costs and not any(own.on_holdings for own in strategy.constraints):
        return found, told
    lots = [lot.lot_id for lot in held.lots if lot.from_country in found.get(lot.asset, ())]
    text = message(
        "{lots} count in limits on control and countries as the metal of any origin, not of their own: this strategy "
        "cannot tell them apart.",
        lots=few(lots),
    )
    remedy = message(
        "Their own origin may break these limits, or leave room: use a strategy of least risk with costs, as physical-basket."
    )
    return {}, (*told, Remark("law", text, remedy, tuple(found)))


def _unplaced(held: Held, inputs: Inputs) -> tuple[Remark, ...]:
    """A remark on lots whose origin does not count, since the law where they lie could be another."""
    lots = [
        lot for lot in held.lots if lot.from_country is None and lot.origin != UNKNOWN_ORIGIN and lot.asset in inputs.products
    ]
    if not lots:
        return ()
    text = message(
        "{lots} count in limits on control and countries as the metal of any origin: their place is not known, and might be in "
        "China.",
        lots=few([lot.lot_id for lot in lots]),
    )
    remedy = message("Write the place in the column location.")
    return (Remark("law", text, remedy, tuple(dict.fromkeys(lot.asset for lot in lots))),)


def _mined(strategy: Strategy, inputs: Inputs) -> tuple[Remark, ...]:
    """A note on metals of which limits on countries count another stage than that of the form."""
    if not any(constraint.needs.countries for constraint in strategy.constraints):
        return ()
    supply = [(asset, inputs.supply[asset.key]) for asset in inputs.universe if asset.key in inputs.supply]
    found = [asset.key for asset, shares in supply if asset.origin is None and shares.stage != asset.stage]
    if not found:
        return ()
    return (
        note(message("Limits on countries count the mines of {assets}: no shares of their refining are known.", assets=found)),
    )


def _not_covered(held: Held, money: Whole, currency: str) -> tuple[Remark, ...]:
    """A warning where more is owed on what is held than the money that is added."""
    short = round(held.owed - money.reserved, 2)
    if short <= 0:
        return ()
    text = message(
        "{short:,.2f} {currency} still owed on {lots} are in no budget here: they count as held in full.",
        short=short,
        currency=currency,
        lots=held.unpaid,
    )
    return (Remark("answer", text, message("Keep that money ready, or add it to --budget."), money=short),)


def _of_holdings(
    request: Request,
    held: Held,
    inputs: Inputs,
    prices: FloatArray,
    outside: tuple[str, ...],
    short: tuple[str, ...],
) -> tuple[tuple[Constraint, ...], tuple[Remark, ...], dict[str, tuple[str, ...]]]:
    """The constraints from holdings, remarks on them, and asset -> lots that wait.

    What the strategy does not hold is kept, unless it may be sold; what is not for sale, or is nearly free of tax, stays.
    """
    found: list[Constraint] = []
    notes: list[Remark] = []
    there = tuple(key for key in outside if held.units.get(key))
    if outside and request.sell_others:
        found.append(_OnlyReduced(name=OUTSIDE, assets=outside))
        notes.append(note(message("Held and not part of the strategy, and may be sold: {assets}.", assets=there)))
    elif outside:
        found.append(NoTrade(name=OUTSIDE, assets=outside))
        kept = message(
            "Held and not part of the strategy, kept as it is and counted in limits: {assets}. --sell-others lets it be sold.",
            assets=there,
        )
        notes.append(note(kept))
    step = 0.0 if held.read is None else grade_step(inputs.snapshot)
    notes += held_remarks(held, inputs.universe, prices, short, request.owner.currency, step)
    owner = request.owner
    bound: dict[str, float] = {}
    waits: dict[str, tuple[str, ...]] = {}
    for key, price in zip(inputs.universe.keys, prices, strict=True):
        lots = held.of(key)
        if not lots or (key in outside and not request.sell_others):
            continue
        kept = waiting(lots, price, owner.lot_order, request.as_of)
        units = sum(lot.quantity for lot in (*kept, *(lot for lot in lots if not lot.for_sale)))
        if units > 0:
            bound[key] = units * price
        if kept:
            waits[key] = tuple(lot.lot_id for lot in kept)
    if bound:
        found.append(_KeepLots(name=NOT_SOLD_YET, values=bound))
    return tuple(found), tuple(notes), waits


def _outcomes(strategy: Strategy, inputs: Inputs, forecast: Forecast, outlook: StrategyScenarios | None) -> dict[str, Any]:
    """Constraint data on scenarios and on the days of a sale."""
    shocks = {fall.name: fall.returns for fall in factor_falls(forecast)}
    asked = any(constraint.needs.exit_days for constraint in strategy.constraints)
    return {
        "scenarios": None if outlook is None else outlook.scenarios,
        "shocks": {**shocks, **(outlook.shocks if outlook is not None else {})},
        "exit_days": exit_days(inputs.snapshot, inputs.universe) if asked else None,
    }


def _production(strategy: Strategy, inputs: Inputs, offers: OriginVariants) -> dict[str, float]:
    """Production by asset in kg a year, where market impact asks for volumes; `inputs` are those before the offers."""
    if strategy.costs is None or not (strategy.costs.impact or strategy.costs.impacts):
        return {}
    return offers.production(world_production(inputs.snapshot["shares"], inputs.universe), inputs.supply)


def _facts(
    strategy: Strategy,
    inputs: Inputs,
    offers: OriginVariants,
    day: date,
    destination: str,
    budget: float,
    previous: FloatArray,
) -> ConstraintData:
    universe = inputs.universe

    def controls(to: str, instruments: tuple[str, ...]) -> FloatArray:
        return np.array(
            [
                (asset.offer_of or asset.key) in inputs.products and is_controlled(inputs.ledger, asset, day, to, instruments)
                for asset in universe
            ],
            dtype=float,
        )

    questions = {constraint.needs.controls for constraint in strategy.constraints} - {None}
    asked = {question: controls(question[0] or destination, question[1]) for question in questions if question is not None}
    stages = {stage for constraint in strategy.constraints for stage in constraint.needs.stages}
    known = {key: supply for key, supply in inputs.supply.items() if key in universe}
    known_forms = [asset for asset in universe if (asset.offer_of or asset.key) in inputs.products]
    return ConstraintData(
        universe=universe,
        budget=budget,
        countries=_country_rows(universe, known),
        stages={stage: _country_rows(universe, _at_stage(inputs, offers, stage)) for stage in sorted(stages)},
        controlled=None if len(inputs.unknown) == len(universe) else controls(destination, DEFAULT_INSTRUMENTS),
        controls_by=asked,
        export_laws={
            to: export_laws(inputs.ledger, known_forms, day, to or destination) for to in {"", *(to for to, _ in asked)}
        },
        unknown_supply=tuple(key for key in universe.keys if key not in known),
        unknown_assets=inputs.unknown,
        previous=previous,
        own_groups=strategy.universe.own_groups,
    )


def _at_stage(inputs: Inputs, offers: OriginVariants, stage: str) -> Mapping[str, SupplyShares]:
    at_stage = inputs.snapshot["shares"].filter(pl.col("stage") == stage)
    known = newest_supplies(at_stage, inputs.snapshot["shares_elsewhere"])
    products = dict.fromkeys(asset.offer_of or asset.key for asset in inputs.universe)
    at = {key: known[key, stage] for key in products if (key, stage) in known}
    found = offers.supply(at, inputs.snapshot.as_of)
    # A lot's origin is where its form was made, which says nothing of another stage.
    for asset in inputs.universe:
        if asset.key in offers.held and asset.stage != stage:
            found.pop(asset.key)
            found |= {asset.key: at[asset.offer_of]} if asset.offer_of in at else {}
    return {key: supply for key, supply in found.items() if key in inputs.universe}


def _country_rows(universe: Universe, supply: Mapping[str, SupplyShares]) -> dict[str, FloatArray]:
    """Country -> (n,) highest share of each asset's supply that a source gives; unnamed countries are many and have no row."""
    countries = sorted({country for shares in supply.values() for country in shares.countries})
    return {
        country: np.array([supply[key].share_range(country)[1] if key in supply else 0.0 for key in universe.keys])
        for country in countries
    }
