"""What is not bought, not sold, or neither."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, ClassVar, Literal

import numpy as np
from pydantic import Field

from toolkit.core.decode import Several
from toolkit.core.errors import SpecError
from toolkit.optimize.constraints.base import Constraint, ConstraintData, DataNeeds, IntegerRequirements, LinearConstraint


class _OneWay(Constraint):
    """Assets of which the value held today bounds the value that may be held.

    Limits are fractions of wealth after entry costs, which is not known before the rest is traded. So the rows of the
    continuous problem say what holds at any such wealth (w = value / wealth, with 1 >= wealth >= its lower bound), and
    the mixed-integer problem bounds the value exactly.
    """

    buys: ClassVar[bool]
    sells: ClassVar[bool]
    on_trades: ClassVar[bool] = True
    ignorable: ClassVar[bool] = True

    assets: Several[str] | None = Field(default=None, kw_only=False)

    def _bound(self, data: ConstraintData) -> list[int]:
        """Positions of the assets that the term speaks of."""
        if self.assets is None:
            return list(range(len(data.universe)))
        return sorted({i for label in self.assets for i in self.members(label, data)})

    def linear(self, data: ConstraintData) -> LinearConstraint:
        """One row an asset."""
        at = self._bound(data)
        lower, upper = data.weights_of(data.held[at])
        lower = np.full(len(at), -np.inf) if self.sells else lower
        upper = np.full(len(at), np.inf) if self.buys else np.minimum(1.0, upper)
        return LinearConstraint.of_assets(at, lower, upper, data)

    def integer(self, data: ConstraintData) -> IntegerRequirements | None:
        """The least and the greatest value of each asset."""
        n, at, held = len(data.universe), self._bound(data), data.held
        least, greatest = np.zeros(n), np.full(n, np.inf)
        if not self.sells:
            least[at] = held[at]
        if not self.buys:
            greatest[at] = held[at]
        return IntegerRequirements(least=least, greatest=greatest)


class BuyOnly(_OneWay):
    """Nothing of `assets` (keys or elements; of anything without them) is sold: money is only added."""

    buys = True
    sells = False
    kind: Literal["buy_only"] = "buy_only"


class NoSell(_OneWay):
    """Nothing of `assets` (keys or elements; of anything without them) is sold."""

    buys = True
    sells = False
    kind: Literal["no_sell"] = "no_sell"


class NoBuy(_OneWay):
    """Nothing of `assets` (keys or elements; of anything without them) is bought."""

    buys = False
    sells = True
    kind: Literal["no_buy"] = "no_buy"


class KeepAtLeast(Constraint):
    """At least `values` of each asset (key or element) stays held, in budget currency; no more than is held today.

    An order cannot be sold before it arrives, and a lot need not be sold a week before its sale is free of tax.
    """

    on_trades: ClassVar[bool] = True
    ignorable: ClassVar[bool] = True

    kind: Literal["keep_at_least"] = "keep_at_least"
    values: Mapping[str, Annotated[float, Field(ge=0)]] = Field(min_length=1, kw_only=False)

    def _least(self, data: ConstraintData) -> np.ndarray:
        """(n,) least value as a fraction of the budget; that of an element is shared in proportion to what is held."""
        held = data.held[:-1]
        least = np.zeros(len(held))
        for label, value in self.values.items():
            at = list(self.members(label, data))
            total = float(held[at].sum())
            least[at] += held[at] * min(1.0, value / data.budget / total) if total > 0 else 0.0
        return np.minimum(least, held)

    def linear(self, data: ConstraintData) -> LinearConstraint | None:
        """One row an asset of which something is kept; a value is no less a part of wealth than of the budget."""
        least, _ = data.weights_of(self._least(data))
        at = np.flatnonzero(least > 0).tolist()
        return LinearConstraint.of_assets(at, least[at], np.full(len(at), np.inf), data) if at else None

    def integer(self, data: ConstraintData) -> IntegerRequirements | None:
        """The least value of each asset."""
        least = self._least(data)
        return IntegerRequirements(least=least) if least.any() else None


class NoTrade(_OneWay):
    """The value held today of each of `assets` (keys or elements; of all without them) stays as it is, to the cent.

    Needs holdings.
    """

    buys = False
    sells = False
    kind: Literal["no_trade"] = "no_trade"

    @property
    def needs(self) -> DataNeeds:
        """What is held."""
        return DataNeeds(holdings=True)

    def least(self, data: ConstraintData) -> Mapping[int, float]:
        """What is held short, which stays so."""
        return {i: float(data.weights_of(data.held[i])[0]) for i in self._bound(data) if data.held[i] < 0}

    def linear(self, data: ConstraintData) -> LinearConstraint:
        """One row an asset."""
        if not data.held[:-1].any():
            raise SpecError(
                "constraint {name!r:s} keeps what is held, and nothing is held.", hint="Give --holdings FILE.", name=self.name
            )
        return super().linear(data)

    def integer(self, data: ConstraintData) -> IntegerRequirements:
        """Which assets are kept."""
        kept = np.zeros(len(data.universe), dtype=bool)
        kept[self._bound(data)] = True
        return IntegerRequirements(kept=kept)
