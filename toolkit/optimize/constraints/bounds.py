"""Limits on single assets, elements, groups and cash."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar, Literal

import numpy as np
from pydantic import Field

from toolkit.core.assets import Asset
from toolkit.core.decode import Several
from toolkit.core.errors import SpecError
from toolkit.core.messages import first_names
from toolkit.optimize.constraints.base import ConstraintData, LinearConstraint, SignedLimits, UpperLimited


class Bounds(SignedLimits):
    """`lower`, `upper` for every asset, or for each of `assets`.

    An element symbol stands for all products of that metal together; without `assets`, products of one metal share
    one limit too, so that two forms cannot double a cap. What is held outside the strategy has no limit of its own then.
    With `lower` below zero listed instruments may be sold short, down to it; metal in a warehouse cannot be.
    """

    kind: Literal["bounds"] = "bounds"
    assets: Several[str] | None = Field(default=None, kw_only=False)

    def _labels(self, data: ConstraintData) -> tuple[str, ...]:
        every = dict.fromkeys(self._cap_key(asset, data) for asset in data.universe if asset.key not in data.outside)
        return tuple(every) if self.assets is None else tuple(self.assets)

    @property
    def lets_negative(self) -> bool:
        """With a lower limit below zero."""
        return self.lower is not None and self.lower < 0

    def least(self, data: ConstraintData) -> Mapping[int, float]:
        """What is limited below zero; `SpecError` names the metal in it."""
        if self.lower is None or not self.lets_negative:
            return {}
        limited = [at for label in self._labels(data) for at in self.members(label, data)]
        if physical := [data.universe.keys[at] for at in limited if data.universe.assets[at].is_physical]:
            raise SpecError(
                "constraint {name!r:s}: lower {lower:s}, and metal in a warehouse cannot be sold short: {physical}.",
                hint="Set lower to 0, or name the listed instruments under `assets`.",
                details={"assets": physical},
                name=self.name,
                lower=f"{self.lower:g}",
                physical=first_names(physical),
            )
        return dict.fromkeys(limited, self.lower)

    def linear(self, data: ConstraintData) -> LinearConstraint:
        """One row an asset or element."""
        labels, n = self._labels(data), len(data.universe)
        members, coefficients = [self.members(label, data) for label in labels], np.zeros((len(labels), n + 1))
        rows = np.repeat(np.arange(len(labels)), [len(of) for of in members])
        coefficients[rows, [at for of in members for at in of]] = 1.0
        return LinearConstraint.of(labels, coefficients, self.lower, self.upper)

    @staticmethod
    def _cap_key(asset: Asset, data: ConstraintData) -> str:
        element = asset.element
        shared = element is not None and sum(other.element == element for other in data.universe) > 1
        return element if shared and element is not None else asset.offer_of or asset.key


class Group(SignedLimits):
    """`lower`, `upper` of the sum of `assets` (keys or elements) or of whole `groups`; short positions count against it."""

    kind: Literal["group"] = "group"
    assets: Several[str] = Field(default=(), kw_only=False)
    groups: Several[str] = ()

    def linear(self, data: ConstraintData) -> LinearConstraint:
        """One row: the sum."""
        if not self.assets and not self.groups:
            raise SpecError("constraint {name!r:s} needs `assets` or `groups`.", name=self.name)
        coefficients = np.append(self.members_of(self.assets, self.groups, data), 0.0)
        return LinearConstraint.of((self.name,), coefficients, self.lower, self.upper)


class Cash(SignedLimits):
    """`lower`, `upper` of cash; with `lower` below zero so much money may be borrowed."""

    on_cash: ClassVar[bool] = True

    kind: Literal["cash"] = "cash"

    @property
    def lets_negative(self) -> bool:
        """With a lower limit below zero."""
        return self.lower is not None and self.lower < 0

    def least(self, data: ConstraintData) -> Mapping[int, float]:
        """Cash, where it may be borrowed."""
        return {len(data.universe): self.lower} if self.lower is not None and self.lets_negative else {}

    def linear(self, data: ConstraintData) -> LinearConstraint:
        """One row: cash."""
        return _cash_row(self.lower, self.upper, data)


def _cash_row(lower: float | None, upper: float | None, data: ConstraintData) -> LinearConstraint:
    coefficients = np.zeros((1, len(data.universe) + 1))
    coefficients[0, -1] = 1.0
    return LinearConstraint.of(("cash",), coefficients, lower, upper)


class FullyInvested(UpperLimited):
    """Cash is what whole lots, minimum tickets and costs leave over, and at most `upper` beside it.

    A strategy without a constraint of kind `cash` has this one, named ``fully invested``. With whole lots or minimum
    tickets cash is at most what every answer leaves over, and the price of the cheapest lot more.
    """

    on_cash: ClassVar[bool] = True
    on_trades: ClassVar[bool] = True
    ignorable: ClassVar[bool] = True

    kind: Literal["fully_invested"] = "fully_invested"
    upper: float = Field(default=0.0, ge=0, le=1)

    def with_leftover_cash(self, cash: float) -> FullyInvested:
        """At least `cash` is allowed."""
        return self.model_copy(update={"upper": max(self.upper, cash)})

    def linear(self, data: ConstraintData) -> LinearConstraint:
        """One row: cash."""
        return _cash_row(None, self.upper, data)
