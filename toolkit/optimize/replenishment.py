"""Orders of metal that is used: the cheapest that keep a stop improbable, or the best use of a budget, over drawn arrivals.

A mixed-integer program over scenarios (Birge and Louveaux, Introduction to Stochastic Programming, 2011, chapter 2). What is
missing in a scenario is the largest excess of need over supply, which is convex in what is ordered; whether production stops in
it is a binary, and the probability of a stop a bound on their mean (a chance constraint by sample average, Luedtke and Ahmed,
SIAM Journal on Optimization 19, 2008).
"""

from __future__ import annotations

from collections.abc import Sequence
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


@dataclass(frozen=True, slots=True, eq=False)
class Offer:
    """Metal that can be ordered today, in whole lots.

    Attributes:
        key: Its name; offers of one `group` exclude each other, as the prices of a price break do.
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
        supply: What is there and on its way, (scenarios,) draws.
        offers: What can be ordered.
        missing_cost: Money for a kg that is missing.
        resale: Part of the lowest price of an offer that metal left at the end brings.
        probability: Largest probability of a stop; None for no limit.
        shares: Name of a group -> largest share of what is ordered.
    """

    need: FloatArray
    supply: Supply
    offers: tuple[Offer, ...]
    missing_cost: float
    safety: int = 0
    resale: float = 0.0
    probability: float | None = None
    shares: dict[str, float] = field(default_factory=dict)

    @property
    def target(self) -> FloatArray:
        """(days,) kg that have to be there on each day beyond those of the days before: the need, early by the safety.

        What lies behind the last day is used at its rate.
        """
        ahead = np.concatenate([self.need, np.full(self.safety, self.need[-1])])
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

    def most(self, offer: Offer) -> float:
        """Lots of an offer beyond which more changes nothing: all that is needed, from this offer alone."""
        enough = np.ceil(self.target.sum() / offer.kg) + offer.least
        return float(enough if offer.most is None else min(offer.most, enough))

    def supplied(self, lots: NDArray[np.int_]) -> Supply:
        """The supply with what is ordered, (offers,) lots."""
        return self.supply + Supply(0.0, lots * self.per_lot("kg"), self.days)

    def paths(self, lots: NDArray[np.int_]) -> StockPaths:
        """Stock through time with what is ordered, (offers,) lots."""
        return StockPaths.of(self.supplied(lots), self.need)

    def spent(self, lots: NDArray[np.int_]) -> float:
        """Money for what is ordered, (offers,) lots."""
        return float(lots @ self.per_lot("price"))

    @property
    def carried(self) -> FloatArray:
        """(offers,) money for a lot from its arrival to the last day, on average."""
        rest = np.clip(len(self.need) - self.days, 0.0, None).mean(axis=0)
        return rest * np.array([one.carrying for one in self.offers])

    def expected_cost(self, lots: NDArray[np.int_]) -> float:
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

    lots: tuple[NDArray[np.int_], ...]
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
        arrived, worst, scenario = list[NDArray[np.bool_]](), list[float](), list[int]()
        for s, (row, arrivals) in enumerate(zip(lacking, problem.days, strict=True)):
            starts = np.unique(np.concatenate([[0.0], arrivals[arrivals < len(row)]])).astype(int)
            largest = LEAST * max(paths.needed[-1], LEAST)
            for first, end in zip(starts, [*starts[1:], len(row)], strict=True):
                if (most := row[first:end].max()) > largest:  # less, with more that has arrived, says nothing more
                    largest = most
                    arrived.append(arrivals <= first)
                    worst.append(most)
                    scenario.append(s)
        some, place = np.unique(np.array(scenario, dtype=np.intp), return_inverse=True)
        shape = len(worst), len(problem.offers)
        return cls(np.array(arrived, dtype=bool).reshape(shape), np.array(worst), place, len(some))


