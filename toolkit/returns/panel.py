"""Prices on one calendar: histories of unequal length are kept, nothing is filled in.

The policy, in the order in which it is applied:

*Calendar.* Days if every asset that is priced more often than once a year is daily, months otherwise. A month is its
last observation, and the calendar of months has no holes. Explanatory series that are slower than the calendar are left
out with a note. Of a daily asset in a calendar of months only the month ends are used: a holder of months
bears the autocorrelation of its days, which a daily volatility times a square root leaves out.

*Change.* Between consecutive periods only. Over a gap there is none: it belongs to no period, and to spread it over
those it spans would be to invent prices. Nothing is carried forward and no zero is put anywhere.

*Delisting.* A series that ends before the others is used to its end, and a note names it.

*Annual prices.* An annual average is no price of a month. An asset of the universe that has nothing else keeps its column,
which is empty, and its annual prices beside the panel (`Panel.annual`): its volatility is estimated from them
(`toolkit.returns.volatility_pooling`), its correlations from its group (`toolkit.risk_model.annual_assets`).

*Too little.* Fewer than `MINIMUM_CHANGES` changes, or `MINIMUM_YEARS` consecutive annual prices, is an error that names
the asset. So is a price that never changes.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from toolkit.core.assets import Universe
from toolkit.core.calendar import add_months
from toolkit.core.errors import DataError, GapError, did_you_mean
from toolkit.core.forecast import FloatArray, read_only
from toolkit.core.messages import message
from toolkit.core.units import periods_per_year
from toolkit.returns.history import ANNUAL, ANNUAL_AVERAGE, DAY_BY_DAY, AnnualPrices, History, histories_of
from toolkit.returns.volatility_prior import VolatilityPrior, volatility_prior

DAILY = 200.0
"""Observations a year from which a series is daily (see `toolkit.core.units.FREQUENCIES`)."""
MINIMUM_CHANGES = 6
"""Fewest changes between consecutive periods from which risk is estimated."""
MINIMUM_YEARS = 3
"""Annual prices in two consecutive changes: one to place the mean, one to leave a deviation from it."""
LAG_DAYS = 93
"""A series that ends longer than this before the panel has ended: publication explains three months, not more."""
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
        histories: One a series.
        annual: One for each series whose column is empty because it is priced once a year.
        prior: Prior of volatility from decades of yearly prices; None where none were given.
    """

    dates: tuple[date, ...]
    assets: tuple[str, ...]
    prices: FloatArray
    quantities: FloatArray
    currencies: tuple[str, ...]
    bases: tuple[str, ...]
    periods_per_year: float
    notes: tuple[str, ...] = ()
    histories: tuple[History, ...] = ()
    annual: tuple[AnnualPrices, ...] = ()
    prior: VolatilityPrior | None = None

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


def _grid(prices: pl.DataFrame, dates: list[date], assets: list[str], column: str) -> FloatArray:
    """The (T, n) array of a column, aligned by date and name."""
    if prices[column].null_count() == prices.height:
        return np.full((len(dates), len(assets)), np.nan)
    cells = prices.select(
        pl.col("date").replace_strict(dates, range(len(dates)), return_dtype=pl.Int64).alias("row"),
        pl.col("asset").replace_strict(assets, range(len(assets)), return_dtype=pl.Int64).alias("column"),
        pl.col(column).cast(pl.Float64).fill_null(float("nan")).alias("value"),
    )
    grid = np.full((len(dates), len(assets)), np.nan)
    grid[cells["row"].to_numpy(), cells["column"].to_numpy()] = cells["value"].to_numpy()
    return grid


def align(
    prices: pl.DataFrame, universe: Universe, *, lookback_months: int | None = None, history: pl.DataFrame | None = None
) -> Panel:
    """Put all series on one calendar, by the policy of this module.

    Args:
        prices: Rows of `toolkit.core.frames.Prices`, any order.
        universe: What may be held; every asset needs a series.
        lookback_months: Use only so many months before the last price; of days, the first month is used whole.
        history: Prices of decades (see `toolkit.returns.volatility_prior.yearly_prices`), whatever the lookback.

    Raises:
        GapError: for an asset of the universe without enough consecutive prices, or nothing but annual prices.
        DataError: for one whose price never changes.
    """
    rows = _within(prices.drop_nulls("price"), universe, lookback_months).sort("asset", "date")
    histories = histories_of(rows)
    yearly = [key for key in universe.keys if key in histories and histories[key].frequency == ANNUAL]
    annual = tuple(_annual(rows.filter(pl.col("asset") == key), key) for key in sorted(yearly))
    faster = [key for key in universe.keys if key not in yearly]
    if not faster:
        raise GapError(
            f"no asset of the universe is priced more often than once a year: {', '.join(yearly)}.",
            hint="Add an asset with monthly or daily prices: nothing else tells what moves together.",
        )
    daily = all(key in histories and histories[key].frequency == DAY_BY_DAY for key in faster)
    slow = [
        key
        for key, history in sorted(histories.items())
        if key not in yearly and (history.frequency == ANNUAL or (daily and history.frequency != DAY_BY_DAY))
    ]
    notes: list[str] = []
    if slow and daily:
        notes.append(message("Not used beside daily prices, being slower: {assets}.", assets=slow))
    elif slow:
        notes.append(message("Not used beside monthly prices, being slower: {assets}.", assets=slow))
    label = {row["asset"]: row for row in rows.unique("asset", keep="first").select("asset", "currency", "basis").to_dicts()}
    rows = rows.filter(~pl.col("asset").is_in([*slow, *yearly]))
    rows, dates = _on_days(rows, faster) if daily else _on_months(rows)
    assets = sorted({*rows["asset"].unique(), *yearly})
    values = _grid(rows, dates, assets, "price")
    usable = _usable(values, assets, faster) | np.isin(assets, yearly)
    kept = [key for key, fine in zip(assets, usable, strict=True) if fine]
    short = [key for key in assets if key not in kept]
    if short:
        notes.append(
            message("Too few consecutive prices or none that changes, not used as explanation: {assets}.", assets=short)
        )
    notes += _notes([histories[key] for key in universe.keys], dates[-1])
    return Panel(
        dates=tuple(dates),
        assets=tuple(kept),
        prices=values[:, usable],
        quantities=_grid(rows, dates, assets, "quantity")[:, usable],
        currencies=tuple(label[key]["currency"] for key in kept),
        bases=tuple(label[key]["basis"] for key in kept),
        periods_per_year=periods_per_year(dates) if daily else 12.0,
        notes=tuple(notes),
        histories=tuple(histories[key] for key in kept),
        annual=annual,
        prior=None if history is None else volatility_prior(history, annual),
    )


