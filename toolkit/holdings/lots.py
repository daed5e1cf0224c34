"""A lot of metal that is held or arrives, and why it may not be sold."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

from toolkit.core.messages import Message, message
from toolkit.holdings.exposure import MAY_NOT_RETURN, PLACE

GRADE = "grade"
"""Obstacle to a sale: the known price is that of another grade."""


@dataclass(frozen=True, slots=True)
class Lot:
    """A lot that is held or arrives.

    Attributes:
        quantity: In the unit of the asset (kg for metal).
        arriving: Whether it is ordered or travels: it counts, and cannot be sold yet.
        origin: Country as the file says.
        bought: Day of the purchase; None where nothing is known.
        owed: What is still to be paid of it, in the reporting currency.
        piece: Quantity of one piece: whole ones are sold; all of a lot that cannot be cut, None where any part can be sold.
        spread: Round trip of the lot, as the file says; None for the dealer's usual terms.
        location: As the file says.
        lot_id: Id in the holdings file, or of the order.
        asset: Key of the product.
        status: stored, in_transit, ordered or at_risk.
        cost: Of the whole lot in the reporting currency; None where it is not known.
        from_country: ISO-3 code of the country that it is exported from by law; None where not known.
        obstacle: To a sale of what has arrived: licence, place, grade, may_not_return or None.
        storage: A year, as a fraction of value; None for the usual terms of the dealer.
        is_listed: Whether it is of a listed instrument, of which no period of metal frees a gain.
    """

    lot_id: str
    asset: str
    quantity: float
    arriving: bool
    status: str
    origin: str
    bought: date | None
    cost: float | None
    owed: float = 0.0
    location: str | None = None
    obstacle: str | None = None
    from_country: str | None = None
    piece: float | None = None
    spread: float | None = None
    storage: float | None = None
    is_listed: bool = False

    @property
    def for_sale(self) -> bool:
        """Whether it has arrived and nothing stops a sale."""
        return not self.arriving and self.obstacle is None

    def to_json(self) -> list[Any]:
        """The lot as JSON-ready data."""
        bought = None if self.bought is None else self.bought.isoformat()
        return [
            self.lot_id, self.asset, self.quantity, self.status, self.origin, bought, self.cost, self.owed, self.obstacle,
            self.from_country, self.piece, self.spread, self.storage,
        ]  # fmt: skip

    def why_kept(self) -> Message:
        """The message on a lot that is not sold: asset, place and obstacle."""
        what = {"quantity": self.quantity, "asset": self.asset, "lot": self.lot_id}
        if self.arriving:
            return message("{quantity:,.6g} kg of {asset} ({lot}): ordered or in transit, not before it arrives", **what)
        if self.obstacle == MAY_NOT_RETURN:
            return message("{quantity:,.6g} kg of {asset} ({lot}): lent, pledged, seized or lost; may not come back", **what)
        if self.obstacle == GRADE:
            return message("{quantity:,.6g} kg of {asset} ({lot}): of another grade than what the price is for", **what)
        if self.obstacle == PLACE:
            return message("{quantity:,.6g} kg of {asset} ({lot}): place unknown, write it in the column location", **what)
        return message(
            "{quantity:,.6g} kg of {asset} in {place} ({lot}): a licence, or part of a quota, is needed to leave",
            place=self.location,
            **what,
        )
