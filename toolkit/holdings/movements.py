"""Stock, sales and accounts from movements: a pure fold over dated rows, exact to the cent.

For each lot, metal, client and the whole, in each currency:
``paid_in + owed + gain + unknown = cost of stock + taken_out + costs``.
"""

from __future__ import annotations

from bisect import bisect_left, insort
from collections import defaultdict, deque
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from itertools import groupby
from typing import Any

from toolkit.core.countries import fold
from toolkit.core.units import KG_PER_UNIT
from toolkit.holdings.holding_period import HoldingRule, LotOrder

CENT = Decimal("0.01")
ZERO = Decimal(0)
_KG = {unit: Decimal(repr(mass)) for unit, mass in KG_PER_UNIT.items()}
EXACT = Decimal("1e-9")
"""Relative difference below which two quantities are one: units are converted, and a rest of this size is none."""
NOT_DELIVERED = date.max
_BRINGS = ("buy", "order", "deposit")
_TAKES = ("sell", "withdraw", "loss")
_COSTS = ("fee", "storage", "tax")
_PRIORITY = {
    **dict.fromkeys(_BRINGS, 0), "pay": 1, "deliver": 1, "split": 2, "adjust": 3, "transfer": 4, **dict.fromkeys(_TAKES, 5),
    **dict.fromkeys((*_COSTS, "income"), 7),
}  # fmt: skip
"""In which order the movements of one day are tried; what needs another waits for it."""
_WHOLE_TRANSFER = 6


@dataclass(frozen=True, slots=True)
class Movement:
    """One dated row that is never edited: what takes it back is a movement of its own.

    Attributes:
        row: Its number in the file.
        kind: As of `toolkit.market.layouts.fields.KINDS_OF_MOVEMENTS`.
        lot: Of a purchase the name of the new lot, else the lot that is meant; None where none is named.
        quantity: Above zero, in `unit`; of ``adjust`` the difference; None for all of a lot, or where no metal moves.
        total: Price of all, to the cent, without fees and taxes; None where it is not told.
        source, to: Places that it leaves and goes to; of a purchase `to` is where it lies.
        settled: Day of delivery; None for that of the contract.
        details: What else describes the lot: origin, custody, ...
        rate: Own exchange rate of its currency; None for that of the day.
        unpaid: Part of the total of a purchase that is paid later.
        sale_order: Which lot is taken where none is named; None where that is asked.
    """

    row: int
    date: date
    kind: str
    lot: str | None = None
    asset: str | None = None
    form: str | None = None
    purity: str | None = None
    size: str | None = None
    quantity: Decimal | None = None
    unit: str | None = None
    total: Decimal | None = None
    fees: Decimal = ZERO
    taxes: Decimal = ZERO
    currency: str | None = None
    source: str | None = None
    to: str | None = None
    settled: date | None = None
    status: str | None = None
    document: str | None = None
    reverses: str | None = None
    into: str | None = None
    client: str | None = None
    sale_order: str | None = None
    rate: float | None = None
    unpaid: Decimal = ZERO
    details: Mapping[str, Any] = field(default_factory=dict, hash=False)

    @property
    def costs(self) -> Decimal:
        """Fees and taxes."""
        return self.fees + self.taxes


@dataclass(slots=True, eq=False)
class Part:
    """What is there of a lot in one place.

    Attributes:
        cost: Paid for it without fees, to the cent; None where it is not known.
        fees: Of its purchase, as are `taxes`.
        bought: Day of the purchase, which no transfer and no division changes.
        arrives: Day from which it is there; None for that of the purchase.
        rate: Own exchange rate of its purchase.
        unpaid: Of the cost, what was not paid at the purchase.
        number: Of it in the book.
    """

    lot: str
    client: str | None
    asset: str
    form: str | None
    purity: str | None
    size: str | None
    unit: str
    quantity: Decimal
    cost: Decimal | None
    fees: Decimal
    currency: str | None
    bought: date
    place: str | None
    status: str
    arrives: date | None
    details: Mapping[str, Any]
    rate: float | None = None
    unpaid: Decimal = ZERO
    taxes: Decimal = ZERO
    number: int = 0

    def is_there(self, day: date) -> bool:
        """Whether it has arrived; a listed instrument is sold before its settlement too."""
        return self.arrives is None or self.arrives <= day or (self.unit not in _KG and self.arrives != NOT_DELIVERED)

    def in_its_unit(self, quantity: Decimal, unit: str | None) -> Decimal | None:
        """A quantity in the unit of the lot; None where one is a mass and the other is none."""
        if unit in (None, self.unit):
            return quantity
        return quantity * _KG[unit] / _KG[self.unit] if unit in _KG and self.unit in _KG else None


