"""Limits on trading: how much is turned over, and how long it takes to be out again."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Literal

import numpy as np
from pydantic import Field

from toolkit.core.errors import SpecError
from toolkit.core.forecast import FloatArray
from toolkit.core.messages import message
from toolkit.core.remarks import Remark, note
from toolkit.optimize.functions import Turnover as TurnoverFunction
from toolkit.optimize.terms.base import Ceiled, Curved, Facts, Limits, Rows

Days = Annotated[float, Field(gt=0)]


class Turnover(Ceiled):
    """`upper` of half the sum of absolute changes of all weights, cash among them; needs holdings."""

    kind: Literal["turnover"] = "turnover"

    def curved(self, facts: Facts) -> Curved:
        """What is bought."""
        if facts.previous is None or not facts.previous.any():
            raise SpecError(
                f"constraint {self.name!r} limits what changes hands, and nothing is held.",
                hint="Give --holdings FILE, or --holdings last for the last stored run of this strategy.",
            )
        return Curved(TurnoverFunction(facts.held), self.upper)


class Liquidity(Limits):
    """`upper` of the value that cannot be sold within `days`.

    How long a sale takes comes from `exit_days` (keys or elements), else from the toolkit's assumption for the group.
    """

    kind: Literal["liquidity"] = "liquidity"
    days: Days
    exit_days: Mapping[str, Days] = Field(default_factory=dict)

    def _days(self, facts: Facts) -> FloatArray:
        """(n,) days to sell, NaN where nobody knows."""
        n = len(facts.universe)
        days = np.full(n, np.nan) if facts.exit_days is None else facts.exit_days.copy()
        for name, own in self.exit_days.items():
            days[list(self.members(name, facts))] = own
        return days

    def rows(self, facts: Facts) -> Rows:
        """One row: what takes longer, or nobody knows how long."""
        slow = ~(self._days(facts) <= self.days)
        return Rows.of((f"not sold within {self.days:g} days",), np.append(slow.astype(float), 0.0), self.lower, self.upper)

    def notes(self, facts: Facts) -> tuple[Remark, ...]:
        """What the days rest on."""
        unknown = [key for key, days in zip(facts.universe.keys, self._days(facts), strict=True) if np.isnan(days)]
        named = {i for name in self.exit_days for i in self.members(name, facts)}
        assumed = [key for i, key in enumerate(facts.universe.keys) if i not in named and key not in unknown]
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
            told.append(Remark("terms", text, "Give the days under exit_days.", tuple(unknown)))
        return tuple(told)
