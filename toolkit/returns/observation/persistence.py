"""Autocorrelated changes: the volatility of a year whose monthly changes persist.

The latent change of a period is v_t = phi v_(t-1) + h_t. With c^2 its stationary variance, that of a change over H periods is

    Var(v_1 + ... + v_H) = c^2 (H + 2 sum_(k=1)^(H-1) (H - k) phi^k)
                         = c^2 (H (1 + phi) / (1 - phi) - 2 phi (1 - phi^H) / (1 - phi)^2),

the variance ratio of an autoregression (Lo and MacKinlay 1988, Review of Financial Studies 1, section 1; the closed form for
an AR(1) is in Lo 2002, Financial Analysts Journal 58(4), "Non-IID returns"). At phi = 0 it is H c^2, and as phi approaches 1 it
approaches H^2 c^2: twelve months of one trend.
"""

from __future__ import annotations

import numpy as np

from toolkit.core.forecast import FloatArray

STRONGEST = 0.95
"""Largest phi considered: a change that halves in more than a year cannot be distinguished from a constant drift."""
NODES = 5
"""Values of phi that are averaged over, evenly spaced."""


def horizon_variance(phi: FloatArray, periods: float) -> FloatArray:
    """Variance of a change over so many periods, against that of one period's change."""
    return periods * (1.0 + phi) / (1.0 - phi) - 2.0 * phi * (1.0 - phi**periods) / (1.0 - phi) ** 2


def log_prior(phi: FloatArray) -> FloatArray:
    """Log prior weights of evenly spaced nodes, up to a constant.

    The density falls linearly from phi = 0 to nothing at phi = 1 (a beta distribution of 1 and 2), because a price
    without persistence is the default of a market without arbitrage. It costs phi = 0.5 a factor of two.
    """
    width = np.ones_like(phi)
    width[[0, -1]] = 0.5
    return np.log(1.0 - phi) + np.log(width)


def posterior_weights(log_evidence: FloatArray, phi: FloatArray) -> FloatArray:
    """Posterior weights of the nodes of phi, given the log evidence of each."""
    log_weight = log_evidence + log_prior(phi)
    weight = np.exp(log_weight - log_weight.max())
    return weight / weight.sum()
