"""The allocation problem as a value: terms turned into one-sided rows, costs into rates. No solver is known here."""

from __future__ import annotations

from copy import copy
from dataclasses import dataclass, field, replace
from itertools import compress
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from toolkit.core.assets import Universe
from toolkit.core.errors import SpecError
from toolkit.core.forecast import FloatArray, Forecast, frozen
from toolkit.core.remarks import Remark
from toolkit.optimize.checks import check_constraint_data, check_costs, check_forecast, check_short
from toolkit.optimize.constraints.base import Constraint, ConstraintData, IntegerRequirements, least_weights
from toolkit.optimize.costs import Costs
from toolkit.optimize.functions import ConvexConstraints
from toolkit.optimize.risk_contribution import RiskContributionLimit

if TYPE_CHECKING:
    from toolkit.optimize.objectives.base import Objective
    from toolkit.optimize.quadratic import ConvexObjective


@dataclass(frozen=True, slots=True)
class LinearConstraints:
    """Every named limit as `G @ x <= h` over x = (assets, cash).

    Attributes:
        G: (m, n + 1).
        h: (m,).
        owner: (m,) position of the constraint that owns the row.
        labels: (m,) what the row speaks of.
        sides: (m,) ``upper`` or ``lower``.
        price: (m,) of one unit beyond the limit, infinite where it is hard; empty where all are.
        negative: (n + 1,) whether a weight may be below zero; empty where none may.
    """

    G: FloatArray
    h: FloatArray
    owner: tuple[int, ...]
    labels: tuple[str, ...]
    sides: tuple[str, ...]
    price: FloatArray = field(default_factory=lambda: np.zeros(0))
    negative: NDArray[np.bool_] = field(default_factory=lambda: np.zeros(0, dtype=bool))

    @property
    def lowest(self) -> FloatArray:
        """(n + 1,) least weights before any row: zero, or minus infinity where a weight may be negative."""
        return np.where(self.negative, -np.inf, 0.0) if len(self.negative) else np.zeros(self.G.shape[1])

    def best(self, rate: FloatArray) -> float:
        """The largest of rate'x, rate (n,), for one unit of one asset, bought or, where that is allowed, sold short."""
        return float(np.where(np.isfinite(self.lowest[:-1]), rate, np.abs(rate)).max())

    def pinning(self) -> FloatArray:
        """(m, n + 1) coefficients of rows that hold weights at zero from above, since all add up to one; zeros elsewhere."""
        least = self.G.min(axis=1, initial=np.inf)
        above = self.G - least[:, None]
        holds = (self.h <= least) & ~np.any(above[:, ~np.isfinite(self.lowest)] > 0, axis=1)
        return np.where(holds[:, None], above, 0.0)

    @property
    def soft(self) -> NDArray[np.bool_]:
        """(m,) rows that may be broken for a price."""
        return np.isfinite(self.price) if len(self.price) else np.zeros(len(self.h), dtype=bool)

    def hard(self) -> LinearConstraints:
        """The rows that may not be broken."""
        return self.part(~self.soft)

    def part(self, chosen: NDArray[np.bool_]) -> LinearConstraints:
        """Some of the rows, (m,)."""
        if chosen.all():
            return self
        labels, sides = (tuple(compress(of, chosen)) for of in (self.labels, self.sides))
        price = self.price[chosen] if len(self.price) else self.price
        owner = tuple(compress(self.owner, chosen))
        return LinearConstraints(self.G[chosen], self.h[chosen], owner, labels, sides, price, self.negative)


