"""What holdings earned: values of parcels on days, returns by time and by money with their errors, and the parts of a gain.

The return by time chains what was held between two days on which money moved, so that it does not depend on when its owner had
money; the return by money (internal rate) is the one rate at which what was put in comes to what was taken out and what is
held. A price of a metal has an error, and so has each value: both returns are found for draws of these errors.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache, cached_property, lru_cache
from itertools import accumulate
from operator import attrgetter
from typing import Any, TypeVar

import numpy as np
from scipy.optimize import brentq

from toolkit.core.forecast import FloatArray
from toolkit.core.grouping import by_key
from toolkit.core.units import cents

YEAR = 365.0
"""Days of a year of a rate (actual/365, as of XIRR); below it none is told a year."""
INSIDE = 0.9
"""Part of the draws that an interval holds."""
LEVEL_DRAWS = 1_000
PARTS = ("price", "currency", "spread", "fees", "storage", "tax")
"""Of a gain."""
_PARTS = attrgetter(*PARTS)
PAY = "pay"
"""Kind of a payment of what is owed for a lot."""
_GROWTH = 30.0
"""Log growth over the whole time up to which a rate is looked for, in both directions."""
_ROUNDING = 1e-13
"""Of a sum, as a part of its terms."""
_STEPS = 2_000
"""Places at which the sign of what is left over is looked at; two rates within a step of each other are not told apart."""
_HALVINGS = 60
"""Of the interval of a rate, after which it is as small as rounding."""
CHUNK = 2_000
"""Numbers of several histories that are worked on together, each for every draw."""
ItemT = TypeVar("ItemT")


@dataclass(frozen=True, slots=True)
class Flow:
    """Money that an owner put in on a day; below zero it was taken out."""

    day: date
    amount: float


def internal_rate(flows: Sequence[Flow], value: float, day: date) -> float | None:
    """The rate a year at which what was put in comes to what was taken out and a value; as of `internal_rates`.

    Args:
        flows: In any order, none after `day`.
        value: Of what is held on `day`.
        day: The last one.
    """
    return internal_rates([(flows, value)], day)[0]


def internal_rates(cases: Sequence[tuple[Sequence[Flow], float]], day: date) -> list[float | None]:
    """The internal rate of each of n histories.

    Amounts that change their sign once in their order have one rate at most (rule of signs of Descartes); of others each
    change of what is left over is looked for.

    Args:
        cases: n flows, in any order and none after `day`, with the value of what is held on `day`.
        day: The last one.

    Returns:
        n fractions a year, compounded, actual/365; -1 where everything is lost. None where no rate, or more than one, is one.
    """
    found: list[float | None] = [None] * len(cases)
    once = list[tuple[int, FloatArray, FloatArray, int]]()
    for at, (flows, value) in enumerate(cases):
        given = [flow for flow in flows if flow.amount]
        if not any(flow.amount > 0 for flow in given) or (first := min(flow.day for flow in given)) >= day:
            continue
        if not value and all(flow.amount > 0 for flow in given):
            found[at] = -1.0
            continue
        sums, sizes, length = {0: -value}, {0: abs(value)}, (day - first).days
        for flow in given:
            left = (day - flow.day).days
            sums[left] = sums.get(left, 0.0) + flow.amount
            sizes[left] = sizes.get(left, 0.0) + abs(flow.amount)
        terms = [(left, one) for left, one in sorted(sums.items()) if abs(one) > _ROUNDING * sizes[left]]
        times, amounts = np.array([left / length for left, _ in terms]), np.array([one for _, one in terms])
        changes = int((amounts[1:] * amounts[:-1] < 0).sum())
        if changes == 1:
            once.append((at, times, amounts, length))
        elif changes:
            found[at] = _of_growth(_only_root(times, amounts), length)
    once.sort(key=lambda one: len(one[1]))
    for some in chunks(once, [len(one[1]) for one in once]):
        times, amounts = padded([one[1] for one in some]), padded([one[2] for one in some])
        for (at, _, _, length), growth in zip(some, _roots(times, amounts).tolist(), strict=True):
            found[at] = _of_growth(growth, length)
    return found


def _of_growth(growth: float | None, length: int) -> float | None:
    """The rate a year of a log growth over some days."""
    return None if growth is None or math.isnan(growth) else math.expm1(growth * YEAR / length)


def _roots(times: FloatArray, amounts: FloatArray) -> FloatArray:
    """Log growths (n,) at which amounts that change their sign once come to nothing; NaN where none within `_GROWTH` is one.

    Args:
        times: (n, K) until the last day, as fractions of the whole time.
        amounts: (n, K); 0 of what is none.
    """

    def sign(growth: FloatArray) -> FloatArray:
        # Scaled by the larger of both ends: only the sign matters, and an exponential of 30 swallows the value.
        terms = amounts * np.exp(growth[:, None] * times - np.maximum(growth, 0.0)[:, None])
        left = terms.sum(axis=1)
        return np.where(np.abs(left) <= _ROUNDING * np.abs(terms).sum(axis=1), 0.0, np.sign(left))

    low, high = np.full(len(times), -_GROWTH), np.full(len(times), _GROWTH)
    of_low = sign(low)
    is_one = of_low * sign(high) < 0
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        of_middle = sign(middle)
        low = np.where(of_middle * of_low >= 0, middle, low)
        high = np.where(of_middle * of_low <= 0, middle, high)
    return np.where(is_one, (low + high) / 2, math.nan)


def _only_root(times: FloatArray, amounts: FloatArray) -> float | None:
    """The one log growth at which amounts (K,) come to nothing; None where none, or more than one, is found."""

    def left_over(growth: Any) -> FloatArray:
        return np.exp(np.multiply.outer(growth, times) - np.maximum(growth, 0.0)[..., None]) @ amounts

    places = np.linspace(-_GROWTH, _GROWTH, _STEPS + 1)
    left = left_over(places)
    size = np.exp(np.multiply.outer(places, times) - np.maximum(places, 0.0)[:, None]) @ np.abs(amounts)
    signs = np.where(np.abs(left) <= _ROUNDING * size, 0.0, np.sign(left))
    roots = {*places[signs == 0].tolist()}
    turns = np.flatnonzero(signs[:-1] * signs[1:] < 0)
    roots |= {brentq(left_over, places[at], places[at + 1], xtol=1e-14) for at in turns}
    return roots.pop() if len(roots) == 1 else None


def chunks(items: Sequence[ItemT], sizes: Sequence[int]) -> Iterator[Sequence[ItemT]]:
    """Neighbours that padded to the longest of them hold `CHUNK` numbers at most, or one of them.

    Args:
        items: n.
        sizes: n, numbers of each.
    """
    start = longest = 0
    for at, size in enumerate(sizes):
        longest = max(longest, size)
        if at > start and longest * (at + 1 - start) > CHUNK:
            yield items[start:at]
            start, longest = at, size
    if items:
        yield items[start:]


def padded(rows: Sequence[FloatArray]) -> FloatArray:
    """(n, K) of n rows, of which the shorter end in zeros."""
    found = np.zeros((len(rows), max(map(len, rows))))
    for at, row in enumerate(rows):
        found[at, : len(row)] = row
    return found


def a_year(growth: float, days: int) -> float | None:
    """The return a year of a return over some days; None below a year, of which none is told.

    Args:
        growth: Return over the days, a fraction of -1 at least.
        days: How many.
    """
    return None if days < YEAR else (1.0 + growth) ** (YEAR / days) - 1.0


def interval(draws: FloatArray) -> FloatArray:
    """Ends (2,) of the middle `INSIDE` of draws (m,); (2, ...) of draws (m, ...)."""
    return np.quantile(draws, [(1 - INSIDE) / 2, (1 + INSIDE) / 2], axis=0)


@dataclass(frozen=True, slots=True)
class Gain:
    """A gain by what it came from, in the reporting currency; the parts add up to the cent.

    Attributes:
        price: By the level of the metal in the currency in which it is quoted.
        currency: By the exchange rate of that currency.
        spread: Paid above the level at the purchase and received below it at the sale: at or below zero but for a bargain.
        fees, storage, tax: Paid, at or below zero.
    """

    price: float = 0.0
    currency: float = 0.0
    spread: float = 0.0
    fees: float = 0.0
    storage: float = 0.0
    tax: float = 0.0

    @property
    def total(self) -> float:
        """All of it."""
        return round(self.price + self.currency + self.spread + self.fees + self.storage + self.tax, 2)

    @classmethod
    def sum(cls, gains: Iterable[Gain]) -> Gain:
        """All of several."""
        return cls(*(round(sum(part), 2) for part in zip(*map(_PARTS, gains), strict=True)))


@dataclass(frozen=True, slots=True)
class Quote:
    """The level of a metal on a day.

    Attributes:
        level: Of one unit, in the currency of quotation.
        rate: Of that currency in the reporting currency on the day.
    """

    level: float
    rate: float


def gain_of(
    quantity: float, cost: float, bought: Quote | None, now: Quote | None, *, proceeds: float | None = None, fees: float = 0.0
) -> Gain:
    """The gain of a lot, or of the part of it that was sold.

    With the level L and the rate X, before (0) and now (1): ``q (L1 - L0) X0`` came by the price, ``q L1 (X1 - X0)`` by the
    currency, ``q L0 X0 - cost`` and ``proceeds - q L1 X1`` by the spread, which add up to proceeds, or value, less cost. On a
    day without a level what was paid or received counts as it: the spread of that day is then in the price.

    Args:
        quantity: Of the lot.
        cost: Paid for it, in the reporting currency.
        bought: Level of the day of the purchase; None where it is not known.
        now: Level of the day of the sale, or of today; None likewise, of what was sold alone.
        proceeds: Of the sale, before fees; None of what is held.
        fees: Of both.
    """
    rate = next((quote.rate for quote in (now, bought) if quote), 1.0)
    before = bought or Quote(cost / quantity / rate, rate)
    after = now or Quote((proceeds or 0.0) / quantity / rate, rate)
    value = cents(quantity * after.level * after.rate)
    total = (value if proceeds is None else cents(proceeds)) - cents(cost)
    currency = cents(quantity * after.level * (after.rate - before.rate))
    spread = cents(quantity * before.level * before.rate) - cents(cost)
    spread += 0.0 if proceeds is None else cents(proceeds) - value
    parts = (round(total - currency - spread, 2), currency, spread, -cents(fees))
    return Gain(*(round(float(part), 2) + 0.0 for part in parts))


def grown(flows: Sequence[Flow], levels: Sequence[float], last: float) -> float:
    """What flows would have come to in something else (public market equivalent): each buys or sells at the level of its day.

    Args:
        flows: In any order.
        levels: Of the other on the day of each.
        last: Its level on the day of the value.

    Returns:
        Its value; below zero where more was taken out than it would have come to.
    """
    return sum(flow.amount * last / level for flow, level in zip(flows, levels, strict=True))


Good = tuple[str, str | None, str | None]
"""Metal, form and purity, by which a lot is priced; of a listed instrument its key alone."""


@dataclass(frozen=True, slots=True)
class Parcel:
    """A lot, or what was sold of it at once. Money is in the reporting currency.

    Attributes:
        lot_id: Of the lot.
        client: Whose it is.
        quantity: Above zero; kg of metal, units of a listed instrument.
        bought: Day of the purchase.
        cost: Paid for it, without fees.
        fees: Paid at the purchase.
        ended: Day on which it was sold, taken or lost; None of what is held.
        proceeds: Of the sale, before fees; 0 of what was lost; None of what is held.
        exit_fees: Paid at the sale.
        how: Kind of movement by which it ended.
        unpaid: Of the cost, what was not paid at the purchase: it is owed until it is.
    """

    lot_id: str
    client: str | None
    good: Good
    quantity: float
    bought: date
    cost: float
    fees: float = 0.0
    ended: date | None = None
    proceeds: float | None = None
    exit_fees: float = 0.0
    how: str = "sell"
    unpaid: float = 0.0

    @property
    def metal(self) -> str:
        """Metal, or key of a listed instrument."""
        return self.good[0]


@dataclass(frozen=True, slots=True)
class Paid:
    """What was paid for nothing that can be held, in the reporting currency; below zero what was received.

    Attributes:
        day: Of the payment.
        kind: ``fees``, ``storage``, ``tax``, or ``pay`` of what was owed for a lot.
        amount: Of money.
        lot_id: Of which lot, where that is said, as are `metal` and `client`.
    """

    day: date
    kind: str
    amount: float
    lot_id: str | None = None
    metal: str | None = None
    client: str | None = None
    debt: float = 0.0
    """What of the debt it is, at the rate of the purchase; of ``pay`` alone."""


@dataclass(frozen=True, eq=False)  # no slots: errors are drawn once
class Levels:
    """Levels of n goods on T days; NaN where none is known.

    Attributes:
        goods: n.
        days: T, ascending.
        quotes: (n, T) of a unit in the currency of quotation.
        rates: (n, T) of that currency in the reporting currency.
        of_day: (n, T) standard errors in log points, drawn for each metal and day.
        of_place: (n,) likewise, of the place where a price is paid: one on all days, so that it cancels in a growth.
        correlation: Of the errors of two metals on a day, 0 to 1.
        turned: Goods whose level of the last day is of another source than those before: no growth is between them.
    """

    goods: tuple[Good, ...]
    days: tuple[date, ...]
    quotes: FloatArray
    rates: FloatArray
    of_day: FloatArray
    of_place: FloatArray
    correlation: float = 0.0
    turned: frozenset[Good] = frozenset()

    @cached_property
    def row(self) -> Mapping[Good, int]:
        """Good -> its row."""
        return {good: at for at, good in enumerate(self.goods)}

    @cached_property
    def column(self) -> Mapping[date, int]:
        """Day -> its column."""
        return {day: at for at, day in enumerate(self.days)}

    def quote(self, good: Good, day: date) -> Quote | None:
        """The level of a good on one of the days; None where none is known."""
        at, when = self.row[good], self.column[day]
        level = float(self.quotes[at, when])
        return None if math.isnan(level) else Quote(level, float(self.rates[at, when]))

    @cached_property
    def prices(self) -> FloatArray:
        """(n, T) in the reporting currency."""
        return self.quotes * self.rates

    @cached_property
    def _errors(self) -> tuple[Mapping[str, int], FloatArray, FloatArray]:
        """Metal -> its place; (LEVEL_DRAWS, metals, T) standard errors of days, and (LEVEL_DRAWS, metals, 1) of places."""
        metals = {metal: at for at, metal in enumerate(dict.fromkeys(good[0] for good in self.goods))}
        random, T = np.random.default_rng(0), len(self.days)
        common, own, place = (
            random.standard_normal((LEVEL_DRAWS, *shape)) for shape in ((1, T), (len(metals), T), (len(metals), 1))
        )
        common *= math.sqrt(self.correlation)
        own *= math.sqrt(1.0 - self.correlation)
        own += common
        return metals, own, place

    @cached_property
    def drawn(self) -> Callable[[Good], FloatArray]:
        """Good -> (LEVEL_DRAWS, T) prices that may be the true ones; those of one metal differ from the levels together."""

        @lru_cache(maxsize=1)
        def of(good: Good) -> FloatArray:
            metals, of_day, of_place = self._errors
            at, metal = self.row[good], metals[good[0]]
            found = self.of_day[at] * of_day[:, metal]
            found += self.of_place[at] * of_place[:, metal]
            np.exp(found, out=found)
            found *= self.prices[at]
            return found

        return of

    @cached_property
    def gain(self) -> Callable[[Parcel], Gain | None]:
        """Parcel -> its gain; None of what is held and has no level on the last day."""

        @cache
        def of(one: Parcel) -> Gain | None:
            now = self.quote(one.good, one.ended or self.days[-1])
            if now is None and one.ended is None:
                return None
            bought, fees = self.quote(one.good, one.bought), one.fees + one.exit_fees
            return gain_of(one.quantity, one.cost, bought, now, proceeds=one.proceeds, fees=fees)

        return of


@dataclass(frozen=True, slots=True, eq=False)
class Track:
    """Values on T days and the money of each, of one history (T,) or of m draws (m, T).

    On a day money comes first, then metal is traded, then money goes: a return has the cost of each trade in it.

    Attributes:
        before: Value before the movements of the day.
        after: Value after them, and what goes as money.
        money_in: (T,) put in on the day.
        money_out: (T,) taken out.
    """

    before: FloatArray
    after: FloatArray
    money_in: FloatArray
    money_out: FloatArray

    @property
    def value(self) -> FloatArray:
        """What is left at the end of each day."""
        return self.after - self.money_out

    def index(self, *, gross: bool = False) -> FloatArray:
        """Growth of 1 from before the first day to the end of each: the return by time, chained; still while nothing is held.

        Args:
            gross: Whether what trades and storage cost is left out.
        """
        growth = np.ones_like(self.before)
        last = self.value[..., :-1]
        np.divide(self.before[..., 1:], last, out=growth[..., 1:], where=last > 0)
        if not gross:
            put = self.before + self.money_in
            is_held = (put > 0) & ((self.before > 0) | (self.after > 0))
            growth *= np.divide(self.after, put, out=np.ones_like(put), where=is_held)
        return np.cumprod(growth, axis=-1, out=growth)


@dataclass(frozen=True, eq=False)  # no slots: sums are made once
class Owned:
    """Parcels of one owner, metal or lot, what was paid beside them, and money that was kept with them.

    Attributes:
        parcels: Held and sold.
        paid: Beside them.
        deposits: Money put into an account, and below zero taken out of it; with none there is no account: each purchase is
            paid from elsewhere, and each sale paid out.
    """

    parcels: tuple[Parcel, ...]
    paid: tuple[Paid, ...] = ()
    deposits: tuple[Flow, ...] = ()

    def parts(self, key: Callable[[Parcel | Paid], Any]) -> dict[Any, Owned]:
        """Key -> its parcels, and what was paid beside them, without an account; what was paid for none of the keys is in none.

        Args:
            key: Of a parcel, or of what was paid: a lot, a metal, a client.
        """
        parcels = by_key((key(one), one) for one in self.parcels)
        paid = by_key((key(one), one) for one in self.paid)
        return {which: Owned(tuple(own), tuple(paid.get(which, ()))) for which, own in parcels.items()}

    @cached_property
    def trades(self) -> tuple[Flow, ...]:
        """Money of each purchase, payment and sale: above zero what was paid."""
        return tuple(self._trades())

    def _trades(self) -> Iterator[Flow]:
        for one in self.parcels:
            yield Flow(one.bought, round(one.cost - one.unpaid + one.fees, 2))
            if one.ended is not None:
                yield Flow(one.ended, round(one.exit_fees - (one.proceeds or 0.0), 2))
        yield from (Flow(one.day, one.amount) for one in self.paid)

    def owed(self, days: Sequence[date]) -> FloatArray:
        """(T,) what is still to be paid at the end of each day."""
        return _until(days, [*((one.bought, one.unpaid) for one in self.parcels), *((one.day, -one.debt) for one in self.paid)])

    @cached_property
    def flows(self) -> tuple[Flow, ...]:
        """What the owner put in or took out: deposits where there is an account, else the trades."""
        return self.deposits or self.trades

    @cached_property
    def days(self) -> Collection[date]:
        """Days on which anything moved."""
        return {flow.day for flow in (*self.trades, *self.deposits)}

    def cash(self, days: Sequence[date]) -> FloatArray:
        """(T,) what is on the account at the end of each day; 0 without one."""
        if not self.deposits:
            return np.zeros(len(days))
        return _until(
            days, [*((flow.day, flow.amount) for flow in self.deposits), *((flow.day, -flow.amount) for flow in self.trades)]
        )

    def track(self, levels: Levels, *, drawn: bool = False, days: Collection[date] | None = None) -> Track:
        """Values on days, among which each is on which anything moved, and the last; NaN where no level is known.

        Args:
            levels: Of all goods of the parcels.
            drawn: Whether for each draw of the levels, else for what is believed.
            days: Those beside; None for all of the levels. Between them a growth is that of prices.
        """
        found = tracks([self], levels, drawn=drawn, days=days)
        return Track(*(one[..., 0, :] for one in (found.before, found.after, found.money_in, found.money_out)))

    def gains(self, levels: Levels) -> dict[tuple[str, bool], Gain]:
        """(lot, whether it is realised) -> its gain, without what is held and has no level today.

        What was paid beside a lot is of what is held of it, else of what was sold; of no lot it is under an empty name.

        Args:
            levels: Of all goods of the parcels.
        """
        found = by_key(
            ((one.lot_id, one.ended is not None), gain) for one in self.parcels if (gain := levels.gain(one)) is not None
        )
        for paid in self.paid:
            lot = paid.lot_id or ""
            cost = Gain(currency=cents(paid.debt - paid.amount)) if paid.kind == PAY else Gain(**{paid.kind: -paid.amount})
            found.setdefault((lot, (lot, False) not in found), []).append(cost)
        return {key: Gain.sum(gains) for key, gains in found.items()}


def _until(days: Sequence[date], moves: Sequence[tuple[date, float]]) -> FloatArray:
    """(T,) sums, to the cent, of what moved up to the end of each day, ascending."""
    moved = sorted((day, amount) for day, amount in moves if amount)
    if not moved:
        return np.zeros(len(days))
    sums = [0.0, *accumulate(amount for _, amount in moved)]
    dates = [day for day, _ in moved]
    return np.array([round(sums[bisect_right(dates, day)], 2) for day in days])


def tracks(owners: Sequence[Owned], levels: Levels, *, drawn: bool = False, days: Collection[date] | None = None) -> Track:
    """Values on days of n owners, (n, K) or (m, n, K); the shorter end in their last day.

    Args:
        owners: n.
        levels: As of `Owned.track`, as are `drawn` and `days`.
        drawn: Likewise.
        days: Likewise.
    """
    shown = [levels.days if days is None else sorted({*one.days, *days, levels.days[-1]}) for one in owners]
    K, last = max(map(len, shown)), np.array([len(own) - 1 for own in shown])
    rows = {good: at for at, good in enumerate(dict.fromkeys(parcel.good for one in owners for parcel in one.parcels))}
    columns = np.full((len(owners), K), len(levels.days) - 1)
    held = np.zeros((len(rows), 2, len(owners), K))  # before and after the movements of a day
    put, own = np.zeros((2, len(owners), K)), np.zeros((len(owners), K))
    for at, (one, of_one) in enumerate(zip(owners, shown, strict=True)):
        place = {day: which for which, day in enumerate(of_one)}
        columns[at, : len(of_one)] = [levels.column[day] for day in of_one]
        for parcel in one.parcels:
            units, first = held[rows[parcel.good], :, at], place[parcel.bought]
            end = K if parcel.ended is None else place[parcel.ended]
            units[0, first + 1 : end + 1] += parcel.quantity
            units[1, first:end] += parcel.quantity
        for flow in one.flows:
            put[0 if flow.amount > 0 else 1, at, place[flow.day]] += abs(flow.amount)
        own[at, : len(of_one)] = one.cash(of_one) - one.owed(of_one)
        own[at, len(of_one) :] = own[at, len(of_one) - 1]
    shape = ((LEVEL_DRAWS,) if drawn else ()) + columns.shape
    before, after = np.zeros(shape), np.zeros(shape)
    for good, at in rows.items():
        prices = (levels.drawn(good) if drawn else levels.prices[levels.row[good]])[..., columns]
        for worth, units in ((before, held[at, 0]), (after, held[at, 1])):
            np.add(worth, prices * units, out=worth, where=units > 0)
        if good in levels.turned:
            before[..., held[at, 0, np.arange(len(owners)), last] > 0, -1] = math.nan
    before[..., 1:] += own[:, :-1]
    after += own + put[1]
    return Track(before, after, put[0], put[1])
