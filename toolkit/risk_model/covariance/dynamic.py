"""Volatilities and correlations estimated apart, each with the half-life of the largest predictive likelihood."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from toolkit.core.decode import Spec
from toolkit.core.errors import GapError
from toolkit.core.forecast import FloatArray, frozen
from toolkit.core.messages import message
from toolkit.returns.observed_returns import Returns
from toolkit.returns.panel import DAILY
from toolkit.risk_model.covariance.form import (
    CovarianceInputs,
    StructuredCovariance,
    complete_rows,
    component_form,
    learned_from,
    moment_rows,
)
from toolkit.risk_model.covariance.nonlinear import MINIMUM_PERIODS, shrunk_correlation
from toolkit.risk_model.weighting import decay

DAYS = (8, 16, 32, 63, 126), (32, 63, 126, 252)
MONTHS = ((6, 12, 24, 36),) * 2
"""Half-lives of volatility and of correlation among which the likelihood chooses."""
SHARES = tuple(i / 10 for i in range(11))
"""Weights of the recent past, against the whole of it, among which the likelihood chooses."""
BURN_IN = 126
"""Forecasts of fewer periods of history do not count in the likelihood; at most a third of the history is so spent."""
LEAST_VARIANCE = 1e-4
"""Least forecast of a variance as a share of its mean: a price without changes for a while is not riskless."""
CLOSEST = 0.98
"""Largest correlation of a pair in the composite likelihood."""
SCORED_AT_ONCE = 20_000
"""Forecasts of a half-life that are scored together: they stay in the cache, where all else is waiting for memory."""
SINGLE_ROUNDING = 2e-5
"""Beyond this a forecast a difference of losses is none of single precision, whose rounding is a tenth of it."""
VOLATILITIES_AT_ONCE = 32
"""Assets whose volatilities are forecast together, for the same reason."""
BLOCK = 16
"""Periods whose exponentially weighted means are one product."""
Loss = Callable[[FloatArray, FloatArray, FloatArray, FloatArray], FloatArray]
"""Of c weights of the recent past (c,): its forecasts less those of the whole past, these, and outcomes, (k, m, s) each."""


class DynamicCovariance(Spec):
    """Volatilities and correlations apart, correlations shrunk nonlinearly: after Engle, Ledoit and Wolf (2019, DCC-NL).

    A variance is w times the exponentially weighted mean of squares and 1 - w times their mean: GARCH(1,1) with its mean as
    target. Correlations are made in the same way from changes in units of the forecast volatility; their eigenvalues are then
    shrunk (Ledoit and Wolf 2020). Half-life and w make the month after each day most likely: one pair for all volatilities, one
    for correlations, over pairs of neighbours (composite likelihood; Pakel et al. 2021). Of more than `LEARNED` assets or pairs
    so many are used to choose them.

    Attributes:
        volatility_half_life: Periods after which a squared change counts half in a volatility. Default: by likelihood.
        half_life: Periods after which a change counts half in a correlation. Default: by likelihood.
    """

    kind: Literal["dcc_nl"] = "dcc_nl"
    volatility_half_life: float | None = Field(default=None, gt=0)
    half_life: float | None = Field(default=None, gt=0)

    def estimate(self, inputs: CovarianceInputs) -> StructuredCovariance:
        """Principal components of the shrunken correlation in units of each volatility."""
        return component_form(*self._rows(inputs))

    def matrix(self, inputs: CovarianceInputs) -> tuple[FloatArray, tuple[str, ...]]:
        """The covariance (n, n) a year alone, which is not decomposed, and notes."""
        rows, specific, notes = self._rows(inputs)
        matrix = rows.T @ rows
        matrix[np.diag_indices_from(matrix)] += specific
        return matrix, notes

    def _rows(self, inputs: CovarianceInputs) -> tuple[FloatArray, FloatArray, tuple[str, ...]]:
        """Rows Y (m, n) and specific variances d (n,) of the covariance Y'Y + diag(d) a year, and notes.

        In the terms of GARCH, half-life log(1/2) / log(beta) and w = alpha / (1 - beta). Eigenvalues are shrunk at the
        effective number of periods, 1 / sum of squared weights; neighbours are those in the order of variance.
        Posterior covariances of latent changes count in every second moment, but are known, not sampled: they are added
        to the correlation after its eigenvalues are shrunk.

        Raises:
            GapError: for fewer than 13 complete periods.
        """
        rows = complete_rows(inputs)
        changes = rows.changes
        T = len(changes.mean)
        if T < MINIMUM_PERIODS:
            raise GapError(
                "only {t} periods have a price change of every asset; covariance kind 'dcc_nl' needs {minimum_periods}.",
                hint="Use covariance kind 'factor', or lengthen the history.",
                details={"periods": T, "needed": MINIMUM_PERIODS},
                t=T,
                minimum_periods=MINIMUM_PERIODS,
            )
        fast, slow = DAYS if inputs.periods_per_year >= DAILY else MONTHS
        horizon = max(1, round(inputs.periods_per_year / 12.0))
        mean = np.einsum("tn,tn->n", changes.mean, changes.mean) / T
        mean[changes.noisy] += np.einsum("tii->i", changes.uncertainty) / T
        some = learned_from(mean)
        life, share = _chosen(
            [_products(changes, some, some)], _variance_loss, _lives(self.volatility_half_life, fast), horizon
        )
        standardised, last = _standardised(changes, mean, life, share)
        slow_life, slow_share = _correlation_memory(standardised, _lives(self.half_life, slow), horizon)
        weights = decay(T, slow_life)
        weights = slow_share * weights / weights.sum() + (1.0 - slow_share) / T
        effective = 1.0 / float((weights**2).sum())
        root, noise = np.sqrt(weights)[:, None] * standardised.mean, standardised.noise(weights)
        del standardised
        root, specific = shrunk_correlation(root, effective)
        root = moment_rows(root, noise)
        unit = np.sqrt(inputs.periods_per_year * last / (np.einsum("kn,kn->n", root, root) + specific))
        note = message(
            "Volatilities: {share:.0f %} from the recent past, half-life {life:g} periods; correlations: {slow_share:.0f %}, "
            "{slow_life:g} periods. By the likelihood of what followed.",
            share=share,
            life=life,
            slow_share=slow_share,
            slow_life=slow_life,
        )
        root *= unit
        return root, specific * unit**2, (*rows.notes, note)


def _lives(given: float | None, grid: Sequence[float]) -> Sequence[float]:
    return grid if given is None else (given,)


def _products(changes: Returns, i: NDArray[np.intp], j: NDArray[np.intp]) -> FloatArray:
    """Second moments (m, T) of the changes of assets i and j (m,) about zero, posterior covariances included."""
    place = np.full(len(changes.series), -1)
    place[changes.noisy] = np.arange(len(changes.noisy))
    both = np.flatnonzero((place[i] >= 0) & (place[j] >= 0))
    found = np.ascontiguousarray(changes.mean[:, i].T)
    found *= found if j is i else changes.mean[:, j].T
    found[both] += changes.uncertainty[:, place[i[both]], place[j[both]]].T
    return found


def _standardised(changes: Returns, mean: FloatArray, half_life: float, share: float) -> tuple[Returns, FloatArray]:
    """Changes in units of the volatility forecast for each period, and the variances (n,) forecast after the last.

    Args:
        changes: Of n assets.
        mean: (n,) second moments over all periods, which are forecast for the first.
        half_life: Periods.
        share: Of the recent past in the forecasts.
    """
    T, n = changes.mean.shape
    divided, last = np.empty((T, n)), np.empty(n)
    own = np.empty((T, len(changes.noisy)))
    for some in (np.arange(i, min(i + VOLATILITIES_AT_ONCE, n)) for i in range(0, n, VOLATILITIES_AT_ONCE)):
        paths, of = _products(changes, some, some), mean[some, None]
        _recent(paths, half_life, mean[some])
        paths *= share
        paths += (1.0 - share) * of
        np.maximum(paths, LEAST_VARIANCE * of, out=paths)
        last[some] = paths[:, -1]
        volatility = np.sqrt(np.hstack([of, paths[:, :-1]])).T
        np.divide(changes.mean[:, some[0] : some[-1] + 1], volatility, out=divided[:, some[0] : some[-1] + 1])
        noisy = np.flatnonzero(np.isin(changes.noisy, some))
        own[:, noisy] = volatility[:, changes.noisy[noisy] - some[0]]
    uncertainty = changes.uncertainty / (own[:, :, None] * own[:, None, :])
    return Returns(changes.dates, changes.series, frozen(divided), changes.noisy, uncertainty), last


def _recent(moments: FloatArray, half_life: float, start: FloatArray) -> FloatArray:
    """Exponentially weighted means of the columns (m, T) up to each, from `start` (m,), in their place; a block at once."""
    m, T = moments.shape
    for part in (moments[:, : T // BLOCK * BLOCK], moments[:, T // BLOCK * BLOCK :]):
        if not (count := part.shape[1]):
            continue
        size = min(BLOCK, count)
        inner, outer, fading = (one.astype(part.dtype, copy=False) for one in _kernels(half_life, size, count // size))
        within = (part.reshape(-1, size) @ inner).reshape(m, -1, size)
        # What each block begins with: the start and the ends of all blocks before.
        begun = np.hstack([start[:, None], within[:, :-1, -1]]) @ outer
        within += begun[:, :, None] * fading
        part[:] = within.reshape(m, -1)
        start = part[:, -1]
    return moments


@lru_cache(maxsize=64)
def _kernels(half_life: float, size: int, blocks: int) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Weights of the columns of a block (size, size), of ends of blocks (blocks, blocks), of what came before (size,)."""
    b = 0.5 ** (1.0 / half_life)
    fading = b ** np.arange(size)
    kernels = []
    for column in ((1.0 - b) * fading, (b**size) ** np.arange(blocks)):
        place = np.arange(len(column))
        kernels.append(frozen(np.triu(column[np.abs(place[:, None] - place)])))
    return kernels[0], kernels[1], frozen(b * fading)


