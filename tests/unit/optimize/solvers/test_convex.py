"""Limits on convex functions, soft limits, measures as objectives: against closed forms and an independent solver."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import cvxpy as cp
import numpy as np
import pytest
from scipy.optimize import minimize

from tests.unit.optimize.problems import NO_CASH, problem_of, random_covariance
from toolkit.core.errors import Infeasible, NumericalFailure, SpecError, Unbounded
from toolkit.optimize.allocate import allocate
from toolkit.optimize.continuous import solve_continuous
from toolkit.optimize.costs import Costs
from toolkit.optimize.functions import Deviation, RiskOf, TradeCost, Turnover
from toolkit.optimize.problem import Problem
from toolkit.optimize.solvers import conic
from toolkit.optimize.solvers.conic import solve_conic
from toolkit.risk_measures import measures
from toolkit.scenarios.sets import Scenarios

N = 6
RADIUS = 0.01
HOMOGENEOUS = [name for name, kind in measures().items() if kind.homogeneous]


@pytest.fixture
def covariance() -> np.ndarray:
    return random_covariance(N, seed=3)


def scenarios(covariance: np.ndarray, count: int = 160, seed: int = 5) -> Scenarios:
    rng = np.random.default_rng(seed)
    draws = rng.standard_t(5, size=(count, len(covariance))) @ np.linalg.cholesky(covariance).T * 0.6
    keys = tuple(f"a{i}" for i in range(len(covariance)))
    return Scenarios(keys, np.maximum(draws, -0.95), np.full(count, 1 / count), True, "historical", 1.0)


def independent(value: Any, problem: Problem, x: np.ndarray, more: list[Any]) -> float:
    """The best value that a general solver reaches from x, under sum 1, signs, the rows and `more` (each >= 0)."""
    limits = problem.linear_constraints()
    rows = [{"type": "ineq", "fun": lambda z: limits.h - limits.G @ z}] if len(limits.h) else []
    rows += [{"type": "ineq", "fun": fun} for fun in more] + [{"type": "eq", "fun": lambda z: z.sum() - 1}]
    found = minimize(
        value, x, method="SLSQP", bounds=[(0, 1)] * len(x), constraints=rows, options={"maxiter": 500, "ftol": 1e-12}
    )
    return float(found.fun)


def test_a_limit_on_tracking_error_holds_and_binds(covariance: np.ndarray) -> None:
    target = {"a0": 0.5, "a1": 0.5}
    term = {"name": "near", "kind": "tracking_error", "target": target, "upper": 0.05}
    answer = allocate(problem_of(covariance, constraints=[NO_CASH, term]))
    d = answer.weights - np.array([0.5, 0.5, 0, 0, 0, 0])
    assert np.sqrt(d @ covariance @ d) == pytest.approx(0.05, abs=1e-8)
    report = answer.limits[1]
    assert report.binding
    assert report.value == pytest.approx(0.05, abs=1e-8)
    # The multiplier is the derivative of the optimum.
    step = 1e-5
    moved = [
        allocate(problem_of(covariance, constraints=[NO_CASH, {**term, "upper": 0.05 + e}])).objective for e in (step, -step)
    ]
    assert report.shadow_price == pytest.approx((moved[1] - moved[0]) / (2 * step), rel=1e-4)


def test_a_limit_on_turnover(covariance: np.ndarray) -> None:
    held = np.full(N, 1 / N)
    term = {"name": "little trading", "kind": "turnover", "upper": 0.1}
    problem = problem_of(covariance, constraints=[NO_CASH, term], previous=held)
    answer = allocate(problem)
    assert np.abs(answer.weights - held).sum() / 2 == pytest.approx(0.1, abs=1e-8)
    value = independent(
        lambda z: z[:-1] @ covariance @ z[:-1],
        problem,
        np.append(held, 0.0),
        [lambda z: 0.2 - np.abs(z[:-1] - held).sum() - abs(z[-1])],
    )
    assert answer.objective <= value + 1e-8


def test_turnover_without_holdings_is_refused(covariance: np.ndarray) -> None:
    with pytest.raises(SpecError, match="nothing is held"):
        allocate(problem_of(covariance, constraints=[{"name": "t", "kind": "turnover", "upper": 0.1}]))


def test_variance_and_volatility_are_the_same_limit(covariance: np.ndarray) -> None:
    mean = np.linspace(0.01, 0.12, N)
    answers = [
        allocate(
            problem_of(
                covariance,
                objective={"kind": "max_return"},
                constraints=[{"name": "calm", "kind": "risk_limit", "measure": measure, "upper": upper}],
                expected=mean,
            )
        )
        for measure, upper in (("volatility", 0.15), ("variance", 0.15**2))
    ]
    own = allocate(problem_of(covariance, objective={"kind": "max_return", "volatility": 0.15}, expected=mean))
    for answer in answers:
        np.testing.assert_allclose(answer.weights, own.weights, atol=1e-6)
    assert answers[0].limits[0].value == pytest.approx(0.15)
    assert answers[1].limits[0].value == pytest.approx(0.15**2)
    assert answers[1].limits[0].shadow_price == pytest.approx(answers[0].limits[0].shadow_price / (2 * 0.15), rel=1e-4)
    assert answers[0].limits[0].shadow_price == pytest.approx(own.limits[-1].shadow_price, rel=1e-4)


@pytest.mark.parametrize("name", HOMOGENEOUS)
def test_least_of_any_measure_beats_an_independent_solver(covariance: np.ndarray, name: str) -> None:
    s = scenarios(covariance)
    problem = problem_of(
        covariance,
        objective={"kind": "min_risk", "measure": name},
        constraints=[NO_CASH, {"name": "cap", "kind": "bounds", "upper": 0.4}],
        scenarios=s,
    )
    answer = allocate(problem)
    function = RiskOf(measures()[name](), s)
    x = np.append(answer.weights, answer.cash)
    assert answer.objective == pytest.approx(function.value(x) if name not in ("variance", "volatility") else answer.objective)
    if name in ("variance", "volatility"):
        return
    start = np.append(np.random.default_rng(0).dirichlet(np.ones(N)), 0.0)
    assert answer.objective <= independent(function.value, problem, 0.5 * x + 0.5 * start, []) + 2e-7


@pytest.mark.parametrize("name", ["cvar", "mad", "semideviation", "evar"])
def test_a_limit_on_a_measure_is_that_of_its_least(covariance: np.ndarray, name: str) -> None:
    """At the least of the measure as its limit, the frontier of return has one point: the least-risk one."""
    s, mean = scenarios(covariance), np.linspace(0.01, 0.12, N)
    least = allocate(
        problem_of(covariance, objective={"kind": "min_risk", "measure": name}, constraints=[NO_CASH], scenarios=s)
    )
    limit = {"name": "calm", "kind": "risk_limit", "measure": name, "upper": least.objective * 1.1}
    best = allocate(
        problem_of(covariance, objective={"kind": "max_return"}, constraints=[NO_CASH, limit], expected=mean, scenarios=s)
    )
    function = RiskOf(measures()[name](), s)
    assert function.value(np.append(best.weights, 0.0)) == pytest.approx(least.objective * 1.1, rel=1e-6)
    problem = problem_of(covariance, constraints=[NO_CASH], scenarios=s)
    found = independent(
        lambda z: -mean @ z[:-1], problem, np.append(least.weights, 0.0), [lambda z: least.objective * 1.1 - function.value(z)]
    )
    assert best.objective <= found + 5e-6  # a general solver breaks the limit by about that much
    # Below the least there is nothing, and the message says by how much.
    impossible = {**limit, "upper": least.objective * 0.9}
    with pytest.raises(Infeasible) as told:
        allocate(
            problem_of(
                covariance, objective={"kind": "max_return"}, constraints=[NO_CASH, impossible], expected=mean, scenarios=s
            )
        )
    assert set(told.value.details["conflict"]) == {"no cash", "calm"}


def test_ratio_over_a_measure(covariance: np.ndarray) -> None:
    s, mean = scenarios(covariance), np.linspace(0.01, 0.12, N)
    problem = problem_of(
        covariance, objective={"kind": "max_ratio", "measure": "cvar"}, constraints=[NO_CASH], expected=mean, scenarios=s
    )
    answer = allocate(problem)
    function = RiskOf(measures()["cvar"](), s)
    ratio = mean @ answer.weights / function.value(np.append(answer.weights, 0.0))
    assert -answer.objective == pytest.approx(ratio)
    rng = np.random.default_rng(1)
    others = rng.dirichlet(np.ones(N), 4000)
    assert max(mean @ w / function.value(np.append(w, 0.0)) for w in others) <= ratio + 1e-9


def test_ratio_with_a_curved_limit_prices_it(covariance: np.ndarray) -> None:
    mean, held = np.linspace(0.01, 0.12, N), np.full(N, 1 / N)

    def of(upper: float) -> Any:
        term = {"name": "t", "kind": "turnover", "upper": upper}
        return allocate(
            problem_of(covariance, objective={"kind": "max_ratio"}, constraints=[NO_CASH, term], expected=mean, previous=held)
        )

    answer = of(0.2)
    assert answer.limits[1].shadow_price == pytest.approx((of(0.1999).objective - of(0.2001).objective) / 2e-4, rel=1e-3)


@pytest.mark.parametrize("name", ["cvar", "mad", "semideviation"])
def test_budgets_of_any_measure(covariance: np.ndarray, name: str) -> None:
    s = scenarios(covariance, count=1200)
    answer = allocate(
        problem_of(covariance, objective={"kind": "risk_parity", "measure": name}, constraints=[NO_CASH], scenarios=s)
    )
    function = RiskOf(measures()[name](), s)
    x = np.append(answer.weights, 0.0)
    share = x[:-1] * function.gradient(x)[:-1] / function.value(x)
    # With a finite number of scenarios the tail has a kink: one scenario more or less.
    np.testing.assert_allclose(share, np.full(N, 1 / N), atol={"cvar": 0.02, "mad": 5e-3, "semideviation": 1e-5}[name])


def test_a_soft_limit_is_broken_as_far_as_its_price_pays(covariance: np.ndarray) -> None:
    hard = {"name": "cap", "kind": "bounds", "assets": ["a0"], "upper": 0.02}
    tight = allocate(problem_of(covariance, constraints=[NO_CASH, hard]))
    price = tight.limits[1].shadow_price
    assert price is not None
    assert price > 0
    firm = allocate(problem_of(covariance, constraints=[NO_CASH, {**hard, "soft": price * 1.01}]))
    np.testing.assert_allclose(firm.weights, tight.weights, atol=1e-6)
    free = allocate(problem_of(covariance, constraints=[NO_CASH]))
    given = allocate(problem_of(covariance, constraints=[NO_CASH, {**hard, "soft": price * 0.5}]))
    assert 0.02 + 1e-4 < given.weights[0] < free.weights[0]
    assert given.limits[1].shadow_price == pytest.approx(price * 0.5, rel=1e-5)
    assert given.limits[1].slack is not None
    assert given.limits[1].slack < 0


def test_a_soft_curved_limit(covariance: np.ndarray) -> None:
    held = np.array([1.0, 0, 0, 0, 0, 0])
    term = {"name": "t", "kind": "turnover", "upper": 0.05}
    tight = allocate(problem_of(covariance, constraints=[NO_CASH, term], previous=held))
    price = tight.limits[1].shadow_price
    given = allocate(problem_of(covariance, constraints=[NO_CASH, {**term, "soft": price / 2}], previous=held))
    assert given.limits[1].value > 0.05 + 1e-4
    assert given.limits[1].shadow_price == pytest.approx(price / 2, rel=1e-5)


def test_soft_limits_need_an_objective_with_a_unit(covariance: np.ndarray) -> None:
    soft = {"name": "cap", "kind": "bounds", "upper": 0.3, "soft": 1.0}
    with pytest.raises(SpecError, match="no unit"):
        allocate(problem_of(covariance, objective={"kind": "risk_parity"}, constraints=[soft]))


def test_impact_spreads_a_purchase(covariance: np.ndarray) -> None:
    zeros = np.zeros(N)
    keys = {"half_spread": zeros, "storage": zeros, "in_objective": True, "holding_years": 1.0}
    problem = problem_of(covariance, constraints=[NO_CASH], objective={"kind": "min_risk", "risk_aversion": 2.0})
    calm = allocate(replace(problem, costs=Costs(**keys)))
    impact = np.array([0.0, 0.05, 0.05, 0.05, 0.05, 0.05])
    paid = allocate(replace(problem, costs=Costs(**keys, impact=impact)))
    assert paid.continuous.x[0] > calm.continuous.x[0]
    x = paid.continuous.x
    # KKT in the weights: among what is held, marginal risk plus marginal impact is the same.
    slope = 2 * covariance @ x[:-1] + 1.5 * impact * np.sqrt(x[:-1])
    held = x[:-1] > 1e-4
    np.testing.assert_allclose(slope[held], slope[held][0], atol=1e-6)


def test_holdings_are_kept_where_trading_does_not_pay(covariance: np.ndarray) -> None:
    """A region of no trade: with a wide spread what is held already is neither bought nor sold."""
    held = allocate(problem_of(covariance, constraints=[NO_CASH])).weights + np.array([0.01, -0.01, 0, 0, 0, 0])
    held = np.clip(held, 0, None) / np.clip(held, 0, None).sum()
    costs = Costs(np.full(N, 0.1), np.zeros(N), holding_years=1.0, in_objective=True)
    problem = problem_of(covariance, constraints=[NO_CASH], objective={"kind": "min_risk"}, previous=held, costs=costs)
    answer = allocate(problem)
    np.testing.assert_allclose(answer.continuous.x[:-1], held, atol=1e-7)


@pytest.mark.parametrize("robust", ["box", "ellipsoid"])
def test_robust_utility(covariance: np.ndarray, robust: str) -> None:
    mean = np.linspace(0.02, 0.12, N)
    uncertain = random_covariance(N, seed=9) * 0.01
    problem = problem_of(
        covariance,
        objective={"kind": "max_utility", "robust": robust, "radius": 1.5},
        constraints=[NO_CASH],
        expected=mean,
    )
    problem = replace(problem, forecast=replace(problem.forecast, expected_cov=uncertain))
    answer = allocate(problem)

    def worst(z: np.ndarray) -> float:
        w = z[:-1]
        doubt = np.sqrt(np.diag(uncertain)) @ w if robust == "box" else np.sqrt(w @ uncertain @ w)
        return float(1.5 * w @ covariance @ w - mean @ w + 1.5 * doubt)

    assert answer.objective == pytest.approx(worst(np.append(answer.weights, 0.0)), abs=1e-12)
    assert answer.objective <= independent(worst, problem, np.append(np.full(N, 1 / N), 0.0), []) + 1e-8


def test_robust_utility_needs_an_uncertainty(covariance: np.ndarray) -> None:
    problem = problem_of(covariance, objective={"kind": "max_utility", "robust": "box"}, expected=np.full(N, 0.1))
    with pytest.raises(SpecError, match="how uncertain"):
        allocate(problem)


def test_ambiguity_is_the_worst_distribution_near_the_scenarios() -> None:
    """Every scenario may move by the radius over the tail's probability: CVaR rises by radius / (1 - alpha) x |w|."""
    covariance = random_covariance(N, seed=3)
    s = scenarios(covariance)
    spec = {"kind": "min_risk", "measure": "cvar", "ambiguity": RADIUS}
    plain = allocate(problem_of(covariance, objective={**spec, "ambiguity": 0.0}, constraints=[NO_CASH], scenarios=s))
    wary = allocate(problem_of(covariance, objective=spec, constraints=[NO_CASH], scenarios=s))
    assert np.linalg.norm(wary.weights) < np.linalg.norm(plain.weights)
    # The transport that attains it: tail scenarios move against the weights, the others stay.
    w = wary.weights
    losses = -s.portfolio(w)
    tail = np.argsort(losses)[-8:]  # 5 % of 160
    moved = s.returns.copy()
    moved[tail] -= RADIUS / 0.05 * w / np.linalg.norm(w)
    assert np.mean(np.linalg.norm(moved - s.returns, axis=1)) == pytest.approx(RADIUS)
    function = RiskOf(measures()["cvar"](), replace(s, returns=moved))
    assert wary.objective == pytest.approx(function.value(np.append(w, 0.0)), rel=1e-6)


