"""The estimated price of an asset, from the observations of that asset alone.

No row of another asset enters: neither its dates (a level is that of the asset's own last observation, never carried
forward to the newest date of a panel) nor its values (the numbers of `toolkit.returns.observation.level_filter` are fixed, and
its posterior is of the series itself). Risk may be pooled within a group of assets; a price may not.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date

import numpy as np
import polars as pl

from toolkit.core.forecast import AssetRisk, FloatArray, PriceLevel
from toolkit.core.units import DAYS_PER_YEAR
from toolkit.returns.history import ANNUAL, ANNUAL_AVERAGE, AnnualPrices, frequency
from toolkit.returns.observation.level_filter import DELIVERY_LAG, filtered_levels
from toolkit.returns.panel import CUSTOMS, MINIMUM_CHANGES, MINIMUM_YEARS
from toolkit.returns.volatility_pooling import annual_volatility, level_error


@dataclass(frozen=True, slots=True)
class LevelPath:
    """Filtered levels of one asset by month, from the first to the last observation.

    Attributes:
        months: T ends of months.
        log_level: (T,) in the currency of quotation.
        error: (T,) its standard error in log points.
    """

    months: tuple[date, ...]
    log_level: FloatArray
    error: FloatArray


def price_levels(prices: pl.DataFrame, assets: Iterable[str], *, latent: bool = True) -> tuple[PriceLevel, ...]:
    """The estimated price of each asset on the day of its own last observation.

    Args:
        prices: Rows of `toolkit.core.frames.Prices`, any order; every asset has at least one.
        assets: Keys, in the order of the answer.
        latent: Whether customs unit values are filtered; False takes every last print as it is.

    Returns:
        One record an asset. Customs unit values with at least `MINIMUM_CHANGES` changes between consecutive months are
        filtered; an average of a year has the error of the price of that year's end; any other price has none.
    """
    rows = prices.drop_nulls("price").sort("asset", "date").partition_by("asset", as_dict=True, maintain_order=True)
    keys = tuple(assets)
    paths = level_paths({key: rows[key,] for key in keys if latent and rows[key,]["basis"][-1] == CUSTOMS})
    return tuple(_level(rows[key,], paths.get(key)) for key in keys)


def level_paths(rows: Mapping[str, pl.DataFrame]) -> dict[str, LevelPath]:
    """Levels behind customs unit values, each series for itself, all in one pass; the last are those of `price_levels`.

    Args:
        rows: Rows of `toolkit.core.frames.Prices` of each asset, sorted by date, with a price each.

    Returns:
        Asset -> path. No path for fewer than `MINIMUM_CHANGES` changes between consecutive months.
    """
    found = {key: _by_month(own) for key, own in rows.items()}
    series = {key: own for key, own in found.items() if _is_filterable(own[1])}
    if not series:
        return {}
    # All begin with their own first month; what comes after the last one of a series is left out.
    log_prices, quantities = np.full((2, max(len(months) for months, _, _ in series.values()), len(series)), np.nan)
    for column, (months, log_price, quantity) in enumerate(series.values()):
        log_prices[: len(months), column], quantities[: len(months), column] = log_price, quantity
    levels, errors = filtered_levels(log_prices, quantities)
    return {
        key: LevelPath(months, levels[: len(months), column], errors[: len(months), column])
        for column, (key, (months, _, _)) in enumerate(series.items())
    }


def _level(rows: pl.DataFrame, path: LevelPath | None) -> PriceLevel:
    """The level of the rows of one asset, sorted by date; `path` where it is filtered."""
    last = rows.row(-1, named=True)
    price, error = last["price"], 0.0
    if path is not None:
        price = float(np.exp(path.log_level[-1]))
        error = price * float(path.error[-1])
    elif last["basis"] == ANNUAL_AVERAGE and frequency(rows["date"].unique().sort().to_list()) == ANNUAL:
        error = price * _annual_error(rows)
    return PriceLevel(
        asset=last["asset"],
        price=price,
        standard_error=error,
        raw=last["price"],
        date=last["date"],
        currency=last["currency"],
        unit=last["unit"],
        basis=last["basis"],
    )


def error_on(level: PriceLevel, risk: AssetRisk, day: date) -> float:
    """Standard error of a price level taken as the price of a later day, in its currency: no drift, the asset's volatility.

    error^2 = error of the level^2 + price^2 s^2 t with the volatility s a year and t years. Customs record what was agreed
    `DELIVERY_LAG` months before, which adds to t.

    Args:
        level: The last estimated price.
        risk: Risk of the asset, of which the volatility is used.
        day: Day of the price.
    """
    years = max((day - level.date).days / DAYS_PER_YEAR, 0.0) + (DELIVERY_LAG / 12.0 if level.basis == CUSTOMS else 0.0)
    return math.hypot(level.standard_error, level.price * risk.latent * math.sqrt(years))


def _by_month(rows: pl.DataFrame) -> tuple[tuple[date, ...], FloatArray, FloatArray]:
    """Ends of all months from the first to the last observation; log price and quantity of each, NaN where there is none."""
    last = rows.group_by(pl.col("date").dt.month_end(), maintain_order=True).last()
    first, newest = last["date"][0], last["date"][-1]
    months = pl.date_range(first.replace(day=1), newest, "1mo", eager=True).dt.month_end().alias("date")
    grid = months.to_frame().join(last.select("date", "price", "quantity"), on="date", how="left", maintain_order="left")
    price, quantity = (grid[name].cast(pl.Float64).fill_null(float("nan")).to_numpy() for name in ("price", "quantity"))
    return tuple(months), np.log(price), quantity


def _is_filterable(log_price: FloatArray) -> bool:
    changes = np.diff(log_price)
    return int(np.isfinite(changes).sum()) >= MINIMUM_CHANGES and bool(np.nanmax(np.abs(changes)) > 0.0)


def _annual_error(rows: pl.DataFrame) -> float:
    """Error (log points) of the mean of a year as the price of its end; none where the series tells no volatility."""
    own = rows.group_by(pl.col("date").dt.year().alias("year"), maintain_order=True).last()
    history = AnnualPrices(rows["asset"][0], tuple(own["year"]), own["price"].to_numpy(), averaged=True)
    if history.changes < MINIMUM_YEARS - 1:
        return 0.0
    return level_error(annual_volatility(history)[0], 0.0, averaged=True)
