"""Largest utility: return less risk at its price."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Literal

import numpy as np
from pydantic import Field

from toolkit.core.errors import SpecError
from toolkit.core.forecast import FloatArray
from toolkit.optimize.constraints.base import DataNeeds
from toolkit.optimize.functions import ConvexFunction, Deviation, GrossExposure
from toolkit.optimize.objectives.base import Priced, cost_terms
from toolkit.optimize.quadratic import ConvexObjective

if TYPE_CHECKING:
    from toolkit.optimize.problem import Problem


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

    def price_of_risk(self, problem: Problem) -> float:  # noqa: ARG002
        """`risk_aversion`."""
        return self.risk_aversion

    def function(self, problem: Problem) -> ConvexObjective:
        """Risk + costs - return."""
        linear, parts = cost_terms(problem)
        uncertainty, more = self._uncertainty(problem)
        return self.with_risk(problem, linear - problem.forecast.expected + uncertainty, (*parts, *more))

    def _uncertainty(self, problem: Problem) -> tuple[FloatArray | float, tuple[ConvexFunction, ...]]:
        """What the worst expected returns within `radius` standard errors take away: each by itself, or together.

        Raises:
            SpecError: where the forecast does not say how uncertain it is.
        """
        if self.robust is None:
            return 0.0, ()
        covariance = problem.forecast.expected_cov
        if covariance is None:
            raise SpecError(
                "objective.robust: this forecast of returns does not say how uncertain it is.",
                hint='Use returns of kind "historical", "equilibrium" or "views".',
            )
        if self.robust == "box":
            errors = self.radius * np.sqrt(np.diag(covariance))
            if not problem.data.negative[:-1].any():
                return errors, ()
            # What is sold short loses where more is returned than is expected.
            return 0.0, (GrossExposure("uncertainty of expected returns", errors),)
        n = len(covariance)
        values, vectors = np.linalg.eigh(covariance)
        root = self.radius * (vectors * np.sqrt(np.clip(values, 0.0, None))).T
        return 0.0, (Deviation(root, np.zeros(n), np.zeros(n), "uncertainty of expected returns"),)