def test_a_ratio_without_risk_is_told(covariance: np.ndarray) -> None:
    s = scenarios(covariance)
    gains = replace(s, returns=np.abs(s.returns) + 0.01)
    with pytest.raises(Unbounded, match="no risk"):
        allocate(
            problem_of(
                covariance, objective={"kind": "max_ratio", "measure": "cvar"}, expected=np.full(N, 0.1), scenarios=gains
            )
        )


def test_scenario_loss_is_a_row_and_names_its_neighbours(covariance: np.ndarray) -> None:
    shock = np.array([-0.5, -0.3, 0, 0, 0, 0.1])
    term = {"name": "if stops", "kind": "scenario_loss", "scenario": "stop", "upper": 0.02}
    answer = allocate(problem_of(covariance, constraints=[NO_CASH, term], shocks={"stop": shock}))
    assert -shock @ answer.weights <= 0.02 + 1e-9
    with pytest.raises(SpecError, match="no scenario is named 'stopp'"):
        allocate(problem_of(covariance, constraints=[{**term, "scenario": "stopp"}], shocks={"stop": shock}))


def test_liquidity_counts_what_is_slow_or_unknown(covariance: np.ndarray) -> None:
    term = {"name": "exit", "kind": "liquidity", "days": 30, "upper": 0.3, "exit_days": {"a1": 60}}
    days = np.array([5.0, 5.0, 90.0, np.nan, 10.0, 10.0])
    answer = allocate(problem_of(covariance, constraints=[NO_CASH, term], exit_days=days))
    assert answer.weights[[1, 2, 3]].sum() <= 0.3 + 1e-9
    assert answer.limits[1].value == pytest.approx(answer.weights[[1, 2, 3]].sum())