@dataclass(frozen=True, slots=True, eq=False)
class _Block:
    """The part of a program that is of one metal.

    Attributes:
        problem: Of the metal.
        missed: What can be missing, the safety with it.
        stopped: What can stop production; without a row where its probability has no limit.
        start: Its first column: lots, whether any are ordered, what is missing and whether it stops in each scenario.
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
    def used(self) -> slice:
        """Columns of whether any of an offer are ordered."""
        return slice(self.lots.stop, self.lots.stop + len(self.problem.offers))

    @property
    def missing(self) -> slice:
        """Columns of what is missing."""
        return slice(self.used.stop, self.used.stop + self.missed.count)

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

    def add(self, program: MixedIntegerProgram) -> None:
        """Add its rows."""
        problem, offers = self.problem, self.problem.offers
        kg, most = problem.per_lot("kg"), np.array([problem.most(one) for one in offers])
        for lacks, columns in ((self.missed, self.missing), (self.stopped, self.stops)):
            for first in range(0, len(lacks.worst), ROWS_ADDED):  # what is missing is each lack, and a stop is all of it
                part = slice(first, first + ROWS_ADDED)
                row = program.blank(len(lacks.worst[part]))
                row[:, self.lots] = lacks.arrived[part] * kg
                each = 1.0 if columns == self.missing else lacks.worst[part]
                row[np.arange(len(row)), columns.start + lacks.scenario[part]] = each
                program.add(row, lacks.worst[part], np.inf)
        if problem.probability is not None and self.stopped.count:
            row = program.blank(1)
            row[0, self.stops] = 1.0
            program.add(row, -np.inf, np.floor(problem.probability * len(problem.days) + LEAST))
        none, ones = program.blank(len(offers)), np.eye(len(offers))  # none, or at least the least
        none[:, self.lots], none[:, self.used] = ones, np.diag([-float(one.least) for one in offers])
        program.add(none, 0.0, np.inf)
        none[:, self.used] = np.diag(-most)
        program.add(none, -np.inf, 0.0)
        for group in sorted({one.group for one in offers} - {""}):
            row = program.blank(1)
            row[0, self.used] = [one.group == group for one in offers]
            program.add(row, -np.inf, 1.0)
        for name, share in sorted(problem.shares.items()):
            row = program.blank(1)
            row[0, self.lots] = kg * ([name in one.members for one in offers] - np.full(len(kg), share))
            program.add(row, -np.inf, 0.0)


def order_plan(
    problems: Sequence[OrderProblem],
    *,
    budget: float | None = None,
    start: NDArray[np.int_] | None = None,
    seconds: float = SECONDS,
) -> OrderPlan | None:
    """The plan of least expected cost, or the one that misses least for a budget; None where nothing meets the limits.

    Args:
        problems: One a metal; without a budget each is solved by itself, since nothing ties them.
        budget: Money that may be spent on all; then limits on probabilities are left out.
        start: (offers,) lots of the only problem from which the search may start.
        seconds: Work that it may take.

    Raises:
        NumericalFailure: when HiGHS stops without an answer either way.
    """
    if budget is not None:
        return _solved([replace(one, probability=None) for one in problems], budget, seconds)
    found = [_solved([one], None, seconds, start) for one in problems]
    plans = [one for one in found if one is not None]
    if len(plans) < len(found):
        return None
    lots = tuple(lots for one in plans for lots in one.lots)
    return OrderPlan(lots, sum(one.cost for one in plans), sum(one.bound for one in plans))


def _solved(
    problems: Sequence[OrderProblem], budget: float | None, seconds: float, start: NDArray[np.int_] | None = None
) -> OrderPlan | None:
    blocks, width = list[_Block](), 0
    for problem in problems:
        blocks.append(_Block.of(problem, width))
        width = blocks[-1].stops.stop
    cost, upper, integer, fixed = np.zeros(width), np.full(width, np.inf), np.zeros(width, dtype=bool), 0.0
    for block in blocks:
        cost[block.lots], missed, beside = block.prices(of_money=budget is None)
        cost[block.missing] = missed / len(block.problem.days)
        fixed += beside
        upper[block.lots] = [block.problem.most(one) for one in block.problem.offers]
        upper[block.used] = upper[block.stops] = 1.0
        integer[block.lots] = integer[block.used] = integer[block.stops] = True
    program = MixedIntegerProgram(cost, upper, integer, gap=GAP)
    for block in blocks:
        block.add(program)
    if budget is not None:
        row = program.blank(1)
        for block in blocks:
            row[0, block.lots] = block.problem.per_lot("price")
        program.add(row, -np.inf, budget)
    if start is not None:
        program.suggest(np.arange(len(start)), start.astype(float))
    found = program.solve(Work(seconds))
    if found is None:
        return None
    x, bound = found
    lots = tuple(np.round(x[block.lots]).astype(int) for block in blocks)
    return OrderPlan(lots, float(cost @ x) + fixed, bound + fixed)


def least_probability(problem: OrderProblem) -> float:
    """The lowest probability of a stop that any order reaches, whatever limits on shares say: more never hurts.

    Of a group that excludes its members the largest quantity counts, whichever offer it is of.
    """
    lots = np.array([problem.most(one) for one in problem.offers]).astype(int)
    kg = [one.kg * n for one, n in zip(problem.offers, lots, strict=True)]
    largest = {one.group: max(k for other, k in zip(problem.offers, kg, strict=True) if other.group == one.group)
               for one in problem.offers}  # fmt: skip
    kept = [not one.group or k == largest[one.group] for one, k in zip(problem.offers, kg, strict=True)]
    return problem.paths(np.where(kept, lots, 0)).probability
