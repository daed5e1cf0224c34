"""Exponentially weighted covariance."""

from __future__ import annotations

from typing import Literal

import numpy as np
from pydantic import Field

from toolkit.core.decode import Spec
from toolkit.factors.covariance.form import CovarianceInputs, FactorForm, complete_rows, factor_form


class EwmaCovariance(Spec):
    """Exponentially weighted moving average of squared changes (RiskMetrics Technical Document 1996, 5.2).

    Attributes:
        half_life: Periods (months, or days of daily prices) after which a change counts half.
    """

    kind: Literal["ewma"] = "ewma"
    half_life: float = Field(default=12.0, gt=0)

    def estimate(self, inputs: CovarianceInputs) -> FactorForm:
        """Weighted second moments about zero, as in the source; weights sum to one."""
        rows = complete_rows(inputs)
        mean = rows.changes.mean
        weights = 0.5 ** (np.arange(len(mean))[::-1] / self.half_life)
        weights /= weights.sum()
        cov = (mean * weights[:, None]).T @ mean + rows.changes.noise(weights)
        effective = 1.0 / (weights**2).sum()
        note = f"Half-life {self.half_life:g} periods: as much information as {effective:.0f} equally weighted ones."
        return factor_form(cov * inputs.periods_per_year, np.zeros(len(inputs.assets)), (*rows.notes, note))
