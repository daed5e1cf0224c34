"""Outer approximations: convex functions of the amounts held as linear rows over a mixed-integer program.

Duran and Grossmann (1986). Squares are bounded one by one (Hijazi, Bonami and Ouorou 2014), and so are those under the root
of a deviation, in the homogeneous form of Vielma, Dunning, Huchette and Lubin (2017): far fewer rows are as tight. Every row
is homogeneous in the amounts a = (values, cash), whose sum is wealth after entry costs.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from toolkit.core.forecast import FloatArray
from toolkit.optimize.functions import ConvexConstraint, ConvexFunction, Deviation, TradeCost
from toolkit.optimize.solvers.highs import MixedIntegerProgram
from toolkit.optimize.solvers.mixed_integer import HELD, LotTerms, ProgramColumns, limit_turnover

TOLERATED_EXCESS = 1e-9
"""A limit on a convex function holds when it is exceeded by no more than this."""
ROWS_WRITTEN_AT_ONCE = 1000
"""Rows that are written at once: they are dense until HiGHS has them."""
MOST_LINES = 100
"""Tangents of one square at most."""
SINGULAR = 1e-8
"""Least eigenvalue of a correlation matrix below which nothing can be moved."""
LAST_BARRIER = 1e-6
"""Weight of the barrier, over the sum of w, at which the method stops; a diagonal that is not the best is a valid one."""
SHRINK = 0.2
CENTRED = 1e-2
MAX_STEPS = 200
WORTHWHILE = 1.1
KEPT_DIAGONAL = 1.0 - 1e-6
"""What is moved of the diagonal that was found, so that rounding leaves the rest positive semidefinite."""


def nodes(radius: float, half: float) -> FloatArray:
    """Points from -radius to radius at distances of at most twice `half`, the outermost within it of the ends."""
    number = int(min(max(np.ceil(radius / max(half, 1e-300)), 1.0), MOST_LINES))
    return radius * (np.arange(number) * 2 + 1 - number) / number


@dataclass(frozen=True, slots=True)
class Squares:
    """The quadratic of an objective as squares (rows @ values - offset)^2, (m,), the last n of which are one asset's each.

    Attributes:
        rows: (m, n).
        offset: (m,).
        first: Column of the first square.
        shared: Column of the first of what is squared, for the m - n squares that several assets share.
        columns: Of the program.
        terms: Of the problem.
    """

    rows: FloatArray
    offset: FloatArray
    first: int
    shared: int
    columns: ProgramColumns
    terms: LotTerms

    def at(self, values: FloatArray) -> FloatArray:
        """(m,) what is squared."""
        return self.rows @ values - self.offset

    def open(self, program: MixedIntegerProgram) -> None:
        """Add what is squared of shared squares: tangents are then rows of two entries."""
        number = len(self.rows) - self.columns.n
        row = program.blank(number)
        row[:, self.columns.value] = self.rows[:number]
        row[:, self.shared : self.shared + number] = -np.eye(number)
        program.add(row, self.offset[:number], self.offset[:number])

    def tangents(self, program: MixedIntegerProgram, which: NDArray[np.integer], at: FloatArray) -> None:
        """Add q_j >= 2 p_j (row_j x - offset_j) - p_j^2, the tangents of the squares `which` at p = `at`, (l,)."""
        self._lines(program, which, 2 * at, -(at**2))

    def cut(self, program: MixedIntegerProgram, values: FloatArray) -> None:
        """Add the tangents of every square that is not zero everywhere."""
        some = np.flatnonzero(self.rows.any(axis=1))
        self.tangents(program, some, self.at(values)[some])

    def near(
        self, program: MixedIntegerProgram, values: FloatArray, radius: float, half: float, lots: tuple[FloatArray, FloatArray]
    ) -> None:
        """Approximate every square to half^2 wherever it is less than `radius` from where it is at `values`.

        A square of one asset in lots is bounded by the lines through its neighbouring whole lots, between the numbers
        of `lots`: no whole lot is below them, and a fraction of a lot cannot evade them.
        """
        (m, n), centre = self.rows.shape, self.at(values)
        shared = np.repeat(np.arange(m - n), len(steps := nodes(radius, half)))
        self.tangents(program, shared, centre[shared] + np.tile(steps, m - n))
        pieces = [(np.zeros(0, dtype=int), np.zeros(0), np.zeros(0))]
        for asset in range(n):
            j, s = m - n + asset, self.rows[m - n + asset, asset]
            if s == 0:
                continue
            lot = self.terms.lot[asset]
            if self.terms.in_lots[asset]:
                least, most = lots[0][asset], max(lots[1][asset], lots[0][asset] + 1)
                low = np.arange(least, most, max(1, round(2 * half / (s * lot)), round((most - least) / MOST_LINES)))
                p, q = s * lot * low - self.offset[j], s * lot * (low + 1) - self.offset[j]
            else:
                p = q = centre[j] + steps
            # The line through (p, p^2) and (q, q^2).
            pieces.append((np.full(len(p), j), p + q, -p * q))
        which, slope, level = (np.concatenate(piece) for piece in zip(*pieces, strict=True))
        self._lines(program, which, slope, level)

    def _lines(self, program: MixedIntegerProgram, which: NDArray[np.integer], slope: FloatArray, level: FloatArray) -> None:
        """Add q_j >= slope x (what is squared) + level for the squares `which`.

        Where being held is a decision, the line of a square of one asset leaves offset^2 at nothing held, and rises from
        there only with what is held: the perspective cut of Frangioni and Gentile (2006), which a fraction of a holding
        cannot evade.
        """
        if len(which) > ROWS_WRITTEN_AT_ONCE:
            for some in np.array_split(np.arange(len(which)), len(which) // ROWS_WRITTEN_AT_ONCE + 1):
                self._lines(program, which[some], slope[some], level[some])
            return
        m, n = self.rows.shape
        row, least, each = program.blank(len(which)), level.copy(), np.arange(len(which))
        row[each, self.first + which] = 1.0
        alone = which >= m - n
        row[each[~alone], self.shared + which[~alone]] = -slope[~alone]
        own = np.flatnonzero(alone)
        j = which[own]
        asset = j - (m - n)
        row[own, asset] = -slope[own] * self.rows[j, asset]
        least[own] -= slope[own] * self.offset[j]
        decided = self.terms.decided[asset]
        own, j, asset = own[decided], j[decided], asset[decided]
        nothing = self.offset[j] ** 2
        row[own, self.columns.block(HELD).start + asset] = nothing - least[own]
        least[own] = nothing
        program.add(row, least, np.inf)


@dataclass(frozen=True, slots=True)
class OuterPart:
    """A convex function that is added to the objective, in one column.

    Attributes:
        function: Of weights.
        column: At least the function of the amounts.
        wealth: At which the objective is measured: amounts over this number.
    """

    function: ConvexFunction
    column: int
    wealth: float

    def cut(self, program: MixedIntegerProgram, amounts: FloatArray) -> None:
        """Add theta >= (g'a + (f(x) - g'x) W) / wealth, x = amounts / W."""
        row = program.blank(1)
        row[0, : len(amounts)] = -_slope(self.function, amounts) / self.wealth
        row[0, self.column] = 1.0
        program.add(row, 0.0, np.inf)


def separate(part: ConvexFunction) -> list[ConvexFunction]:
    """Functions that add up to `part`, each with cuts of its own: the cost of trading is a sum over assets."""
    if not isinstance(part, TradeCost):
        return [part]
    own = np.eye(len(part.buying))
    costly = (part.buying != 0) | (part.selling != 0) | (part.impact != 0)
    return [TradeCost(part.buying * one, part.selling * one, part.impact * one, part.previous) for one in own[costly]]


@dataclass(frozen=True, slots=True)
class OuterLimit:
    """A limit on a convex function.

    Attributes:
        constraint: The limit.
        slack: Column of what goes beyond it; None where it is hard.
        margin: Column of the part of the limit by which it is smaller.
    """

    constraint: ConvexConstraint
    slack: int | None
    margin: int

    def cut(self, program: MixedIntegerProgram, amounts: FloatArray) -> None:
        """Add g'a + (f(x) - g'x) W <= limit W + slack where the amounts reach the limit."""
        own, n = self.constraint.at(float(amounts.sum())), len(amounts) - 1
        if own.excess(amounts / amounts.sum()) <= -TOLERATED_EXCESS:  # touching counts
            return
        others = {self.margin: own.limit} if self.slack is None else {self.margin: own.limit, self.slack: -1.0}
        if own.held is not None:
            limit_turnover(program, ProgramColumns(n, 0), own, others)
            return
        row = program.blank(1)
        row[0, : n + 1] = _slope(own.function, amounts) - own.limit
        row[0, [*others]] = [*others.values()]
        program.add(row, -np.inf, 0.0)


@dataclass(frozen=True, slots=True)
class OuterCone:
    """A limit on a deviation: sum of z_j <= t, z_j t >= u_j^2, u = rows @ a, t = limit (W - margin) + slack.

    Attributes:
        constraint: Whose function is a `Deviation`.
        slack: Column of what goes beyond it; None where it is hard.
        margin: Column of the part of the limit by which it is smaller.
        first: Column of t; behind it those of u and of z.
        rows: (m, n + 1).
    """

    constraint: ConvexConstraint
    slack: int | None
    margin: int
    first: int
    rows: FloatArray

    @classmethod
    def of(cls, constraint: ConvexConstraint, deviation: Deviation, slack: int | None, margin: int, first: int) -> OuterCone:
        """The cone of a limit on `deviation`."""
        over = np.vstack([deviation.R, np.diag(deviation.s)[np.flatnonzero(deviation.s)]])
        # R (a - target W), W the sum of all amounts.
        return cls(
            constraint, slack, margin, first, np.hstack([over, np.zeros((len(over), 1))]) - (over @ deviation.target)[:, None]
        )

    @property
    def width(self) -> int:
        """Number of columns."""
        return 1 + 2 * len(self.rows)

    @property
    def u(self) -> slice:
        """Columns of what is squared, which may be negative."""
        return slice(self.first + 1, self.first + 1 + len(self.rows))

    def open(self, program: MixedIntegerProgram) -> int:
        """Add t, u and sum of z <= t; returns the number of that row, whose multiplier is the price of the deviation."""
        m, width = self.rows.shape
        row = program.blank(m + 1)
        row[:m, :width], row[:m, self.u] = self.rows, -np.eye(m)
        row[m, :width], row[m, self.first] = self.constraint.limit, -1.0
        row[m, self.margin] = -self.constraint.limit
        if self.slack is not None:
            row[m, self.slack] = 1.0
        program.add(row, 0.0, 0.0)
        room = program.blank(1)
        room[0, self.u.stop : self.u.stop + m], room[0, self.first] = 1.0, -1.0
        program.add(room, -np.inf, 0.0)
        return program.rows - 1

    def cut(self, program: MixedIntegerProgram, amounts: FloatArray) -> None:
        """Add the tangents at the amounts, where the limit is reached."""
        if self.constraint.excess(amounts / amounts.sum()) <= -TOLERATED_EXCESS:  # touching counts
            return
        # At t = the length, where the sum of the tangents is the tangent of the length: that cuts the amounts off.
        over = self.rows @ amounts
        self._tangents(program, np.arange(len(self.rows)), over / (np.linalg.norm(over) or 1.0))

    def near(self, program: MixedIntegerProgram, amounts: FloatArray, radius: float, half: float) -> None:
        """Approximate every square to half^2 within `radius`, both of what is squared at wealth 1."""
        m, steps = len(self.rows), nodes(radius, half)
        which = np.repeat(np.arange(m), len(steps))
        centre = self.rows @ amounts / amounts.sum()
        self._tangents(program, which, (centre[which] + np.tile(steps, m)) / self.constraint.limit)

    def _tangents(self, program: MixedIntegerProgram, which: NDArray[np.integer], ratio: FloatArray) -> None:
        """Add z_j >= 2 r u_j - r^2 t at the ratios r of u_j to t."""
        row, each = program.blank(len(which)), np.arange(len(which))
        row[:, self.first] = ratio**2
        row[each, self.u.start + which] = -2 * ratio
        row[each, self.u.stop + which] = 1.0
        program.add(row, 0.0, np.inf)


def _slope(function: ConvexFunction, amounts: FloatArray) -> FloatArray:
    """(n + 1,) of the plane below W f(a / W) that touches it at the amounts; it passes through zero."""
    x = amounts / amounts.sum()
    slope = function.gradient(x)
    return slope + (function.value(x) - slope @ x)


def split(R: FloatArray, s: FloatArray, weight: FloatArray) -> tuple[FloatArray, FloatArray]:
    """The same quadratic |R x|^2 + |s * x|^2 with as much as may be in s: there, bounds of whole-lot problems are tighter.

    On the diagonal a square is one asset's own, so that it can be bounded by its value at whole lots and, where holdings are
    decisions, by its perspective. The best split is a semidefinite program (Frangioni and Gentile 2007): maximise w'd subject
    to S - diag(d) positive semidefinite, d >= 0. A barrier method solves it in some forty factorisations.

    Args:
        R: (k, n).
        s: (n,).
        weight: (n,) what a unit of each diagonal element is worth, positive.

    Returns:
        (k', n) and (n,), of which the first has no row for what is zero.
    """
    matrix = R.T @ R + np.diag(s**2)
    unit = np.sqrt(np.diag(matrix))
    risky = np.flatnonzero(unit > 1e-8 * unit.max(initial=0.0))
    own = np.zeros(len(s))
    unit = unit[risky]
    own[risky] = _diagonal(matrix[np.ix_(risky, risky)] / np.outer(unit, unit), weight[risky] * unit**2) * unit**2
    own = np.maximum(own, 0.0)
    if own @ weight <= WORTHWHILE * (s**2 @ weight):  # the rows of a factor form are fewer, which counts for more
        return R, s
    values, vectors = np.linalg.eigh(matrix - np.diag(own))
    kept = values > 1e-12 * values[-1]
    return (vectors[:, kept] * np.sqrt(values[kept])).T, np.sqrt(own)


def _diagonal(correlation: FloatArray, weight: FloatArray) -> FloatArray:
    """(n,) d >= 0 that maximises weight'd with correlation - diag(d) positive semidefinite; zeros where that is singular."""
    n = len(correlation)
    least = float(np.linalg.eigvalsh(correlation)[0]) if n else 0.0
    if least < SINGULAR:
        return np.zeros(n)
    weight = weight / weight.sum()
    d, barrier = np.full(n, least / 2), 1.0 / n
    for _ in range(MAX_STEPS):
        inverse = np.linalg.inv(correlation - np.diag(d))
        slope = weight + barrier * (1 / d - np.diag(inverse))
        step = np.linalg.solve(barrier * (inverse**2 + np.diag(1 / d**2)), slope)
        # Newton's decrement of a self-concordant function: a step of 1 / (1 + decrement) stays inside (Nesterov 2004).
        decrement = float(np.sqrt(max(slope @ step, 0.0) / barrier))
        d = d + step / (1 + decrement) if decrement > 0.25 else d + step
        if decrement < np.sqrt(CENTRED * n) and decrement <= 0.25:
            if barrier < LAST_BARRIER:
                break
            barrier *= SHRINK
    return np.asarray(KEPT_DIAGONAL * d, dtype=np.float64)
