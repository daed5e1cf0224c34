"""Laws of the optimizer: order and currency change nothing, tighter is never better."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from tests.examples import FITTED
from tests.unit.optimize.problems import NO_CASH, problem_of, random_covariance
from toolkit.optimize.allocate import allocate


@FITTED
@given(seed=st.integers(0, 10_000), order=st.permutations(range(6)))
def test_permuting_assets_permutes_the_weights(seed, order):
    covariance = random_covariance(6, seed)
    cap = {"name": "cap", "kind": "bounds", "upper": 0.3}
    base = allocate(problem_of(covariance, constraints=[NO_CASH, cap]))
    moved = allocate(problem_of(covariance[np.ix_(order, order)], constraints=[NO_CASH, cap]))
    np.testing.assert_allclose(moved.weights, base.weights[list(order)], atol=1e-6)


@FITTED
@given(seed=st.integers(0, 10_000), factor=st.floats(1e-4, 1e4))
def test_the_scale_of_risk_does_not_move_the_weights(seed, factor):
    covariance = random_covariance(5, seed)
    base = allocate(problem_of(covariance, constraints=[NO_CASH]))
    scaled = allocate(problem_of(covariance * factor, constraints=[NO_CASH]))
    np.testing.assert_allclose(scaled.weights, base.weights, atol=1e-5)


@FITTED
@given(seed=st.integers(0, 10_000), caps=st.tuples(st.floats(0.21, 1.0), st.floats(0.21, 1.0)))
def test_a_tighter_cap_is_never_better(seed, caps):
    covariance = random_covariance(5, seed)

    def value(upper: float) -> float:
        return allocate(
            problem_of(covariance, constraints=[NO_CASH, {"name": "cap", "kind": "bounds", "upper": upper}])
        ).objective

    assert value(min(caps)) >= value(max(caps)) * (1 - 1e-7)


@FITTED
@given(seed=st.integers(0, 10_000))
def test_solving_something_else_in_between_changes_nothing(seed):
    first, second = (problem_of(random_covariance(4, s), constraints=[NO_CASH]) for s in (seed, seed + 1))
    before = allocate(first).weights
    allocate(second)
    assert allocate(first).weights.tolist() == before.tolist()
