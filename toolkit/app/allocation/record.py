"""The run object of `toolkit optimize --json`: names, cents and significant digits; no clock times, never NaN."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

import numpy as np

from toolkit.app.allocation.amounts import AllocationAmounts
from toolkit.app.allocation.factor_model import correlations, factor_model
from toolkit.app.allocation.inputs import Inputs
from toolkit.app.allocation.observed_limits import at_last_prices
from toolkit.app.allocation.orders import lots_after, orders, taxed_today
from toolkit.app.allocation.prepare import Prepared
from toolkit.app.allocation.record_risk import contributions, limit_rows, objective_record, risk_record, scenario_rows
from toolkit.app.allocation.request import Request
from toolkit.app.allocation.warnings import warnings
from toolkit.app.assumptions import value_added_tax
from toolkit.app.control_states import control_states, timeline
from toolkit.app.runs import SCHEMA_VERSION
from toolkit.app.supply import ranges
from toolkit.app.valuation import Quotation, annual_basis, in_europe, region_of
from toolkit.controls.upcoming import upcoming
from toolkit.core.assets import Universe
from toolkit.core.forecast import FloatArray, Forecast
from toolkit.core.messages import message, phrases, sentences
from toolkit.core.plain import plain
from toolkit.core.remarks import in_record
from toolkit.core.units import significant
from toolkit.market.exchange_rates import Rate
from toolkit.optimize.costs import TRADED, Costs
from toolkit.optimize.problem import Problem
from toolkit.optimize.solution import Allocation
from toolkit.records.sources import Provenance
from toolkit.returns.history import ANNUAL_AVERAGE
from toolkit.returns.price_levels import error_on
from toolkit.returns.quotes import BUNDLED, OWN_SERIES, whose
from toolkit.risk_measures.variance import volatility
from toolkit.supply.concentration import country_exposure

MOST_CORRELATED = 16
"""Largest number of products whose correlations are kept: more pairs are not legible in a chart."""
LEVELS = ("price", "price_se", "price_today_se", "price_raw", "quantity", "lots", "lot_size")
"""Keys of positions and orders that mean nothing where only returns are known."""


def rounded(value: Any) -> Any:
    """JSON-ready data with every float at 12 significant digits, and null for what is not finite."""
    if isinstance(value, bool) or value is None or isinstance(value, str | int):
        return value
    if isinstance(value, float | np.floating):
        return significant(float(value))
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Mapping):
        return {str(key): rounded(item) for key, item in value.items()}
    if isinstance(value, Sequence | np.ndarray):
        return [rounded(item) for item in value]
    raise TypeError(f"{type(value).__name__} has no place in a run object")


def run_record(
    prepared: Prepared,
    allocation: Allocation,
    request: Request,
    *,
    run_id: str,
    provenance: tuple[Provenance, ...],
    versions: Mapping[str, str],
) -> dict[str, Any]:
    """The record, keys in the order of the contract, additions behind.

    Args:
        prepared: The problem, and the holdings, prices and inputs it was made from.
        allocation: Its answer.
        request: What the user asked for.
        run_id: Derived from everything that went in.
        provenance: `data[]`.
        versions: Of the toolkit and of the libraries behind the numbers.
    """
    settings = request.settings.config.owner
    owner = {"country": settings.country, "currency": settings.currency}
    as_of, budget, strategy, inputs, problem = (
        request.as_of,
        prepared.budget,
        prepared.strategy,
        prepared.inputs,
        prepared.problem,
    )
    prices, held, rates, outlook = prepared.prices, prepared.money.units, prepared.rates, prepared.outlook
    money = AllocationAmounts.of(problem, allocation, prices, held, budget)
    quantities = zip(inputs.universe.keys, money.quantities, strict=True)
    money.quantities = np.array([prepared.units.get(key, quantity) for key, quantity in quantities])
    listed = orders(prepared, money, prices, request)
    forecast, universe = problem.forecast, inputs.universe
    raw = np.array([level.raw * rates[level.currency].value for level in forecast.levels])
    weights = dict(zip(universe.keys, money.weights, strict=True))
    exposure = country_exposure(weights, inputs.supply)
    certificate = allocation.certificate
    told = [] if outlook is None else list(outlook.notes)
    solved = (float(allocation.relaxed[-1]), allocation.lots_gap, strategy.solver.gap, allocation.reproducible)
    quoted = _in_europe(inputs, forecast, prices, owner["currency"])
    touched = dict(zip(universe.keys, np.maximum(np.abs(money.values), np.abs(money.before)), strict=True))
    waiting = prepared.not_sold(allocation.relaxed[:-1])
    taxed = taxed_today(prepared, listed, request)
    further = (*waiting, *taxed, *(one for key, there in quoted.items() if touched[key] for one in there.remark(key)))
    remarks = warnings(inputs, problem, forecast, money, *solved, rates, provenance, owner, further)
    positions = _positions(prepared, forecast, allocation, money, prices, rates, quoted)
    origin = {p["asset"]: {key: p[key] for key in ("price_date", "price_from", "price_source")} for p in positions}
    listed = [{**row, **origin[row["asset"]]} for row in listed]
    held_after = lots_after(prepared, listed, request)
    if inputs.returns_only:
        positions, listed = (
            [{**row, **{key: None for key in LEVELS if key in row}} for row in rows] for rows in (positions, listed)
        )
        held_after = []
    record = {
        "schema_version": SCHEMA_VERSION,
        "run_id": run_id,
        "holdings_notes": [
            *prepared.money.notes,
            *(remark.text for remark in (*prepared.told, *waiting) if not remark.is_warning),
        ],
        "as_of": as_of,
        "strategy": {"name": strategy.name, "title": strategy.about.title, "fingerprint": strategy.fingerprint},
        "currency": owner["currency"],
        "budget": budget,
        "periods_per_year": forecast.periods_per_year,
        "status": allocation.status,
        "objective": objective_record(problem, allocation),
        "solver": {
            "name": allocation.solver,
            "status": allocation.solver_status,
            "attempts": [
                {"solver": a.solver, "status": a.status, "residual": a.residual, "outcome": a.outcome}
                for a in allocation.attempts
            ],
            "kkt": None
            if certificate is None
            else {"primal": certificate.primal, "dual": certificate.dual, "gap": certificate.gap},
            "lots_gap": allocation.lots_gap,
            "rounding_cost": allocation.rounding_cost,
            "reproducible": allocation.reproducible,
        },
        "positions": positions,
        "orders": listed,
        "lots": held_after,
        "at_last_prices": at_last_prices(problem, money, raw),
        "expected_return": _expected(forecast, money.weights, universe.keys),
        "ledger": {"reviewed_to": inputs.ledger.reviewed_to},
        "money": {
            "held": float(money.before.sum()),
            "cash_before": money.previous_cash * budget,
            "added": prepared.money.added,
            "owed": prepared.held.owed,
            "reserved": prepared.money.reserved,
        },
        "cash": {"weight": money.cash / money.wealth, "value": money.cash, "previous_weight": money.previous_cash},
        "risk": risk_record(problem, outlook, money.weights),
        "risk_contributions": dict(zip(universe.keys, contributions(problem, money.weights), strict=True)),
        "constraints": limit_rows(problem, allocation),
        "exposures": {
            "country": exposure.as_mapping(),
            "country_other": exposure.other,
            "country_unknown": exposure.unknown,
            "controlled": None if problem.data.controlled is None else float(problem.data.controlled @ money.weights),
            "concentration": {"hhi": exposure.hhi, "n_minus_1": exposure.n_minus_1},
            "factors": _named(forecast, forecast.loadings.T @ money.weights),
        },
        "scenarios": scenario_rows(problem, outlook, money.weights),
        "scenario_notes": told,
        "costs": {
            "entry": money.entry,
            "holding_per_year": money.holding,
            "annualised": problem.costs.annual(money.values / budget, problem.previous, budget) * budget / money.wealth,
            "holding_years": problem.costs.holding_years,
            "items": _items(problem, money, budget),
        },
        "vat": value_added_tax(inputs.snapshot, owner["country"]),
        "data": provenance,
        **in_record(remark for remark in remarks if remark.text not in told),
        "versions": dict(versions),
        "seed": request.seed,
        "owner": dict(owner),
        "about": strategy.about.model_dump(),
        "assets": _assets(inputs, forecast, problem.costs, money),
        "relaxed": {
            "weights": dict(zip(universe.keys, allocation.relaxed[:-1], strict=True)),
            "cash": allocation.relaxed[-1],
            "volatility": volatility(forecast, allocation.relaxed[:-1]),
        },
        "controls": control_states(inputs.ledger, inputs.products, as_of, owner["country"]),
        "timeline": timeline(inputs.ledger, inputs.products, as_of),
        "before": _before(inputs, problem, held * prices / budget) if held.any() else None,
        "caps": _caps(problem),
        "upcoming": upcoming(inputs.ledger, on=as_of, within_days=400).to_dicts(),
        "rates": [
            {"base": rate.base, "quote": rate.quote, "rate": rate.value, "date": rate.date}
            for rate in rates.values()
            if rate.date is not None
        ],
        "left_out": [
            {"asset": key, "name": inputs.products[key].name, "reason": message("no monthly price")} for key in inputs.unpriced
        ],
        "held_unpriced": prepared.unpriced,
        "factor_model": None if forecast.model is None else factor_model(strategy, inputs, forecast, owner["country"]),
        "correlations": correlations(forecast, _correlated(universe, money.weights)),
    }
    return rounded({**record, "phrases": phrases(sentences(record))})


def _expected(forecast: Forecast, weights: FloatArray, keys: Sequence[str]) -> dict[str, Any] | None:
    """Expected return a year of the proposal and of each asset, with standard errors; None where the strategy has none."""
    expected, covariance = forecast.expected, forecast.expected_cov
    if not np.any(expected):
        return None
    errors = [None] * len(keys) if covariance is None else np.sqrt(np.clip(np.diag(covariance), 0.0, None))
    own = None if covariance is None else math.sqrt(max(float(weights @ covariance @ weights), 0.0))
    return {
        "value": float(expected @ weights),
        "error": own,
        "horizon": "1 year",
        "assets": {key: {"value": value, "error": error} for key, value, error in zip(keys, expected, errors, strict=True)},
    }


def _positions(
    prepared: Prepared,
    forecast: Forecast,
    allocation: Allocation,
    money: AllocationAmounts,
    prices: FloatArray,
    rates: Mapping[str, Rate],
    quoted: Mapping[str, Quotation],
) -> list[dict[str, Any]]:
    rows, inputs = [], prepared.inputs
    sources = _sources(inputs)
    for i, (asset, level) in enumerate(zip(inputs.universe, forecast.levels, strict=True)):
        yearly = level.basis == ANNUAL_AVERAGE and asset.key not in inputs.own
        series, status, source = annual_basis(inputs.snapshot, asset) if yearly else ("", "", "")
        rate = rates[level.currency].value
        owner, newest = sources.get(asset.offer_of or asset.key, (BUNDLED, source))
        source = source if yearly and owner == BUNDLED else newest
        lots = allocation.lots[i]
        in_lots = bool(np.isfinite(lots))
        rows.append(
            {
                "asset": asset.key,
                "name": asset.name,
                "weight": money.weights[i],
                "previous_weight": money.previous_weights[i],
                "previous_quantity": prepared.money.units[i],
                "ordered_quantity": prepared.money.arriving[i],
                "outside": asset.key in prepared.outside,
                "value": money.values[i],
                "quantity": money.quantities[i],
                "unit": asset.unit,
                "lots": int(lots) if in_lots else None,
                "lot_size": asset.lot_size if in_lots else None,
                "price": prices[i],
                "price_se": level.standard_error * rate,
                "price_today_se": error_on(level, forecast.risks[i], inputs.snapshot.as_of) * rate,
                "price_raw": level.raw * rate,
                "price_date": level.date,
                "basis": level.basis,
                "series": series or None,
                "region": region_of(series or level.basis),
                "price_status": status,
                "price_source": source,
                "price_from": owner,
                "in_europe": plain(quoted.get(asset.key)),
                "cost": money.costs[i],
                "element": asset.element,
                "group": asset.group,
                "offer_of": asset.offer_of,
                "origin": asset.origin,
                "terms": asset.terms,
                "relaxed_weight": allocation.relaxed[i],
            }
        )
    return rows


def _sources(inputs: Inputs) -> dict[str, tuple[str, str]]:
    """Asset -> origin of its price (`toolkit.returns.quotes`), and the id of its source or the name of its file."""
    last = inputs.prices.sort("date", maintain_order=True).unique("asset", keep="last").select("asset", "source")
    found = {key: (OWN_SERIES if key in inputs.own else BUNDLED, source) for key, source in last.iter_rows()}
    if inputs.quotes is not None:
        quoted = inputs.quotes.select("asset", "basis", "source")
        found |= {key: (whose(basis), source) for key, basis, source in quoted.iter_rows()}
    return found


def _in_europe(inputs: Inputs, forecast: Forecast, prices: FloatArray, currency: str) -> dict[str, Quotation]:
    """Asset -> quotation in Europe, for bundled annual averages of other regions."""
    found: dict[str, Quotation] = {}
    for asset, level, price in zip(inputs.universe, forecast.levels, prices, strict=True):
        if level.basis != ANNUAL_AVERAGE or asset.key in inputs.own:
            continue
        basis, *_ = annual_basis(inputs.snapshot, asset)
        quotation = in_europe(inputs.snapshot, asset, float(price), level.date, basis, currency)
        if quotation is not None:
            found[asset.key] = quotation
    return found


def _items(problem: Problem, money: AllocationAmounts, budget: float) -> dict[str, dict[str, float]]:
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
    return {"entry": {name: float(cost) for name, cost in entry.items()}, "yearly": {n: float(c) for n, c in yearly.items()}}


def _correlated(universe: Universe, weights: FloatArray) -> dict[int, str]:
    """Row -> key of the products whose correlations are kept, one offer of each: what is held first, then the others."""
    rows: dict[str, int] = {}
    for i in np.argsort(-np.abs(weights), kind="stable"):
        rows.setdefault(universe.assets[i].offer_of or universe.keys[i], int(i))
    return {row: key for key, row in [*rows.items()][:MOST_CORRELATED]}


def _named(forecast: Forecast, values: FloatArray) -> dict[str, float]:
    """Values of the k factors by name, statistical directions left out."""
    return {forecast.factors[i]: float(values[i]) for i in forecast.named}


def _assets(inputs: Inputs, forecast: Forecast, costs: Costs, money: AllocationAmounts) -> list[dict[str, Any]]:
    """One record an asset: volatility (observed, corrected, used), loadings, concentration of supply."""
    errors = forecast.loading_errors
    used = np.sqrt(np.clip(np.diag(forecast.matrix), 0.0, None))
    kept = np.clip(np.minimum(money.values, money.before), 0.0, None) / np.where(money.values > 0, money.values, 1.0)
    spreads, storage = 2 * costs.held_spread * kept, costs.held_storage * kept
    rows = []
    for i, (asset, risk) in enumerate(zip(inputs.universe, forecast.risks, strict=True)):
        supply = inputs.supply.get(asset.key)
        rows.append(
            {
                "asset": asset.key,
                "name": asset.name,
                "element": asset.element,
                "form": asset.form,
                "spread": asset.spread + spreads[i],
                "storage": asset.storage + storage[i],
                "terms": "mixed" if spreads[i] or storage[i] else asset.terms,
                "volatility": {
                    "raw": risk.raw,
                    "corrected": risk.latent,
                    "without_history": risk.without_history,
                    "used": used[i],
                    "low": risk.low,
                    "high": risk.high,
                    "noise": risk.noise,
                    "observations": risk.observations,
                    "first": risk.first,
                    "last": risk.last,
                    "model": risk.model,
                },
                "loadings": _named(forecast, forecast.loadings[i]),
                "loading_errors": None if errors is None else _named(forecast, errors[i]),
                "specific_volatility": math.sqrt(max(float(forecast.specific_var[i]), 0.0)),
                "supply": None
                if supply is None
                else {
                    "stage": supply.stage,
                    "top_country": supply.top_country,
                    "top_share": supply.top_share,
                    "hhi": supply.hhi,
                    "hhi_upper": supply.hhi_upper,
                    "n_minus_1": supply.n_minus_1,
                    **ranges(supply),
                    "period_end": supply.period_end,
                    "source": inputs.snapshot.source(supply.source).title,
                    "source_id": supply.source,
                },
            }
        )
    return rows


def _before(inputs: Inputs, problem: Problem, weights: FloatArray) -> dict[str, Any]:
    """Measures of the holdings before trading: volatility, controlled share, countries, and the value at each limit."""
    exposure = country_exposure(dict(zip(inputs.universe.keys, weights, strict=True)), inputs.supply)
    limits = problem.linear_constraints()
    values = limits.G @ np.append(weights, 1.0 - weights.sum())
    at: dict[str, float] = {}
    for row in np.argsort(limits.h - values, kind="stable"):
        sign = 1.0 if limits.sides[row] == "upper" else -1.0
        at.setdefault(problem.constraints[limits.owner[row]].name, float(sign * values[row]) + 0.0)
    return {
        "volatility": math.sqrt(max(problem.forecast.variance(weights), 0.0)),
        "controlled": None if problem.data.controlled is None else float(problem.data.controlled @ weights),
        "country": exposure.as_mapping(),
        "country_other": exposure.other,
        "country_unknown": exposure.unknown,
        "limits": at,
    }


def _caps(problem: Problem) -> dict[str, dict[str, float]]:
    """The tightest upper limit on each asset and on each country, where a term sets one; a cap may name an element."""
    limits = problem.linear_constraints()
    caps: dict[str, dict[str, float]] = {"assets": {}, "countries": {}}
    for h, owner, label, side in zip(limits.h, limits.owner, limits.labels, limits.sides, strict=True):
        kind = {"bounds": "assets", "country_exposure": "countries"}.get(problem.constraints[owner].kind)
        if kind and side == "upper":
            caps[kind][label] = min(float(h), caps[kind].get(label, math.inf))
    return caps
