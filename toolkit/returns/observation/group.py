"""Volatilities pooled within a group of short series (hierarchical model).

log s_i ~ N(center, spread^2), s the volatility of a year's change, with center and spread integrated out (Gelman et al.
2013, ch. 5; half-normal prior on the spread: Gelman 2006). The prior of the center is the one of Jeffreys for a common
volatility, given the noise. A flat one is not neutral: where the noise hides the latent changes the likelihood is flat towards
s = 0, and the interval of a lone series of 43 months, half of it noise, covers its truth too rarely and from below.

How much changes persist (`toolkit.returns.observation.group`) is common to the group too: its weights are those of the
integrated likelihood of all series. The priors of center and spread are normalised for each value, so that none gets more
weight because its prior is taller.
"""

from __future__ import annotations

from dataclasses import dataclass

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


LATENT_RANGE = (0.03, 2.0)
"""Annual volatility of the latent price: range of the flat prior of the group's center on the log scale."""
CENTERS = 32
"""Nodes of the center on it."""
SPREADS = np.array([0.05, 0.1, 0.15, 0.2, 0.3, 0.4, 0.55, 0.7, 0.9])
SPREAD_SCALE = 0.5
"""Half-normal prior of the spread of log volatility between metals: a factor of 1.6 either way is ordinary."""
FREQUENCIES = np.linspace(-14.0, 10.0, 61)
"""log tan(w / 2) of the frequencies w that Whittle's integral is summed over: even steps there converge fast."""


def information(ratio: FloatArray, phi: FloatArray) -> FloatArray:
    """Fisher information of log s in one change of a local level, given the signal-to-noise ratio c^2 / n^2 and phi.

    Whittle's integral over the spectrum of the printed changes, with c^2 the variance of one period's latent change:

        f = c^2 (1 - phi^2) / (1 - 2 phi cos w + phi^2) + 2 n^2 (1 - cos w),    (1 / 2 pi) int (d log f / d log s)^2 / 2 dw.

    It is 2 without noise, as for any standard deviation, and falls as c / n in much of it. At phi = 0 the integral is
    2 sqrt(q) (q + 2) / (q + 4)^1.5 at q = c^2 / n^2.

    Args:
        ratio: c^2 / n^2.
        phi: Of a shape that broadcasts against that of the ratio.
    """
    w = 2.0 * np.arctan(np.exp(FREQUENCIES))
    q, phi = ratio[..., None], phi[..., None]
    signal = q * (1.0 - phi**2) / (1.0 - 2.0 * phi * np.cos(w) + phi**2)
    # 2 (1 - cos w) without its cancellation.
    share = signal / (signal + 4.0 * np.sin(0.5 * w) ** 2)
    step = FREQUENCIES[1] - FREQUENCIES[0]
    return 2.0 * (share**2 @ np.sin(w)) * step / np.pi


def log_sum(log_values: FloatArray, axis: int | tuple[int, ...]) -> FloatArray:
    """log(sum(exp(log_values))) over axes; scipy's takes 0.15 s to import, which a plain run does not need otherwise."""
    top = log_values.max(axis=axis, keepdims=True)
    return np.squeeze(top, axis=axis) + np.log(np.exp(log_values - top).sum(axis=axis))


@dataclass(frozen=True, slots=True)
class GroupVolatility:
    """Posterior of m volatilities and of the persistence they share.

    Attributes:
        weights: (m, S, P) of the nodes of log s and phi, adding up to one for each series.
        persistence: (P,) weights of phi.
        center, spread: Posterior means of the group's distribution of log annual volatility.
    """

    weights: FloatArray
    persistence: FloatArray
    center: float
    spread: float


def pool_volatility(
    likelihood: FloatArray, log_s: FloatArray, log_noise: FloatArray, phi: FloatArray, periods_per_year: float
) -> GroupVolatility:
    """Posterior of log s and phi given all series, the group's parameters integrated out.

    Args:
        likelihood: (m, S, P) of log s and phi, noise integrated out, each series up to a constant.
        log_s: (m, S) nodes of log annual volatility, evenly spaced in each row.
        log_noise: (m,) of the noise of one print.
        phi: (P,) nodes, evenly spaced.
        periods_per_year: Of the rows.
    """
    centers = np.linspace(np.log(LATENT_RANGE[0]), np.log(LATENT_RANGE[1]), CENTERS)
    step = log_s[:, 1] - log_s[:, 0]
    # The spread narrower than the nodes of a row would fall between them: integrate the density, floor its width.
    width = np.maximum(SPREADS[None, :], 0.5 * step[:, None])[:, None, :, None]
    z = (log_s[:, None, None, :] - centers[None, :, None, None]) / width
    density = (np.exp(-0.5 * z * z) / width).reshape(len(log_s), -1, log_s.shape[1])
    marginal = density @ likelihood * step[:, None, None]
    ratio = np.exp(2.0 * (centers - log_noise[:, None]))[:, :, None] / horizon_variance(phi, periods_per_year)
    known = np.sqrt(information(ratio, phi).mean(axis=0))
    prior = np.log(known / known.sum(axis=0))[:, None, :] - 0.5 * (SPREADS[:, None] / SPREAD_SCALE) ** 2
    # The nodes of the spread are uneven: each stands for the interval around it.
    prior += np.log(np.gradient(SPREADS))[:, None]
    log_hyper = np.log(np.maximum(marginal, 1e-300)).sum(axis=0) + prior.reshape(-1, len(phi))
    evidence = log_sum(log_hyper, axis=0)
    weights = posterior_weights(evidence, phi)
    hyper = np.exp(log_hyper - evidence) * weights
    posterior = likelihood * (density.transpose(0, 2, 1) @ (hyper / np.maximum(marginal, 1e-300)))
    posterior /= posterior.sum(axis=(1, 2), keepdims=True)
    nodes = hyper.sum(axis=1).reshape(CENTERS, len(SPREADS))
    return GroupVolatility(posterior, weights, float(nodes.sum(axis=1) @ centers), float(nodes.sum(axis=0) @ SPREADS))
