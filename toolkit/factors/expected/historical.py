"""The historical mean pulled to the common mean, with its standard error told."""

from __future__ import annotations

from typing import Literal

import numpy as np
from pydantic import Field

from toolkit.core.decode import Spec
from toolkit.factors.covariance.form import CovarianceInputs, FactorForm
from toolkit.factors.expected.base import ExpectedReturns


class HistoricalReturns(Spec):
    """Arithmetic mean of past changes, shrunk towards the mean of all assets.

    Attributes:
        shrinkage: Weight of the mean of all assets: 0 believes the past, 1 believes that all assets return the same.
    """

    kind: Literal["historical"] = "historical"
    shrinkage: float = Field(default=0.5, ge=0, le=1)

    def estimate(self, inputs: CovarianceInputs, form: FactorForm) -> ExpectedReturns:
        """Expected simple returns a year (n,), and a note with the standard errors of the unshrunk means.

        The mean of latent log changes gains half their variance (lognormal) to become one of simple returns. The means
        of two assets share the error of the periods that both have seen.
        """
        own = inputs.increments.take(inputs.assets)
        seen = np.isfinite(own.mean)
        years = seen.sum(axis=0) / inputs.periods_per_year
        noisy = np.zeros(len(inputs.assets), dtype=bool)
        noisy[own.noisy] = True
        mean = np.nanmean(own.mean, axis=0) * inputs.periods_per_year + np.where(noisy, 0.5 * inputs.variance, 0.0)
        shared = (seen.T.astype(np.float64) @ seen) / inputs.periods_per_year
        error = np.sqrt(inputs.variance / years)
        matrix = form.loadings @ form.factor_cov @ form.loadings.T + np.diag(form.specific_var)
        pull = (1.0 - self.shrinkage) * np.eye(len(years)) + self.shrinkage / len(years)
        note = (
            f"Standard errors of the historical means are {100 * error.min():.0f} to {100 * error.max():.0f} percentage "
            f"points a year; the means are shrunk by {100 * self.shrinkage:.0f} % to that of all assets."
        )
        return ExpectedReturns(pull @ mean, pull @ (matrix * shared / np.outer(years, years)) @ pull.T, (note,))
