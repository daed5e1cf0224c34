"""Limit of losses to the total: simple returns of draws over a long period are kept at -1 or above."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from toolkit.core.forecast import FloatArray
from toolkit.scenarios.sets import Scenarios

TOTAL_LOSS = -1.0
STEPS, CONVERGED_VOLATILITY = 60, 1e-10
"""Fixed-point steps, and the relative error of volatility at which they end."""


def limit_losses_to_total(scenarios: Scenarios) -> tuple[Scenarios, float]:
    """The scenarios with returns of at least -1, and the share of scenarios in which an asset had less.

    A linear draw over a year from an asset with a volatility of 50 % falls below -1 in one of fifty cases. Cutting these off
    alone would raise the mean and lower the volatility, so the asset's other returns are stretched until both are what they
    were: r = (1 + mean) max(1 + k d, 0) / E max(1 + k d, 0) - 1 with the deviations d of the asset and one k an asset.
    Correlations are kept nearly, not exactly.
    """
    below = scenarios.returns < TOTAL_LOSS
    if not below.any():
        return scenarios, 0.0
    p, mean = scenarios.probabilities, scenarios.mean
    at = np.flatnonzero(below.any(axis=0) & (mean > TOTAL_LOSS))
    deviations = scenarios.returns[:, at] - mean[at]
    wanted = np.sqrt(p @ deviations**2)
    relative = deviations / (1.0 + mean[at])
    stretch = np.ones(len(at))
    returns = scenarios.returns.copy()
    for _ in range(STEPS):
        gross = _gross(relative, stretch, p) * (1.0 + mean[at])
        returns[:, at] = gross - 1.0
        reached = np.sqrt(p @ (returns[:, at] - mean[at]) ** 2)
        if np.abs(reached / wanted - 1.0).max() <= CONVERGED_VOLATILITY:
            break
        stretch = stretch * wanted / reached
    return replace(scenarios, returns=np.maximum(returns, TOTAL_LOSS)), float(p @ below.any(axis=1))


def _gross(relative: FloatArray, stretch: FloatArray, p: FloatArray) -> FloatArray:
    """(S, m) relative gross returns with mean one."""
    cut = np.maximum(1.0 + stretch * relative, 0.0)
    return cut / (p @ cut)
