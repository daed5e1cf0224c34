"""Lower partial moments below a return of zero: what gains count nothing towards."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from toolkit.core.forecast import FloatArray
from toolkit.risk_measures.base import Measure, RootMeanSquare

if TYPE_CHECKING:
    import cvxpy as cp

    from toolkit.risk_measures.base import ConvexForm


@dataclass(frozen=True)
class MeanLoss(Measure):
    """Mean of the losses, gains counting zero: the first lower partial moment at a return of zero (Bawa 1975)."""

    name: ClassVar[str] = "mean_loss"

    def numeric(self, losses: FloatArray, probabilities: FloatArray) -> float:
        """The risk of losses (S,) with probabilities (S,)."""
        return float(probabilities @ np.maximum(losses, 0.0))

    def subgradient(self, losses: FloatArray, probabilities: FloatArray) -> FloatArray:
        """The probabilities (S,) of losses, zero of gains."""
        return np.where(losses > 0, probabilities, 0.0)

    def convex(self, returns: cp.Expression, probabilities: FloatArray) -> ConvexForm:
        """S hinges."""
        import cvxpy as cp  # noqa: PLC0415

        return probabilities @ cp.pos(-returns), []


@dataclass(frozen=True)
class DownsideDeviation(RootMeanSquare):
    """Root mean square of the losses, gains counting zero: of the second lower partial moment at zero (Fishburn 1977).

    A ratio over it is that of Sortino and Price (1994) with a target of zero. `semideviation` is about the mean instead.
    """

    name: ClassVar[str] = "downside_deviation"
    about_mean: ClassVar[bool] = False

    def away(self, losses: FloatArray, probabilities: FloatArray) -> FloatArray:  # noqa: ARG002
        """(S,) the losses, zero of gains."""
        return np.maximum(losses, 0.0)

    def convex_away(self, returns: cp.Expression, probabilities: FloatArray) -> cp.Expression:  # noqa: ARG002
        """(S,) the same of returns: S hinges."""
        import cvxpy as cp  # noqa: PLC0415

        return cp.pos(-returns)