@dataclass(frozen=True, slots=True)
class Problem:
    """What is to be solved.

    Attributes:
        forecast: Risk and return of the universe.
        data: What the constraints ask about; what the forecast and the costs add to it is filled in here.
        objective: What is minimised.
        constraints: Named terms.
        costs: Rates in the universe's order.
        lot_values: (n,) value of one lot as a fraction of the budget; NaN where there are no lots.
        wealth: After entry costs, as a fraction of the budget, where it is known: what is held today is more of it.
    """

    forecast: Forecast
    data: ConstraintData
    objective: Objective
    constraints: tuple[Constraint, ...]
    costs: Costs
    lot_values: FloatArray
    wealth: float = 1.0
    _function: list[ConvexObjective | None] = field(default_factory=list, init=False, repr=False, compare=False)
    _limits: list[LinearConstraints] = field(default_factory=list, init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        if self.forecast.assets != self.universe.keys:
            raise SpecError("the forecast and the universe list different assets.")
        names = [constraint.name for constraint in self.constraints]
        for name in names:
            if names.count(name) > 1:
                raise SpecError("two constraints are named {name!r:s}.", hint="Give each its own name.", name=name)
        check_forecast(self.forecast)
        check_constraint_data(self.data, self.lot_values)
        check_costs(self.universe.keys, self.costs)
        if self.data.least is None:  # a part of the constraints leaves the signs of the weights as they were
            object.__setattr__(self, "data", replace(self.data, least=least_weights(self.constraints, self.data)))
        check_short(self)
        object.__setattr__(self, "data", _completed(self.forecast, self.data, self.costs))

    def at_wealth(self, wealth: float) -> Problem:
        """The same problem, checked already, with the wealth after entry costs."""
        other = copy(self)
        object.__setattr__(other, "wealth", wealth)
        object.__setattr__(other, "_function", [])
        return other

    @property
    def function(self) -> ConvexObjective | None:
        """The convex function that is minimised, made once; None where the objective is not one, or has no unit."""
        if not self._function:
            self._function.append(self.objective.function(self))
        return self._function[0]

    @property
    def universe(self) -> Universe:
        """The n assets."""
        return self.data.universe

    @property
    def previous(self) -> FloatArray:
        """(n,) value held today as a fraction of the budget."""
        return np.zeros(len(self.universe)) if self.data.previous is None else self.data.previous

    def linear_constraints(self) -> LinearConstraints:
        """The named limits, one row a limit that is finite, in the order of the constraints; made once."""
        if not self._limits:
            self._limits.append(self._linear_constraints())
        return self._limits[0]

    def _linear_constraints(self) -> LinearConstraints:
        n, data = len(self.universe), self.data
        blocks: list[FloatArray] = [np.zeros((0, n + 1))]
        limits: list[float] = []
        owner: list[int] = []
        labels: list[str] = []
        sides: list[str] = []
        price: list[float] = []
        for position, constraint in enumerate(self.constraints):
            rows = constraint.linear(data)
            if rows is None:
                continue
            for side, sign, bound in (("upper", 1.0, rows.upper), ("lower", -1.0, rows.lower)):
                finite = np.isfinite(bound)
                if not finite.any():
                    continue
                blocks.append(sign * rows.coefficients[finite])
                limits += list(sign * bound[finite])
                chosen = [label for label, keep in zip(rows.labels, finite, strict=True) if keep]
                labels += chosen
                owner += [position] * len(chosen)
                sides += [side] * len(chosen)
                price += [_price(constraint) or np.inf] * len(chosen)
        return LinearConstraints(
            frozen(np.vstack(blocks)),
            np.array(limits),
            tuple(owner),
            tuple(labels),
            tuple(sides),
            np.array(price),
            data.negative,
        )

    def convex_constraints(self) -> ConvexConstraints:
        """The limits on convex functions, in the order of the constraints."""
        asked = ((i, constraint, constraint.convex(self.data)) for i, constraint in enumerate(self.constraints))
        found = [replace(limit, owner=i, price=_price(constraint)) for i, constraint, limit in asked if limit is not None]
        return tuple(limit.at(self.wealth) for limit in found)

    def objective_limits(self) -> ConvexConstraints:
        """The limit that the objective itself sets; none or one."""
        own = self.objective.limit(self)
        return () if own is None else (own[1],)

    def risk_contributions(self) -> dict[int, tuple[RiskContributionLimit, ...]]:
        """Position of a constraint -> the contributions to risk that it limits."""
        data = self.data
        found = {i: constraint.risk_contributions(data) for i, constraint in enumerate(self.constraints)}
        return {i: shares for i, shares in found.items() if shares}

    def integer_requirements(self) -> IntegerRequirements | None:
        """What all terms together ask of whole lots; None for a continuous problem."""
        asked = self.integer_by_constraint()
        return IntegerRequirements.merged(list(asked.values())) if asked else None

    def integer_by_constraint(self) -> dict[int, IntegerRequirements]:
        """Position of a constraint -> what it asks of whole lots, for those that ask anything."""
        data = self.data
        found = {i: constraint.integer(data) for i, constraint in enumerate(self.constraints)}
        return {i: discrete for i, discrete in found.items() if discrete is not None}

    def notes(self) -> tuple[Remark, ...]:
        """What a reader must know of how the terms were applied."""
        data = self.data
        return tuple(note for constraint in self.constraints for note in constraint.notes(data))


def _completed(forecast: Forecast, data: ConstraintData, costs: Costs) -> ConstraintData:
    """The data with what forecast and costs add to it."""
    names = {forecast.factors[j]: j for j in forecast.named}
    errors = forecast.loading_errors
    missing = {
        name: ()
        if errors is None
        else tuple(key for key, error in zip(data.universe.keys, errors[:, j], strict=True) if np.isnan(error))
        for name, j in names.items()
    }
    return replace(
        data,
        loadings={name: forecast.loadings[:, j] for name, j in names.items()},
        unfitted={name: keys for name, keys in missing.items() if keys},
        least_wealth=max(0.0, 1.0 - costs.most(data.budget) * data.most_gross),
        forecast=forecast,
        currencies=_quoted(forecast),
    )


def _quoted(forecast: Forecast) -> dict[str, FloatArray]:
    """Currency -> (n,) 1.0 where the price of the asset is quoted in it."""
    quoted = [level.currency for level in forecast.levels]
    return {currency: np.array([currency == own for own in quoted], dtype=float) for currency in sorted(set(quoted))}


def _price(constraint: Constraint) -> float | None:
    """The price of one unit beyond a limit of the constraint; None where it is hard."""
    return getattr(constraint, "soft", None)
