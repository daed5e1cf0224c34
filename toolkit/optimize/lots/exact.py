"""Whole lots, minimum tickets and numbers of holdings, exactly: outer approximation over HiGHS with a proven gap.

Three steps. Cutting planes (Kelley 1960) solve the relaxation. Rounding and moving single lots gives an answer, and how far
it is from the relaxation bounds how far the best answer can be: only there the quadratic is approximated, so finely that one
mixed-integer linear program is usually enough. Its dual bound proves the gap; where it is not enough, tangents are added at
what it found (Duran and Grossmann 1986). What is no sum of squares, such as a measure of risk, is left to `tree`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from toolkit.core.errors import Infeasible, NumericalFailure, ToolkitError
from toolkit.core.forecast import FloatArray
from toolkit.optimize.constraints.bounds import Bounds
from toolkit.optimize.continuous import solve_continuous
from toolkit.optimize.costs import TRADED
from toolkit.optimize.functions import ConvexConstraints, ConvexFunction
from toolkit.optimize.lots.approximation import LIMITS, Approximation, RelaxedPoint, solve_fixed_integer
from toolkit.optimize.lots.rounding import Incumbent, Score
from toolkit.optimize.lots.tree import Tree
from toolkit.optimize.problem import Problem
from toolkit.optimize.quadratic import Quadratic
from toolkit.optimize.solvers.mixed_integer import LotTerms, least_trades, lot_program
from toolkit.optimize.solvers.solve import SolverInfeasible
from toolkit.optimize.solvers.work import Work

LEFT_OUT = 0.5
"""Part of the holdings that are too many which is left out before the rest is solved again."""
EXCHANGED = 3
"""Smallest holdings that are exchanged, and others that are tried in the place of each."""
EXCHANGES = 40
"""Rounds of exchange at most."""
PART_OF_WORK = 0.2
PER_SOLUTION = 0.05
"""Seconds of a continuous problem, of the machine that `Work` counts in."""


def start_with_few(near: Approximation, values: FloatArray, best: Incumbent, gap: float) -> None:
    """Offer answers with as many holdings as are allowed.

    Args:
        near: The program.
        values: (n,) of the continuous optimum.
        best: What they are offered to.
        gap: That is searched for.
    """
    if not near.score.terms.counts:
        return
    work = best.work.part(PART_OF_WORK * best.work.left)
    while (kept := _fewer(near, values, 1.0 if work.over else LEFT_OUT)) is not None:
        following = _continuous(near, kept, work)
        values = np.where(kept, values, 0.0) if following is None else following
    tolerance = gap * max(abs(near.score.one(values)[1]), best.size)
    _settle(near, _at_least(near, values), best, tolerance, work)
    for _ in range(EXCHANGES if np.isfinite(best.value) else 0):
        before = best.value
        for other in _exchanged(near, best.values):
            if work.over or before - best.value > tolerance:
                break
            _settle(near, other, best, tolerance, work)
        if before - best.value <= tolerance:
            break


def _continuous(near: Approximation, kept: NDArray[np.bool_], work: Work) -> FloatArray | None:
    """(n,) values of the continuous optimum where only some assets, (n,), are held; None where there is none."""
    problem = near.score.problem
    none = Bounds([problem.universe.keys[i] for i in np.flatnonzero(~kept)], name=" not held", upper=0.0, hard=True)
    fewer = replace(problem, constraints=(*problem.constraints, none))
    work.spend(PER_SOLUTION)
    try:
        found = solve_continuous(fewer, fewer.linear_constraints(), None)
    except (SolverInfeasible, ToolkitError):  # the search goes on without it
        return None
    values = np.maximum(found.x[:-1], 0.0) * near.score.wealth
    near.cut(values)
    return values


def _settle(near: Approximation, values: FloatArray, best: Incumbent, tolerance: float, work: Work) -> None:
    """Offer values, (n,), and the best of the same holdings, in whole lots where they are."""
    best.offer(near.score.terms.whole(values), moved=bool(near.score.terms.in_lots.any()))
    if near.score.terms.loose.any() and (found := solve_fixed_integer(near, values, tolerance, work)) is not None:
        best.offer(found, moved=False)


def _fewer(near: Approximation, values: FloatArray, part: float) -> NDArray[np.bool_] | None:
    """(n,) what may be held where a part of the smallest holdings of each number that is too large is left out; else None."""
    kept, too_many = np.ones(len(values), dtype=bool), False
    for count in near.score.terms.counts:
        held = (count.members > 0) & (values > TRADED)
        over = 0 if count.most is None else int(held.sum()) - count.most
        if over > 0:
            smallest = np.flatnonzero(held)[np.argsort(values[held], kind="stable")]
            kept &= held | (count.members == 0)
            kept[smallest[: int(np.ceil(part * over))]], too_many = False, True
    return kept if too_many else None


def _at_least(near: Approximation, values: FloatArray) -> FloatArray:
    """(n,) the values, with the least holding of others where fewer are held than must be."""
    terms, found, slope = near.score.terms, values.copy(), near.score.gradient(values)
    for count in terms.counts:
        short = count.fewest - int(np.sum((count.members > 0) & (found > TRADED)))
        others = np.flatnonzero((count.members > 0) & (found <= TRADED))
        chosen = others[np.argsort(slope[others], kind="stable")][: max(short, 0)]
        found[chosen] = np.maximum(terms.floor[chosen], terms.lot[chosen])
    return found


def _exchanged(near: Approximation, values: FloatArray) -> list[FloatArray]:
    """Values, (n,), with a small holding given to what lowers the objective most."""
    terms, slope = near.score.terms, near.score.gradient(values)
    counted = np.any([count.members > 0 for count in terms.counts], axis=0)
    held, others = np.flatnonzero(counted & (values > TRADED)), np.flatnonzero(counted & (values <= TRADED))
    out = held[np.argsort(values[held], kind="stable")][:EXCHANGED]
    into = others[np.argsort(slope[others], kind="stable")][:EXCHANGED]
    found = []
    for i in out:
        for j in into:
            other = values.copy()
            other[j], other[i] = max(values[i], terms.floor[j]), 0.0
            found.append(other)
    return found


ZERO_OBJECTIVE = 1e-9
"""An objective below this part of one asset's own is zero (everything in cash): its gap is measured against this instead."""
FINER_FROM = 0.2
"""The approximation is made finer when a better answer closes this part of the distance to the relaxation."""
FINER, FINEST = 0.1, 1e-3
"""Where nothing new is found, programs are solved to this part of the gap they had, and to this one of the first at last."""
PART_BEFORE_FOUND = 0.6
"""Part of the work that a search may use as long as it has found nothing: the rest is for finding out why."""
VALUES_GAP = 0.05
"""The values of one choice of holdings are found to this part of the gap."""
SMALL_TRADE = 2.0
"""Trades that are less than this many times what they cost are tried to be left out of the answer."""
RELAXATION_GAP = 0.02
"""The relaxation is solved to this part of the gap."""
APPROXIMATED, OF_DISTANCE = 0.5, 0.1
"""What the approximation of the quadratic may cost of the gap, for the search of the lots may cost the rest, and, where that is
more, of the distance from the relaxation to the best answer: finer rows would be many, and cut off nothing."""
ROUNDED_TO_CENTS = 2e-7
"""By how much what is held today may go beyond a limit: its amounts were rounded to cents."""
CUTTING_PLANES = 100
"""Linear programs of the relaxation at most."""
LEFTOVER_PART = 0.2
"""Of the work, for the least cash; the best that is found by then is an upper bound of it as good as any."""
CASH_CLOSE = 1e-6
"""How far the least cash may be from what it is, of wealth, where lots are smaller."""


