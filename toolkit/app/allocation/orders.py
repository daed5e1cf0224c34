"""The orders of an allocation: purchases, sales and holdings kept, with price, cost and lots."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from toolkit.app.allocation.amounts import AllocationAmounts
from toolkit.app.allocation.holdings import STORED, WHOLE_PIECES
from toolkit.app.allocation.prepare import Prepared
from toolkit.app.allocation.sales import LEAST_PART_OF_LOT, Sale, free_from, gains, sale_rule, sold
from toolkit.core.assets import Asset
from toolkit.core.countries import UNKNOWN_ORIGIN
from toolkit.core.messages import Message, few, message
from toolkit.core.remarks import Remark, note
from toolkit.core.units import cents
from toolkit.holdings.lots import Lot
from toolkit.records.positions import Order, SoldPart

BUY, SELL, KEEP = "buy", "sell", "keep"


@dataclass(frozen=True, slots=True)
class Traded:
    """An order with what it is computed from, before figures are rounded.

    Attributes:
        quantity: In the unit of the asset.
        paid: Value and cost, in the reporting currency.
        sales: From which lots.
    """

    order: Order
    quantity: float
    paid: float
    sales: tuple[Sale, ...]


def orders(prepared: Prepared, money: AllocationAmounts, bases: Sequence[Mapping[str, Any]]) -> list[Traded]:
    """One row an asset that is bought, sold or kept, sales first.

    `quantity` changes hands, or is kept; `value` is quantity x price, `cost` is paid on the trade, and `cash` is what the
    trade brings (a sale) or takes (a purchase, negative). The sum of `cash` is the change of cash to the cent.

    Args:
        prepared: Inputs and holdings of the request, and the owner's country and sale order.
        money: Amounts of the allocation of n assets.
        bases: (n) fields of records that say what a price rests on and whose it is.
    """
    request, prices = prepared.request, prepared.prices
    owner, rows = request.owner, []
    whole = bool(np.isfinite(money.lots).any())
    for i, asset in enumerate(prepared.inputs.universe):
        before, after = float(prepared.money.units[i]), float(money.quantities[i])
        if money.moved[i]:
            side, quantity = (BUY, after - before) if after > before else (SELL, before - after)
            value = abs(money.values[i] - money.before[i])
        elif before:
            side, quantity, value = KEEP, abs(before), abs(float(money.values[i]))
        else:
            continue
        cost = float(money.costs[i])
        cash = {BUY: -value - cost, SELL: value - cost, KEEP: 0.0}[side]
        rule = (prices[i], owner.lot_order, request.as_of)
        sales = sold(prepared.held.of(asset.key), quantity, *rule, step=prepared.step(asset))
        if sum(sale.quantity for sale in sales) < quantity * (1 - LEAST_PART_OF_LOT):
            sales = sold(prepared.held.of(asset.key), quantity, *rule, whole=False)
        sales = sales if side == SELL else ()
        size = asset.lot_size
        lots = quantity / size if size is not None and (np.isfinite(money.lots[i]) or asset.key in prepared.units) else None
        value, cash = (cents(value), cents(cash)) if whole else (value, cash)
        order = Order.from_objects(
            asset,
            asset=asset.key,
            side=side,
            quantity=quantity,
            lots=round(lots) if lots is not None and abs(lots - round(lots)) < 1e-6 else None,
            price=float(prices[i]),
            value=value,
            cost=cost,
            owed=prepared.held.owed_on(asset.key),
            cash=cash,
            lot_ids=tuple(sale.lot.lot_id for sale in sales)
            if sales
            else tuple(lot.lot_id for lot in prepared.held.of(asset.key))
            if side == KEEP
            else (),
            from_lots=tuple(
                SoldPart.from_objects(
                    sale, sale.lot, of=sale.lot.quantity, free=sale.free_from and sale.free_from <= request.as_of
                )
                for sale in sales
            ),
            note=_note(prepared, asset, side, sales, float(prices[i]), after),
            **{name: bases[i][name] for name in ("price_date", "price_from", "price_source")},
        )
        rows.append(Traded(order, quantity, value + cost, sales))
    rank = {SELL: 0, BUY: 1, KEEP: 2}
    return sorted(rows, key=lambda row: (rank[row.order.side], -row.order.value, row.order.asset))


def taxed_today(prepared: Prepared, rows: list[Traded]) -> tuple[Remark, ...]:
    """A warning for each asset of which lots are sold with a taxed gain while others, soon free of tax, are kept."""
    request, found = prepared.request, []
    owner = request.owner
    for row, parts_sold in ((one.order, one.sales) for one in rows):
        kept = [lot for lot in prepared.held.of(row.asset) if lot.lot_id in prepared.waiting.get(row.asset, ())]
        taxed = [sale for sale in parts_sold if sale.free_from is not None and sale.free_from > request.as_of]
        parts, price = {sale.lot.lot_id: sale.quantity for sale in taxed}, row.price or 0.0
        sold = [lot for lot in prepared.held.of(row.asset) if lot.lot_id in parts and lot.cost and gains(lot, price)]
        days = [day for lot in kept if (day := free_from(lot, owner.holding_rule)) is not None]
        if not sold or not days:
            continue
        gain = sum(parts[lot.lot_id] * (price - (lot.cost or 0.0) / lot.quantity) for lot in sold)
        text = message(
            "A gain of {gain:,.2f} {currency} on {lots} of {asset} is taxed today; wait until {day:%Y-%m-%d}: then "
            "{quantity:,.6g} {unit} ({kept}) can be sold free of tax in their place.",
            gain=gain, currency=owner.currency, lots=[lot.lot_id for lot in sold], asset=row.name, day=max(days),
            kept=[lot.lot_id for lot in kept], quantity=sum(lot.quantity for lot in kept), unit=row.unit,
        )  # fmt: skip
        found.append(Remark("answer", text, message("Sell less of it until then."), (row.asset,), gain))
    return tuple(found)


def stock_sold(prepared: Prepared, rows: list[Traded]) -> tuple[Remark, ...]:
    """The note that lots of the user's file are sold, which may be stock of a business and no investment."""
    if prepared.held.read is None or not (sold := [row.order.name for row in rows if row.sales]):
        return ()
    text = message(
        "A strategy takes all that is held for money to place, and sells of {assets}. Stock that you use is not: leave its "
        "lots out of the file; {command} tells for how many days it lasts.",
        assets=sold, command="`toolkit cover FILE --needs NEEDS`",
    )  # fmt: skip
    return (note(text),)


