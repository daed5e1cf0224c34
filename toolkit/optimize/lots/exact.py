"""Whole lots, minimum tickets and numbers of holdings, exactly: outer approximation over HiGHS with a proven gap.

Three steps. Cutting planes (Kelley 1960) solve the relaxation. Rounding and moving single lots gives an answer, and how far
it is from the relaxation bounds how far the best answer can be: only there the quadratic is approximated, so finely that one
mixed-integer linear program is usually enough. Its dual bound proves the gap; where it is not enough, tangents are added at
what it found (Duran and Grossmann 1986).
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from toolkit.core.errors import Infeasible, NumericalFailure, ToolkitError
from toolkit.core.forecast import FloatArray
from toolkit.optimize.constraints.base import IntegerRequirements
from toolkit.optimize.costs import TRADED
from toolkit.optimize.functions import OBJECTIVE, ConvexConstraints, ConvexFunction
from toolkit.optimize.infeasibility.diagnose import discrete_conflict, explained, not_found
from toolkit.optimize.lots.approximation import Approximation, RelaxedPoint
from toolkit.optimize.lots.fixed_integer import solve_fixed_integer
from toolkit.optimize.lots.relaxed import relaxation
from toolkit.optimize.lots.rounding import Score
from toolkit.optimize.problem import Problem
from toolkit.optimize.quadratic import Quadratic
from toolkit.optimize.solvers.mixed_integer import LotTerms
from toolkit.optimize.solvers.work import Work

TINY = 1e-9
"""An objective below this part of one asset's own is zero (everything in cash): its gap is measured against this instead."""
WORTHWHILE = 0.2
"""The approximation is made finer when a better answer closes this part of the distance to the relaxation."""
FINER, FINEST = 0.1, 1e-3
"""Where nothing new is found, programs are solved to this part of the gap they had, and to this one of the first at last."""
ENOUGH = 0.999
"""A long search ends where this part of the gap is proven of the best answer so far."""
FIRST = 0.6
"""Part of the work that a search may use as long as it has found nothing: the rest is for finding out why."""
SETTLED = 0.05
"""The values of one choice of holdings are found to this part of the gap."""
RELAXED = 0.02
"""The relaxation is solved to this part of the gap."""
APPROXIMATED = 0.5
"""What the approximation of the quadratic may cost of the gap; the search of the lots may cost the rest."""


EQUAL = 2e-7
"""By how much what is held today may go beyond a limit: its amounts were rounded to cents."""


@dataclass(frozen=True, slots=True)
class WholeLots:
    """A discrete answer.

    Attributes:
        values: (n,) value held as a fraction of the budget.
        lots: (n,) whole lots; NaN for an asset that is not traded in lots.
        objective: Of the values.
        bound: Proven lower bound of the objective of any discrete answer.
        gap: Proven gap over the size of the objective, whose weights are values over one wealth W, that of the continuous
            optimum. Weights that are reported are values over the answer's own wealth w, 1 less its entry costs: the
            variance of the same values is (W / w)^2 times as large, a return W / w times. Another answer with the wealth
            v can thus be better in the objective that is reported by up to 2 |v - w| / w (variance) or |v - w| / w
            (return) of it more than the gap says. Two portfolios of the same three metals with proven gaps of 1e-7 and
            3e-5 differed by 2.7e-5 that way; where spreads differ by some per cent and the answers by some per cent of
            the budget, it is of the order of 1e-4.
        rounds: Mixed-integer programs solved.
        rounding_cost: By how much the objective of the continuous optimum, rounded by hand, is worse, over the size of
            the objective; None where no rounding holds every limit, or nothing is in lots.
    """

    values: FloatArray
    lots: FloatArray
    objective: float
    bound: float
    gap: float
    rounds: int
    rounding_cost: float | None


@dataclass(slots=True)
class Incumbent:
    """The best answer so far and what is proven of it."""

    score: Score
    values: FloatArray
    size: float
    work: Work
    value: float = np.inf
    bound: float = -np.inf

    def offer(self, values: FloatArray, *, moved: bool) -> None:
        """Take the values, or what moving single lots makes of them, if that is better."""
        for excess, value, found in [self.score.search(values, self.work)] if moved else [(*self.score.one(values), values)]:
            if excess == 0 and value < self.value:
                lot = np.where(self.score.terms.in_lots, self.score.terms.lot, 1.0)
                whole = np.where(self.score.terms.in_lots, np.round(found / lot) * lot, found)
                self.value, self.values = value, whole

    def prove(self, bound: float) -> None:
        """Take a lower bound of every answer that is better than this one; infinite where there is none."""
        self.bound = max(self.bound, min(bound, self.value))

    @property
    def unit(self) -> float:
        """What gaps are relative to."""
        return max(abs(self.value if np.isfinite(self.value) else self.bound), self.size)

    @property
    def gap(self) -> float:
        """Proven."""
        return max(0.0, self.value - self.bound) / self.unit if np.isfinite(self.value) else np.inf


