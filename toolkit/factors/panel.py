"""Prices on one calendar: ragged starts kept, nothing filled in."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import numpy as np
import polars as pl

from toolkit.core.assets import Universe
from toolkit.core.errors import DataError, GapError, did_you_mean
from toolkit.core.units import periods_per_year
from toolkit.factors.forecast import FloatArray, read_only

DAILY = 200.0
"""Observations a year from which a series is daily (see `toolkit.core.units.RHYTHMS`)."""
MINIMUM_CHANGES = 6
"""Fewer changes between consecutive periods than this say nothing of risk."""
CUSTOMS = "customs_unit_value"
"""The noisy basis: value of all imports of a month over their quantity."""


@dataclass(frozen=True, slots=True)
class Panel:
    """Prices of T periods and n series in their currencies of quotation. NaN marks a missing cell.

    Attributes:
        dates: T last days of months, or T trading days.
        assets: n series, sorted by name: the universe and what explains it.
        prices, quantities: (T, n); quantities are kg and stand behind customs unit values only.
        currencies, bases: One a series.
        periods_per_year: 12 for months, inferred from the dates for days.
    """

    dates: tuple[date, ...]
    assets: tuple[str, ...]
    prices: FloatArray
    quantities: FloatArray
    currencies: tuple[str, ...]
    bases: tuple[str, ...]
    periods_per_year: float
    notes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        object.__setattr__(self, "prices", read_only(self.prices))
        object.__setattr__(self, "quantities", read_only(self.quantities))

    @property
    def monthly(self) -> bool:
        """Whether a period is a month."""
        return self.periods_per_year == 12.0

    def simple_returns(self) -> FloatArray:
        """Returns (T - 1, n) between consecutive periods; NaN where either price is missing."""
        return self.prices[1:] / self.prices[:-1] - 1.0


def _rhythms(prices: pl.DataFrame) -> dict[str, float]:
    """Observations a year of every series with at least two dates."""
    return {
        key[0]: periods_per_year(rows["date"].to_list())
        for key, rows in prices.partition_by("asset", as_dict=True, maintain_order=True).items()
        if rows.height > 1
    }


def _grid(prices: pl.DataFrame, dates: list[date], assets: list[str], column: str) -> FloatArray:
    """The (T, n) array of a column, aligned by date and name."""
    cells = prices.select(
        pl.col("date").replace_strict(dates, range(len(dates)), return_dtype=pl.Int64).alias("row"),
        pl.col("asset").replace_strict(assets, range(len(assets)), return_dtype=pl.Int64).alias("column"),
        pl.col(column).cast(pl.Float64).fill_null(float("nan")).alias("value"),
    )
    grid = np.full((len(dates), len(assets)), np.nan)
    grid[cells["row"].to_numpy(), cells["column"].to_numpy()] = cells["value"].to_numpy()
    return grid


def align(prices: pl.DataFrame, universe: Universe, *, lookback_months: int | None = None) -> Panel:
    """Put all series on one calendar: days where the whole universe is daily, months otherwise.

    A month is represented by its last observation. The calendar of months has no holes, so that a change is always
    over one month; on days it is the union of the trading days of the universe. Explanatory series that are slower
    than the calendar, or too short, are left out with a note.

    Args:
        prices: Rows of `toolkit.core.frames.Prices`, any order.
        universe: What may be held; every asset needs a series.
        lookback_months: Use only so many months before the last price; of days, the first month is used whole.

    Raises:
        GapError: for an asset of the universe without enough consecutive prices.
        DataError: for one whose price never changes.
    """
    rows = prices.drop_nulls("price").sort("asset", "date")
    if not len(universe):
        raise DataError("the universe is empty: there is nothing to estimate.")
    known = rows["asset"].unique().to_list()
    for key in universe.keys:
        if key not in known:
            raise GapError(
                f"no price series for {key!r}.",
                hint=f"Bring your own price (--prices), or exclude it. {did_you_mean(key, known)}".strip(),
                details={"asset": key},
            )
    if lookback_months is not None:
        last = rows.filter(pl.col("asset").is_in(universe.keys))["date"].max()
        # One price more than changes: the first change of the window needs the month before it.
        start = pl.lit(last).dt.month_end().dt.offset_by(f"-{lookback_months}mo").dt.month_end()
        rows = rows.filter(pl.col("date").dt.month_end() >= start)
    rhythm = _rhythms(rows)
    daily = all(rhythm.get(key, 0.0) >= DAILY for key in universe.keys)
    slow = [key for key in sorted(rhythm) if daily and rhythm[key] < DAILY]
    notes = [f"Not used beside daily prices, being slower: {', '.join(slow)}."] if slow else []
    if daily:
        rows = rows.filter(~pl.col("asset").is_in(slow))
        dates = rows.filter(pl.col("asset").is_in(universe.keys))["date"].unique().sort().to_list()
        rows = rows.filter(pl.col("date").is_in(dates))
        periods = periods_per_year(dates)
    else:
        rows = rows.group_by(pl.col("asset"), pl.col("date").dt.month_end(), maintain_order=True).last()
        ends = rows.select(pl.col("date").min().alias("first"), pl.col("date").max().alias("last")).row(0)
        dates = pl.date_range(ends[0].replace(day=1), ends[1], "1mo", eager=True).dt.month_end().to_list()
        periods = 12.0
    assets = rows["asset"].unique().sort().to_list()
    values = _grid(rows, dates, assets, "price")
    usable = _usable(values, assets, universe)
    short = [key for key, fine in zip(assets, usable, strict=True) if not fine]
    if short:
        notes.append(f"Too few consecutive prices or none that changes, not used as explanation: {', '.join(short)}.")
    kept = [key for key, fine in zip(assets, usable, strict=True) if fine]
    first = rows.unique("asset", keep="first", maintain_order=True)
    label = {row["asset"]: row for row in first.select("asset", "currency", "basis").to_dicts()}
    return Panel(
        dates=tuple(dates),
        assets=tuple(kept),
        prices=values[:, usable],
        quantities=_grid(rows, dates, assets, "quantity")[:, usable],
        currencies=tuple(label[key]["currency"] for key in kept),
        bases=tuple(label[key]["basis"] for key in kept),
        periods_per_year=periods,
        notes=tuple(notes),
    )


def _usable(values: FloatArray, assets: list[str], universe: Universe) -> np.ndarray:
    """Which series (n,) have enough consecutive changes; raises for an asset of the universe that has not."""
    changes = np.diff(np.log(values), axis=0)
    counts = np.isfinite(changes).sum(axis=0)
    moves = np.array(
        [np.ptp(column[np.isfinite(column)]) > 1e-12 if np.isfinite(column).any() else False for column in values.T]
    )
    for key in universe.keys:
        if key not in assets:
            raise GapError(f"{key!r} has no price within the lookback.", hint="Lengthen the lookback, or exclude it.")
        count, moving = counts[assets.index(key)], moves[assets.index(key)]
        if count < MINIMUM_CHANGES:
            raise GapError(
                f"{key!r} has {count} changes between consecutive periods; {MINIMUM_CHANGES} are needed.",
                hint="Bring a longer price series (--prices), lengthen the lookback, or exclude it.",
                details={"asset": key, "changes": int(count), "needed": MINIMUM_CHANGES},
            )
        if not moving:
            raise DataError(
                f"the price of {key!r} never changes: no risk can be read from it.",
                hint="Bring a traded price (--prices), or exclude it.",
                details={"asset": key},
            )
    return (counts >= MINIMUM_CHANGES) & moves
