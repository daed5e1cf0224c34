"""What every forecast of returns ends in."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from toolkit.factors.forecast import FloatArray


@dataclass(frozen=True, slots=True)
class ExpectedReturns:
    """Expected simple returns a year of n assets.

    Attributes:
        mean: (n,).
        covariance: (n, n) uncertainty of `mean`; None where no forecast is made.
        notes: What a reader must know.
    """

    mean: FloatArray
    covariance: FloatArray | None = None
    notes: tuple[str, ...] = ()


def standard_errors(covariance: FloatArray) -> FloatArray:
    """(n,) roots of the diagonal; what rounding leaves below zero is zero."""
    return np.sqrt(np.maximum(np.diag(covariance), 0.0))


def listed(names: Sequence[str], limit: int = 12) -> str:
    """Names in a sentence; of a long list the first ones and how many more."""
    more = len(names) - limit
    return ", ".join(names[:limit]) + (f" and {more} more" if more > 0 else "")


def span(values: FloatArray, *, signed: bool = False) -> str:
    """Smallest and largest of some fractions, in percent: ``1.2 to 3.4``."""
    form = "+.1f" if signed else ".1f"
    low, high = f"{100 * values.min():{form}}", f"{100 * values.max():{form}}"
    return low if low == high else f"{low} to {high}"
