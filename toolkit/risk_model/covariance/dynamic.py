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
SCORED_AT_ONCE = 50
"""Assets or pairs whose forecasts are scored together: they stay in the cache, where all else is waiting for memory."""


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
            squares[:, some] if len(some) < n else squares, _variance_loss, _lives(self.volatility_half_life, fast), horizon
        )
        mean = squares.mean(axis=0)
        # In place: of thousands of assets each further array takes longer than the arithmetic.
        paths = _recent(squares, life, mean)
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


def _recent(moments: FloatArray, half_life: float, start: FloatArray, block: int = 16) -> FloatArray:
    """Exponentially weighted means of the rows (T, m) up to each, from `start` (m,), in their place; a block by one product."""
    b = 0.5 ** (1.0 / half_life)
    step = np.arange(block)
    kernel = np.where(step[:, None] >= step, (1.0 - b) * b ** np.maximum(step[:, None] - step, 0), 0.0)
    carried = (b ** (step + 1.0))[:, None]
    state = start
    for t in range(0, len(moments), block):
        k = min(block, len(moments) - t)
        moments[t : t + k] = kernel[:k, :k] @ moments[t : t + k] + carried[:k] * state
        state = moments[t + k - 1]
    return moments


def _recent_at(moments: FloatArray, half_life: float, start: FloatArray, made: NDArray[np.intp]) -> FloatArray:
    """The rows of `_recent` at equally spaced positions: what lies between two of them enters as one weighted mean."""
    b, first, step = 0.5 ** (1.0 / half_life), made[0] + 1, int(made[1] - made[0]) if len(made) > 1 else 1
    kernel = (1.0 - b) * b ** np.arange(first)[::-1]
    begun = kernel @ moments[:first] + b**first * start
    between = moments[first : made[-1] + 1].reshape(-1, step, len(start))
    means = np.einsum("s,ksm->km", kernel[-step:] / (1.0 - b**step), between)
    return np.vstack([begun, _recent(means, half_life / step, begun)])


def _chosen(
    moments: FloatArray, loss: Callable[[FloatArray, FloatArray], float], lives: Sequence[float], horizon: int
) -> tuple[float, float]:
    """Half-life, and weight of the recent past, with the least loss.

    Args:
        moments: Second moments (T, ..., m) of m assets or pairs.
        loss: Of forecasts (s, c) against the mean moments (s, c) of the `horizon` periods after each, summed.
        lives: Half-lives to choose from.
        horizon: Periods.
    """
    T = len(moments)
    horizon = min(horizon, T // 3)
    # Outcomes of neighbouring days overlap: one forecast a week says as much as one a day.
    made = np.arange(min(BURN_IN, T // 3), T - horizon, max(1, horizon // 4))
    losses = np.zeros((len(lives), len(SHARES)))
    for i in range(0, moments.shape[-1], SCORED_AT_ONCE):
        some = moments[..., i : i + SCORED_AT_ONCE].reshape(T, -1)
        sums = np.vstack([np.zeros(some.shape[1]), some.cumsum(axis=0)])
        outcomes = (sums[made + 1 + horizon] - sums[made + 1]) / horizon
        long = sums[made + 1] / (made + 1.0)[:, None]
        mean = sums[-1] / T
        for j, life in enumerate(lives):
            beside = _recent_at(some, life, mean, made) - long
            losses[j] += [loss(share * beside + long, outcomes) for share in SHARES]
    life, share = divmod(int(np.where(np.isnan(losses), np.inf, losses).argmin()), len(SHARES))
    return lives[life], SHARES[share]


def _variance_loss(forecast: FloatArray, outcome: FloatArray) -> float:
    """QLIKE of variances."""
    kept = np.maximum(forecast, LEAST_VARIANCE * outcome.mean(axis=0))
    ratio = outcome / kept
    ratio += np.log(kept, out=kept)
    return float(ratio.sum())


def _correlation_memory(changes: Returns, lives: Sequence[float], horizon: int) -> tuple[float, float]:
    """Half-life and weight of the recent past for the correlations of standardised changes."""
    n = len(changes.series)
    if n == 1:
        return lives[0], 0.0
    order = np.argsort(changes.mean.var(axis=0), kind="stable")
    i, j = (order[:1], order[1:]) if n == 2 else (order, np.roll(order, 1))
    some = learned_from(np.arange(len(i), dtype=np.float64))
    i, j = i[some], j[some]
    moments = np.stack([_products(changes, *pair) for pair in ((i, i), (j, j), (i, j))], axis=1)
    return _chosen(moments, _correlation_loss, lives, horizon)


def _correlation_loss(forecast: FloatArray, outcome: FloatArray) -> float:
    """QLIKE of the correlations of m pairs: moments (s, 3 m) of the first, the second, and of both."""
    first, second, both = np.split(forecast, 3, axis=1)
    own, other, together = np.split(outcome, 3, axis=1)
    # In place: this is most of the work of choosing.
    size = first * second
    np.sqrt(np.maximum(size, np.finfo(float).tiny, out=size), out=size)
    rho = np.divide(both, size, out=size)
    np.clip(rho, -CLOSEST, CLOSEST, out=rho)
    free = 1.0 - rho * rho
    rho *= together
    rho *= -2.0
    rho += own
    rho += other
    rho /= free
    rho += np.log(free, out=free)
    return float(rho.sum())