@dataclass(frozen=True, slots=True)
class Sale:
    """What was sold, taken or lost of one lot.

    Attributes:
        row: Of the movement.
        kind: ``sell``, ``withdraw`` or ``loss``.
        proceeds: Without fees, to the cent; None where they are not told.
        cost: Paid for it without fees; None where it is not known.
        fees, taxes: Of the sale; `purchase_fees`, `purchase_taxes`: its share of those of the purchase.
        currency, cost_currency: Of the sale and of the purchase; `rate`, `cost_rate`: own exchange rates of them.
        unpaid: Of the cost, what was not paid at the purchase.
    """

    row: int
    date: date
    kind: str
    lot: str
    client: str | None
    asset: str
    form: str | None
    purity: str | None
    quantity: Decimal
    unit: str
    bought: date
    proceeds: Decimal | None
    cost: Decimal | None
    fees: Decimal
    purchase_fees: Decimal
    currency: str | None
    cost_currency: str | None
    rate: float | None = None
    cost_rate: float | None = None
    unpaid: Decimal = ZERO
    taxes: Decimal = ZERO
    purchase_taxes: Decimal = ZERO

    def with_more(self, other: Sale) -> Sale:
        """The sale of more of the lot by the same movement."""
        return replace(
            self,
            quantity=self.quantity + other.quantity,
            proceeds=None if self.proceeds is None or other.proceeds is None else self.proceeds + other.proceeds,
            cost=None if self.cost is None or other.cost is None else self.cost + other.cost,
            fees=self.fees + other.fees,
            taxes=self.taxes + other.taxes,
            purchase_fees=self.purchase_fees + other.purchase_fees,
            purchase_taxes=self.purchase_taxes + other.purchase_taxes,
            unpaid=self.unpaid + other.unpaid,
        )

    @property
    def gain(self) -> Decimal | None:
        """Proceeds less cost; None where one is not known, and in two currencies."""
        if self.proceeds is None or self.cost is None or self.currency != self.cost_currency:
            return None
        return self.proceeds - self.cost


@dataclass(frozen=True, slots=True)
class Payment:
    """Money for nothing that is held: fees, storage, tax, the cost of a transfer or a delivery; below zero it was received.

    Attributes:
        kind: Of its movement; ``fee`` or ``tax`` of what is paid beside it.
        asset: Metal, and `lot`, `client`: of what, where that is said.
        rate: Own exchange rate of its currency.
    """

    date: date
    kind: str
    amount: Decimal
    currency: str | None
    lot: str | None
    asset: str | None
    client: str | None
    rate: float | None = None


@dataclass(slots=True)
class Account:
    """Money of one lot, of a metal without one or of a client, in one currency.

    Attributes:
        paid_in: Paid for metal, fees, storage and taxes, or the cost of what was brought.
        owed: Still to be paid for metal.
        taken_out: Received after fees and taxes, or the cost of what was taken.
        costs: Fees, storage and taxes.
        gain: Realised: proceeds less cost, income, less what was lost.
        unknown: Proceeds of lots of unknown cost, less the cost of what was sold for an unknown price.
        stock: Cost of what is there.
    """

    paid_in: Decimal = ZERO
    owed: Decimal = ZERO
    taken_out: Decimal = ZERO
    costs: Decimal = ZERO
    gain: Decimal = ZERO
    unknown: Decimal = ZERO
    stock: Decimal = ZERO

    @property
    def is_balanced(self) -> bool:
        """Whether every cent that went in is somewhere."""
        return self.paid_in + self.owed + self.gain + self.unknown == self.stock + self.taken_out + self.costs


AccountKey = tuple[str | None, str | None, str | None, str | None]
"""Client, asset, lot and currency."""


@dataclass(frozen=True, slots=True)
class Refusal:
    """A movement that cannot be: its row, why, and what is there.

    Attributes:
        code: not_there, not_arrived, no_lot, which_lot (an order of lots decides), several (none does), not_known, no_order,
            too_much, no_original, which_original, all_of_it, no_into, lot_twice, not_paid, not_owed or below_zero.
        values: Asset, lot, quantity and unit that are asked for; there: what there is; lots: names of those that fit.
    """

    row: int
    code: str
    values: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Stock:
    """What there is on a day, and how it came to that.

    Attributes:
        parts: What is there, by lot and place.
        left: What was sold, taken or lost.
        payments: For nothing that is held.
        moneys: Money alone that was brought, and below zero taken.
        accounts: Money by client, asset, lot and currency.
        owed: (Client, lot) -> what is still to be paid for it.
        refusals: Movements that cannot be; nothing is told of a stock with one.
        reversed: Row of a reversal -> the row that it takes back.
    """

    day: date
    parts: tuple[Part, ...]
    left: tuple[Sale, ...]
    payments: tuple[Payment, ...]
    moneys: tuple[Payment, ...]
    accounts: Mapping[AccountKey, Account]
    owed: Mapping[tuple[str | None, str], Decimal]
    refusals: tuple[Refusal, ...]
    reversed: Mapping[int, int]

    @property
    def sales(self) -> tuple[Sale, ...]:
        """What was sold."""
        return tuple(one for one in self.left if one.kind == "sell")

    def account(self, client: str | None = None, asset: str | None = None, lot: str | None = None) -> dict[str | None, Account]:
        """Money by currency.

        Args:
            client: Whose; None for all.
            asset: Of which metal; None for all.
            lot: Of which lot; None for all.
        """
        found: dict[str | None, Account] = defaultdict(Account)
        for (whose, what, which, currency), one in self.accounts.items():
            if all(meant in (None, own) for meant, own in ((client, whose), (asset, what), (lot, which))):
                for name in Account.__slots__:
                    setattr(found[currency], name, getattr(found[currency], name) + getattr(one, name))
        return found


