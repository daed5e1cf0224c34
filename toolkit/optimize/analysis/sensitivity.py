"""How the continuous optimum depends on the numbers a strategy sets: its limits, its risk aversion, its limit on risk.

A quadratic optimum is differentiated with its rows active; any other is solved again with the number moved.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from toolkit.core.errors import SolveError
from toolkit.core.forecast import FloatArray, read_only_arrays
from toolkit.optimize.functions import ConvexConstraint
from toolkit.optimize.problem import LinearConstraints, Problem
from toolkit.optimize.quadratic import Quadratic
from toolkit.optimize.shadow_prices import BINDING, ShadowPrices
from toolkit.optimize.solvers.continuous import Continuous
from toolkit.optimize.solvers.critical_line import hessian_of, independent, solve_kkt
from toolkit.optimize.solvers.solve import Order, SolverInfeasible
from toolkit.optimize.wealth import solve_for_wealth_after_costs

NEAR_SOLVER = 1e-3
"""How far the optimum of the active rows may lie from the solver's answer."""
ROUNDING = 1e-10
"""How far below zero rounding may leave a weight, a slack or a multiplier (over the scale)."""
REPAIRS = 30
"""How often the active rows are changed before they count as not found."""
FLAT = 1e-11
"""Slope of a slack or multiplier below which it does not move."""


@dataclass(frozen=True, slots=True)
class Derivative:
    """A derivative of the optimum and how far it is exact.

    Attributes:
        x: (n + 1,) change of the weights for one unit of the change.
        down, up: How far the change may go against and along its direction before the active rows are others.
    """

    x: FloatArray
    down: float
    up: float


@dataclass(frozen=True, slots=True)
class ActiveSet:
    """The optimum of a quadratic under `G x <= h`, `x >= lowest` and `sum(x) = 1`, with the rows that hold it.

    Attributes:
        hessian: (n + 1, n + 1) of the objective.
        limits: The m rows.
        active: (m + n + 1,) limits and signs that hold with equality and whose multipliers are determined.
        scale: Of the objective.
        x: (n + 1,).
        duals: (m + n + 1,) multipliers of the limits and of `x >= 0`.
        signed: (m + n + 1,) what may not be negative, as of `solve_kkt`.
    """

    hessian: FloatArray
    limits: LinearConstraints
    active: NDArray[np.bool_]
    scale: float
    x: FloatArray
    duals: FloatArray
    signed: FloatArray

    @classmethod
    def of(cls, quadratic: Quadratic, limits: LinearConstraints, x: FloatArray, multipliers: FloatArray) -> ActiveSet | None:
        """The active set of a solver's answer; None where the active rows do not lead back to it.

        Where a solver stops close to a point at which the active rows change it cannot tell them apart; moving all that are
        wrong at once is a semismooth Newton step (Hintermueller, Ito, Kunisch 2003, The Primal-Dual Active Set Strategy).

        Args:
            quadratic: What is minimised.
            limits: The m rows.
            x: (n + 1,) the answer.
            multipliers: (m,) of the limits.
        """
        scale, hessian, m = quadratic.scale, hessian_of(quadratic), len(limits.h)
        gradient = np.append(quadratic.gradient(np.zeros(len(x) - 1)), 0.0)
        believed, signs = _untangled(limits, hessian @ x + gradient, x, multipliers)
        # Strictly complementary: either the multiplier, over the scale, or the slack is the larger.
        slack = np.concatenate([np.clip(limits.h - limits.G @ x, 0.0, None), np.where(np.isfinite(limits.lowest), x, np.inf)])
        active = np.concatenate([believed, signs]) / scale > slack
        for _ in range(REPAIRS):
            active = independent(limits.G, active, believed)
            solved = solve_kkt(hessian, limits, active, scale, -gradient[:, None], np.append(1.0, limits.h)[:, None])
            if solved is None:
                return None
            found = cls(hessian, limits, active, scale, *(column[:, 0] for column in solved))
            wrong = found.signed < -ROUNDING
            if not wrong.any():
                return found if np.max(np.abs(found.x - x)) <= NEAR_SOLVER else None
            believed = np.where((wrong & ~active)[:m], scale, found.duals[:m])
            active = active ^ wrong
        return None

    def derivative(self, gradient: FloatArray, h: FloatArray) -> Derivative | None:
        """Derivative as the slope of the objective changes by `gradient`, (n + 1,), and the limits by `h`, (m,)."""
        change = np.append(0.0, h)[:, None]
        solved = solve_kkt(self.hessian, self.limits, self.active, self.scale, -gradient[:, None], change)
        if solved is None:
            return None
        x, _, slope = (column[:, 0] for column in solved)
        down, up = (_reach(np.clip(self.signed, 0.0, None), sign * slope) for sign in (-1.0, 1.0))
        return Derivative(x, down, up)


