"""He and Litterman (1999), The Intuition Behind Black-Litterman Model Portfolios, tables 1, 2 and 4 to 8; Jorion (1986)."""

from __future__ import annotations

from datetime import date

import numpy as np
import pytest

from toolkit.returns.observed_returns import Returns
from toolkit.risk_model.covariance.form import CovarianceInputs, StructuredCovariance
from toolkit.risk_model.expected_returns.base import ExpectedReturns
from toolkit.risk_model.expected_returns.equilibrium import EquilibriumReturns
from toolkit.risk_model.expected_returns.historical import HistoricalReturns
from toolkit.risk_model.expected_returns.views import ViewsReturns

COUNTRIES = ("Australia", "Canada", "France", "Germany", "Japan", "UK", "USA")
CORRELATION = np.array(
    [
        [1.000, 0.488, 0.478, 0.515, 0.439, 0.512, 0.491],
        [0.488, 1.000, 0.664, 0.655, 0.310, 0.608, 0.779],
        [0.478, 0.664, 1.000, 0.861, 0.355, 0.783, 0.668],
        [0.515, 0.655, 0.861, 1.000, 0.354, 0.777, 0.653],
        [0.439, 0.310, 0.355, 0.354, 1.000, 0.405, 0.306],
        [0.512, 0.608, 0.783, 0.777, 0.405, 1.000, 0.652],
        [0.491, 0.779, 0.668, 0.653, 0.306, 0.652, 1.000],
    ]
)
VOLATILITY = np.array([16.0, 20.3, 24.8, 27.1, 21.0, 20.0, 18.7]) / 100
CAPITALISATION = dict(zip(COUNTRIES, [1.6, 2.2, 5.2, 5.5, 11.6, 12.4, 61.5], strict=True))
SIGMA = CORRELATION * np.outer(VOLATILITY, VOLATILITY)

GERMANY = {"expression": "Germany - 0.295 * France - 0.705 * UK", "value": 0.05}
CANADA = {"expression": "Canada - USA", "value": 0.03}
JAPAN = {"expression": "Canada - Japan", "value": 0.0412}
HALF, THIRD = {"confidence": 0.5}, {"confidence": 1 / 3}
"""Omega of the paper is tau P Sigma P', which is a confidence of one half; tables 7 and 8 double it for Germany."""


def form_of(covariance: np.ndarray) -> StructuredCovariance:
    n = len(covariance)
    names = tuple(f"f{i}" for i in range(n))
    return StructuredCovariance(names, np.linalg.cholesky(covariance), np.eye(n), np.zeros(n), np.full((n, n), np.nan))


