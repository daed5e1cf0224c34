"""Shadow prices: what one more unit of room of a limit is worth, from the multipliers of the continuous optimum.

Multipliers need not be unique: `cash <= 0` beside `cash >= 0` fixes one weight twice, and any number may be added to both.
With the slope of the objective given, all multipliers of the optimum are a polyhedron; the objective falls by the least of
their sums over the rows of a limit when it is relaxed, and rises by the largest when it is tightened (directional derivatives
of the optimal value: Rockafellar, Convex Analysis (1970), section 29; Gauvin 1977).

These are prices at one wealth after costs. Where a problem asks for that wealth (`toolkit.optimize.wealth`), more room moves
trades, and their costs move it: what this adds is found by solving again. Of a first purchase only fixed charges ask for it,
and there it is left out: they are divided by a wealth that moves by less than the spreads. Solving again also tells what
multipliers do not where the objective or the turnover has a kink: whoever is fully invested before and after is at one, and so
is a measure of risk where scenarios tie.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from toolkit.core.errors import NumericalFailure, ToolkitError
from toolkit.core.forecast import FloatArray
from toolkit.optimize.continuous import solve_continuous
from toolkit.optimize.functions import OBJECTIVE, ConvexConstraint, Deviation
from toolkit.optimize.problem import LinearConstraints, Problem
from toolkit.optimize.solvers.continuous import Continuous
from toolkit.optimize.solvers.highs import MixedIntegerProgram
from toolkit.optimize.solvers.solve import Order, SolverInfeasible
from toolkit.optimize.solvers.work import Work
from toolkit.optimize.wealth import asks_for_wealth, charges_count, fees_of_trades

BINDING = 1e-6
"""Slack below which a limit of the continuous optimum counts as binding (fractions of the budget)."""
DEPENDENT_ROWS = 1e-7
"""Singular value, of rows of length one, below which active rows depend on each other."""
UNLIMITED = 1e5
"""A price beyond this multiple of the largest multiplier is none: no tightening of the limit leaves an answer."""
SECONDS = 10.0
DIFFERENCE = 1e-4
"""By how much wealth, and then a limit, is moved to see how the optimum follows."""
KINK, DIFFERENCE_ERROR = 0.01, 1e-5
"""Parts of a price, and of the objective for a unit, by which a difference over `DIFFERENCE` may miss a unique multiplier."""


@dataclass(frozen=True, slots=True)
class Price:
    """What room is worth, per unit of the limit.

    Attributes:
        more: Fall of the objective for more room.
        less: Rise of the objective for less room; equal to `more` but where active limits depend on each other. None where
            less room leaves no answer, or is not known.
    """

    more: float
    less: float | None


@dataclass(frozen=True)  # no slots: its rate is looked for once, where some limit binds
class WealthEffect:
    """What wealth after costs adds to the prices of an optimum that is one at its own wealth.

    With V the objective at best for a wealth, and N the wealth that its trades leave, room r adds -V' dN/dr / (1 - dN/dwealth).
    It is small beside a multiplier, so that a difference over `DIFFERENCE` is exact enough. Of a kink alone nothing is added.

    Attributes:
        problem: At that wealth.
        limits: Its rows.
        continuous: The optimum.
        order: Solvers to try.
    """

    problem: Problem
    limits: LinearConstraints
    continuous: Continuous
    order: Order | None

    def rows(self, price: Price, rows: Sequence[int]) -> Price | None:
        """The price of relaxing some rows together; None where it is not known."""
        room = np.zeros(len(self.limits.h))
        room[list(rows)] = 1.0
        return self._added(price, lambda step: (self.problem, replace(self.limits, h=self.limits.h + step * room)))

    def convex(self, price: Price, owner: int) -> Price | None:
        """The price of one more unit of a limit on a function; None where it is not known."""
        limits = (*self.problem.convex_constraints(), *self.problem.objective_limits(), *self.continuous.inside)
        if not any(own.excess(self.continuous.x) >= -BINDING for own in limits if own.owner == owner):
            return price
        return self._added(price, lambda step: (self.problem.with_room(owner, step), self.limits))

    def _added(self, price: Price, moved: Callable[[float], tuple[Problem, LinearConstraints]]) -> Price | None:
        def over(step: float) -> tuple[float, float]:
            problem, limits = moved(step)
            continuous = solve_continuous(problem, limits, self.order)
            fall = self._value(self.problem, self.continuous.x) - self._value(problem, continuous.x, limits)
            return fall / step, self._rate * (self._wealth(problem, continuous) - self._now) / step

        def found(step: float, told: float) -> float:
            (fall, effect), near = over(step), KINK * abs(told) + DIFFERENCE_ERROR
            # A difference is exact enough to tell that multipliers are not unique, and a unique one is exacter: the next kink
            # may be within the step.
            unique = abs(fall - told) <= near or abs(over(step / 10)[0] - told) <= near
            return (told if unique else max(fall, 0.0)) + effect

        try:
            more = found(DIFFERENCE, price.more) if price.more else 0.0
        except (SolverInfeasible, ToolkitError):
            return None
        try:
            return Price(more, None if price.less is None else found(-DIFFERENCE, price.less) if price.less else 0.0)
        except (SolverInfeasible, ToolkitError):
            return Price(more, None)

    @cached_property
    def _rate(self) -> float:
        """By how much the objective falls per unit of wealth that trades leave more."""
        if not asks_for_wealth(self.problem):
            return 0.0
        richer = self.problem.at_wealth(self.problem.wealth + DIFFERENCE)
        continuous = solve_continuous(richer, self.limits, self.order, (self.problem, self.continuous))
        fall = self._value(self.problem, self.continuous.x) - self._value(richer, continuous.x)
        return fall / (DIFFERENCE - (self._wealth(richer, continuous) - self._now))

    @cached_property
    def _now(self) -> float:
        return self._wealth(self.problem, self.continuous)

    @cached_property
    def _charges(self) -> float:
        """Of the trades and the sites of the optimum, a year and as a fraction of the budget."""
        problem = self.problem
        values = self.continuous.x[:-1] * problem.wealth
        return problem.costs.charges(values, problem.previous, problem.data.budget) if charges_count(problem) else 0.0

    def _wealth(self, problem: Problem, continuous: Continuous) -> float:
        """What trades leave at the wealth of a problem, where what is kept is none; as many pay a fee as at the optimum."""
        trades = continuous.x[:-1] * problem.wealth - problem.previous
        return 1.0 - problem.costs.proportional(trades) - fees_of_trades(self.problem, self.continuous.x[:-1])

    def _value(self, problem: Problem, x: FloatArray, limits: LinearConstraints | None = None) -> float:
        """The objective, the charges of the optimum at this wealth, and the price of what is broken of soft limits."""
        rows = limits or self.limits
        soft = rows.part(rows.soft)
        broken = sum(own.price * max(own.excess(x), 0.0) for own in problem.convex_constraints() if own.price is not None)
        beyond = np.maximum(soft.rows.matvec(x) - soft.h, 0.0)
        return problem.objective.value(problem, x[:-1], self._charges / problem.wealth) + float(soft.price @ beyond) + broken


@dataclass(frozen=True, slots=True)
class ShadowPrices:
    """The multipliers of a continuous optimum, as far as the slope of its objective leaves them open.

    Attributes:
        columns: (n + 1, k) slopes of the k active limits: rows, limits on deviations, and signs that a limit stands for.
        position: Row of the limits -> its column.
        functions: Owner of a limit on a deviation -> its column.
        multipliers: (k,) as the solver left them.
        highest: (k,) bounds: the price of a soft limit, infinite where it is hard.
        zero: (n + 1,) weights that are held at zero by their sign.
        signs: (n + 1,) multipliers of those.
        broken: Row -> multiplier of soft limits that are broken, which is their price.
        others: Owner -> multiplier of limits on functions, as the solver left them.
        free: (k + 1, d) directions in which multipliers, the last that of the budget, may move; none where unique.
        smooth: Whether the objective has one slope; of a kink the solver tells one of many.
        part: Of the optimum that is as good, see `Objective.least_part`: so many times more room counts there.
        wealth: What solving again tells: of wealth after costs, and of kinks; None where there is neither.
        opened: Owner of a limit -> columns of the signs of weights that could be negative if it were relaxed.
    """

    columns: FloatArray
    position: dict[int, int]
    functions: dict[int, int]
    multipliers: FloatArray
    highest: FloatArray
    zero: NDArray[np.bool_]
    signs: FloatArray
    broken: dict[int, float]
    others: Mapping[int, float]
    free: FloatArray
    smooth: bool
    part: float = 1.0
    wealth: WealthEffect | None = None
    opened: Mapping[int, Sequence[int]] = field(default_factory=dict)

    @classmethod
    def of(
        cls, problem: Problem, limits: LinearConstraints, continuous: Continuous, order: Order | None = None
    ) -> ShadowPrices | None:
        """The prices of an optimum; None where its multipliers have no unit to read.

        Args:
            problem: At the wealth of the optimum.
            limits: Its rows.
            continuous: The optimum.
            order: Solvers to try where it is solved again.
        """
        if continuous.multipliers is None:
            return None
        x, multipliers = continuous.x, np.clip(continuous.multipliers, 0.0, None)
        slack, soft, part = limits.h - limits.G @ x, limits.soft, problem.objective.least_part(problem, limits, x)
        if part < 1.0:  # what does not bind there has no price
            start = problem.objective.reference(problem.data)
            x = np.append(start, 1.0 - start.sum()) * (1.0 - part) + x * part
            slack = np.maximum(slack, limits.h - limits.G @ x)
        broken = {int(row): float(multipliers[row]) for row in np.flatnonzero(soft & (slack < -BINDING))}
        rows = [int(row) for row in np.flatnonzero(np.abs(slack) <= BINDING)]
        highest = [max(float(limits.price[row]), multipliers[row]) if soft[row] else np.inf for row in rows]
        held, known = _deviations(problem, continuous, x), continuous.convex_multipliers or {}
        zero = (x <= 0) & np.isfinite(limits.lowest)
        signs = np.zeros(len(x)) if continuous.signs is None else np.where(zero, np.clip(continuous.signs, 0.0, None), 0.0)
        opens = {at: own.opens(problem.data) & {*np.flatnonzero(zero).tolist()} for at, own in enumerate(problem.constraints)}
        stood_for = sorted(frozenset().union(*opens.values()))
        columns = np.vstack([limits.G[rows], *(own.function.gradient(x)[None] for own in held), -np.eye(len(x))[stood_for]]).T
        first = len(rows) + len(held)
        opened = {owner: [first + stood_for.index(at) for at in sorted(those)] for owner, those in opens.items() if those}
        position = {row: at for at, row in enumerate(rows)}
        functions = {own.owner: len(rows) + at for at, own in enumerate(held)}
        believed = np.concatenate([multipliers[rows], [known[own.owner] for own in held], signs[stood_for]])
        zero[stood_for], signs[stood_for] = False, 0.0
        size = np.append(np.linalg.norm(columns, axis=0), 1.0)
        scale = np.where(size > 0, size, 1.0)
        free = _null_space(np.hstack([columns, np.ones((len(x), 1))])[~zero] / scale) / scale[:, None]
        bounds, smooth = np.append(highest, np.full(len(held) + len(stood_for), np.inf)), _smooth(problem)
        wealth = WealthEffect(problem, limits, continuous, order) if asks_for_wealth(problem) or not smooth else None
        return cls(
            columns, position, functions, believed, bounds, zero, signs, broken, known, free, smooth, part, wealth, opened
        )

    def rows(self, rows: Sequence[int], owner: int = OBJECTIVE) -> Price | None:
        """The price of relaxing rows together by one, all those of an owner with its signs; None where it is not known."""
        fixed = sum(self.broken.get(row, 0.0) for row in rows)
        chosen = [*(self.position[row] for row in rows if row in self.position), *self.opened.get(owner, ())]
        price = self._at_least_part(self._price(chosen, fixed))
        return price if price is None or self.wealth is None else self.wealth.rows(price, rows)

    def convex(self, owner: int) -> Price | None:
        """The price of one more unit of a limit on a function; the solver's multiplier where the function has kinks."""
        at = self.functions.get(owner)
        if at is None and owner not in self.others:
            return None
        price = self._price([at], 0.0) if at is not None else Price(self.others[owner], self.others[owner])
        price = self._at_least_part(price)
        return price if price is None or self.wealth is None else self.wealth.convex(price, owner)

    def _at_least_part(self, price: Price) -> Price | None:
        """The price where more room counts most; None where a ratio is as good with next to nothing, and jumps with room."""
        if self.part >= BINDING:
            return replace(price, more=price.more / self.part)
        return price if price.more <= DIFFERENCE_ERROR else None

    def _price(self, chosen: Sequence[int], fixed: float) -> Price:
        summed = float(self.multipliers[list(chosen)].sum())
        if not self.free.size or not chosen:
            return Price(fixed + summed, fixed + summed)
        weight = np.zeros(len(self.multipliers))
        weight[list(chosen)] = 1.0
        least, most = self._least(weight), self._least(-weight) if self.smooth else None
        size = max(float(self.multipliers.max(initial=0.0)), float(self.signs.max(initial=0.0)))
        more = summed if least is None else min(max(least, 0.0), summed)
        less = None if most is None or -most > UNLIMITED / 2 * size else fixed + max(-most, summed)
        return Price(fixed + more, less)

    def _least(self, weight: FloatArray) -> float | None:
        """The least of weight'multipliers over all multipliers of the optimum; None where it was not found."""
        k, size = len(self.multipliers), max(float(self.multipliers.max()), float(self.signs.max(initial=0.0)))
        if size <= 0:
            return None
        highest = np.minimum(self.highest / size, UNLIMITED)
        if self.free.shape[1] == 1:
            return float(weight @ self.multipliers) + self._step(weight, highest * size)
        program = MixedIntegerProgram(
            np.append(weight, 0.0),
            np.append(highest, np.inf),
            np.zeros(k + 1, dtype=bool),
            gap=0.0,
            lower=np.append(np.zeros(k), -np.inf),
        )
        needed = (self.columns @ self.multipliers - self.signs) / size
        program.add(np.hstack([self.columns, np.ones((len(needed), 1))]), needed, np.where(self.zero, np.inf, needed))
        try:
            found = program.solve_relaxed(Work(SECONDS))
        except NumericalFailure:
            return None
        return None if found is None else found[1] * size

    def _step(self, weight: FloatArray, highest: FloatArray) -> float:
        """The largest fall of weight'multipliers, as a negative number, along the one direction in which they may move.

        Each bound of a multiplier (`highest`), and each sign of a weight at zero, lets the direction go so far and no farther.
        """
        direction = self.free[:, 0]
        gain = float(weight @ direction[:-1])
        direction = -direction if gain > 0 else direction
        slopes = np.concatenate([direction[:-1], -direction[:-1], (self.columns @ direction[:-1] + direction[-1])[self.zero]])
        room = np.concatenate([self.multipliers, highest - self.multipliers, self.signs[self.zero]])
        least = DEPENDENT_ROWS * float(np.abs(direction).max())
        if abs(gain) <= least:
            return 0.0
        stops = slopes < -least
        return -abs(gain) * float(np.min(room[stops] / -slopes[stops]))


def _null_space(matrix: FloatArray) -> FloatArray:
    """Orthonormal directions (m, d) that a matrix (n, m) takes to zero, up to `DEPENDENT_ROWS`."""
    _, values, vectors = np.linalg.svd(matrix, full_matrices=len(matrix) < matrix.shape[1])
    return vectors[int((values > DEPENDENT_ROWS).sum()) :].T


def _smooth(problem: Problem) -> bool:
    """Whether what is minimised has one slope: variance, volatility in a ratio, what is linear."""
    closed = getattr(problem.objective, "measure", "variance") == "variance"
    return closed and not (problem.costs.in_objective and problem.previous.any())


def _deviations(problem: Problem, continuous: Continuous, x: FloatArray) -> list[ConvexConstraint]:
    """Limits on deviations that bind, hard and with a multiplier: a smooth function has one slope."""
    known = continuous.convex_multipliers or {}
    return [
        own
        for own in (*problem.convex_constraints(), *problem.objective_limits())
        if own.owner in known
        and own.price is None
        and isinstance(own.function, Deviation)
        and min(own.excess(x), own.excess(continuous.x)) >= -BINDING
    ]
