"""What export controls would have meant for given holdings on past days, each day by the ledger as known on it.

Holdings are those of one day, at the values of that day, throughout: what changes is the law. Metal that is stored outside the
country of its origin cannot be stopped on any day; a suspended measure stops nothing while it is suspended, and is no repeal.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import pairwise

from toolkit.controls.events import REPORTED
from toolkit.controls.periods import FormStanding

ENDED = "ended"
"""What became of a measure that no longer applies to a form: it ran out, or was repealed."""


@dataclass(frozen=True, slots=True)
class Part:
    """A part of holdings whose law is one.

    Attributes:
        asset: Key of the metal.
        share: Of the value of all.
        outside: Whether it is stored outside its origin, where no export control reaches it.
        history: Standings of its form (`toolkit.controls.periods.form_history`).
    """

    asset: str
    share: float
    outside: bool
    history: tuple[FormStanding, ...]

    def on(self, day: date) -> FormStanding | None:
        """Its standing on a day; None before the first."""
        at = bisect_right(self.history, day, key=lambda standing: standing.since)
        return self.history[at - 1] if at else None


@dataclass(frozen=True, slots=True)
class Exposure:
    """Shares of value from a day on, until the next one.

    Attributes:
        day: First day of the shares.
        stoppable: Under a licence or ban that counts, or a reported stop in practice, and not outside its origin; null for a
            backtest, whose metal is taken to be outside once it is there.
        outside: Under a licence or ban, and stored outside its origin: no control stops it, its replacement is dearer.
        suspended: Under nothing that counts, and a measure on it is suspended.
    """

    day: date
    stoppable: float | None
    outside: float
    suspended: float


@dataclass(frozen=True, slots=True)
class Change:
    """A measure on some of the holdings whose status changed.

    Attributes:
        day: The day, as known on it.
        event_id: Id in the ledger.
        number: By which it is cited.
        status: in_force, suspended, unchecked, reported, or ended.
        before: The status until then; null where it did not apply.
        assets: Keys of the metals for which it changed.
    """

    day: date
    event_id: str
    number: str
    status: str
    before: str | None
    assets: tuple[str, ...]


def exposure_on(parts: Iterable[Part], day: date) -> Exposure:
    """What controls mean for the parts on a day."""
    stoppable = outside = suspended = 0.0
    for part in parts:
        standing = part.on(day)
        if standing is None:
            continue
        if part.outside:
            outside += part.share * standing.controlled
        else:
            stoppable += part.share * (standing.controlled or standing.practice)
        suspended += part.share * (standing.suspended and (part.outside or not standing.practice))
    return Exposure(day, stoppable, outside, suspended)


def changes(parts: Sequence[Part]) -> tuple[Change, ...]:
    """Every change of a measure on one of the parts, oldest first.

    Practice that changes nothing is none: metal that is past the border, or that the law stops anyway.
    """
    found: dict[tuple[date, str, str, str | None], tuple[str, set[str]]] = {}
    for part in parts:
        for before, after in pairwise(part.history):
            for event_id, number, status, former in _changed(before, after):
                if REPORTED in (status, former) and (part.outside or after.controlled):
                    continue
                found.setdefault((after.since, event_id, status, former), (number, set()))[1].add(part.asset)
    return tuple(
        Change(day, event_id, number, status, former, tuple(sorted(assets)))
        for (day, event_id, status, former), (number, assets) in sorted(found.items(), key=_in_time)
    )


def _in_time(item: tuple[tuple[date, str, str, str | None], object]) -> tuple[date, str, str]:
    (day, event_id, status, _), _ = item
    return day, event_id, status


def _changed(before: FormStanding, after: FormStanding) -> Iterator[tuple[str, str, str, str | None]]:
    old: Mapping[str, tuple[str, str]] = {key: (number, status) for key, number, status in before.measures}
    new: Mapping[str, tuple[str, str]] = {key: (number, status) for key, number, status in after.measures}
    for key in sorted({*old, *new}):
        number, status = new.get(key, (old.get(key, ("",))[0], ENDED))
        former = old[key][1] if key in old else None
        if status != former:
            yield key, number, status, former
