"""Draws of a covariance: about the forecast's, as wide as its errors, each a covariance."""

from __future__ import annotations

from datetime import date

import numpy as np
import pytest

from toolkit.core.forecast import AssetRisk, CorrelationErrors, Forecast
from toolkit.risk_model.posterior import covariance_draws

N = 4


def forecast(own: float, common: float, log_error: float = 0.2) -> Forecast:
    """Four assets of volatility 0.3 that correlate with 0.25."""
    apart = 1.0 - np.eye(N)
    day = date(2026, 1, 31)
    ends = 0.3 * np.exp(-log_error), 0.3 * np.exp(log_error)
    risk = AssetRisk("", 0.3, 0.3, *ends, noise=0.0, observations=40, first=day, last=day, model="as_is")
    return Forecast(
        assets=tuple("abcd"),
        factors=("component_1",),
        loadings=np.full((N, 1), 0.15),
        factor_cov=np.eye(1),
        specific_var=np.full(N, 0.0675),
        expected=np.zeros(N),
        periods_per_year=12.0,
        covariance="factor",
        levels=(),
        risk_records=lambda: (risk,) * N,
        correlation_errors=CorrelationErrors(own * apart, common * apart),
    )


def correlations(draws: np.ndarray) -> np.ndarray:
    size = np.sqrt(np.einsum("sii->si", draws))
    return (draws / (size[:, :, None] * size[:, None, :]))[:, *np.triu_indices(N, 1)]


def test_draws_are_covariances_about_the_forecast_as_wide_as_its_errors():
    draws = covariance_draws(forecast(0.1, 0.0), 4000, seed=1)
    assert np.linalg.eigvalsh(draws).min() > 0
    pairs = correlations(draws)
    assert pairs.mean(axis=0) == pytest.approx(0.25, abs=0.01)
    assert pairs.std(axis=0) == pytest.approx(0.1, abs=0.01)
    assert abs(np.corrcoef(pairs.T)[0, 1]) < 0.06
    assert np.log(np.einsum("sii->si", draws)).std(axis=0) == pytest.approx(0.4, abs=0.02)


def test_the_error_of_a_priors_mean_moves_all_pairs_alike_and_a_seed_repeats_itself():
    pairs = correlations(covariance_draws(forecast(0.0, 0.1), 1000, seed=1))
    assert np.corrcoef(pairs.T).min() > 0.98
    repeated = [covariance_draws(forecast(0.1, 0.1), 3, seed=5) for _ in range(2)]
    assert (repeated[0] == repeated[1]).all()


def test_errors_of_some_assets_are_taken_and_one_without_has_none():
    errors = CorrelationErrors(np.arange(9.0).reshape(3, 3), np.ones((3, 3)))
    taken = errors.take(np.array([2, -1, 0]))
    assert taken.own.tolist() == [[8.0, 0.0, 6.0], [0.0, 0.0, 0.0], [2.0, 0.0, 0.0]]
    assert taken.common[1].tolist() == [0.0, 0.0, 0.0]
