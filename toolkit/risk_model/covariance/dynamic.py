"""Volatilities and correlations estimated apart, each with the half-life of the largest predictive likelihood."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Literal

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
SCORED_AT_ONCE = 5_000
"""Forecasts of a half-life that are scored together: they stay in the cache, where all else is waiting for memory."""
SINGLE_ROUNDING = 5e-5
"""Beyond this a forecast a difference of losses is none of single precision, whose rounding is a twentieth of it."""
BLOCK = 16
"""Periods whose exponentially weighted means are one product."""
Loss = Callable[[FloatArray, FloatArray, FloatArray, FloatArray], FloatArray]
"""Of c weights of the recent past (c,): its forecasts less those of the whole past, these, and outcomes, (k, s, m) each."""


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
        T, n = changes.mean.shape
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
        every = np.arange(n)
        squares = _products(changes, every, every)
        some = learned_from(squares.mean(axis=0))
        life, share = _chosen(
            [squares[:, some] if len(some) < n else squares], _variance_loss, _lives(self.volatility_half_life, fast), horizon
        )
        mean = squares.mean(axis=0)
        # In place: of thousands of assets each further array takes longer than the arithmetic.
        paths = _recent(squares[None], np.array([life]), mean[None])[0]
        paths *= share
        paths += (1.0 - share) * mean
        np.maximum(paths, LEAST_VARIANCE * mean, out=paths)
        last = paths[-1].copy()
        standardised = _divided(changes, np.sqrt(mean), np.sqrt(paths, out=paths)[:-1])
        del squares, paths
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
    """Second moments (T, m) of the changes of assets i and j (m,) about zero, posterior covariances included."""
    T, n = changes.mean.shape
    place = np.full(n, -1)
    place[changes.noisy] = np.arange(len(changes.noisy))
    both = np.flatnonzero((place[i] >= 0) & (place[j] >= 0))
    found = changes.mean[:, i]
    found *= found if j is i else changes.mean[:, j]
    found[:, both] += changes.uncertainty[:, place[i[both]], place[j[both]]].reshape(T, len(both))
    return found


def _divided(changes: Returns, first: FloatArray, later: FloatArray) -> Returns:
    """Changes in units of a volatility: that of the first period (n,), and those of all later ones (T - 1, n)."""
    own = np.vstack([first[changes.noisy], later[:, changes.noisy]])
    scale = own[:, :, None] * own[:, None, :]
    mean = np.empty_like(changes.mean)
    np.divide(changes.mean[0], first, out=mean[0])
    np.divide(changes.mean[1:], later, out=mean[1:])
    return Returns(changes.dates, changes.series, frozen(mean), changes.noisy, changes.uncertainty / scale)


def _recent(moments: FloatArray, half_lives: FloatArray, start: FloatArray) -> FloatArray:
    """Exponentially weighted means of the rows up to each, in their place; by blocks of rows.

    Args:
        moments: (l, T, m), changed.
        half_lives: (l,) in rows.
        start: (l, m) the means before the first row.
    """
    b = 0.5 ** (1.0 / half_lives[:, None])
    whole = moments.shape[1] // BLOCK * BLOCK
    for part in (moments[:, :whole], moments[:, whole:]):
        if not (count := part.shape[1]):
            continue
        size = min(BLOCK, count)
        blocks = part.reshape(len(part), -1, size, part.shape[2])
        fading = b ** np.arange(size)
        within = _lower((1.0 - b) * fading)[:, None] @ blocks
        # What each block begins with: the start and the ends of all blocks before.
        ends = np.concatenate([start[:, None], within[:, :-1, -1]], axis=1)
        begun = _lower((b**size) ** np.arange(blocks.shape[1])) @ ends
        within += (b * fading)[:, None, :, None] * begun[:, :, None]
        part[:] = within.reshape(part.shape)
        start = part[:, -1]
    return moments


def _lower(columns: FloatArray) -> FloatArray:
    """Lower triangular matrices (l, k, k) whose entries are columns (l, k) by their distance from the diagonal."""
    place = np.arange(columns.shape[1])
    return np.tril(columns[:, np.abs(place[:, None] - place)])


def _chosen(moments: Sequence[FloatArray], loss: Loss, lives: Sequence[float], horizon: int) -> tuple[float, float]:
    """Half-life, and weight of the recent past, with the least loss.

    All are scored in single precision, and those that may be the least by it again in double.

    Args:
        moments: Second moments (T, m) of m assets or pairs, one or three of each.
        loss: Of forecasts against the mean moments of the `horizon` periods after each, summed.
        lives: Half-lives to choose from.
        horizon: Periods.
    """
    T, m = moments[0].shape
    horizon = min(horizon, T // 3)
    # Outcomes of neighbouring days overlap: one forecast a week says as much as one a day.
    step, first = max(1, horizon // 4), min(BURN_IN, T // 3) + 1
    made = np.arange(first, T - horizon + 1, step)  # periods before each forecast
    together = np.hstack(moments) if len(moments) > 1 else moments[0]
    weeks, left = divmod(horizon, step)
    between = together[first : first + (made[-1] - first) + weeks * step].reshape(-1, step, together.shape[1])
    decays = 0.5 ** (1.0 / np.array(lives))[:, None]
    # Means of each week as each half-life weighs them, and its sum.
    weights = np.vstack([(1.0 - decays) / (1.0 - decays**step) * decays ** np.arange(step)[::-1], np.ones(step)])
    means = np.empty((len(weights), len(between), between.shape[2]))
    np.matmul(weights, between, out=means.swapaxes(0, 1))
    sums = np.vstack([together[:first].sum(axis=0), means[-1]]).cumsum(axis=0)
    outcomes = sums[weeks:] - sums[: len(made)]
    for day in range(left):
        outcomes += together[first + weeks * step + day :: step][: len(made)]
    outcomes /= horizon
    long = sums[: len(made)] / made[:, None]
    mean = together.sum(axis=0) / T
    begun = ((1.0 - decays) * decays ** np.arange(first)[::-1]) @ together[:first] + decays**first * mean
    recent = _recent(means[:-1, : len(made) - 1], np.array(lives) / step, begun)
    beside = np.concatenate([begun[:, None], recent], axis=1)
    beside -= long
    at_once = max(1, SCORED_AT_ONCE // len(made))

    def losses(wanted: NDArray[np.bool_], precision: type[np.floating]) -> FloatArray:
        """Sums (lives, shares), infinite for those that are not wanted."""
        found = np.where(wanted, 0.0, np.inf)
        for part in (slice(i, i + at_once) for i in range(0, m, at_once)):
            scored = [_part(array, m, part, precision) for array in (long, outcomes)]
            for j in np.flatnonzero(wanted.any(axis=1)):
                shares = np.array(SHARES, dtype=precision)[wanted[j]]
                found[j, wanted[j]] += loss(shares, _part(beside[j], m, part, precision), *scored)
        return np.where(np.isnan(found), np.inf, found)

    rough = losses(np.ones((len(lives), len(SHARES)), dtype=bool), np.float32)
    near = ~(rough > rough.min() + SINGLE_ROUNDING * made.size * m)
    best = rough if np.count_nonzero(near) == 1 else losses(near, np.float64)
    life, share = divmod(int(best.argmin()), len(SHARES))
    return lives[life], SHARES[share]


def _part(moments: FloatArray, m: int, columns: slice, precision: type[np.floating]) -> FloatArray:
    """Some of m assets or pairs of moments (s, k m), as (k, s, some)."""
    some = moments.reshape(len(moments), -1, m)[:, :, columns]
    return np.ascontiguousarray(some.transpose(1, 0, 2), dtype=precision)


def _mixed(shares: FloatArray, beside: FloatArray, long: FloatArray) -> FloatArray:
    """Forecasts (c, s m) with c weights of the recent past, which is `beside` of the whole."""
    found = np.multiply.outer(shares, beside.ravel())
    found += long.ravel()
    return found


def _variance_loss(shares: FloatArray, beside: FloatArray, long: FloatArray, outcome: FloatArray) -> FloatArray:
    """QLIKE (c,) of the variances of m assets: all (1, s, m)."""
    kept = _mixed(shares, beside, long)
    least = np.broadcast_to(LEAST_VARIANCE * outcome[0].mean(axis=0), outcome[0].shape)
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
    """QLIKE (c,) of the correlations of m pairs: moments (3, s, m) of the first, the second, and of both."""
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
