"""Futures: their law against the set and the prior that they are drawn from, and values by an independent computation."""

import math

import numpy as np
import pytest

from toolkit.scenarios.futures import NONE, SimulatedFutures, drawn_futures, values
from toolkit.scenarios.sets import Scenarios, Shock, overlaid

ASSETS = ("gallium", "gold")
BAN = Shock("ban", {"gallium": 0.4}, 0.3, {"gallium": (0.05, 2.5)})
FALL = Shock("fall", {"gallium": -0.2, "gold": 0.1}, 0.1)


def scenarios() -> Scenarios:
    """Draws with two shocks over them."""
    returns = np.random.default_rng(1).normal(0.02, 0.1, (400, 2))
    return overlaid(Scenarios(ASSETS, returns, np.full(400, 1 / 400), False, "simulated", 1.0), (BAN, FALL))


def test_futures_have_the_probabilities_of_the_set_and_the_band_of_the_prior():
    whole = scenarios()
    found = drawn_futures(whole, (BAN, FALL), 100_000, np.random.default_rng(3))
    counts = np.bincount(found.shock + 1, minlength=3) / 100_000
    assert counts == pytest.approx([0.6, 0.3, 0.1], abs=0.006)
    # A shock without a band has the returns of its scenarios; nothing is added where none comes.
    for k, name in ((NONE, ""), (1, "fall")):
        rows = np.array([label == name for label in whole.labels])
        assert {*map(tuple, found.returns[found.shock == k])} <= {*map(tuple, whole.returns[rows])}
    # Without the noise of the base, the quantiles of the size are the ends and the middle of its band.
    still = overlaid(Scenarios(ASSETS, np.zeros((4, 2)), np.full(4, 0.25), False, "simulated", 1.0), (BAN,))
    drawn = drawn_futures(still, (BAN,), 100_000, np.random.default_rng(5))
    sizes = drawn.returns[drawn.shock == 0]
    assert np.quantile(1 + sizes[:, 0], [0.05, 0.5, 0.95]) == pytest.approx([1.05, 1.4, 3.5], rel=0.02)
    assert not sizes[:, 1].any()


def test_days_of_a_shock_come_at_a_constant_rate():
    found = drawn_futures(scenarios(), (BAN, FALL), 200_000, np.random.default_rng(4))
    rate = -math.log(0.7)
    when = found.when[found.shock == 0]
    for part in (0.25, 0.5, 0.75, 1.0):
        assert (when <= part).mean() == pytest.approx((1 - math.exp(-rate * part)) / 0.3, abs=0.01)
    assert np.isinf(found.when[found.shock == NONE]).all()


@pytest.mark.parametrize("returned", [True, False])
def test_values_are_those_of_a_loop_over_futures(returned):
    rng = np.random.default_rng(8)
    shock = rng.integers(-1, 2, 500)
    when = np.where(shock == NONE, np.inf, rng.random(500))
    futures = SimulatedFutures(ASSETS, rng.normal(0, 0.3, (500, 2)), shock, when)
    amounts, cash, arrives = np.array([600.0, 300.0]), 100.0, rng.random((500, 2))
    stops = np.array([[True, False], [False, False]])
    found, undelivered = values(futures, amounts, cash, arrives=arrives, stops=stops, returned=returned)
    for row in range(500):
        total, lost = cash, 0.0
        for i in range(2):
            if shock[row] == 0 and i == 0 and arrives[row, i] > when[row]:
                lost += amounts[i]
                total += amounts[i] if returned else 0.0
            else:
                total += amounts[i] * (1.0 + futures.returns[row, i])
        assert (found[row], undelivered[row]) == pytest.approx((total, lost))
    assert 0 < (undelivered > 0).mean() < 0.3
