"""Futures drawn from a set of scenarios with shocks, and what is held and ordered today in each of them.

A future is a scenario of the set, drawn by its probability. Where a shock is in it, its size is drawn from its 90 % band
(lognormal on either side of the median, one draw for all assets of the shock), and its day at a constant rate.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

from toolkit.core.forecast import FloatArray
from toolkit.scenarios.sets import Scenarios, Shock

NONE = -1
"""Position of no shock."""
END_OF_BAND = NormalDist().inv_cdf(0.95)
"""Standard deviations from the middle of a 90 % band to its end."""
CERTAIN = 1.0 - 1e-12
"""Probability above which a shock comes at once."""


@dataclass(frozen=True, slots=True)
class SimulatedFutures:
    """F joint outcomes of n assets over the period of a set.

    Attributes:
        assets: n keys.
        returns: (F, n) simple returns of the period.
        shock: (F,) position of the shock that happened, or `NONE`.
        when: (F,) part of the period after which it did; infinite without one.
    """

    assets: tuple[str, ...]
    returns: FloatArray
    shock: NDArray[np.int64]
    when: FloatArray


def drawn_futures(scenarios: Scenarios, shocks: Sequence[Shock], count: int, rng: np.random.Generator) -> SimulatedFutures:
    """Futures from a set, with the sizes and the days of its shocks.

    Args:
        scenarios: Labelled with the shock that is in each.
        shocks: Those of the set.
        count: F.
        rng: Of the draws.
    """
    at = rng.choice(len(scenarios), count, p=scenarios.probabilities)
    size, moment = rng.standard_normal(count), rng.random(count)
    labels = np.array(scenarios.labels or ("",) * len(scenarios))
    returns, shock, when = scenarios.returns[at], np.full(count, NONE), np.full(count, np.inf)
    for k, event in enumerate(shocks):
        rows = np.flatnonzero(labels[at] == event.name)
        shock[rows] = k
        returns[rows] = (1 + returns[rows]) * _size_over_median(event, scenarios.assets, size[rows]) - 1
        probability = min(float(scenarios.probabilities[labels == event.name].sum()), CERTAIN)
        when[rows] = np.log1p(-moment[rows] * probability) / np.log1p(-probability)
    return SimulatedFutures(scenarios.assets, returns, shock, when)


def values(
    futures: SimulatedFutures,
    amounts: FloatArray,
    cash: float,
    *,
    arrives: FloatArray,
    stops: NDArray[np.bool_],
    returned: bool,
) -> tuple[FloatArray, FloatArray]:
    """(F,) value at the end of the period, and (F,) amount of purchases that did not arrive.

    Args:
        futures: Of n assets.
        amounts: (n,) paid today for what is bought.
        cash: Left.
        arrives: (F, n) part of the period after which a purchase arrives; 0 for at once.
        stops: (shocks, n) whether a shock stops deliveries of an asset.
        returned: Whether what was paid for a stopped delivery comes back; it is worth nothing otherwise.
    """
    stopped = np.vstack([stops, np.zeros(len(amounts), dtype=bool)])[futures.shock]  # `NONE` is the last row
    stopped &= arrives > futures.when[:, None]
    worth = np.where(stopped, amounts if returned else 0.0, amounts * (1 + futures.returns))
    return cash + worth.sum(axis=1), np.where(stopped, amounts, 0.0).sum(axis=1)


def _size_over_median(shock: Shock, assets: Sequence[str], z: FloatArray) -> FloatArray:
    """(F, n) price after a shock of a drawn size, z (F,) standard normal, over that after its median; 1 without a band."""
    up, down = np.zeros((2, len(assets)))
    for i, asset in enumerate(assets):
        if asset in shock.bands:
            low, high = shock.bands[asset]
            middle = np.log1p(shock.returns[asset])
            up[i], down[i] = np.log1p(high) - middle, middle - np.log1p(low)
    return np.exp((np.outer(np.maximum(z, 0), up) + np.outer(np.minimum(z, 0), down)) / END_OF_BAND)
