"""The output of every forecast of returns."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np

from toolkit.core.forecast import FloatArray
from toolkit.core.messages import Message, message
from toolkit.risk_model.covariance.form import CovarianceInputs, StructuredCovariance


@dataclass(frozen=True, slots=True)
class ExpectedReturns:
    """Expected simple returns a year of n assets.

    Attributes:
        mean: (n,).
        covariance: (n, n) uncertainty of `mean`; None where no forecast is made.
        notes: Notes on the estimate.
    """

    mean: FloatArray
    covariance: FloatArray | None = None
    notes: tuple[str, ...] = ()


def standard_errors(covariance: FloatArray) -> FloatArray:
    """(n,) roots of the diagonal; what rounding leaves below zero is zero."""
    return np.sqrt(np.maximum(np.diag(covariance), 0.0))


def span(values: FloatArray) -> Message:
    """Smallest and largest of some fractions, in points: ``1.2 to 3.4``."""
    low, high = 100 * float(values.min()), 100 * float(values.max())
    if f"{low:.1f}" == f"{high:.1f}":
        return message("{value:.1f}", value=low)
    return message("{low:.1f} to {high:.1f}", low=low, high=high)


def signed_span(values: FloatArray) -> Message:
    """Smallest and largest of some returns, in percent: ``-1.2 to +3.4 %``."""
    low, high = float(values.min()), float(values.max())
    if f"{100 * low:+.1f}" == f"{100 * high:+.1f}":
        return message("{value:+.1f %}", value=low)
    return message("{low:+.1f} to {high:+.1f %}", low=100 * low, high=high)


class ReturnsEstimator(Protocol):
    """A forecast of returns: a spec of this package."""

    @property
    def kind(self) -> str:
        """Name of the estimator in a strategy."""
        ...

    def estimate(self, inputs: CovarianceInputs, form: StructuredCovariance) -> ExpectedReturns:
        """The expected returns."""
        ...
