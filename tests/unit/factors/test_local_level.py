from __future__ import annotations

import numpy as np
import pytest

from toolkit.factors.observation.local_level import INFLATION, LATENT_RANGE, local_levels, relative_noise


def simulate(rng, periods, volatility, noise, contamination=0.05, exponent=0.75):
    """Latent random walks seen through quantity-dependent contaminated noise: (prints, quantities, latent)."""
    n = len(volatility)
    quantity = np.exp(rng.normal(8.0, 1.2, (periods, n)))
    relative = (np.median(quantity, axis=0) / quantity) ** exponent
    latent = (rng.standard_normal((periods, n)) * volatility / np.sqrt(12)).cumsum(axis=0)
    inflation = np.where(rng.random((periods, n)) < contamination, INFLATION, 1.0)
    prints = latent + rng.standard_normal((periods, n)) * noise * np.sqrt(relative * inflation)
    return prints, quantity, latent


def test_volatility_is_recovered_from_a_long_history():
    rng = np.random.default_rng(1)
    truth = np.array([0.15, 0.36, 0.5])
    prints, quantity, _ = simulate(rng, 2500, truth, np.array([0.1, 0.2, 0.3]))
    found = local_levels(prints, quantity, 12.0)
    assert found.volatility == pytest.approx(truth, rel=0.1)
    assert found.noise == pytest.approx([0.1, 0.2, 0.3], rel=0.1)
    assert (found.contamination == 0.05).all()


def test_clean_noise_is_recognised_and_does_not_inflate_volatility():
    rng = np.random.default_rng(2)
    truth = np.array([0.25, 0.36])
    prints, _, _ = simulate(rng, 1500, truth, np.array([0.1, 0.2]), contamination=0.0, exponent=0.0)
    found = local_levels(prints, np.full(prints.shape, np.nan), 12.0)
    assert (found.contamination < 0.01).all()
    assert (found.exponent == 0).all()
    assert found.volatility == pytest.approx(truth, rel=0.1)


def test_interval_covers_at_its_rate_with_43_months():
    inside, level_inside = [], []
    for seed in range(20):
        rng = np.random.default_rng(seed)
        truth = 0.36 * np.exp(0.25 * rng.standard_normal(10))
        prints, quantity, latent = simulate(rng, 43, truth, rng.choice([0.03, 0.1, 0.3], 10))
        found = local_levels(prints, quantity, 12.0)
        inside.append(np.abs(np.log(found.volatility / truth)) < found.volatility_error)
        level_inside.append(np.abs(found.level - latent[-1]) < found.level_error)
    # 200 draws: the standard error of a rate of 0.68 is 0.033.
    assert 0.59 < np.mean(inside) < 0.77
    assert 0.59 < np.mean(level_inside) < 0.77


def test_white_noise_never_collapses_volatility():
    rng = np.random.default_rng(3)
    prints = rng.standard_normal((43, 6)) * 0.5
    found = local_levels(prints, np.full(prints.shape, np.nan), 12.0)
    assert (found.volatility > LATENT_RANGE[0]).all()
    assert np.isfinite(found.volatility_error).all()


def test_an_outlier_moves_the_level_little():
    prints, quantity, _ = simulate(np.random.default_rng(4), 43, np.full(5, 0.3), np.full(5, 0.05), contamination=0.0)
    before = local_levels(prints, quantity, 12.0)
    prints[-1, 0] += np.log(15.0)
    after = local_levels(prints, quantity, 12.0)
    assert abs(after.level[0] - before.level[0]) < 0.1 * np.log(15.0)
    assert after.level_error[0] > before.level_error[0]


def test_the_level_is_one_sided():
    prints, quantity, _ = simulate(np.random.default_rng(5), 43, np.full(4, 0.3), np.full(4, 0.1))
    later = np.vstack([prints, np.full((1, 4), np.nan)])
    today = local_levels(prints, quantity, 12.0)
    next_month = local_levels(later, np.vstack([quantity, np.full((1, 4), np.nan)]), 12.0)
    assert next_month.level == pytest.approx(today.level, abs=1e-9)
    assert (next_month.level_error > today.level_error).all()


def test_unknown_quantity_counts_as_the_median_one():
    quantity = np.array([[1.0, np.nan], [4.0, np.nan], [np.nan, np.nan]])
    assert relative_noise(quantity, 1.0) == pytest.approx(np.array([[2.5, 1.0], [0.625, 1.0], [1.0, 1.0]]))
