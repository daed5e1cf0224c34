from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.optimize import linprog

from tests.examples import FITTED
from toolkit.core.errors import NumericalFailure
from toolkit.optimize.problem import LinearConstraints
from toolkit.optimize.rows import SparseRows
from toolkit.optimize.solvers import shortfall
from toolkit.optimize.solvers.cvar_lp import Hinges, least
from toolkit.optimize.solvers.shortfall import Shortfall, ShortfallTask
from toolkit.optimize.solvers.shortfall import solve_shortfall as solve_task
from toolkit.optimize.solvers.solve import SolverInfeasible
from toolkit.risk_measures import measures
from toolkit.risk_measures.below_zero import MeanLoss
from toolkit.risk_measures.dispersion import MeanAbsoluteDeviation
from toolkit.risk_measures.tail import CVaR, WorstCase

EXACT = 1e-9


def rows(G, h) -> LinearConstraints:
    G = np.asarray(G, dtype=float)
    return LinearConstraints(
        SparseRows.of(G), np.asarray(h, dtype=float), (0,) * len(G), ("row",) * len(G), ("upper",) * len(G)
    )


def invested(n: int, cap: float = 0.6) -> LinearConstraints:
    """No cash, and a cap on the assets with even numbers."""
    return rows([np.append(np.zeros(n), 1.0), np.append(np.arange(n) % 2 == 0, 0.0)], [0.0, cap])


def free(n: int) -> LinearConstraints:
    return rows(np.zeros((0, n + 1)), [])


def scenarios(S: int, n: int, seed: int):
    rng = np.random.default_rng(seed)
    returns = 0.02 * rng.standard_t(3, (S, n)) * rng.uniform(0.3, 2, n) + 0.01 * rng.standard_t(4, (S, 1)) + 0.001
    p = rng.dirichlet(np.full(S, 2.0)) * (np.arange(S) % 7 != 3)
    return returns, p / p.sum()


def solve_shortfall(returns, p, confidence, c, limits) -> Shortfall:
    return solve_task(ShortfallTask(CVaR(confidence) if confidence < 1 else WorstCase(), returns, p, c, limits))


def solve_deviation(returns, p, c, limits) -> Shortfall:
    return solve_task(ShortfallTask(MeanAbsoluteDeviation(), returns, p, c, limits))


def with_all_rows(returns, rates, c, limits, *, quantile: bool) -> float:
    """The whole linear program by an interior point of scipy's: x, cash, eta and a u for every scenario."""
    S, n = returns.shape
    eta = float(quantile)
    hinges = np.hstack([-returns, np.zeros((S, 1)), -np.full((S, 1), eta), -np.eye(S)])
    user = np.hstack([limits.G, np.zeros((len(limits.h), S + 1))])
    found = linprog(
        np.concatenate([c, [0.0, eta], rates]),
        A_ub=np.vstack([hinges, user]),
        b_ub=np.append(np.zeros(S), limits.h),
        A_eq=np.append(np.ones(n + 1), np.zeros(S + 1))[None],
        b_eq=[1.0],
        bounds=[(0, None)] * (n + 1) + [(None, None)] + [(0, None)] * S,
        method="highs-ipm",
    )
    assert found.status == 0
    return float(found.fun)


def check(answer: Shortfall, returns, c, limits) -> None:
    """KKT in the user's rows, worked out here once more."""
    x = answer.x
    assert answer.solved.status == "optimal"
    assert answer.solved.certificate.worst < EXACT
    assert (x >= 0).all()
    assert x.sum() == pytest.approx(1, abs=1e-14)
    assert (limits.G @ x <= limits.h + EXACT).all()
    slope = np.append(c - returns.T @ answer.tail, 0.0)
    residual = slope + limits.G.T @ answer.duals.limits - answer.duals.nonnegative + answer.duals.budget
    assert residual == pytest.approx(np.zeros(len(x)), abs=EXACT)
    assert (answer.duals.limits >= -EXACT).all()
    assert (answer.duals.nonnegative >= -EXACT).all()
    assert answer.duals.limits * (limits.h - limits.G @ x) == pytest.approx(np.zeros(len(limits.h)), abs=EXACT)
    assert answer.duals.nonnegative * x == pytest.approx(np.zeros(len(x)), abs=EXACT)
    assert answer.tail @ (-returns @ x[:-1]) == pytest.approx(answer.risk, abs=EXACT)


