"""What prices did after a control event: month averages, benchmark-adjusted, with overlaps and non-reactions in sight.

Customs unit values are noisy: their level is the quantity-weighted mean of up to three months, and a window never reaches
across the event. Other bases are month averages already and are taken month by month. Cases are few and overlap, so median,
range and n are given and no p-value: it would claim independence that the cases do not have.
"""

from __future__ import annotations

import calendar
import math
import statistics
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

import polars as pl

from toolkit.core.errors import DataError, did_you_mean
from toolkit.supply.controls import ControlLedger
from toolkit.supply.events import Event

HORIZONS = (1, 3, 6, 12)
"""Months after the event."""
NOISY = "customs_unit_value"
SMOOTHING = 3
"""Months in the level of a noisy basis."""
NO_REACTION = 0.10
"""Changes smaller than this count as no reaction: a convention, about the error of a filtered customs level."""
ANNOUNCEMENT, EFFECT = "announcement", "effect"


@dataclass(frozen=True, slots=True)
class Reaction:
    """The change of one price from before an event to a horizon after it, as fractions of the price before.

    Attributes:
        month: The month looked at, its last day.
        change: Simple change of the price; None where a month is missing or not known yet.
        benchmark: Mean change of the benchmark's members over the same months, geometric; None where one is missing.
        adjusted: ``(1 + change) / (1 + benchmark) - 1``.
        before_months, after_months: Prints behind the two levels.
    """

    horizon: int
    month: date
    change: float | None
    benchmark: float | None
    adjusted: float | None
    before_months: int
    after_months: int

    @property
    def verdict(self) -> str:
        """``up``, ``down``, ``none`` (no reaction) or ``unknown``, by the adjusted change, else the plain one."""
        figure = self.change if self.adjusted is None else self.adjusted
        if figure is None:
            return "unknown"
        return "none" if abs(figure) < NO_REACTION else "up" if figure > 0 else "down"


@dataclass(frozen=True, slots=True)
class Case:
    """One event, one metal, one day zero.

    Attributes:
        zero: ``announcement`` or ``effect``.
        form_named: The event names the form that the series prices; False for a metal that was only talked of.
        overlaps: Ids of other control, practice and market events on the same metal within a year before or after.
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
    """The cases of one event, and the metals of it that no series speaks of.

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
        n: Cases with a figure; `overlapping` of them share their window with another event on the same metal.
        reacting: Of the n, those above `NO_REACTION` in the direction up, down, and neither.
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


def _month(day: date, shift: int) -> date:
    """The last day of the month `shift` months after that of `day`."""
    year, month = divmod(day.year * 12 + day.month - 1 + shift, 12)
    return date(year, month + 1, calendar.monthrange(year, month + 1)[1])


def _level(series: pl.DataFrame, months: Sequence[date], *, noisy: bool) -> tuple[float | None, int]:
    """The level over `months` and the prints behind it: quantity-weighted where noisy, of the last month otherwise."""
    rows = series.filter(pl.col("date").is_in(list(months if noisy else months[-1:])))
    if rows.is_empty():
        return None, 0
    weights = rows["quantity"].fill_null(0.0)
    total = float(weights.sum())
    if noisy and total > 0:
        return float((rows["price"] * weights).sum()) / total, rows.height
    return statistics.fmean(rows["price"]), rows.height


def _windows(day: date, horizon: int) -> tuple[list[date], list[date]]:
    """Months before and months after; the month of the event itself is in neither."""
    before = [_month(day, shift) for shift in range(-SMOOTHING, 0)]
    after = [_month(day, shift) for shift in range(max(1, horizon - SMOOTHING + 1), horizon + 1)]
    return before, after


def _benchmark(members: Iterable[Mapping[date, float]], before: date, after: date) -> float | None:
    """Geometric mean change of the members (date -> price) that have both months; None when none has."""
    changes = [math.log(prices[after] / prices[before]) for prices in members if before in prices and after in prices]
    return math.expm1(sum(changes) / len(changes)) if changes else None


