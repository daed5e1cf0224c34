import numpy as np
import pytest
from scipy import integrate, stats

from tests.unit.optimize.problems import forecast_of, random_covariance
from toolkit.risk_measures.tail import EVaR, normal_cvar
from toolkit.risk_measures.variance import diversification_ratio, risk_contributions, volatility


def test_contributions_are_eulers_and_add_up():
    covariance = random_covariance(5, seed=1)
    forecast, w = forecast_of("abcde", covariance), np.array([0.3, 0.1, 0.2, 0.4, 0.0])
    shares = risk_contributions(forecast, w)
    assert shares == pytest.approx(w * (covariance @ w) / (w @ covariance @ w))
    assert shares.sum() == pytest.approx(1)
    assert volatility(forecast, w) == pytest.approx(np.sqrt(w @ covariance @ w))


def test_a_portfolio_without_risk_has_no_shares_of_it():
    forecast = forecast_of("ab", np.diag([0.04, 0.09]))
    assert risk_contributions(forecast, np.zeros(2)).tolist() == [0, 0]
    assert diversification_ratio(forecast, np.zeros(2)) is None


def test_the_diversification_ratio_of_equal_uncorrelated_assets_is_the_root_of_their_number():
    forecast = forecast_of("abcd", np.diag([0.04] * 4))
    assert diversification_ratio(forecast, np.full(4, 0.25)) == pytest.approx(2.0)


@pytest.mark.parametrize("confidence", [0.9, 0.95, 0.99])
def test_cvar_of_a_normal_is_the_mean_of_its_tail(confidence):
    z = stats.norm.ppf(confidence)
    tail, _ = integrate.quad(lambda x: x * stats.norm.pdf(x), z, np.inf)
    assert normal_cvar(0.2, confidence) == pytest.approx(0.2 * tail / (1 - confidence))


@pytest.mark.parametrize("confidence", [1e-3, 0.5, 0.95, 0.9999])
@pytest.mark.parametrize("seed", range(5))
def test_the_worst_distribution_of_evar_has_the_relative_entropy_of_its_confidence(seed, confidence):
    rng = np.random.default_rng(seed)
    losses, p = 10.0 ** rng.integers(-6, 4) * rng.standard_t(2.2, 20_000), rng.dirichlet(np.full(20_000, 5.0))
    tail, temperature = EVaR(confidence).tilted(losses, p)
    held = tail > 0
    assert tail[held] @ np.log(tail[held] / p[held]) == pytest.approx(-np.log1p(-confidence), rel=1e-9)
    assert np.log(tail[held] / p[held]) - losses[held] / temperature == pytest.approx(
        np.full(held.sum(), np.log(tail[held] / p[held])[0] - losses[held][0] / temperature), abs=1e-6
    )