def stock_on(movements: Sequence[Movement], day: date, *, rule: HoldingRule | None = None) -> Stock:
    """The stock of a day: movements up to it, in the order that they need.

    Args:
        movements: Of one file, in any order.
        day: The day.
        rule: Period after which a sale is free of tax; None where none is known.
    """
    kept, refusals, taken_back = _without_reversed([one for one in movements if one.date <= day])
    delivered = {(one.client, one.lot) for one in movements if one.kind == "deliver"}
    book, refused = _Book.of(kept, rule, delivered)
    # What comes first may leave too little for what is whole, as a division before a transfer: then the largest goes first.
    if days := {one.date for one in kept if one.row in {refusal.row for refusal in refused}}:
        other, still = _Book.of(kept, rule, delivered, largest_first=days)
        book, refused = (other, still) if len(still) < len(refused) else (book, refused)
    return book.stock(day, [*refusals, *refused], taken_back)


def _order(one: Movement) -> tuple[Any, ...]:
    """Place of a movement in its day, which does not depend on its place in the file."""
    priority = _WHOLE_TRANSFER if one.kind == "transfer" and one.quantity is None else _PRIORITY.get(one.kind, 8)
    said = (one.kind, one.client, one.lot, one.asset, one.to, one.source, one.document, one.into)
    # What names its lot or its place is tried before what may take any.
    names = one.lot is None, one.source is None
    return priority, *names, *(text or "" for text in said), one.quantity or ZERO, one.total or ZERO, one.row


def _largest_first(one: Movement) -> tuple[Any, ...]:
    """Another place of a movement in its day: transfers before divisions, and the largest of a kind first."""
    priority, *rest = _order(one)
    return {"transfer": 1.5}.get(one.kind, priority), -(one.quantity or ZERO), *rest


# What is taken back


def _without_reversed(movements: Sequence[Movement]) -> tuple[list[Movement], list[Refusal], dict[int, int]]:
    """Movements less what reversals take back, reversals without an original, and row of a reversal -> row of its original."""
    now = {one.row: one for one in movements if one.kind != "reversal"}
    by_name: dict[tuple[str, str | None, str], list[int]] = defaultdict(list)
    for one in now.values() if len(now) < len(movements) else ():
        for what, name in (("document", one.document), ("lot", one.lot), ("asset", one.asset)):
            if name:
                by_name[what, one.client, fold(name)].append(one.row)
    refusals, taken_back, rests = list[Refusal](), dict[int, int](), list[Movement]()
    for back in sorted((one for one in movements if one.kind == "reversal"), key=lambda one: (one.date, one.row)):
        rows = _originals(back, by_name)
        fitting = [now[row] for row in rows if row in now and _may_be(now[row], back)]
        exact = [one for one in fitting if _same(one, back) and back.total in (None, one.total)]
        exact = exact or [one for one in fitting if _same(one, back)]
        fitting = exact or [one for one in fitting if one.kind in (*_BRINGS, "sell")]
        if len({_order(one)[:-1] for one in fitting}) != 1:
            code = "which_original" if fitting else "no_original"
            rows = [one.row for one in fitting]
            refusals.append(Refusal(back.row, code, {"rows": rows, "lot": back.lot or back.document or back.asset or ""}))
            continue
        original = fitting[-1]
        if back.quantity is None and original.quantity is not None and back.total is not None and back.total == original.total:
            refusals.append(Refusal(back.row, "all_of_it", {"lot": original.lot or original.asset or ""}))
            continue
        taken_back[back.row] = original.row
        rest, money = _less(original, back)
        if rest is None and money is None:
            refusals.append(Refusal(back.row, "no_original", {"rows": [], "lot": original.lot or original.asset or ""}))
            continue
        del now[original.row]
        if rest is not None and (rest.quantity or rest.total or rest.costs):
            now[original.row] = rest
        rests += [money] if money is not None and money.total else []
    return [*now.values(), *rests], refusals, taken_back


