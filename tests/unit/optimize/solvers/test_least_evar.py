"""The least EVaR by steps of Newton: the optimum of the cone program with a tighter proof, and none where it has no curvature."""

import cvxpy as cp
import numpy as np
import pytest

from tests.unit.optimize.solvers.test_gini import rows, sample
from toolkit.optimize.solvers.shortfall import solve_entropic
from toolkit.optimize.solvers.solve import SolverInfeasible
from toolkit.risk_measures.tail import EVaR


@pytest.mark.parametrize("unequal", [False, True])
@pytest.mark.parametrize("confidence", [0.5, 0.95])
@pytest.mark.parametrize("seed", range(4))
def test_the_optimum_is_that_of_the_cone_program(seed, confidence, unequal):
    returns, p = sample(120, 5, seed, unequal=unequal)
    c, measure = np.random.default_rng(seed).normal(0, 0.002, 5), EVaR(confidence)
    limits = rows(np.vstack([np.eye(6)[:5], np.eye(6)[5]]), np.append(np.full(5, 0.4), 0.0))
    answer = solve_entropic(measure, returns, p, c, limits)
    x = cp.Variable(6, nonneg=True)
    expression, own = measure.convex(100 * returns @ x[:5], p)
    problem = cp.Problem(cp.Minimize(expression + 100 * c @ x[:5]), [*own, cp.sum(x) == 1, limits.G @ x <= limits.h])
    problem.solve(solver=cp.CLARABEL, tol_gap_abs=1e-10, tol_gap_rel=1e-10, tol_feas=1e-10)
    value = measure.numeric(-returns @ answer.x[:5], p) + c @ answer.x[:5]
    assert value == pytest.approx(problem.value / 100, rel=1e-6, abs=1e-9)
    assert answer.certificate.worst <= 1e-7
    # The multipliers are the slope of the optimum in each limit.
    for row in np.flatnonzero(answer.multipliers > 1e-5):
        h = limits.h.copy()
        h[row] += 1e-5
        moved = solve_entropic(measure, returns, p, c, rows(limits.G, h))
        better = value - measure.numeric(-returns @ moved.x[:5], p) - c @ moved.x[:5]
        assert better / 1e-5 == pytest.approx(answer.multipliers[row], rel=1e-2, abs=1e-7)


def test_few_scenarios_of_which_the_worst_alone_counts_are_left_to_the_cone_program():
    returns, p = sample(8, 3, 1)
    assert solve_entropic(EVaR(0.95), returns, p, np.zeros(3), rows(np.eye(4)[3:], np.zeros(1))) is None


def test_limits_that_contradict_each_other_have_no_answer():
    returns, p = sample(100, 3, 1)
    with pytest.raises(SolverInfeasible):
        solve_entropic(EVaR(0.95), returns, p, np.zeros(3), rows(np.eye(4)[:], np.full(4, 0.2)))
