"""Losses in the tail: CVaR, entropic value at risk, worst case."""

from __future__ import annotations

import math
from dataclasses import dataclass
from statistics import NormalDist
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from toolkit.core.forecast import FloatArray
from toolkit.risk_measures.base import Measure, OfTail, possible

if TYPE_CHECKING:
    import cvxpy as cp

    from toolkit.risk_measures.base import ConvexForm


SETTLED = 1e-13
"""Relative change at which the temperature of a tilted distribution is found."""


def normal_cvar(volatility: float, confidence: float = 0.95) -> float:
    """Mean loss of the worst 1 - confidence of outcomes, for changes that are normal around zero; positive is a loss.

    sigma phi(z) / (1 - alpha), z the alpha quantile (Rockafellar and Uryasev 2000, Proposition 1, with a normal loss).
    Metals have fatter tails than this.

    Args:
        volatility: Standard deviation over the horizon.
        confidence: alpha, between 0 and 1.
    """
    z = NormalDist().inv_cdf(confidence)
    return volatility * math.exp(-z * z / 2) / math.sqrt(2 * math.pi) / (1 - confidence)


@dataclass(frozen=True)
class CVaR(OfTail):
    """Conditional value at risk: mean loss of the worst 1 - confidence of outcomes.

    Rockafellar and Uryasev (2000), Theorem 1; with atoms, Rockafellar and Uryasev (2002). Coherent.
    """

    name: ClassVar[str] = "cvar"

    def numeric(self, losses: FloatArray, probabilities: FloatArray) -> float:
        """Eta + E[(loss - eta)+] / (1 - alpha) of losses (S,) at the alpha quantile eta; an atom there is split exactly."""
        order = np.argsort(losses, kind="stable")
        reached = np.cumsum(probabilities[order])
        # A cumulative sum that misses alpha by rounding picks a neighbour, at which the minimum is the same.
        at = min(int(np.searchsorted(reached, self.confidence)), len(losses) - 1)
        quantile = losses[order[at]]
        return float(quantile + probabilities @ np.maximum(losses - quantile, 0.0) / (1 - self.confidence))

    def subgradient(self, losses: FloatArray, probabilities: FloatArray) -> FloatArray:
        """The distribution (S,) of the tail: p / (1 - alpha) from the largest loss down, until it adds up to 1.

        The last outcome takes what is left, which splits an atom at the quantile (Rockafellar, Uryasev and Zabarankin 2006,
        the risk envelope of CVaR).
        """
        order = np.argsort(-losses, kind="stable")
        p = probabilities[order] / (1 - self.confidence)
        tail = np.empty(len(losses))
        tail[order] = np.clip(1 - (np.cumsum(p) - p), 0.0, p)
        return tail

    def convex(self, returns: cp.Expression, probabilities: FloatArray) -> ConvexForm:
        """The quantile eta as a variable, and S hinges."""
        import cvxpy as cp  # noqa: PLC0415

        eta = cp.Variable()
        return eta + (probabilities / (1 - self.confidence)) @ cp.pos(-returns - eta), []


@dataclass(frozen=True)
class EVaR(OfTail):
    """Entropic value at risk: the tightest upper bound on VaR and CVaR that Chernoff's inequality gives.

    inf over t > 0 of t log(E[exp(loss / t)] / (1 - alpha)) (Ahmadi-Javid 2012). Equally, the worst mean
    loss among distributions within a relative entropy of -log(1 - alpha) (the dual there). Coherent.
    """

    name: ClassVar[str] = "evar"

    def numeric(self, losses: FloatArray, probabilities: FloatArray) -> float:
        """The risk of losses (S,) with probabilities (S,): the mean loss under the worst distribution."""
        worst = float(losses[probabilities > 0].max())
        return worst - float(self.subgradient(losses, probabilities) @ (worst - losses))

    def subgradient(self, losses: FloatArray, probabilities: FloatArray) -> FloatArray:
        """The worst distribution (S,)."""
        return self.tilted(losses, probabilities)[0]

    def tilted(self, losses: FloatArray, probabilities: FloatArray) -> tuple[FloatArray, float]:
        """The worst distribution (S,), the base one tilted by exp(loss / t), and its temperature t; 0 for the worst loss alone.

        Its entropy falls with t, from that of the worst loss alone to 0, and t is where it is -log(1 - alpha).

        Args:
            losses: (S,).
            probabilities: (S,).
        """
        held = probabilities > 0
        worst = float(losses[held].max())
        gaps, p = worst - losses[held], probabilities[held] / probabilities[held].sum()
        budget = -math.log1p(-self.confidence)
        scale = float(p @ gaps)
        tail = np.zeros(len(losses))
        at_worst = p[gaps == 0].sum()
        if scale <= 0 or -math.log(at_worst) <= budget:
            tail[held] = np.where(gaps == 0, p / at_worst, 0.0)
            return tail, 0.0
        gaps = gaps / scale

        # Newton's method on log s within the bracket so far: the entropy rises with it at s^2 times the variance of the gaps.
        # The start is the answer for losses that are normal.
        low, high, s = 0.0, math.inf, math.sqrt(2 * budget / max(float(p @ (gaps - 1) ** 2), 1e-300))
        for _ in range(200):
            q = p * np.exp(-s * gaps)
            mass = float(q.sum())
            mean = float(q @ gaps) / mass
            over = -s * mean - math.log(mass) - budget
            low, high = (s, high) if over < 0 else (low, s)
            rate = s * s * float(q @ (gaps - mean) ** 2) / mass
            following = s * math.exp(-over / rate) if abs(over) < rate else 0.0
            if not low < following < high:
                following = math.sqrt(low * high) if low > 0 and high < math.inf else s * 4 if over < 0 else s / 4
            if abs(following - s) <= SETTLED * s:
                break
            s = following
        tail[held] = p * np.exp(-s * gaps)
        return tail / tail.sum(), scale / s

    def convex(self, returns: cp.Expression, probabilities: FloatArray) -> ConvexForm:
        """S exponential cones: the least z with E[t exp((loss - z) / t)] <= (1 - alpha) t for some t."""
        import cvxpy as cp  # noqa: PLC0415

        # The tail divides the probabilities, so that every number of the cones is of order one: written with log p inside
        # the exponent, Clarabel's default tolerances left an error of 1e-6 at 2,500 scenarios instead of 1e-8.
        losses, weights = -possible(returns, probabilities), probabilities[probabilities > 0] / (1 - self.confidence)
        z, t, ratio = cp.Variable(), cp.Variable(nonneg=True), cp.Variable(len(weights))
        return z, [cp.ExpCone(losses - z, t * np.ones(len(weights)), ratio), weights @ ratio <= t]


@dataclass(frozen=True)
class WorstCase(Measure):
    """The largest loss of any scenario that has a probability (Young 1998, the minimax portfolio). Coherent."""

    name: ClassVar[str] = "worst_case"

    def numeric(self, losses: FloatArray, probabilities: FloatArray) -> float:
        """The risk of losses (S,) with probabilities (S,)."""
        return float(losses[probabilities > 0].max())

    def subgradient(self, losses: FloatArray, probabilities: FloatArray) -> FloatArray:
        """The worst scenario alone, (S,)."""
        worst = np.zeros(len(losses))
        worst[np.argmax(np.where(probabilities > 0, losses, -np.inf))] = 1.0
        return worst

    def convex(self, returns: cp.Expression, probabilities: FloatArray) -> ConvexForm:
        """One variable and S rows."""
        import cvxpy as cp  # noqa: PLC0415

        return cp.max(-possible(returns, probabilities)), []
