"""The input and the output of every covariance estimator."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from toolkit.core.errors import DataError, GapError
from toolkit.core.forecast import STATISTICAL, CorrelationErrors, FactorRegression, FloatArray, covariance_of, frozen
from toolkit.core.messages import message
from toolkit.returns.observed_returns import Returns
from toolkit.returns.panel import MINIMUM_CHANGES
from toolkit.returns.volatility_prior import CorrelationPrior

EIGENVALUE_ROUNDING = 1e-12
"""Eigenvalues below this share of the largest are rounding, not variance."""
PIVOT_ROUNDING = 1e-9
"""A pivot below this share of the largest variance may be rounding."""
SOME_ASSETS = 128
"""Assets beyond which components are not the principal ones, which cost nothing below."""
MANY_ASSETS = 1_500
"""Assets of which a matrix less in memory is worth an import."""
SPECIFIC_SHARES = 1e-3, 1e-4, 1e-6
"""Specific shares of the correlation of `SOME_ASSETS` assets: the first that leaves the rest positive definite."""
FEW_ASSETS = 64
"""Assets below which a few eigenvalues take as long as all."""
ROWS_AT_ONCE = 500
"""Rows of a large matrix that are made at once."""
LEARNED = 100
"""Most assets from which a few numbers that all assets share are learned: half-lives, and weights of a blend.