def _originals(back: Movement, by_name: Mapping[tuple[str, str | None, str], list[int]]) -> list[int]:
    """Rows that a reversal may mean: by the document that it names, its own, its lot, else its asset."""
    for what, name in (("document", back.reverses), ("document", back.document), ("lot", back.lot), ("asset", back.asset)):
        if name and (rows := by_name.get((what, back.client, fold(name)), [])):
            return rows
        if name and name is back.reverses:
            return []
    return []


def _may_be(one: Movement, back: Movement) -> bool:
    """Whether a movement is as large as what takes it back, and not after it."""
    if one.date > back.date or (back.asset and one.asset != back.asset) or (back.lot and one.lot not in (back.lot, None)):
        return False
    if back.quantity is None:
        return back.total is None or (one.total is not None and one.total >= back.total)
    quantity = _converted(back.quantity, back.unit, one.unit)
    return quantity is not None and one.quantity is not None and quantity <= one.quantity * (1 + EXACT)


def _same(one: Movement, back: Movement) -> bool:
    """Whether a reversal takes back all of a movement."""
    if back.quantity is None:
        return back.total is None or (one.quantity is None and one.total == back.total)
    quantity = _converted(back.quantity, back.unit, one.unit)
    return one.quantity is not None and quantity is not None and _is_same(quantity, one.quantity)


def _less(one: Movement, back: Movement) -> tuple[Movement | None, Movement | None]:
    """What a reversal leaves of a movement, and money that was not given back, as a cost; None and None where it cannot be."""
    if back.currency not in (None, one.currency):
        return None, None
    if _same(one, back):
        # A movement of money, or a reversal that names none, is taken back as it is.
        credited = one.total if back.total is None else back.total
        if back.total is None or one.total is None:
            return replace(one, quantity=None, total=None, fees=ZERO, taxes=ZERO), None
        left = one.total + one.costs - (credited or ZERO) - back.costs if one.kind != "sell" else back.total - one.total
        if one.unpaid:  # all of the price is credited, or what was paid is given back
            left = ZERO if credited == one.total else left - one.unpaid
        kind = "fee" if left > 0 else "income"
        money = replace(one, kind=kind, date=back.date, quantity=None, total=abs(left), fees=ZERO, taxes=ZERO)
        return replace(one, quantity=None, total=None, fees=ZERO, taxes=ZERO), money
    if one.kind not in (*_BRINGS, "sell"):
        return None, None
    quantity, total = one.quantity, back.total
    if back.quantity is not None and one.quantity is not None:
        quantity = one.quantity - (_converted(back.quantity, back.unit, one.unit) or ZERO)
        if total is None and one.total is not None:
            total = _cents(one.total * (one.quantity - quantity) / one.quantity)
    left = None if one.total is None else one.total - (total or ZERO)
    fees, taxes = one.fees - back.fees, one.taxes - back.taxes
    if (left is not None and left < 0) or fees < 0 or taxes < 0:
        return None, None
    unpaid = max(ZERO, one.unpaid - (total or ZERO))  # what is credited is owed no more, before it is paid back
    return replace(one, quantity=quantity, total=left, fees=fees, taxes=taxes, unpaid=unpaid), None


def _converted(quantity: Decimal, unit: str | None, into: str | None) -> Decimal | None:
    if unit == into or unit is None or into is None:
        return quantity
    return quantity * _KG[unit] / _KG[into] if unit in _KG and into in _KG else None


def _is_same(one: Decimal, other: Decimal) -> bool:
    return abs(one - other) <= EXACT * max(abs(one), abs(other))


def _cents(money: Decimal) -> Decimal:
    return money.quantize(CENT, ROUND_HALF_UP)


def shares(whole: Decimal, quantities: Sequence[Decimal]) -> list[Decimal]:
    """Money by quantities, to the cent: the last share is the rest."""
    left, of = whole, sum(quantities, ZERO)
    found = []
    for quantity in quantities:
        share = left if quantity == of else _cents(left * quantity / of)
        found.append(share)
        left, of = left - share, of - quantity
    return found


# The fold


