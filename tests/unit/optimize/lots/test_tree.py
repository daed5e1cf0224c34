"""Whole lots under measures of risk of scenarios: against enumeration, at sizes of use, and where the work is used up."""

import itertools
from dataclasses import replace

import cvxpy as cp
import numpy as np
import pytest

from tests.unit.optimize.lots.test_lots_curved import CAP, WEALTH, agree, enumerate_lots, nothing, sample
from tests.unit.optimize.problems import problem_of
from toolkit.core.assets import Asset
from toolkit.core.errors import Infeasible, NumericalFailure
from toolkit.optimize.functions import ConvexConstraint, RiskOf, Scaled, TradeCost
from toolkit.optimize.lots.exact import whole_lots
from toolkit.optimize.quadratic import Quadratic
from toolkit.optimize.solvers.work import Work
from toolkit.risk_measures.base import Measure
from toolkit.risk_measures.below_zero import DownsideDeviation, MeanLoss
from toolkit.risk_measures.dispersion import GiniMeanDifference, MeanAbsoluteDeviation, SemiDeviation
from toolkit.risk_measures.drawdown import AverageDrawdown, CDaR, EDaR, MaximumDrawdown, UlcerIndex
from toolkit.risk_measures.tail import CVaR, EVaR, WorstCase
from toolkit.scenarios.sets import Scenarios

MEASURES = (
    CVaR(0.9),
    EVaR(0.9),
    WorstCase(),
    MeanAbsoluteDeviation(),
    SemiDeviation(),
    GiniMeanDifference(),
    MeanLoss(),
    DownsideDeviation(),
    CDaR(0.9),
    EDaR(0.9),
    MaximumDrawdown(),
    AverageDrawdown(),
    UlcerIndex(),
)


def ordered(scenarios: Scenarios) -> Scenarios:
    return replace(scenarios, ordered=True)


def large(n: int, size: int, seed: int):
    """n metals in lots of 0.1 to 6 % of the budget, two groups with limits, scenarios with fat tails."""
    rng = np.random.default_rng(seed)
    loadings = np.column_stack([rng.uniform(0.5, 1.5, n), rng.normal(size=(n, 4)) * 0.6])
    covariance = loadings @ np.diag(np.array([0.15, 0.12, 0.1, 0.08, 0.06]) ** 2) @ loadings.T
    covariance += np.diag(rng.uniform(0.08, 0.3, n) ** 2)
    assets = [Asset(key=f"a{i}", name=f"A{i}", lot_size=1.0, spread=float(rng.uniform(0.04, 0.2))) for i in range(n)]
    constraints = [
        {"name": "cash", "kind": "cash", "upper": 0.05},
        {"name": "cap", "kind": "bounds", "upper": 0.2},
        {"name": "controlled", "kind": "control_exposure", "upper": 0.4},
        {"name": "lots", "kind": "lots"},
    ]
    lots = np.exp(rng.uniform(np.log(0.001), np.log(0.06), n))
    controlled = (rng.random(n) < 0.4).astype(float)
    problem = problem_of(covariance, assets=assets, constraints=constraints, lots=lots, controlled=controlled)
    tails = np.sqrt(5 / rng.chisquare(5, size=(size, 1)))
    # By Cholesky: signs of eigenvectors depend on the number of threads.
    returns = rng.multivariate_normal(np.full(n, 0.004), covariance / 12, size=size, method="cholesky") * tails
    return problem, Scenarios(problem.universe.keys, returns, np.full(size, 1 / size), False, "simulated", 12.0)


def solved(problem, part, seconds, gap=1e-3):
    n = len(problem.universe)
    return whole_lots(
        problem, nothing(n), np.full(n, 0.9 / n), WEALTH, target_gap=gap, size=0.0, work=Work(seconds), parts=(part,)
    )


@pytest.mark.parametrize("measure", MEASURES, ids=lambda measure: measure.name)
def test_every_measure_in_lots_agrees_with_enumeration(measure: Measure):
    problem, scenarios = sample(seed=2)
    agree(problem, nothing(4), parts=(RiskOf(measure, ordered(scenarios)),))


