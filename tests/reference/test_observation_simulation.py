"""Observation models on simulated prices whose truth is known: medians over series, rates with binomial tolerance."""

from __future__ import annotations

import numpy as np
import pytest

from toolkit.returns.observation.group import horizon_variance
from toolkit.returns.observation.joint import latent_increments
from toolkit.returns.observation.local_level import local_levels
from toolkit.returns.observation.mixture import INFLATION
from toolkit.returns.observation.smoothing import (
    GELTNER,
    GETMANSKY,
    PRICES_OF_MONTH,
    VOLATILITY_FACTOR,
    first_autocorrelation,
    geltner,
    getmansky,
    unsmooth,
)

SERIES = 50
DAYS = 750
DAILY = 0.3 / np.sqrt(252.0)
MONTHS = 43
NOMINAL = 0.6827


def with_outliers(rng, prints):
    """Two per cent of the prints fifteen times too high or too low."""
    hit = rng.random(prints.shape) < 0.02
    return prints + np.where(hit, rng.choice([-1.0, 1.0], prints.shape) * np.log(15.0), 0.0)


def inside(estimate, truth, error):
    """Share of estimates whose logarithm lies within its error of the truth's."""
    return np.mean(np.abs(np.log(estimate / truth)) < error)


def test_daily_prints_that_are_half_noise_give_volatility_noise_and_exponent():
    rng = np.random.default_rng(7)
    quantity = np.exp(rng.normal(8.0, 1.2, (DAYS, 12)))
    relative = (np.median(quantity, axis=0) / quantity) ** 0.75
    noise = DAILY / np.sqrt(2.0)
    latent = (DAILY * rng.standard_normal(quantity.shape)).cumsum(axis=0)
    prints = with_outliers(rng, latent + noise * np.sqrt(relative) * rng.standard_normal(latent.shape))
    found = local_levels(prints, quantity, 252.0)
    assert np.median(found.volatility) == pytest.approx(0.3, rel=0.03)
    assert found.volatility == pytest.approx(0.3, rel=0.15)
    assert np.median(found.noise) == pytest.approx(noise, rel=0.03)
    # The noise is the one of the exponent chosen; three standard errors of a rate of 0.68 over twelve series are 0.40.
    assert abs(inside(found.noise, noise, found.noise_error) - NOMINAL) < 0.40
    assert (found.exponent == 0.75).mean() > 0.8


def test_correlations_drowned_in_noise_leave_the_volatility_alone():
    rng = np.random.default_rng(8)
    # Three quarters of the variance of a printed change are noise.
    noise = DAILY * np.sqrt(1.5)
    latent = (DAILY * rng.standard_normal((1000, 10))).cumsum(axis=0)
    prints = with_outliers(rng, latent + noise * rng.standard_normal(latent.shape))
    found = local_levels(prints, np.full(prints.shape, np.nan), 252.0)
    assert np.median(found.volatility) == pytest.approx(0.3, rel=0.03)
    assert found.volatility == pytest.approx(0.3, rel=0.15)


def half_noise(rng, size, phi):
    """Truth and prints of a group: half noise, one print in twenty contaminated, changes that persist by phi."""
    truth = 0.36 * np.exp(0.3 * rng.standard_normal(size))
    step = truth / np.sqrt(horizon_variance(np.array(phi), 12.0))
    change = rng.standard_normal((MONTHS + 30, size))
    for t in range(1, len(change)):
        change[t] = phi * change[t - 1] + np.sqrt(1.0 - phi**2) * change[t]
    latent = (step * change[30:]).cumsum(axis=0)
    tails = np.where(rng.random(latent.shape) < 0.05, INFLATION, 1.0)
    prints = latent + step / np.sqrt(2.0) * np.sqrt(tails) * rng.standard_normal(latent.shape)
    return truth, prints, np.full(prints.shape, np.nan)


def mixed_noise(rng, size, spread):
    """Truth, prints and quantities of a group: noise of three sizes that falls with quantity, changes that do not persist."""
    truth = 0.36 * np.exp(spread * rng.standard_normal(size))
    quantity = np.exp(rng.normal(8.0, 1.2, (MONTHS, size)))
    relative = (np.median(quantity, axis=0) / quantity) ** 0.75
    latent = (rng.standard_normal((MONTHS, size)) * truth / np.sqrt(12.0)).cumsum(axis=0)
    tails = np.where(rng.random(latent.shape) < 0.05, INFLATION, 1.0)
    noise = rng.choice([0.03, 0.1, 0.3], size)
    return truth, latent + noise * np.sqrt(relative * tails) * rng.standard_normal(latent.shape), quantity


