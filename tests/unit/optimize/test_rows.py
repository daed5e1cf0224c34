"""Rows by their entries beside the same rows as a matrix."""

import numpy as np
import pytest

from tests.unit.optimize.problems import problem_of
from toolkit.optimize.rows import SparseRows


@pytest.mark.parametrize("seed", range(3))
def test_rows_are_the_matrix_that_they_stand_for(seed):
    rng = np.random.default_rng(seed)
    A = np.where(rng.random((5, 4)) < 0.5, rng.normal(size=(5, 4)), 0.0)
    A[2] = 0.0
    rows, x, y = SparseRows.of(A), rng.normal(size=4), rng.normal(size=5)
    assert np.array_equal(rows.toarray(), A)
    assert rows.matvec(x) == pytest.approx(A @ x, abs=1e-15)
    assert rows.rmatvec(y) == pytest.approx(A.T @ y, abs=1e-15)
    kept = np.array([True, False, True, True, False])
    assert np.array_equal(rows.take(kept, -1.0).toarray(), -A[kept])
    assert np.array_equal(SparseRows.stacked([rows, rows.take(kept)], 4).toarray(), np.vstack([A, A[kept]]))
    assert SparseRows.stacked([], 4).matvec(x).shape == (0,)


def test_limits_that_do_not_change_are_made_once_and_those_of_what_is_held_anew():
    cap = {"name": "cap", "kind": "bounds", "upper": 0.5}
    kept = {"name": "kept", "kind": "no_sell", "assets": ["a0"]}
    covariance = np.diag([0.04, 0.05, 0.06])
    one, other = (problem_of(covariance, constraints=[cap], previous=np.array(held)) for held in ([0.2, 0, 0], [0.1, 0.3, 0]))
    assert one.linear_constraints() is other.linear_constraints()
    one, other = (
        problem_of(covariance, constraints=[cap, kept], previous=np.array(held)) for held in ([0.2, 0, 0], [0.1, 0.3, 0])
    )
    assert [limits.linear_constraints().h[-1] for limits in (one, other)] == [-0.2, -0.1]
    lower = problem_of(covariance, constraints=[{**cap, "upper": 0.4}])
    assert lower.linear_constraints().h.tolist() == [0.4] * 3
