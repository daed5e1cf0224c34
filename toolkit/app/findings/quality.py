"""Quality of each price series: its basis, gaps, runs of identical prices, outliers and age; and the checks of a store."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import polars as pl

from toolkit.app.findings.part import Ask, part
from toolkit.market.quality import is_old
from toolkit.market.quality import quality as measured
from toolkit.market.readers.price_checks import CUSTOMS
from toolkit.records.base import Named
from toolkit.records.parts.quality import Quality, SeriesQuality, StoredChecks


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
