"""Distribution of the delay of a licence, and the cover of a stock against it."""

from __future__ import annotations

import math
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

from toolkit.core.errors import SpecError

NORMAL = NormalDist()
TAIL = 0.9
"""Probability of the quantile that sets the width of the distribution."""
CALENDAR_PER_WORKING_DAY = 7 / 5
"""Public holidays are not counted."""


@dataclass(frozen=True, slots=True)
class LicenceDelay:
    """Days from an application to the delivery it allows, lognormal: never negative, with a long tail of late licences.

    Attributes:
        median: Days that half of the licences take at most.
        tail: Days that nine in ten take at most.
        statutory: Days the authority has to decide, in calendar days; no bound on what happens.
        source: What the figures rest on.
    """

    median: float
    tail: float
    statutory: float
    source: str

    def __post_init__(self) -> None:
        if not 0 < self.median < self.tail or not self.statutory > 0:
            raise SpecError("a licence delay needs 0 < median < tail, and a statutory time above 0.", hint="Check the days.")

    @classmethod
    def of(cls, *, observed: float, tail: float, statutory_working_days: float, source: str) -> LicenceDelay:
        """The delay from two observed quantiles and the statutory time.

        Args:
            observed: Median delay, calendar days.
            tail: Ninth decile of the delay, calendar days.
            statutory_working_days: Time that the law gives the authority, working days.
            source: Where the figures come from.
        """
        return cls(observed, tail, statutory_working_days * CALENDAR_PER_WORKING_DAY, source)

    @property
    def sigma(self) -> float:
        """Standard deviation of the logarithm of the days."""
        return math.log(self.tail / self.median) / NORMAL.inv_cdf(TAIL)

    def quantile(self, probability: float) -> float:
        """Days that a licence takes at most with this probability."""
        return self.median * math.exp(self.sigma * NORMAL.inv_cdf(probability))

    def quantiles(self, probabilities: NDArray[np.float64]) -> NDArray[np.float64]:
        """The same of an array of probabilities."""
        from scipy.special import ndtri  # noqa: PLC0415  # 0.15 s to import

        return self.median * np.exp(self.sigma * ndtri(probabilities))

    def exceeds(self, days: float) -> float:
        """Probability that a licence takes longer than `days`."""
        return 1.0 if days <= 0 else 1.0 - NORMAL.cdf(math.log(days / self.median) / self.sigma)

    def expected_gap(self, days: float) -> float:
        """Expected days without supply for who holds `days` of cover: the mean of ``max(delay - days, 0)``."""
        mean = self.median * math.exp(self.sigma**2 / 2)
        if days <= 0:
            return mean - days
        beyond = -math.log(days / self.median) / self.sigma
        # The difference of two nearly equal numbers: never below zero, whatever the rounding.
        return max(0.0, mean * NORMAL.cdf(beyond + self.sigma) - days * NORMAL.cdf(beyond))


@dataclass(frozen=True, slots=True)
class Cover:
    """Cover of one metal: days that the stored metal lasts, against the delay of a licence.

    Attributes:
        stored: Mass in kg that is stored and safe.
        monthly_use: kg a month, the user's figure; None where no use is given, and then days are None.
        days: Days of cover.
        shortfall: Probability that a licence applied for today takes longer than the cover.
        gap: Expected days without metal.
        asset: Key of the metal.
    """

    asset: str
    stored: float
    monthly_use: float | None
    days: float | None
    shortfall: float | None
    gap: float | None


def cover(asset: str, stored: float, monthly_use: float | None, delay: LicenceDelay) -> Cover:
    """The cover of one metal.

    Args:
        asset: Asset key.
        stored: kg stored and safe.
        monthly_use: kg a month; None where no use is given.
        delay: Distribution of the delay of a licence.

    Raises:
        SpecError: for a use that is not above zero.
    """
    if monthly_use is None:
        return Cover(asset, stored, None, None, None, None)
    if not (monthly_use > 0 and math.isfinite(monthly_use)):
        raise SpecError(
            "the use of {asset} is {monthly_use:,.6g} kg a month.",
            hint="Give a use above 0, or none.",
            asset=asset,
            monthly_use=monthly_use,
        )
    days = stored / (monthly_use * 12 / 365.25)
    return Cover(asset, stored, monthly_use, days, delay.exceeds(days), delay.expected_gap(days))
