"""What holdings would fetch: bids seen, the spread that they show, and what could be money within some days."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from statistics import NormalDist, median

from toolkit.core.errors import SpecError
from toolkit.core.grouping import by_key

WINDOW_DAYS = 180
"""Days up to the question in which a bid counts."""
FEWEST = 3
"""Bids for one metal and form from which on their median is the spread."""
RUNGS = (2, 14, 30, 90)
"""Days within which something could be money."""
INSIDE = 0.9
"""Part of the outcomes that the interval of an estimated price holds."""
_Z = NormalDist().inv_cdf((1 + INSIDE) / 2)


@dataclass(frozen=True, slots=True)
class Bid:
    """What somebody offered for a metal.

    Attributes:
        day: Of the bid.
        price: Of a kg, in the reporting currency.
        level: Estimated price of a kg of this grade on that day; None where none is known.
        quantity: kg that it is for; None where that is not told.
        counterparty: Whose it is; None where that is not told.
        valid_until: Last day on which it holds; None where that is not told.
    """

    day: date
    asset: str
    form: str
    price: float
    level: float | None
    quantity: float | None = None
    counterparty: str | None = None
    valid_until: date | None = None

    def is_seen(self, day: date) -> bool:
        """Whether it counts on a day."""
        return day - timedelta(days=WINDOW_DAYS) < self.day <= day

    def holds(self, day: date) -> bool:
        """Whether it can be taken on a day."""
        return self.valid_until is not None and self.day <= day <= self.valid_until


@dataclass(frozen=True, slots=True)
class Offer:
    """A bid that can be taken today.

    Attributes:
        price: Of a kg, in the reporting currency.
        quantity: kg.
        counterparty: Whose it is; None where that is not told.
        valid_until: Last day on which it holds.
    """

    price: float
    quantity: float
    counterparty: str | None
    valid_until: date


@dataclass(frozen=True, slots=True)
class BidsSeen:
    """The bids for a metal in a form, within `WINDOW_DAYS`.

    Attributes:
        asset: Key of the metal.
        form: That they are for.
        bids: How many.
        first: Day of the oldest.
        last: Day of the newest.
        compared: How many of them an estimated price of their day is known for.
        spread: Twice what their median is below the estimated price of its day, as a fraction: what a sale loses is half of a
            round trip. None for fewer than `FEWEST` that are `compared`; 0 where the median is above it.
        low, high: The smallest and the largest over the estimated price of its day; None where none is `compared`.
        quantity: kg that all of them were for; None where one does not tell, for then more may be sold.
        offers: Those that hold today and tell a quantity, the best first.
    """

    asset: str
    form: str
    bids: int
    first: date
    last: date
    compared: int
    spread: float | None
    low: float | None
    high: float | None
    quantity: float | None
    offers: tuple[Offer, ...]


def bids_seen(bids: Iterable[Bid], day: date) -> tuple[BidsSeen, ...]:
    """What was seen of each metal and form, sorted by name.

    Args:
        bids: In any order.
        day: Of the question.
    """
    found = by_key(((one.asset, one.form), one) for one in bids if one.is_seen(day))
    return tuple(_seen(asset, form, found[asset, form], day) for asset, form in sorted(found))


def _seen(asset: str, form: str, bids: Sequence[Bid], day: date) -> BidsSeen:
    ratios = [one.price / one.level for one in bids if one.level]
    sizes = [one.quantity for one in bids]
    offers = (
        Offer(one.price, one.quantity, one.counterparty, one.valid_until)
        for one in bids
        if one.holds(day) and one.quantity and one.valid_until
    )
    return BidsSeen(
        asset=asset,
        form=form,
        bids=len(bids),
        first=min(one.day for one in bids),
        last=max(one.day for one in bids),
        compared=len(ratios),
        spread=max(0.0, 2.0 * (1.0 - median(ratios))) if len(ratios) >= FEWEST else None,
        low=min(ratios, default=None),
        high=max(ratios, default=None),
        quantity=None if None in sizes else sum(filter(None, sizes)),
        offers=tuple(sorted(offers, key=lambda one: (-one.price, one.valid_until, one.counterparty or ""))),
    )


@dataclass(frozen=True, slots=True)
class Days:
    """Days from the decision to sell to the money: a tenth of sales is quicker than `low`, and a tenth slower than `high`."""

    low: float
    central: float
    high: float


@dataclass(frozen=True, slots=True)
class Amount:
    """Money of a sale, and the interval that it lies in."""

    money: float = 0.0
    low: float = 0.0
    high: float = 0.0

    def __add__(self, other: Amount) -> Amount:
        return Amount(self.money + other.money, self.low + other.low, self.high + other.high)

    def times(self, factor: float) -> Amount:
        """A part of it."""
        return Amount(self.money * factor, self.low * factor, self.high * factor)


@dataclass(frozen=True, slots=True)
class Step:
    """A part of what is held of a good: after how many days it could be money.

    Attributes:
        quantity: kg.
        days: None where nothing is known of them.
        by: ``offer`` for bids that hold today, ``seen`` up to the quantity that bids were seen for, ``terms`` for what no
            bid was seen for, or of which depth nothing is known.
    """

    quantity: float
    amount: Amount
    days: float | None
    by: str


def steps(
    quantity: float, value: float, value_se: float, spread: float, days: Days | None, seen: BidsSeen | None
) -> tuple[Step, ...]:
    """What is held of a good in the order in which it could be sold; the quantities add up to all of it.

    Offers that hold come first, each at its price, after the quickest days (`Days.low`); then what bids were seen for, after
    the middle ones; then the rest after the slowest. Where no bid tells of the depth, all is sold after the middle days.

    Args:
        quantity: kg for sale.
        value: At the estimated price.
        value_se: Standard error of it.
        spread: Round trip: half of it is lost.
        days: Of a sale through a dealer; None where nothing is known.
        seen: Bids; None for none.
    """
    half, found, left = 1.0 - spread / 2.0, list[Step](), quantity
    error = math.exp(_Z * value_se / value) if value > 0 else 1.0
    ends = (half / error, half * error)
    if seen is not None and seen.spread is not None and seen.low is not None and seen.high is not None:
        ends = (min(seen.low, half), max(seen.high, half))
    unit = Amount(value * half, value * ends[0], value * ends[1]).times(1.0 / quantity)
    for offer in seen.offers if seen else ():
        if (part := min(left, offer.quantity)) > 0:
            money = part * offer.price
            found.append(Step(part, Amount(money, money, money), days and days.low, "offer"))
            left -= part
    depth = None if seen is None else seen.quantity
    beyond = left if depth is None else min(left, max(0.0, depth - (quantity - left)))
    for part, when, by in (
        (beyond, days and days.central, "terms" if depth is None else "seen"),
        (left - beyond, days and days.high, "terms"),
    ):
        if part > 0:
            found.append(Step(part, unit.times(part), when, by))
    return tuple(found)


def within(found: Iterable[Step], days: float) -> Amount:
    """What of some steps could be money within some days."""
    return sum((one.amount for one in found if one.days is not None and one.days <= days), Amount())


@dataclass(frozen=True, slots=True)
class ExitTerms:
    """Costs between today and a sale, as fractions of the value at the price in the middle between buying and selling.

    Attributes:
        purchase: Paid beyond the value to come into the position: half the spread, premium and fees. 0 for what is held
            already, whose purchase is past, or where the value counted is the price that was paid.
        sale: Lost at the sale: half a round-trip spread, or the whole of it where the value counted is the dealer's own
            selling price.
        storage: A year, on the value of today: charges do not follow the price.
    """

    purchase: float
    sale: float
    storage: float

    def __post_init__(self) -> None:
        if not (0 <= self.sale < 1 and self.purchase >= 0 and self.storage >= 0):
            raise SpecError(
                "costs of an exit are fractions from 0, and a sale loses less than everything.", hint="Check the terms."
            )

    def required_rise(self, years: float) -> float:
        """The rise of the price after which a sale returns value, purchase and storage of `years`; 0.2 is 20 per cent.

        The sale brings ``value (1 + rise) (1 - sale)``; what went in is ``value (1 + purchase + years storage)``. Setting
        both equal gives ``(1 + purchase + years storage) / (1 - sale) - 1``. A dealer who counts the whole spread from his
        selling price has purchase 0 and a sale of the whole spread: the same rise, on another base.
        """
        return (1 + self.purchase + years * self.storage) / (1 - self.sale) - 1