def whole_lots(
    problem: Problem,
    quadratic: Quadratic,
    relaxed: FloatArray,
    wealth: float,
    *,
    target_gap: float,
    size: float,
    work: Work,
    parts: tuple[ConvexFunction, ...] = (),
    convex: ConvexConstraints = (),
    charged: bool = False,
    diagnose: bool = True,
) -> WholeLots:
    """The best whole-lot answer and a proven gap.

    Args:
        problem: With its discrete terms.
        quadratic: What is minimised, over weights.
        relaxed: (n,) weights of the continuous optimum.
        wealth: Wealth after entry costs at the continuous optimum, as a fraction of the budget; weights are values
            over this number in the objective, so that paying costs does not look like reducing risk.
        target_gap: Stop at this gap.
        size: What the gap is relative to, for objectives that are zero at their best; else the objective itself.
        work: For all programs; the best answer by its end is returned with the gap that is proven.
        parts: Convex functions that are added to what is minimised.
        convex: Limits on convex functions, over weights of wealth after the costs that are paid.
        charged: Whether fees of trades and of sites are part of what is minimised.
        diagnose: Whether to find out why there is no answer.

    Raises:
        Infeasible: when no whole-lot answer holds every limit.
        NumericalFailure: when none was found, and none was ruled out.
    """
    if not diagnose:
        return _solved(problem, quadratic, relaxed, wealth, target_gap, size, work, parts, convex, charged)
    try:
        return _solved(problem, quadratic, relaxed, wealth, target_gap, size, work, parts, convex, charged)
    except Infeasible:
        raise _impossible(problem, convex, work, proven=True) from None
    except NumericalFailure:
        raise _impossible(problem, convex, work, proven=False) from None


def _solved(
    problem: Problem,
    quadratic: Quadratic,
    relaxed: FloatArray,
    wealth: float,
    target_gap: float,
    size: float,
    work: Work,
    parts: tuple[ConvexFunction, ...],
    convex: ConvexConstraints,
    charged: bool,  # noqa: FBT001
) -> WholeLots:
    """The answer; see `whole_lots`.

    Raises:
        Infeasible: where it is proven that there is none.
        NumericalFailure: where the work was used up before any was found.
    """
    first = work.part(FIRST * work.left)
    terms, discrete = LotTerms.of(problem), problem.integer_requirements() or IntegerRequirements()
    score = Score(problem, terms, problem.linear_constraints(), discrete, quadratic, parts, convex, wealth, charged)
    start = np.where(terms.kept, problem.previous, np.clip(relaxed * wealth, terms.least, terms.greatest))
    by_hand, _ = score.rounded(start)
    near = Approximation.of(score, start, target_gap)
    best = Incumbent(score, start, max(size, TINY * near.scale), first)

    current = CurrentHoldings.of(score, best)
    middle = relaxation(near, start, lambda value: RELAXED * target_gap * max(abs(value), best.size), first)
    if middle is None:
        raise Infeasible("no whole lots hold the limits.")
    best.prove(middle.bound)
    for values in (start, middle.values):
        best.offer(near.whole(values), moved=True)
    near.refine(middle, best.value, APPROXIMATED * target_gap * best.unit, best.work)
    rounds = _search(near, middle, best, target_gap)
    if not np.isfinite(best.value):
        # A bound of infinity is a proof: the last program, a relaxation of the problem, had no answer.
        if best.bound == np.inf:
            raise Infeasible("no whole lots hold the limits.")
        raise NumericalFailure("no whole lots were found.")
    if best.gap > target_gap and not work.over:
        best.work = work
        rounds += _search(near, middle, best, target_gap)
    if current is not None and current.as_good(best, target_gap):
        best.value, best.values = current.value, problem.previous
    values, some, as_held = best.values, terms.small > 0, terms.kept | (best.values == problem.previous)
    lots = np.where(terms.in_lots, np.round(values / np.where(terms.in_lots, terms.lot, 1.0)), np.nan)
    lots = np.where(some, np.floor(values / np.where(some, terms.small, 1.0)), lots)
    values = np.where(some & ~as_held, lots * terms.small, values)
    lots = np.where(as_held, _whole(problem.previous / problem.lot_values), lots)
    told = np.isfinite(by_hand) and bool(terms.in_lots.any())
    cost = max(0.0, by_hand - best.value) / best.unit if told else None
    return WholeLots(values, lots, best.value, best.bound, best.gap, rounds, cost)


