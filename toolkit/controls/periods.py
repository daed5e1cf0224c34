"""How forms were controlled over time, each day as known on it: for models that must not look ahead, and for its history."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Unpack

import polars as pl

from toolkit.controls.chronology import DAY, SUSPENDED
from toolkit.controls.events import COUNTING, REPORTED
from toolkit.controls.ledger import ControlLedger
from toolkit.controls.state import COUNTED, Route
from toolkit.core.assets import Asset

SCHEMA = {"asset": pl.String, "from": pl.Date, "to": pl.Date}


@dataclass(frozen=True, slots=True)
class FormStanding:
    """How a form stands from a day on, as known on that day, until the next standing of its history.

    Attributes:
        since: First day.
        measures: (event id, how it is cited, status) of each licence and ban that counts or is suspended, and of each stop
            in practice that is reported; none of what is announced, or aims at other buyers.
        controlled: Whether a licence or ban counts.
        practice: Whether a stop in practice is reported.
    """

    since: date
    measures: tuple[tuple[str, str, str], ...]
    controlled: bool
    practice: bool

    @property
    def suspended(self) -> bool:
        """Whether what would control it is suspended, which is no repeal: it returns when the suspension ends."""
        return not self.controlled and any(status == SUSPENDED for _, _, status in self.measures)


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


def form_history(
    ledger: ControlLedger,
    metal: str,
    form: str,
    *,
    until: date,
    **route: Unpack[Route],
) -> tuple[FormStanding, ...]:
    """The standings of a form for a civil buyer, oldest first, in one pass over the days on which they can change.

    Args:
        ledger: The ledger.
        metal: Asset key.
        form: As in `ControlLedger.state`, as is `route`.
        until: Last day looked at.
        route: What goes where.

    Returns:
        One standing a change; the first is the first day of any event, on which usually nothing applies.
    """
    found: list[FormStanding] = []
    for cut in days_of_change(ledger, until):
        state = ledger.state(metal, form, on=cut, **route)
        acts = [m for m in state.measures if not m.conditional and _stands(m.status, m.instrument, law=m.is_law)]
        standing = FormStanding(
            cut,
            tuple(sorted((m.event_id, ledger[m.event_id].title, m.status) for m in acts)),
            controlled=any(m.counts for m in acts if m.is_law),
            practice=any(m.status == REPORTED for m in acts),
        )
        if not found or standing.measures != found[-1].measures:
            found.append(standing)
    return tuple(found)


def _stands(status: str, instrument: str, *, law: bool) -> bool:
    return (instrument in COUNTING and status in (*COUNTED, SUSPENDED)) if law else status == REPORTED


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
