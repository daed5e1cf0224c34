"""Monthly prices as an event study reads them: levels over a few months, with their errors."""

from __future__ import annotations

import math
import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

import polars as pl

from toolkit.core.calendar import month_end, month_number

NOISY = "customs_unit_value"
SMOOTHING = 3
"""Months in the level of a noisy basis."""
LEAST_OBSERVATIONS = 5
"""Prints from which the noise of a series is estimated."""


@dataclass(frozen=True, slots=True)
class Level:
    """A price level.

    Attributes:
        price: Quantity-weighted mean of the prints.
        error: Its standard error in log points: zero for a basis without noise, infinite where unknown.
        prints: Months behind it.
    """

    price: float
    error: float
    prints: int


@dataclass(frozen=True, slots=True)
class MonthlySeries:
    """One series of prices at the ends of months.

    Attributes:
        basis: Of every print.
        prints: Month as (year * 12 + month - 1) -> price and quantity.
        noise: Variance of the log price of one print times its quantity; NaN where there are too few prints, 0 without noise.
    """

    basis: str
    prints: Mapping[int, tuple[float, float]]
    noise: float

    @property
    def noisy(self) -> bool:
        """Whether a print is the mean of a month's parcels, and not a price."""
        return self.basis == NOISY

    @classmethod
    def of(cls, basis: str, prints: Mapping[int, tuple[float, float]]) -> MonthlySeries:
        """The series of these prints.

        The noise is read from how far a print lies from the mean of its two neighbours, which has the variance 1.5 noise for
        equal quantities and takes slow changes of the level for what they are. The median, so that single odd parcels do
        not decide (0.455 is the median of chi-square with one degree of freedom).
        """
        if basis != NOISY:
            return cls(basis, prints, 0.0)
        scores: list[float] = []
        for month, (price, quantity) in prints.items():
            sides = [prints.get(month + step) for step in (-1, 1)]
            if quantity > 0 and all(side is not None and side[1] > 0 for side in sides):
                gap = math.log(price) - statistics.fmean(math.log(side[0]) for side in sides if side)
                scores.append(gap**2 / (1.0 / quantity + sum(0.25 / side[1] for side in sides if side)))
        return cls(basis, prints, statistics.median(scores) / 0.455 if len(scores) >= LEAST_OBSERVATIONS else math.nan)

    def level(self, months: Sequence[int]) -> Level | None:
        """The level over `months` where noisy, the price of the last month otherwise; None without any print.

        The error is the larger of two: what the noise of the series leaves in a mean of such quantities, and what the spread
        of these very prints says (weighted, with the effective number of Kish 1965 less one).
        """
        found = [self.prints[m] for m in (months if self.noisy else months[-1:]) if m in self.prints]
        if not found:
            return None
        total = sum(quantity for _, quantity in found)
        if not self.noisy or total <= 0:
            price = sum(price for price, _ in found) / len(found)
            return Level(price, math.inf if self.noisy else 0.0, len(found))
        price = sum(price * quantity for price, quantity in found) / total
        weights = [quantity / total for _, quantity in found]
        mean = sum(w * math.log(p) for w, (p, _) in zip(weights, found, strict=True))
        spread = sum(w * (math.log(p) - mean) ** 2 for w, (p, _) in zip(weights, found, strict=True))
        spare = 1.0 / sum(w * w for w in weights) - 1.0
        # With less than half a spare print the spread is meaningless: the noise of the series decides.
        seen = spread / spare if spare >= 0.5 else 0.0
        known = self.noise / total
        return Level(price, math.inf if math.isnan(known) and not seen else math.sqrt(max(known, seen)), len(found))


def monthly(prices: pl.DataFrame) -> Mapping[str, MonthlySeries]:
    """The prices at the ends of months, by asset."""
    bases = dict(prices.select("asset", "basis").iter_rows())
    bases.update(dict.fromkeys(prices.filter(pl.col("basis") == NOISY)["asset"], NOISY))
    prints: dict[str, dict[int, tuple[float, float]]] = {}
    for asset, day, price, quantity in prices.select("asset", "date", "price", "quantity").iter_rows():
        if price is not None and day == month_end(number := month_number(day)):
            prints.setdefault(asset, {})[number] = (price, quantity or 0.0)
    return MappingProxyType({asset: MonthlySeries.of(bases[asset], own) for asset, own in prints.items()})


def window(event_month: int, shift: int) -> range:
    """Months of the level `shift` months from `event_month`, on its side of it; none for the month of the event itself."""
    if shift == 0:
        return range(0)
    first = shift - SMOOTHING + 1
    return range(event_month + (first if shift < 0 else max(1, first)), event_month + shift + 1)
