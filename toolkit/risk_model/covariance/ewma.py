"""Exponentially weighted covariances, plain and shrunk towards one common correlation."""

from __future__ import annotations

from typing import Literal

import numpy as np
from pydantic import Field

from toolkit.core.decode import Spec
from toolkit.core.forecast import FloatArray
from toolkit.core.messages import message
from toolkit.risk_model.covariance.form import (
    CompleteRows,
    CovarianceInputs,
    StructuredCovariance,
    complete_rows,
    component_form,
    moment_rows,
)
from toolkit.risk_model.weighting import decay, half_lives


def _weights(rows: CompleteRows, periods_per_year: float, half_life: float | None) -> tuple[FloatArray, str]:
    """Weights (T,) that sum to one, and the note on their effective number."""
    life, _ = half_lives(periods_per_year, half_life, None)
    weights = decay(len(rows.changes.dates), life)
    weights /= weights.sum()
    effective = 1.0 / (weights**2).sum()
    note = message(
        "Half-life {life:g} periods: as much information as {effective:.0f} equally weighted ones.",
        life=life,
        effective=effective,
    )
    return weights, note


class EwmaCovariance(Spec):
    """Exponentially weighted moving average of squared changes (RiskMetrics Technical Document 1996, 5.2).

    Attributes:
        half_life: Periods (months, or days of daily prices) after which a change counts half. Default: 42 days, or 12
            months.
    """

    kind: Literal["ewma"] = "ewma"
    half_life: float | None = Field(default=None, gt=0)

    def estimate(self, inputs: CovarianceInputs) -> StructuredCovariance:
        """Weighted second moments about zero, as in the source; weights sum to one."""
        rows = complete_rows(inputs)
        weights, note = _weights(rows, inputs.periods_per_year, self.half_life)
        root = moment_rows(np.sqrt(weights)[:, None] * rows.changes.mean, rows.changes.noise(weights))
        return component_form(np.sqrt(inputs.periods_per_year) * root, np.zeros(len(inputs.assets)), (*rows.notes, note))


class EwmaConstantCorrelationCovariance(Spec):
    """Exponentially weighted covariance, shrunk towards its own variances with one common correlation.

    Ledoit and Wolf (2004, "Honey, I shrunk the sample covariance matrix", J. Portfolio Management 30, appendix), with
    averages that are weighted and the effective number of periods 1 / sum w^2 in place of T. A negative mean
    correlation, which many assets cannot have, is taken as zero.

    Attributes:
        half_life: Periods (months, or days of daily prices) after which a change counts half. Default: 42 days, or 12
            months.
    """

    kind: Literal["ewma_constant_correlation"] = "ewma_constant_correlation"
    half_life: float | None = Field(default=None, gt=0)

    def estimate(self, inputs: CovarianceInputs) -> StructuredCovariance:
        """The target is one common component beside specific variances; the rest becomes principal components.

        The dispersion of the moments counts posterior covariances of latent changes as known.
        """
        rows = complete_rows(inputs)
        weights, note = _weights(rows, inputs.periods_per_year, self.half_life)
        root = moment_rows(np.sqrt(weights)[:, None] * rows.changes.mean, rows.changes.noise(weights))
        shrinkage, common = _towards_constant_correlation(rows, weights, root.T @ root)
        deviation = np.sqrt((root * root).sum(axis=0))
        scale = inputs.periods_per_year
        together = np.vstack([np.sqrt(1.0 - shrinkage) * root, np.sqrt(shrinkage * common) * deviation])
        own = shrinkage * (1.0 - common) * deviation**2
        towards = message(
            "Shrunk by {shrinkage:.0f %} towards one correlation of {common:.2f}.", shrinkage=shrinkage, common=common
        )
        return component_form(np.sqrt(scale) * together, scale * own, (*rows.notes, note, towards))


def _towards_constant_correlation(rows: CompleteRows, weights: FloatArray, S: FloatArray) -> tuple[float, float]:
    """Weight of the target, 0..1, and its correlation: pi, rho and gamma are those of the paper's appendix."""
    n = len(S)
    if n == 1:
        return 0.0, 0.0
    x, U, noisy = rows.changes.mean, rows.changes.uncertainty, rows.changes.noisy
    deviation = np.sqrt(np.diag(S))
    common = max(float((S / np.outer(deviation, deviation)).sum() - n) / (n * (n - 1)), 0.0)
    target = common * np.outer(deviation, deviation)
    np.fill_diagonal(target, deviation**2)
    gamma = float(((target - S) ** 2).sum())
    if gamma <= 1e-24 * float((S * S).sum()):
        return 1.0, common
    # z_t = x_t x_t' + U_t: its weighted second moments, of all entries and of the diagonal with all entries.
    block = np.ix_(noisy, noisy)
    own = x[:, noisy]
    square = x**2
    fourth = (weights[:, None] * square).T @ square
    fourth[block] += 2.0 * np.einsum("t,ti,tj,tij->ij", weights, own, own, U) + np.einsum("t,tij->ij", weights, U * U)
    diagonal = square.copy()
    diagonal[:, noisy] += np.einsum("tii->ti", U)
    third = (weights[:, None] * diagonal * x).T @ x
    third[block] += np.einsum("t,ti,tij->ij", weights, diagonal[:, noisy], U)
    dispersion = fourth - S**2
    theta = (third - np.diag(S)[:, None] * S) * deviation / deviation[:, None]
    np.fill_diagonal(theta, 0.0)
    # The paper's sum holds each ordered pair twice by half, so that one of the two terms is enough.
    rho = float(np.trace(dispersion)) + common * float(theta.sum())
    kappa = (float(dispersion.sum()) - rho) / gamma
    return min(max(kappa * float((weights**2).sum()), 0.0), 1.0), common
