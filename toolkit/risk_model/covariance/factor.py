"""Factor covariance from histories of different length, with shrunk correlations of the residuals."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from typing import Literal

import numpy as np
from pydantic import Field

from toolkit.core.baskets import MEMBERS
from toolkit.core.decode import Spec
from toolkit.core.forecast import FactorRegression, FloatArray
from toolkit.core.messages import message
from toolkit.returns.observation.joint import capped
from toolkit.returns.observed_returns import patterns
from toolkit.returns.panel import DAILY
from toolkit.returns.pooling import pool
from toolkit.risk_model.covariance.adjust import eigen_adjusted, newey_west_covariance
from toolkit.risk_model.covariance.form import CovarianceInputs, DenseCovariance, StructuredCovariance, add_product
from toolkit.risk_model.factor_regression import fit
from toolkit.risk_model.timeseries.baskets import MARKET, SUPPLY
from toolkit.risk_model.weighting import decay, half_lives

FACTORED_FROM = 800
"""Assets of which a few eigenvalues are found sooner than all."""
FEW_EIGENVALUES = 8
"""Most eigenvalues of a large matrix that are looked for one by one, and most restarts for each."""
LEAST_EIGENVALUE = 1e-3
"""Of a residual correlation; a pair of assets is then correlated at 0.999 at most."""


class NamedFactors(Spec):
    """Keys of the kinds that have named factors.

    Attributes:
        volatility_half_life: Periods after which a squared change counts half in a volatility. Default: 42 days, 12
            months.
        half_life: Periods after which a change counts half in loadings and correlations. Default: 126 days, 36 months.
        newey_west: Lags of serial correlation in the factor covariance (Newey and West 1987); the variances of the assets
            stay, so that it decides how much of each the factors explain.
        eigen_adjusted: Whether to inflate directions of the factor covariance that an optimizer would underestimate
            (Menchero, Wang and Orr 2011). Neither is on by default: docs/evidence.md shows what they do.
        lags: Lagged factor terms for assets whose prices are stale (Dimson 1979).
        factors: Series of factors by name, for prices that go by other names: `{equity = ["SPY"]}`.
    """

    volatility_half_life: float | None = Field(default=None, gt=0)
    half_life: float | None = Field(default=None, gt=0)
    lags: int = Field(default=0, ge=0, le=6)
    newey_west: int = Field(default=0, ge=0, le=60)
    eigen_adjusted: bool = False
    factors: dict[str, tuple[str, ...]] = Field(default_factory=dict)

    @property
    def members(self) -> dict[str, tuple[str, ...]]:
        """Series behind each observed factor: the strategy's own beside or in place of the usual ones."""
        return {**MEMBERS, **self.factors}


class FactorCovariance(NamedFactors):
    """Named factors, recent volatilities, and correlations shrunk towards the factor model.

    The covariance that the factors miss is not set to zero: its correlations, over the periods that a pair shares, are
    shrunk to zero by their sampling error against their spread (Schaefer and Strimmer 2005, for the target) and enter
    as `residual_i` components. So two products of one metal stay correlated, and noise does not become correlation: a
    weighted sample covariance, shrunk towards the factor model.
    """

    kind: Literal["factor"] = "factor"

    def estimate(self, inputs: CovarianceInputs) -> StructuredCovariance:
        """The covariance with components in place of the residual correlation."""
        return self.dense(inputs).components()

    def dense(self, inputs: CovarianceInputs) -> DenseCovariance:
        """Loadings, factor covariance, and residual covariance such that the diagonal is the estimated variance.

        Correlations and loadings are estimated with the slow weights; then each asset is scaled to the volatility of the
        fast ones. The common part of that scaling is applied to the factors, the rest to the asset's loadings.
        """
        fast, slow = half_lives(inputs.periods_per_year, self.volatility_half_life, self.half_life)
        variance, now = recent_variance(inputs, slow), recent_variance(inputs, fast)
        model = fit(
            inputs.local,
            inputs.increments,
            inputs.assets,
            inputs.groups,
            inputs.metals,
            inputs.state,
            variance,
            inputs.periods_per_year,
            inputs.supply_scores,
            half_life=slow,
            lags=self.lags,
            members=self.members,
            realised=inputs.realised,
        )
        F = self._adjusted(model, inputs.periods_per_year, slow)
        loadings = capped(model.loadings, F, variance)
        own = variance - (loadings @ F * loadings).sum(axis=1)
        correlation = _residual_correlation(inputs, loadings, F, variance, slow)
        step = np.sqrt(now / variance)
        regime = float(np.exp(np.log(step).mean()))
        each = (step / regime)[:, None]
        return DenseCovariance(
            factors=model.factors,
            loadings=loadings * each,
            loading_errors=model.errors * each,
            factor_cov=F * regime**2,
            deviation=np.sqrt(own) * step,
            correlation=correlation,
            notes=(*_notes(model, self.members), _weighting(fast, slow, inputs.periods_per_year)),
            model=model,
        )

    def _adjusted(self, model: FactorRegression, periods_per_year: float, half_life: float) -> FloatArray:
        """The factor covariance (k, k) a year, with the corrections that were asked for."""
        F = model.factor_cov.copy()
        if not model.factors:
            return F
        weights = decay(len(model.dates), half_life)
        if self.newey_west:
            # The supply shock is a latent factor of a short window: its autocovariances would be those of its smoother.
            at = np.flatnonzero([name != SUPPLY for name in model.factors])
            x = model.returns[:, at]
            known = np.asarray(np.isfinite(x).all(axis=1))
            x, w = x[known], weights[known]
            longer = newey_west_covariance(x, self.newey_west, w) - newey_west_covariance(x, 0, w)
            F[np.ix_(at, at)] += longer * periods_per_year
            values, vectors = np.linalg.eigh(F)
            F = (vectors * np.maximum(values, 1e-6 * values[-1])) @ vectors.T
        if self.eigen_adjusted:
            F = eigen_adjusted(F, float(weights.sum() ** 2 / (weights**2).sum()))
        return F


