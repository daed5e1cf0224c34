"""Benchmarks: what they are read as, tracking error, and the information ratio beside its closed form."""

import numpy as np
import pytest
from pydantic import ValidationError

from tests.unit.optimize.problems import NO_CASH, problem_of, random_covariance
from toolkit.core.errors import DataError, SpecError
from toolkit.optimize.allocate import allocate
from toolkit.optimize.benchmark import benchmark_weights
from toolkit.optimize.objectives.ratio import MaxRatio
from toolkit.optimize.objectives.track import Track

N = 5
EXPECTED = np.array([0.02, 0.09, 0.05, 0.01, 0.07])
HELD = np.array([0.5, 0.2, 0.0, 0.1, 0.1])


@pytest.mark.parametrize(
    ("benchmark", "weights"),
    [
        ("a1", [0, 1, 0, 0, 0]),
        ("equal_weight", [0.2] * 5),
        ("held", HELD),
        ({"a0": 0.3, "a4": 0.6}, [0.3, 0, 0, 0, 0.6]),
    ],
)
def test_a_benchmark_is_weights_an_asset_equal_weights_or_what_is_held(benchmark, weights):
    problem = problem_of(random_covariance(N, 1), previous=HELD)
    np.testing.assert_allclose(benchmark_weights(benchmark, problem.data, "objective.target"), weights)
    tracked = allocate(problem_of(random_covariance(N, 1), objective={"kind": "track", "benchmark": benchmark}, previous=HELD))
    np.testing.assert_allclose(tracked.continuous.x[:-1], weights, atol=1e-6)


def test_what_is_no_benchmark_is_refused_with_the_mend():
    with pytest.raises(DataError, match=r"objective\.target: 'SPY' is neither") as error:
        allocate(problem_of(np.eye(2), objective={"kind": "track", "target": "SPY"}))
    assert "upper limit of 0" in (error.value.hint or "")
    with pytest.raises(SpecError, match="the benchmark is what is held, and nothing is held"):
        allocate(problem_of(np.eye(2), objective={"kind": "track", "target": "held"}))
    for wrong in ("", {}, {"a0": 0.7, "a1": 0.6}):
        with pytest.raises(ValidationError):
            Track.model_validate({"kind": "track", "target": wrong})
    with pytest.raises(SpecError, match="risk is the tracking error, and cannot be 'cvar'"):
        MaxRatio("cvar", benchmark="a0")


@pytest.mark.parametrize("seed", range(4))
def test_a_limit_on_the_tracking_error_holds_and_its_price_is_what_room_is_worth(seed):
    covariance = random_covariance(N, seed)

    def solve(upper):
        limit = {"name": "active", "kind": "tracking_error", "benchmark": "equal_weight", "upper": upper}
        return allocate(
            problem_of(covariance, objective={"kind": "max_return"}, constraints=[NO_CASH, limit], expected=EXPECTED)
        )

    answer = solve(0.05)
    active = answer.weights - 0.2
    assert np.sqrt(active @ covariance @ active) == pytest.approx(0.05, abs=1e-6)
    (report,) = [limit for limit in answer.limits if limit.name == "active"]
    worth = (solve(0.05 - 1e-4).objective - solve(0.05 + 1e-4).objective) / 2e-4
    assert report.shadow_price == pytest.approx(worth, rel=1e-3)


@pytest.mark.parametrize("seed", range(4))
def test_the_information_ratio_is_that_of_the_closed_form(seed):
    """Active weights are proportional to Sigma^-1 (mu - gamma 1), which add up to zero (Roll 1992)."""
    covariance = random_covariance(N, seed)
    inverse = np.linalg.inv(covariance)
    gamma = inverse.sum(axis=0) @ EXPECTED / inverse.sum()
    direction = inverse @ (EXPECTED - gamma)
    largest = (EXPECTED @ direction) / np.sqrt(direction @ covariance @ direction)
    wide = [{"name": "wide", "kind": "bounds", "lower": -2.0}, {"name": "all", "kind": "net", "lower": 1.0, "upper": 1.0}]
    ratio = {"kind": "max_ratio", "benchmark": "equal_weight"}
    problem = problem_of(covariance, objective=ratio, constraints=wide, expected=EXPECTED)
    answer = allocate(problem)
    assert -answer.objective == pytest.approx(largest, rel=1e-6)
    active = answer.weights - 0.2
    np.testing.assert_allclose(active / active[0], direction / direction[0], rtol=1e-4)
    gradient = problem.objective.gradient(problem, answer.weights).total
    step = 1e-6 * np.eye(N)
    slopes = [
        (problem.objective.value(problem, answer.weights + e) - problem.objective.value(problem, answer.weights - e)) / 2e-6
        for e in step
    ]
    np.testing.assert_allclose(gradient, slopes, atol=1e-5)


@pytest.mark.parametrize("upper", [0.01, 0.03])
def test_of_all_weights_with_one_information_ratio_those_furthest_from_the_benchmark_are_taken(upper):
    covariance = random_covariance(N, 2)
    limit = {"name": "active", "kind": "tracking_error", "target": "equal_weight", "upper": upper}
    ratio = {"kind": "max_ratio", "benchmark": "equal_weight"}
    answer = allocate(problem_of(covariance, objective=ratio, constraints=[NO_CASH, limit], expected=EXPECTED))
    active = answer.weights - 0.2
    assert np.sqrt(active @ covariance @ active) == pytest.approx(upper, abs=1e-5)


def test_an_information_ratio_of_long_positions_is_best_among_its_neighbours():
    covariance = random_covariance(N, 2)
    ratio = {"kind": "max_ratio", "benchmark": {"a0": 0.5, "a3": 0.5}}
    limits = [NO_CASH, {"name": "cap", "kind": "bounds", "upper": 0.45}]
    problem = problem_of(covariance, objective=ratio, constraints=limits, expected=EXPECTED)
    best = allocate(problem)
    rng = np.random.default_rng(0)
    for weights in rng.dirichlet(np.ones(N), 4000):
        if weights.max() <= 0.45:
            assert problem.objective.value(problem, weights) >= best.objective - 1e-7
    with pytest.raises(SpecError, match="nothing is expected to beat the benchmark"):
        allocate(problem_of(covariance, objective={**ratio, "benchmark": "a1"}, constraints=limits, expected=EXPECTED))
