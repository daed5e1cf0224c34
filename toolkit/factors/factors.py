"""Factors as dated weights on series, built without the asset they explain, and the loadings on them.

A factor is the mean change of its members: precious metals, base metals, energy, the dollar, and a supply shock
(controlled minus uncontrolled metals, membership by date). For each asset the factors are built anew without it, so
that nothing explains itself. The supply factor is cleaned of the others, which keeps their long histories for them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from types import MappingProxyType

import numpy as np
import polars as pl

from toolkit.factors.forecast import FloatArray
from toolkit.factors.increments import Increments
from toolkit.factors.observation.joint import capped
from toolkit.factors.pooling import pool

DOLLAR = "dollar"
DOLLAR_SERIES = "currency:USD"
"""Name of the exchange rate among the series; no asset key has a colon."""
SUPPLY = "supply_shock"
MARKET = "equal_weight"
MEMBERS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "precious_metals": ("gold", "silver", "platinum", "palladium"),
        "base_metals": ("aluminium", "copper", "lead", "nickel", "tin", "zinc"),
        "energy": ("brent", "natural_gas_us"),
        DOLLAR: (DOLLAR_SERIES,),
    }
)
"""Series behind each observed factor, by name; those that are not there are not waited for."""
MINIMUM_PERIODS = 12
"""Fewer joint periods than this fit no loading."""


@dataclass(frozen=True, slots=True)
class Portfolios:
    """r dated weight vectors on N series, and their changes.

    Attributes:
        mean: (T, r) posterior mean of the change, NaN in periods without one.
        weights: (T, r, m): on the series seen through noise, whose uncertainty they carry; any value where there is no
            change.
    """

    mean: FloatArray
    weights: FloatArray

    @classmethod
    def of(cls, increments: Increments, weights: FloatArray) -> Portfolios:
        """Portfolios from weights (T, r, N) with NaN rows where there is none."""
        mean = np.einsum("trn,tn->tr", weights, np.nan_to_num(increments.mean))
        return cls(mean, np.nan_to_num(weights[:, :, increments.noisy]))

    @property
    def size(self) -> int:
        """R."""
        return self.mean.shape[1]

    def take(self, columns: slice) -> Portfolios:
        """Some of them."""
        return Portfolios(self.mean[:, columns], self.weights[:, columns])

    def beside(self, other: Portfolios) -> Portfolios:
        """These, then those."""
        return Portfolios(np.hstack([self.mean, other.mean]), np.concatenate([self.weights, other.weights], axis=1))

    def less(self, other: Portfolios, slope: FloatArray) -> Portfolios:
        """These minus `slope` (k, r) times k others."""
        weights = self.weights - np.einsum("kr,tkn->trn", slope, other.weights)
        return Portfolios(self.mean - other.mean @ slope, weights)

    def moments(self, uncertainty: FloatArray) -> tuple[FloatArray, int]:
        """Sum of squares about the mean (r, r) over the periods where all exist, and their number.

        Args:
            uncertainty: (T, m, m) posterior covariance of the series seen through noise.
        """
        rows = np.isfinite(self.mean).all(axis=1)
        m, w = self.mean[rows], self.weights[rows]
        m = m - m.mean(axis=0) if len(m) else m
        return m.T @ m + np.einsum("tan,tnm,tbm->ab", w, uncertainty[rows], w, optimize=True), int(rows.sum())


@dataclass(frozen=True, slots=True)
class Factors:
    """k factors by name; the supply shock, if any, is the last."""

    names: tuple[str, ...]
    portfolios: Portfolios

    @property
    def supply(self) -> bool:
        """Whether the last factor is the supply shock."""
        return self.names[-1:] == (SUPPLY,)


def mean_weights(increments: Increments, members: tuple[str, ...]) -> FloatArray:
    """Equal weights (T, n) on the members that have a change in each period; NaN rows where none has."""
    inside = np.isin(increments.series, members) & np.isfinite(increments.mean)
    count = inside.sum(axis=1, keepdims=True)
    return np.divide(inside, count, out=np.full(inside.shape, np.nan), where=count > 0)


def membership(controlled: pl.DataFrame, dates: tuple[date, ...], series: tuple[str, ...]) -> FloatArray:
    """Whether each series was under licence or ban during each period: (T, n) of 0 and 1.

    Args:
        controlled: Columns `asset`, `from`, `to` (inclusive; null: to this day). Spells of one asset may overlap.
        dates: Last dates of the T periods; a period is controlled if its last date is.
        series: n names.
    """
    state = np.zeros((len(dates), len(series)))
    day = np.array([d.toordinal() for d in dates])
    for asset, start, end in controlled.select("asset", "from", "to").iter_rows():
        if asset in series:
            state[(day >= start.toordinal()) & (day <= (end or date.max).toordinal()), series.index(asset)] = 1.0
    return state


def supply_weights(increments: Increments, metals: tuple[str, ...], state: FloatArray) -> FloatArray:
    """Mean of the controlled minus mean of the uncontrolled metals (T, n); NaN rows where either side is empty."""
    inside = np.isin(increments.series, metals) & np.isfinite(increments.mean)
    sides = []
    for side in (inside & (state > 0), inside & (state == 0)):
        count = side.sum(axis=1, keepdims=True)
        sides.append(np.divide(side, count, out=np.full(side.shape, np.nan), where=count > 0))
    return sides[0] - sides[1]


def build(
    increments: Increments, metals: tuple[str, ...], state: FloatArray, held: tuple[str, ...], without: str = ""
) -> Factors:
    """The factors that the series allow, none of them containing `without`.

    Args:
        increments: Changes of all series.
        metals: Series that may be on either side of the supply shock.
        state: (T, n) from `membership`.
        held: Assets whose equally weighted mean is the one factor if there is no other.
        without: The asset to be explained.
    """
    rows: dict[str, FloatArray] = {}
    for name, members in MEMBERS.items():
        weights = mean_weights(increments, tuple(member for member in members if member != without))
        if np.isfinite(weights).all(axis=1).sum() >= MINIMUM_PERIODS:
            rows[name] = weights
    shock = supply_weights(increments, tuple(metal for metal in metals if metal != without), state)
    if np.isfinite(shock).all(axis=1).sum() >= MINIMUM_PERIODS:
        rows[SUPPLY] = shock
    if not set(rows) - {DOLLAR, SUPPLY}:
        rows = {MARKET: mean_weights(increments, tuple(key for key in held if key != without)), **rows}
    return Factors(tuple(rows), Portfolios.of(increments, np.stack(list(rows.values()), axis=1)))


@dataclass(frozen=True, slots=True)
class Loadings:
    """A fitted factor model.

    Attributes:
        factors: k names.
        loadings, errors: (n, k): fractions of the asset's price for a unit of the factor, and their standard errors
            (NaN where a loading could not be fitted and is zero).
        factor_cov: (k, k) a year.
        fit: (n,) share of the variance that the factors explain.
        periods: (n,) changes behind each row.
    """

    factors: tuple[str, ...]
    loadings: FloatArray
    errors: FloatArray
    factor_cov: FloatArray
    fit: FloatArray
    periods: tuple[int, ...]


def _clean(factors: Factors, uncertainty: FloatArray) -> tuple[Portfolios, Portfolios, FloatArray]:
    """Observed factors, the supply shock cleaned of them (or none), and their covariance (k, k) a period."""
    k = len(factors.names) - factors.supply
    observed, shock = factors.portfolios.take(slice(0, k)), factors.portfolios.take(slice(k, None))
    cov = np.zeros((len(factors.names),) * 2)
    moments, count = observed.moments(uncertainty)
    cov[:k, :k] = moments / max(count - 1, 1)
    if factors.supply:
        joint, count = observed.beside(shock).moments(uncertainty)
        slope = np.asarray(np.linalg.lstsq(joint[:k, :k], joint[:k, k:], rcond=None)[0], dtype=np.float64)
        shock = shock.less(observed, slope)
        cov[k, k] = max(float(joint[k, k] - joint[k, :k] @ slope[:, 0]), 0.0) / max(count - 1, 1)
    return observed, shock, cov


def fit(
    local: Increments,
    total: Increments,
    assets: tuple[str, ...],
    groups: tuple[str, ...],
    metals: tuple[str, ...],
    state: FloatArray,
    variance: FloatArray,
    periods_per_year: float,
    supply_scores: Mapping[str, float] | None = None,
) -> Loadings:
    """Regress every asset on the factors built without it; pool the loadings within each group.

    Least squares on posterior second moments, so that a latent change counts with its uncertainty. The standard errors
    treat the smoothed moments as data and are too small where noise is large. A factor that has no member left without
    the asset, or no common period with it, gets loading zero.

    Args:
        local: Changes of all N series in their currencies of quotation: what the factors are made of.
        total: The same in the reporting currency: what is explained. The dollar factor takes up the difference.
        assets: n assets to explain.
        groups: (n,) group of each: loadings are pooled among its members.
        metals: Series on the sides of the supply shock.
        state: (T, N) from `membership`.
        variance: (n,) a year, which the factors may explain up to a share only.
        periods_per_year: Of the increments.
        supply_scores: 0..1 an asset: what its loading on the supply shock is expected to be proportional to; one without
            a score counts as the mean of its group.
    """
    whole = build(local, metals, state, assets)
    _, _, cov = _clean(whole, local.uncertainty)
    raw, error = np.full((2, len(assets), len(whole.names)), np.nan)
    periods = []
    for i, asset in enumerate(assets):
        part = build(local, metals, state, assets, without=asset)
        target = Portfolios(total.mean[:, total.at((asset,))], _pick(local, asset))
        b, se, own, count = _explain(target, part, local.uncertainty)
        for j, name in enumerate(part.names):
            if name in whole.names:
                column = whole.names.index(name)
                # Without one member a factor is more volatile: count the loading per unit of the factor as published.
                unit = np.sqrt(own[j] / cov[column, column]) if cov[column, column] > 0 else np.nan
                raw[i, column], error[i, column] = b[j] * unit, se[j] * unit
        periods.append(count)
    pooled, errors = _pool_groups(raw, error, assets, groups, supply_scores if whole.supply else None)
    # A factor that is nothing but the one asset held explains nobody.
    used = np.flatnonzero(np.isfinite(raw).any(axis=0))
    factor_cov = cov[np.ix_(used, used)] * periods_per_year
    loadings = capped(np.nan_to_num(pooled[:, used]), factor_cov, variance)
    explained = np.einsum("ik,kl,il->i", loadings, factor_cov, loadings) / variance
    names = tuple(whole.names[j] for j in used)
    return Loadings(names, loadings, errors[:, used], factor_cov, explained, tuple(periods))


def _pick(increments: Increments, asset: str) -> FloatArray:
    """Weights (T, 1, m) of one noisy series and nothing else; zeros for an exact one."""
    pick = (increments.noisy == increments.at((asset,))[0]).astype(np.float64)
    return np.broadcast_to(pick, (len(increments.dates), 1, len(pick)))


def _explain(target: Portfolios, factors: Factors, uncertainty: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray, int]:
    """Loadings of one portfolio on the factors in two steps, each over its own longest window.

    Returns:
        Loadings (k,), standard errors (k,), variances (k,) of the factors a period, and periods of the first step.
    """
    observed, shock, cov = _clean(factors, uncertainty)
    moments, count = observed.beside(target).moments(uncertainty)
    b, se = _least_squares(moments, count)
    if shock.size:
        rest = target.less(observed, np.nan_to_num(b)[:, None])
        b_shock, se_shock = _least_squares(*shock.beside(rest).moments(uncertainty))
        b, se = np.append(b, b_shock), np.append(se, se_shock)
    return b, se, np.diag(cov), count


def _pool_groups(
    raw: FloatArray, error: FloatArray, assets: tuple[str, ...], groups: tuple[str, ...], scores: Mapping[str, float] | None
) -> tuple[FloatArray, FloatArray]:
    """Loadings (n, k) and errors pooled within each group; the last column along the scores where there are any."""
    pooled, errors = raw.copy(), error.copy()
    for group in dict.fromkeys(groups):
        members = np.array([other == group for other in groups])
        pooled[members], errors[members] = pool(raw[members], error[members])
        own = [asset for asset, other in zip(assets, groups, strict=True) if other == group]
        known = [scores[asset] for asset in own if asset in scores] if scores else []
        if scores and known:
            prior = np.array([scores.get(asset, float(np.mean(known))) for asset in own])
            pooled[members, -1:], errors[members, -1:] = pool(raw[members, -1:], error[members, -1:], prior)
    return pooled, errors


def _least_squares(moments: FloatArray, count: int) -> tuple[FloatArray, FloatArray]:
    """Coefficients and standard errors of the last portfolio on the others, from centred sums of squares.

    NaN where fewer than `MINIMUM_PERIODS` periods are joint, or the regressors are collinear.
    """
    k = moments.shape[0] - 1
    A, c = moments[:k, :k], moments[:k, k]
    size = np.sqrt(np.diag(A))
    if count < max(MINIMUM_PERIODS, k + 3) or not (size > 0).all() or np.linalg.cond(A / np.outer(size, size)) > 1e8:
        return np.full(k, np.nan), np.full(k, np.nan)
    inverse = np.linalg.inv(A)
    b = inverse @ c
    residual = max(float(moments[k, k] - b @ c), 0.0) / (count - k - 1)
    return b, np.sqrt(np.maximum(residual * np.diag(inverse), 1e-300))
