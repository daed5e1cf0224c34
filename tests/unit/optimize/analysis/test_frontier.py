"""The frontier: its ends, its turning points and every point between, against solvers and closed forms."""

import itertools

import numpy as np
import pytest

from tests.unit.optimize.problems import NO_CASH, problem_of, random_covariance
from toolkit.core.assets import Asset
from toolkit.core.errors import Infeasible, SpecError
from toolkit.optimize.allocate import allocate
from toolkit.optimize.analysis.frontier import frontier
from toolkit.optimize.costs import Costs

CAP = {"name": "cap", "kind": "bounds", "upper": 0.3}
GROUP = {"name": "group", "kind": "group", "assets": ["a0", "a1", "a2"], "lower": 0.2, "upper": 0.5}


def mean_variance(seed: int, n: int = 8, constraints=(NO_CASH, CAP, GROUP), **more):
    mu = np.random.default_rng(seed).uniform(0.0, 0.15, n)
    return problem_of(random_covariance(n, seed), expected=mu, constraints=constraints, **more)


@pytest.mark.parametrize("seed", range(6))
def test_every_point_is_the_answer_of_the_optimizer_at_its_risk_aversion(seed):
    problem = mean_variance(seed)
    found = frontier(problem, 12)
    assert found.worst < 1e-6
    assert found.unresolved == ()
    for point in found.points[1:-1]:
        objective = {"kind": "max_utility", "risk_aversion": point.risk_aversion}
        other = allocate(mean_variance(seed, objective=objective))
        assert point.weights == pytest.approx(other.continuous.x, abs=2e-5)


@pytest.mark.parametrize("seed", range(6))
def test_ends_are_least_risk_and_largest_return_and_risk_rises_between(seed):
    problem = mean_variance(seed)
    found = frontier(problem, 20)
    assert found.points[0].weights == pytest.approx(allocate(problem).continuous.x, abs=1e-5)
    assert found.points[0].risk_aversion is None
    top = allocate(mean_variance(seed, objective={"kind": "max_return", "volatility": 9.0}))
    assert found.points[-1].expected == pytest.approx(-top.objective, rel=1e-5)
    expected = [point.expected for point in found.points]
    assert np.diff(expected) == pytest.approx(np.full(19, (expected[-1] - expected[0]) / 19), rel=1e-4)
    assert all(np.diff([point.volatility for point in found.points]) > 0)
    aversions = [point.risk_aversion for point in found.points[1:]]
    assert all(np.diff(aversions) < 1e-9)


@pytest.mark.parametrize("seed", range(6))
def test_between_turning_points_weights_move_along_a_line_and_turn_there(seed):
    """A turning point is exact when a line fits each side of it and not both."""
    problem = mean_variance(seed)
    critical = frontier(problem, 5).critical
    assert critical[0].changes == ("least risk",)
    assert critical[-1].changes == ("largest return",)
    assert len(critical) >= 4
    rewards = [c.point.reward for c in critical]
    assert rewards == sorted(rewards)
    for left, right in itertools.pairwise(critical):
        middle_reward = (left.point.reward + right.point.reward) / 2
        if right.point.reward - left.point.reward < 1e-4:
            continue
        middle = (left.point.weights + right.point.weights) / 2
        # tau = 2 / aversion is linear in reward on a segment.
        tau_left = 0.0 if left.point.risk_aversion is None else 2 / left.point.risk_aversion
        tau = (tau_left + 2 / right.point.risk_aversion) / 2
        answer = allocate(mean_variance(seed, objective={"kind": "max_utility", "risk_aversion": 2 / tau}))
        if abs(tau_left - 2 / right.point.risk_aversion) > 1e-6:
            assert answer.continuous.x == pytest.approx(middle, abs=2e-5)
            assert answer.continuous.x[:-1] @ problem.forecast.expected == pytest.approx(middle_reward, abs=1e-5)


