from __future__ import annotations

from dataclasses import fields
from itertools import product

import numpy as np
import pytest

from toolkit.returns.observation.group import LATENT_RANGE, horizon_variance, information, pool_volatility
from toolkit.returns.observation.local_level import local_levels
from toolkit.returns.observation.mixture import INFLATION, filter_levels, relative_noise


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
    prints, quantity, _ = simulate(rng, 1000, truth, np.array([0.1, 0.2, 0.3]))
    found = local_levels(prints, quantity, 12.0)
    assert found.volatility == pytest.approx(truth, rel=0.1)
    assert found.noise == pytest.approx([0.1, 0.2, 0.3], rel=0.1)
    assert (found.contamination == 0.05).all()
    assert found.persistence < 2.0 * found.persistence_error < 0.2


def test_clean_noise_is_recognised_and_does_not_inflate_volatility():
    rng = np.random.default_rng(2)
    truth = np.array([0.25, 0.36])
    prints, _, _ = simulate(rng, 1500, truth, np.array([0.1, 0.2]), contamination=0.0, exponent=0.0)
    found = local_levels(prints, np.full(prints.shape, np.nan), 12.0)
    assert (found.contamination < 0.01).all()
    assert (found.exponent == 0).all()
    assert found.volatility == pytest.approx(truth, rel=0.1)


def test_the_level_lies_within_its_error_at_its_rate_with_43_months():
    inside = []
    for seed in range(20):
        rng = np.random.default_rng(seed)
        truth = 0.36 * np.exp(0.25 * rng.standard_normal(10))
        prints, quantity, latent = simulate(rng, 43, truth, rng.choice([0.03, 0.1, 0.3], 10))
        found = local_levels(prints, quantity, 12.0)
        inside.append(np.abs(found.level - latent[-1]) < found.level_error)
    # 200 draws: the standard error of a rate of 0.68 is 0.033.
    assert 0.59 < np.mean(inside) < 0.77


def test_an_entry_error_at_the_start_does_no_harm():
    prints, quantity, _ = simulate(np.random.default_rng(6), 300, np.full(3, 0.3), np.full(3, 0.03), contamination=0.0)
    sound = local_levels(prints, quantity, 12.0)
    for at in range(3):
        wrong = prints.copy()
        wrong[at] += np.log(15.0)
        found = local_levels(wrong, quantity, 12.0)
        assert found.volatility == pytest.approx(sound.volatility, rel=0.05)
        assert (np.abs(np.log(found.noise / sound.noise)) < 0.5 * sound.noise_error).all()


def test_the_order_of_the_series_and_the_unit_of_price_do_not_matter():
    prints, quantity, _ = simulate(np.random.default_rng(7), 43, np.full(4, 0.3), np.array([0.05, 0.1, 0.2, 0.4]))
    prints[:10, 2] = np.nan
    found = local_levels(prints, quantity, 12.0)
    order = [2, 0, 3, 1]
    again = local_levels(prints[:, order] + np.log(31.1), quantity[:, order] * 1000.0, 12.0)
    for name in ("volatility", "volatility_error", "noise", "noise_error", "level_error", "exponent", "contamination"):
        assert getattr(again, name) == pytest.approx(getattr(found, name)[order], rel=1e-6), name
    assert again.level == pytest.approx(found.level[order] + np.log(31.1), abs=1e-6)


def test_information_is_the_whittle_integral():
    w = np.linspace(-np.pi, np.pi, 200_001)[:-1]
    for ratio, phi in product((0.01, 0.5, 3.0), (0.0, 0.6, 0.9)):
        latent = ratio * (1 - phi**2) / (1 - 2 * phi * np.cos(w) + phi**2)
        slope = 2 * latent / (latent + 2 - 2 * np.cos(w))
        assert information(np.array(ratio), np.array(phi)) == pytest.approx(0.5 * (slope**2).mean(), rel=1e-4)


def test_information_without_persistence_is_the_closed_form():
    q = np.array([1e-4, 0.01, 0.5, 3.0, 1e3])
    assert information(q, np.zeros(1)) == pytest.approx(2 * np.sqrt(q) * (q + 2) / (q + 4) ** 1.5, rel=3e-4)


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


