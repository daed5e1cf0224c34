"""Price response to a change of supply or demand in a market of constant elasticity.

Supply ``S * p**e`` meets demand ``D * p**-n``, so the price that clears the market is ``(D / S) ** (1 / (e + n))``: only the
sum of the two elasticities matters. Losses are positive fractions; a price multiple is the price after over the price before.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from toolkit.core.errors import SpecError
from toolkit.core.messages import message


def _check_loss(loss: float) -> None:
    if not 0 <= loss < 1:
        hint = message("Half of the supply is 0.5; the formula has no finite price for all of it.")
        raise SpecError("a loss of {loss:g} is not a fraction from 0 to below 1.", hint=hint, loss=loss)


def _check_elasticity(elasticity: float) -> None:
    if not (elasticity > 0 and math.isfinite(elasticity)):
        raise SpecError(
            "an elasticity of {elasticity:g} is not above 0.",
            hint="Give the sum of supply and demand elasticity.",
            elasticity=elasticity,
        )


def price_multiple(loss: float, elasticity: float) -> float:
    """Price after a loss of supply over the price before: ``(1 - loss) ** (-1 / elasticity)``.

    Args:
        loss: Fraction of supply that is lost, from 0 to below 1.
        elasticity: Supply elasticity plus the absolute value of demand elasticity.

    Raises:
        SpecError: for a loss or an elasticity outside its range, or a price beyond what a number can hold.
    """
    _check_loss(loss)
    _check_elasticity(elasticity)
    power = -math.log1p(-loss) / elasticity
    if power > math.log(1e12):
        raise SpecError(
            "a loss of {loss:g} at an elasticity of {elasticity:g} gives no meaningful price.",
            hint="Buyers substitute long before: give a cap, a smaller loss or a larger elasticity.",
            loss=loss,
            elasticity=elasticity,
        )
    return math.exp(power)


def linear_multiple(loss: float, elasticity: float) -> float:
    """The first-order rule ``1 + loss / elasticity``: for comparison only, it understates large shocks."""
    _check_loss(loss)
    _check_elasticity(elasticity)
    return 1.0 + loss / elasticity


def implied_elasticity(loss: float, multiple: float) -> float:
    """The sum of elasticities at which `loss` gives `multiple`: the inversion of `price_multiple`.

    Raises:
        SpecError: unless 0 < loss < 1 and multiple > 1.
    """
    _check_loss(loss)
    if loss == 0 or not multiple > 1:
        raise SpecError(
            "only a loss above 0 with a price multiple above 1 implies an elasticity.", hint="Check the two figures."
        )
    return -math.log1p(-loss) / math.log(multiple)


def implied_loss(multiple: float, elasticity: float) -> float:
    """The loss of supply at which `elasticity` gives `multiple`, the other inversion: ``1 - multiple ** -elasticity``.

    Raises:
        SpecError: for an elasticity out of range, or a multiple below 1.
    """
    _check_elasticity(elasticity)
    if not (multiple >= 1 and math.isfinite(multiple)):
        raise SpecError(
            "no loss of supply gives the price multiple {multiple:g}.",
            hint="A loss raises the price: at least 1.",
            multiple=multiple,
        )
    return 1.0 - multiple**-elasticity


@dataclass(frozen=True, slots=True)
class Elasticity:
    """A range for the sum of supply and demand elasticity, and what it rests on.

    Attributes:
        basis: ``assumption``, ``published``, ``observed`` or ``given`` (by the user).
        low, central, high: Of the range.
        source: What it rests on.
    """

    low: float
    central: float
    high: float
    basis: str
    source: str

    def __post_init__(self) -> None:
        for value in (self.low, self.central, self.high):
            _check_elasticity(value)
        if not self.low <= self.central <= self.high:
            raise SpecError("an elasticity range runs from low to high.", hint="Write it as 0.25:0.7 or 0.25:0.4:0.7.")


@dataclass(frozen=True, slots=True)
class PriceBand:
    """Price multiples of one shock over a range of elasticities.

    Attributes:
        loss: Fraction of supply lost.
        low, central, high: Multiples; the low one belongs to the high elasticity. Never above `cap`.
        uncapped_high: The high multiple before the cap.
        cap: Multiple at which buyers turn to a substitute; None without one.
        elasticity: Range that the multiples belong to.
    """

    loss: float
    elasticity: Elasticity
    low: float
    central: float
    high: float
    uncapped_high: float
    cap: float | None

    @property
    def multiples(self) -> tuple[float, float, float]:
        """Low, central, high."""
        return self.low, self.central, self.high

    @property
    def capped(self) -> bool:
        """Whether the cap cuts the band."""
        return self.cap is not None and self.uncapped_high > self.cap


def price_band(loss: float, elasticity: Elasticity, *, cap: float | None = None) -> PriceBand:
    """The band of price multiples that a loss of supply gives, cut at the multiple where substitution begins.

    Args:
        loss: Fraction of world supply that ends, 0 to below 1.
        elasticity: Sum of the elasticities of supply and demand: low, central, high.
        cap: Price multiple at which a substitute is used, at least 1; None for none.

    Raises:
        SpecError: for a loss out of range, or a cap below today's price.
    """
    if cap is not None and not cap >= 1:
        raise SpecError(
            "a cap of {cap:g} times the price lies below it.", hint="Substitution would already have begun.", cap=cap
        )
    low, central, high = (price_multiple(loss, e) for e in (elasticity.high, elasticity.central, elasticity.low))
    ceiling = math.inf if cap is None else cap
    return PriceBand(loss, elasticity, min(low, ceiling), min(central, ceiling), min(high, ceiling), high, cap)


@dataclass(frozen=True, slots=True)
class SupplyPremium:
    """The price outside the controlling country as a relation to the price inside: ``outside = inside * (1 + premium)``.

    Attributes:
        premium: Fraction of the price inside.
        basis: given, or the basis of the marked assumption.
        source: What it rests on.
    """

    premium: float
    basis: str
    source: str

    def outside(self, inside: float) -> float:
        """The price outside, in the unit of `inside`."""
        return inside * (1.0 + self.premium)
