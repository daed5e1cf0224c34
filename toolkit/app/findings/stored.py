"""Checks of the series of a store that a report uses."""

from __future__ import annotations

import polars as pl

from toolkit.app.findings.part import Ask, part
from toolkit.records.parts.quality import StoredChecks


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
