"""Laws of every objective: order, unit and what was solved before change nothing; a looser limit is never worse."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.examples import SOLVED
from tests.unit.optimize.problems import NO_CASH, problem_of, random_covariance
from toolkit.core.assets import Asset
from toolkit.optimize.allocate import allocate
from toolkit.optimize.analysis.frontier import frontier

N = 6
OBJECTIVES = {
    "min_risk": {"kind": "min_risk"},
    "max_ratio": {"kind": "max_ratio", "risk_free": 0.01},
    "max_return": {"kind": "max_return", "volatility": 0.24},
    "max_diversification": {"kind": "max_diversification"},
    "risk_parity": {"kind": "risk_parity", "budgets": {"a0": 3, "a4": 0.5}},
    "track": {"kind": "track", "target": {"a0": 0.5, "a3": 0.5}},
    "hierarchical_risk_parity": {"kind": "hierarchical_risk_parity"},
}
LIMITED = [kind for kind in OBJECTIVES if kind != "hierarchical_risk_parity"]
PRICED = ["min_risk", "max_ratio", "max_return", "max_diversification", "track"]
seeds = st.integers(0, 10_000)


def expected(seed: int) -> np.ndarray:
    return np.random.default_rng(seed).uniform(0.02, 0.15, N)


def covariance_of(seed: int) -> np.ndarray:
    """Volatilities near 20 %, so that one limit on volatility is neither empty nor idle."""
    covariance = random_covariance(N, seed)
    return covariance * 0.2**2 / np.mean(np.diag(covariance))


def solve(kind: str, seed: int, *, upper: float = 0.5, order=range(N), factor: float = 1.0):
    order = list(order)
    covariance = (covariance_of(seed) * factor**2)[np.ix_(order, order)]
    constraints = [] if kind == "hierarchical_risk_parity" else [NO_CASH, {"name": "cap", "kind": "bounds", "upper": upper}]
    objective = dict(OBJECTIVES[kind])
    if kind == "max_return":
        objective["volatility"] *= factor
    return allocate(
        problem_of(
            covariance,
            assets=[Asset(key=f"a{i}", name=f"A{i}", lot_size=1.0) for i in order],
            objective=objective,
            expected=expected(seed)[order],
            constraints=constraints,
        )
    )


@pytest.mark.parametrize("kind", OBJECTIVES)
@SOLVED
@given(seed=seeds, order=st.permutations(range(N)))
def test_permuting_assets_permutes_the_weights(kind, seed, order):
    np.testing.assert_allclose(solve(kind, seed, order=order).weights, solve(kind, seed).weights[list(order)], atol=2e-5)


@pytest.mark.parametrize("kind", OBJECTIVES)
@SOLVED
@given(seed=seeds, factor=st.floats(0.02, 50))
def test_the_unit_of_risk_does_not_move_the_weights(kind, seed, factor):
    # A limit on volatility has an upper bound in the strategy, of 1,000 % a year.
    factor = min(factor, 20.0) if kind == "max_return" else factor
    np.testing.assert_allclose(solve(kind, seed, factor=factor).weights, solve(kind, seed).weights, atol=2e-5)


@pytest.mark.parametrize("kind", PRICED)
@SOLVED
@given(seed=seeds, caps=st.tuples(st.floats(0.25, 1.0), st.floats(0.25, 1.0)))
def test_a_tighter_cap_is_never_better(kind, seed, caps):
    tight, loose = (solve(kind, seed, upper=upper).objective for upper in (min(caps), max(caps)))
    assert tight >= loose - 1e-7 * (abs(loose) + 1e-3)


@pytest.mark.parametrize("kind", LIMITED)
@SOLVED
@given(seed=seeds)
def test_limits_hold_and_what_is_called_optimal_has_its_certificate(kind, seed):
    answer = solve(kind, seed, upper=0.3)
    assert answer.weights.max() <= 0.3 + 1e-6
    assert answer.weights.min() >= 0
    assert answer.status == "optimal"
    assert answer.continuous.certificate.worst <= 1e-6


@pytest.mark.parametrize("kind", OBJECTIVES)
def test_solving_something_else_in_between_changes_no_bit(kind):
    before = solve(kind, 1)
    solve(kind, 2)
    solve("max_ratio", 3)
    after = solve(kind, 1)
    assert before.weights.tobytes() == after.weights.tobytes()
    assert [limit.shadow_price for limit in before.limits] == [limit.shadow_price for limit in after.limits]


@SOLVED
@given(seed=seeds, order=st.permutations(range(N)))
def test_a_frontier_does_not_depend_on_the_order_of_assets(seed, order):
    def trace(chosen):
        chosen = list(chosen)
        cap = {"name": "cap", "kind": "bounds", "upper": 0.4}
        covariance = covariance_of(seed)[np.ix_(chosen, chosen)]
        return frontier(problem_of(covariance, expected=expected(seed)[chosen], constraints=[NO_CASH, cap]), 7)

    one, other = trace(range(N)), trace(order)
    for a, b in zip(one.points, other.points, strict=True):
        assert a.volatility == pytest.approx(b.volatility, abs=1e-6)
        np.testing.assert_allclose(b.weights[:-1], a.weights[list(order)], atol=1e-4)


@SOLVED
@given(seed=seeds, caps=st.tuples(st.floats(0.25, 1.0), st.floats(0.25, 1.0)))
def test_a_looser_cap_moves_no_part_of_the_frontier_towards_risk(seed, caps):
    def trace(upper):
        cap = {"name": "cap", "kind": "bounds", "upper": upper}
        return frontier(problem_of(covariance_of(seed), expected=expected(seed), constraints=[NO_CASH, cap]), 9).points

    tight, loose = trace(min(caps)), trace(max(caps))
    assert loose[-1].expected >= tight[-1].expected - 1e-6
    within = [p for p in tight if loose[0].expected <= p.expected <= loose[-1].expected]
    expecteds, risks = np.array([p.expected for p in loose]), np.array([p.volatility for p in loose])
    for point in within:
        # Volatility is convex along the frontier: chords lie above it, so a chord of nine points is a safe bound plus its sag.
        sag = np.max(np.abs(np.diff(risks)))
        assert np.interp(point.expected, expecteds, risks) - sag <= point.volatility + 1e-6
