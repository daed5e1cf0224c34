"""Nonlinear shrinkage of the eigenvalues of the sample covariance."""

from __future__ import annotations

from typing import Literal

import numpy as np

from toolkit.core.decode import Spec
from toolkit.core.errors import GapError
from toolkit.core.forecast import FloatArray
from toolkit.core.messages import message
from toolkit.risk_model.covariance.form import (
    CovarianceInputs,
    StructuredCovariance,
    complete_rows,
    component_form,
    moment_rows,
    spectrum,
)

MINIMUM_PERIODS = 13
"""Fewer, and the kernel around the smallest eigenvalue reaches below zero (12 after the mean is taken out)."""
NEARLY_SQUARE = 1.1
"""Ratio of assets to periods, or its inverse, within which the formula is not used."""
EIGENVALUES_AT_ONCE = 100
"""Eigenvalues that are compared with all others at once: of thousands the pairs stay in the cache."""


class NonlinearShrinkageCovariance(Spec):
    """Ledoit and Wolf (2020), Annals of Statistics 48, 3043-3065, for more periods than assets and for fewer.

    Each sample eigenvalue moves by its own amount: a kernel estimate of the density of all of them and its Hilbert
    transform stand in for the limiting spectrum. Two additions. The shrunken eigenvalues are made to keep the order of
    the sample ones (Stein 1975, by isotonic regression), which lowers the loss and lets the null space of a short
    history be one specific variance. And the paper excludes as many assets as periods: there the smallest shrunken
    eigenvalues collapse to zero (simulated, 92 assets with factors: the minimum-variance portfolio has a hundred times
    the least possible variance at 93 periods, 1.5 times at 85). Within 10 % of equality the oldest periods are left out.
    """

    kind: Literal["nonlinear_shrinkage"] = "nonlinear_shrinkage"

    def estimate(self, inputs: CovarianceInputs) -> StructuredCovariance:
        """The smallest shrunken eigenvalue becomes specific variance, the excess of the others principal components.

        Only the covariance of the posterior means is sampled and shrunk; the mean posterior covariance of latent
        changes is added to it (law of total variance).

        Raises:
            GapError: for fewer than 13 periods, or so many assets as periods that fewer are left.
        """
        rows = complete_rows(inputs)
        x = rows.centred
        basis = spectrum(x)[1]
        # A rank below both dimensions can only come from collinear assets: shrink within the space that they span.
        collinear = basis.shape[1] < min(len(x) - 1, x.shape[1])
        if collinear:
            x = x @ basis
        used = _periods(len(x), x.shape[1])
        if used < MINIMUM_PERIODS:
            raise GapError(
                "nonlinear shrinkage of {shape} assets has {used} usable periods; {minimum_periods} are needed.",
                hint="Use covariance kind 'oas', or lengthen the history.",
                details={"periods": used, "needed": MINIMUM_PERIODS},
                shape=x.shape[1],
                used=used,
                minimum_periods=MINIMUM_PERIODS,
            )
        left = len(x) - used
        x = x[left:] - x[left:].mean(axis=0)
        values, vectors = spectrum(x / np.sqrt(used - 1))
        shrunk, floor = shrunk_eigenvalues(values, x.shape[1], used - 1)
        root = np.sqrt(np.maximum(shrunk - floor, 0.0))[:, None] * vectors.T
        if collinear:
            root = np.vstack([root, np.sqrt(floor) * np.eye(x.shape[1])]) @ basis.T
            floor = 0.0
        scale = inputs.periods_per_year
        root = np.sqrt(scale) * moment_rows(root, rows.mean_noise)
        notes = (
            *rows.notes,
            *(
                (message("The oldest {left} periods were left out: nearly as many assets as periods.", left=left),)
                if left
                else ()
            ),
            message(
                "Sample variances of the principal directions moved by factors of {low:.2g} to {high:.2g}.",
                low=(shrunk / values).min(),
                high=(shrunk / values).max(),
            ),
        )
        return component_form(root, np.full(len(inputs.assets), scale * floor), notes)


def _periods(periods: int, p: int) -> int:
    """Number of the latest periods such that their ratio to the assets is not within `NEARLY_SQUARE` of one."""
    near = p / NEARLY_SQUARE < periods - 1 < p * NEARLY_SQUARE
    return int(p / NEARLY_SQUARE) + 1 if near else periods