def _untangled(
    limits: LinearConstraints, slope: FloatArray, x: FloatArray, multipliers: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Multipliers of the limits and of `x >= 0`, where two rows hold the same thing only the one that is needed.

    The two sides of an equality, and a limit such as `cash <= 0` beside `cash >= 0`, leave a solver free to add any number
    to both.
    """
    believed = np.clip(multipliers, 0.0, None)
    pinning = limits.pinning()
    pins = np.any(pinning, axis=1)
    believed[pins] = 0.0
    for upper in np.flatnonzero(believed):
        for lower in np.flatnonzero(believed):
            if limits.h[upper] == -limits.h[lower] and np.array_equal(limits.G[upper], -limits.G[lower]):
                both = min(believed[upper], believed[lower])
                believed[[upper, lower]] -= both
    push = slope + limits.G.T @ believed
    signs = push - float(push @ x)
    for row in np.flatnonzero(pins):
        held = pinning[row] > 0
        believed[row] = float(np.max(-signs[held] / pinning[row][held], initial=0.0))
        signs = signs + believed[row] * pinning[row]
    return believed, signs


def _reach(value: FloatArray, slope: FloatArray) -> float:
    """The largest step at which no value + step * slope is negative; infinite where none falls."""
    falling = slope < -FLAT
    return float(np.min(value[falling] / -slope[falling], initial=np.inf))


POINT = 0.01
"""By how much a limit is moved where the problem is solved again."""
LEAST_REACH = 1e-6
"""Where the active rows change within a smaller step, the derivative says nothing about more room."""


@dataclass(frozen=True, slots=True)
class Sensitivity:
    """How the continuous optimum moves with one number of the strategy.

    Attributes:
        name: Of the constraint; ``objective.risk_aversion`` or ``objective.volatility``.
        side: ``upper`` or ``lower``; None for a number of the objective that limits nothing.
        where: What the rows that bind speak of.
        at: The number now.
        slope: (n + 1,) change of the weights, cash last, per unit: of room for a limit, of the number itself otherwise.
            None where it is not known.
        price: Fall of the objective per unit of room, that of `toolkit.optimize.shadow_prices`; None for what limits
            nothing, and where the multipliers have no unit.
        low, high: Values of the number between which the slope is exact, infinite where nothing ends it; None where the
            problem was solved again with one `POINT` more room (one unit more risk aversion) and the slope is that step's.
        reason: Why there is no slope.
    """

    name: str
    side: str | None
    where: tuple[str, ...]
    at: float
    slope: FloatArray | None
    price: float | None
    low: float | None
    high: float | None
    reason: str | None = None

    def __post_init__(self) -> None:
        read_only_arrays(self)


@dataclass(frozen=True, slots=True)
class Analysis:
    """The continuous optimum and what it depends on.

    Attributes:
        continuous: The optimum.
        limits: One entry a limit that binds, in the order of the constraints; those on risk and the objective's own behind.
        risk_aversion: None where the strategy weighs risk against nothing.
    """

    continuous: Continuous
    limits: tuple[Sensitivity, ...]
    risk_aversion: Sensitivity | None


def analyse(problem: Problem, order: Order | None = None) -> Analysis:
    """Solve the continuous problem and tell what its answer depends on.

    Args:
        problem: What was solved.
        order: Solvers to try.

    Raises:
        SolverInfeasible, SpecError, SolveError: as in `solve_continuous`; a problem that was solved before raises none.
    """
    limits = problem.linear_constraints()
    problem, continuous, _ = solve_for_wealth_after_costs(problem, limits, order)
    prices = ShadowPrices.of(problem, limits, continuous, order)
    study = _Study(problem, limits, continuous, order, _active_set(problem, limits, continuous), prices)
    slack = limits.h - limits.G @ continuous.x
    binding = dict.fromkeys((limits.owner[row], limits.sides[row]) for row in np.flatnonzero(slack <= BINDING))
    found = [study.limit(owner, side) for owner, side in sorted(binding, key=lambda key: (key[0], key[1] == "lower"))]
    return Analysis(continuous, (*found, *study.convex_constraints()), study.risk_aversion())


def _active_set(problem: Problem, limits: LinearConstraints, continuous: Continuous) -> ActiveSet | None:
    """The active set of a quadratic optimum under hard linear limits; None for any other problem."""
    function = problem.objective.function(problem)
    if function is None or continuous.multipliers is None or not function.is_quadratic:
        return None
    if limits.soft.any() or problem.convex_constraints():
        return None
    return ActiveSet.of(function.quadratic, limits, continuous.x, continuous.multipliers)


@dataclass(frozen=True, slots=True)
class _Study:
    problem: Problem
    limits: LinearConstraints
    continuous: Continuous
    order: Order | None
    active_set: ActiveSet | None
    prices: ShadowPrices | None

    def limit(self, owner: int, side: str) -> Sensitivity:
        """One side of a constraint, all of its rows given more room together."""
        limits = self.limits
        rows = [r for r in range(len(limits.h)) if limits.owner[r] == owner and limits.sides[r] == side]
        slack = limits.h - limits.G @ self.continuous.x
        binds = [row for row in rows if slack[row] <= BINDING]
        room = np.zeros(len(limits.h))
        room[rows] = 1.0
        where, sign = tuple(limits.labels[row] for row in binds), 1.0 if side == "upper" else -1.0
        name, at = self.problem.constraints[owner].name, float(sign * limits.h[binds[0]]) + 0.0
        found = None if self.prices is None else self.prices.rows(rows)
        price = None if found is None else found.more
        if self.active_set is not None:
            derivative = self.active_set.derivative(np.zeros(len(self.continuous.x)), room)
            if derivative is not None and derivative.up > LEAST_REACH:
                ends = sorted((at - sign * derivative.down, at + sign * derivative.up))
                return Sensitivity(name, side, where, at, derivative.x, price, ends[0], ends[1])
        moved = replace(limits, h=limits.h + POINT * room)
        return self._again(name, side, where, at, price, (self.problem, moved), POINT)

    def convex_constraints(self) -> tuple[Sensitivity, ...]:
        """Limits on risk and other convex functions that bind: each is moved, and the problem solved again."""
        problem, x = self.problem, self.continuous.x
        # A limit on a square has another unit than a point.
        found = [(own, problem.constraints[own.owner].name) for own in problem.convex_constraints() if own.power == 1]
        if (told := problem.objective.limit(problem)) is not None:
            found.append((told[1], f"objective.{told[0]}"))
        return tuple(self._moved_problem(own, name) for own, name in found if own.excess(x) >= -BINDING)

    def _moved_problem(self, own: ConvexConstraint, name: str) -> Sensitivity:
        price = None if self.prices is None else self.prices.convex(own.owner)
        moved = self.problem.with_room(own.owner, POINT)
        fall = None if price is None else price.more
        return self._again(name, "upper", (own.function.label,), own.limit, fall, (moved, self.limits), POINT)

    def risk_aversion(self) -> Sensitivity | None:
        """The price of risk; with f = aversion / 2 x variance + c'x, scaling c by 1 + t makes it aversion / (1 + t)."""
        problem, objective = self.problem, self.problem.objective
        at, function = objective.price_of_risk(problem), objective.function(problem)
        if at is None or function is None:
            return None
        name = "objective.risk_aversion"
        if self.active_set is not None:
            still = np.zeros(len(self.limits.h))
            derivative = self.active_set.derivative(np.append(function.quadratic.c, 0.0), still)
            if derivative is not None and min(derivative.up, derivative.down) > LEAST_REACH:
                high = at / (1 - derivative.down) if derivative.down < 1 else math.inf
                return Sensitivity(name, None, (), at, -derivative.x / at, None, at / (1 + derivative.up), high)
        moved = replace(problem, objective=objective.model_copy(update={"risk_aversion": at + 1.0}))
        return self._again(name, None, (), at, None, (moved, self.limits), 1.0)

    def _again(
        self,
        name: str,
        side: str | None,
        where: tuple[str, ...],
        at: float,
        price: float | None,
        moved: tuple[Problem, LinearConstraints],
        step: float,
    ) -> Sensitivity:
        """The change of the optimum from solving again, over the step."""
        try:
            x = solve_for_wealth_after_costs(*moved, self.order)[1].x
        except (SolverInfeasible, SolveError) as error:
            reason = f"no solver reached an answer with {'more room' if side else 'more risk aversion'} ({error})"
            return Sensitivity(name, side, where, at, None, price, None, None, reason)
        return Sensitivity(name, side, where, at, (x - self.continuous.x) / step, price, None, None)
