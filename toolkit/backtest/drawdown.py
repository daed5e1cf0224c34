"""Falls of wealth from a peak."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np

from toolkit.core.forecast import FloatArray


@dataclass(frozen=True, slots=True)
class Drawdown:
    """A fall from a peak.

    Attributes:
        depth: Fraction of the peak, positive.
        peak, trough: Days.
        longest: The longest time below an earlier peak, whichever it was: from the day of that peak to the first on which it
            was reached again, or to the last day of all.
    """

    depth: float
    peak: date
    trough: date
    longest: tuple[date, date]

    @property
    def under_water(self) -> int:
        """Days of the longest time below an earlier peak."""
        return (self.longest[1] - self.longest[0]).days


def drawdown(dates: Sequence[date], wealth: FloatArray) -> Drawdown:
    """The deepest fall from a peak, and the longest time below one.

    Args:
        dates: T days.
        wealth: (T,).
    """
    peaks = np.maximum.accumulate(wealth)
    depths = 1.0 - wealth / peaks
    trough = int(np.argmax(depths))
    peak = int(np.argmax(wealth[: trough + 1]))
    longest, since, below = (dates[0], dates[0]), dates[0], False
    for day, depth in zip(dates, depths, strict=True):
        if below or depth > 0:
            longest = max(longest, (since, day), key=lambda span: span[1] - span[0])
        below = bool(depth > 0)
        since = since if below else day
    return Drawdown(float(depths[trough]), dates[peak], dates[trough], longest)
