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
from numpy.typing import NDArray

from toolkit.core.forecast import FloatArray
from toolkit.core.grouping import by_key
from toolkit.core.units import cents
from toolkit.market.price_series import IntArray

YEAR = 365.0
"""Days of a year of a rate (actual/365, as of XIRR); below it none is told a year."""
INSIDE = 0.9
"""Part of the draws that an interval holds."""
LEVEL_DRAWS = 1_000
PARTS = ("price", "currency", "income", "spread", "fees", "storage", "tax")
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
_KEPT = 15_000_000
"""Drawn prices that are kept, 60 MB."""
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
    return internal_rates([(flows, (value,))], day)[0][0]


def internal_rates(cases: Sequence[tuple[Sequence[Flow], Sequence[float]]], day: date) -> list[list[float | None]]:
    """The internal rate of each of n histories, at each of the values that it may have.

    Amounts that change their sign once in their order have one rate at most (rule of signs of Descartes); of others each
    change of what is left over is looked for.

    Args:
        cases: n flows, in any order and none after `day`, with values of what is held on `day`.
        day: The last one.

    Returns:
        n lists of fractions a year, compounded, actual/365; -1 where everything is lost. None where no rate, or more than one,
        is one.
    """
    found: list[list[float | None]] = [[None] * len(values) for _, values in cases]
    open_cases = list[tuple[int, int, FloatArray, FloatArray, tuple[float, float], int]]()
    for at, (flows, values) in enumerate(cases):
        given = [flow for flow in flows if flow.amount]
        if not any(flow.amount > 0 for flow in given) or (first := min(flow.day for flow in given)) >= day:
            continue
        sums, sizes, length = {0: 0.0}, {0: 0.0}, (day - first).days
        for flow in given:
            left = (day - flow.day).days
            sums[left] = sums.get(left, 0.0) + flow.amount
            sizes[left] = sizes.get(left, 0.0) + abs(flow.amount)
        earlier = [left for left in sorted(sums) if left and abs(sums[left]) > _ROUNDING * sizes[left]]
        weights: dict[int, FloatArray] = {}
        for which, value in enumerate(values):
            if not value and all(flow.amount > 0 for flow in given):
                found[at][which] = -1.0
                continue
            last = sums[0] - value
            terms = [0, *earlier] if abs(last) > _ROUNDING * (sizes[0] + abs(value)) else earlier
            paid = [sums[left] if left else last for left in terms]
            if len(terms) == 2:  # between two amounts there is one rate
                growth = math.log(-paid[0] / paid[1]) * length / (terms[1] - terms[0]) if paid[0] * paid[1] < 0 else math.inf
                found[at][which] = math.expm1(growth * YEAR / length) if abs(growth) <= _GROWTH else None
                continue
            times, amounts = np.array([left / length for left in terms]), np.array(paid)
            changes = int((amounts[1:] * amounts[:-1] < 0).sum())
            if changes > 1 and len(terms) not in weights:
                weights[len(terms)] = _weights(times)
            between = (-_GROWTH, _GROWTH) if changes == 1 else _only_bracket(weights[len(terms)], amounts) if changes else None
            if between:
                open_cases.append((at, which, times, amounts, between, length))
    open_cases.sort(key=lambda one: len(one[2]))
    for some in chunks(open_cases, [len(one[2]) for one in open_cases], CHUNK * LEVEL_DRAWS // 10):
        times, amounts = padded([one[2] for one in some]), padded([one[3] for one in some])
        growths = _roots(times, amounts, *np.array([one[4] for one in some]).T)
        for (at, which, *_, length), growth in zip(some, growths.tolist(), strict=True):
            found[at][which] = None if math.isnan(growth) else math.expm1(growth * YEAR / length)
    return found


def _roots(times: FloatArray, amounts: FloatArray, low: FloatArray, high: FloatArray) -> FloatArray:
    """Log growths (n,) at which amounts come to nothing; NaN where their sign is the same at both ends.

    Args:
        times: (n, K) until the last day, as fractions of the whole time.
        amounts: (n, K); 0 of what is none.
        low: (n,) ends between which there is one such growth at most.
        high: Likewise.
    """

    def sign(growth: FloatArray) -> FloatArray:
        # Scaled by the larger of both ends: only the sign matters, and an exponential of 30 swallows the value.
        terms = amounts * np.exp(growth[:, None] * times - np.maximum(growth, 0.0)[:, None])
        left = terms.sum(axis=1)
        return np.where(np.abs(left) <= _ROUNDING * np.abs(terms).sum(axis=1), 0.0, np.sign(left))

    of_low = sign(low)
    is_one = (of_low * sign(high) < 0) | (low == high)
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        of_middle = sign(middle)
        low = np.where(of_middle * of_low >= 0, middle, low)
        high = np.where(of_middle * of_low <= 0, middle, high)
    return np.where(is_one, (low + high) / 2, math.nan)


_PLACES = np.linspace(-_GROWTH, _GROWTH, _STEPS + 1)


def _weights(times: FloatArray) -> FloatArray:
    """(`_STEPS` + 1, K) of one unit at each of K times, by log growth, over the largest of them."""
    worth = np.multiply.outer(_PLACES, times)
    worth -= np.maximum(_PLACES, 0.0)[:, None]
    return np.exp(worth, out=worth)


def _only_bracket(worth: FloatArray, amounts: FloatArray) -> tuple[float, float] | None:
    """Ends between which the one log growth is at which amounts (K,) come to nothing; None where none, or more, is found."""
    left = worth @ amounts
    signs = np.where(np.abs(left) <= _ROUNDING * (worth @ np.abs(amounts)), 0.0, np.sign(left))
    exact, turns = (np.flatnonzero(found).tolist() for found in (signs == 0, signs[:-1] * signs[1:] < 0))
    if len(exact) + len(turns) != 1:
        return None
    low, high = (exact[0], exact[0]) if exact else (turns[0], turns[0] + 1)
    return float(_PLACES[low]), float(_PLACES[high])


def chunks(items: Sequence[ItemT], sizes: Sequence[int], most: int = CHUNK) -> Iterator[Sequence[ItemT]]:
    """Neighbours that padded to the longest of them hold some numbers at most, or one of them.

    Args:
        items: n.
        sizes: n, numbers of each.
        most: Numbers.
    """
    start = longest = 0
    for at, size in enumerate(sizes):
        longest = max(longest, size)
        if at > start and longest * (at + 1 - start) > most:
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
        income: Received of what is held, at or above zero.
        spread: Paid above the level at the purchase and received below it at the sale: at or below zero but for a bargain.
        fees, storage, tax: Paid, at or below zero.
    """

    price: float = 0.0
    currency: float = 0.0
    income: float = 0.0
    spread: float = 0.0
    fees: float = 0.0
    storage: float = 0.0
    tax: float = 0.0

    @property
    def total(self) -> float:
        """All of it."""
        return round(sum(_PARTS(self)), 2)

    @classmethod
    def sum(cls, gains: Iterable[Gain]) -> Gain:
        """All of several."""
        some = [*gains]
        return some[0] if len(some) == 1 else cls(*(round(sum(part), 2) for part in zip(*map(_PARTS, some), strict=True)))


@dataclass(frozen=True, slots=True)
class Costs:
    """What is paid beside the price of a trade."""

    fees: float = 0.0
    tax: float = 0.0

    def __add__(self, other: Costs) -> Costs:
        """Of two trades."""
        return Costs(self.fees + other.fees, self.tax + other.tax)

    @property
    def paid(self) -> float:
        """Both."""
        return self.fees + self.tax


NO_COSTS = Costs()


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
    quantity: float,
    cost: float,
    bought: Quote | None,
    now: Quote | None,
    *,
    proceeds: float | None = None,
    costs: Costs = NO_COSTS,
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
        proceeds: Of the sale, before its costs; None of what is held.
        costs: Of both.
    """
    rate = next((quote.rate for quote in (now, bought) if quote), 1.0)
    before = bought or Quote(cost / quantity / rate, rate)
    after = now or Quote((proceeds or 0.0) / quantity / rate, rate)
    value = cents(quantity * after.level * after.rate)
    total = (value if proceeds is None else cents(proceeds)) - cents(cost)
    currency = cents(quantity * after.level * (after.rate - before.rate))
    spread = cents(quantity * before.level * before.rate) - cents(cost)
    spread += 0.0 if proceeds is None else cents(proceeds) - value
    parts = {"price": total - currency - spread, "currency": currency, "spread": spread}
    parts |= {"fees": -cents(costs.fees), "tax": -cents(costs.tax)}
    return Gain(**{part: round(float(amount), 2) + 0.0 for part, amount in parts.items()})


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


@dataclass(frozen=True, slots=True, eq=False)
class Parcel:
    """A lot, or what was sold of it at once; two that say the same are two. Money is in the reporting currency.

    Attributes:
        lot_id: Of the lot.
        client: Whose it is.
        quantity: Above zero; kg of metal, units of a listed instrument.
        bought: Day of the purchase.
        cost: Paid for it, without the costs of the purchase.
        costs: Of the purchase.
        ended: Day on which it was sold, taken or lost; None of what is held.
        proceeds: Of the sale, before its costs; 0 of what was lost; None of what is held.
        exit_costs: Of the sale.
        how: Kind of movement by which it ended.
        unpaid: Of the cost, what was not paid at the purchase: it is owed until it is.
    """

    lot_id: str
    client: str | None
    good: Good
    quantity: float
    bought: date
    cost: float
    costs: Costs = NO_COSTS
    ended: date | None = None
    proceeds: float | None = None
    exit_costs: Costs = NO_COSTS
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
        kind: ``fees``, ``storage``, ``tax``, ``income``, or ``pay`` of what was owed for a lot.
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
        return self._quotes[self.row[good]][self.column[day]]

    @cached_property
    def _quotes(self) -> Sequence[Sequence[Quote | None]]:
        pairs = (zip(*both, strict=True) for both in zip(self.quotes.tolist(), self.rates.tolist(), strict=True))
        return [[None if math.isnan(level) else Quote(level, rate) for level, rate in own] for own in pairs]

    @cached_property
    def prices(self) -> FloatArray:
        """(n, T) in the reporting currency."""
        return self.quotes * self.rates

    @cached_property
    def _errors(self) -> Callable[[str], tuple[NDArray[np.float32], NDArray[np.float32]]]:
        """Metal -> (T, LEVEL_DRAWS) standard errors of days and (LEVEL_DRAWS,) of its place, whatever is held beside it."""
        shape = len(self.days), LEVEL_DRAWS
        common = np.random.default_rng(0).standard_normal(shape, np.float32) * np.float32(math.sqrt(self.correlation))

        @lru_cache(maxsize=1)
        def of(metal: str) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
            random = np.random.default_rng([*metal.encode()])
            place, own = random.standard_normal(LEVEL_DRAWS, np.float32), random.standard_normal(shape, np.float32)
            own *= np.float32(math.sqrt(1.0 - self.correlation))
            own += common
            return own, place

        return of

    @property
    def kept(self) -> int:
        """Goods whose drawn prices are kept."""
        return max(1, _KEPT // (len(self.days) * LEVEL_DRAWS))

    @cached_property
    def drawn(self) -> Callable[[Good], NDArray[np.float32]]:
        """Good -> (T, LEVEL_DRAWS) prices that may be the true ones; those of one metal differ from the levels together.

        0 where the level is not known.
        """

        @lru_cache(self.kept)
        def of(good: Good) -> NDArray[np.float32]:
            at, (of_day, of_place) = self.row[good], self._errors(good[0])
            found = of_day * self.of_day[at, :, None].astype(np.float32)
            found += of_place * np.float32(self.of_place[at])
            np.exp(found, out=found)
            found *= np.nan_to_num(self.prices[at, :, None]).astype(np.float32)
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
            bought, costs = self.quote(one.good, one.bought), one.costs + one.exit_costs
            return gain_of(one.quantity, one.cost, bought, now, proceeds=one.proceeds, costs=costs)

        return of


@dataclass(frozen=True, slots=True, eq=False)
class Track:
    """Values on T days and the money of each, of one history (T,) or of m draws (T, m).

    On a day money comes first, then metal is traded, then money goes: a return has the cost of each trade in it.

    Attributes:
        before: Value before the movements of the day.
        after: Value after them, and what goes as money.
        money_in: Put in on the day, one for all draws.
        money_out: Taken out.
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
        last = self.value[:-1]
        np.divide(self.before[1:], last, out=growth[1:], where=last > 0)
        if not gross:
            put = self.before + self.money_in
            is_held = (put > 0) & ((self.before > 0) | (self.after > 0))
            growth *= np.divide(self.after, put, out=np.ones_like(put), where=is_held)
        return np.cumprod(growth, axis=0, out=growth)


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
            yield Flow(one.bought, round(one.cost - one.unpaid + one.costs.paid, 2))
            if one.ended is not None:
                yield Flow(one.ended, round(one.exit_costs.paid - (one.proceeds or 0.0), 2))
        yield from (Flow(one.day, one.amount) for one in self.paid)

    @cached_property
    def flows(self) -> tuple[Flow, ...]:
        """What the owner put in or took out: deposits where there is an account, else the trades."""
        return self.deposits or self.trades

    @cached_property
    def days(self) -> Collection[date]:
        """Days on which anything moved."""
        return {flow.day for flow in (*self.trades, *self.deposits)}

    def money(self, days: Sequence[date]) -> FloatArray:
        """(T,) what is on the account, if there is one, less what is still to be paid, at the end of each day, to the cent."""
        owed = [*((one.bought, -one.unpaid) for one in self.parcels), *((one.day, one.debt) for one in self.paid)]
        kept = [(one.day, one.amount) for one in self.deposits]
        moves = sorted(one for one in (*owed, *kept, *((one.day, -one.amount) for one in self.trades if kept)) if one[1])
        if not moves:
            return np.zeros(len(days))
        sums, dates = [0.0, *accumulate(amount for _, amount in moves)], [day for day, _ in moves]
        return np.array([round(sums[bisect_right(dates, day)], 2) for day in days])

    def track(self, levels: Levels, *, drawn: bool = False, days: Collection[date] | None = None) -> Track:
        """Values on days, among which each is on which anything moved, and the last; NaN where no level is known.

        Args:
            levels: Of all goods of the parcels.
            drawn: Whether for each draw of the levels, else for what is believed.
            days: Those beside; None for all of the levels. Between them a growth is that of prices.
        """
        found = History.of([self], levels, days).track(levels, drawn=drawn)
        return Track(found.before[:, 0], found.after[:, 0], found.money_in[:, 0], found.money_out[:, 0])

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


@dataclass(frozen=True, slots=True, eq=False)
class History:
    """What n owners had, put in and took out on their K days; the shorter end in their last day.

    Attributes:
        columns: (K, n) of the days among those of the levels.
        last: (n,) place of the last day.
        units: (G, 2, K, n) of G goods, before and after the movements of a day.
        money: (K, n) as of `Owned.money`.
        flows: (2, K, n) put in and taken out.
    """

    goods: tuple[Good, ...]
    columns: IntArray
    last: IntArray
    units: FloatArray
    money: FloatArray
    flows: FloatArray

    @classmethod
    def of(cls, owners: Sequence[Owned], levels: Levels, days: Collection[date] | None) -> History:
        """The history of n owners.

        Args:
            owners: n.
            levels: As of `Owned.track`, as are `days`.
            days: Likewise.
        """
        shown = [levels.days if days is None else sorted({*one.days, *days, levels.days[-1]}) for one in owners]
        K, n, last = max(map(len, shown)), len(owners), np.array([len(own) - 1 for own in shown])
        rows = {good: at for at, good in enumerate(dict.fromkeys(parcel.good for one in owners for parcel in one.parcels))}
        columns, units = np.full((K, n), len(levels.days) - 1), np.zeros((len(rows), 2, K, n))
        put, own = np.zeros((2, K, n)), np.zeros((K, n))
        for at, (one, of_one) in enumerate(zip(owners, shown, strict=True)):
            place = {day: which for which, day in enumerate(of_one)}
            columns[: len(of_one), at] = [levels.column[day] for day in of_one]
            for parcel in one.parcels:
                held, first = units[rows[parcel.good], :, :, at], place[parcel.bought]
                end = K if parcel.ended is None else place[parcel.ended]
                held[0, first + 1 : end + 1] += parcel.quantity
                held[1, first:end] += parcel.quantity
            for flow in one.flows:
                put[0 if flow.amount > 0 else 1, place[flow.day], at] += abs(flow.amount)
            own[: len(of_one), at] = money = one.money(of_one)
            own[len(of_one) :, at] = money[-1]
        return cls(tuple(rows), columns, last, units, own, put)

    def track(self, levels: Levels, *, drawn: bool = False) -> Track:
        """Values (K, n), or for each draw of the levels (K, n, m)."""
        put, own = self.flows, self.money
        if drawn:
            put, own = put[..., None].astype(np.float32), own[..., None].astype(np.float32)
        before, after = _worth(self.units, self.columns, self.goods, levels, drawn=drawn)
        for at, good in enumerate(self.goods):
            if good in levels.turned:
                before[-1, self.units[at, 0, self.last, np.arange(len(self.last))] > 0] = math.nan
        before[1:] += own[:-1]
        after += own + put[1]
        return Track(before, after, put[0], put[1])


def _worth(units: FloatArray, columns: IntArray, goods: Sequence[Good], levels: Levels, *, drawn: bool) -> NDArray[Any]:
    """Values (2, K, n), or (2, K, n, LEVEL_DRAWS), NaN where the level of what is held is not known.

    Args:
        units: (G, 2, K, n) of each good before and after the movements of a day.
        columns: (K, n) of the days among those of the levels.
        goods: G.
        levels: Of them.
        drawn: Whether for each draw of the levels.
    """
    prices = levels.prices[[levels.row[good] for good in goods]]
    unknown = (units.astype(bool) & np.isnan(prices)[:, columns][:, None]).any(axis=0)
    if not drawn:
        found = (units * np.nan_to_num(prices)[:, columns][:, None]).sum(axis=0)
        found[unknown] = math.nan
        return found
    flat = units.reshape(len(goods), 2, columns.size).transpose(2, 1, 0).astype(np.float32)
    found = np.zeros((2, flat.shape[0], LEVEL_DRAWS), np.float32)
    order = np.argsort(columns, axis=None, kind="stable")
    days, starts = np.unique(columns.ravel()[order], return_index=True)
    for block in range(0, len(goods), levels.kept):  # prices of no more are kept
        of_goods = [levels.drawn(good) for good in goods[block : block + levels.kept]]
        for day, at in zip(days.tolist(), np.split(order, starts[1:]), strict=True):
            some = flat[at, :, block : block + levels.kept]
            worth = some.reshape(-1, len(of_goods)) @ np.stack([one[day] for one in of_goods])
            found[:, at] += worth.reshape(len(at), 2, -1).swapaxes(0, 1)
    found = found.reshape(2, *columns.shape, LEVEL_DRAWS)
    found[unknown] = math.nan
    return found
