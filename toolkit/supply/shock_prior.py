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

from toolkit.core.assets import Asset
from toolkit.core.units import DAYS_PER_YEAR
from toolkit.supply.control_rate import TIGHTEN, BaseRate, ControlRate, control_rate
from toolkit.supply.controls import CHINA, ControlLedger
from toolkit.supply.event_study import HORIZONS, event_metals
from toolkit.supply.events import COUNTING
from toolkit.supply.shock_size import ASSUMPTION, ShockCase, Size, lifted_sizes, sizes_of
from toolkit.supply.year_change import MONTHS, MonthlySeries, year_change


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
        lifting = self.rate.direction != TIGHTEN
        happened = "a metal was freed of a licence or ban" if lifting else "a metal was newly put under a licence or ban"
        text = (
            f"Base rate of {'liftings' if lifting else 'new controls'} by {self.origin}, known on {self.rate.as_of}: "
            f"{used.events} times {happened}, in {used.notices} {'notice' if used.notices == 1 else 'notices'}, over "
            f"{used.metal_years:.1f} metal-years {'under control ' if lifting else ''}since {used.since}: {used.rate:.3f} a "
            f"metal and year, a probability of {used.probability:.0%} within a year (90 % interval {low:.0%} to {high:.0%})."
        )
        parts = "; ".join(f"{part.what} {part.events} in {part.metal_years:.1f} metal-years" for part in self.rate.parts)
        if parts:
            text += f" Of these: {parts}."
        if self.rate.long_run is not None:
            text += f" Since the first measure of any kind, {self.rate.long_run.since}: {self.rate.long_run.probability:.0%}."
        return text

    def _case_notes(self) -> tuple[str, ...]:
        """What prices did after past events, and in the same months without one."""
        if self.rate.direction != TIGHTEN:
            told = ", ".join(f"{case.asset} {case.change:+.0%} after {case.months} months" for case in self.cases) or "none"
            few = any(size.basis == ASSUMPTION for size in self.sizes.values())
            return (f"Past liftings: {told}." + (" They are too few to size one." if few else ""),)
        text = (
            f"After {len(self.cases)} past controls prices changed by {_span(self.cases)} within {MONTHS} months, over base "
            "metals"
        )
        if self.placebo:
            text += (
                f"; in the same months metals at risk without a control, by {_span(self.placebo)}, {len(self.placebo)} cases"
            )
        return (f"{text}. Windows overlap: these are fewer independent cases than their number.",)

    def _size_note(self, assets: Iterable[str]) -> str:
        """Sizes, those with the same words told together."""
        together: dict[str, list[str]] = {}
        for asset in assets:
            together.setdefault(self.sizes[asset].words, []).append(asset)
        return "Sizes: " + "; ".join(f"{', '.join(names)} {words}" for words, names in together.items()) + "."


def _span(cases: Sequence[ShockCase]) -> str:
    """Median and range."""
    changes = [case.change for case in cases]
    return f"a median of {statistics.median(changes):+.0%} ({min(changes):+.0%} to {max(changes):+.0%})"


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
