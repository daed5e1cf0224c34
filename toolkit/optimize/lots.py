"""Whole lots and minimum tickets, exactly: outer approximation of a separable quadratic over HiGHS.

Duran and Grossmann (1986). The factor form makes the quadratic a sum of squares of single expressions, so each square
has its own tangents and a few rounds close the gap. The dual bound of the last linear problem proves it.
"""

from __future__ import annotations

from dataclasses import dataclass

import highspy
import numpy as np
from numpy.typing import NDArray

from toolkit.core.errors import Infeasible, NumericalFailure
from toolkit.factors.forecast import FloatArray
from toolkit.optimize.problem import Problem
from toolkit.optimize.quadratic import Quadratic

FEASIBILITY = 1e-9
"""Tolerance that HiGHS holds rows and integrality to: limits are re-checked on the lots themselves."""
MAX_ROUNDS = 60
TINY = 1e-9
"""An objective below this part of one asset's own is zero (everything in cash): its gap is measured against this instead."""
TANGENTS = 25
BLOCKS = 6
LOTS, HELD, BOUGHT, SOLD, BUYING, SELLING = range(BLOCKS)
"""Variables of each asset behind its value: lots, held or not, amounts bought and sold, and which of the two it is."""


@dataclass(frozen=True, slots=True)
class WholeLots:
    """A discrete answer.

    Attributes:
        values: (n,) value held as a fraction of the budget.
        lots: (n,) whole lots; NaN for an asset that is not traded in lots.
        objective: Of the values.
        bound: Proven lower bound of the objective of any discrete answer.
        gap: Proven gap over the size of the objective.
        rounds: Linear problems solved.
    """

    values: FloatArray
    lots: FloatArray
    objective: float
    bound: float
    gap: float
    rounds: int


@dataclass(slots=True)
class _Columns:
    """Positions of the variables: value, cash, lots, held, bought, sold, buying, and one square each."""

    n: int
    squares: int

    @property
    def value(self) -> slice:
        return slice(0, self.n)

    @property
    def cash(self) -> int:
        return self.n

    def block(self, number: int) -> slice:
        """One of the blocks of n variables that follow cash."""
        start = self.n + 1 + number * self.n
        return slice(start, start + self.n)

    @property
    def square(self) -> slice:
        start = self.n + 1 + BLOCKS * self.n
        return slice(start, start + self.squares)

    @property
    def total(self) -> int:
        return self.n + 1 + BLOCKS * self.n + self.squares


class _MixedIntegerProgram:
    """HiGHS with rows added as they come. One thread and a fixed seed: the same problem gives the same answer."""

    def __init__(
        self, cost: FloatArray, upper: FloatArray, integer: NDArray[np.bool_], *, gap: float, time_limit: float
    ) -> None:
        self.width = len(cost)
        self.highs = highspy.Highs()
        for option, value in {
            "output_flag": False,
            "threads": 1,
            "random_seed": 0,
            "mip_rel_gap": gap,
            "time_limit": time_limit,
            "primal_feasibility_tolerance": FEASIBILITY,
            "mip_feasibility_tolerance": FEASIBILITY,
        }.items():
            self.highs.setOptionValue(option, value)
        columns = np.arange(self.width, dtype=np.int32)
        self.highs.addVars(self.width, np.zeros(self.width), upper)
        self.highs.changeColsCost(self.width, columns, cost)
        kinds = np.where(integer, highspy.HighsVarType.kInteger.value, highspy.HighsVarType.kContinuous.value)
        self.highs.changeColsIntegrality(self.width, columns, kinds.astype(np.uint8))

    def blank(self, rows: int) -> FloatArray:
        """Rows of zeros to fill in."""
        return np.zeros((rows, self.width))

    def add(self, coefficients: FloatArray, lower: FloatArray | float, upper: FloatArray | float) -> None:
        """Rows lower <= coefficients @ x <= upper."""
        rows, columns = np.nonzero(coefficients)
        starts = np.searchsorted(rows, np.arange(len(coefficients)))
        self.highs.addRows(
            len(coefficients),
            np.broadcast_to(np.asarray(lower, dtype=float), len(coefficients)).copy(),
            np.broadcast_to(np.asarray(upper, dtype=float), len(coefficients)).copy(),
            len(columns),
            starts.astype(np.int32),
            columns.astype(np.int32),
            coefficients[rows, columns],
        )

    def solve(self) -> tuple[FloatArray, float] | None:
        """The best point found and the proven bound of its objective; None when there is no point.

        Raises:
            NumericalFailure: when HiGHS stops without an answer either way.
        """
        self.highs.run()
        status, info = self.highs.getModelStatus(), self.highs.getInfo()
        if status in (highspy.HighsModelStatus.kInfeasible, highspy.HighsModelStatus.kUnboundedOrInfeasible):
            return None
        if info.primal_solution_status != highspy.SolutionStatus.kSolutionStatusFeasible:
            told = self.highs.modelStatusToString(status)
            raise NumericalFailure(f"HiGHS found no whole-lot allocation: {told}.", hint="Raise solver.time_limit.")
        return np.array(self.highs.getSolution().col_value), float(info.mip_dual_bound)


