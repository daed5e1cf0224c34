"""Closed forms and tables worked by hand for the measures of risk.

A normal with deviation s has CVaR s phi(z) / (1 - alpha) (Rockafellar and Uryasev 2000), EVaR s sqrt(-2 log(1 - alpha))
(Ahmadi-Javid 2012), mean absolute deviation s sqrt(2 / pi) (Konno and Yamazaki 1991), Gini difference
2 s / sqrt(pi) (Yitzhaki 1982) and semideviation s / sqrt(2).
"""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import optimize, stats

from toolkit.optimize.functions import RiskOf
from toolkit.risk_measures import measures
from toolkit.risk_measures.drawdown import drawdowns
from toolkit.risk_measures.tail import normal_cvar
from toolkit.scenarios.sets import Scenarios

SIGMA, MU = 0.2, -0.03
SMALL = np.array([0.10, -0.20, 0.00, 0.30])  # losses
P = np.array([0.4, 0.3, 0.2, 0.1])


def quantiles(count: int = 200_000) -> tuple[np.ndarray, np.ndarray]:
    return MU + SIGMA * stats.norm.ppf((np.arange(count) + 0.5) / count), np.full(count, 1 / count)


@pytest.mark.parametrize("confidence", [0.5, 0.9, 0.95, 0.99])
def test_cvar_of_a_normal(confidence):
    want = MU + normal_cvar(SIGMA, confidence)
    assert measures()["cvar"](confidence=confidence).numeric(*quantiles()) == pytest.approx(want, rel=1e-4)


@pytest.mark.parametrize("confidence", [0.5, 0.9, 0.95, 0.99])
def test_evar_of_a_normal(confidence):
    # Gauss and Hermite's nodes have the moment generating function of the normal to machine precision.
    nodes, mass = np.polynomial.hermite_e.hermegauss(60)
    value = measures()["evar"](confidence=confidence).numeric(MU + SIGMA * nodes, mass / mass.sum())
    assert value == pytest.approx(MU + SIGMA * math.sqrt(-2 * math.log(1 - confidence)), rel=1e-10)


@pytest.mark.parametrize(
    ("name", "want"),
    [
        ("volatility", 1.0),
        ("mad", math.sqrt(2 / math.pi)),
        ("gini", 2 / math.sqrt(math.pi)),
        ("semideviation", math.sqrt(0.5)),
    ],
)
def test_dispersion_of_a_normal(name, want):
    assert measures()[name]().numeric(*quantiles()) == pytest.approx(SIGMA * want, rel=1e-4)


@pytest.mark.parametrize("tail", [0.05, 0.1, 0.3, 0.5, 0.9])
def test_cvar_splits_an_atom_at_the_quantile(tail):
    # Worst first: 0.30 with 0.1, 0.10 with 0.4, 0.00 with 0.2, -0.20 with 0.3.
    want = {
        0.05: 0.30,
        0.1: 0.30,
        0.3: (0.1 * 0.30 + 0.2 * 0.10) / 0.3,
        0.5: (0.1 * 0.30 + 0.4 * 0.10) / 0.5,
        0.9: (0.1 * 0.30 + 0.4 * 0.10 + 0.2 * 0 - 0.2 * 0.20) / 0.9,
    }[tail]
    assert measures()["cvar"](confidence=1 - tail).numeric(SMALL, P) == pytest.approx(want, rel=1e-12)


def test_dispersion_by_hand():
    # Mean loss 0.04 - 0.06 + 0 + 0.03 = 0.01; distances 0.09, 0.21, 0.01, 0.29.
    values = {
        name: measures()[name]().numeric(SMALL, P) for name in ("mad", "semivariance", "semideviation", "gini", "worst_case")
    }
    assert values["mad"] == pytest.approx(0.4 * 0.09 + 0.3 * 0.21 + 0.2 * 0.01 + 0.1 * 0.29)
    assert values["semivariance"] == pytest.approx(0.4 * 0.09**2 + 0.1 * 0.29**2)
    assert values["semideviation"] == pytest.approx(math.sqrt(values["semivariance"]))
    assert values["gini"] == pytest.approx(P @ np.abs(SMALL[:, None] - SMALL) @ P)
    assert values["worst_case"] == 0.3


