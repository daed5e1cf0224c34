"""The run object of `toolkit optimize --json`: names, cents and significant digits; no clock times, never NaN."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

import numpy as np

from toolkit.app.cautions import cautions
from toolkit.app.control_states import control_states, timeline
from toolkit.app.exchange import Rate
from toolkit.app.factor_model import factor_model
from toolkit.app.factor_scenarios import factor_falls
from toolkit.app.inputs import Inputs
from toolkit.app.money import Money
from toolkit.app.scenarios import StrategyScenarios
from toolkit.core.units import significant
from toolkit.factors.forecast import FloatArray, Forecast
from toolkit.optimize.allocate import Allocation
from toolkit.optimize.problem import Problem
from toolkit.risk import measures
from toolkit.risk.base import measured as measured_on
from toolkit.risk.tail import normal_cvar
from toolkit.risk.variance import diversification_ratio, risk_contributions, volatility
from toolkit.strategy.model import Strategy
from toolkit.supply.concentration import country_exposure
from toolkit.supply.upcoming import upcoming

SCHEMA_VERSION = "1.0"


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
    *,
    run_id: str,
    as_of: date,
    owner: Mapping[str, str],
    budget: float,
    strategy: Strategy,
    inputs: Inputs,
    problem: Problem,
    allocation: Allocation,
    prices: FloatArray,
    held: FloatArray,
    rates: Mapping[str, Rate],
    provenance: Sequence[Mapping[str, Any]],
    versions: Mapping[str, str],
    outlook: StrategyScenarios | None = None,
) -> dict[str, Any]:
    """The record, keys in the order of the contract, additions behind.

    Args:
        run_id: Derived from everything that went in.
        as_of: The date asked about.
        owner: Country and reporting currency.
        budget: Money to place.
        strategy: What was intended.
        inputs: What it was worked on.
        problem: What was solved.
        allocation: The answer.
        prices: (n,) level of each asset in the reporting currency.
        held: (n,) units held today.
        rates: Exchange rate used for each currency of quotation.
        provenance: `data[]`.
        versions: Of the toolkit and of the libraries behind the numbers.
        outlook: Scenarios of the strategy, where it asks for any.
    """
    money = Money.of(problem, allocation, prices, held, budget)
    forecast, universe = problem.forecast, inputs.universe
    weights = dict(zip(universe.keys, money.weights, strict=True))
    exposure = country_exposure(weights, inputs.supply)
    certificate = allocation.certificate
    told = [] if outlook is None else list(outlook.notes)
    record = {
        "schema_version": SCHEMA_VERSION,
        "run_id": run_id,
        "as_of": as_of,
        "strategy": {"name": strategy.name, "title": strategy.about.title, "fingerprint": strategy.fingerprint},
        "currency": owner["currency"],
        "budget": budget,
        "periods_per_year": forecast.periods_per_year,
        "status": allocation.status,
        "objective": _objective(problem, allocation),
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
        },
        "positions": _positions(inputs, forecast, allocation, money, prices, rates),
        "cash": {"weight": money.cash / money.wealth, "value": money.cash, "previous_weight": money.previous_cash},
        "risk": _risk(forecast, money.weights, outlook),
        "risk_contributions": dict(zip(universe.keys, risk_contributions(forecast, money.weights), strict=True)),
        "constraints": [
            {
                "name": limit.name,
                "kind": limit.kind,
                "value": limit.value,
                "limit": limit.limit,
                "slack": limit.slack,
                "binding": limit.binding,
                "shadow_price": limit.shadow_price,
                "side": limit.side,
                "where": limit.where,
            }
            for limit in allocation.limits
        ],
        "exposures": {
            "country": exposure.as_mapping(),
            "country_other": exposure.other,
            "country_unknown": exposure.unknown,
            "controlled": None if problem.facts.controlled is None else float(problem.facts.controlled @ money.weights),
            "concentration": {"hhi": exposure.hhi, "n_minus_1": exposure.n_minus_1},
            "factors": _named(forecast, forecast.loadings.T @ money.weights),
        },
        "scenarios": _scenarios(problem, outlook, money.weights),
        "scenario_notes": told,
        "costs": {
            "entry": money.entry,
            "holding_per_year": money.holding,
            "annualised": problem.costs.annual(money.values / budget, problem.previous, budget) * budget / money.wealth,
            "holding_years": problem.costs.holding_years,
        },
        "data": list(provenance),
        "warnings": [w for w in cautions(inputs, problem, forecast, money, rates, provenance, owner) if w not in told],
        "versions": dict(versions),
        "owner": dict(owner),
        "about": strategy.about.model_dump(),
        "assets": _assets(inputs, forecast),
        "relaxed": {"weights": dict(zip(universe.keys, allocation.relaxed[:-1], strict=True)), "cash": allocation.relaxed[-1]},
        "controls": control_states(inputs, as_of, owner["country"]),
        "timeline": timeline(inputs, as_of),
        "before": _before(inputs, problem, held * prices / budget) if held.any() else None,
        "caps": _caps(problem),
        "upcoming": upcoming(inputs.ledger, on=as_of, within_days=400).to_dicts(),
        "rates": [
            {"base": rate.base, "quote": rate.quote, "rate": rate.value, "date": rate.date}
            for rate in rates.values()
            if rate.date is not None
        ],
        "left_out": [
            {"asset": key, "name": inputs.products[key].name, "reason": "no monthly price"} for key in inputs.unpriced
        ],
        "factor_model": None if forecast.model is None else factor_model(strategy, inputs, forecast, owner["country"]),
    }
    return rounded(record)


def _positions(
    inputs: Inputs,
    forecast: Forecast,
    allocation: Allocation,
    money: Money,
    prices: FloatArray,
    rates: Mapping[str, Rate],
) -> list[dict[str, Any]]:
    rows = []
    for i, (asset, level) in enumerate(zip(inputs.universe, forecast.levels, strict=True)):
        rate = rates[level.currency].value
        lots = allocation.lots[i]
        in_lots = bool(np.isfinite(lots))
        rows.append(
            {
                "asset": asset.key,
                "name": asset.name,
                "weight": money.weights[i],
                "previous_weight": money.previous_weights[i],
                "value": money.values[i],
                "quantity": money.quantities[i],
                "unit": asset.unit,
                "lots": int(lots) if in_lots else None,
                "lot_size": asset.lot_size if in_lots else None,
                "price": prices[i],
                "price_se": level.standard_error * rate,
                "price_raw": level.raw * rate,
                "price_date": level.date,
                "basis": level.basis,
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


def _named(forecast: Forecast, values: FloatArray) -> dict[str, float]:
    """Values of the k factors by name, statistical directions left out."""
    return {forecast.factors[i]: float(values[i]) for i in forecast.named}


def _risk(forecast: Forecast, weights: FloatArray, outlook: StrategyScenarios | None) -> dict[str, Any]:
    """Risk of the proposal over a year; the tail from the scenarios where the strategy has some, else that of a normal year."""
    total = volatility(forecast, weights)
    tail, method = normal_cvar(total), "normal, one year, zero mean"
    measured: dict[str, Any] = {}
    if outlook is not None:
        scenarios = outlook.scenarios
        months = 12 / scenarios.periods_per_year
        known = {name: kind() for name, kind in measures().items() if scenarios.ordered or not kind.needs_order}
        measured = {name: measured_on(measure, scenarios, weights) for name, measure in known.items()}
        if not scenarios.ordered:
            tail, method = measured["cvar"], f"{scenarios.kind} scenarios over {months:g} months, {len(scenarios)} of them"
    return {
        "volatility": total,
        "cvar_95": tail,
        "cvar_method": method,
        "diversification_ratio": diversification_ratio(forecast, weights),
        "systematic": forecast.named_variance(weights) / total**2 if total > 0 and forecast.named else None,
        "measures": measured,
    }


def _scenarios(problem: Problem, outlook: StrategyScenarios | None, weights: FloatArray) -> list[dict[str, Any]]:
    """The loss in each scenario by name, positive is a loss: a fall of each factor, and what the strategy names."""
    rows = [
        {"name": fall.name, "kind": "factor", "loss": -float(fall.returns @ weights), "method": fall.method}
        for fall in factor_falls(problem.forecast)
    ]
    if outlook is None:
        return rows
    return rows + [
        {
            "name": name,
            "kind": "shock",
            "loss": -float(returns @ weights),
            "method": "returns and probability as the strategy states them, else from past controls",
            "probability": _probability(outlook, name),
        }
        for name, returns in outlook.shocks.items()
    ]


def _probability(outlook: StrategyScenarios, name: str) -> float | None:
    """Of a shock within the horizon, under the views; None where the scenarios are a path that shocks stand beside."""
    scenarios = outlook.scenarios
    happens = np.array([label == name for label in scenarios.labels], dtype=bool)
    return None if scenarios.ordered or not len(happens) else float(scenarios.probabilities @ happens)


def _assets(inputs: Inputs, forecast: Forecast) -> list[dict[str, Any]]:
    """What the model believes of each asset: volatility as printed and corrected, loadings, concentration of supply."""
    errors = forecast.loading_errors
    rows = []
    for i, (asset, risk) in enumerate(zip(inputs.universe, forecast.risks, strict=True)):
        supply = inputs.supply.get(asset.key)
        rows.append(
            {
                "asset": asset.key,
                "name": asset.name,
                "element": asset.element,
                "form": asset.form,
                "spread": asset.spread,
                "storage": asset.storage,
                "terms": asset.terms,
                "volatility": {
                    "raw": risk.raw,
                    "corrected": risk.latent,
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
                    "period_end": supply.period_end,
                    "source": inputs.snapshot.source(supply.source).title,
                },
            }
        )
    return rows


def _before(inputs: Inputs, problem: Problem, weights: FloatArray) -> dict[str, Any]:
    """The same measures of what is held today: volatility, controlled share, countries, and the value at each limit."""
    exposure = country_exposure(dict(zip(inputs.universe.keys, weights, strict=True)), inputs.supply)
    limits = problem.inequalities()
    values = limits.G @ np.append(weights, 1.0 - weights.sum())
    at: dict[str, float] = {}
    for row in np.argsort(limits.h - values, kind="stable"):
        sign = 1.0 if limits.sides[row] == "upper" else -1.0
        at.setdefault(problem.constraints[limits.owner[row]].name, float(sign * values[row]) + 0.0)
    return {
        "volatility": math.sqrt(max(problem.forecast.variance(weights), 0.0)),
        "controlled": None if problem.facts.controlled is None else float(problem.facts.controlled @ weights),
        "country": exposure.as_mapping(),
        "country_other": exposure.other,
        "country_unknown": exposure.unknown,
        "limits": at,
    }


def _caps(problem: Problem) -> dict[str, dict[str, float]]:
    """The tightest upper limit on each asset and on each country, where a term sets one; a cap may name an element."""
    limits = problem.inequalities()
    caps: dict[str, dict[str, float]] = {"assets": {}, "countries": {}}
    for h, owner, label, side in zip(limits.h, limits.owner, limits.labels, limits.sides, strict=True):
        kind = {"bounds": "assets", "country_exposure": "countries"}.get(problem.constraints[owner].kind)
        if kind and side == "upper":
            caps[kind][label] = min(float(h), caps[kind].get(label, math.inf))
    return caps


UNITS = {"max_ratio": "ratio", "max_diversification": "ratio", "max_return": "return"}
"""Units of objectives that are neither a variance nor a cost."""


def _objective(problem: Problem, allocation: Allocation) -> dict[str, Any]:
    """What is minimised, and the terms in which its multipliers are to be read.

    `unit` is ``variance``; ``measure``, in that of the measure of risk; ``cost``, a fraction of the budget a year with risk
    priced at `risk_aversion` / 2 x variance, or `risk_aversion` x another measure; ``distance`` to weights or budgets of risk
    that the strategy names itself; ``ratio`` of return or volatilities to risk, and ``return``, each as a minimum of its
    negative.
    """
    objective = problem.objective
    aversion = getattr(objective, "risk_aversion", None)
    if objective.kind in UNITS:
        unit, aversion = UNITS[objective.kind], None
    elif aversion is None:
        unit = "distance"
    elif problem.costs.in_objective or objective.kind == "max_utility":
        unit = "cost"
    else:
        unit, aversion = "variance", None
    measure = getattr(objective, "measure", None)
    return {"kind": objective.kind, "value": allocation.objective, "unit": unit, "risk_aversion": aversion, "measure": measure}
