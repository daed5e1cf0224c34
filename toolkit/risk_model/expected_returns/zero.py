"""No forecast of returns."""

from __future__ import annotations

from typing import Literal

import numpy as np

from toolkit.core.decode import Spec
from toolkit.risk_model.covariance.form import CovarianceInputs, StructuredCovariance
from toolkit.risk_model.expected_returns.base import ExpectedReturns


class ZeroReturns(Spec):
    """No forecast: every expected return is zero."""

    kind: Literal["zero"] = "zero"

    def estimate(self, inputs: CovarianceInputs, form: StructuredCovariance) -> ExpectedReturns:  # noqa: ARG002
        """Zeros (n,)."""
        return ExpectedReturns(np.zeros(len(inputs.assets)))
