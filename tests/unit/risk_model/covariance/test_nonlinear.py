import numpy as np
import pytest
from scipy.optimize import isotonic_regression

from toolkit.risk_model.covariance.nonlinear import _descending


@pytest.mark.parametrize("noise", [0.0, 0.01, 0.3, 3.0])
@pytest.mark.parametrize("count", [1, 2, 40, 500])
def test_eigenvalues_are_put_in_order_by_isotonic_regression(count, noise):
    rng = np.random.default_rng(count)
    values = np.sort(rng.random(count))[::-1] + noise * rng.normal(size=count)
    weights = rng.random(count) + 0.01
    want = isotonic_regression(values, weights=weights, increasing=False).x
    assert _descending(values, weights) == pytest.approx(want, rel=1e-12, abs=1e-13)
