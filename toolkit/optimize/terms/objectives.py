"""What may be optimized."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import Field, model_validator

from toolkit.optimize.terms.base import Objective

Budget = Annotated[float, Field(gt=0)]
Share = Annotated[float, Field(ge=0, le=1)]


class MinRisk(Objective):
    """Least variance a year (Markowitz 1952); with a `[costs]` table, risk_aversion / 2 x variance + costs a year."""

    kind: Literal["min_risk"] = "min_risk"
    measure: Literal["variance"] = "variance"
    risk_aversion: float = Field(default=6.0, gt=0)


class MaxUtility(Objective):
    """Largest expected return - risk_aversion / 2 x variance - costs a year, as a minimum of its negative."""

    kind: Literal["max_utility"] = "max_utility"
    measure: Literal["variance"] = "variance"
    risk_aversion: float = Field(default=3.0, gt=0)

    @property
    def needs_returns(self) -> bool:
        """Utility without a forecast of returns would be minimum risk under another name."""
        return True


class MaxRatio(Objective):
    """Largest excess return over volatility (Sharpe 1966), as a minimum of its negative.

    The excess is expected return - costs a year (with a `[costs]` table) - `risk_free`, a year. Cash earns `risk_free`
    and has no risk, so it does not move the ratio: it is held at the least that the constraints allow.
    """

    kind: Literal["max_ratio"] = "max_ratio"
    measure: Literal["variance"] = "variance"
    risk_free: float = Field(default=0.0, gt=-1, lt=1)

    @property
    def needs_returns(self) -> bool:
        """A ratio needs something above its fraction line."""
        return True


class MaxReturn(Objective):
    """Largest expected return - costs a year, as a minimum of its negative, at no more than `volatility` a year."""

    kind: Literal["max_return"] = "max_return"
    measure: Literal["variance"] = "variance"
    volatility: float = Field(gt=0, lt=10)

    @property
    def needs_returns(self) -> bool:
        """There is no largest return where none is forecast."""
        return True


class MaxDiversification(Objective):
    """Largest ratio of the weighted mean of volatilities to the portfolio's (Choueifaty and Coignard 2008).

    As a minimum of its negative. Cash does not move the ratio and is held at the least that the constraints allow.
    """

    kind: Literal["max_diversification"] = "max_diversification"
    measure: Literal["variance"] = "variance"


class RiskParity(Objective):
    """Equal risk contributions (Maillard, Roncalli, Teiletche 2010), under constraints as in Richard and Roncalli (2019).

    `budgets` makes them unequal (risk budgeting: Bruder and Roncalli 2012; Spinu 2013): the contribution of each asset,
    element or (`by = "group"`) group is proportional to its budget, 1 where none is named. The budget of an element or
    group is shared equally by its members. Cash has no risk to contribute and is held at its lower limit.
    """

    kind: Literal["risk_parity"] = "risk_parity"
    measure: Literal["variance"] = "variance"
    budgets: Mapping[str, Budget] = Field(default_factory=dict)
    by: Literal["asset", "group"] = "asset"


class Track(Objective):
    """Least variance a year of the difference to `target`; what the target leaves is cash."""

    kind: Literal["track"] = "track"
    measure: Literal["variance"] = "variance"
    target: Mapping[str, Share] = Field(min_length=1)

    @model_validator(mode="after")
    def _no_more_than_everything(self) -> Track:
        if (total := sum(self.target.values())) > 1 + 1e-9:
            raise ValueError(f"target: the weights add up to {total:g}, more than 1")
        return self


class EqualWeight(Objective):
    """The same weight for each asset, or the nearest weights (least squares) that hold the constraints."""

    kind: Literal["equal_weight"] = "equal_weight"


class HierarchicalRiskParity(Objective):
    """Recursive bisection of a tree of correlations (Lopez de Prado 2016): a reference, blind to every constraint.

    A strategy with constraints on weights is refused rather than answered as if it had none; whole lots track it.
    """

    kind: Literal["hierarchical_risk_parity"] = "hierarchical_risk_parity"
    measure: Literal["variance"] = "variance"
