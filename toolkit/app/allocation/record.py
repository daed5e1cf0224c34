"""The run object of `toolkit optimize --json`: names, cents and significant digits; no clock times, never NaN."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, TypeVar

import numpy as np

from toolkit.app.allocation.amounts import AllocationAmounts
from toolkit.app.allocation.factor_model import correlation_risk, correlations, factor_model
from toolkit.app.allocation.inputs import Inputs
from toolkit.app.allocation.orders import lots_after, orders, stock_sold, taxed_today
from toolkit.app.allocation.prepare import Prepared
from toolkit.app.allocation.rebalancing import rebalancing
from toolkit.app.allocation.record_risk import (
    at_last_prices,
    contributions,
    limit_rows,
    lots_gap_value,
    objective_record,
    risk_record,
    scenario_rows,
)
from toolkit.app.allocation.warnings import of_lost_periods, warnings
from toolkit.app.assumptions import value_added_tax
from toolkit.app.controls.own_events import kept
from toolkit.app.controls.states import control_states, timeline
from toolkit.app.holdings.valuation import annual_basis, in_europe, place_of
from toolkit.app.runs import SCHEMA_VERSION
from toolkit.app.strategies.evidence import evidence_of
from toolkit.app.supply import shown_shares
from toolkit.controls.upcoming import upcoming
from toolkit.core.assets import Asset, Universe
from toolkit.core.forecast import FloatArray, Forecast
from toolkit.core.messages import message
from toolkit.core.remarks import in_record
from toolkit.core.units import significant
from toolkit.holdings.unit_price import Quotation
from toolkit.optimize.costs import TRADED, Costs
from toolkit.optimize.infeasibility.least_budget import least_budget
from toolkit.optimize.problem import Problem
from toolkit.optimize.solution import Allocation
from toolkit.records.base import with_phrases
from toolkit.records.dates import Upcoming
from toolkit.records.factors import AssetModel, AssetSupply, AssetVolatility, Concentration, Estimate, ExpectedReturn, Exposures
from toolkit.records.limits import CostItems, Solver
from toolkit.records.limits import Costs as RunCosts
from toolkit.records.positions import Before, Caps, Cash, LeftOut, Money, Order, Position, Relaxed
from toolkit.records.run import Run
from toolkit.records.sources import About, Owner, Provenance, Review, StrategyName
from toolkit.records.sources import Rate as RateUsed
from toolkit.returns.history import ANNUAL_AVERAGE
from toolkit.returns.price_errors import PriceErrors, error_of_sum
from toolkit.returns.quotes import BUNDLED, OWN_SERIES, whose
from toolkit.risk_measures.variance import volatility
from toolkit.supply.concentration import country_exposure

RowT = TypeVar("RowT", Position, Order)
MOST_CORRELATED = 16
"""Largest number of products whose correlations are kept: more pairs are not legible in a chart."""
LEVELS = (
    "price",
    "price_se",
    "price_today_se",
    "price_today_low",
    "price_today_high",
    "price_raw",
    "quantity",
    "lots",
    "lot_size",
)
"""Fields of positions and orders that mean nothing where only returns are known."""


def run_record(
    prepared: Prepared,
    allocation: Allocation,
    *,
    run_id: str,
    provenance: tuple[Provenance, ...],
    versions: Mapping[str, str],
) -> Run:
    """The record.

    Args:
        prepared: The problem, and the holdings, prices and inputs it was made from.
        allocation: Its answer.
        run_id: Derived from everything that went in.
        provenance: `data[]`.
        versions: Of the toolkit and of the libraries behind the numbers.
    """
    request, strategy, inputs, problem = prepared.request, prepared.strategy, prepared.inputs, prepared.problem
    owner, as_of, budget = request.owner, request.as_of, prepared.budget
    prices, held, rates, outlook = prepared.prices, prepared.money.units, prepared.rates, prepared.outlook
    money = _amounts(prepared, allocation)
    forecast, universe = problem.forecast, inputs.universe
    named = {i: forecast.factors[i] for i in forecast.named}
    raw = np.array([level.raw * rates[level.currency].value for level in forecast.levels])
    exposure = country_exposure(dict(zip(universe.keys, money.weights, strict=True)), inputs.supply)
    told = () if outlook is None else outlook.notes
    quoted = _in_europe(prepared)
    touched = money.touched(universe)
    solved = allocation.continuous
    bases = [*_bases(prepared)]
    traded = orders(prepared, money, bases)
    waiting, sold = prepared.not_sold(solved.x[:-1]), stock_sold(prepared, traded)
    taxed, held_after = taxed_today(prepared, traded), lots_after(prepared, traded)
    listed = [row.order for row in traded]
    # A blend reads the others of its estimators from all periods.
    lost = of_lost_periods((*told, *(forecast.notes if forecast.covariance != "blend" else ())))
    further = (
        *lost,
        *sold,
        *waiting,
        *taxed,
        *(one for key, there in quoted.items() if touched[key] for one in there.remark(key)),
    )
    remarks = warnings(prepared, allocation, money, provenance, further)
    errors = _errors(inputs)
    positions = _positions(prepared, allocation, money, errors, quoted, bases)
    of_prices = ((p.product, (p.quantity or 0.0) * (p.price_today_se or 0.0)) for p in positions)
    if inputs.returns_only:
        listed, held_after = _without_levels(listed), ()
    beside: dict[str, Any] = {
        **in_record(remark for remark in remarks if remark.text not in told),
        **kept(inputs.events, as_of),
        **({"client": request.client} if request.client else {}),
    }
    together = correlations(forecast, _correlated(universe, money.weights))
    record = Run(
        schema_version=SCHEMA_VERSION,
        run_id=run_id,
        holdings_notes=(
            *(remark.text for remark in sold),
            *prepared.money.notes,
            *(remark.text for remark in (*prepared.told, *waiting) if not remark.is_warning),
        ),
        as_of=as_of.isoformat(),
        strategy=StrategyName(name=strategy.name, title=strategy.about.title, fingerprint=strategy.fingerprint),
        currency=owner.currency,
        budget=budget,
        periods_per_year=forecast.periods_per_year,
        status=allocation.status,
        objective=objective_record(problem, allocation),
        solver=Solver.from_objects(
            allocation,
            name=solved.solver,
            status=solved.status,
            attempts=solved.attempts,
            kkt=solved.certificate,
            lots_gap_value=lots_gap_value(problem, allocation, money.wealth),
        ),
        positions=tuple(positions),
        orders=tuple(listed),
        lots=held_after,
        value_se=None if errors is None else error_of_sum(of_prices, errors.correlation),
        at_last_prices=at_last_prices(problem, money, raw),
        expected_return=_expected(forecast, money.weights, universe.keys),
        ledger=Review.model_validate(inputs.ledger),
        money=Money(
            held=float(money.before.sum()),
            cash_before=money.previous_cash * budget,
            added=prepared.money.added,
            owed=prepared.held.owed,
            reserved=prepared.money.reserved,
        ),
        cash=_cash(money),
        risk=risk_record(problem, outlook, money.weights),
        risk_contributions=_by_asset(universe, contributions(problem, money.weights)),
        constraints=limit_rows(problem, allocation),
        limits_hold_from=least_budget(problem, allocation, strategy.solver),
        exposures=Exposures(
            country=exposure.as_mapping(),
            country_other=exposure.other,
            country_unknown=exposure.unknown,
            controlled=None if problem.data.controlled is None else float(problem.data.controlled @ money.weights),
            concentration=Concentration(hhi=exposure.hhi, n_minus_1=exposure.n_minus_1),
            factors=_named(named, forecast.loadings.T @ money.weights),
        ),
        scenarios=scenario_rows(problem, outlook, money.weights),
        scenario_notes=told,
        costs=RunCosts(
            entry=money.entry,
            holding_per_year=money.holding,
            annualised=problem.costs.annual(money.values / budget, problem.previous, budget) * budget / money.wealth,
            holding_years=problem.costs.holding_years,
            items=_items(problem, money, budget),
        ),
        vat=value_added_tax(inputs.snapshot, owner.country),
        data=provenance,
        versions=dict(versions),
        seed=request.seed,
        owner=Owner.from_objects(owner),
        about=About.model_validate(strategy.about),
        assets=_assets(inputs, forecast, problem.costs, money),
        relaxed=Relaxed(
            weights=_by_asset(universe, solved.x[:-1]),
            cash=float(solved.x[-1]),
            volatility=volatility(forecast, solved.x[:-1]),
        ),
        controls=control_states(inputs.ledger, inputs.products, as_of, owner.country),
        timeline=timeline(inputs.ledger, ((a.key, a.form) for a in inputs.products), as_of),
        before=_before(inputs, problem, held * prices / budget) if held.any() else None,
        caps=_caps(problem),
        upcoming=tuple(map(Upcoming.model_validate, upcoming(inputs.ledger, on=as_of, within_days=400))),
        rates=tuple(RateUsed.from_objects(rate, rate=rate.value) for rate in rates.values() if rate.date is not None),
        left_out=tuple(
            LeftOut(asset=key, name=inputs.products[key].name, reason=message("no monthly price")) for key in inputs.unpriced
        ),
        held_unpriced=prepared.unpriced,
        factor_model=None if forecast.model is None else factor_model(strategy, inputs, forecast, owner.country),
        correlations=together,
        correlation_risk=correlation_risk(forecast, universe, money.weights, together),
        phrases={},
        # What is known of the bundled metals says nothing of series of the user's own.
        evidence=None if {*inputs.own} & {*universe.keys} else evidence_of(strategy.fingerprint, as_of),
        rebalancing=rebalancing(problem, strategy.rebalance, as_of),
        **beside,
    )
    return with_phrases(record)


def _by_asset(universe: Universe, values: FloatArray) -> dict[str, float]:
    return dict(zip(universe.keys, values.tolist(), strict=True))


def _without_levels(rows: Sequence[RowT]) -> list[RowT]:
    return [row.model_copy(update={key: None for key in LEVELS if key in type(row).model_fields}) for row in rows]


def _expected(forecast: Forecast, weights: FloatArray, keys: Sequence[str]) -> ExpectedReturn | None:
    """Expected return a year of the proposal and of each asset, with standard errors; None where the strategy has none."""
    expected, covariance = forecast.expected, forecast.expected_cov
    if not np.any(expected):
        return None
    errors = [None] * len(keys) if covariance is None else np.sqrt(np.clip(np.diag(covariance), 0.0, None)).tolist()
    own = None if covariance is None else math.sqrt(max(float(weights @ covariance @ weights), 0.0))
    values = zip(keys, expected.tolist(), errors, strict=True)
    return ExpectedReturn(
        value=float(expected @ weights),
        error=own,
        horizon="1 year",
        assets={key: Estimate(value=value, error=error) for key, value, error in values},
    )


def placed(prepared: Prepared, allocation: Allocation) -> Iterator[dict[str, Any]]:
    """Of each position of the record, and of cash at the end, what is held: for who asks for no more.

    Args:
        prepared: The problem.
        allocation: Its answer.
    """
    money = _amounts(prepared, allocation)
    for i, asset in enumerate(prepared.inputs.universe):
        yield {"asset": asset.key, "name": asset.name, "unit": asset.unit, **_held(prepared, allocation, money, i)}
    yield {"asset": "cash", "name": "Cash", **_cash(money).to_json()}


def _held(prepared: Prepared, allocation: Allocation, money: AllocationAmounts, i: int) -> dict[str, Any]:
    """The fields of a position that say how much is held: numbers as in JSON, null for levels where only returns are known."""
    level, lots = not prepared.inputs.returns_only, float(allocation.lots[i])
    whole, size = level and math.isfinite(lots), prepared.inputs.universe.assets[i].lot_size
    return {
        "weight": significant(float(money.weights[i])),
        "previous_weight": significant(float(money.previous_weights[i])),
        "value": significant(float(money.values[i])),
        "quantity": significant(float(money.quantities[i])) if level else None,
        "lots": int(lots) if whole else None,
        "lot_size": significant(size) if whole and size is not None else None,
        "price": significant(float(prepared.prices[i])) if level else None,
    }


def _errors(inputs: Inputs) -> PriceErrors | None:
    """Errors of prices as of today; None where only returns are known."""
    return None if inputs.returns_only else PriceErrors.on(inputs.snapshot, inputs.series)


def _cash(money: AllocationAmounts) -> Cash:
    return Cash(weight=money.cash / money.wealth, value=money.cash, previous_weight=money.previous_cash)


def _amounts(prepared: Prepared, allocation: Allocation) -> AllocationAmounts:
    money = prepared.amounts(allocation)
    quantities = zip(prepared.inputs.universe.keys, money.quantities, strict=True)
    money.quantities = np.array([prepared.units.get(key, quantity) for key, quantity in quantities])
    return money


def _positions(
    prepared: Prepared,
    allocation: Allocation,
    money: AllocationAmounts,
    errors: PriceErrors | None,
    quoted: Mapping[str, Quotation],
    bases: Sequence[Mapping[str, Any]],
) -> list[Position]:
    rows, inputs, forecast = [], prepared.inputs, prepared.problem.forecast
    for i, (asset, level, basis) in enumerate(zip(inputs.universe, forecast.levels, bases, strict=True)):
        rate = prepared.rates[level.currency].value
        product, price = asset.offer_of or asset.key, float(prepared.prices[i])
        error, (low, high) = 0.0, (price, price)
        if errors is not None:
            of_today = errors.of(product, level.basis, level.date, level.standard_error / level.price)
            error, (low, high) = of_today.error, of_today.bounds(price)
        rows.append(
            Position.from_objects(
                asset,
                asset=asset.key,
                previous_quantity=float(prepared.money.units[i]),
                ordered_quantity=float(prepared.money.arriving[i]),
                outside=asset.key in prepared.outside,
                price_se=level.standard_error * rate,
                price_today_se=price * error,
                price_today_low=low,
                price_today_high=high,
                price_raw=level.raw * rate,
                basis=level.basis,
                **basis,
                in_europe=quoted.get(asset.key),
                cost=float(money.costs[i]),
                relaxed_weight=float(allocation.continuous.x[i]),
                **_held(prepared, allocation, money, i),
            )
        )
    return _without_levels(rows) if inputs.returns_only else rows


def _bases(prepared: Prepared) -> Iterator[dict[str, Any]]:
    """The fields of a position, and of an order, that say what the price of each asset rests on and whose it is."""
    inputs = prepared.inputs
    own = {*inputs.own}
    sources = {key: (OWN_SERIES if key in own else BUNDLED, source) for key, source in inputs.sources.items()}
    if inputs.quotes is not None:
        quoted = inputs.quotes.select("asset", "basis", "source")
        sources |= {key: (whose(basis), source) for key, basis, source in quoted.iter_rows()}
    for asset, level in zip(inputs.universe, prepared.problem.forecast.levels, strict=True):
        yearly = level.basis == ANNUAL_AVERAGE and asset.key not in own
        series, status, annual = annual_basis(inputs.snapshot, asset) if yearly else ("", "", "")
        owner, newest = sources.get(asset.offer_of or asset.key, (BUNDLED, annual))
        yield {
            "series": series or None,
            "place": place_of(series or level.basis),
            "price_date": level.date.isoformat(),
            "price_status": status,
            "price_from": owner,
            "price_source": annual if yearly and owner == BUNDLED else newest,
        }


def _in_europe(prepared: Prepared) -> dict[str, Quotation]:
    """Asset -> quotation in Europe, for bundled annual averages of other regions."""
    inputs, currency = prepared.inputs, prepared.request.owner.currency
    found: dict[str, Quotation] = {}
    for asset, level, price in zip(inputs.universe, prepared.problem.forecast.levels, prepared.prices, strict=True):
        if level.basis != ANNUAL_AVERAGE or asset.key in inputs.own:
            continue
        basis, *_ = annual_basis(inputs.snapshot, asset)
        quotation = in_europe(inputs.snapshot, asset, float(price), level.date, basis, currency)
        if quotation is not None:
            found[asset.key] = quotation
    return found


def _items(problem: Problem, money: AllocationAmounts, budget: float) -> CostItems:
    """Costs at entry and a year, by kind; before cents are rounded."""
    costs, trades = problem.costs, money.values - problem.previous * budget
    bought, size = np.clip(trades, 0.0, None), np.abs(trades)
    entry = {
        "spread": costs.half_spread @ size + costs.held_spread @ (size - bought),
        "premium": costs.premium @ bought,
        "vat": (costs.vat * (1.0 + costs.half_spread + costs.premium)) @ bought,
        "impact": costs.impact @ (np.sqrt(size / budget) * size),
        "fees": costs.lot_fee @ size + costs.fees @ (size > TRADED * budget),
    }
    yearly = {"storage": costs.stored(money.values, money.before), "sites": costs.site_fees(money.values / budget)}
    if costs.borrow.any():
        yearly["borrow"] = costs.borrowed(money.values)
    paid = {name: float(cost) for name, cost in entry.items()}
    return CostItems(entry=paid, yearly={name: float(cost) for name, cost in yearly.items()})


def _correlated(universe: Universe, weights: FloatArray) -> dict[int, str]:
    """Row -> key of the products whose correlations are kept, one offer of each: what is held first, then the others."""
    rows: dict[str, int] = {}
    for i in np.argsort(-np.abs(weights), kind="stable"):
        rows.setdefault(universe.assets[i].offer_of or universe.keys[i], int(i))
    return {row: key for key, row in [*rows.items()][:MOST_CORRELATED]}


def _named(factors: Mapping[int, str], values: FloatArray) -> dict[str, float]:
    """Values of the k factors by name, statistical directions left out."""
    return {name: float(values[i]) for i, name in factors.items()}


def _assets(inputs: Inputs, forecast: Forecast, costs: Costs, money: AllocationAmounts) -> tuple[AssetModel, ...]:
    """One record an asset: volatility (observed, corrected, used), loadings, concentration of supply."""
    errors = forecast.loading_errors
    named = {i: forecast.factors[i] for i in forecast.named}
    used = np.sqrt(np.clip(forecast.variances, 0.0, None))
    kept_part = np.clip(np.minimum(money.values, money.before), 0.0, None) / np.where(money.values > 0, money.values, 1.0)
    spreads, storage = 2 * costs.held_spread * kept_part, costs.held_storage * kept_part
    rows = []
    for i, (asset, risk) in enumerate(zip(inputs.universe, forecast.risks, strict=True)):
        rows.append(
            AssetModel.from_objects(
                asset,
                asset=asset.key,
                spread=float(asset.spread + spreads[i]),
                storage=float(asset.storage + storage[i]),
                terms="mixed" if spreads[i] or storage[i] else asset.terms,
                volatility=AssetVolatility.from_objects(risk, corrected=risk.latent, used=float(used[i])),
                loadings=_named(named, forecast.loadings[i]),
                loading_errors=None if errors is None else _named(named, errors[i]),
                specific_volatility=math.sqrt(max(float(forecast.specific_var[i]), 0.0)),
                supply=_supply(inputs, asset),
            )
        )
    return tuple(rows)


def _supply(inputs: Inputs, asset: Asset) -> AssetSupply | None:
    supply = inputs.supply.get(asset.key)
    if supply is None:
        return None
    title = inputs.snapshot.source(supply.source).title
    return AssetSupply.from_objects(supply, **shown_shares(supply), source=title, source_id=supply.source)


def _before(inputs: Inputs, problem: Problem, weights: FloatArray) -> Before:
    """Measures of the holdings before trading: volatility, controlled share, countries, and the value at each limit."""
    exposure = country_exposure(dict(zip(inputs.universe.keys, weights, strict=True)), inputs.supply)
    limits = problem.linear_constraints()
    values = limits.rows.matvec(np.append(weights, 1.0 - weights.sum()))
    at: dict[str, float] = {}
    for row in np.argsort(limits.h - values, kind="stable"):
        sign = 1.0 if limits.sides[row] == "upper" else -1.0
        at.setdefault(problem.constraints[limits.owner[row]].name, float(sign * values[row]) + 0.0)
    return Before(
        volatility=math.sqrt(max(problem.forecast.variance(weights), 0.0)),
        controlled=None if problem.data.controlled is None else float(problem.data.controlled @ weights),
        country=exposure.as_mapping(),
        country_other=exposure.other,
        country_unknown=exposure.unknown,
        limits=at,
    )


def _caps(problem: Problem) -> Caps:
    """The tightest upper limit on each asset and on each country, where a term sets one; a cap may name an element."""
    limits = problem.linear_constraints()
    assets: dict[str, float] = {}
    countries: dict[str, float] = {}
    for h, owner, label, side in zip(limits.h, limits.owner, limits.labels, limits.sides, strict=True):
        caps = {"bounds": assets, "country_exposure": countries}.get(problem.constraints[owner].kind)
        if caps is not None and side == "upper":
            caps[label] = min(float(h), caps.get(label, math.inf))
    return Caps(assets=assets, countries=countries)