@FITTED
@given(
    seed=st.integers(0, 10_000),
    S=st.integers(1, 150),
    n=st.integers(1, 12),
    confidence=st.sampled_from([0.05, 0.5, 0.9, 0.95, 0.999, 1.0]),
    price=st.sampled_from([0.0, 0.01, 3.0]),
)
def test_it_is_the_optimum_of_the_whole_program_and_holds_its_conditions(seed, S, n, confidence, price):
    returns, p = scenarios(S + 1, n, seed)
    c = price * np.random.default_rng(seed).normal(0, 1, n)
    limits = invested(n) if n > 1 else free(n)
    answer = solve_shortfall(returns, p, confidence, c, limits)
    check(answer, returns, c, limits)
    tail = 1 - confidence if confidence < 1 else p[p > 0].min()
    want = with_all_rows(returns, p / tail, c, limits, quantile=True)
    assert c @ answer.x[:-1] + answer.risk == pytest.approx(want, rel=1e-6, abs=1e-9)
    assert (answer.tail >= -EXACT).all()
    assert (answer.tail <= p / tail + EXACT).all()
    assert answer.tail.sum() == pytest.approx(1, abs=EXACT)
    if confidence == 1:
        assert answer.risk == pytest.approx(np.max(-returns[p > 0] @ answer.x[:-1]), abs=1e-15)


@FITTED
@given(seed=st.integers(0, 10_000), S=st.integers(1, 150), n=st.integers(2, 12))
def test_the_least_deviation_is_that_of_the_whole_program(seed, S, n):
    returns, p = scenarios(S + 1, n, seed)
    c = 0.002 * np.random.default_rng(seed).normal(0, 1, n)
    answer = solve_deviation(returns, p, c, invested(n))
    check(answer, returns, c, invested(n))
    want = with_all_rows(returns - p @ returns, 2 * p, c, invested(n), quantile=False)
    assert c @ answer.x[:-1] + answer.risk == pytest.approx(want, rel=1e-6, abs=1e-9)
    assert answer.risk == pytest.approx(measures()["mad"]().numeric(-returns @ answer.x[:-1], p), abs=1e-15)


@FITTED
@given(seed=st.integers(0, 10_000), S=st.integers(1, 150), n=st.integers(2, 12))
def test_the_least_mean_loss_is_that_of_the_whole_program(seed, S, n):
    returns, p = scenarios(S + 1, n, seed)
    c = 0.002 * np.random.default_rng(seed).normal(0, 1, n)
    answer = solve_task(ShortfallTask(MeanLoss(), returns, p, c, invested(n)))
    check(answer, returns, c, invested(n))
    want = with_all_rows(returns, p, c, invested(n), quantile=False)
    assert c @ answer.x[:-1] + answer.risk == pytest.approx(want, rel=1e-6, abs=1e-9)
    assert answer.risk == MeanLoss().numeric(-returns @ answer.x[:-1], p)


def test_two_mirrored_assets_share_the_worst_case_evenly():
    answer = solve_shortfall(np.array([[0.1, -0.2], [-0.2, 0.1]]), np.array([0.5, 0.5]), 1.0, np.zeros(2), invested(2, 1.0))
    assert answer.x == pytest.approx([0.5, 0.5, 0.0])
    assert answer.risk == pytest.approx(0.05)
    assert answer.tail == pytest.approx([0.5, 0.5])


def test_cash_is_held_where_every_asset_can_lose_and_is_not_where_it_is_dearer():
    returns, p = scenarios(300, 4, seed=1)
    at_rest = solve_shortfall(returns, p, 0.95, np.zeros(4), free(4))
    assert at_rest.x == pytest.approx([0, 0, 0, 0, 1])
    assert at_rest.risk == 0
    rewarded = solve_shortfall(returns, p, 0.95, np.array([0.0, -1.0, 0.0, 0.0]), free(4))
    assert rewarded.x == pytest.approx([0, 1, 0, 0, 0])


@pytest.mark.parametrize("width", [1, 3, 20, 500])
@pytest.mark.parametrize("confidence", [0.6, 0.95])
def test_the_number_of_rows_at_first_does_not_change_the_answer(width, confidence):
    returns, p = scenarios(400, 8, seed=5)
    held = p > 0
    hinges = Hinges(returns[held], p[held] / (1 - confidence), np.zeros(8), quantile=True)
    status, vertex = least(hinges, invested(8), width)
    assert status == "optimal"
    assert vertex is not None
    want = solve_shortfall(returns, p, confidence, np.zeros(8), invested(8))
    assert vertex.x == pytest.approx(want.x, abs=EXACT)
    assert vertex.slopes.sum() == pytest.approx(1)


def test_a_multiplier_is_the_rate_at_which_risk_falls_when_the_limit_is_relaxed():
    returns, p = scenarios(500, 6, seed=2)
    base = solve_shortfall(returns, p, 0.9, np.zeros(6), invested(6, 0.2))
    more = solve_shortfall(returns, p, 0.9, np.zeros(6), invested(6, 0.2 + 1e-7))
    assert base.duals.limits[1] > 1e-3
    assert (base.risk - more.risk) / 1e-7 == pytest.approx(base.duals.limits[1], rel=1e-5)


