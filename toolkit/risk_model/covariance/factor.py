"""Factor covariance from histories of different length, with shrunk correlations of the residuals."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from toolkit.core.baskets import MEMBERS
from toolkit.core.decode import Spec
from toolkit.core.errors import DataError
from toolkit.core.forecast import CorrelationErrors, FactorRegression, FloatArray
from toolkit.core.messages import message
from toolkit.returns.observation.joint import capped
from toolkit.returns.observed_returns import patterns
from toolkit.returns.panel import DAILY
from toolkit.returns.pooling import pool
from toolkit.returns.volatility_prior import CorrelationPrior
from toolkit.risk_model.covariance.form import (
    LEARNED,
    CovarianceInputs,
    DenseCovariance,
    StructuredCovariance,
    add_product,
)
from toolkit.risk_model.factor_regression import fit
from toolkit.risk_model.timeseries.baskets import MARKET, SUPPLY
from toolkit.risk_model.timeseries.least_squares import newey_west
from toolkit.risk_model.weighting import decay, half_lives

NORMAL_95 = 1.96
LEAST_SHARED = 10
"""Shared periods below which a correlation has no interval worth showing."""
RANKS_KEPT = 64
"""Series whose ranks are kept."""


@dataclass(frozen=True, slots=True)
class RankCorrelation:
    """Spearman correlation of two series.

    Attributes:
        periods: n that both have a change in.
        value, low, high: The correlation and its 95 % interval; NaN for fewer than `LEAST_SHARED` periods or a series that
            never changes.
    """

    periods: int
    value: float
    low: float
    high: float


def rank_correlation(x: FloatArray, y: FloatArray, weights: FloatArray | None = None) -> RankCorrelation:
    """Spearman correlation of changes (T,), NaN missing, over the periods that both have.

    Ranks, so that one customs value of fifteen times the price is one of many. Interval on Fisher's scale with variance
    (1 + r^2 / 2) / (N - 3) (Bonett and Wright 2000, Psychometrika 65), N the number of periods that their weights are worth.

    Args:
        x: (T,).
        y: (T,).
        weights: (T,) of the periods, equal by default.
    """
    both = np.isfinite(x) & np.isfinite(y)
    n = int(both.sum())
    nothing = RankCorrelation(n, np.nan, np.nan, np.nan)
    if n < LEAST_SHARED:
        return nothing
    ranks = np.stack([_ranks(values[both].tobytes()) for values in (x, y)])
    if not (np.ptp(ranks, axis=1) > 0.0).all():
        return nothing
    w = np.ones(n) if weights is None else weights[both]
    (one, product), (_, other) = np.cov(ranks, aweights=w)
    r = float(product / np.sqrt(one * other))
    worth = float(w.sum() ** 2 / (w**2).sum())
    reach = NORMAL_95 * np.sqrt((1.0 + 0.5 * r**2) / max(worth - 3.0, 1.0))
    middle = np.arctanh(np.clip(r, -1.0 + 1e-12, 1.0 - 1e-12))
    return RankCorrelation(n, r, float(np.tanh(middle - reach)), float(np.tanh(middle + reach)))


@lru_cache(maxsize=RANKS_KEPT)
def _ranks(values: bytes) -> FloatArray:
    """Ranks (n,) from 1 of numbers, the mean rank among equals; each series once for all its pairs."""
    _, place, count = np.unique(np.frombuffer(values), return_inverse=True, return_counts=True)
    ranks = np.cumsum(count) - 0.5 * (count - 1.0)
    return ranks[place]


def newey_west_covariance(x: FloatArray, lags: int, weights: FloatArray | None = None) -> FloatArray:
    """Long-run covariance of a period: the covariance of a sum of autocorrelated periods over their number.

    Newey and West (1987, Econometrica 55), Bartlett weights 1 - l / (L + 1); a lagged product has the root of both
    periods' weights, so that the result is positive semidefinite with any weights.

    Args:
        x: (T, k) changes without gaps.
        lags: L; zero gives the covariance as it is.
        weights: (T,) of the periods, positive, equal by default.

    Returns:
        (k, k); divisor N - 1 of equal weights and its analogue of others, as `Returns.pairwise`.

    Raises:
        DataError: with fewer than two periods, or no more than lags.
    """
    T = len(x)
    if T < 2 or lags >= T:
        raise DataError(
            "{t} periods cannot tell {lags} lags of serial correlation.",
            hint="Use fewer lags, or a longer history.",
            details={"periods": T, "lags": lags},
            t=T,
            lags=lags,
        )
    w = np.full(T, 1.0 / T) if weights is None else weights / weights.sum()
    y = (x - w @ x) * np.sqrt(w)[:, None]
    return newey_west(y, lags) / (1.0 - float((w * w).sum()))


def eigen_adjusted(cov: FloatArray, periods: float, simulations: int = 1000, seed: int = 0, scale: float = 1.4) -> FloatArray:
    """Inflate the directions whose variance an optimizer would underestimate.

    Menchero, Wang and Orr (2011, "Improving risk forecasts for optimized portfolios", Financial Analysts Journal 68):
    covariances are simulated with `cov` as the truth; the eigenportfolios of each are compared with that truth, and the
    root mean ratio of true to estimated variance, v(k), is how far the k-th eigenvolatility is too low (or too high,
    for the largest). They simulate the periods; their covariance is drawn at once here, from its Wishart law.

    Args:
        cov: (k, k) positive semidefinite; null directions stay null.
        periods: How many it was estimated from, or an effective number of them.
        simulations: Draws.
        seed: Of the draws; the same seed gives the same bytes.
        scale: a in 1 + a (v - 1): 1.4 in USE4 (Menchero, Orr and Wang 2011), for fat tails and changing variances.

    Returns:
        (k, k).

    Raises:
        DataError: if periods do not exceed the number of directions by two: then a smallest variance has no expectation.
    """
    values, vectors = np.linalg.eigh(cov)
    kept = values > 1e-12 * max(values[-1], 0.0)
    values, vectors = values[kept], vectors[:, kept]
    k = len(values)
    freedom = periods - 1.0
    if freedom <= k + 1.0:
        raise DataError(
            "a covariance of {k} factors from {periods:.0f} periods is too thin to correct its eigenvalues.",
            hint="Use fewer factors, or a longer history.",
            details={"factors": k, "periods": periods},
            k=k,
            periods=periods,
        )
    rng = np.random.default_rng(seed)
    # Bartlett's decomposition: chi on the diagonal, normals below it.
    root = np.tril(rng.standard_normal((simulations, k, k)), -1)
    root[:, np.arange(k), np.arange(k)] = np.sqrt(rng.chisquare(freedom - np.arange(k), (simulations, k)))
    root *= np.sqrt(values / freedom)[:, None]
    drawn, directions = np.linalg.eigh(root @ root.transpose(0, 2, 1))
    true = np.einsum("sij,i->sj", directions**2, values)
    bias = np.sqrt((true / drawn).mean(axis=0))
    inflated = values * (1.0 + scale * (bias - 1.0)) ** 2
    return (vectors * inflated) @ vectors.T


FACTORED_FROM = 800
"""Assets of which a few eigenvalues are found sooner than all."""
FEW_EIGENVALUES = 8
"""Most eigenvalues of a large matrix that are looked for one by one, and most restarts for each."""
LEAST_EIGENVALUE = 1e-3
"""Of a residual correlation; a pair of assets is then correlated at 0.999 at most."""
INTERVAL_REPAIRS = 50
"""Most rounds in which a residual correlation is made to fit together within intervals."""
FACTOR_SHARES = 0.5, 0.0
"""Parts of the loadings of assets that are seen through noise, for correlations that do not fit together with all of them."""


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

    The whole correlation of a pair that is seen through noise is its posterior: the shared periods beside the prior from
    decades (`toolkit.returns.volatility_prior.CorrelationPrior`), within the interval of the observed rank correlation.
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
            prior=inputs.prior,
        )
        F = self._adjusted(model, inputs.periods_per_year, slow)
        loadings = capped(model.loadings, F, variance)
        correlation, worth, fits = _residual_correlation(inputs, loadings, F, variance, slow)
        for share in () if fits else FACTOR_SHARES:
            # What the factors say of prices seen through noise contradicts what was observed of them: it gives way.
            loadings = np.where(np.isin(np.arange(len(variance)), inputs.own.noisy)[:, None], share, 1.0) * loadings
            correlation, worth, fits = _residual_correlation(inputs, loadings, F, variance, slow)
            if fits:
                break
        own = variance - (loadings @ F * loadings).sum(axis=1)
        errors = None
        if len(variance) <= LEARNED:
            whole = (loadings @ F @ loadings.T + correlation * np.sqrt(np.outer(own, own))) / np.sqrt(
                np.outer(variance, variance)
            )
            errors = correlation_errors(inputs, whole, worth)
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
            correlation_errors=errors,
            half_life=slow,
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


def correlation_errors(inputs: CovarianceInputs, correlation: FloatArray, worth: FloatArray) -> CorrelationErrors:
    """Standard errors of correlations: (1 - r^2) / sqrt(N - 1), N the number of changes that tell them.

    Of a pair that is seen through noise those that its changes and its prior are worth; the error of the prior's mean is
    common.

    Args:
        inputs: Of the estimate.
        correlation: (n, n) the estimate.
        worth: (n, n) effective number of shared periods.
    """
    common = np.zeros_like(correlation)
    if inputs.information is not None:
        noisy = np.isfinite(inputs.information)
        worth = np.where(noisy, inputs.information, worth)
        if inputs.prior is not None:
            periods = inputs.prior.periods
            common = np.where(noisy, inputs.prior.error * periods / (periods + worth), 0.0)
            worth = np.where(noisy, worth + periods, worth)
    own = (1.0 - correlation**2) / np.sqrt(np.maximum(worth - 1.0, 1.0))
    for errors in (own, common):
        np.fill_diagonal(errors, 0.0)
    return CorrelationErrors(own, common)


@dataclass(frozen=True, slots=True)
class _Posterior:
    """Correlations (m, n) of the m noisy assets with all: mean, and the interval of the observed rank correlation."""

    mean: FloatArray
    low: FloatArray
    high: FloatArray

    def residual(self, systematic: FloatArray, scale: FloatArray) -> _Posterior:
        """What a part by the factors leaves of them, times a scale; both (m, n)."""
        return _Posterior(*((part - systematic) * scale for part in (self.mean, self.low, self.high)))


def _through_noise(
    inputs: CovarianceInputs,
    prior: CorrelationPrior,
    moments: FloatArray,
    worth: FloatArray,
    systematic: FloatArray,
    weights: FloatArray,
) -> _Posterior:
    """Posterior correlations of the noisy assets with all, within the intervals of their rank correlations.

    Args:
        inputs: Of the estimate.
        prior: Theirs.
        moments: (n, n) pairwise covariances, corrected for noise.
        worth: (n, n) effective number of shared periods.
        systematic: (n, n) correlation by the factors, the prior mean of pairs that decades tell nothing of.
        weights: (T,) of the periods.
    """
    at, size = inputs.own.noisy, np.sqrt(np.diag(moments))
    found = moments[at] / np.outer(size[at], size)
    mean = systematic[at]
    if inputs.expected_correlation is not None:
        expected = inputs.expected_correlation[at]
        mean = np.where(np.isfinite(expected), expected, mean)
    found = (worth[at] * found + prior.periods * mean) / (worth[at] + prior.periods)
    printed = inputs.own.mean if inputs.printed is None else inputs.printed
    ranks = [[rank_correlation(printed[:, i], column, weights) for column in printed.T] for i in at]
    low, high = (np.array([[getattr(one, end) for one in row] for row in ranks]) for end in ("low", "high"))
    # What the repair of a matrix may move is inside.
    low = np.where(np.isfinite(low), low, -1.0) + LEAST_EIGENVALUE
    high = np.where(np.isfinite(high), high, 1.0) - LEAST_EIGENVALUE
    return _Posterior(np.clip(found, low, high), low, high)


def _residual_correlation(
    inputs: CovarianceInputs, loadings: FloatArray, factor_cov: FloatArray, variance: FloatArray, half_life: float
) -> tuple[FloatArray, FloatArray, bool]:
    """Residual correlations (n, n), shrunk, positive semidefinite with unit diagonal; effective numbers of periods (n, n).

    The pairwise correlation of the changes less the part of the factors, shrunk to zero; that of pairs which are seen through
    noise is what is left of their posterior. Last, whether these lie within their intervals.
    """
    changes = inputs.own
    weights = decay(len(changes.dates), half_life)
    r, counts = changes.pairwise(weights)
    systematic = loadings @ factor_cov @ loadings.T
    deviation = np.sqrt(variance - np.diag(systematic))
    noisy, posterior = changes.noisy, None
    if inputs.prior is not None and len(noisy):
        volatility = np.sqrt(variance)
        by_factors = systematic / np.outer(volatility, volatility)
        posterior = _through_noise(inputs, inputs.prior, r, counts, by_factors, weights).residual(
            by_factors[noisy], np.outer((volatility / deviation)[noisy], volatility / deviation)
        )
    moved = np.diag(r)  # zero where a very short half-life leaves one change
    scale = np.sqrt(variance / np.where(moved > 0, moved, np.inf)) / deviation
    # In place, as all below: of thousands of assets a copy of a matrix costs as much as the arithmetic.
    systematic /= deviation[:, None]
    systematic /= deviation
    r *= scale[:, None]
    r *= scale
    r -= systematic
    np.clip(r, -0.99, 0.99, out=r)
    shared = counts >= 3
    np.fill_diagonal(shared, val=False)
    if posterior is not None:
        shared[noisy] = shared[:, noisy] = False
    if shared.any():
        _shrink(r, counts, shared, systematic)
    del systematic
    r *= shared
    if posterior is None:
        _repair(r)
        return r, counts, True
    held = posterior.mean
    for _ in range(INTERVAL_REPAIRS):
        _set_pairs(r, noisy, held)
        _repair(r)
        # Alternating projections: a correlation that holds the intervals lies on both sides. Mostly one round is enough.
        held = np.clip(r[noisy], posterior.low, posterior.high)
        if np.allclose(held, r[noisy], rtol=0.0, atol=LEAST_EIGENVALUE):
            return r, counts, True
    return r, counts, False


def _set_pairs(r: FloatArray, at: NDArray[np.intp], pairs: FloatArray) -> None:
    """Set rows and columns of a correlation (n, n) at positions (m,) to pairs (m, n), and its diagonal to one."""
    r[at] = pairs
    r[:, at] = pairs.T
    np.fill_diagonal(r, 1.0)


def _repair(r: FloatArray) -> None:
    """Make a symmetric matrix (n, n) a correlation without an eigenvalue below `LEAST_EIGENVALUE`, in its place.

    Pairwise histories need not fit together: spectral repair (Rebonato and Jaeckel 1999) of the few that do not.
    """
    np.fill_diagonal(r, 1.0 - LEAST_EIGENVALUE)
    try:
        np.linalg.cholesky(r)
        np.fill_diagonal(r, 1.0)
    except np.linalg.LinAlgError:
        np.fill_diagonal(r, 1.0)
        values, vectors = _least_eigenpairs(r)
        add_product(r, vectors * (LEAST_EIGENVALUE - values), vectors)
        size = np.sqrt(np.diag(r))
        r /= size[:, None]
        r /= size


def _shrink(r: FloatArray, counts: FloatArray, shared: NDArray[np.bool_], error: FloatArray) -> None:
    """Shrink correlations to zero by their sampling error against their spread, in their place.

    Args:
        r: (n, n), changed.
        counts: (n, n) effective number of shared periods, mostly one number that is broadcast.
        shared: (n, n) pairs that tell the spread.
        error: (n, n) to work in.
    """
    # Method of moments: spread of the true correlations = mean square less mean sampling variance.
    np.square(r, out=error)
    np.subtract(1.0, error, out=error)
    np.square(error, out=error)
    error /= np.maximum((counts if any(counts.strides) else counts[:1, :1]) - 1.0, 1.0)
    between = np.square(r)
    between -= error
    between = max(float(between.mean(where=shared)), 0.0)
    error += between
    r *= between
    r /= error


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
