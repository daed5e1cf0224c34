"""From a problem to an `Allocation`: continuous optimum with its certificate, then whole lots, then every limit re-checked."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import cached_property, partial

import numpy as np

from toolkit.core.errors import Infeasible, NumericalFailure
from toolkit.core.forecast import FloatArray, read_only_arrays
from toolkit.optimize.costs import TRADED
from toolkit.optimize.limits import LimitReport, limit_reports
from toolkit.optimize.lots.exact import WholeLots, whole_lots, with_leftover
from toolkit.optimize.lots.ratio import largest_ratio
from toolkit.optimize.problem import LinearConstraints, Problem, check_returns
from toolkit.optimize.quadratic import ConvexObjective, Quadratic
from toolkit.optimize.solvers.continuous import Continuous
from toolkit.optimize.solvers.solve import SolverInfeasible, SolverSpec
from toolkit.optimize.solvers.work import Work
from toolkit.optimize.wealth import ROUNDS, SETTLED_WEALTH, NotSolved, charges_count, solve_for_wealth_after_costs

AS_GOOD = 1e-6
"""By how much what is held may go beyond a limit, or be worse than the optimum (relative), and still be as good: what solvers
leave of both."""
ANY = 0.5
"""Gap at which any whole-lot answer ends the search."""
SAME_WEIGHT = 1e-5
"""Change of a weight, a thousandth of a per cent, that no solver is exact enough to be paid for."""


@dataclass(frozen=True)  # no slots: limits are re-checked and priced where they are asked for
class Allocation:
    """The answer.

    Attributes:
        weights: (n,) of wealth after entry costs; with whole lots those of the lots.
        cash: Its weight.
        continuous: The continuous optimum with its certificate, which is None for equal weight.
        values: (n,) as fractions of the budget.
        lots: (n,) whole lots, NaN where an asset is not traded in lots (or lots were not asked for).
        entry_cost: As a fraction of the budget.
        status: ``optimal``, ``optimal_inaccurate`` or ``feasible`` (whole lots).
        objective: Value at the final weights.
        lots_gap: By which part of the best bound of any whole-lot answer the objective may be above it; None where nothing is
            proven. Of a rule that names weights and minimises nothing, that of the distance to them.
        rounding_cost: By how much rounding the continuous optimum by hand would be worse than these lots, relative to the
            objective; None where no such rounding holds every limit, or there are no lots.
        reports: Makes `limits`.
        reproducible: False where the clock ended a search, so that another machine may find another answer.
        out_of_work: Whether a search ended because the work that was granted was used up.
    """

    weights: FloatArray
    cash: float
    continuous: Continuous
    values: FloatArray
    lots: FloatArray
    entry_cost: float
    status: str
    objective: float
    lots_gap: float | None
    rounding_cost: float | None
    reports: Callable[[], tuple[LimitReport, ...]] = field(repr=False, compare=False)
    reproducible: bool = True
    out_of_work: bool = False

    def __post_init__(self) -> None:
        read_only_arrays(self)

    @property
    def absolute_gap(self) -> float | None:
        """The gap in the unit of the objective."""
        if self.lots_gap is None:
            return None
        return self.objective - self.objective / (1.0 + self.lots_gap * np.sign(self.objective))

    @cached_property
    def limits(self) -> tuple[LimitReport, ...]:
        """One report a named constraint."""
        return self.reports()


def solve(problem: Problem, solver: SolverSpec, work: Work) -> Allocation:
    """The answer, without finding out why there is none.

    Args:
        problem: What is to be solved.
        solver: Its settings.
        work: What may be spent on whole lots.

    Raises:
        NotSolved: where no answer was found.
        Unbounded: see `toolkit.optimize.solvers.solve`.
        SpecError: for an objective without what it needs.
    """
    check_returns(problem)
    limits, n = problem.linear_constraints(), len(problem.universe)
    try:
        problem, continuous, wealth = solve_for_wealth_after_costs(problem, limits, solver.order)
    except (SolverInfeasible, NumericalFailure) as failure:  # a cone solver may stumble where no point is feasible
        raise NotSolved(problem, failure) from failure

    values, lots, gap, by_hand = continuous.x[:n] * wealth, np.full(n, np.nan), None, None
    if as_good_as_held(problem, limits, continuous.x):
        values = problem.previous.copy()
    status = continuous.status
    discrete, short = problem.integer_requirements() is not None, problem.data.negative.any()
    if discrete and short:  # no lots and no numbers of holdings go with it, and of values weights of a known wealth hold bounds
        problem, limits, continuous, wealth = _at_known_wealth(problem, continuous, wealth, solver)
        discrete, values = False, continuous.x[:n] * wealth
    if not short and _trades_too_much(problem, continuous.x, wealth) and not np.array_equal(values, problem.previous):
        # Of no optimum at a wealth the trades leave that wealth: only a program in money finds those that do.
        discrete, continuous = True, replace(continuous, multipliers=None)
    if discrete or _not_worth_fees(problem, values):
        problem = with_leftover(problem, work)
        try:
            answer = _in_lots(problem, continuous, wealth, solver, work)
        except NotSolved as failure:  # limits may ask for a trade that is not worth its fee
            answer = None  # but for lots nothing is decided in the optimum, and it holds them all
            if discrete:
                if not (problem.costs.charges_trades and isinstance(failure.cause, Infeasible)):
                    raise
                answer = _in_lots(failure.problem, continuous, wealth, solver, work)
        if answer is not None:
            values, lots, gap, by_hand = answer.values, answer.lots, answer.gap, answer.rounding_cost
            status = "feasible"
    previous, budget = problem.previous, problem.data.budget
    entry = problem.costs.entry(values - previous, budget)
    # What does not grow with an amount is no function of the weights.
    charges = problem.costs.charges(values, previous, budget) if charges_count(problem) else 0.0
    weights = values / (1.0 - entry)
    cash = 1.0 - float(weights.sum())
    return Allocation(
        weights=weights,
        cash=cash,
        continuous=continuous,
        values=values,
        lots=lots,
        entry_cost=entry,
        status=status,
        objective=problem.objective.value(problem, weights, charges / (1.0 - entry)),
        lots_gap=gap,
        rounding_cost=by_hand,
        reports=partial(
            limit_reports,
            problem,
            np.append(weights, cash),
            continuous,
            relaxed=limits,
            wealth=1.0 - entry,
            order=solver.order,
        ),
        reproducible=not work.late,
        out_of_work=work.over,
    )


def as_good_as_held(problem: Problem, limits: LinearConstraints, x: FloatArray) -> bool:
    """Whether what is held today holds every limit and is as good as x, (n + 1,), as far as a solver can tell.

    Then nothing is traded: an answer that is bought is the answer of the next day on the same data.
    """
    if not problem.previous.any():
        return False
    today = problem.data.held
    broken = (
        (today < limits.lowest - AS_GOOD).any()
        or (limits.rows.matvec(today) > limits.h + AS_GOOD).any()
        or any(own.excess(today) > AS_GOOD for own in (*problem.convex_constraints(), *problem.objective_limits()))
        or any(contribution.value(today[:-1]) > contribution.limit + AS_GOOD for contribution in problem.risk_contributions())
    )
    if broken:
        return False
    if np.max(np.abs(today - x)) <= SAME_WEIGHT:
        return True
    if problem.function is None:
        return False
    best = problem.objective.value(problem, x[:-1])
    return problem.objective.value(problem, today[:-1]) - best <= AS_GOOD * abs(best)


def _at_known_wealth(
    problem: Problem, continuous: Continuous, wealth: float, solver: SolverSpec
) -> tuple[Problem, LinearConstraints, Continuous, float]:
    """The problem, its rows, its optimum and its wealth where bounds of values are rows of weights at that wealth."""
    untraded = False
    for left in reversed(range(ROUNDS)):
        known = wealth
        problem = replace(problem, data=replace(problem.data, wealth=known))
        limits = problem.linear_constraints()
        try:
            problem, continuous, wealth = solve_for_wealth_after_costs(problem, limits, solver.order)
        except (SolverInfeasible, NumericalFailure) as failure:
            if untraded or not left:
                raise NotSolved(problem, failure) from failure
            untraded, wealth = True, 1.0  # who has no money for a fee trades nothing
            continue
        if abs(wealth - known) < SETTLED_WEALTH:
            break
    return problem, problem.linear_constraints(), continuous, wealth


def _trades_too_much(problem: Problem, x: FloatArray, wealth: float) -> bool:
    """Whether x, (n + 1,), turns over more than a limit at the wealth that is left."""
    limits = (own.at(wealth) for own in problem.convex_constraints() if own.held is not None and own.price is None)
    return any(limit.excess(x) > AS_GOOD for limit in limits)


def _not_worth_fees(problem: Problem, values: FloatArray) -> bool:
    """Whether any trade to the values, (n,), costs more than it moves: then trades with their fees are decisions."""
    if not problem.costs.charges_trades:
        return False
    trades = values - problem.previous
    sale, purchase = problem.costs.worthwhile(problem.data.budget)
    small = ((trades > TRADED) & (trades < purchase)) | ((trades < -TRADED) & (-trades < np.minimum(sale, problem.previous)))
    return bool(small.any()) and not problem.data.negative.any()


def _in_lots(problem: Problem, continuous: Continuous, wealth: float, solver: SolverSpec, work: Work) -> WholeLots:
    """Whole lots: the best of the objective, or the nearest to weights that a rule names and no function."""
    relaxed, charged = continuous.x[: len(problem.universe)], charges_count(problem)
    function, fraction = problem.objective.function(problem), problem.objective.fraction(problem)
    target = function or ConvexObjective(Quadratic.tracking(problem.forecast, relaxed))
    convex = (*problem.convex_constraints(), *problem.objective_limits(), *continuous.inside)
    granted = work.left
    try:
        if fraction is not None:
            found = largest_ratio(
                problem, fraction, relaxed, wealth, target_gap=solver.gap, work=work, convex=convex, charged=charged
            )
        else:
            found = whole_lots(
                problem,
                target.quadratic,
                relaxed,
                wealth,
                target_gap=(1.0 + solver.gap) ** (1 / target.power) - 1.0,
                size=0.0 if function else float(problem.forecast.variance(relaxed)),
                work=work,
                parts=target.parts,
                convex=convex,
                charged=charged,
            )
        # Convex limits inside those on contributions to risk leave out answers of which nothing is proven.
        gap = None if continuous.inside else found.gap
        return replace(found, gap=None if gap is None else (1.0 + gap) ** target.power - 1.0)
    except (Infeasible, NumericalFailure) as failure:
        if isinstance(failure, NumericalFailure) and solver.gap < ANY and work.left > granted / 2:
            # Not for want of work: a search that asks for less meets other points.
            return _in_lots(problem, continuous, wealth, solver.model_copy(update={"gap": ANY}), work)
        raise NotSolved(problem, failure, convex) from failure
