"""Monthly customs flows of one tariff code: series by partner, recent change, share of one supplier, diversion.

Masses are kg a month. A month that a source does not have is None, never zero; a zero that a source implies without printing it
(`basis` ``inferred_zero``: customs offices list a partner only where there was trade) is a zero and is counted as inferred.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import groupby
from operator import itemgetter
from typing import Any

import polars as pl

from toolkit.core.calendar import month_end, month_number
from toolkit.core.errors import GapError
from toolkit.core.grouping import by_key

WORLD = "WLD"
"""All partners of the reporter together, as its customs office publishes them."""

ALL_LISTED = "all listed"
"""The sum of the partners that a file lists, where it has no row for the world."""

INFERRED_ZERO = "inferred_zero"
SMALL_BASE = 0.1
"""A base below this fraction of the series' own mean month gives no percentage: a change from 3 kg says nothing."""


@dataclass(frozen=True, slots=True)
class FlowSeries:
    """One flow, month by month without a hole: a month that is not known is None.

    Attributes:
        asset: Asset key; None for a code that no followed metal has to itself.
        reporter: ISO-3 code of the country whose customs office counted; None when the file does not say.
        partner: ISO-3 code or the name in the file; `WORLD` and `ALL_LISTED` are sums.
        direction: ``import``, ``export``, or None when the file does not say.
        months: Last day of each month.
        quantities: kg.
        inferred: Months whose zero is inferred.
    """

    asset: str | None
    hs_code: str
    reporter: str | None
    partner: str
    direction: str | None
    months: tuple[date, ...]
    quantities: tuple[float | None, ...]
    inferred: tuple[date, ...]
    source: str

    def tail(self, months: int) -> tuple[float | None, ...]:
        """The last `months` quantities, the latest last; fewer where the series is shorter."""
        return self.quantities[-months:]

    @property
    def mean(self) -> float | None:
        """Mean of the known months, kg; None when none is known."""
        return mean(tuple(q for q in self.quantities if q is not None))


def mean(quantities: Sequence[float | None]) -> float | None:
    """Mean, or None when a month is missing or there is none."""
    known = [q for q in quantities if q is not None]
    return sum(known) / len(known) if known and len(known) == len(quantities) else None


def flow_series(flows: pl.DataFrame) -> tuple[FlowSeries, ...]:
    """Every series of a table of flows, by code and then by partner, sums first.

    Args:
        flows: Columns of `toolkit.core.frames.TradeFlows`; as in `toolkit.market.readers.flows.CustomsFlows`, asset, reporter,
            direction and quantity may be null. Dates are month ends.

    Returns:
        One series a (code, reporter, direction, partner), from the first to the last month of its code. Where the table has no
        ``WLD`` row, the sum over partners is added; it is None in a month in which the mass of any partner is not known.
    """
    keys = ["hs_code", "reporter", "direction"]
    found: list[FlowSeries] = []
    ordered = flows.sort([*keys, "date", "partner"], nulls_last=True).iter_rows(named=True)
    for _, of_code in groupby(ordered, key=itemgetter(*keys)):
        rows = list(of_code)
        months = range(month_number(rows[0]["date"]), month_number(rows[-1]["date"]) + 1)
        partners = by_key((row["partner"], row) for row in rows)
        if WORLD not in partners:
            partners[ALL_LISTED] = [_total(list(of_day)) for _, of_day in groupby(rows, key=itemgetter("date"))]
        names = sorted(partners, key=lambda name: (name not in (WORLD, ALL_LISTED), name))
        found += [_series(name, partners[name], [month_end(number) for number in months]) for name in names]
    return tuple(found)


def _total(rows: list[dict[str, Any]]) -> dict[str, Any]:
    """The sum over partners of the rows of a month; None where a mass is not known."""
    quantities = [row["quantity"] for row in rows]
    return {**rows[0], "quantity": None if None in quantities else sum(quantities), "basis": "reported"}


def _series(partner: str, rows: list[dict[str, Any]], months: list[date]) -> FlowSeries:
    first, by_month = rows[0], {row["date"]: row for row in rows}
    known = [by_month[month]["quantity"] if month in by_month else None for month in months]
    return FlowSeries(
        asset=first["asset"],
        hs_code=first["hs_code"],
        reporter=first["reporter"],
        partner=partner,
        direction=first["direction"],
        months=tuple(months),
        quantities=tuple(None if quantity is None else float(quantity) for quantity in known),
        inferred=tuple(month for month in months if month in by_month and by_month[month]["basis"] == INFERRED_ZERO),
        source=", ".join(sorted({row["source"] for row in rows})),
    )


@dataclass(frozen=True, slots=True)
class Change:
    """A change as a fraction, or the reason why none is given.

    Attributes:
        value: Present over base minus one; None with a `reason`.
        base: kg; None when the month is not known.
        reason: ``small base``, ``missing`` or empty.
    """

    value: float | None
    base: float | None
    reason: str