@pytest.mark.parametrize("factor", [1e-6, 1e-3, 1e3])
def test_the_unit_of_the_returns_does_not_matter(factor):
    returns, p = scenarios(300, 5, seed=3)
    c = np.linspace(-0.01, 0.01, 5)
    one, other = (solve_shortfall(f * returns, p, 0.9, f * c, invested(5)) for f in (1.0, factor))
    assert other.x == pytest.approx(one.x, abs=1e-8)
    assert other.risk == pytest.approx(factor * one.risk, rel=1e-8)
    assert other.duals.limits == pytest.approx(factor * one.duals.limits, rel=1e-6, abs=1e-12 * factor)


def test_order_of_assets_and_scenarios_does_not_matter():
    returns, p = scenarios(300, 6, seed=4)
    rng = np.random.default_rng(0)
    assets, times = rng.permutation(6), rng.permutation(300)
    G, h = invested(6).G, invested(6).h
    one = solve_shortfall(returns, p, 0.9, np.zeros(6), rows(G, h))
    other = solve_shortfall(returns[times][:, assets], p[times], 0.9, np.zeros(6), rows(G[:, np.append(assets, 6)], h))
    assert other.x[:-1] == pytest.approx(one.x[:-1][assets], abs=EXACT)
    assert other.tail == pytest.approx(one.tail[times], abs=EXACT)


def test_nothing_is_kept_between_calls():
    a, b = scenarios(300, 6, seed=6), scenarios(200, 9, seed=7)
    first = solve_shortfall(*a, 0.95, np.zeros(6), invested(6))
    solve_shortfall(*b, 0.8, np.zeros(9), invested(9))
    again = solve_shortfall(*a, 0.95, np.zeros(6), invested(6))
    assert first.x.tobytes() == again.x.tobytes()
    assert first.duals.limits.tobytes() == again.duals.limits.tobytes()


def test_a_certain_return_has_no_deviation_but_for_rounding():
    p = np.random.default_rng(5).dirichlet(np.ones(5))
    answer = solve_deviation(np.tile([0.1, 0.07, 0.03], (5, 1)), p, np.array([0.002, 0.001, 0.003]), invested(3))
    assert answer.x == pytest.approx([0, 1, 0, 0])
    assert answer.risk == pytest.approx(0, abs=1e-15)


def test_returns_that_never_move_are_no_risk():
    answer = solve_shortfall(np.zeros((3, 2)), np.full(3, 1 / 3), 0.9, np.array([0.2, 0.1]), invested(2, 1.0))
    assert answer.x == pytest.approx([0, 1, 0])
    assert answer.risk == 0


def test_limits_that_contradict_each_other_are_impossible():
    returns, p = scenarios(50, 3, seed=0)
    contradiction = rows([[1, 1, 1, 0], [0, 0, 0, 1]], [0.4, 0.5])
    for solve in (
        lambda: solve_shortfall(returns, p, 0.9, np.zeros(3), contradiction),
        lambda: solve_deviation(returns, p, np.zeros(3), contradiction),
    ):
        with pytest.raises(SolverInfeasible) as caught:
            solve()
        assert [(a.solver, a.outcome) for a in caught.value.attempts] == [("HIGHS", "infeasible")]


def spoiled(monkeypatch, times: int) -> None:
    """HiGHS returns other weights than the optimal ones at the first so many calls."""
    calls = []

    def worse(hinges, limits, width, careful):
        status, vertex = least(hinges, limits, width, careful=careful)
        assert vertex is not None
        calls.append(width)
        return status, replace(vertex, x=np.roll(vertex.x, 1)) if len(calls) <= times else vertex

    monkeypatch.setattr(shortfall, "least", worse)


def test_an_answer_without_its_certificate_is_not_taken_and_the_second_way_is_told(monkeypatch):
    returns, p = scenarios(200, 4, seed=8)
    want = solve_shortfall(returns, p, 0.9, np.zeros(4), invested(4))
    spoiled(monkeypatch, times=1)
    answer = solve_shortfall(returns, p, 0.9, np.zeros(4), invested(4))
    assert [a.outcome for a in answer.solved.attempts] == ["rejected by its certificate", "accepted"]
    assert answer.x == pytest.approx(want.x, abs=EXACT)
    assert answer.solved.solver == "HIGHS with all rows"
    spoiled(monkeypatch, times=2)
    with pytest.raises(NumericalFailure, match="no accepted answer"):
        solve_shortfall(returns, p, 0.9, np.zeros(4), invested(4))


def test_a_solver_without_an_answer_is_no_proof_of_infeasibility(monkeypatch):
    monkeypatch.setattr(shortfall, "least", lambda *_, **__: ("time limit reached", None))
    with pytest.raises(NumericalFailure, match="time limit reached, no answer"):
        solve_shortfall(*scenarios(20, 2, seed=9), 0.9, np.zeros(2), invested(2))
