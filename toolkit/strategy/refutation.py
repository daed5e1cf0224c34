"""What would refute a strategy, as data: figures of what it does, held against another strategy or against numbers."""

from __future__ import annotations

from datetime import date
from typing import Literal

from pydantic import Field, model_validator

from toolkit.core.decode import Several, Spec
from toolkit.core.messages import message

Figure = Literal[
    "volatility",
    "growth",
    "return_over_volatility",
    "return_over_tail",
    "utility",
    "tail_loss",
    "drawdown",
    "diversification",
    "unequal_risk",
    "largest_risk",
    "largest_tail",
    "group_risk",
]
"""Names of `toolkit.backtest.refutation.FIGURES`."""


class RefutedSpec(Spec):
    """One way in which a strategy would be refuted, of which `toolkit strategies evidence` tells whether it came true.

    A `figure` refutes it where it is not better than that of the strategy `against`, or is `above` or `below` a number. What no
    prices can tell `needs` something else, in words. No number of a proposal depends on it.

    Attributes:
        figure: Of what was held at past prices, net of costs where it is of returns: `volatility`, `growth`,
            `return_over_volatility`, `return_over_tail` (mean loss of the worst twentieth of months), `utility` (return less
            1.5 times variance), `tail_loss` (worst tenth), `drawdown`, `diversification` (volatility over the mean of its
            metals'), `unequal_risk` (sum of squared shares of risk), `largest_risk` (share of one metal), `largest_tail` (equal
            parts of the tail loss that one metal brings), `group_risk` (share of `groups`).
        against: A shipped strategy, or a baseline: `equal-weight`, `sample-minimum-risk`, `gold-only`, `held`.
        above: Refuted above it.
        below: Refuted below it.
        groups: Of `group_risk`.
        years: Of month ends, at least, before anything is said.
        until: Day before which nothing is said.
        needs: What would have to be known.
    """

    figure: Figure | None = None
    against: str | None = Field(default=None, min_length=1)
    above: float | None = None
    below: float | None = None
    groups: Several[str] = ()
    years: float = Field(default=0.0, ge=0)
    until: date | None = None
    needs: str | None = Field(default=None, min_length=1)

    @model_validator(mode="after")
    def _says_one_thing(self) -> RefutedSpec:
        if (self.figure is None) == (self.needs is None):
            raise ValueError(message("states a figure, or what it needs"))
        if self.figure is not None and (self.against is None) == (self.above is None and self.below is None):
            raise ValueError(message("holds its figure against a strategy, or against numbers (above, below)"))
        if (self.figure == "group_risk") != bool(self.groups):
            raise ValueError(message("has groups for group_risk, and for nothing else"))
        return self
