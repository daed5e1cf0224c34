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
from toolkit.risk_measures.base import (
    Measure,
    check_confidence,
    convex_shortfall,
    expected_shortfall,
    possible,
    shortfall_subgradient,
    worst_outcome,
)
from toolkit.risk_measures.tail import EVaR

if TYPE_CHECKING:
    import cvxpy as cp

    from toolkit.risk_measures.base import ConvexForm

DRAWDOWN = "fraction of value below its peak"
"""Unit of every measure here."""


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
class CDaR(Measure):
    """Conditional drawdown at risk: mean of the deepest 1 - confidence of drawdowns (Chekhlov et al. 2005)."""

    name: ClassVar[str] = "cdar"
    unit: ClassVar[str] = DRAWDOWN
    needs_order: ClassVar[bool] = True
    homogeneous: ClassVar[bool] = True
    confidence: float = 0.95

    def __post_init__(self) -> None:
        check_confidence(self.confidence)

    def numeric(self, losses: FloatArray, probabilities: FloatArray) -> float:
        """The risk of losses (S,) in order, with the weight (S,) of each time."""
        return expected_shortfall(drawdowns(losses), probabilities, self.confidence)

    def subgradient(self, losses: FloatArray, probabilities: FloatArray) -> FloatArray:
        """How much of the deepest drawdowns each loss (S,) is part of."""
        depths = drawdowns(losses)
        return _since_peak(shortfall_subgradient(depths, probabilities, self.confidence), depths)

    def convex(self, returns: cp.Expression, probabilities: FloatArray) -> ConvexForm:
        """2 S + 1 variables."""
        depth, path = _convex_drawdowns(returns)
        return convex_shortfall(depth, probabilities, self.confidence), path


@dataclass(frozen=True)
class EDaR(Measure):
    """Entropic drawdown at risk: entropic value at risk of the drawdowns, a bound on CDaR (Cajas 2021)."""

    name: ClassVar[str] = "edar"
    unit: ClassVar[str] = DRAWDOWN
    needs_order: ClassVar[bool] = True
    homogeneous: ClassVar[bool] = True
    confidence: float = 0.95

    def __post_init__(self) -> None:
        check_confidence(self.confidence)

    def numeric(self, losses: FloatArray, probabilities: FloatArray) -> float:
        """The risk of losses (S,) in order, with the weight (S,) of each time."""
        return EVaR(self.confidence).numeric(drawdowns(losses), probabilities)

    def subgradient(self, losses: FloatArray, probabilities: FloatArray) -> FloatArray:
        """How much of the drawdowns of the worst distribution each loss (S,) is part of."""
        depths = drawdowns(losses)
        return _since_peak(EVaR(self.confidence).subgradient(depths, probabilities), depths)

    def convex(self, returns: cp.Expression, probabilities: FloatArray) -> ConvexForm:
        """S variables and S exponential cones."""
        depth, path = _convex_drawdowns(returns)
        risk, cones = EVaR(self.confidence).convex(-depth, probabilities)
        return risk, [*path, *cones]


@dataclass(frozen=True)
class MaximumDrawdown(Measure):
    """The deepest drawdown of the path (the limit of CDaR at confidence 1, Chekhlov et al. 2005)."""

    name: ClassVar[str] = "max_drawdown"
    unit: ClassVar[str] = DRAWDOWN
    needs_order: ClassVar[bool] = True
    homogeneous: ClassVar[bool] = True

    def numeric(self, losses: FloatArray, probabilities: FloatArray) -> float:
        """The risk of losses (S,) in order; times without weight belong to the path but not to the maximum."""
        return float(drawdowns(losses)[probabilities > 0].max())

    def subgradient(self, losses: FloatArray, probabilities: FloatArray) -> FloatArray:
        """One for each loss (S,) between the peak and the deepest point."""
        depths = drawdowns(losses)
        return _since_peak(worst_outcome(depths, probabilities), depths)

    def convex(self, returns: cp.Expression, probabilities: FloatArray) -> ConvexForm:
        """S + 1 variables."""
        import cvxpy as cp  # noqa: PLC0415

        depth, path = _convex_drawdowns(returns)
        return cp.max(possible(depth, probabilities)), path


@dataclass(frozen=True)
class AverageDrawdown(Measure):
    """The mean drawdown over time (the limit of CDaR at confidence 0, Chekhlov et al. 2005)."""

    name: ClassVar[str] = "average_drawdown"
    unit: ClassVar[str] = DRAWDOWN
    needs_order: ClassVar[bool] = True
    homogeneous: ClassVar[bool] = True

    def numeric(self, losses: FloatArray, probabilities: FloatArray) -> float:
        """The risk of losses (S,) in order, with the weight (S,) of each time."""
        return float(probabilities @ drawdowns(losses))

    def subgradient(self, losses: FloatArray, probabilities: FloatArray) -> FloatArray:
        """The share of time from each loss (S,) to the next peak."""
        return _since_peak(probabilities, drawdowns(losses))

    def convex(self, returns: cp.Expression, probabilities: FloatArray) -> ConvexForm:
        """S variables."""
        depth, path = _convex_drawdowns(returns)
        return probabilities @ depth, path


@dataclass(frozen=True)
class UlcerIndex(Measure):
    """Root mean square of the drawdowns (Martin and McCann 1989, there of compounded prices and in percent)."""

    name: ClassVar[str] = "ulcer"
    unit: ClassVar[str] = DRAWDOWN
    needs_order: ClassVar[bool] = True
    homogeneous: ClassVar[bool] = True

    def numeric(self, losses: FloatArray, probabilities: FloatArray) -> float:
        """The risk of losses (S,) in order, with the weight (S,) of each time."""
        return float(np.sqrt(probabilities @ drawdowns(losses) ** 2))

    def subgradient(self, losses: FloatArray, probabilities: FloatArray) -> FloatArray:
        """Gradient (S,) at losses (S,); zero, which is one of many, where there is no drawdown."""
        depths, risk = drawdowns(losses), self.numeric(losses, probabilities)
        return _since_peak(probabilities * depths / risk, depths) if risk > 0 else np.zeros(len(losses))

    def convex(self, returns: cp.Expression, probabilities: FloatArray) -> ConvexForm:
        """S variables and one second-order cone."""
        import cvxpy as cp  # noqa: PLC0415

        depth, path = _convex_drawdowns(returns)
        return cp.norm(cp.multiply(np.sqrt(probabilities), depth), 2), path
