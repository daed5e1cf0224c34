"""Entropic and root-mean-square measures by Newton's method: the optimum of the cone program with a tighter proof."""

import cvxpy as cp
import numpy as np
import pytest

from tests.unit.optimize.solvers.test_gini import rows, sample
from toolkit.optimize.solvers.newton import solve_smooth
from toolkit.optimize.solvers.shortfall import Shortfall, ShortfallTask
from toolkit.optimize.solvers.solve import SolverInfeasible
from toolkit.risk_measures.below_zero import DownsideDeviation
from toolkit.risk_measures.dispersion import SemiDeviation
from toolkit.risk_measures.drawdown import EDaR, UlcerIndex
from toolkit.risk_measures.tail import EVaR

MEASURES = (EVaR(0.5), EVaR(0.95), EDaR(0.5), EDaR(0.95), UlcerIndex(), DownsideDeviation(), SemiDeviation())


def least(measure, returns, p, c, limits) -> Shortfall:
    answer = solve_smooth(ShortfallTask(measure, returns, p, c, limits))
    assert answer is not None
    return answer


@pytest.mark.parametrize("unequal", [False, True])
@pytest.mark.parametrize("measure", MEASURES, ids=str)
@pytest.mark.parametrize("seed", range(3))
def test_the_optimum_is_that_of_the_cone_program(seed, measure, unequal):
    returns, p = sample(120, 5, seed, unequal=unequal)
    c = np.random.default_rng(seed).normal(0, 0.002, 5)
    limits = rows(np.vstack([np.eye(6)[:5], np.eye(6)[5]]), np.append(np.full(5, 0.4), 0.0))
    answer = least(measure, returns, p, c, limits)
    x = cp.Variable(6, nonneg=True)
    expression, own = measure.convex(100 * returns @ x[:5], p)
    problem = cp.Problem(cp.Minimize(expression + 100 * c @ x[:5]), [*own, cp.sum(x) == 1, limits.G @ x <= limits.h])
    problem.solve(solver=cp.CLARABEL, tol_gap_abs=1e-10, tol_gap_rel=1e-10, tol_feas=1e-10)
    value = measure.numeric(-returns @ answer.x[:5], p) + c @ answer.x[:5]
    assert value == pytest.approx(problem.value / 100, rel=1e-6, abs=1e-9)
    assert answer.risk == pytest.approx(value - c @ answer.x[:5], rel=1e-12)
    assert answer.solved.certificate.worst <= 1e-7
    # The subgradient that the certificate rests on is below the measure everywhere.
    for other in np.random.default_rng(seed).dirichlet(np.ones(5), 50):
        losses = -returns @ other
        assert answer.tail @ losses <= measure.numeric(losses, p) + 1e-9
    # The multipliers are the slope of the optimum in each limit.
    for row in np.flatnonzero(answer.duals.limits[:5] > 1e-5):
        h = limits.h.copy()
        h[row] += 1e-5
        moved = least(measure, returns, p, c, rows(limits.G, h))
        better = value - measure.numeric(-returns @ moved.x[:5], p) - c @ moved.x[:5]
        assert better / 1e-5 == pytest.approx(answer.duals.limits[row], rel=1e-2, abs=1e-6)


@pytest.mark.parametrize("measure", [EDaR(0.95), UlcerIndex()], ids=str)
def test_peaks_that_take_turns_are_all_found_on_a_long_path(measure):
    returns, p = sample(900, 12, 4)
    returns += 0.0005
    answer = least(measure, returns, p, np.zeros(12), rows(np.eye(13)[12:], np.zeros(1)))
    assert answer.solved.certificate.worst <= 1e-7
    for other in np.random.default_rng(1).dirichlet(np.ones(12), 200):
        near = 0.99 * answer.x[:12] + 0.01 * other
        assert measure.numeric(-returns @ near, p) >= answer.risk - 1e-9


def test_few_scenarios_of_which_the_worst_alone_counts_are_left_to_the_cone_program():
    returns, p = sample(8, 3, 1)
    assert solve_smooth(ShortfallTask(EVaR(0.95), returns, p, np.zeros(3), rows(np.eye(4)[3:], np.zeros(1)))) is None


def test_limits_that_contradict_each_other_have_no_answer():
    returns, p = sample(100, 3, 1)
    with pytest.raises(SolverInfeasible):
        solve_smooth(ShortfallTask(EVaR(0.95), returns, p, np.zeros(3), rows(np.eye(4)[:], np.full(4, 0.2))))
