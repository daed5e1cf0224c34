"""Periods in which a form was controlled, as known on each day: for models that must not look ahead."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

import polars as pl

from toolkit.controls.chronology import DAY
from toolkit.controls.events import CIVIL, COUNTING
from toolkit.controls.ledger import CHINA, ControlLedger
from toolkit.core.assets import Asset

SCHEMA = {"asset": pl.String, "from": pl.Date, "to": pl.Date}


def control_periods(
    ledger: ControlLedger,
    forms: Iterable[tuple[str, str] | Asset],
    *,
    until: date,
    destination: str | None = None,
    origin: str = CHINA,
    end_user: str = CIVIL,
    instruments: tuple[str, ...] = COUNTING,
) -> pl.DataFrame:
    """The periods during which each form was controlled, each day judged by what was known on that day.

    Args:
        ledger: The ledger.
        forms: (asset key, form) pairs, or assets with a form; an asset without a form has no period.
        until: Last day looked at; a period that is still running ends there.
        destination: ISO-3 code of the buyer's country; None asks for no route.
        origin: Jurisdiction whose exports are asked about.
        end_user: As in `ControlLedger.state`.
        instruments: What makes a form controlled.

    Returns:
        Columns asset, from, to (both inclusive), sorted by asset and from; adjacent periods are one.
    """
    # A state can only change on the day an event becomes known, begins, or has ended.
    cuts = sorted(
        {
            day
            for event in ledger.events
            for day in (event.known_from, event.effective, event.ends and event.ends + DAY)
            if day is not None and day <= until
        }
    )
    rows: list[dict[str, object]] = []
    for item in forms:
        asset, form = (item.key, item.form) if isinstance(item, Asset) else item
        if form is None:
            continue
        start: date | None = None
        for cut in cuts:
            on = ledger.is_controlled(
                asset,
                form,
                on=cut,
                destination=destination,
                origin=origin,
                end_user=end_user,
                instruments=instruments,
            )
            if on and start is None:
                start = cut
            elif not on and start is not None:
                rows.append({"asset": asset, "from": start, "to": cut - DAY})
                start = None
        if start is not None:
            rows.append({"asset": asset, "from": start, "to": until})
    return pl.DataFrame(rows, schema=SCHEMA, orient="row").sort("asset", "from")


def periods_until(periods: pl.DataFrame, until: date) -> pl.DataFrame:
    """The same periods as `control_periods` finds them up to an earlier day: each day is judged by what was known on it."""
    begun = periods.filter(pl.col("from") <= until)
    return begun.with_columns(to=pl.min_horizontal("to", pl.lit(until)))
