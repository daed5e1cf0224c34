"""Factor covariance from histories of different length, with pooled correlations of what the factors leave."""

from __future__ import annotations

from typing import Literal

import numpy as np

from toolkit.core.decode import Spec
from toolkit.factors.covariance.form import CovarianceInputs, FactorForm
from toolkit.factors.factors import MARKET, MEMBERS, SUPPLY, Loadings, fit
from toolkit.factors.forecast import FloatArray


class FactorCovariance(Spec):
    """Named factors, specific variances that meet each asset's own, and shrunk correlations of the rest.

    The covariance that the factors miss is not set to zero: its correlations, over the periods that a pair shares, are
    shrunk to zero by their sampling error against their spread (Schaefer and Strimmer 2005, for the target) and enter
    as `residual_i` components. So two products of one metal stay correlated, and noise does not become correlation.
    """

    kind: Literal["factor"] = "factor"

    def estimate(self, inputs: CovarianceInputs) -> FactorForm:
        """Loadings, factor covariance, and specific variance such that the diagonal is `inputs.variance`."""
        model = fit(
            inputs.local,
            inputs.increments,
            inputs.assets,
            inputs.groups,
            inputs.metals,
            inputs.state,
            inputs.variance,
            inputs.periods_per_year,
            inputs.supply_scores,
        )
        systematic = model.loadings @ model.factor_cov @ model.loadings.T
        own = inputs.variance - np.diag(systematic)
        correlation = _residual_correlation(inputs, systematic, own)
        values, vectors = np.linalg.eigh(correlation)
        floor = float(values[0])
        kept = np.flatnonzero(values - floor > 1e-9)[::-1]
        residual = np.sqrt(own)[:, None] * vectors[:, kept] * np.sqrt(values[kept] - floor)
        residual = residual * np.where(residual.sum(axis=0) < 0, -1.0, 1.0)
        k = len(model.factors)
        factor_cov = np.eye(k + len(kept))
        factor_cov[:k, :k] = model.factor_cov
        return FactorForm(
            factors=(*model.factors, *(f"residual_{i + 1}" for i in range(len(kept)))),
            loadings=np.hstack([model.loadings, residual]),
            factor_cov=factor_cov,
            specific_var=own * floor,
            loading_errors=np.hstack([model.errors, np.full(residual.shape, np.nan)]),
            notes=_notes(model),
        )


def _notes(model: Loadings) -> tuple[str, ...]:
    """Which factors could not be built, and what stands in for all of them."""
    if MARKET in model.factors:
        return ("No explanatory series: the one common factor is the equally weighted mean of the other assets.",)
    absent = [name for name in (*MEMBERS, SUPPLY) if name not in model.factors]
    return (f"Factors without enough series, left out: {', '.join(absent)}.",) if absent else ()


def _residual_correlation(inputs: CovarianceInputs, systematic: FloatArray, own: FloatArray) -> FloatArray:
    """Correlations (n, n) that the factors leave, shrunk, positive semidefinite with unit diagonal.

    The pairwise covariance of the changes, scaled to the variances that are believed, less the systematic part.
    """
    cov, counts = inputs.increments.take(inputs.assets).pairwise()
    n = len(inputs.assets)
    scale = np.sqrt(inputs.variance / np.diag(cov))
    rest = (cov * np.outer(scale, scale) - systematic) / np.sqrt(np.outer(own, own))
    pairs = np.triu_indices(n, 1)
    r, periods = np.clip(rest[pairs], -0.99, 0.99), np.maximum(counts[pairs], 1.0)
    shared = counts[pairs] >= 3
    correlation = np.eye(n)
    if shared.any():
        # Method of moments: spread of the true correlations = mean square less mean sampling variance.
        error = (1.0 - r**2) ** 2 / np.maximum(periods - 1.0, 1.0)
        between = max(float((r[shared] ** 2 - error[shared]).mean()), 0.0)
        shrunk = np.where(shared, r * between / (between + error), 0.0)
        correlation[pairs] = shrunk
        correlation.T[pairs] = shrunk
    values, vectors = np.linalg.eigh(correlation)
    if values[0] < 1e-3:
        # Pairwise histories need not fit together: spectral repair (Rebonato and Jaeckel 1999).
        repaired = (vectors * np.maximum(values, 1e-3)) @ vectors.T
        size = np.sqrt(np.diag(repaired))
        correlation = repaired / np.outer(size, size)
    return correlation