@pytest.mark.parametrize("seed", range(5))
def test_gradients_are_subgradients_of_homogeneous_functions(seed: int) -> None:
    covariance, rng = random_covariance(N, seed), np.random.default_rng(seed)
    root = np.linalg.cholesky(covariance).T
    held = np.append(rng.dirichlet(np.ones(N)) * 0.9, 0.1)
    functions = [
        Deviation(root, np.full(N, 0.1), held[:-1], "d"),
        Turnover(held),
        *(RiskOf(measures()[name](), scenarios(covariance)) for name in HOMOGENEOUS),
    ]
    for function in functions:
        x, z = rng.dirichlet(np.ones(N + 1)), rng.dirichlet(np.ones(N + 1))
        assert function.value(z) >= function.value(x) + function.gradient(x) @ (z - x) - 1e-9


CONTRIBUTION = {"name": "no one decides", "kind": "risk_contribution", "upper": 0.25}


def shares(covariance: np.ndarray, w: np.ndarray) -> np.ndarray:
    return w * (covariance @ w) / (w @ covariance @ w)


@pytest.mark.parametrize("seed", range(4))
def test_contributions_hold_their_limit_and_no_start_finds_better(seed: int) -> None:
    covariance = random_covariance(N, seed)
    problem = problem_of(covariance, constraints=[NO_CASH, CONTRIBUTION])
    answer = allocate(problem)
    assert shares(covariance, answer.weights).max() <= 0.25 + 1e-7
    assert answer.limits[1].value == pytest.approx(shares(covariance, answer.weights).max())
    rng = np.random.default_rng(seed)
    for _ in range(4):
        start = np.append(rng.dirichlet(np.ones(N)), 0.0)
        found = independent(
            lambda z: z[:-1] @ covariance @ z[:-1],
            problem,
            start,
            [lambda z: 0.25 * (z[:-1] @ covariance @ z[:-1]) - z[:-1] * (covariance @ z[:-1])],
        )
        assert answer.objective <= found * (1 + 1e-5)


