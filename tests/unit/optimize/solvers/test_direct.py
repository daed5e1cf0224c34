"""PIQP fed by hand against the same program in cvxpy, and sifting against the whole program, judged by certificates."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from tests.unit.optimize.problems import NO_CASH, forecast_of, problem_of, random_covariance
from toolkit.core.forecast import FloatArray
from toolkit.optimize.allocate import allocate
from toolkit.optimize.functions import TradeCost
from toolkit.optimize.problem import LinearConstraints, WeightBounds
from toolkit.optimize.quadratic import ConvexObjective, Quadratic
from toolkit.optimize.rows import SparseRows
from toolkit.optimize.solvers import direct
from toolkit.optimize.solvers.certificate import ACCEPT, Certificate, certify
from toolkit.optimize.solvers.continuous import EXACT_RESIDUAL, certify_weights, solve_near
from toolkit.optimize.solvers.convex import solve_convex
from toolkit.optimize.solvers.direct import DirectSolution, solve_direct
from toolkit.optimize.solvers.minimise import minimise
from toolkit.optimize.solvers.program import Duals, QuadraticProgram
from toolkit.optimize.solvers.solve import OPTIONS

PIQP = OPTIONS["PIQP"]


def rows_of(G: FloatArray, h: FloatArray) -> LinearConstraints:
    return LinearConstraints(SparseRows.of(G), h, (), (), ())


def random_quadratic(n: int, k: int, seed: int = 0, *, linear: float = 0.0, specific: float = 0.0) -> Quadratic:
    """k days of a market and noise, which a long-only optimum holds few of."""
    rng = np.random.default_rng(seed)
    R = (rng.normal(size=(k, 1)) * rng.uniform(0.5, 1.5, n) + rng.normal(size=(k, n)) * rng.uniform(0.5, 2, n)) / np.sqrt(k)
    return Quadratic(0.2 * R, specific * rng.uniform(0.5, 1, n), linear * rng.normal(size=n), np.zeros(n))


def caps(
    n: int, *, groups: int = 5, cap: float = 0.3, each: float | None = None, cash: float = 0.0
) -> tuple[FloatArray, FloatArray]:
    """Group caps, a cap on cash, and one on each asset."""
    G = np.zeros((groups + 1, n + 1))
    for g in range(groups):
        G[g, g:-1:groups] = 1.0
    G[groups, -1] = 1.0
    h = np.append(np.full(groups, cap), cash)
    if each is not None:
        G, h = np.vstack([G, np.eye(n + 1)[:n]]), np.append(h, np.full(n, each))
    return G, h


def worst(quadratic: Quadratic, G: FloatArray, h: FloatArray, answer: DirectSolution, scale: float) -> float:
    """The certificate of an answer, through the general formula with every row written out."""
    width = len(answer.x)
    A = np.vstack([G, -np.eye(width)])
    slack = np.append(h, np.zeros(width)) - A @ answer.x
    multipliers = np.append(answer.limits, answer.nonnegative) * scale
    gradient = np.append(quadratic.gradient(answer.x[:-1]), 0.0)
    sums = float(answer.x.sum() - 1)
    return certify(gradient, A, slack, multipliers, np.ones(width), sums, answer.equality * scale, scale).worst


@pytest.mark.parametrize("each", [None, 0.13])
@pytest.mark.parametrize("linear", [0.0, 0.05])
@pytest.mark.parametrize("seed", range(3))
def test_the_answer_is_that_of_the_canonicalised_program(seed: int, linear: float, each: float | None) -> None:
    n, k = 20, 40
    quadratic = random_quadratic(n, k, seed, linear=linear, specific=0.05)
    (G, h), scale = caps(n, each=each, cash=0.1), quadratic.scale
    answer = solve_direct(quadratic, rows_of(G, h), np.ones(n + 1), scale, PIQP)
    program = QuadraticProgram(quadratic, rows_of(G, h), scale)
    program.solve(("CLARABEL",), lambda: Certificate(0.0, 0.0, 0.0))
    told = program.answer
    assert worst(quadratic, G, h, answer, scale) < 1e-7
    # Where a multiplier is nearly zero, an interior point stops at the root of its tolerance.
    np.testing.assert_allclose(answer.x, told.x, atol=1e-4)
    np.testing.assert_allclose(answer.limits, told.limits, atol=1e-4)
    assert answer.equality == pytest.approx(told.equality, abs=1e-4)


def test_a_lower_bound_an_upper_bound_and_a_fixed_weight_have_the_multipliers_that_stationarity_asks_for() -> None:
    quadratic = Quadratic(np.zeros((0, 3)), np.array([0.1, 0.2, 0.3]), np.zeros(3), np.zeros(3))
    G = np.array([[2.0, 0, 0, 0], [0, 0, -1.0, 0], [0, 1.0, 0, 0], [0, -1.0, 0, 0], [0, 0, 0, 1.0]])
    h = np.array([0.8, -0.3, 0.3, -0.3, 0.0])  # a0 <= 0.4, a2 >= 0.3, a1 == 0.3, no cash
    answer = solve_direct(quadratic, rows_of(G, h), np.ones(4), 1.0, PIQP)
    np.testing.assert_allclose(answer.x, [0.4, 0.3, 0.3, 0.0], atol=1e-9)
    assert worst(quadratic, G, h, answer, 1.0) < 1e-9
    assert (answer.limits >= 0).all()


@pytest.mark.parametrize("each", [None, 0.02])
@pytest.mark.parametrize("linear", [0.0, 0.3])
def test_sifting_finds_the_optimum_of_the_whole(monkeypatch: pytest.MonkeyPatch, linear: float, each: float | None) -> None:
    n = 400
    quadratic = random_quadratic(n, 150, linear=linear)
    (G, h), scale = caps(n, each=each), quadratic.scale
    sifted = solve_direct(quadratic, rows_of(G, h), np.ones(n + 1), scale, PIQP)
    monkeypatch.setattr(direct, "SIFTED", n + 1)
    whole = solve_direct(quadratic, rows_of(G, h), np.ones(n + 1), scale, PIQP)
    assert worst(quadratic, G, h, sifted, scale) < ACCEPT / 10
    assert quadratic.value(sifted.x[:n]) == pytest.approx(quadratic.value(whole.x[:n]), rel=1e-7)


def test_sifting_takes_more_where_its_first_weights_cannot_hold_the_limits() -> None:
    n = 400
    quadratic = random_quadratic(n, 100)
    # The riskiest assets, which no first guess takes, must be held; and each asset may have little.
    G, h = caps(n, each=0.004)
    risky = np.argsort(-np.sum(quadratic.R**2, axis=0))[:120]
    floor = np.zeros((1, n + 1))
    floor[0, risky] = -1.0
    G, h = np.vstack([G, floor]), np.append(h, -0.4)
    answer = solve_direct(quadratic, rows_of(G, h), np.ones(n + 1), quadratic.scale, PIQP)
    assert answer.status == "optimal"
    assert worst(quadratic, G, h, answer, quadratic.scale) < ACCEPT


def test_where_nearly_all_that_is_taken_is_held_as_many_join(monkeypatch: pytest.MonkeyPatch) -> None:
    n, solved, part = 900, list[int](), direct._part
    monkeypatch.setattr(direct, "_part", lambda *asked: (solved.append(int(asked[1].sum())), part(*asked))[1])
    quadratic = Quadratic(np.zeros((0, n)), np.random.default_rng(4).uniform(0.1, 0.3, n), np.zeros(n), np.zeros(n))
    G, h = caps(n, cap=1.0)
    answer = solve_direct(quadratic, rows_of(G, h), np.ones(n + 1), quadratic.scale, PIQP)
    assert worst(quadratic, G, h, answer, quadratic.scale) < ACCEPT
    assert (answer.x[:n] > 0).all()
    assert len(solved) <= 4  # by a fixed number of weights that join there are nine


def test_a_program_that_holds_everything_is_solved_with_its_factors_as_variables() -> None:
    n, k = 900, 6
    quadratic = random_quadratic(n, k, specific=0.3)
    quadratic = Quadratic(quadratic.R, quadratic.s, quadratic.c, np.full(n, 1 / n))
    (G, h), scale = caps(n, cap=0.19, cash=0.5), quadratic.scale
    answer = solve_direct(quadratic, rows_of(G, h), np.ones(n + 1), scale, PIQP)
    assert np.count_nonzero(answer.x > 1e-6) > n / 2
    assert worst(quadratic, G, h, answer, scale) < ACCEPT


@pytest.mark.parametrize("n", [5, 400])
@pytest.mark.parametrize("kind", ["bounds that cross", "caps that leave nothing", "a floor on what is forbidden"])
def test_what_has_no_feasible_point_is_proven_so(n: int, kind: str) -> None:
    quadratic = random_quadratic(n, 50)
    G, h = caps(n, cap=0.1 if kind == "caps that leave nothing" else 0.3)
    extra = {
        "bounds that cross": ([[1.0], [-1.0]], [0.1, -0.2]),
        "a floor on what is forbidden": ([[1.0], [-1.0]], [0.0, -0.2]),
    }
    if kind in extra:
        left, right = extra[kind]
        G, h = np.vstack([G, np.array(left) * np.eye(n + 1)[0]]), np.append(h, right)
    assert solve_direct(quadratic, rows_of(G, h), np.ones(n + 1), quadratic.scale, PIQP).status == "infeasible"


def test_a_then_b_then_a_gives_the_same_bits() -> None:
    G, h = caps(400)
    first, other = random_quadratic(400, 100, 1), random_quadratic(400, 100, 2)

    def solved(quadratic: Quadratic) -> tuple[bytes, bytes]:
        answer = solve_direct(quadratic, rows_of(G, h), np.ones(401), quadratic.scale, PIQP)
        return answer.x.tobytes(), answer.limits.tobytes()

    before = solved(first)
    solved(other)
    assert solved(first) == before


def test_of_several_rows_on_one_weight_the_tightest_is_its_bound() -> None:
    G = np.array([[1.0, 0, 0], [2.0, 0, 0], [-1.0, 0, 0], [-4.0, 0, 0], [1.0, 1.0, 0], [0, 0, 0]])
    bounds = WeightBounds.of(rows_of(G, np.array([0.9, 1.0, -0.1, -0.8, 0.7, 0.0])))
    assert (bounds.low[0], bounds.high[0]) == (0.2, 0.5)
    assert (bounds.low_row[0], bounds.high_row[0]) == (3, 1)
    assert bounds.others.tolist() == [4, 5]


def test_the_short_certificate_is_that_of_every_row_written_out() -> None:
    rng = np.random.default_rng(0)
    gradient, G, h, x = np.append(rng.normal(size=3), 0.0), rng.normal(size=(3, 4)), rng.normal(size=3), rng.normal(size=4)
    duals = Duals(rng.normal(size=3), rng.normal(size=4), 0.3)
    A = np.vstack([G, -np.eye(4)])
    slack, multipliers = np.append(h, np.zeros(4)) - A @ x, np.append(duals.limits, duals.nonnegative)
    whole = certify(gradient, A, slack, multipliers, np.ones(4), float(x.sum() - 1), duals.budget, 2.0)
    short = certify_weights(gradient[:-1], rows_of(G, h), x, duals, 2.0)
    np.testing.assert_allclose((short.primal, short.dual, short.gap), (whole.primal, whole.dual, whole.gap), rtol=1e-12)


@pytest.mark.parametrize("order", [("PIQP",), ("CLARABEL",), ("OSQP",)])
def test_every_solver_reports_the_same_price_of_a_cap(order: tuple[str, ...]) -> None:
    from toolkit.optimize.solvers.solve import SolverSpec

    constraints: list[dict[str, Any]] = [NO_CASH, {"name": "cap", "kind": "bounds", "upper": 0.2}]
    answer = allocate(problem_of(random_covariance(8), constraints=constraints), SolverSpec(order=order))
    reference = allocate(problem_of(random_covariance(8), constraints=constraints))
    assert answer.continuous.solver == order[0]
    assert answer.limits[1].shadow_price == pytest.approx(reference.limits[1].shadow_price, abs=1e-5)


def test_uncorrelated_factors_need_no_decomposition() -> None:
    covariance = random_covariance(6)
    R = forecast_of(tuple("abcdef"), covariance).roots()[0]
    np.testing.assert_allclose(R.T @ R, covariance, atol=1e-14)


def trades_of(rng: np.random.Generator, n: int) -> TradeCost:
    """Rates of what is bought and sold from what is held, of which a third is nothing; one rate is free."""
    held = rng.dirichlet(np.ones(n)) * rng.uniform(0.3, 1.0) * (rng.random(n) < 0.7)
    buying, selling = rng.uniform(0.0, 0.02, (2, n))
    buying[0] = selling[0] = 0.0
    return TradeCost(buying, selling, np.zeros(n), held)


@pytest.mark.parametrize(("n", "k", "specific"), [(1, 1, 0.3), (5, 5, 0.0), (40, 5, 0.3), (230, 5, 0.3), (700, 5, 0.3)])
@pytest.mark.parametrize("seed", [1, 2])
def test_costs_of_trades_split_by_purchase_and_sale_end_where_the_cone_program_does(
    n: int, k: int, specific: float, seed: int
) -> None:
    rng = np.random.default_rng(seed)
    quadratic, trades = random_quadratic(n, k, seed, linear=0.03, specific=specific), trades_of(rng, n)
    G, h = caps(n, groups=min(5, n), cap=0.5, each=max(0.1, 2 / n), cash=1.0)
    limits = LinearConstraints(SparseRows.of(G), h, tuple(range(len(h))), ("x",) * len(h), ("upper",) * len(h))
    function = ConvexObjective(quadratic, (trades,))
    found, reference = minimise(function, limits, (), ("PIQP",)), solve_convex(function, limits, ())
    assert found.solver == "PIQP"
    assert found.certificate is not None
    assert found.certificate.worst <= ACCEPT
    assert function.value(found.x) <= function.value(reference.x) + 1e-9
    assert found.x == pytest.approx(reference.x, abs=2e-6)
    kept = np.abs(reference.x[:-1] - trades.previous) < 1e-9
    assert np.abs(found.x[:-1] - trades.previous)[kept] == pytest.approx(0.0, abs=1e-7)


@pytest.mark.parametrize(("n", "k"), [(40, 5), (230, 5)])
def test_an_optimum_near_another_is_that_of_the_solver_or_is_not_given(n: int, k: int) -> None:
    rng, given = np.random.default_rng(n), 0
    quadratic, trades = random_quadratic(n, k, 1, linear=0.03, specific=0.3), trades_of(rng, n)
    G, h = caps(n, groups=min(5, n), cap=0.5, each=max(0.1, 2 / n), cash=1.0)
    limits = LinearConstraints(SparseRows.of(G), h, tuple(range(len(h))), ("x",) * len(h), ("upper",) * len(h))
    before = minimise(ConvexObjective(quadratic, (trades,)), limits, (), ("PIQP",))
    for wealth in (0.999999, 0.999, 0.99, 0.5, 0.1):
        function = ConvexObjective(quadratic, (replace(trades, previous=trades.previous / wealth),))
        near, reference = (
            solve_near(function, limits, before, trades.previous),
            minimise(function, limits, (), ("PIQP",)),
        )
        if near is not None:
            given += 1
            assert near.certificate is not None
            assert near.certificate.worst <= EXACT_RESIDUAL
            assert near.x == pytest.approx(reference.x, abs=2e-6)
            assert near.multipliers == pytest.approx(reference.multipliers, abs=1e-5)
    assert 0 < given < 5  # far from it, other weights are at their limits, and a solver has to find them
    soft = replace(limits, price=np.full(len(h), 1.0))
    assert solve_near(function, soft, before, trades.previous) is None
    assert solve_near(function, limits, replace(before, solver="CLARABEL"), trades.previous) is None


def test_what_is_held_is_kept_where_a_trade_costs_more_than_it_brings() -> None:
    n = 6
    quadratic = random_quadratic(n, 6, specific=0.3)
    held = np.full(n, 1 / n)
    dear, free = (TradeCost(np.full(n, rate), np.full(n, rate), np.zeros(n), held) for rate in (9.0, 0.0))
    G, h = caps(n, groups=1, cap=1.0, cash=1.0)
    kept, moved = (
        solve_direct(quadratic, rows_of(G, h), np.ones(n + 1), quadratic.scale, PIQP, trades) for trades in (dear, free)
    )
    assert kept.x[:-1] == pytest.approx(held, abs=1e-9)
    assert float(np.abs(moved.x[:-1] - held).max()) > 0.01