@pytest.mark.parametrize("measure", [CVaR(0.9), EVaR(0.9), MeanAbsoluteDeviation()], ids=lambda measure: measure.name)
def test_risk_beside_return_costs_and_another_measure_agrees_with_enumeration(measure: Measure):
    problem, scenarios = sample(seed=3, previous=np.array([0.3, 0.1, 0.0, 0.0]))
    rng = np.random.default_rng(3)
    trades = TradeCost(rng.uniform(0, 0.1, 4), rng.uniform(0, 0.1, 4), np.zeros(4), problem.previous)
    reward = Quadratic(np.zeros((0, 4)), np.zeros(4), -np.array([0.02, 0.05, 0.08, 0.11]), np.zeros(4))
    agree(problem, reward, parts=(Scaled(RiskOf(measure, scenarios), 2.0), RiskOf(SemiDeviation(), scenarios), trades))


@pytest.mark.parametrize("seed", range(2))
def test_risk_beside_a_quadratic_under_a_limit_on_another_risk(seed):
    problem, scenarios = sample(seed=seed)
    quadratic = problem.objective.function(problem).quadratic
    free, _ = agree(problem, quadratic, parts=(RiskOf(MeanAbsoluteDeviation(), scenarios),))
    risk = RiskOf(EVaR(0.9), scenarios)
    x = free.values / (1 - problem.costs.entry(free.values, problem.data.budget))
    limit = ConvexConstraint(risk, 0.97 * risk.value(np.append(x, 0.0)), -1)
    parts = (RiskOf(MeanAbsoluteDeviation(), scenarios),)
    if np.isinf(enumerate_lots(problem, quadratic, parts, (limit,))[0]):
        with pytest.raises(Infeasible):
            agree(problem, quadratic, parts, (limit,))
    else:
        held, _ = agree(problem, quadratic, parts, (limit,))
        assert held.objective > free.objective


@pytest.mark.parametrize("seed", range(2))
def test_risk_with_market_impact_that_is_paid_from_the_cash(seed):
    """No program of the tree bounds the cost of impact from above; each choice of lots is valued by itself."""
    tight = {"name": "cash", "kind": "cash", "upper": 0.12}
    plain, scenarios = sample(seed=seed, constraints=(tight, CAP), previous=np.array([0.3, 0.0, 0.0, 0.0]))
    problem = replace(plain, costs=replace(plain.costs, impact=np.random.default_rng(seed).uniform(0.0, 0.3, 4)))
    agree(problem, nothing(4), parts=(RiskOf(CVaR(0.9), scenarios),))


@pytest.mark.parametrize("seed", range(2))
def test_the_least_cvar_of_two_holdings_agrees_with_every_choice(seed):
    """No lots: what a holding is worth may be any number, beside the decision to hold it."""
    few = {"name": "few", "kind": "cardinality", "upper": 2}
    rng = np.random.default_rng(seed)
    covariance = np.diag(rng.uniform(0.05, 0.1, 5)) + 0.02
    problem = problem_of(covariance, constraints=[{"name": "cash", "kind": "cash", "upper": 0.1}, CAP, few])
    returns = rng.multivariate_normal(np.zeros(5), covariance / 12, size=60)
    risk = RiskOf(CVaR(0.9), Scenarios(problem.universe.keys, returns, np.full(60, 1 / 60), False, "simulated", 12.0))
    answer = whole_lots(problem, nothing(5), np.full(5, 0.18), 1.0, target_gap=1e-6, size=0.0, work=Work(9.0), parts=(risk,))
    best = np.inf
    for pair in itertools.combinations(range(5), 2):
        x = cp.Variable(6)
        held = np.array([i in pair for i in range(5)])
        value, own = risk.convex(x, cp.Constant(1.0))
        rows = [x >= 0, cp.sum(x) == 1, x[:5] <= 0.55 * held, x[5] <= 0.1, *own]
        program = cp.Problem(cp.Minimize(value), rows)
        program.solve(solver=cp.CLARABEL)
        best = min(best, float(value.value))
    assert answer.gap <= 1e-6
    assert answer.objective == pytest.approx(best, rel=1e-5)
    assert answer.bound <= best * (1 + 1e-7)
    assert np.count_nonzero(answer.values) == 2


