"""Covariances of a forecast by its factors, and the work that they take."""

from __future__ import annotations

import numpy as np

from toolkit.core.forecast import Forecast


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
