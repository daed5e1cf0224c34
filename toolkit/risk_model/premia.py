"""Means and covariances of factor returns, corrected for the error of their estimation."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from toolkit.core.forecast import FloatArray
from toolkit.risk_model.timeseries.least_squares import automatic_lags, newey_west

MINIMUM_PERIODS = 12
"""Fewer periods than this give a mean, but no test of it and no covariance."""


def mean_and_error(
    returns: FloatArray, specific: FloatArray, posterior: FloatArray
) -> tuple[FloatArray, FloatArray, NDArray[np.intp]]:
    """Mean over the periods of each column, its standard error, and the number of periods.

    Fama and MacBeth (1973) with the autocorrelation correction of Newey and West (1987), Bartlett weights, lags
    as of `automatic_lags`. Missing periods keep their place, with zero in it (Parzen 1963), so that a lag is
    always one of time. Posterior means vary less than the true changes and are autocorrelated over more lags than a
    short history can estimate: the posterior variance is added. Nor can the estimates truly vary less over time than the
    sampling variance of each: where they do, by chance in a few months, that variance takes their place.

    Args:
        returns: (T, p), NaN where missing.
        specific: (T, p) sampling variance of each return from specific variances.
        posterior: (T, p) sampling variance from the posterior variance of the changes; zero for exact changes.

    Returns:
        Mean (p,), NaN without a period; standard error (p,), NaN with fewer than two; periods (p,).
    """
    seen = np.isfinite(returns)
    count = seen.sum(axis=0)
    total = np.where(seen, returns, 0.0).sum(axis=0)
    mean = np.divide(total, count, out=np.full(len(count), np.nan), where=count > 0)
    error = np.full(len(count), np.nan)
    for j in np.flatnonzero(count > 1):
        n = int(count[j])
        z = np.where(seen[:, j], returns[:, j] - mean[j], 0.0)
        long_run = float(newey_west(z[:, None], automatic_lags(n))[0, 0])
        least, unknown = specific[seen[:, j], j].sum(), posterior[seen[:, j], j].sum()
        error[j] = np.sqrt((max(long_run, least) + unknown) / (n * (n - 1)))
    return mean, error, count


def factor_covariance(returns: FloatArray, specific: FloatArray, posterior: FloatArray) -> FloatArray:
    """Covariance of the factor returns a period without the error of their estimation, (p, p).

    Estimates vary more than returns by the sampling variance of each, which is subtracted. Posterior means vary less than the
    true changes by the posterior covariance, which is added, as in `Returns.pairwise`. The nearest
    positive semidefinite matrix in the sense of Frobenius takes the place of one that is not.

    Args:
        returns: (T, p), NaN where missing.
        specific: (T, p, p) sampling covariance from specific variances.
        posterior: (T, p, p) sampling covariance from the posterior covariance of the changes.

    Returns:
        NaN in rows and columns of factors with fewer than `MINIMUM_PERIODS` returns, zero between two that share fewer.
    """
    seen = np.isfinite(returns).astype(np.float64)
    x = np.where(seen > 0, returns, 0.0)
    count = seen.T @ seen
    sums = x.T @ seen
    divisor = np.maximum(count, 1.0)
    raw = (x.T @ x - sums * sums.T / divisor) / np.maximum(count - 1.0, 1.0)
    both = seen[:, :, None] * seen[:, None, :]
    correction = ((posterior - specific) * both).sum(axis=0) / divisor
    cov = np.where(count >= MINIMUM_PERIODS, raw + correction, 0.0)
    at = np.flatnonzero(np.diag(count) >= MINIMUM_PERIODS)
    values, vectors = np.linalg.eigh(cov[np.ix_(at, at)])
    result = np.full(cov.shape, np.nan)
    result[np.ix_(at, at)] = (vectors * np.maximum(values, 0.0)) @ vectors.T
    return result
