"""Laws of the terms: the order of assets changes nothing, and tighter is never better."""

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.examples import SOLVED
from tests.unit.optimize.problems import NO_CASH, problem_of, random_covariance
from toolkit.core.assets import Asset
from toolkit.optimize.allocate import allocate
from toolkit.optimize.solvers.solve import SolverSpec


def solve(seed, terms, order=None, gap=1e-5):
    covariance, order = random_covariance(5, seed), list(range(5)) if order is None else list(order)
    assets = [Asset(f"a{i}", f"A{i}", lot_size=1.0) for i in order]
    problem = problem_of(covariance[np.ix_(order, order)], assets=assets, constraints=[NO_CASH, *terms])
    return allocate(problem, SolverSpec(gap=gap))


@SOLVED
@given(seed=st.integers(0, 10_000), order=st.permutations(range(5)))
def test_an_expression_does_not_depend_on_the_order_of_assets(seed, order):
    term = {"name": "it", "kind": "linear", "expression": "a0 + 0.5 * a3 >= a1 + 0.3"}
    base, moved = solve(seed, [term]), solve(seed, [term], order)
    np.testing.assert_allclose(moved.weights, base.weights[order], atol=1e-6)


@SOLVED
@given(seed=st.integers(0, 10_000), order=st.permutations(range(5)))
def test_a_number_of_holdings_does_not_depend_on_the_order_of_assets(seed, order):
    term = {"name": "it", "kind": "cardinality", "upper": 2}
    assert solve(seed, [term], order).objective == pytest.approx(solve(seed, [term]).objective, rel=2e-5)


@SOLVED
@given(seed=st.integers(0, 10_000), limits=st.tuples(st.floats(0, 0.9), st.floats(0, 0.9)))
def test_a_tighter_expression_is_never_better(seed, limits):
    def value(limit):
        return solve(seed, [{"name": "it", "kind": "linear", "expression": f"a0 + a1 <= {limit:.6f}"}]).objective

    assert value(min(limits)) >= value(max(limits)) * (1 - 1e-7)


@SOLVED
@given(seed=st.integers(0, 10_000))
def test_fewer_holdings_are_never_better_and_all_of_them_are_no_limit(seed):
    values = [solve(seed, [{"name": "it", "kind": "cardinality", "upper": k}]).objective for k in (1, 2, 3, 5)]
    assert all(more <= less * (1 + 1e-5) for less, more in itertools.pairwise(values))
    assert values[0] == pytest.approx(np.min(np.diag(random_covariance(5, seed))), rel=1e-5)
    assert values[-1] == pytest.approx(solve(seed, []).objective, rel=2e-5)
