"""The continuous problem: which program answers which objective, and what is told where none fits."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from toolkit.core.errors import NumericalFailure, SpecError
from toolkit.core.forecast import FloatArray
from toolkit.optimize.conflict.shares import impossible_shares, not_found
from toolkit.optimize.conflict.unheld import check_all_held
from toolkit.optimize.contribution import Share
from toolkit.optimize.functions import Ceiling, ConvexFunction, RiskOf, Scaled
from toolkit.optimize.problem import Inequalities, Problem
from toolkit.optimize.programs.budgeting import risk_budgets, solve_risk_budgets
from toolkit.optimize.programs.continuous import (
    Continuous,
    solve_equal_weight,
    solve_hierarchical,
    solve_quadratic,
    solve_track,
)
from toolkit.optimize.programs.gini import solve_gini
from toolkit.optimize.programs.ratio import excess_returns, nothing_positive, solve_ratio, volatilities
from toolkit.optimize.programs.reward import own_ceilings, solve_return
from toolkit.optimize.programs.shortfall import solve_deviation, solve_shortfall
from toolkit.optimize.programs.solve import CONIC_ORDER, QUADRATIC_ORDER, Impossible, check_order
from toolkit.optimize.quadratic import Quadratic
from toolkit.optimize.target import Target, costs_of, target_of
from toolkit.optimize.terms.measures import CLOSED
from toolkit.optimize.terms.objectives import (
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
from toolkit.optimize.terms.risk import risk_function
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


def solve_continuous(problem: Problem, limits: Inequalities, order: tuple[str, ...] | None) -> Continuous:
    """The continuous optimum of any objective.

    Args:
        problem: What is to be solved.
        limits: Its rows.
        order: Solvers to try; None for those that fit the program.

    Raises:
        SpecError: for an objective without what it needs.
        Impossible, Unbounded, NumericalFailure: see `toolkit.optimize.programs.solve`.
    """
    conic = isinstance(problem.objective, RiskParity | MaxReturn)
    order = check_order(order or (CONIC_ORDER if conic else QUADRATIC_ORDER))
    ceilings = problem.ceilings()
    _check_soft(problem, limits, ceilings)
    solve = _within_shares if problem.shares() else _solve
    return _in_the_users_power(problem, solve(problem, limits, ceilings, order))


def _in_the_users_power(problem: Problem, continuous: Continuous) -> Continuous:
    """Multipliers of a square whose root was minimised: d(f^2) = 2 f df."""
    if not isinstance(problem.objective, SUMS):
        return continuous
    target = target_of(problem)
    if target.power == 1 or continuous.multipliers is None:
        return continuous
    rate = target.power * target.value(continuous.x) ** (target.power - 1)
    held, signs = continuous.on_ceilings, continuous.signs
    return replace(
        continuous,
        multipliers=continuous.multipliers * rate,
        on_ceilings=None if held is None else {owner: price * rate for owner, price in held.items()},
        signs=None if signs is None else signs * rate,
    )


def _check_soft(problem: Problem, limits: Inequalities, ceilings: tuple[Ceiling, ...]) -> None:
    objective = problem.objective
    soft = [problem.constraints[i].name for i, price in zip(limits.owner, limits.price, strict=False) if np.isfinite(price)]
    soft += [problem.constraints[ceiling.owner].name for ceiling in ceilings if ceiling.price is not None]
    if soft and isinstance(objective, HARD_ONLY):
        raise SpecError(
            f"constraint {soft[0]!r}: objective {objective.kind!r} has no unit in which a soft limit could be priced.",
            hint="Leave out `soft`, or use min_risk, max_utility, max_return or track.",
        )


def _solve(problem: Problem, limits: Inequalities, ceilings: tuple[Ceiling, ...], order: tuple[str, ...]) -> Continuous:
    objective, plain = problem.objective, not ceilings and not limits.soft.any() and not costs_of(problem)[1]
    match objective:
        case HierarchicalRiskParity():
            return solve_hierarchical(problem)
        case EqualWeight() if plain:
            return solve_equal_weight(problem, limits, order)
        case RiskParity() | MaxRatio() | MaxDiversification():
            return _homogeneous(problem, limits, ceilings, order)
        case MaxReturn() if plain and objective.volatility is not None:
            return solve_return(problem, objective.volatility, limits, order)
        case Track() if plain:
            return solve_track(problem, objective, limits, order)
        case _:
            return _least(problem, limits, ceilings, order)


def _within_shares(problem: Problem, limits: Inequalities, ceilings: tuple[Ceiling, ...], order: tuple[str, ...]) -> Continuous:
    """The locally best answer within limits on contributions to risk: convex limits inside the true ones, again and again."""
    shares = [(owner, share) for owner, group in problem.shares().items() for share in group]

    def held(weights: FloatArray) -> bool:
        return all(share.value(weights) <= share.limit + HELD for _, share in shares)

    answer = _solve(problem, limits, ceilings, order)
    if held(answer.x[:-1]):
        # Whole lots are looked for elsewhere, and have to hold the limits too.
        return replace(answer, inside=tuple(share.around(answer.x[:-1], owner, None) for owner, share in shares))
    start = _start(problem, limits, ceilings, shares)
    if not held(start[:-1]):
        raise impossible_shares(problem, _can_start) or not_found(problem, limits.hard(), start)
    weights = start[:-1]
    inside: tuple[Ceiling, ...] = ()
    for _ in range(STEPS):
        inside = tuple(share.around(weights, owner, None) for owner, share in shares)
        try:
            answer = _solve(problem, limits, (*ceilings, *inside), order)
        except Impossible:  # what holds them is too thin for a solver, such as nothing but cash
            raise not_found(problem, limits.hard(), np.append(weights, 1.0 - weights.sum())) from None
        moved, weights = float(np.max(np.abs(answer.x[:-1] - weights))), answer.x[:-1]
        if moved < SETTLED:
            break
    return replace(answer, inside=inside)


def _start(
    problem: Problem, limits: Inequalities, ceilings: tuple[Ceiling, ...], shares: list[tuple[int, Share]]
) -> FloatArray:
    """Weights (n + 1,) that hold the limits on contributions, as far as a sequence of least violations finds any."""
    from toolkit.optimize.programs.convex import solve_convex  # noqa: PLC0415

    n = len(problem.universe)
    nothing = Target(Quadratic.linear(np.zeros(n)))
    hard = tuple(ceiling for ceiling in ceilings if ceiling.price is None)
    x = np.append(np.full(n, 1.0 / n), 0.0)
    for _ in range(STEPS):
        soft = tuple(share.around(x[:-1], owner, 1.0) for owner, share in shares)
        following = solve_convex(nothing, limits.hard(), (*hard, *soft)).x
        moved, x = float(np.max(np.abs(following - x))), following
        if moved < SETTLED or all(share.value(x[:-1]) <= share.limit for _, share in shares):
            break
    return x


def _can_start(problem: Problem) -> bool:
    """Whether a search finds weights that hold the limits on contributions."""
    shares = [(owner, share) for owner, group in problem.shares().items() for share in group]
    weights = _start(problem, problem.inequalities(), problem.ceilings(), shares)[:-1]
    return all(share.value(weights) <= share.limit + HELD for _, share in shares)


def _least(problem: Problem, limits: Inequalities, ceilings: tuple[Ceiling, ...], order: tuple[str, ...]) -> Continuous:
    """The least of a target: by the quadratic program, the linear program of a tail, or a cone program."""
    n, objective = len(problem.universe), problem.objective
    equal = isinstance(objective, EqualWeight)
    target = Target(Quadratic.distance(n, np.full(n, 1.0 / n))) if equal else target_of(problem)
    ceilings = (*ceilings, *own_ceilings(problem))
    if not ceilings and not limits.soft.any():
        if not target.parts:
            return solve_quadratic(problem, target.quadratic, limits, order)
        if (answer := _tail(target, limits)) is not None:
            return answer
    # cvxpy takes half a second to import: who solves a plain quadratic does not pay.
    from toolkit.optimize.programs.convex import solve_convex  # noqa: PLC0415

    answer = solve_convex(target, limits, ceilings)
    # A distance to equal weights has no unit in which a limit could have a price.
    return replace(answer, multipliers=None, on_ceilings=None) if equal else answer


def _tail(target: Target, limits: Inequalities) -> Continuous | None:
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


def _homogeneous(problem: Problem, limits: Inequalities, ceilings: tuple[Ceiling, ...], order: tuple[str, ...]) -> Continuous:
    """Ratios and budgets of risk: fast programs for variance and linear limits, cone programs for the rest."""
    objective = problem.objective
    measure = getattr(objective, "measure", "variance")
    costs = costs_of(problem)[1] if isinstance(objective, MaxRatio) else ()
    plain = not ceilings and not costs and measure in CLOSED
    if isinstance(objective, RiskParity):
        return _parity(problem, objective, limits, ceilings, order, plain=plain)
    numerator = excess_returns(problem, objective) if isinstance(objective, MaxRatio) else volatilities(problem)
    if plain:
        return solve_ratio(problem, numerator, limits, order)
    from toolkit.optimize.programs.convex import solve_ratio_of  # noqa: PLC0415

    if numerator.max() <= 0:
        raise nothing_positive(problem, float(numerator.max()))
    try:
        return solve_ratio_of(risk_of(problem), numerator, costs, limits, ceilings)
    except (Impossible, NumericalFailure):
        from toolkit.optimize.programs.convex import solve_convex  # noqa: PLC0415

        # Where the limits leave no positive numerator, a solver finds the normalised program infeasible, or stumbles.
        target = Target(Quadratic.linear(-numerator), costs)
        reached = -target.value(solve_convex(target, limits, ceilings).x)
        if reached <= POSITIVE * float(numerator.max()):
            raise nothing_positive(problem, reached) from None
        raise


def _parity(
    problem: Problem,
    objective: RiskParity,
    limits: Inequalities,
    ceilings: tuple[Ceiling, ...],
    order: tuple[str, ...],
    *,
    plain: bool,
) -> Continuous:
    budgets = risk_budgets(problem, objective)
    check_all_held(problem, free_cash=bool(ceilings))
    if plain:
        return solve_risk_budgets(problem, budgets, limits, order)
    from toolkit.optimize.programs.parity import solve_parity_within  # noqa: PLC0415

    return solve_parity_within(risk_of(problem), budgets, limits, ceilings)


def risk_of(problem: Problem) -> ConvexFunction:
    """The homogeneous measure of risk of an objective: volatility, unless it names another."""
    objective = problem.objective
    measure, confidence = getattr(objective, "measure", "variance"), getattr(objective, "confidence", None)
    return risk_function(measure, confidence, problem.known, "objective.measure")[0]