def inputs_of(changes: np.ndarray, names: tuple[str, ...], variance: np.ndarray) -> CovarianceInputs:
    days = tuple(date(2000 + t // 12, t % 12 + 1, 28) for t in range(len(changes)))
    increments = Returns.exact(days, names, changes)
    return CovarianceInputs(
        increments,
        increments,
        names,
        ("other",) * len(names),
        (),
        np.zeros(changes.shape),
        lambda: variance,
        periods_per_year=12.0,
    )


# Tau is 0.05 in the paper: that of twenty years of data.
INPUTS = inputs_of(np.zeros((240, 7)), COUNTRIES, VOLATILITY**2)


def posterior(*views: dict) -> ExpectedReturns:
    prior = {"kind": "equilibrium", "risk_aversion": 2.5, "weights": CAPITALISATION}
    return ViewsReturns.model_validate({"prior": prior, "views": views}).estimate(INPUTS, form_of(SIGMA))


def optimal(found: ExpectedReturns) -> np.ndarray:
    """Unconstrained weights in percent under Sigma + M, equation 13."""
    return 100 * np.linalg.solve(SIGMA + found.covariance, found.mean) / 2.5


def test_equilibrium_is_table_2():
    found = EquilibriumReturns(weights=CAPITALISATION).estimate(INPUTS, form_of(SIGMA))
    assert np.round(100 * found.mean, 1).tolist() == [3.9, 6.9, 8.4, 9.0, 4.3, 6.8, 7.6]
    assert found.covariance == pytest.approx(0.05 * SIGMA)


TABLES = {
    4: (
        [{**GERMANY, **HALF}],
        [4.3, 7.6, 9.3, 11.0, 4.5, 7.0, 8.1],
        [1.5, 2.1, -4.0, 35.4, 11.0, -9.5, 58.6],
    ),
    5: (
        [{**GERMANY, **HALF}, {**CANADA, **HALF}],
        [4.4, 8.7, 9.5, 11.2, 4.6, 7.0, 7.5],
        [1.5, 41.9, -3.4, 33.6, 11.0, -8.2, 18.8],
    ),
    6: (
        [{**GERMANY, **HALF}, {**CANADA, **HALF, "value": 0.04}],
        [4.4, 9.1, 9.5, 11.3, 4.6, 7.0, 7.3],
        [1.5, 53.3, -3.3, 33.1, 11.0, -7.8, 7.3],
    ),
}


@pytest.mark.parametrize("table", TABLES)
def test_posterior_returns_are_those_published_to_the_digit(table):
    views, returns, weights = TABLES[table]
    found = posterior(*views)
    assert np.round(100 * found.mean, 1).tolist() == returns
    # The published inputs are rounded to three digits: weights of spreads feel it in their first decimal.
    assert optimal(found) == pytest.approx(weights, abs=0.1)


@pytest.mark.parametrize("more", [[], [{**JAPAN, **HALF}]], ids=["table 7", "table 8"])
def test_less_confidence_and_a_view_that_adds_nothing(more):
    found = posterior({**GERMANY, **THIRD}, {**CANADA, **HALF, "value": 0.04}, *more)
    assert 100 * found.mean == pytest.approx([4.3, 8.9, 9.3, 10.6, 4.6, 6.9, 7.2], abs=0.1)
    assert optimal(found) == pytest.approx([1.5, 53.9, -0.5, 23.6, 11.0, -1.1, 6.8], abs=0.15)


def test_bayes_stein_is_jorions_with_equal_histories():
    rng = np.random.default_rng(3)
    names, periods = tuple("abcde"), 120
    chol = np.linalg.cholesky(0.002 * (0.6 * np.eye(5) + 0.4))
    changes = 0.01 + rng.standard_normal((periods, 5)) @ chol.T
    covariance = np.cov(changes.T)
    found = HistoricalReturns().estimate(inputs_of(changes, names, 12 * np.diag(covariance)), form_of(12 * covariance))
    # Equations 14 and 17, per period and with T x Sigma^-1 as printed.
    mean, inverse, ones = changes.mean(axis=0), np.linalg.inv(covariance), np.ones(5)
    common = (ones @ inverse @ mean) / (ones @ inverse @ ones)
    gap = mean - common
    weight = 7 / (7 + periods * gap @ inverse @ gap)
    assert 0.1 < weight < 0.95
    assert found.mean == pytest.approx(12 * ((1 - weight) * mean + weight * common))
    assert f"shrunk by {100 * weight:.0f} %" in found.notes[0]


def test_bayes_stein_beats_the_sample_mean():
    """Jorion's result: over true means that differ less than their errors, the squared error falls by more than half."""
    rng = np.random.default_rng(0)
    n, periods, names = 10, 60, tuple("abcdefghij")
    covariance = 0.004 * (0.7 * np.eye(n) + 0.3)
    chol = np.linalg.cholesky(covariance)
    lost = np.zeros(2)
    inside = []
    for _ in range(40):
        true = 0.005 + 0.002 * rng.standard_normal(n)
        changes = true + rng.standard_normal((periods, n)) @ chol.T
        given = inputs_of(changes, names, 12 * np.diag(covariance))
        for j, shrinkage in enumerate((0.0, "bayes_stein")):
            found = HistoricalReturns(shrinkage=shrinkage).estimate(given, form_of(12 * covariance))
            error = found.mean - 12 * true
            lost[j] += float(np.mean((error - error.mean()) ** 2))
            inside.append((j, np.mean(np.abs(error) < np.sqrt(np.diag(found.covariance)))))
    assert lost[1] < 0.5 * lost[0]
    # One standard error on each side holds its 68 %, shrunk or not.
    for j in (0, 1):
        assert np.mean([share for which, share in inside if which == j]) == pytest.approx(0.68, abs=0.09)
