"""Selection of lots to sell: by holding period where the owner has one, else first in, first out."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from toolkit.app.allocation.holdings import WHOLE_PIECES
from toolkit.app.config import Owner
from toolkit.core.messages import Message, message
from toolkit.holdings.holding_period import PRIVATE, HoldingRule
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
    """The first day on which a sale of the lot is free of tax."""
    return None if rule is None or lot.bought is None else rule.free_from(lot.bought)


def gains(lot: Lot, price: float) -> bool:
    """Whether a sale at `price` a unit makes, or may make, a gain."""
    return lot.cost is None or lot.quantity * price > lot.cost


def waiting(lots: Sequence[Lot], price: float, rule: HoldingRule | None, order: str, day: date) -> tuple[Lot, ...]:
    """The lots that are not sold today because a sale with a gain is free of tax within `WAIT_DAYS`.

    Args:
        lots: Of one asset.
        price: Of a unit, in the reporting currency.
        rule: Holding period of the owner; None where none is known.
        order: ``tax`` or ``fifo``: then nothing waits.
        day: Of the sale.
    """
    if order != "tax":
        return ()
    found = []
    for lot in lots:
        free = free_from(lot, rule)
        if lot.for_sale and gains(lot, price) and free is not None and day < free <= day + timedelta(days=WAIT_DAYS):
            found.append(lot)
    return tuple(found)


def sold(
    lots: Sequence[Lot],
    quantity: float,
    price: float,
    rule: HoldingRule | None,
    order: str,
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
        rule: Holding period of the owner; None where none is known.
        order: ``tax`` or ``fifo``.
        day: Of the sale.
        step: Of what is sold of a lot whose pieces are not known; None for any part of it.
        whole: Whether a piece is never cut.
    """
    waits = {lot.lot_id for lot in waiting(lots, price, rule, order, day)}

    def rank(lot: Lot) -> tuple:
        free, bought = free_from(lot, rule), lot.bought or date.max
        kept = not lot.for_sale or lot.lot_id in waits
        if order != "tax" or rule is None:
            return (kept, bought, lot.lot_id)
        taxed = free is None or free > day
        gain = price - lot.cost / lot.quantity if lot.cost is not None else price
        return (kept, taxed, gain if taxed else 0.0, bought, lot.lot_id)

    found, left = [], quantity
    for lot in sorted(lots, key=rank):
        part = min(lot.quantity, left)
        piece = step if lot.piece is None else lot.piece
        if whole and piece is not None and part < lot.quantity * (1 - LEAST_PART_OF_LOT):
            part = math.floor(part / piece + WHOLE_PIECES) * piece
        if part <= LEAST_PART_OF_LOT * lot.quantity:
            continue
        found.append(
            Sale(lot, lot.quantity if lot.quantity - part <= LEAST_PART_OF_LOT * lot.quantity else part, free_from(lot, rule))
        )
        left -= part
    return tuple(found)


def sale_rule(owner: Owner) -> Message:
    """The rule by which lots are chosen."""
    rule = owner.holding_rule
    if owner.sale_order == "tax" and rule is not None:
        if rule.country is None:
            return message(
                "lots whose sale is free of tax first (owner.tax_free_after), then those with the least gain; not advice"
            )
        return message(
            "lots whose sale is free of tax first (law of the owner's country), then those with the least gain; not advice"
        )
    if owner.sale_order == "tax" and owner.kind != PRIVATE:
        return message("the oldest lot first: holding periods of tax law are for private owners")
    if owner.sale_order == "tax":
        return message("the oldest lot first: no rule of tax is known here for {country}", country=owner.country)
    return message("the oldest lot first (owner.sale_order)")
