"""The price behind customs unit values: a Gaussian sum filter of a log level whose volatility switches.

A unit value is the value of all imports of a month over their quantity. It mixes grades and lots, small months hold dearer
goods, and an entry error moves it many times over. With y the log unit value of month t, q its quantity and Q the quantity of
the month that the median kilogram of the last two years came in,

    y_t = m_t + g log(Q_t / q_t) + e_t,    m_t = m_(t-1) + v_t,    v_t ~ N(0, c_r^2),

r is a regime of low or high volatility and switches as a Markov chain: stochastic volatility of two states, whose mixture gives
the changes heavy tails (Hamilton 1989, Econometrica 57; Kim 1994, J. Econometrics 60). One print far away is noise, three in a
row are a level. e_t is a mixture of normals about nought, n_t^2 = n^2 (Q_t / q_t)^a:

    narrow  n_t^2             the ordinary scatter of grades and lots
    wide    WIDER n_t^2       a month of unusual goods
    gross   n_t^2 + GROSS^2   an entry error: a wrong unit or quantity, whatever n is

The premium g of small months has a normal prior and is learned with the level; n has a log-normal prior on nodes, weighed by
their likelihood. Every other number is fixed, so that no series has a say in the level of another: chosen once, by the
predictive likelihood of eleven series (`python -m benchmarks.levels --choose`) and, of numbers that are as likely, by the
coverage of their intervals.

The posterior is a mixture of normals, one for each path of volatilities and kinds of noise; the `PATHS_OF_NODE` likeliest of
each node are kept (Alspach and Sorenson 1972; Harrison and Stevens 1976). Forward only: no posterior uses a later print.

**No lag is estimated here.** Deliveries follow the market by `DELIVERY_LAG` months. A series of deliveries alone does not tell
(the likelihood of a distributed lag is that of none), so that m_t is the price of what is delivered in month t. As the price of
an order on that day it is the same figure with the error of a price that is three months older.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from toolkit.core.forecast import FloatArray
from toolkit.returns.observation.group import log_sum


@dataclass(frozen=True, slots=True)
class LevelModel:
    """The fixed parameters of the model.

    Attributes:
        low_volatility, high_volatility: Standard deviations in either regime of a month's change of
            the log level.
        to_high, to_low: Probabilities of a switch in a month.
        exponent: a, how the variance of noise falls with quantity.
        noise, noise_spread: Median of n and standard deviation of log n, a priori.
        premium, premium_spread: Mean and standard deviation of g, a priori.
        wide, wider: Share of the wide noise and its variance against the narrow one.
        gross, gross_size: Share of entry errors and their standard deviation (2: factors of 7, or of 15 at 1.4 of it).
    """

    low_volatility: float = 0.033
    high_volatility: float = 0.22
    to_high: float = 0.15
    to_low: float = 0.12
    exponent: float = 0.8
    noise: float = 0.042
    noise_spread: float = 0.7
    premium: float = 0.08
    premium_spread: float = 0.13
    wide: float = 0.08
    wider: float = 55.0
    gross: float = 0.003
    gross_size: float = 2.0


MODEL = LevelModel()
DELIVERY_LAG = 3
"""Months by which deliveries follow the market: the lag at which levels fit assessed prices of the same metals best, over all
metals together (docs/evidence.md)."""
NODES = np.array([-1.5, -0.75, 0.0, 0.75, 1.5, 2.25, 3.0])
"""Of log n, in prior standard deviations from its mean: from a third of the median to eight times it."""
PATHS_OF_NODE = 20
"""Paths of each node that are kept from month to month: two hundred would move a level by 4 % of its error on average."""
MEDIAN_MONTHS = 24
"""Months whose kilograms Q is the median of."""


@dataclass(frozen=True, slots=True)
class Mixture:
    """Posterior of the levels of m series after one month: B normal components each, arrays (m, B).

    Attributes:
        weight: Adds up to one for each series.
        level, premium: Means of m_t and g.
        variance, cross, own: Of the level, of level with premium, of the premium.
        noise: n of the node.
        is_high_volatility: Whether the last change was in the regime of high volatility.
    """

    weight: FloatArray
    level: FloatArray
    premium: FloatArray
    variance: FloatArray
    cross: FloatArray
    own: FloatArray
    noise: FloatArray
    is_high_volatility: np.ndarray

    def moments(self) -> tuple[FloatArray, FloatArray]:
        """Mean (m,) and standard deviation (m,) of the level."""
        mean = (self.weight * self.level).sum(axis=1)
        apart = (self.level - mean[:, None]) ** 2
        return mean, np.sqrt((self.weight * (self.variance + apart)).sum(axis=1))


def scarcity(quantity: FloatArray) -> FloatArray:
    """log(Q_t / q_t) of quantities (T, m), 0 where a quantity is unknown.

    Q_t is the median of the last `MEDIAN_MONTHS`, each quantity weighed by itself: the price is that of the bulk of the goods.
    """
    kilograms = np.where(quantity > 0.0, quantity, 0.0)
    found = np.zeros(quantity.shape)
    for t, row in enumerate(kilograms):
        window = np.sort(kilograms[max(t + 1 - MEDIAN_MONTHS, 0) : t + 1], axis=0)
        total = window.cumsum(axis=0)
        middle = np.take_along_axis(window, (total >= 0.5 * total[-1]).argmax(axis=0)[None], axis=0)[0]
        found[t] = np.log(np.divide(middle, row, out=np.ones_like(row), where=row > 0.0))
    return found


def beliefs(log_price: FloatArray, quantity: FloatArray, model: LevelModel = MODEL) -> Iterator[tuple[Mixture, FloatArray]]:
    """The posterior after each month, and the predictive log density (m,) of the month's prints.

    Args:
        log_price: (T, m), NaN missing. Each series starts with its first row, which is a price.
        quantity: (T, m) kg behind each price, NaN unknown.
        model: Fixed parameters.
    """
    m, nodes = log_price.shape[1], len(NODES)
    relative = scarcity(quantity)
    noise = np.tile(model.noise * np.exp(model.noise_spread * NODES), m)[:, None]
    shares = np.array([1.0 - model.wide - model.gross, model.wide, model.gross])
    changes = np.array([model.low_volatility, model.high_volatility]) ** 2
    switch = np.log([[1.0 - model.to_high, model.to_high], [model.to_low, 1.0 - model.to_low]])
    # The first print is the level but for its own noise; before it the chain is in its stationary state.
    prior = -0.5 * NODES**2
    start = np.array([model.to_low, model.to_high]) / (model.to_low + model.to_high)
    z = np.repeat(relative[0], nodes)[:, None]
    first = _noise(noise, z, model)
    shape = (m * nodes, 2, 3)
    log_weight = np.broadcast_to(np.tile(prior, m)[:, None, None] + np.log(start)[:, None] + np.log(shares), shape)
    high_volatility = np.broadcast_to(np.array([False, True])[:, None], shape)
    own = np.full(shape, model.premium_spread**2)
    premium = np.full(shape, model.premium)
    level = np.repeat(log_price[0], nodes)[:, None, None] - premium * z[..., None]
    variance = first[:, None, :] + own * z[..., None] ** 2
    parts = [
        part.reshape(len(noise), -1)
        for part in (log_weight, level, premium, variance, -own * z[..., None], own, high_volatility)
    ]
    yield _mixture(parts, noise, m), np.zeros(m)
    for prices, scarce in zip(log_price[1:], relative[1:], strict=True):
        log_weight, level, premium, variance, cross, own, high_volatility = parts
        before = log_sum(log_weight.reshape(m, -1), axis=1)
        # Every path goes on in either regime, and its print is of one of three kinds: (C, B, 2, 3).
        seen = np.repeat(np.isfinite(prices), nodes)[:, None, None, None]
        y, z = (np.repeat(row, nodes)[:, None] for row in (np.nan_to_num(prices), scarce))
        ahead = (log_weight[..., None] + switch[high_volatility.astype(int)])[..., None]
        spread = (variance[..., None] + changes)[..., None]
        mean, covariance = (level + z * premium)[..., None, None], (cross + z * own)[..., None, None]
        level_gain = spread + (z * cross)[..., None, None]
        size = level_gain + z[..., None, None] * covariance + _noise(noise, z, model)[:, None, None, :]
        distance = y[..., None, None] - mean
        density = np.where(seen, -0.5 * (np.log(2.0 * np.pi * size) + distance**2 / size), 0.0)
        log_weight = ahead + np.log(shares) + density
        gain, other = (np.where(seen, part / size, 0.0) for part in (level_gain, covariance))
        every = (
            log_weight,
            level[..., None, None] + gain * distance,
            premium[..., None, None] + other * distance,
            spread - gain * level_gain,
            cross[..., None, None] - gain * covariance,
            own[..., None, None] - other * covariance,
            np.array([False, True])[:, None],
        )
        parts = [np.broadcast_to(part, log_weight.shape).reshape(len(noise), -1) for part in every]
        after = log_sum(parts[0].reshape(m, -1), axis=1)
        parts = _likeliest(parts)
        yield _mixture(parts, noise, m), after - before


def filtered_levels(log_price: FloatArray, quantity: FloatArray, model: LevelModel = MODEL) -> tuple[FloatArray, FloatArray]:
    """Level (T, m) and its standard error (T, m), given the prices up to each month and none after it.

    Args:
        log_price: (T, m), NaN missing; the first row is a price in each series.
        quantity: (T, m) kg behind each price, NaN unknown.
        model: Fixed parameters.
    """
    found = [mixture.moments() for mixture, _ in beliefs(log_price, quantity, model)]
    level, error = zip(*found, strict=True)
    return np.array(level), np.array(error)


def _noise(noise: FloatArray, scarce: FloatArray, model: LevelModel) -> FloatArray:
    """Variances (C, 3) of the three kinds of noise, given n (C, 1) and log(Q / q) (C, 1)."""
    narrow = noise**2 * np.exp(model.exponent * scarce)
    return np.concatenate([narrow, model.wider * narrow, narrow + model.gross_size**2], axis=1)


def _likeliest(parts: list[np.ndarray]) -> list[np.ndarray]:
    """The `PATHS_OF_NODE` components of the largest weight, which take over the weight of the others of their node."""
    log_weight = parts[0]
    if log_weight.shape[1] <= PATHS_OF_NODE:
        return parts
    kept = np.argpartition(-log_weight, PATHS_OF_NODE, axis=1)[:, :PATHS_OF_NODE]
    total = log_sum(log_weight, axis=1)
    parts = [np.take_along_axis(part, kept, axis=1) for part in parts]
    parts[0] = parts[0] + (total - log_sum(parts[0], axis=1))[:, None]
    return parts


def _mixture(parts: list[np.ndarray], noise: FloatArray, m: int) -> Mixture:
    log_weight, *moments, high_volatility = (part.reshape(m, -1) for part in parts)
    weight = np.exp(log_weight - log_sum(log_weight, axis=1)[:, None])
    return Mixture(
        weight, *moments, noise=np.repeat(noise, parts[0].shape[1], axis=1).reshape(m, -1), is_high_volatility=high_volatility
    )
