"""Figures of backtests: by hand, against simulated truth, and what few months cannot say."""

import tracemalloc
from datetime import date

import numpy as np
import pandas as pd
import pytest

from tests.unit.backtest.worlds import MONTHS, FixedWeights, Plan, costs, world
from toolkit.backtest import evaluation
from toolkit.backtest.evaluation import (
    Difference,
    Interval,
    against_benchmark,
    beside_benchmark,
    block_length,
    difference,
    event_losses,
    performance,
    ratios,
    resampled,
    stationary_bootstrap,
)
from toolkit.backtest.simulate import simulate
from toolkit.core.calendar import month_end


def test_figures_by_hand():
    prices = world(MONTHS[:4], gold=[100, 110, 121, 100])
    found = simulate(Plan(prices, costs(storage=0.12), {MONTHS[0]: [50], MONTHS[2]: [20]}), prices, budget=10_000)
    figures = performance(found, resampled(found))
    years = 90 / 365.25
    mean = (10_000 + 9_945 + 10_433.38 + 9_304.10) / 4
    assert figures.years == pytest.approx(years)
    assert figures.growth == pytest.approx(0.930410 ** (1 / years) - 1)
    assert figures.turnover == pytest.approx((5_500 + 3_000) / 2 / mean / years)
    assert figures.costs == pytest.approx(85 / mean / years)
    assert figures.storage == pytest.approx((61.62 + 49.28) / mean / years)
    returns = np.array([9_945 / 10_000, 10_433.38 / 9_945, 9_304.10 / 10_433.38]) - 1
    assert figures.volatility == pytest.approx(returns.std(ddof=1) * 12**0.5)
    assert figures.growth_interval is None  # three returns say nothing of that


def test_blocks_have_their_mean_length_and_every_return_its_turn():
    paths = stationary_bootstrap(60, block=4.0, draws=4_000, seed=1)
    follows = (paths[:, 1:] - paths[:, :-1]) % 60 == 1
    assert follows.mean() == pytest.approx(1 - 1 / 4 * (1 - 1 / 60), abs=0.005)
    assert np.bincount(paths.ravel(), minlength=60) / paths.size == pytest.approx(np.full(60, 1 / 60), rel=0.1)
    assert (stationary_bootstrap(60, block=4.0, seed=1) == stationary_bootstrap(60, block=4.0, seed=1)).all()
    assert (block_length(27), block_length(1)) == (pytest.approx(3.0), 1.0)


def test_resampled_paths_of_decades_of_days_take_little_memory(monkeypatch):
    tracemalloc.start()
    paths = stationary_bootstrap(5_000, block=17.0, draws=2_000, seed=3)
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert most < paths.nbytes + 40e6 < 65e6  # 2,000 x 5,000 numbers of eight bytes are 80 MB
    few = stationary_bootstrap(128, block=5.0, draws=50)
    monkeypatch.setattr(evaluation, "RETURNS_AT_ONCE", 300)  # two paths at once
    assert (stationary_bootstrap(128, block=5.0, draws=50) == few).all()


def walks(seed, months=120, drift=0.0):
    """Two independent assets, and each held alone without costs."""
    rng = np.random.default_rng(seed)
    dates = tuple(month_end(2010 * 12 + t) for t in range(months))
    paths = 100 * np.exp(rng.normal([drift, 0.0], 0.05, (months, 2)).cumsum(axis=0))
    prices = world(dates, a=paths[:, 0], b=paths[:, 1])
    return [simulate(FixedWeights(prices, costs(2, 0.0), weights), prices, budget=1e6) for weights in ((0.9, 0.0), (0.0, 0.9))]


def test_an_interval_holds_the_true_difference_about_as_often_as_it_says():
    covered = 0
    for seed in range(60):
        ours, other = walks(seed)
        found = difference(ours, other, resampled(ours, seed=seed))
        assert found.interval is not None
        covered += found.interval.low <= 0.0 <= found.interval.high
    assert 50 <= covered <= 60  # 95 % of 60 are 57


def test_a_difference_that_is_large_enough_is_told():
    ours, other = walks(3, drift=0.03)
    found = difference(ours, other, resampled(ours))
    assert found.is_distinguishable
    assert found.years_needed is not None
    assert found.years_needed < found.years
    same = difference(ours, ours, resampled(ours))
    assert (same.growth, same.interval, same.years_needed) == (0.0, Interval(0.0, 0.0), None)


def test_years_needed_grow_with_the_square_of_the_width():
    assert Difference(0.02, Interval(-0.06, 0.10), 3.0).years_needed == pytest.approx(48.0)
    assert not Difference(0.02, Interval(-0.06, 0.10), 3.0).is_distinguishable


