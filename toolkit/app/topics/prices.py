"""Price series: prices by month, the level behind noisy ones, how far each can be trusted, and checks of a store."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

import numpy as np
import polars as pl

from toolkit.app.topics.part import Ask, part
from toolkit.backtest.drawdown import drawdown
from toolkit.core.assets import Asset
from toolkit.core.calendar import month_number
from toolkit.core.errors import DataError
from toolkit.market.exchange_rates import last_rate
from toolkit.market.quality import is_old
from toolkit.market.quality import quality as measured
from toolkit.market.readers.price_checks import CUSTOMS, OF_DEALERS
from toolkit.records.base import Named
from toolkit.records.prices import Fall, LastPrice, PriceMonth, Prices, PriceSeries, Quality, SeriesQuality, StoredChecks
from toolkit.returns.currencies import monthly_rate
from toolkit.returns.history import ANNUAL, frequency
from toolkit.returns.price_levels import LevelPath
from toolkit.returns.quotes import OWN_PRICE, OWN_SERIES

YEARS_SHOWN = 5
"""How far back prices are shown where none is noisy; else from the first noisy print on."""
SAME_PRICE = 1e-6
"""Relative difference up to which two prices are one: rounding to twelve digits, times a margin."""
LevelsByMonth = Mapping[date, tuple[float, float]]
"""Month end -> (log price in the currency of quotation, standard error in log points)."""


@part("prices")
def prices(ask: Ask) -> Prices | None:
    """Series of the assets with a price by month, in the reporting currency.

    None where no asset has one, or where no exchange rate leads to the reporting currency.
    """
    visible = ask.context.snapshot["prices"].drop_nulls("price").sort("asset", "date")
    shown = [ask.context.products[key] for key in ask.assets if key in ask.context.products]
    months = {asset.key: _by_month(visible, asset) for asset in shown}
    known = {key: rows for key, rows in months.items() if rows.height}
    if not known:
        return None
    fx = ask.context.snapshot["fx"]
    quoted = {rows["currency"][-1] for rows in known.values()}
    try:
        rates = {currency: last_rate(fx, currency, ask.currency) for currency in sorted(quoted)}
    except DataError:
        return None
    paths = _levels(ask.context.level_paths)
    start = _start(known, paths)
    series = []
    for asset in shown:
        if asset.key not in known:
            continue
        rows = known[asset.key].filter(pl.col("month") >= start)
        path = {month: level for month, level in paths.get(asset.key, {}).items() if month >= start}
        # A proposal that was made from the reader's own file has another price than the ledger.
        if rows.height and _is_of_run(ask, asset.key, known[asset.key], rates[rows["currency"][-1]].value):
            series.append(_series(asset, rows, path, fx, ask.currency, rates[rows["currency"][-1]].value))
    if not series:
        return None
    used = pl.concat([known[one.asset] for one in series]).select(visible.columns)
    dated = {currency: rate.date for currency, rate in rates.items() if rate.date is not None}
    return Prices.model_validate(
        {
            "currency": ask.currency,
            "from": start,
            "series": series,
            "without": [ask.named(asset.key) for asset in shown if asset.key not in known],
            "rates": dated,
            "data": ask.provenance(prices=used, fx=fx if dated else fx.clear()),
        }
    )


def _by_month(visible: pl.DataFrame, asset: Asset) -> pl.DataFrame:
    """The last row of each month in the asset's unit, and the `month` it ends; none for a series of years."""
    own = visible.filter((pl.col("asset") == asset.key) & (pl.col("unit") == asset.unit))
    own = own.with_columns(month=pl.col("date").dt.month_end())
    if frequency(own["date"].unique().sort().to_list()) == ANNUAL:
        return own.clear()
    return own.group_by("month", maintain_order=True).last().select(own.columns)


def _levels(paths: Mapping[str, LevelPath]) -> dict[str, LevelsByMonth]:
    """Asset -> its levels, for customs unit values that are filtered."""
    return {
        key: dict(zip(path.months, zip(path.log_level.tolist(), path.error.tolist(), strict=True), strict=True))
        for key, path in paths.items()
    }


def _start(known: Mapping[str, pl.DataFrame], paths: Mapping[str, LevelsByMonth]) -> date:
    """The month that all panels start with, so that they are read alike."""
    begun = [min(paths[key]) for key in known if paths.get(key)]
    if begun:
        return min(begun)
    last = max(rows["month"][-1] for rows in known.values())
    return last.replace(year=last.year - YEARS_SHOWN, day=1)


def _is_of_run(ask: Ask, key: str, rows: pl.DataFrame, rate: float) -> bool:
    """Whether the last print is the one that the subject was made from; yes where it does not say."""
    positions = [row for row in ask.positions if row.asset == key]
    if any(row.price_from == OWN_SERIES for row in positions):
        return False
    positions = [row for row in positions if row.basis not in OF_DEALERS and row.price_from != OWN_PRICE]
    raw = [row.price_raw for row in positions if row.price_raw]
    return not raw or math.isclose(raw[0], rows["price"][-1] * rate, rel_tol=SAME_PRICE)


