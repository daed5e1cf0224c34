"""Whole lots and minimum tickets: what makes the problem a mixed-integer one."""

from __future__ import annotations

from typing import ClassVar, Literal

import numpy as np
from pydantic import Field, model_validator

from toolkit.core.decode import Several
from toolkit.core.messages import message
from toolkit.core.remarks import Remark
from toolkit.optimize.constraints.base import Constraint, ConstraintData, IntegerRequirements


class Lots(Constraint):
    """Whole lots of each asset's lot size; the rest is cash."""

    ignorable: ClassVar[bool] = True
    of_dealer: ClassVar[bool] = True

    kind: Literal["lots"] = "lots"

    def integer(self, data: ConstraintData) -> IntegerRequirements:  # noqa: ARG002
        """Lots."""
        return IntegerRequirements(lots=True)

    def notes(self, data: ConstraintData) -> tuple[Remark, ...]:
        """Names what has no lot size."""
        names = [asset.key for asset in data.universe if asset.lot_size is None]
        if not names:
            return ()
        text = message("{name}: no lot size is known for {assets}; held in any quantity.", name=self.name, assets=names)
        return (Remark("terms", text, message("Ask the dealer for the lot size and round to it."), tuple(names)),)


class MinTicket(Constraint):
    """A holding (of `assets`, keys or elements, where given) is nothing, or at least `value` or `fraction` of the budget."""

    on_holdings: ClassVar[bool] = True
    ignorable: ClassVar[bool] = True

    kind: Literal["min_ticket"] = "min_ticket"
    value: float | None = Field(default=None, gt=0)
    fraction: float | None = Field(default=None, gt=0, le=1)
    assets: Several[str] | None = None

    @model_validator(mode="after")
    def _one_of_two(self) -> MinTicket:
        if (self.value is None) == (self.fraction is None):
            raise ValueError(message("needs exactly one of `value` and `fraction`"))
        return self

    def integer(self, data: ConstraintData) -> IntegerRequirements:
        """The smallest holding of each asset as a fraction of the budget."""
        smallest = self.fraction if self.fraction is not None else (self.value or 0.0) / data.budget
        labels = data.universe.keys if self.assets is None else self.assets
        minimum = np.zeros(len(data.universe))
        minimum[[at for label in labels for at in self.members(label, data)]] = smallest
        return IntegerRequirements(minimum=minimum)
