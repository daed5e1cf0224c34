"""Whole lots, minimum tickets and numbers of holdings, exactly: outer approximation of a separable quadratic over HiGHS.

Duran and Grossmann (1986). The factor form makes the quadratic a sum of squares of single expressions, so each square
has its own tangents and a few rounds close the gap. The dual bound of the last linear problem proves it.
"""

from __future__ import annotations

import time
from dataclasses import dataclass

import numpy as np

from toolkit.core.errors import NumericalFailure
from toolkit.factors.forecast import FloatArray
from toolkit.optimize.diagnose import discrete_conflict
from toolkit.optimize.mixed_integer import HELD, LOTS, Columns, LotTerms, MixedIntegerProgram, add_structure, variables
from toolkit.optimize.problem import Problem
from toolkit.optimize.quadratic import Quadratic

MAX_ROUNDS = 60
TINY = 1e-9
"""An objective below this part of one asset's own is zero (everything in cash): its gap is measured against this instead."""
TANGENTS = 25


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


@dataclass(frozen=True, slots=True)
class _Squares:
    """The objective as squares (rows @ x - offset)^2, (m,), of which the last n are the specific risk of one asset each."""

    rows: FloatArray
    offset: FloatArray
    columns: Columns
    perspective: bool

    def tangents(self, program: MixedIntegerProgram, at: FloatArray) -> None:
        """Add q_j >= 2 p_j (row_j x - offset_j) - p_j^2, the tangents at p = rows @ x - offset, (m,).

        Where holdings are counted, the tangent of a square of one asset leaves offset^2 at nothing held, and rises from
        there only with what is held: the perspective cut of Frangioni and Gentile (2006), which a fraction of a holding
        cannot evade.
        """
        m, n = len(at), self.columns.n
        row = program.blank(m)
        row[:, self.columns.own] = np.eye(m)
        row[:, self.columns.value] = -2 * at[:, None] * self.rows
        least = -(at**2) - 2 * at * self.offset
        if self.perspective:
            row[m - n :, self.columns.block(HELD)] = np.diag(((at + self.offset) ** 2)[m - n :])
            least[m - n :] = self.offset[m - n :] ** 2
        program.add(row, least, np.inf)


def _split(R: FloatArray, s: FloatArray) -> tuple[FloatArray, FloatArray]:
    """The same quadratic R'R + diag(s^2), as much of it as may be in the diagonal, where perspective cuts work.

    The largest multiple of the variances that leaves R'R positive semidefinite (Frangioni and Gentile 2007).
    """
    matrix = R.T @ R
    unit = np.sqrt(np.clip(np.diag(matrix), 1e-16, None))
    values, vectors = np.linalg.eigh(matrix / np.outer(unit, unit))
    shared = max(0.0, float(values[0]))
    rest = np.clip(values - shared, 0.0, None)
    kept = rest > 1e-12
    return (vectors[:, kept] * np.sqrt(rest[kept])).T * unit, np.sqrt(s**2 + shared * unit**2)


def _whole(counts: FloatArray) -> FloatArray:
    """(n,) counts that are whole, NaN for those that are not."""
    return np.where(np.abs(counts - np.round(counts)) < 1e-9, np.round(counts), np.nan)


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
        time_limit: Seconds for all linear problems; the best answer by then is returned with the gap that is proven.

    Raises:
        Infeasible: when no whole-lot answer holds every limit.
        NumericalFailure: when HiGHS stops without an answer.
    """
    n, terms = len(problem.universe), LotTerms.of(problem)
    R, s = _split(quadratic.R, quadratic.s) if terms.counted else (quadratic.R, quadratic.s)
    squares = np.vstack([R, np.diag(s)]) / wealth
    offset = np.concatenate([R @ quadratic.target, s * quadratic.target])
    columns = Columns(n, len(squares))
    cost = np.zeros(columns.total)
    cost[columns.value] = quadratic.c / wealth
    cost[columns.own] = 1.0
    scale = quadratic.scale()
    upper, integer = variables(problem, terms, columns)
    program = MixedIntegerProgram(cost / scale, upper, integer, gap=target_gap / 10, time_limit=time_limit)
    add_structure(program, problem, terms, columns)
    objective = _Squares(squares, offset, columns, perspective=terms.counted)

    reach = np.max(np.abs(squares), axis=1) * wealth
    touch = squares @ (relaxed * wealth) - offset
    for step in np.linspace(-1.0, 1.0, TANGENTS):
        objective.tangents(program, touch + step * np.abs(step) * reach / 2)

    best, best_values = np.inf, relaxed
    bound = -np.inf
    rounds = 0
    gap = np.inf
    stop = time.perf_counter() + time_limit
    while gap > target_gap and rounds < MAX_ROUNDS:
        left = stop - time.perf_counter()
        if rounds and left <= 0:
            break
        rounds += 1
        try:
            found = program.solve(max(left, 0.1))
        except NumericalFailure:
            if np.isfinite(best):
                break
            raise
        if found is None:
            raise discrete_conflict(problem, time_limit=time_limit)
        point, proven = found
        counts = np.round(point[columns.block(LOTS)])
        # What is not held is within the solver's tolerance of nothing, and what is kept of its value.
        loose = np.where(point[columns.block(HELD)] > 0.5, point[columns.value], 0.0)
        values = np.where(terms.kept, problem.previous, np.where(terms.in_lots, counts * terms.lot, loose))
        value = quadratic.value(values / wealth)
        if value < best:
            best, best_values = value, values
        bound = max(bound, proven * scale)
        gap = max(0.0, best - bound) / max(abs(best), size, TINY * scale)
        objective.tangents(program, squares @ values - offset)
    lots = np.where(terms.in_lots, np.round(best_values / np.where(terms.in_lots, terms.lot, 1.0)), np.nan)
    lots = np.where(terms.kept, _whole(problem.previous / problem.lot_values), lots)
    return WholeLots(best_values, lots, best, bound, gap, rounds)
