"""The efficient frontier of a problem's constraints: points by programs, and exact turning points between segments."""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass

import numpy as np

from toolkit.core.errors import SpecError
from toolkit.core.forecast import FloatArray, read_only_arrays
from toolkit.core.messages import message
from toolkit.optimize.allocate import explain
from toolkit.optimize.costs import Costs
from toolkit.optimize.problem import LinearConstraints, Problem
from toolkit.optimize.quadratic import ConvexObjective, Quadratic
from toolkit.optimize.rows import SparseRows
from toolkit.optimize.solvers.continuous import certify_weights
from toolkit.optimize.solvers.critical_line import ROUNDING, CriticalLine, Segment
from toolkit.optimize.solvers.highs import least
from toolkit.optimize.solvers.minimise import minimise
from toolkit.optimize.solvers.program import Duals
from toolkit.optimize.solvers.solve import QUADRATIC_ORDER, Order, SolverInfeasible, SolverSpec, check_order
from toolkit.optimize.wealth import NotSolved

MEET = 1e-7
"""Gap between two segments, over the range of rewards, below which they meet in one turning point."""
LARGEST_RETURN = 1e-7
"""How far below the largest reward the last point stays, over the range: beyond it the feasible set has no inside."""
SEGMENT_HALVINGS = 40
"""How often an interval is halved in search of the segment that begins where another ends."""
LEAST_TOLERANCE = 1e-8
"""Risk tolerance, in units of the largest reward and the scale of variance, that counts as none."""


@dataclass(frozen=True, slots=True)
class Point:
    """An efficient allocation.

    Attributes:
        weights: (n + 1,) cash last.
        volatility, expected, cost: A year.
        reward: What is traded against risk: return - optimized costs, or minus cost.
        risk_aversion: At which it is optimal in reward - risk_aversion / 2 x variance; None at least risk, where there is
            no finite one.
    """

    weights: FloatArray
    volatility: float
    expected: float
    cost: float
    reward: float
    risk_aversion: float | None

    def __post_init__(self) -> None:
        read_only_arrays(self)


@dataclass(frozen=True, slots=True)
class Critical:
    """A turning point: where the set of active rows changes.

    Attributes:
        point: The allocation there.
        changes: What changes towards more reward, in words.
    """

    point: Point
    changes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Frontier:
    """The frontier from least risk to largest reward.

    Attributes:
        against: ``return`` or ``cost``.
        points: Evenly spaced in reward.
        critical: In the order of reward.
        unresolved: Intervals of reward in which the turning points were not found exactly.
        solver: That reached the last answer.
        worst: Largest residual of the certificates.
    """

    against: str
    points: tuple[Point, ...]
    critical: tuple[Critical, ...]
    unresolved: tuple[tuple[float, float], ...]
    solver: str
    worst: float


class _Path:
    """min V(x) subject to the limits and reward(x) >= target: the program, a target at a time, and its segments."""

    def __init__(self, problem: Problem, reward: FloatArray, best: str, order: Order) -> None:
        self.best = best
        self.problem, self.order, self.reward = problem, order, np.append(reward, 0.0)
        self.quadratic = Quadratic.variance(problem.forecast)
        self.limits, self.convex = problem.linear_constraints(), problem.convex_constraints()
        self.scale = self.quadratic.scale
        self.line = CriticalLine(self.quadratic, self.reward, self.limits)
        # The row of the reward in units of the largest, so that its multiplier is of the size of the others.
        self.unit = float(np.max(np.abs(reward)))
        row = SparseRows.of(-self.reward[None, :] / self.unit)
        self.rows = SparseRows.stacked([self.limits.rows, row], len(self.reward))
        self.solvers: list[str] = []
        self.worst = 0.0

    def at(self, target: float) -> tuple[Point, Segment | None]:
        """The least risk at a reward of at least `target`, by a solver, and the segment that it lies on."""
        h = np.append(self.limits.h, -target / self.unit)
        rows = LinearConstraints(self.rows, h, (), (), (), negative=self.limits.negative)
        found = minimise(ConvexObjective(self.quadratic), rows, self.convex, self.order)
        self.solvers.append(found.solver)
        self.worst = max(self.worst, 0.0 if found.certificate is None else found.certificate.worst)
        multipliers = np.zeros(len(h)) if found.multipliers is None else found.multipliers
        line = None
        if not self.convex and found.signs is not None:
            line = self.line.through(found.x, Duals(multipliers[:-1], found.signs, 0.0))
        return self.point(found.x, float(multipliers[-1]) / self.unit), line

    def along(self, line: Segment, tau: float) -> Point:
        """The point of a segment, with a certificate of its own."""
        x, duals = self.line.weights(line, tau), self.line.duals(line, tau)
        gradient = self.quadratic.gradient(x[:-1]) - tau * self.reward[:-1]
        self.worst = max(self.worst, certify_weights(gradient, self.limits, x, duals, self.scale).worst)
        return self.point(x, tau)

    def reward_at(self, line: Segment, tau: float) -> float:
        """The reward of a point of a segment."""
        return float(self.reward @ line.at + tau * (self.reward @ line.slope))

    def point(self, x: FloatArray, tau: float) -> Point:
        """What a reader sees of weights, (n + 1,)."""
        forecast, assets = self.problem.forecast, x[:-1]
        return Point(
            weights=x,
            volatility=math.sqrt(max(forecast.variance(assets), 0.0)),
            expected=float(forecast.expected @ assets),
            cost=_cost(self.problem.costs, assets),
            reward=float(self.reward @ x),
            risk_aversion=2 / tau if tau * self.unit > LEAST_TOLERANCE * self.scale else None,
        )


