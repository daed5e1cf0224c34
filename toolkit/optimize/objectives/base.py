"""Base of all objectives: the function that is minimised, its program, its value, its slopes and its unit."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
from pydantic import Field, model_validator

from toolkit.core.errors import SpecError
from toolkit.core.forecast import FloatArray, read_only_arrays
from toolkit.core.messages import message
from toolkit.optimize.constraints.base import ConstraintData, DataNeeds, Term
from toolkit.optimize.constraints.measures import CLOSED, CONFIDENCE, MeasureName, check_confidence
from toolkit.optimize.constraints.risk import risk_function
from toolkit.optimize.functions import ConvexConstraint, ConvexConstraints, ConvexFunction, Deviation, Scaled, TradeCost
from toolkit.optimize.quadratic import ConvexObjective, Quadratic
from toolkit.optimize.solvers.solve import Order
from toolkit.risk_measures.tail import CVaR

if TYPE_CHECKING:
    from toolkit.optimize.problem import LinearConstraints, Problem
    from toolkit.optimize.solvers.continuous import Continuous


@dataclass(frozen=True, slots=True)
class Gradient:
    """Slope of the objective that is minimised, in its own unit per unit of weight; the parts add up to it.

    Attributes:
        risk, cost, reward: (n,) what risk, costs and what is sought (return, or the assets' own volatility) add to it.
    """

    risk: FloatArray
    cost: FloatArray
    reward: FloatArray

    def __post_init__(self) -> None:
        read_only_arrays(self)

    @property
    def total(self) -> FloatArray:
        """(n,)."""
        return self.risk + self.cost + self.reward


class Objective(Term):
    """What is optimized: the base of every kind, one file each, found by looking in the folder.

    A kind is a subclass with `kind: Literal["name"] = "name"` and its keys as fields. One that minimises a convex function
    of the weights gives it by `function`, and the solvers, whole lots, sensitivities and reports follow; any other has a
    `solve` and a `value` of its own.
    """

    prices_limits: ClassVar[bool] = True
    """Whether it has a unit in which a price for a broken soft limit can be paid."""
    counts_costs: ClassVar[bool] = False
    """Whether it is a sum of risk, return and the costs of what is held."""
    needs_risk: ClassVar[bool] = False
    """Whether it means nothing where only cash is held."""
    holds_everything: ClassVar[bool] = False
    """Whether it needs some weight of every asset."""
    long_only: ClassVar[bool] = False
    """Whether it has no meaning, or no single optimum, with negative weights."""

    kind: Any  # each kind narrows it to its own literal

    @property
    def needs(self) -> DataNeeds:
        """The data that it reads."""
        return DataNeeds()

    @property
    def least_variance(self) -> bool:
        """Whether it minimises the variance, beside costs if any."""
        return False

    def function(self, problem: Problem) -> ConvexObjective | None:  # noqa: ARG002
        """The convex function that is minimised; None where it is not one, or has no unit."""
        return None

    def _function(self, problem: Problem) -> ConvexObjective | None:
        return problem.function if problem.objective is self else self.function(problem)

    def fraction(self, problem: Problem) -> tuple[ConvexObjective, ConvexFunction] | None:  # noqa: ARG002
        """The negative numerator, and the risk below it, where it is a ratio; None where it is not."""
        return None

    def limit(self, problem: Problem) -> tuple[str, ConvexConstraint] | None:  # noqa: ARG002
        """The key of a limit that the objective itself sets, and the limit."""
        return None

    def solve(self, problem: Problem, limits: LinearConstraints, convex: ConvexConstraints, order: Order) -> Continuous:
        """The continuous optimum.

        Args:
            problem: What is to be solved.
            limits: Its linear rows.
            convex: Limits on convex functions of the constraints.
            order: Solvers to try.

        Raises:
            SolverInfeasible, Unbounded, NumericalFailure: see `toolkit.optimize.solvers.solve`.
        """
        from toolkit.optimize.solvers.minimise import minimise  # noqa: PLC0415  # who only decodes loads no solver

        function = self._function(problem)
        if function is None:
            raise NotImplementedError(f"{self.kind!r} has neither a function nor a program of its own")
        own = self.limit(problem)
        return minimise(function, limits, (*convex, *([] if own is None else [own[1]])), order)

    @property
    def counts_charges(self) -> bool:
        """Whether what costs whatever the amount, fees of trades and of sites, is part of it where costs are."""
        return self.counts_costs

    def value(self, problem: Problem, weights: FloatArray, charges: float = 0.0) -> float:
        """The objective in its own unit, to be minimised; the variance a year where it has none.

        Args:
            problem: Whose objective it is.
            weights: (n,) of the assets.
            charges: A year, whatever the amounts, as a fraction of wealth.
        """
        function = self._function(problem)
        if function is None:
            return problem.forecast.variance(weights)
        return function.value(np.append(weights, 1.0 - weights.sum())) ** function.power + charges

    def gradient(self, problem: Problem, weights: FloatArray) -> Gradient | None:
        """The slope at asset weights, (n,), paid for from cash; None where it has no unit. Uncertainty of returns is risk."""
        function = self.function(problem)
        if function is None:
            return None
        costs, quadratic, x = problem.costs, function.quadratic, np.append(weights, 1.0 - weights.sum())
        slopes = [part.gradient(x) for part in function.parts if not isinstance(part, TradeCost)]
        zeros = np.zeros(len(weights))
        risk = quadratic.gradient(weights) - quadratic.c + sum((slope[:-1] - slope[-1] for slope in slopes), zeros)
        if not (self.counts_costs and costs.in_objective):
            return Gradient(risk, zeros, quadratic.c)
        linear = cost_terms(problem)[0]
        return Gradient(risk, costs.slope(weights, problem.previous), quadratic.c - linear)

    def unit(self, problem: Problem) -> str:  # noqa: ARG002
        """``variance``, ``measure``, ``cost``, ``ratio``, ``return``, or ``distance`` to weights that the strategy names."""
        return "distance"

    def price_of_risk(self, problem: Problem) -> float | None:  # noqa: ARG002
        """`risk_aversion` where risk is weighed against returns or costs."""
        return None

    def risk(self, problem: Problem) -> ConvexFunction:
        """Its measure of risk, homogeneous of degree one: volatility, unless it names another."""
        measure, confidence = getattr(self, "measure", "variance"), getattr(self, "confidence", None)
        return risk_function(measure, confidence, problem.data, "objective.measure")[0]

    def reference(self, data: ConstraintData) -> FloatArray:
        """(n,) weights from which risk is measured."""
        return np.zeros(len(data.universe))

    def least_part(self, problem: Problem, limits: LinearConstraints, x: FloatArray) -> float:  # noqa: ARG002
        """The least part of the way from `reference` to the optimum x, (n + 1,), that is as good and within the limits."""
        return 1.0

    def check(self, problem: Problem) -> None:
        """Raise the error of anything that it reads and that is not there."""
        self.risk(problem)


def cost_terms(problem: Problem) -> tuple[FloatArray, tuple[ConvexFunction, ...]]:
    """The (n,) linear rate of costs a year where they are optimized, and what of them is not linear in the weights."""
    costs, previous = problem.costs, problem.previous
    if not costs.in_objective:
        return np.zeros(len(previous)), ()
    short = problem.data.negative.any()
    if previous.any() or short:
        trades = TradeCost(costs.trade_rate, costs.move_rate, costs.impact_rate, previous / problem.wealth)
        zeros = np.zeros(len(previous))
        # What is short pays for its repurchase in place of the sale and the storage in the linear rate.
        covers = (TradeCost(zeros, costs.holding_rate + costs.short_rate, zeros, zeros),) if short else ()
        return costs.holding_rate, (trades, *covers)
    if costs.impact.any():
        zeros = np.zeros(len(previous))
        return costs.annual_rate, (TradeCost(zeros, zeros, costs.impact_rate, previous),)
    return costs.annual_rate, ()


def is_plain(problem: Problem, limits: LinearConstraints, convex: ConvexConstraints) -> bool:
    """Whether every limit is linear and hard, no weight may be negative, and costs are linear in the weights."""
    return not convex and not limits.soft.any() and not limits.negative.any() and not cost_terms(problem)[1]


class Measured(Objective):
    """An objective over a measure of risk.

    Variance and volatility are those of the forecast, a year. Every other measure is read from the scenarios of the
    strategy. Measures of paths need scenarios in order of time.
    """

    measure: MeasureName = Field(default="variance", kw_only=False)
    confidence: float | None = Field(default=None, gt=0, lt=1, validation_alias=CONFIDENCE)

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

    counts_costs: ClassVar[bool] = True

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
            raise ValueError(message('ambiguity: only measure = "cvar" has a worst case of this form'))
        return self

    def price_of_risk(self, problem: Problem) -> float | None:
        """`risk_aversion` where costs are optimized."""
        return self.risk_aversion if problem.costs.in_objective else None

    def unit(self, problem: Problem) -> str:
        """``cost`` where risk has a price, ``variance`` or ``measure`` otherwise."""
        if self.price_of_risk(problem) is not None:
            return "cost"
        return "variance" if self.measure == "variance" else "measure"

    def check(self, problem: Problem) -> None:
        """Raise the error of anything that it reads and that is not there."""
        self.function(problem)

    def with_risk(self, problem: Problem, linear: FloatArray, parts: tuple[ConvexFunction, ...]) -> ConvexObjective:
        """Risk, at its price where it has one, beside a linear term and convex parts.

        Args:
            problem: Whose risk is meant.
            linear: (n,) rate of what is linear in the weights.
            parts: What is not.
        """
        n, priced = len(linear), self.price_of_risk(problem) is not None
        if self.measure == "variance":
            root, specific = problem.forecast.roots()
            if priced:
                weight = np.sqrt(self.risk_aversion / 2)
                root, specific = weight * root, weight * specific
            return ConvexObjective(Quadratic(root, specific, linear, np.zeros(n)), parts)
        risk, power = risk_function(self.measure, self.confidence, problem.data, "objective.measure")
        if power != 1 and priced:
            raise SpecError(
                "objective.measure: {measure!r:s} is a square and cannot be weighed against returns or costs.",
                hint='Use measure = "semideviation".',
                measure=self.measure,
            )
        price = self.risk_aversion if priced else 1.0
        if self.ambiguity:
            radius = price * self.ambiguity / (1 - (self.confidence or CVaR.confidence))
            parts = (*parts, Deviation(np.zeros((0, n)), np.full(n, radius), np.zeros(n), "ambiguity of the scenarios"))
        return ConvexObjective(Quadratic.linear(linear), (risk if price == 1 else Scaled(risk, price), *parts), power)