@dataclass(frozen=True, slots=True)
class _LotTerms:
    """What makes the problem discrete, (n,) each: lot values (0 where there are no lots), floors of a holding."""

    lot: FloatArray
    in_lots: NDArray[np.bool_]
    floor: FloatArray

    @classmethod
    def of(cls, problem: Problem) -> _LotTerms:
        n, discrete = len(problem.universe), problem.discrete()
        lot = problem.lot_values if discrete is not None and discrete.lots else np.full(n, np.nan)
        in_lots = np.isfinite(lot)
        lot = np.where(in_lots, lot, 0.0)
        fewest = np.array([asset.minimum_lots for asset in problem.universe], dtype=float)
        ticket = np.zeros(n) if discrete is None or discrete.minimum is None else discrete.minimum
        # One lot is the least anyway: as a floor it would only tie every holding to a decision of its own.
        return cls(lot, in_lots, np.maximum(ticket, np.where(fewest > 1, fewest * lot, 0.0)))


def _variables(problem: Problem, terms: _LotTerms, columns: _Columns) -> tuple[FloatArray, NDArray[np.bool_]]:
    """Upper bounds (all lower bounds are zero) and integrality."""
    lots = columns.block(LOTS)
    upper, integer = np.ones(columns.total), np.zeros(columns.total, dtype=bool)
    upper[lots] = np.where(terms.in_lots, np.floor(1 / np.where(terms.in_lots, terms.lot, 1.0)), 0.0)
    integer[lots] = terms.in_lots
    for decision in (HELD, BUYING, SELLING):
        integer[columns.block(decision)] = True
    upper[columns.block(SELLING)] = problem.previous > 0
    upper[columns.square] = np.inf
    return upper, integer


def _structure(program: _MixedIntegerProgram, problem: Problem, terms: _LotTerms, columns: _Columns) -> None:
    """Add the rows that do not change between rounds."""
    n, previous = columns.n, problem.previous
    identity = np.eye(n)

    def per_asset(*entries: tuple[slice, FloatArray]) -> FloatArray:
        row = program.blank(n)
        for where, diagonal in entries:
            row[:, where] = identity * diagonal
        return row

    value, ones = columns.value, np.ones(n)
    lots, held, bought, sold, buying, selling = (columns.block(i) for i in range(BLOCKS))
    program.add(per_asset((value, ones), (lots, -terms.lot))[terms.in_lots], 0.0, 0.0)  # whole lots
    program.add(per_asset((value, ones), (held, -ones)), -np.inf, 0.0)  # nothing,
    program.add(per_asset((value, ones), (held, -terms.floor))[terms.floor > 0], 0.0, np.inf)  # or at least the floor
    program.add(per_asset((value, ones), (bought, -ones), (sold, ones)), previous, previous)  # what changes hands
    program.add(per_asset((bought, ones), (buying, -ones)), -np.inf, 0.0)
    program.add(per_asset((sold, ones), (selling, -previous)), -np.inf, 0.0)
    program.add(per_asset((buying, ones), (selling, ones)), -np.inf, 1.0)  # never both: the spread is paid once
    fresh = previous == 0
    program.add(per_asset((buying, ones), (held, -ones))[fresh], 0.0, 0.0)  # a first holding is a purchase

    budget = program.blank(1)  # to the last cent of spread and fee
    budget[0, value], budget[0, columns.cash] = 1.0, 1.0
    budget[0, bought], budget[0, sold] = problem.costs.half_spread, problem.costs.half_spread
    budget[0, buying] = budget[0, selling] = problem.costs.fee / problem.facts.budget
    program.add(budget, 1.0, 1.0)

    limits = problem.inequalities()
    row = program.blank(len(limits.h))  # limits are relative to wealth after costs: G x <= h (sum of x)
    row[:, : n + 1] = limits.G - limits.h[:, None]
    program.add(row, -np.inf, 0.0)


