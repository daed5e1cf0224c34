"""Variance and volatility: in the factor form of a `Forecast`, and as measures on scenarios."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from toolkit.core.forecast import FloatArray, Forecast
from toolkit.risk_measures.base import MeanSquare, RootMeanSquare


def volatility(forecast: Forecast, weights: FloatArray) -> float:
    """Standard deviation a year of a portfolio with these asset weights, (n,)."""
    return math.sqrt(max(forecast.variance(weights), 0.0))


def risk_contributions(forecast: Forecast, weights: FloatArray) -> FloatArray:
    """Share of the variance that each position brings (Euler), (n,); zeros where there is no risk.

    Contribution i is w_i (Sigma w)_i / w' Sigma w (Maillard, Roncalli, Teiletche 2010, equation 3).
    """
    marginal = forecast.covariances(weights)
    variance = float(weights @ marginal)
    return weights * marginal / variance if variance > 0 else np.zeros(len(weights))


def diversification_ratio(forecast: Forecast, weights: FloatArray) -> float | None:
    """Sum of volatilities times absolute weights over the whole volatility (Choueifaty and Coignard 2008); None without."""
    portfolio = volatility(forecast, weights)
    alone = np.sqrt(forecast.variances)
    return float(alone @ np.abs(weights)) / portfolio if portfolio > 0 else None


@dataclass(frozen=True)
class Variance(MeanSquare):
    """Mean squared distance from the mean, of a period (Markowitz 1952); no correction for the size of a sample."""

    name: ClassVar[str] = "variance"


@dataclass(frozen=True)
class Volatility(RootMeanSquare):
    """Standard deviation of a period's return, the root of the variance (Markowitz 1952): not scaled to a year."""

    name: ClassVar[str] = "volatility"
