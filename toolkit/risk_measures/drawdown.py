"""Drawdowns on a path of consecutive periods.

Drawdowns are those of uncompounded cumulative returns: the amount held is brought back to the same value at the start of each
period. They are then linear pieces of the weights and every measure here is convex (Chekhlov, Uryasev and Zabarankin
2005); a compounded drawdown is not. The start of the path counts as a peak. D_t = max(0, D_{t-1} - r_t), D_0 = 0.

Probabilities weigh the times of the path: equal ones give the averages over time of the literature.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from toolkit.core.forecast import FloatArray
from toolkit.risk_measures.base import Measure, OfTail
from toolkit.risk_measures.below_zero import DownsideDeviation, MeanLoss
from toolkit.risk_measures.tail import CVaR, EVaR, WorstCase

if TYPE_CHECKING:
    import cvxpy as cp

    from toolkit.risk_measures.base import ConvexForm


def drawdowns(losses: FloatArray) -> FloatArray:
    """(S,) how far the uncompounded cumulative return is below its highest value so far, for losses (S,) in order."""
    cumulative = np.cumsum(losses)
    return cumulative - np.minimum(np.minimum.accumulate(cumulative), 0.0)


def _since_peak(slopes: FloatArray, depths: FloatArray) -> FloatArray:
    """(S,) slopes in the losses, for slopes (S,) >= 0 in the depths (S,).

    A loss deepens its own drawdown and every later one until the path is at a peak again, and none at a peak.
    """
    size = len(depths)
    under = depths > 0
    later = np.append(np.cumsum(np.where(under, slopes, 0.0)[::-1])[::-1], 0.0)
    peaks = np.minimum.accumulate(np.where(under, size, np.arange(size))[::-1])[::-1]
    return np.where(under, later[:-1] - later[peaks], 0.0)


def _convex_drawdowns(returns: cp.Expression) -> tuple[cp.Variable, list[cp.Constraint]]:
    """Upper bounds (S,) on the drawdowns by their recursion: S variables, and each return in one row only."""
    import cvxpy as cp  # noqa: PLC0415

    depth = cp.Variable(returns.size, nonneg=True)
    first: cp.Constraint = depth[0] >= -returns[0]
    if returns.size == 1:
        return depth, [first]
    return depth, [first, depth[1:] >= depth[:-1] - returns[1:]]


@dataclass(frozen=True)
class OfDrawdowns(Measure):
    """A measure of losses, taken of the drawdowns (S,) of a path, with the weight (S,) of each time."""

    unit: ClassVar[str] = "fraction of value below its peak"
    needs_order: ClassVar[bool] = True

    @property
    def of_depths(self) -> Measure:
        """The measure."""
        raise NotImplementedError

    def numeric(self, losses: FloatArray, probabilities: FloatArray) -> float:
        """The risk of losses (S,) in order."""
        return self.of_depths.numeric(drawdowns(losses), probabilities)

    def subgradient(self, losses: FloatArray, probabilities: FloatArray) -> FloatArray:
        """How much each loss (S,) adds to the drawdowns that count."""
        depths = drawdowns(losses)
        return _since_peak(self.of_depths.subgradient(depths, probabilities), depths)

    def convex(self, returns: cp.Expression, probabilities: FloatArray) -> ConvexForm:
        """S variables beside those of the measure."""
        depth, path = _convex_drawdowns(returns)
        risk, own = self.of_depths.convex(-depth, probabilities)
        return risk, [*path, *own]


@dataclass(frozen=True)
class CDaR(OfTail, OfDrawdowns):
    """Conditional drawdown at risk: mean of the deepest 1 - confidence of drawdowns (Chekhlov et al. 2005)."""

    name: ClassVar[str] = "cdar"

    @property
    def of_depths(self) -> Measure:
        """CVaR."""
        return CVaR(self.confidence)


@dataclass(frozen=True)
class EDaR(OfTail, OfDrawdowns):
    """Entropic drawdown at risk: entropic value at risk of the drawdowns, a bound on CDaR (Cajas 2021)."""

    name: ClassVar[str] = "edar"

    @property
    def of_depths(self) -> Measure:
        """EVaR."""
        return EVaR(self.confidence)


@dataclass(frozen=True)
class MaximumDrawdown(OfDrawdowns):
    """The deepest drawdown of the path (the limit of CDaR at confidence 1, Chekhlov et al. 2005)."""

    name: ClassVar[str] = "max_drawdown"

    @property
    def of_depths(self) -> Measure:
        """The largest: times without weight belong to the path but not to the maximum."""
        return WorstCase()


@dataclass(frozen=True)
class AverageDrawdown(OfDrawdowns):
    """The mean drawdown over time (the limit of CDaR at confidence 0, Chekhlov et al. 2005)."""

    name: ClassVar[str] = "average_drawdown"

    @property
    def of_depths(self) -> Measure:
        """The mean."""
        return MeanLoss()

    def convex(self, returns: cp.Expression, probabilities: FloatArray) -> ConvexForm:
        """S variables: no depth is below zero, so there is no hinge."""
        depth, path = _convex_drawdowns(returns)
        return probabilities @ depth, path


@dataclass(frozen=True)
class UlcerIndex(OfDrawdowns):
    """Root mean square of the drawdowns (Martin and McCann 1989, there of compounded prices and in percent)."""

    name: ClassVar[str] = "ulcer"

    @property
    def of_depths(self) -> Measure:
        """The root mean square."""
        return DownsideDeviation()

    def convex(self, returns: cp.Expression, probabilities: FloatArray) -> ConvexForm:
        """S variables and one second-order cone: no depth is below zero, so there is no hinge."""
        import cvxpy as cp  # noqa: PLC0415

        depth, path = _convex_drawdowns(returns)
        return cp.norm(cp.multiply(np.sqrt(probabilities), depth), 2), path
