import numpy as np
import pytest

from tests.unit.optimize.problems import random_covariance
from toolkit.optimize.lots.outer import split


def root(matrix):
    values, vectors = np.linalg.eigh(matrix)
    return (vectors * np.sqrt(np.clip(values, 0, None))).T


def test_of_equal_correlations_the_diagonal_takes_what_is_not_shared():
    correlation = np.full((6, 6), 0.3) + 0.7 * np.eye(6)
    R, s = split(root(correlation), np.zeros(6), np.ones(6))
    assert s**2 == pytest.approx(np.full(6, 0.7), rel=1e-4)
    assert R.T @ R + np.diag(s**2) == pytest.approx(correlation, abs=1e-12)


@pytest.mark.parametrize("seed", range(4))
def test_no_diagonal_is_worth_more(seed):
    """Weak duality: for Z positive semidefinite with diag(Z) >= w, w'd is at most the inner product of Z and S."""
    rng = np.random.default_rng(seed)
    S, weight = random_covariance(8, seed), rng.uniform(0.1, 2, 8)
    R, s = split(root(S), np.zeros(8), weight)
    assert R.T @ R + np.diag(s**2) == pytest.approx(S, abs=1e-12)
    rest = S - np.diag(s**2)
    assert np.linalg.eigvalsh(rest)[0] > 0
    Z = np.linalg.inv(rest)
    Z = Z * np.sqrt(np.outer(weight / np.diag(Z), weight / np.diag(Z)))
    assert weight @ s**2 <= np.sum(Z * S) + 1e-12
    assert weight @ s**2 == pytest.approx(np.sum(Z * S), rel=1e-2)


def test_a_singular_matrix_and_a_factor_form_stay_as_they_are():
    R = np.random.default_rng(0).normal(size=(3, 6))
    same, s = split(R, np.zeros(6), np.ones(6))
    assert same is R
    assert not s.any()
    form, own = split(R[:1], np.full(6, 0.2), np.ones(6))
    assert form.shape == (1, 6)
    assert own == pytest.approx(np.full(6, 0.2))


def test_an_asset_without_risk_has_nothing_to_move():
    S = np.zeros((4, 4))
    S[:3, :3] = random_covariance(3)
    R, s = split(root(S), np.zeros(4), np.ones(4))
    assert s[3] == 0
    assert R.T @ R + np.diag(s**2) == pytest.approx(S, abs=1e-12)
