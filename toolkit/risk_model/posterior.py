"""Draws of a covariance from what is known of it: correlations and volatilities about their estimates, with their errors."""

from __future__ import annotations

import numpy as np

from toolkit.core.forecast import FloatArray, Forecast

LEAST_EIGENVALUE = 1e-3
"""Of a drawn correlation."""


def covariance_draws(forecast: Forecast, count: int, seed: int) -> FloatArray:
    """Covariances (count, n, n) a year, drawn about that of a forecast.

    A correlation is normal with its errors, those of the mean of a prior common to all pairs; a matrix that is none is made
    one by its spectrum (Rebonato and Jaeckel 1999), which draws pairs a little together. A volatility is lognormal with the
    68 % interval of its asset, independently.

    Args:
        forecast: Of n assets; correlations without errors stay as they are.
        count: Number of draws.
        seed: Of the random numbers.
    """
    n = len(forecast.assets)
    size = np.sqrt(forecast.variances)
    found = np.broadcast_to(forecast.matrix / np.outer(size, size), (count, n, n)).copy()
    rng = np.random.default_rng(seed)
    if (errors := forecast.correlation_errors) is not None:
        pairs = np.triu(rng.standard_normal((count, n, n)), 1)
        found += errors.own * (pairs + pairs.transpose(0, 2, 1)) + errors.common * rng.standard_normal((count, 1, 1))
        values, vectors = np.linalg.eigh(found)
        found = (vectors * np.maximum(values, LEAST_EIGENVALUE)[:, None, :]) @ vectors.transpose(0, 2, 1)
        scale = np.sqrt(np.einsum("sii->si", found))
        found /= scale[:, :, None] * scale[:, None, :]
    spread = np.array([0.5 * np.log(risk.high / risk.low) for risk in forecast.risks])
    drawn = size * np.exp(spread * rng.standard_normal((count, n)))
    return found * drawn[:, :, None] * drawn[:, None, :]


def marginal_variance_errors(forecast: Forecast, weights: FloatArray) -> FloatArray:
    """(n,) standard errors of the marginal variances (Sigma w)_i, by the errors that `covariance_draws` draws from.

    To first order in the errors of correlations and of logarithms of volatilities (delta method).

    Args:
        forecast: Of n assets.
        weights: (n,).
    """
    spread = np.array([0.5 * np.log(risk.high / risk.low) for risk in forecast.risks])
    parts = forecast.matrix * weights
    marginal = parts.sum(axis=1)
    variance = (marginal * spread) ** 2 + (parts**2) @ spread**2
    if (errors := forecast.correlation_errors) is not None:
        size = np.sqrt(forecast.variances)
        scale = np.outer(size, size * weights)
        variance += ((scale * errors.own) ** 2).sum(axis=1) + (scale * errors.common).sum(axis=1) ** 2
    return np.sqrt(variance)
