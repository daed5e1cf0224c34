"""Collapse of a customs flow: low months in a row, more than holidays and irregular shipments explain.

The rule is a run test. A month is low below half of the mean of the twelve months before the run. A trade that comes in few
shipments has many low months anyway, so the run must be longer than chance makes likely: were low months independent and as
frequent as in those twelve (Laplace's estimate), a run of that length would come with a probability of at most 5 %.
Chinese New Year falls between 21 January and 20 February, and goods arrive later still: January and February are judged as one,
as Chinese statistics publish them, and count only if they are also low against the same two months a year earlier.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from toolkit.supply.flows import SMALL_BASE, Change, FlowSeries, change, mean

BASE_MONTHS = 12
LOW, SIGNIFICANCE, SHORTEST = 0.5, 0.05, 3
JANUARY, FEBRUARY = 1, 2


@dataclass(frozen=True, slots=True)
class Collapse:
    """A run of low months, longer than chance explains.

    Attributes:
        onset: First low month.
        confirmed: The month whose figure completed the run; before it the rule did not hold.
        last: Last low month.
        running: The run reaches the latest month of the series.
        base: Mean of the twelve months before, kg a month.
        mean: Mean from `onset` to `last`, kg a month.
        months: Low months that count; `needed` of them were needed.
        month_before: The month before the onset over `base`: well above 1 says that shipments were pulled forward.
        needed: Low months that it takes.
    """

    onset: date
    confirmed: date
    last: date
    running: bool
    base: float
    mean: float
    months: int
    needed: int
    month_before: float


def months_needed(base: Sequence[float]) -> int:
    """Low months in a row that chance gives with at most 5 %, three at least: smallest k with p^k <= 0.05.

    p = (low months + 1) / (months + 2) is Laplace's rule of succession, so that a base without a low month gives no p of zero.
    """
    average = sum(base) / len(base)
    low = sum(quantity < LOW * average for quantity in base)
    chance = (low + 1) / (len(base) + 2)
    return max(SHORTEST, math.ceil(math.log(SIGNIFICANCE) / math.log(chance)))


def collapses(series: FlowSeries) -> tuple[Collapse, ...]:
    """Every collapse of a series, oldest first.

    The first twelve months serve as base only. There is none from a small base (a tenth of the mean month of all that came
    before): what has already fallen to a few kg does not collapse again.
    """
    found: list[Collapse] = []
    start = BASE_MONTHS
    while start < len(series.quantities):
        run = _run_from(series, start)
        if run is None:
            start += 1
        else:
            collapse, end = run
            found.append(collapse)
            start = end
    return tuple(found)


def _run_from(series: FlowSeries, start: int) -> tuple[Collapse, int] | None:
    """The collapse whose first low month is at `start` and the position after its run; None when there is none."""
    q, months = series.quantities, series.months
    base = [quantity for quantity in q[start - BASE_MONTHS : start] if quantity is not None]
    history = [quantity for quantity in q[:start] if quantity is not None]
    if len(base) < BASE_MONTHS:
        return None
    level = sum(base) / len(base)
    if level <= SMALL_BASE * sum(history) / len(history):
        return None
    needed = months_needed(base)
    low: list[int] = []
    confirmed: date | None = None
    at = start
    while at < len(q):
        verdict, width = _judged(series, at, level)
        if verdict is None and low:  # holiday months that say neither
            at += width
            continue
        if not verdict:
            break
        low += range(at, at + width)
        at += width
        if confirmed is None and len(low) >= needed:
            confirmed = months[low[-1]]
    if confirmed is None:
        return None
    latest = low[-1]
    inside = mean(q[start : latest + 1])
    before = q[start - 1]
    if inside is None or before is None:  # cannot be: a run holds known months only
        return None
    collapse = Collapse(
        onset=months[start],
        confirmed=confirmed,
        last=months[latest],
        running=at >= len(q),
        base=level,
        mean=inside,
        months=len(low),
        needed=needed,
        month_before=before / level,
    )
    return collapse, latest + 1


def _judged(series: FlowSeries, at: int, level: float) -> tuple[bool | None, int]:
    """Whether the month at `at` is low, and how many months were judged: January takes February with it.

    None: holiday months that are low by level but not against the year before, or whose pair is not complete.
    """
    q, month = series.quantities, series.months[at].month
    if month == FEBRUARY:
        return None, 1  # without its January it cannot be judged
    if month != JANUARY:
        quantity = q[at]
        return (quantity is not None and quantity < LOW * level), 1
    if at + 1 == len(q):
        return (None if q[at] is not None else False), 1
    pair = q[at : at + 2]
    present, earlier = mean(pair), mean(q[at - 12 : at - 10])
    if present is None or present >= LOW * level:
        return False, 2
    return (True if earlier is not None and present < LOW * earlier else None), 2


@dataclass(frozen=True, slots=True)
class FlowAround:
    """A flow before and after a day on which a measure came into force, and the collapse at it, if any.

    Attributes:
        base: Mean of the twelve months before the month of `day`, kg a month.
        after: Mean of that month and the two that follow, kg a month.
        change: From `base` to `after`.
        collapse: The collapse that begins in those three months; None when the rule finds none.
        day: On which the measure came into force.
    """

    day: date
    base: float | None
    after: float | None
    change: Change
    collapse: Collapse | None


def flow_around(series: FlowSeries, day: date, found: Sequence[Collapse]) -> FlowAround | None:
    """The flow around `day`; None when the series does not have twelve months before it and three from it on.

    Args:
        series: The flow.
        day: First day of a measure, for instance.
        found: The collapses of `series`.
    """
    at = next((i for i, month in enumerate(series.months) if month >= day), len(series.months))
    if at < BASE_MONTHS or at + SHORTEST > len(series.months):
        return None
    base, after = mean(series.quantities[at - BASE_MONTHS : at]), mean(series.quantities[at : at + SHORTEST])
    onsets = series.months[at : at + SHORTEST]
    return FlowAround(
        day=day,
        base=base,
        after=after,
        change=change(after, base, series.mean),
        collapse=next((collapse for collapse in found if collapse.onset in onsets), None),
    )
