"""`estimate`: prices known at a date in, a `Forecast` of next year's risk out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np
import polars as pl

from toolkit.core.assets import Universe
from toolkit.core.errors import GapError
from toolkit.factors.covariance import CovarianceInputs, CovarianceSpec
from toolkit.factors.currency import Translation, translation
from toolkit.factors.expected import ReturnsSpec, ZeroReturns
from toolkit.factors.factors import DOLLAR_SERIES, MEMBERS, mean_weights, membership
from toolkit.factors.forecast import AssetRisk, FloatArray, Forecast, PriceLevel
from toolkit.factors.increments import Increments
from toolkit.factors.observation.joint import latent_increments
from toolkit.factors.observation.local_level import LocalLevels, local_levels
from toolkit.factors.panel import CUSTOMS, MINIMUM_CHANGES, Panel, align

AS_IS = "as_is"
TECHNOLOGY = ("technology_metals", "rare_earths")


@dataclass(frozen=True, slots=True)
class _Observed:
    """Changes of a panel in the currencies of quotation, and what the observation model says of the noisy series.

    Attributes:
        increments: Of all series, posterior where noisy.
        noisy: Names behind the columns of `levels`.
        levels: None where nothing is seen through noise.
    """

    increments: Increments
    noisy: tuple[str, ...]
    levels: LocalLevels | None


def estimate(
    *,
    prices: pl.DataFrame,
    fx: pl.DataFrame,
    universe: Universe,
    controlled: pl.DataFrame,
    covariance: CovarianceSpec,
    observation: Literal["latent", "raw"] = "latent",
    lookback_months: int | None = None,
    currency: str = "EUR",
    supply_scores: Mapping[str, float] | None = None,
    returns: ReturnsSpec | None = None,
) -> Forecast:
    """Estimate the risk of a universe in the reporting currency.

    Args:
        prices: All visible series, rows of `toolkit.core.frames.Prices`: what may be held and what explains it.
        fx: Visible rows of `toolkit.core.frames.ExchangeRates`.
        universe: What may be held; its order is the order of the answer.
        controlled: Spells under licence or ban of each asset's traded form: `asset`, `from`, `to` (null: still).
        covariance: Which estimator.
        observation: ``latent`` corrects customs unit values for their noise, ``raw`` takes every print as a price.
        lookback_months: Use only so many months of history.
        currency: The reporting currency.
        supply_scores: 0..1 an asset, the prior shape of loadings on the supply shock.
        returns: Which expected returns; zero by default.

    Raises:
        GapError: for an asset without a usable series, or too few common periods.
        DataError: for a price that never changes.
    """
    panel = align(prices, universe, lookback_months=lookback_months)
    rates = translation(panel, fx, currency)
    observed = _observe(panel, rates, latent=observation == "latent")
    local = _with_dollar(observed.increments, rates)
    total = _with_dollar(observed.increments.translated(rates.rates), rates)
    assets = universe.keys
    risks = tuple(_risk(panel, observed, rates, total, key) for key in assets)
    # An explanatory metal that the ledger does not speak of could be on either side: only those it names take part.
    sides = {asset.key for asset in universe if asset.group in TECHNOLOGY} | {*controlled["asset"], *MEMBERS["base_metals"]}
    metals = tuple(key for key in total.series if key in sides - set(MEMBERS["precious_metals"]))
    inputs = CovarianceInputs(
        increments=total,
        local=local,
        assets=assets,
        groups=tuple(asset.group for asset in universe),
        metals=metals,
        state=membership(controlled, total.dates, total.series),
        variance=np.array([risk.latent**2 for risk in risks]),
        periods_per_year=panel.periods_per_year,
        supply_scores=supply_scores,
    )
    form = covariance.estimate(inputs)
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
        covariance=covariance.kind,
        risks=risks,
        levels=tuple(_level(prices, observed, key) for key in assets),
        notes=(*panel.notes, *rates.notes, *_averaging(panel, assets), *form.notes, *expected.notes),
        loading_errors=form.loading_errors,
    )


def _observe(panel: Panel, rates: Translation, *, latent: bool) -> _Observed:
    """Simple returns of prices taken as they are; smoothed changes of the latent log price of noisy ones."""
    mean = panel.simple_returns()
    columns = np.array([latent and basis == CUSTOMS for basis in panel.bases])
    if not columns.any():
        return _Observed(Increments.exact(panel.dates[1:], panel.assets, mean), (), None)
    log_price = np.log(panel.prices[:, columns])
    # Exact series start years earlier: there is nothing to smooth before the first noisy print.
    start = int(np.isfinite(log_price).any(axis=1).argmax())
    log_price = log_price[start:]
    levels = local_levels(log_price, panel.quantities[start:, columns], panel.periods_per_year)
    variance = levels.volatility**2 / panel.periods_per_year
    factors = _regressors(panel, rates, np.where(columns, np.nan, mean))[start:]
    smoothed = latent_increments(log_price, levels.noise_variance, levels.contamination, variance, factors)
    # A change exists only between a series' first and last print: outside, the smoother knows nothing but its prior.
    inside = _inside(np.isfinite(log_price))
    # The pooled volatility is the better estimate: let the smoothed moments average to it.
    second = np.where(inside, smoothed.mean**2 + np.einsum("tii->ti", smoothed.uncertainty), 0.0).sum(axis=0)
    scale = np.sqrt(variance * inside.sum(axis=0) / second)
    mean = mean.copy()
    mean[:, columns] = np.nan
    mean[start:, columns] = np.where(inside, smoothed.mean * scale, np.nan)
    both = inside[:, :, None] & inside[:, None, :]
    at = np.flatnonzero(columns)
    uncertainty = np.zeros((len(mean), len(at), len(at)))
    uncertainty[start:] = np.where(both, smoothed.uncertainty * np.outer(scale, scale), 0.0)
    increments = Increments(panel.dates[1:], panel.assets, mean, at, uncertainty)
    return _Observed(increments, tuple(np.array(panel.assets)[columns]), levels)


def _inside(seen: np.ndarray) -> np.ndarray:
    """Which changes (T - 1, n) lie between the first and the last print of their series."""
    after_first = np.maximum.accumulate(seen, axis=0)[:-1]
    before_last = np.maximum.accumulate(seen[::-1], axis=0)[::-1][1:]
    return after_first & before_last


def _regressors(panel: Panel, rates: Translation, exact: FloatArray) -> FloatArray:
    """Observed factors (T - 1, k) that the noisy series are regressed on while they are smoothed."""
    own = Increments.exact(panel.dates[1:], panel.assets, exact)
    values = np.nan_to_num(exact)
    means = [np.einsum("tn,tn->t", mean_weights(own, members), values) for members in MEMBERS.values()]
    columns = [rates.dollar, *means]
    return np.column_stack([column for column in columns if np.isfinite(column).any()] or [np.empty((len(exact), 0))])


def _with_dollar(increments: Increments, rates: Translation) -> Increments:
    """The increments with the dollar itself as one more exact series."""
    mean = np.column_stack([increments.mean, rates.dollar])
    series = (*increments.series, DOLLAR_SERIES)
    return Increments(increments.dates, series, mean, increments.noisy, increments.uncertainty)


def _risk(panel: Panel, observed: _Observed, rates: Translation, total: Increments, key: str) -> AssetRisk:
    """Volatility of one asset in the reporting currency, as printed and corrected, with its interval."""
    i = panel.assets.index(key)
    year = panel.periods_per_year
    price = panel.prices[:, i]
    prints = np.flatnonzero(np.isfinite(price))
    change = total.mean[:, i]
    change = change[np.isfinite(change)]
    if len(change) < MINIMUM_CHANGES:
        raise GapError(
            f"{key!r} has {len(change)} changes in the reporting currency; {MINIMUM_CHANGES} are needed.",
            hint="Report in the currency of its price, or bring exchange rates for its months.",
            details={"asset": key, "changes": len(change), "needed": MINIMUM_CHANGES},
        )
    noise = 0.0
    if observed.levels is None or key not in observed.noisy:
        raw = latent = float(np.std(change, ddof=1)) * np.sqrt(year)
        # Standard error of a log standard deviation under normality.
        error = 1.0 / np.sqrt(2.0 * (len(change) - 1))
    else:
        j = observed.noisy.index(key)
        printed = np.diff(np.log(price)) + np.log1p(rates.rates[:, i])
        raw = float(np.std(printed[np.isfinite(printed)], ddof=1)) * np.sqrt(year)
        own = float(observed.levels.volatility[j])
        both = np.isfinite(rates.rates[:, i]) & np.isfinite(observed.increments.mean[:, i])
        joint = np.cov(observed.increments.mean[both, i], rates.rates[both, i]) * year
        # Covariances with an exactly known rate need no correction for noise; the floor guards short overlaps.
        latent = np.sqrt(max(own**2 + 2.0 * joint[0, 1] + joint[1, 1], 0.25 * own**2))
        error = float(observed.levels.volatility_error[j]) * (own / latent) ** 2
        noise = float(observed.levels.noise[j])
    return AssetRisk(
        asset=key,
        raw=float(raw),
        latent=float(latent),
        low=float(latent * np.exp(-error)),
        high=float(latent * np.exp(error)),
        noise=noise,
        observations=len(prints) - 1,
        first=panel.dates[prints[0]],
        last=panel.dates[prints[-1]],
        model=CUSTOMS if key in observed.noisy else AS_IS,
    )


def _level(prices: pl.DataFrame, observed: _Observed, key: str) -> PriceLevel:
    """The believed price of one asset in its currency of quotation, and the last print."""
    last = prices.filter((pl.col("asset") == key) & pl.col("price").is_not_null()).sort("date").row(-1, named=True)
    price, error = last["price"], 0.0
    if observed.levels is not None and key in observed.noisy:
        j = observed.noisy.index(key)
        price = float(np.exp(observed.levels.level[j]))
        error = price * float(observed.levels.level_error[j])
    return PriceLevel(
        asset=key,
        price=price,
        standard_error=error,
        raw=last["price"],
        date=last["date"],
        currency=last["currency"],
        unit=last["unit"],
        basis=last["basis"],
    )


def _averaging(panel: Panel, assets: tuple[str, ...]) -> tuple[str, ...]:
    """The note on prices that are averages over a month."""
    basis = dict(zip(panel.assets, panel.bases, strict=True))
    if not any(basis[key] in (CUSTOMS, "monthly_average") for key in assets):
        return ()
    note = (
        "Prices that are averages over a month understate the volatility of prices at a month's end by up to 18 % "
        "(Working 1960); this is not corrected."
    )
    return (note,)
