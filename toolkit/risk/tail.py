"""Losses in the tail."""

from __future__ import annotations

import math
from statistics import NormalDist


def normal_cvar(volatility: float, confidence: float = 0.95) -> float:
    """Mean loss of the worst 1 - confidence of outcomes, for changes that are normal around zero; positive is a loss.

    sigma phi(z) / (1 - alpha), z the alpha quantile (Rockafellar and Uryasev 2000, Proposition 1, with a normal loss).
    Metals have fatter tails than this.

    Args:
        volatility: Of the horizon that is asked about.
        confidence: alpha, between 0 and 1.
    """
    z = NormalDist().inv_cdf(confidence)
    return volatility * math.exp(-z * z / 2) / math.sqrt(2 * math.pi) / (1 - confidence)
