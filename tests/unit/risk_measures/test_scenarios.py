from datetime import date

import numpy as np
import pytest

from tests.unit.optimize.problems import forecast_of, random_covariance
from toolkit.core.errors import DataError, GapError, SpecError
from toolkit.returns.observed_returns import Returns
from toolkit.scenarios.sets import Scenarios, Shock, historical, overlaid, simulated

DAYS = tuple(date(2025, month, 28) for month in range(1, 7))
RETURNS = np.array([[0.01, 0.02], [-0.03, 0.04], [0.05, -0.06], [0.0, 0.01], [0.02, 0.02], [-0.01, 0.03]])


def scenarios(**changed):
    given = {
        "assets": ("a", "b"),
        "returns": RETURNS,
        "probabilities": np.full(6, 1 / 6),
        "ordered": True,
        "kind": "historical",
        "periods_per_year": 12.0,
    }
    return Scenarios(**{**given, **changed})


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"returns": np.where(RETURNS == 0.05, np.nan, RETURNS)}, "return of a in scenario 3 is not a finite"),
        ({"returns": RETURNS[:, :1]}, "shape"),
        ({"returns": RETURNS[:0], "probabilities": np.zeros(0)}, "shape"),
        ({"assets": ("a", "a")}, "named twice"),
        ({"probabilities": np.full(6, 0.2)}, "add up to 1.2"),
        ({"probabilities": np.array([1.5, -0.5, 0, 0, 0, 0])}, "not a distribution"),
        ({"probabilities": np.array([np.nan, 1, 0, 0, 0, 0])}, "not a distribution"),
        ({"probabilities": np.ones(1)}, "probabilities of shape"),
        ({"labels": ("x",)}, "labels"),
        ({"periods_per_year": 0.0}, "periods a year"),
    ],
)
def test_what_is_no_scenario_set_is_refused(changed, message):
    with pytest.raises(DataError, match=message):
        scenarios(**changed)


def test_it_is_frozen_inside_and_knows_its_moments():
    p = np.array([0.3, 0.1, 0.2, 0.2, 0.1, 0.1])
    base = scenarios(probabilities=p)
    with pytest.raises(ValueError, match="read-only"):
        base.returns[0, 0] = 1
    np.testing.assert_allclose(base.covariance, np.cov(RETURNS.T, aweights=p, ddof=0))
    np.testing.assert_allclose(base.portfolio(np.array([0.5, 0.25])), RETURNS @ [0.5, 0.25])
    moved = base.centred(np.array([0.12, 0.0]))
    np.testing.assert_allclose(moved.mean, [0.01, 0.0], atol=1e-15)
    np.testing.assert_allclose(moved.covariance, base.covariance)
    np.testing.assert_allclose(base.reweighted(np.full(6, 1 / 6)).mean, RETURNS.mean(axis=0))


def test_history_of_prices_taken_as_they_are_is_itself():
    base = historical(Returns.exact(DAYS, ("a", "b"), RETURNS), 12.0)
    assert base.returns.tolist() == RETURNS.tolist()
    assert base.ordered
    assert base.labels[0] == "2025-01-28"


def test_a_gap_inside_breaks_the_path_and_one_at_the_start_does_not():
    def with_gap(row):
        return historical(Returns.exact(DAYS, ("a", "b"), np.where(np.arange(6)[:, None] == row, np.nan, RETURNS)), 12.0)

    assert (len(with_gap(0)), with_gap(0).ordered) == (5, True)
    assert (len(with_gap(2)), with_gap(2).ordered) == (5, False)


def test_no_shared_period_names_the_shortest_history():
    holes = np.full((6, 2), np.nan)
    holes[:4, 0], holes[4:, 1] = 0.1, 0.1
    with pytest.raises(GapError, match="shortest history, b"):
        historical(Returns.exact(DAYS, ("a", "b"), holes), 12.0)


def test_posterior_noise_brings_back_the_variance_that_a_smoother_takes():
    rng = np.random.default_rng(5)
    posterior = np.array([[0.04, 0.01], [0.01, 0.02]])
    returns = np.hstack([RETURNS, RETURNS[:, :1]])
    own = Returns(
        DAYS, ("a", "b", "c"), returns, np.array([0, 2]), np.tile(posterior, (6, 1, 1)) * rng.uniform(0.5, 2, (6, 1, 1))
    )
    base = historical(own, 12.0, draws=4000, seed=1)
    assert not base.ordered
    np.testing.assert_allclose(base.mean, returns.mean(axis=0), atol=1e-15)
    want = np.cov(returns.T, ddof=0) + own.noise(np.full(6, 1 / 6))
    np.testing.assert_allclose(base.covariance, want, atol=0.03 * want.max())
    assert base.returns[:, 1].tolist() == np.tile(RETURNS[:, 1], 4000).tolist()  # exact series stay exact
    path = historical(own, 12.0, draws=0)
    assert path.ordered
    assert path.returns.tolist() == returns.tolist()


@pytest.mark.parametrize("distribution", ["normal", "student_t"])
@pytest.mark.parametrize("ordered", [False, True])
def test_simulation_has_the_moments_of_the_forecast_exactly(distribution, ordered):
    forecast = forecast_of("abcd", random_covariance(4, 2), expected=np.array([0.1, 0.0, -0.05, 0.2]))
    base = simulated(forecast, 100, 7, distribution, ordered=ordered)
    np.testing.assert_allclose(base.mean * 12, forecast.expected, atol=1e-13)
    np.testing.assert_allclose(base.covariance * 12, forecast.matrix, atol=1e-14)
    assert base.ordered is ordered
    assert simulated(forecast, 100, 7, distribution, ordered=ordered).returns.tolist() == base.returns.tolist()
    assert simulated(forecast, 100, 8, distribution, ordered=ordered).returns.tolist() != base.returns.tolist()


def test_draws_too_few_to_match_are_right_on_average():
    forecast = forecast_of("abcd", random_covariance(4))
    few = [simulated(forecast, 10, seed, years=1.0).covariance for seed in range(4000)]
    assert not np.allclose(few[0], forecast.matrix, rtol=0.01)
    np.testing.assert_allclose(np.mean(few, axis=0), forecast.matrix, atol=0.05 * forecast.matrix.max())


def test_student_t_has_the_fatter_tail():
    forecast = forecast_of("abc", random_covariance(3, 4))
    normal, heavy = (simulated(forecast, 200_000, 1, kind) for kind in ("normal", "student_t"))
    kurtosis = [(x**4).mean() / (x**2).mean() ** 2 for x in (normal.returns[:, 0], heavy.returns[:, 0])]
    assert kurtosis[0] == pytest.approx(3, rel=0.05)
    assert kurtosis[1] > 5  # 9 in the limit at 5 degrees, reached slowly


@pytest.mark.parametrize(
    ("shocks", "message"),
    [
        ([("x", {"a": 0.1}, 0.7), ("y", {"a": 0.1}, 0.7)], "probability of 1.4 together"),
        ([("x", {"a": 0.1}, 0.1), ("x", {"b": 0.1}, 0.1)], "share a name"),
        ([("x", {"galium": 0.1}, 0.1)], "moves none of the assets"),
        ([("x", {"a": 0.1}, 1.1)], "not within 0 and 1"),
        ([("x", {"a": -1.5}, 0.1)], "at least -1"),
        ([("x", {"a": float("nan")}, 0.1)], "at least -1"),
    ],
)
def test_shocks_that_cannot_be_are_refused(shocks, message):
    with pytest.raises(SpecError, match=message):
        overlaid(scenarios(), [Shock(*shock) for shock in shocks])
