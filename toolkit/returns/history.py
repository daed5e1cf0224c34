"""Price series before alignment on a calendar: frequency, span, and annual prices."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import date
from typing import NamedTuple

import numpy as np
import polars as pl
from numpy.typing import NDArray

from toolkit.core.assets import Universe
from toolkit.core.forecast import FloatArray, read_only_arrays
from toolkit.core.units import DAYS_PER_YEAR, FREQUENCIES, FREQUENCY_NAMES
from toolkit.market.price_series import PriceSeries, date_of

ANNUAL_AVERAGE = "annual_average"
"""Basis of a price that is the mean of a year; any other annual price is one of the year's end."""
MONTHLY_AVERAGE = "monthly_average"
"""Basis of a price that is the mean of a month."""
DAY_BY_DAY, WEEKLY, QUARTERLY, ANNUAL, IRREGULAR = "daily", "weekly", "quarterly", "annual", "irregular"
ENDED_DAYS = 62
"""A daily series that has no price for longer while others go on has ended; of months thrice that: customs come late."""
EXCEPTIONS = 0.1
"""Part of the gaps of a series, the shortest, that do not tell its frequency."""


class History(NamedTuple):
    """Frequency and span of a series before alignment.

    Attributes:
        frequency: ``daily``, ``weekly``, ``monthly``, ``quarterly``, ``annual`` or ``irregular``.
        first, last: Dates of the first and last price.
        observations: Number of prices.
    """

    asset: str
    frequency: str
    first: date
    last: date
    observations: int


@dataclass(frozen=True, slots=True)
class AnnualPrices:
    """Prices of m years, ascending, of an asset that has no others.

    Attributes:
        years: (m,) calendar years; not all need be there.
        prices: (m,) in the currency of quotation.
        averaged: Whether a price is the mean of its year rather than one of its end.
    """

    asset: str
    years: tuple[int, ...]
    prices: FloatArray
    averaged: bool

    def __post_init__(self) -> None:
        read_only_arrays(self)

    @classmethod
    def of(cls, series: PriceSeries, asset: str) -> AnnualPrices:
        """The last price of each year of a series."""
        at = series.place[asset]
        last = dict(zip((series.months(at) // 12).tolist(), series.prices(at).tolist(), strict=True))
        return cls(asset, tuple(last), np.array([*last.values()]), series.bases[at] == ANNUAL_AVERAGE)

    @property
    def changes(self) -> int:
        """Number of changes between consecutive years."""
        return int((np.diff(self.years) == 1).sum())


def frequency(dates: list[date]) -> str:
    """Frequency of ascending distinct dates, by the shortest gap that is no exception (the lowest tenth).

    Holes do not hide it: of a daily series with four fifths of its days missing, a sixth of the gaps are still one day.
    """
    return _frequency(np.array([day.toordinal() for day in dates]))


def _frequency(days: NDArray[np.integer]) -> str:
    """That of ascending distinct days, numbered from any origin."""
    if len(days) < 2:
        return IRREGULAR
    gaps = np.diff(days)
    gap = float(np.partition(gaps, rank := math.ceil((len(gaps) - 1) * EXCEPTIONS))[rank])
    if gap <= 1.5:
        return DAY_BY_DAY
    observed = DAYS_PER_YEAR / gap
    return next((FREQUENCY_NAMES[periods] for periods, low, high in FREQUENCIES if low <= observed <= high), IRREGULAR)


def histories_of(series: PriceSeries) -> dict[str, History]:
    """Frequency and span of every series."""
    found, alike = {}, dict[bytes, tuple[str, date, date]]()
    if (days := series.common_days) is not None:
        of_all = _frequency(days), date_of(days[0]), date_of(days[-1])
        return {key: History(key, *of_all, len(days)) for key in series.assets}
    for i, key in enumerate(series.assets):
        days = series.days(i)
        if (dates := days.tobytes()) not in alike:  # most series have the dates of others
            alike[dates] = _frequency(days), date_of(days[0]), date_of(days[-1])
        found[key] = History(key, *alike[dates], len(days))
    return found


def days_to_end(*, daily: bool) -> int:
    """Days without a price after which a series among others that go on has ended, where all of them are daily or not."""
    return ENDED_DAYS * (1 if daily else 3)


def ended(series: PriceSeries) -> dict[str, date]:
    """Asset -> its last day, of the series that have ended while others go on (see `days_to_end`)."""
    if not len(last := series.last_days) or last.max() - last.min() <= ENDED_DAYS:
        return {}
    most = days_to_end(daily=all(history.frequency == DAY_BY_DAY for history in histories_of(series).values()))
    return {key: date_of(day) for key, day in zip(series.assets, last, strict=True) if last.max() - day > most}


def annual_rows(annual: pl.DataFrame, assets: Universe) -> pl.DataFrame:
    """One annual series for each asset that has any, as rows of `toolkit.core.frames.Prices`.

    Grades and places differ by more than years do, so series are never mixed. Of those in the unit of the asset the one
    that names its form comes first (metal before a salt), then the one with most years, the newest, and the first by name.
    Sources that continue one series are joined; where two have one year the later publication counts.

    Args:
        annual: Visible rows of `toolkit.core.frames.AnnualPrices`.
        assets: Assets for which a series is looked for; one without has no rows.
    """
    products = pl.DataFrame(
        [(asset.key, asset.unit, (asset.form or "").split(" ")[0]) for asset in assets],
        schema={"asset": pl.String, "unit": pl.String, "form": pl.String},
        orient="row",
    )
    rows = (
        annual.join(products, on=["asset", "unit"])
        .sort("known_from", "source")
        .unique(["asset", "series", "date"], keep="last", maintain_order=True)
    )
    chosen = (
        rows.group_by("asset", "series")
        .agg(
            named=pl.col("series").first().str.contains(pl.col("form").first(), literal=True),
            years=pl.len(),
            newest=pl.col("date").max(),
        )
        .sort("asset", "named", "years", "newest", "series", descending=[False, True, True, True, False])
        .unique("asset", keep="first", maintain_order=True)
    )
    return (
        rows.join(chosen.select("asset", "series"), on=["asset", "series"])
        .with_columns(quantity=pl.lit(None, pl.Float64), basis=pl.lit(ANNUAL_AVERAGE))
        .select("date", "asset", "price", "currency", "unit", "quantity", "basis", "source", "known_from")
        .sort("asset", "date")
    )