def reactions(prices: pl.DataFrame, asset: str, day: date, *, benchmark: Sequence[str]) -> tuple[Reaction, ...]:
    """The reactions of one series around one day, at every horizon.

    Args:
        prices: Visible monthly prices, rows of `toolkit.core.frames.Prices` dated at the ends of months.
        asset: Whose series.
        day: Day zero.
        benchmark: Uncontrolled metals; one that is `asset` itself is left out.
    """
    series = prices.filter(pl.col("asset") == asset)
    noisy = series["basis"].eq(NOISY).any()
    others: dict[str, dict[date, float]] = {member: {} for member in benchmark if member != asset}
    for member, month, price in prices.filter(pl.col("asset").is_in(list(others))).select("asset", "date", "price").iter_rows():
        others[member][month] = price
    found: list[Reaction] = []
    for horizon in HORIZONS:
        before, after = _windows(day, horizon)
        start, n_before = _level(series, before, noisy=noisy)
        # A horizon exists once its own month is known: earlier months of the window alone would answer another question.
        reached = series.filter(pl.col("date") == after[-1]).height > 0
        end, n_after = _level(series, after, noisy=noisy) if reached else (None, 0)
        change = None if start is None or end is None else end / start - 1.0
        market = _benchmark(others.values(), before[-1], after[-1])
        adjusted = None if change is None or market is None else (1.0 + change) / (1.0 + market) - 1.0
        found.append(Reaction(horizon, after[-1], change, market, adjusted, n_before, n_after))
    return tuple(found)


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
        raise DataError(f"{name!r} is more than one event.", hint=f"Ask for one of {ids}.", details={"event": name})
    known = [*(event.event_id for event in ledger.events), *(event.number for event in ledger.events if event.number)]
    raise DataError(f"no event {name!r} in the ledger.", hint=did_you_mean(name, known), details={"event": name})


def notice_key(number: str) -> str:
    """A notice number in one spelling: ``no. 23 of 2023`` and ``No. 23/2023`` are the same; paragraphs do not matter."""
    words = number.casefold().replace("no.", " ").replace("/", " of ").split()
    if len(words) >= 3 and words[1] == "of" and words[0].isdigit():
        return f"{words[0]}/{words[2]}"
    return " ".join(words)


def event_metals(ledger: ControlLedger, event: Event) -> dict[str, tuple[str, ...]]:
    """Metal -> the forms that the event names; none for a metal that it speaks of without naming a form."""
    sources = [event.event_id] if event.coverage == "listed" else list(event.acts_on) if event.coverage == "acts_on" else []
    forms: dict[str, set[str]] = {}
    for scope in ledger.scopes:
        if scope.event_id in sources and scope.certainty != "not_named":
            forms.setdefault(scope.asset, set()).add(scope.form)
    spoken = {metal.split(" (")[0] for metal in event.metals}
    for metal in spoken & set(ledger.assets):
        forms.setdefault(metal, set())
    if event.coverage == "acts_on":
        # It covers of what it acts on the metals that it speaks of, where it speaks of single metals.
        named = {metal for metal in forms if metal in spoken}
        forms = {metal: found for metal, found in forms.items() if not named or metal in named}
    return {metal: tuple(sorted(found)) for metal, found in sorted(forms.items())}


def overlapping(ledger: ControlLedger, event: Event, asset: str, day: date, form: str | None = None) -> tuple[str, ...]:
    """Other control, practice and market events on the metal within the longest horizon, before or after.

    What happened in the year before may still be moving the price; what happened in the year after moves it too. Of a metal
    that is priced in a known `form`, events that name other forms alone are no overlap: gallium antimonide is no antimony.
    """

    def is_met(other: Event) -> bool:
        metals = event_metals(ledger, other)
        named = metals.get(asset, ())
        return asset in metals and (form is None or not named or "any" in named or form in named)

    first, last = _month(day, -HORIZONS[-1]).replace(day=1), _month(day, HORIZONS[-1])
    return tuple(
        other.event_id
        for other in ledger.events
        if other.event_id != event.event_id
        and other.kind in ("control", "practice", "market")
        and any(moment is not None and first <= moment <= last for moment in (other.announced, other.effective))
        and is_met(other)
    )


def study(
    ledger: ControlLedger, event: Event, prices: pl.DataFrame, *, traded: Mapping[str, str], benchmark: Sequence[str]
) -> EventStudy:
    """The event study of one event.

    Args:
        ledger: The ledger as known at the date of the question.
        event: One of its events.
        prices: Visible monthly prices.
        traded: Asset key -> the form that its price series is of; other series have the form they are named for.
        benchmark: Uncontrolled metals with month averages.
    """
    metals = event_metals(ledger, event)
    priced = set(prices["asset"])
    cases: list[Case] = []
    outside: list[str] = []
    days = [(ANNOUNCEMENT, event.announced)]
    if event.effective is not None and event.effective != event.announced:
        days.append((EFFECT, event.effective))
    without: list[str] = []
    for metal, forms in metals.items():
        if metal not in priced:
            without.append(metal)
            continue
        found = [
            Case(
                event_id=event.event_id,
                asset=metal,
                zero=zero,
                day=day,
                basis=prices.filter(pl.col("asset") == metal)["basis"][0],
                form_named="any" in forms or (traded[metal] in forms if metal in traded else bool(forms)),
                overlaps=overlapping(ledger, event, metal, day, traded.get(metal)),
                reactions=reactions(prices, metal, day, benchmark=benchmark),
            )
            for zero, day in days
        ]
        known = [case for case in found if any(reaction.change is not None for reaction in case.reactions)]
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
