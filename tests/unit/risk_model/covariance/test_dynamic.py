"""Half-lives of DCC-NL are the best of a grid, and their means those of a loop over periods."""

from __future__ import annotations

import numpy as np
import pytest

from toolkit.risk_model.covariance import dynamic
from toolkit.risk_model.covariance.dynamic import BURN_IN, CLOSEST, DAYS, LEAST_VARIANCE, SHARES


def recent(moments, half_life, start):
    """Exponentially weighted means (T, m), period by period."""
    b, state, rows = 0.5 ** (1.0 / half_life), start, []
    for row in moments:
        state = b * state + (1.0 - b) * row
        rows.append(state)
    return np.array(rows)


def of_variances(f, o):
    f = np.maximum(f, LEAST_VARIANCE * o.mean(axis=0))
    return (np.log(f) + o / f).sum()


def of_correlations(f, o):
    first, second, both = np.split(f, 3, axis=1)
    rho = np.clip(both / np.sqrt(first * second), -CLOSEST, CLOSEST)
    own, other, together = np.split(o, 3, axis=1)
    return ((own + other - 2.0 * rho * together) / (1.0 - rho**2) + np.log(1.0 - rho**2)).sum()


def best(moments, loss, lives, horizon):
    """The least of every loss, each by itself and in double precision."""
    T = len(moments)
    horizon = min(horizon, T // 3)
    made = np.arange(min(BURN_IN, T // 3), T - horizon, max(1, horizon // 4))
    outcome = np.array([moments[t + 1 : t + 1 + horizon].mean(axis=0) for t in made])
    long = np.array([moments[: t + 1].mean(axis=0) for t in made])
    losses = {}
    for life in lives:
        short = recent(moments, life, moments.mean(axis=0))[made]
        losses |= {(life, share): loss(share * short + (1.0 - share) * long, outcome) for share in SHARES}
    return min(losses, key=losses.__getitem__)


@pytest.mark.parametrize("calm", [True, False], ids=["constant volatility", "swinging volatility"])
@pytest.mark.parametrize(("T", "m", "horizon"), [(700, 9, 22), (260, 4, 21), (60, 3, 1), (40, 2, 22), (13, 5, 1)])
def test_half_lives_are_the_best_of_the_grid(T, m, horizon, calm):
    rng = np.random.default_rng(T)
    swing = 1.0 if calm else np.exp(np.cumsum(0.1 * rng.standard_normal((T, 1)), axis=0))
    x = (rng.standard_normal((T, m)) + rng.standard_normal((T, 1))) * swing
    squares, pairs = x**2, x * np.roll(x, 1, axis=1)
    found = dynamic._chosen([squares.T.copy()], dynamic._variance_loss, DAYS[0], horizon)
    assert found == best(squares, of_variances, DAYS[0], horizon)
    three = [squares, np.roll(squares, 1, axis=1), pairs]
    found = dynamic._chosen([one.T.copy() for one in three], dynamic._correlation_loss, DAYS[1], horizon)
    assert found == best(np.hstack(three), of_correlations, DAYS[1], horizon)


def test_losses_that_single_precision_cannot_tell_apart_are_told_apart_in_double():
    """Of moments that hardly move every weight of the past is nearly as good."""
    moments = 1.0 + 1e-3 * np.random.default_rng(1).standard_normal((600, 6))
    found = dynamic._chosen([moments.T.copy()], dynamic._variance_loss, DAYS[0], 22)
    assert found == best(moments, of_variances, DAYS[0], 22)


@pytest.mark.parametrize("T", [1, 15, 16, 17, 200])
def test_recent_means_by_blocks_are_those_of_a_loop(T):
    moments, start = np.random.default_rng(T).random((T, 3)), np.array([0.1, 1.0, 5.0])
    np.testing.assert_allclose(dynamic._recent(moments.T.copy(), 7.0, start).T, recent(moments, 7.0, start), rtol=1e-13)
