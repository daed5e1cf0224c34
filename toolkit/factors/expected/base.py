"""What every forecast of returns ends in."""

from __future__ import annotations

from dataclasses import dataclass

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
