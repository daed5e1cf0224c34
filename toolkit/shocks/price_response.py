"""The response of a price to a loss of supply: a hierarchical posterior from observed reactions and published models.

A market of constant elasticity has ``ln(P1/P0) = b x``, ``x = -ln(1 - loss)``, ``b = 1 / (e + n)``. Of case i, metal m:

    y_i = b_m x_i + error,   error ~ N(0, s_i^2 + sigma^2 + (LOSS_ERROR b_m x_i)^2),   ln b_m ~ N(mu, tau^2)

with ``y`` the benchmark-adjusted log change and ``s`` its standard error, ``sigma`` the volatility of a year without a loss (no
part of a published model's error), and the loss measured with an error. Metals are pooled as far as ``tau`` leaves open (Gelman
et al. 2013, chapter 5). The posterior is summed on a grid: no sampling, the same figures each time. Cases of one metal whose
windows overlap have the weight of one case. Three things bound what it says: losses are seen at one country's customs, losses
near all of a supply were never observed, and a stop that everybody expects may move prices before its announcement.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from toolkit.core.calendar import month_number
from toolkit.shocks.event_study import MONTHS
from toolkit.supply.flows import FlowSeries

FloatArray = NDArray[np.float64]
LOSS_ERROR = 0.5
"""Relative standard error of a loss (of x): an assumption; imports of one country stand for those of all."""
PUBLISHED_ERROR = 0.64
"""Relative standard error of a published response: half the width of the range that USGS gives for the loss of GDP by gallium
(1.7 to 8.2 around 3.1 bn USD), read as 90 %. The source gives none for the price itself."""
LARGEST_LOSS = 0.99
LEAST_METALS = 3
"""Metals with an observed case that a posterior needs: fewer do not show how metals differ."""
PRIOR_SPREAD = 1.0
"""Standard deviation of mu around the assumed middle: a factor of 2.7 either way."""
TAU_SCALE, SIGMA_SCALE = 0.75, 0.5
"""Scales of half-normal priors (assumptions): metals differ by a factor of two, a year moves a price by one of 1.6."""
LEVELS = (0.05, 0.16, 0.5, 0.84, 0.95)
"""Ends of the 90 % and of the 68 % band, and the median."""
_B = np.linspace(math.log(0.02), math.log(10.0), 90)
"""Grid of log b: an elasticity is at least 0.1, the least of demand alone."""
_MU = np.linspace(math.log(0.03), math.log(12.0), 31)
_TAU = np.linspace(0.1, 2.2, 14)
_SIGMA = np.linspace(0.05, 0.75, 10)
OBSERVED, PUBLISHED = "observed", "published"


@dataclass(frozen=True, slots=True)
class ResponseCase:
    """A loss of supply and the change of the price after it.

    Attributes:
        source: Id of the event, or the citation of a published model.
        kind: ``observed`` or ``published``.
        change: Simple change of the price, over the benchmark where observed.
        error: Standard error of its log.
        months: After the announcement; None for a model.
        share_then, fall: Of the country in world supply as then known, and how far imports from it fell (0..1); the loss is
            their product. None where not known: the case then says nothing about the response and stands in the list.
    """

    source: str
    asset: str
    kind: str
    day: date
    change: float
    error: float
    months: int | None
    share_then: float | None
    fall: float | None

    @property
    def loss(self) -> float | None:
        """Fraction of world supply that was lost, at most `LARGEST_LOSS`."""
        return None if self.share_then is None or self.fall is None else min(self.share_then * self.fall, LARGEST_LOSS)


def import_fall(series: Sequence[FlowSeries], day: date, months: int) -> float | None:
    """Fall of the mean month of imports from the year before a day to the months after it, 0..1; 0 where it rose.

    Args:
        series: Imports of one metal from one country, by code.
        day: Its own month is in neither mean.
        months: After it.

    Returns:
        None without half a year before, or any month after, that every code has.
    """
    event_month = month_number(day)
    codes = [dict(zip(map(month_number, one.months), one.quantities, strict=True)) for one in series]
    # A month that one code does not have is not known, never a zero.
    before, after = (
        [
            sum(known)
            for month in span
            if len(known := [q for code in codes if (q := code.get(month)) is not None]) == len(codes)
        ]
        for span in (range(event_month - MONTHS, event_month), range(event_month + 1, event_month + months + 1))
    )
    if len(before) < MONTHS // 2 or not after or not sum(before):
        return None
    return max(0.0, 1.0 - (sum(after) / len(after)) / (sum(before) / len(before)))


@dataclass(frozen=True, slots=True)
class Response:
    """The posterior of the response b of one metal.

    Attributes:
        quantiles: At `LEVELS`.
        moves: Posterior median of sigma, log points a year; not in the band.
        own: Cases of this metal with a loss; `observed` and `published` count those of all metals.
    """

    asset: str
    quantiles: tuple[float, ...]
    moves: float
    own: int
    observed: int
    published: int


def responses(cases: Sequence[ResponseCase], assets: Sequence[str], middle: float) -> Mapping[str, Response] | None:
    """The posterior of each asset; of one without a case, the distribution of a further metal.

    Args:
        cases: Those without a loss are left out.
        assets: Which metals.
        middle: Assumed response from which mu is drawn, with the factor `PRIOR_SPREAD` either way.

    Returns:
        None where fewer than `LEAST_METALS` metals have an observed case.
    """
    used = tuple(case for case in cases if case.loss is not None)
    if len({case.asset for case in used if case.kind == OBSERVED}) < LEAST_METALS:
        return None
    quantiles, moves = _posterior(used, tuple(sorted({*assets})), middle)
    counts = [sum(case.kind == kind for case in used) for kind in (OBSERVED, PUBLISHED)]
    own = {asset: sum(case.asset == asset for case in used) for asset in assets}
    return {asset: Response(asset, quantiles[asset], moves, own[asset], *counts) for asset in assets}


@lru_cache(maxsize=8)
def _posterior(
    cases: tuple[ResponseCase, ...], assets: tuple[str, ...], middle: float
) -> tuple[dict[str, tuple[float, ...]], float]:
    """Quantiles of b by asset, and the median of sigma."""
    likelihoods = {key: _likelihood([c for c in cases if c.asset == key]) for key in sorted({c.asset for c in cases})}
    # (mu, tau, b): the prior of a metal's response; (mu, tau, sigma): the prior of the three numbers common to all.
    spread = np.exp(-0.5 * ((_B - _MU[:, None, None]) / _TAU[:, None]) ** 2)
    given = spread / spread.sum(axis=2, keepdims=True)
    centre = np.exp(-0.5 * ((_MU - math.log(middle)) / PRIOR_SPREAD) ** 2)
    common = (
        centre[:, None, None] * np.exp(-0.5 * (_TAU[:, None] / TAU_SCALE) ** 2) * np.exp(-0.5 * (_SIGMA / SIGMA_SCALE) ** 2)
    )
    marginal = {asset: np.einsum("mtb,sb->mts", given, likelihood) for asset, likelihood in likelihoods.items()}
    found = {}
    for asset in assets:
        others = math.prod((one for key, one in marginal.items() if key != asset), start=common)
        weights = np.einsum("mts,mtb->sb", others, given) * likelihoods.get(asset, 1.0)
        found[asset] = tuple(math.exp(_quantile(weights.sum(axis=0), _B, level)) for level in LEVELS)
    everything = math.prod(marginal.values(), start=common)
    return found, _quantile(everything.sum(axis=(0, 1)), _SIGMA, 0.5)


def _quantile(weights: FloatArray, values: FloatArray, level: float) -> float:
    """The value below which a fraction of the weights lies, each spread over its cell of the grid."""
    cumulated = np.cumsum(weights)
    return float(np.interp(level, (cumulated - 0.5 * weights) / cumulated[-1], values))


def _likelihood(own: Sequence[ResponseCase]) -> FloatArray:
    """(sigma, b): likelihood of a metal's cases, up to a factor."""
    b = np.exp(_B)
    total = np.zeros((_SIGMA.size, b.size))
    for case in own:
        x = -math.log1p(-(case.loss or 0.0))
        moving = _SIGMA[:, None] ** 2 if case.kind == OBSERVED else 0.0
        variance = case.error**2 + moving + (LOSS_ERROR * b * x) ** 2
        rival = [
            other
            for other in own
            if other.kind == case.kind == OBSERVED
            and abs(month_number(other.day) - month_number(case.day)) < MONTHS
        ]  # fmt: skip
        total += (-0.5 * (math.log1p(case.change) - b * x) ** 2 / variance - 0.5 * np.log(variance)) / max(len(rival), 1)
    return np.exp(total - total.max())
