"""Conventions, written once.

Simple returns as fractions. Losses are positive. Volatility is annual unless a name says otherwise. Weights sum to 1
with cash explicit. Prices are per stated unit; mass is kg inside. HHI is 0..1 inside.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import date
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from toolkit.core.errors import DataError

AmountT = TypeVar("AmountT", float, NDArray[np.float64])

DAYS_PER_YEAR = 365.25
SIGNIFICANT_DIGITS = 12
"""Every number that leaves the toolkit as JSON is rounded to this many digits: the same inputs give the same bytes."""
_FORMAT, _LARGE = f"%.{SIGNIFICANT_DIGITS}g", 10.0 ** (SIGNIFICANT_DIGITS - 2)

KG_PER_UNIT = {
    "kg": 1.0,
    "g": 1e-3,
    "t": 1e3,
    "lb": 0.45359237,
    "ozt": 0.0311034768,  # troy ounce
}
"""Mass units that are understood on input."""

FREQUENCIES = ((252.0, 200.0, 400.0), (52.0, 45.0, 60.0), (12.0, 10.0, 13.5), (4.0, 3.5, 4.6), (1.0, 0.8, 1.3))
"""(periods a year, lowest and highest observations per year that are read as this frequency)."""
FREQUENCY_NAMES = {252.0: "daily", 52.0: "weekly", 12.0: "monthly", 4.0: "quarterly", 1.0: "annual"}
MOST_WEEKDAYS = 275.0
"""Observations a year above which days are more than weekdays (at most 262) and count as they are: 365.25 of every day."""


def periods_per_year(dates: Sequence[date]) -> float:
    """Observations a year, inferred from the dates themselves, never assumed.

    A count inside the range of a known frequency (daily, weekly, monthly, quarterly, annual) is that frequency; anything
    else, days with weekends among them, is returned as counted. Needs two distinct dates.
    """
    return periods_of_days(np.unique(np.array([day.toordinal() for day in dates])))


def periods_of_days(days: NDArray[np.integer]) -> float:
    """The same of ascending distinct days, numbered from any origin."""
    if len(days) < 2:
        raise DataError("one date has no frequency: periods per year cannot be inferred.", hint="Give at least two dates.")
    # The median gap resists holes in a series that a mean gap would read as a lower frequency.
    gap = float(np.median(np.diff(days)))
    observed = DAYS_PER_YEAR / gap
    if gap <= 1.5:  # every calendar day or every business day: count them
        observed = (len(days) - 1) * DAYS_PER_YEAR / int(days[-1] - days[0])
        if observed > MOST_WEEKDAYS:
            return observed
    for periods, low, high in FREQUENCIES:
        if low <= observed <= high:
            return periods
    return observed


def significant(value: float) -> float | None:
    """`value` rounded to `SIGNIFICANT_DIGITS`, large ones to no less than hundredths: amounts of money keep their cents.

    None for NaN and infinities, which JSON does not have; never -0.0.
    """
    if -_LARGE < value < _LARGE:
        return float(_FORMAT % value) if value else 0.0
    return round(value, 2) if math.isfinite(value) else None


def cents(amounts: AmountT) -> AmountT:
    """Money, one amount or an array of them, rounded to hundredths, ties away from zero as a person would round a bill."""
    if type(amounts) is float and math.isfinite(amounts):  # a call of numpy costs ten times as much
        return math.copysign(math.floor(abs(amounts) * 100 + (0.5 + 1e-9)) / 100, amounts) + 0.0  # pyright: ignore[reportReturnType]
    rounded: Any = np.copysign(np.floor(np.abs(amounts) * 100 + (0.5 + 1e-9)) / 100, amounts)
    return rounded + 0.0
