"""Limits on how much of the risk one holding may bring."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar, Literal

import numpy as np
from pydantic import Field

from toolkit.core.decode import Several
from toolkit.core.errors import SpecError
from toolkit.core.messages import message
from toolkit.core.remarks import Remark, note
from toolkit.optimize.constraints.base import Constraint, ConstraintData, outward
from toolkit.optimize.risk_contribution import RiskContributionLimit


class RiskContribution(Constraint):
    """`upper` of the part of the variance that each of `assets` (keys or elements; all, where left out) brings.

    `groups` limits whole groups, each by itself. The limit is not convex: the answer holds it and is locally best.
    """

    relaxable: ClassVar[bool] = True
    on_holdings: ClassVar[bool] = True

    kind: Literal["risk_contribution"] = "risk_contribution"
    assets: Several[str] | None = Field(default=None, kw_only=False)
    groups: Several[str] = ()
    upper: float = Field(gt=0, le=1)

    def risk_contributions(self, data: ConstraintData) -> tuple[RiskContributionLimit, ...]:
        """One for each asset, element or group."""
        if data.forecast is None:
            raise SpecError("constraint {name!r:s}: there is no forecast of risk.", name=self.name)
        universe, covariance = data.universe, data.forecast.matrix
        wanted = self.assets if self.assets is not None else () if self.groups else universe.keys
        found = []
        for label in (*wanted, *self.groups):
            members = np.zeros(len(universe))
            if label in self.groups:
                at = [i for i, asset in enumerate(universe) if asset.group == label]
                if not at:
                    raise SpecError(
                        "constraint {name!r:s}: no asset here is of the group {label!r:s}.", name=self.name, label=label
                    )
            else:
                at = list(self.members(label, data))
            members[at] = 1.0
            found.append(RiskContributionLimit(label, members, covariance, self.upper))
        return tuple(found)

    def notes(self, data: ConstraintData) -> tuple[Remark, ...]:  # noqa: ARG002
        """What is claimed."""
        text = message(
            "{name}: limits on contributions to risk are not convex; the answer is best among its neighbours.", name=self.name
        )
        return (note(text),)

    def relaxed(self, side: str, move: float, digits: int) -> Mapping[str, float]:
        """The limit."""
        return {"upper": min(1.0, outward(self.upper, side, move, digits))}
