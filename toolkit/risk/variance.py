"""Variance and what follows from it, in the factor form of a `Forecast`."""

from __future__ import annotations

import math

import numpy as np

from toolkit.factors.forecast import FloatArray, Forecast


def volatility(forecast: Forecast, weights: FloatArray) -> float:
    """Standard deviation a year of a portfolio with these asset weights, (n,)."""
    return math.sqrt(max(forecast.variance(weights), 0.0))


def risk_contributions(forecast: Forecast, weights: FloatArray) -> FloatArray:
    """Share of the variance that each position brings (Euler), (n,); zeros where there is no risk.

    Contribution i is w_i (Sigma w)_i / w' Sigma w (Maillard, Roncalli, Teiletche 2010, equation 3).
    """
    exposure = forecast.factor_cov @ (forecast.loadings.T @ weights)
    marginal = forecast.loadings @ exposure + forecast.specific_var * weights
    variance = float(weights @ marginal)
    return weights * marginal / variance if variance > 0 else np.zeros(len(weights))


def diversification_ratio(forecast: Forecast, weights: FloatArray) -> float | None:
    """Weighted mean of the assets' volatilities over the portfolio's (Choueifaty and Coignard 2008); None without risk."""
    portfolio = volatility(forecast, weights)
    systematic = np.einsum("ik,kl,il->i", forecast.loadings, forecast.factor_cov, forecast.loadings)
    alone = np.sqrt(systematic + forecast.specific_var)
    return float(alone @ weights) / portfolio if portfolio > 0 else None
