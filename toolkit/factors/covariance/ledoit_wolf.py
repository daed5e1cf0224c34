"""Linear shrinkage of the sample covariance towards a multiple of the identity."""

from __future__ import annotations

from typing import Literal

import numpy as np

from toolkit.core.decode import Spec
from toolkit.factors.covariance.form import CovarianceInputs, FactorForm, complete_rows, factor_form


class LedoitWolfCovariance(Spec):
    """Ledoit and Wolf (2004), J. Multivariate Analysis 88, equations of section 3.2; divisor N as there."""

    kind: Literal["ledoit_wolf"] = "ledoit_wolf"

    def estimate(self, inputs: CovarianceInputs) -> FactorForm:
        """The identity part becomes specific variance, the rest principal components.

        The dispersion of the sample covariance (b^2) counts posterior covariances of latent changes as known.
        """
        rows = complete_rows(inputs)
        x = rows.changes.mean - rows.changes.mean.mean(axis=0)
        N, n = x.shape
        S = x.T @ x / N + rows.changes.noise(np.full(N, 1.0 / N))
        # The squared norms of x_t x_t' + U_t, of which S is the mean, without a matrix for each t.
        U, own = rows.changes.uncertainty, x[:, rows.changes.noisy]
        squares = ((x * x).sum(axis=1) ** 2).sum() + 2.0 * np.einsum("ti,tij,tj->", own, U, own) + (U * U).sum()
        mean_variance = np.trace(S) / n
        d2 = ((S - mean_variance * np.eye(n)) ** 2).sum()
        b2 = min(max(float(squares) / N - (S * S).sum(), 0.0) / N, d2)
        shrinkage = b2 / d2 if d2 > 0 else 1.0
        scale = inputs.periods_per_year
        note = f"Shrunk by {100 * shrinkage:.0f} % towards equal variances without correlation."
        return factor_form((1.0 - shrinkage) * S * scale, np.full(n, shrinkage * mean_variance * scale), (*rows.notes, note))