@dataclass(slots=True)
class _Book:
    """Parts and money while movements are applied."""

    rule: HoldingRule | None
    delivered: set[tuple[str | None, str | None]]
    by_lot: dict[tuple[str | None, str], list[Part]] = field(default_factory=lambda: defaultdict(list))
    by_asset: dict[tuple[str | None, str], list[tuple[date, int, Part]]] = field(default_factory=lambda: defaultdict(list))
    left: list[Sale] = field(default_factory=list)
    payments: list[Payment] = field(default_factory=list)
    moneys: list[Payment] = field(default_factory=list)
    accounts: dict[AccountKey, Account] = field(default_factory=lambda: defaultdict(Account))
    owed: dict[tuple[str | None, str], Decimal] = field(default_factory=dict)
    count: int = 0

    @classmethod
    def of(
        cls,
        movements: Iterable[Movement],
        rule: HoldingRule | None,
        delivered: set[tuple[str | None, str | None]],
        *,
        largest_first: Collection[date] = (),
    ) -> tuple[_Book, list[Refusal]]:
        """The book of movements, and what is refused of them; on some days `_largest_first`."""
        book, refused = cls(rule, delivered), list[Refusal]()
        for day, of_day in groupby(sorted(movements, key=lambda one: one.date), key=lambda one: one.date):
            refused += book.apply(sorted(of_day, key=_largest_first if day in largest_first else _order))
        return book, refused

    def apply(self, movements: Sequence[Movement]) -> list[Refusal]:
        """Apply those of one day: what cannot be yet waits for the others; what then cannot be is refused."""
        waiting = [*movements]
        while waiting:
            refused, queue = dict[int, tuple[Movement, Refusal]](), deque(waiting)
            while queue:
                one = queue.popleft()
                refusal = self.one(one)
                if refusal is not None:
                    refused[one.row] = one, refusal
                elif one.into:  # what came before its lot was made goes before what comes after it
                    early = [kept for kept, _ in refused.values() if (kept.client, kept.lot) == (one.client, one.into)]
                    queue.extendleft(refused.pop(kept.row)[0] for kept in reversed(early))
            if len(refused) == len(waiting):
                return [refusal for _, refusal in refused.values()]
            waiting = [one for one, _ in refused.values()]
        return []

    def one(self, moved: Movement) -> Refusal | None:  # noqa: PLR0911  # a kind each
        """Apply one movement; a refusal, and nothing changed, where it cannot be."""
        if moved.kind in _BRINGS and moved.asset:
            return self.bring(moved)
        if moved.kind == "deliver":
            return self.deliver(moved)
        if moved.kind == "pay":
            return self.pay(moved)
        if moved.kind in _COSTS or moved.kind == "income":
            self.money(moved)
            return None
        if moved.asset is None and moved.lot is None:  # between accounts, in or out of them
            sign = {"deposit": 1, "withdraw": -1}.get(moved.kind, 0)
            if sign and moved.total:
                money = Payment(
                    moved.date, moved.kind, sign * moved.total, moved.currency, None, None, moved.client, moved.rate
                )  # fmt: skip
                self.moneys.append(money)
            self.charge(moved, None, None)
            return None
        if moved.kind in _TAKES:
            return self.take(moved)
        return self.change(moved)

    def spend(self, moved: Movement, asset: str | None, lot: str | None, amount: Decimal = ZERO) -> None:
        """Payments of an amount for what a movement is, and of its fees and taxes."""
        for kind, paid in ((moved.kind, amount), ("fee", moved.fees), ("tax", moved.taxes)):
            if paid:
                own = Payment(moved.date, kind, paid, moved.currency, lot, asset, moved.client, moved.rate)
                self.payments.append(own)

    def charge(self, moved: Movement, asset: str | None, lot: str | None) -> None:
        """Fees and taxes of a movement that moves no other money."""
        self.spend(moved, asset, lot)
        self.add((moved.client, asset, lot, moved.currency), paid_in=moved.costs, costs=moved.costs)

    def add(self, key: AccountKey, **amounts: Decimal) -> None:
        """Add amounts to an account."""
        if any(amounts.values()):
            account = self.accounts[key]
            for name, amount in amounts.items():
                setattr(account, name, getattr(account, name) + amount)

    def money(self, moved: Movement) -> None:
        """A cost, or income; of a lot, a metal or a client."""
        total, costs = moved.total or ZERO, moved.costs
        of_lot = self.by_lot.get((moved.client, moved.lot or ""))
        asset = moved.asset or (of_lot[0].asset if of_lot else None)
        key = moved.client, asset, moved.lot, moved.currency
        if moved.kind == "income":
            self.spend(moved, asset, moved.lot, -total)
            self.add(key, taken_out=total - costs, gain=total, costs=costs)
        else:
            self.spend(moved, asset, moved.lot, total)
            self.add(key, paid_in=total + costs, costs=total + costs)

    def pay(self, moved: Movement) -> Refusal | None:
        """A part of what is owed for a lot."""
        key, total = (moved.client, moved.lot or ""), moved.total or ZERO
        owed = self.owed.get(key, ZERO)
        if total > owed or not self.by_lot.get(key) or self.by_lot[key][0].currency != moved.currency:
            return Refusal(moved.row, "not_owed", {"lot": moved.lot or moved.asset or "", "owed": owed})
        asset = self.by_lot[key][0].asset
        self.owed[key] = owed - total
        self.add((moved.client, asset, moved.lot, moved.currency), paid_in=total + moved.costs, owed=-total, costs=moved.costs)
        self.spend(moved, asset, moved.lot, total)
        return None

    def put(self, part: Part) -> None:
        """A part, in the order of purchases."""
        self.count += 1
        part.number = self.count
        self.by_lot[part.client, part.lot].append(part)
        insort(self.by_asset[part.client, part.asset], (part.bought, self.count, part))

    def drop(self, part: Part) -> None:
        """Forget a part of which nothing is left; its lot was there and stays known."""
        self.by_lot[part.client, part.lot].remove(part)
        entries = self.by_asset[part.client, part.asset]
        del entries[bisect_left(entries, (part.bought, part.number))]

    def bring(self, moved: Movement) -> Refusal | None:
        """A new lot, at its cost."""
        if moved.lot is None or moved.asset is None or moved.quantity is None or moved.unit is None:
            return Refusal(moved.row, "no_lot", {"lot": moved.lot or ""})
        if (moved.client, moved.lot) in self.by_lot:
            return Refusal(moved.row, "lot_twice", {"lot": moved.lot})
        is_away = moved.kind == "order" or moved.status in ("ordered", "in_transit")
        waits = is_away or (moved.client, moved.lot) in self.delivered
        arrives = NOT_DELIVERED if waits else moved.settled if moved.settled and moved.settled > moved.date else None
        self.put(
            Part(
                moved.lot, moved.client, moved.asset, moved.form, moved.purity, moved.size, moved.unit, moved.quantity,
                moved.total, moved.fees, moved.currency, moved.date, moved.to, moved.status or "stored", arrives,
                moved.details, moved.rate, moved.unpaid, moved.taxes,
            )
        )  # fmt: skip
        paid_in = (moved.total or ZERO) - moved.unpaid + moved.costs
        key = moved.client, moved.asset, moved.lot, moved.currency
        self.add(key, paid_in=paid_in, owed=moved.unpaid, costs=moved.costs)
        self.owed[moved.client, moved.lot] = moved.unpaid
        return None

    def fitting(self, moved: Movement, *, newest: bool = False) -> Iterator[Part]:
        """Parts that a movement may mean, the oldest (or `newest`) first: of its lot, else of its asset and form."""
        if moved.lot is not None:
            parts: Iterable[Part] = sorted(
                self.by_lot.get((moved.client, moved.lot), ()), key=lambda part: part.arrives or date.min
            )
        else:
            entries = self.by_asset.get((moved.client, moved.asset or ""), ())
            parts = (part for _, _, part in (reversed(entries) if newest else entries))
        for part in parts:
            if moved.asset in (None, part.asset) and moved.form in (None, part.form) and is_at(part.place, moved.source):
                yield part

    def deliver(self, moved: Movement) -> Refusal | None:
        """An order arrives, or a part of it."""
        orders = [part for part in self.fitting(replace(moved, source=None)) if part.arrives and part.arrives > moved.date]
        if moved.lot is None:
            orders = [part for part in orders if part.arrives == NOT_DELIVERED]
        if len({part.lot for part in orders}) > 1:
            return Refusal(moved.row, "several", {"lots": _lots(orders)})
        if not orders:
            return Refusal(moved.row, "no_order", {"lot": moved.lot or moved.asset or ""})
        (order,) = orders[:1]
        quantity = order.quantity if moved.quantity is None else order.in_its_unit(moved.quantity, moved.unit)
        if quantity is None or quantity > order.quantity * (1 + EXACT):
            return self.not_there(moved, orders, "too_much")
        self.charge(moved, order.asset, order.lot)
        arrived = self.cut(order, quantity)
        arrived.arrives = moved.date
        arrived.place = moved.to or arrived.place
        arrived.status = moved.status or ("stored" if arrived.status in ("ordered", "in_transit") else arrived.status)
        return None

    def cut(self, part: Part, quantity: Decimal) -> Part:
        """A quantity of a part as a part of its own, with its share of the cost; the part itself where it is all of it."""
        if quantity >= part.quantity or _is_same(quantity, part.quantity):
            return part
        of = [quantity, part.quantity - quantity]
        cost = [None, None] if part.cost is None else shares(part.cost, of)
        fees, taxes, unpaid = shares(part.fees, of), shares(part.taxes, of), shares(part.unpaid, of)
        own = replace(part, quantity=quantity, cost=cost[0], fees=fees[0], taxes=taxes[0], unpaid=unpaid[0])
        part.quantity, part.cost, part.fees, part.taxes, part.unpaid = of[1], cost[1], fees[1], taxes[1], unpaid[1]
        self.put(own)
        return own

    def change(self, moved: Movement) -> Refusal | None:
        """A transfer, a division or a correction of what is there: none of them changes the cost or the day of purchase."""
        chosen = self.chosen(moved)
        if isinstance(chosen, Refusal):
            return chosen
        if moved.kind == "split" and self.is_owed(chosen):
            return Refusal(moved.row, "not_paid", {"lot": chosen[0][0].lot})
        if moved.kind == "split" and (not moved.into or (moved.client, moved.into) in self.by_lot):
            return Refusal(moved.row, "lot_twice" if moved.into else "no_into", {"lot": moved.into or moved.lot or ""})
        if moved.kind == "adjust":
            part, difference = chosen[0][0], chosen[0][1]
            if part.quantity + difference <= 0:
                return Refusal(moved.row, "below_zero", {"lot": part.lot})
            part.quantity, part.purity = part.quantity + difference, moved.purity or part.purity
        for part, quantity in chosen if moved.kind != "adjust" else ():
            own = self.cut(part, quantity)
            if moved.kind == "transfer":
                own.place, own.status = moved.to, moved.status or own.status
            else:
                self.divide(own, moved.into or "")
        first = chosen[0][0]
        self.charge(moved, first.asset, first.lot)
        return None

    def divide(self, part: Part, into: str) -> None:
        """Make a part a lot of its own, to which its cost and the fees and taxes of its purchase go."""
        cost, costs = part.cost or ZERO, part.fees + part.taxes
        for lot, sign in ((part.lot, -1), (into, 1)):
            key = part.client, part.asset, lot, part.currency
            self.add(key, paid_in=sign * (cost + costs), costs=sign * costs)
        self.drop(part)
        part.lot = into
        self.put(part)

    def chosen(self, moved: Movement) -> list[tuple[Part, Decimal]] | Refusal:
        """Parts that a movement takes, and how much of each, in their units."""
        is_first = moved.sale_order in ("fifo", "lifo") and moved.lot is None and moved.kind != "adjust"  # not all are needed
        there = None if is_first else [part for part in self.fitting(moved) if part.is_there(moved.date)]
        if there is not None and moved.kind == "adjust":
            if len(there) != 1:
                return self.none_or_several(moved, there)
            difference = ZERO if moved.quantity is None else there[0].in_its_unit(moved.quantity, moved.unit)
            return [(there[0], difference)] if difference is not None else self.not_there(moved, there)
        if moved.quantity is None:
            there = [part for part in self.fitting(moved) if part.is_there(moved.date)]
            is_one = there and (moved.lot or len({part.lot for part in there}) == 1)
            return [(part, part.quantity) for part in there] if is_one else self.none_or_several(moved, there)
        if there is None:
            found = self.fitting(moved, newest=moved.sale_order == "lifo")
            return self.first_of((part for part in found if part.is_there(moved.date)), moved)
        if len({part.lot for part in there}) > 1:
            ordered = self.ordered(moved, there)
            if isinstance(ordered, Refusal):
                return ordered
            there = ordered
        return self.first_of(iter(there), moved)

    def first_of(self, parts: Iterator[Part], moved: Movement) -> list[tuple[Part, Decimal]] | Refusal:
        """The first parts that make up a quantity."""
        needed, found = moved.quantity or ZERO, list[tuple[Part, Decimal]]()
        for part in parts:
            own = part.in_its_unit(needed, moved.unit)
            if own is None:
                continue
            if own <= part.quantity or _is_same(own, part.quantity):
                return [*found, (part, min(own, part.quantity))]
            found.append((part, part.quantity))
            needed -= _converted(part.quantity, part.unit, moved.unit) or ZERO
            if needed <= EXACT * (moved.quantity or ZERO):
                return found
        return self.not_there(moved, [part for part, _ in found])

    def ordered(self, moved: Movement, there: list[Part]) -> list[Part] | Refusal:
        """Parts in the order in which a sale takes them; a refusal where several fit and nothing says which."""
        masses = [_converted(part.quantity, part.unit, moved.unit) for part in there]
        whole = sum((mass for mass in masses if mass is not None), ZERO)
        if moved.quantity is not None and (_is_same(whole, moved.quantity) or whole < moved.quantity):
            return there
        rule = self.rule if there[0].unit in _KG else None  # a listed instrument is no metal
        if moved.sale_order is None or (moved.sale_order == "least_tax" and rule is None):
            code = "which_lot" if moved.sale_order is None else "not_known"
            return Refusal(moved.row, code, {"lots": _lots(there), "asset": moved.asset or ""})
        if len({part.currency for part in there}) > 1 or any(part.cost is None for part in there):
            return Refusal(moved.row, "not_known", {"lots": _lots(there), "asset": moved.asset or ""})
        order = LotOrder(moved.sale_order, rule)
        unit = {part.number: part.quantity * _KG.get(part.unit, Decimal(1)) for part in there}
        return sorted(there, key=lambda one: order.rank(one.lot, one.bought, (one.cost or ZERO) / unit[one.number], moved.date))

    def is_owed(self, chosen: Sequence[tuple[Part, Decimal]]) -> bool:
        """Whether something is still to be paid for one of the lots."""
        return any(self.owed.get((part.client, part.lot)) for part, _ in chosen)

    def take(self, moved: Movement) -> Refusal | None:
        """What is sold, taken or lost leaves at its cost."""
        chosen = self.chosen(moved)
        if isinstance(chosen, Refusal):
            return chosen
        if self.is_owed(chosen):
            return Refusal(moved.row, "not_paid", {"lot": chosen[0][0].lot})
        masses = [_converted(quantity, part.unit, moved.unit) or quantity for part, quantity in chosen]
        proceeds = [None] * len(chosen) if moved.total is None else shares(moved.total, masses)
        of_fees, of_taxes = shares(moved.fees, masses), shares(moved.taxes, masses)
        for (part, quantity), received, fees, taxes in zip(chosen, proceeds, of_fees, of_taxes, strict=True):
            own = self.cut(part, quantity)
            self.leave(moved, own, received, fees, taxes)
            self.drop(own)
        return None

    def leave(self, moved: Movement, part: Part, received: Decimal | None, fees: Decimal, taxes: Decimal) -> None:
        """Money of one part that leaves."""
        key, of_purchase = (
            (moved.client, part.asset, part.lot, moved.currency),
            (moved.client, part.asset, part.lot, part.currency),
        )
        cost, costs, money = part.cost or ZERO, fees + taxes, received or ZERO
        own = Sale(
            moved.row, moved.date, moved.kind, part.lot, part.client, part.asset, part.form, part.purity, part.quantity,
            part.unit, part.bought, received, part.cost, fees, part.fees, moved.currency, part.currency,
            moved.rate, part.rate, part.unpaid, taxes, part.taxes,
        )  # fmt: skip
        last = self.left[-1] if self.left else own
        if (last.row, last.lot, last is own) == (own.row, own.lot, False):  # of another place, or of another delivery
            own = last.with_more(own)
            self.left.pop()
        self.left.append(own)
        if moved.kind == "withdraw":
            self.add(of_purchase, taken_out=cost)
            self.add(key, paid_in=costs, costs=costs)
            return
        # Of a sale neither of whose sides is unknown the gain is proceeds less cost, each in its currency.
        is_known = moved.kind == "loss" or (received is not None and part.cost is not None)
        self.add(key, taken_out=money - costs, costs=costs, **{"gain" if is_known else "unknown": money})
        self.add(of_purchase, **{"gain" if is_known else "unknown": -cost})

    def not_there(self, moved: Movement, parts: Sequence[Part], code: str = "not_there") -> Refusal:
        """The refusal of more than is there, with what is: in its place, in others, and on order."""
        unit = moved.unit or (parts[0].unit if parts else "")
        anywhere = [*self.fitting(replace(moved, source=None))]
        here = [part for part in self.fitting(moved) if part.is_there(moved.date)]
        if code == "not_there" and not here and any(not part.is_there(moved.date) for part in anywhere):
            code = "not_arrived"

        def all_of(some: Iterable[Part]) -> Decimal:
            return sum((_converted(part.quantity, part.unit, unit) or ZERO for part in some), ZERO)

        values = {
            "asset": moved.asset or (anywhere[0].asset if anywhere else ""), "lot": moved.lot or "", "unit": unit,
            "quantity": moved.quantity, "there": all_of(parts if code == "too_much" else here), "place": moved.source or "",
            "elsewhere": all_of(anywhere) - all_of(here),
        }  # fmt: skip
        return Refusal(moved.row, code, values)

    def none_or_several(self, moved: Movement, parts: Sequence[Part]) -> Refusal:
        """The refusal of what names no one lot."""
        if parts:
            return Refusal(moved.row, "several", {"lots": _lots(parts)})
        return Refusal(moved.row, "no_lot", {"lot": moved.lot or moved.asset or ""})

    def stock(self, day: date, refusals: Sequence[Refusal], taken_back: Mapping[int, int]) -> Stock:
        """What is there, with the cost of it in each account."""
        parts = [part for some in self.by_lot.values() for part in some]
        for part in parts:
            self.add((part.client, part.asset, part.lot, part.currency), stock=part.cost or ZERO)
        ordered = sorted(
            parts, key=lambda one: (one.client or "", one.bought, one.lot, one.place or "", one.arrives or date.min)
        )
        left, paid, moneys = tuple(self.left), tuple(self.payments), tuple(self.moneys)
        owed = {lot: money for lot, money in self.owed.items() if money}
        return Stock(day, tuple(ordered), left, paid, moneys, dict(self.accounts), owed, tuple(refusals), taken_back)


def _lots(parts: Iterable[Part]) -> list[str]:
    return [*dict.fromkeys(part.lot for part in parts)]


def is_at(place: str | None, source: str | None) -> bool:
    """Whether a part lies where a movement says that it leaves; one that names no place leaves wherever it lies."""
    return source is None or (place is not None and fold(place) == fold(source))