def _tangents(
    program: _MixedIntegerProgram, columns: _Columns, squares: FloatArray, offset: FloatArray, at: FloatArray
) -> None:
    """q_j >= 2 p_j (row_j x - offset_j) - p_j^2, the tangent of the square at p_j."""
    row = program.blank(len(at))
    row[:, columns.square] = np.eye(len(at))
    row[:, columns.value] = -2 * at[:, None] * squares
    program.add(row, -(at**2) - 2 * at * offset, np.inf)


def whole_lots(
    problem: Problem,
    quadratic: Quadratic,
    relaxed: FloatArray,
    wealth: float,
    *,
    target_gap: float,
    size: float,
    time_limit: float,
) -> WholeLots:
    """The best whole-lot answer and a proven gap.

    Args:
        problem: With its discrete terms.
        quadratic: What is minimised, over weights.
        relaxed: (n,) weights of the continuous optimum, where the first tangents touch.
        wealth: Wealth after entry costs at the continuous optimum, as a fraction of the budget; weights are values
            over this number in the objective, so that paying costs does not look like reducing risk.
        target_gap: Stop at this gap.
        size: What the gap is relative to, for objectives that are zero at their best; else the objective itself.
        time_limit: Seconds for one linear problem.

    Raises:
        Infeasible: when no whole-lot answer holds every limit.
        NumericalFailure: when HiGHS stops without an answer.
    """
    n = len(problem.universe)
    squares = np.vstack([quadratic.R, np.diag(quadratic.s)]) / wealth
    offset = np.concatenate([quadratic.R @ quadratic.target, quadratic.s * quadratic.target])
    columns = _Columns(n, len(squares))
    terms = _LotTerms.of(problem)
    cost = np.zeros(columns.total)
    cost[columns.value] = quadratic.c / wealth
    cost[columns.square] = 1.0
    scale = quadratic.scale()
    upper, integer = _variables(problem, terms, columns)
    program = _MixedIntegerProgram(cost / scale, upper, integer, gap=target_gap / 10, time_limit=time_limit)
    _structure(program, problem, terms, columns)

    reach = np.max(np.abs(squares), axis=1) * wealth
    touch = squares @ (relaxed * wealth) - offset
    for step in np.linspace(-1.0, 1.0, TANGENTS):
        _tangents(program, columns, squares, offset, touch + step * np.abs(step) * reach / 2)

    best, best_values = np.inf, relaxed
    bound = -np.inf
    rounds = 0
    gap = np.inf
    while gap > target_gap and rounds < MAX_ROUNDS:
        rounds += 1
        found = program.solve()
        if found is None:
            raise Infeasible(
                "no allocation in whole lots holds every constraint.",
                hint="Raise --budget, widen the cash limit, or drop the constraint of kind 'lots' or 'min_ticket'.",
                details={"constraints": [constraint.name for constraint in problem.constraints]},
            )
        point, proven = found
        counts = np.round(point[columns.block(LOTS)])
        values = np.where(terms.in_lots, counts * terms.lot, point[columns.value])
        value = quadratic.value(values / wealth)
        if value < best:
            best, best_values = value, values
        bound = max(bound, proven * scale)
        gap = max(0.0, best - bound) / max(abs(best), size, TINY * scale)
        _tangents(program, columns, squares, offset, squares @ values - offset)
    lots = np.where(terms.in_lots, np.round(best_values / np.where(terms.in_lots, terms.lot, 1.0)), np.nan)
    return WholeLots(best_values, lots, best, bound, gap, rounds)
