"""Limits on how much is held long and short together, and in balance."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar, Literal

import numpy as np
from pydantic import Field

from toolkit.optimize.constraints.base import (
    LARGEST_WEIGHT,
    ConstraintData,
    ConvexConstraint,
    LinearConstraint,
    SignedLimits,
    UpperLimited,
)
from toolkit.optimize.functions import GrossExposure


class Gross(UpperLimited):
    """`upper` of the gross exposure, the sum of absolute weights of all assets: 1.6 for 130 % long and 30 % short."""

    kind: Literal["gross"] = "gross"
    upper: float = Field(gt=0, le=LARGEST_WEIGHT, kw_only=False)

    def convex(self, data: ConstraintData) -> ConvexConstraint:  # noqa: ARG002
        """The sum."""
        return ConvexConstraint(GrossExposure(), self.upper)


class Net(SignedLimits):
    """`lower`, `upper` of the net exposure, the sum of the weights of all assets: 0 for as much short as long.

    The rest is cash: with `upper` above 1 money may be borrowed for it, and cash is as far below zero.
    """

    on_cash: ClassVar[bool] = True

    kind: Literal["net"] = "net"

    @property
    def lets_negative(self) -> bool:
        """With an upper limit above one."""
        return self.upper is not None and self.upper > 1

    def least(self, data: ConstraintData) -> Mapping[int, float]:
        """Cash, where it may be borrowed."""
        return {len(data.universe): 1.0 - self.upper} if self.upper is not None and self.lets_negative else {}

    def linear(self, data: ConstraintData) -> LinearConstraint:
        """One row: all assets."""
        return self.row(self.name, np.ones(len(data.universe)))
