"""The mixed-integer side of a problem: amounts, lots, what is held, bought and sold, and every limit on them.

Amounts are fractions of the budget. Limits are fractions of wealth after entry costs, which here is a sum of variables, so
that they stay linear: G x <= h (sum of x).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import highspy
import numpy as np
from numpy.typing import NDArray

from toolkit.core.errors import NumericalFailure
from toolkit.factors.forecast import FloatArray
from toolkit.optimize.problem import Problem
from toolkit.optimize.terms.base import Discrete

FEASIBILITY = 1e-9
"""Tolerance that HiGHS holds rows and integrality to: limits are re-checked on the lots themselves."""
BLOCKS = 6
LOTS, HELD, BOUGHT, SOLD, BUYING, SELLING = range(BLOCKS)
"""Variables of each asset behind its value: lots, held or not, amounts bought and sold, and which of the two it is."""


@dataclass(frozen=True, slots=True)
class Columns:
    """Positions of the variables: value, cash, the blocks of n (lots, held, ...), and `extra` more of the caller's.

    All are at least zero; only the extra ones are without an upper bound.
    """

    n: int
    extra: int

    @property
    def value(self) -> slice:
        """Value held of each asset."""
        return slice(0, self.n)

    @property
    def cash(self) -> int:
        """Cash."""
        return self.n

    def block(self, number: int) -> slice:
        """One of the blocks of n variables that follow cash."""
        start = self.n + 1 + number * self.n
        return slice(start, start + self.n)

    @property
    def own(self) -> slice:
        """The extra variables."""
        start = self.n + 1 + BLOCKS * self.n
        return slice(start, start + self.extra)

    @property
    def total(self) -> int:
        """Number of variables."""
        return self.n + 1 + BLOCKS * self.n + self.extra


class MixedIntegerProgram:
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
        self.price(cost)
        kinds = np.where(integer, highspy.HighsVarType.kInteger.value, highspy.HighsVarType.kContinuous.value)
        self.highs.changeColsIntegrality(self.width, columns, kinds.astype(np.uint8))

    def price(self, cost: FloatArray) -> None:
        """Set what is minimised."""
        self.highs.changeColsCost(self.width, np.arange(self.width, dtype=np.int32), cost)

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

    def solve(self, seconds: float | None = None) -> tuple[FloatArray, float] | None:
        """The best point found and the proven bound of its objective; None when there is no point.

        Args:
            seconds: At most, when less than at first.

        Raises:
            NumericalFailure: when HiGHS stops without an answer either way.
        """
        if seconds is not None:
            self.highs.setOptionValue("time_limit", seconds)
        self.highs.run()
        status, info = self.highs.getModelStatus(), self.highs.getInfo()
        if status in (highspy.HighsModelStatus.kInfeasible, highspy.HighsModelStatus.kUnboundedOrInfeasible):
            return None
        if info.primal_solution_status != highspy.SolutionStatus.kSolutionStatusFeasible:
            told = self.highs.modelStatusToString(status)
            raise NumericalFailure(f"HiGHS found no whole-lot allocation: {told}.", hint="Raise solver.time_limit.")
        return np.array(self.highs.getSolution().col_value), float(info.mip_dual_bound)


@dataclass(frozen=True, slots=True)
class LotTerms:
    """What makes the problem discrete.

    Attributes:
        lot: (n,) value of a lot, 0 where there are no lots.
        in_lots: (n,) whether the asset is held in whole lots.
        floor: (n,) least value of a holding.
        kept: (n,) whether the value held today stays.
        counted: Whether the number of holdings is limited.
    """

    lot: FloatArray
    in_lots: NDArray[np.bool_]
    floor: FloatArray
    kept: NDArray[np.bool_]
    counted: bool

    @classmethod
    def of(cls, problem: Problem) -> LotTerms:
        """The terms of a problem."""
        n, discrete = len(problem.universe), problem.discrete() or Discrete()
        kept = np.zeros(n, dtype=bool) if discrete.kept is None else discrete.kept
        # What is kept need not be in whole lots: it may have been bought elsewhere.
        in_lots = np.isfinite(problem.lot_values) & ~kept & discrete.lots
        lot = np.where(in_lots, problem.lot_values, 0.0)
        fewest = np.array([asset.minimum_lots for asset in problem.universe], dtype=float)
        ticket = np.zeros(n) if discrete.minimum is None else discrete.minimum
        # One lot is the least anyway: as a floor it would only tie every holding to a decision of its own, which is
        # needed where holdings are counted.
        tied = (fewest > 1) | (discrete.fewest > 0)
        return cls(
            lot,
            in_lots,
            np.maximum(ticket, np.where(tied, fewest * lot, 0.0)),
            kept,
            discrete.fewest > 0 or discrete.most is not None,
        )


def variables(problem: Problem, terms: LotTerms, columns: Columns) -> tuple[FloatArray, NDArray[np.bool_]]:
    """Upper bounds (all lower bounds are zero) and integrality."""
    lots = columns.block(LOTS)
    upper, integer = np.ones(columns.total), np.zeros(columns.total, dtype=bool)
    upper[lots] = np.where(terms.in_lots, np.floor(1 / np.where(terms.in_lots, terms.lot, 1.0)), 0.0)
    integer[lots] = terms.in_lots
    for decision in (HELD, BUYING, SELLING):
        integer[columns.block(decision)] = True
    upper[columns.block(SELLING)] = problem.previous > 0
    for trade in (BOUGHT, SOLD, BUYING, SELLING):
        upper[columns.block(trade)] *= ~terms.kept
    upper[columns.own] = np.inf
    return upper, integer


def add_structure(
    program: MixedIntegerProgram,
    problem: Problem,
    terms: LotTerms,
    columns: Columns,
    slack: Mapping[int, int] | None = None,
) -> None:
    """Add the rows of amounts, lots, trades, the budget, the limits and the number of holdings.

    Args:
        program: Without rows.
        problem: With its discrete terms.
        terms: Of the problem.
        columns: Of the program.
        slack: Position of a constraint -> column by which its limits give way.
    """
    n, previous, slack = columns.n, problem.previous, slack or {}
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
    for at, owner in enumerate(limits.owner):
        if owner in slack:
            row[at, slack[owner]] = -1.0
    program.add(row, -np.inf, 0.0)

    for owner, discrete in problem.asked().items():
        for sign, count in ((1.0, discrete.most), (-1.0, discrete.fewest or None)):
            if count is not None:
                number = program.blank(1)
                number[0, held] = sign
                if owner in slack:
                    number[0, slack[owner]] = -1.0
                program.add(number, -np.inf, sign * count)
