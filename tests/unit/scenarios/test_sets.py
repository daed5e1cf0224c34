"""Shocks on top of scenarios, the floor of a price, and draws over a longer period."""

from __future__ import annotations

import numpy as np
import pytest

from toolkit.scenarios.sets import Scenarios, Shock, limit_losses_to_total, overlaid, simulated


def drawn(size=1000, sd=0.2, seed=0, df=None):
    rng = np.random.default_rng(seed)
    half = sd * (rng.standard_normal((size // 2, 2)) if df is None else rng.standard_t(df, (size // 2, 2)))
    x = np.vstack([half, -half])
    return Scenarios(("a", "b"), x, np.full(size, 1 / size), False, "simulated", 1.0)


def test_a_shock_has_its_probability_and_leaves_the_rest_moving():
    base = drawn()
    whole = overlaid(base, [Shock("jump", {"a": 0.5}, 0.2), Shock("fall", {"a": -0.5}, 0.1)], rows=200)
    assert len(whole) == 1400
    labels = np.array(whole.labels)
    for name, p, change in (("jump", 0.2, 0.5), ("fall", 0.1, -0.5)):
        at = labels == name
        assert whole.probabilities[at].sum() == pytest.approx(p)
        inside = whole.returns[at].mean(axis=0)
        np.testing.assert_allclose(inside, [change, 0.0], atol=1e-12)  # antithetic pairs stay together
        assert whole.returns[at, 1].std() == pytest.approx(base.returns[:, 1].std(), rel=0.15)
    np.testing.assert_allclose(whole.mean, [0.2 * 0.5 - 0.1 * 0.5, 0.0], atol=1e-12)
    assert not whole.ordered


def test_a_shock_of_a_total_loss_leaves_nothing():
    whole = overlaid(drawn(), [Shock("gone", {"a": -1.0}, 0.1)])
    assert (whole.returns[np.array(whole.labels) == "gone", 0] == -1).all()


def test_without_shocks_and_with_probability_zero():
    base = drawn()
    assert overlaid(base, []) is base
    never = overlaid(base, [Shock("never", {"a": 1.0}, 0.0)])
    np.testing.assert_allclose(never.covariance, base.covariance, atol=1e-15)


def test_the_floor_keeps_mean_and_volatility():
    base = drawn(4000, 0.45, df=5)
    found, share = limit_losses_to_total(base)
    assert 0 < share < 0.2
    assert found.returns.min() >= -1
    np.testing.assert_allclose(found.mean, base.mean, atol=1e-10)
    np.testing.assert_allclose(np.diag(found.covariance), np.diag(base.covariance), rtol=1e-8)
    assert abs(np.corrcoef(found.returns.T)[0, 1] - np.corrcoef(base.returns.T)[0, 1]) < 0.02


def test_what_never_falls_below_is_left_alone():
    base = drawn(sd=0.05)
    found, share = limit_losses_to_total(base)
    assert found is base
    assert share == 0


def test_draws_over_a_year_have_the_moments_of_a_year(forecast):
    year = simulated(forecast, 400, 0, "student_t", years=1.0)
    assert year.periods_per_year == 1
    np.testing.assert_allclose(year.mean, forecast.expected, atol=1e-12)
    np.testing.assert_allclose(year.covariance, forecast.matrix, atol=1e-12)


@pytest.fixture
def forecast():
    from toolkit.core.forecast import Forecast

    rng = np.random.default_rng(5)
    return Forecast(
        assets=("a", "b", "c"),
        factors=("f",),
        loadings=rng.standard_normal((3, 1)),
        factor_cov=np.array([[0.04]]),
        specific_var=np.array([0.01, 0.02, 0.03]),
        expected=np.array([0.05, 0.0, -0.02]),
        periods_per_year=12.0,
        covariance="test",
        levels=(),
    )
