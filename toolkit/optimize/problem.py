"""The allocation problem as a value: terms turned into one-sided rows, costs into rates. No solver is known here."""

from __future__ import annotations

from collections.abc import Sequence
from copy import copy
from dataclasses import dataclass, field, replace
from functools import cached_property, lru_cache
from itertools import compress
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from toolkit.core.assets import Universe
from toolkit.core.errors import DataError, SpecError
from toolkit.core.forecast import FloatArray, Forecast, correlated_factors, frozen
from toolkit.core.messages import first_names, message
from toolkit.core.remarks import Remark
from toolkit.core.text import repeated
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

ROUNDING = 1e-9
"""Asymmetry and negative eigenvalues below this share of the largest variance are rounding."""
LARGEST_BUDGET = 1e13
"""Above it the cents of a sum are lost in double precision."""


def _at(bad: NDArray[np.bool_], names: Sequence[str]) -> list[str]:
    """The names where a mask (first axis aligned with them) is true, at most five."""
    rows = np.flatnonzero(np.any(bad.reshape(len(names), -1), axis=1))
    return first_names([names[int(i)] for i in rows])


def _finite(what: str, array: FloatArray, names: Sequence[str]) -> None:
    if len(array) != len(names):
        raise DataError("{what}: {n} rows for {names} names.", what=what, n=len(array), names=len(names))
    if not (finite := np.isfinite(array)).all():
        raise DataError("{what} is not a finite number for {bad}.", what=what, bad=_at(~finite, names))


def check_forecast(forecast: Forecast) -> None:
    """Refuse a forecast that is not one.

    Raises:
        DataError: for NaN or infinite numbers, a negative specific variance, or a factor covariance that is not
            symmetric and positive semidefinite.
    """
    _finite("the factor loading", forecast.loadings, forecast.assets)
    _finite("the specific variance", forecast.specific_var, forecast.assets)
    _finite("the expected return", forecast.expected, forecast.assets)
    _finite("the factor covariance", forecast.factor_cov, forecast.factors)
    negative = forecast.specific_var < 0
    if negative.any():
        raise DataError("the specific variance is negative for {negative}.", negative=_at(negative, forecast.assets))
    F = forecast.factor_cov
    if F.shape != (len(forecast.factors),) * 2:
        raise DataError("the factor covariance is {shape} for {n} factors.", shape=F.shape, n=len(forecast.factors))
    tolerance, correlated = ROUNDING * float(np.max(np.abs(F), initial=0.0)), correlated_factors(F)
    if correlated.size and (crooked := np.abs(F - F.T) > tolerance).any():
        raise DataError("the factor covariance is not symmetric at {crooked}.", crooked=_at(crooked, forecast.factors))
    if not _semidefinite(F, correlated, tolerance):
        values, vectors = np.linalg.eigh(F)
        direction = forecast.factors[int(np.argmax(np.abs(vectors[:, 0])))]
        raise DataError(
            "the factor covariance is not positive semidefinite: its least eigenvalue is {values:.3g}, mostly of "
            "{direction!r:s}.",
            hint="Estimate it from one sample, or set negative eigenvalues to zero.",
            details={"eigenvalue": float(values[0]), "factor": direction},
            values=values[0],
            direction=direction,
        )


def _semidefinite(F: FloatArray, at: NDArray[np.intp], tolerance: float) -> bool:
    """By a Cholesky factorization of the shifted matrix of what is correlated, a tenth of the work of its eigenvalues."""
    if (F.diagonal() < -tolerance).any():
        return False
    try:
        if at.size:
            np.linalg.cholesky(F[np.ix_(at, at)] + tolerance * np.eye(len(at)))
    except np.linalg.LinAlgError:
        return False
    return True


def check_constraint_data(data: ConstraintData, lot_values: FloatArray) -> None:
    """Refuse a budget, holdings, shares or lots that are not numbers of their kind.

    Raises:
        SpecError: for the budget.
        DataError: for the rest.
    """
    if not np.isfinite(data.budget) or data.budget <= 0:
        raise SpecError(
            "the budget must be a positive number, not {budget:,.6g}.", hint="Give it with --budget.", budget=data.budget
        )
    if data.budget >= LARGEST_BUDGET:
        raise SpecError(
            "a budget of {budget:,.6g} is too large for its cents to be told: it must be below {largest_budget:,.0f}.",
            hint="Give --budget in another currency, or a part of it.",
            budget=data.budget,
            largest_budget=LARGEST_BUDGET,
        )
    keys = data.universe.keys
    if data.previous is not None:
        _finite("the value held today", data.previous, keys)
        negative = data.previous < 0
        if negative.any():
            negative &= np.array([asset.is_physical for asset in data.universe])
        if negative.any():
            raise DataError("the value held today is negative for {negative}.", negative=_at(negative, keys))
    for country, share in data.countries.items():
        _finite(f"the share of supply from {country}", share, keys)
    if len(lot_values) != len(keys):
        raise DataError("the value of a lot: {n} rows for {names} names.", n=len(lot_values), names=len(keys))
    bad = ~np.isnan(lot_values) & ~((lot_values > 0) & np.isfinite(lot_values))
    if bad.any():
        raise DataError("the value of a lot is not a positive number for {bad}.", bad=_at(bad, keys))


