"""Expected returns: none, or the historical mean pulled to the common mean, with its standard error told."""

from __future__ import annotations

from typing import Annotated, Literal

import numpy as np
from pydantic import Field

from toolkit.core.decode import Spec
from toolkit.factors.covariance.form import CovarianceInputs
from toolkit.factors.forecast import FloatArray


class ZeroReturns(Spec):
    """No forecast: every expected return is zero."""

    kind: Literal["zero"] = "zero"

    def estimate(self, inputs: CovarianceInputs) -> tuple[FloatArray, tuple[str, ...]]:
        """Zeros (n,) and no notes."""
        return np.zeros(len(inputs.assets)), ()


class HistoricalReturns(Spec):
    """Arithmetic mean of past changes, shrunk towards the mean of all assets.

    Attributes:
        shrinkage: Weight of the mean of all assets: 0 believes the past, 1 believes that all assets return the same.
    """

    kind: Literal["historical"] = "historical"
    shrinkage: float = Field(default=0.5, ge=0, le=1)

    def estimate(self, inputs: CovarianceInputs) -> tuple[FloatArray, tuple[str, ...]]:
        """Expected simple returns a year (n,), and a note with the standard errors of the unshrunk means.

        The mean of latent log changes gains half their variance (lognormal) to become one of simple returns.
        """
        own = inputs.increments.take(inputs.assets)
        years = np.isfinite(own.mean).sum(axis=0) / inputs.periods_per_year
        noisy = np.einsum("tii->i", own.uncertainty) > 0
        mean = np.nanmean(own.mean, axis=0) * inputs.periods_per_year + np.where(noisy, 0.5 * inputs.variance, 0.0)
        error = np.sqrt(inputs.variance / years)
        note = (
            f"Standard errors of the historical means are {100 * error.min():.0f} to {100 * error.max():.0f} percentage "
            f"points a year; the means are shrunk by {100 * self.shrinkage:.0f} % to that of all assets."
        )
        return (1.0 - self.shrinkage) * mean + self.shrinkage * mean.mean(), (note,)


ReturnsSpec = Annotated[ZeroReturns | HistoricalReturns, Field(discriminator="kind")]
"""What `returns = {kind = ...}` of a strategy may be."""