def test_the_tightest_limit_on_contributions_is_risk_parity(covariance: np.ndarray) -> None:
    parity = allocate(problem_of(covariance, objective={"kind": "risk_parity"}, constraints=[NO_CASH]))
    tight = allocate(problem_of(covariance, constraints=[NO_CASH, {**CONTRIBUTION, "upper": 1 / N + 1e-6}]))
    np.testing.assert_allclose(tight.weights, parity.weights, atol=1e-3)
    with pytest.raises(Infeasible, match="contributions"):
        allocate(problem_of(covariance, constraints=[NO_CASH, {**CONTRIBUTION, "upper": 1 / N - 0.01}]))


def test_a_limit_on_contributions_has_a_price(covariance: np.ndarray) -> None:
    def of(upper: float) -> Any:
        return allocate(problem_of(covariance, constraints=[NO_CASH, {**CONTRIBUTION, "upper": upper}]))

    price = (of(0.249).objective - of(0.251).objective) / 0.002
    assert of(0.25).limits[1].shadow_price == pytest.approx(price, rel=1e-2)


def test_contributions_with_a_ratio(covariance: np.ndarray) -> None:
    mean = np.linspace(0.01, 0.12, N)
    answer = allocate(
        problem_of(covariance, objective={"kind": "max_ratio"}, constraints=[NO_CASH, CONTRIBUTION], expected=mean)
    )
    assert shares(covariance, answer.weights).max() <= 0.25 + 1e-6
    free = allocate(problem_of(covariance, objective={"kind": "max_ratio"}, constraints=[NO_CASH], expected=mean))
    assert free.objective < answer.objective < 0


