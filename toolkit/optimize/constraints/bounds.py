"""Limits on single assets, elements, groups and cash."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import ClassVar, Literal

import numpy as np
from pydantic import Field

from toolkit.core.assets import Asset, Universe
from toolkit.core.decode import Several
from toolkit.core.errors import SpecError
from toolkit.core.messages import first_names
from toolkit.optimize.constraints.base import ConstraintData, HoldLimited, LinearConstraint, SignedLimits, UpperLimited
from toolkit.optimize.rows import SparseRows


class Bounds(SignedLimits, HoldLimited):
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
        return self._rows(data.universe, data.outside)

    @lru_cache(maxsize=8)  # noqa: B019  # the same from day to day, and of hundreds of assets
    def _rows(self, universe: Universe, outside: tuple[str, ...]) -> LinearConstraint:
        data = ConstraintData(universe, 1.0, outside=outside)
        labels = self._labels(data)
        members = [self.members(label, data) for label in labels]
        at = np.repeat(np.arange(len(labels)), [len(of) for of in members])
        columns = np.array([column for of in members for column in of], dtype=np.intp)
        rows = SparseRows((len(labels), len(universe) + 1), at, columns, np.ones(len(at)))
        return LinearConstraint.of(labels, rows, self.lower, self.upper)

    @staticmethod
    def _cap_key(asset: Asset, data: ConstraintData) -> str:
        element = asset.element
        shared = element is not None and sum(other.element == element for other in data.universe) > 1
        return element if shared and element is not None else asset.offer_of or asset.key


class Group(SignedLimits, HoldLimited):
    """`lower`, `upper` of the sum of `assets` (keys or elements) or of whole `groups`; short positions count against it."""

    kind: Literal["group"] = "group"
    assets: Several[str] = Field(default=(), kw_only=False)
    groups: Several[str] = ()

    def linear(self, data: ConstraintData) -> LinearConstraint:
        """One row: the sum."""
        if not self.assets and not self.groups:
            raise SpecError("constraint {name!r:s} needs `assets` or `groups`.", name=self.name)
        return self.row(self.name, self.members_of(self.assets, self.groups, data))


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
        return _cash_row(self.lower, self.upper, len(data.universe))


@lru_cache(maxsize=8)
def _cash_row(lower: float | None, upper: float | None, n: int) -> LinearConstraint:
    return LinearConstraint.of(("cash",), SparseRows.unit([n], n + 1), lower, upper)


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
        return _cash_row(None, self.upper, len(data.universe))