def frontier(problem: Problem, points: int = 50, solver: SolverSpec | None = None) -> Frontier:
    """The frontier under the hard limits of a problem; whole lots and minimum tickets are relaxed.

    With a forecast of returns, risk against expected return (less costs a year, where they are optimized); without one,
    risk against the cost of holding. The critical line leads from one turning point to the next; where several rows turn at
    once and it does not, the program finds the other side. Under limits on convex functions, such as risk or gross
    exposure, every point is solved by itself, and no turning points are told.

    Raises:
        SpecError: without a forecast of returns and without costs, or with fewer than two points.
        Infeasible, NumericalFailure: as in `allocate`.
    """
    if points < 2:
        raise SpecError("a frontier needs at least 2 points.", hint="Raise --points.")
    _refuse(problem)
    against, reward = _reward(problem)
    best = message("largest return") if against == "return" else message("least cost")
    path = _Path(problem, reward, best, check_order((solver or SolverSpec()).order or QUADRATIC_ORDER))
    try:
        highest = _highest(path)
        least, line = path.at(float(path.reward.min()) - path.unit)
        if line is not None and line.low <= 0:
            least = path.along(line, 0.0)
        start, span = least.reward, highest - least.reward
        if span <= MEET * path.unit:
            alone = (Critical(least, (message("least risk and {best} are one allocation", best=path.best),)),)
            return Frontier(against, (least,), alone, (), path.solvers[-1], path.worst)
        lines, unresolved = ([], []) if path.convex else _walk(path, line, start, highest)
        rated = [(line, float(path.reward @ line.at), float(path.reward @ line.slope)) for line in lines]
        found = [
            _at_reward(path, rated, float(target), highest - LARGEST_RETURN * span)
            for target in np.linspace(start, highest, points)
        ]
    except SolverInfeasible as impossible:
        raise explain(NotSolved(problem, impossible)) from impossible
    critical = _criticals(path, lines)
    return Frontier(against, tuple(found), critical, tuple(unresolved), path.solvers[-1], path.worst)


def _cost(costs: Costs, weights: FloatArray) -> float:
    """Cost a year of asset weights, (n,), where nothing was held before."""
    short = np.clip(-weights, 0.0, None)
    return float(costs.annual_rate @ np.clip(weights, 0.0, None) + (costs.sale_rate + costs.short_rate) @ short)


def _refuse(problem: Problem) -> None:
    """Raise `SpecError` for limits and costs that no frontier can follow, rather than draw it as if there were none."""
    limits = problem.linear_constraints()
    soft = {limits.owner[int(row)] for row in np.flatnonzero(limits.soft)}
    soft |= {constraint.owner for constraint in problem.convex_constraints() if constraint.price is not None}
    if owners := sorted(soft | {contribution.owner for contribution in problem.risk_contributions()}):
        named = ", ".join(repr(problem.constraints[i].name) for i in owners)
        raise SpecError(
            "a frontier follows hard and convex limits, and these are others: {named}.",
            hint="Take them out of a copy of the strategy, or ask `toolkit optimize` for single points.",
            named=named,
        )
    if limits.negative[:-1].any() and problem.costs.in_objective:
        raise SpecError(
            "a frontier trades one rate of costs of each asset against risk, and a short position has another than a long one.",
            hint="Take `[costs]` out of a copy of the strategy: the cost of each point is told all the same.",
        )