def _notes(model: FactorRegression, members: Mapping[str, tuple[str, ...]]) -> tuple[str, ...]:
    """Notes on factors that could not be built."""
    if MARKET in model.factors:
        return (message("No explanatory series: the one common factor is the equally weighted mean of the other assets."),)
    absent = [name for name in (*members, SUPPLY) if name not in model.factors]
    return (message("Factors without enough series, left out: {factors}.", factors=absent),) if absent else ()


def _weighting(fast: float, slow: float, periods_per_year: float) -> str:
    """The note on the half-lives."""
    if periods_per_year >= DAILY:
        return message(
            "A change counts half after {fast:g} days in volatilities, after {slow:g} days in loadings and correlations.",
            fast=fast,
            slow=slow,
        )
    return message(
        "A change counts half after {fast:g} months in volatilities, after {slow:g} months in loadings and correlations.",
        fast=fast,
        slow=slow,
    )


def recent_variance(inputs: CovarianceInputs, half_life: float) -> FloatArray:
    """Variance a year (n,), carried from the whole history to now where prices are exact.

    The log ratio of recent to whole volatility has an error of 1 / sqrt(2 N), N the effective number of recent changes.
    The assets share a regime: each ratio is shrunk to the common one by its error against their spread, so that a
    series with few recent prices has nearly the common ratio. That volatility of noisy series changes is not
    identified: their variance stays.
    """
    own = inputs.own
    seen = np.isfinite(own.mean)
    first, pattern = patterns(seen)
    known = seen[:, first].astype(np.float64)
    weights = decay(len(known), half_life)
    total = (weights @ known)[pattern]
    effective = total**2 / (weights**2 @ known)[pattern]
    squares = np.where(seen, own.mean, 0.0)
    np.square(squares, out=squares)
    whole, recent = np.stack([np.ones_like(weights), weights]) @ squares
    whole /= known.sum(axis=0)[pattern]
    recent /= total
    # A series without recent changes has no ratio.
    exact = (recent > 1e-9 * whole) & ~np.isin(np.arange(len(whole)), own.noisy)
    ratio = np.where(exact, 0.5 * np.log(np.where(exact, recent, 1.0) / whole), np.nan)[:, None]
    pooled, _ = pool(ratio, np.sqrt(0.5 / effective)[:, None])
    pooled = pooled[:, 0]
    common = float(np.nanmedian(pooled)) if exact.any() else 0.0
    moved = np.where(np.isfinite(pooled), pooled, common)
    moved[own.noisy] = 0.0
    return inputs.variance * np.exp(2.0 * moved)


