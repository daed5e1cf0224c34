"""Largest ratio of something linear to risk."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, ClassVar, Literal

import numpy as np
from pydantic import Field, model_validator

from toolkit.core.errors import NumericalFailure, SpecError
from toolkit.core.forecast import FloatArray
from toolkit.core.messages import message
from toolkit.optimize.benchmark import Benchmark, benchmark_needs, benchmark_weights
from toolkit.optimize.constraints.base import ConstraintData, DataNeeds
from toolkit.optimize.constraints.measures import CLOSED
from toolkit.optimize.functions import Constant, ConvexConstraints, ConvexFunction, Deviation
from toolkit.optimize.objectives.base import Gradient, Measured, Objective, cost_terms
from toolkit.optimize.quadratic import ConvexObjective, Quadratic
from toolkit.optimize.solvers.solve import Order, SolverInfeasible

if TYPE_CHECKING:
    from toolkit.optimize.problem import LinearConstraints, Problem
    from toolkit.optimize.solvers.continuous import Continuous

POSITIVE = 1e-7
"""Part of the best numerator of one asset below which what the limits leave of it counts as none."""

EXACT, CASH_HALVINGS = 1e-12, 30
"""What rounding adds to the excess over a limit, and halvings of the way to cash."""


class _Ratio(Objective):
    """A ratio of numerator'w - costs to risk, as a minimum of its negative."""

    prices_limits: ClassVar[bool] = False
    needs_risk: ClassVar[bool] = True

    def numerator(self, problem: Problem) -> FloatArray:
        """(n,) rate of the numerator."""
        raise NotImplementedError

    def numerator_costs(self, problem: Problem) -> tuple[ConvexFunction, ...]:  # noqa: ARG002
        """What the numerator loses beside."""
        return ()

    def hurdle(self, problem: Problem) -> float:  # noqa: ARG002
        """What the numerator loses whatever the weights."""
        return 0.0

    def nothing_positive(self, best: float) -> SpecError:
        """The error where no numerator above `best`, which is not positive, is within the limits."""
        raise NotImplementedError

    def solve(self, problem: Problem, limits: LinearConstraints, convex: ConvexConstraints, order: Order) -> Continuous:
        """By the quadratic program of volatility under linear limits, by a cone program otherwise."""
        numerator, costs = self.numerator(problem), self.numerator_costs(problem)
        best = limits.best(numerator) - self.hurdle(problem)
        if best <= 0:
            raise self.nothing_positive(best)
        try:
            if not convex and not costs and getattr(self, "measure", "variance") in CLOSED:
                from toolkit.optimize.solvers.ratio import solve_ratio  # noqa: PLC0415  # who only decodes loads no solver

                return solve_ratio(problem.forecast, numerator, limits, order)
            from toolkit.optimize.solvers.convex import solve_ratio_of  # noqa: PLC0415  # cvxpy is slow to import

            relative = bool(self.reference(problem.data).any())
            return solve_ratio_of(self.risk(problem), numerator, costs, limits, convex, relative=relative)
        except (SolverInfeasible, NumericalFailure):
            # Where the limits leave no positive numerator, the normalised program is infeasible, or a solver stumbles.
            reached = self._largest_numerator(numerator, costs, limits, convex, order)
            if reached <= POSITIVE * best:
                raise self.nothing_positive(reached) from None
            raise

    @staticmethod
    def _largest_numerator(
        numerator: FloatArray,
        costs: tuple[ConvexFunction, ...],
        limits: LinearConstraints,
        convex: ConvexConstraints,
        order: Order,
    ) -> float:
        from toolkit.optimize.solvers.minimise import minimise  # noqa: PLC0415

        negative = ConvexObjective(Quadratic.linear(-numerator), costs)
        return -negative.value(minimise(negative, limits, convex, order).x)

    def fraction(self, problem: Problem) -> tuple[ConvexObjective, ConvexFunction]:
        """The two of which it is one."""
        return ConvexObjective(Quadratic.linear(-self.numerator(problem)), self.numerator_costs(problem)), self.risk(problem)

    def value(self, problem: Problem, weights: FloatArray, charges: float = 0.0) -> float:
        """The negative ratio; 0 where there is no risk."""
        x, (numerator, below) = np.append(weights, 1.0 - weights.sum()), self.fraction(problem)
        risk = below.value(x)
        return (numerator.value(x) + charges) / risk if risk > 0 else 0.0

    def least_part(self, problem: Problem, limits: LinearConstraints, x: FloatArray) -> float:
        """By bisection: more cash, or more of the benchmark, moves no ratio, but by costs that are not linear in the rest."""
        start = self.reference(problem.data)
        if problem.costs.in_objective and (start.any() or cost_terms(problem)[1]):
            return 1.0
        start, rows = np.append(start, 1.0 - start.sum()), np.maximum(limits.h, limits.rows.matvec(x)) + EXACT
        convex = [(own, max(own.excess(x), 0.0) + EXACT) for own in problem.convex_constraints()]
        low, high = 0.0, 1.0
        for _ in range(CASH_HALVINGS):
            middle = (low + high) / 2
            y = start + middle * (x - start)
            held = (limits.rows.matvec(y) <= rows).all() and all(own.excess(y) <= most for own, most in convex)
            low, high = (low, middle) if held else (middle, high)
        return high

    def _slopes(self, problem: Problem, weights: FloatArray, cost: FloatArray) -> Gradient | None:
        """The slope of the negative ratio to volatility, `cost` what of the numerator is lost to costs; None without risk."""
        away = weights - self.reference(problem.data)
        covariances = problem.forecast.covariances(away)
        deviation = float(np.sqrt(max(away @ covariances, 0.0)))
        if not deviation > 0:
            return None
        own = self.numerator(problem)
        return Gradient(
            (float(own @ weights) - self.hurdle(problem)) * covariances / deviation**3,
            cost / deviation,
            -(own + cost) / deviation,
        )

    def unit(self, problem: Problem) -> str:  # noqa: ARG002
        """A ratio."""
        return "ratio"


