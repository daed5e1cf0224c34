"""From a problem to an `Allocation`: continuous optimum with its certificate, then whole lots, then every limit re-checked."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from toolkit.core.errors import NumericalFailure, SpecError
from toolkit.factors.forecast import FloatArray, read_only
from toolkit.optimize.certificate import Certificate, certify
from toolkit.optimize.diagnose import conflict
from toolkit.optimize.lots import whole_lots
from toolkit.optimize.problem import Inequalities, Problem
from toolkit.optimize.program import Duals, quadratic_program, risk_budget_program
from toolkit.optimize.quadratic import Quadratic, risk_factor
from toolkit.optimize.solve import CONIC_ORDER, QUADRATIC_ORDER, Attempt, Impossible, Solved, check_order, solve
from toolkit.optimize.terms.objectives import EqualWeight, RiskParity

NEWTON_STEPS = 4
ACTIVE = 1e-6
"""Slack below which a homogeneous limit of risk budgeting is treated as active, in units of an asset's own risk."""
BINDING = 1e-6
"""Slack below which a limit of the continuous optimum counts as binding (fractions of the budget)."""


@dataclass(frozen=True, slots=True)
class Solver:
    """The `[solver]` table: solvers to try in order, and how far whole lots are proven."""

    order: tuple[str, ...] | None = None
    time_limit: float = 10.0
    gap: float = 1e-3


@dataclass(frozen=True, slots=True)
class LimitReport:
    """One named constraint, re-checked on the final weights.

    Attributes:
        value: At the row nearest to its limit (or furthest beyond it).
        limit: Of that row.
        side: ``upper`` or ``lower``.
        where: What the row speaks of.
        slack: Distance to the limit, negative when broken.
        binding: Whether the continuous optimum touches the limit.
        shadow_price: Fall of the objective for a relaxation of the whole limit by 1 (None where there is no certificate).
    """

    name: str
    kind: str
    value: float | None
    limit: float | None
    side: str | None
    where: str | None
    slack: float | None
    binding: bool | None
    shadow_price: float | None


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


@dataclass(frozen=True, slots=True)
class _Continuous:
    """The continuous optimum: weights with cash last, multipliers of the limits (None without a certificate)."""

    x: FloatArray
    multipliers: FloatArray | None
    solver: str
    status: str
    attempts: tuple[Attempt, ...]
    certificate: Certificate | None


def _solve_quadratic(problem: Problem, quadratic: Quadratic, limits: Inequalities, order: tuple[str, ...]) -> _Continuous:
    n, m = len(problem.universe), len(limits.h)
    program = quadratic_program(n, len(quadratic.R), m)
    scale = quadratic.scale()
    bound = program.bind(quadratic, limits, scale)
    A = np.vstack([limits.G, -np.eye(n + 1)])

    def certificate() -> Certificate:
        x, duals = program.solution(), program.duals(scale)
        gradient = np.append(quadratic.gradient(x[:n]), 0.0)
        slack = np.concatenate([limits.h, np.zeros(n + 1)]) - A @ x
        multipliers = np.concatenate([duals.limits, duals.nonnegative])
        return certify(gradient, A, slack, multipliers, np.ones(n + 1), float(x.sum() - 1), duals.budget, scale)

    solved = solve(bound, order, certificate)
    duals: Duals = program.duals(scale)
    return _continuous(program.solution(), duals.limits, solved)


