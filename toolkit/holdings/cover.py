"""Cover: when metal that is used runs out, with what is on its way, and how probable that is.

Metal is kg of contained metal, time whole days after the day of the question. What arrives on a day can be used on it. What is
missing is never made up for: production stands still, so that what is missing up to day t is the largest excess of need over
supply before it, ``max(0, max over s <= t of D(s) - A(s))``, with cumulative need D and supply A.
"""

from __future__ import annotations

import math
import zlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

from toolkit.core.errors import SpecError
from toolkit.core.forecast import FloatArray

NORMAL = NormalDist()
TAIL = 0.9
"""Probability of the quantile that sets the width of the distribution."""
NEVER = np.inf
"""Day on which what does not arrive arrives."""
LEAST = 1e-9
"""Metal, as a fraction of all that is needed, that is not missed."""


@dataclass(frozen=True, slots=True)
class LicenceDelay:
    """Days from an application to the delivery it allows, lognormal: never negative, with a long tail of late licences.

    Attributes:
        median: Days that half of the licences take at most.
        tail: Days that nine in ten take at most.
        source: What the figures rest on.
    """

    median: float
    tail: float
    source: str

    def __post_init__(self) -> None:
        if not 0 < self.median < self.tail:
            raise SpecError("a licence delay needs 0 < median < tail.", hint="Check the days.")

    @property
    def sigma(self) -> float:
        """Standard deviation of the logarithm of the days."""
        return math.log(self.tail / self.median) / NORMAL.inv_cdf(TAIL)

    def quantile(self, probability: FloatArray | float) -> FloatArray:
        """Days that a licence takes at most with this probability."""
        from scipy.special import ndtri  # noqa: PLC0415  # 0.15 s to import

        return self.median * np.exp(self.sigma * ndtri(probability))

    def exceeds(self, days: float) -> float:
        """Probability that a licence takes longer than `days`."""
        return 1.0 if days <= 0 else 1.0 - NORMAL.cdf(math.log(days / self.median) / self.sigma)


@dataclass(frozen=True, slots=True)
class ApprovalRate:
    """Part of the applications for a licence that were approved by a day, as somebody counted.

    Attributes:
        rate: Above 0 and below 1.
        source: Who counted what, and when.
    """

    rate: float
    source: str

    def __post_init__(self) -> None:
        if not 0 < self.rate < 1:
            raise SpecError("a rate of approval is between 0 and 1, not {rate:g}.", hint="Check the counts.", rate=self.rate)


@dataclass(frozen=True, slots=True)
class Licences:
    """What is believed of licences: whether one comes at all, and after how many days.

    The probability of an approval is one for all orders of a draw, since one authority decides them: Beta distributed about
    one of the reported rates, with the weight of so many own ones, and updated by one's own applications. The logarithm
    of the days is normal, its mean updated likewise.

    Attributes:
        rates: As reported, equally credible before own experience.
        delay: Days from an application to the delivery that it allows.
        weight: Own applications that weigh as much as what others reported.
        approved, refused: Own applications that were decided.
        days: Of own approved applications, as far as known.
    """

    rates: tuple[ApprovalRate, ...]
    delay: LicenceDelay
    weight: float
    approved: int = 0
    refused: int = 0
    days: tuple[float, ...] = ()

    @property
    def credence(self) -> FloatArray:
        """(rates,) probability of each report to be the one that holds for one's own orders."""
        from scipy.special import betaln, softmax  # noqa: PLC0415  # 0.15 s to import

        a, b = self._prior
        return softmax(betaln(a + self.approved, b + self.refused) - betaln(a, b))

    @property
    def _prior(self) -> tuple[FloatArray, FloatArray]:
        rates = np.array([one.rate for one in self.rates])
        return self.weight * rates, self.weight * (1 - rates)

    @property
    def probability(self) -> float:
        """That a licence is approved at all."""
        a, b = self._prior
        means = (a + self.approved) / (a + b + self.approved + self.refused)
        return float(self.credence @ means)

    @property
    def updated(self) -> LicenceDelay:
        """The delay, its median drawn to that of own approvals."""
        if not self.days:
            return self.delay
        logs = [math.log(max(days, 1.0)) for days in self.days]
        mean = (self.weight * math.log(self.delay.median) + sum(logs)) / (self.weight + len(logs))
        scale = math.exp(mean) / self.delay.median
        return replace(self.delay, median=scale * self.delay.median, tail=scale * self.delay.tail)

    def rates_drawn(self, rng: np.random.Generator, draws: int) -> FloatArray:
        """(draws,) the probability of an approval in each draw."""
        a, b = self._prior
        chosen = rng.choice(len(self.rates), size=draws, p=self.credence)
        return rng.beta(a[chosen] + self.approved, b[chosen] + self.refused)

    def alone(self, number: int) -> Licences:
        """The same where one report is the one that holds."""
        return replace(self, rates=(self.rates[number],))


