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
from itertools import compress

import numpy as np
import polars as pl
from numpy.typing import NDArray

from toolkit.core.assets import Universe
from toolkit.core.calendar import add_months, month_end
from toolkit.core.errors import DataError, GapError, did_you_mean
from toolkit.core.forecast import FloatArray, frozen, read_only_arrays
from toolkit.core.messages import Message, message, together
from toolkit.core.units import periods_of_days
from toolkit.market.price_series import IntArray, PriceSeries, date_of, dates_of, months_of
from toolkit.returns.history import (
    ANNUAL,
    DAY_BY_DAY,
    QUARTERLY,
    WEEKLY,
    AnnualPrices,
    History,
    histories_of,
)
from toolkit.returns.volatility_prior import VolatilityPrior, volatility_prior

DAILY = 200.0
"""Observations a year from which a series is daily (see `toolkit.core.units.FREQUENCIES`)."""
MINIMUM_CHANGES = 6
"""Fewest changes between consecutive periods from which risk is estimated."""
MINIMUM_YEARS = 3
"""Annual prices in two consecutive changes: one to place the mean, one to leave a deviation from it."""
THURSDAY = 3
"""Weekday of the first day of 1970, counted from Monday as 0."""
OF_WEEKS = message("Prices of {assets} are weekly: risk is estimated by month, from the last price of each.", assets=[])
"""The note of weekly prices, by whose template it is known among others."""
LAG_DAYS = 93
"""A series that ends longer than this before the panel has ended: publication explains three months, not more."""
UNCHANGED_RANGE = 1e-12
"""Range of a price, as a part of its highest value, up to which it does not change."""


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
        read_only_arrays(self)

    @property
    def monthly(self) -> bool:
        """Whether a period is a month."""
        return self.periods_per_year == 12.0

    def simple_returns(self) -> FloatArray:
        """Returns (T - 1, n) between consecutive periods; NaN where either price is missing."""
        found = self.prices[1:] / self.prices[:-1]
        found -= 1.0
        return found


def _grid(values: FloatArray, rows: IntArray, columns: IntArray, shape: tuple[int, int]) -> FloatArray:
    """Values in an array of `shape` by their rows and columns, both ascending where series are side by side.

    Of two at one place the later one is kept.
    """
    if values.shape == shape and len(columns) == shape[1] and (np.diff(rows, prepend=-1) == 1).all():
        return np.array(values, order="C")
    grid = np.full(shape, np.nan)
    if values.ndim == 1:
        grid[rows, columns] = values
    elif len(columns) == shape[1]:
        grid[rows] = values
    else:
        grid[rows[:, None], columns] = values
    return grid