def fitted(groups, make, *more):
    """The levels of each group, the median ratio of volatilities to the truth, and the share whose 68 % interval holds it.

    Returns:
        Levels, ratios (groups,), the mean of the shares, and its standard error.
    """
    found, ratios, rates = [], [], []
    for seed in range(groups):
        truth, prints, quantity = make(np.random.default_rng(1000 + seed), *more)
        levels = local_levels(prints, quantity, 12.0)
        found.append(levels)
        ratios.append(np.median(levels.volatility / truth))
        rates.append(inside(levels.volatility, truth, levels.volatility_error))
    return found, np.array(ratios), np.mean(rates), np.std(rates, ddof=1) / np.sqrt(groups)


@pytest.mark.parametrize(("make", "more", "phi"), [(mixed_noise, 0.3, 0.0), (half_noise, 0.6, 0.6)])
def test_interval_of_a_year_covers_at_its_rate_and_persistence_is_found(make, more, phi):
    """Twenty groups of eleven series of 43 months."""
    found, ratios, rate, error = fitted(20, make, 11, more)
    assert error < 0.05
    assert abs(rate - NOMINAL) < 2.6 * error
    assert np.median(ratios) == pytest.approx(1.0, abs=0.1)
    # A posterior cut off at nought has its mean above it: by about its own standard deviation where nothing persists.
    persistence, wide = [one.persistence for one in found], np.mean([one.persistence_error for one in found])
    assert abs(np.mean(persistence) - phi) < 1.2 * wide
    assert wide < 0.2
    assert np.std(persistence) < 1.5 * wide


def test_printed_interval_of_one_series_alone_covers_at_its_rate():
    *_, rate, error = fitted(80, mixed_noise, 1, 0.0)
    assert abs(rate - NOMINAL) < 2.6 * error


def test_printed_interval_of_equal_volatilities_is_too_wide_and_never_too_narrow():
    # Eleven series of 43 months cannot show that their volatilities are the same, so that the interval keeps room for it.
    *_, rate, _ = fitted(6, mixed_noise, 11, 0.0)
    assert rate > NOMINAL


@pytest.mark.parametrize("noise", [0.0, 0.03, 0.1])
def test_averaging_alone_passes_for_little_persistence_and_the_volatility_of_a_year_stays(noise):
    found = []
    for seed in range(10):
        rng = np.random.default_rng(seed)
        mean, _ = averages(rng, MONTHS, 11, 0.3)
        prints = mean + noise * rng.standard_normal(mean.shape)
        found.append(local_levels(prints, np.full(prints.shape, np.nan), 12.0))
    # Without noise Working's 1/4 is all there is to fit; from n^2 = c^2 / 6 on (0.035) the noise takes it.
    assert np.mean([f.persistence for f in found]) < (0.35 if noise == 0.0 else 0.2)
    assert np.mean([np.median(f.volatility) for f in found]) == pytest.approx(0.3, rel=0.08)


def test_correlation_of_half_noise_is_deattenuated():
    """True correlation 0.6 under 50 % noise: printed near 0.3, corrected within 0.1, median over twelve pairs."""
    T, pairs = 400, 12
    rng = np.random.default_rng(0)
    common, own = rng.standard_normal((T, pairs)), rng.standard_normal((2, T, pairs))
    changes = np.sqrt(0.6) * common + np.sqrt(0.4) * own
    prints = 0.1 * changes.cumsum(axis=1) + 0.1 / np.sqrt(2.0) * rng.standard_normal(changes.shape)
    levels = local_levels(np.concatenate(prints, axis=1), np.full((T, 2 * pairs), np.nan), 12.0)
    raw, corrected = [], []
    for pair in range(pairs):
        at = [pair, pair + pairs]
        variance = levels.volatility[at] ** 2 / 12.0
        found = latent_increments(
            prints[:, :, pair].T, levels.noise_variance[:, at], levels.contamination[at], variance, np.empty((T - 1, 0))
        )
        raw.append(np.corrcoef(np.diff(prints[:, :, pair]))[0, 1])
        corrected.append(found.covariance[0, 1] / np.sqrt(found.covariance[0, 0] * found.covariance[1, 1]))
    assert np.median(raw) == pytest.approx(0.3, abs=0.03)
    assert np.median(corrected) == pytest.approx(0.6, abs=0.05)
    assert np.abs(np.array(corrected) - 0.6).max() < 0.2