def _solve_risk_parity(problem: Problem, limits: Inequalities, order: tuple[str, ...]) -> _Continuous:
    n, m = len(problem.universe), len(limits.h)
    forecast = problem.forecast
    # In units of each asset's own risk every entry of the answer is near one, where an exponential cone is accurate.
    unit = 1 / np.sqrt(np.clip(np.diag(forecast.matrix), 1e-16, None))
    R, s = risk_factor(forecast) * unit, np.sqrt(forecast.specific_var) * unit
    to_money = np.append(unit, np.mean(unit))
    budgets = np.ones(n)
    cash = _least_cash(limits)
    cash_row = (np.eye(n + 1)[-1] - cash) * to_money
    # Cash is given, so limits on it alone either hold or contradict each other; as rows they would only be degenerate.
    alone = np.all(limits.G[:, :n] == 0, axis=1)
    if np.any(limits.G[alone, n] * cash > limits.h[alone] + 1e-12):
        raise Impossible(())
    G = np.where(alone[:, None], 0.0, (limits.G - limits.h[:, None]) * to_money)
    program = risk_budget_program(n, len(R), m)
    bound = program.bind(R, s, budgets, G, cash_row)
    A = np.vstack([G, -np.eye(n + 1)])

    def answer() -> tuple[FloatArray, FloatArray]:
        """The variable, and the multipliers of the rows of A."""
        y = program.solution()
        multipliers = np.concatenate([program.multipliers()[0], program.multipliers()[1]])
        if np.any(G[~alone] @ y > -ACTIVE):
            return y, multipliers
        return np.append(_polished(y[:n], R, s, budgets), y[n]), np.where(np.arange(len(A)) < len(A) - 1, 0.0, multipliers)

    def certificate() -> Certificate:
        y, multipliers = answer()
        barrier = budgets / y[:n]
        gradient = np.append(R.T @ (R @ y[:n]) + s**2 * y[:n] - barrier, 0.0)
        on_cash = program.multipliers()[2]
        return certify(gradient, A, -A @ y, multipliers, cash_row, float(cash_row @ y), on_cash, float(barrier.max()))

    solved = solve(bound, order, certificate)
    # The multipliers price the limits in the log-barrier objective, which has no unit a reader could use.
    return _continuous(answer()[0] * to_money, None, solved)


def _polished(y: FloatArray, R: FloatArray, s: FloatArray, budgets: FloatArray) -> FloatArray:
    """Newton steps on y'(R'R + diag(s^2)) y / 2 - b' log(y): a conic solver stops some digits short of the optimum.

    Close to the optimum Newton's method converges quadratically (Spinu 2013); each step is kept inside the domain.
    """
    hessian_of_risk = R.T @ R + np.diag(s**2)
    for _ in range(NEWTON_STEPS):
        gradient = hessian_of_risk @ y - budgets / y
        step = np.linalg.solve(hessian_of_risk + np.diag(budgets / y**2), gradient)
        y = np.maximum(y - step, y / 2)
    return y


def _least_cash(limits: Inequalities) -> float:
    """The largest lower limit on cash alone; 0 where there is none."""
    rows = zip(limits.G, limits.h, strict=True)
    return max((-h for g, h in rows if g[-1] == -1 and not g[:-1].any()), default=0.0)


def _continuous(x: FloatArray, multipliers: FloatArray | None, solved: Solved) -> _Continuous:
    x = np.clip(x, 0.0, None)
    return _Continuous(x / x.sum(), multipliers, solved.solver, solved.status, solved.attempts, solved.certificate)


def _solve_equal_weight(problem: Problem, limits: Inequalities, order: tuple[str, ...]) -> _Continuous:
    n = len(problem.universe)
    x = np.append(np.full(n, 1.0 / n), 0.0)
    if np.all(limits.G @ x <= limits.h + 1e-12):
        return _Continuous(x, None, "closed form", "optimal", (), None)
    answer = _solve_quadratic(problem, Quadratic.distance(n, x[:n]), limits, order)
    return _Continuous(answer.x, None, answer.solver, answer.status, answer.attempts, None)


def _entry(problem: Problem, values: FloatArray) -> float:
    """Entry cost as a fraction of the budget: half the spread on what is traded, and the fee of each trade."""
    traded = np.abs(values - problem.previous)
    fees = problem.costs.fee / problem.facts.budget * np.count_nonzero(traded > 1e-12)
    return float(problem.costs.half_spread @ traded + fees)


