"""Variance and volatility: in the factor form of a `Forecast`, and as measures on scenarios."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from toolkit.core.forecast import FloatArray, Forecast
from toolkit.risk_measures.base import Measure
from toolkit.risk_measures.dispersion import around_mean

if TYPE_CHECKING:
    import cvxpy as cp

    from toolkit.risk_measures.base import ConvexForm


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


def _convex_deviations(returns: cp.Expression, probabilities: FloatArray) -> cp.Expression:
    """(S,) deviations from the mean, times the roots of the probabilities: the sum of their squares is the variance."""
    import cvxpy as cp  # noqa: PLC0415

    return cp.multiply(np.sqrt(probabilities), returns - probabilities @ returns)


@dataclass(frozen=True)
class Variance(Measure):
    """Mean squared distance from the mean, of a period (Markowitz 1952); no correction for the size of a sample."""

    name: ClassVar[str] = "variance"
    unit: ClassVar[str] = "squared fraction of value over a period"
    homogeneous: ClassVar[bool] = False

    def numeric(self, losses: FloatArray, probabilities: FloatArray) -> float:
        """The risk of losses (S,) with probabilities (S,)."""
        return float(probabilities @ (losses - probabilities @ losses) ** 2)

    def subgradient(self, losses: FloatArray, probabilities: FloatArray) -> FloatArray:
        """Gradient (S,) at losses (S,)."""
        return around_mean(2 * (losses - probabilities @ losses), probabilities)

    def convex(self, returns: cp.Expression, probabilities: FloatArray) -> ConvexForm:
        """A sum of S squares."""
        import cvxpy as cp  # noqa: PLC0415

        return cp.sum_squares(_convex_deviations(returns, probabilities)), []


@dataclass(frozen=True)
class Volatility(Measure):
    """Standard deviation of a period's return, the root of the variance (Markowitz 1952): not scaled to a year."""

    name: ClassVar[str] = "volatility"

    def numeric(self, losses: FloatArray, probabilities: FloatArray) -> float:
        """The risk of losses (S,) with probabilities (S,)."""
        return math.sqrt(probabilities @ (losses - probabilities @ losses) ** 2)

    def subgradient(self, losses: FloatArray, probabilities: FloatArray) -> FloatArray:
        """Gradient (S,) at losses (S,); zero, which is one of many, where there is no risk."""
        risk = self.numeric(losses, probabilities)
        if risk == 0:
            return np.zeros(len(losses))
        return around_mean((losses - probabilities @ losses) / risk, probabilities)

    def convex(self, returns: cp.Expression, probabilities: FloatArray) -> ConvexForm:
        """One second-order cone of S entries."""
        import cvxpy as cp  # noqa: PLC0415

        return cp.norm(_convex_deviations(returns, probabilities), 2), []
