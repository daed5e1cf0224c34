"""Whole lots under measures of risk: one branch-and-bound tree over linear programs that grow by tangents at its nodes.

Quesada and Grossmann (1992). Outer approximation by mixed-integer programs solves each of them anew with the tangents at what
the last one found. A quadratic is bounded square by square, so that one or two are enough; a measure of thousands of scenarios
is one function of all assets, and takes dozens. Here the optimum of a node is cut off where it is below the function, before
the node is split, and every later node has that tangent: some hundred nodes are enough.
"""

from __future__ import annotations

import heapq
from dataclasses import dataclass, field

import numpy as np

from toolkit.core.errors import NumericalFailure
from toolkit.core.forecast import FloatArray
from toolkit.optimize.lots.approximation import Approximation, solve_fixed_integer
from toolkit.optimize.lots.rounding import Incumbent
from toolkit.optimize.solvers.mixed_integer import LOTS

SHORT_OF_FUNCTION = 0.02
"""Part of the gap by which a column may be below its function at the optimum of a node."""
SLOW = 1.0
"""A fractional node is split when its last tangents raised its bound by less than this part of `SHORT_OF_FUNCTION`."""
TANGENTS = 60
"""Linear programs of one node at most."""
NODES_BETWEEN_ROUNDINGS = 10
"""Nodes between two that are rounded and improved by moving lots."""
WHOLE_OF_HIGHS = 1e-6
"""How far from a whole number HiGHS leaves one that is whole."""


@dataclass(order=True, frozen=True, slots=True)
class Node:
    """A part of the answers.

    Attributes:
        bound: Of the objective of every answer in it.
        number: In the order in which nodes were made.
        lower, upper: (k,) bounds of the integer variables.
        split: Variable by which it was split off, 0 for below or 1 for above, and how far that moved the variable.
    """

    bound: float
    number: int
    lower: FloatArray = field(compare=False)
    upper: FloatArray = field(compare=False)
    split: tuple[int, int, float] | None = field(compare=False, default=None)


