"""`factors`: the factor model of a strategy, its observation models, and the bias of its forecasts."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date
from functools import cache, partial

import numpy as np
import polars as pl

from toolkit.app.allocation.factor_model import correlations, factor_model
from toolkit.app.allocation.forecast import strategy_forecast
from toolkit.app.allocation.inputs import YEARLY, Inputs, load_inputs
from toolkit.app.context import Context
from toolkit.app.controls.own_events import ledger_of
from toolkit.app.definitions import find
from toolkit.app.prices import PriceFiles
from toolkit.app.strategies.own_files import read_strategy
from toolkit.core.calendar import add_months, month_end, month_number
from toolkit.core.errors import DataError, GapError
from toolkit.core.forecast import FloatArray, Forecast
from toolkit.core.messages import message
from toolkit.market.market import Market
from toolkit.market.readers.price_checks import CUSTOMS
from toolkit.records.factors import Bias, FactorReturn, Factors
from toolkit.records.sources import StrategyTitle
from toolkit.returns.currencies import fx_returns
from toolkit.returns.history import MONTHLY_AVERAGE
from toolkit.returns.panel import MINIMUM_CHANGES, Panel, align
from toolkit.risk_model.asset_risks import AS_IS
from toolkit.risk_model.evaluation import bias_statistic, random_portfolios, standardised
from toolkit.strategy.model import Strategy
from toolkit.supply.concentration import scored_supplies

MONTHS_BETWEEN = 3
"""Months between two estimates."""
NOISY_HORIZON = 6
"""Months over which a noisy price is scored: the change of one month is mostly noise."""
AVERAGING = 1.0 / 3.0
"""Months of variance that averages over a month take from a change, whatever its length (Working 1960)."""
PORTFOLIOS = 50
NORMAL_MEDIAN = 0.6745
"""Median of the absolute value of a standard normal."""
LEDGER = ("controls", "control_scopes", "control_items", "dual_use_list")
READ = ("prices", "fx", "flows", "shares", *LEDGER, *YEARLY)
"""Tables that a forecast of risk looks at."""


@dataclass(frozen=True, slots=True)
class ForecastOutcome:
    """Standardised outcomes (m,) that begin on one day and end on another."""

    begins: date
    ends: date
    scores: FloatArray
    assets: tuple[str, ...]


def walk_forward(strategy: Strategy, inputs: Inputs, currency: str, destination: str, *, seed: int = 0) -> tuple[Bias, ...]:
    """The bias of a strategy's risk forecasts against what followed; see `outcomes`.

    Args:
        strategy: Strategy that forecasts.
        inputs: Prices, supply and controls over the whole time.
        currency: ISO 4217 code of the reporting currency.
        destination: ISO-3 code of the country of import.
        seed: Of the random portfolios.

    Returns:
        One record a kind of outcome; kinds of which there is none are left out.
    """
    exact, noisy = outcomes(strategy, inputs, currency, destination, seed=seed)
    scored = (_bias("portfolios", 1, exact, 1), _bias("noisy", NOISY_HORIZON, noisy, NOISY_HORIZON // MONTHS_BETWEEN))
    return tuple(bias for bias in scored if bias is not None)


def outcomes(
    strategy: Strategy, inputs: Inputs, currency: str, destination: str, *, seed: int = 0
) -> tuple[tuple[ForecastOutcome, ...], tuple[ForecastOutcome, ...]]:
    """Outcomes of the strategy's forecasts, made every quarter from the first at which one was possible.

    A forecast sees what was known on its day and no more; later prices are looked at as outcomes only. The assets are those
    that the strategy holds today, each from its first `MINIMUM_CHANGES` changes on. A day on which the strategy's estimator
    finds too little is passed over.

    Args:
        strategy: The strategy.
        inputs: What it works on today; nothing later than its snapshot is looked at.
        currency: The reporting currency, in which outcomes are measured.
        destination: ISO-3 code of the owner's country.
        seed: Of the portfolios.

    Returns:
        Of portfolios of prices without measurement error, a month each, and of single noisy prices; oldest first.
    """
    past = Market.of({name: inputs.snapshot[name] for name in READ if name in inputs.snapshot} | {"prices": inputs.prices}, {})
    panel = align(inputs.series, inputs.universe)
    path = _Path.of(panel, fx_returns(panel, inputs.snapshot.rates, currency).rates)
    exact: dict[date, ForecastOutcome] = {}
    noisy: dict[date, ForecastOutcome] = {}
    for known in _as_known(inputs, past, path.dates):
        try:
            forecast = strategy_forecast(strategy, known, currency, destination, risk_alone=True)
        except (GapError, DataError):
            continue
        # A later forecast takes over the months that it covers.
        exact |= {outcome.begins: outcome for outcome in _portfolio_outcomes(path, forecast, seed)}
        if (found := _noisy_outcomes(path, forecast)) is not None:
            noisy[found.begins] = found
    return tuple(exact[day] for day in sorted(exact)), tuple(noisy[day] for day in sorted(noisy))


def _bias(what: str, horizon: int, rows: Sequence[ForecastOutcome], overlap: int) -> Bias | None:
    """The record of some outcomes, oldest first; `overlap` is how many of them share a period."""
    if not rows:
        return None
    # Outcomes of one date are not independent: a date counts once, by the root of its mean square.
    root = np.array([np.sqrt(np.mean(row.scores**2)) for row in rows])[:, None]
    scores = np.concatenate([row.scores for row in rows])
    statistic, error = bias_statistic(root) if len(rows) > 1 else (root[0], np.array([np.nan]))
    return Bias(
        what=what,
        horizon_months=horizon,
        statistic=float(statistic[0]),
        error=float(error[0] * np.sqrt(overlap)),
        median=float(np.median(np.abs(scores)) / NORMAL_MEDIAN),
        outcomes=len(scores),
        dates=len(rows),
        assets=tuple(sorted({asset for row in rows for asset in row.assets})),
        **{"from": rows[0].begins.isoformat(), "to": max(row.ends for row in rows).isoformat()},
    )


def _as_known(inputs: Inputs, past: Market, dates: tuple[date, ...]) -> Iterator[Inputs]:
    """The inputs as known at the end of every quarter that an outcome can follow."""
    ledger, supply, events, shares = inputs.read_ledger, inputs.supply, (-1,), -1
    for day in _quarters(dates[0], dates[-1]):
        snapshot = past.until(day)
        counts = dict(zip(snapshot.series.assets, snapshot.series.counts.tolist(), strict=True))
        universe = inputs.universe.take([key for key in inputs.universe.keys if counts.get(key, 0) > MINIMUM_CHANGES])
        if not len(universe):
            continue
        # Rows are only ever added: the same number is the same table.
        if (heights := tuple(snapshot[name].height for name in LEDGER)) != events:
            ledger, events = cache(partial(ledger_of, snapshot, inputs.products)), heights
        if (height := snapshot["shares"].height) != shares:
            supply, shares = scored_supplies(inputs.universe, snapshot["shares"]), height
        # A product without a price is on no side of any factor.
        priced = inputs.products.take([key for key in inputs.products.keys if key in counts])
        yield replace(inputs, snapshot=snapshot, universe=universe, products=priced, read_ledger=ledger, supply=supply)


def _quarters(first: date, last: date) -> Iterator[date]:
    """Ends of quarters between two days."""
    number = month_number(first) + -first.month % MONTHS_BETWEEN
    while (day := month_end(number)) <= last:
        yield day
        number += MONTHS_BETWEEN


@dataclass(frozen=True, slots=True)
class _Path:
    """Prices (T, n) of n assets, and what the exchange rates into the reporting currency did in between (T - 1, n), in logs.

    A rate that is not known leaves every change that spans it NaN.
    """

    dates: tuple[date, ...]
    monthly: bool
    assets: tuple[str, ...]
    log_price: FloatArray
    log_rate: FloatArray

    @classmethod
    def of(cls, panel: Panel, rates: FloatArray) -> _Path:
        return cls(panel.dates, panel.monthly, panel.assets, np.log(panel.prices), np.log1p(rates))

    def at(self, day: date) -> int:
        """Position of the last date that is not after `day`."""
        return bisect_right(self.dates, day) - 1

    def later(self, position: int, months: int) -> int | None:
        """Position of the date so many months later; None where the path has ended before."""
        start = self.dates[position]
        end = month_end(month_number(start) + months) if self.monthly else add_months(start, months)
        return self.at(end) if end <= self.dates[-1] else None

    def rate(self, start: int, end: int) -> FloatArray:
        """Log change (n,) of the exchange rates between two positions."""
        return self.log_rate[start:end].sum(axis=0)


def _portfolio_outcomes(path: _Path, forecast: Forecast, seed: int) -> Iterator[ForecastOutcome]:
    """One-month changes of random portfolios after a forecast, until the next one, in units of its volatility."""
    own = [i for i, risk in enumerate(forecast.risks) if risk.model in (AS_IS, MONTHLY_AVERAGE)]
    if not own:
        return
    start = path.at(max(forecast.risks[i].last for i in own))
    columns = np.array([path.assets.index(forecast.assets[i]) for i in own])
    length = np.array([1.0 - AVERAGING if forecast.risks[i].model == MONTHLY_AVERAGE else 1.0 for i in own]) / 12.0
    matrix = forecast.matrix[np.ix_(own, own)] * np.sqrt(np.outer(length, length))
    for _ in range(MONTHS_BETWEEN):
        end = path.later(start, 1)
        if end is None:
            return
        change = np.expm1(path.log_price[end, columns] - path.log_price[start, columns] + path.rate(start, end)[columns])
        there = np.flatnonzero(np.isfinite(change))
        if len(there):
            weights = random_portfolios(len(there), PORTFOLIOS, seed)
            volatility = np.sqrt(np.einsum("pi,ij,pj->p", weights, matrix[np.ix_(there, there)], weights))
            yield ForecastOutcome(
                begins=path.dates[start],
                ends=path.dates[end],
                scores=standardised(weights @ change[there], volatility),
                assets=tuple(forecast.assets[own[i]] for i in there),
            )
        start = end


def _noisy_outcomes(path: _Path, forecast: Forecast) -> ForecastOutcome | None:
    """Six-month log changes from the filtered level to a print, in units of the standard deviation forecast for them."""
    scores, assets, begins, ends = [], [], [], []
    variance = forecast.variances
    for i, (risk, level) in enumerate(zip(forecast.risks, forecast.levels, strict=True)):
        if risk.model != CUSTOMS:
            continue
        start = path.at(month_end(month_number(level.date)) if path.monthly else level.date)
        end = path.later(start, NOISY_HORIZON)
        if end is None:
            continue
        column = path.assets.index(level.asset)
        change = path.log_price[end, column] - np.log(level.price) + path.rate(start, end)[column]
        if np.isfinite(change):
            error = level.standard_error / level.price
            scores.append(change / np.sqrt(variance[i] * NOISY_HORIZON / 12.0 + error**2 + risk.noise**2))
            assets.append(level.asset)
            begins.append(level.date)
            ends.append(path.dates[end])
    return ForecastOutcome(min(begins), max(ends), np.array(scores), tuple(assets)) if scores else None


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
