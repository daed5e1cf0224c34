from __future__ import annotations

import numpy as np

from toolkit.factors.observation.joint import EXPLAINED, capped, latent_increments
from toolkit.factors.observation.local_level import local_levels

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


def test_correlation_is_deattenuated():
    raw, latent = zip(*((r, recovered(p)) for p, r in (attenuated(seed, 800) for seed in range(5))), strict=True)
    assert np.median(raw) < 0.37
    assert abs(np.median(latent) - 0.6) < 0.1


def test_short_history_is_shrunk_but_not_to_nothing():
    latent = [recovered(attenuated(seed, 43)[0]) for seed in range(10)]
    assert 0.2 < np.median(latent) < 0.65


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


def test_factors_never_explain_everything():
    loadings = capped(np.array([[2.0], [0.1]]), np.eye(1), np.array([1.0, 1.0]))
    assert np.allclose(loadings[:, 0] ** 2, [EXPLAINED, 0.01])