def _series(asset: Asset, rows: pl.DataFrame, path: LevelsByMonth, fx: pl.DataFrame, currency: str, last: float) -> PriceSeries:
    """One asset: each month converted at its average rate, what it costs today at the last rate.

    Args:
        asset: The product.
        rows: Of `_by_month`.
        path: Levels of the months.
        fx: Exchange rates known.
        currency: The reporting currency.
        last: The last rate, which is also that of months after it.
    """
    printed = dict(rows.select("month", "price").iter_rows())
    months = sorted({*printed, *path})
    rates = _rates(fx, rows["currency"][-1], currency, months, last)
    found = []
    for month, rate in zip(months, rates, strict=True):
        price = printed.get(month)
        level, error = path.get(month, (None, None))
        seen = None if price is None or rate is None else price * rate
        found.append((month, seen, None if level is None or rate is None else math.exp(level) * rate, error))
    latest = rows["price"][-1] * last
    level = math.exp(path[months[-1]][0]) * last if months[-1] in path else None
    return PriceSeries.from_objects(
        asset,
        asset=asset.key,
        basis=rows["basis"][-1],
        quoted=rows["currency"][-1],
        months=tuple(
            PriceMonth(month=month.isoformat(), print=seen, level=behind, error=error) for month, seen, behind, error in found
        ),
        fall=_fall([(month, seen if level is None else behind) for month, seen, behind, _ in found]),
        last=LastPrice(
            month=rows["month"][-1].isoformat(),
            print=latest,
            level=level,
            error=None if level is None else level * path[months[-1]][1],
            off=None if level is None else latest / level - 1.0,
        ),
    )


def _fall(prices: Sequence[tuple[date, float | None]]) -> Fall | None:
    """The deepest fall from an earlier peak and the longest time below one, in the months shown; None without a price."""
    known = [(month, price) for month, price in prices if price is not None]
    if not known:
        return None
    values = np.array([price for _, price in known])
    deepest = drawdown([month for month, _ in known], values)
    since, until = deepest.longest
    waited = month_number(until) - month_number(since)
    lasts = bool(waited and until == known[-1][0] and values[-1] < values.max())
    return Fall.from_objects(deepest, depth=-deepest.depth, since=known[0][0], under_water=waited, lasts=lasts)


def _rates(fx: pl.DataFrame, quoted: str, currency: str, months: Sequence[date], last: float) -> list[float | None]:
    """Average rate of each month, the last known one for months after it; None where unknown."""
    found = monthly_rate(fx, quoted, currency, tuple(months))
    known = [i for i, rate in enumerate(found) if math.isfinite(rate)]
    end = known[-1] if known else -1
    return [last if i > end else float(rate) if math.isfinite(rate) else None for i, rate in enumerate(found)]


@part("quality")
def quality(ask: Ask) -> Quality | None:
    """One row a price series of the assets, as known on the day, in their order; None where no asset has one.

    `series[]` has the measures of `toolkit.market.quality.quality` with `basis` (of the newest print), `noisy` (prints are
    customs values, of which a level is estimated), and `old` (the newest print is older than its frequency explains).
    `without[]` are assets that have no series.
    """
    prices = ask.context.snapshot["prices"].drop_nulls("price")
    used = prices.filter(pl.col("asset").is_in([key for key in ask.assets if key in ask.context.products]))
    rows = {row["asset"]: row for row in measured(used, as_of=ask.as_of).iter_rows(named=True)} if used.height else {}
    basis = dict(used.sort("date").group_by("asset").agg(pl.col("basis").last()).iter_rows())
    stated = {p.product: (p.basis, p.price_date) for p in ask.positions}
    series: list[SeriesQuality] = []
    without: list[Named] = []
    for key in ask.assets:
        if key not in ask.context.products:
            continue
        if key not in rows:
            without.append(ask.named(key))
        elif _is_of_subject(stated.get(key), basis[key], rows[key]):
            measures = {name: rows[key][name] for name in SeriesQuality.model_fields if name in rows[key]}
            own = {"basis": basis[key], "noisy": basis[key] == CUSTOMS, "old": is_old(rows[key])}
            series.append(SeriesQuality(**{**measures, **dict(ask.named(key)), **own}))
    if not series:
        return None
    shown = used.filter(pl.col("asset").is_in([one.asset for one in series]))
    return Quality(series=tuple(series), without=tuple(without), data=ask.provenance(prices=shown))


def _is_of_subject(stated: tuple[str, str] | None, basis: str, row: Mapping[str, Any]) -> bool:
    """Whether a proposal was made from this series: one made from the reader's own prices has another basis or last day."""
    return stated is None or stated == (basis, row["last"].isoformat())


@part("stored")
def stored(ask: Ask) -> StoredChecks | None:
    """Errors and warnings of `toolkit data validate` in the series of the subject and in its rates; None without such series.

    A series is one of prices or quotations of an asset of the subject, or a rate between its currencies and the reporting one.
    """
    if (store := ask.context.store) is None:
        return None
    from toolkit.app.data.store import stored_quality  # noqa: PLC0415  # an extra

    assets = {*ask.assets, *(row.asset for row in ask.positions)}
    series: dict[str, list[str]] = {}
    currencies = {ask.currency}
    for table in ("prices", "quotations"):
        rows = store.scan(table, ask.as_of, series=sorted(assets)).select("asset", "currency").unique().collect()
        series[table] = sorted({*rows["asset"]})
        currencies |= {*rows["currency"]}
    rates = store.scan("fx", ask.as_of).select("base", "quote").unique().collect()
    linked = rates.filter(pl.col("base").is_in(currencies) & pl.col("quote").is_in(currencies))
    series["fx"] = sorted({*linked["quote"]})
    if not any(series.values()):
        return None
    found = [finding for finding in stored_quality(ask.context, series) if finding.severity != "note"]
    return StoredChecks(series=sum(map(len, series.values())), findings=tuple(found), data=())
