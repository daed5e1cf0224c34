"""How many bets: closed forms, and the optimality conditions of minimum torsion."""

import numpy as np
import pytest
from scipy.optimize import minimize

from tests.unit.optimize.problems import random_covariance
from toolkit.optimize.analysis.bets import effective_bets, effective_number, torsion_contributions


@pytest.mark.parametrize("n", [1, 2, 7])
def test_uncorrelated_equal_risks_are_as_many_bets_as_holdings(n):
    deviations = np.linspace(0.1, 0.4, n)
    weights = 1 / deviations
    assert effective_bets(np.diag(deviations**2), weights / weights.sum()) == pytest.approx(n)


def test_one_holding_in_a_correlated_market_is_one_bet():
    weights = np.array([0.0, 0.9, 0.0, 1e-6])
    assert effective_bets(random_covariance(4), weights) == pytest.approx(1)


def test_uncorrelated_risks_bring_the_bets_of_their_entropy():
    share = np.array([0.5, 0.3, 0.2])
    assert torsion_contributions(np.eye(3), np.sqrt(share)) == pytest.approx(share)
    assert effective_bets(np.eye(3), np.sqrt(share)) == pytest.approx(np.exp(-share @ np.log(share)))


def test_two_correlated_holdings_against_the_best_uncorrelated_pair_of_a_search():
    """Two bets that are uncorrelated are rotations and scales of whitened returns: minimise the distance directly."""
    sigma, rho, weights = np.array([0.3, 0.1]), 0.6, np.array([0.7, 0.3])
    covariance = np.outer(sigma, sigma) * np.array([[1, rho], [rho, 1]])
    whitening = np.linalg.inv(np.linalg.cholesky(covariance))

    def torsion(parameters):
        angle, scale = parameters[0], parameters[1:]
        rotation = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
        return scale[:, None] * (rotation @ whitening)

    def tracking_error(parameters):
        away = torsion(parameters) - np.eye(2)
        return np.sum(np.diag(away @ covariance @ away.T) / sigma**2)

    starts = [[angle, *sigma] for angle in np.linspace(-3, 3, 7)]
    best = min((minimize(tracking_error, x0, tol=1e-14) for x0 in starts), key=lambda found: found.fun)
    t = torsion(best.x)
    exposures = np.linalg.solve(t.T, weights)
    expected = exposures * (t @ covariance @ weights) / (weights @ covariance @ weights)
    assert torsion_contributions(covariance, weights) == pytest.approx(expected, abs=1e-5)


def test_contributions_add_up_do_not_depend_on_the_order_and_allow_for_copies_and_cash():
    covariance, weights = random_covariance(6, seed=3), np.array([0.3, 0.1, 0.2, 0.1, 0.2, 0.1])
    share = torsion_contributions(covariance, weights)
    assert share.sum() == pytest.approx(1)
    assert (share >= 0).all()
    order = np.array([3, 1, 5, 0, 2, 4])
    assert torsion_contributions(covariance[np.ix_(order, order)], weights[order]) == pytest.approx(share[order], abs=1e-8)
    copy = np.full((2, 2), 0.04)
    assert 1 <= effective_bets(copy, np.array([0.9, 0.1])) <= 2
    flat = np.diag([0.04, 0.0])
    assert effective_bets(flat, np.array([0.5, 0.5])) == pytest.approx(1)
    assert effective_bets(np.zeros((2, 2)), np.array([0.5, 0.5])) == 0


def test_effective_number_of_shares():
    assert effective_number(np.full(5, 0.19)) == pytest.approx(5)
    assert effective_number(np.array([2.0, 0.0])) == 1
    assert effective_number(np.zeros(3)) == 0