@pytest.mark.parametrize(
    ("measure", "n", "seed"),
    [(MeanAbsoluteDeviation(), 30, 0), (CVaR(), 60, 7), (EVaR(), 30, 0)],
    ids=["mad", "cvar, hardest of twelve", "evar"],
)
def test_sizes_of_use_are_proven_in_five_seconds_of_work(measure: Measure, n: int, seed: int):
    problem, scenarios = large(n, 2000, seed)
    answer = solved(problem, RiskOf(measure, scenarios), 5.0)
    assert answer.gap <= 1e-3
    assert answer.bound <= answer.objective


@pytest.mark.parametrize("measure", [MeanAbsoluteDeviation(), CVaR()], ids=lambda measure: measure.name)
def test_a_search_that_the_work_ends_is_the_same_three_times_and_its_bound_is_true(measure: Measure):
    problem, scenarios = large(30, 500, 1)
    risk = RiskOf(measure, scenarios)
    best = solved(problem, risk, 10.0)
    assert best.gap <= 1e-3
    for seconds in (0.1, 0.2):
        work = [Work(seconds) for _ in range(3)]
        told = [
            whole_lots(problem, nothing(30), np.full(30, 0.03), WEALTH, target_gap=1e-9, size=0.0, work=each, parts=(risk,))
            for each in work
        ]
        assert not any(each.late for each in work)
        assert len({(each.values.tobytes(), each.objective, each.bound, each.rounds) for each in told}) == 1
        assert told[0].gap > 1e-9
        assert told[0].bound <= best.objective
        assert told[0].objective >= best.bound


@pytest.mark.parametrize("seed", range(3))
def test_the_bound_of_a_search_that_ends_early_is_below_every_answer(seed):
    problem, scenarios = sample(seed=seed)
    risk = RiskOf(CVaR(0.9), scenarios)
    value, _ = enumerate_lots(problem, nothing(4), (risk,))
    for seconds in (1e-3, 5e-3, 1e-2, 3e-2):
        try:
            answer = solved(problem, risk, seconds, gap=1e-9)
        except NumericalFailure:  # found nothing, and says so
            continue
        assert answer.bound <= value * (1 + 1e-9)
        assert answer.objective >= value * (1 - 1e-9)
        assert answer.gap == pytest.approx((answer.objective - answer.bound) / answer.bound, abs=1e-12)


@pytest.mark.parametrize("seed", range(2))
def test_what_no_lots_hold_is_infeasible_and_what_was_not_found_is_not(seed):
    problem, scenarios = sample(seed=seed)
    risk = RiskOf(CVaR(0.9), scenarios)
    free, _ = agree(problem, nothing(4), parts=(risk,))
    x = np.append(free.values, 0.0) / (1 - problem.costs.entry(free.values, problem.data.budget))
    reward = Quadratic(np.zeros((0, 4)), np.zeros(4), -np.arange(1.0, 5.0), np.zeros(4))

    def search(limit, seconds):
        convex = (ConvexConstraint(risk, limit, -1),)
        return whole_lots(
            problem, reward, np.full(4, 0.2), WEALTH, target_gap=1e-3, size=0.0, work=Work(seconds), convex=convex
        )

    with pytest.raises(Infeasible):
        search(0.8 * risk.value(x), 5.0)
    for seconds in (1e-5, 1e-4, 1e-3, 1e-2, 1.0):
        try:
            answer = search(1.0001 * risk.value(x), seconds)
        except NumericalFailure:
            assert seconds < 1.0
        else:
            assert answer.bound <= answer.objective
