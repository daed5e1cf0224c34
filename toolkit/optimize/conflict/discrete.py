"""Whether whole lots, tickets and numbers of holdings leave an answer, and the least relaxation: mixed-integer programs."""

from __future__ import annotations

import time
from collections.abc import Mapping

import numpy as np

from toolkit.core.errors import NumericalFailure
from toolkit.factors.forecast import FloatArray
from toolkit.optimize.conflict.moves import RELAXED, Move, hard_ceilings, movable_columns, moves_at
from toolkit.optimize.functions import Ceiling
from toolkit.optimize.problem import Problem
from toolkit.optimize.programs.mixed_integer import HELD, Columns, LotTerms, MixedIntegerProgram, add_structure, variables

A_HOLDING = 0.1
"""One holding more or fewer counts as much as this fraction of the budget when relaxations are weighed."""
RATIO_STEPS = 6
"""Dinkelbach steps at most; two or three are usual."""


def discrete_feasible(problem: Problem, seconds: float) -> bool:
    """Whether some whole-lot answer holds; True when there was no time to know, so that no constraint is blamed wrongly."""
    try:
        program, columns = _mixed(problem, 0, {}, seconds)
        return _holding(program, columns, hard_ceilings(problem), {}, seconds) is not None
    except NumericalFailure:
        return True


def least_cash(problem: Problem, close: float, seconds: float) -> float | None:
    """The least part of wealth that whole lots leave in cash under the linear limits, but for `close`; None where none holds.

    Raises:
        NumericalFailure: when the time is over.
    """
    program, columns = _mixed(problem, 0, {}, seconds)
    program.highs.setOptionValue("mip_abs_gap", close)
    cost = np.zeros(columns.total)
    cost[columns.cash] = 1.0
    program.price(cost)
    found = program.solve(seconds)
    return None if found is None else float(found[0][columns.cash] / found[0][: columns.n + 1].sum())


def discrete_moves(problem: Problem, seconds: float) -> list[Move] | None:
    """The moves that are least in sum; None when none is enough.

    Moves of the number of holdings are weighed by `A_HOLDING`.
    """
    limits, ceilings = problem.inequalities().hard(), hard_ceilings(problem)
    counts = {i for i, d in problem.asked().items() if d.most is not None or d.fewest}
    movable = movable_columns(problem, {*limits.owner, *(ceiling.owner for ceiling in ceilings)} | counts)
    best = _nearest_lots(problem, movable, counts, seconds)
    if best is None:
        return None
    n, columns = len(problem.universe), Columns(len(problem.universe), len(movable))
    moves = moves_at(problem, limits, best[: n + 1] / best[: n + 1].sum())
    number = int(np.sum(best[columns.block(HELD)] > 0.5))
    for owner in sorted(counts):
        asked = problem.asked()[owner]
        if asked.most is not None and number > asked.most:
            moves.append(Move(owner, "upper", number - asked.most))
        if number < asked.fewest:
            moves.append(Move(owner, "lower", asked.fewest - number))
    return moves


def _nearest_lots(problem: Problem, movable: Mapping[int, int], counts: set[int], seconds: float) -> FloatArray | None:
    """The point of the mixed-integer program at which limits (position -> slack) give way by the least sum; None for none.

    Limits are fractions of wealth after entry costs and moves come out in money, so what is least is a ratio: Dinkelbach
    (1967).
    """
    n, ceilings = len(problem.universe), hard_ceilings(problem)
    start = Columns(n, 0).total
    slack = {owner: start + j for owner, j in movable.items()}
    ratio, best = 0.0, None
    try:
        program, columns = _mixed(problem, len(movable), slack, seconds)
        weighed = np.array([A_HOLDING if owner in counts else 1.0 for owner in movable])
        for _ in range(RATIO_STEPS):
            cost = np.zeros(columns.total)
            cost[columns.own] = weighed
            cost[: n + 1] = -ratio
            program.price(cost)
            point = _holding(program, columns, ceilings, slack, seconds)
            if point is None:
                return None
            wealth = float(point[: n + 1].sum())
            following = float(weighed @ point[columns.own]) / wealth
            if best is not None and following > ratio - RELAXED:
                break
            best, ratio = point, following
    except NumericalFailure:
        return None
    return best


def _holding(
    program: MixedIntegerProgram, columns: Columns, ceilings: tuple[Ceiling, ...], slack: Mapping[int, int], seconds: float
) -> FloatArray | None:
    """The best point at which limits on convex functions hold too, by cutting planes (Kelley 1960); None where none is.

    Raises:
        NumericalFailure: when the time is over.
    """
    stop, n = time.perf_counter() + seconds, columns.n
    while (found := program.solve(max(stop - time.perf_counter(), 0.1))) is not None:
        point, wealth = found[0], float(found[0][: n + 1].sum())
        x, whole = found[0][: n + 1] / wealth, True
        for ceiling in ceilings:
            given = point[slack[ceiling.owner]] / wealth if ceiling.owner in slack else 0.0
            if ceiling.excess(x) - given <= RELAXED:
                continue
            slope, row = ceiling.function.gradient(x), program.blank(1)
            row[0, : n + 1] = slope + ceiling.excess(x) - slope @ x
            if ceiling.owner in slack:
                row[0, slack[ceiling.owner]] = -1.0
            program.add(row, -np.inf, 0.0)
            whole = False
        if whole:
            return point
        if time.perf_counter() > stop:
            raise NumericalFailure("there was no time to find out whether the constraints conflict.")
    return None


def _mixed(problem: Problem, extra: int, slack: Mapping[int, int], seconds: float) -> tuple[MixedIntegerProgram, Columns]:
    columns, terms = Columns(len(problem.universe), extra), LotTerms.of(problem)
    upper, integer = variables(problem, terms, columns)
    program = MixedIntegerProgram(np.zeros(columns.total), upper, integer, gap=1e-6, time_limit=seconds)
    add_structure(program, problem, terms, columns, slack)
    return program, columns
