"""The default prior of a supply shock: how often controls come, and what prices did in the year after past ones.

Both are counts of few, overlapping cases of one regime. They are printed with their number, their range and their basis, and
a strategy that knows better states its own.
"""

from __future__ import annotations

import statistics
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from types import MappingProxyType

from toolkit.controls.events import COUNTING
from toolkit.controls.ledger import CHINA, ControlLedger
from toolkit.core.assets import Asset
from toolkit.core.messages import Message, message, together
from toolkit.core.units import DAYS_PER_YEAR
from toolkit.shocks.base_rates import TIGHTEN, BaseRate, ControlRate, control_rate
from toolkit.shocks.event_study import HORIZONS, MONTHS, event_metals, year_change
from toolkit.shocks.monthly_series import MonthlySeries
from toolkit.shocks.shock_size import ASSUMPTION, ShockCase, Size, lifted_sizes, sizes_of


@dataclass(frozen=True, slots=True)
class ShockPrior:
    """How probable a shock is in a year and how large.

    Attributes:
        rate: Of the events, with its interval.
        sizes: Asset -> its size; empty where no price is known around any control.
        cases: Behind the sizes, a year after the announcement; of liftings, the longest change known.
        placebo: The same windows for series that no control had named: what prices did without one. Empty for liftings.
    """

    rate: ControlRate
    sizes: Mapping[str, Size]
    cases: tuple[ShockCase, ...]
    placebo: tuple[ShockCase, ...]

    @property
    def origin(self) -> str:
        """Whose controls."""
        return self.rate.origin

    @property
    def used(self) -> BaseRate:
        """The rate in use."""
        return self.rate.used

    @property
    def probability(self) -> float:
        """Of at least one event on a metal within a year."""
        return self.used.probability

    def notes(self, assets: Sequence[str] | None = None) -> tuple[str, ...]:
        """The prior in words: what was counted, over what, how far to trust it, and the sizes of `assets` with their basis."""
        asked = [asset for asset in (self.sizes if assets is None else assets) if asset in self.sizes]
        return (self._rate_note(), *((*self._case_notes(), self._size_note(asked)) if asked else ()))

    def _rate_note(self) -> str:
        used, (low, high) = self.used, self.used.interval
        counted = {
            "origin": self.origin,
            "day": self.rate.as_of,
            "events": used.events,
            "notices": message("{n} notice", n=1) if used.notices == 1 else message("{n} notices", n=used.notices),
            "exposure": used.metal_years,
            "since": used.since,
            "rate": used.rate,
            "probability": used.probability,
            "low": low,
            "high": high,
        }
        if self.rate.direction == TIGHTEN:
            told = message(
                "Base rate of new controls by {origin}, known on {day:%Y-%m-%d}: {events} times a metal was newly put under a "
                "licence or ban, in {notices}, over {exposure:.1f} metal-years since {since:%Y-%m-%d}: {rate:.3f} a metal and "
                "year, a probability of {probability:.0%} within a year (90 % interval {low:.0%} to {high:.0%}).",
                **counted,
            )
        else:
            told = message(
                "Base rate of liftings by {origin}, known on {day:%Y-%m-%d}: {events} times a metal was freed of a licence or "
                "ban, in {notices}, over {exposure:.1f} metal-years under control since {since:%Y-%m-%d}: {rate:.3f} a metal "
                "and year, a probability of {probability:.0%} within a year (90 % interval {low:.0%} to {high:.0%}).",
                **counted,
            )
        sentences = [told]
        if self.rate.parts:
            parts = [
                message("{what} {events} in {exposure:.1f} metal-years", what=p.what, events=p.events, exposure=p.metal_years)
                for p in self.rate.parts
            ]
            sentences.append(message("Of these: {parts:; }.", parts=parts))
        if (long_run := self.rate.long_run) is not None:
            sentences.append(
                message(
                    "Since the first measure of any kind, {since:%Y-%m-%d}: {probability:.0%}.",
                    since=long_run.since,
                    probability=long_run.probability,
                )
            )
        return together(*sentences)

    def _case_notes(self) -> tuple[str, ...]:
        """What prices did after past events, and in the same months without one."""
        if self.rate.direction != TIGHTEN:
            cases = [
                message("{asset} {change:+.0%} after {months} months", asset=c.asset, change=c.change, months=c.months)
                for c in self.cases
            ]
            told = message("Past liftings: {cases}.", cases=cases or message("none"))
            few = any(size.basis == ASSUMPTION for size in self.sizes.values())
            return (together(told, message("They are too few to size one.")) if few else told,)
        counted = {"count": len(self.cases), "change": _span(self.cases), "months": MONTHS}
        if self.placebo:
            told = message(
                "After {count} past controls prices changed by {change} within {months} months, over base metals; in the same "
                "months metals at risk without a control, by {other}, {others} cases.",
                other=_span(self.placebo),
                others=len(self.placebo),
                **counted,
            )
        else:
            told = message(
                "After {count} past controls prices changed by {change} within {months} months, over base metals.", **counted
            )
        return (together(told, message("Windows overlap: these are fewer independent cases than their number.")),)

    def _size_note(self, assets: Iterable[str]) -> Message:
        """Sizes, those with the same words told together."""
        alike: dict[Message, list[str]] = {}
        for asset in assets:
            alike.setdefault(self.sizes[asset].words, []).append(asset)
        sizes = [message("{assets} {size}", assets=names, size=words) for words, names in alike.items()]
        return message("Sizes: {sizes:; }.", sizes=sizes)


