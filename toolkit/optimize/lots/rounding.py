"""Whole lots by rounding and by moving single lots: what a person would do by hand, and the start of the exact search."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from toolkit.core.forecast import FloatArray
from toolkit.optimize.costs import TRADED
from toolkit.optimize.functions import ConvexConstraints, ConvexFunction, Deviation
from toolkit.optimize.lots.outer import TOLERATED_EXCESS
from toolkit.optimize.problem import LinearConstraints, Problem
from toolkit.optimize.quadratic import Quadratic
from toolkit.optimize.solvers.mixed_integer import LotTerms, least_trades
from toolkit.optimize.solvers.work import Work

EXACT = 1e-12
"""Excess over a linear limit that is rounding; where a linear program chose a value, its own tolerance is."""
A_HOLDING = 0.1
"""One holding too many or too few is as bad as a limit that is exceeded by this fraction of the budget."""
SWAPPED = 40
"""Assets between which lots are swapped at most: the largest holdings."""
LOOKED_AT = 30
"""Neighbours that are measured in full where that is slow: those that are best by the slope."""
MOVES = 100
PER_NEIGHBOUR, PER_MEASURE = 5e-8, 1e-4
"""Seconds of a neighbour, for each asset, and of one that is measured in full, of the machine that `Work` counts in."""


@dataclass(frozen=True, slots=True)
class Score:
    """How good values are, (n,) fractions of the budget, and by how much they break limits.

    Attributes:
        problem: With its discrete terms.
        terms: Of the problem.
        limits: Of the problem, those that are soft among them.
        quadratic, parts: The objective over weights.
        convex: Limits on convex functions.
        wealth: Values over this number are the weights of the objective.
        charged: Whether fees of trades and of sites are part of the objective.
    """

    problem: Problem
    terms: LotTerms
    limits: LinearConstraints
    quadratic: Quadratic
    parts: tuple[ConvexFunction, ...]
    convex: ConvexConstraints
    wealth: float
    charged: bool = False

    @property
    def trade_fee(self) -> FloatArray:
        """(n,) what a trade adds to the objective, whatever its size."""
        costs = self.problem.costs
        return costs.fees * self.charged / costs.holding_years / self.problem.data.budget / self.wealth

    @property
    def sites(self) -> tuple[tuple[float, NDArray[np.bool_]], ...]:
        """What each site adds to the objective if anything is stored there, and (n,) what would be."""
        unit = self.problem.data.budget * self.wealth
        return tuple((site.fee / unit, site.stored) for site in self.problem.costs.sites) if self.charged else ()

    @property
    def plain(self) -> bool:
        """Whether `many` tells everything."""
        return not self.parts and all(isinstance(constraint.function, Deviation) for constraint in self.convex)

    def amounts(self, values: FloatArray) -> FloatArray:
        """(..., n + 1): the values, (..., n), and the cash that is left."""
        trades, costs = values - self.problem.previous, self.problem.costs
        paid = np.clip(trades, 0, None) @ costs.purchase + np.clip(-trades, 0, None) @ costs.sale
        if costs.impact.any():
            paid = paid + np.abs(trades) ** 1.5 @ costs.impact
        if costs.fees.any():
            paid = paid + (np.abs(trades) > TRADED) @ costs.fees / self.problem.data.budget
        return np.concatenate([values, (1.0 - values.sum(axis=-1) - paid)[..., None]], axis=-1)

    def many(self, values: FloatArray) -> tuple[FloatArray, FloatArray]:
        """(c,) excess over limits and (c,) objective of c answers, (c, n); of functions only deviations are looked at."""
        a, q, limits, soft = self.amounts(values), self.quadratic, self.limits, self.limits.soft
        wealth = a.sum(axis=1)
        beyond = np.clip(a @ (limits.G - limits.h[:, None]).T, 0.0, None)
        excess = beyond[:, ~soft].sum(axis=1) + np.clip(-a, 0.0, None).sum(axis=1)
        excess += self.terms.beyond(values)
        if self.problem.costs.fees.any():
            trades, (less, more) = values - self.problem.previous, least_trades(self.problem, self.terms)
            small = np.where(trades > TRADED, more - trades, np.where(trades < -TRADED, less + trades, 0.0))
            excess += np.clip(small - TRADED, 0.0, None).sum(axis=-1)
        held = values > TRADED
        if self.terms.floor.any():
            excess += np.sum(np.where(held, np.clip(self.terms.floor - values, 0.0, None), 0.0), axis=1)
        for count in self.terms.counts:
            number = held @ count.members
            over = 0 if count.most is None else np.clip(number - count.most, 0, None)
            excess += A_HOLDING * (over + np.clip(count.fewest - number, 0, None))
        value = values @ q.c / self.wealth
        if q.R.any() or q.s.any():
            d = values / self.wealth - q.target
            value += np.sum((d @ q.R.T) ** 2, axis=1) + np.sum((q.s * d) ** 2, axis=1)
        value += beyond[:, soft] @ limits.price[soft] / self.wealth if soft.any() else 0.0
        if (fee := self.trade_fee).any():
            value += (np.abs(values - self.problem.previous) > TRADED) @ fee
        for fee, stored in self.sites:
            value += fee * np.any(held[:, stored], axis=1)
        excess = np.where(excess > (TOLERATED_EXCESS if self.terms.loose.any() else EXACT), excess, 0.0)
        for constraint in self.convex:
            if isinstance(of := constraint.function, Deviation):
                away = values - wealth[:, None] * of.target
                length = np.sqrt(np.sum((away @ of.R.T) ** 2, axis=1) + np.sum((of.s * away) ** 2, axis=1))
                over = np.clip(length - constraint.limit * wealth, 0.0, None)
                if constraint.price is None:
                    excess += np.where(over > TOLERATED_EXCESS * wealth, over, 0.0)
                else:
                    value += constraint.price * over / self.wealth
        return excess, value

    def one(self, values: FloatArray) -> tuple[float, float]:
        """Excess over every limit and the objective of one answer, (n,)."""
        excess, value = self._in_full(values[None], *self.many(values[None]))
        return float(excess[0]), float(value[0])

    def _in_full(self, values: FloatArray, excess: FloatArray, value: FloatArray) -> tuple[FloatArray, FloatArray]:
        """What `many` tells of c answers, (c, n), and the functions that it leaves out."""
        if self.plain:
            return excess, value
        limits = [constraint for constraint in self.convex if not isinstance(constraint.function, Deviation)]
        for k, a in enumerate(self.amounts(values)):
            total = float(a.sum())
            if total <= 0:
                excess[k] = value[k] = np.inf
                continue
            value[k] += sum(part.value(a / total) for part in self.parts) * total / self.wealth
            for constraint in limits:
                over = constraint.at(total).excess(a / total)
                if constraint.price is None:
                    excess[k] += over if over > TOLERATED_EXCESS else 0.0
                else:
                    value[k] += constraint.price * max(over, 0.0) * total / self.wealth
        return excess, value

    def slope(self, values: FloatArray) -> FloatArray:
        """(n,) by how much parts and convex limits rise with each value, about; a limit that is exceeded counts in full."""
        a = self.amounts(values)
        x = a / a.sum()
        rise = np.zeros(len(x))
        for part in self.parts:
            rise += part.gradient(x)
        for constraint in (limit.at(float(a.sum())) for limit in self.convex):
            if constraint.excess(x) > 0:
                rise += (constraint.price or 1.0) * constraint.function.gradient(x)
        return (rise[:-1] - rise[-1]) / self.wealth

    def gradient(self, values: FloatArray) -> FloatArray:
        """(n,) of the objective and of what it adds for exceeded limits at the values, (n,), about."""
        return self.quadratic.gradient(values / self.wealth) / self.wealth + self.slope(values)

    def search(self, values: FloatArray, work: Work | None = None) -> tuple[float, float, FloatArray]:
        """The excess, the objective and the values, (n,), from which no move of lots is better.

        Moves are one lot more or less and lots of one asset for lots of another, as many as are worth about the same.
        Where the work is used up, the best by then is returned.
        """
        moves = self._moves(values)
        excess, value = self.one(values)
        for _ in range(MOVES if len(moves) else 0):
            near = values + moves
            near = near[np.all(near > -TRADED, axis=1)]
            near = np.where(near > TRADED, near, 0.0)
            if not len(near) or (work is not None and work.over):
                break
            if work is not None:
                work.spend(PER_NEIGHBOUR * near.size + PER_MEASURE * (0 if self.plain else LOOKED_AT))
            beyond, worth = self.many(near)
            if not self.plain:
                first = np.lexsort((worth + (near - values) @ self.slope(values), beyond))[:LOOKED_AT]
                near = near[first]
                beyond, worth = self._in_full(near, beyond[first], worth[first])
            at = int(np.lexsort((worth, beyond))[0])
            if (beyond[at], worth[at]) >= (excess - EXACT * (excess > 0), value - EXACT * abs(value)):
                break
            excess, value, values = float(beyond[at]), float(worth[at]), near[at]
        return excess, value, values

    def _moves(self, values: FloatArray) -> FloatArray:
        """(c, n) changes of value."""
        traded, lot = np.flatnonzero(self.terms.in_lots), self.terms.lot
        steps = np.diag(lot)
        swapped = traded[np.argsort(-values[traded], kind="stable")][:SWAPPED]
        i, j = (index[~np.eye(len(swapped), dtype=bool)] for index in np.meshgrid(swapped, swapped))
        several = np.round(lot[j] / lot[i])
        more = several > 1
        pairs = several[more, None] * steps[i[more]] - steps[j[more]]
        return np.vstack([steps[traded], -steps[traded], steps[i] - steps[j], pairs, -pairs])

    def rounded(self, values: FloatArray) -> tuple[float, FloatArray]:
        """What rounding by hand gives: the objective and the values, infinite where it breaks a limit.

        The better of the nearest lots, and of all rounded down, to which lots are added in the order of the fraction that
        was cut off, as long as every upper limit and the budget hold.
        """
        lot = self.terms.step
        counts, nearest = values / lot, self.terms.whole(values)
        greedy = np.where(self.terms.in_lots, np.floor(counts + TRADED) * lot, values)
        excess = self.one(greedy)[0]
        for asset in np.argsort(-(counts - np.floor(counts)), kind="stable"):
            if self.terms.in_lots[asset]:
                more = greedy.copy()
                more[asset] += lot[asset]
                if (following := self.one(more)[0]) <= excess:
                    greedy, excess = more, following
        told = [(*self.one(point), tuple(point)) for point in (nearest, greedy)]
        held = [(value, np.array(point)) for beyond, value, point in told if beyond == 0]
        return min(held, key=lambda found: found[0]) if held else (np.inf, greedy)


CLOSED_GAP = 0.999
"""A search ends where this part of the gap is proven of the best answer so far."""


@dataclass(slots=True)
class Incumbent:
    """The best answer so far and what is proven of it.

    Attributes:
        size: What gaps are relative to where the objective is nearer to zero.
        sought: A bound that is enough whatever the gap of a best answer above it.
    """

    score: Score
    values: FloatArray
    size: float
    work: Work
    sought: float = np.inf
    value: float = np.inf
    bound: float = -np.inf

    def offer(self, values: FloatArray, *, moved: bool) -> None:
        """Take the values, or what moving single lots makes of them, if that is better."""
        excess, value, found = self.score.search(values, self.work) if moved else (*self.score.one(values), values)
        if excess == 0 and value < self.value:
            self.value, self.values = value, self.score.terms.whole(found)

    def prove(self, bound: float) -> None:
        """Take a lower bound of every answer that is better than this one; infinite where there is none."""
        self.bound = max(self.bound, min(bound, self.value))

    @property
    def unit(self) -> float:
        """What differences between answers are relative to."""
        return max(abs(self.value if np.isfinite(self.value) else self.bound), self.size)

    @property
    def gap(self) -> float:
        """Proven, over the size of the bound; infinite where nothing is found or proven."""
        if not (np.isfinite(self.value) and np.isfinite(self.bound)):
            return np.inf
        return max(0.0, self.value - self.bound) / max(abs(self.bound), self.size)

    def allowed(self, gap: float) -> float:
        """By how much the best answer may be above the bound."""
        return gap / (1.0 + gap) * self.unit

    def enough(self, gap: float) -> float:
        """The bound at which nothing more is searched for."""
        if self.sought <= self.value < np.inf:
            return self.sought
        return self.value - CLOSED_GAP * self.allowed(gap)

    def proven(self, gap: float) -> bool:
        """Whether the search may end."""
        return np.isfinite(self.value) and self.bound >= self.enough(gap)
