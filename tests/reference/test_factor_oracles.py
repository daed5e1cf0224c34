"""Pieces of the factor package against independent implementations and closed forms."""

from __future__ import annotations

from datetime import date

import numpy as np
import pytest
from statsmodels.stats.meta_analysis import combine_effects
from statsmodels.tsa.arima.model import ARIMA
from statsmodels.tsa.statespace.kalman_filter import KalmanFilter
from statsmodels.tsa.statespace.structural import UnobservedComponents

from toolkit.returns.observation import local_level, mixture
from toolkit.returns.observation.joint import START_VARIANCE, latent_increments, smooth
from toolkit.returns.observation.local_level import local_levels
from toolkit.returns.observation.mixture import filter_levels
from toolkit.returns.observation.smoothing import fit, getmansky
from toolkit.returns.observed_returns import Returns
from toolkit.returns.pooling import pool
from toolkit.risk_model.covariance.form import CovarianceInputs
from toolkit.risk_model.covariance.ledoit_wolf import LedoitWolfCovariance


def test_smoother_agrees_with_statsmodels():
    rng = np.random.default_rng(0)
    y = (0.1 * rng.standard_normal(60)).cumsum() + 0.15 * rng.standard_normal(60)
    y[20:23] = np.nan
    model = UnobservedComponents(y, "llevel")
    smoothed = model.smooth([0.15**2, 0.1**2])
    noise = np.where(np.isfinite(y), 0.15**2, np.nan)[:, None]
    found = latent_increments(y[:, None], noise, np.array([1e-12]), np.array([0.1**2]), np.empty((59, 0)))
    assert found.mean[:, 0] == pytest.approx(np.diff(smoothed.smoothed_state[0]), abs=2e-4)
    variance = smoothed.smoothed_state_cov[0, 0]
    lagged = smoothed.smoothed_state_autocov[0, 0]
    assert found.uncertainty[1:, 0, 0] == pytest.approx((variance[1:] + variance[:-1] - 2 * lagged[:-1])[1:], rel=1e-3)


@pytest.mark.parametrize("periods", range(2, 12))
def test_smoother_of_any_length_is_the_joint_normal(periods):
    """Levels and prints written out as one normal vector, conditioned on the prints."""
    rng = np.random.default_rng(periods)
    n = 2
    Psi = np.array([[0.04, 0.01], [0.01, 0.02]])
    y = rng.standard_normal((periods, n))
    noise = np.full((periods, n), 0.05)
    drift = 0.1 * rng.standard_normal((periods - 1, n))
    changes, spread, levels, variances = smooth(y, drift, np.broadcast_to(Psi, (periods - 1, n, n)), noise)
    steps = np.minimum.outer(np.arange(periods), np.arange(periods))
    prior = np.kron(np.full((periods, periods), START_VARIANCE), np.eye(n)) + np.kron(steps, Psi)
    mean = (y[0] + np.vstack([np.zeros(n), drift.cumsum(axis=0)])).ravel()
    gain = prior @ np.linalg.inv(prior + 0.05 * np.eye(periods * n))
    level = mean + gain @ (y.ravel() - mean)
    cov = prior - gain @ prior
    difference = np.eye(periods * n)[n:] - np.eye(periods * n)[:-n]
    blocks = (difference @ cov @ difference.T).reshape(periods - 1, n, periods - 1, n)
    assert levels.ravel() == pytest.approx(level)
    assert variances.ravel() == pytest.approx(np.diag(cov))
    assert changes.ravel() == pytest.approx(difference @ level)
    assert spread == pytest.approx(np.array([blocks[t, :, t] for t in range(periods - 1)]))


def local_level_prints(periods, seed=3):
    rng = np.random.default_rng(seed)
    y = (0.1 * rng.standard_normal(periods)).cumsum() + 0.15 * rng.standard_normal(periods)
    y[20:23] = np.nan
    return y


def test_filter_is_statsmodels_when_the_noise_is_normal(monkeypatch):
    monkeypatch.setattr(mixture, "GROSS_SHARE", 1e-12)
    y = local_level_prints(200)
    oracle = UnobservedComponents(y, "llevel").filter([0.15**2, 0.1**2])
    loglik, level, variance = filter_levels(
        y[:, None], np.ones((200, 1)), np.array([1e-12]), np.array([[0.1]]), np.array([[0.15]]), np.zeros(1)
    )
    assert loglik[0, 0, 0] == pytest.approx(oracle.llf_obs[1:].sum(), abs=1e-4)
    assert level[0, 0, 0] == pytest.approx(oracle.filtered_state[0, -1], abs=1e-6)
    assert variance[0, 0, 0] == pytest.approx(oracle.filtered_state_cov[0, 0, -1], rel=1e-6)


@pytest.mark.parametrize("phi", [0.3, 0.6, 0.95])
def test_filter_with_persistence_is_statsmodels_when_the_noise_is_normal(monkeypatch, phi):
    monkeypatch.setattr(mixture, "GROSS_SHARE", 1e-12)
    y = local_level_prints(200)
    s, n = 0.1, 0.15
    relative = np.exp(np.random.default_rng(0).normal(0.0, 0.5, 200))
    oracle = KalmanFilter(k_endog=1, k_states=2, k_posdef=1)
    oracle.bind(y[1:, None].copy())
    oracle["design"] = np.array([[1.0, 0.0]])
    oracle["obs_cov"] = (n**2 * relative[1:])[None, None, :]
    oracle["transition"] = transition = np.array([[1.0, phi], [0.0, phi]])
    oracle["selection"] = np.array([[1.0], [1.0]])
    oracle["state_cov"] = np.array([[s**2 * (1 - phi**2)]])
    start = np.diag([n**2 * relative[0], s**2])
    oracle.initialize_known(np.array([y[0], 0.0]), transition @ start @ transition.T + s**2 * (1 - phi**2))
    expected = oracle.filter()
    loglik, level, variance = filter_levels(
        y[:, None], relative[:, None], np.array([1e-12]), np.array([[s]]), np.array([[n]]), np.array([phi])
    )
    assert loglik[0, 0, 0] == pytest.approx(expected.llf_obs.sum(), abs=1e-4)
    assert level[0, 0, 0] == pytest.approx(expected.filtered_state[0, -1], abs=1e-6)
    assert variance[0, 0, 0] == pytest.approx(expected.filtered_state_cov[0, 0, -1], rel=1e-6)


