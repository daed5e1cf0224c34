"""Event study of prices around a control: month averages, benchmark-adjusted; overlaps and non-reactions are listed.

Customs unit values are noisy: their level is the quantity-weighted mean of up to three months, and a window never reaches
across the event. Other bases are month averages already and are taken month by month. A change stands between two levels
whose errors are known (`toolkit.shocks.monthly_series`); none is given with an error above `LARGEST_LEVEL_ERROR`. Cases are few
and overlap, so median, range and n are given and no p-value: it would claim independence that the cases do not have.
"""

from __future__ import annotations

import math
import statistics
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from toolkit.controls.events import Event
from toolkit.controls.ledger import ControlLedger
from toolkit.core.calendar import month_end, month_number
from toolkit.core.errors import DataError, did_you_mean
from toolkit.shocks.monthly_series import MonthlySeries, window
from toolkit.supply.flows import SMALL_BASE

HORIZONS = (1, 3, 6, 12)
"""Months after the event."""
MONTHS = HORIZONS[-1]
LARGEST_LEVEL_ERROR = 0.25
"""Standard error (log points) of a level above which no change from it or to it is given: two of them are a factor of 1.6."""
NO_REACTION = 0.10
"""Changes smaller than this count as no reaction: a convention, about the error of a filtered customs level."""
ANNOUNCEMENT, EFFECT = "announcement", "effect"


@dataclass(frozen=True, slots=True)
class Reaction:
    """The change of a price some months after an event; fractions of the price before.

    Attributes:
        horizon: Months.
        month: Last day of the month.
        change: Of the price; null where a month is missing or not known yet, or a level is too thin.
        benchmark: Of the benchmark over the same months, geometric mean; null where a month of it is missing.
        adjusted: The change over that of the benchmark: ``(1 + change) / (1 + benchmark) - 1``.
        error: Standard error, in log points, from those of both levels; null where one is missing.
        before: Level before the event, in the unit of the series.
        before_error: Its standard error, in log points.
        before_months: Months with a price before.
        after_months: Months with a price after.
        thin: Which level is too noisy, with an error above `LARGEST_LEVEL_ERROR`: before or after.
        verdict: up, down, none, too_thin or unknown, by the adjusted change, else the plain one.
    """

    horizon: int
    month: date
    change: float | None
    benchmark: float | None
    adjusted: float | None
    error: float | None
    before: float | None
    before_error: float | None
    before_months: int
    after_months: int
    thin: str | None
    verdict: str


@dataclass(frozen=True, slots=True)
class Case:
    """One event, one metal, one day zero.

    Attributes:
        event_id: Id in the ledger.
        asset: Key of the metal.
        zero: announcement or effect.
        day: Of it.
        basis: Basis of the price.
        form_named: Whether the event names the form that the series prices; not for a metal that was only talked of.
        overlaps: Ids of other control, practice and market events on the same metal within a year before or after.
        reactions: By horizon.
    """

    event_id: str
    asset: str
    zero: str
    day: date
    basis: str
    form_named: bool
    overlaps: tuple[str, ...]
    reactions: tuple[Reaction, ...]

    def at(self, horizon: int) -> Reaction:
        """The reaction at one of the horizons."""
        return next(reaction for reaction in self.reactions if reaction.horizon == horizon)


@dataclass(frozen=True, slots=True)
class EventStudy:
    """The cases of one event, and its metals without a series.

    Attributes:
        without_series: Metals named by the event without any monthly price: nothing else is put in their place.
        outside_series: Metals whose series does not cover the month before and a horizon after.
    """

    event: Event
    cases: tuple[Case, ...]
    without_series: tuple[str, ...]
    outside_series: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Summary:
    """Median and range over cases at one horizon.

    Attributes:
        n: Cases with a figure.
        horizon: Months after the event.
        overlapping: Cases whose window another event on the same metal shares.
        median, low, high: Of the adjusted changes; low and high are the range.
        up, down, none: Cases above `NO_REACTION` in each direction, and the others.
    """

    horizon: int
    n: int
    overlapping: int
    median: float | None
    low: float | None
    high: float | None
    up: int
    down: int
    none: int


