"""Least risk."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from toolkit.optimize.objectives.base import Priced, cost_terms
from toolkit.optimize.quadratic import ConvexObjective

if TYPE_CHECKING:
    from toolkit.optimize.problem import Problem


class MinRisk(Priced):
    """Least risk (Markowitz 1952); with a `[costs]` table, risk at its price + costs a year."""

    kind: Literal["min_risk"] = "min_risk"

    @property
    def least_variance(self) -> bool:
        """With the variance for its measure."""
        return self.measure == "variance"

    def function(self, problem: Problem) -> ConvexObjective:
        """Risk, and costs where they are optimized."""
        return self.with_risk(problem, *cost_terms(problem))
