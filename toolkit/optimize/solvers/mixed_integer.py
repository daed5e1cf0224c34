"""The mixed-integer side of a problem: amounts, lots, what is held, bought and sold, and every limit on them.

Amounts are fractions of the budget. Limits are fractions of wealth after entry costs, which here is a sum of variables, so
that they stay linear: G x <= h (sum of x).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from toolkit.core.forecast import FloatArray
from toolkit.optimize.constraints.base import HoldingCount, IntegerRequirements
from toolkit.optimize.costs import Costs
from toolkit.optimize.functions import ConvexConstraint
from toolkit.optimize.problem import Problem
from toolkit.optimize.solvers.highs import MixedIntegerProgram

LEAST_TRADE = 1e-6
"""Trades of what is not in lots are nothing, or at least this fraction of the budget and their fee, where they have one."""
LEAST_LOT = 2e-9
"""Value of a lot, as a fraction of the budget, below which lots are as good as divisible: HiGHS takes coefficients below 1e-9
for zeros, and would then find no whole lots at all."""
IMPACT_SIZES = np.geomspace(1e-3, 1.0, 12)
"""Trades at which the cost of market impact is approximated from the start."""
BLOCKS = 7
LOTS, HELD, BOUGHT, SOLD, BUYING, SELLING, IMPACT = range(BLOCKS)
"""Variables of each asset behind its value: lots, held or not, amounts bought and sold, which of the two it is, and the
cost of its market impact."""


@dataclass(frozen=True, slots=True)
class ProgramColumns:
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


@dataclass(frozen=True, slots=True)
class LotTerms:
    """What makes the problem discrete.

    Attributes:
        lot: (n,) value of a lot, 0 where there are no lots.
        in_lots: (n,) whether the asset is held in whole lots.
        small: (n,) value of a lot that is too small to count, 0 elsewhere: at the end what is held is rounded down to them.
        floor: (n,) least value of a holding.
        kept: (n,) whether the value held today stays.
        least, greatest: (n,) bounds of the value held.
        decided: (n,) whether being held at all is a decision of its own: it is counted, has a floor, or costs a
            fee or a site.
        counts: Numbers of holdings.
    """

    lot: FloatArray
    in_lots: NDArray[np.bool_]
    small: FloatArray
    floor: FloatArray
    kept: NDArray[np.bool_]
    least: FloatArray
    greatest: FloatArray
    decided: NDArray[np.bool_]
    counts: tuple[HoldingCount, ...]

    @property
    def step(self) -> FloatArray:
        """(n,) value of a lot, 1 where there are no lots."""
        return np.where(self.in_lots, self.lot, 1.0)

    def whole(self, values: FloatArray) -> FloatArray:
        """(n,) the nearest whole lots; what is not in lots is kept."""
        return np.where(self.in_lots, np.round(values / self.step) * self.lot, values)

    @property
    def loose(self) -> NDArray[np.bool_]:
        """(n,) whether the value held may be any number."""
        return ~(self.in_lots | self.kept)

    @classmethod
    def of(cls, problem: Problem) -> LotTerms:
        """The terms of a problem."""
        n, discrete = len(problem.universe), problem.integer_requirements() or IntegerRequirements()
        kept = np.zeros(n, dtype=bool) | discrete.kept
        # What is kept need not be in whole lots: it may have been bought elsewhere.
        traded = np.isfinite(problem.lot_values) & ~kept & discrete.lots
        in_lots = traded & (problem.lot_values >= LEAST_LOT)
        small = np.where(traded & ~in_lots, problem.lot_values, 0.0)
        lot = np.where(in_lots, problem.lot_values, 0.0)
        fewest = np.array([asset.minimum_lots for asset in problem.universe], dtype=float)
        # One lot is the least anyway: as a floor it would only tie every holding to a decision of its own, which is
        # needed where holdings are counted.
        tied = fewest > 1
        for count in discrete.counts:
            tied = tied | ((count.members > 0) & (count.fewest > 0))
        floor = np.maximum(discrete.minimum, np.where(tied, fewest * lot, 0.0))
        decided = (floor > 0) | (problem.costs.fees > 0)
        for count in discrete.counts:
            decided = decided | (count.members > 0)
        for site in problem.costs.sites:
            decided = decided | site.stored
        least, greatest = np.zeros(n) + discrete.least, np.zeros(n) + discrete.greatest
        return cls(lot, in_lots, small, floor, kept, least, greatest, decided, discrete.counts)

    def cheapest(self, costs: Costs) -> float:
        """Price of the cheapest lot, as a fraction of the budget; 0 where nothing is in lots."""
        prices = (self.lot * (1.0 + costs.purchase))[self.in_lots]
        return float(prices.min()) if len(prices) else 0.0

    def beyond(self, values: FloatArray) -> FloatArray:
        """(...,) by how much the values, (..., n), are outside of their bounds."""
        return np.clip(self.least - values, 0.0, None).sum(axis=-1) + np.clip(values - self.greatest, 0.0, None).sum(axis=-1)


def variables(problem: Problem, terms: LotTerms, columns: ProgramColumns) -> tuple[FloatArray, NDArray[np.bool_]]:
    """Upper bounds (all lower bounds are zero) and integrality."""
    lots = columns.block(LOTS)
    upper, integer = np.ones(columns.total), np.zeros(columns.total, dtype=bool)
    upper[lots] = np.where(terms.in_lots, np.floor(1 / np.where(terms.in_lots, terms.lot, 1.0)), 0.0)
    integer[lots] = terms.in_lots
    integer[columns.block(HELD)] = terms.decided
    for decision in (BUYING, SELLING):  # of a first purchase there is nothing to decide: it is the holding
        integer[columns.block(decision)] = terms.decided | (problem.previous > 0)
    upper[columns.block(SELLING)] = problem.previous > 0
    for trade in (BOUGHT, SOLD, BUYING, SELLING):
        upper[columns.block(trade)] *= ~terms.kept
    upper[columns.block(IMPACT)] = problem.costs.impact
    upper[columns.own] = np.inf
    return upper, integer


def add_structure(
    program: MixedIntegerProgram,
    problem: Problem,
    terms: LotTerms,
    columns: ProgramColumns,
    slack: Mapping[int, int] | None = None,
    soft: range | None = None,
) -> None:
    """Add the rows of amounts, lots, trades, the budget, the limits and the number of holdings.

    Args:
        program: Without rows.
        problem: With its discrete terms.
        terms: Of the problem.
        columns: Of the program.
        slack: Position of a constraint -> column by which its limits give way.
        soft: Columns of what goes beyond each soft limit; without them soft limits are left out.
    """
    n, previous, slack = columns.n, problem.previous, slack or {}
    identity = np.eye(n)

    def per_asset(*entries: tuple[slice, FloatArray]) -> FloatArray:
        row = program.blank(n)
        for where, diagonal in entries:
            row[:, where] = identity * diagonal
        return row

    value, ones = columns.value, np.ones(n)
    lots, held, bought, sold, buying, selling, impact = (columns.block(i) for i in range(BLOCKS))
    program.add(per_asset((value, ones), (lots, -terms.lot))[terms.in_lots], 0.0, 0.0)  # whole lots
    program.add(per_asset((value, ones), (held, -ones)), -np.inf, 0.0)  # nothing,
    program.add(per_asset((value, ones), (held, -terms.floor))[terms.floor > 0], 0.0, np.inf)  # or at least the floor
    program.add(per_asset((value, ones), (bought, -ones), (sold, ones)), previous, previous)  # what changes hands
    bounded = (terms.least > 0) | np.isfinite(terms.greatest)
    program.add(per_asset((value, ones))[bounded], terms.least[bounded], terms.greatest[bounded])
    program.add(per_asset((bought, ones), (buying, -ones)), -np.inf, 0.0)
    program.add(per_asset((sold, ones), (selling, -previous)), -np.inf, 0.0)
    program.add(per_asset((buying, ones), (selling, ones)), -np.inf, 1.0)  # never both: the spread is paid once
    if np.any(problem.costs.fees > 0):  # no fee without a trade, or it would burn cash that is above its limit
        less, more = least_trades(problem, terms)
        program.add(per_asset((bought, ones), (buying, -more)), 0.0, np.inf)
        program.add(per_asset((sold, ones), (selling, -less)), 0.0, np.inf)
    fresh = previous == 0
    program.add(per_asset((buying, ones), (held, -ones))[fresh], 0.0, 0.0)  # a first holding is a purchase

    budget = program.blank(1)  # to the last cent of spread and fee
    budget[0, value], budget[0, columns.cash] = 1.0, 1.0
    budget[0, bought], budget[0, sold], budget[0, impact] = problem.costs.purchase, problem.costs.sale, 1.0
    budget[0, buying] = budget[0, selling] = problem.costs.fees / problem.data.budget
    program.add(budget, 1.0, 1.0)
    # From above the cost of impact is only bounded by its chord: where a limit on cash binds, the program may waste money
    # that no answer wastes. Its bound is true all the same; `Impact` of the approximation makes it tight where that counts.
    if (rate := problem.costs.impact).any():
        program.add(per_asset((impact, ones), (bought, -rate), (sold, -rate))[rate > 0], -np.inf, 0.0)
        for size in IMPACT_SIZES:
            add_impact(program, problem, columns, np.full(n, size))

    limits = problem.linear_constraints() if soft is not None else problem.linear_constraints().hard()
    row = program.blank(len(limits.h))  # limits are relative to wealth after costs: G x <= h (sum of x)
    row[:, : n + 1] = limits.G - limits.h[:, None]
    if soft is not None:
        row[np.flatnonzero(limits.soft), soft] = -1.0
    for at, owner in enumerate(limits.owner):
        if owner in slack:
            row[at, slack[owner]] = -1.0
    program.add(row, -np.inf, 0.0)

    for owner, discrete in problem.integer_by_constraint().items():
        for count in discrete.counts:
            for sign, limit in ((1.0, count.most), (-1.0, count.fewest or None)):
                if limit is not None:
                    number = program.blank(1)
                    number[0, held] = sign * count.members
                    if owner in slack:
                        number[0, slack[owner]] = -1.0
                    program.add(number, -np.inf, sign * limit)


def add_impact(program: MixedIntegerProgram, problem: Problem, columns: ProgramColumns, sizes: FloatArray) -> None:
    """Add the tangents of the cost of market impact, b d^1.5 of what is bought and of what is sold, at d = `sizes`, (n,)."""
    rate = problem.costs.impact
    some = np.flatnonzero((rate > 0) & (sizes > 0))
    for traded in (BOUGHT, SOLD):
        row, each = program.blank(len(some)), np.arange(len(some))
        row[each, columns.block(IMPACT).start + some] = 1.0
        row[each, columns.block(traded).start + some] = -1.5 * rate[some] * np.sqrt(sizes[some])
        program.add(row, -0.5 * rate[some] * sizes[some] ** 1.5, np.inf)


def limit_turnover(
    program: MixedIntegerProgram, columns: ProgramColumns, limit: ConvexConstraint, others: Mapping[int, float] | None = None
) -> None:
    """Add what is sold <= limit x (sum of x), and so with what is taken from cash: exactly, whatever wealth costs leave.

    Args:
        program: With the rows of `add_structure`.
        columns: Of the program.
        limit: On the turnover.
        others: More columns of both rows, by which the limit gives way -> coefficient.
    """
    if limit.held is None:
        raise ValueError(f"{limit.function.label} is not the turnover of what is held")
    row = program.blank(2)
    row[:, : columns.n + 1] = -limit.limit
    row[:, columns.block(SOLD)] = 1.0
    row[1, columns.cash] -= 1.0
    for column, coefficient in (others or {}).items():
        row[:, column] = coefficient
    program.add(row, -np.inf, np.array([0.0, -limit.held[columns.n]]))


def least_trades(problem: Problem, terms: LotTerms) -> tuple[FloatArray, FloatArray]:
    """(n,) the smallest sale, of all that is held at most, and purchase that end at whole lots and are worth their costs."""
    lot = terms.step
    beyond = np.mod(problem.previous, lot)
    whole = np.minimum(beyond, lot - beyond) < LEAST_TRADE
    less, more = np.where(whole, lot, beyond), np.where(whole, lot, lot - beyond)
    less, more = (
        np.maximum(np.where(terms.in_lots, least, LEAST_TRADE), fee)
        for least, fee in zip((less, more), problem.costs.worthwhile(problem.data.budget), strict=True)
    )
    return np.minimum(less, problem.previous), more


def lot_program(problem: Problem, extra: int, slack: Mapping[int, int]) -> tuple[MixedIntegerProgram, ProgramColumns]:
    """The program of a problem without a cost: with `extra` columns by which the constraints of `slack` give way."""
    columns, terms = ProgramColumns(len(problem.universe), extra), LotTerms.of(problem)
    upper, integer = variables(problem, terms, columns)
    program = MixedIntegerProgram(np.zeros(columns.total), upper, integer, gap=1e-6)
    add_structure(program, problem, terms, columns, slack)
    for limit in problem.convex_constraints():
        if limit.held is not None and limit.price is None:
            limit_turnover(program, columns, limit, {slack[limit.owner]: -1.0} if limit.owner in slack else None)
    return program, columns