@dataclass(frozen=True, slots=True)
class Delivery:
    """Metal that is to arrive: an order, or an offer were it ordered today.

    Attributes:
        key: Its name.
        kg: Contained metal.
        due: Days from today by its contract, zero or below zero for what is overdue; None where no day is known, and then it
            is not counted on.
        licence: What it needs: ``none``, ``licence`` (to be applied for today, or `applied` days ago), ``approved``, or
            ``never`` where it is banned or was refused.
        applied: Days since the application; 0 for today.
        ordered: Days since the order; 0 for one of today, and where that is not known.
        stopped: Whether a stop of exports by the controlling country would stop it.
        supplier: Who delivers it.
    """

    key: str
    kg: float
    due: float | None
    licence: str = "none"
    applied: float = 0.0
    ordered: float = 0.0
    stopped: bool = False
    supplier: str | None = None


def arrival_days(
    deliveries: Sequence[Delivery], licences: Licences | None, late: float, *, draws: int, seed: int
) -> FloatArray:
    """(draws, deliveries) the day on which each arrives, `NEVER` where it does not.

    Draws of a delivery depend on its key and the seed alone, and the probability of an approval of a draw on the seed, so that
    needs, orders and quotations that are drawn apart have the same authority in a draw. Days by contract, from the order on,
    are the median of a lognormal, and what has not come yet comes later than today; of what is overdue by d days the median
    is d days from now.

    Args:
        deliveries: What is to arrive.
        licences: Beliefs on licences; None only where nothing needs one.
        late: Days within which nine in ten arrive, over those of the contract; at least 1.
        draws: How many.
        seed: Of the draws.

    Raises:
        SpecError: where a licence is needed and nothing is known of them, and for `late` below 1.
    """
    if not late >= 1:
        raise SpecError("nine in ten deliveries arrive within {late:g} of their time.", hint="Give 1 or more.", late=late)
    if licences is None and any(one.licence == "licence" for one in deliveries):
        raise SpecError("nothing is known of licences on this day.", hint="Choose a later --as-of.")
    found = np.full((draws, len(deliveries)), NEVER)
    rates = None if licences is None else licences.rates_drawn(np.random.default_rng([seed, 0]), draws)
    spread = math.log(late) / NORMAL.inv_cdf(TAIL)
    for at, one in enumerate(deliveries):
        rng = np.random.default_rng([seed, 1, zlib.crc32(one.key.encode())])
        noise, chance, wait = rng.standard_normal(draws), rng.random(draws), rng.random(draws)
        if one.due is None or one.licence == "never":
            continue
        days = np.ceil(max(-one.due, 1.0) * np.exp(spread * noise)) if one.due <= 0 else _lead_days(one, spread, noise)
        if one.licence == "licence" and licences is not None and rates is not None:
            delay = licences.updated
            before = 1.0 - delay.exceeds(one.applied)
            waited = delay.quantile(before + (1.0 - before) * np.clip(wait, 1e-9, 1 - 1e-9)) - one.applied
            days = np.where(chance < rates, np.maximum(days, np.ceil(waited)), NEVER)
        found[:, at] = days
    return found


def _lead_days(one: Delivery, spread: float, noise: FloatArray) -> FloatArray:
    """(draws,) whole days from today to the arrival of what is due, given that it has not arrived since it was ordered.

    Args:
        one: The delivery.
        spread: Standard deviation of the logarithm of its time over that of its contract.
        noise: (draws,) standard normal.
    """
    from scipy.special import log_ndtr, ndtri_exp  # noqa: PLC0415  # 0.15 s to import

    due, ordered = one.due or 0.0, max(one.ordered, 0.0)
    if ordered and spread:
        least = math.log(ordered / (ordered + due)) / spread
        # The upper tail of the normal beyond `least`, by logarithms: it may be very thin.
        noise = -ndtri_exp(log_ndtr(-least) + log_ndtr(-noise))
    return np.maximum(np.ceil((ordered + due) * np.exp(spread * noise) - ordered), 1.0)


