"""Entropy pooling against closed forms, an independent solver of the primal, and conflicts that are known."""

from __future__ import annotations

import cvxpy as cp
import numpy as np
import pytest

from toolkit.core.errors import SpecError
from toolkit.scenarios.entropy_pooling import (
    RESIDUAL,
    MomentView,
    entropy_pooling,
    mean_view,
    probability_view,
    volatility_view,
)
from toolkit.scenarios.sets import Scenarios


def drawn(size=400, n=3, seed=0, *, periods=1.0, equal=True):
    rng = np.random.default_rng(seed)
    p = np.full(size, 1 / size) if equal else rng.dirichlet(np.full(size, 2.0))
    x = 0.2 * rng.standard_normal((size, n)) @ np.linalg.cholesky(0.5 * np.eye(n) + 0.5).T
    return Scenarios(tuple("abcdefgh"[:n]), x, p, False, "simulated", periods)


def test_a_probability_scales_within_and_outside_the_event():
    scenarios = drawn(equal=False)
    event = scenarios.returns[:, 0] < -0.1
    found = entropy_pooling(scenarios, [probability_view("fall", event, 0.6)])
    before, after = scenarios.probabilities, found.scenarios.probabilities
    was = before[event].sum()
    np.testing.assert_allclose(after[event], before[event] * 0.6 / was, rtol=1e-9)
    np.testing.assert_allclose(after[~event], before[~event] * 0.4 / (1 - was), rtol=1e-9)
    # Binary relative entropy, the closed form of the divergence.
    assert found.relative_entropy == pytest.approx(0.6 * np.log(0.6 / was) + 0.4 * np.log(0.4 / (1 - was)), rel=1e-9)
    assert found.residual <= RESIDUAL


@pytest.mark.parametrize("value", [0.0, 1.0])
def test_certainty_rules_the_others_out_exactly(value):
    scenarios = drawn()
    event = scenarios.returns[:, 0] < -0.1
    after = entropy_pooling(scenarios, [probability_view("fall", event, value)]).scenarios.probabilities
    assert after[event].sum() == pytest.approx(value, abs=1e-15)
    assert (after[event == (value == 0.0)] == 0).all()


def test_a_mean_view_on_a_normal_is_an_exponential_tilt_that_moves_the_others_by_beta():
    rng = np.random.default_rng(1)
    half = rng.standard_normal((100_000, 2)) @ np.array([[0.3, 0.12], [0.0, 0.16]])
    scenarios = Scenarios(("a", "b"), np.vstack([half, -half]), np.full(200_000, 1 / 200_000), False, "simulated", 1.0)
    found = entropy_pooling(scenarios, [mean_view("a", scenarios, np.array([1.0, 0.0]), 0.1)])
    # Black-Litterman with a certain view: mean moves by Sigma p (p' Sigma p)^-1 d, covariance stays.
    beta = 0.3 * 0.12 / 0.09
    np.testing.assert_allclose(found.scenarios.mean, [0.1, 0.1 * beta], atol=2e-3)
    np.testing.assert_allclose(found.scenarios.covariance, scenarios.covariance, rtol=0.03)
    assert found.relative_entropy == pytest.approx(0.5 * (0.1 / 0.3) ** 2, rel=0.03)
    tilt = np.exp(found.multipliers[0] * scenarios.returns[:, 0] / np.sqrt(scenarios.covariance[0, 0]))
    np.testing.assert_allclose(found.scenarios.probabilities, tilt / tilt.sum(), rtol=1e-9)


def primal(scenarios, views):
    p = cp.Variable(len(scenarios))
    rows = []
    for view in views:
        mean = view.figure @ p
        sides = {"equal": mean == view.value, "at_least": mean >= view.value, "at_most": mean <= view.value}
        rows.append(sides[view.side])
    problem = cp.Problem(cp.Minimize(cp.sum(cp.rel_entr(p, scenarios.probabilities))), [cp.sum(p) == 1, *rows])
    problem.solve(solver=cp.CLARABEL)
    return problem.value, p.value


@pytest.mark.parametrize("seed", range(8))
def test_it_agrees_with_an_independent_solve_of_the_primal(seed):
    scenarios = drawn(200, 3, seed, periods=4.0, equal=seed % 2 == 0)
    x, rng = scenarios.returns, np.random.default_rng(seed)
    views = [
        probability_view("fall", x[:, 0] < -0.1, rng.uniform(0.1, 0.6), rng.choice(["equal", "at_least", "at_most"])),
        mean_view("b - c", scenarios, np.array([0.0, 1.0, -1.0]), rng.uniform(-0.2, 0.2), rng.choice(["equal", "at_least"])),
        mean_view("a", scenarios, np.array([1.0, 0.0, 0.0]), rng.uniform(-0.1, 0.1), rng.choice(["at_most", "at_least"])),
        volatility_view("c", scenarios, np.array([0.0, 0.0, 1.0]), rng.uniform(0.3, 0.5), rng.choice(["equal", "at_most"])),
    ]
    found = entropy_pooling(scenarios, views)
    value, p = primal(scenarios, views)
    assert found.residual <= RESIDUAL
    assert found.relative_entropy == pytest.approx(value, abs=1e-6)
    np.testing.assert_allclose(found.scenarios.probabilities, p, atol=2e-5)
    for view, multiplier, after in zip(views, found.multipliers, found.after, strict=True):
        if view.side != "equal":  # complementary slackness, and a multiplier of the right sign
            assert multiplier * (1 if view.side == "at_least" else -1) >= 0
            assert multiplier == 0 or after == pytest.approx(view.value, abs=1e-9)


