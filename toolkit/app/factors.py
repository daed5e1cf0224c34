"""`factors`: the factor model of a strategy, its observation models, and the bias of its forecasts."""

from __future__ import annotations

import polars as pl

from toolkit.app.allocation.factor_model import correlations, factor_model
from toolkit.app.allocation.forecast import lookback_months, strategy_forecast
from toolkit.app.allocation.inputs import Inputs, load_inputs
from toolkit.app.characteristics import supply_exposures
from toolkit.app.context import Context
from toolkit.app.definitions import find
from toolkit.app.prices import PriceFiles
from toolkit.app.strategies.own_files import read_strategy
from toolkit.app.walk_forward import walk_forward
from toolkit.core.errors import DataError, GapError
from toolkit.core.forecast import Forecast
from toolkit.core.messages import message
from toolkit.records.factors import Bias, CharacteristicPremium, FactorReturn, Factors
from toolkit.records.sources import StrategyTitle
from toolkit.returns.currencies import fx_returns
from toolkit.returns.observed_returns import Returns
from toolkit.returns.panel import align
from toolkit.risk_model.characteristics import CharacteristicReturns, characteristic_returns
from toolkit.risk_model.observed import Observed, observe
from toolkit.strategy.model import Strategy

SCHEMA_VERSION = "1.0"
UNSMOOTHED = ("geltner", "getmansky_lo_makarov")
"""Observation models whose prints lag the price that is forecast: no outcome of theirs is a test."""
SUPPLY_TABLES = ("products", "shares", "flows", "controls", "control_scopes", "metals")
"""Tables behind the sides of the supply shock and the characteristics; an unknown asset needs none of them."""


def factors(
    context: Context,
    strategy: str,
    *,
    prices: PriceFiles | None = None,
    seed: int = 0,
) -> Factors:
    """The factor model of a strategy as known on the day.

    Args:
        context: Reporting currency and country of the owner, and the day: nothing published later is looked at.
        strategy: Name or path.
        prices: The user's own; None for the bundled ones alone.
        seed: Of the random portfolios behind the bias statistic.

    Raises:
        SpecError: for a strategy that does not exist or names what nobody knows.
        DataError, GapError: for prices that cannot be used or are too few.
    """
    owner = context.settings.config.owner
    chosen = read_strategy(find("strategies", strategy).path)
    inputs = load_inputs(chosen, context, prices=prices)
    forecast = strategy_forecast(chosen, inputs, owner.currency, owner.country)
    bias = walk_forward(chosen, inputs, owner.currency, owner.country, seed=seed)
    seen = _seen(chosen, inputs, owner.currency)
    characteristics, missing = _characteristics(inputs, seen.realised, forecast, owner.country)
    model = factor_model(chosen, inputs, forecast, owner.country)
    described = () if characteristics is None else characteristics.notes
    return Factors.from_objects(
        model,
        schema_version=SCHEMA_VERSION,
        as_of=context.as_of.isoformat(),
        strategy=StrategyTitle(name=chosen.name, title=chosen.about.title),
        currency=owner.currency,
        periods_per_year=forecast.periods_per_year,
        covariance=forecast.covariance,
        factor_returns=_factor_returns(forecast),
        characteristics=_premia(characteristics),
        correlations=correlations(forecast),
        bias=bias,
        notes=(*(remark.text for remark in inputs.notes), *_own_notes(forecast, bias), *forecast.notes, *missing, *described),
        data=inputs.snapshot.provenance(_used(inputs, owner.currency)),
    )


def _factor_returns(forecast: Forecast) -> tuple[FactorReturn, ...]:
    """Oldest first; periods in which a factor has no member with a change are left out."""
    model = forecast.model
    if model is None:
        return ()
    return tuple(
        FactorReturn(date=day.isoformat(), factor=name, value=float(value))
        for day, row in zip(model.dates, model.realised, strict=True)
        for name, value in zip(model.factors, row, strict=True)
        if value == value  # noqa: PLR0124  # NaN is no return
    )


def _premia(found: CharacteristicReturns | None) -> tuple[CharacteristicPremium, ...]:
    if found is None:
        return ()
    names = {"factor": "name", "standard_error": "error", "t_statistic": "t", "periods": "months"}
    rows = found.summary().select("factor", "premium", "standard_error", "t_statistic", "periods").rename(names)
    return tuple(map(CharacteristicPremium.model_validate, rows.to_dicts()))


def _own_notes(forecast: Forecast, bias: tuple[Bias, ...]) -> tuple[str, ...]:
    """Notes on what could not be estimated."""
    notes = []
    if forecast.model is None:
        notes.append(
            message("Covariance kind {kind!r} has no named factors: there are no loadings to show.", kind=forecast.covariance)
        )
    lagging = [risk.asset for risk in forecast.risks if risk.model in UNSMOOTHED]
    if lagging:
        notes.append(
            message("Not scored, because their observed prices lag the price that is forecast: {assets}.", assets=lagging)
        )
    if not bias:
        notes.append(message("No forecast was old enough to be held against an outcome."))
    return tuple(notes)


def _seen(strategy: Strategy, inputs: Inputs, currency: str) -> Observed:
    """Changes of all series, as printed and under the strategy's observation model."""
    latent = strategy.forecast.observation == "latent"
    history = inputs.history if latent else None
    panel = align(inputs.series, inputs.universe, lookback_months=lookback_months(strategy), history=history)
    return observe(panel, fx_returns(panel, inputs.snapshot.rates, currency), latent=latent)


def _characteristics(
    inputs: Inputs, changes: Returns, forecast: Forecast, destination: str
) -> tuple[CharacteristicReturns | None, tuple[str, ...]]:
    """Returns of the characteristics, or None and the reason as a note.

    Changes are without corrections of volatility: these scale risk, and what comes of the changes is shown as returns.
    """
    try:
        exposures = supply_exposures(inputs.snapshot, changes, destination=destination)
        found = characteristic_returns(changes, exposures, forecast.periods_per_year)
    except (GapError, DataError) as error:
        return None, (message("No characteristics: {reason}", reason=error.message),)
    return found, ()


def _used(inputs: Inputs, currency: str) -> dict[str, pl.DataFrame]:
    """The rows behind the numbers, for hashes and ages."""
    foreign = set(inputs.prices["currency"].unique()) != {currency}
    known = len(inputs.unknown) < len(inputs.universe)
    tables = ("prices", *(("fx",) if foreign else ()), *(SUPPLY_TABLES if known else ()), *inputs.yearly_tables)
    return {table: inputs.snapshot[table] for table in tables if table in inputs.snapshot} | {"prices": inputs.prices}