def _span(cases: Sequence[ShockCase]) -> Message:
    """Median and range."""
    changes = [case.change for case in cases]
    return message(
        "a median of {median:+.0%} ({low:+.0%} to {high:+.0%})",
        median=statistics.median(changes),
        low=min(changes),
        high=max(changes),
    )


def control_cases(
    ledger: ControlLedger, series: Mapping[str, MonthlySeries], *, traded: Mapping[str, str], benchmark: Sequence[str]
) -> tuple[ShockCase, ...]:
    """The year after every licence or ban for all end users, whoever's, that names the form of a priced series.

    They are the comparable cases of `toolkit event`, from the announcement, at the last of its horizons.

    Args:
        ledger: As known at the date of the question.
        series: Visible monthly prices.
        traded: Asset key -> the form that its series is of; other series have the form they are named for.
        benchmark: Uncontrolled metals with month averages.
    """
    found: list[ShockCase] = []
    for event in ledger.events:
        if not (event.is_law and event.instrument in COUNTING and event.end_user == "all"):
            continue
        for asset, forms in event_metals(ledger, event).items():
            named = "any" in forms or (traded[asset] in forms if asset in traded else bool(forms))
            change = year_change(series, asset, event.announced, benchmark=benchmark) if named else None
            if change is not None:
                found.append(ShockCase(event.event_id, asset, event.announced, change, MONTHS))
    return tuple(found)


def placebo_cases(
    cases: Sequence[ShockCase],
    rate: ControlRate,
    series: Mapping[str, MonthlySeries],
    *,
    benchmark: Sequence[str],
) -> tuple[ShockCase, ...]:
    """The same windows for metals at risk that the origin did not control by the end of the window."""
    first = {change.asset: change.day for change in reversed(rate.changes)}
    found: list[ShockCase] = []
    for event_id, day in dict.fromkeys((case.event_id, case.day) for case in cases):
        for asset in rate.metals:
            controlled = first.get(asset)
            if asset in benchmark or (controlled is not None and (controlled - day).days <= DAYS_PER_YEAR):
                continue
            change = year_change(series, asset, day, benchmark=benchmark)
            if change is not None:
                found.append(ShockCase(event_id, asset, day, change, MONTHS))
    return tuple(found)


def shock_prior(
    ledger: ControlLedger,
    metals: Sequence[Asset],
    series: Mapping[str, MonthlySeries],
    *,
    on: date,
    traded: Mapping[str, str],
    benchmark: Sequence[str],
    origin: str = CHINA,
    direction: str = TIGHTEN,
) -> ShockPrior | None:
    """The default prior; None where the origin had announced no measure by then.

    Args:
        ledger: As known on `on`.
        metals: At risk.
        series: Visible monthly prices.
        on: The date of the question.
        traded: Asset key -> the form that its series is of.
        benchmark: Uncontrolled metals.
        origin: Whose controls.
        direction: ``tighten``, or ``lift`` for controls that are suspended or repealed.
    """
    rate = control_rate(ledger, metals, on=on, origin=origin, direction=direction)
    cases = control_cases(ledger, series, traded=traded, benchmark=benchmark)
    if rate is None:
        return None
    up = sizes_of(cases, rate.metals)
    if direction == TIGHTEN:
        placebo = placebo_cases(cases, rate, series, benchmark=benchmark)
        return ShockPrior(rate, MappingProxyType(up), cases, placebo)
    last = _after_liftings(rate, series, benchmark)
    return ShockPrior(rate, MappingProxyType(lifted_sizes(up, last)), last, ())


def _after_liftings(rate: ControlRate, series: Mapping[str, MonthlySeries], benchmark: Sequence[str]) -> tuple[ShockCase, ...]:
    """The longest change known after every lifting."""
    found: list[ShockCase] = []
    for lifted in rate.changes:
        for months in reversed(HORIZONS):
            change = year_change(series, lifted.asset, lifted.day, benchmark=benchmark, months=months)
            if change is not None:
                found.append(ShockCase(lifted.event_id, lifted.asset, lifted.day, change, months))
                break
    return tuple(found)