def test_two_assets_have_the_frontier_of_the_textbook():
    v1, v2, rho = 0.1, 0.3, 0.2
    covariance = np.array([[v1**2, rho * v1 * v2], [rho * v1 * v2, v2**2]])
    problem = problem_of(covariance, expected=np.array([0.02, 0.1]), constraints=[NO_CASH])
    found = frontier(problem, 9)
    least = (v1**2 - rho * v1 * v2) / (v1**2 + v2**2 - 2 * rho * v1 * v2)
    second = np.linspace(least, 1.0, 9)
    assert [point.weights[1] for point in found.points] == pytest.approx(second, abs=1e-6)
    assert [c.changes for c in found.critical] == [("least risk",), ("largest return",)]


@pytest.mark.parametrize("seed", range(5))
def test_the_largest_ratio_is_the_best_of_a_dense_frontier(seed):
    found = frontier(mean_variance(seed), 400)
    best = max(point.expected / point.volatility for point in found.points)
    answer = allocate(mean_variance(seed, objective={"kind": "max_ratio"}))
    assert -answer.objective >= best - 1e-9
    assert -answer.objective == pytest.approx(best, rel=1e-4)


@pytest.mark.parametrize("seed", range(4))
def test_largest_return_at_the_volatility_of_a_point_is_the_point(seed):
    found = frontier(mean_variance(seed), 7)
    for point in found.points[1:-1]:
        answer = allocate(mean_variance(seed, objective={"kind": "max_return", "volatility": point.volatility}))
        assert answer.continuous.x == pytest.approx(point.weights, abs=1e-5)
        price = next(limit.shadow_price for limit in answer.limits if limit.name == "objective.volatility")
        assert price == pytest.approx(point.risk_aversion * point.volatility, rel=1e-3)


def test_equal_assets_that_turn_together_are_still_covered():
    covariance = np.diag([0.04] * 6)
    mu = np.array([0.1, 0.1, 0.1, 0.02, 0.02, 0.02])
    problem = problem_of(covariance, expected=mu, constraints=[NO_CASH, CAP])
    found = frontier(problem, 11)
    share = np.array([point.weights[:3].sum() for point in found.points])
    assert share == pytest.approx(np.linspace(0.5, 0.9, 11), abs=1e-5)
    assert found.points[3].weights[:3] == pytest.approx(np.full(3, share[3] / 3), abs=1e-6)


def test_without_returns_risk_is_traded_against_cost():
    assets = [Asset(key="dear", name="Dear", spread=0.3, storage=0.02), Asset(key="cheap", name="Cheap", spread=0.02)]
    covariance = np.diag([0.01, 0.09])
    free = problem_of(covariance, assets=assets, constraints=[NO_CASH])
    with pytest.raises(SpecError, match=r"forecasts no returns and has no costs"):
        frontier(free)
    costs = Costs.of(free.universe, in_objective=True)
    found = frontier(problem_of(covariance, assets=assets, constraints=[NO_CASH], costs=costs), 5)
    assert found.against == "cost"
    assert [point.weights[0] for point in found.points] == pytest.approx(np.linspace(0.9, 0, 5), abs=1e-6)
    assert [point.cost for point in found.points] == pytest.approx([-point.reward for point in found.points])
    assert found.critical[-1].changes == ("least cost",)


def test_one_allocation_is_a_frontier_of_one_point():
    pin = [NO_CASH, {"name": "all", "kind": "bounds", "assets": ["a0"], "lower": 1.0}]
    found = frontier(problem_of(random_covariance(3), expected=np.array([0.1, 0.2, 0.1]), constraints=pin))
    assert len(found.points) == 1
    assert found.points[0].weights[0] == pytest.approx(1, abs=1e-7)


def test_contradictions_and_silly_numbers_are_refused():
    floor = {"name": "floor", "kind": "bounds", "assets": ["a0"], "lower": 0.5}
    with pytest.raises(Infeasible) as conflict:
        frontier(mean_variance(1, constraints=[CAP, floor]))
    assert conflict.value.details["conflict"] == ["cap", "floor"]
    with pytest.raises(SpecError, match="at least 2"):
        frontier(mean_variance(1), 1)


def test_twice_is_the_same_to_the_last_bit():
    first = frontier(mean_variance(2), 10)
    frontier(mean_variance(3), 10)
    again = frontier(mean_variance(2), 10)
    assert [p.weights.tobytes() for p in first.points] == [p.weights.tobytes() for p in again.points]
    assert [c.point.weights.tobytes() for c in first.critical] == [c.point.weights.tobytes() for c in again.critical]
