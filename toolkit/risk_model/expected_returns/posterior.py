"""The Black-Litterman posterior by equations of the size of the views."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from toolkit.core.errors import SpecError
from toolkit.core.forecast import FloatArray
from toolkit.risk_model.expected_returns.prior import Prior

RANK = 1e-10
"""Share of its variance that a view must add to the others to count as one of its own; rounding is far below."""


@dataclass(frozen=True, slots=True)
class Views:
    """Portfolios @ returns = values, each give or take its error.

    Attributes:
        labels: m names, for messages.
        portfolios: (m, n).
        values: (m,) a year.
        errors: (m,) standard errors, independent of each other; 0 is certain, infinite carries no information.
    """

    labels: tuple[str, ...]
    portfolios: FloatArray
    values: FloatArray
    errors: FloatArray


@dataclass(frozen=True, slots=True)
class Posterior:
    """Posterior of the mean returns, given the views.

    Attributes:
        mean: (n,).
        covariance: (n, n) of the mean: M of He and Litterman (1999), not Sigma + M.
        moves: (n, m) by how much each view moved each mean, given the others; the row sums are the whole move.
    """

    mean: FloatArray
    covariance: FloatArray
    moves: FloatArray


def black_litterman(prior: Prior, views: Views) -> Posterior:
    """Mean and covariance of the mean after the views (Black and Litterman 1992; He and Litterman 1999, equations 8, 9).

    In the form that inverts neither tau Sigma nor Omega (Walters 2014): with A = tau Sigma P' and K = P A + Omega,

        mean = prior + A K^-1 (values - P prior),    covariance = tau Sigma - A K^-1 A'.

    K is m x m and scaled to a unit diagonal; certain views (error 0) are met exactly. Views that say the same thing twice,
    both certain, leave K singular: the redundant directions are left out.

    Raises:
        SpecError: for certain views that contradict each other.
    """
    told = np.isfinite(views.errors)
    labels = tuple(label for label, kept in zip(views.labels, told, strict=True) if kept)
    P, gap = views.portfolios[told], (views.values - views.portfolios @ prior.mean)[told]
    A = prior.times(P.T)
    K = P @ A + np.diag(views.errors[told] ** 2)
    # The spread of assets that always move together has no variance but rounding, of either sign.
    gross = np.abs(P) @ prior.errors()
    size = np.sqrt(np.maximum(np.diag(K), (RANK * gross) ** 2))
    whitened, pulls = _solve(0.5 * (K + K.T) / np.outer(size, size), (A / size).T, gap / size, labels)
    moves = np.zeros((len(prior.mean), len(told)))
    moves[:, told] = A * (pulls / size)
    return Posterior(prior.mean + moves.sum(axis=1), prior.covariance() - whitened.T @ whitened, moves)


def _solve(K: FloatArray, A: FloatArray, gap: FloatArray, labels: tuple[str, ...]) -> tuple[FloatArray, FloatArray]:
    """R @ A (r, n) and R'R @ gap (m,), with R'R the inverse of K on the r directions in which the views differ."""
    from scipy.linalg import cholesky, solve_triangular  # noqa: PLC0415  # 0.15 s to import

    try:
        lower = cholesky(K, lower=True)
        regular = np.diag(lower).min(initial=1.0) ** 2 > RANK
    except np.linalg.LinAlgError:
        lower, regular = K, False
    if regular:
        pulls = solve_triangular(lower, solve_triangular(lower, gap, lower=True), lower=True, trans=1)
        return solve_triangular(lower, A, lower=True), pulls
    values, vectors = np.linalg.eigh(K)
    kept = values > RANK
    conflict = np.abs(vectors[:, ~kept].T @ gap)
    if (conflict > 1e-6).any():
        at = np.flatnonzero(np.abs(vectors[:, ~kept][:, conflict.argmax()]) > 1e-3)
        raise SpecError(
            "forecast.returns.views: {at:s} cannot be certain: they contradict each other, or assets that always "
            "move together.",
            hint="Give at least one of them an `error`, or a `confidence` below 1.",
            at=" and ".join(repr(labels[i]) for i in at),
        )
    R = (vectors[:, kept] / np.sqrt(values[kept])).T
    return R @ A, R.T @ (R @ gap)
