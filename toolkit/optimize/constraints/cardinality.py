"""How many holdings there are."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar, Literal

import numpy as np
from pydantic import Field, model_validator

from toolkit.core.decode import Several
from toolkit.core.messages import message
from toolkit.core.remarks import Remark, note
from toolkit.optimize.constraints.base import Constraint, ConstraintData, HoldingCount, IntegerRequirements, check_limits

COUNTED = 1e-3
"""Smallest holding, as a fraction of the budget, where a least number is asked for: less would count in name only."""


class Cardinality(Constraint):
    """`lower`, `upper` number of holdings, of `assets` (keys or elements) and whole `groups` together where given.

    Cash is none. With `lower`, a holding that is counted is nothing or at least 0.1 % of the budget.
    The continuous problem knows nothing of it; the mixed-integer problem holds it exactly.
    """

    relaxable: ClassVar[bool] = True
    on_holdings: ClassVar[bool] = True

    kind: Literal["cardinality"] = "cardinality"
    lower: int | None = Field(default=None, ge=1)
    upper: int | None = Field(default=None, ge=0)
    # Keys that are not used leave the fingerprint of a strategy as it was before they existed.
    assets: Several[str] = Field(default=(), exclude_if=lambda value: not value)
    groups: Several[str] = Field(default=(), exclude_if=lambda value: not value)

    @model_validator(mode="after")
    def _limits_make_sense(self) -> Cardinality:
        check_limits(self.lower, self.upper)
        return self

    def integer(self, data: ConstraintData) -> IntegerRequirements:
        """The two numbers."""
        named = self.assets or self.groups
        members = self.members_of(self.assets, self.groups, data) if named else np.ones(len(data.universe))
        floor = 0.0 if self.lower is None else COUNTED * members
        return IntegerRequirements(minimum=floor, counts=(HoldingCount(members, self.lower or 0, self.upper),))

    def notes(self, data: ConstraintData) -> tuple[Remark, ...]:  # noqa: ARG002
        """What counts as a holding."""
        if self.lower is None:
            return ()
        text = message(
            "{name}: a holding counts from {least:.1%} of the budget, and none is smaller.", name=self.name, least=COUNTED
        )
        return (note(text),)

    def relaxed(self, side: str, move: float, digits: int) -> Mapping[str, int]:  # noqa: ARG002
        """The number on that side."""
        limit = getattr(self, side)
        # A least number of zero is not a number of holdings to ask for: one is the lowest that can be written.
        return {side: limit + round(move)} if side == "upper" else {side: max(1, limit - round(move))}
