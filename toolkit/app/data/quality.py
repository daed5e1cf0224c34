"""`toolkit data validate` over a store: what the checks of quality find in the stored series."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import polars as pl

from toolkit.app.context import Context
from toolkit.app.data.store import in_parts, opened
from toolkit.market.fetched_quality import VALUES, check_fetched
from toolkit.records.fetch import QualityFinding


def stored_quality(context: Context, series: Mapping[str, Sequence[str]] | None = None) -> tuple[QualityFinding, ...]:
    """Findings in the series of a store as known on the day, errors first.

    What a fetch would refuse is there because it was accepted, or was imported.

    Args:
        context: Names the store and the day.
        series: Table -> values of the first column of its series; every series of every table that is checked when None.
    """
    store = opened(context)
    found: list[QualityFinding] = []
    for name in (name for name in store.versions if name in VALUES):
        where = None if series is None else pl.col(VALUES[name][0]).is_in(series.get(name, ()))
        for rows in in_parts(store, name, context.as_of, where):
            found += check_fetched(name, rows, rows.clear(), as_of=context.as_of).findings
    # Rows of a store are in no order of their own.
    kept = (finding for finding in found if finding.rule != "unsorted")
    accepted = (
        finding.model_copy(update={"action": "accepted"}) if finding.action == "refused" else finding for finding in kept
    )
    order = ("error", "warning", "note")
    return tuple(sorted(accepted, key=lambda finding: (order.index(finding.severity), finding.rule, finding.asset)))
