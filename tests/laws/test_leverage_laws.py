"""Laws of short positions and leverage: limits hold exactly, answers are optimal, and closed forms of unlimited portfolios."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.examples import SOLVED
from tests.unit.optimize.problems import problem_of, random_covariance
from toolkit.optimize.allocate import allocate
from toolkit.optimize.costs import Costs
from toolkit.scenarios.sets import Scenarios

N = 5
seeds = st.integers(0, 10_000)
OBJECTIVES = (
    {"kind": "min_risk"},
    {"kind": "min_risk", "measure": "cvar"},
    {"kind": "min_risk", "measure": "gini"},
    {"kind": "max_utility", "risk_aversion": 3.0},
    {"kind": "max_ratio"},
    {"kind": "max_ratio", "measure": "cvar"},
    {"kind": "max_return", "volatility": 0.25},
    {"kind": "track", "target": {"a0": 0.9, "a1": 0.1}},
    {"kind": "equal_weight"},
)
WIDE = {"name": "wide", "kind": "bounds", "lower": -10.0}


def world(seed):
    rng = np.random.default_rng(seed)
    covariance = random_covariance(N, seed)
    draws = np.maximum(rng.standard_t(5, size=(60, N)) @ np.linalg.cholesky(covariance).T * 0.2, -0.95)
    scenarios = Scenarios(tuple(f"a{i}" for i in range(N)), draws, np.full(60, 1 / 60), False, "historical", 12.0)
    return covariance, rng.normal(0.03, 0.08, N), scenarios


@SOLVED
@given(
    seed=seeds, objective=st.sampled_from(OBJECTIVES), gross=st.floats(1.05, 2.5), net=st.tuples(*[st.floats(-0.3, 1.4)] * 2)
)
def test_gross_and_net_hold_exactly_and_the_answer_has_its_certificate(seed, objective, gross, net):
    covariance, expected, scenarios = world(seed)
    low, high = sorted(net)
    constraints = [
        {"name": "short", "kind": "bounds", "lower": -0.4, "upper": 0.8},
        {"name": "gross", "kind": "gross", "upper": gross},
        {"name": "net", "kind": "net", "lower": min(low, gross - 0.05), "upper": high + 0.1},
    ]
    problem = problem_of(covariance, objective=objective, constraints=constraints, expected=expected, scenarios=scenarios)
    answer = allocate(problem)
    weights = answer.weights
    assert np.abs(weights).sum() <= gross + 1e-6
    assert constraints[2]["lower"] - 1e-6 <= weights.sum() <= high + 0.1 + 1e-6
    assert weights.min() >= -0.4 - 1e-6
    assert weights.max() <= 0.8 + 1e-6
    assert weights.sum() + answer.cash == pytest.approx(1.0, abs=1e-12)
    assert answer.continuous.certificate is not None
    assert answer.continuous.certificate.worst <= 1e-6


@SOLVED
@given(seed=seeds)
def test_without_limits_least_variance_utility_and_ratio_have_their_closed_forms(seed):
    covariance, expected, _ = world(seed)
    inverse = np.linalg.inv(covariance)
    least = allocate(problem_of(covariance, constraints=[WIDE, {"name": "all", "kind": "net", "lower": 1.0, "upper": 1.0}]))
    np.testing.assert_allclose(least.weights, inverse.sum(axis=0) / inverse.sum(), atol=1e-6)  # Merton 1972
    aversion = 20.0
    borrowed = {"name": "borrowed", "kind": "net", "lower": -10.0, "upper": 10.0}
    utility = {"kind": "max_utility", "risk_aversion": aversion}
    best = allocate(problem_of(covariance, objective=utility, constraints=[WIDE, borrowed], expected=expected))
    np.testing.assert_allclose(best.weights, inverse @ expected / aversion, atol=1e-6)
    ratio = allocate(problem_of(covariance, objective={"kind": "max_ratio"}, constraints=[WIDE, borrowed], expected=expected))
    assert -ratio.objective == pytest.approx(
        np.sqrt(expected @ inverse @ expected), rel=1e-6
    )  # Sharpe of the tangent portfolio


@SOLVED
@given(seed=seeds, objective=st.sampled_from(OBJECTIVES))
def test_a_gross_exposure_of_one_that_is_fully_invested_is_long_only(seed, objective):
    covariance, expected, scenarios = world(seed)
    if objective["kind"] == "max_return":
        objective = {"kind": "max_return"}
    invested = {"name": "net", "kind": "net", "lower": 1.0, "upper": 1.0}
    more = {"objective": objective, "expected": np.abs(expected) + 0.01, "scenarios": scenarios}
    limits = [WIDE, {"name": "gross", "kind": "gross", "upper": 1.0}, invested]
    short = allocate(problem_of(covariance, constraints=limits, **more))
    long = allocate(problem_of(covariance, constraints=[invested], **more))
    assert short.objective == pytest.approx(long.objective, rel=1e-5, abs=1e-9)
    assert short.weights.min() >= -1e-5


@SOLVED
@given(seed=seeds, rates=st.tuples(*[st.floats(0.0, 0.02)] * 3))
def test_what_is_short_pays_for_its_sale_its_repurchase_and_what_is_borrowed(seed, rates):
    spread, storage, borrow = rates
    covariance, expected, _ = world(seed)
    costs = Costs(np.full(N, spread), np.full(N, storage), in_objective=True, borrow=np.full(N, borrow), holding_years=2.0)
    short = {"name": "short", "kind": "bounds", "lower": -0.5}
    utility = {"kind": "max_utility", "risk_aversion": 2.0}
    problem = problem_of(covariance, objective=utility, constraints=[short], costs=costs, expected=expected)
    answer = allocate(problem)
    x = answer.continuous.x[:-1]
    long, sold = np.clip(x, 0, None).sum(), np.clip(-x, 0, None).sum()
    paid = (long + sold) * 2 * spread / 2.0 + storage * long + borrow * sold
    assert problem.costs.annual(x, np.zeros(N), 1.0) == pytest.approx(paid, abs=1e-12)
    at = problem.objective.value(problem, x)
    assert at == pytest.approx(x @ covariance @ x - expected @ x + paid, abs=1e-9)
    # No small change of the weights is better: one asset more, and cash, which may not be negative, less.
    for step in np.eye(N) * 1e-4:
        for moved in (x + step, x - step):
            if moved.min() >= -0.5 and moved.sum() <= 1.0:
                assert problem.objective.value(problem, moved) >= at - 1e-8
