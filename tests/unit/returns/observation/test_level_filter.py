"""The level behind customs unit values: exact where it can be, calibrated where it cannot, quick in a rise and deaf to one
print."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from toolkit.returns.observation.level_filter import MODEL, beliefs, filtered_levels, scarcity

NORMAL = replace(MODEL, wide=1e-12, gross=1e-12, noise=0.1, noise_spread=1e-9, low_volatility=0.05, high_volatility=0.05)


def filtered(prices: np.ndarray, quantity: np.ndarray | None = None, model=MODEL) -> tuple[np.ndarray, np.ndarray]:
    """Level and error (T,) of one series of prices (T,)."""
    kilograms = np.full(len(prices), np.nan) if quantity is None else quantity
    level, error = filtered_levels(np.log(prices)[:, None], kilograms[:, None], model)
    return level[:, 0], error[:, 0]


def test_without_tails_or_switches_it_is_the_exact_filter_over_gaps_too():
    """The dense joint normal distribution of levels, premium and prints, conditioned."""
    rng = np.random.default_rng(1)
    T = 30
    y = rng.normal(0, 0.1, T).cumsum() + rng.normal(0, 0.1, T)
    y[11:14] = np.nan
    kilograms = np.exp(rng.normal(0, 1, T))
    level, error = filtered_levels(y[:, None], kilograms[:, None], NORMAL)
    scarce = scarcity(kilograms[:, None])[:, 0]
    # A start that is next to unknown; the premium is the last of the unknowns.
    cov = np.zeros((T + 1, T + 1))
    cov[:T, :T] = 1e3 + NORMAL.low_volatility**2 * np.minimum.outer(np.arange(T), np.arange(T))
    cov[T, T] = NORMAL.premium_spread**2
    see = np.hstack([np.eye(T), scarce[:, None]])
    noise = np.diag(NORMAL.noise**2 * np.exp(NORMAL.exponent * scarce))
    mean = np.append(np.zeros(T), NORMAL.premium)
    for t in (0, 5, 12, T - 1):
        at = np.flatnonzero(np.isfinite(y[: t + 1]))
        H = see[at]
        gain = cov @ H.T @ np.linalg.inv(H @ cov @ H.T + noise[np.ix_(at, at)])
        assert level[t, 0] == pytest.approx((mean + gain @ (y[at] - H @ mean))[t], abs=1e-4)
        assert error[t, 0] == pytest.approx(np.sqrt((cov - gain @ H @ cov)[t, t]), rel=1e-3)


def test_one_print_far_away_is_noise_and_three_in_a_row_are_a_level():
    low_volatility = np.full(24, 50.0) * np.exp(np.random.default_rng(2).normal(0, 0.05, 24))
    one, _ = filtered(np.append(low_volatility, 150.0))
    assert np.exp(one[-1]) < 70
    back, _ = filtered(np.append(low_volatility, [150.0, 50.0]))
    assert np.exp(back[-1]) == pytest.approx(50.0, rel=0.05)
    risen, error = filtered(np.append(low_volatility, [150.0, 155.0, 145.0]))
    assert np.exp(risen[-1]) == pytest.approx(150.0, rel=0.05)
    assert error[-1] < 0.2
    # After the first high month nobody knows: the error says so.
    assert error[24] > 2 * error[23]


def test_a_month_of_small_quantity_says_less():
    low_volatility, rng = np.full(24, 50.0), np.random.default_rng(3)
    low_volatility = low_volatility * np.exp(rng.normal(0, 0.05, 24))
    kilograms = np.append(np.full(24, 1000.0), [10.0, 10.0])
    small, _ = filtered(np.append(low_volatility, [100.0, 100.0]), kilograms)
    large, _ = filtered(np.append(low_volatility, [100.0, 100.0]), np.full(26, 1000.0))
    assert np.exp(small[-1]) < 70 < 90 < np.exp(large[-1])


def test_the_price_is_that_of_the_bulk_where_small_months_are_dear():
    rng = np.random.default_rng(4)
    kilograms = np.exp(rng.normal(6, 1.5, 60))
    largest = np.sort(kilograms[-24:])
    bulk = largest[np.searchsorted(largest.cumsum(), 0.5 * largest.sum())]
    prices = 100.0 * (bulk / kilograms) ** 0.3 * np.exp(rng.normal(0, 0.05, 60))
    level, _ = filtered(prices, kilograms)
    assert np.exp(level[-1]) == pytest.approx(100.0, rel=0.1)


@pytest.mark.parametrize("factor", [1e-3, 2.2, 1e3])
def test_a_wrong_unit_in_the_first_print_does_not_stay(factor):
    prices = 50.0 * np.exp(np.random.default_rng(5).normal(0, 0.05, 12))
    prices[0] *= factor
    level, _ = filtered(prices)
    assert np.exp(level[-1]) == pytest.approx(50.0, rel=0.1)


def test_no_later_print_moves_an_earlier_level():
    rng = np.random.default_rng(6)
    y, kilograms = rng.normal(0, 0.2, (40, 2)).cumsum(axis=0), np.exp(rng.normal(5, 1, (40, 2)))
    whole, part = filtered_levels(y, kilograms), filtered_levels(y[:25], kilograms[:25])
    for long, short in zip(whole, part, strict=True):
        np.testing.assert_array_equal(long[:25], short)


def test_months_without_a_print_widen_the_error_and_leave_the_level():
    prices = np.append(50.0 * np.exp(np.random.default_rng(7).normal(0, 0.05, 20)), [np.nan] * 6)
    level, error = filtered(prices)
    assert level[-1] == pytest.approx(level[19], abs=1e-3)
    assert (np.diff(error[19:]) > 0).all()


def test_an_unknown_quantity_is_no_small_one():
    assert (scarcity(np.array([[np.nan], [0.0], [5.0]]))[:2] == 0.0).all()
    # Half of the 1,111 kg came in months of 1,000 kg.
    found = scarcity(np.array([[1000.0], [100.0], [10.0], [1.0]]))[:, 0]
    np.testing.assert_allclose(found, np.log([1.0, 10.0, 100.0, 1000.0]))


def test_levels_of_prices_made_by_the_model_lie_within_their_error_at_its_rate():
    rng = np.random.default_rng(8)
    T, m = 48, 120
    high_volatility = np.zeros((T, m), dtype=bool)
    for t in range(1, T):
        high_volatility[t] = rng.random(m) < np.where(high_volatility[t - 1], 1.0 - MODEL.to_low, MODEL.to_high)
    latent = (np.where(high_volatility, MODEL.high_volatility, MODEL.low_volatility) * rng.standard_normal((T, m))).cumsum(
        axis=0
    )
    noise = MODEL.noise * np.exp(MODEL.noise_spread * rng.standard_normal(m))
    kinds = rng.random((T, m))
    size = np.where(kinds < MODEL.wide, noise * np.sqrt(MODEL.wider), noise)
    size = np.where(kinds > 1.0 - MODEL.gross, MODEL.gross_size, size)
    prints = latent + size * rng.standard_normal((T, m))
    level, error = filtered_levels(prints, np.full((T, m), np.nan))
    z = ((latent - level) / error)[12:]
    assert np.mean(np.abs(z) < 1.0) == pytest.approx(0.72, abs=0.05)  # peaked in the middle: a mixture
    assert np.mean(np.abs(z) < 2.0) == pytest.approx(0.95, abs=0.02)
    # And the densities that it gives to prints beat those of a model whose volatility never switches.
    still = replace(MODEL, low_volatility=0.15, high_volatility=0.15)
    score, other = (
        sum(density.sum() for _, density in beliefs(prints, np.full((T, m), np.nan), model)) for model in (MODEL, still)
    )
    assert score > other
