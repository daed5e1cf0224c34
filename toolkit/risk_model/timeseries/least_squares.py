"""Weighted least squares on posterior moments, with Newey-West errors and the sums of lagged coefficients."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from toolkit.core.forecast import FloatArray
from toolkit.risk_model.timeseries.baskets import MINIMUM_PERIODS
from toolkit.risk_model.timeseries.moments import Moments, Portfolios

COLLINEAR = 1e-8
"""Eigenvalues of the correlations of the regressors below this share of the largest count as zero."""
ZERO = 1e-20
"""A regressor whose squares about its mean are below this share of those about zero is constant."""
EXACT_VARIANCE = 1e-300
"""Variance of a coefficient that was found without error: a weight that divides by it stays finite."""


@dataclass(frozen=True, slots=True)
class Coefficients:
    """Coefficients of q regressors; NaN, as their errors, for those that could not be fitted. Of many assets: one more axis.

    Attributes:
        values: (q,).
        classical: (q, q) covariance for residuals of one variance that are not correlated.
        robust: (q, q) covariance of Newey and West.
        count: Number of periods.
    """

    values: FloatArray
    classical: FloatArray
    robust: FloatArray
    count: int

    def summed(self, k: int) -> tuple[FloatArray, FloatArray, FloatArray]:
        """Sums (..., k) over the lags of each of k regressors, with classical and robust standard errors (..., k).

        The loading on a factor of an asset whose price follows with delay (Dimson 1979, J. Financial Economics 7). All lags
        are regressed on at once, so that no correction for autocorrelated factors is needed (that of Scholes and Williams 1977
        is for one regression a lag), and factors of traded prices need no leads. The error is that of the sum, covariances
        included.
        """
        *of, q = self.values.shape
        blocks = q // k

        def error(covariance: FloatArray) -> FloatArray:
            own = np.einsum("...akbk->...k", covariance.reshape(*of, blocks, k, blocks, k))
            return np.sqrt(np.maximum(own, EXACT_VARIANCE))

        return self.values.reshape(*of, blocks, k).sum(axis=-2), error(self.classical), error(self.robust)


def automatic_lags(periods: float) -> int:
    """Lags of the error covariance, the integer part of 4 (N / 100)^(2/9) (Newey and West 1994, table II C)."""
    return int(4.0 * (periods / 100.0) ** (2.0 / 9.0))


def newey_west(scores: FloatArray, lags: int) -> FloatArray:
    """Long-run sums of products (..., q, q) of scores (..., T, q) with Bartlett weights (Newey and West 1987), semidefinite.

    A period without a score counts as zero, so that lags are those of the calendar (Datta and Du 2012).
    """
    across = scores.swapaxes(-1, -2)
    total = across @ scores
    for lag in range(1, min(lags, scores.shape[-2] - 1) + 1):
        product = across[..., lag:] @ scores[..., :-lag, :]
        total = total + (1.0 - lag / (lags + 1.0)) * (product + product.swapaxes(-1, -2))
    return total


def least_squares(portfolios: Portfolios, weights: FloatArray) -> Coefficients:
    """Regress the last portfolio on the others and an intercept, over the periods where all have a change.

    A regressor that is constant is left out (NaN) and changes nothing. Of collinear ones the smallest coefficients per
    standard deviation are taken. All are NaN where fewer than `MINIMUM_PERIODS` periods, or than three more than there are
    regressors, are joint (effective number, where weighted).

    Args:
        portfolios: q regressors, then the explained one.
        weights: (T,) of the periods: they weigh means and posterior covariances alike.
    """
    moments = portfolios.moments(weights)
    q = len(moments.matrix) - 1
    values, classical, robust = np.full(q, np.nan), np.full((q, q), np.nan), np.full((q, q), np.nan)
    square = np.diag(moments.matrix)[:q]
    at = np.flatnonzero(square > ZERO * moments.size[:q])
    if not len(at) or moments.count < MINIMUM_PERIODS or moments.effective < len(at) + 3:
        return Coefficients(values, classical, robust, moments.count)
    inverse, rank = _inverse(moments.matrix[np.ix_(at, at)])
    b = inverse @ moments.matrix[at, q]
    rest = max(float(moments.matrix[q, q] - b @ moments.matrix[at, q]), 0.0)
    freedom = moments.effective - rank - 1.0
    outer = np.ix_(at, at)
    values[at] = b
    classical[outer] = rest / freedom * inverse
    meat = _meat(portfolios.take(np.append(at, q)), weights, b, moments)
    robust[outer] = inverse @ meat @ inverse * (moments.effective / freedom)
    return Coefficients(values, classical, robust, moments.count)


def exact_least_squares(
    changes: FloatArray, weights: FloatArray, moments: Moments, deviations: FloatArray
) -> tuple[Coefficients, NDArray[np.bool_]]:
    """As `least_squares` of many assets at once, whose prices are taken as they are and whose periods are the same.

    Args:
        changes: (b, q + 1, T) of q regressors and then the explained asset, of each of b assets, NaN in the same periods.
        weights: (T,) of the periods.
        moments: `exact_moments` of both.
        deviations: (b, q + 1, T') from the means in the joint periods times roots of weights, as these give them too.

    Returns:
        Coefficients of each asset; and whether they are (b,): false, and any value, for one whose regressors are constant or
        collinear, and for all where the periods are too few.
    """
    b, q = len(changes), changes.shape[1] - 1
    freedom = moments.effective - q - 1.0
    if moments.count < MINIMUM_PERIODS or freedom < 2.0:
        none = np.full((b, q, q), np.nan)
        return Coefficients(none[:, 0], none, none, moments.count), np.zeros(b, dtype=bool)
    matrix = moments.matrix
    own = matrix[:, :q, :q]
    size = np.sqrt(np.einsum("bii->bi", own))
    with np.errstate(divide="ignore", invalid="ignore"):
        correlation = own / (size[:, :, None] * size[:, None, :])
    regular = (size**2 > ZERO * moments.size[:, :q]).all(axis=1)
    spread = np.linalg.eigvalsh(np.where(regular[:, None, None], correlation, np.eye(q)))
    regular &= spread[:, 0] > COLLINEAR * spread[:, -1]
    inverse = np.linalg.inv(np.where(regular[:, None, None], own, np.eye(q)))
    values = (inverse @ matrix[:, :q, q:])[:, :, 0]
    rest = np.maximum(matrix[:, q, q] - (values * matrix[:, :q, q]).sum(axis=1), 0.0)
    u = deviations[:, q] - (values[:, None] @ deviations[:, :q])[:, 0]
    scores = u[:, None] * deviations[:, :q]
    if scores.shape[2] < len(weights):
        joint = np.isfinite(changes[0]).all(axis=0)
        seen, scores = scores, np.zeros((b, q, len(weights)))
        scores[:, :, joint] = seen
    meat = newey_west(scores.swapaxes(1, 2), automatic_lags(moments.effective))
    classical = (rest / freedom)[:, None, None] * inverse
    robust = inverse @ meat @ inverse * (moments.effective / freedom)
    return Coefficients(values, classical, robust, moments.count), regular


def _inverse(matrix: FloatArray) -> tuple[FloatArray, int]:
    """Inverse of the products of the regressors and its rank; the pseudo-inverse of their correlations where it is not full."""
    size = np.sqrt(np.diag(matrix))
    correlation = matrix / np.outer(size, size)
    values, vectors = np.linalg.eigh(correlation)
    kept = values > COLLINEAR * values[-1]
    if kept.all():
        return np.asarray(np.linalg.inv(matrix), dtype=np.float64), len(values)
    inverse = (vectors[:, kept] / values[kept]) @ vectors[:, kept].T
    return inverse / np.outer(size, size), int(kept.sum())


def _meat(portfolios: Portfolios, weights: FloatArray, b: FloatArray, moments: Moments) -> FloatArray:
    """Covariance (q, q) of the estimating equations, whose expectation given the data is zero in sum at `b`.

    A period's term is w E[x u | data] = w (x u at the posterior means + their posterior covariance): with weights and lags
    these are the scores of Newey and West. The posterior variance of a term, w^2 Var[x u | data] of jointly normal x and u, is
    added at lag zero; that between periods is not known and is left out.
    """
    rows = portfolios.joint
    w, x = weights[rows], portfolios.mean[rows]
    d = x - w @ x / moments.mass
    direction = np.append(-b, 1.0)
    u = d @ direction
    scores = np.zeros((len(rows), len(b)))
    scores[rows] = (w * u)[:, None] * d[:, :-1]
    lags = automatic_lags(moments.effective)
    if portfolios.spread is None:
        return newey_west(scores, lags)
    S = portfolios.spread[rows]
    with_u = S[:, :-1] @ direction
    own = np.maximum(direction @ S @ direction, 0.0)
    scores[rows] += w[:, None] * with_u
    z, v = d[:, :-1], w * w
    cross = (z * (v * u)[:, None]).T @ with_u
    unknown = (
        (z * (v * own)[:, None]).T @ z
        + np.tensordot(v * (u * u + own), S[:, :-1, :-1], axes=1)
        + cross
        + cross.T
        + (with_u * v[:, None]).T @ with_u
    )
    return newey_west(scores, lags) + unknown
