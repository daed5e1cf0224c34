"""Orders of metal that is used: the cheapest that keep a stop improbable, or the best use of a budget, over drawn arrivals.

A mixed-integer program over scenarios (Birge and Louveaux, Introduction to Stochastic Programming, 2011, chapter 2). What is
missing in a scenario is the largest excess of need over supply, which is convex in what is ordered; whether production stops in
it is a binary, and the probability of a stop a bound on their mean (a chance constraint by sample average, Luedtke and Ahmed,
SIAM Journal on Optimization 19, 2008).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from toolkit.core.forecast import FloatArray
from toolkit.holdings.cover import LEAST, StockPaths, Supply
from toolkit.optimize.solvers.highs import MixedIntegerProgram
from toolkit.optimize.solvers.work import Work

SECONDS = 10.0
"""Work that a plan for one metal may take."""
GAP = 0.003
"""Relative gap at which a plan is good enough."""
ROWS_ADDED = 2000
"""Rows that are added at once."""
SOLVES = 8
"""Plans that a search for those that hold over other draws solves for at most."""

Lots = NDArray[np.int_]
"""(offers,) lots of each."""


@dataclass(frozen=True, slots=True, eq=False)
class OrderOffer:
    """Metal that can be ordered today, in whole lots.

    Attributes:
        key: Its name: in several problems the same offer, of which the least and the most are of all together. Offers of one
            `group` exclude each other, as the prices of a price break do.
        kg: Contained metal of a lot.
        price: Money for a lot, landed.
        carrying: Money for a lot and a day from its arrival on: storage, insurance and the money tied up.
        days: (scenarios,) on which it arrives.
        refunded: Whether what never arrives costs nothing.
        least, most: Lots, if any are ordered; `most` is None where the offer names no limit.
        members: Names of the groups that limits on shares are on, as its supplier and its origin.
    """

    key: str
    kg: float
    price: float
    carrying: float
    days: FloatArray
    least: int = 1
    most: int | None = None
    group: str = ""
    members: frozenset[str] = frozenset()
    refunded: bool = False

    @property
    def expected_price(self) -> float:
        """Money for a lot, on average over the scenarios."""
        return self.price * (float(np.isfinite(self.days).mean()) if self.refunded else 1.0)


@dataclass(frozen=True, slots=True, eq=False)
class OrderProblem:
    """What to order of one metal.

    Attributes:
        need: (days,) kg used on each day, tomorrow first.
        safety: Days of use that shall be there at any time: what is missing of them costs as much as what is missing.
        beyond: (days,) kg used on each day after these, at least for the days of safety; None for the rate of the last day.
        supply: What is there and on its way, (scenarios,) draws.
        offers: What can be ordered.
        missing_cost: Money for a kg that is missing.
        resale: Part of the lowest price of an offer that metal left at the end brings.
        probability: Largest probability of a stop; None for no limit.
        shares: Name of a group -> largest share of what is ordered.
    """

    need: FloatArray
    supply: Supply
    offers: tuple[OrderOffer, ...]
    missing_cost: float
    safety: int = 0
    beyond: FloatArray | None = None
    resale: float = 0.0
    probability: float | None = None
    shares: dict[str, float] = field(default_factory=dict)

    @property
    def target(self) -> FloatArray:
        """(days,) kg that have to be there on each day beyond those of the days before: the need, early by the safety."""
        beyond = np.full(self.safety, self.need[-1]) if self.beyond is None else self.beyond[: self.safety]
        ahead = np.concatenate([self.need, beyond])
        return np.concatenate([[ahead[: self.safety + 1].sum()], ahead[self.safety + 1 :]])

    @property
    def credit(self) -> float:
        """Money for a kg that is left at the end: never more than what it cost."""
        return self.resale * min((one.price / one.kg for one in self.offers), default=0.0)

    @property
    def days(self) -> FloatArray:
        """(scenarios, offers) on which each offer arrives."""
        some = [one.days for one in self.offers]
        return np.column_stack(some) if some else np.empty((len(self.supply.days), 0))

    def per_lot(self, key: Literal["kg", "price", "expected_price"]) -> FloatArray:
        """(offers,) metal, or money, of a lot."""
        return np.array([getattr(one, key) for one in self.offers])

    def most(self, offer: OrderOffer) -> float:
        """Lots of an offer beyond which more changes nothing: all that is needed, from this offer alone."""
        enough = np.ceil(self.target.sum() / offer.kg) + offer.least
        return float(enough if offer.most is None else min(offer.most, enough))

    def supplied(self, lots: Lots) -> Supply:
        """The supply with what is ordered, (offers,) lots."""
        return self.supply + Supply(0.0, lots * self.per_lot("kg"), self.days)

    def paths(self, lots: Lots) -> StockPaths:
        """Stock through time with what is ordered, (offers,) lots."""
        return StockPaths.of(self.supplied(lots), self.need)

    def spent(self, lots: Lots) -> float:
        """Money for what is ordered, (offers,) lots."""
        return float(lots @ self.per_lot("price"))

    @property
    def carried(self) -> FloatArray:
        """(offers,) money for a lot from its arrival to the last day, on average."""
        rest = np.clip(len(self.need) - self.days, 0.0, None).mean(axis=0)
        return rest * np.array([one.carrying for one in self.offers])

    def expected_cost(self, lots: Lots) -> float:
        """What the program minimises: price and carrying of lots, (offers,), and what is missing, less what is left at the end.

        Carrying counts each lot to the last day: what the need takes of it is the same for every plan without a stop.
        """
        paths = StockPaths.of(self.supplied(lots), self.target)
        left = paths.supplied[:, -1] - paths.needed[-1] + paths.missing[:, -1]
        return (
            float(lots @ (self.per_lot("expected_price") + self.carried))
            + self.missing_cost * paths.expected_missing
            - self.credit * float(left.mean())
        )


@dataclass(frozen=True, slots=True, eq=False)
class OrderPlan:
    """What to order, and how good it is.

    Attributes:
        lots: For each problem the lots of each offer.
        cost: Expected cost of all, as of `OrderProblem.expected_cost`; with a budget what is missing, weighed by its cost.
        bound: No plan has a lower one.
    """

    lots: tuple[Lots, ...]
    cost: float
    bound: float

    @property
    def gap(self) -> float:
        """Relative distance of cost and bound."""
        return max(0.0, self.cost - self.bound) / max(abs(self.cost), LEAST)


@dataclass(frozen=True, slots=True, eq=False)
class _Lacks:
    """Rows of a program: by how much need exceeds supply.

    Between two arrivals of offers the largest lack decides, so that a scenario has one row more than offers at most.

    Attributes:
        arrived: (rows, offers) whether an offer has arrived.
        worst: (rows,) the largest lack without any offer, above zero.
        scenario: (rows,) position of the scenario among those that can lack anything.
        count: Number of these.
    """

    arrived: NDArray[np.bool_]
    worst: FloatArray
    scenario: NDArray[np.intp]
    count: int

    @classmethod
    def of(cls, problem: OrderProblem, need: FloatArray) -> _Lacks:
        """The lacks of a need, (days,)."""
        paths = StockPaths.of(problem.supply, need)
        lacking = paths.needed - paths.supplied
        draws, days = lacking.shape
        begins = np.zeros(lacking.shape, dtype=bool)  # of the days from one arrival to the next
        begins[:, 0] = True
        rows, columns = np.nonzero(problem.days < days)
        begins[rows, problem.days[rows, columns].astype(int)] = True
        first = np.flatnonzero(begins)
        most, of, day = np.maximum.reduceat(lacking.ravel(), first), first // days, first % days
        before = np.full((draws, problem.days.shape[1] + 2), LEAST * max(paths.needed[-1], LEAST))
        place = np.arange(len(first)) - np.searchsorted(of, of)
        before[of, place + 1] = most
        larger = most > np.maximum.accumulate(before, axis=1)[of, place]  # less, with more that has arrived, says nothing more
        some, scenario = np.unique(of[larger], return_inverse=True)
        return cls(problem.days[of[larger]] <= day[larger, None], most[larger], scenario, len(some))

    def certain(self, allowed: int) -> tuple[NDArray[np.bool_], FloatArray, FloatArray]:
        """What each set of arrivals has to cover, whichever scenarios are allowed to lack something.

        In all but `allowed` scenarios nothing is lacking, so that at least the next largest lack is covered (Luedtke and Ahmed
        2008; mixing sets).

        Args:
            allowed: Number of scenarios that may lack something.

        Returns:
            (sets, offers) sets of offers that have arrived, (sets,) what they cover at least, and (rows,) the same by row.
        """
        sets, of = np.unique(self.arrived, axis=0, return_inverse=True)
        least = np.zeros(len(sets))
        for at, arrived in enumerate(sets):
            inside = ~(self.arrived & ~arrived).any(axis=1)
            worst = np.zeros(self.count)
            np.maximum.at(worst, self.scenario[inside], self.worst[inside])
            least[at] = np.sort(worst)[::-1][allowed] if allowed < self.count else 0.0
        return sets, least, least[of.ravel()]


@dataclass(frozen=True, slots=True, eq=False)
class _Block:
    """The part of a program that is of one metal.

    Attributes:
        problem: Of the metal.
        missed: What can be missing, the safety with it.
        stopped: What can stop production; without a row where its probability has no limit.
        start: Its first column: lots, what is missing and whether it stops in each scenario.
    """

    problem: OrderProblem
    missed: _Lacks
    stopped: _Lacks
    start: int

    @classmethod
    def of(cls, problem: OrderProblem, start: int) -> _Block:
        """The part of a metal, from a column on."""
        stopped = problem.need if problem.probability is not None else np.zeros_like(problem.need)
        return cls(problem, _Lacks.of(problem, problem.target), _Lacks.of(problem, stopped), start)

    @property
    def lots(self) -> slice:
        """Columns of the lots of each offer."""
        return slice(self.start, self.start + len(self.problem.offers))

    @property
    def missing(self) -> slice:
        """Columns of what is missing."""
        return slice(self.lots.stop, self.lots.stop + self.missed.count)

    @property
    def stops(self) -> slice:
        """Columns of whether production stops."""
        return slice(self.missing.stop, self.missing.stop + self.stopped.count)

    def prices(self, *, of_money: bool) -> tuple[FloatArray, float, float]:
        """(offers,) what a lot costs, what a missing kg costs, and what the plan without orders costs beside that.

        Args:
            of_money: Whether money is the aim; else, with a budget, what is missing is.
        """
        problem, horizon = self.problem, len(self.problem.need)
        price, kg = problem.per_lot("expected_price"), problem.per_lot("kg")
        if not of_money:  # of two plans that miss the same the cheaper one is meant
            return price * 1e-6, problem.missing_cost, 0.0
        arrives = (problem.days <= horizon).mean(axis=0)
        paths = StockPaths.of(problem.supply, problem.target)
        left = float((paths.supplied[:, -1] - paths.needed[-1]).mean())
        full = price + problem.carried - problem.credit * kg * arrives
        return full, problem.missing_cost - problem.credit, -problem.credit * left

    def add(self, program: MixedIntegerProgram, used: Mapping[str, int]) -> None:
        """Add its rows.

        Args:
            program: Whose rows these are.
            used: Key of an offer -> column of whether any of it are ordered.
        """
        problem, offers = self.problem, self.problem.offers
        kg, most = problem.per_lot("kg"), np.array([problem.most(one) for one in offers])

        def add(arrived: NDArray[np.bool_], least: FloatArray, columns: NDArray[np.intp], each: FloatArray) -> None:
            for first in range(0, len(least), ROWS_ADDED):
                part = slice(first, first + ROWS_ADDED)
                row = program.blank(len(least[part]))
                row[:, self.lots] = arrived[part] * kg
                row[np.arange(len(row)), columns[part]] += each[part]
                program.add(row, least[part], np.inf)

        missed, stopped = self.missed, self.stopped
        add(missed.arrived, missed.worst, self.missing.start + missed.scenario, np.ones(len(missed.worst)))
        if problem.probability is not None and stopped.count:
            allowed = int(np.floor(problem.probability * len(problem.days) + LEAST))
            sets, least, floor = stopped.certain(allowed)
            add(sets, least, np.full(len(sets), self.stops.start), np.zeros(len(sets)))
            open_ones = stopped.worst > floor
            columns = self.stops.start + stopped.scenario[open_ones]
            add(stopped.arrived[open_ones], stopped.worst[open_ones], columns, (stopped.worst - floor)[open_ones])
            row = program.blank(1)
            row[0, self.stops] = 1.0
            program.add(row, -np.inf, allowed)
        none = program.blank(len(offers))
        none[:, self.lots] = np.eye(len(offers))
        none[np.arange(len(offers)), [used[one.key] for one in offers]] = -most
        program.add(none, -np.inf, 0.0)
        for name, share in sorted(problem.shares.items()):
            row = program.blank(1)
            row[0, self.lots] = kg * ([name in one.members for one in offers] - np.full(len(kg), share))
            program.add(row, -np.inf, 0.0)


def order_plan(
    problems: Sequence[OrderProblem],
    *,
    budget: float | None = None,
    start: Sequence[Lots] | None = None,
    work: Work | None = None,
) -> OrderPlan | None:
    """The plan of least expected cost, or the one that misses least for a budget; None where nothing meets the limits.

    Args:
        problems: One a metal and site; together where they share offers.
        budget: Money that may be spent on all; then limits on probabilities are left out.
        start: (offers,) lots of each problem from which the search may start.
        work: That it may take; None for `SECONDS` of it.

    Raises:
        NumericalFailure: when HiGHS stops without an answer either way.
    """
    if budget is not None:
        problems = [replace(one, probability=None) for one in problems]
    blocks, width = list[_Block](), 0
    for problem in problems:
        blocks.append(_Block.of(problem, width))
        width = blocks[-1].stops.stop
    offers = {one.key: one for problem in problems for one in problem.offers}
    used = {key: width + at for at, key in enumerate(offers)}
    width += len(used)
    cost, upper, integer, fixed = np.zeros(width), np.full(width, np.inf), np.zeros(width, dtype=bool), 0.0
    for block in blocks:
        cost[block.lots], missed, beside = block.prices(of_money=budget is None)
        cost[block.missing] = missed / len(block.problem.days)
        fixed += beside
        upper[block.lots] = [block.problem.most(one) for one in block.problem.offers]
        upper[block.stops] = 1.0
        integer[block.lots] = integer[block.stops] = True
    upper[list(used.values())], integer[list(used.values())] = 1.0, True
    program = MixedIntegerProgram(cost, upper, integer, gap=GAP)
    for block in blocks:
        block.add(program, used)
    for key, one in offers.items():  # of all problems together none, or at least the least, and at most the most
        row = program.blank(1)
        for block in blocks:
            row[0, block.lots] = [other.key == key for other in block.problem.offers]
        limits = [(one.least, 0.0, np.inf)] + ([] if one.most is None else [(one.most, -np.inf, 0.0)])
        for lots, low, high in limits:
            row[0, used[key]] = -lots
            program.add(row, low, high)
    for group in sorted({one.group for one in offers.values()} - {""}):
        row = program.blank(1)
        row[0, [used[key] for key, one in offers.items() if one.group == group]] = 1.0
        program.add(row, -np.inf, 1.0)
    if budget is not None:
        row = program.blank(1)
        for block in blocks:
            row[0, block.lots] = block.problem.per_lot("price")
        program.add(row, -np.inf, budget)
    if start is not None:
        columns = np.concatenate([np.arange(block.lots.start, block.lots.stop) for block in blocks])
        program.suggest(columns, np.concatenate(start).astype(float))
    found = program.solve(work or Work(SECONDS))
    if found is None:
        return None
    x, bound = found
    lots = tuple(np.round(x[block.lots]).astype(int) for block in blocks)
    return OrderPlan(lots, float(cost @ x) + fixed, bound + fixed)


def largest_order(problem: OrderProblem) -> Lots:
    """(offers,) lots of all that can be ordered, whatever limits on shares say: more never hurts.

    Of a group that excludes its members the largest quantity counts, whichever offer it is of.
    """
    lots = np.array([problem.most(one) for one in problem.offers]).astype(int)
    kg = [one.kg * n for one, n in zip(problem.offers, lots, strict=True)]
    largest = {one.group: max(k for other, k in zip(problem.offers, kg, strict=True) if other.group == one.group)
               for one in problem.offers}  # fmt: skip
    kept = [not one.group or k == largest[one.group] for one, k in zip(problem.offers, kg, strict=True)]
    return np.where(kept, lots, 0)


def without_the_unavoidable(problem: OrderProblem) -> OrderProblem:
    """The same with a stock, in each scenario, of what is missing with the largest order: no stop is one that none prevents."""
    missing = problem.paths(largest_order(problem)).missing[:, -1:]
    return replace(problem, supply=replace(problem.supply, bridged=missing))


@dataclass(frozen=True, slots=True, eq=False)
class BestPlans:
    """Of the plans that a search found the best ones, judged over other draws than those that it searched by.

    Attributes:
        cheapest: Of those that keep the probability asked for the one of least expected cost; where none does, of all that keep
            it for the problems of which it can be kept.
        nearest: The cheapest, where that keeps the probability asked for; else the one that does so for the problems of which
            it can be kept, and of the others for what an order can prevent: a stop, or one longer than with the largest order.
        keeps: Whether the cheapest keeps it.
    """

    cheapest: OrderPlan
    nearest: OrderPlan
    keeps: bool


def best_plans(problems: Sequence[OrderProblem], judged: Sequence[OrderProblem], asked: float) -> BestPlans:
    """The plan of least cost that keeps a probability of a stop, and the one that comes nearest to it.

    The plan without a limit is the cheapest of all, and the answer where it holds. Else the limit of the draws that are
    searched by is bisected between the lowest that any order reaches and the loosest that does not hold over the others.

    Args:
        problems: One a metal and site, with the draws that plans are searched by.
        judged: The same with those by which they are judged.
        asked: Largest probability of a stop.
    """
    least, lowest = ([one.paths(largest_order(one)).probability for one in some] for some in (problems, judged))
    can = np.array(lowest) <= asked
    work, found = Work(SECONDS), list[tuple[OrderPlan, float, FloatArray]]()

    def solve(levels: Sequence[float | None], some: Sequence[OrderProblem] = problems) -> FloatArray | None:
        """By how much the plan of these limits exceeds what is asked for; None where none holds them."""
        limited = [replace(one, probability=level) for one, level in zip(some, levels, strict=True)]
        plan = order_plan(limited, start=found[0][0].lots if found else None, work=work)
        if plan is None:
            return None
        pairs = [*zip(judged, plan.lots, strict=True)]
        above = np.array([max(one.paths(lots).probability - asked, 0.0) for one, lots in pairs])
        found.append((plan, sum(one.expected_cost(lots) for one, lots in pairs), above))
        return above

    above = solve([None] * len(problems))
    low, high = max((own for own, may in zip(least, can, strict=True) if may), default=1.0), 1.0
    level = max(low, asked)
    for number in range(SOLVES if above is not None and above[can].any() else 0):
        above = solve([max(level, own) if may else None for own, may in zip(least, can, strict=True)])
        is_kept = above is not None and not above[can].any()
        if is_kept and number == 0:
            break
        low, high = (level, high) if above is None or is_kept else (low, level)
        if high - low < 1 / len(problems[0].days):
            break
        level = low if number == 0 and level == high else (low + high) / 2
    cheapest, _, above = min(found, key=lambda one: (one[2][can].any(), one[1]))
    if not above.any():
        return BestPlans(cheapest, cheapest, keeps=True)
    kept = [one.paths(lots).probability if may else asked for one, lots, may in zip(problems, cheapest.lots, can, strict=True)]
    preventable = [one if may else without_the_unavoidable(one) for one, may in zip(problems, can, strict=True)]
    if solve(kept, preventable) is None:  # limits on shares
        solve([max(asked, own) for own in least])
        return BestPlans(cheapest, min(found, key=lambda one: (one[2].sum(), one[1]))[0], keeps=False)
    return BestPlans(cheapest, found[-1][0], keeps=False)
