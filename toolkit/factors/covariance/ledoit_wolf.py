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
        x = rows.mean - rows.mean.mean(axis=0)
        N, n = x.shape
        moments = np.einsum("ti,tj->tij", x, x) + rows.uncertainty
        S = moments.mean(axis=0)
        mean_variance = np.trace(S) / n
        d2 = ((S - mean_variance * np.eye(n)) ** 2).sum()
        b2 = min(((moments - S) ** 2).sum() / N**2, d2)
        shrinkage = b2 / d2 if d2 > 0 else 1.0
        scale = inputs.periods_per_year
        note = f"Shrunk by {100 * shrinkage:.0f} % towards equal variances without correlation."
        return factor_form((1.0 - shrinkage) * S * scale, np.full(n, shrinkage * mean_variance * scale), (*rows.notes, note))