def reactions(series: Mapping[str, MonthlySeries], asset: str, day: date, *, benchmark: Sequence[str]) -> tuple[Reaction, ...]:
    """The reactions of one series around one day, at every horizon.

    Args:
        series: From `toolkit.shocks.monthly_series.monthly`: what is known.
        asset: Whose price.
        day: Day zero; its own month is in neither level.
        benchmark: Uncontrolled metals; one that is `asset` itself is left out.
    """
    return tuple(reaction(series, asset, day, horizon, benchmark=benchmark) for horizon in HORIZONS)


def reaction(series: Mapping[str, MonthlySeries], asset: str, day: date, horizon: int, *, benchmark: Sequence[str]) -> Reaction:
    """The reaction of one series to an event, before and after it.

    Args:
        series: Visible monthly prices by asset.
        asset: Key of a series.
        day: Day of the event; its own month is in neither level.
        horizon: Months after the event.
        benchmark: Keys of uncontrolled metals whose mean change is taken out.
    """
    own, event_month = series[asset], month_number(day)
    after = event_month + horizon
    start = own.level(window(event_month, -1))
    # A horizon exists once its own month is known: earlier months of the window alone would answer another question.
    end = own.level(window(event_month, horizon)) if after in own.prints else None
    thin = (
        "before"
        if start and start.error > LARGEST_LEVEL_ERROR
        else "after"
        if end and end.error > LARGEST_LEVEL_ERROR
        else None
    )
    change = None if start is None or end is None or thin else end.price / start.price - 1.0
    market = _benchmark((series[name] for name in benchmark if name in series and name != asset), event_month - 1, after)
    adjusted = None if change is None or market is None else (1.0 + change) / (1.0 + market) - 1.0
    return Reaction(
        horizon=horizon,
        month=month_end(after),
        change=change,
        benchmark=market,
        adjusted=adjusted,
        error=_finite(math.hypot(start.error, end.error)) if start and end else None,
        before=start.price if start else None,
        before_error=_finite(start.error) if start else None,
        before_months=start.prints if start else 0,
        after_months=end.prints if end else 0,
        thin=thin,
        verdict="too_thin" if thin else _verdict(change if adjusted is None else adjusted),
    )


def _verdict(figure: float | None) -> str:
    if figure is None:
        return "unknown"
    return "none" if abs(figure) < NO_REACTION else "up" if figure > 0 else "down"


def year_change(
    series: Mapping[str, MonthlySeries], asset: str, day: date, *, benchmark: Sequence[str], months: int = MONTHS
) -> float | None:
    """The change of a price after an event, over that of the benchmark; None where it is not known.

    Args:
        series: Visible monthly prices by asset.
        asset: Asset key; it need not have a series.
        day: Day of the event.
        benchmark: Keys of uncontrolled metals whose mean change is taken out.
        months: Months after the event.
    """
    return reaction(series, asset, day, months, benchmark=benchmark).adjusted if asset in series else None


def _finite(error: float) -> float | None:
    return error if math.isfinite(error) else None


def _benchmark(members: Iterable[MonthlySeries], before: int, after: int) -> float | None:
    """Geometric mean change of the members that have both months; None when none has."""
    changes = [
        math.log(one.prints[after][0] / one.prints[before][0])
        for one in members
        if before in one.prints and after in one.prints
    ]
    return math.expm1(sum(changes) / len(changes)) if changes else None


def find_event(ledger: ControlLedger, name: str) -> Event:
    """The event with this id, or the only one with this number (``No. 23 of 2023``, ``23/2023``).

    Raises:
        DataError: for a name that no event or more than one has, with the nearest.
    """
    wanted = name.strip().casefold()
    by_id = {event.event_id.casefold(): event for event in ledger.events}
    if wanted in by_id:
        return by_id[wanted]
    key = notice_key(wanted)
    numbered = [event for event in ledger.events if event.number and notice_key(event.number) == key]
    if len(numbered) == 1:
        return numbered[0]
    if numbered:
        ids = ", ".join(f"{event.event_id} ({event.number})" for event in numbered)
        raise DataError(
            "{name!r:s} is more than one event.", hint="Ask for one of {ids}.", details={"event": name}, name=name, ids=ids
        )
    known = [*(event.event_id for event in ledger.events), *(event.number for event in ledger.events if event.number)]
    raise DataError("no event {name!r:s} in the ledger.", hint=did_you_mean(name, known), details={"event": name}, name=name)


