from __future__ import annotations

import numpy as np

from toolkit.returns.pooling import pool

ESTIMATE = np.array([[0.1], [0.9], [0.4], [1.6], [-0.3]])
ERROR = np.array([[0.2], [0.3], [0.15], [0.4], [0.25]])


def test_errors_that_are_carried_through_change_no_estimate():
    plain, plain_error = pool(ESTIMATE, ERROR)
    pooled, error = pool(ESTIMATE, ERROR, sampling=2 * ERROR)
    np.testing.assert_array_equal(pooled, plain)
    assert (error > plain_error).all()
    np.testing.assert_allclose(pool(ESTIMATE, ERROR, sampling=ERROR)[1], plain_error, rtol=1e-12)


def test_the_carried_error_is_the_error_of_the_pooled_estimate():
    """True values with a known spread, estimates with a known error that differs from the one the weights are made of."""
    rng = np.random.default_rng(0)
    n, simulations, spread, weighing, sampling = 400, 200, 0.5, 0.4, 0.7
    truth = 1.0 + spread * rng.standard_normal((n, simulations))
    estimate = truth + weighing * rng.standard_normal((n, simulations))
    pooled, error = pool(estimate, np.full_like(estimate, weighing))
    assert abs(np.sqrt(((pooled - truth) ** 2).mean()) / np.sqrt((error**2).mean()) - 1) < 0.02
    # With more sampling error than the weights know of, the spread between assets is overrated: all of it is kept.
    noisy = truth + sampling * rng.standard_normal((n, simulations))
    pooled, error = pool(noisy, np.full_like(noisy, weighing), sampling=np.full_like(noisy, sampling))
    assert np.sqrt((error**2).mean()) > np.sqrt(((pooled - truth) ** 2).mean())


def test_fewer_than_three_keep_the_error_that_is_carried():
    pooled, error = pool(ESTIMATE[:2], ERROR[:2], sampling=3 * ERROR[:2])
    np.testing.assert_array_equal(pooled, ESTIMATE[:2])
    np.testing.assert_array_equal(error, 3 * ERROR[:2])


def test_the_interval_covers_although_the_spread_is_estimated_from_few():
    """Eight assets: the error has to count that their spread is a guess (without it, 57 to 64 % instead of 68 %)."""
    rng = np.random.default_rng(1)
    for spread in (0.3, 0.6, 1.0, 2.0):
        error = np.exp(rng.normal(-0.2, 0.4, (8, 4000)))
        truth = rng.normal(0.5, spread, (8, 4000))
        pooled, errors = pool(truth + error * rng.standard_normal((8, 4000)), error)
        assert 0.64 < (np.abs(pooled - truth) < errors).mean() < 0.78