def lots_after(prepared: Prepared, rows: list[Traded]) -> tuple[Lot, ...]:
    """The lots that are held once the orders are carried out: those of before less what is sold, and one a purchase."""
    request = prepared.request
    gone = {sale.lot.lot_id: sale.quantity for row in rows for sale in row.sales}
    assets = {asset.key: asset for asset in prepared.inputs.universe}
    found = []
    for lot in prepared.held.lots:
        left = lot.quantity - gone.get(lot.lot_id, 0.0)
        if left > LEAST_PART_OF_LOT * lot.quantity:
            cost = None if lot.cost is None else lot.cost * left / lot.quantity
            # The part of the debt that added money has paid.
            owed = round(lot.owed * (1 - prepared.money.reserved / prepared.held.owed), 2) if lot.owed else 0.0
            asset = lot.asset if lot.asset not in prepared.by_origin else assets[lot.asset].offer_of or lot.asset
            found.append(replace(lot, asset=asset, quantity=left, cost=cost, owed=owed))
    taken = {lot.lot_id for lot in found}
    short = {asset.key: -min(0.0, units) for asset, units in zip(prepared.inputs.universe, prepared.money.units, strict=True)}
    for row, traded, paid in ((one.order, one.quantity, one.paid) for one in rows):
        bought = traded - short[row.asset]  # what covers a short position is no lot
        if row.side != BUY or bought <= 0:
            continue
        name, origin = f"{row.asset} {request.as_of}", assets[row.asset].origin or UNKNOWN_ORIGIN
        while name in taken:
            name += "'"
        taken.add(name)
        cost = paid * bought / traded
        found.append(Lot(name, row.asset, bought, False, STORED, origin, request.as_of, cost))  # noqa: FBT003
    return tuple(found)


def _note(prepared: Prepared, asset: Asset, side: str, sales: tuple[Sale, ...], price: float, after: float) -> Message | None:
    request, owner, arriving = prepared.request, prepared.request.owner, prepared.held.arriving(asset.key)
    partial = [sale for sale in sales if sale.quantity < sale.lot.quantity]
    told: list[Message] = []
    if after < 0:
        told.append(message("{quantity:,.6g} {unit} are sold short", quantity=-after, unit=asset.unit))
    lots = [lot for lot in prepared.held.of(asset.key) if lot.for_sale]
    if sales and len(lots) > 1 and (partial or len(sales) < len(lots)):
        told.append(sale_rule(owner))
    if taxed := [
        sale.lot.lot_id
        for sale in sales
        if sale.free_from is not None and sale.free_from > request.as_of and gains(sale.lot, price)
    ]:
        told.append(message("a gain on {lots} is taxed today", lots=taxed))
    told += [
        message(
            "{pieces} of {all} pieces of {lot}",
            pieces=sale.pieces,
            all=math.floor(sale.lot.quantity / sale.lot.piece + WHOLE_PIECES),
            lot=sale.lot.lot_id,
        )
        for sale in partial
        if sale.lot.piece is not None and sale.pieces is not None
    ]
    told += [
        message(
            "{quantity:,.6g} of {of:,.6g} {unit} of {lot}",
            quantity=sale.quantity,
            of=sale.lot.quantity,
            unit=asset.unit,
            lot=sale.lot.lot_id,
        )
        for sale in partial
        if sale.pieces is None
    ]
    if not prepared.stays_whole(asset.key):
        there = (lot for lot in prepared.held.of(asset.key) if not lot.arriving)
        if stay := [why for lot in there if (why := prepared.why_kept(lot)[0])]:
            told.append(message("not sold: {lots:; }", lots=few([*stay])))
    if side == KEEP and asset.key in prepared.outside:
        told.append(message("held outside the strategy"))
    if arriving > 0:
        coming = few([lot.lot_id for lot in prepared.held.of(asset.key) if lot.arriving])
        words = message(
            "{quantity:,.6g} {unit} are ordered or in transit: {lots}", quantity=arriving, unit=asset.unit, lots=coming
        )
        told.append(words)
    if owed := prepared.held.owed_on(asset.key):
        unpaid = few([lot.lot_id for lot in prepared.held.of(asset.key) if lot.owed])
        words = message(
            "{owed:,.2f} {currency} are still to be paid on {lots}", owed=owed, currency=owner.currency, lots=unpaid
        )
        told.append(words)
    return message("{parts:; }", parts=told) if told else None