def test_a_ratio_pays_for_its_trades(covariance: np.ndarray) -> None:
    """With holdings, what is traded costs and what is kept does not: the ratio after costs beats every other mix."""
    mean, held = np.linspace(0.04, 0.12, N), np.array([0.3, 0.3, 0.2, 0.1, 0.1, 0.0])
    costs = Costs(np.full(N, 0.03), np.zeros(N), holding_years=1.0, in_objective=True)
    problem = problem_of(
        covariance, objective={"kind": "max_ratio"}, constraints=[NO_CASH], expected=mean, previous=held, costs=costs
    )
    # At a wealth of one: what the wealth after costs makes of the holdings is another question.
    answer = solve_continuous(problem, problem.linear_constraints(), None)

    def ratio(w: np.ndarray) -> float:
        return float((mean @ w - 0.03 * w.sum() - 0.03 * np.abs(w - held).sum()) / np.sqrt(w @ covariance @ w))

    assert -problem.objective.value(problem, answer.x[:-1]) == pytest.approx(ratio(answer.x[:-1]))
    rng = np.random.default_rng(2)
    around = np.vstack([rng.dirichlet(np.ones(N), 2000), 0.9 * answer.x[:-1] + 0.1 * rng.dirichlet(np.ones(N), 2000)])
    assert max(ratio(w) for w in around) <= ratio(answer.x[:-1]) + 1e-9


