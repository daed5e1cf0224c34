"""Isotonic regression of nonlinear shrinkage; the estimator itself is tested with the others."""

import numpy as np
import pytest
from scipy.optimize import isotonic_regression

from toolkit.risk_model.covariance.nonlinear import falling


@pytest.mark.parametrize("seed", range(20))
def test_the_nearest_sequence_that_never_rises_is_that_of_scipy(seed):
    rng = np.random.default_rng(seed)
    size = int(rng.integers(1, 200))
    values = np.sort(rng.random(size))[::-1] + rng.choice([0.0, 0.01, 1.0]) * rng.normal(size=size)
    weights = np.append(np.ones(size - 1), rng.integers(1, 1000))
    expected = isotonic_regression(values, weights=weights, increasing=False).x
    np.testing.assert_array_equal(falling(values, weights), expected)
