"""The continuous problem: which program answers which objective, and what is told where none fits."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from toolkit.core.errors import NumericalFailure, SpecError
from toolkit.core.forecast import FloatArray
from toolkit.optimize.constraints.measures import CLOSED
from toolkit.optimize.constraints.risk import risk_function
from toolkit.optimize.functions import ConvexConstraint, ConvexFunction, RiskOf, Scaled
from toolkit.optimize.infeasibility.risk_contributions import contributions_infeasible, not_found
from toolkit.optimize.infeasibility.zero_weight import check_all_held
from toolkit.optimize.objectives.models import (
    EqualWeight,
    HierarchicalRiskParity,
    MaxDiversification,
    MaxRatio,
    MaxReturn,
    MaxUtility,
    MinRisk,
    RiskParity,
    Track,
)
from toolkit.optimize.problem import LinearConstraints, Problem
from toolkit.optimize.quadratic import Quadratic
from toolkit.optimize.risk_contribution import RiskContributionLimit
from toolkit.optimize.solvers.budgeting import risk_budgets, solve_risk_budgets
from toolkit.optimize.solvers.continuous import (
    Continuous,
    solve_equal_weight,
    solve_hierarchical,
    solve_quadratic,
    solve_track,
)
from toolkit.optimize.solvers.gini import solve_gini
from toolkit.optimize.solvers.ratio import excess_returns, nothing_positive, solve_ratio, volatilities
from toolkit.optimize.solvers.reward import objective_limits, solve_return
from toolkit.optimize.solvers.shortfall import solve_deviation, solve_shortfall
from toolkit.optimize.solvers.solve import CONIC_ORDER, QUADRATIC_ORDER, SolverInfeasible, check_order
from toolkit.optimize.target import Target, costs_of, target_of
from toolkit.risk_measures.dispersion import GiniMeanDifference, MeanAbsoluteDeviation
from toolkit.risk_measures.tail import CVaR, WorstCase

HARD_ONLY = (EqualWeight, RiskParity, HierarchicalRiskParity, MaxRatio, MaxDiversification)
"""Objectives that have no unit in which a price for a broken limit could be paid."""
SUMS = (MinRisk, MaxUtility, MaxReturn)
"""Objectives that add up risk, return and costs."""
HELD = 1e-8
"""How far beyond its limit rounding may carry a contribution to risk."""
STEPS = 60
POSITIVE = 1e-7
"""Part of the best numerator of one asset below which what the limits leave of it counts as none."""
SETTLED = 1e-7
"""Change of the weights at which a sequence of convex problems has arrived."""


def solve_continuous(problem: Problem, limits: LinearConstraints, order: tuple[str, ...] | None) -> Continuous:
    """The continuous optimum of any objective.

    Args:
        problem: What is to be solved.
        limits: Its rows.
        order: Solvers to try; None for those that fit the program.

    Raises:
        SpecError: for an objective without what it needs.
        Impossible, Unbounded, NumericalFailure: see `toolkit.optimize.solvers.solve`.
    """
    conic = isinstance(problem.objective, RiskParity | MaxReturn)
    order = check_order(order or (CONIC_ORDER if conic else QUADRATIC_ORDER))
    convex_constraints = problem.convex_constraints()
    _check_soft(problem, limits, convex_constraints)
    solve = _within_contributions if problem.risk_contributions() else _solve
    return rescale_multipliers(problem, solve(problem, limits, convex_constraints, order))


def rescale_multipliers(problem: Problem, continuous: Continuous) -> Continuous:
    """Multipliers of a square whose root was minimised: d(f^2) = 2 f df."""
    if not isinstance(problem.objective, SUMS):
        return continuous
    target = target_of(problem)
    if target.power == 1 or continuous.multipliers is None:
        return continuous
    rate = target.power * target.value(continuous.x) ** (target.power - 1)
    held, signs = continuous.convex_multipliers, continuous.signs
    return replace(
        continuous,
        multipliers=continuous.multipliers * rate,
        convex_multipliers=None if held is None else {owner: price * rate for owner, price in held.items()},
        signs=None if signs is None else signs * rate,
    )


def _check_soft(problem: Problem, limits: LinearConstraints, convex_constraints: tuple[ConvexConstraint, ...]) -> None:
    objective = problem.objective
    soft = [problem.constraints[i].name for i, price in zip(limits.owner, limits.price, strict=False) if np.isfinite(price)]
    soft += [
        problem.constraints[convex_constraint.owner].name
        for convex_constraint in convex_constraints
        if convex_constraint.price is not None
    ]
    if soft and isinstance(objective, HARD_ONLY):
        raise SpecError(
            f"constraint {soft[0]!r}: objective {objective.kind!r} has no unit in which a soft limit could be priced.",
            hint="Leave out `soft`, or use min_risk, max_utility, max_return or track.",
        )


def _solve(
    problem: Problem, limits: LinearConstraints, convex_constraints: tuple[ConvexConstraint, ...], order: tuple[str, ...]
) -> Continuous:
    objective, plain = problem.objective, not convex_constraints and not limits.soft.any() and not costs_of(problem)[1]
    match objective:
        case HierarchicalRiskParity():
            return solve_hierarchical(problem)
        case EqualWeight() if plain:
            return solve_equal_weight(problem, limits, order)
        case RiskParity() | MaxRatio() | MaxDiversification():
            return _homogeneous(problem, limits, convex_constraints, order)
        case MaxReturn() if plain and objective.volatility is not None:
            return solve_return(problem, objective.volatility, limits, order)
        case Track() if plain:
            return solve_track(problem, objective, limits, order)
        case _:
            return _least(problem, limits, convex_constraints, order)


def _within_contributions(
    problem: Problem, limits: LinearConstraints, convex_constraints: tuple[ConvexConstraint, ...], order: tuple[str, ...]
) -> Continuous:
    """The locally best answer within limits on contributions to risk: convex limits inside the true ones, again and again."""
    contributions = [(owner, contribution) for owner, group in problem.risk_contributions().items() for contribution in group]

    def held(weights: FloatArray) -> bool:
        return all(contribution.value(weights) <= contribution.limit + HELD for _, contribution in contributions)

    answer = _solve(problem, limits, convex_constraints, order)
    if held(answer.x[:-1]):
        # Whole lots are looked for elsewhere, and have to hold the limits too.
        return replace(
            answer, inside=tuple(contribution.around(answer.x[:-1], owner, None) for owner, contribution in contributions)
        )
    start = _start(problem, limits, convex_constraints, contributions)
    if not held(start[:-1]):
        raise contributions_infeasible(problem, _can_start) or not_found(problem, limits.hard(), start)
    weights = start[:-1]
    inside: tuple[ConvexConstraint, ...] = ()
    for _ in range(STEPS):
        inside = tuple(contribution.around(weights, owner, None) for owner, contribution in contributions)
        try:
            answer = _solve(problem, limits, (*convex_constraints, *inside), order)
        except SolverInfeasible:  # what holds them is too thin for a solver, such as nothing but cash
            raise not_found(problem, limits.hard(), np.append(weights, 1.0 - weights.sum())) from None
        moved, weights = float(np.max(np.abs(answer.x[:-1] - weights))), answer.x[:-1]
        if moved < SETTLED:
            break
    return replace(answer, inside=inside)


def _start(
    problem: Problem,
    limits: LinearConstraints,
    convex_constraints: tuple[ConvexConstraint, ...],
    contributions: list[tuple[int, RiskContributionLimit]],
) -> FloatArray:
    """Weights (n + 1,) that hold the limits on contributions, as far as a sequence of least violations finds any."""
    from toolkit.optimize.solvers.convex import solve_convex  # noqa: PLC0415

    n = len(problem.universe)
    nothing = Target(Quadratic.linear(np.zeros(n)))
    hard = tuple(convex_constraint for convex_constraint in convex_constraints if convex_constraint.price is None)
    x = np.append(np.full(n, 1.0 / n), 0.0)
    for _ in range(STEPS):
        soft = tuple(contribution.around(x[:-1], owner, 1.0) for owner, contribution in contributions)
        following = solve_convex(nothing, limits.hard(), (*hard, *soft)).x
        moved, x = float(np.max(np.abs(following - x))), following
        if moved < SETTLED or all(contribution.value(x[:-1]) <= contribution.limit for _, contribution in contributions):
            break
    return x


def _can_start(problem: Problem) -> bool:
    """Whether a search finds weights that hold the limits on contributions."""
    contributions = [(owner, contribution) for owner, group in problem.risk_contributions().items() for contribution in group]
    weights = _start(problem, problem.linear_constraints(), problem.convex_constraints(), contributions)[:-1]
    return all(contribution.value(weights) <= contribution.limit + HELD for _, contribution in contributions)


def _least(
    problem: Problem, limits: LinearConstraints, convex_constraints: tuple[ConvexConstraint, ...], order: tuple[str, ...]
) -> Continuous:
    """The least of a target: by the quadratic program, the linear program of a tail, or a cone program."""
    n, objective = len(problem.universe), problem.objective
    equal = isinstance(objective, EqualWeight)
    target = Target(Quadratic.distance(n, np.full(n, 1.0 / n))) if equal else target_of(problem)
    convex_constraints = (*convex_constraints, *objective_limits(problem))
    if not convex_constraints and not limits.soft.any():
        if not target.parts:
            return solve_quadratic(problem, target.quadratic, limits, order)
        if (answer := _tail(target, limits)) is not None:
            return answer
    # cvxpy takes half a second to import: who solves a plain quadratic does not pay.
    from toolkit.optimize.solvers.convex import solve_convex  # noqa: PLC0415

    answer = solve_convex(target, limits, convex_constraints)
    # A distance to equal weights has no unit in which a limit could have a price.
    return replace(answer, multipliers=None, convex_multipliers=None) if equal else answer


def _tail(target: Target, limits: LinearConstraints) -> Continuous | None:
    """The linear program of a target that is one tail or mean deviation and linear costs; None for any other."""
    q, part = target.quadratic, target.parts[0]
    price, risk = (part.factor, part.function) if isinstance(part, Scaled) else (1.0, part)
    if len(target.parts) > 1 or q.R.any() or q.s.any() or not isinstance(risk, RiskOf):
        return None
    returns, probabilities, c = risk.scenarios.returns, risk.scenarios.probabilities, q.c / price
    match risk.measure:
        case CVaR(confidence=confidence):
            found = solve_shortfall(returns, probabilities, confidence, c, limits)
        case WorstCase():
            found = solve_shortfall(returns, probabilities, 1.0, c, limits)
        case GiniMeanDifference():
            found = solve_gini(returns, probabilities, c, limits)
        case MeanAbsoluteDeviation():
            found = solve_deviation(returns, probabilities, c, limits)
        case _:
            return None
    told = (found.solver, found.status, found.attempts, found.certificate)
    return Continuous(found.x, found.multipliers * price, *told, signs=found.nonnegative * price)


def _homogeneous(
    problem: Problem, limits: LinearConstraints, convex_constraints: tuple[ConvexConstraint, ...], order: tuple[str, ...]
) -> Continuous:
    """Ratios and budgets of risk: fast programs for variance and linear limits, cone programs for the rest."""
    objective = problem.objective
    measure = getattr(objective, "measure", "variance")
    costs = costs_of(problem)[1] if isinstance(objective, MaxRatio) else ()
    plain = not convex_constraints and not costs and measure in CLOSED
    if isinstance(objective, RiskParity):
        return _parity(problem, objective, limits, convex_constraints, order, plain=plain)
    numerator = excess_returns(problem, objective) if isinstance(objective, MaxRatio) else volatilities(problem)
    if plain:
        return solve_ratio(problem, numerator, limits, order)
    from toolkit.optimize.solvers.convex import solve_ratio_of  # noqa: PLC0415

    if numerator.max() <= 0:
        raise nothing_positive(problem, float(numerator.max()))
    try:
        return solve_ratio_of(risk_of(problem), numerator, costs, limits, convex_constraints)
    except (SolverInfeasible, NumericalFailure):
        from toolkit.optimize.solvers.convex import solve_convex  # noqa: PLC0415

        # Where the limits leave no positive numerator, a solver finds the normalised program infeasible, or stumbles.
        target = Target(Quadratic.linear(-numerator), costs)
        reached = -target.value(solve_convex(target, limits, convex_constraints).x)
        if reached <= POSITIVE * float(numerator.max()):
            raise nothing_positive(problem, reached) from None
        raise


def _parity(
    problem: Problem,
    objective: RiskParity,
    limits: LinearConstraints,
    convex_constraints: tuple[ConvexConstraint, ...],
    order: tuple[str, ...],
    *,
    plain: bool,
) -> Continuous:
    budgets = risk_budgets(problem, objective)
    check_all_held(problem, free_cash=bool(convex_constraints))
    if plain:
        return solve_risk_budgets(problem, budgets, limits, order)
    from toolkit.optimize.solvers.parity import solve_parity_within  # noqa: PLC0415

    return solve_parity_within(risk_of(problem), budgets, limits, convex_constraints)


def risk_of(problem: Problem) -> ConvexFunction:
    """The homogeneous measure of risk of an objective: volatility, unless it names another."""
    objective = problem.objective
    measure, confidence = getattr(objective, "measure", "variance"), getattr(objective, "confidence", None)
    return risk_function(measure, confidence, problem.data, "objective.measure")[0]
