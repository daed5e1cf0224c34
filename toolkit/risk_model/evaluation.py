"""Evaluation of risk forecasts against outcomes: bias statistic and quasi-likelihood."""

from __future__ import annotations

import numpy as np

from toolkit.core.forecast import FloatArray


def standardised(returns: FloatArray, volatility: FloatArray) -> FloatArray:
    """Outcomes in units of the standard deviation that was forecast for them, both (P, m); NaN where either is missing."""
    return np.divide(returns, volatility, out=np.full(np.shape(returns), np.nan), where=volatility > 0)


def bias_statistic(scores: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Root mean square of standardised outcomes (P, m), and its standard error, each (m,).

    1 is a forecast that is right on average, above 1 one that is too low (Connor 2000; Menchero, Orr and Wang 2011, USE4
    methodology, appendix A; about zero instead of the mean, which P outcomes do not know). Outcomes that do not overlap
    and are normal give the error 1 / sqrt(2 P); fourth moments of the sample stand in for normality. NaN where fewer than
    two outcomes exist.
    """
    known = np.isfinite(scores)
    count = known.sum(axis=0)
    z = np.where(known, scores, 0.0)
    enough = count > 1
    divisor = np.where(enough, count, 1)
    square = (z**2).sum(axis=0) / divisor
    fourth = (z**4).sum(axis=0) / divisor
    statistic = np.sqrt(square)
    # Delta method: sd of the mean square, halved and over the root.
    spread = np.sqrt(np.maximum(fourth - square**2, 0.0) / np.where(enough, count - 1, 1))
    error = np.divide(spread, 2.0 * statistic, out=np.zeros_like(statistic), where=statistic > 0)
    return np.where(enough, statistic, np.nan), np.where(enough, error, np.nan)


def qlike(covariance: FloatArray, returns: FloatArray) -> FloatArray:
    """Quasi-likelihood loss log |Sigma| + r' Sigma^-1 r of each row of returns (P, n) without NaN; smaller is better.

    Minus twice the normal log-likelihood up to a constant; ranks forecasts as the true covariance would even where
    outcomes are not normal (Patton 2011; Laurent, Rombouts and Violante 2013 for matrices).

    Args:
        covariance: (n, n) of the period of the returns, positive definite.
        returns: (P, n).

    Returns:
        (P,).
    """
    root = np.linalg.cholesky(covariance)
    white = np.linalg.solve(root, returns.T)
    return 2.0 * float(np.log(np.diag(root)).sum()) + (white**2).sum(axis=0)


def random_portfolios(n: int, count: int, seed: int = 0) -> FloatArray:
    """Random long-only portfolios (count, n), uniform over the simplex (Dirichlet with parameters 1).

    Args:
        n: Number of assets.
        count: Number of portfolios.
        seed: Of the random numbers.
    """
    return np.random.default_rng(seed).dirichlet(np.ones(n), count)