def _reward(problem: Problem) -> tuple[str, FloatArray]:
    """What is traded against risk, and its (n,) rate."""
    costs = problem.costs
    if np.any(problem.forecast.expected):
        return "return", problem.forecast.expected - (costs.annual_rate if costs.in_objective else 0.0)
    if costs.in_objective and np.any(costs.annual_rate):
        return "cost", -costs.annual_rate
    raise SpecError(
        "a frontier needs something to trade against risk: the strategy forecasts no returns and has no costs.",
        hint="Add `[forecast] returns`, or a `[costs]` table for risk against the cost of holding.",
    )


def _highest(path: _Path) -> float:
    """The largest reward under the limits.

    Raises:
        SolverInfeasible: when the limits contradict each other.
    """
    if path.convex:
        largest = ConvexObjective(Quadratic.linear(-path.reward[:-1]))
        return float(path.reward @ minimise(largest, path.limits, path.convex, path.order).x)
    found = least(-path.reward, path.limits.G, path.limits.h, np.ones(len(path.reward)), path.limits.lowest)
    if found is None:
        raise SolverInfeasible(())
    return -found[1]


def _walk(path: _Path, line: Segment | None, start: float, highest: float) -> tuple[list[Segment], list[tuple[float, float]]]:
    """Segments from least risk to the largest reward, and intervals of reward where none was found."""
    close = MEET * (highest - start)
    lines = [] if line is None else [line]
    unresolved = []
    reached = start if line is None else path.reward_at(line, line.high) if math.isfinite(line.high) else highest
    while reached < highest - close:
        following = path.line.after(lines[-1]) if lines else None
        if following is None:
            between, gap = _beyond(path, lines[-1] if lines else None, reached, highest, close)
            lines += between
            unresolved += gap
            if not between:
                break
        else:
            lines.append(following)
        reached = path.reward_at(lines[-1], lines[-1].high) if math.isfinite(lines[-1].high) else highest
    return lines, unresolved


def _beyond(
    path: _Path, left: Segment | None, reached: float, highest: float, close: float
) -> tuple[list[Segment], list[tuple[float, float]]]:
    """The next segment by the program: ever nearer to what is reached, until one begins there."""
    nearest: Segment | None = None
    for _ in range(SEGMENT_HALVINGS):
        end = highest if nearest is None else path.reward_at(nearest, nearest.low)
        if end - reached <= close:
            break
        found = path.at((reached + end) / 2)[1]
        if found is None or (left is not None and found.high <= left.high) or (nearest and found.low >= nearest.low):
            break
        nearest = found
    if nearest is None:
        return [], [(reached, highest)]
    begins = path.reward_at(nearest, nearest.low)
    return [nearest], [(reached, begins)] if begins - reached > close else []


def _at_reward(path: _Path, rated: list[tuple[Segment, float, float]], target: float, top: float) -> Point:
    """The point at a reward: on its segment (with the reward of its line and the slope of that), or by the program."""
    for line, base, slope in rated:
        if slope <= 0:
            continue
        tau = (target - base) / slope
        slack = ROUNDING * max(1.0, tau)
        if line.low - slack <= tau <= line.high + slack:
            return path.along(line, min(max(tau, line.low), line.high))
    return path.at(min(target, top))[0]


def _criticals(path: _Path, lines: list[Segment]) -> tuple[Critical, ...]:
    """The ends of the frontier, and where one segment hands over to the next."""
    if not lines:
        return ()
    found = [Critical(path.along(lines[0], 0.0), (message("least risk"),))] if lines[0].low <= 0 else []
    for left, right in itertools.pairwise(lines):
        if abs(right.low - left.high) <= ROUNDING * max(1.0, left.high):
            found.append(Critical(path.along(right, right.low), _changes(path, left, right)))
    if math.isfinite(lines[-1].high):
        found.append(Critical(path.along(lines[-1], lines[-1].high), (path.best,)))
    return tuple(found)


def _changes(path: _Path, left: Segment, right: Segment) -> tuple[str, ...]:
    """Rows that become active or stop being so from one segment to the next, in words."""
    limits, m = path.limits, len(path.limits.h)
    names = [*path.problem.universe.keys, "cash"]
    told = []
    for row in np.flatnonzero(left.active != right.active):
        now = bool(right.active[row])
        if row >= m:
            asset = names[row - m]
            told.append(message("{asset} leaves", asset=asset) if now else message("{asset} enters", asset=asset))
        else:
            name = path.problem.constraints[limits.owner[row]].name
            where = limits.labels[row]
            limit = name if where == name else message("{name} ({where})", name=name, where=where)
            told.append(
                message("{limit} is reached", limit=limit) if now else message("{limit} is no longer reached", limit=limit)
            )
    return tuple(told)