def shrunk_correlation(root: FloatArray, periods: float) -> tuple[FloatArray, FloatArray]:
    """The second moments root'root with eigenvalues shrunk, carried to unit variances.

    Args:
        root: (m, p) of changes in units of their volatilities, each times the root of its weight.
        periods: The effective number of them, 1 / sum w^2, in the place of n. Within 10 % of p the formula collapses:
            fewer are counted then.

    Returns:
        Rows Y (k, p) and specific variances d (p,): Y'Y + diag(d) has a unit diagonal.
    """
    n = max(round(periods), MINIMUM_PERIODS)
    values, vectors = spectrum(root, most=int(NEARLY_SQUARE * n) + 1)  # no more are counted below
    p = root.shape[1]
    # Collinear assets: the shrinkage is that of the space which they span, as there.
    spanned = len(values) if len(values) < min(n, p) else p
    if spanned / NEARLY_SQUARE < n < spanned * NEARLY_SQUARE:
        fewer = int(spanned / NEARLY_SQUARE)
        n = fewer if fewer >= MINIMUM_PERIODS else int(spanned * NEARLY_SQUARE) + 1
    kept = min(n, spanned)
    values, vectors = values[:kept], vectors[:, :kept]
    shrunk, floor = shrunk_eigenvalues(values, spanned, n)
    floor = floor if spanned == p else 0.0
    rows = np.sqrt(np.maximum(shrunk - floor, 0.0))[:, None] * vectors.T
    size = np.einsum("kn,kn->n", rows, rows) + floor
    rows /= np.sqrt(size)
    return rows, floor / size


def shrunk_eigenvalues(values: FloatArray, p: int, n: int) -> tuple[FloatArray, float]:
    """The analytical formula of Ledoit and Wolf (2020), regular and singular, with the order of the eigenvalues kept.

    Epanechnikov kernel, bandwidth n^(-1/3) times each eigenvalue.

    Args:
        values: The min(p, n) nonzero eigenvalues of the sample covariance, the largest first.
        p: Variables.
        n: Periods less one for the mean.

    Returns:
        Shrunken eigenvalues in the same order, and the smallest of all p: that of the null space where p exceeds n.
    """
    h = n ** (-1.0 / 3.0)
    root = np.sqrt(5.0)
    width = h * values
    density, hilbert = np.empty((2, len(values)))
    for at in (slice(i, i + EIGENVALUES_AT_ONCE) for i in range(0, len(values), EIGENVALUES_AT_ONCE)):
        x = (values[at, None] - values) / width
        density[at] = (0.75 / root * np.maximum(1.0 - x**2 / 5.0, 0.0) / width).mean(axis=1)
        hilbert[at] = (_hilbert(x) / width).mean(axis=1)
    c = p / n
    if p <= n:
        shrunk = values / ((np.pi * c * values * density) ** 2 + (1.0 - c - np.pi * c * values * hilbert) ** 2)
        ordered = _descending(shrunk, np.ones(len(shrunk)))
        return ordered, float(ordered[-1])
    at_zero = 0.3 / h**2 + 0.75 / root / h * (1.0 - 0.2 / h**2) * np.log((1.0 + root * h) / (1.0 - root * h))
    null = 1.0 / ((c - 1.0) * at_zero * (1.0 / values).mean())
    shrunk = 1.0 / (np.pi**2 * values * (density**2 + hilbert**2))
    ordered = _descending(np.append(shrunk, null), np.append(np.ones(n), p - n))
    return ordered[:-1], float(ordered[-1])


def _descending(values: FloatArray, weights: FloatArray) -> FloatArray:
    """The values of an isotonic regression, by pooling adjacent violators (Ayer et al. 1955); scipy's takes 0.2 s to import."""
    levels: list[float] = []
    masses: list[float] = []
    counts: list[int] = []
    for level, mass in zip(values.tolist(), weights.tolist(), strict=True):
        count = 1
        while levels and levels[-1] < level:
            before = masses.pop()
            level = (before * levels.pop() + mass * level) / (before + mass)  # noqa: PLW2901
            mass, count = before + mass, count + counts.pop()  # noqa: PLW2901
        levels.append(level)
        masses.append(mass)
        counts.append(count)
    return np.repeat(levels, counts)


def _hilbert(x: FloatArray) -> FloatArray:
    """Hilbert transform of the Epanechnikov kernel of unit variance, 1 / pi times the integral of K(t) / (t - x).

    Far out the terms of the closed form, of the size of x, cancel to 1 / x: there its moment series is summed, without
    which one dominant factor would get a variance that is rounding error.
    """
    far = np.abs(x) > 30.0
    near, inverse = x[~far], 1.0 / x[far]
    root = np.sqrt(5.0)
    edge = np.abs(np.abs(near) - root) < 1e-14
    logarithm = np.log(np.where(edge, 1.0, np.abs((root - near) / np.where(edge, 1.0, root + near))))
    closed = -0.3 * near + 0.75 / root * (1.0 - near**2 / 5.0) * logarithm
    series = -inverse * sum(3.0 * 5.0**k / ((2 * k + 1) * (2 * k + 3)) * inverse ** (2 * k) for k in range(6))
    found = np.empty_like(x)
    found[~far], found[far] = closed, series
    return found / np.pi
