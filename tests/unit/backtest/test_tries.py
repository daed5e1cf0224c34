"""The deflated Sharpe ratio against its paper, and against luck itself."""

from __future__ import annotations

import numpy as np
import pytest

from toolkit.backtest.tries import above_luck, deflated_sharpe_ratio


def test_the_example_of_the_paper() -> None:
    """Bailey and Lopez de Prado (2014), section 'A numerical example': 100 tries, five years of days, 2.5 a year; 0.9004."""
    found = above_luck(2.5 / np.sqrt(250), np.sqrt(0.5 / 250), 100, 1250, -3.0, 10.0)
    assert found == pytest.approx(0.9004, abs=2e-4)


def test_the_best_of_many_without_merit_is_not_told_from_luck() -> None:
    rng = np.random.default_rng(0)
    worlds = [[rng.normal(0.0, 0.03, 120) for _ in range(50)] for _ in range(200)]
    told = [found for tries in worlds if (found := deflated_sharpe_ratio(tries)) is not None]
    assert np.mean(np.array(told) > 0.95) < 0.1
    assert np.median(told) == pytest.approx(0.5, abs=0.15)


def test_merit_is_found_among_tries_without() -> None:
    rng = np.random.default_rng(1)
    tries = [rng.normal(0.0, 0.03, 240) for _ in range(20)]
    tries.append(rng.normal(0.02, 0.03, 240))
    assert (deflated_sharpe_ratio(tries) or 0.0) > 0.99


@pytest.mark.parametrize(("count", "periods"), [(1, 100), (5, 7)])
def test_too_little_to_say(count: int, periods: int) -> None:
    rng = np.random.default_rng(2)
    assert deflated_sharpe_ratio([rng.normal(0.0, 0.03, periods) for _ in range(count)]) is None


def test_a_try_that_does_not_move_has_no_ratio() -> None:
    assert deflated_sharpe_ratio([np.zeros(20), np.random.default_rng(3).normal(size=20)]) is None