def test_poison_after_a_month_changes_no_level_of_that_month():
    """The filter run on the whole series, poisoned after month t, believes the same at t as the one that stops there."""
    prints, quantity, _ = simulate(np.random.default_rng(5), 43, np.full(4, 0.3), np.full(4, 0.1))
    relative = relative_noise(quantity, 0.5)
    s, n, phi = np.full((4, 1), 0.09), np.full((4, 1), 0.1), np.array([0.0, 0.3, 0.6, 0.9])
    for t in (6, 20, 41):
        poisoned = prints.copy()
        poisoned[t + 1 :] = 1e3
        today = filter_levels(prints[: t + 1], relative[: t + 1], np.full(4, 0.05), s, n, phi)
        poisoned[t + 1 :] = np.nan
        later = filter_levels(poisoned, relative, np.full(4, 0.05), s, n, phi)
        assert np.array_equal(later[0], today[0])
        # A change that persists goes on through months without a print, a random walk stands still.
        assert np.array_equal(later[1][:1], today[1][:1])
        assert (later[1][1:] != today[1][1:]).all()


def test_a_month_without_a_print_carries_the_level_on_and_widens_its_error():
    prints, quantity, _ = simulate(np.random.default_rng(5), 43, np.full(4, 0.3), np.full(4, 0.1))
    later = np.vstack([prints, np.full((1, 4), np.nan)])
    today = local_levels(prints, quantity, 12.0)
    next_month = local_levels(later, np.vstack([quantity, np.full((1, 4), np.nan)]), 12.0)
    # The level goes on with what is left of its last change, of which little is known.
    assert (np.abs(next_month.level - today.level) < 0.5 * today.level_error).all()
    assert next_month.volatility == pytest.approx(today.volatility, rel=1e-6)
    assert (next_month.level_error > today.level_error).all()


def test_volatility_and_persistence_are_recovered_from_a_long_history():
    phi = 0.6
    prints, truth = trending(np.random.default_rng(3), 1000, np.full(4, 0.36), phi)
    found = local_levels(prints, np.full(prints.shape, np.nan), 12.0)
    assert found.volatility == pytest.approx(truth, rel=0.1)
    change = truth / np.sqrt(horizon_variance(np.array(phi), 12.0) / 12.0)
    assert found.change_volatility == pytest.approx(change, rel=0.1)
    assert abs(found.persistence - phi) < 2.0 * found.persistence_error < 0.12


def trending(rng, periods, volatility, phi):
    """Prints, half noise, of levels whose changes persist, and their volatility over a year."""
    step = volatility / np.sqrt(horizon_variance(np.array(phi), 12.0))
    change = rng.standard_normal((periods + 50, len(volatility)))
    for t in range(1, len(change)):
        change[t] = phi * change[t - 1] + np.sqrt(1.0 - phi**2) * change[t]
    latent = (step * change[50:]).cumsum(axis=0)
    return latent + step / np.sqrt(2.0) * rng.standard_normal(latent.shape), volatility


def test_variance_of_a_year_is_the_sum_of_its_autocovariances():
    k = np.arange(1, 12)
    for phi in (0.0, 0.3, 0.9):
        assert horizon_variance(np.array(phi), 12.0) == pytest.approx(12.0 + 2.0 * ((12 - k) * phi**k).sum())
    assert horizon_variance(np.array(0.7), 1.0) == pytest.approx(1.0)


def test_few_months_of_one_series_leave_persistence_open():
    prints, _ = trending(np.random.default_rng(8), 12, np.array([0.36]), 0.6)
    found = local_levels(prints, np.full(prints.shape, np.nan), 12.0)
    # The prior is a beta distribution of 1 and 2: mean 1/3, standard deviation 0.24.
    assert found.persistence_error > 0.15
    assert (found.own_log_error > found.volatility_error).all()


def test_each_persistence_gets_the_same_prior_of_the_group():
    """Likelihoods that are the same whatever phi is leave its prior."""
    phi = np.linspace(0.0, 0.9, 5)
    log_s = np.tile(np.linspace(*np.log(LATENT_RANGE), 30), (3, 1))
    flat = np.ones((3, 30, 5))
    expected = np.array([0.5, 0.775, 0.55, 0.325, 0.05])
    found = pool_volatility(flat, log_s, np.full(3, np.log(0.1)), phi, 12.0)
    assert found.persistence == pytest.approx(expected / expected.sum(), rel=0.05)
    assert found.weights.sum(axis=(1, 2)) == pytest.approx(1.0)


def test_same_input_same_bytes():
    prints, quantity, _ = simulate(np.random.default_rng(9), 43, np.full(3, 0.3), np.full(3, 0.1))
    one, two = local_levels(prints, quantity, 12.0), local_levels(prints, quantity, 12.0)
    for item in fields(one):
        assert np.array_equal(getattr(one, item.name), getattr(two, item.name), equal_nan=True)


def test_unknown_quantity_counts_as_the_median_one():
    quantity = np.array([[1.0, np.nan], [4.0, np.nan], [np.nan, np.nan]])
    assert relative_noise(quantity, 1.0) == pytest.approx(np.array([[2.5, 1.0], [0.625, 1.0], [1.0, 1.0]]))