@dataclass(frozen=True, slots=True, eq=False)
class Supply:
    """Metal that can be used for one need: what is there, and draws of what arrives.

    Attributes:
        stock: kg that can be used today.
        kg: (deliveries,) of each delivery.
        days: (draws, deliveries) on which each arrives.
        bridged: (draws, 1) kg beside the stock, of a question about what comes after a stop that nothing prevents.
    """

    stock: float
    kg: FloatArray
    days: FloatArray
    bridged: FloatArray | float = 0.0

    def cumulative(self, horizon: int) -> FloatArray:
        """(draws, horizon + 1) stock and all that arrived up to each day, today first."""
        draws = len(self.days)
        arrived = np.zeros((draws, horizon + 1))
        for kg, days in zip(self.kg, self.days.T, strict=True):
            within = days <= horizon
            np.add.at(arrived, (np.flatnonzero(within), days[within].astype(np.intp)), kg)
        return self.stock + self.bridged + np.cumsum(arrived, axis=1)

    def keep(self, chosen: NDArray[np.bool_]) -> Supply:
        """With the deliveries that are chosen alone, (deliveries,)."""
        return replace(self, kg=self.kg[chosen], days=self.days[:, chosen])

    def later(self, chosen: NDArray[np.bool_], days: float) -> Supply:
        """With the deliveries that are chosen, (deliveries,), some days later."""
        return replace(self, days=self.days + np.where(chosen, days, 0.0))

    def __add__(self, other: Supply) -> Supply:
        """Both together, draw by draw."""
        days = np.concatenate([self.days, other.days], axis=1)
        return Supply(self.stock + other.stock, np.concatenate([self.kg, other.kg]), days, self.bridged + other.bridged)


@dataclass(frozen=True, eq=False)
class StockPaths:
    """Stock of one metal at one site through time, draw by draw.

    Attributes:
        supplied: (draws, days + 1) cumulative supply, kg.
        needed: (days + 1,) cumulative need, kg; that of today is 0.
    """

    supplied: FloatArray
    needed: FloatArray

    @classmethod
    def of(cls, supply: Supply, need: FloatArray) -> StockPaths:
        """The paths.

        Args:
            supply: What is there and what arrives.
            need: (days,) kg that are used on each day, tomorrow first.

        Raises:
            SpecError: for a need below zero.
        """
        if not (np.isfinite(need).all() and (need >= 0).all()):
            raise SpecError("a need is a quantity of zero or more on each day.", hint="Correct the needs.")
        return cls(supply.cumulative(len(need)), np.concatenate([[0.0], np.cumsum(need)]))

    @cached_property
    def _lacking(self) -> FloatArray:
        lacking = self.needed - self.supplied
        return np.where(lacking > LEAST * max(self.needed[-1], LEAST), lacking, 0.0)

    @cached_property
    def missing(self) -> FloatArray:
        """(draws, days + 1) kg that were missed up to each day."""
        return np.maximum.accumulate(self._lacking, axis=1)

    @property
    def stock(self) -> FloatArray:
        """(draws, days + 1) kg that are there at the end of each day."""
        return np.maximum(self.supplied - self.needed + self.missing, 0.0)

    @cached_property
    def stops(self) -> FloatArray:
        """(draws,) first day on which production stops; `NEVER` where it does not within the days."""
        short = self._lacking > 0
        return np.where(short.any(axis=1), short.argmax(axis=1), NEVER)

    @property
    def probability(self) -> float:
        """That production stops within the days."""
        return float(np.isfinite(self.stops).mean())

    def stop_at(self, probability: float) -> int | None:
        """The first day by which production stops with a probability; None where it does not within the days."""
        day = float(np.quantile(self.stops, probability, method="inverted_cdf"))
        return int(day) if math.isfinite(day) else None

    def fan(self, probabilities: Sequence[float], days: Sequence[int]) -> FloatArray:
        """(probabilities, days) quantiles of the stock."""
        return np.quantile(self.stock[:, list(days)], probabilities, axis=0)

    @property
    def expected_missing(self) -> float:
        """Metal that is missed within the days, kg on average."""
        return float(self.missing[:, -1].mean())


def days_of_cover(stock: float, need: FloatArray) -> float:
    """Days that a stock lasts without any delivery; infinite where it outlasts the need.

    Args:
        stock: kg.
        need: (days,) kg on each day, tomorrow first.
    """
    needed = np.concatenate([[0.0], np.cumsum(need)])
    if stock >= needed[-1] * (1 - LEAST):
        return NEVER
    day = int(np.searchsorted(needed, stock, side="right"))
    return day - 1 + (stock - needed[day - 1]) / (needed[day] - needed[day - 1])
