"""`estimate`: prices known at a date in, a `Forecast` of next year's risk out."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache, partial
from typing import Literal

import numpy as np
import polars as pl
from numpy.typing import NDArray

from toolkit.core.assets import Universe
from toolkit.core.baskets import MEMBERS
from toolkit.core.forecast import FloatArray, Forecast, frozen
from toolkit.core.messages import message
from toolkit.market.exchange_rates import Rates
from toolkit.market.price_series import PriceSeries
from toolkit.returns.currencies import fx_returns
from toolkit.returns.history import AnnualPrices
from toolkit.returns.observation.smoothing import VOLATILITY_FACTOR
from toolkit.returns.panel import Panel, align
from toolkit.returns.price_levels import LevelPath, price_levels
from toolkit.returns.volatility_prior import EXCHANGE, SINCE
from toolkit.risk_model.annual_assets import annual_correlation, coverage, extend_to_annual_assets
from toolkit.risk_model.asset_risks import AssetVolatilities, asset_volatilities
from toolkit.risk_model.covariance import CovarianceSpec
from toolkit.risk_model.covariance.blend import BlendCovariance
from toolkit.risk_model.covariance.factor import FactorCovariance
from toolkit.risk_model.covariance.form import CovarianceInputs
from toolkit.risk_model.expected_returns import ReturnsSpec
from toolkit.risk_model.expected_returns.zero import ZeroReturns
from toolkit.risk_model.observed import Observed, observe
from toolkit.risk_model.timeseries.baskets import membership

TECHNOLOGY = ("technology_metals", "rare_earths")


def estimate(
    *,
    prices: PriceSeries | pl.DataFrame,
    fx: Rates | pl.DataFrame,
    universe: Universe,
    controlled: pl.DataFrame,
    covariance: CovarianceSpec | None,
    observation: Literal["latent", "raw"] = "latent",
    lookback_months: int | None = None,
    currency: str = "EUR",
    supply_scores: Mapping[str, float] | None = None,
    returns: ReturnsSpec | None = None,
    pressure: Mapping[str, float] | None = None,
    history: pl.DataFrame | None = None,
    level_paths: Mapping[str, LevelPath] | None = None,
) -> Forecast:
    """Estimate the risk of a universe in the reporting currency.

    Args:
        prices: All visible series, or rows of `toolkit.core.frames.Prices`: what may be held and what explains it.
        fx: Visible rates, or rows of `toolkit.core.frames.ExchangeRates`.
        universe: What may be held; its order is the order of the answer.
        controlled: Periods under licence or ban of each asset's traded form: `asset`, `from`, `to` (null: still).
        covariance: Which estimator. Default: `blend` of daily prices, `factor` of others (docs/evidence.md).
        observation: ``latent`` applies the observation model of each price basis, ``raw`` takes every print as a price.
        lookback_months: Use only so many months of history.
        currency: The reporting currency.
        supply_scores: 0..1 an asset, the prior shape of loadings on the supply shock.
        returns: Which expected returns; zero by default.
        history: Prices of decades, from which volatilities of few months or of annual prices get a prior (see
            `toolkit.returns.volatility_prior.yearly_prices`); ``raw`` prices get none.
        pressure: Number of export controls in force on an asset's traded form, for views made from it; only where known.
        level_paths: Levels behind noisy prices that were filtered before (`toolkit.returns.price_levels.level_paths`).

    Raises:
        GapError: for an asset without a usable series, or too few common periods.
        DataError: for a price that never changes.
    """
    latent = observation == "latent"
    series = PriceSeries.of(prices)
    panel = align(series, universe, lookback_months=lookback_months, history=history if latent else None)
    default: CovarianceSpec = FactorCovariance() if panel.monthly else BlendCovariance()
    estimator = default if covariance is None else covariance
    rates = fx_returns(panel, fx, currency)
    observed = observe(panel, rates, latent=latent)
    assets, groups = universe.keys, tuple(asset.group for asset in universe)
    volatilities = asset_volatilities(panel, observed, rates, assets, groups)
    variance = partial(_variance, volatilities)
    annual = {history.asset: history for history in panel.annual}
    # An explanatory metal that is not in the ledger could be on either side: only those it names take part.
    named = {*controlled["asset"].to_list(), *MEMBERS["base_metals"]}
    sides = named | {asset.key for asset in universe if asset.group in TECHNOLOGY}
    total = observed.total
    at = total.at(assets)
    shared = np.shares_memory(observed.printed, total.mean)
    inputs = CovarianceInputs(
        increments=total,
        local=observed.local,
        assets=assets,
        groups=groups,
        metals=tuple(key for key in total.series if key in sides - set(MEMBERS["precious_metals"])),
        state=membership(controlled, total.dates, total.series),
        read_variance=variance,
        periods_per_year=panel.periods_per_year,
        supply_scores=supply_scores,
        elements=tuple(asset.element for asset in universe),
        pressure=pressure,
        realised=observed.realised,
        printed=None if shared else frozen(np.take(observed.printed, at, axis=1)),
        prior=None if panel.prior is None else panel.prior.correlation,
        expected_correlation=_expected_correlation(panel, volatilities),
        information=_information(observed, at),
    )
    has_returns = np.array([key not in annual for key in assets])
    form = estimator.estimate(inputs if has_returns.all() else inputs.take(np.flatnonzero(has_returns)))
    if not has_returns.all():
        form = extend_to_annual_assets(form, has_returns, groups, variance(), _within(annual, universe))
    printed = inputs.own.mean if inputs.printed is None else inputs.printed
    expected = (returns or ZeroReturns()).estimate(inputs, form)
    return Forecast(
        assets=assets,
        factors=form.factors,
        loadings=form.loadings,
        factor_cov=form.factor_cov,
        specific_var=form.specific_var,
        expected=expected.mean,
        expected_cov=expected.covariance,
        periods_per_year=panel.periods_per_year,
        covariance=estimator.kind,
        risk_records=cache(partial(volatilities.records, printed)),
        levels=price_levels(series, assets, latent=latent, known=level_paths),
        notes=(
            *panel.notes,
            *rates.notes,
            *_corrections(observed, panel, assets),
            *_given_history(volatilities),
            *form.notes,
            *expected.notes,
        ),
        coverage=lambda: coverage(panel, universe, volatilities.own_weight),
        loading_errors=form.loading_errors,
        model=form.model,
        printed=printed,
        correlation_errors=form.correlation_errors,
        half_life=form.half_life,
    )


def _variance(volatilities: AssetVolatilities) -> FloatArray:
    """(n,) a year."""
    return np.array([volatility**2 for volatility in volatilities.latent.tolist()])


def _within(annual: Mapping[str, AnnualPrices], universe: Universe) -> dict[str, float]:
    """Mean correlation of the annual changes in each group that has enough of them."""
    members = {
        group: tuple(annual[asset.key] for asset in universe if asset.key in annual and asset.group == group)
        for group in universe.groups
    }
    found = {group: annual_correlation(own) for group, own in members.items()}
    return {group: value for group, value in found.items() if value is not None}


def _expected_correlation(panel: Panel, volatilities: AssetVolatilities) -> FloatArray | None:
    """That of metals since decades (n, n) for pairs of which one rests its volatility on these too, NaN elsewhere.

    The other is one of them or a metal of an exchange: docs/evidence.md shows that minor metals move with both alike.
    """
    if panel.prior is None or panel.prior.correlation is None:
        return None
    short = np.array([own.given_history is not None for own in volatilities.own])
    metal = short | np.array([own.asset in EXCHANGE for own in volatilities.own])
    pairs = np.outer(short, metal)
    return np.where(pairs | pairs.T, panel.prior.correlation.mean, np.nan)


def _information(observed: Observed, at: NDArray[np.intp]) -> FloatArray | None:
    """Changes without noise that those of each pair of the assets at positions (n,) are worth, NaN for exact pairs."""
    if observed.information is None:
        return None
    columns = observed.total.noisy
    place = np.searchsorted(columns, at)
    noisy = np.isin(at, columns)
    place[~noisy] = len(columns)
    return np.where(noisy[:, None] | noisy, observed.information[np.ix_(place, place)], np.nan)


def _given_history(volatilities: AssetVolatilities) -> tuple[str, ...]:
    """Notes on the effect of decades of yearly prices on volatilities."""
    short = [i for i, own in enumerate(volatilities.own) if own.given_history is not None]
    if not short:
        return ()
    pairs = np.column_stack([volatilities.latent[short], volatilities.pooled.volatility[short]])
    after, before = np.exp(np.log(pairs).mean(axis=0)).tolist()
    return (
        message(
            "Volatilities of {assets} rest on yearly prices of metals since {since:d} too: {after:.0%} a year on average, and "
            "{before:.0%} without them.",
            assets=[volatilities.own[i].asset for i in short],
            since=SINCE,
            after=after,
            before=before,
        ),
    )


def _corrections(observed: Observed, panel: Panel, assets: tuple[str, ...]) -> tuple[str, ...]:
    """Notes on the corrections of prices that are not those of a day."""
    notes = []
    averaged = [key for key, one in zip(panel.assets, observed.averaged, strict=True) if one and key in assets]
    if averaged:
        notes.append(
            message(
                "Prices of {assets} are averages over a month: volatility raised by a factor of {factor:.3f} (Working 1960).",
                assets=averaged,
                factor=VOLATILITY_FACTOR,
            )
        )
    if observed.levels is not None:
        levels = observed.levels
        notes.append(
            message(
                "Customs unit values are seen through noise; changes of the price behind them persist with a coefficient of "
                "{persistence:.2f} +/- {error:.2f} a month.",
                persistence=levels.persistence,
                error=levels.persistence_error,
            )
        )
    if observed.smoothing is not None:
        applied = [key for key, one in zip(observed.assessed, observed.smoothing.applied, strict=True) if one]
        none = message("none")
        notes.append(message("Assessed prices that show smoothing, unsmoothed: {assets}.", assets=applied or none))
    return tuple(notes)
