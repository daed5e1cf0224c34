"""Laws of the fold over movements: every cent is somewhere, order within a day, transfers, reversals, what is not there."""

import random
from collections import defaultdict
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.holdings_files import parsed
from toolkit.app.holdings.movements import movements_of
from toolkit.holdings.holding_period import HoldingRule
from toolkit.holdings.movements import Account, Movement, Stock, shares, stock_on

FIRST, LAST = date(2023, 1, 1), date(2026, 12, 31)
CENTS = st.integers(1, 10**8).map(lambda cents: Decimal(cents) / 100)
COSTS = st.integers(0, 5000).map(lambda cents: Decimal(cents) / 100)
PLACES = ("Frankfurt", "Zürich", "Singapore")


@st.composite
def ledgers(draw, *, transfers: bool = True) -> list[Movement]:
    """Movements of two clients and two metals that can all be: what leaves is a part of what there is, by a plain count."""
    there: dict[tuple[str, str, str, str], Decimal] = {}
    bought: dict[str, date] = {}
    found: list[Movement] = []

    def add(kind: str, day: date, **said) -> None:
        found.append(Movement(len(found) + 2, day, kind, unit="kg", currency="EUR", **said))

    for number in range(draw(st.integers(1, 5))):
        client, asset, place = draw(st.sampled_from(("Meier", "Harz"))), draw(st.sampled_from(("gallium", "tin"))), PLACES[0]
        lot, day = f"L{number}", FIRST + timedelta(draw(st.integers(0, 60)))
        quantity = Decimal(draw(st.integers(1, 10**6))) / 1000
        total = draw(st.one_of(st.none(), CENTS)) if draw(st.integers(0, 4)) == 0 else draw(CENTS)
        kind = draw(st.sampled_from(("buy", "deposit")))
        add(kind, day, lot=lot, asset=asset, quantity=quantity, total=total, fees=draw(COSTS), client=client, to=place)
        there[client, asset, lot, place], bought[lot] = quantity, day
    for number in range(draw(st.integers(0, 12))):
        held = sorted(key for key, quantity in there.items() if quantity)
        if not held:
            break
        client, asset, lot, place = key = draw(st.sampled_from(held))
        part = there[key] * draw(st.integers(1, 4)) / 4
        day = bought[lot] + timedelta(draw(st.sampled_from((0, 0, 0, 9))))
        kind = draw(st.sampled_from(("sell", "withdraw", "loss", "fee", "storage", "income", "split", "transfer")))
        said = {"lot": lot, "asset": asset, "client": client, "fees": draw(COSTS), "taxes": draw(COSTS)}
        if kind in ("fee", "storage", "income"):
            own = {} if kind == "income" else {"fees": Decimal(0), "taxes": Decimal(0)}
            add(kind, day, **said | own, total=draw(CENTS))
            continue
        bought[lot] = day  # later movements of the lot are not before this one
        if kind == "transfer":
            to = draw(st.sampled_from(PLACES))
            if transfers:
                add(kind, day, **said, quantity=part, source=place, to=to)
                there[key] -= part
                there[client, asset, lot, to] = there.get((client, asset, lot, to), Decimal(0)) + part
        elif kind == "split":
            add(kind, day, **said, quantity=part, source=place, into=f"{lot}/{number}")
            there[key] -= part
            there[client, asset, f"{lot}/{number}", place], bought[f"{lot}/{number}"] = part, day
        else:
            total = draw(CENTS) if kind == "sell" else None
            add(kind, day, **said, quantity=part, source=place, total=total)
            there[key] -= part
    return found


def said(stock: Stock, *, places: bool = True) -> tuple:
    """What a stock says: quantity (to 12 places, as cells are read) and cost by lot and place, sales, and money."""
    parts = defaultdict(lambda: [Decimal(0), Decimal(0), Decimal(0)])
    for part in stock.parts:
        own = parts[part.client, part.asset, part.lot, part.bought, part.place if places else None]
        for at, amount in enumerate((part.quantity, part.cost or Decimal(0), part.fees + part.taxes)):
            own[at] += amount
    sold = defaultdict(lambda: [Decimal(0), Decimal(0)])
    for one in stock.sales:
        sold[one.client, one.lot, one.date][0] += one.quantity
        sold[one.client, one.lot, one.date][1] += one.proceeds or Decimal(0)
    zero = Account()
    for quantities in (*parts.values(), *sold.values()):
        quantities[0] = round(quantities[0], 12)
    return dict(parts), dict(sold), {key: one for key, one in stock.accounts.items() if one != zero}