def _within(rows: pl.DataFrame, universe: Universe, lookback_months: int | None) -> pl.DataFrame:
    """The rows inside the lookback; raises for an asset without any price."""
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
    if lookback_months is None:
        return rows
    last: Any = rows.filter(pl.col("asset").is_in(universe.keys))["date"].max()
    # One price more than changes: the first change of the window needs the month before it.
    return rows.filter(pl.col("date") >= add_months(last.replace(day=1), -lookback_months))


def _on_days(rows: pl.DataFrame, held: list[str]) -> tuple[pl.DataFrame, list[date]]:
    """Rows on the trading days of what is held, and those days."""
    dates = rows.filter(pl.col("asset").is_in(held))["date"].unique().sort().to_list()
    return rows.filter(pl.col("date").is_in(dates)), dates


def _on_months(rows: pl.DataFrame) -> tuple[pl.DataFrame, list[date]]:
    """Last row of every month, dated at its end, and all month ends from the first to the last."""
    rows = rows.group_by(pl.col("asset"), pl.col("date").dt.month_end(), maintain_order=True).last()
    first, last = rows.select(pl.col("date").min().alias("first"), pl.col("date").max().alias("last")).row(0)
    return rows, pl.date_range(first.replace(day=1), last, "1mo", eager=True).dt.month_end().to_list()


def _annual(rows: pl.DataFrame, key: str) -> AnnualPrices:
    """The annual prices of one asset; raises where they are too few for a volatility."""
    own = rows.group_by(pl.col("date").dt.year().alias("year"), maintain_order=True).last().sort("year")
    found = AnnualPrices(key, tuple(own["year"]), own["price"].to_numpy(), rows["basis"][0] == ANNUAL_AVERAGE)
    needed = MINIMUM_YEARS - 1
    if found.changes < needed:
        raise GapError(
            f"{key!r} has {found.changes} changes between consecutive years; {needed} are needed.",
            hint="Bring a monthly price series (--prices), lengthen the lookback, or exclude it.",
            details={"asset": key, "changes": found.changes, "needed": needed},
        )
    _moves(key, found.prices)
    return found


def _moves(key: str, prices: FloatArray) -> None:
    if np.ptp(prices) <= 1e-12 * prices.max():
        raise DataError(
            f"the price of {key!r} never changes: no risk can be read from it.",
            hint="Bring a traded price (--prices), or exclude it.",
            details={"asset": key},
        )


def _usable(values: FloatArray, assets: list[str], held: list[str]) -> NDArray[np.bool_]:
    """Which series (n,) have enough consecutive changes; raises for one that is held and has not."""
    counts = np.isfinite(np.diff(values, axis=0)).sum(axis=0)
    for key in held:
        if key not in assets:
            hint = "Lengthen the lookback, or exclude it."
            raise GapError(f"{key!r} has no price within the lookback.", hint=hint, details={"asset": key})
        column = values[:, assets.index(key)]
        count = int(counts[assets.index(key)])
        if count < MINIMUM_CHANGES:
            raise GapError(
                f"{key!r} has {count} changes between consecutive periods; {MINIMUM_CHANGES} are needed.",
                hint="Bring a longer price series (--prices), lengthen the lookback, or exclude it.",
                details={"asset": key, "changes": count, "needed": MINIMUM_CHANGES},
            )
        _moves(key, column[np.isfinite(column)])
    known = np.isfinite(values)
    lowest, highest = np.where(known, values, np.inf).min(axis=0), np.where(known, values, -np.inf).max(axis=0)
    return (counts >= MINIMUM_CHANGES) & (highest - lowest > 1e-12 * highest)


def _notes(held: list[History], end: date) -> list[str]:
    """Notes on assets of the universe that are priced once a year, and on series that have ended."""
    notes = []
    yearly = [history.asset for history in held if history.frequency == ANNUAL]
    if yearly:
        notes.append(
            message(
                "Annual prices only: {assets}. Volatility from annual changes and the group, what it moves with from the group "
                "alone.",
                assets=yearly,
            )
        )
    for history in held:
        lag = LAG_DAYS + (366 if history.frequency == ANNUAL else 0)
        if (end - history.last).days > lag:
            notes.append(
                message(
                    "{asset} ends on {day:%Y-%m-%d}: used to its end, and its risk is that of before.",
                    asset=history.asset,
                    day=history.last,
                )
            )
    return notes
