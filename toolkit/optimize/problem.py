"""The allocation problem as a value: terms turned into one-sided rows, costs into rates. No solver is known here."""

from __future__ import annotations

from copy import copy
from dataclasses import dataclass, field, replace
from functools import cached_property, lru_cache
from itertools import compress
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from toolkit.core.assets import Universe
from toolkit.core.errors import SpecError
from toolkit.core.forecast import FloatArray, Forecast, frozen
from toolkit.core.remarks import Remark
from toolkit.core.text import repeated
from toolkit.optimize.checks import check_constraint_data, check_costs, check_forecast, check_short
from toolkit.optimize.constraints.base import (
    Constraint,
    ConstraintData,
    IntegerRequirements,
    LinearConstraint,
    Relaxable,
    least_weights,
)
from toolkit.optimize.costs import Costs
from toolkit.optimize.functions import OBJECTIVE, ConvexConstraints
from toolkit.optimize.risk_contribution import RiskContributionLimit
from toolkit.optimize.rows import SparseRows

if TYPE_CHECKING:
    from toolkit.optimize.objectives.base import Objective
    from toolkit.optimize.quadratic import ConvexObjective


GIVING_WAY = 1.0
"""Price of a unit beyond a limit that gives way, in the unit of the objective: more than any risk or cost that it saves."""


@dataclass(frozen=True, slots=True)
class Bounds:
    """Rows of one weight as bounds of it.

    Attributes:
        low, high: (p,) tightest bounds; zero (minus infinity for what may be negative) and infinite where no row says more.
        low_row, high_row: (p,) the row behind a bound, -1 for `x >= 0` and for none.
        coefficients: (m,) that of the weight in its row; of a row of several weights the first.
        others: Rows of no weight, or of more than one.
        matrix: (.., p) these.
    """

    low: FloatArray
    high: FloatArray
    low_row: NDArray[np.intp]
    high_row: NDArray[np.intp]
    coefficients: FloatArray
    others: NDArray[np.intp]
    matrix: FloatArray

    @classmethod
    def of(cls, limits: LinearConstraints) -> Bounds:
        """The bounds in `G x <= h` and `x >= 0`."""
        rows, h = limits.rows, limits.h
        m, p = rows.shape
        low, high = limits.lowest.copy(), np.full(p, np.inf)
        low_row, high_row = np.full(p, -1), np.full(p, -1)
        entries = np.bincount(rows.at, minlength=m)
        coefficients, columns = np.zeros(m), np.zeros(m, dtype=np.intp)
        coefficients[rows.at[::-1]], columns[rows.at[::-1]] = rows.values[::-1], rows.columns[::-1]
        alone = np.flatnonzero(entries == 1)
        bound, factor, columns = h[alone] / coefficients[alone], coefficients[alone], columns[alone]
        for sign, limit, row in ((1.0, high, high_row), (-1.0, low, low_row)):
            own = np.flatnonzero((sign * factor > 0) & (sign * bound < sign * limit[columns]))
            own = own[np.lexsort((-own, -sign * bound[own]))]  # the tightest is written last, of equal ones the first
            limit[columns[own]], row[columns[own]] = bound[own], alone[own]
        shared = entries != 1
        return cls(low, high, low_row, high_row, coefficients, np.flatnonzero(shared), rows.take(shared).toarray())


@dataclass(frozen=True)  # no slots: bounds are looked for, and the matrix is made, once
class LinearConstraints:
    """Every named limit as `G @ x <= h` over x = (assets, cash).

    Attributes:
        rows: (m, n + 1) G.
        h: (m,).
        owner: (m,) position of the constraint that owns the row.
        labels: (m,) what the row speaks of.
        sides: (m,) ``upper`` or ``lower``.
        price: (m,) of one unit beyond the limit, infinite where it is hard; empty where all are.
        negative: (n + 1,) whether a weight may be below zero; empty where none may.
    """

    rows: SparseRows
    h: FloatArray
    owner: tuple[int, ...]
    labels: tuple[str, ...]
    sides: tuple[str, ...]
    price: FloatArray = field(default_factory=lambda: np.zeros(0))
    negative: NDArray[np.bool_] = field(default_factory=lambda: np.zeros(0, dtype=bool))

    @cached_property
    def G(self) -> FloatArray:  # noqa: N802
        """(m, n + 1) the rows as an array, which what solves a thousand assets does without."""
        return frozen(self.rows.toarray())

    @cached_property
    def bounds(self) -> Bounds:
        """Of single weights."""
        return Bounds.of(self)

    @cached_property
    def lowest(self) -> FloatArray:
        """(n + 1,) least weights before any row: zero, or minus infinity where a weight may be negative."""
        return frozen(np.where(self.negative, -np.inf, 0.0) if len(self.negative) else np.zeros(self.rows.shape[1]))

    def best(self, rate: FloatArray) -> float:
        """The largest of rate'x, rate (n,), for one unit of one asset, bought or, where that is allowed, sold short."""
        return float(np.where(np.isfinite(self.lowest[:-1]), rate, np.abs(rate)).max())

    def pinning(self) -> FloatArray:
        """(m, n + 1) coefficients of rows that hold weights at zero from above, since all add up to one; zeros elsewhere."""
        least = self.G.min(axis=1, initial=np.inf)
        above = self.G - least[:, None]
        holds = (self.h <= least) & ~np.any(above[:, ~np.isfinite(self.lowest)] > 0, axis=1)
        return np.where(holds[:, None], above, 0.0)

    @cached_property
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
        return LinearConstraints(self.rows.take(chosen), self.h[chosen], owner, labels, sides, price, self.negative)