def test_the_loss_after_an_event_is_measured_from_before_it():
    prices = world(MONTHS[:8], a=[100, 100, 90, 80, 85, 200, 50, 60])
    found = simulate(Plan(prices, costs(half_spread=0), {MONTHS[0]: [10]}), prices, budget=1_000)
    events = {"early": date(2023, 1, 1), "in": MONTHS[2], "up": date(2024, 5, 15), "late": date(2025, 1, 1)}
    losses = event_losses(found, events)
    # From the end of February 100 -> 80 in April; from the end of April 80 -> 50 in July; the others lie outside.
    assert losses == {"in": pytest.approx(0.2), "up": pytest.approx(1 - 50 / 80)}


def test_a_path_of_one_return_has_no_volatility_rather_than_none_that_is_known():
    returns = np.array([0.1, 0.2, 0.3, 0.07, 0.011, -0.05, 0.013])
    for only in range(len(returns)):  # of some the squares round below nought
        found = evaluation._volatilities(returns, np.full((1, 7), only))
        np.testing.assert_allclose(found, 0.0, atol=1e-8)


def test_ratios_are_those_of_their_definitions():
    returns = np.random.default_rng(5).standard_t(4, 240) * 0.03 + 0.004
    found = ratios(returns, 12.0, 0.06, 0.3)
    assert found.sharpe == pytest.approx(returns.mean() * 12 / (returns.std(ddof=1) * 12**0.5))
    below = np.where(returns < 0, returns, 0.0)
    assert found.sortino == pytest.approx(returns.mean() * 12**0.5 / np.sqrt((below @ below) / 240))
    assert found.calmar == pytest.approx(0.2)
    assert found.cvar == pytest.approx(-np.sort(returns)[:12].mean())  # a twentieth of 240
    assert found.skew == pytest.approx(pd.Series(returns).skew())


def test_what_has_no_meaning_is_none():
    still = ratios(np.zeros(12), 12.0, 0.0, 0.0)
    assert (still.sharpe, still.sortino, still.calmar, still.cvar, still.skew) == (None, None, None, 0.0, None)
    one = ratios(np.array([0.02]), 12.0, 0.2, 0.0)
    assert (one.sharpe, one.sortino, one.skew, one.cvar) == (None, None, None, -0.02)
    beside = against_benchmark(np.array([0.01, 0.02, 0.03]), np.zeros(3), 12.0)
    assert (beside.beta, beside.alpha, beside.up_capture, beside.down_capture) == (None, None, None, None)


def test_beside_a_benchmark_the_time_before_the_first_trade_does_not_count_and_its_costs_do():
    gold = np.array([100.0, 150, 165, 140, 154])  # what rose before the first purchase is nobody's
    prices = world(MONTHS[:5], gold=gold)
    found = simulate(Plan(prices, costs(), {MONTHS[0]: [60]}), prices, budget=10_000)
    [bought] = found.trades
    assert (bought.day, bought.cost) == (MONTHS[1], 90.0)
    beside = beside_benchmark(found, gold)
    assert beside is not None
    ours = found.wealth[1:] + np.array([bought.cost, 0, 0, 0])
    slope, level = np.polyfit(gold[2:] / gold[1:-1] - 1, ours[1:] / ours[:-1] - 1, 1)
    assert (beside.beta, beside.alpha) == pytest.approx((slope, 12 * level))
    itself = beside_benchmark(found, found)
    assert itself is not None
    assert (itself.beta, itself.tracking_error) == pytest.approx((1.0, 0.0))
    assert beside_benchmark(simulate(Plan(prices, costs(), {MONTHS[0]: [0]}), prices, budget=10_000), gold) is None


def test_a_strategy_beside_its_benchmark():
    rng = np.random.default_rng(6)
    benchmark = rng.normal(0.005, 0.04, 120)
    returns = 0.003 + 0.7 * benchmark + rng.normal(0, 0.01, 120)
    found = against_benchmark(returns, benchmark, 12.0)
    slope, level = np.polyfit(benchmark, returns, 1)
    assert (found.beta, found.alpha) == pytest.approx((slope, level * 12))
    apart = returns - benchmark
    assert found.tracking_error == pytest.approx(apart.std(ddof=1) * 12**0.5)
    assert found.information_ratio == pytest.approx(apart.mean() * 12 / found.tracking_error)
    same, twice = against_benchmark(benchmark, benchmark, 12.0), against_benchmark(2 * benchmark, benchmark, 12.0)
    assert (same.beta, same.up_capture, same.down_capture) == pytest.approx((1.0, 1.0, 1.0))
    assert (same.tracking_error, same.information_ratio) == (0.0, None)
    assert 1.9 < twice.up_capture < 2.0 < twice.down_capture < 2.1  # what varies more compounds to less