@given(ledgers())
def test_every_cent_is_in_stock_taken_out_a_cost_or_a_gain(movements):
    days = {one.date for one in movements}
    for day in {min(days), max(days), LAST}:
        stock = stock_on(movements, day)
        assert stock.refusals == ()
        for client in (None, "Meier", "Harz"):
            for asset in (None, "gallium", "tin"):
                assert all(one.is_balanced for one in stock.account(client, asset).values())
        assert all(one.is_balanced for one in stock.accounts.values())
        now = [one for one in movements if one.date <= day]
        whole = stock.account().get("EUR", Account())
        in_cash = ("buy", "deposit", "fee", "storage", "split", "transfer", "withdraw")
        paid = sum(
            ((one.total or Decimal(0)) * (one.kind not in ("withdraw",)) + one.costs for one in now if one.kind in in_cash),
            Decimal(0),
        )
        received = sum(
            ((one.total or Decimal(0)) - one.costs for one in now if one.kind in ("sell", "loss", "income")), Decimal(0)
        )
        assert whole.paid_in == paid
        assert whole.costs == sum(
            (one.costs + (one.total or Decimal(0)) * (one.kind in ("fee", "storage")) for one in now), Decimal(0)
        )
        at_cost = sum((part.cost or Decimal(0) for part in stock.parts), Decimal(0))
        assert whole.stock == at_cost
        taken = whole.taken_out - received
        assert taken >= 0  # what was withdrawn, at its cost
        assert (taken == 0) | any(one.kind == "withdraw" for one in now)
        moved = {"buy": 1, "deposit": 1, "sell": -1, "withdraw": -1, "loss": -1}
        for asset in ("gallium", "tin"):
            left = sum((moved.get(one.kind, 0) * (one.quantity or Decimal(0)) for one in now if one.asset == asset), Decimal(0))
            assert sum((part.quantity for part in stock.parts if part.asset == asset), Decimal(0)) == left


@given(ledgers(), st.integers(0, 2**32))
def test_the_order_of_rows_is_no_matter(movements, seed):
    shuffled = [*movements]
    random.Random(seed).shuffle(shuffled)
    renumbered = [replace(one, row=row) for row, one in enumerate(shuffled, start=2)]
    assert said(stock_on(renumbered, LAST)) == said(stock_on(movements, LAST))


@given(ledgers(), st.integers(0, 100), st.sampled_from(PLACES))
def test_a_transfer_changes_neither_cost_nor_day_of_purchase(movements, at, place):
    stock = stock_on(movements, LAST)
    if not stock.parts:
        return
    part = stock.parts[at % len(stock.parts)]
    moved = Movement(
        999, LAST, "transfer", part.lot, part.asset, quantity=part.quantity / 2, unit="kg", source=part.place, to=place,
        client=part.client,
    )  # fmt: skip
    after = stock_on([*movements, moved], LAST)
    assert after.refusals == ()
    assert said(after, places=False) == said(stock, places=False)
    back = replace(moved, row=1000, source=place, to=part.place)
    assert said(stock_on([*movements, moved, back], LAST))[2] == said(stock)[2]


