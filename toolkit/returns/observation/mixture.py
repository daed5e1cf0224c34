"""Heavy-tailed noise of a print, and the robust filter of the latent price.

The noise of a log price is a mixture of normals with mean zero (the contaminated normal of Tukey 1960, in three parts):

    narrow  n_t^2                 share 1 - p - g    the ordinary scatter of shipments,
    wide    INFLATION n_t^2       share p            a month of unusual goods,
    gross   n_t^2 + GROSS^2       share g            an entry error: a wrong unit or quantity, whatever n is.

The last is absolute, because a wrong unit moves a price by the same factor however precise the other prints are: a wide
component alone, tied to n, has to grow n sixfold to hold two per cent of prints fifteen times too high.

The state is the level and, where changes persist, the last change: v_t = phi v_(t-1) + h_t is added to the level. The filter
collapses the posterior of the three components to its first two moments each period (generalised pseudo-Bayes of order 1:
Bar-Shalom, Li and Kirubarajan 2001, 11.6). As only the level is printed, both moments of both states follow from the first two
derivatives of the log density of the print (Masreliez 1975). It runs on a grid of standard deviations for all series at once,
forward only: the posterior after period t uses no later print.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from toolkit.core.forecast import FloatArray

INFLATION = 25.0
"""Variance of the wide component against the narrow one: five times the standard deviation."""
GROSS = 2.0
"""Standard deviation (log points) of an entry error: factors of 7, or of 15 at 1.4 standard deviations."""
GROSS_SHARE = 0.005
"""Share of entry errors, always allowed for. An outlier that stands clear is found at any small share."""
EARLY = 5
"""First prints of a series; that which starts the level must be near their median."""
CELLS = 16_000
"""Cells of the grid that are filtered together: more would not fit the processor's cache."""
FARTHEST = -200.0
"""Least log density: no print is impossible, and denormal numbers, which are slow, do not occur."""


def log_shares(wide_share: FloatArray) -> FloatArray:
    """Log shares (3, ...) of the components, given that of the wide one (...)."""
    gross = np.full_like(wide_share, GROSS_SHARE)
    return np.log(np.stack([1.0 - wide_share - gross, wide_share, gross]))


def variances(narrow: FloatArray) -> FloatArray:
    """Noise variances (3, ...) of the components, given that of the narrow one (...)."""
    return np.stack([narrow, INFLATION * narrow, narrow + GROSS**2])


def effective_noise(narrow: FloatArray, wide_share: FloatArray, square: FloatArray) -> FloatArray:
    """Noise variance (T, n) with the expected precision of the mixture.

    Args:
        narrow: (T, n) variance of the narrow component.
        wide_share: (n,) share of the wide one.
        square: (T, n) expected squared distance of the print from the level.
    """
    noise = variances(narrow)
    log_weight = log_shares(wide_share)[:, None, :] - 0.5 * (np.log(noise) + square / noise)
    weight = np.exp(log_weight - log_weight.max(axis=0))
    return weight.sum(axis=0) / (weight / noise).sum(axis=0)


def relative_noise(quantity: FloatArray, exponent: float) -> FloatArray:
    """Noise variance (T, n) of every print against one of the median quantity of its series.

    A print without a quantity counts as one of median quantity.
    """
    known = np.where(quantity > 0, quantity, np.nan)
    has = np.isfinite(known).any(axis=0)
    median = np.ones(known.shape[1])
    median[has] = np.nanmedian(known[:, has], axis=0)
    ratio = median / known
    return np.where(np.isfinite(ratio), ratio, 1.0) ** exponent


def _start(y: FloatArray) -> NDArray[np.intp]:
    """The row (m,) of the print that starts each level: the first within half of `GROSS` of the median of the first five.

    A gross error that started a level would make errors of all the prints after it.
    """
    seen = np.isfinite(y)
    early = np.where(seen & (seen.cumsum(axis=0) <= EARLY), y, np.nan)
    near = np.abs(early - np.nanmedian(early, axis=0)) <= 0.5 * GROSS
    return np.where(near.any(axis=0), near.argmax(axis=0), seen.argmax(axis=0))


