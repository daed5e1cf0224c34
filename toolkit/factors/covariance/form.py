"""What every covariance estimator starts from and ends in."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from toolkit.core.errors import GapError
from toolkit.factors.forecast import FloatArray
from toolkit.factors.increments import Increments
from toolkit.factors.panel import MINIMUM_CHANGES


@dataclass(frozen=True, slots=True)
class CovarianceInputs:
    """Everything an estimator may use.

    Attributes:
        increments: Changes of all N series in the reporting currency.
        local: The same in the currencies of quotation, of which factors are made.
        assets, groups: n assets to estimate and their groups.
        metals: Series on the sides of the supply shock.
        state: (T, N) 1 where a series was controlled.
        variance: (n,) a year of each asset, corrected for its observation model, over its own history.
        periods_per_year: Of the increments.
        supply_scores: 0..1 an asset.
    """

    increments: Increments
    local: Increments
    assets: tuple[str, ...]
    groups: tuple[str, ...]
    metals: tuple[str, ...]
    state: FloatArray
    variance: FloatArray
    periods_per_year: float
    supply_scores: Mapping[str, float] | None = None


@dataclass(frozen=True, slots=True)
class FactorForm:
    """A covariance a year, loadings @ factor_cov @ loadings.T + diag(specific_var).

    Attributes:
        factors: k names; loadings (n, k), factor_cov (k, k), specific_var (n,).
        loading_errors: (n, k) standard errors, NaN for components that were not fitted by regression.
        notes: What a reader must know.
    """

    factors: tuple[str, ...]
    loadings: FloatArray
    factor_cov: FloatArray
    specific_var: FloatArray
    loading_errors: FloatArray
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class CompleteRows:
    """The periods in which every asset has a change.

    Attributes:
        changes: Of the n assets in T' periods.
        notes: How many periods were lost, and to which asset most.
    """

    changes: Increments
    notes: tuple[str, ...]


def complete_rows(inputs: CovarianceInputs) -> CompleteRows:
    """Drop every period that lacks a change of any asset.

    Raises:
        GapError: if fewer than `MINIMUM_CHANGES` are left; it names the asset without which most would be.
    """
    own = inputs.increments.take(inputs.assets)
    seen = np.isfinite(own.mean)
    rows = np.asarray(seen.all(axis=1))
    lost = int(seen.any(axis=1).sum() - rows.sum())
    # The asset to blame is the one that is most often the only one missing, then the one most often missing.
    alone = (~seen & (seen.sum(axis=1, keepdims=True) == seen.shape[1] - 1)).sum(axis=0)
    blame = inputs.assets[int(np.lexsort(((~seen).sum(axis=0), alone))[-1])]
    if rows.sum() < MINIMUM_CHANGES:
        raise GapError(
            f"only {int(rows.sum())} periods have a price change of every asset; {MINIMUM_CHANGES} are needed.",
            hint=f"Exclude {blame!r}, or use covariance kind 'factor', which takes histories of different length.",
            details={"asset": blame, "complete": int(rows.sum()), "needed": MINIMUM_CHANGES},
        )
    notes = (f"{lost} of {lost + int(rows.sum())} periods lack an asset and were not used, most for {blame}.",) if lost else ()
    return CompleteRows(own.rows(rows), notes)


def factor_form(covariance: FloatArray, specific: FloatArray, notes: tuple[str, ...]) -> FactorForm:
    """Principal components of a positive semidefinite (n, n) covariance, beside a specific variance (n,)."""
    values, vectors = np.linalg.eigh(covariance)
    kept = np.flatnonzero(values > 1e-12 * max(values[-1], 0.0))[::-1]
    # The sign of an eigenvector is arbitrary: fix it, so that the same inputs give the same bytes.
    loadings = vectors[:, kept] * np.sqrt(values[kept])
    loadings = loadings * np.where(loadings.sum(axis=0) < 0, -1.0, 1.0)
    names = tuple(f"component_{i + 1}" for i in range(len(kept)))
    return FactorForm(names, loadings, np.eye(len(kept)), specific, np.full(loadings.shape, np.nan), notes)
