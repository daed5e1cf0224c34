"""The believed price of an asset, from the observations of that asset alone.

No row of another asset enters: neither its dates (a level is that of the asset's own last observation, never carried
forward to the newest date of a panel) nor its values (the volatility, noise and persistence behind a filtered level are
those that the series itself leaves, each under the priors of `toolkit.factors.observation.local_level`). Risk may borrow from
a group of assets; what something costs may not.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from datetime import date

import numpy as np
import polars as pl

from toolkit.core.units import DAYS_PER_YEAR
from toolkit.factors.forecast import AssetRisk, FloatArray, PriceLevel
from toolkit.factors.history import ANNUAL, ANNUAL_AVERAGE, AnnualPrices, rhythm
from toolkit.factors.observation.local_level import levels_apart
from toolkit.factors.observation.path import level_paths
from toolkit.factors.panel import CUSTOMS, MINIMUM_CHANGES, MINIMUM_YEARS
from toolkit.factors.thin import annual_volatility, level_error

MONTHS = 12.0


def price_levels(prices: pl.DataFrame, assets: Iterable[str], *, latent: bool = True) -> tuple[PriceLevel, ...]:
    """The believed price of each asset on the day of its own last observation.

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
    filtered = _filtered({key: rows[key,] for key in keys if latent and rows[key,]["basis"][-1] == CUSTOMS})
    return tuple(_level(rows[key,], filtered.get(key)) for key in keys)


def _filtered(rows: Mapping[str, pl.DataFrame]) -> dict[str, tuple[float, float]]:
    """Last log level and its error by asset, of customs unit values that can be filtered: each for itself, all in one pass."""
    series = {key: _by_month(own)[1:] for key, own in rows.items()}
    series = {key: (log_price, quantity) for key, (log_price, quantity) in series.items() if _is_filterable(log_price)}
    if not series:
        return {}
    # Each ends with its own last month; no month is there before the first.
    log_prices, quantities = np.full((2, max(len(log_price) for log_price, _ in series.values()), len(series)), np.nan)
    for column, (log_price, quantity) in enumerate(series.values()):
        log_prices[-len(log_price) :, column], quantities[-len(quantity) :, column] = log_price, quantity
    level, error = levels_apart(log_prices, quantities, MONTHS)
    return dict(zip(series, zip(level.tolist(), error.tolist(), strict=True), strict=True))


def _level(rows: pl.DataFrame, filtered: tuple[float, float] | None) -> PriceLevel:
    """The level of the rows of one asset, sorted by date, whose last log level and error are known where it is filtered."""
    last = rows.row(-1, named=True)
    price, error = last["price"], 0.0
    if filtered is not None:
        price = float(np.exp(filtered[0]))
        error = price * filtered[1]
    elif last["basis"] == ANNUAL_AVERAGE and rhythm(rows["date"].unique().sort().to_list()) == ANNUAL:
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


def level_path(rows: pl.DataFrame) -> tuple[tuple[date, ...], FloatArray, FloatArray]:
    """Path of the latent price of customs unit values of one asset; its last value is that of `price_levels`.

    Args:
        rows: Rows of `toolkit.core.frames.Prices` of one asset.

    Returns:
        T ends of months, log price (T,) in the currency of quotation, and its standard error (T,) in log points, from the
        first to the last observation; NaN before the level starts. No months for fewer than `MINIMUM_CHANGES` changes.
        Smoothed: a level knows the prints after it.
    """
    months, log_price, quantity = _by_month(rows.drop_nulls("price").sort("date"))
    if not _is_filterable(log_price):
        return (), np.empty(0), np.empty(0)
    path = level_paths(log_price[:, None], quantity[:, None], MONTHS)
    return months, path.level[:, 0], path.error[:, 0]


def error_on(level: PriceLevel, risk: AssetRisk, day: date) -> float:
    """Standard error of `level.price` taken as the price of a later day, in its currency: no drift, the asset's volatility.

    A price of variance s^2 a year is s^2 times the years away from where it was, beside the error of the level itself.
    """
    years = max((day - level.date).days / DAYS_PER_YEAR, 0.0)
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
