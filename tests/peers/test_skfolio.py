"""Strategies inside skfolio's own cross-validation."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose
from skfolio import RiskMeasure
from skfolio.model_selection import WalkForward, cross_val_predict
from skfolio.optimization import MeanRisk
from skfolio.prior import EmpiricalPrior

import toolkit as tk
from toolkit.risk_measures import measures
from toolkit.sklearn import PortfolioAllocator

DAYS = pd.bdate_range("2020-01-01", periods=700)
X = pd.DataFrame(
    np.random.default_rng(7).multivariate_normal(np.full(4, 3e-4), 1e-4 * (0.3 + 0.7 * np.diag([1, 2, 3, 4])), 700),
    index=DAYS,
    columns=["GLD", "SLV", "CPER", "PALL"],
)
LEAST = tk.Strategy(
    objective=tk.MinRisk(), forecast=tk.ForecastSpec(covariance=tk.SampleCovariance()), constraints=[tk.Bounds(upper=0.5)]
)


def test_walking_forward_least_variance_is_that_of_skfolio():
    walk = WalkForward(train_size=250, test_size=50)
    own = cross_val_predict(PortfolioAllocator(LEAST), X, cv=walk)
    peer = MeanRisk(risk_measure=RiskMeasure.VARIANCE, max_weights=0.5, prior_estimator=EmpiricalPrior())
    expected = cross_val_predict(peer, X, cv=walk)
    assert len(own.portfolios) == len(expected.portfolios) == 9
    for (train, _), ours, theirs in zip(walk.split(X), own.portfolios, expected.portfolios, strict=True):
        assert_allclose(ours.weights, theirs.weights, atol=1e-3)  # a flat optimum, and the peer's solver stops earlier
        covariance = np.cov(X.to_numpy()[train].T)
        assert ours.weights @ covariance @ ours.weights <= theirs.weights @ covariance @ theirs.weights * (1 + 1e-9)
    assert_allclose(np.asarray(own.returns), np.asarray(expected.returns), atol=5e-5)


def test_a_tail_is_minimised_inside_of_it_too():
    least = tk.Strategy(objective=tk.MinRisk("cvar", confidence=0.95))
    found = PortfolioAllocator(least).fit(X)
    expected = MeanRisk(risk_measure=RiskMeasure.CVAR, cvar_beta=0.95).fit(X)
    own, peer = (np.asarray(X) @ weights for weights in (found.weights_, expected.weights_))
    worst = [np.sort(-returns)[-35:].mean() for returns in (own, peer)]
    assert worst[0] <= worst[1] + 1e-6


@pytest.mark.parametrize(
    ("measure", "peer", "of"),
    [
        ("edar", RiskMeasure.EDAR, {"edar_beta": 0.95}),
        ("mean_loss", RiskMeasure.FIRST_LOWER_PARTIAL_MOMENT, {"min_acceptable_return": 0.0}),
        ("downside_deviation", RiskMeasure.SEMI_DEVIATION, {"min_acceptable_return": 0.0}),
    ],
)
def test_measures_are_no_worse_than_the_peers_by_our_own_number(measure, peer, of):
    x = X.iloc[:300]
    found = PortfolioAllocator(tk.Strategy(objective=tk.MinRisk(measure))).fit(x)
    expected = MeanRisk(risk_measure=peer, **of).fit(x)
    scored = measures()[measure]()
    own, theirs = (
        scored.numeric(-(np.asarray(x) @ weights), np.full(300, 1 / 300)) for weights in (found.weights_, expected.weights_)
    )
    assert own <= theirs * (1 + 1e-5)
