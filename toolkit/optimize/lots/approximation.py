"""The mixed-integer linear program that approximates a whole-lot problem from below, and how it is made finer."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from toolkit.core.errors import NumericalFailure
from toolkit.core.forecast import FloatArray
from toolkit.optimize.costs import TRADED
from toolkit.optimize.functions import Deviation, TradeCost
from toolkit.optimize.lots.outer import OuterCone, OuterLimit, OuterPart, Squares, separate, split
from toolkit.optimize.lots.rounding import PER_MEASURE, Score
from toolkit.optimize.problem import Problem
from toolkit.optimize.solvers.highs import MixedIntegerProgram
from toolkit.optimize.solvers.mixed_integer import (
    BUYING,
    HELD,
    IMPACT,
    LOTS,
    SELLING,
    LotTerms,
    ProgramColumns,
    add_impact,
    add_structure,
    variables,
)
from toolkit.optimize.solvers.work import Work

EXPECTED_GAP = 0.02
"""As far from its bound, over its size, the objective is expected to be when no answer is known."""
SAFE = 1.0 + 1e-6
"""The region in which a better answer can be is taken larger by this, for the tolerances of the linear programs."""
RIDGE = 1e-12
TYPICAL = 3.0
"""The approximation is as wrong as it can be nowhere at once: on average a third, of a parabola."""
LIMITS = 1e-6
"""By how much of itself a limit on a function may be exceeded at a point that is no answer yet."""
WASTED = 1e-9
"""Part of the budget that may be paid for nothing."""
BREAKPOINTS = np.array([1, 2, 4, 8, 16, 32, 64, 128])
"""Distances of the first breakpoints of an asset from its value, in lots."""
SPACING = 1e-3
"""What counts as a lot where there are none."""
FIXED_STEPS = 60
"""Linear programs of one choice at most."""
CONVEX_MARGIN = 1e-7
"""Limits on convex functions are kept smaller by this part, for linear programs approach them from outside."""


@dataclass(slots=True)
class Impact:
    """The breakpoints so far.

    Attributes:
        problem, terms, columns: Of the program.
        sides: Asset -> value of a breakpoint -> column that is one above it and zero below.
    """

    problem: Problem
    terms: LotTerms
    columns: ProgramColumns
    sides: dict[int, dict[float, int]] = field(default_factory=dict)

    def cost(self, values: FloatArray) -> FloatArray:
        """(n,) what the trades to the values, (n,), pay for impact."""
        return self.problem.costs.impact * np.abs(values - self.problem.previous) ** 1.5

    def tighten(self, program: MixedIntegerProgram, point: FloatArray) -> bool:
        """Add breakpoints where a point of the program pays too much; returns whether there were any to add."""
        values = point[self.columns.value]
        wasted = point[self.columns.block(IMPACT)] - self.cost(values)
        if wasted.sum() <= WASTED:
            return False
        traded = np.abs(values - self.problem.previous) > TRADED
        costly = self.problem.costs.impact > 0
        added = False
        for asset in np.flatnonzero(costly & (traded | (wasted > WASTED / len(values)))):
            first = asset not in self.sides
            if first or wasted[asset] > WASTED / len(values):
                added |= self._split(program, int(asset), float(values[asset]), BREAKPOINTS if first else BREAKPOINTS[:1])
        return added

    def above(self, values: FloatArray) -> tuple[NDArray[np.integer], FloatArray]:
        """Columns of the decisions and what they are at the values, (n,)."""
        told = [(column, values[asset] > at - TRADED) for asset, sides in self.sides.items() for at, column in sides.items()]
        return np.array([column for column, _ in told], dtype=int), np.array([side for _, side in told], dtype=float)

    def _split(self, program: MixedIntegerProgram, asset: int, value: float, steps: NDArray[np.integer]) -> bool:
        """Add breakpoints of an asset at `value` and `steps` around it."""
        lot = float(self.terms.lot[asset]) if self.terms.in_lots[asset] else SPACING
        low, high = 0.0, 1.0
        if self.terms.in_lots[asset]:
            value = round(value / lot) * lot
            least, most = program.bounds(np.array([self.columns.block(LOTS).start + asset]))
            low, high = float(least[0]) * lot, float(most[0]) * lot
        first, sides = asset not in self.sides, self.sides.setdefault(asset, {})
        places = value + lot * np.concatenate([-steps[::-1], [0], steps])
        known = np.array([low, high, *sides])
        fresh = [float(p) for p in places if low < p < high and np.min(np.abs(known - p)) > lot / 2]
        if not fresh and not first:
            return False
        number = len(fresh)
        start = program.extend(np.ones(number), np.ones(number, dtype=bool))
        sides.update(zip(fresh, range(start, start + number), strict=True))
        # What was narrowed since may have left breakpoints outside.
        inner = sorted(p for p in sides if low < p < high)
        points = np.array([low, *inner, high])
        self._chords(program, asset, points, np.array([sides[p] for p in inner], dtype=int))
        return True

    def _chords(self, program: MixedIntegerProgram, asset: int, points: FloatArray, sides: NDArray[np.integer]) -> None:
        """Add value = points[0] + sum of d_s, d_s <= width_s, in this order, and impact <= cost there + slopes'd."""
        widths, rate, previous = np.diff(points), self.problem.costs.impact[asset], self.problem.previous[asset]
        costs = rate * np.abs(points - previous) ** 1.5
        slopes = np.diff(costs) / np.where(widths > 0, widths, 1.0)  # one number of lots may be all that is left
        first = program.extend(widths, np.zeros(len(widths), dtype=bool))
        parts = first + np.arange(len(widths))
        row = program.blank(2)
        row[0, asset], row[0, parts] = 1.0, -1.0
        row[1, self.columns.block(IMPACT).start + asset], row[1, parts] = 1.0, -slopes
        program.add(row, np.array([points[0], -np.inf]), np.array([points[0], costs[0]]))
        each = np.arange(len(sides))
        full, begun = program.blank(len(sides)), program.blank(len(sides))
        full[each, parts[:-1]], full[each, sides] = 1.0, -widths[:-1]
        begun[each, parts[1:]], begun[each, sides] = 1.0, -widths[1:]
        program.add(full, 0.0, np.inf)
        program.add(begun, -np.inf, 0.0)