def test_the_largest_return_pays_for_its_trades(covariance: np.ndarray) -> None:
    mean, held = np.linspace(0.04, 0.12, N), np.array([0.3, 0.3, 0.2, 0.1, 0.1, 0.0])
    costs = Costs(np.full(N, 0.03), np.zeros(N), holding_years=1.0, in_objective=True)
    problem = problem_of(
        covariance,
        objective={"kind": "max_return", "volatility": 0.2},
        constraints=[NO_CASH],
        expected=mean,
        previous=held,
        costs=costs,
    )
    x = solve_continuous(problem, problem.linear_constraints(), None).x

    def loss(z: np.ndarray) -> float:
        return float(-mean @ z[:-1] + 0.03 * z[:-1].sum() + 0.03 * np.abs(z[:-1] - held).sum())

    def calm(z: np.ndarray) -> float:
        return float(0.04 - z[:-1] @ covariance @ z[:-1])

    assert calm(x) >= -1e-9
    assert loss(x) <= independent(loss, problem, np.append(held, 0.0), [calm]) + 1e-6


IMPACT = np.array([0.3, 0.1, 0.2, 0.4, 0.2, 0.1])


@pytest.mark.parametrize(
    ("measure", "limited", "slack"),
    [("volatility", "mad", 1.1), ("mad", "cvar", 1.1), ("worst_case", "cvar", 1.1), ("cvar", "mad", 1.1)],
)
def test_impact_beside_limits_on_risk(covariance: np.ndarray, measure: str, limited: str, slack: float) -> None:
    """What stalled the power cone: the optimum holds its certificate, and no feasible mix around it is better."""
    s = scenarios(covariance)
    costs = Costs(np.zeros(N), np.zeros(N), holding_years=1.0, in_objective=True, impact=IMPACT)
    cash = {"name": "c", "kind": "cash", "upper": 0.1}
    calm = allocate(problem_of(covariance, objective={"kind": "min_risk", "measure": limited}, constraints=[cash], scenarios=s))
    limit = {"name": "r", "kind": "risk_limit", "measure": limited, "upper": calm.objective * slack}
    objective = {"kind": "min_risk", "measure": measure}
    problem = problem_of(covariance, objective=objective, constraints=[cash, limit], scenarios=s, costs=costs)
    answer = allocate(problem)
    assert answer.continuous.certificate is not None
    assert answer.continuous.certificate.worst < 1e-6
    x, function = answer.continuous.x, RiskOf(measures()[limited](), s)
    assert function.value(x) <= limit["upper"] + 1e-8
    rng = np.random.default_rng(4)
    best = problem.objective.value(problem, x[:-1])
    for z in rng.dirichlet(np.ones(N + 1), 300):
        near = 0.97 * x + 0.03 * z
        if near[-1] <= 0.1 and function.value(near) <= limit["upper"]:
            assert problem.objective.value(problem, near[:-1]) >= best - 1e-8


