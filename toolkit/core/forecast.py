"""`Forecast`, the output of every estimator and the input of every optimizer, and its parts."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, fields
from datetime import date
from functools import cache, lru_cache
from typing import Any, NamedTuple

import numpy as np
import polars as pl
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]
STATISTICAL = ("component_", "residual_")
"""Prefixes of statistical factors: principal components, which stand for no market."""


def read_only(array: FloatArray) -> FloatArray:
    """A C-contiguous copy that cannot be written to; an array that is one already, or that repeats one value."""
    flags = array.flags
    if not flags.writeable:
        own = type(array) is np.ndarray and array.base is None and array.dtype == np.float64
        if (own and flags.c_contiguous) or not any(array.strides):
            return array
    copy = np.array(array, dtype=np.float64, order="C")
    copy.setflags(write=False)
    return copy


def read_only_arrays(record: Any) -> None:
    """Make the arrays of a frozen dataclass, of its fields declared as `FloatArray`, `read_only`."""
    for name in _array_fields(type(record)):
        value = getattr(record, name)
        if isinstance(value, np.ndarray) and (kept := read_only(value)) is not value:
            object.__setattr__(record, name, kept)


@cache
def _array_fields(kind: type) -> tuple[str, ...]:
    """Names of the fields of a dataclass that are declared as `FloatArray`, which reading for every record takes longest."""
    return tuple(item.name for item in fields(kind) if "FloatArray" in str(item.type))


def frozen(array: FloatArray) -> FloatArray:
    """An array that nobody else holds, from now on without a way to write to it: `read_only` takes it without a copy."""
    array.setflags(write=False)
    return array


def correlated_factors(factor_cov: FloatArray) -> NDArray[np.intp]:
    """Positions of the factors of a covariance (k, k) that are correlated with another."""
    alone = factor_cov.diagonal() != 0.0
    if np.count_nonzero(factor_cov) == np.count_nonzero(alone):
        return np.zeros(0, dtype=np.intp)
    return np.flatnonzero(np.count_nonzero(factor_cov, axis=1) > alone)


def with_factors(loadings: FloatArray, factor_cov: FloatArray) -> FloatArray:
    """Covariances of assets with factors, (n, k): loadings (n, k) @ factor_cov (k, k).

    Factors without correlation, of which there may be one an asset, need no product of matrices.
    """
    found, at = loadings * np.diag(factor_cov), correlated_factors(factor_cov)
    found[:, at] = loadings[:, at] @ factor_cov[np.ix_(at, at)]
    return found


def covariance_of(loadings: FloatArray, factor_cov: FloatArray, specific_var: FloatArray) -> FloatArray:
    """The covariance (n, n), loadings @ factor_cov @ loadings.T + diag(specific_var).

    Args:
        loadings: (n, k).
        factor_cov: (k, k).
        specific_var: (n,).
    """
    found = with_factors(loadings, factor_cov) @ loadings.T
    found[np.diag_indices_from(found)] += specific_var
    return found


class PriceLevel(NamedTuple):
    """Price of one unit of an asset, in the currency of quotation.

    Attributes:
        price: Estimated price: filtered for noisy bases, the last observed price otherwise.
        standard_error: Of `price`, same unit; 0 for a price taken as it is.
        raw: The last observed price.
        date: The day of the last observed price.
        basis: Price basis in words (``customs_unit_value``, ``monthly_average``, ...).
    """

    asset: str
    price: float
    standard_error: float
    raw: float
    date: date
    currency: str
    unit: str
    basis: str


@dataclass(frozen=True, slots=True)
class AssetRisk:
    """Annual volatility of one asset, of observed prices and corrected by its observation model.

    Attributes:
        raw: Annualised standard deviation of observed price changes in the reporting currency: log changes of a noisy
            basis, since one outlier of fifteen times the price would dominate simple returns; simple returns otherwise.
        latent: Annual volatility of the latent price, after the observation model and pooling with the group.
        low, high: 68 % interval of `latent` (one standard error each side on the log scale).
        noise: Standard deviation of the measurement error of a price of median quantity (log points); 0 if none.
        observations: Number of price changes behind the figures.
        first, last: Dates of the first and last price used.
        model: Observation model used: ``customs_unit_value``, ``monthly_average``, ``geltner``, ``getmansky_lo_makarov``,
            ``annual_average``, ``annual`` or ``as_is``.
        own_weight: Weight of the asset's own data in `latent`, 0..1; the rest is the group and the prior.
        without_history: `latent` without the prior from decades of yearly prices; None where there is no such prior.
    """

    asset: str
    raw: float
    latent: float
    low: float
    high: float
    noise: float
    observations: int
    first: date
    last: date
    model: str
    own_weight: float = 1.0
    without_history: float | None = None


@dataclass(frozen=True, slots=True)
class FactorRegression:
    """A fitted factor model.

    Attributes:
        assets: n that were explained.
        factors: k names.
        loadings, errors: (n, k): fractions of the asset's price for a unit of the factor, and their standard errors
            (NaN where a loading could not be fitted and is zero).
        factor_cov: (k, k) a year.
        fit: (n,) share of the variance that the factors explain.
        periods: (n,) changes behind each row.
        dates: T last dates of the periods.
        returns: (T, k) changes of the factors as their risk is measured: corrected for averages and smoothing. NaN in
            periods without one.
        realised: (T, k) what the factors returned, without these corrections: what is shown as a return.
    """

    assets: tuple[str, ...]
    factors: tuple[str, ...]
    loadings: FloatArray
    errors: FloatArray
    factor_cov: FloatArray
    fit: FloatArray
    periods: tuple[int, ...]
    dates: tuple[date, ...]
    returns: FloatArray
    realised: FloatArray

    @property
    def t(self) -> FloatArray:
        """t-statistics (n, k) of the pooled loadings; NaN where the error is."""
        return self.loadings / self.errors


@dataclass(frozen=True, slots=True)
class CorrelationErrors:
    """Standard errors of the correlations of n assets; a correlation is normal about its estimate.

    Attributes:
        own: (n, n) what differs from pair to pair, independently.
        common: (n, n) what moves all pairs alike: the error of the mean of a prior.
    """

    own: FloatArray
    common: FloatArray

    def __post_init__(self) -> None:
        read_only_arrays(self)

    def take(self, at: NDArray[np.intp]) -> CorrelationErrors:
        """Those of the assets at some positions (m,); one at -1 has none."""
        pairs, known = np.ix_(at, at), np.outer(at >= 0, at >= 0)
        return CorrelationErrors(np.where(known, self.own[pairs], 0.0), np.where(known, self.common[pairs], 0.0))


@lru_cache(maxsize=8)
def _named(factors: tuple[str, ...]) -> tuple[int, ...]:
    """Positions of the named ones, the same from day to day."""
    return tuple(i for i, name in enumerate(factors) if not name.startswith(STATISTICAL))


@dataclass(frozen=True, slots=True)
class Forecast:
    """Covariance of annual returns in factor form, and expected returns where a strategy has some.

    Covariance = loadings @ factor_cov @ loadings.T + diag(specific_var); everything annual, simple returns in the
    reporting currency.

    Attributes:
        assets: n asset keys; rows of every array are in this order.
        factors: k factor names.
        loadings: (n, k).
        factor_cov: (k, k), positive semidefinite.
        specific_var: (n,), >= 0.
        expected: (n,) expected return a year; zeros where the strategy makes no forecast.
        expected_cov: (n, n) uncertainty of `expected`; None where the strategy makes no forecast.
        periods_per_year: Observations a year of the returns that were used.
        covariance: Name of the estimator.
        levels: One record an asset, same order.
        risk_records: Makes `risks`, likewise one an asset.
        notes: Notes on the estimate (fallbacks taken, currency of risk, short histories).
        model: The regression on the named factors; None where the covariance has none.
        coverage: Makes the table of the data behind each asset (see `toolkit.risk_model.annual_assets.coverage`).
        loading_errors: (n, j) standard errors of the loadings on the first j factors, of which the named ones are; NaN where no
            regression fitted one.
        printed: (T, n) observed changes of price, NaN missing (see `toolkit.risk_model.observed.Observed`); None where
            none were used.
        correlation_errors: Of the n assets; None where the estimator tells none, zero of assets that have annual prices alone.
        half_life: Periods after which a change counts half in the correlations; None where all count alike.
    """

    assets: tuple[str, ...]
    factors: tuple[str, ...]
    loadings: FloatArray
    factor_cov: FloatArray
    specific_var: FloatArray
    expected: FloatArray
    periods_per_year: float
    covariance: str
    levels: tuple[PriceLevel, ...]
    risk_records: Callable[[], tuple[AssetRisk, ...]] = tuple
    notes: tuple[str, ...] = ()
    loading_errors: FloatArray | None = None
    expected_cov: FloatArray | None = None
    coverage: Callable[[], pl.DataFrame] | None = None
    model: FactorRegression | None = None
    printed: FloatArray | None = None
    correlation_errors: CorrelationErrors | None = None
    half_life: float | None = None

    def __post_init__(self) -> None:
        read_only_arrays(self)

    @property
    def risks(self) -> tuple[AssetRisk, ...]:
        """Volatility of each asset and what it rests on, which no optimizer asks for."""
        return self.risk_records()

    @property
    def matrix(self) -> FloatArray:
        """Covariance (n, n) as a dense matrix: for small universes and tests."""
        return covariance_of(self.loadings, self.factor_cov, self.specific_var)

    @property
    def named(self) -> tuple[int, ...]:
        """Positions of the factors that are not `STATISTICAL` (gold, the dollar, ...)."""
        return _named(self.factors)

    @property
    def variances(self) -> FloatArray:
        """(n,) variance a year of each asset: the diagonal of the covariance, which is not made for it."""
        # Without an array of the size of the loadings, which may have one factor an asset.
        found = np.einsum("ik,k,ik->i", self.loadings, np.diag(self.factor_cov), self.loadings)
        at = correlated_factors(self.factor_cov)
        B, F = self.loadings[:, at], self.factor_cov[np.ix_(at, at)]
        return found + np.einsum("ik,kl,il->i", B, F - np.diag(np.diag(F)), B) + self.specific_var

    def named_variance(self, weights: FloatArray) -> float:
        """Annual variance that the named factors explain, of a portfolio with asset weights (n,)."""
        at = list(self.named)
        exposure = self.loadings[:, at].T @ weights
        return float(exposure @ self.factor_cov[np.ix_(at, at)] @ exposure)

    def covariances(self, weights: FloatArray) -> FloatArray:
        """(n,) covariance a year of each asset with the portfolio of these asset weights, (n,): Sigma w."""
        return self.loadings @ (self.factor_cov @ (self.loadings.T @ weights)) + self.specific_var * weights

    def variance(self, weights: FloatArray) -> float:
        """Variance a year of a portfolio with these asset weights, (n,)."""
        exposure = self.loadings.T @ weights
        return float(exposure @ self.factor_cov @ exposure + self.specific_var @ weights**2)

    def roots(self) -> tuple[FloatArray, FloatArray]:
        """(k, n) R and (n,) s with R'R + diag(s^2) the covariance; by eigenvalues, since factor_cov may be singular.

        Only factors that are correlated with another are decomposed: components, of which there may be one an asset, are not.
        """
        correlated, variances = correlated_factors(self.factor_cov), self.factor_cov.diagonal()
        specific = np.sqrt(self.specific_var)
        if not correlated.size and (variances == 1.0).all():
            return self.loadings.T, specific
        root = np.sqrt(np.clip(variances, 0.0, None))[:, None] * self.loadings.T
        if correlated.size:
            values, vectors = np.linalg.eigh(self.factor_cov[np.ix_(correlated, correlated)])
            root[correlated] = (vectors * np.sqrt(np.clip(values, 0.0, None))).T @ self.loadings[:, correlated].T
        return root, specific
