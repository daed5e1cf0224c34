"""Every period is the weighted least squares of statsmodels, and a mean its OLS on a constant with HAC errors."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import pytest
import statsmodels.api as sm

from toolkit.returns.observed_returns import Returns
from toolkit.risk_model.characteristics import Exposures, characteristic_returns
from toolkit.risk_model.premia import mean_and_error

PERIODS, N = 60, 17
DAYS = tuple(date(2010, 1, 1) + timedelta(days=31 * t) for t in range(PERIODS + 1))
KEYS = tuple(f"m{i:02}" for i in range(N))


def drawn(seed):
    rng = np.random.default_rng(seed)
    values = rng.normal(3.0, 2.0, (PERIODS, N, 3))
    changes = rng.normal(size=(PERIODS, N)) * np.exp(rng.normal(np.log(0.05), 0.5, N))
    changes[rng.random((PERIODS, N)) < 0.15] = np.nan
    return rng, values, changes


def standardised(column, weights):
    z = np.clip((column - column.mean()) / column.std(), -3.0, 3.0)
    return z - weights @ z / weights.sum()


@pytest.mark.parametrize("noisy", [False, True])
def test_a_period_is_weighted_least_squares(noisy):
    rng, values, changes = drawn(1)
    seen = np.arange(6) if noisy else np.arange(0)
    variances = rng.uniform(0.001, 0.01, (PERIODS, len(seen)))
    uncertainty = np.array([np.diag(v) for v in variances]).reshape(PERIODS, len(seen), len(seen))
    own = Returns(DAYS[1:], KEYS, changes, seen, uncertainty)
    exposures = Exposures(DAYS[:-1], KEYS, ("a", "b", "c"), values, ("USD",) * N)
    found = characteristic_returns(own, exposures, 12.0)
    doubt = np.zeros((PERIODS, N))
    doubt[:, seen] = variances
    for t in range(PERIODS):
        there = np.isfinite(changes[t])
        weights = 1.0 / (found.specific_var / 12.0 + doubt[t])[there]
        design = np.column_stack(
            [np.ones(there.sum()), *(standardised(values[t, there, j], weights) for j in range(3))],
        )
        fit = sm.WLS(changes[t, there], design, weights=weights).fit(cov_type="fixed scale")
        assert found.returns[t] == pytest.approx(fit.params, abs=1e-10)
        assert found.errors[t] == pytest.approx(fit.bse, abs=1e-10)
        assert found.r_squared[t] == pytest.approx(fit.rsquared, abs=1e-10)


def test_posterior_covariances_widen_errors_as_a_known_covariance_does():
    """The error of weighted least squares under correlated noise: the sandwich of White (1980) with the true covariance."""
    rng, values, changes = drawn(2)
    seen = np.arange(8)
    root = rng.normal(0.0, 0.03, (PERIODS, 8, 8))
    uncertainty = root @ root.transpose(0, 2, 1)
    found = characteristic_returns(
        Returns(DAYS[1:], KEYS, changes, seen, uncertainty),
        Exposures(DAYS[:-1], KEYS, ("a", "b", "c"), values, ("USD",) * N),
        12.0,
    )
    for t in (0, 17, 59):
        there = np.isfinite(changes[t])
        omega = np.diag(found.specific_var / 12.0)
        omega[:8, :8] += uncertainty[t]
        omega = omega[np.ix_(there, there)]
        weights = 1.0 / np.diag(omega)
        x = np.column_stack([np.ones(there.sum()), *(standardised(values[t, there, j], weights) for j in range(3))])
        operator = np.linalg.solve(x.T * weights @ x, x.T * weights)
        assert found.returns[t] == pytest.approx(operator @ changes[t, there], abs=1e-10)
        assert found.errors[t] == pytest.approx(np.sqrt(np.diag(operator @ omega @ operator.T)), abs=1e-10)


def test_a_mean_has_the_error_of_newey_and_west():
    rng = np.random.default_rng(5)
    shocks = rng.normal(0.0, 0.02, 81)
    series = 0.004 + shocks[1:] + 0.4 * shocks[:-1]
    none = np.zeros((80, 1))
    mean, error, _ = mean_and_error(series[:, None], none, none)
    lags = int(4 * 0.8 ** (2 / 9))
    fit = sm.OLS(series, np.ones(80)).fit(cov_type="HAC", cov_kwds={"maxlags": lags, "use_correction": True})
    assert mean[0] == pytest.approx(fit.params[0], abs=1e-14)
    assert error[0] == pytest.approx(fit.bse[0], rel=1e-10)