@pytest.mark.parametrize("whole", [0.5, 1.0, 2.0])
def test_impact_is_homogeneous_in_weights_and_one(whole: float) -> None:
    cost = TradeCost(np.full(N, 0.01), np.full(N, 0.02), IMPACT, np.full(N, 0.1))
    x = np.append(np.linspace(0.0, 0.25, N), 0.25)
    expression, own = cost.convex(cp.Constant(x * whole), cp.Constant(whole))
    program = cp.Problem(cp.Minimize(expression), own)
    assert solve_conic(program).status == "optimal"
    assert program.value == pytest.approx(whole * cost.value(x), rel=1e-7)


def test_a_stalled_solver_is_tried_again_and_every_attempt_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    x = cp.Variable(2, nonneg=True)
    problem = cp.Problem(cp.Minimize(cp.norm(x - np.array([0.3, 0.9]), 2)), [cp.Zero(cp.sum(x) - 1)])
    monkeypatch.setattr(conic, "WAYS", {"short of time": {"max_iter": 2}, "": {}})
    answer = solve_conic(problem)
    assert [(a.solver, a.outcome) for a in answer.attempts] == [
        ("CLARABEL (short of time)", "no answer"),
        ("CLARABEL", "accepted"),
    ]
    np.testing.assert_allclose(np.array(x.value), [0.2, 0.8], atol=1e-6)
    monkeypatch.setattr(conic, "WAYS", {"short of time": {"max_iter": 2}})
    with pytest.raises(NumericalFailure, match="short of time"):
        solve_conic(problem)