def _residual_correlation(
    inputs: CovarianceInputs, loadings: FloatArray, factor_cov: FloatArray, variance: FloatArray, half_life: float
) -> FloatArray:
    """Residual correlations (n, n), shrunk, positive semidefinite with unit diagonal.

    The pairwise correlation of the changes less the part of the factors, shrunk to the expected correlation less that part.
    """
    changes = inputs.own
    r, counts = changes.pairwise(decay(len(changes.dates), half_life))
    systematic = loadings @ factor_cov @ loadings.T
    deviation = np.sqrt(variance - np.diag(systematic))
    moved = np.diag(r)  # zero where a very short half-life leaves one change
    scale = np.sqrt(variance / np.where(moved > 0, moved, np.inf)) / deviation
    # In place, as all below: of thousands of assets a copy of a matrix costs as much as the arithmetic.
    systematic /= deviation[:, None]
    systematic /= deviation
    r *= scale[:, None]
    r *= scale
    r -= systematic
    np.clip(r, -0.99, 0.99, out=r)
    target: FloatArray | float = 0.0
    if inputs.expected_correlation is not None:
        volatility = np.sqrt(variance) / deviation
        target = np.nan_to_num(inputs.expected_correlation * np.outer(volatility, volatility) - systematic)
    shared = counts >= 3
    np.fill_diagonal(shared, val=False)
    if shared.any():
        # Method of moments: spread of the true correlations = mean square less mean sampling variance.
        error = np.square(r, out=systematic)
        np.subtract(1.0, error, out=error)
        np.square(error, out=error)
        error /= np.maximum((counts if any(counts.strides) else counts[:1, :1]) - 1.0, 1.0)
        r -= target
        between = np.square(r)
        between -= error
        between = max(float(between.mean(where=shared)), 0.0)
        error += between
        r *= between
        r /= error
        del error
    del systematic
    r *= shared
    r += target
    np.fill_diagonal(r, 1.0 - LEAST_EIGENVALUE)
    try:
        np.linalg.cholesky(r)
        np.fill_diagonal(r, 1.0)
    except np.linalg.LinAlgError:
        np.fill_diagonal(r, 1.0)
        # Pairwise histories need not fit together: spectral repair (Rebonato and Jaeckel 1999) of the few that do not.
        values, vectors = _least_eigenpairs(r)
        add_product(r, vectors * (LEAST_EIGENVALUE - values), vectors)
        size = np.sqrt(np.diag(r))
        r /= size[:, None]
        r /= size
    return r


def _least_eigenpairs(matrix: FloatArray) -> tuple[FloatArray, FloatArray]:
    """The eigenvalues (k,) below `LEAST_EIGENVALUE` of a symmetric matrix (n, n), and their vectors (n, k)."""
    if len(matrix) > FACTORED_FROM:
        from scipy.linalg import eigh  # noqa: PLC0415  # a third of a second to import

        return _few_least(matrix) or eigh(matrix, subset_by_value=(-np.inf, LEAST_EIGENVALUE))
    values, vectors = np.linalg.eigh(matrix)
    few = values < LEAST_EIGENVALUE
    return values[few], vectors[:, few]


def _few_least(matrix: FloatArray) -> tuple[FloatArray, FloatArray] | None:
    """As `_least_eigenpairs`, one after the other by Lanczos (ARPACK); None beyond `FEW_EIGENVALUES`, or where one fails.

    Once those found are lifted, a Cholesky factorisation proves that no other is below: a tenth of the time of all.
    """
    from scipy.linalg import cholesky  # noqa: PLC0415  # one copy of the matrix; that of numpy makes two
    from scipy.sparse.linalg import ArpackNoConvergence, eigsh  # noqa: PLC0415

    lifted, start = matrix.copy(), np.ones(len(matrix))
    lifted[np.diag_indices_from(lifted)] -= LEAST_EIGENVALUE
    values, vectors = np.empty(0), np.empty((len(matrix), 0))
    for _ in range(FEW_EIGENVALUES):
        try:
            value, vector = eigsh(lifted, k=1, which="SA", v0=start, ncv=4 * FEW_EIGENVALUES, maxiter=FEW_EIGENVALUES)
        except ArpackNoConvergence:
            return None
        values, vectors = np.append(values, value + LEAST_EIGENVALUE), np.hstack([vectors, vector])
        add_product(lifted, vector * (1.0 - value), vector)
        with contextlib.suppress(np.linalg.LinAlgError):
            cholesky(lifted.T, check_finite=False)
            return values, vectors
    return None
