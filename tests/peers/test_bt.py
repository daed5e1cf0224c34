"""The accounts of a backtest beside those of bt: cash, metal, proportional costs and drift."""

from __future__ import annotations

import bt
import numpy as np
import pandas as pd
from numpy.testing import assert_allclose

from tests.unit.backtest.worlds import FixedWeights, costs, world
from toolkit.backtest.simulate import simulate

DAYS = pd.bdate_range("2019-01-01", periods=800)
PRICES = pd.DataFrame(
    100 * np.exp(np.random.default_rng(3).normal(2e-4, 0.01, (800, 4)).cumsum(axis=0)), index=DAYS, columns=list("abcd")
)
WEIGHTS = {"a": 0.4, "b": 0.3, "c": 0.15, "d": 0.05}
BUDGET, RATE = 1e9, 0.002


class NextDay(bt.Algo):
    """Fixed weights in quantities, decided at the ends of months from bt's own values and traded the day after."""

    def __init__(self) -> None:
        super().__init__()
        self.orders: dict[str, float] = {}

    def __call__(self, target: bt.Strategy) -> bool:
        today = DAYS.get_loc(target.now)
        for key, quantity in self.orders.items():
            target.transact(quantity, key)
        self.orders = {}
        last_of_month = today + 1 < len(DAYS) and DAYS[today].month != DAYS[today + 1].month
        if today == 0 or last_of_month:
            prices = PRICES.iloc[today]
            held = {key: target.children[key].position if key in target.children else 0.0 for key in WEIGHTS}
            worth = target.capital + sum(held[key] * prices[key] for key in WEIGHTS)
            self.orders = {key: WEIGHTS[key] * worth / prices[key] - held[key] for key in WEIGHTS}
        return True


def test_wealth_is_that_of_bt():
    peer = bt.Backtest(
        bt.Strategy("fixed", [NextDay()], children=list(WEIGHTS)),
        PRICES,
        initial_capital=BUDGET,
        commissions=lambda quantity, price: abs(quantity) * price * RATE,
        integer_positions=False,
    )
    peer.run()
    prices = world([day.date() for day in DAYS], **{key: PRICES[key].tolist() for key in WEIGHTS})
    decide = FixedWeights(prices, costs(4, half_spread=RATE), [*WEIGHTS.values()])
    own = simulate(decide, prices, budget=BUDGET)
    expected = peer.strategy.values.loc[DAYS].to_numpy()
    assert len(own.trades) == 4 * len(own.decided) > 140
    assert_allclose(own.wealth, expected, rtol=1e-8)
    assert not own.incidents
