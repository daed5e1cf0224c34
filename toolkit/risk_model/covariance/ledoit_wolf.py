"""Linear shrinkage of the sample covariance towards a multiple of the identity."""

from __future__ import annotations

from typing import Literal

import numpy as np

from toolkit.core.decode import Spec
from toolkit.risk_model.covariance.form import (
    EIGENVALUE_ROUNDING,
    CovarianceInputs,
    StructuredCovariance,
    complete_rows,
    moment_rows,
    spherical_form,
    squared_norm,
)


class LedoitWolfCovariance(Spec):
    """Ledoit and Wolf (2004), J. Multivariate Analysis 88, equations of section 3.2; divisor N as there."""

    kind: Literal["ledoit_wolf"] = "ledoit_wolf"

    def estimate(self, inputs: CovarianceInputs) -> StructuredCovariance:
        """The identity part becomes specific variance, the rest principal components.

        The dispersion of the sample covariance (b^2) counts posterior covariances of latent changes as known.
        """
        rows = complete_rows(inputs)
        x = rows.centred
        N, n = x.shape
        root = moment_rows(x / np.sqrt(N), rows.mean_noise)
        # The squared norms of x_t x_t' + U_t, of which S is the mean, without a matrix for each t.
        U, own = rows.changes.uncertainty, x[:, rows.changes.noisy]
        squares = ((x * x).sum(axis=1) ** 2).sum() + 2.0 * np.einsum("ti,tij,tj->", own, U, own) + (U * U).sum()
        norm = squared_norm(root)
        d2 = norm - float((root * root).sum()) ** 2 / n
        b2 = min(max(float(squares) / N - norm, 0.0) / N, max(d2, 0.0))
        shrinkage = b2 / d2 if d2 > EIGENVALUE_ROUNDING * norm else 1.0
        return spherical_form(root, shrinkage, inputs.periods_per_year, rows.notes)


class OasCovariance(Spec):
    """Chen, Wiesel, Eldar and Hero (2010), IEEE Trans. Signal Processing 58, equation 23; divisor N.

    Meant for few periods of nearly normal changes: normality stands in for the fourth moments that Ledoit and Wolf
    estimate. scikit-learn has it (`sklearn.covariance.oas`), but knows nothing of posterior covariances, and leaves out
    the terms in 2 / p, which matter for a handful of assets: for two its weight of the target is 1.4 to 1.9 times the
    paper's.
    """

    kind: Literal["oas"] = "oas"

    def estimate(self, inputs: CovarianceInputs) -> StructuredCovariance:
        """The identity part becomes specific variance, the rest principal components.

        The numerator is the sampling variance of S. Posterior covariances of latent changes are known, not sampled:
        they count in the distance to the target only.
        """
        rows = complete_rows(inputs)
        x = rows.centred
        N, p = x.shape
        root = moment_rows(x / np.sqrt(N), rows.mean_noise)
        norm, trace = squared_norm(root), float((root * root).sum())
        sampled, sampled_trace = squared_norm(x) / N**2, float((x * x).sum()) / N
        distance = norm - trace**2 / p
        numerator = (1.0 - 2.0 / p) * sampled + sampled_trace**2
        shrinkage = min(numerator / ((N + 1.0 - 2.0 / p) * distance), 1.0) if distance > EIGENVALUE_ROUNDING * norm else 1.0
        return spherical_form(root, shrinkage, inputs.periods_per_year, rows.notes)
