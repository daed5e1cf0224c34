"""The path of a price around an event, indexed to 100 before it: the chart of an event study."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from toolkit.core.calendar import month_end, month_number
from toolkit.shocks.event_study import LARGEST_LEVEL_ERROR
from toolkit.shocks.monthly_series import MonthlySeries, window
from toolkit.supply.flows import SMALL_BASE

FIRST_MONTH, LAST_MONTH = -6, 12
"""First and last month of a path, counted from the month of the event."""


@dataclass(frozen=True, slots=True)
class PathMonth:
    """A month of a path; figures are indices, 100 for the level before the event.

    Attributes:
        shift: Months from that of the event.
        month: Its last day.
        printed: The price as printed; None where there is none.
        level: As the event study takes it: weighted over up to three months where noisy, never across the event. None in the
            month of the event itself, which belongs to neither side.
        benchmark: Geometric mean of the benchmark, 100 in the month before the event.
        scarce: The level rests on a quantity that is small for this series (`is_scarce`).
    """

    shift: int
    month: date
    printed: float | None
    level: float | None
    benchmark: float | None
    scarce: bool


def price_path(
    series: Mapping[str, MonthlySeries], asset: str, day: date, *, benchmark: Sequence[str]
) -> tuple[PathMonth, ...]:
    """The path of one price around `day`, from six months before to twelve after; () without a level before the event.

    Nor is there a path from a level that is too thin: every index of it would carry the error of the base.

    Args:
        series: From `toolkit.shocks.monthly_series.monthly`: what is known.
        asset: Whose price.
        day: Day zero.
        benchmark: Uncontrolled metals; one that is `asset` itself is left out.
    """
    own, event_month = series.get(asset), month_number(day)
    base = own.level(window(event_month, -1)) if own else None
    if own is None or base is None or base.error > LARGEST_LEVEL_ERROR:
        return ()
    others = [series[name].prints for name in benchmark if name in series and name != asset]
    path: list[PathMonth] = []
    for shift in range(FIRST_MONTH, LAST_MONTH + 1):
        at = event_month + shift
        found = own.prints.get(at)
        months = window(event_month, shift)
        level = own.level(months) if found and months else None
        logs = [
            math.log(prints[at][0] / prints[event_month - 1][0])
            for prints in others
            if at in prints and event_month - 1 in prints
        ]
        path.append(
            PathMonth(
                shift=shift,
                month=month_end(at),
                printed=None if found is None else 100.0 * found[0] / base.price,
                level=None if level is None else 100.0 * level.price / base.price,
                benchmark=100.0 * math.exp(sum(logs) / len(logs)) if logs else None,
                scarce=level is not None and is_scarce(own, months),
            )
        )
    return tuple(path)


def is_scarce(series: MonthlySeries, months: Sequence[int]) -> bool:
    """Whether a noisy level rests on less than a tenth of the mean quantity a month: one odd parcel may have made it."""
    if not series.noisy:
        return False
    usual = sum(quantity for _, quantity in series.prints.values()) / len(series.prints)
    found = [series.prints[month][1] for month in months if month in series.prints]
    return bool(found) and sum(found) / len(found) < SMALL_BASE * usual
