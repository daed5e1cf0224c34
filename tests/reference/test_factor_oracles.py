"""Pieces of the factor package against independent implementations and closed forms."""

from __future__ import annotations

from datetime import date

import numpy as np
import pytest
from statsmodels.stats.meta_analysis import combine_effects
from statsmodels.tsa.statespace.structural import UnobservedComponents

from toolkit.factors.covariance import CovarianceInputs, LedoitWolfCovariance
from toolkit.factors.increments import Increments
from toolkit.factors.observation.joint import latent_increments
from toolkit.factors.pooling import pool


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
    increments = Increments.exact(dates, names, x)
    form = LedoitWolfCovariance().estimate(
        CovarianceInputs(increments, increments, names, ("other",) * 6, (), np.zeros((30, 6)), np.ones(6), 12.0)
    )
    found = form.loadings @ form.loadings.T + np.diag(form.specific_var)
    assert found == pytest.approx(12 * ledoit_wolf_2004(x))
