"""What must not change a covariance: the order of assets, the unit, and what comes later."""

from __future__ import annotations

from datetime import date, timedelta
from typing import get_args

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.examples import SOLVED
from toolkit.returns.observed_returns import Returns
from toolkit.risk_model.covariance import CovarianceSpec
from toolkit.risk_model.covariance.form import CovarianceInputs
from toolkit.risk_model.covariance.own import OwnCovariance

# A covariance of the user is not estimated: it has tests of its own.
SPECS = [kind() for kind in get_args(get_args(CovarianceSpec)[0]) if kind is not OwnCovariance]
SHAPES = ((40, 1), (40, 2), (60, 6), (16, 30), (25, 24))
every_kind = pytest.mark.parametrize("spec", SPECS, ids=lambda spec: spec.kind)


def world(seed: int, shape: tuple[int, int], noisy: bool) -> tuple[np.ndarray, np.ndarray]:
    """Changes (T, n) with a common factor, and posterior covariances of the first half of the series."""
    rng = np.random.default_rng(seed)
    T, n = shape
    mean = 0.05 * (rng.standard_normal((T, 1)) * rng.uniform(0.2, 1.5, n) + rng.standard_normal((T, n)))
    m = (n + 1) // 2 if noisy else 0
    root = 0.03 * rng.standard_normal((T, m, m))
    return mean, root @ root.transpose(0, 2, 1)


def covariance(spec, mean: np.ndarray, noisy: np.ndarray, uncertainty: np.ndarray) -> np.ndarray:
    T, n = mean.shape
    names = tuple(f"a{i}" for i in range(n))
    dates = tuple(date(2000, 1, 1) + timedelta(t) for t in range(T))
    increments = Returns(dates, names, mean, noisy, uncertainty)
    variance = 12.0 * (mean.var(axis=0, ddof=1) + np.diag(increments.noise(np.full(T, 1.0 / T))))
    return spec.estimate(
        CovarianceInputs(increments, increments, names, ("other",) * n, (), np.zeros((T, n)), lambda: variance, 12.0)
    ).matrix


@every_kind
@SOLVED
@given(seed=st.integers(0, 10_000), shape=st.sampled_from(SHAPES), noisy=st.booleans())
def test_the_order_of_assets_changes_nothing(spec, seed, shape, noisy):
    mean, uncertainty = world(seed, shape, noisy)
    m = uncertainty.shape[1]
    before = covariance(spec, mean, np.arange(m), uncertainty)
    order = np.random.default_rng(seed + 1).permutation(shape[1])
    place = np.flatnonzero(order < m)
    inner = order[place]
    after = covariance(spec, mean[:, order], place, uncertainty[np.ix_(np.arange(shape[0]), inner, inner)])
    scale = np.abs(before).max()
    assert np.isfinite(before).all()
    assert np.abs(after - before[np.ix_(order, order)]).max() < 1e-9 * scale
    assert np.linalg.eigvalsh(before)[0] > -1e-12 * scale


@every_kind
@SOLVED
@given(seed=st.integers(0, 10_000), shape=st.sampled_from(SHAPES), noisy=st.booleans(), c=st.floats(1e-4, 1e4))
def test_scaling_all_changes_scales_by_the_square(spec, seed, shape, noisy, c):
    mean, uncertainty = world(seed, shape, noisy)
    at = np.arange(uncertainty.shape[1])
    one, scaled = covariance(spec, mean, at, uncertainty), covariance(spec, c * mean, at, c**2 * uncertainty)
    assert np.abs(scaled / c**2 - one).max() < 1e-9 * np.abs(one).max()