def check_returns(problem: Problem) -> None:
    """Refuse an objective that needs a forecast of returns where every expected return is zero.

    Raises:
        SpecError: with the objective.
    """
    if not problem.forecast.expected.any() and problem.objective.needs.returns:
        raise SpecError(
            "objective {kind!r:s} needs a forecast of returns, and every expected return is zero.",
            hint='Give one under `[forecast] returns`, or use kind = "min_risk".',
            kind=problem.objective.kind,
        )


def check_short(problem: Problem) -> None:
    """Refuse weights below zero where the objective, or what asks for whole lots, has no meaning with them.

    Raises:
        SpecError: with the objective or the constraints at fault, and the constraints that let weights be negative.
    """
    if not problem.data.negative.any():
        return
    lets = ", ".join(repr(own.name) for own in problem.constraints if own.least(problem.data))
    if problem.objective.long_only:
        raise SpecError(
            "objective {kind!r:s} takes no negative weights, and {lets} lets some be negative.",
            hint="Set the lower limits to 0, or use min_risk, max_utility, max_return, max_ratio or track.",
            kind=problem.objective.kind,
            lets=lets,
        )
    discrete = problem.integer_by_constraint().items()
    if asked := [repr(problem.constraints[i].name) for i, requirements in discrete if not requirements.of_values]:
        raise SpecError(
            "{asked}: whole lots, tickets and numbers of holdings go with weights of zero or more, and {lets} lets some be "
            "negative.",
            hint=message("Leave out {asked:s}, or set the lower limits to 0.", asked=" and ".join(asked)),
            asked=[*asked],
            lets=lets,
        )


@lru_cache(maxsize=2)
def check_costs(assets: tuple[str, ...], costs: Costs) -> None:
    """Refuse costs of trading and holding that are not; the same from day to day are checked once.

    Raises:
        DataError: for NaN, infinite or negative costs, a sale that brings nothing, and a holding period that is no time.
    """
    for what, rate in (
        ("the spread", costs.half_spread),
        ("the storage cost", costs.storage),
        ("the fee of a trade", costs.fees),
        ("the spread", costs.half_spread + costs.held_spread),
        ("the storage cost", costs.storage + costs.held_storage),
        ("the fee of a lot", costs.lot_fee),
        ("the value added tax", costs.vat),
        ("the premium", costs.premium),
        ("the market impact", costs.impact),
        ("the fee of a short position", costs.borrow),
    ):
        _finite(what, rate, assets)
        if (rate < 0).any():
            raise DataError("{what} is negative for {bad}.", what=what, bad=_at(rate < 0, assets))
    worthless = costs.sale >= 1
    if worthless.any():
        raise DataError("selling costs as much as it brings for {worthless}.", worthless=_at(worthless, assets))
    for site in costs.sites:
        if not np.isfinite(site.fee) or site.fee < 0:
            what = f"the charge of {site.name}"
            raise DataError("{what} must be a number of zero or more, not {charge:,.6g}.", what=what, charge=site.fee)
        if len(site.stored) != len(assets):
            raise DataError(
                "what is stored at {name:s}: {n} rows for {names} names.", name=site.name, n=len(site.stored), names=len(assets)
            )
    if not np.isfinite(costs.holding_years) or costs.holding_years <= 0:
        raise DataError(
            "the holding period must be a positive number of years, not {holding_years:g}.", holding_years=costs.holding_years
        )


GIVING_WAY = 1.0
"""Price of a unit beyond a limit that gives way, in the unit of the objective: more than any risk or cost that it saves."""


@dataclass(frozen=True, slots=True)
class WeightBounds:
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
    def of(cls, limits: LinearConstraints) -> WeightBounds:
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
    def bounds(self) -> WeightBounds:
        """Of single weights."""
        return WeightBounds.of(self)

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
