"""What may be optimized."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Annotated, Any, Literal

from pydantic import Field, model_validator

from toolkit.optimize.constraints.base import DataNeeds, Objective, TargetWeights
from toolkit.optimize.constraints.measures import CLOSED, MeasureName, check_confidence

Budget = Annotated[float, Field(gt=0)]


class Measured(Objective):
    """An objective over a measure of risk.

    Variance and volatility are those of the forecast, a year. Every other measure is read from the scenarios of the
    strategy. Measures of paths need scenarios in order of time.
    """

    measure: MeasureName = "variance"
    confidence: float | None = Field(default=None, gt=0, lt=1)

    @model_validator(mode="after")
    def _confidence_has_a_tail(self) -> Measured:
        check_confidence(self.measure, self.confidence)
        return self

    @property
    def needs(self) -> DataNeeds:
        """Scenarios, but for variance and volatility."""
        return DataNeeds(scenarios=self.measure not in CLOSED)


class Priced(Measured):
    """An objective that weighs risk against costs or returns.

    Risk counts risk_aversion / 2 x variance a year. Other measures count risk_aversion x measure: their unit is already
    that of a loss. `ambiguity` is the radius of a Wasserstein ball around the scenarios, in units of return: the worst CVaR
    of any distribution within it (Esfahani and Kuhn 2018, Theorem 6.3 with the Euclidean norm and returns of any size).
    """

    risk_aversion: float = Field(default=6.0, gt=0)
    ambiguity: float = Field(default=0.0, ge=0)

    @model_validator(mode="before")
    @classmethod
    def _price_fits_the_measure(cls, data: Any) -> Any:
        """Where no price of risk is written, 1 for a measure in the unit of a loss."""
        plain = isinstance(data, Mapping) and data.get("measure", "variance") != "variance"
        return {"risk_aversion": 1.0, **data} if plain else data

    @model_validator(mode="after")
    def _ambiguity_is_of_a_tail(self) -> Priced:
        if self.ambiguity and self.measure != "cvar":
            raise ValueError('ambiguity: only measure = "cvar" has a worst case of this form')
        return self


class MinRisk(Priced):
    """Least risk (Markowitz 1952); with a `[costs]` table, risk at its price + costs a year."""

    kind: Literal["min_risk"] = "min_risk"


class MaxUtility(Priced):
    """Largest expected return - risk at its price - costs a year, as a minimum of its negative.

    `robust` takes the worst expected returns within `radius` standard errors of the forecast: each by itself (``box``;
    Tutuncu and Koenig 2004), or together (``ellipsoid``; Goldfarb and Iyengar 2003, Ceria and Stubbs 2006).
    """

    kind: Literal["max_utility"] = "max_utility"
    risk_aversion: float = Field(default=3.0, gt=0)
    robust: Literal["box", "ellipsoid"] | None = None
    radius: float = Field(default=1.0, gt=0)

    @property
    def needs(self) -> DataNeeds:
        """Utility without a forecast of returns would be minimum risk under another name."""
        return replace(super().needs, returns=True)


class MaxRatio(Measured):
    """Largest excess return over risk (over volatility: Sharpe 1966), as a minimum of its negative.

    The excess is expected return - costs a year (with a `[costs]` table) - `risk_free`, a year. Cash earns `risk_free`
    and has no risk, so it does not move the ratio: it is held at the least that the constraints allow.
    """

    kind: Literal["max_ratio"] = "max_ratio"
    risk_free: float = Field(default=0.0, gt=-1, lt=1)

    @property
    def needs(self) -> DataNeeds:
        """A ratio needs something above its fraction line."""
        return replace(super().needs, returns=True)


class MaxReturn(Objective):
    """Largest expected return - costs a year, as a minimum of its negative, at no more than `volatility` a year.

    Without `volatility` the constraints alone hold risk down, for instance one of kind `risk_limit`.
    """

    kind: Literal["max_return"] = "max_return"
    measure: Literal["variance"] = "variance"
    volatility: float | None = Field(default=None, gt=0, lt=10)

    @property
    def needs(self) -> DataNeeds:
        """There is no largest return where none is forecast."""
        return replace(super().needs, returns=True)


class MaxDiversification(Objective):
    """Largest ratio of the weighted mean of volatilities to the portfolio's (Choueifaty and Coignard 2008).

    As a minimum of its negative. Cash does not move the ratio and is held at the least that the constraints allow.
    """

    kind: Literal["max_diversification"] = "max_diversification"
    measure: Literal["variance"] = "variance"


class RiskParity(Measured):
    """Equal risk contributions (Maillard, Roncalli, Teiletche 2010), under constraints as in Richard and Roncalli (2019).

    `budgets` makes them unequal (risk budgeting: Bruder and Roncalli 2012; Spinu 2013): the contribution of each asset,
    element or (`by = "group"`) group is proportional to its budget, 1 where none is named. The budget of an element or
    group is shared equally by its members. Cash has no risk to contribute and is held at the least that the constraints allow.
    """

    kind: Literal["risk_parity"] = "risk_parity"
    budgets: Mapping[str, Budget] = Field(default_factory=dict)
    by: Literal["asset", "group"] = "asset"


class Track(Objective):
    """Least variance a year of the difference to `target`; what the target leaves is cash."""

    kind: Literal["track"] = "track"
    measure: Literal["variance"] = "variance"
    target: TargetWeights


class EqualWeight(Objective):
    """The same weight for each asset, or the nearest weights (least squares) that hold the constraints."""

    kind: Literal["equal_weight"] = "equal_weight"


class HierarchicalRiskParity(Objective):
    """Recursive bisection of a tree of correlations (Lopez de Prado 2016): a reference, blind to every constraint.

    A strategy with constraints on weights is refused rather than answered as if it had none; whole lots track it.
    """

    kind: Literal["hierarchical_risk_parity"] = "hierarchical_risk_parity"
    measure: Literal["variance"] = "variance"
