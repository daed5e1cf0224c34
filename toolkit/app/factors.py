"""`factors`: the factor model of a strategy, its observation models, and the bias of its forecasts."""

from __future__ import annotations

import polars as pl

from toolkit.app.allocation.factor_model import correlations, factor_model
from toolkit.app.allocation.forecast import strategy_forecast
from toolkit.app.allocation.inputs import Inputs, load_inputs
from toolkit.app.context import Context
from toolkit.app.definitions import find
from toolkit.app.prices import PriceFiles
from toolkit.app.strategies.own_files import read_strategy
from toolkit.app.walk_forward import walk_forward
from toolkit.core.forecast import Forecast
from toolkit.core.messages import message
from toolkit.records.factors import Bias, FactorReturn, Factors
from toolkit.records.sources import StrategyTitle

SCHEMA_VERSION = "2.0"
UNSMOOTHED = ("geltner", "getmansky_lo_makarov")
"""Observation models whose prints lag the price that is forecast: no outcome of theirs is a test."""
SUPPLY_TABLES = ("products", "shares", "flows", "controls", "control_scopes", "metals")
"""Tables behind the sides of the supply shock; an unknown asset needs none of them."""


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
    model = factor_model(chosen, inputs, forecast, owner.country)
    return Factors.from_objects(
        model,
        schema_version=SCHEMA_VERSION,
        as_of=context.as_of.isoformat(),
        strategy=StrategyTitle(name=chosen.name, title=chosen.about.title),
        currency=owner.currency,
        periods_per_year=forecast.periods_per_year,
        covariance=forecast.covariance,
        factor_returns=_factor_returns(forecast),
        correlations=correlations(forecast),
        bias=bias,
        notes=(*(remark.text for remark in inputs.notes), *_own_notes(forecast, bias), *forecast.notes),
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


def _used(inputs: Inputs, currency: str) -> dict[str, pl.DataFrame]:
    """The rows behind the numbers, for hashes and ages."""
    foreign = set(inputs.prices["currency"].unique()) != {currency}
    known = len(inputs.unknown) < len(inputs.universe)
    tables = ("prices", *(("fx",) if foreign else ()), *(SUPPLY_TABLES if known else ()), *inputs.yearly_tables)
    return {table: inputs.snapshot[table] for table in tables if table in inputs.snapshot} | {"prices": inputs.prices}
