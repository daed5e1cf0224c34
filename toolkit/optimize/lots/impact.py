"""The cost of market impact from above: chords between breakpoints, each with a decision on which side of it a value is.

In the budget the cost is an equality. Its tangents bound it from below; from above a convex cost is bounded by its chord only,
so that the program may pay for impact that no trade has, where a limit on cash binds. Breakpoints are added where it does
(incremental formulation of Markowitz and Manne 1957): at whole lots the chords are exact.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from toolkit.core.forecast import FloatArray
from toolkit.optimize.costs import TRADED
from toolkit.optimize.problem import Problem
from toolkit.optimize.solvers.highs import MixedIntegerProgram
from toolkit.optimize.solvers.mixed_integer import IMPACT, LOTS, Columns, LotTerms

WASTED = 1e-9
"""Part of the budget that may be paid for nothing."""
STEPS = np.array([1, 2, 4, 8, 16, 32, 64, 128])
"""Distances of the first breakpoints of an asset from its value, in lots."""
STEP = 1e-3
"""What counts as a lot where there are none."""


@dataclass(slots=True)
class Impact:
    """The breakpoints so far.

    Attributes:
        problem, terms, columns: Of the program.
        sides: Asset -> value of a breakpoint -> column that is one above it and zero below.
    """

    problem: Problem
    terms: LotTerms
    columns: Columns
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
                added |= self._split(program, int(asset), float(values[asset]), STEPS if first else STEPS[:1])
        return added

    def above(self, values: FloatArray) -> tuple[NDArray[np.integer], FloatArray]:
        """Columns of the decisions and what they are at the values, (n,)."""
        told = [(column, values[asset] > at - TRADED) for asset, sides in self.sides.items() for at, column in sides.items()]
        return np.array([column for column, _ in told], dtype=int), np.array([side for _, side in told], dtype=float)

    def _split(self, program: MixedIntegerProgram, asset: int, value: float, steps: NDArray[np.integer]) -> bool:
        """Add breakpoints of an asset at `value` and `steps` around it."""
        lot = float(self.terms.lot[asset]) if self.terms.in_lots[asset] else STEP
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