def _wealth_after_costs(problem: Problem, weights: FloatArray) -> float:
    """The fixed point N = 1 - entry cost of (weights x N): a contraction, because half a spread is below one."""
    wealth = 1.0
    for _ in range(100):
        following = 1.0 - _entry(problem, weights * wealth)
        if abs(following - wealth) < 1e-15:
            return following
        wealth = following
    if wealth <= 0:
        raise SpecError("entry costs exceed the budget.", hint="Raise --budget or lower the fee.")
    return wealth


def _reports(problem: Problem, limits: Inequalities, x: FloatArray, continuous: _Continuous) -> tuple[LimitReport, ...]:
    reports = []
    values, relaxed_slack = limits.G @ x, limits.h - limits.G @ continuous.x
    for position, constraint in enumerate(problem.constraints):
        rows = [row for row, owner in enumerate(limits.owner) if owner == position]
        if not rows:
            reports.append(LimitReport(constraint.name, constraint.kind, None, None, None, None, None, None, None))
            continue
        row = min(rows, key=lambda r: (limits.h[r] - values[r], r))
        sign = 1.0 if limits.sides[row] == "upper" else -1.0
        price = None if continuous.multipliers is None else float(np.sum(continuous.multipliers[rows]))
        reports.append(
            LimitReport(
                name=constraint.name,
                kind=constraint.kind,
                value=float(sign * values[row]) + 0.0,
                limit=float(sign * limits.h[row]) + 0.0,
                side=limits.sides[row],
                where=limits.labels[row],
                slack=float(limits.h[row] - values[row]),
                binding=bool(min(relaxed_slack[rows]) <= BINDING),
                shadow_price=price,
            )
        )
    return tuple(reports)


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
        if isinstance(problem.objective, EqualWeight):
            continuous = _solve_equal_weight(problem, limits, check_order(solver.order or QUADRATIC_ORDER))
            quadratic = Quadratic.tracking(problem, continuous.x[:n])
        elif isinstance(problem.objective, RiskParity):
            continuous = _solve_risk_parity(problem, limits, check_order(solver.order or CONIC_ORDER))
            quadratic = Quadratic.tracking(problem, continuous.x[:n])
        else:
            quadratic = Quadratic.of(problem)
            continuous = _solve_quadratic(problem, quadratic, limits, check_order(solver.order or QUADRATIC_ORDER))
    except Impossible as impossible:
        explained = conflict(problem)
        if explained is None:
            raise NumericalFailure(
                "a solver called the problem infeasible, and a linear program found a feasible point.",
                details={"attempts": [[a.solver, a.status, a.residual, a.outcome] for a in impossible.attempts]},
            ) from impossible
        raise explained from impossible

    wealth = _wealth_after_costs(problem, continuous.x[:n])
    values, lots, gap = continuous.x[:n] * wealth, np.full(n, np.nan), None
    status = continuous.status
    if problem.discrete() is not None:
        size = float(problem.forecast.variance(continuous.x[:n])) if quadratic.target.any() else 0.0
        answer = whole_lots(
            problem, quadratic, continuous.x[:n], wealth, target_gap=solver.gap, size=size, time_limit=solver.time_limit
        )
        values, lots, gap, status = answer.values, answer.lots, answer.gap, "feasible"
    entry = _entry(problem, values)
    weights = values / (1.0 - entry)
    cash = 1.0 - float(weights.sum())
    x = np.append(weights, cash)
    return Allocation(
        weights=weights,
        cash=cash,
        relaxed=continuous.x,
        values=values,
        lots=lots,
        entry_cost=entry,
        status=status,
        objective=_objective_value(problem, weights),
        solver=continuous.solver,
        solver_status=continuous.status,
        attempts=continuous.attempts,
        certificate=continuous.certificate,
        lots_gap=gap,
        limits=_reports(problem, limits, x, continuous),
    )


def _objective_value(problem: Problem, weights: FloatArray) -> float:
    """The objective in its own unit; for strategies that name weights or budgets of risk, the variance a year."""
    if isinstance(problem.objective, EqualWeight | RiskParity):
        return problem.forecast.variance(weights)
    return Quadratic.of(problem).value(weights)
