"""Limits on single assets, elements, groups and cash."""

from __future__ import annotations

from typing import Literal

import numpy as np
from pydantic import Field

from toolkit.core.assets import Asset
from toolkit.core.errors import SpecError, did_you_mean
from toolkit.optimize.terms.base import Ceiled, Facts, Limits, Rows


class Bounds(Limits):
    """`lower`, `upper` for every asset, or for each of `assets`.

    An element symbol stands for all products of that metal together; without `assets`, products of one metal share
    one limit too, so that two forms cannot double a cap. What is held outside the strategy has no limit of its own then.
    """

    kind: Literal["bounds"] = "bounds"
    assets: tuple[str, ...] | None = None

    def rows(self, facts: Facts) -> Rows:
        """One row an asset or element."""
        universe, n = facts.universe, len(facts.universe)
        every = dict.fromkeys(self._cap_key(asset, facts) for asset in universe if asset.key not in facts.outside)
        labels = tuple(every) if self.assets is None else self.assets
        coefficients = np.zeros((len(labels), n + 1))
        for row, label in enumerate(labels):
            coefficients[row, list(self.members(label, facts))] = 1.0
        return Rows.of(labels, coefficients, self.lower, self.upper)

    @staticmethod
    def _cap_key(asset: Asset, facts: Facts) -> str:
        element = asset.element
        shared = element is not None and sum(other.element == element for other in facts.universe) > 1
        return element if shared and element is not None else asset.offer_of or asset.key


class Group(Limits):
    """`lower`, `upper` of the sum of `assets` (keys or elements) or of whole `groups`."""

    kind: Literal["group"] = "group"
    assets: tuple[str, ...] = ()
    groups: tuple[str, ...] = ()

    def rows(self, facts: Facts) -> Rows:
        """One row: the sum."""
        if not self.assets and not self.groups:
            raise SpecError(f"constraint {self.name!r} needs `assets` or `groups`.")
        universe = facts.universe
        members = {i for label in self.assets for i in self.members(label, facts)}
        known = {asset.group for asset in universe}
        for group in self.groups:
            members |= {i for i, asset in enumerate(universe) if asset.group == group}
            if group not in known | KNOWN_GROUPS:
                raise SpecError(f"constraint {self.name!r}: unknown group {group!r}.", hint=did_you_mean(group, KNOWN_GROUPS))
        coefficients = np.zeros((1, len(universe) + 1))
        coefficients[0, sorted(members)] = 1.0
        return Rows.of((self.name,), coefficients, self.lower, self.upper)


KNOWN_GROUPS = frozenset({"technology_metals", "rare_earths", "precious_metals", "other"})


class Cash(Limits):
    """`lower`, `upper` of cash."""

    kind: Literal["cash"] = "cash"

    def rows(self, facts: Facts) -> Rows:
        """One row: cash."""
        coefficients = np.zeros((1, len(facts.universe) + 1))
        coefficients[0, -1] = 1.0
        return Rows.of(("cash",), coefficients, self.lower, self.upper)


class FullyInvested(Ceiled):
    """Cash is what whole lots, minimum tickets and costs leave over, and at most `upper` beside it.

    A strategy without a constraint of kind `cash` has this one, named ``fully invested``. With whole lots or minimum
    tickets cash is at most what every answer leaves over, and the price of the cheapest lot more.
    """

    kind: Literal["fully_invested"] = "fully_invested"
    upper: float = Field(default=0.0, ge=0, le=1)

    def rows(self, facts: Facts) -> Rows:
        """One row: cash."""
        return Cash(name=self.name, upper=self.upper).rows(facts)
