"""At which prices a backtest tells the truth: at unit values as they are, or at the prices filtered out of them.

Metals whose true prices are known are seen through the noise that the filter takes unit values to have, and an account of
equal weights is simulated at the true, the observed and the filtered prices. The filter is the default for what is found here.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import numpy as np
import pytest

from toolkit.backtest.account import Account, Decision
from toolkit.backtest.evaluation import performance
from toolkit.backtest.prices import BacktestPrices
from toolkit.backtest.simulate import simulate
from toolkit.core.calendar import month_end
from toolkit.core.forecast import FloatArray
from toolkit.holdings.price_slips import FAR_RATIO
from toolkit.optimize.costs import Costs
from toolkit.returns.observation.level_filter import MODEL, filtered_levels

METALS, MONTHS, SEEN, WORLDS = 8, 55, 12, 10
DATES = tuple(month_end(2022 * 12 + t) for t in range(MONTHS))
FREE = Costs(half_spread=np.zeros(METALS), storage=np.zeros(METALS), fee=0.0)


@dataclass
class EqualWeight:
    """Decides equal weights from the filtered prices of the day, whatever prices are traded at."""

    believed: FloatArray

    def __call__(self, day: date, account: Account) -> Decision:
        price = self.believed[DATES.index(day)]
        budget = account.cash + float(account.owned @ price)
        return Decision(tuple(map(str, range(METALS))), budget / METALS / price, price, FREE, budget, np.full(METALS, np.nan))


def world(rng: np.random.Generator, scale: float) -> tuple[FloatArray, FloatArray, FloatArray]:
    """True prices, unit values and quantities, (MONTHS, METALS), drawn from the model of the filter with noise times `scale`."""
    high, level, path = rng.random(METALS) < 0.5, np.zeros(METALS), []
    for _ in range(MONTHS):
        high = np.where(high, rng.random(METALS) > MODEL.to_low, rng.random(METALS) < MODEL.to_high)
        level = level + np.where(high, MODEL.high_volatility, MODEL.low_volatility) * rng.standard_normal(METALS)
        path.append(level)
    quantity = np.exp(rng.normal(8.0, 1.0, (MONTHS, METALS)))
    scarce = np.log(np.median(quantity, axis=0) / quantity)
    noise = scale * MODEL.noise * np.exp(MODEL.noise_spread * rng.standard_normal(METALS))
    narrow = noise**2 * np.exp(MODEL.exponent * scarce)
    draw = rng.random((MONTHS, METALS))
    gross = narrow + MODEL.gross_size**2
    kind = np.where(draw < MODEL.gross, gross, np.where(draw < MODEL.gross + MODEL.wide, MODEL.wider * narrow, narrow))
    seen = np.array(path) + MODEL.premium * scarce + np.sqrt(kind) * rng.standard_normal((MONTHS, METALS))
    return np.exp(path), np.exp(seen), quantity


def plausible(prices: FloatArray) -> FloatArray:
    """NaN for a price that is far from the median of the three before it, as `BacktestPrices` has it."""
    found = prices.copy()
    for t in range(1, MONTHS):
        times = prices[t] / np.median(prices[max(0, t - 3) : t], axis=0)
        found[t] = np.where((times < FAR_RATIO) & (times > 1 / FAR_RATIO), prices[t], np.nan)
    return found


def volatility_of(traded: FloatArray, believed: FloatArray) -> float:
    """Volatility a year of equal weights."""
    rows = slice(SEEN, None)
    known = np.zeros((MONTHS - SEEN, METALS), dtype=bool)
    keys = tuple(map(str, range(METALS)))
    prices = BacktestPrices(DATES[rows], keys, traded[rows], believed[rows], True, ("",) * METALS, known)
    return performance(simulate(EqualWeight(believed), prices, budget=1e6), None).volatility


@pytest.mark.parametrize("scale", [1.0, 2.5])
def test_volatility_is_right_at_filtered_prices_and_far_too_high_at_unit_values(scale):
    rng = np.random.default_rng(3)
    rows = []
    for _ in range(WORLDS):
        truth, seen, quantity = world(rng, scale)
        believed = np.exp(filtered_levels(np.log(seen), quantity)[0])
        rows.append([volatility_of(traded, believed) for traded in (truth, plausible(seen), believed)])
    volatility = np.array(rows)
    _, observed, filtered = np.median(volatility / volatility[:, :1], axis=0)
    assert observed > 1.3
    assert 0.85 < filtered < 1.3
    nearer = np.abs(np.log(volatility[:, 2] / volatility[:, 0])) < np.abs(np.log(volatility[:, 1] / volatility[:, 0]))
    assert nearer.mean() > 0.8
