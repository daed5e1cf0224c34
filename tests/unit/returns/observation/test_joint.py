from __future__ import annotations

import numpy as np
import pytest

from toolkit.returns.observation.joint import MOST_EXPLAINED, capped, latent_increments
from toolkit.returns.observation.local_level import local_levels
from toolkit.returns.observation.smoothing import VOLATILITY_FACTOR

NO_FACTORS = 0


def attenuated(seed: int, periods: int) -> tuple[np.ndarray, float]:
    """Two walks of correlation 0.6 whose changes are half noise, and the raw correlation of their prints."""
    rng = np.random.default_rng(seed)
    cov = 0.01 * np.array([[1.0, 0.6], [0.6, 1.0]])
    latent = rng.multivariate_normal([0.0, 0.0], cov, size=periods).cumsum(axis=0)
    prints = latent + 0.1 / np.sqrt(2) * rng.standard_normal((periods, 2))
    return prints, float(np.corrcoef(np.diff(prints, axis=0).T)[0, 1])


def recovered(prints: np.ndarray) -> float:
    levels = local_levels(prints, np.full(prints.shape, np.nan), 12.0)
    factors = np.empty((len(prints) - 1, NO_FACTORS))
    found = latent_increments(prints, levels.noise_variance, levels.contamination, levels.volatility**2 / 12.0, factors)
    sd = np.sqrt(np.diag(found.covariance))
    return float(found.covariance[0, 1] / sd[0] / sd[1])


def test_short_history_is_corrected_in_part():
    """Three and a half years do not carry the whole correction: the prior of independence keeps part of the noise's pull."""
    prints, raw = zip(*(attenuated(seed, 43) for seed in range(30)), strict=True)
    latent = np.array([recovered(p) for p in prints])
    assert np.median(raw) < 0.3
    assert np.median(raw) + 0.05 < np.median(latent) < 0.6
    assert (np.abs(latent) < 1).all()


def test_smoothed_levels_follow_the_latent_price_closer_than_the_prints_do():
    rng = np.random.default_rng(1)
    latent = (0.1 * rng.standard_normal((200, 2))).cumsum(axis=0)
    prints = latent + 0.2 * rng.standard_normal(latent.shape)
    noise = np.full(prints.shape, 0.04)
    found = latent_increments(prints, noise, np.full(2, 1e-4), np.full(2, 0.01), np.empty((199, NO_FACTORS)))
    # In the steady state the smoothed variance is n^2 / sqrt(1 + 4 n^2 / s^2).
    assert np.var(found.levels - latent) == pytest.approx(0.04 / np.sqrt(1 + 16.0), rel=0.2)


def test_loadings_on_exact_factors_are_found_through_noise_and_a_hole():
    rng = np.random.default_rng(0)
    factor = 0.05 * rng.standard_normal((400, 1))
    truth = np.array([0.5, 1.0, 1.5])
    prints = np.vstack([np.zeros(3), (factor * truth + 0.05 * rng.standard_normal((400, 3))).cumsum(axis=0)])
    prints = prints + 0.1 * rng.standard_normal(prints.shape)
    prints[50:60, 1] = np.nan
    factor[-2:] = np.nan
    variance = 0.05**2 * (1 + truth**2)
    noise = np.where(np.isfinite(prints), 0.01, np.nan)
    found = latent_increments(prints, noise, np.full(3, 1e-4), variance, factor)
    assert np.abs(found.loadings[:, 0] - truth).max() < 0.25
    assert np.allclose(np.diag(found.covariance), variance)
    assert np.isfinite(found.mean).all()
    spread = np.einsum("tii->ti", found.uncertainty)
    assert (spread >= 0).all()
    assert spread[50:58, 1].min() > np.median(spread[:, 1])


def test_averaged_factors_explain_their_whole_variance():
    """Prints and factor averaged over the same 21 days: correlations are those of period-end prices with the scale."""
    rng = np.random.default_rng(2)
    T = 1000
    steps = rng.standard_normal((T * 21, 3)) / np.sqrt(21)
    walks = np.column_stack([steps[:, 0], 0.6 * steps[:, :1] + 0.8 * steps[:, 1:]]).cumsum(axis=0)
    mean = 0.1 * walks.reshape(T, 21, 3).mean(axis=1)
    factor, prints = np.diff(mean[:, :1], axis=0), mean[:, 1:] + 0.1 * rng.standard_normal((T, 2))
    scale = VOLATILITY_FACTOR
    arguments = np.full(prints.shape, 0.01 - 0.01 / 6), np.full(2, 1e-4), np.full(2, 0.01), factor
    naive, found = latent_increments(prints, *arguments), latent_increments(prints, *arguments, factor_scale=scale)
    assert found.loadings[:, 0] == pytest.approx(0.6, abs=0.1)
    assert found.covariance[0, 1] / 0.01 == pytest.approx(0.36, abs=0.06)
    assert naive.covariance[0, 1] / 0.01 < 0.3
    assert found.mean[:, 0] @ factor[:, 0] * scale / T == pytest.approx(0.6 * 0.01, rel=0.15)


def test_factors_never_explain_everything():
    loadings = capped(np.array([[2.0], [0.1]]), np.eye(1), np.array([1.0, 1.0]))
    assert np.allclose(loadings[:, 0] ** 2, [MOST_EXPLAINED, 0.01])


def test_the_answer_does_not_hang_on_the_last_digit():
    """A shift of one price moves nothing: rounding must not grow from round to round."""
    rng = np.random.default_rng(3)
    T, n = 43, 4
    level = (0.06 * rng.standard_normal((T, n))).cumsum(axis=0)
    y = level + np.array([0.15, 0.5, 0.1, 0.1]) * rng.standard_normal((T, n))
    y[5::9, 1] = np.nan
    noise = np.where(np.isfinite(y), np.array([0.02, 0.25, 0.01, 0.01]), np.nan)
    factors = 0.05 * rng.standard_normal((T - 1, 3))
    found = [latent_increments(y + shift, noise, np.full(n, 0.05), np.full(n, 0.0036), factors, 1.2) for shift in (0.0, 3.0)]
    assert np.linalg.eigvalsh(found[0].uncertainty).min() > 0
    np.testing.assert_allclose(found[0].covariance, found[1].covariance, rtol=1e-9, atol=1e-15)


def test_what_rises_all_the_while_has_no_loading_for_that():
    """Two drifts are no co-movement: an unrelated series that rises with the factor has a loading near zero."""
    rng = np.random.default_rng(4)
    T, n = 120, 6
    factor = 0.03 + 0.04 * rng.standard_normal((T - 1, 1))
    level = np.vstack([np.zeros((1, n)), (0.03 + 0.06 * rng.standard_normal((T - 1, n))).cumsum(axis=0)])
    noise = np.full((T, n), 0.01)
    found = latent_increments(level + 0.1 * rng.standard_normal((T, n)), noise, np.full(n, 1e-4), np.full(n, 0.0036), factor)
    assert np.abs(found.loadings.mean()) < 0.2  # it was the ratio of the drifts, near 0.4