@pytest.mark.parametrize("seed", [3, 4, 5])
def test_local_level_agrees_with_statsmodels_maximum_likelihood(monkeypatch, seed):
    # The oracle is a random walk.
    monkeypatch.setattr(local_level, "STRONGEST", 1e-6)
    y = local_level_prints(1500, seed)
    oracle = UnobservedComponents(y, "llevel").fit(disp=False, cov_type="approx")
    noise, latent = np.sqrt(oracle.params)
    found = local_levels(y[:, None], np.full((1500, 1), np.nan), 12.0)
    assert found.volatility[0] / np.sqrt(12.0) == pytest.approx(latent, rel=0.01)
    assert found.noise[0] == pytest.approx(noise, rel=0.015)
    # One in two hundred is always allowed to be an entry error, which an ordinary last print hardly is.
    assert found.level[0] == pytest.approx(oracle.filtered_state[0, -1], abs=0.01)
    assert found.level_error[0] == pytest.approx(np.sqrt(oracle.filtered_state_cov[0, 0, -1]), rel=0.05)
    variance = oracle.params[1]
    assert found.volatility_error[0] == pytest.approx(0.5 * oracle.bse[1] / variance, rel=0.03)


@pytest.mark.parametrize("order", [1, 2])
def test_moving_average_is_statsmodels_arima(order):
    rng = np.random.default_rng(0)
    e = rng.standard_normal((202, 3))
    x = 0.5 * e[2:] + 0.3 * e[1:-1] + 0.2 * e[:-2]
    x[50:55, 1] = np.nan
    x[100, 2] = np.nan
    x = x - np.nanmean(x, axis=0)
    found, weights = fit(x, order), getmansky(x, order)
    for i in range(3):
        oracle = ARIMA(x[:, i], order=(0, 0, order), trend="n").fit(cov_type="approx")
        b = oracle.params[:order]
        assert found.coefficients[i] == pytest.approx(b, abs=1e-4)
        assert found.loglik[i] == pytest.approx(oracle.llf, abs=1e-5)
        assert weights.weights[i] == pytest.approx(np.r_[1.0, b] / (1 + b.sum()), abs=1e-4)
        # theta = (1, b) / (1 + b_1 + ...) by the delta method from the oracle's errors.
        slope = (np.vstack([np.zeros(order), np.eye(order)]) * (1 + b.sum()) - np.r_[1.0, b][:, None]) / (1 + b.sum()) ** 2
        cov = slope @ oracle.cov_params()[:order, :order] @ slope.T
        assert weights.errors[i] == pytest.approx(np.sqrt(np.diag(cov)), rel=0.02)


def test_pooling_is_dersimonian_laird():
    estimate = np.array([0.1, 0.9, 0.4, 1.6, -0.3])
    error = np.array([0.2, 0.3, 0.15, 0.4, 0.25])
    oracle = combine_effects(estimate, error**2, method_re="dl")
    pooled, errors = pool(estimate[:, None], error[:, None])
    own = oracle.tau2 / (oracle.tau2 + error**2)
    assert pooled[:, 0] == pytest.approx(own * estimate + (1 - own) * oracle.mean_effect_re)
    assert (errors[:, 0] > 0).all()


def test_pooling_leaves_two_estimates_and_missing_ones_alone():
    estimate = np.array([[0.1], [np.nan], [2.0]])
    pooled, _ = pool(estimate, np.full((3, 1), 0.1))
    assert np.array_equal(pooled, estimate, equal_nan=True)


def ledoit_wolf_2004(x: np.ndarray) -> np.ndarray:
    """Ledoit and Wolf (2004), lemma 3.2 to 3.4 and theorem 3.2, written out observation by observation."""
    x = x - x.mean(axis=0)
    n, p = x.shape
    S = sum(np.outer(row, row) for row in x) / n
    m = np.trace(S) / p
    d2 = np.linalg.norm(S - m * np.eye(p), "fro") ** 2 / p
    b2 = min(sum(np.linalg.norm(np.outer(row, row) - S, "fro") ** 2 / p for row in x) / n**2, d2)
    return b2 / d2 * m * np.eye(p) + (d2 - b2) / d2 * S


def test_ledoit_wolf_is_the_papers_estimator():
    x = np.random.default_rng(1).standard_normal((30, 6)) * np.linspace(0.5, 2.0, 6)
    names = tuple("abcdef")
    dates = tuple(date(2000 + t // 12, t % 12 + 1, 28) for t in range(30))
    increments = Returns.exact(dates, names, x)
    form = LedoitWolfCovariance().estimate(
        CovarianceInputs(increments, increments, names, ("other",) * 6, (), np.zeros((30, 6)), lambda: np.ones(6), 12.0)
    )
    found = form.loadings @ form.loadings.T + np.diag(form.specific_var)
    assert found == pytest.approx(12 * ledoit_wolf_2004(x))
