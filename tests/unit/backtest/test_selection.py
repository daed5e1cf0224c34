"""Comparison of many strategies: against a normal approximation computed here, against the truth of simulations, and its limits."""

from __future__ import annotations

import sys

import numpy as np
import pytest
from scipy.special import ndtr

from toolkit.backtest.selection import LEAST_COMPARED, SET_CONFIDENCE, above_luck, deflated_sharpe_ratio, select
from toolkit.core.errors import SpecError


def independent(count: int, seed: int, *drifts: float) -> dict[str, np.ndarray]:
    """Independent log returns with these means and a standard deviation of 4 %."""
    rng = np.random.default_rng(seed)
    return {f"s{i}": np.expm1(rng.normal(drift, 0.04, count)) for i, drift in enumerate(drifts)}


def test_two_independent_strategies_have_the_p_values_of_a_normal_test() -> None:
    """By hand: t = mean / (standard deviation / root of T) of the difference of log returns; two sides in the set, one in the test."""
    returns = independent(400, 5, 0.0, 0.003)
    difference = np.log1p(returns["s1"]) - np.log1p(returns["s0"])
    t = difference.mean() / difference.std() * np.sqrt(len(difference))
    assert 1.0 < t < 2.5
    found = select(returns, "s0", ["s1"], seed=1)
    assert found.p_values is not None
    assert found.p_values["s1"] == 1.0
    assert found.p_values["s0"] == pytest.approx(2 * (1 - ndtr(t)), abs=0.03)
    assert found.superior_p == pytest.approx(1 - ndtr(t), abs=0.03)


def test_the_set_holds_the_best_and_excludes_the_hopeless() -> None:
    found = select(independent(240, 2, 0.0, 0.0, -0.03, 0.02), "s0", ["s1", "s2", "s3"], seed=0)
    assert found.best == ("s3",)
    assert found.superior == ("s3",)
    assert found.superior_p is not None
    assert found.superior_p < 0.01


def test_strategies_without_merit_are_seldom_excluded() -> None:
    """The set holds every one of five alike in nine of ten histories: 40 of them, an error of five points."""
    kept = [len(select(independent(60, 100 + i, *[0.0] * 5), None, [], seed=i).best) == 5 for i in range(40)]
    assert np.mean(kept) > SET_CONFIDENCE - 0.15


def test_strategies_that_did_the_same_share_their_answer() -> None:
    returns = independent(60, 3, 0.0, 0.01)
    returns |= {"twin": returns["s0"].copy()}
    found = select(returns, "s0", ["s1", "twin"], seed=0)
    assert found.p_values is not None
    assert found.p_values["twin"] == found.p_values["s0"]
    alone = select(dict.fromkeys(("a", "b"), returns["s0"]), "a", ["b"], seed=0)
    assert (alone.p_values, alone.superior_p) == ({"a": 1.0, "b": 1.0}, None)


def test_few_returns_are_refused_and_the_same_seed_repeats() -> None:
    assert select(independent(LEAST_COMPARED - 1, 1, 0.0, 0.1), "s0", ["s1"], seed=0).p_values is None
    returns = independent(43, 1, 0.0, 0.01, 0.0)
    assert select(returns, "s0", ["s1", "s2"], seed=7) == select(returns, "s0", ["s1", "s2"], seed=7)
    assert select(returns, "s0", ["s1", "s2"], seed=7).block == 4


def test_without_the_library_the_remedy_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "arch.bootstrap", None)
    with pytest.raises(SpecError, match="library arch") as refused:
        select(independent(30, 1, 0.0, 0.0), None, [], seed=0)
    assert "[evidence]" in refused.value.hint


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