def test_the_worst_case_needs_a_probability():
    assert measures()["worst_case"]().numeric(SMALL, np.array([0.5, 0.5, 0, 0])) == 0.1


@pytest.mark.parametrize(("p", "confidence"), [(0.02, 0.9), (0.02, 0.95), (0.3, 0.5)])
def test_evar_of_two_outcomes_against_its_definition(p, confidence):
    # Loss 1 with probability p, else 0: inf over t of t log((1 - p + p exp(1 / t)) / (1 - alpha)), minimised by scipy.
    def chernoff(log_t: float) -> float:
        mean = np.logaddexp(math.log(1 - p), math.log(p) + math.exp(-log_t))
        return math.exp(log_t) * (mean - math.log(1 - confidence))

    found = optimize.minimize_scalar(chernoff, bounds=(-5, 5), method="bounded", options={"xatol": 1e-12})
    value = measures()["evar"](confidence=confidence).numeric(np.array([1.0, 0.0]), np.array([p, 1 - p]))
    assert value == pytest.approx(found.fun, rel=1e-9)


@pytest.mark.parametrize("p", [0.05, 0.06, 1.0])
def test_evar_is_the_worst_loss_once_that_is_as_probable_as_the_tail(p):
    assert measures()["evar"](confidence=0.95).numeric(np.array([1.0, 0.0]), np.array([p, 1 - p])) == 1.0


@pytest.mark.parametrize("scale", [1e-310, 1e-30, 1e30])
def test_evar_is_finite_at_any_scale(scale):
    losses, p = np.array([1.0, 0.5, 0.0]), np.array([0.01, 0.04, 0.95])
    unit = measures()["evar"](confidence=0.95).numeric(losses, p)
    assert measures()["evar"](confidence=0.95).numeric(losses * scale, p) == pytest.approx(unit * scale, rel=1e-9)


def test_drawdowns_by_hand():
    # Returns -2, +5, -3, -4, +10, -1 per cent: uncompounded value -2, 3, 0, -4, 6, 5 from 0, peaks 0, 3, 3, 3, 6, 6.
    losses = np.array([0.02, -0.05, 0.03, 0.04, -0.10, 0.01])
    depth = [0.02, 0.0, 0.03, 0.07, 0.0, 0.01]
    assert drawdowns(losses) == pytest.approx(depth, abs=1e-15)
    equal = np.full(6, 1 / 6)
    assert measures()["max_drawdown"]().numeric(losses, equal) == pytest.approx(0.07)
    assert measures()["average_drawdown"]().numeric(losses, equal) == pytest.approx(0.13 / 6)
    assert measures()["ulcer"]().numeric(losses, equal) == pytest.approx(math.sqrt((4 + 9 + 49 + 1) * 1e-4 / 6))
    assert measures()["cdar"](confidence=2 / 3).numeric(losses, equal) == pytest.approx((0.07 + 0.03) / 2)
    assert measures()["cdar"](confidence=0.75).numeric(losses, equal) == pytest.approx((0.07 + 0.03 / 2) / 1.5)


def test_subgradients_by_hand():
    # Worst first: 0.30 with 0.1, 0.10 with 0.4, 0.00 with 0.2, -0.20 with 0.3; the tail of 0.3 takes half of the second.
    assert measures()["cvar"](confidence=0.7).subgradient(SMALL, P) == pytest.approx([2 / 3, 0, 0, 1 / 3])
    assert measures()["worst_case"]().subgradient(SMALL, P).tolist() == [0, 0, 0, 1]
    # Sides of the mean 0.01: +, -, -, +, which are worth 0 together.
    assert measures()["mad"]().subgradient(SMALL, P) == pytest.approx([0.4, -0.3, -0.2, 0.1])
    assert measures()["gini"]().subgradient(SMALL, P) == pytest.approx(
        [2 * 0.4 * (0.5 - 0.1), 2 * 0.3 * (0 - 0.7), 2 * 0.2 * (0.3 - 0.5), 2 * 0.1 * 0.9]
    )
    assert measures()["variance"]().subgradient(SMALL, P) == pytest.approx(2 * P * (SMALL - 0.01))


