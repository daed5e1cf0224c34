"""Convex functions of the weights: what an objective adds to a quadratic, and what a limit holds down.

Each has a number, a subgradient and a face for cvxpy, and is positively homogeneous in (weights, one): the same function
serves weights that add up to one, money that adds up to wealth, and ratios that are normalised by their numerator.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Protocol

import numpy as np

from toolkit.core.forecast import FloatArray
from toolkit.optimize.costs import TRADED
from toolkit.risk_measures.base import Measure, scale
from toolkit.scenarios.sets import Scenarios

if TYPE_CHECKING:  # half a second to import, and a plain quadratic needs none of this
    import cvxpy as cp

    ConvexForm = tuple[cp.Expression, list[cp.Constraint]]


class ConvexFunction(Protocol):
    """A convex function f(x) of weights x, (n + 1,) assets and cash, that add up to one."""

    @property
    def label(self) -> str:
        """What it measures, in words."""
        ...

    def value(self, x: FloatArray) -> float:
        """F at x."""
        ...

    def gradient(self, x: FloatArray) -> FloatArray:
        """(n + 1,) g with f(z) >= f(x) + g'(z - x); for amounts z of any sum W likewise W f(z / W) >= g'z + (f(x) - g'x) W."""
        ...

    def convex(self, x: cp.Expression, one: cp.Expression) -> ConvexForm:
        """One * f(x / one), jointly convex, and the constraints of its own variables."""
        ...


@dataclass(frozen=True, slots=True)
class Deviation:
    """Length of (R (x - target), s * (x - target)): volatility, tracking error, or the radius of an ellipsoid.

    Attributes:
        R: (k, n).
        s: (n,).
        target: (n,).
        label: What it measures.
    """

    R: FloatArray
    s: FloatArray
    target: FloatArray
    label: str

    def value(self, x: FloatArray) -> float:
        """The length at x, (n + 1,)."""
        d = x[:-1] - self.target
        return float(np.sqrt(np.sum((self.R @ d) ** 2) + np.sum((self.s * d) ** 2)))

    def gradient(self, x: FloatArray) -> FloatArray:
        """(n + 1,); zero where the length is, which is a subgradient."""
        d, size = x[:-1] - self.target, self.value(x)
        slope = self.R.T @ (self.R @ d) + self.s**2 * d
        return np.append(slope / size if size > 0 else np.zeros_like(d), 0.0)

    def convex(self, x: cp.Expression, one: cp.Expression) -> ConvexForm:
        """One second-order cone."""
        import cvxpy as cp  # noqa: PLC0415

        d = x[:-1] - self.target * one
        own = np.flatnonzero(self.s)
        pieces = [self.R @ d] * bool(len(self.R)) + [cp.multiply(self.s[own], d[own])] * bool(len(own))
        return cp.norm(cp.hstack(pieces), 2), []


@dataclass(frozen=True, slots=True)
class RiskOf:
    """A measure of risk, homogeneous of degree one, of the returns of scenarios."""

    measure: Measure
    scenarios: Scenarios

    @property
    def label(self) -> str:
        """Name of the measure."""
        return self.measure.name

    def value(self, x: FloatArray) -> float:
        """The risk at x, (n + 1,): cash returns nothing."""
        return self.measure.numeric(-self.scenarios.portfolio(x[:-1]), self.scenarios.probabilities)

    def gradient(self, x: FloatArray) -> FloatArray:
        """(n + 1,)."""
        worst = self.measure.subgradient(-self.scenarios.portfolio(x[:-1]), self.scenarios.probabilities)
        return np.append(-self.scenarios.returns.T @ worst, 0.0)

    def convex(self, x: cp.Expression, one: cp.Expression) -> ConvexForm:  # noqa: ARG002
        """The convex face of the measure."""
        unit = scale(self.scenarios)  # solvers stop on absolute gaps, and daily returns are 1e-2
        expression, own = self.measure.convex(self.scenarios.returns / unit @ x[:-1], self.scenarios.probabilities)
        return unit * expression, own


@dataclass(frozen=True, slots=True)
class Scaled:
    """A function times a positive number."""

    function: ConvexFunction
    factor: float

    @property
    def label(self) -> str:
        """Of the function."""
        return self.function.label

    def value(self, x: FloatArray) -> float:
        """At x, (n + 1,)."""
        return self.factor * self.function.value(x)

    def gradient(self, x: FloatArray) -> FloatArray:
        """(n + 1,)."""
        return self.factor * self.function.gradient(x)

    def convex(self, x: cp.Expression, one: cp.Expression) -> ConvexForm:
        """The face of the function, times the factor."""
        expression, own = self.function.convex(x, one)
        return self.factor * expression, own


@dataclass(frozen=True, slots=True)
class Turnover:
    """What is sold or taken from cash, costs among it.

    Half the sum of absolute changes of all weights where trades cost nothing, and never less than that.

    Attributes:
        previous: (n + 1,) value held today as a fraction of wealth after costs: what is kept is no trade.
    """

    previous: FloatArray
    label: str = "turnover"

    def value(self, x: FloatArray) -> float:
        """The turnover to x, (n + 1,)."""
        return float(np.sum(np.maximum(self.previous - x, 0.0)))

    def gradient(self, x: FloatArray) -> FloatArray:
        """(n + 1,)."""
        return -(x < self.previous).astype(float)

    def convex(self, x: cp.Expression, one: cp.Expression) -> ConvexForm:
        """Hinges."""
        import cvxpy as cp  # noqa: PLC0415

        return np.ones(len(self.previous)) @ cp.pos(self.previous * one - x), []


@dataclass(frozen=True, slots=True)
class Constant:
    """The same number whatever the weights: the return of a benchmark.

    Attributes:
        label: What it is.
        number: Per unit of the sum of the weights.
    """

    label: str
    number: float

    def value(self, x: FloatArray) -> float:  # noqa: ARG002
        """The number."""
        return self.number

    def gradient(self, x: FloatArray) -> FloatArray:
        """(n + 1,) zeros."""
        return np.zeros_like(x)

    def convex(self, x: cp.Expression, one: cp.Expression) -> ConvexForm:  # noqa: ARG002
        """Once a unit."""
        return self.number * one, []


@dataclass(frozen=True, slots=True)
class GrossExposure:
    """Sum of the absolute weights of the assets, each times a rate.

    Attributes:
        label: What it measures.
        rate: (n,), or one number for all.
    """

    label: str = "gross exposure"
    rate: FloatArray | float = 1.0

    def value(self, x: FloatArray) -> float:
        """The sum at x, (n + 1,)."""
        return float(np.sum(self.rate * np.abs(x[:-1])))

    def gradient(self, x: FloatArray) -> FloatArray:
        """(n + 1,)."""
        return np.append(self.rate * np.sign(x[:-1]), 0.0)

    def convex(self, x: cp.Expression, one: cp.Expression) -> ConvexForm:  # noqa: ARG002
        """Absolute values."""
        import cvxpy as cp  # noqa: PLC0415

        return cp.norm1(cp.multiply(self.rate, x[:-1])), []


@dataclass(frozen=True, slots=True)
class TradeCost:
    """Cost a year of what is traded: rates of what is bought and sold, and impact with the power 3/2.

    Impact is the square-root law of prices, times what is traded (Almgren, Thum, Hauptmann and Li 2005; Grinold and Kahn
    2000, chapter 16).

    Attributes:
        buying, selling: (n,) a year, per unit of value.
        impact: (n,) a year, per unit of value to the power 3/2; zeros where there is none.
        previous: (n,) weights held today.
    """

    buying: FloatArray
    selling: FloatArray
    impact: FloatArray
    previous: FloatArray
    label: str = "cost of trading"

    def value(self, x: FloatArray) -> float:
        """The cost of the trades to x, (n + 1,)."""
        d = x[:-1] - self.previous
        rates = self.buying @ np.maximum(d, 0.0) + self.selling @ np.maximum(-d, 0.0)
        return float(rates + self.impact @ np.abs(d) ** 1.5) if self.impact.any() else float(rates)

    def gradient(self, x: FloatArray) -> FloatArray:
        """(n + 1,)."""
        d = x[:-1] - self.previous
        slope = np.where(d > 0, self.buying, np.where(d < 0, -self.selling, 0.0))
        return np.append(slope + 1.5 * self.impact * np.sqrt(np.abs(d)) * np.sign(d), 0.0)

    def slopes(self, x: FloatArray) -> tuple[FloatArray, FloatArray]:
        """(n,) least and greatest subgradients at x without impact; they differ where nothing is traded."""
        d, sold = x[:-1] - self.previous, -self.selling
        return np.where(d > TRADED, self.buying, sold), np.where(d < -TRADED, sold, self.buying)

    def convex(self, x: cp.Expression, one: cp.Expression) -> ConvexForm:
        """Hinges, and two rotated second-order cones an asset with impact.

        With |d| <= z, z^2 <= t u and u^2 <= z one, t is z^2 / sqrt(z one) at least (Lobo, Vandenberghe, Boyd and Lebret 1998,
        section 2.3: powers as towers of hyperbolic constraints; a power cone next to other cones stalls the solver).
        """
        import cvxpy as cp  # noqa: PLC0415

        d = x[:-1] - self.previous * one
        cost = self.buying @ cp.pos(d) + self.selling @ cp.neg(d)
        moved = np.flatnonzero(self.impact)
        if not len(moved):
            return cost, []
        t, u, z = (cp.Variable(len(moved), nonneg=True) for _ in range(3))
        whole = one * np.ones(len(moved))
        squares = [cp.SOC(t + u, cp.vstack([2 * z, t - u])), cp.SOC(z + whole, cp.vstack([2 * u, z - whole]))]
        return cost + self.impact[moved] @ t, [*squares, cp.abs(d[moved]) <= z]


OBJECTIVE = -1
"""Owner of a limit that the objective itself sets."""


@dataclass(frozen=True, slots=True)
class ConvexConstraint:
    """A limit on a convex function: f(x) ** power <= limit ** power.

    Attributes:
        function: f, homogeneous of degree one.
        limit: Of f.
        owner: Position of the constraint that sets it; `OBJECTIVE` for the objective's own.
        price: Of one unit beyond the limit; None where it is hard.
        power: In which the user states it: 2 where f is the root of a variance.
        held: (n + 1,) value held today as a fraction of the budget, where f is the turnover.
    """

    function: ConvexFunction
    limit: float
    owner: int = OBJECTIVE
    price: float | None = None
    power: int = 1
    held: FloatArray | None = None

    def excess(self, x: FloatArray) -> float:
        """F(x) - limit at x, (n + 1,)."""
        return self.function.value(x) - self.limit

    def at(self, wealth: float) -> ConvexConstraint:
        """The same limit where so much of the budget is left after costs."""
        return self if self.held is None else replace(self, function=Turnover(self.held / wealth))


ConvexConstraints = tuple[ConvexConstraint, ...]
