"""Corrections of a factor covariance: serial correlation, and the sampling error of its eigenvalues."""

from __future__ import annotations

import numpy as np

from toolkit.core.errors import DataError
from toolkit.core.forecast import FloatArray
from toolkit.risk_model.timeseries.least_squares import newey_west


def newey_west_covariance(x: FloatArray, lags: int, weights: FloatArray | None = None) -> FloatArray:
    """Long-run covariance of a period: the covariance of a sum of autocorrelated periods over their number.

    Newey and West (1987, Econometrica 55), Bartlett weights 1 - l / (L + 1); a lagged product has the root of both
    periods' weights, so that the result is positive semidefinite with any weights.

    Args:
        x: (T, k) changes without gaps.
        lags: L; zero gives the covariance as it is.
        weights: (T,) of the periods, positive, equal by default.

    Returns:
        (k, k); divisor N - 1 of equal weights and its analogue of others, as `Returns.pairwise`.

    Raises:
        DataError: with fewer than two periods, or no more than lags.
    """
    T = len(x)
    if T < 2 or lags >= T:
        raise DataError(
            "{t} periods cannot tell {lags} lags of serial correlation.",
            hint="Use fewer lags, or a longer history.",
            details={"periods": T, "lags": lags},
            t=T,
            lags=lags,
        )
    w = np.full(T, 1.0 / T) if weights is None else weights / weights.sum()
    y = (x - w @ x) * np.sqrt(w)[:, None]
    return newey_west(y, lags) / (1.0 - float((w * w).sum()))


def eigen_adjusted(cov: FloatArray, periods: float, simulations: int = 1000, seed: int = 0, scale: float = 1.4) -> FloatArray:
    """Inflate the directions whose variance an optimizer would underestimate.

    Menchero, Wang and Orr (2011, "Improving risk forecasts for optimized portfolios", Financial Analysts Journal 68):
    covariances are simulated with `cov` as the truth; the eigenportfolios of each are compared with that truth, and the
    root mean ratio of true to estimated variance, v(k), is how far the k-th eigenvolatility is too low (or too high,
    for the largest). They simulate the periods; their covariance is drawn at once here, from its Wishart law.

    Args:
        cov: (k, k) positive semidefinite; null directions stay null.
        periods: How many it was estimated from, or an effective number of them.
        simulations: Draws.
        seed: Of the draws; the same seed gives the same bytes.
        scale: a in 1 + a (v - 1): 1.4 in USE4 (Menchero, Orr and Wang 2011), for fat tails and changing variances.

    Returns:
        (k, k).

    Raises:
        DataError: if periods do not exceed the number of directions by two: then a smallest variance has no expectation.
    """
    values, vectors = np.linalg.eigh(cov)
    kept = values > 1e-12 * max(values[-1], 0.0)
    values, vectors = values[kept], vectors[:, kept]
    k = len(values)
    freedom = periods - 1.0
    if freedom <= k + 1.0:
        raise DataError(
            "a covariance of {k} factors from {periods:.0f} periods is too thin to correct its eigenvalues.",
            hint="Use fewer factors, or a longer history.",
            details={"factors": k, "periods": periods},
            k=k,
            periods=periods,
        )
    rng = np.random.default_rng(seed)
    # Bartlett's decomposition: chi on the diagonal, normals below it.
    root = np.tril(rng.standard_normal((simulations, k, k)), -1)
    root[:, np.arange(k), np.arange(k)] = np.sqrt(rng.chisquare(freedom - np.arange(k), (simulations, k)))
    root *= np.sqrt(values / freedom)[:, None]
    drawn, directions = np.linalg.eigh(root @ root.transpose(0, 2, 1))
    true = np.einsum("sij,i->sj", directions**2, values)
    bias = np.sqrt((true / drawn).mean(axis=0))
    inflated = values * (1.0 + scale * (bias - 1.0)) ** 2
    return (vectors * inflated) @ vectors.T
