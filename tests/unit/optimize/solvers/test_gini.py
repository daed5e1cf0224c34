"""The least Gini mean difference: exact against the sorting network's cone program, at its default size, with proof."""

import cvxpy as cp
import numpy as np
import pytest

from toolkit.optimize.problem import LinearConstraints
from toolkit.optimize.rows import SparseRows
from toolkit.optimize.solvers.gini import solve_gini
from toolkit.optimize.solvers.shortfall import ShortfallTask
from toolkit.optimize.solvers.solve import SolverInfeasible
from toolkit.risk_measures.dispersion import GiniMeanDifference

GINI = GiniMeanDifference()


def rows(G, h):
    return LinearConstraints(SparseRows.of(G), h, (0,) * len(h), ("row",) * len(h), ("upper",) * len(h))


def sample(count, n, seed, *, ties=False, unequal=False):
    rng = np.random.default_rng(seed)
    returns = rng.standard_t(5, (count, 3)) @ rng.normal(0, 0.02, (3, n)) + rng.standard_t(4, (count, n)) * 0.01
    if ties:
        returns = np.round(returns, 2)
    p = rng.dirichlet(np.full(count, 2.0)) if unequal else np.full(count, 1 / count)
    if unequal:
        p[::7] = 0.0
        p /= p.sum()
    return returns, p


@pytest.mark.parametrize("unequal", [False, True])
@pytest.mark.parametrize("ties", [False, True])
@pytest.mark.parametrize("seed", range(3))
def test_the_optimum_is_that_of_the_cone_program(seed, ties, unequal):
    returns, p = sample(60, 5, seed, ties=ties, unequal=unequal)
    c = np.random.default_rng(seed).normal(0, 0.002, 5)
    limits = rows(np.vstack([np.eye(6)[:5], np.eye(6)[5]]), np.append(np.full(5, 0.4), 0.0))
    answer = solve_gini(ShortfallTask(GINI, returns, p, c, limits))
    x = cp.Variable(6, nonneg=True)
    expression, own = GINI.convex(100 * returns @ x[:5], p)
    problem = cp.Problem(cp.Minimize(expression + 100 * c @ x[:5]), [*own, cp.sum(x) == 1, limits.G @ x <= limits.h])
    problem.solve(solver=cp.CLARABEL)
    assert answer.risk + c @ answer.x[:5] == pytest.approx(problem.value / 100, rel=1e-6, abs=1e-9)
    assert answer.solved.certificate.worst <= 1e-8
    assert answer.risk == GINI.numeric(-returns @ answer.x[:5], p)
    # The subgradient that the certificate rests on is below the measure everywhere.
    for other in np.random.default_rng(seed).dirichlet(np.ones(5), 50):
        losses = -returns @ other
        assert answer.tail @ losses <= GINI.numeric(losses, p) + 1e-12


def test_two_thousand_scenarios_are_solved_with_proof_in_a_few_linear_programs():
    returns, p = sample(2000, 12, 5)
    limits = rows(np.eye(13), np.append(np.full(12, 0.3), 0.0))
    answer = solve_gini(ShortfallTask(GINI, returns, p, np.zeros(12), limits))
    assert answer.solved.certificate.worst <= 1e-9
    assert answer.solved.status == "optimal"
    again = solve_gini(ShortfallTask(GINI, returns, p, np.zeros(12), limits))
    assert again.x.tobytes() == answer.x.tobytes()


def test_limits_that_contradict_each_other_are_told():
    returns, p = sample(50, 4, 1)
    with pytest.raises(SolverInfeasible):
        solve_gini(ShortfallTask(GINI, returns, p, np.zeros(4), rows(np.eye(5), np.full(5, 0.1))))


def test_one_asset_without_risk_takes_everything():
    returns, p = sample(50, 3, 2)
    returns[:, 1] = 0.0
    answer = solve_gini(ShortfallTask(GINI, returns, p, np.zeros(3), rows(np.eye(4)[3:], np.zeros(1))))
    assert answer.x == pytest.approx([0, 1, 0, 0], abs=1e-9)
    assert answer.risk == 0