def align(
    prices: PriceSeries | pl.DataFrame,
    universe: Universe,
    *,
    lookback_months: int | None = None,
    history: pl.DataFrame | None = None,
) -> Panel:
    """Put all series on one calendar, by the policy of this module.

    Args:
        prices: Series, or rows of `toolkit.core.frames.Prices` in any order.
        universe: What may be held; every asset needs a series.
        lookback_months: Use only so many months before the last price; of days, the first month is used whole.
        history: Prices of decades (see `toolkit.returns.volatility_prior.yearly_prices`), whatever the lookback.

    Raises:
        GapError: for an asset of the universe without enough consecutive prices, or nothing but annual prices.
        DataError: for one whose price never changes.
    """
    series = _within(PriceSeries.of(prices), universe, lookback_months)
    histories = histories_of(series)
    yearly = [key for key in universe.keys if key in histories and histories[key].frequency == ANNUAL]
    annual = tuple(_annual(series, key) for key in sorted(yearly))
    faster = [key for key in universe.keys if key not in yearly]
    if not faster:
        raise GapError(
            "no asset of the universe is priced more often than once a year: {yearly}.",
            hint="Add an asset with monthly or daily prices: nothing else tells what moves together.",
            yearly=[*yearly],
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
    if weekly := [key for key in faster if key in histories and histories[key].frequency == WEEKLY]:
        notes.append(Message(OF_WEEKS.template, {"assets": weekly}))
    if quick := [] if daily else [key for key in faster if key in histories and histories[key].frequency == DAY_BY_DAY]:
        notes.append(
            message(
                "Of {assets} the last price of each month is used: risk is estimated by day only where all that is held has "
                "daily prices, else by month.",
                assets=quick,
            )
        )
    used = series.without([*slow, *yearly])
    days, traded = used.common_days, np.zeros(0, dtype=np.int64)
    if days is None:
        own, days, price, quantity = used.together()
        held = np.isin(used.assets, faster)
    else:  # one series stands for all
        price, quantity = used.side_by_side()
        own, held = np.zeros(len(days), dtype=np.int64), np.ones(1, dtype=bool)
    if daily:
        rows, traded = _on_days(days, own, held)
        dates = dates_of(traded)
    else:
        rows, dates = _on_months(days)
    there = rows >= 0
    if not there.all():
        rows, own, price, quantity = rows[there], own[there], price[there], quantity[there]
    priced = used.assets if price.ndim > 1 else [used.assets[i] for i in np.flatnonzero(np.bincount(own))]
    assets = sorted({*priced, *yearly})
    place = {key: i for i, key in enumerate(assets)}
    columns = np.array([place.get(key, -1) for key in used.assets], dtype=np.int64)
    columns = columns if price.ndim > 1 else columns[own]
    shape = (len(dates), len(assets))
    values = _grid(price, rows, columns, shape)
    quantities = None if np.isnan(quantity).all() else _grid(quantity, rows, columns, shape)
    usable = _usable(
        values, assets, faster, {key for key in faster if key in histories and histories[key].frequency == QUARTERLY}
    )
    usable[[place[key] for key in yearly]] = True
    kept, short = ([*compress(assets, of.tolist())] for of in (usable, ~usable))
    if short:
        notes.append(
            message("Too few consecutive prices or none that changes, not used as explanation: {assets}.", assets=short)
        )
    notes += _notes([histories[key] for key in universe.keys], dates[-1])
    at = [series.place[key] for key in kept]
    return Panel(
        dates=dates,
        assets=tuple(kept),
        prices=frozen(values if usable.all() else np.compress(usable, values, axis=1)),
        quantities=np.broadcast_to(np.nan, (len(dates), len(kept)))
        if quantities is None
        else frozen(np.compress(usable, quantities, axis=1)),
        currencies=tuple(series.currencies[i] for i in at),
        bases=tuple(series.bases[i] for i in at),
        periods_per_year=periods_of_days(traded) if daily else 12.0,
        notes=tuple(notes),
        histories=tuple(histories[key] for key in kept),
        annual=annual,
        prior=None if history is None else volatility_prior(history, annual),
    )


def _within(series: PriceSeries, universe: Universe, lookback_months: int | None) -> PriceSeries:
    """The series inside the lookback; raises for an asset without any price."""
    if not len(universe):
        raise DataError("the universe is empty: there is nothing to estimate.")
    for key in universe.keys:
        if key not in series.place:
            raise GapError(
                "no price series for {key!r:s}.",
                hint=together(message("Bring your own price (--prices), or exclude it."), did_you_mean(key, series.assets)),
                details={"asset": key},
                key=key,
            )
    if lookback_months is None:
        return series
    last = date_of(series.last_days[[series.place[key] for key in universe.keys]].max())
    # One price more than changes: the first change of the window needs the month before it.
    return series.since(add_months(last.replace(day=1), -lookback_months))


def _on_days(days: IntArray, own: IntArray, held: NDArray[np.bool_]) -> tuple[IntArray, IntArray]:
    """Row (M,) of each day among the trading days of what is held, -1 for no such day, and those trading days.

    A Saturday or Sunday is one where all that is held trades on it: else the change of a share from Friday to Monday would
    be none of consecutive days, and a year would have 365 days for it too.

    Args:
        days: Day (M,) of each price, as a number since 1970.
        own: Its series (M,).
        held: Whether each series (n,) is held.
    """
    first = int(days.min())
    trading = np.zeros(int(days.max()) - first + 1, dtype=bool)
    trading[days[held[own]] - first] = True
    weekday = (np.arange(len(trading)) + first + THURSDAY) % 7
    for rest in (5, 6):
        if trading[weekday == rest].any():
            there = np.bincount(own[weekday[days - first] == rest], minlength=len(held))
            counts = np.bincount(own, minlength=len(held))
            if (there < counts / 14)[held & (counts > 0)].any():
                trading[weekday == rest] = False
    row = np.where(trading, np.cumsum(trading) - 1, -1)
    return row[days - first], np.flatnonzero(trading) + first


def _on_months(days: IntArray) -> tuple[IntArray, tuple[date, ...]]:
    """Row (M,) of each day among the months from the first to the last, and the ends of all of them."""
    months = months_of(days)
    first, last = int(months.min()), int(months.max())
    return months - first, tuple(month_end(number) for number in range(first, last + 1))


def _annual(series: PriceSeries, key: str) -> AnnualPrices:
    """The annual prices of one asset; raises where they are too few for a volatility."""
    found = AnnualPrices.of(series, key)
    needed = MINIMUM_YEARS - 1
    if found.changes < needed:
        raise GapError(
            "{key!r:s} has {changes} changes between consecutive years; {needed} are needed.",
            hint="Bring a monthly price series (--prices), lengthen the lookback, or exclude it.",
            details={"asset": key, "changes": found.changes, "needed": needed},
            key=key,
            changes=found.changes,
            needed=needed,
        )
    _check_moves(key, float(found.prices.min()), float(found.prices.max()))
    return found


def _check_moves(key: str, lowest: float, highest: float) -> None:
    if highest - lowest <= UNCHANGED_RANGE * highest:
        raise DataError(
            "the price of {key!r:s} never changes: no risk can be read from it.",
            hint="Bring a traded price (--prices), or exclude it.",
            details={"asset": key},
            key=key,
        )


def _usable(values: FloatArray, assets: list[str], held: list[str], quarterly: set[str]) -> NDArray[np.bool_]:
    """Which series (n,) have enough consecutive changes; raises for one that is held and has not."""
    known = np.isfinite(values)
    if known.all():
        counts, lowest, highest = np.full(values.shape[1], len(values) - 1), values.min(axis=0), values.max(axis=0)
    else:
        counts = (known[1:] & known[:-1]).sum(axis=0)
        lowest, highest = np.where(known, values, np.inf).min(axis=0), np.where(known, values, -np.inf).max(axis=0)
    usable = (counts >= MINIMUM_CHANGES) & (highest - lowest > UNCHANGED_RANGE * highest)
    place, fine = {key: i for i, key in enumerate(assets)}, {*compress(assets, usable.tolist())}
    for key in held:
        if key in fine:
            continue
        if key not in place:
            hint = message("Lengthen the lookback, or exclude it.")
            raise GapError("{key!r:s} has no price within the lookback.", hint=hint, details={"asset": key}, key=key)
        i = place[key]
        if (count := int(counts[i])) < MINIMUM_CHANGES:
            told = message(
                "{key!r:s} has {count} changes between consecutive periods; {minimum_changes} are needed.",
                key=key,
                count=count,
                minimum_changes=MINIMUM_CHANGES,
            )
            hint = message("Bring a longer price series (--prices), lengthen the lookback, or exclude it.")
            if key in quarterly:
                told = message(
                    "the prices of {key!r:s} are quarterly; risk is estimated from changes of consecutive months or days.",
                    key=key,
                )
                hint = message("Bring monthly or daily prices (--prices), or exclude it.")
            raise GapError(
                told,
                hint=hint,
                details={"asset": key, "changes": count, "needed": MINIMUM_CHANGES},
            )
        _check_moves(key, lowest[i], highest[i])
    return usable


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