def test_a_limit_on_contributions_of_a_tail(covariance: np.ndarray) -> None:
    s = scenarios(covariance, count=400)
    for measure in ("evar", "cvar"):
        spec = {"kind": "min_risk", "measure": measure}
        answer = allocate(problem_of(covariance, objective=spec, constraints=[NO_CASH, CONTRIBUTION], scenarios=s))
        assert shares(covariance, answer.weights).max() <= 0.25 + 1e-7


def parity(covariance: np.ndarray, upper: float, cash: float, **more: Any) -> Any:
    return allocate(
        problem_of(
            covariance,
            objective={"kind": "risk_parity"},
            constraints=[
                {"name": "c", "kind": "cash", "upper": cash},
                {"name": "calm", "kind": "risk_limit", "measure": "volatility", "upper": upper},
            ],
            **more,
        )
    )


def test_risk_parity_holds_a_limit_on_risk_by_cash_and_keeps_its_budgets(covariance: np.ndarray) -> None:
    free = allocate(problem_of(covariance, objective={"kind": "risk_parity"}, constraints=[NO_CASH])).continuous.x
    risk = float(np.sqrt(free[:-1] @ covariance @ free[:-1]))
    for part in (0.5, 0.9, 0.999):
        x = parity(covariance, part * risk, 1.0).continuous.x
        np.testing.assert_allclose(x, np.append(part * free[:-1], 1 - part), atol=1e-5)
    np.testing.assert_allclose(parity(covariance, 1.01 * risk, 1.0).continuous.x, free, atol=1e-6)


def test_risk_parity_gives_up_budgets_only_where_cash_is_not_enough(covariance: np.ndarray) -> None:
    calm = allocate(problem_of(covariance, constraints=[NO_CASH]))
    least = float(np.sqrt(calm.objective))
    free = allocate(problem_of(covariance, objective={"kind": "risk_parity"}, constraints=[NO_CASH])).continuous.x
    risk = float(np.sqrt(free[:-1] @ covariance @ free[:-1]))
    assert least < 0.98 * risk
    upper = 0.9 * (least + 0.3 * (risk - least))
    x = parity(covariance, upper, 0.1).continuous.x
    assert x[-1] == pytest.approx(0.1, abs=1e-8)
    assert np.sqrt(x[:-1] @ covariance @ x[:-1]) == pytest.approx(upper, rel=1e-7)
    with pytest.raises(Infeasible) as told:
        parity(covariance, 0.9 * least * 0.99, 0.1)
    assert set(told.value.details["conflict"]) == {"c", "calm"}


def test_risk_parity_within_turnover_needs_cash_that_is_held(covariance: np.ndarray) -> None:
    """Half of what is held is cash, and a tenth may be bought: at least 0.4 stays cash, where the rows would allow none."""
    answer = allocate(
        problem_of(
            covariance,
            objective={"kind": "risk_parity"},
            constraints=[{"name": "t", "kind": "turnover", "upper": 0.1}],
            previous=np.full(N, 0.5 / N),
        )
    )
    assert np.sum(np.maximum(answer.continuous.x[:-1] - 0.5 / N, 0.0)) <= 0.1 + 1e-7
    assert answer.continuous.x[-1] == pytest.approx(0.4, abs=1e-6)


@pytest.mark.parametrize(
    ("constraints", "assets", "names"),
    [
        ([("cap", "a0", {"upper": 0.0})], ["a0"], ["cap"]),
        ([("f", "a0", {"lower": 0.5}), ("g", "a1", {"lower": 0.5})], ["a2", "a3", "a4", "a5"], ["f", "g"]),
    ],
)
def test_risk_parity_of_what_may_not_be_held_is_refused(
    covariance: np.ndarray, constraints: list[Any], assets: list[str], names: list[str]
) -> None:
    terms = [{"name": name, "kind": "bounds", "assets": [key], **limits} for name, key, limits in constraints]
    idle = {"name": "idle", "kind": "bounds", "upper": 0.9}
    with pytest.raises(SpecError) as told:
        allocate(problem_of(covariance, objective={"kind": "risk_parity"}, constraints=[idle, *terms]))
    assert all(repr(word) in told.value.message for word in [*assets, *names])
    assert "idle" not in told.value.message
