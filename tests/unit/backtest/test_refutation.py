"""Figures of what was held at past prices, and what they say of a strategy."""

from dataclasses import replace

import numpy as np
import pytest

from tests.unit.backtest.worlds import MONTHS, Plan, costs, world
from toolkit.backtest.evaluation import stationary_bootstrap
from toolkit.backtest.refutation import FIGURES, Margin, RefutationOutcome, against_numbers, against_other, outcome
from toolkit.backtest.simulate import simulate
from toolkit.records.backtest import Interval


def drawn(*, scale=(0.02, 0.02), periods=48, seed=0, weights=(0.5, 0.5)):
    returns = np.random.default_rng(seed).standard_normal((periods, len(scale))) * scale
    held = np.tile(np.array(weights, dtype=float), (periods, 1))
    return RefutationOutcome((held * returns).sum(axis=1), held, returns, 12.0, np.array([1.0, *[0.0] * (len(scale) - 1)]))


def paths(count=48):
    return stationary_bootstrap(count, block=3.0, draws=500, seed=1)


def test_figures_by_hand():
    returns = np.array([[0.10, 0.0], [-0.20, 0.0], [0.05, 0.10], [0.0, -0.10]])
    of = RefutationOutcome(np.array([0.01, -0.02, 0.03, 0.0]), np.full((4, 2), 0.5), returns, 12.0, np.array([1.0, 0.0]))
    gross = np.array([0.05, -0.10, 0.075, -0.05])
    told = {name: figure.of(of) for name, figure in FIGURES.items()}
    assert told["volatility"] == pytest.approx(gross.std(ddof=1) * 12**0.5)
    assert told["growth"] == pytest.approx((1.01 * 0.98 * 1.03) ** 3 - 1)
    assert told["tail_loss"] == pytest.approx(0.10)
    assert told["drawdown"] == pytest.approx(0.10)  # the path 1.05, 0.945, 1.016, 0.965
    assert told["return_over_tail"] == pytest.approx(0.005 / 0.02)
    assert told["utility"] == pytest.approx(12 * (0.005 - 1.5 * np.var([0.01, -0.02, 0.03, 0.0], ddof=1)))
    brought = 0.5 * (returns - returns.mean(axis=0))
    shares = brought.T @ (gross - gross.mean()) / ((gross - gross.mean()) ** 2).sum()
    assert shares.sum() == pytest.approx(1.0)
    assert told["largest_risk"] == pytest.approx(shares.max())
    assert told["group_risk"] == pytest.approx(shares[0])
    assert told["unequal_risk"] == pytest.approx((shares**2).sum())
    assert told["largest_tail"] == pytest.approx(2.0)  # the first metal brought the whole loss of the worst month
    singly = returns.std(axis=0, ddof=1) * 12**0.5
    assert told["diversification"] == pytest.approx(told["volatility"] / (singly.mean()))


def test_what_was_held_is_valued_at_the_prices_that_are_asked_for():
    traded = world(MONTHS[:4], gold=[100, 100, 100, 100])
    noisy = world(MONTHS[:4], gold=[100, 100, 150, 100])
    found = simulate(Plan(traded, costs(), {MONTHS[0]: [50]}), traded, budget=10_000)
    calm, loud = outcome(found, traded), outcome(found, noisy)
    assert FIGURES["volatility"].of(calm) == 0
    assert loud.brought[:, 0] == pytest.approx(
        [0.0, 0.5 * 50 * 100 / loud_wealth(found, 1), -50 * 50 / loud_wealth(found, 2, 150)]
    )
    assert (calm.net == loud.net).all()


def loud_wealth(found, at, price=100):
    return found.entries[at].cash + 50 * price


def test_the_calmer_one_holds_and_the_wilder_one_is_refuted():
    calm, wild = drawn(scale=(0.01, 0.01)), drawn(scale=(0.05, 0.05), seed=1)
    assert against_other(FIGURES["volatility"], calm, wild, paths()).verdict == "holds"
    assert against_other(FIGURES["volatility"], wild, calm, paths()).verdict == "refuted"
    alike = against_other(FIGURES["volatility"], calm, drawn(scale=(0.01, 0.01), seed=2), paths())
    assert alike.verdict == "cannot_tell"
    assert alike.years_needed(4.0) > 4.0


def test_more_growth_is_better():
    ours = drawn()
    better = replace(ours, net=ours.net + 0.01)
    assert against_other(FIGURES["growth"], better, ours, paths()).verdict == "holds"
    assert against_other(FIGURES["growth"], ours, better, paths()).verdict == "refuted"


@pytest.mark.parametrize(
    ("below", "above", "verdict"), [(0.3, 0.7, "holds"), (0.9, None, "refuted"), (None, 0.5, "cannot_tell")]
)
def test_numbers_are_held_against_the_nearer_one(below, above, verdict):
    found = against_numbers(FIGURES["group_risk"], drawn(periods=200), below, above, paths(200))
    assert found.verdict == verdict


def test_too_few_periods_say_nothing():
    assert against_other(FIGURES["volatility"], drawn(periods=5), drawn(periods=5, seed=1), None).verdict == "cannot_tell"


def test_years_needed_are_those_in_which_the_interval_narrows_to_the_margin():
    assert Margin(0.1, 0.2, 0.1, Interval(-0.1, 0.3)).years_needed(2.0) == pytest.approx(8.0)
    assert Margin(0.1, 0.2, 0.1, None).years_needed(2.0) is None
