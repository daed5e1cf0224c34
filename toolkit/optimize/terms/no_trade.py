"""What is neither bought nor sold."""

from __future__ import annotations

from typing import Literal

import numpy as np
from pydantic import Field

from toolkit.core.errors import SpecError
from toolkit.optimize.terms.base import Constraint, Discrete, Facts, Rows


class NoTrade(Constraint):
    """The value held today of each of `assets` (keys or elements) stays as it is, to the cent; needs holdings.

    Limits are fractions of wealth after entry costs, which is not known before the rest is traded. So the rows of the
    continuous problem say what holds at any such wealth (w = value / wealth, with 1 >= wealth >= its lower bound), and
    the mixed-integer problem keeps the value exactly.
    """

    kind: Literal["no_trade"] = "no_trade"
    assets: tuple[str, ...] = Field(min_length=1)

    def _kept(self, facts: Facts) -> tuple[int, ...]:
        return tuple(sorted({i for label in self.assets for i in self.members(label, facts)}))

    def rows(self, facts: Facts) -> Rows:
        """One row an asset."""
        if facts.previous is None or not facts.previous.any():
            raise SpecError(f"constraint {self.name!r} keeps what is held, and nothing is held.", hint="Give --holdings FILE.")
        at = list(self._kept(facts))
        held = facts.previous[at]
        coefficients = np.zeros((len(at), len(facts.universe) + 1))
        coefficients[np.arange(len(at)), at] = 1.0
        highest = np.minimum(1.0, held / max(facts.least_wealth, 1e-9))
        return Rows(tuple(facts.universe.keys[i] for i in at), coefficients, held, highest)

    def discrete(self, facts: Facts) -> Discrete:
        """Which assets are kept."""
        kept = np.zeros(len(facts.universe), dtype=bool)
        kept[list(self._kept(facts))] = True
        return Discrete(kept=kept)
