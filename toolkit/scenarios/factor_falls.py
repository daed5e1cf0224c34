"""Falls of the named factors: returns of all assets, with other factors at their conditional mean."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from toolkit.core.forecast import FloatArray, Forecast
from toolkit.core.messages import message

SHOCK = 2.0
"""Size of a fall, in standard deviations a year."""


@dataclass(frozen=True, slots=True)
class FactorFall:
    """A fall of one factor.

    Attributes:
        factor: Which one.
        name: ``gold falls``.
        deviations: Size of the fall, in standard deviations a year.
        size: The same as a fraction.
        returns: (n,) of each asset.
        method: What is assumed, in words.
    """

    factor: str
    name: str
    deviations: float
    size: float
    returns: FloatArray
    method: str


def factor_falls(forecast: Forecast) -> tuple[FactorFall, ...]:
    """The fall of each named factor by two annual standard deviations. A supply shock that eases is a loss of holders.

    The deviations are of logarithms, so that no price falls by all of itself: a move of x is ``exp(x) - 1``.
    """
    found = []
    for j in forecast.named:
        deviation = math.sqrt(max(float(forecast.factor_cov[j, j]), 0.0))
        if deviation == 0:
            continue
        together = forecast.factor_cov[j] / forecast.factor_cov[j, j]
        factor, size = forecast.factors[j], -math.expm1(-SHOCK * deviation)
        method = message(
            "{count:g} standard deviations of the logarithm in a year (-{size:.0%}), other factors following",
            count=SHOCK,
            size=size,
        )
        returns = np.expm1(-SHOCK * deviation * (forecast.loadings @ together))
        found.append(FactorFall(factor, message("{factor} falls", factor=factor), SHOCK, size, returns, method))
    return tuple(found)
