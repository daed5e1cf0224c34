"""How many independent bets a portfolio makes: minimum-torsion bets, and two plainer counts beside them."""

from __future__ import annotations

import numpy as np

from toolkit.core.forecast import FloatArray

BET_HELD = 5e-5
"""Weight at or below which a position of a continuous solver counts as zero."""
TORSION_STEPS = 1000
CONVERGED_TORSION = 1e-12
"""Change of the diagonal of the torsion, relative, at which its iteration has converged."""


def effective_number(shares: FloatArray) -> float:
    """Effective number 1 / sum of squares of shares rescaled to add up to 1 (the inverse of Herfindahl and Hirschman).

    Shares of risk may be negative, where a holding lowers the risk of the others; without any share the number is 0.
    """
    total = float(np.sum(shares))
    return float(1.0 / np.sum((shares / total) ** 2)) if total > 0 else 0.0


def torsion_contributions(covariance: FloatArray, weights: FloatArray) -> FloatArray:
    """Share of the variance that each minimum-torsion bet brings: non-negative, adding up to 1.

    The bets are uncorrelated and, of all uncorrelated combinations of the holdings, the nearest to them (Meucci, Santangelo,
    Deguest 2015, Risk Budgeting and Diversification Based on Optimized Uncorrelated Factors).
    With correlation C = c c, c symmetric, they follow from the fixed point d = diag(q c), q the orthogonal polar factor of
    diag(d) c; bet i brings (q c u)_i^2 of u'Cu, u being weight times volatility. No matrix is inverted, so perfectly
    correlated holdings are allowed.

    Args:
        covariance: (m, m) of the holdings.
        weights: (m,).

    Returns:
        (m,), zeros where there is no risk. A holding without risk makes no bet.
    """
    deviations = np.sqrt(np.clip(np.diag(covariance), 0.0, None))
    risky = deviations > 0
    share = np.zeros(len(weights))
    sigma = deviations[risky]
    correlation = covariance[np.ix_(risky, risky)] / np.outer(sigma, sigma)
    values, vectors = np.linalg.eigh((correlation + correlation.T) / 2)
    root = (vectors * np.sqrt(np.clip(values, 0.0, None))) @ vectors.T
    q, diagonal = np.eye(len(sigma)), np.ones(len(sigma))
    for _ in range(TORSION_STEPS):
        left, _, right = np.linalg.svd(diagonal[:, None] * root)
        q = left @ right
        following = np.sum(q * root.T, axis=1)
        moved = float(np.max(np.abs(following - diagonal), initial=0.0))
        diagonal = following
        if moved <= CONVERGED_TORSION:
            break
    parts = (q @ root @ (weights[risky] * sigma)) ** 2
    total = float(parts.sum())
    if total > 0:
        share[risky] = parts / total
    return share


def effective_bets(covariance: FloatArray, weights: FloatArray) -> float:
    """Effective number of bets: exp of the entropy of the contributions of minimum-torsion bets.

    Between 1, one bet decides, and the number of holdings, each bet brings the same. Positions below `BET_HELD` are left out:
    a market of many assets does not add bets to a portfolio of few. It counts how evenly risk is spread over the bets;
    holdings that are all equally volatile, equally weighted and equally correlated count in full however high their
    correlation, which is why it is read beside the diversification ratio. 0 for a portfolio without risk.

    Args:
        covariance: (n, n).
        weights: (n,).
    """
    held = np.abs(weights) > BET_HELD
    share = torsion_contributions(covariance[np.ix_(held, held)], weights[held])
    positive = share[share > 0]
    return float(np.exp(-np.sum(positive * np.log(positive)))) if len(positive) else 0.0
