"""Limits on risk: on a measure of it, on the loss in one scenario, on the deviation from a target."""

from __future__ import annotations

from typing import Literal

import numpy as np
from pydantic import Field, model_validator

from toolkit.core.errors import SpecError, did_you_mean
from toolkit.core.messages import message
from toolkit.optimize.benchmark import BENCHMARK, Benchmark, benchmark_needs, benchmark_weights
from toolkit.optimize.constraints.base import (
    ConstraintData,
    ConvexConstraint,
    DataNeeds,
    LinearConstraint,
    UpperLimited,
)
from toolkit.optimize.constraints.measures import CLOSED, CONFIDENCE, ROOTS, MeasureName, check_confidence, measure_of_strategy
from toolkit.optimize.functions import ConvexFunction, Deviation, RiskOf


def risk_function(measure: str, confidence: float | None, data: ConstraintData, where: str) -> tuple[ConvexFunction, int]:
    """A measure of risk as a function of the weights, and the power in which its user speaks of it.

    Variance and volatility a year come from the covariance, every other measure from the scenarios. Measures that grow
    with the square of a position are taken by their root.

    Raises:
        SpecError: where the scenarios cannot be measured this way, or there are none.
    """
    if data.forecast is None:
        raise SpecError("{where:s}: there is no forecast of risk.", where=where)
    n = len(data.universe)
    if measure in CLOSED:
        root, specific = data.forecast.roots()
        return Deviation(root, specific, np.zeros(n), "volatility a year"), CLOSED[measure]
    if data.scenarios is None:
        raise SpecError(
            "{where:s}: the measure {measure!r:s} needs scenarios.",
            hint="Give them under `[forecast] scenarios`.",
            where=where,
            measure=measure,
        )
    found, power = measure_of_strategy(measure, confidence, data.scenarios)
    return RiskOf(found, data.scenarios), power


class RiskLimit(UpperLimited):
    """`upper` of a measure of risk: variance or volatility a year, or any other measure of the strategy's scenarios."""

    kind: Literal["risk_limit"] = "risk_limit"
    measure: MeasureName = Field(kw_only=False)
    confidence: float | None = Field(default=None, gt=0, lt=1, validation_alias=CONFIDENCE)

    @model_validator(mode="after")
    def _makes_sense(self) -> RiskLimit:
        check_confidence(self.measure, self.confidence)
        root = "volatility" if self.measure == "variance" else ROOTS.get(self.measure)
        if self.soft is not None and root is not None:
            # The penalty is linear in what goes beyond the limit, and a square is not.
            raise ValueError(message("soft: price a limit on the {root} instead of its square", root=root))
        return self

    @property
    def most(self) -> float:
        """All of the value for a loss; a volatility a year of 200 %, which some coins have."""
        return {"volatility": 2.0, "variance": 4.0}.get(self.measure, 1.0)

    @property
    def needs(self) -> DataNeeds:
        """Scenarios, but for variance and volatility."""
        return DataNeeds(scenarios=self.measure not in CLOSED)

    def convex(self, data: ConstraintData) -> ConvexConstraint:
        """The measure."""
        function, power = risk_function(self.measure, self.confidence, data, f"constraint {self.name!r}")
        return ConvexConstraint(function, self.upper ** (1 / power), power=power)


class TrackingError(UpperLimited):
    """`upper` of the tracking error: the volatility a year of the difference to `target`, also called `benchmark`.

    The target is weights by name, of which what they leave is cash, or one name: an asset such as a listed fund,
    `equal_weight`, or `held` for what is held today.
    """

    kind: Literal["tracking_error"] = "tracking_error"
    target: Benchmark = Field(kw_only=False, validation_alias=BENCHMARK)

    @property
    def needs(self) -> DataNeeds:
        """What is held, where that is the target."""
        return benchmark_needs(self.target)

    def convex(self, data: ConstraintData) -> ConvexConstraint:
        """The length of the difference."""
        if data.forecast is None:
            raise SpecError("constraint {name!r:s}: there is no forecast of risk.", name=self.name)
        target = benchmark_weights(self.target, data, f"constraint {self.name!r}")
        root, specific = data.forecast.roots()
        return ConvexConstraint(Deviation(root, specific, target, "tracking error a year"), self.upper)


class ScenarioLoss(UpperLimited):
    """`upper` of the loss, as a fraction of wealth, if `scenario` happens; below zero it asks for a gain."""

    kind: Literal["scenario_loss"] = "scenario_loss"
    scenario: str = Field(min_length=1, kw_only=False)
    upper: float

    @property
    def needs(self) -> DataNeeds:
        """Scenarios."""
        return DataNeeds(scenarios=True)

    def linear(self, data: ConstraintData) -> LinearConstraint:
        """One row: minus the return in the scenario."""
        if self.scenario not in data.shocks:
            known = ", ".join(sorted(data.shocks))
            raise SpecError(
                "constraint {name!r:s}: no scenario is named {scenario!r:s}.",
                hint=did_you_mean(self.scenario, data.shocks) or message("Known: {known}.", known=known)
                if known
                else message("Write a [[scenario]]."),
                name=self.name,
                scenario=self.scenario,
            )
        return LinearConstraint.of((self.scenario,), np.append(-data.shocks[self.scenario], 0.0), None, self.upper)
