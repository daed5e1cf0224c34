"""Quality of each price series: its basis, gaps, runs of identical prices, outliers and age."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import polars as pl

from toolkit.app.findings.part import Ask, part
from toolkit.market.quality import is_old
from toolkit.market.quality import quality as measured
from toolkit.returns.panel import CUSTOMS

KEPT = (
    "first", "last", "observations", "rhythm", "expected", "gaps", "longest_gap", "longest_gap_after", "stale_run",
    "stale_until", "outliers", "outlier_date", "outlier_z", "unit_ratio", "unit_date", "age_days",
)  # fmt: skip


@part("quality")
def quality(ask: Ask) -> dict[str, Any] | None:
    """One row a price series of the assets, as known on the day, in their order; None where no asset has one.

    `series[]` has the measures of `toolkit.market.quality.quality` with `basis` (of the newest print), `noisy` (prints are
    customs values, of which a level is estimated), and `old` (the newest print is older than its frequency explains).
    `without[]` are assets that have no series.
    """
    prices = ask.context.snapshot["prices"].drop_nulls("price")
    used = prices.filter(pl.col("asset").is_in([key for key in ask.assets if key in ask.context.products]))
    rows = {row["asset"]: row for row in measured(used, as_of=ask.as_of).iter_rows(named=True)} if used.height else {}
    basis = dict(used.sort("date").group_by("asset").agg(pl.col("basis").last()).iter_rows())
    stated = {p.get("offer_of") or p["asset"]: (p.get("basis"), p.get("price_date")) for p in ask.record.get("positions", ())}
    series: list[dict[str, Any]] = []
    without: list[dict[str, Any]] = []
    for key in ask.assets:
        if key not in ask.context.products:
            continue
        asset = ask.context.products[key]
        name = {"asset": key, "name": asset.name, "element": asset.element}
        if key not in rows:
            without.append(name)
        elif _is_of_subject(stated.get(key), basis[key], rows[key]):
            kept = {column: rows[key][column] for column in KEPT}
            series.append({**name, "basis": basis[key], "noisy": basis[key] == CUSTOMS, "old": is_old(rows[key]), **kept})
    if not series:
        return None
    shown = used.filter(pl.col("asset").is_in([one["asset"] for one in series]))
    return {"series": series, "without": without, "data": ask.provenance(prices=shown)}


def _is_of_subject(stated: tuple[str | None, str | None] | None, basis: str, row: Mapping[str, Any]) -> bool:
    """Whether a proposal was made from this series: one made from the reader's own prices has another basis or last day."""
    if stated is None or stated == (None, None):
        return True
    return stated == (basis, row["last"].isoformat())