@dataclass(frozen=True, slots=True)
class RelaxedPoint:
    """A point of the relaxation.

    Attributes:
        values: (n,) of the best point that was visited.
        bound: Of every answer.
        prices: (rows,) multipliers of the rows at the last point.
    """

    values: FloatArray
    bound: float
    prices: FloatArray


@dataclass(frozen=True, slots=True)
class Found:
    """What a mixed-integer program found.

    Attributes:
        points: Values, (n,), of answers, best last; they may break limits on functions by a little.
        bound: Of every answer.
        tightened: Whether the last paid for impact that no trade has, which the program now rules out.
    """

    points: list[FloatArray]
    bound: float
    tightened: bool


@dataclass(frozen=True, slots=True)
class Approximation:
    """The program and what it approximates.

    Attributes:
        score: The problem.
        scale: The objective of the program is that of the problem over this.
        program: With the rows so far.
        columns: Of the program.
        cost: (width,) of the program, times `scale`.
        squares: The quadratic.
        parts, limits: Functions that cuts approximate.
        cones: Limits on deviations -> the row whose multiplier is their price.
        margin: Column by which limits on functions are smaller: zero, except where a choice of lots is settled.
        impact: Of trades on prices, as the budget pays it.
        coarse: Rows of tangents of the quadratic that finer ones replace.
    """

    score: Score
    scale: float
    program: MixedIntegerProgram
    columns: ProgramColumns
    cost: FloatArray
    squares: Squares
    parts: tuple[OuterPart, ...]
    limits: tuple[OuterLimit, ...]
    cones: tuple[tuple[OuterCone, int], ...]
    margin: int
    impact: Impact
    coarse: list[NDArray[np.integer]] = field(default_factory=list)

    @classmethod
    def of(cls, score: Score, start: FloatArray, gap: float) -> Approximation:
        """The program of a problem, with the tangents at the values `start`, (n,)."""
        problem, terms, q, wealth = score.problem, score.terms, score.quadratic, score.wealth
        R, s, n = q.R, q.s, len(q.s)
        if terms.decided.any() or len(R) > n / 2:
            R, s = split(R, s, start**2 * terms.decided + terms.lot**2 + RIDGE)
        columns = ProgramColumns(n, 0)
        at = columns.total

        def take(number: int) -> int:
            nonlocal at
            at += number
            return at - number

        rows = np.vstack([R, np.diag(s)])
        first, shared, margin = take(len(rows)), take(len(R)), take(1)
        parts = tuple(OuterPart(piece, take(1), wealth) for part in score.parts for piece in separate(part))
        limits: list[OuterLimit] = []
        cones: list[OuterCone] = []
        for constraint in score.convex:
            slack = None if constraint.price is None else take(1)
            if isinstance(of := constraint.function, Deviation):
                cone = OuterCone.of(constraint, of, slack, margin, at)
                take(cone.width)
                cones.append(cone)
            else:
                limits.append(OuterLimit(constraint, slack, margin))
        soft = range(take(number := int(score.limits.soft.sum())), at)
        sites = range(take(len(score.sites)), at)
        columns = ProgramColumns(n, at - columns.total)
        squares = Squares(rows / wealth, rows @ q.target, first, shared, columns, terms)

        cost, lower = np.zeros(at), np.zeros(at)
        cost[columns.value] = q.c / wealth
        cost[first : first + len(rows)] = 1.0
        lower[shared : shared + len(R)] = -np.inf
        for cone in cones:
            lower[cone.u] = -np.inf
        for part in parts:
            cost[part.column], lower[part.column] = 1.0, -np.inf
        for held in (*cones, *limits):
            if held.slack is not None:
                cost[held.slack] = (held.constraint.price or 0.0) / wealth
        cost[columns.block(BUYING)] = cost[columns.block(SELLING)] = score.trade_fee
        cost[sites] = [fee for fee, _ in score.sites]
        if number:
            cost[soft] = score.limits.price[score.limits.soft] / wealth
        scale = q.scale if q.R.any() or q.s.any() or q.c.any() else max(abs(score.one(start)[1]), 1e-12)
        upper, integer = variables(problem, terms, columns)
        upper[margin] = 0.0
        program = MixedIntegerProgram(cost / scale, upper, integer, gap=gap, lower=lower)
        add_structure(program, problem, terms, columns, soft=soft)
        _add_sites(program, score, columns, sites)
        squares.open(program)
        opened = tuple((cone, cone.open(program)) for cone in cones)
        made = cls(
            score, scale, program, columns, cost, squares, parts, tuple(limits), opened, margin, Impact(problem, terms, columns)
        )
        made.cut(start)
        return made

    @property
    def shared(self) -> bool:
        """Whether a function of all assets, that no sum of squares bounds, is minimised or limited."""
        return bool(self.limits) or any(not isinstance(part.function, TradeCost) for part in self.parts)

    def cut(self, values: FloatArray) -> None:
        """Make the approximation exact at the values, (n,)."""
        amounts = self.score.amounts(values)
        first = self.program.rows
        self.squares.cut(self.program, values)
        self.coarse.append(np.arange(first, self.program.rows))
        if self.score.problem.costs.impact.any():
            add_impact(self.program, self.score.problem, self.columns, np.abs(values - self.score.problem.previous))
        for piece in (*self.parts, *self.limits, *(cone for cone, _ in self.cones)):
            piece.cut(self.program, amounts)

    def tighten(self, point: FloatArray, tolerance: float, work: Work) -> bool:
        """Add the tangents of what a point of the program is below by more than the tolerance; returns whether there were any.

        Args:
            point: (width,).
            tolerance: Of the objective; limits are held to `LIMITS` of theirs.
            work: What may be spent.
        """
        values, amounts, first = point[self.columns.value], point[: self.columns.n + 1], self.program.rows
        total = float(amounts.sum())
        x, wealth = amounts / total, self.score.wealth
        work.spend(PER_MEASURE * (len(self.parts) + len(self.limits)))
        squares = slice(self.squares.first, self.squares.first + len(self.squares.rows))
        if np.sum(self.squares.at(values) ** 2) - point[squares].sum() > tolerance:
            self.squares.cut(self.program, values)
        for part in self.parts:
            if part.function.value(x) * total / wealth - point[part.column] > tolerance / len(self.parts):
                part.cut(self.program, amounts)
        for held in (*(cone for cone, _ in self.cones), *self.limits):
            over = held.constraint.at(total).excess(x) * total
            if held.slack is not None:
                short = (held.constraint.price or 0.0) / wealth * (over - point[held.slack]) > tolerance
            else:
                short = over > LIMITS * max(held.constraint.limit, 1e-3)
            if short:
                held.cut(self.program, amounts)
        if self.score.problem.costs.impact.any():
            short_of = self.impact.cost(values) - point[self.columns.block(IMPACT)] > WASTED
            sizes = np.abs(values - self.score.problem.previous)
            add_impact(self.program, self.score.problem, self.columns, np.where(short_of, sizes, 0.0))
        return self.program.rows > first

    def refine(self, middle: RelaxedPoint, best: float, error: float, work: Work) -> None:
        """Approximate the squares to `error` in sum wherever an answer better than `best` can be.

        With x* the middle, g the slope there and u what is squared, every answer has f(x) >= f(x*) + g'(x - x*) + |u - u*|^2,
        and a linear program bounds the first two terms from below: |u - u*|^2 is at most the difference of `best` and that.
        """
        n, squares = self.columns.n, self.squares
        number = int(np.count_nonzero(squares.rows.any(axis=1)))
        lot = np.where(self.score.terms.in_lots, self.score.terms.lot, np.inf)
        most: FloatArray = np.floor(1 / lot + 1e-9)
        lots = (np.zeros(n), most)
        reach = np.max(np.abs(squares.rows), initial=0.0)
        room = min(self._room(middle.values, best, work), reach**2) if number else 0.0
        if room > 0:
            if room < reach**2:
                lots = self._numbers(middle.values, room, most)
            if self.coarse:
                self.program.drop(np.concatenate(self.coarse))
                self.coarse.clear()
            squares.near(self.program, middle.values, np.sqrt(room), np.sqrt(TYPICAL * error / number), lots)
        for cone, row in ((cone, row) for cone, row in self.cones if cone.slack is None):
            # The same of the Lagrangian, whose quadratic is that of the deviation times price / (2 limit).
            price = -middle.prices[row] * self.scale / (2 * cone.constraint.limit) if row < len(middle.prices) else 0.0
            if price > 0:
                away = best - middle.bound if np.isfinite(best) else EXPECTED_GAP * abs(middle.bound)
                radius = np.sqrt(max(away, error) / price)
                half = np.sqrt(TYPICAL * error / (price * len(cone.rows)))
                cone.near(self.program, self.score.amounts(middle.values), min(radius, cone.constraint.limit), half)

    def _room(self, values: FloatArray, best: float, work: Work) -> float:
        """Upper bound of |u - u*|^2 of every answer better than `best`."""
        if not np.isfinite(best):
            return np.inf
        squares, at = self.squares, self.squares.at(values)
        cost = self.cost.copy()
        cost[squares.first : squares.first + len(at)] = 0.0
        cost[self.columns.value] += 2 * squares.rows.T @ at
        # |u|^2 >= |u*|^2 + 2 u*'(u - u*) + |u - u*|^2 with u = rows x - offset
        constant = -float(at @ at) - 2 * float(at @ squares.offset)
        self.program.demand_whole(asked=False)
        self.program.price(cost / self.scale)
        try:
            found = self.program.solve_relaxed(work)
        except NumericalFailure:  # the work was used up
            found = None
        self.program.price(self.cost / self.scale)
        self.program.demand_whole(asked=True)
        if found is None:
            return np.inf
        return max(0.0, best - found[1] * self.scale - constant) * SAFE + 1e-9 * self.scale

    def _numbers(self, values: FloatArray, room: float, most: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Fewest and most lots, (n,) each, of an answer with |u - u*|^2 <= room; the program is told of them."""
        rows, terms = self.squares.rows, self.score.terms
        ridge = RIDGE * self.scale
        inverse = np.linalg.inv(rows.T @ rows + ridge * np.eye(self.columns.n))
        # Both points are in the unit simplex, so their distance squared is at most 2.
        away = np.sqrt((room + 2 * ridge) * np.diag(inverse))
        lot = terms.step
        low = np.where(terms.in_lots, np.clip(np.ceil((values - away) / lot - 1e-6), 0.0, most), 0.0)
        high = np.where(terms.in_lots, np.clip(np.floor((values + away) / lot + 1e-6), low, most), 0.0)
        block = self.columns.block(LOTS)
        self.program.narrow(np.arange(block.start, block.stop), low, high)
        return low, high

    def solve(self, start: FloatArray | None, gap: float, enough: float, work: Work) -> Found | None:
        """The best answers of the program; None when there is none.

        Args:
            start: (n,) an answer to start from.
            gap: Of the objective at most, for the approximation and the search together.
            enough: Bound of the objective at which a long search may stop.
            work: What may be spent.

        Raises:
            NumericalFailure: when HiGHS stops without an answer.
        """
        if start is not None:
            self.program.within(gap / 2 / self.scale, enough / self.scale)
            chosen = np.flatnonzero(self.program.integer)
            self.program.suggest(chosen, self.decisions(start))
        found = self.program.solve(work)
        if found is None:
            return None
        point, proven = found
        points = [*self.program.seen(), point]
        return Found([self.answer(p) for p in points], proven * self.scale, self.impact.tighten(self.program, point))

    def answer(self, point: FloatArray) -> FloatArray:
        """(n,) values of a point of the program."""
        terms, columns = self.score.terms, self.columns
        counts = np.round(point[columns.block(LOTS)]) + 0.0  # no negative zero
        # What is not held is within the solver's tolerance of nothing, and what is kept of its value.
        loose = np.where(terms.decided & (point[columns.block(HELD)] <= 0.5), 0.0, point[columns.value])
        return np.where(terms.kept, self.score.problem.previous, np.where(terms.in_lots, counts * terms.lot, loose))

    def decisions(self, values: FloatArray) -> FloatArray:
        """The integer variables at the values, (n,), in their order."""
        terms, columns, previous = self.score.terms, self.columns, self.score.problem.previous
        blocks = {
            LOTS: values / terms.step,
            HELD: (values > TRADED).astype(float),
            BUYING: (values > previous + TRADED).astype(float),
            SELLING: (values < previous - TRADED).astype(float),
        }
        point = np.zeros(self.program.width)
        for block, known in blocks.items():
            point[columns.block(block)] = np.round(known)
        sides, above = self.impact.above(values)
        point[sides] = above
        return point[self.program.integer]


def solve_fixed_integer(near: Approximation, values: FloatArray, tolerance: float, work: Work) -> FloatArray | None:
    """The best values, (n,), with the lots and holdings of `values`; None when none hold every limit.

    Duran and Grossmann (1986): the mixed-integer program only approaches limits on convex functions from outside, so that
    what it finds breaks them by a little. Where a value may be any number, the best values of the same choice hold them.

    Args:
        near: The program, which keeps the tangents.
        values: (n,).
        tolerance: Of the objective.
        work: What may be spent.
    """
    program, score = near.program, near.score
    chosen = np.flatnonzero(program.integer)
    lower, upper = program.bounds(chosen)
    fixed = np.clip(near.decisions(values), lower, upper)
    margin = np.array([near.margin])
    program.narrow(chosen, fixed, fixed)
    program.narrow(margin, np.full(1, CONVEX_MARGIN), np.full(1, CONVEX_MARGIN))
    program.demand_whole(asked=False)
    best, answer = np.inf, None
    try:
        for _ in range(FIXED_STEPS):
            found = None if work.over else program.solve_relaxed(work)
            if found is None:
                break
            point, least, _ = found
            here = near.answer(point)
            excess, value = score.one(here)
            if excess == 0 and value < best:
                best, answer = value, here
            if best - least * near.scale <= tolerance:
                break
            near.cut(here)
    except NumericalFailure:  # one choice less: the search goes on
        return answer
    finally:
        program.demand_whole(asked=True)
        program.narrow(chosen, lower, upper)
        program.narrow(margin, np.zeros(1), np.zeros(1))
    return answer


def _add_sites(program: MixedIntegerProgram, score: Score, columns: ProgramColumns, sites: range) -> None:
    """A site is paid for by any that is stored there."""
    for column, (_, stored) in zip(sites, score.sites, strict=True):
        row = program.blank(int(stored.sum()))
        row[:, column] = 1.0
        row[np.arange(len(row)), columns.block(HELD).start + np.flatnonzero(stored)] = -1.0
        program.add(row, 0.0, np.inf)
