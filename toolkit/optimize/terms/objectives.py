"""What may be optimized."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from toolkit.optimize.terms.base import Objective


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


class RiskParity(Objective):
    """Equal risk contributions (Maillard, Roncalli, Teiletche 2010), under constraints as in Richard and Roncalli (2019).

    Cash has no risk to contribute and is held at its lower limit.
    """

    kind: Literal["risk_parity"] = "risk_parity"
    measure: Literal["variance"] = "variance"


class EqualWeight(Objective):
    """The same weight for each asset, or the nearest weights (least squares) that hold the constraints."""

    kind: Literal["equal_weight"] = "equal_weight"
