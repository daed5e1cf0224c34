"""Selection of lots to sell, in the order of their owner."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta

from toolkit.app.allocation.holdings import WHOLE_PIECES
from toolkit.app.config import Owner
from toolkit.core.messages import Message, message
from toolkit.holdings.holding_period import FIFO, HIGHEST_COST, LEAST_TAX, LIFO, NAMED, PRIVATE, HoldingRule, LotOrder
from toolkit.holdings.lots import Lot

WAIT_DAYS = 31
"""A lot that is free of tax within a month is not sold before."""
LEAST_PART_OF_LOT = 1e-9
"""Part of a lot below which nothing of it is sold."""


@dataclass(frozen=True, slots=True)
class Sale:
    """The sale of a lot or of part of it.

    Attributes:
        free_from: First day on which its sale is free of tax; None where no rule or no purchase is known.
    """

    lot: Lot
    quantity: float
    free_from: date | None

    @property
    def pieces(self) -> int | None:
        """Number of pieces sold; None where its pieces are not known, or one would be cut."""
        count = 0.5 if self.lot.piece is None else self.quantity / self.lot.piece
        return round(count) if abs(count - round(count)) <= WHOLE_PIECES else None


def free_from(lot: Lot, rule: HoldingRule | None) -> date | None:
    """The first day on which a sale of the lot is free of tax; None of a listed instrument, which is no metal."""
    return None if rule is None or lot.bought is None or lot.is_listed else rule.free_from(lot.bought)


def gains(lot: Lot, price: float) -> bool:
    """Whether a sale at `price` a unit makes, or may make, a gain."""
    return lot.cost is None or lot.quantity * price > lot.cost


def waiting(lots: Sequence[Lot], price: float, order: LotOrder, day: date) -> tuple[Lot, ...]:
    """The lots that are not sold today because a sale with a gain is free of tax within `WAIT_DAYS`.

    Args:
        lots: Of one asset.
        price: Of a unit, in the reporting currency.
        order: Of the owner; nothing waits but by ``least_tax``.
        day: Of the sale.
    """
    if order.by != LEAST_TAX:
        return ()
    found = []
    for lot in lots:
        free = free_from(lot, order.rule)
        if lot.for_sale and gains(lot, price) and free is not None and day < free <= day + timedelta(days=WAIT_DAYS):
            found.append(lot)
    return tuple(found)


def sold(
    lots: Sequence[Lot],
    quantity: float,
    price: float,
    order: LotOrder,
    day: date,
    *,
    step: float | None = None,
    whole: bool = True,
) -> tuple[Sale, ...]:
    """The sales of each lot, in order; lots that are not for sale, or wait, come last.

    A lot is sold all or by the piece, so that less than `quantity` may be sold.

    Args:
        lots: Of one asset.
        quantity: Sold of it.
        price: Of a unit, in the reporting currency.
        order: Of the owner.
        day: Of the sale.
        step: Of what is sold of a lot whose pieces are not known; None for any part of it.
        whole: Whether a piece is never cut.
    """
    waits = {lot.lot_id for lot in waiting(lots, price, order, day)}
    order = replace(order, rule=None) if any(lot.is_listed for lot in lots) else order

    def rank(lot: Lot) -> tuple:
        unit_cost = None if lot.cost is None else lot.cost / lot.quantity
        return not lot.for_sale or lot.lot_id in waits, *order.rank(lot.lot_id, lot.bought, unit_cost, day)

    found, left = [], quantity
    for lot in sorted(lots, key=rank):
        part = min(lot.quantity, left)
        piece = step if lot.piece is None else lot.piece
        if whole and piece is not None and part < lot.quantity * (1 - LEAST_PART_OF_LOT):
            part = math.floor(part / piece + WHOLE_PIECES) * piece
        if part <= LEAST_PART_OF_LOT * lot.quantity:
            continue
        is_all = lot.quantity - part <= LEAST_PART_OF_LOT * lot.quantity
        found.append(Sale(lot, lot.quantity if is_all else part, free_from(lot, order.rule)))
        left -= part
    return tuple(found)


ORDERS = {
    FIFO: message("the oldest lot first (owner.sale_order)"),
    LIFO: message("the newest lot first (owner.sale_order)"),
    HIGHEST_COST: message("the lot with the highest cost first (owner.sale_order)"),
    NAMED: message("the lots of owner.sale_lots first, then the oldest"),
}


def sale_rule(owner: Owner) -> Message:
    """The rule by which lots are chosen."""
    rule = owner.holding_rule
    if owner.sale_order != LEAST_TAX:
        return ORDERS[owner.sale_order]
    if rule is not None:
        if rule.country is None:
            return message(
                "lots whose sale is free of tax first (owner.tax_free_after), then those with the highest cost; not advice"
            )
        return message(
            "lots whose sale is free of tax first (law of the owner's country), then those with the highest cost; not advice"
        )
    if owner.kind != PRIVATE:
        return message("the oldest lot first: holding periods of tax law are for private owners")
    return message("the oldest lot first: no rule of tax is known here for {country}", country=owner.country)
