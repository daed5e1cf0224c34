"""Least CVaR and the largest of drawdowns: the optimum of the program with a row for every time of the path."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.optimize import linprog

from tests.examples import FITTED
from tests.unit.optimize.solvers.test_shortfall import EXACT, check, free, invested, scenarios
from toolkit.optimize.solvers.shortfall import Peaks, ShortfallPath, ShortfallTask, rates_of, solve_drawdown
from toolkit.risk_measures.drawdown import CDaR, MaximumDrawdown

MEASURES = (CDaR(0.5), CDaR(0.95), CDaR(0.999), MaximumDrawdown())


def with_all_times(task: ShortfallTask) -> float:
    """The whole linear program by an interior point of scipy's: x, cash, eta, the depths and a hinge for every time."""
    (S, n), (rates, quantile) = task.returns.shape, rates_of(task.inner, task.p)
    eta, eye = float(quantile), np.eye(S)
    path = np.hstack([-task.returns, np.zeros((S, 2)), np.eye(S, k=-1) - eye, np.zeros((S, S))])
    hinges = np.hstack([np.zeros((S, n + 1)), -np.full((S, 1), eta), eye, -eye])
    user = np.hstack([task.limits.G, np.zeros((len(task.limits.h), 2 * S + 1))])
    found = linprog(
        np.concatenate([task.c, [0.0, eta], np.zeros(S), rates]),
        A_ub=np.vstack([path, hinges, user]),
        b_ub=np.append(np.zeros(2 * S), task.limits.h),
        A_eq=np.append(np.ones(n + 1), np.zeros(2 * S + 1))[None],
        b_eq=[1.0],
        bounds=[(0, None)] * (n + 1) + [(None, None)] + [(0, None)] * (2 * S),
        method="highs-ipm",
    )
    assert found.status == 0
    return float(found.fun)


@FITTED
@given(
    seed=st.integers(0, 10_000),
    S=st.integers(1, 150),
    n=st.integers(2, 12),
    measure=st.sampled_from(MEASURES),
    price=st.sampled_from([0.0, 0.01]),
    cash=st.booleans(),
)
def test_it_is_the_optimum_of_the_whole_program_and_holds_its_conditions(seed, S, n, measure, price, cash):
    returns, p = scenarios(S + 1, n, seed)
    task = ShortfallTask(
        measure, returns, p, price * np.random.default_rng(seed).normal(0, 1, n), free(n) if cash else invested(n)
    )
    answer = solve_drawdown(task)
    assert answer is not None
    check(answer, returns, task.c, task.limits)
    assert answer.risk == measure.numeric(-returns @ answer.x[:-1], p)
    assert task.c @ answer.x[:-1] + answer.risk == pytest.approx(with_all_times(task), rel=1e-6, abs=1e-8)
    # The subgradient that the certificate rests on is below the measure everywhere.
    for other in np.random.default_rng(seed).dirichlet(np.ones(n), 20):
        assert answer.tail @ (-returns @ other) <= measure.numeric(-returns @ other, p) + EXACT


def test_a_peak_that_no_variable_speaks_of_is_missed_and_comes_in():
    cumulative = np.array([[0.1, 0.0], [0.0, 0.2], [-0.1, 0.0]])
    near = ShortfallPath.of(cumulative @ [1.0, 0.0])
    assert near.last.tolist() == [0, 0, 0]
    peaks = Peaks(cumulative, near, np.array([0]))
    path = ShortfallPath.of(cumulative @ [0.0, 1.0])
    assert path.depths == pytest.approx([0.0, 0.0, 0.2])
    point = np.array([0.0, 1.0, 0.0, 0.0])
    assert -peaks.rows() @ point[:-1] == pytest.approx([0.0, -0.2, 0.0])  # below the depths
    assert peaks.more(path, point, np.full(3, 1 / 3), 0.1, 0.1).tolist() == [0, 1]
    assert peaks.more(near, np.array([1.0, 0.0, 0.1, 0.0]), np.full(3, 1 / 3), 0.1, 0.1).tolist() == [0]