class MaxRatio(_Ratio, Measured):
    """Largest excess return over risk (over volatility: Sharpe 1966), as a minimum of its negative.

    The excess is expected return - costs a year (with a `[costs]` table) - `risk_free`, a year. Cash earns `risk_free`
    and has no risk, so it does not move the ratio: it is held at the least that the constraints allow. With a `benchmark` it is
    the information ratio: the excess over the return of the benchmark, over the tracking error (Grinold and Kahn 2000). Of all
    weights with the largest one, which lie on a line through the benchmark, those furthest from it within the limits.
    """

    kind: Literal["max_ratio"] = "max_ratio"
    risk_free: float = Field(default=0.0, gt=-1, lt=1)
    benchmark: Benchmark | None = Field(default=None, exclude_if=lambda value: value is None)

    @property
    def counts_charges(self) -> bool:
        """They lessen its numerator."""
        return True

    @model_validator(mode="after")
    def _benchmark_has_a_tracking_error(self) -> MaxRatio:
        if self.benchmark is not None and self.measure not in CLOSED:
            raise ValueError(
                message("benchmark: risk is the tracking error, and cannot be {measure!r:s}", measure=self.measure)
            )
        return self

    @property
    def needs(self) -> DataNeeds:
        """A ratio needs something above its fraction line."""
        return replace(super().needs, returns=True, holdings=benchmark_needs(self.benchmark).holdings)

    def reference(self, data: ConstraintData) -> FloatArray:
        """(n,) the benchmark; zeros without one."""
        return (
            super().reference(data)
            if self.benchmark is None
            else benchmark_weights(self.benchmark, data, "objective.benchmark")
        )

    def risk(self, problem: Problem) -> ConvexFunction:
        """Its measure; with a benchmark the tracking error."""
        if self.benchmark is None:
            return super().risk(problem)
        return Deviation(*problem.forecast.roots(), self.reference(problem.data), "tracking error a year")

    def hurdle(self, problem: Problem) -> float:
        """The excess return of the benchmark, which pays no costs."""
        return float((problem.forecast.expected - self.risk_free) @ self.reference(problem.data))

    def numerator(self, problem: Problem) -> FloatArray:
        """(n,) expected return - linear costs a year, where they are optimized - the risk-free rate."""
        return problem.forecast.expected - cost_terms(problem)[0] - self.risk_free

    def numerator_costs(self, problem: Problem) -> tuple[ConvexFunction, ...]:
        """Costs that are not linear in the weights, and the return of the benchmark."""
        own = () if self.benchmark is None else (Constant("return of the benchmark", self.hurdle(problem)),)
        return (*cost_terms(problem)[1], *own)

    def nothing_positive(self, best: float) -> SpecError:
        """The error where no excess return is positive."""
        if self.benchmark is not None:
            return SpecError(
                "max_ratio: nothing is expected to beat the benchmark; at best it is missed by {best:.2%} a year.",
                hint='Change `[forecast] returns`, or use kind = "track".',
                best=-best,
            )
        return SpecError(
            "max_ratio: no excess return is positive; the best that the constraints allow is {best:.2%} a year.",
            hint='Lower objective.risk_free, change `[forecast] returns`, or use kind = "min_risk".',
            best=round(best, 4) + 0.0,  # not -0.00%
        )

    def gradient(self, problem: Problem, weights: FloatArray) -> Gradient | None:
        """The slope of the negative ratio; None for a ratio to another measure than volatility."""
        if self.measure not in CLOSED:
            return None
        rate = problem.costs.annual_rate if problem.costs.in_objective else np.zeros(len(weights))
        return self._slopes(problem, weights, rate)


class MaxDiversification(_Ratio):
    """Largest ratio of the weighted mean of volatilities to the portfolio's (Choueifaty and Coignard 2008).

    As a minimum of its negative. Cash does not move the ratio and is held at the least that the constraints allow.
    """

    long_only: ClassVar[bool] = True

    kind: Literal["max_diversification"] = "max_diversification"
    measure: Literal["variance"] = "variance"

    def numerator(self, problem: Problem) -> FloatArray:
        """(n,) volatility a year of each asset."""
        return np.sqrt(np.clip(np.diag(problem.forecast.matrix), 0.0, None))

    def nothing_positive(self, best: float) -> SpecError:  # noqa: ARG002
        """The error where nothing has any risk."""
        return SpecError("max_diversification: no asset that the constraints allow has any risk.")

    def gradient(self, problem: Problem, weights: FloatArray) -> Gradient | None:
        """The slope of the negative ratio."""
        return self._slopes(problem, weights, np.zeros(len(weights)))