def change(present: float | None, base: float | None, usual: float | None) -> Change:
    """``present / base - 1``; no value from a base below `SMALL_BASE` of the usual month.

    Args:
        present: kg; None where not known.
        base: kg, of the period compared with; None where not known.
        usual: Mean month of the series, kg; None where not known.
    """
    if present is None or base is None or usual is None:
        return Change(None, base, "missing")
    if base <= 0 or base < SMALL_BASE * usual:
        return Change(None, base, "small base")
    return Change(present / base - 1, base, "")


@dataclass(frozen=True, slots=True)
class FlowSummary:
    """The latest month of a series, against the months before it.

    Attributes:
        latest: kg in `month`.
        on_month, on_year: Change on the month before and on the same month a year before.
        three_months: Mean of the latest three months, kg a month.
        twelve_months: Mean of the latest twelve, the three among them.
        three_on_twelve: Change of the first against the second.
        zeros_running: Months at zero in a row up to the latest.
        zeros_in_twelve: Months at zero among the latest twelve, `inferred_in_twelve` of them inferred.
        missing_in_twelve: Months not known among the latest twelve.
        share: Of this partner in the reporter's flow over the latest twelve months, fraction; None where a month is not known.
    """

    series: FlowSeries
    month: date
    latest: float | None
    on_month: Change
    on_year: Change
    three_months: float | None
    twelve_months: float | None
    three_on_twelve: Change
    zeros_running: int
    zeros_in_twelve: int
    inferred_in_twelve: int
    missing_in_twelve: int
    share: float | None


def summarise(series: FlowSeries, total: FlowSeries | None = None) -> FlowSummary:
    """The latest month of `series` against its past, and its share of `total` (the same code, all partners)."""
    q, n = series.quantities, len(series.quantities)
    usual = series.mean
    year = series.tail(12)
    three = mean(series.tail(3)) if n >= 3 else None
    twelve = mean(year) if n >= 12 else None
    whole = mean(total.tail(12)) if total is not None and len(total.quantities) >= 12 else None
    running = next((i for i, quantity in enumerate(reversed(q)) if quantity != 0), n)
    return FlowSummary(
        series=series,
        month=series.months[-1],
        latest=q[-1],
        on_month=change(q[-1], q[-2] if n > 1 else None, usual),
        on_year=change(q[-1], q[-13] if n > 12 else None, usual),
        three_months=three,
        twelve_months=twelve,
        three_on_twelve=change(three, twelve, usual),
        zeros_running=running,
        zeros_in_twelve=sum(quantity == 0 for quantity in year),
        inferred_in_twelve=sum(month in series.inferred for month in series.months[-12:]),
        missing_in_twelve=sum(quantity is None for quantity in year),
        share=twelve / whole if twelve is not None and whole else None,
    )


DIVERSION_FALL, DIVERSION_OFFSET = 0.5, 0.25
"""Fall of a year with one partner, and rise with others over what was lost, from which re-routing is possible."""


@dataclass(frozen=True, slots=True)
class Diversion:
    """One partner against the others: twelve months against the twelve before, kg a month.

    Attributes:
        origin: The partner whose flow is watched.
        before, after: Means of its flow.
        others_before, others_after: Means of the flow with all others.
        offset: Rise of the others over the fall of the origin; None when the origin did not fall.
        suspected: Whether it fell by `DIVERSION_FALL` and they rose by `DIVERSION_OFFSET`, or more.
        risers: The partners whose flow rose most, with the rise in kg a month; empty where the source names no others.
    """

    origin: str
    before: float
    after: float
    others_before: float
    others_after: float
    offset: float | None
    suspected: bool
    risers: tuple[tuple[str, float], ...]


def diversion(origin: FlowSeries, total: FlowSeries, partners: Collection[FlowSeries] = ()) -> Diversion:
    """The flow with one partner against that with all others: whether a fall of the one is offset by a rise of the others.

    Args:
        origin: The flow with the partner that is watched.
        total: The flow with all partners, of the same months.
        partners: Other partners, for the names of those that rise.

    Raises:
        GapError: when two whole years are not known.
    """

    def means(quantities: tuple[float | None, ...]) -> tuple[float, float]:
        before, after = mean(quantities[-24:-12]), mean(quantities[-12:])
        if len(quantities) < 24 or before is None or after is None:
            raise GapError(
                "no two whole years of HS {hs_code} with {partner}.",
                hint="Bring a longer series.",
                hs_code=origin.hs_code,
                partner=origin.partner,
            )
        return before, after

    before, after = means(origin.quantities)
    total_before, total_after = means(total.quantities)
    others_before, others_after = total_before - before, total_after - after
    fall, rise = before - after, others_after - others_before
    risers = []
    for other in partners:
        was, now = mean(other.quantities[-24:-12]), mean(other.quantities[-12:])
        if other.partner != origin.partner and was is not None and now is not None and now > was:
            risers.append((other.partner, now - was))
    return Diversion(
        origin=origin.partner,
        before=before,
        after=after,
        others_before=others_before,
        others_after=others_after,
        offset=rise / fall if fall > 0 else None,
        suspected=before > 0 and fall >= DIVERSION_FALL * before and rise >= DIVERSION_OFFSET * fall,
        risers=tuple(sorted(risers, key=lambda riser: (-riser[1], riser[0]))[:3]),
    )
