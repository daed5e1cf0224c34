"""Cost of a round trip: the rise of the price at which a later sale loses nothing."""

from __future__ import annotations

from dataclasses import dataclass

from toolkit.core.errors import SpecError


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
