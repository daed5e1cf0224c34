"""Orders of a proposal."""

from toolkit.records.base import Day, Record, Rows, Sentence


class SoldPart(Record):
    """What of an order comes from one lot."""

    lot_id: str
    """Id in the holdings file."""
    quantity: float
    """Taken from it, in the unit of the order."""
    of: float
    """In it before, in the unit of the order."""
    pieces: int | None
    """Number of whole pieces that are taken."""
    bought: Day | None
    """Day of its purchase."""
    free_from: Day | None
    """First day on which a gain is free of tax."""
    free: bool | None
    """Whether it is today; null where no rule is known."""


class Order(Record):
    """What is bought, sold or kept of one asset."""

    asset: str
    """Key of the product or of the offer."""
    name: str
    """Its name."""
    side: str
    """buy, sell or keep."""
    quantity: float | None
    """Traded, in `unit`; positive; null where only returns are known."""
    unit: str
    """kg, g, oz, ..."""
    lots: int | None
    """Number of whole lots."""
    price: float | None
    """Of one unit, in the reporting currency; null where only returns are known."""
    value: float
    """Traded, in the reporting currency."""
    cost: float
    """Of the trade, in the reporting currency."""
    owed: float | int
    """Still to be paid of earlier orders, in the reporting currency."""
    cash: float
    """What the trade brings, negative what it takes, in the reporting currency."""
    lot_ids: Rows[str]
    """Lots that are sold or kept."""
    from_lots: Rows[SoldPart]
    """Parts of lots that are sold."""
    note: Sentence | None
    """A remark."""
    price_date: Day | None
    """Day of the last observed price."""
    price_from: str | None
    """Whose price it is."""
    price_source: str | None
    """Key of the source, or name of the user's file."""
