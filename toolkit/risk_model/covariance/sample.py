"""The sample covariance."""

from __future__ import annotations

from typing import Literal

import numpy as np

from toolkit.core.decode import Spec
from toolkit.risk_model.covariance.form import (
    CovarianceInputs,
    StructuredCovariance,
    complete_rows,
    component_form,
    factor_form,
)


class SampleCovariance(Spec):
    """Sample covariance over complete periods, divisor N - 1."""

    kind: Literal["sample"] = "sample"

    def estimate(self, inputs: CovarianceInputs) -> StructuredCovariance:
        """Covariance of the mean changes plus the mean of their posterior covariances."""
        rows = complete_rows(inputs)
        mean, own = rows.changes.mean, np.zeros(len(inputs.assets))
        centred = rows.centred
        centred *= np.sqrt(inputs.periods_per_year / (len(mean) - 1))
        if len(mean) <= len(own) and not len(rows.changes.noisy):
            # The periods less their mean are loadings already: the components of a T x T matrix, not of an n x n one.
            return component_form(centred, own, rows.notes)
        cov = centred.T @ centred  # a matrix by its own transpose is half the work
        if len(rows.changes.noisy):
            cov += inputs.periods_per_year * rows.mean_noise
        return factor_form(cov, own, rows.notes)