@dataclass(frozen=True, slots=True)
class CurrentHoldings:
    """What is held today as an answer: what was bought within the proven gap of the best stays within it.

    Attributes:
        value: Of the objective.
        sunk: What its purchase added to the objective when it was bought, over the years: paid, and in no gap any more.
    """

    value: float
    sunk: float

    @classmethod
    def of(cls, score: Score, best: Incumbent) -> CurrentHoldings | None:
        """Today's holdings where they hold every limit, offered to the search; None where they are none or do not."""
        problem = score.problem
        if not problem.previous.any() or problem.previous.sum() > 1.0 + EQUAL:
            return None
        excess, value = score.one(problem.previous)
        lot = np.where(score.terms.in_lots, score.terms.lot, 1.0)
        counts = problem.previous / lot
        broken = score.terms.in_lots & (np.abs(counts - np.round(counts)) > TRADED * 1e3)
        if excess > EQUAL or broken.any():
            return None
        if value < best.value:
            best.value, best.values = value, problem.previous.copy()
        # It pays no costs: its weights are those of the whole wealth.
        value = replace(score, wealth=1.0).one(problem.previous)[1]
        sunk = float(problem.costs.trade_rate @ problem.previous) / score.wealth if problem.costs.in_objective else 0.0
        return cls(value, sunk)

    def as_good(self, best: Incumbent, target_gap: float) -> bool:
        """Whether what is held is within the gap of the bound of any answer.

        Answers of different wealth are compared no finer than `WholeLots.gap` says: within twice the difference, which is
        what the trades cost. A trade that is possible only because its costs use up cash is worth no more.
        """
        score, size = best.score, max(best.unit, abs(self.value)) + self.sunk
        problem = score.problem
        paid = problem.costs.entry(best.values - problem.previous, problem.data.budget)
        return self.value - best.bound <= (target_gap + 2.0 * paid) * size


def _search(near: Approximation, middle: RelaxedPoint, best: Incumbent, target_gap: float) -> int:
    """Solve mixed-integer programs until the gap is proven; returns their number.

    Raises:
        NumericalFailure: when there was no time to find any answer.
    """
    rounds, seen, proven, part = 0, set[bytes](), -np.inf, 1.0
    loose = bool(near.score.terms.loose.any())
    while best.gap > target_gap:
        if rounds and best.work.over:
            break
        rounds += 1
        try:
            start, allowed = best.values if np.isfinite(best.value) else None, target_gap * best.unit
            found = near.solve(start, part * allowed, best.value - ENOUGH * allowed, best.work)
        except NumericalFailure:
            if np.isfinite(best.value):
                break
            raise
        if found is None:  # nothing is better than the best
            best.prove(np.inf)
            break
        points, following = found.points, found.bound
        best.prove(following)
        last = np.round(points[-1], 9).tobytes()
        if last in seen and following <= proven and not found.tightened:  # no row can tell more about it, but the search may
            if part < FINEST:
                break
            part *= FINER
        seen.add(last)
        proven = max(proven, following)
        before = best.value
        for values in points:
            near.cut(values)
            best.offer(values, moved=False)
        if loose and best.gap > target_gap:
            settled = solve_fixed_integer(near, points[-1], SETTLED * target_gap * best.unit, best.work)
            if settled is not None:
                best.offer(settled, moved=False)
        if best.gap > target_gap:
            best.offer(points[-1], moved=True)
        nearer = not np.isfinite(before) or before - best.value > WORTHWHILE * (before - middle.bound)
        if best.gap > target_gap and np.isfinite(best.value) and nearer:
            near.refine(middle, best.value, APPROXIMATED * target_gap * best.unit, best.work)
    return rounds


def _whole(counts: FloatArray) -> FloatArray:
    """(n,) counts that are whole, NaN for those that are not."""
    return np.where(np.abs(counts - np.round(counts)) < TRADED * 1e3, np.round(counts), np.nan)


def _impossible(problem: Problem, convex: ConvexConstraints, work: Work, *, proven: bool) -> ToolkitError:
    """Why there is no answer: the constraints that conflict, or that none was found and none was ruled out."""
    told = discrete_conflict(problem, work)
    if told is not None:
        return told
    rules = ", ".join(repr(problem.constraints[i].name) for i in problem.integer_by_constraint())
    names = sorted({problem.constraints[owner].name for owner in problem.risk_contributions()})
    if names:
        told = ", ".join(repr(name) for name in names)
        message = (
            f"no allocation that holds {rules} was found that holds the limits on contributions to risk: {told}. "
            "That is no proof that there is none."
        )
        return explained(problem, message, names, work, f"Raise --budget, or drop {rules}.", proven=False)
    if proven:
        own = [(own.function.label, own.limit) for own in convex if own.owner == OBJECTIVE]
        names = [f"objective.{label.split()[0]}" for label, _ in own]
        names += [constraint.name for constraint in problem.constraints]
        within = "".join(f", within a {label} of {limit:.2%}" for label, limit in own)
        message = (
            f"no allocation holds {rules} and every other limit{within}. "
            "Whether fewer of them conflict already was not found out."
        )
        return explained(problem, message, names, work, f"Raise --budget, or drop {rules}.", irreducible=False)
    message = f"no allocation that holds {rules} and every limit was found within solver.time_limit, and none was ruled out."
    return not_found(problem, message, work)