def test_views_that_say_nothing_new_change_nothing():
    scenarios = drawn(equal=False)
    views = [
        mean_view("own mean", scenarios, np.ones(3), scenarios.mean.sum()),
        mean_view("slack", scenarios, np.ones(3), scenarios.mean.sum() - 1e-3, "at_least"),
    ]
    for given in ((), views):
        found = entropy_pooling(scenarios, given)
        np.testing.assert_allclose(found.scenarios.probabilities, scenarios.probabilities, rtol=1e-9)
        assert found.relative_entropy == pytest.approx(0, abs=1e-12)
        assert found.effective == pytest.approx(found.effective_before)


def test_a_volatility_view_is_one_where_the_mean_is_held():
    scenarios, row = drawn(2000, periods=12.0), np.array([1.0, -0.5, 0.0])
    held = mean_view("held", scenarios, row, float(scenarios.mean @ row) * 12)
    after = entropy_pooling(scenarios, [held, volatility_view("v", scenarios, row, 0.8)]).scenarios
    assert np.sqrt(row @ after.covariance @ row * 12) == pytest.approx(0.8, rel=1e-9)


def test_the_same_view_twice_is_one_view():
    scenarios = drawn()
    once = mean_view("once", scenarios, np.ones(3), 0.05)
    twice = MomentView("twice", once.figure, once.value)
    first, second = entropy_pooling(scenarios, [once]), entropy_pooling(scenarios, [once, twice])
    np.testing.assert_allclose(first.scenarios.probabilities, second.scenarios.probabilities, rtol=1e-8)


def test_the_order_of_views_and_of_scenarios_changes_nothing():
    scenarios = drawn(equal=False)
    order = np.random.default_rng(3).permutation(len(scenarios))
    a = mean_view("a", scenarios, np.array([1.0, 0, 0]), 0.05)
    b = probability_view("b", scenarios.returns[:, 1] > 0.1, 0.5, "at_least")
    first = entropy_pooling(scenarios, [a, b]).scenarios.probabilities
    np.testing.assert_allclose(first, entropy_pooling(scenarios, [b, a]).scenarios.probabilities, rtol=1e-8)
    other = Scenarios(scenarios.assets, scenarios.returns[order], scenarios.probabilities[order], False, "simulated", 1.0)
    moved = [MomentView(v.name, v.figure[order], v.value, v.side) for v in (a, b)]
    np.testing.assert_allclose(first[order], entropy_pooling(other, moved).scenarios.probabilities, rtol=1e-8)


def test_the_conflicting_views_are_named_and_no_others():
    scenarios = drawn()
    fine = mean_view("fine", scenarios, np.array([0.0, 0.0, 1.0]), 0.02)
    up = mean_view("up", scenarios, np.array([1.0, 0, 0]), 0.1, "at_least")
    down = mean_view("down", scenarios, np.array([1.0, 0, 0]), 0.05, "at_most")
    with pytest.raises(SpecError) as refused:
        entropy_pooling(scenarios, [up, fine, down])
    assert set(refused.value.details["views"]) == {"up", "down"}


def test_three_views_that_only_conflict_together_are_all_named():
    scenarios = drawn()
    x = scenarios.returns
    a, b = x[:, 0] < -0.1, x[:, 0] > 0.1
    views = [probability_view("low", a, 0.5), probability_view("high", b, 0.4), probability_view("middle", ~(a | b), 0.3)]
    for pair in ((0, 1), (0, 2), (1, 2)):
        entropy_pooling(scenarios, [views[i] for i in pair])
    with pytest.raises(SpecError) as refused:
        entropy_pooling(scenarios, views)
    assert set(refused.value.details["views"]) == {"low", "high", "middle"}


def test_a_view_beyond_every_scenario_says_what_they_range_over():
    scenarios = drawn()
    with pytest.raises(SpecError, match="range from") as refused:
        entropy_pooling(scenarios, [mean_view("boom", scenarios, np.array([1.0, 0, 0]), 5.0)])
    assert refused.value.details["views"] == ["boom"]


def test_certain_views_that_leave_nothing_are_a_conflict():
    scenarios = drawn()
    event = scenarios.returns[:, 0] < -0.1
    views = [probability_view("surely", event, 1.0), probability_view("never", event, 0.0)]
    with pytest.raises(SpecError) as refused:
        entropy_pooling(scenarios, views)
    assert set(refused.value.details["views"]) == {"surely", "never"}


def test_extreme_views_say_so():
    scenarios = drawn(2000)
    mild = entropy_pooling(scenarios, [mean_view("a", scenarios, np.array([1.0, 0, 0]), 0.02)])
    hard = entropy_pooling(scenarios, [mean_view("a", scenarios, np.array([1.0, 0, 0]), 0.45)])
    assert not mild.extreme
    assert hard.extreme
    assert "extreme" in hard.note
    assert hard.residual <= RESIDUAL
    assert 1 <= hard.effective < mild.effective < mild.effective_before == pytest.approx(2000)


def test_views_that_make_uneven_scenarios_more_even_are_told_without_an_impossible_share():
    """Half of the scenarios have a shock of little probability: a view that raises it spreads the probabilities."""
    base = drawn(2000)
    shocked = np.arange(2000) < 1000
    p = np.where(shocked, 0.02, 0.98) / 1000
    scenarios = Scenarios(base.assets, base.returns, p, False, "simulated", 1.0)
    mild = entropy_pooling(scenarios, [probability_view("shock", shocked, 0.03)])
    other = entropy_pooling(scenarios, [probability_view("shock", shocked, 0.9)])
    assert mild.effective > mild.effective_before
    assert f"{mild.effective:,.0f}, before the views {mild.effective_before:,.0f}." in mild.note
    assert not mild.extreme
    # More even than before, and nearly all of it on the other half of the scenarios.
    assert other.effective > other.effective_before
    assert other.extreme
