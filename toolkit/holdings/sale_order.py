"""The order in which lots are sold: one rule for movements that name no lot, `toolkit sell` and `optimize`."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

from toolkit.holdings.holding_period import HoldingRule

FIFO, LIFO, HIGHEST_COST, LEAST_TAX, NAMED = "fifo", "lifo", "highest_cost", "least_tax", "named"


@dataclass(frozen=True, slots=True)
class LotOrder:
    """An order of lots.

    Attributes:
        by: ``fifo`` (the oldest first), ``lifo`` (the newest), ``highest_cost``, ``least_tax`` (what is free of tax, then the
            highest cost; the oldest where no rule is known) or ``named`` (those that are named, then the oldest).
        rule: Period after which a sale is free of tax; None where none is known.
        lots: Names of lots, in their order.
    """

    by: str
    rule: HoldingRule | None = None
    lots: tuple[str, ...] = ()

    def rank(self, lot: str, bought: date | None, unit_cost: Any, day: date) -> tuple[Any, ...]:
        """A key by which lots are sorted, the first to be sold first; of equal ones the oldest, then by name.

        Args:
            lot: Its name.
            bought: Day of the purchase; one that is not known is the last.
            unit_cost: Paid for a unit, in one unit and currency; None where it is not known, which is after what is.
            day: Of the sale.
        """
        age, dear = (bought or date.max).toordinal(), (unit_cost is None, -(unit_cost or 0))
        if self.by == HIGHEST_COST:
            return *dear, age, lot
        if self.by == LEAST_TAX and self.rule is not None:
            return bought is None or self.rule.free_from(bought) > day, *dear, age, lot
        if self.by == NAMED and lot in self.lots:
            return -1, self.lots.index(lot)
        return (-age if self.by == LIFO and bought is not None else age), lot