Thousands of periods of a hundred assets tell such a number far better than it holds; more would only cost time.
"""


@dataclass(frozen=True)  # no slots: the changes of the assets are taken once
class CovarianceInputs:
    """Inputs of an estimator.

    Attributes:
        increments: Changes of all N series in the reporting currency.
        local: Changes in the currencies of quotation, of which factors are made.
        assets, groups: n assets to estimate and their groups.
        metals: Series on the sides of the supply shock.
        state: (T, N) 1 where a series was controlled.
        read_variance: Gives `variance`, which not every estimator needs.
        periods_per_year: Of the increments.
        supply_scores: 0..1 an asset.
        elements: n symbols, None for what is not one metal; empty where none is known.
        pressure: Number of export controls in force on an asset's traded form, for views; only where it is known.
        realised: Changes in the currencies of quotation without any correction of volatility; those of `local` by default.
        printed: (T, n) observed changes of the assets, NaN missing; None where they are those of `increments`.
        prior: Of the correlations of pairs that are seen through noise; None where decades tell none.
        expected_correlation: (n, n) prior mean of each pair, NaN where there is none; None for none at all.
        information: (n, n) changes without noise that those of a pair are worth; NaN for exact pairs, None for none else.
    """

    increments: Returns
    local: Returns
    assets: tuple[str, ...]
    groups: tuple[str, ...]
    metals: tuple[str, ...]
    state: FloatArray
    read_variance: Callable[[], FloatArray]
    periods_per_year: float
    supply_scores: Mapping[str, float] | None = None
    elements: tuple[str | None, ...] = ()
    pressure: Mapping[str, float] | None = None
    realised: Returns | None = None
    printed: FloatArray | None = None
    prior: CorrelationPrior | None = None
    expected_correlation: FloatArray | None = None
    information: FloatArray | None = None

    @cached_property
    def variance(self) -> FloatArray:
        """(n,) a year of each asset, corrected for its observation model, over its own history."""
        return self.read_variance()

    @cached_property
    def own(self) -> Returns:
        """The changes of the n assets."""
        return self.increments.take(self.assets)

    def take(self, at: NDArray[np.intp]) -> CovarianceInputs:
        """The inputs of the assets at some positions (m,); the series of which factors are made stay."""
        pairs = np.ix_(at, at)
        expected, information = self.expected_correlation, self.information
        return replace(
            self,
            assets=tuple(self.assets[i] for i in at),
            groups=tuple(self.groups[i] for i in at),
            read_variance=lambda: self.variance[at],
            elements=tuple(self.elements[i] for i in at) if self.elements else (),
            printed=None if self.printed is None else self.printed[:, at],
            expected_correlation=None if expected is None else expected[pairs],
            information=None if information is None else information[pairs],
        )


@dataclass(frozen=True, slots=True)
class StructuredCovariance:
    """A covariance a year, loadings @ factor_cov @ loadings.T + diag(specific_var).

    Attributes:
        factors: k names; loadings (n, k), factor_cov (k, k), specific_var (n,).
        loading_errors: (n, j) standard errors on the first j factors, of which the named ones are; NaN where none was fitted.
        notes: Notes on the estimate.
        model: The regression behind the named factors, if there is one.
        correlation_errors: Of the n assets; None where the estimator tells none.
        half_life: Periods after which a change counts half in correlations; None where all count alike.
    """

    factors: tuple[str, ...]
    loadings: FloatArray
    factor_cov: FloatArray
    specific_var: FloatArray
    loading_errors: FloatArray
    notes: tuple[str, ...] = ()
    model: FactorRegression | None = None
    correlation_errors: CorrelationErrors | None = None
    half_life: float | None = None

    @property
    def matrix(self) -> FloatArray:
        """The covariance (n, n) a year."""
        return covariance_of(self.loadings, self.factor_cov, self.specific_var)

    @property
    def named(self) -> list[int]:
        """Positions of the factors that are not `STATISTICAL`."""
        return [i for i, name in enumerate(self.factors) if not name.startswith(STATISTICAL)]


@dataclass(slots=True)
class DenseCovariance:
    """A covariance a year by named factors and the correlation of what they leave.

    loadings @ factor_cov @ loadings.T + correlation * outer(deviation, deviation). The correlation is decomposed only where
    components are asked for: of thousands of assets that takes longer than all else.

    Attributes:
        factors: k names; loadings (n, k), factor_cov (k, k).
        loading_errors: (n, k) standard errors, NaN where not known.
        deviation: (n,) residual volatilities.
        correlation: (n, n) residual correlation.
        notes: Notes on the estimate.
        model: The regression behind the factors, if there is one.
        correlation_errors, half_life: See `StructuredCovariance`.
    """

    factors: tuple[str, ...]
    loadings: FloatArray
    loading_errors: FloatArray
    factor_cov: FloatArray
    deviation: FloatArray
    correlation: FloatArray
    notes: tuple[str, ...] = ()
    model: FactorRegression | None = None
    correlation_errors: CorrelationErrors | None = None
    half_life: float | None = None

    @property
    def matrix(self) -> FloatArray:
        """The covariance (n, n) a year."""
        # In place: of thousands of assets each further matrix takes a tenth of a gigabyte.
        found = self.correlation * self.deviation
        found *= self.deviation[:, None]
        if self.factors:
            add_product(found, self.loadings @ self.factor_cov, self.loadings)
        return found

    @property
    def variances(self) -> FloatArray:
        """(n,) variance a year of each asset."""
        return (self.loadings @ self.factor_cov * self.loadings).sum(axis=1) + self.deviation**2

    def components(self) -> StructuredCovariance:
        """The same with the residual covariance as components of unit variance; the correlation is used up."""
        correlation, self.correlation = self.correlation, np.empty((0, 0))
        rest, specific = correlated(correlation, self.deviation)
        del correlation
        k, more = len(self.factors), rest.shape[1]
        loadings = np.hstack([self.loadings, rest])
        del rest
        factor_cov = np.eye(k + more)
        factor_cov[:k, :k] = self.factor_cov
        prefix = STATISTICAL[1] if k else STATISTICAL[0]
        return StructuredCovariance(
            factors=(*self.factors, *(f"{prefix}{i + 1}" for i in range(more))),
            loadings=frozen(loadings),
            factor_cov=frozen(factor_cov),
            specific_var=specific,
            loading_errors=self.loading_errors,
            notes=self.notes,
            model=self.model,
            correlation_errors=self.correlation_errors,
            half_life=self.half_life,
        )


@dataclass(frozen=True, slots=True)
class CompleteRows:
    """The periods in which every asset has a change.

    Attributes:
        changes: Of the n assets in T' periods.
        notes: How many periods were lost, and to which asset most.
    """

    changes: Returns
    notes: tuple[str, ...]

    @property
    def centred(self) -> FloatArray:
        """The changes (T', n) about their means."""
        return self.changes.mean - self.changes.mean.mean(axis=0)

    @property
    def mean_noise(self) -> FloatArray:
        """Mean posterior covariance (n, n) of a period: zero for prices that are taken as they are."""
        periods = len(self.changes.dates)
        return self.changes.noise(np.full(periods, 1.0 / periods))


def complete_rows(inputs: CovarianceInputs) -> CompleteRows:
    """Drop every period that lacks a change of any asset.

    Raises:
        GapError: if fewer than `MINIMUM_CHANGES` are left; it names the asset without which most would be.
        DataError: for an asset without measurement error whose change is the same in all of them: zero variance would be
            read as no risk.
    """
    own = inputs.own
    rows = np.asarray(np.isfinite(own.mean).all(axis=1))
    if rows.sum() < MINIMUM_CHANGES:
        blame = own.least_seen
        raise GapError(
            "only {sum} periods have a price change of every asset; {minimum_changes} are needed.",
            hint="Exclude {blame!r:s}, or use covariance kind 'factor', which takes histories of different length.",
            details={"asset": blame, "complete": int(rows.sum()), "needed": MINIMUM_CHANGES},
            sum=int(rows.sum()),
            minimum_changes=MINIMUM_CHANGES,
            blame=blame,
        )
    kept = own.rows(rows)
    most, least = kept.mean.max(axis=0), kept.mean.min(axis=0)
    still = most - least <= EIGENVALUE_ROUNDING * np.maximum(most, -least)
    still[kept.noisy] = False
    if still.any():
        asset = inputs.assets[int(still.argmax())]
        raise DataError(
            "{asset!r:s} changes alike in all {sum} periods that every asset has: no risk can be read from it.",
            hint="Exclude it, or use covariance kind 'factor', which takes histories of different length.",
            details={"asset": asset, "complete": int(rows.sum())},
            asset=asset,
            sum=int(rows.sum()),
        )
    return CompleteRows(kept, own.lost_periods())


def add_product(matrix: FloatArray, left: FloatArray, right: FloatArray) -> None:
    """Add left @ right.T to a matrix in its place: of thousands of assets a second one takes as long as the arithmetic.

    Args:
        matrix: (m, n).
        left: (m, k).
        right: (n, k).
    """
    for rows in (slice(i, i + ROWS_AT_ONCE) for i in range(0, len(matrix), ROWS_AT_ONCE)):
        matrix[rows] += left[rows] @ right.T


def learned_from(variance: FloatArray) -> NDArray[np.intp]:
    """Positions of all assets; of more than `LEARNED`, of so many that lie evenly in the order of variance (n,)."""
    n = len(variance)
    if n <= LEARNED:
        return np.arange(n)
    return np.argsort(variance, kind="stable")[np.linspace(0, n - 1, LEARNED).round().astype(np.intp)]


def moment_rows(x: FloatArray, noise: FloatArray) -> FloatArray:
    """Rows Y with Y'Y = x'x + noise: a covariance stored in the size of its history.

    Args:
        x: (T, n) changes, each times the root of its weight.
        noise: (n, n) positive semidefinite, zero where prices are exact.

    Returns:
        (T + m, n), m the rank of the noise.
    """
    noisy = np.flatnonzero(np.diag(noise) > 0)
    if not len(noisy):
        return x
    values, vectors = np.linalg.eigh(noise[np.ix_(noisy, noisy)])
    kept = values > 0
    extra = np.zeros((int(kept.sum()), x.shape[1]))
    extra[:, noisy] = np.sqrt(values[kept])[:, None] * vectors[:, kept].T
    return np.vstack([x, extra])


def spectrum(rows: FloatArray, most: int | None = None, *, alone: bool = False) -> tuple[FloatArray, FloatArray]:
    """Eigenvalues (r,) of rows'rows, the largest first, and vectors (n, r) or of the first `most`; r is the rank.

    The smaller of the two products of the rows is decomposed: their nonzero eigenvalues are the same.

    Args:
        rows: (m, n).
        most: Vectors that are wanted; None for all.
        alone: Whether no other eigenvalues are wanted either, which takes half the time.
    """
    wide = rows.shape[0] < rows.shape[1]
    product = rows @ rows.T if wide else rows.T @ rows
    n = len(product)
    few = (n - most, n - 1) if alone and most is not None and FEW_ASSETS <= n > 2 * most else None
    values, vectors = _eigenpairs(product, few)
    del product
    kept = np.flatnonzero(values > EIGENVALUE_ROUNDING * max(values[-1], 0.0))[::-1]
    values, vectors = values[kept], vectors[:, kept[:most]]
    if wide:
        vectors = rows.T @ vectors
        vectors /= np.sqrt(values[:most])
    return values, vectors


def _eigenpairs(matrix: FloatArray, part: tuple[int, int] | None = None) -> tuple[FloatArray, FloatArray]:
    """Eigenvalues (m,) in ascending order and vectors (n, m) of a symmetric matrix (n, n), which may be used up.

    Args:
        matrix: C-contiguous.
        part: First and last of the eigenvalues that are wanted; None for all.
    """
    if part is None and len(matrix) <= MANY_ASSETS:
        return np.linalg.eigh(matrix)
    from scipy.linalg import eigh  # noqa: PLC0415  # 0.1 s to import; as fast, in a third of the memory

    return eigh(matrix.T, subset_by_index=part, driver="evr", overwrite_a=True, check_finite=False)


def spectral_form(
    values: FloatArray, vectors: FloatArray, specific: FloatArray, notes: tuple[str, ...]
) -> StructuredCovariance:
    """A covariance of k components of unit variance and a specific variance: V diag(values) V' + diag(specific).

    Args:
        values: (k,) eigenvalues, not negative.
        vectors: (n, k) eigenvectors V.
        specific: (n,) specific variances.
        notes: Notes of the estimate.
    """
    loadings = vectors * np.sqrt(values)
    # The sign of an eigenvector is arbitrary: fix it, so that the same inputs give the same bytes.
    loadings *= np.where(loadings.sum(axis=0) < 0, -1.0, 1.0)
    names = tuple(f"component_{i + 1}" for i in range(len(values)))
    return StructuredCovariance(names, loadings, np.eye(len(values)), specific, np.empty((len(loadings), 0)), notes)


def component_form(rows: FloatArray, specific: FloatArray, notes: tuple[str, ...]) -> StructuredCovariance:
    """A covariance rows'rows + diag(specific) by all its principal components.

    Args:
        rows: (m, n).
        specific: (n,) specific variances.
        notes: Notes of the estimate.
    """
    return spectral_form(*spectrum(rows), specific, notes)


def correlated(correlation: FloatArray, deviation: FloatArray) -> tuple[FloatArray, FloatArray]:
    """A correlation (n, n) with deviations (n,) as components of unit variance (n, m), beside specific variances (n,).

    The least eigenvalue is the specific share, so that the components are one fewer than assets at most. Of more than
    `SOME_ASSETS` it is a number below that, and the components are those of a Cholesky factorisation, as many as assets: a
    tenth of the work, for the same covariance.
    """
    if len(correlation) > SOME_ASSETS:
        own = np.diag(correlation).copy()
        for floor in SPECIFIC_SHARES:
            np.fill_diagonal(correlation, own - floor)  # for the moment: a copy takes a tenth of a gigabyte
            try:
                loadings = _cholesky(correlation)
            except np.linalg.LinAlgError:
                continue
            finally:
                np.fill_diagonal(correlation, own)
            loadings *= deviation[:, None]
            return loadings, deviation**2 * floor
    values, vectors = np.linalg.eigh(correlation)
    floor = max(float(values[0]), 0.0)
    kept = np.flatnonzero(values - floor > 1e-9)[::-1]
    loadings = vectors[:, kept]
    loadings *= deviation[:, None]
    loadings *= np.sqrt(values[kept] - floor) * np.where(loadings.sum(axis=0) < 0, -1.0, 1.0)
    return loadings, deviation**2 * floor


def _cholesky(matrix: FloatArray) -> FloatArray:
    """The lower factor (n, n) of a symmetric matrix (n, n); `LinAlgError` where it is not positive definite."""
    if len(matrix) <= MANY_ASSETS:
        return np.linalg.cholesky(matrix).astype(np.float64, copy=False)
    from scipy.linalg import cholesky  # noqa: PLC0415  # 0.1 s to import; one copy of the matrix, where numpy makes two

    return np.asarray(cholesky(matrix.T, lower=True, check_finite=False), dtype=np.float64)


def factor_form(covariance: FloatArray, specific: FloatArray, notes: tuple[str, ...]) -> StructuredCovariance:
    """A covariance by its components, and a specific variance beside it.

    They are its principal ones, or of some hundreds of assets, where it is positive definite beyond rounding, those of a
    Cholesky factorisation: a tenth of the work.

    Args:
        covariance: (n, n), positive semidefinite; used up where it is large.
        specific: (n,) specific variances, not in `covariance`.
        notes: Notes of the estimate.
    """
    if len(covariance) > SOME_ASSETS:
        try:
            root: FloatArray = np.linalg.cholesky(covariance).astype(np.float64, copy=False)
        except np.linalg.LinAlgError:  # not of full rank
            pass
        else:
            least = float(np.diag(root).min()) ** 2
            if least > PIVOT_ROUNDING * float(np.diag(covariance).max()):
                return spectral_form(np.ones(len(root)), root, specific, notes)
    values, vectors = _eigenpairs(covariance)
    kept = np.flatnonzero(values > EIGENVALUE_ROUNDING * max(values[-1], 0.0))[::-1]
    vectors = vectors[:, kept]  # of thousands of assets each matrix takes a tenth of a gigabyte
    return spectral_form(values[kept], vectors, specific, notes)


def squared_norm(rows: FloatArray) -> float:
    """Squared Frobenius norm of rows'rows by the smaller of the two products."""
    product = rows @ rows.T if rows.shape[0] < rows.shape[1] else rows.T @ rows
    return float((product * product).sum())


def spherical_form(rows: FloatArray, shrinkage: float, scale: float, notes: tuple[str, ...]) -> StructuredCovariance:
    """The covariance rows'rows, shrunk towards equal variances without correlation.

    Args:
        rows: (m, n).
        shrinkage: 0..1, the weight of the target.
        scale: Periods a year.
        notes: Of the rows.
    """
    n = rows.shape[1]
    mean_variance = float((rows * rows).sum()) / n
    note = message("Shrunk by {shrinkage:.0f %} towards equal variances without correlation.", shrinkage=shrinkage)
    own = np.full(n, shrinkage * mean_variance * scale)
    return component_form(np.sqrt((1.0 - shrinkage) * scale) * rows, own, (*notes, note))


class CovarianceEstimator(Protocol):
    """An estimator of a covariance: a spec of this package."""

    @property
    def kind(self) -> str:
        """Name of the estimator in a strategy."""
        ...

    def estimate(self, inputs: CovarianceInputs) -> StructuredCovariance:
        """The covariance estimate."""
        ...