def notice_key(number: str) -> str:
    """A notice number in one spelling: ``no. 23 of 2023`` and ``No. 23/2023`` are the same; paragraphs do not matter."""
    words = number.casefold().replace("no.", " ").replace("/", " of ").split()
    if len(words) >= 3 and words[1] == "of" and words[0].isdigit():
        return f"{words[0]}/{words[2]}"
    return " ".join(words)


def event_metals(ledger: ControlLedger, event: Event) -> dict[str, tuple[str, ...]]:
    """Metal -> the forms that the event names; none for a metal that it mentions without a form."""
    forms: dict[str, set[str]] = {}
    if event.coverage == "listed":
        for scope in (scope for scopes in ledger.scopes_of(event.event_id).values() for scope in scopes):
            if scope.certainty != "not_named":
                forms.setdefault(scope.asset, set()).add(scope.form)
    elif event.coverage == "acts_on":
        for target in event.acts_on:
            for metal, found in event_metals(ledger, ledger[target]).items():
                forms.setdefault(metal, set()).update(found)
    spoken = {metal.split(" (")[0] for metal in event.metals}
    for metal in spoken & set(ledger.assets):
        forms.setdefault(metal, set())
    if event.coverage == "acts_on":
        # It covers of what it acts on the metals that it speaks of, where it speaks of single metals.
        named = {metal for metal in forms if metal in spoken}
        forms = {metal: found for metal, found in forms.items() if not named or metal in named}
    return {metal: tuple(sorted(found)) for metal, found in sorted(forms.items())}


def overlapping(ledger: ControlLedger, event: Event, asset: str, day: date, form: str | None = None) -> tuple[str, ...]:
    """Ids of other control, practice and market events on the metal within `MONTHS` before or after.

    What happened in the year before may still be moving the price; what happened in the year after moves it too. Of a metal
    that is priced in a known form, events that name other forms alone are no overlap: gallium antimonide is no antimony.

    Args:
        ledger: The ledger of controls.
        event: The event that is studied.
        asset: Asset key of the metal.
        day: Day of the event.
        form: Form that the price series is of; None where not known.
    """

    def is_met(other: Event) -> bool:
        metals = event_metals(ledger, other)
        named = metals.get(asset, ())
        return asset in metals and (form is None or not named or "any" in named or form in named)

    event_month = month_number(day)
    first, last = month_end(event_month - MONTHS).replace(day=1), month_end(event_month + MONTHS)
    return tuple(
        other.event_id
        for other in ledger.events
        if other.event_id != event.event_id
        and other.kind in ("control", "practice", "market")
        and any(moment is not None and first <= moment <= last for moment in (other.announced, other.effective))
        and is_met(other)
    )


def study(
    ledger: ControlLedger,
    event: Event,
    series: Mapping[str, MonthlySeries],
    *,
    traded: Mapping[str, str],
    benchmark: Sequence[str],
) -> EventStudy:
    """The event study of one event.

    Args:
        ledger: The ledger as known at the date of the question.
        event: One of its events.
        series: Visible monthly prices.
        traded: Asset key -> the form that its price series is of; other series have the form they are named for.
        benchmark: Uncontrolled metals with month averages.
    """
    metals = event_metals(ledger, event)
    cases: list[Case] = []
    outside: list[str] = []
    days = [(ANNOUNCEMENT, event.announced)]
    if event.effective is not None and event.effective != event.announced:
        days.append((EFFECT, event.effective))
    without: list[str] = []
    for metal, forms in metals.items():
        if metal not in series:
            without.append(metal)
            continue
        found = [
            Case(
                event_id=event.event_id,
                asset=metal,
                zero=zero,
                day=day,
                basis=series[metal].basis,
                form_named="any" in forms or (traded[metal] in forms if metal in traded else bool(forms)),
                overlaps=overlapping(ledger, event, metal, day, traded.get(metal)),
                reactions=reactions(series, metal, day, benchmark=benchmark),
            )
            for zero, day in days
        ]
        known = [case for case in found if any(r.change is not None or r.thin for r in case.reactions)]
        cases += known
        if not known:
            outside.append(metal)
    return EventStudy(event, tuple(cases), tuple(without), tuple(outside))