@dataclass(frozen=True)  # no slots: what is minimised is made once
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
    _limits: list[LinearConstraints] = field(default_factory=list, init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        if self.forecast.assets != self.universe.keys:
            raise SpecError("the forecast and the universe list different assets.")
        for name in repeated(constraint.name for constraint in self.constraints):
            raise SpecError("two constraints are named {name!r:s}.", hint="Give each its own name.", name=name)
        check_forecast(self.forecast)
        check_constraint_data(self.data, self.lot_values)
        check_costs(self.universe.keys, self.costs)
        # A part of the constraints leaves the signs of the weights as they were.
        least = least_weights(self.constraints, self.data) if self.data.least is None else self.data.least
        object.__setattr__(self, "data", _completed(self.forecast, self.data, least, self.costs))
        check_short(self)

    def at_wealth(self, wealth: float) -> Problem:
        """The same problem, checked already, with the wealth after entry costs: of its function trades alone ask for that."""
        other, function = copy(self), self.function
        at_it = None if function is None else function.from_holdings(self.previous / wealth)
        vars(other).update(wealth=wealth, function=at_it)
        return other

    def giving_way(self) -> Problem | None:
        """The same problem with the limits that may give way soft; None where there are none."""
        gives = [isinstance(one, Relaxable) and one.gives_way and one.soft is None for one in self.constraints]
        soft = (
            one.model_copy(update={"soft": GIVING_WAY}) if give else one
            for one, give in zip(self.constraints, gives, strict=True)
        )
        return replace(self, constraints=tuple(soft)) if any(gives) else None

    def with_room(self, owner: int, room: float) -> Problem:
        """The same problem with so much more room within the upper limit that a constraint sets on a function, in its unit.

        Args:
            owner: Position of the constraint; `OBJECTIVE` for the limit of the objective itself.
            room: Below zero for less.
        """
        if owner == OBJECTIVE and (own := self.objective.limit(self)) is not None:
            key, limit = own
            return replace(self, objective=self.objective.model_copy(update={key: limit.limit + room}))
        terms = list(self.constraints)
        power = next((limit.power for limit in self.convex_constraints() if limit.owner == owner), 1)
        upper = (getattr(terms[owner], "upper") ** (1 / power) + room) ** power  # noqa: B009  # who limits a function has it
        terms[owner] = terms[owner].model_copy(update={"upper": upper})
        return replace(self, constraints=tuple(terms))

    @cached_property
    def function(self) -> ConvexObjective | None:
        """The convex function that is minimised; None where the objective is not one, or has no unit."""
        return self.objective.function(self)

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
            asked = ((i, _price(own) or np.inf, own.rows(self.data)) for i, own in enumerate(self.constraints))
            found = tuple((i, price, rows) for i, price, rows in asked if rows is not None)
            self._limits.append(_stacked(found, self.data.negative.tobytes()))
        return self._limits[0]

    def convex_constraints(self) -> ConvexConstraints:
        """The limits on convex functions, in the order of the constraints."""
        asked = ((i, constraint, constraint.convex(self.data)) for i, constraint in enumerate(self.constraints))
        found = [replace(limit, owner=i, price=_price(constraint)) for i, constraint, limit in asked if limit is not None]
        return tuple(limit.at(self.wealth) for limit in found)

    def objective_limits(self) -> ConvexConstraints:
        """The limit that the objective itself sets; none or one."""
        own = self.objective.limit(self)
        return () if own is None else (own[1],)

    def risk_contributions(self) -> tuple[RiskContributionLimit, ...]:
        """The limits on contributions to risk, in the order of the constraints."""
        asked = enumerate(constraint.risk_contributions(self.data) for constraint in self.constraints)
        return tuple(replace(limit, owner=i) for i, limits in asked for limit in limits)

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


@lru_cache(maxsize=2)
def _stacked(found: tuple[tuple[int, float, LinearConstraint], ...], negative: bytes) -> LinearConstraints:
    """The limits of rows with the positions and the prices of their constraints: the same from day to day where these are."""
    signs = np.frombuffer(negative, dtype=bool)
    blocks: list[SparseRows] = []
    limits: list[FloatArray] = [np.zeros(0)]
    owner: list[int] = []
    labels: list[str] = []
    sides: list[str] = []
    prices: list[float] = []
    for position, price, rows in found:
        for side, sign, bound in (("upper", 1.0, rows.upper), ("lower", -1.0, rows.lower)):
            finite = np.isfinite(bound)
            if not finite.any():
                continue
            blocks.append(rows.coefficients.take(finite, sign))
            limits.append(sign * bound[finite])
            chosen = [*compress(rows.labels, finite)]
            labels += chosen
            owner += [position] * len(chosen)
            sides += [side] * len(chosen)
            prices += [price] * len(chosen)
    told = (np.concatenate(limits), tuple(owner), tuple(labels), tuple(sides), np.array(prices))
    return LinearConstraints(SparseRows.stacked(blocks, len(signs)), *told, signs)


def _completed(forecast: Forecast, data: ConstraintData, least: FloatArray, costs: Costs) -> ConstraintData:
    """The data with what forecast, (n + 1,) least weights and costs add to it."""
    names = {forecast.factors[j]: j for j in forecast.named}
    errors = forecast.loading_errors
    missing = {
        name: ()
        if errors is None
        else tuple(key for key, error in zip(data.universe.keys, errors[:, j], strict=True) if np.isnan(error))
        for name, j in names.items()
    }
    most_gross = 1.0 - 2.0 * float(least.sum())  # of the sum of absolute weights, cash among them
    return replace(
        data,
        loadings={name: forecast.loadings[:, j] for name, j in names.items()},
        unfitted={name: keys for name, keys in missing.items() if keys},
        least=least,
        least_wealth=max(0.0, 1.0 - costs.most(data.budget) * most_gross),
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