def test_subgradients_of_drawdowns_by_hand():
    losses = np.array([0.02, -0.05, 0.03, 0.04, -0.10, 0.01])  # depths 0.02, 0, 0.03, 0.07, 0, 0.01
    equal = np.full(6, 1 / 6)
    assert measures()["max_drawdown"]().subgradient(losses, equal).tolist() == [0, 0, 1, 1, 0, 0]
    assert measures()["average_drawdown"]().subgradient(losses, equal) == pytest.approx([1 / 6, 0, 2 / 6, 1 / 6, 0, 1 / 6])
    assert measures()["cdar"](confidence=2 / 3).subgradient(losses, equal) == pytest.approx([0, 0, 1, 0.5, 0, 0])
    ulcer = math.sqrt(0.0063 / 6)
    assert measures()["ulcer"]().subgradient(losses, equal) * 6 * ulcer == pytest.approx([0.02, 0, 0.10, 0.07, 0, 0.01])


@pytest.mark.parametrize("confidence", [0.9, 0.99])
def test_euler_contributions_to_the_cvar_of_normals_are_those_to_their_volatility(confidence):
    # Tasche (1999): for an elliptical law centred at zero, position i brings w_i (Sigma w)_i / w'Sigma w of any coherent risk.
    covariance, weights = np.array([[0.04, 0.012], [0.012, 0.09]]), np.array([0.6, 0.4])
    z = stats.norm.ppf(np.random.default_rng(1).permuted(np.tile((np.arange(40_000) + 0.5) / 40_000, (2, 1)), axis=1)).T
    z = z @ np.linalg.inv(np.linalg.cholesky(z.T @ z / len(z))).T
    returns = z @ np.linalg.cholesky(covariance).T
    drawn = Scenarios(("a", "b"), returns, np.full(len(z), 1 / len(z)), False, "simulated", 1.0)
    share = weights * (covariance @ weights) / (weights @ covariance @ weights)
    for measure, within in ((measures()["volatility"](), 1e-9), (measures()["cvar"](confidence=confidence), 0.03)):
        part = weights * RiskOf(measure, drawn).gradient(np.append(weights, 0.0))[:-1]
        assert part / part.sum() == pytest.approx(share, rel=within)


def test_losses_below_zero_alone():
    """Losses of 2 and 4 % with probabilities 0.3 and 0.2: 0.3 x 2 + 0.2 x 4, and the root of 0.3 x 4 + 0.2 x 16."""
    losses, p = np.array([0.02, -0.01, 0.04, -0.03]), np.array([0.3, 0.4, 0.2, 0.1])
    assert measures()["mean_loss"]().numeric(losses, p) == pytest.approx(0.014, rel=1e-12)
    assert measures()["downside_deviation"]().numeric(losses, p) == pytest.approx(0.01 * math.sqrt(4.4), rel=1e-12)
    assert measures()["mean_loss"]().subgradient(losses, p).tolist() == [0.3, 0, 0.2, 0]
    normal = measures()["downside_deviation"]().numeric(SIGMA * np.sqrt(2) * np.array([1.0, -1.0]), np.array([0.5, 0.5]))
    assert normal == pytest.approx(SIGMA, rel=1e-12)


def test_the_entropic_drawdown_is_that_of_the_depths_and_lies_between_cdar_and_the_deepest():
    losses, equal = np.array([-0.01, 0.02, 0.03, 0.02, -0.05, 0.01]), np.full(6, 1 / 6)
    found = measures()["edar"](confidence=0.7).numeric(losses, equal)
    # The minimum over t of t log(E[exp(D / t)] / (1 - alpha)), by a fine grid.
    t = np.geomspace(1e-3, 1.0, 200_001)
    D = drawdowns(losses)
    grid = D.max() + t * np.log(np.exp((D[:, None] - D.max()) / t).mean(axis=0) / 0.3)
    assert found == pytest.approx(grid.min(), rel=1e-8)
    assert measures()["cdar"](confidence=0.7).numeric(losses, equal) <= found <= D.max()
