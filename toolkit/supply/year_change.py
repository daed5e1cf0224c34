"""The benchmark-adjusted change of a price in the year after a day, many at once.

The same figure as `toolkit.supply.event_study.reactions` at its last horizon (a test holds them together), from an index of
months in place of a filter for every level: a default prior reads dozens of them in one proposal.
"""

from __future__ import annotations

import calendar
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from types import MappingProxyType

import polars as pl

from toolkit.supply.event_study import HORIZONS, NOISY, SMOOTHING

MONTHS = HORIZONS[-1]


@dataclass(frozen=True, slots=True)
class MonthlySeries:
    """One series: month as (year * 12 + month - 1) -> price and quantity; `noisy` for customs unit values."""

    noisy: bool
    prints: Mapping[int, tuple[float, float]]

    def level(self, months: Sequence[int]) -> float | None:
        """Quantity-weighted mean over `months` where noisy, that of the last month otherwise; None without any."""
        found = [self.prints[m] for m in (months if self.noisy else months[-1:]) if m in self.prints]
        if not found:
            return None
        total = sum(quantity for _, quantity in found)
        if self.noisy and total > 0:
            return sum(price * quantity for price, quantity in found) / total
        return sum(price for price, _ in found) / len(found)


def monthly(prices: pl.DataFrame) -> Mapping[str, MonthlySeries]:
    """The prices at the ends of months, by asset."""
    noisy = set(prices.filter(pl.col("basis") == NOISY)["asset"])
    prints: dict[str, dict[int, tuple[float, float]]] = {}
    for asset, day, price, quantity in prices.select("asset", "date", "price", "quantity").iter_rows():
        if price is not None and day.day == calendar.monthrange(day.year, day.month)[1]:
            prints.setdefault(asset, {})[day.year * 12 + day.month - 1] = (price, quantity or 0.0)
    return MappingProxyType({asset: MonthlySeries(asset in noisy, own) for asset, own in prints.items()})


def year_change(
    series: Mapping[str, MonthlySeries], asset: str, day: date, *, benchmark: Sequence[str], months: int = MONTHS
) -> float | None:
    """``(1 + change) / (1 + benchmark) - 1`` over the months after the month of `day`; None where a month is missing.

    Args:
        series: From `monthly`.
        asset: Whose price.
        day: Day zero; its own month is in neither level.
        benchmark: Uncontrolled metals; one that is `asset` itself is left out.
        months: After which the price is looked at.
    """
    own, zero = series.get(asset), day.year * 12 + day.month - 1
    after = zero + months
    if own is None or after not in own.prints:
        return None
    start = own.level(range(zero - SMOOTHING, zero))
    end = own.level(range(max(zero + 1, after - SMOOTHING + 1), after + 1))
    others = [series[name].prints for name in benchmark if name in series and name != asset]
    logs = [math.log(p[after][0] / p[zero - 1][0]) for p in others if after in p and zero - 1 in p]
    if start is None or end is None or not logs:
        return None
    return end / start / math.exp(sum(logs) / len(logs)) - 1.0
