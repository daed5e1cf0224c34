from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import spearmanr
from statsmodels.stats.sandwich_covariance import S_hac_simple

from toolkit.core.errors import DataError
from toolkit.risk_model.covariance.factor import LEAST_SHARED, eigen_adjusted, newey_west_covariance, rank_correlation


def test_without_lags_it_is_the_covariance():
    x = np.random.default_rng(0).standard_normal((40, 3))
    assert newey_west_covariance(x, 0) == pytest.approx(np.cov(x.T))


def test_lags_are_statsmodels():
    x = np.random.default_rng(1).standard_normal((50, 3)).cumsum(axis=0)
    centred = x - x.mean(axis=0)
    for lags in (1, 4):
        assert newey_west_covariance(x, lags) == pytest.approx(S_hac_simple(centred, nlags=lags) / 49)


def test_long_run_variance_of_smoothed_returns_is_that_of_the_true_ones():
    rng = np.random.default_rng(2)
    true = rng.standard_normal((20_000, 2)) @ np.array([[1.0, 0.6], [0.0, 0.8]])
    smoothed = 0.5 * (true[1:] + true[:-1])
    assert np.var(smoothed[:, 0]) == pytest.approx(0.5, abs=0.05)
    assert newey_west_covariance(smoothed, 20) == pytest.approx(np.array([[1.0, 0.6], [0.6, 1.0]]), abs=0.08)


def test_any_weights_leave_it_positive_semidefinite():
    rng = np.random.default_rng(3)
    for _ in range(50):
        x = rng.standard_normal((12, 8)).cumsum(axis=0)
        weights = rng.uniform(0.0, 1.0, 12) ** 4
        found = newey_west_covariance(x, 5, weights)
        assert np.linalg.eigvalsh(found)[0] > -1e-12 * np.trace(found)
        assert newey_west_covariance(x, 5, 7.0 * weights) == pytest.approx(found)


def test_weights_of_zero_leave_periods_out():
    x = np.random.default_rng(4).standard_normal((30, 2))
    weights = np.r_[np.zeros(10), np.ones(20)]
    assert newey_west_covariance(x, 3, weights) == pytest.approx(newey_west_covariance(x[10:], 3))


@pytest.mark.parametrize(("periods", "lags"), [(1, 0), (5, 5)])
def test_too_many_lags_are_told(periods, lags):
    with pytest.raises(DataError, match="serial correlation"):
        newey_west_covariance(np.zeros((periods, 2)), lags)


def spiked(k: int = 12) -> np.ndarray:
    rng = np.random.default_rng(5)
    return (
        np.cov(rng.standard_normal((k, k + 5))) * np.geomspace(1.0, 9.0, k)[:, None] ** 0.5 * np.geomspace(1.0, 9.0, k) ** 0.5
    )


def test_estimated_eigenportfolios_get_their_true_risk():
    """A new sample from the truth, adjusted: true over believed variance of its eigenportfolios is near one in the mean."""
    truth, periods = spiked(), 40
    root, rng = np.linalg.cholesky(truth), np.random.default_rng(6)
    raw, adjusted = [], []
    for _ in range(60):
        cov = np.cov(root @ rng.standard_normal((12, periods)))
        values, vectors = np.linalg.eigh(cov)
        true = np.einsum("ik,ij,jk->k", vectors, truth, vectors)
        raw.append(true / values)
        found = np.einsum("ik,ij,jk->k", vectors, eigen_adjusted(cov, periods, 200, scale=1.0), vectors)
        adjusted.append(true / found)
    smallest_raw, smallest = np.sqrt(np.mean(raw, axis=0))[:4], np.sqrt(np.mean(adjusted, axis=0))[:4]
    assert (smallest_raw > 1.15).all()
    assert (np.abs(smallest - 1.0) < 0.6 * np.abs(smallest_raw - 1.0)).all()


def test_bias_is_that_of_simulated_periods():
    """The paper draws T periods of returns; one Wishart draw a covariance has the same law."""
    values, periods = np.geomspace(0.1, 2.0, 5), 30
    rng = np.random.default_rng(7)
    ratios = []
    for _ in range(4000):
        drawn, directions = np.linalg.eigh(np.cov(rng.standard_normal((5, periods)) * np.sqrt(values)[:, None]))
        ratios.append((directions**2 * values[:, None]).sum(axis=0) / drawn)
    bias = np.sqrt(np.mean(ratios, axis=0))
    found = np.diag(eigen_adjusted(np.diag(values), periods, 4000, scale=1.4))
    assert found == pytest.approx(values * (1.0 + 1.4 * (bias - 1.0)) ** 2, rel=0.03)


def test_adjustment_is_deterministic_and_scales():
    cov = spiked()
    first = eigen_adjusted(cov, 60)
    assert first.tobytes() == eigen_adjusted(cov, 60).tobytes()
    assert eigen_adjusted(9.0 * cov, 60) == pytest.approx(9.0 * first)
    order = np.random.default_rng(8).permutation(12)
    assert eigen_adjusted(cov[np.ix_(order, order)], 60) == pytest.approx(first[np.ix_(order, order)])
    assert eigen_adjusted(cov, 1e7, scale=1.0) == pytest.approx(cov, abs=1e-4 * np.trace(cov))


def test_null_directions_stay_null_and_thin_histories_are_told():
    flat = np.zeros((4, 4))
    flat[:2, :2] = [[2.0, 1.0], [1.0, 2.0]]
    found = eigen_adjusted(flat, 20)
    assert found[2:] == pytest.approx(np.zeros((2, 4)))
    assert np.isfinite(found).all()
    with pytest.raises(DataError, match="12 factors from 14 periods"):
        eigen_adjusted(spiked(), 14)


def test_it_is_spearmans_over_the_periods_that_both_have():
    rng = np.random.default_rng(1)
    x = rng.normal(size=60).round(1)  # with ties
    y = 0.5 * x + rng.normal(size=60)
    x[:7], y[50:] = np.nan, np.nan
    found = rank_correlation(x, y)
    assert found.periods == 43
    assert found.value == pytest.approx(spearmanr(x[7:50], y[7:50]).statistic, abs=1e-12)
    assert found.low < found.value < found.high
    # An entry error is one rank of many.
    wild = y.copy()
    wild[20] = 1e6
    assert abs(rank_correlation(x, wild).value - found.value) < 0.1


@pytest.mark.parametrize(("x", "n"), [(np.arange(LEAST_SHARED - 1.0), LEAST_SHARED - 1), (np.ones(40), 40)])
def test_too_few_periods_and_a_price_that_never_changes_have_none(x, n):
    found = rank_correlation(x, np.random.default_rng(2).normal(size=len(x)))
    assert found.periods == n
    assert np.isnan([found.value, found.low, found.high]).all()


def test_the_interval_covers_at_its_rate():
    rng = np.random.default_rng(3)
    rho = 0.5
    truth = 6.0 / np.pi * np.arcsin(rho / 2.0)  # Spearman of the binormal (Pearson 1907)
    held = 0
    for _ in range(600):
        x = rng.normal(size=42)
        found = rank_correlation(x, rho * x + np.sqrt(1 - rho**2) * rng.normal(size=42))
        held += found.low <= truth <= found.high
    assert held / 600 == pytest.approx(0.95, abs=0.025)