@given(ledgers(), st.integers(0, 100), CENTS, COSTS)
def test_a_reversal_restores(movements, at, total, fees):
    stock = stock_on(movements, LAST)
    bought = Movement(
        900, LAST, "buy", "new", "tin", quantity=Decimal(3), unit="kg", total=total, fees=fees, currency="EUR", document="R-9"
    )
    taken = [bought]
    if stock.parts:
        part = stock.parts[at % len(stock.parts)]
        taken.append(
            Movement(
                901, LAST, "sell", part.lot, part.asset, quantity=part.quantity / 2, unit="kg", total=total, fees=fees,
                currency="EUR", document="R-9b", client=part.client, source=part.place,
            )
        )  # fmt: skip
    for one in taken:
        assert said(stock_on([*movements, one], LAST)) != said(stock)
        whole = Movement(990, LAST, "reversal", document=one.document, client=one.client)
        exact = replace(one, row=991, kind="reversal")
        for back in (whole, exact):
            after = stock_on([*movements, one, back], LAST)
            assert said(after) == said(stock)
            assert after.reversed == {back.row: one.row}
            assert said(stock_on([*movements, one, replace(back, date=LAST + timedelta(1))], LAST)) != said(stock)


@given(ledgers(), st.integers(0, 100), st.sampled_from(["sell", "withdraw", "loss", "transfer"]))
def test_more_than_is_there_is_refused_and_changes_nothing(movements, at, kind):
    stock = stock_on(movements, LAST)
    if not stock.parts:
        return
    part = stock.parts[at % len(stock.parts)]
    here = sum(one.quantity for one in stock.parts if (one.client, one.lot, one.place) == (part.client, part.lot, part.place))
    taken = Movement(
        999, LAST, kind, part.lot, part.asset, quantity=here + Decimal("0.001"), unit="kg", source=part.place, to="Tokyo",
        client=part.client,
    )  # fmt: skip
    (refusal,) = stock_on([*movements, taken], LAST).refusals
    assert (refusal.row, refusal.code, refusal.values["there"]) == (999, "not_there", here)
    assert said(stock_on([*movements, taken], LAST)) == said(stock)
    for wrong in ({"client": "another"}, {"source": "Tokyo"}, {"asset": "gold"}, {"lot": "no such"}):
        (refusal,) = stock_on([*movements, replace(taken, quantity=here, **wrong)], LAST).refusals
        assert refusal.row == 999


@given(ledgers())
def test_a_photograph_is_a_ledger_with_one_opening_movement_a_lot(movements):
    stock = stock_on(movements, LAST)
    opening = [
        Movement(
            row, part.bought, "deposit", f"{part.lot} {row}", part.asset, quantity=part.quantity, unit=part.unit,
            total=part.cost, currency=part.currency, to=part.place, client=part.client,
        )
        for row, part in enumerate(stock.parts)
    ]  # fmt: skip
    again = stock_on(opening, LAST)
    assert [(one.quantity, one.cost, one.bought, one.place) for one in again.parts] == [
        (one.quantity, one.cost, one.bought, one.place) for one in sorted(stock.parts, key=lambda one: again_key(one, stock))
    ]


def again_key(part, stock):
    return part.client or "", part.bought, f"{part.lot} {stock.parts.index(part)}", part.place or ""


@given(ledgers(transfers=False), st.sampled_from(["fifo", "lifo", "highest_cost", "least_tax"]), st.integers(1, 8))
def test_every_sale_order_takes_the_same_quantity_and_no_cent_is_lost(movements, order, eighths):
    movements = [replace(one, total=one.total or Decimal(1)) for one in movements]
    stock = stock_on(movements, LAST)
    for client in ("Meier", "Harz"):
        there = [part for part in stock.parts if (part.client, part.asset) == (client, "tin")]
        if not there:
            continue
        quantity = sum(part.quantity for part in there) * eighths / 8
        sold = Movement(
            999, LAST, "sell", None, "tin", quantity=quantity, unit="kg", total=Decimal("1234.57"), fees=Decimal("0.99"),
            currency="EUR", client=client, sale_order=order,
        )  # fmt: skip
        after = stock_on([*movements, sold], LAST, rule=HoldingRule("DEU", 3))
        assert after.refusals == ()
        sales = [one for one in after.sales if one.row == 999]
        assert sum(one.quantity for one in sales) == pytest.approx(quantity, rel=Decimal("1e-9"))
        assert sum(one.proceeds or 0 for one in sales) == Decimal("1234.57")
        assert all(one.is_balanced for one in after.account(client, "tin").values())
        if len(sales) > 1 and order in ("fifo", "lifo"):
            days = [one.bought for one in sales]
            assert days == sorted(days, reverse=order == "lifo")


