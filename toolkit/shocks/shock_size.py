"""Size of a supply shock for each metal: the response of its price to the loss that past controls brought."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from toolkit.core.messages import Message, message
from toolkit.shocks.elasticity import Elasticity, price_band
from toolkit.shocks.event_study import MONTHS
from toolkit.shocks.price_response import LARGEST_LOSS, OBSERVED, ResponseCase

LEAST_CASES = 5
"""Cases, from at least two notices, that the size of a lifting needs to rest on prices: a convention."""
POSTERIOR, ASSUMPTION = "posterior", "assumption"


@dataclass(frozen=True, slots=True)
class ShockCase:
    """One event and one series: the benchmark-adjusted change some months after its announcement."""

    event_id: str
    asset: str
    day: date
    change: float
    months: int


@dataclass(frozen=True, slots=True)
class Size:
    """Change of the price of one asset within a year of a shock, benchmark-adjusted.

    Attributes:
        change: Simple change that the prior uses: the median.
        low, high: Ends of its 90 % band; of observed liftings their range.
        basis: ``posterior``, ``observed`` or ``assumption``.
        words: Where it comes from.
    """

    asset: str
    change: float
    low: float
    high: float
    basis: str
    words: Message


def typical_fall(cases: Sequence[ResponseCase]) -> float | None:
    """Median fall of imports after past controls, 0..1; None without a case."""
    falls = [case.fall for case in cases if case.kind == OBSERVED and case.fall is not None]
    return statistics.median(falls) if falls else None


def sizes_of(shares: Mapping[str, float], fall: float, elasticity: Callable[[str], Elasticity]) -> dict[str, Size]:
    """The band of each price at the loss of a typical control, as `toolkit shock` gives it.

    Args:
        shares: Asset -> fraction of world supply that comes from the country.
        fall: Of its exports under a control, 0..1 (`typical_fall`).
        elasticity: Asset -> elasticities of the 90 % band and the median.
    """
    sizes: dict[str, Size] = {}
    for asset, share in shares.items():
        band = price_band(min(share * fall, LARGEST_LOSS), elasticity(asset))
        low, change, high = (multiple - 1.0 for multiple in band.multiples)
        words = message(
            "{change:+.0%} ({low:+.0%} to {high:+.0%} at a loss of {loss:.0%})",
            change=change,
            low=low,
            high=high,
            loss=band.loss,
        )
        sizes[asset] = Size(asset, change, low, high, POSTERIOR, words)
    return sizes


def lifted_sizes(up: Mapping[str, Size], last: Sequence[ShockCase]) -> dict[str, Size]:
    """Sizes of a lifting: the median of past ones where there are enough, else the fall back to the price before."""
    year = [case.change for case in last if case.months == MONTHS]
    notices = len({case.event_id for case in last if case.months == MONTHS})
    if len(year) >= LEAST_CASES and notices >= 2:
        middle = statistics.median(year)
        words = message(
            "{change:+.0%} (the median of {count} liftings after {months} months, benchmark-adjusted)",
            change=middle,
            count=len(year),
            months=MONTHS,
        )
        return {key: Size(key, middle, min(year), max(year), OBSERVED, words) for key in up}
    sizes: dict[str, Size] = {}
    for key, size in up.items():
        fall, low, high = (1.0 / (1.0 + rise) - 1.0 for rise in (size.change, size.high, size.low))
        words = message("{fall:+.0%} (assumption: {rise:+.0%} is given back)", fall=fall, rise=size.change)
        sizes[key] = Size(key, fall, low, high, ASSUMPTION, words)
    return sizes