def _forecasts(
    moments: FloatArray, lives: Sequence[float], horizon: int, made: NDArray[np.intp]
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Recent means (l, m, s) less those of the whole past (m, s), these, and the means of what followed (m, s).

    Args:
        moments: (m, T).
        lives: l half-lives.
        horizon: Periods that follow.
        made: (s,) equally spaced numbers of periods before each forecast.
    """
    m, n = len(moments), len(made)
    first, step = int(made[0]), max(1, horizon // 4)
    weeks, left = divmod(horizon, step)
    decays = 0.5 ** (1.0 / np.array(lives))[:, None]
    # Means of each week as each half-life weighs them, and its sum.
    weights = np.vstack([(1.0 - decays) / (1.0 - decays**step) * decays ** np.arange(step)[::-1], np.ones(step)])
    between = moments[:, first : first + (n - 1 + weeks) * step].reshape(-1, step)
    means = (weights.astype(moments.dtype) @ between.T).reshape(len(weights), m, -1)
    sums = means[-1]
    outcomes = np.zeros((m, n), dtype=moments.dtype)
    for week in range(weeks):
        outcomes += sums[:, week : week + n]
    for day in range(left):
        outcomes += moments[:, first + weeks * step + day :: step][:, :n]
    outcomes /= horizon
    long = np.hstack([moments[:, :first].sum(axis=1, keepdims=True), sums[:, : n - 1]]).cumsum(axis=1)
    long /= made.astype(moments.dtype)
    begun = ((1.0 - decays) * decays ** np.arange(first)[::-1]).astype(moments.dtype) @ moments[:, :first].T
    begun += (decays**first).astype(moments.dtype) * moments.mean(axis=1)
    beside = np.empty((len(lives), m, n), dtype=moments.dtype)
    beside[:, :, 0] = begun
    beside[:, :, 1:] = means[:-1, :, : n - 1]
    for one, start, life in zip(beside, begun, lives, strict=True):
        _recent(one[:, 1:], life / step, start)
    beside -= long
    return beside, long, outcomes


def _chosen(moments: Sequence[FloatArray], loss: Loss, lives: Sequence[float], horizon: int) -> tuple[float, float]:
    """Half-life, and weight of the recent past, with the least loss.

    All are scored in single precision, and those that may be the least by it again in double.

    Args:
        moments: Second moments (m, T) of m assets or pairs, one or three of each.
        loss: Of forecasts against the mean moments of the `horizon` periods after each, summed.
        lives: Half-lives to choose from.
        horizon: Periods.
    """
    m, T = moments[0].shape
    horizon = min(horizon, T // 3)
    # Outcomes of neighbouring days overlap: one forecast a week says as much as one a day.
    made = np.arange(min(BURN_IN, T // 3) + 1, T - horizon + 1, max(1, horizon // 4))
    at_once = max(1, SCORED_AT_ONCE // len(made))

    def losses(wanted: NDArray[np.bool_], precision: Any) -> FloatArray:
        """Sums (lives, shares) of numbers of a precision, infinite for those that are not wanted."""
        found, rows = np.where(wanted, 0.0, np.inf), np.flatnonzero(wanted.any(axis=1)).tolist()
        shares = [np.array(SHARES, dtype=precision)[wanted[j]] for j in rows]
        for i in range(0, m, at_once):
            together = np.vstack([one[i : i + at_once] for one in moments], dtype=precision, casting="same_kind")
            parts = _forecasts(together, [lives[j] for j in rows], horizon, made)
            # Each of the moments by itself.
            recent, *both = (one.reshape(*one.shape[:-2], len(moments), -1, one.shape[-1]) for one in parts)
            for j, some, beside in zip(rows, shares, recent, strict=True):
                found[j, wanted[j]] += loss(some, beside, *both)
        return np.where(np.isnan(found), np.inf, found)

    rough = losses(np.ones((len(lives), len(SHARES)), dtype=bool), np.float32)
    near = ~(rough > rough.min() + SINGLE_ROUNDING * made.size * m)
    best = rough if np.count_nonzero(near) == 1 else losses(near, np.float64)
    life, share = divmod(int(best.argmin()), len(SHARES))
    return lives[life], SHARES[share]


def _mixed(shares: FloatArray, beside: FloatArray, long: FloatArray) -> FloatArray:
    """Forecasts (c, m s) with c weights of the recent past, which is `beside` of the whole."""
    found = np.multiply.outer(shares, beside.ravel())
    found += long.ravel()
    return found


def _variance_loss(shares: FloatArray, beside: FloatArray, long: FloatArray, outcome: FloatArray) -> FloatArray:
    """QLIKE (c,) of the variances of m assets: all (1, m, s)."""
    kept = _mixed(shares, beside, long)
    least = np.broadcast_to(LEAST_VARIANCE * outcome[0].mean(axis=1, keepdims=True), outcome[0].shape)
    np.maximum(kept, least.ravel(), out=kept)
    misfit = np.reciprocal(kept) @ outcome.ravel()
    return misfit + np.log(kept, out=kept).sum(axis=1)


def _correlation_memory(changes: Returns, lives: Sequence[float], horizon: int) -> tuple[float, float]:
    """Half-life and weight of the recent past for the correlations of standardised changes."""
    n = len(changes.series)
    if n == 1:
        return lives[0], 0.0
    order = np.argsort(changes.mean.var(axis=0), kind="stable")
    i, j = (order[:1], order[1:]) if n == 2 else (order, np.roll(order, 1))
    some = learned_from(np.arange(len(i), dtype=np.float64))
    i, j = i[some], j[some]
    moments = [_products(changes, *pair) for pair in ((i, i), (j, j), (i, j))]
    return _chosen(moments, _correlation_loss, lives, horizon)


def _correlation_loss(shares: FloatArray, beside: FloatArray, long: FloatArray, outcome: FloatArray) -> FloatArray:
    """QLIKE (c,) of the correlations of m pairs: moments (3, m, s) of the first, the second, and of both."""
    own, other, together = outcome.reshape(3, -1)
    first, second, both = (_mixed(shares, *one) for one in zip(beside, long, strict=True))
    # In place: this is most of the work of choosing.
    size = np.multiply(first, second, out=first)
    np.sqrt(np.maximum(size, np.finfo(size.dtype).tiny, out=size), out=size)
    rho = np.divide(both, size, out=both)
    np.clip(rho, -CLOSEST, CLOSEST, out=rho)
    free = np.multiply(rho, rho, out=second)
    np.subtract(1.0, free, out=free)
    rho *= -2.0 * together
    rho += own + other
    rho /= free
    rho += np.log(free, out=free)
    return rho.sum(axis=1)
