"""Limits on trading: how much is turned over, and how long it takes to be out again."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, ClassVar, Literal

import numpy as np
from pydantic import Field

from toolkit.core.errors import SpecError
from toolkit.core.forecast import FloatArray
from toolkit.core.messages import message
from toolkit.core.remarks import Remark, note
from toolkit.optimize.constraints.base import (
    ConstraintData,
    ConvexConstraint,
    DataNeeds,
    LinearConstraint,
    LowerUpperLimited,
    UpperLimited,
)
from toolkit.optimize.functions import Turnover as TurnoverFunction

Days = Annotated[float, Field(gt=0)]


class Turnover(UpperLimited):
    """`upper` of what is sold or taken from cash, costs among it, as a part of wealth after costs; needs holdings."""

    on_trades: ClassVar[bool] = True

    kind: Literal["turnover"] = "turnover"

    @property
    def needs(self) -> DataNeeds:
        """What is held."""
        return DataNeeds(holdings=True)

    def convex(self, data: ConstraintData) -> ConvexConstraint:
        """What is bought."""
        if not data.held[:-1].any():
            raise SpecError(
                "constraint {name!r:s} limits what changes hands, and nothing is held.",
                hint="Give --holdings FILE, or --holdings last for the last stored run of this strategy.",
                name=self.name,
            )
        return ConvexConstraint(TurnoverFunction(data.held), self.upper, held=data.held)


class Liquidity(LowerUpperLimited):
    """`upper` of the value that cannot be sold within `days`.

    How long a sale takes comes from `exit_days` (keys or elements), else from the toolkit's assumption for the group.
    """

    kind: Literal["liquidity"] = "liquidity"
    days: Days = Field(kw_only=False)
    exit_days: Mapping[str, Days] = Field(default_factory=dict)

    @property
    def needs(self) -> DataNeeds:
        """Days that a sale takes."""
        return DataNeeds(exit_days=True)

    def _days(self, data: ConstraintData) -> FloatArray:
        """(n,) days to sell, NaN where nobody knows."""
        n = len(data.universe)
        days = np.full(n, np.nan) if data.exit_days is None else data.exit_days.copy()
        for name, own in self.exit_days.items():
            days[list(self.members(name, data))] = own
        return days

    def linear(self, data: ConstraintData) -> LinearConstraint:
        """One row: what takes longer, or nobody knows how long."""
        slow = ~(self._days(data) <= self.days)
        return self.row(f"not sold within {self.days:g} days", slow.astype(float))

    def notes(self, data: ConstraintData) -> tuple[Remark, ...]:
        """What the days rest on."""
        unknown = [key for key, days in zip(data.universe.keys, self._days(data), strict=True) if np.isnan(days)]
        named = {i for name in self.exit_days for i in self.members(name, data)}
        assumed = [key for i, key in enumerate(data.universe.keys) if i not in named and key not in unknown]
        told: list[Remark] = []
        if assumed:
            text = message(
                "{name}: the days it takes to sell {assets} are the toolkit's assumption.", name=self.name, assets=assumed
            )
            told.append(note(text))
        if unknown:
            text = message(
                "{name}: nobody knows how long {assets} take to sell; they count as not sold.", name=self.name, assets=unknown
            )
            told.append(Remark("terms", text, message("Give the days under exit_days."), tuple(unknown)))
        return tuple(told)