def averages(rng, months, series, volatility):
    """Monthly means of a random walk of so many trading days (T, n), and its prices at the months' ends."""
    step = volatility / np.sqrt(12.0 * PRICES_OF_MONTH)
    walk = (step * rng.standard_normal((months * PRICES_OF_MONTH, series))).cumsum(axis=0)
    by_month = walk.reshape(months, PRICES_OF_MONTH, series)
    return by_month.mean(axis=1), by_month[:, -1]


def test_averages_of_a_walk_have_workings_moments():
    mean, end = averages(np.random.default_rng(0), 2000, SERIES, 0.3)
    change = np.diff(mean, axis=0)
    m = PRICES_OF_MONTH
    assert np.median(first_autocorrelation(change).coefficient) == pytest.approx((m * m - 1) / (2 * (2 * m * m + 1)), abs=0.01)
    ratio = np.median(np.diff(end, axis=0).std(axis=0) / change.std(axis=0))
    assert ratio == pytest.approx(VOLATILITY_FACTOR, rel=0.01)


def test_local_level_of_noisy_averages_is_the_full_volatility():
    """Customs unit values need no Working factor: the averaging hides in the noise, n^2 - s^2 / 6."""
    rng = np.random.default_rng(1)
    mean, _ = averages(rng, 600, 10, 0.3)
    noise, monthly = 0.1, 0.3**2 / 12.0
    prints = mean + noise * rng.standard_normal(mean.shape)
    found = local_levels(prints, np.full(prints.shape, np.nan), 12.0)
    assert np.median(found.volatility) == pytest.approx(0.3, rel=0.03)
    # The uncorrected figure would have been 18 % lower.
    assert np.median(found.volatility) > 1.1 * 0.3 / VOLATILITY_FACTOR
    assert np.median(found.noise) == pytest.approx(np.sqrt(noise**2 - monthly / 6.0), rel=0.03)


def assessed(rng, weeks, f):
    """Changes (T, n) of volatility 0.05 a period, and the same smoothed by Geltner's model."""
    true = 0.05 * rng.standard_normal((weeks + 50, SERIES))
    printed = np.zeros_like(true)
    for t in range(1, len(true)):
        printed[t] = f * printed[t - 1] + (1 - f) * true[t]
    return true[50:], printed[50:]


@pytest.mark.parametrize("f", [0.3, 0.5, 0.7])
def test_geltners_coefficient_is_recovered(f):
    true, printed = assessed(np.random.default_rng(3), 150, f)
    found, model = geltner(printed), unsmooth(printed)
    assert np.median(found.coefficient) == pytest.approx(f, abs=0.03)
    assert abs(np.mean(np.abs(found.coefficient - f) < found.error) - NOMINAL) < 0.26
    assert np.median(model.factor) == pytest.approx(np.sqrt((1 + f) / (1 - f)), rel=0.06)
    assert model.method.count(GELTNER) > SERIES / 2
    assert np.median(model.changes.std(axis=0)) == pytest.approx(0.05, rel=0.06)
    correlations = [np.corrcoef(a, b)[0, 1] for a, b in zip(model.changes.T, true.T, strict=True)]
    assert np.median(correlations) > 0.95


@pytest.mark.parametrize("theta", [(0.7, 0.3), (0.5, 0.3, 0.2)])
def test_getmansky_weights_are_recovered(theta):
    k = len(theta) - 1
    true = 0.05 * np.random.default_rng(4).standard_normal((400 + k, SERIES))
    printed = sum(w * true[k - j : len(true) - j] for j, w in enumerate(theta))
    found, model = getmansky(printed, k), unsmooth(printed)
    assert np.median(found.weights, axis=0) == pytest.approx(theta, abs=0.01)
    assert np.abs(np.mean(np.abs(found.weights - theta) < found.errors, axis=0) - NOMINAL).max() < 0.26
    assert found.weights.sum(axis=1) == pytest.approx(1.0)
    assert np.median(found.factor) == pytest.approx(1 / np.linalg.norm(theta), rel=0.01)
    assert model.method.count(GETMANSKY) > 0.7 * SERIES
    assert np.median(model.changes.std(axis=0)) == pytest.approx(0.05, rel=0.03)


def test_clean_series_are_left_alone_but_for_the_size_of_the_test():
    model = unsmooth(np.random.default_rng(5).standard_normal((150, 400)))
    assert 0.02 < model.applied.mean() < 0.08
    assert (model.factor[~model.applied] == 1.0).all()
