"""Shares of the variance by factor: Euler's, against differences of the variance itself."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from toolkit.app.allocation.record_risk import factor_shares
from toolkit.core.forecast import Forecast

FACTORS = ("gold", "dollar", "component_1")


@pytest.fixture
def forecast() -> Forecast:
    rng = np.random.default_rng(1)
    root = rng.standard_normal((3, 3)) * 0.2
    return Forecast(
        assets=("a", "b", "c", "d"), factors=FACTORS, loadings=rng.standard_normal((4, 3)), factor_cov=root @ root.T,
        specific_var=np.array([0.01, 0.02, 0.03, 0.04]), expected=np.zeros(4), periods_per_year=12.0, covariance="factor",
        risks=(), levels=(),
    )  # fmt: skip


def test_a_share_is_what_the_variance_grows_by_when_a_factor_counts_a_little_more(forecast):
    weights = np.array([0.4, 0.3, 0.2, 0.1])
    shares = factor_shares(forecast, weights)
    step = 1e-6
    for k, name in enumerate(FACTORS[:2]):
        scale = np.ones(3)
        scale[k] += step
        louder = replace(forecast, loadings=forecast.loadings * scale)
        growth = (louder.variance(weights) / forecast.variance(weights) - 1) / step
        assert shares[name] == pytest.approx(growth / 2, abs=1e-5)
    assert sum(shares.values()) == pytest.approx(1)
    assert set(shares) == {"gold", "dollar", "specific"}


def test_nothing_held_and_no_named_factor_have_no_shares(forecast):
    assert factor_shares(forecast, np.zeros(4)) is None
    assert factor_shares(replace(forecast, factors=("component_1", "component_2", "residual_1")), np.full(4, 0.25)) is None