@given(ledgers(), st.integers(0, 2**32), st.sampled_from([",", ";"]))
def test_a_file_says_its_movements_whatever_the_order_of_its_rows_and_columns(movements, seed, separator):
    movements = [replace(one, asset="germanium" if one.asset == "tin" else one.asset) for one in movements]
    fields = {
        "date": lambda one: one.date.isoformat(), "kind": lambda one: one.kind, "lot": lambda one: one.lot,
        "asset": lambda one: one.asset, "quantity": lambda one: one.quantity, "unit": lambda _: "kg",
        "total": lambda one: one.total, "fees": lambda one: one.fees, "taxes": lambda one: one.taxes,
        "currency": lambda _: "EUR", "from": lambda one: one.source, "to": lambda one: one.to,
        "client": lambda one: one.client, "into": lambda one: one.into,
    }  # fmt: skip
    names, rows, draw = [*fields], [*movements], random.Random(seed)
    draw.shuffle(names)
    draw.shuffle(rows)

    def cell(found: object) -> str:
        if not isinstance(found, Decimal):
            return "" if found is None else str(found)
        text = f"{found:f}" + ("0" if "." in f"{found:f}" else ".00")  # never three decimals
        return text.replace(".", ",") if separator == ";" else text

    lines = [separator.join(cell(fields[name](one)) for name in names) for one in rows]
    read = parsed("\n".join([separator.join(names), *lines]), total="total")
    assert (list(read.questions), read.faults, read.broken) == ([], [], [])
    assert said(stock_on(movements_of(read), LAST)) == said(stock_on(movements, LAST))


@given(CENTS, st.lists(st.integers(1, 10**9).map(Decimal), min_size=1, max_size=9))
def test_shares_are_the_whole_and_each_within_a_cent_of_its_part(whole, quantities):
    found = shares(whole, quantities)
    assert sum(found) == whole
    of = sum(quantities)
    for share, quantity in zip(found, quantities, strict=True):
        assert abs(share - whole * quantity / of) <= Decimal("0.005") * len(quantities)


@given(CENTS, st.integers(0, 100), st.lists(st.integers(0, 100), max_size=4), st.integers(1, 10))
def test_what_is_paid_later_is_owed_until_then_and_paid_once(total, share, payments, tenths):
    unpaid = (total * share / 100).quantize(Decimal("0.01"))
    lot = Movement(
        2, FIRST, "order", "A", "gallium", quantity=Decimal(10), unit="kg", total=total, unpaid=unpaid, currency="EUR"
    )
    moves, left = [lot], unpaid
    for at, part in enumerate(payments):
        paid = (left * part / 100).quantize(Decimal("0.01"))
        left -= paid
        moves.append(Movement(3 + at, FIRST + timedelta(at), "pay", "A", "gallium", total=paid, currency="EUR"))
    arrived = Decimal(tenths)
    moves.append(Movement(9, FIRST + timedelta(20), "deliver", "A", "gallium", quantity=arrived, unit="kg", to="Frankfurt"))
    stock = stock_on(moves, LAST)
    money = stock.account()["EUR"]
    assert stock.refusals == ()
    assert (money.owed, money.paid_in, money.stock) == (left, total - left, total)
    assert money.is_balanced
    assert stock.owed == ({(None, "A"): left} if left else {})
    assert sum(part.unpaid for part in stock.parts) == unpaid
    too_much = Movement(10, LAST, "pay", "A", "gallium", total=left + Decimal("0.01"), currency="EUR")
    sale = Movement(11, LAST, "sell", "A", "gallium", quantity=arrived, unit="kg", total=total, currency="EUR")
    refused = {one.row: one.code for one in stock_on([*moves, too_much, sale], LAST).refusals}
    assert refused == {10: "not_owed", **({11: "not_paid"} if left else {})}
    if left:
        rest = replace(too_much, total=left)
        assert stock_on([*moves, sale, rest], LAST).refusals == ()
