"""Volatility of each asset in the reporting currency: from its own data, then pooled within its group."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from toolkit.core.errors import GapError
from toolkit.core.forecast import AssetRisk, FloatArray
from toolkit.market.readers.price_checks import CUSTOMS
from toolkit.returns.currencies import FxReturns
from toolkit.returns.history import ANNUAL_AVERAGE, MONTHLY_AVERAGE
from toolkit.returns.observation.local_level import LocalLevels
from toolkit.returns.observed_returns import columns
from toolkit.returns.panel import MINIMUM_CHANGES, Panel
from toolkit.returns.volatility_pooling import (
    PooledVolatility,
    annual_volatility,
    effective_excess,
    log_volatility,
    pooled_volatility,
    yearly_rate,
)
from toolkit.risk_model.observed import Observed

AS_IS = "as_is"
ANNUAL = "annual"
ASSETS_AT_ONCE = 64
"""Assets whose changes are copied side by side."""


class _Own(NamedTuple):  # thousands are made a second
    """Estimate of the annual volatility of one asset in the reporting currency, from its own data.

    Attributes:
        latent: Of the latent price; pooled already where the observation model does that.
        error: Of log `latent` beyond that of sampling; all of it for a latent price.
        log_own, variance: Log volatility from the asset alone and its variance, for a latent price.
        given_history: Volatility, error of its log and own weight where decades of yearly prices count too.
    """

    asset: str
    latent: float
    observations: int
    model: str
    error: float = 0.0
    log_own: float = float("nan")
    variance: float = float("nan")
    noise: float = 0.0
    given_history: tuple[float, float, float] | None = None


@dataclass(frozen=True, eq=False)  # arrays have no truth value; no slots: pooled where someone asks
class AssetVolatilities:
    """Annual volatility of n assets in the reporting currency, pooled within groups.

    Attributes:
        panel: Prices on one calendar.
        at: (n,) positions of the assets in the panel.
        own: (n,) estimates from the data of each asset alone.
        changes: (T, n) in the reporting currency, corrected for the observation model, NaN missing.
        groups: (n,) within which volatilities are pooled.
    """

    panel: Panel
    at: NDArray[np.intp]
    own: tuple[_Own, ...]
    changes: FloatArray
    groups: tuple[str, ...]

    @cached_property
    def pooled(self) -> PooledVolatility:
        """Of all, without decades of yearly prices."""
        return _pooled(self.own, self.changes, self.groups)

    @cached_property
    def latent(self) -> FloatArray:
        """(n,) volatility a year, after the observation model and pooling."""
        return self._given_history(self.pooled.volatility, 0)

    @cached_property
    def own_weight(self) -> FloatArray:
        """(n,) of its own data in `latent`, 0..1."""
        return self._given_history(self.pooled.own_weight, 2)

    def _given_history(self, pooled: FloatArray, figure: int) -> FloatArray:
        """A figure (n,) of what is pooled, and that of decades of yearly prices where they count."""
        known = [None if one.given_history is None else one.given_history[figure] for one in self.own]
        return np.array([own if one is None else one for own, one in zip(pooled.tolist(), known, strict=True)])

    def records(self, printed: FloatArray) -> tuple[AssetRisk, ...]:
        """The risk of each asset, with its observed changes (T, n): volatility, its error, and what it rests on."""
        prices = np.isfinite(self.panel.prices[:, self.at])
        raw = _deviations(printed)[0] * math.sqrt(self.panel.periods_per_year)
        # Positions of the first and the last price, and how many there are; a series of annual prices has none.
        spans = (prices.argmax(axis=0), len(prices) - 1 - prices[::-1].argmax(axis=0), prices.sum(axis=0))
        figures = zip(self.own, self.at.tolist(), raw.tolist(), *(span.tolist() for span in spans), strict=True)
        return tuple(_record(self.panel, one, self.pooled, i, *figure) for i, (one, *figure) in enumerate(figures))


def asset_volatilities(
    panel: Panel, observed: Observed, rates: FxReturns, assets: tuple[str, ...], groups: tuple[str, ...]
) -> AssetVolatilities:
    """The volatility of each asset, in the order of `assets`.

    Args:
        panel: Prices on one calendar.
        observed: Their returns, and what is measured with error.
        rates: Returns of exchange rates over the same periods.
        assets: n keys of assets of the panel.
        groups: (n,) group of each, within which volatilities are pooled.

    Raises:
        GapError: for an asset with too few changes in the reporting currency.
    """
    place = {key: i for i, key in enumerate(panel.assets)}
    at = np.array([place[key] for key in assets], dtype=np.intp)
    changes = columns(observed.total.mean, at)
    deviations, counts = _deviations(changes)
    figures = zip(assets, at.tolist(), deviations.tolist(), counts.tolist(), strict=True)
    own = tuple(_own(panel, observed, rates, *figure) for figure in figures)
    return AssetVolatilities(panel, at, own, changes, groups)


def _deviations(changes: FloatArray) -> tuple[FloatArray, NDArray[np.intp]]:
    """Standard deviation (n,) of each column of changes (T, n), NaN missing, and how many it has; NaN below two."""
    known = np.isfinite(changes)
    counts, found = known.sum(axis=0), np.full(changes.shape[1], np.nan)
    whole = counts == len(changes)
    columns = np.flatnonzero(whole) if len(changes) > 1 else np.zeros(0, dtype=np.intp)
    for block in (columns[i : i + ASSETS_AT_ONCE] for i in range(0, len(columns), ASSETS_AT_ONCE)):
        found[block] = np.std(np.ascontiguousarray(changes[:, block].T), axis=1, ddof=1)
    for i in np.flatnonzero(~whole & (counts > 1)):
        found[i] = np.std(changes[known[:, i], i], ddof=1)
    return found, counts


def _own(panel: Panel, observed: Observed, rates: FxReturns, key: str, i: int, changes: float, count: int) -> _Own:
    """The estimate of the asset at position `i` of the panel, `changes` the standard deviation of its corrected changes."""
    for history in panel.annual:
        if history.asset == key:
            foreign = panel.monthly and np.nan_to_num(rates.rates[:, i]).any()
            rate = yearly_rate(panel.dates, rates.rates[:, i], history.years) if foreign else None
            volatility, count = annual_volatility(history, rate)
            own = _Own(key, volatility, count, ANNUAL_AVERAGE if history.averaged else ANNUAL)
            if panel.prior is None or not history.averaged or key not in panel.prior.metals:
                return own
            # The prior holds the asset's own years too, in its currency of quotation.
            exchange = float(np.nanvar(rates.rates[:, i])) * panel.periods_per_year if foreign else 0.0
            metal = panel.prior.metals[key]
            variance = metal.volatility**2 + exchange
            error = metal.error * metal.volatility**2 / variance
            return own._replace(given_history=(float(np.sqrt(variance)), error, metal.own_weight))
    if count < MINIMUM_CHANGES:
        raise GapError(
            "{key!r:s} has {count} changes in the reporting currency; {minimum_changes} are needed.",
            hint="Report in the currency of its price, or bring exchange rates for its months.",
            details={"asset": key, "changes": count, "needed": MINIMUM_CHANGES},
            key=key,
            count=count,
            minimum_changes=MINIMUM_CHANGES,
        )
    if observed.levels is not None and key in observed.noisy:
        return _latent(panel, observed, observed.levels, key)
    model, error = MONTHLY_AVERAGE if observed.averaged[i] else AS_IS, 0.0
    if key in observed.assessed and observed.smoothing is not None:
        j = observed.assessed.index(key)
        model, error = observed.smoothing.method[j], float(observed.smoothing.factor_error[j])
    return _Own(key, changes * math.sqrt(panel.periods_per_year), count, model, error=error)


def _latent(panel: Panel, observed: Observed, levels: LocalLevels, key: str) -> _Own:
    """The volatility of a latent price, and of it in the reporting currency."""
    i, j = panel.assets.index(key), observed.noisy.index(key)
    months = observed.months or levels
    own = float(months.volatility[j])
    local, total = observed.local.mean[:, i], observed.total.mean[:, i]
    exchange = (1.0 + total) / (1.0 + local) - 1.0
    both = np.isfinite(exchange)
    joint = np.cov(local[both], exchange[both]) * panel.periods_per_year

    def translated(volatility: float) -> float:
        # Covariances with an exactly known rate need no correction for noise; the floor guards short overlaps.
        covariance = joint[0, 1] * volatility / float(levels.volatility[j])
        return float(np.sqrt(max(volatility**2 + 2.0 * covariance + joint[1, 1], 0.25 * volatility**2)))

    latent = translated(own)
    share = (own / latent) ** 2
    given_history = None
    if np.isfinite(observed.months_weight[j]):
        size = float(levels.volatility[j])
        whole = translated(size)
        given_history = (whole, float(levels.volatility_error[j]) * (size / whole) ** 2, float(observed.months_weight[j]))
    return _Own(
        asset=key,
        latent=latent,
        observations=int(np.isfinite(panel.prices[:, i]).sum()) - 1,
        model=CUSTOMS,
        error=float(months.volatility_error[j]) * share,
        log_own=float(levels.own_log_volatility[j]) + float(np.log(latent / own)),
        variance=(float(levels.own_log_error[j]) * share) ** 2,
        noise=float(levels.noise[j]),
        given_history=given_history,
    )


def _pooled(own: tuple[_Own, ...], changes: FloatArray, groups: tuple[str, ...]) -> PooledVolatility:
    """Volatilities pooled within groups; those that an observation model has pooled already only inform the others."""
    exact = np.array([one.model != CUSTOMS for one in own])
    # Tails are those of exact changes: smoothed ones have lost them. A year sums many changes and has few of its own.
    excess = effective_excess(changes if exact.all() else np.where(exact, changes, np.nan), groups)
    excess = np.where([one.model in (ANNUAL, ANNUAL_AVERAGE) for one in own], 0.0, excess)
    counts = np.array([max(one.observations, 2) for one in own], dtype=np.float64)
    latent, error = np.array([one.latent for one in own]), np.array([one.error for one in own])
    log_own, variance = log_volatility(latent, counts, excess)
    log_own = np.where(exact, log_own, [one.log_own for one in own])
    variance = np.where(exact, variance + error**2, [one.variance for one in own])
    found = pooled_volatility(log_own, variance, groups)
    return PooledVolatility(np.where(exact, found.volatility, latent), np.where(exact, found.error, error), found.own_weight)


def _record(
    panel: Panel, own: _Own, pooled: PooledVolatility, at: int, column: int, printed: float, first: int, last: int, prints: int
) -> AssetRisk:
    """The risk of the asset `at` its place among the pooled; first and last price, and how many, are of its panel `column`."""
    history = panel.histories[column]
    pooled_alone = (float(pooled.volatility[at]), float(pooled.error[at]), float(pooled.own_weight[at]))
    latent, error, weight = own.given_history or pooled_alone
    return AssetRisk(
        asset=own.asset,
        raw=own.latent if own.model in (ANNUAL, ANNUAL_AVERAGE) else printed,
        latent=latent,
        low=latent * float(np.exp(-error)),
        high=latent * float(np.exp(error)),
        noise=own.noise,
        observations=prints - 1 if prints else own.observations,
        first=panel.dates[first] if prints else history.first,
        last=panel.dates[last] if prints else history.last,
        model=own.model,
        own_weight=weight,
        without_history=None if own.given_history is None else pooled_alone[0],
    )
