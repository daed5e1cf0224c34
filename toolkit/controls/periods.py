"""How forms were controlled over time, each day as known on it: for models that must not look ahead."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable
from datetime import date
from typing import Unpack

import polars as pl

from toolkit.controls.chronology import DAY
from toolkit.controls.events import COUNTING
from toolkit.controls.ledger import ControlLedger
from toolkit.controls.state import Route
from toolkit.core.assets import Asset

SCHEMA = {"asset": pl.String, "from": pl.Date, "to": pl.Date}


def days_of_change(ledger: ControlLedger, until: date, metal: str | None = None) -> list[date]:
    """The only days up to `until` on which a state can change: an event becomes known, begins, or has ended.

    Args:
        ledger: The ledger.
        until: Last day.
        metal: Asset key, for the days of the events that may cover it and of those that act on them; None for all.
    """
    ids = {event.event_id for event in (ledger.events if metal is None else ledger.of_metal.get(metal, ()))}
    while more := {event.event_id for event in ledger.events if not ids.isdisjoint(event.acts_on)} - ids:
        ids |= more
    events = [event for event in ledger.events if event.event_id in ids]
    days = {day for e in events for day in (e.known_from, e.effective, e.ends and e.ends + DAY) if day}
    days |= {scope.known_from for scope in ledger.scopes if metal in (None, scope.asset)}
    return sorted(day for day in days if day <= until)


def control_periods(
    ledger: ControlLedger,
    forms: Iterable[tuple[str, str] | Asset],
    *,
    until: date,
    instruments: tuple[str, ...] = COUNTING,
    **route: Unpack[Route],
) -> pl.DataFrame:
    """The periods during which each form was controlled, each day judged by what was known on that day.

    Args:
        ledger: The ledger.
        forms: (asset key, form) pairs, or assets with a form; an asset without a form has no period.
        until: Last day looked at; a period that is still running ends there.
        instruments: What makes a form controlled.
        route: As in `ControlLedger.state`.

    Returns:
        Columns asset, from, to (both inclusive), sorted by asset and from; adjacent periods are one.
    """
    rows: list[dict[str, object]] = []
    for item in forms:
        asset, form = (item.key, item.form) if isinstance(item, Asset) else item
        if form is None:
            continue
        start: date | None = None
        for cut in days_of_change(ledger, until, ledger.metal(asset)):
            on = ledger.is_controlled(asset, form, on=cut, instruments=instruments, **route)
            if on and start is None:
                start = cut
            elif not on and start is not None:
                rows.append({"asset": asset, "from": start, "to": cut - DAY})
                start = None
        if start is not None:
            rows.append({"asset": asset, "from": start, "to": until})
    return pl.DataFrame(rows, schema=SCHEMA, orient="row").sort("asset", "from")


def begun_by(periods: pl.DataFrame, day: date) -> pl.DataFrame:
    """The periods, sorted by `from`, that have begun by a day: up to it they are those that `control_periods` finds on it.

    Each day is judged by what was known on it; no later day of a period that goes on may be asked about.
    """
    return periods.head(bisect_right(periods["from"].to_list(), day))