def filter_levels(
    y: FloatArray, relative: FloatArray, wide_share: FloatArray, s: FloatArray, n: FloatArray, persistence: FloatArray
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Log likelihood, last level and its variance on a grid.

    Args:
        y: (T, m) log prices, NaN missing; every series has at least two.
        relative: (T, m) noise variance of a print against that of median quantity.
        wide_share: (m,) share of the wide component.
        s: (m, S) candidate standard deviations of one period's latent change.
        n: (m, N) candidate standard deviations of the noise at median quantity.
        persistence: (m,) phi, the autocorrelation of the latent change, 0 <= phi < 1. At 0 the level is a random walk.

    Returns:
        Three (m, S, N) arrays. The first sound print starts the level and adds nothing to the likelihood (diffuse start);
        the change that goes with it starts with its stationary variance.
    """
    first = _start(y)
    seen = np.isfinite(y)
    prints = np.where(seen, y, 0.0)
    loglik, level, variance = (np.empty((y.shape[1], s.shape[1], n.shape[1])) for _ in range(3))
    for at in _chunks(s, n, persistence):
        parts = _filter(prints[:, at], seen[:, at], first[at], relative[:, at], wide_share[at], s[at], n[at], persistence[at])
        for whole, part in zip((loglik, level, variance), parts, strict=True):
            whole[at] = part
    return loglik, level, variance


def _chunks(s: FloatArray, n: FloatArray, persistence: FloatArray) -> Iterator[NDArray[np.intp]]:
    """Columns that are filtered together; a chunk whose changes do not persist has one state less."""
    columns = max(CELLS // (s.shape[1] * n.shape[1]), 1)
    for members in (np.flatnonzero(persistence == 0.0), np.flatnonzero(persistence != 0.0)):
        yield from (at for at in np.split(members, range(columns, len(members), columns)) if at.size)


@dataclass(slots=True)
class _Belief:
    """Mean (level, change) and covariance [[variance, cross], [cross, own]] of one chunk, changed in place.

    The columns are the last axis (S, N, K): their long rows are what numpy is fast at.

    Attributes:
        level, change, variance, cross, own: (S, N, K).
        stationary: (S, 1, K) variance of a period's change; while none persists it alone widens the level.
        phi: (K,) persistence; of all columns or of none.
    """

    level: FloatArray
    change: FloatArray
    variance: FloatArray
    cross: FloatArray
    own: FloatArray
    stationary: FloatArray
    phi: FloatArray

    @property
    def moving(self) -> bool:
        """Whether changes persist."""
        return bool(self.phi[0])

    def start(self, at: NDArray[np.bool_], prints: FloatArray, noise: FloatArray) -> None:
        """Start filtering columns at their first price.

        Args:
            at: (K,) true where a column starts; k of them do.
            prints: (k,) their log prices.
            noise: (1, N, k) variances of the errors of these.
        """
        self.level[..., at], self.variance[..., at] = prints, noise
        self.change[..., at], self.cross[..., at], self.own[..., at] = 0.0, 0.0, self.stationary[..., at]

    def advance(self) -> None:
        """Predict the next period."""
        if not self.moving:
            self.variance += self.stationary
            return
        self.change *= self.phi
        self.level += self.change
        self.cross *= self.phi
        self.own *= self.phi**2
        self.own += self.stationary * (1.0 - self.phi**2)
        # Variance plus twice the covariance with the new change plus its variance, the cross term in between.
        self.variance += self.cross
        self.cross += self.own
        self.variance += self.cross

    def learn(self, slope: FloatArray, curve: FloatArray, work: FloatArray) -> None:
        """Update level and change by a price, from the derivatives of its log density by the level; overwrites its arguments.

        Args:
            slope: (S, N, K) first derivative.
            curve: Second derivative, of the same shape.
            work: Buffer of the same shape.
        """
        np.multiply(self.variance, slope, out=work)
        self.level += work
        np.multiply(self.variance, curve, out=work)
        work += 1.0
        if self.moving:
            slope *= self.cross
            self.change += slope
            curve *= self.cross
            curve *= self.cross
            self.own += curve
            self.cross *= work
        self.variance *= work


class _Mixture:
    """Density of a print and its derivatives by the level, in arrays that are made once."""

    def __init__(self, wide_share: FloatArray, shape: tuple[int, int, int]) -> None:
        shares = np.exp(log_shares(wide_share))
        self.components = tuple(zip(shares, (1.0, INFLATION, 1.0), (0.0, 0.0, GROSS**2), strict=True))
        self.log_density, self.slope, self.curve, self.work = (np.empty(shape) for _ in range(4))
        self._distance, self._square, self._precision, self._density = (np.empty(shape) for _ in range(4))

    def measure(self, prints: FloatArray, level: FloatArray, variance: FloatArray, noise: FloatArray) -> None:
        """Log density of prices, up to sqrt(2 pi), and its first and second derivative by the level, into the buffers.

        Args:
            prints: (K,) log prices.
            level: (S, N, K) predicted levels.
            variance: (S, N, K) their variances.
            noise: (1, N, K) variance of the narrow component of the error.
        """
        total, slope, curve, work = self.log_density, self.slope, self.curve, self.work
        distance, square, precision = self._distance, self._square, self._precision
        np.subtract(prints, level, out=distance)
        np.multiply(distance, distance, out=square)
        square *= -0.5
        # Sums over the components of density, density / F and density / F^2. The first is written, the others are added.
        for k, (share, scale, shift) in enumerate(self.components):
            np.add(variance, noise * scale + shift, out=precision)
            np.divide(1.0, precision, out=precision)
            density = self._density if k else total
            np.multiply(square, precision, out=density)
            np.maximum(density, FARTHEST, out=density)
            np.exp(density, out=density)
            density *= share
            np.sqrt(precision, out=work)
            density *= work
            if k == 0:
                np.multiply(density, precision, out=slope)
                np.multiply(slope, precision, out=curve)
                continue
            total += density
            density *= precision
            slope += density
            density *= precision
            curve += density
        slope /= total
        curve /= total
        # Second derivative: minus the mean precision, plus what the components' means differ by.
        np.multiply(slope, slope, out=work)
        work -= curve
        np.multiply(work, square, out=curve)
        curve += curve
        curve -= slope
        slope *= distance
        np.log(total, out=total)

    def skip(self, at: NDArray[np.bool_]) -> None:
        """Set density and derivatives of columns `at` (K,), which have no print, to those of no information."""
        for values in (self.log_density, self.slope, self.curve):
            values[..., at] = 0.0


def _filter(
    y: FloatArray,
    seen: NDArray[np.bool_],
    first: NDArray[np.intp],
    relative: FloatArray,
    wide_share: FloatArray,
    s: FloatArray,
    n: FloatArray,
    persistence: FloatArray,
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """`filter_levels` for one chunk whose changes all persist, or none."""
    noise = n.T[None, :, :] ** 2
    shape = (s.shape[1], n.shape[1], len(s))
    belief = _Belief(*(np.zeros(shape) for _ in range(5)), stationary=s.T[:, None, :] ** 2, phi=persistence)
    mixture, loglik = _Mixture(wide_share, shape), np.zeros(shape)
    start = noise * (1.0 + wide_share * (INFLATION - 1.0))
    for t in range(len(y)):
        belief.advance()
        new = first == t
        if new.any():
            belief.start(new, y[t, new], start[..., new] * relative[t, new])
        unseen = ~(seen[t] & (first < t))
        if not unseen.all():
            mixture.measure(y[t], belief.level, belief.variance, noise * relative[t])
            if unseen.any():
                mixture.skip(unseen)
            loglik += mixture.log_density
            belief.learn(mixture.slope, mixture.curve, mixture.work)
    steps = (seen & (np.arange(len(y))[:, None] > first)).sum(axis=0)
    loglik -= 0.5 * np.log(2.0 * np.pi) * steps
    return loglik.transpose(2, 0, 1), belief.level.transpose(2, 0, 1), belief.variance.transpose(2, 0, 1)
