"""How large a supply shock is for each metal, from what prices did in the year after past controls."""

from __future__ import annotations

import math
import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from toolkit.core.messages import Message, message
from toolkit.shocks.event_study import MONTHS

ENOUGH = 5
"""Cases, from at least two notices, that the size of a lifting needs to rest on prices: a convention."""
OBSERVED, ASSUMPTION = "observed", "assumption"


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
    """What a shock does to the price of one asset within a year, benchmark-adjusted.

    Attributes:
        change: Simple change that the prior uses.
        n, median, low, high: Cases behind it, their median and range: of the asset itself where it has any, else of all.
        weight: How far `change` follows the asset's own cases, 0..1; the rest is the median of all cases.
        basis: ``observed`` or ``assumption``.
        words: Where it comes from.
    """

    asset: str
    change: float
    n: int
    median: float | None
    low: float | None
    high: float | None
    weight: float
    basis: str
    words: Message


def sizes_of(cases: Sequence[ShockCase], metals: Sequence[str]) -> dict[str, Size]:
    """Own cases weighed against the median of all, on the log scale.

    The weight is the credibility n / (n + within / between) of Buehlmann (1967), with the moment estimators of one-way
    analysis of variance: one or two cases of a metal say more about it the more metals differ beyond their own cases.
    """
    if not cases:
        return {}
    changes = [case.change for case in cases]
    middle = statistics.median(changes)
    own: dict[str, list[float]] = {}
    for case in cases:
        own.setdefault(case.asset, []).append(case.change)
    ratio = _within_over_between([[math.log1p(change) for change in group] for group in own.values()])
    sizes: dict[str, Size] = {}
    for asset in metals:
        group = own.get(asset, [])
        weight = len(group) / (len(group) + ratio)
        mean = statistics.fmean(math.log1p(change) for change in group) if group else 0.0
        change = math.expm1(weight * mean + (1.0 - weight) * math.log1p(middle))
        words = message("{change:+.0%} (no case of its own: the median)", change=change)
        if group:
            told = [message("{change:+.0%}", change=value) for value in group]
            words = message("{change:+.0%} (own {cases: and }, weight {weight:.2f})", change=change, cases=told, weight=weight)
        basis = group or changes
        sizes[asset] = Size(
            asset, change, len(basis), statistics.median(basis), min(basis), max(basis), weight, OBSERVED, words
        )
    return sizes


def _within_over_between(groups: Sequence[Sequence[float]]) -> float:
    """Variance within metals over the variance between them; infinite where nothing tells them apart."""
    total, count = sum(len(group) for group in groups), len(groups)
    if count < 2 or total <= count:
        return math.inf
    means = [statistics.fmean(group) for group in groups]
    centre = sum(len(group) * mean for group, mean in zip(groups, means, strict=True)) / total
    within = sum((value - mean) ** 2 for group, mean in zip(groups, means, strict=True) for value in group) / (total - count)
    spread = sum(len(group) * (mean - centre) ** 2 for group, mean in zip(groups, means, strict=True)) / (count - 1)
    typical = (total - sum(len(group) ** 2 for group in groups) / total) / (count - 1)
    between = (spread - within) / typical
    return within / between if between > 0 else math.inf


def lifted_sizes(up: Mapping[str, Size], last: Sequence[ShockCase]) -> dict[str, Size]:
    """What a lifting does: the median of past ones where there are enough, else the fall back to the price before."""
    year = [case.change for case in last if case.months == MONTHS]
    notices = len({case.event_id for case in last if case.months == MONTHS})
    if len(year) >= ENOUGH and notices >= 2:
        middle = statistics.median(year)
        words = message(
            "{change:+.0%} (the median of {count} liftings after {months} months, benchmark-adjusted)",
            change=middle,
            count=len(year),
            months=MONTHS,
        )
        return {key: Size(key, middle, len(year), middle, min(year), max(year), 0.0, OBSERVED, words) for key in up}
    seen = [case.change for case in last]
    low, high = min(seen, default=None), max(seen, default=None)
    middle = statistics.median(seen) if seen else None
    sizes: dict[str, Size] = {}
    for key, size in up.items():
        fall = 1.0 / (1.0 + size.change) - 1.0
        words = message("{fall:+.0%} (assumption: {rise:+.0%} is given back)", fall=fall, rise=size.change)
        sizes[key] = Size(key, fall, len(last), middle, low, high, 0.0, ASSUMPTION, words)
    return sizes
