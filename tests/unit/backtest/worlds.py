"""Small worlds of prices, and decisions that need no optimizer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date

import numpy as np

from toolkit.backtest.account import Account, Decision
from toolkit.backtest.prices import BacktestPrices
from toolkit.core.calendar import month_end
from toolkit.core.forecast import FloatArray
from toolkit.optimize.costs import Costs

MONTHS = tuple(month_end(2024 * 12 + number) for number in range(12))


def world(dates: Sequence[date], **paths: Sequence[float] | FloatArray) -> BacktestPrices:
    """Prices of assets, each published on its date; the last published one is known where one is missing."""
    observed = np.array([*paths.values()], dtype=float).T
    published = observed.copy()
    for t in range(1, len(dates)):
        published[t] = np.where(np.isfinite(published[t]), published[t], published[t - 1])
    monthly = dates[1] == month_end(dates[1].year * 12 + dates[1].month - 1)
    return BacktestPrices(
        tuple(dates),
        tuple(paths),
        observed,
        published,
        monthly,
        ("as_given",) * len(paths),
        np.zeros(observed.shape, dtype=bool),
    )


class Plan:
    """Decides quantities by day: what is named on a day, else what was named last."""

    def __init__(
        self, prices: BacktestPrices, costs: Costs, plan: Mapping[date, Sequence[float]], *, lots: bool = True
    ) -> None:
        self.prices, self.costs, self.plan, self.lots = prices, costs, plan, lots
        self.seen: list[Account] = []
        self.decisions: dict[date, Decision] = {}

    def __call__(self, day: date, account: Account) -> Decision:
        self.seen.append(account)
        quantities = next(self.plan[known] for known in sorted(self.plan, reverse=True) if known <= day)
        price = self.prices.published[self.prices.dates.index(day)]
        n = len(self.prices.assets)
        budget = account.cash + float(np.nansum(account.owned * price))
        steps = np.full(n, 1.0 if self.lots else np.nan)
        quantities = np.array(quantities, dtype=float)
        self.decisions[day] = Decision(self.prices.assets, quantities, price, self.costs, budget, steps)
        return self.decisions[day]


class FixedWeights:
    """Decides the same weights on every day, of assets in any quantity."""

    def __init__(self, prices: BacktestPrices, costs: Costs, weights: Sequence[float]) -> None:
        self.prices, self.costs, self.weights = prices, costs, np.array(weights)

    def __call__(self, day: date, account: Account) -> Decision:
        price = self.prices.published[self.prices.dates.index(day)]
        budget = account.cash + float(account.owned @ price)
        steps = np.full(len(price), np.nan)
        return Decision(self.prices.assets, self.weights * budget / price, price, self.costs, budget, steps)


def costs(n: int = 1, half_spread: float = 0.01, storage: float = 0.0, fee: float = 0.0) -> Costs:
    return Costs(half_spread=np.full(n, half_spread), storage=np.full(n, storage), fee=fee)
