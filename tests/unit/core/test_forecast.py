"""Covariances of a forecast by its factors, and the work that they take."""

from __future__ import annotations

import numpy as np
import pytest

from toolkit.core.forecast import CorrelationErrors, Forecast, correlated_factors, frozen, read_only


def test_only_correlated_factors_are_decomposed(monkeypatch):
    n, k = 40, 3
    rng = np.random.default_rng(0)
    loadings = rng.normal(size=(n, k + n))
    # Two of the named factors are correlated; the third is not, and of another variance.
    factor_cov = np.eye(k + n)
    factor_cov[:k, :k] = [[0.04, 0.0, 0.01], [0.0, 0.09, 0.0], [0.01, 0.0, 0.05]]
    names = ("gold", "dollar", "equity", *(f"residual_{i + 1}" for i in range(n)))
    assets = tuple(f"a{i}" for i in range(n))
    specific = rng.uniform(0.1, 1.0, n)
    forecast = Forecast(assets, names, loadings, factor_cov, specific, np.zeros(n), 252.0, "factor", ())
    sizes = []
    eigh = np.linalg.eigh
    monkeypatch.setattr(np.linalg, "eigh", lambda matrix: sizes.append(len(matrix)) or eigh(matrix))
    R, s = forecast.roots()
    covariance = loadings @ factor_cov @ loadings.T + np.diag(specific)
    assert sizes == [2]
    np.testing.assert_allclose(R.T @ R + np.diag(s**2), covariance, rtol=1e-12, atol=1e-12)
    np.testing.assert_allclose(forecast.matrix, covariance, rtol=1e-12, atol=1e-12)
    np.testing.assert_allclose(forecast.variances, np.diag(covariance), rtol=1e-12)


FACTORS = np.array([[0.04, 0.01, 0.0], [0.01, 0.09, 0.0], [0.0, 0.0, 1.0]])
LOADINGS = np.array([[1.0, 0.5, 0.2], [0.0, -1.0, 0.3]])
SPECIFIC = np.array([0.02, 0.05])
COVARIANCE = LOADINGS @ FACTORS @ LOADINGS.T + np.diag(SPECIFIC)


def _forecast(factor_cov: np.ndarray = FACTORS, **more) -> Forecast:
    names = ("gold", "dollar", "component_1")
    return Forecast(("a", "b"), names, LOADINGS, factor_cov, SPECIFIC, np.zeros(2), 12.0, "factor", (), **more)


def test_risk_of_a_portfolio_is_that_of_the_covariance():
    forecast, weights = _forecast(), np.array([0.7, 3.0])
    assert forecast.variance(weights) == pytest.approx(weights @ COVARIANCE @ weights, rel=1e-12)
    np.testing.assert_allclose(forecast.covariances(weights), COVARIANCE @ weights, rtol=1e-12)
    exposure = (LOADINGS.T @ weights)[:2]
    assert forecast.named == (0, 1)
    assert forecast.named_variance(weights) == pytest.approx(exposure @ FACTORS[:2, :2] @ exposure, rel=1e-12)


@pytest.mark.parametrize(
    "factor_cov", [FACTORS, np.eye(3), np.diag([0.04, 2.0, 1.0]), np.zeros((3, 3)), np.diag([0.04, -1e-18, 1.0])]
)
def test_roots_are_those_of_any_covariance_of_factors(factor_cov):
    R, s = _forecast(factor_cov).roots()
    expected = LOADINGS @ factor_cov @ LOADINGS.T + np.diag(SPECIFIC)
    np.testing.assert_allclose(R.T @ R + np.diag(s**2), expected, rtol=1e-9, atol=1e-15)


@pytest.mark.parametrize(
    ("factor_cov", "found"),
    [
        (FACTORS, [0, 1]),
        (np.eye(3), []),
        (np.zeros((3, 3)), []),
        ([[0.0, 0.1], [0.1, 0.0]], [0, 1]),
        ([[1.0, 0.0], [0.0, 0.0]], []),
    ],
)
def test_factors_with_a_correlation(factor_cov, found):
    assert correlated_factors(np.array(factor_cov)).tolist() == found
    assert correlated_factors(np.array(factor_cov)).dtype == np.intp


def test_errors_of_correlations_of_some_assets_are_none_of_one_that_is_not_there():
    own, common = np.arange(1.0, 10).reshape(3, 3), np.arange(10.0, 19).reshape(3, 3)
    found = CorrelationErrors(own, common).take(np.array([2, -1, 0]))
    assert found.own.tolist() == [[9, 0, 7], [0, 0, 0], [3, 0, 1]]
    assert found.common.tolist() == [[18, 0, 16], [0, 0, 0], [12, 0, 10]]


def test_arrays_of_a_record_cannot_be_written_to_and_are_copied_once():
    own, common = np.eye(2), np.full((2, 2), 2.0)
    errors = CorrelationErrors(own, common)
    own[0, 0] = 5.0
    assert errors.own.tolist() == [[1, 0], [0, 1]]
    assert not errors.own.flags.writeable
    assert not errors.common.flags.writeable
    assert CorrelationErrors(errors.own, errors.common).own is errors.own
    kept = frozen(np.array([[0.0, 1.0, 2.0], [3.0, 4.0, 5.0]]))
    assert not kept.flags.writeable
    assert read_only(kept) is kept
    repeated = np.broadcast_to(3.0, (4, 4))
    assert read_only(repeated) is repeated
    for other in (
        kept.T,
        kept[:1],
        frozen(np.arange(3)),
        np.asfortranarray(kept),
    ):  # of another order, part of one, of integers
        found = read_only(other)
        assert found is not other
        assert found.flags.c_contiguous
        assert found.dtype == np.float64
        assert not found.flags.writeable
        np.testing.assert_array_equal(found, other)