class Tree:
    """Nodes that are not solved yet, and what is proven of those that are.

    Attributes:
        solved: Number of nodes that are.
    """

    def __init__(self, near: Approximation, best: Incumbent, bound: float) -> None:
        """The tree of an approximation whose relaxation has the bound."""
        self.near, self.best, self.solved = near, best, 0
        chosen = np.flatnonzero(near.program.integer)
        lower, upper = near.program.bounds(chosen)
        free = upper > lower
        self._columns = chosen[free]
        self._open = [Node(bound, 0, lower[free], upper[free])]
        self._made = 1
        self._closed = np.inf
        self._rounded: set[bytes] = set()
        # How much a unit of each variable raises the bound, below and above: at first as the square of its risk.
        n = near.columns.n
        lots = near.score.terms.lot * np.sqrt(np.diag(near.score.problem.forecast.matrix))
        step = np.full(near.program.width, np.median(lots))
        step[near.columns.block(LOTS)] = lots
        self._guess = step[self._columns] ** 2 + 1e-12 * max(float(lots.max(initial=0.0)), 1.0 / n) ** 2
        self._gains, self._times = np.zeros((2, len(self._columns))), np.zeros((2, len(self._columns)))

    def search(self, gap: float) -> int:
        """Split nodes until the gap is proven, none is left, or the work is used up; returns how many were solved."""
        best, first, following = self.best, self.solved, None
        self.near.program.demand_whole(asked=False)
        while (following or self._open) and not best.work.over:
            node = following or heapq.heappop(self._open)
            following = None
            if node.bound >= best.enough(gap):
                self._close(node.bound)
                continue
            self.solved += 1
            try:
                bound, point = self._solve(node, gap)
                following = None if point is None else self._split(node, bound, point, gap)
            except NumericalFailure:
                if best.work.over:
                    heapq.heappush(self._open, node)
                else:  # what HiGHS cannot solve stays unproven
                    self._close(node.bound)
        if following is not None:
            heapq.heappush(self._open, following)
        best.prove(min(self._closed, self._open[0].bound if self._open else np.inf))
        return self.solved - first

    def _close(self, bound: float) -> None:
        self._closed = min(self._closed, bound)

    def _solve(self, node: Node, gap: float) -> tuple[float, FloatArray | None]:
        """The bound of a node and its optimum; None where it is closed."""
        near, tolerance = self.near, SHORT_OF_FUNCTION * self.best.allowed(gap)
        near.program.narrow(self._columns, node.lower, node.upper)
        bound, point = node.bound, None
        for step in range(TANGENTS):
            found = near.program.solve_relaxed(self.best.work)
            if found is None:
                return np.inf, None
            point, before = found[0], bound
            bound = max(bound, found[1] * near.scale)
            if bound >= self.best.enough(gap):
                self._learn(node, bound)
                self._close(bound)
                return bound, None
            cut = near.tighten(point, tolerance, self.best.work)
            if not cut or (step and bound - before < SLOW * tolerance and self._fractions(point).any()):
                break
        self._learn(node, bound)
        return bound, point

    def _learn(self, node: Node, bound: float) -> None:
        if node.split is not None:
            variable, side, distance = node.split
            self._gains[side, variable] += max(bound - node.bound, 0.0) / max(distance, WHOLE_OF_HIGHS)
            self._times[side, variable] += 1

    def _fractions(self, point: FloatArray) -> FloatArray:
        """(k,) by how much the integer variables are above a whole number; zero where they are one."""
        values = point[self._columns]
        fractions = values - np.floor(values + WHOLE_OF_HIGHS)
        return np.where(fractions > WHOLE_OF_HIGHS, fractions, 0.0)

    def _split(self, node: Node, bound: float, point: FloatArray, gap: float) -> Node | None:
        """Split a node at its optimum; returns the part to go on with, None where it is closed."""
        best, near = self.best, self.near
        values, fractions = point[self._columns], self._fractions(point)
        if self.solved % NODES_BETWEEN_ROUNDINGS == 1:
            rounded = near.score.terms.whole(point[near.columns.value])
            if rounded.tobytes() not in self._rounded:
                self._rounded.add(rounded.tobytes())
                best.offer(rounded, moved=True)
        if fractions.any():
            variable, nearer = self._choose(fractions)
            below = np.floor(values[variable] + WHOLE_OF_HIGHS)
            distance = fractions[variable], 1 - fractions[variable]
        else:
            answer = near.answer(point)
            excess, value = near.score.one(answer)
            best.offer(answer, moved=False)
            loose = bool(near.score.terms.loose.any())
            if loose and bound < best.enough(gap):
                settled = solve_fixed_integer(near, answer, SHORT_OF_FUNCTION * best.allowed(gap), best.work)
                near.program.demand_whole(asked=False)
                if settled is not None:
                    best.offer(settled, moved=False)
            if bound >= best.enough(gap):
                self._close(bound)
                return None
            ranges = node.upper - node.lower
            if not ranges.any():  # without loose values it is one answer
                self._close(bound if loose else value if excess == 0 else np.inf)
                return None
            # The linear program is below what it found, or that breaks a limit: other lots are in the node.
            variable, nearer = int(np.argmax(ranges)), 0
            below = np.round(values[variable]) - (np.round(values[variable]) >= node.upper[variable])
            distance = 1.0, 1.0
        upper, lower = node.upper.copy(), node.lower.copy()
        upper[variable], lower[variable] = below, below + 1
        parts = (
            Node(bound, self._made, node.lower, upper, (variable, 0, distance[0])),
            Node(bound, self._made + 1, lower, node.upper, (variable, 1, distance[1])),
        )
        self._made += 2
        heapq.heappush(self._open, parts[1 - nearer])
        return parts[nearer]

    def _choose(self, fractions: FloatArray) -> tuple[int, int]:
        """The variable that raises the bounds of both parts the most, and the part whose bound it raises less.

        By pseudocosts (Benichou et al. 1971), multiplied (Achterberg 2007).
        """
        some = np.flatnonzero(fractions > 0)
        seen = self._times.sum()
        unit = float(self._gains.sum() / seen / self._guess[some].mean()) if seen else 1.0
        times = self._times[:, some]
        rates = np.where(times > 0, self._gains[:, some] / np.maximum(times, 1), self._guess[some] * unit)
        below, above = rates[0] * fractions[some], rates[1] * (1 - fractions[some])
        at = int(np.argmax(np.maximum(below, 1e-12) * np.maximum(above, 1e-12)))
        return int(some[at]), int(below[at] > above[at])
