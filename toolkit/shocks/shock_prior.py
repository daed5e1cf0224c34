"""The default prior of a supply shock: base rate of controls, and price response to the loss that past ones brought.

Both rest on few, overlapping cases of one regime. They are printed with their number, their range and their basis, and a
strategy that knows better states its own.
"""

from __future__ import annotations

import statistics
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from types import MappingProxyType

from toolkit.core.grouping import by_key
from toolkit.core.messages import Message, message, together
from toolkit.core.units import DAYS_PER_YEAR
from toolkit.shocks.base_rates import TIGHTEN, BaseRate, ControlRate
from toolkit.shocks.elasticity import Elasticity, price_band
from toolkit.shocks.event_study import HORIZONS, MONTHS, year_change
from toolkit.shocks.monthly_series import MonthlySeries
from toolkit.shocks.price_response import LARGEST_LOSS, OBSERVED, ResponseCase

LEAST_CASES = 5
"""Cases, from at least two notices, that the size of a lifting needs to rest on prices: a convention."""
POSTERIOR, ASSUMPTION = "posterior", "assumption"


@dataclass(frozen=True, slots=True)
class ShockCase:
    """One event and one series: the benchmark-adjusted change some months after its announcement."""

    event_id: str
    asset: str
    day: date
    change: float
    months: int


@dataclass(frozen=True, slots=True)
class Size:
    """Change of the price of one asset within a year of a shock, benchmark-adjusted.

    Attributes:
        change: Simple change that the prior uses: the median.
        low, high: Ends of its 90 % band; of observed liftings their range.
        basis: ``posterior``, ``observed`` or ``assumption``.
        words: Where it comes from.
    """

    asset: str
    change: float
    low: float
    high: float
    basis: str
    words: Message


def typical_fall(cases: Sequence[ResponseCase]) -> float | None:
    """Median fall of imports after past controls, 0..1; None without a case."""
    falls = [case.fall for case in cases if case.kind == OBSERVED and case.fall is not None]
    return statistics.median(falls) if falls else None


def sizes_of(shares: Mapping[str, float], fall: float, elasticity: Callable[[str], Elasticity]) -> dict[str, Size]:
    """The band of each price at the loss of a typical control, as `toolkit shock` gives it.

    Args:
        shares: Asset -> fraction of world supply that comes from the country.
        fall: Of its exports under a control, 0..1 (`typical_fall`).
        elasticity: Asset -> elasticities of the 90 % band and the median.
    """
    sizes: dict[str, Size] = {}
    for asset, share in shares.items():
        band = price_band(min(share * fall, LARGEST_LOSS), elasticity(asset))
        low, change, high = (multiple - 1.0 for multiple in band.multiples)
        words = message(
            "{change:+.0%} ({low:+.0%} to {high:+.0%} at a loss of {loss:.0%})",
            change=change,
            low=low,
            high=high,
            loss=band.loss,
        )
        sizes[asset] = Size(asset, change, low, high, POSTERIOR, words)
    return sizes


def lifted_sizes(up: Mapping[str, Size], last: Sequence[ShockCase]) -> dict[str, Size]:
    """Sizes of a lifting: the median of past ones where there are enough, else the fall back to the price before."""
    year = [case.change for case in last if case.months == MONTHS]
    notices = len({case.event_id for case in last if case.months == MONTHS})
    if len(year) >= LEAST_CASES and notices >= 2:
        middle = statistics.median(year)
        words = message(
            "{change:+.0%} (the median of {count} liftings after {months} months, benchmark-adjusted)",
            change=middle,
            count=len(year),
            months=MONTHS,
        )
        return {key: Size(key, middle, min(year), max(year), OBSERVED, words) for key in up}
    sizes: dict[str, Size] = {}
    for key, size in up.items():
        fall, low, high = (1.0 / (1.0 + rise) - 1.0 for rise in (size.change, size.high, size.low))
        words = message("{fall:+.0%} (assumption: {rise:+.0%} is given back)", fall=fall, rise=size.change)
        sizes[key] = Size(key, fall, low, high, ASSUMPTION, words)
    return sizes


@dataclass(frozen=True, slots=True)
class ShockPrior:
    """Probability of a shock in a year, and its size.

    Attributes:
        rate: Of the events, with its interval.
        sizes: Asset -> its size; empty where no price is known around any control.
        cases: Observed cases behind the sizes, at the longest horizon known of each.
        placebo: A year after the same days for series that no control had named; empty for liftings.
        fall: Typical fall of imports from the country under a control, 0..1; None for liftings.
    """

    rate: ControlRate
    sizes: Mapping[str, Size]
    cases: tuple[ShockCase, ...]
    placebo: tuple[ShockCase, ...]
    fall: float | None

    @property
    def origin(self) -> str:
        """ISO-3 code of the country whose controls are meant."""
        return self.rate.origin

    @property
    def used(self) -> BaseRate:
        """The rate in use."""
        return self.rate.used

    @property
    def probability(self) -> float:
        """Probability of at least one event on a metal within a year."""
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
        """Notes on price changes after past events, and in the same months without one."""
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
        told = [told, message("Windows overlap: these are fewer independent cases than their number.")]
        if self.fall is not None:
            told.append(
                message(
                    "Imports from {origin} fell by {fall:.0%} (median). Sizes are what price responses (toolkit shock) give "
                    "when that part of its share of world supply is lost: the median and the 90 % band.",
                    origin=self.origin,
                    fall=self.fall,
                )
            )
        return (together(*told),)

    def _size_note(self, assets: Iterable[str]) -> Message:
        """The note on sizes; assets with the same words are joined."""
        alike = by_key((self.sizes[asset].words, asset) for asset in assets)
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


def placebo_cases(
    cases: Sequence[ShockCase],
    rate: ControlRate,
    series: Mapping[str, MonthlySeries],
    *,
    benchmark: Sequence[str],
) -> tuple[ShockCase, ...]:
    """The windows of `cases` for metals at risk that the origin did not control by the end of the window.

    Args:
        cases: Cases of controlled metals; their events and days give the windows.
        rate: Metals at risk and the changes of their control.
        series: Visible monthly prices by asset.
        benchmark: Keys of uncontrolled metals whose mean change is taken out.
    """
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
    rate: ControlRate,
    responses: Sequence[ResponseCase],
    up: Mapping[str, Size],
    series: Mapping[str, MonthlySeries],
    *,
    benchmark: Sequence[str],
) -> ShockPrior:
    """The default prior of new controls, or of their lifting.

    Args:
        rate: Of the events; its direction is that of the prior.
        responses: Cases behind the sizes.
        up: Asset -> size of a new control (`sizes_of`).
        series: Visible monthly prices.
        benchmark: Uncontrolled metals.
    """
    if rate.direction == TIGHTEN:
        cases = tuple(
            ShockCase(case.source, case.asset, case.day, case.change, case.months)
            for case in responses
            if case.months is not None  # of a published model
        )
        placebo = placebo_cases(cases, rate, series, benchmark=benchmark)
        return ShockPrior(rate, MappingProxyType({**up}), cases, placebo, typical_fall(responses))
    last = _after_liftings(rate, series, benchmark)
    return ShockPrior(rate, MappingProxyType(lifted_sizes(up, last)), last, (), None)


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
