"""From a problem to an `Allocation`: continuous optimum with its certificate, then whole lots, then every limit re-checked."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from toolkit.core.errors import NumericalFailure, SpecError, ToolkitError
from toolkit.factors.forecast import FloatArray, read_only
from toolkit.optimize.certificate import Certificate
from toolkit.optimize.continuous import Continuous
from toolkit.optimize.diagnose import conflict
from toolkit.optimize.limits import LimitReport, limit_reports
from toolkit.optimize.lots import WholeLots, whole_lots
from toolkit.optimize.problem import Problem
from toolkit.optimize.quadratic import Quadratic, target_weights
from toolkit.optimize.ratio import excess_returns, volatilities
from toolkit.optimize.relaxation import risk_of, solve_continuous
from toolkit.optimize.reward import return_in_lots
from toolkit.optimize.solve import Attempt, Impossible
from toolkit.optimize.target import costs_of, target_of
from toolkit.optimize.terms.objectives import (
    EqualWeight,
    HierarchicalRiskParity,
    MaxDiversification,
    MaxRatio,
    MaxReturn,
    RiskParity,
    Track,
)


@dataclass(frozen=True, slots=True)
class Solver:
    """The `[solver]` table: solvers to try in order, and how far whole lots are proven."""

    order: tuple[str, ...] | None = None
    time_limit: float = 10.0
    gap: float = 1e-3


@dataclass(frozen=True, slots=True)
class Allocation:
    """The answer.

    Attributes:
        weights: (n,) of wealth after entry costs; with whole lots those of the lots.
        cash: Its weight.
        relaxed: (n + 1,) the continuous optimum, cash last.
        values: (n,) as fractions of the budget.
        lots: (n,) whole lots, NaN where an asset is not traded in lots (or lots were not asked for).
        entry_cost: As a fraction of the budget.
        status: ``optimal``, ``optimal_inaccurate`` or ``feasible`` (whole lots).
        objective: Value at the final weights.
        solver, solver_status, attempts, certificate: Of the continuous problem; certificate None for equal weight.
        lots_gap: Proven relative gap of whole lots.
        limits: One report a named constraint.
    """

    weights: FloatArray
    cash: float
    relaxed: FloatArray
    values: FloatArray
    lots: FloatArray
    entry_cost: float
    status: str
    objective: float
    solver: str
    solver_status: str
    attempts: tuple[Attempt, ...]
    certificate: Certificate | None
    lots_gap: float | None
    limits: tuple[LimitReport, ...]

    def __post_init__(self) -> None:
        for name in ("weights", "relaxed", "values", "lots"):
            object.__setattr__(self, name, read_only(getattr(self, name)))


def _entry(problem: Problem, values: FloatArray) -> float:
    """Entry cost as a fraction of the budget: of everything that is traded."""
    return problem.costs.entry(values - problem.previous, problem.facts.budget)


def _wealth_after_costs(problem: Problem, weights: FloatArray) -> float:
    """The root N of N = 1 - entry cost of (weights x N): a contraction where costs are rates below one.

    N + entry cost rises with N, since a sale never costs more than it brings: where premiums, VAT or fixed fees make the
    iteration slow or divergent, bisection finds the root.
    """
    wealth = 1.0
    for _ in range(100):
        following = 1.0 - _entry(problem, weights * wealth)
        if abs(following - wealth) < 1e-15:
            return following
        wealth = following
    low, high = 0.0, 1.0
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if middle + _entry(problem, weights * middle) <= 1 else (low, middle)
    if low <= 0:
        raise SpecError("entry costs exceed the budget.", hint="Raise --budget or lower the fee.")
    return low


def explained(problem: Problem, impossible: Impossible) -> ToolkitError:
    """The error to raise when a solver proved that there is no feasible point."""
    return conflict(problem) or NumericalFailure(
        "a solver called the problem infeasible, and a linear program found a feasible point.",
        details={"attempts": [[a.solver, a.status, a.residual, a.outcome] for a in impossible.attempts]},
    )


def allocate(problem: Problem, solver: Solver | None = None) -> Allocation:
    """Solve the problem.

    Raises:
        Infeasible: with an irreducible set of conflicting constraints and the least relaxation.
        Unbounded, NumericalFailure: see `toolkit.optimize.solve`.
        SpecError: for an objective without what it needs.
    """
    solver = solver or Solver()
    if problem.objective.needs_returns and not np.any(problem.forecast.expected):
        raise SpecError(
            f"objective {problem.objective.kind!r} needs a forecast of returns, and every expected return is zero.",
            hint='Give one under `[forecast] returns`, or use kind = "min_risk".',
        )
    limits = problem.inequalities()
    n = len(problem.universe)
    try:
        continuous = solve_continuous(problem, limits, solver.order)
    except Impossible as impossible:
        raise explained(problem, impossible) from impossible
    except NumericalFailure as failure:
        # A cone solver may stumble over a problem that has no feasible point.
        if (contradiction := conflict(problem)) is not None:
            raise contradiction from failure
        raise

    wealth = _wealth_after_costs(problem, continuous.x[:n])
    values, lots, gap = continuous.x[:n] * wealth, np.full(n, np.nan), None
    status = continuous.status
    if problem.discrete() is not None:
        answer = _in_lots(problem, continuous, wealth, solver)
        values, lots, gap, status = answer.values, answer.lots, answer.gap, "feasible"
    entry = _entry(problem, values)
    weights = values / (1.0 - entry)
    cash = 1.0 - float(weights.sum())
    return Allocation(
        weights=weights,
        cash=cash,
        relaxed=continuous.x,
        values=values,
        lots=lots,
        entry_cost=entry,
        status=status,
        objective=objective_value(problem, weights),
        solver=continuous.solver,
        solver_status=continuous.status,
        attempts=continuous.attempts,
        certificate=continuous.certificate,
        lots_gap=gap,
        limits=limit_reports(problem, limits, np.append(weights, cash), continuous),
    )


def _in_lots(problem: Problem, continuous: Continuous, wealth: float, solver: Solver) -> WholeLots:
    """Whole lots: of the objective where it is quadratic, else the nearest in risk to the continuous optimum."""
    relaxed = continuous.x[: len(problem.universe)]
    match problem.objective:
        case MaxReturn():
            return return_in_lots(problem, problem.objective, continuous, wealth, gap=solver.gap, time_limit=solver.time_limit)
        case EqualWeight() | RiskParity() | HierarchicalRiskParity() | MaxRatio() | MaxDiversification():
            quadratic = Quadratic.tracking(problem, relaxed)
        case _:
            quadratic = Quadratic.of(problem)
    size = float(problem.forecast.variance(relaxed)) if quadratic.target.any() else 0.0
    return whole_lots(problem, quadratic, relaxed, wealth, target_gap=solver.gap, size=size, time_limit=solver.time_limit)


def objective_value(problem: Problem, weights: FloatArray) -> float:
    """The objective in its own unit, to be minimised: ratios and returns are negative, their size is what was asked for.

    For strategies that name weights or budgets of risk themselves, the variance a year; for tracking, of the difference.
    """
    objective, x = problem.objective, np.append(weights, 1.0 - weights.sum())
    match objective:
        case EqualWeight() | RiskParity() | HierarchicalRiskParity():
            return problem.forecast.variance(weights)
        case Track():
            return problem.forecast.variance(weights - target_weights(problem, objective))
        case MaxRatio() | MaxDiversification():
            return -ratio_of(problem, objective, x)
        case _:
            return target_of(problem).value(x)


def ratio_of(problem: Problem, objective: MaxRatio | MaxDiversification, x: FloatArray) -> float:
    """The ratio at weights x, (n + 1,); 0 where there is no risk."""
    if isinstance(objective, MaxRatio):
        gain = float(excess_returns(problem, objective) @ x[:-1]) - sum(cost.value(x) for cost in costs_of(problem)[1])
    else:
        gain = float(volatilities(problem) @ x[:-1])
    risk = risk_of(problem).value(x)
    return gain / risk if risk > 0 else 0.0