def summary(cases: Iterable[Case]) -> tuple[Summary, ...]:
    """Median, range and n of the adjusted changes at each horizon; cases without a figure are not counted."""
    kept = tuple(cases)
    rows: list[Summary] = []
    for horizon in HORIZONS:
        with_figure = [(case, r) for case in kept if (r := case.at(horizon)).adjusted is not None]
        figures = [r.adjusted for _, r in with_figure if r.adjusted is not None]
        verdicts = [r.verdict for _, r in with_figure]
        rows.append(
            Summary(
                horizon=horizon,
                n=len(figures),
                overlapping=sum(1 for case, _ in with_figure if case.overlaps),
                median=statistics.median(figures) if figures else None,
                low=min(figures, default=None),
                high=max(figures, default=None),
                up=verdicts.count("up"),
                down=verdicts.count("down"),
                none=verdicts.count("none"),
            )
        )
    return tuple(rows)


FIRST_MONTH, LAST_MONTH = -6, 12
"""First and last month of a path, counted from the month of the event."""


@dataclass(frozen=True, slots=True)
class PathMonth:
    """A month of a path; figures are indices, 100 for the level before the event.

    Attributes:
        shift: Months from that of the event.
        month: Its last day.
        printed: The price as printed; None where there is none.
        level: As the event study takes it: weighted over up to three months where noisy, never across the event. None in the
            month of the event itself, which belongs to neither side.
        benchmark: Geometric mean of the benchmark, 100 in the month before the event.
        scarce: The level rests on a quantity that is small for this series (`is_scarce`).
    """

    shift: int
    month: date
    printed: float | None
    level: float | None
    benchmark: float | None
    scarce: bool


def price_path(
    series: Mapping[str, MonthlySeries], asset: str, day: date, *, benchmark: Sequence[str]
) -> tuple[PathMonth, ...]:
    """The path of one price around `day`, from six months before to twelve after; () without a level before the event.

    Nor is there a path from a level that is too thin: every index of it would carry the error of the base.

    Args:
        series: From `toolkit.shocks.monthly_series.monthly`: what is known.
        asset: Whose price.
        day: Day zero.
        benchmark: Uncontrolled metals; one that is `asset` itself is left out.
    """
    own, event_month = series.get(asset), month_number(day)
    base = own.level(window(event_month, -1)) if own else None
    if own is None or base is None or base.error > LARGEST_LEVEL_ERROR:
        return ()
    others = [series[name].prints for name in benchmark if name in series and name != asset]
    path: list[PathMonth] = []
    for shift in range(FIRST_MONTH, LAST_MONTH + 1):
        at = event_month + shift
        found = own.prints.get(at)
        months = window(event_month, shift)
        level = own.level(months) if found and months else None
        logs = [
            math.log(prints[at][0] / prints[event_month - 1][0])
            for prints in others
            if at in prints and event_month - 1 in prints
        ]
        path.append(
            PathMonth(
                shift=shift,
                month=month_end(at),
                printed=None if found is None else 100.0 * found[0] / base.price,
                level=None if level is None else 100.0 * level.price / base.price,
                benchmark=100.0 * math.exp(sum(logs) / len(logs)) if logs else None,
                scarce=level is not None and is_scarce(own, months),
            )
        )
    return tuple(path)


def is_scarce(series: MonthlySeries, months: Sequence[int]) -> bool:
    """Whether a noisy level rests on less than a tenth of the mean quantity a month: one odd parcel may have made it."""
    if not series.noisy:
        return False
    usual = sum(quantity for _, quantity in series.prints.values()) / len(series.prints)
    found = [series.prints[month][1] for month in months if month in series.prints]
    return bool(found) and sum(found) / len(found) < SMALL_BASE * usual
