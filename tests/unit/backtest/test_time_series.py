"""A backtest over time: by hand, and the sum of what each asset earned against the accounts."""

from datetime import date

import numpy as np
import pytest

from tests.unit.backtest.worlds import MONTHS, Plan, costs, world
from toolkit.backtest import evaluation
from toolkit.backtest.evaluation import CONFIDENCE, stationary_bootstrap
from toolkit.backtest.simulate import simulate
from toolkit.backtest.time_series import (
    ENDS,
    attribution,
    drawdowns,
    returns_of_periods,
    rolling_return,
    rolling_volatility,
    wealth_band,
)


def test_gains_by_hand():
    prices = world(MONTHS[:4], gold=[100, 110, 121, 100], tin=[10, 10, 5, 8])
    found = simulate(Plan(prices, costs(2, storage=0.12), {MONTHS[0]: [50, 100], MONTHS[2]: [20, 100]}), prices, budget=10_000)
    earned = attribution(found, prices)
    # Bought in the second month at 110 and 10; gold falls to 100 before thirty units are sold at it.
    assert earned.gains.tolist() == [50 * (100 - 110), 100 * (8 - 10)]
    assert earned.costs == pytest.approx(0.01 * (50 * 110 + 100 * 10 + 30 * 100))
    assert found.wealth[-1] == pytest.approx(10_000 + earned.gains.sum() - earned.storage - earned.costs - earned.lost)


def test_drawdowns_are_measured_from_the_highest_so_far():
    assert drawdowns(np.array([100.0, 80, 120, 90, 120, 130])) == pytest.approx([0, 0.2, 0, 0.25, 0, 0])


def test_rolling_volatility_is_that_of_each_window_and_none_of_too_few():
    returns = np.array([0.1, -0.1, 0.1, 0.3])
    found = rolling_volatility(returns, 3, 12.0)
    assert found == pytest.approx([returns[:3].std(ddof=1) * 12**0.5, returns[1:].std(ddof=1) * 12**0.5])
    assert rolling_volatility(returns, 5, 12.0).tolist() == []


def test_the_band_of_wealth_begins_at_the_money_and_holds_so_many_of_other_histories():
    rng = np.random.default_rng(2)
    returns = rng.normal(0.01, 0.04, 60)
    band = wealth_band(returns, stationary_bootstrap(60, block=1.0, draws=4_000), 1_000.0)
    assert band.shape == (61, 2)
    assert band[0].tolist() == [1_000.0, 1_000.0]
    widths = band[:, 1] / band[:, 0]
    assert widths[0] < widths[3] < widths[12] < widths[60]
    others = 1_000.0 * np.exp(np.log1p(rng.choice(returns, (4_000, 60))).cumsum(axis=1))
    inside = (others >= band[1:, 0]) & (others <= band[1:, 1])
    assert inside.mean(axis=0) == pytest.approx(np.full(60, 0.95), abs=0.02)
    assert wealth_band(returns, None, 1_000.0).shape == (0, 2)


@pytest.mark.parametrize("draws", [2, 41, 1000, 2000])
def test_the_band_of_wealth_is_that_of_the_quantiles_to_the_bit(draws):
    returns = np.random.default_rng(5).normal(0.001, 0.02, 700)  # of two thousand paths in more than one part
    paths = stationary_bootstrap(700, block=9.0, draws=draws)
    grown = np.log1p(returns)[paths].cumsum(axis=1)
    expected = 50.0 * np.exp(np.quantile(grown, [(1 - CONFIDENCE) / 2, (1 + CONFIDENCE) / 2], axis=0)).T
    assert np.array_equal(wealth_band(returns, paths, 50.0)[1:], expected)


def test_periods_begin_where_the_last_one_ended():
    dates = (date(2024, 11, 30), date(2024, 12, 31), date(2025, 1, 31), date(2025, 2, 28))
    wealth = np.array([100.0, 110, 99, 198])
    months = returns_of_periods(dates, wealth, yearly=False)
    assert [day for day, _ in months] == list(dates[1:])
    assert [value for _, value in months] == pytest.approx([0.1, -0.1, 1.0])
    years = returns_of_periods(dates, wealth, yearly=True)
    assert [day for day, _ in years] == [dates[1], dates[3]]
    assert [value for _, value in years] == pytest.approx([0.1, 0.8])
    days = (date(2024, 1, 10), date(2024, 1, 31), date(2024, 2, 29))
    assert [day for day, _ in returns_of_periods(days, np.array([1.0, 2.0, 3.0]), yearly=False)] == list(days[1:])


def test_a_band_is_that_of_all_dates_at_once(monkeypatch):
    returns, paths = np.random.default_rng(2).normal(0.0, 0.03, 60), stationary_bootstrap(60, block=4.0, draws=100)
    monkeypatch.setattr(evaluation, "RETURNS_AT_ONCE", 700)  # seven dates at once
    whole = np.exp(np.quantile(np.cumsum(np.log1p(returns)[paths], axis=1), ENDS, axis=0)).T
    assert (wealth_band(returns, paths, 1_000.0) == 1_000.0 * np.vstack([[[1.0, 1.0]], whole])).all()


def test_a_rolling_return_is_that_of_its_window():
    wealth = np.array([100.0, 110, 99, 121, 100])
    assert rolling_return(wealth, 2) == pytest.approx([-0.01, 0.1, 100 / 99 - 1])
    assert len(rolling_return(wealth, 5)) == len(rolling_return(wealth, 9)) == 0
