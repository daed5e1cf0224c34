"""Base rate of new controls on a metal, from the ledger as known at a date, with an interval.

A base rate, not a forecast: events over metal-years, with the Jeffreys posterior of a Poisson rate (Gamma with shape n + 1/2;
Brown, Cai and DasGupta 2003). Metals come several to a notice, so that the counts vary more than a Poisson count: shape and
exposure are divided by the dispersion of a compound Poisson process, E[size^2] / E[size] (McCullagh and Nelder 1989, 6.2.3).
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date

from toolkit.controls.events import COUNTING, NEUTRAL, SUSPENDS, Event
from toolkit.controls.ledger import CHINA, ControlLedger
from toolkit.core.assets import Asset
from toolkit.core.units import DAYS_PER_YEAR

FIRST, TIGHTENED, LIFTED = "first listing", "tightening", "lifting"
TIGHTEN, LIFT = "tighten", "lift"
INTERVAL = 0.9
"""Probability between the low and the high end of an interval."""
YEAR_OF_DAYS = 365
"""Days after the first licence or ban from which on exposure is counted from it."""
LIFTING = (SUSPENDS, "repeals")
"""Relations of an event that lifts a control, for a time or for good."""


@dataclass(frozen=True, slots=True)
class ControlChange:
    """One metal whose traded form one notice newly controls, controls more, or frees.

    Attributes:
        kind: ``first listing``, ``tightening`` or ``lifting``.
        counted: Whether it is in the rate; the notice that starts the exposure is not.
    """

    event_id: str
    title: str
    day: date
    asset: str
    kind: str
    counted: bool


@dataclass(frozen=True, slots=True)
class BaseRate:
    """Events of one kind for each metal and year.

    Attributes:
        what: ``any``, or a kind of `ControlChange`.
        events, notices: Metals newly controlled, and the notices that controlled them.
        metal_years: Of the metals at risk, from `since` to the date asked about.
        rate, low, high: A year and metal; the mean of the posterior and its 90 % interval.
        dispersion: Variance of the counts over that of Poisson counts.
    """

    what: str
    since: date
    events: int
    notices: int
    metal_years: float
    rate: float
    low: float
    high: float
    dispersion: float

    @property
    def probability(self) -> float:
        """Probability of at least one such event for one metal within a year, ``1 - exp(-rate)``."""
        return -math.expm1(-self.rate)

    @property
    def interval(self) -> tuple[float, float]:
        """Interval of `probability`."""
        return -math.expm1(-self.low), -math.expm1(-self.high)


@dataclass(frozen=True, slots=True)
class ControlRate:
    """The base rate of new controls, or of liftings, of one origin.

    Attributes:
        origin: Whose controls.
        direction: ``tighten`` or ``lift``.
        metals: At risk.
        changes: Every event behind the rate, by day.
        used: The rate in use.
        parts: First listings for each metal-year without a control, tightenings for each with one, where there are such;
            empty for liftings.
        long_run: The same over the whole time since the first measure of any kind by the origin; None where that is `used`.
    """

    origin: str
    direction: str
    as_of: date
    metals: tuple[str, ...]
    changes: tuple[ControlChange, ...]
    used: BaseRate
    parts: tuple[BaseRate, ...]
    long_run: BaseRate | None


def control_changes(
    ledger: ControlLedger, metals: Iterable[Asset], *, on: date, origin: str = CHINA, direction: str = TIGHTEN
) -> tuple[ControlChange, ...]:
    """Official licences and bans, for all end users, whose notice covers the traded form of a metal; or what lifts them.

    Announcements are counted, whatever became of them, because prices move then: a ban on one destination is one, and so is
    a control that is suspended later. Quotas, whitelists, entity lists, practice and lists in place of older ones are none.

    Args:
        ledger: The ledger.
        metals: Assets; those without a form are left out.
        on: What became known later is not looked at.
        origin: Whose controls.
        direction: ``tighten`` or ``lift``.
    """
    traded = [(asset.key, asset.form) for asset in metals if asset.form is not None]
    changing = (e for e in ledger.events if e.known_from <= on and e.origin == origin and e.direction != NEUTRAL)
    known = sorted(changing, key=lambda e: (e.announced, e.event_id))
    struck: set[str] = set()
    changes: list[ControlChange] = []
    for event in known:
        for key, form in traded:
            if _controls(event) and ledger.certainty(event, key, form, on=on):
                if direction == TIGHTEN:
                    changes.append(_change(event, key, TIGHTENED if key in struck else FIRST))
                struck.add(key)
            elif direction == LIFT and key in struck and _lifts(ledger, event, key, form, on):
                changes.append(_change(event, key, LIFTED))
    return tuple(changes)


def control_rate(
    ledger: ControlLedger, metals: Sequence[Asset], *, on: date, origin: str = CHINA, direction: str = TIGHTEN
) -> ControlRate | None:
    """The base rate for one metal and year; None where the origin had announced no measure, or controls nothing to lift.

    Exposure starts with the first licence or ban: before it there was another regime. An exposure that an event starts must
    not count that event, so the first notice is left out. In the first year after it, and before any, exposure starts with
    the first measure of any kind (an export quota, say) and every event counts. Both rates are kept: they can differ widely.

    Args:
        ledger: The ledger.
        metals: At risk; those without a form are left out.
        on: What became known later is not looked at.
        origin: Whose controls.
        direction: ``tighten`` or ``lift``.
    """
    own = [asset for asset in metals if asset.form is not None]
    measures = [e for e in ledger.events if e.is_law and e.known_from <= on and e.origin == origin and e.direction != NEUTRAL]
    if not measures or not own:
        return None
    new = control_changes(ledger, own, on=on, origin=origin)
    opening = min(e.announced for e in measures)
    first = min((e.announced for e in measures if _controls(e)), default=None)
    recent = first is not None and (on - first).days >= YEAR_OF_DAYS
    since = first if recent and first is not None else opening
    if since >= on:
        return None
    shown = new if direction == TIGHTEN else control_changes(ledger, own, on=on, origin=origin, direction=LIFT)
    # Liftings do not start the exposure, so that none has to be left out.
    skipped = {c.day for c in new if c.day == since} if recent and direction == TIGHTEN else set[date]()
    counted = tuple(ControlChange(c.event_id, c.title, c.day, c.asset, c.kind, c.day not in skipped) for c in shown)
    listed = {c.asset: c.day for c in reversed(new)}

    def under(start: date) -> float:
        return sum((on - max(day, start)).days for day in listed.values()) / DAYS_PER_YEAR

    def total(start: date) -> float:
        return len(own) * (on - start).days / DAYS_PER_YEAR

    if direction == LIFT:
        if under(since) <= 0:
            return None
        used, parts, long_run = _rate(LIFTED, since, counted, under(since)), (), None
    else:
        used = _rate("any", since, [c for c in counted if c.counted], total(since))
        exposure = {FIRST: total(since) - under(since), TIGHTENED: under(since)}
        parts = tuple(
            _rate(kind, since, [c for c in counted if c.counted and c.kind == kind], years)
            for kind, years in exposure.items()
            if years > 0
        )
        long_run = _rate("any", opening, counted, total(opening)) if since > opening else None
    return ControlRate(origin, direction, on, tuple(asset.key for asset in own), counted, used, parts, long_run)


def _controls(event: Event) -> bool:
    """Whether an event is a licence or a ban for everybody."""
    return event.is_law and event.instrument in COUNTING and event.end_user == "all"


def _lifts(ledger: ControlLedger, event: Event, asset: str, form: str, on: date) -> bool:
    """Whether an event suspends or repeals a licence or ban on the form."""
    if not event.is_law or event.relation not in LIFTING:
        return False
    targets = [ledger[target] for target in event.acts_on]
    return any(_controls(target) and ledger.certainty(target, asset, form, on=on) is not None for target in targets)


def _change(event: Event, asset: str, kind: str) -> ControlChange:
    return ControlChange(event.event_id, event.title, event.announced, asset, kind, counted=True)


def _rate(what: str, since: date, changes: Iterable[ControlChange], metal_years: float) -> BaseRate:
    """The posterior of the rate from the events and their exposure, which is positive."""
    from scipy.special import gammaincinv  # noqa: PLC0415

    kept = tuple(changes)
    sizes = [sum(1 for c in kept if c.event_id == event) for event in dict.fromkeys(c.event_id for c in kept)]
    dispersion = sum(size * size for size in sizes) / len(kept) if kept else 1.0
    shape, exposure = (len(kept) + 0.5) / dispersion, metal_years / dispersion
    low, high = (float(gammaincinv(shape, q)) / exposure for q in ((1 - INTERVAL) / 2, (1 + INTERVAL) / 2))
    return BaseRate(what, since, len(kept), len(sizes), metal_years, shape / exposure, low, high, dispersion)