@dataclass(frozen=True, slots=True)
class WholeLots:
    """A discrete answer.

    Attributes:
        values: (n,) value held as a fraction of the budget.
        lots: (n,) whole lots; NaN for an asset that is not traded in lots.
        objective: Of the values.
        bound: Proven lower bound of the objective of any discrete answer.
        gap: Proven, over the size of the bound; None where there is none. Weights of the objective are values over one wealth
            W, that of the continuous optimum. Weights that are reported are values over the answer's own wealth w, 1 less its
            entry costs: the variance of the same values is (W / w)^2 times as large, a return W / w times. Another answer with
            wealth v can thus be better in the objective that is reported by up to 2 |v - w| / w (variance) or |v - w| / w
            (return) of it more than the gap says. Two portfolios of the same three metals with proven gaps of 1e-7 and
            3e-5 differed by 2.7e-5 that way; where spreads differ by some per cent and the answers by some per cent of
            the budget, it is of the order of 1e-4.
        rounds: Mixed-integer programs solved, or nodes of the tree of `tree`.
        rounding_cost: By how much the objective of the continuous optimum, rounded by hand, is worse, over the size of
            the objective; None where no rounding holds every limit, or nothing is in lots.
    """

    values: FloatArray
    lots: FloatArray
    objective: float
    bound: float
    gap: float | None
    rounds: int
    rounding_cost: float | None


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
    known: FloatArray | None = None,
    sought: float = np.inf,
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
        known: (n,) an answer to start from.
        sought: A bound that ends the search, whatever the gap of a best answer above it.

    Raises:
        Infeasible: when it is proven that no whole lots hold every limit.
        NumericalFailure: when none was found, and none was ruled out.
    """
    first = work.part(PART_BEFORE_FOUND * work.left)
    terms = LotTerms.of(problem)
    score = Score(problem, terms, problem.linear_constraints(), quadratic, parts, convex, wealth, charged)
    start = np.where(terms.kept, problem.previous, np.clip(relaxed * wealth, terms.least, terms.greatest))
    by_hand, _ = score.rounded(start)
    near = Approximation.of(score, start, target_gap)
    best = Incumbent(score, start, max(size, ZERO_OBJECTIVE * near.scale), first, sought)

    current = CurrentHoldings.of(score, best)
    if known is not None:
        best.offer(known, moved=False)
    start_with_few(near, start, best, target_gap)
    best.offer(terms.whole(start), moved=True)
    rounds = _search_from_start(near, start, best, target_gap, work)
    _leave_out_small(near, best, target_gap, work)
    if current is not None and current.as_good(best, target_gap):
        best.value, best.values = current.value, problem.previous
    values, some, as_held = best.values, terms.small > 0, terms.kept | (best.values == problem.previous)
    lots = np.where(terms.in_lots, np.round(values / terms.step), np.nan)
    lots = np.where(some, np.floor(values / np.where(some, terms.small, 1.0)), lots)
    values = np.where(some & ~as_held, lots * terms.small, values)
    lots = np.where(as_held, _whole(problem.previous / problem.lot_values), lots)
    told = np.isfinite(by_hand) and bool(terms.in_lots.any())
    cost = max(0.0, by_hand - best.value) / best.unit if told else None
    # Where the bound is as good as zero nothing can be told as a part of it.
    told = np.isfinite(best.gap) and (best.gap <= target_gap or abs(best.bound) >= best.size or size > 0)
    return WholeLots(values, lots, best.value, best.bound, best.gap if told else None, rounds, cost)


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
        if not problem.previous.any() or problem.previous.sum() > 1.0 + ROUNDED_TO_CENTS:
            return None
        excess, value = score.one(problem.previous)
        counts = problem.previous / score.terms.step
        broken = score.terms.in_lots & (np.abs(counts - np.round(counts)) > TRADED * 1e3)
        if excess > ROUNDED_TO_CENTS or broken.any():
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


def _leave_out_small(near: Approximation, best: Incumbent, target_gap: float, work: Work) -> None:
    """Leave trades that are hardly worth their fee out of the best answer, where the others alone are as good.

    As good as answers of different wealth can be compared, see `CurrentHoldings.as_good`: what a fee uses up is no risk.
    """
    score, problem, trades = best.score, best.score.problem, np.abs(best.values - best.score.problem.previous)
    small = (
        score.terms.loose & (problem.costs.fees > 0) & (trades < SMALL_TRADE * np.maximum(*least_trades(problem, score.terms)))
    )
    if not np.any(trades[small] > TRADED):
        return
    fewer = solve_fixed_integer(
        near, np.where(small, problem.previous, best.values), VALUES_GAP * best.allowed(target_gap), work
    )
    if fewer is None:
        return
    before, after = (problem.costs.entry(values - problem.previous, problem.data.budget) for values in (best.values, fewer))
    value = score.one(fewer)[1]
    if value <= best.value + 2.0 * max(before - after, 0.0) * best.unit:
        best.value, best.values = value, fewer


def _search_from_start(near: Approximation, start: FloatArray, best: Incumbent, target_gap: float, work: Work) -> int:
    """The relaxation and the search, whose rounds are returned; what is known stays where there is no work for them.

    Raises:
        Infeasible, NumericalFailure: as of `whole_lots`.
    """
    try:
        middle = relaxation(near, start, lambda value: RELAXATION_GAP * target_gap * max(abs(value), best.size), best.work)
    except NumericalFailure:
        if np.isfinite(best.value):
            return 0
        raise
    if middle is None:
        raise Infeasible("no whole lots hold the limits.")
    best.prove(middle.bound)
    best.offer(near.score.terms.whole(middle.values), moved=True)
    near.refine(middle, best.value, _coarseness(best, middle, target_gap), best.work)
    tree = Tree(near, best, middle.bound) if near.shared else None

    def search() -> int:
        return _search(near, middle, best, target_gap) if tree is None else tree.search(target_gap)

    rounds = search()
    if not np.isfinite(best.value):
        # A bound of infinity is a proof: the last program, a relaxation of the problem, had no answer.
        if best.bound == np.inf:
            raise Infeasible("no whole lots hold the limits.")
        raise NumericalFailure("no whole lots were found.")
    if not best.proven(target_gap) and not work.over:
        best.work = work
        rounds += search()
    return rounds


def _search(near: Approximation, middle: RelaxedPoint, best: Incumbent, target_gap: float) -> int:
    """Solve mixed-integer programs until the gap is proven; returns their number.

    Raises:
        NumericalFailure: when there was no time to find any answer.
    """
    rounds, seen, proven, part = 0, set[bytes](), -np.inf, 1.0
    loose = bool(near.score.terms.loose.any())
    while not best.proven(target_gap):
        if rounds and best.work.over:
            break
        rounds += 1
        try:
            start, allowed = best.values if np.isfinite(best.value) else None, best.allowed(target_gap)
            found = near.solve(start, part * allowed, best.enough(target_gap), best.work)
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
        if loose and not best.proven(target_gap):
            settled = solve_fixed_integer(near, points[-1], VALUES_GAP * allowed, best.work)
            if settled is not None:
                best.offer(settled, moved=False)
        if not best.proven(target_gap):
            best.offer(points[-1], moved=True)
        nearer = not np.isfinite(before) or before - best.value > FINER_FROM * (before - middle.bound)
        if np.isfinite(best.value) and nearer and not best.proven(target_gap):
            near.refine(middle, best.value, _coarseness(best, middle, target_gap), best.work)
    return rounds


def _coarseness(best: Incumbent, middle: RelaxedPoint, target_gap: float) -> float:
    """By how much the approximation of the quadratic may be wrong."""
    distance = best.value - middle.bound if np.isfinite(best.value) else 0.0
    return max(APPROXIMATED * best.allowed(target_gap), OF_DISTANCE * distance)


def _whole(counts: FloatArray) -> FloatArray:
    """(n,) counts that are whole, NaN for those that are not."""
    return np.where(np.abs(counts - np.round(counts)) < TRADED * 1e3, np.round(counts), np.nan)


def relaxation(near: Approximation, start: FloatArray, tolerance: Callable[[float], float], work: Work) -> RelaxedPoint | None:
    """The optimum without integrality, to a tolerance that depends on the objective; None when there is none.

    Raises:
        NumericalFailure: when HiGHS stops without an answer.
    """
    near.program.demand_whole(asked=False)
    best, values, bound, prices = np.inf, start, -np.inf, np.zeros(0)
    for _ in range(CUTTING_PLANES):
        try:
            found = near.program.solve_relaxed(work)
        except NumericalFailure:
            if np.isfinite(bound):  # the work was used up
                break
            raise
        if found is None:
            return None
        point, least, prices = found
        bound = max(bound, least * near.scale)
        here = point[near.columns.value]
        value = _value(near, here, point)
        if value < best:
            best, values = value, here
        if (np.isfinite(best) and best - bound <= tolerance(best)) or work.over:
            break
        near.cut(here)
    near.program.demand_whole(asked=True)
    return RelaxedPoint(values, bound, prices)


def _value(near: Approximation, values: FloatArray, point: FloatArray) -> float:
    """The objective at a relaxed point: what the program calls it, with the functions in place of their columns."""
    amounts = point[: near.columns.n + 1]
    total = amounts.sum()
    square = slice(near.squares.first, near.squares.first + len(near.squares.rows))
    value = near.cost @ point - point[square].sum() + np.sum(near.squares.at(values) ** 2)
    for part in near.parts:
        value += part.function.value(amounts / total) * total / near.score.wealth - point[part.column]
    for held in (*(cone for cone, _ in near.cones), *near.limits):
        over = held.constraint.at(total).excess(amounts / total) * total
        if held.slack is not None:
            value += (held.constraint.price or 0.0) / near.score.wealth * max(0.0, over - point[held.slack])
        elif over > LIMITS * max(held.constraint.limit, 1e-3):
            return np.inf
    return float(value)


def with_leftover(problem: Problem, work: Work) -> Problem:
    """The problem with the cash that whole lots and tickets leave over allowed, where it is to be fully invested.

    Cash is at most the least that any answer leaves, and the price of the cheapest lot more, so that there is a choice.
    """
    owners = [i for i, own in enumerate(problem.constraints) if own.with_leftover_cash(1.0) != own]
    asked = problem.integer_requirements()
    if not owners or asked is None or not (asked.lots or np.any(asked.minimum)):
        return problem
    others = replace(problem, constraints=tuple(c for i, c in enumerate(problem.constraints) if i not in owners))
    spare = LotTerms.of(problem).cheapest(problem.costs)
    try:
        least = _least_cash(others, max(CASH_CLOSE, spare / 2), work.part(LEFTOVER_PART * work.left))
    except NumericalFailure:
        least = None
    # Where there is no answer whatever the cash, the search of the lots says why.
    allowed = 1.0 if least is None else min(1.0, least + spare)
    if problem.previous.any() and allowed < (held := 1.0 - float(problem.previous.sum())) <= allowed + spare / 2:
        allowed = held + CASH_CLOSE  # what was fully invested yesterday is so today: `close` is no reason to trade
    return replace(problem, constraints=tuple(own.with_leftover_cash(allowed) for own in problem.constraints))


def _least_cash(problem: Problem, close: float, work: Work) -> float | None:
    """The least part of wealth that whole lots leave in cash under the linear limits, but for `close`; None where none holds.

    Raises:
        NumericalFailure: when the work is used up.
    """
    program, columns = lot_program(problem, 0, {})
    program.highs.setOptionValue("mip_abs_gap", close)
    cost = np.zeros(columns.total)
    cost[columns.cash] = 1.0
    program.price(cost)
    found = program.solve(work)
    return None if found is None else float(found[0][columns.cash] / found[0][: columns.n + 1].sum())
