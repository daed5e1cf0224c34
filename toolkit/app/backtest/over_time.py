"""The part of a backtest's record that runs over time, and where its wealth came from."""

from __future__ import annotations

from typing import Any

from toolkit.backtest import time_series
from toolkit.backtest.evaluation import Paths
from toolkit.backtest.prices import BacktestPrices
from toolkit.backtest.simulate import Backtest


def over_time(backtest: Backtest, prices: BacktestPrices, paths: Paths | None, *, banded: bool) -> dict[str, Any]:
    """Fields of `toolkit.records.answers.backtest.Simulated`.

    Args:
        backtest: T dates.
        prices: Those that it was simulated at.
        paths: (draws, T - 1) positions of resampled returns; None where they are too few.
        banded: Whether wealth has a band of noise.
    """
    dates, wealth, returns, frequency = backtest.dates, backtest.wealth, backtest.returns, backtest.periods_per_year
    window = round(frequency)
    rolling = time_series.rolling_volatility(returns, window, frequency).tolist()
    noise = time_series.volatility_of_windows(returns, paths, window, frequency)
    band = time_series.wealth_band(returns, paths if banded else None, float(wealth[0]))
    earned = time_series.attribution(backtest, prices)
    return {
        "band": [{"low": low, "high": high} for low, high in band.tolist()],
        "drawdown": time_series.drawdowns(wealth),
        "rolling_volatility": [*[None] * (len(dates) - len(rolling)), *rolling],
        "rolling_band": None if noise is None else {"low": noise.low, "high": noise.high},
        "months": _periods(backtest, yearly=False),
        "calendar_years": _periods(backtest, yearly=True),
        "attribution": {
            "gains": {key: gain for key, gain in zip(backtest.assets, earned.gains.tolist(), strict=True) if gain},
            "storage": earned.storage,
            "costs": earned.costs,
            "lost": earned.lost,
        },
    }


def _periods(backtest: Backtest, *, yearly: bool) -> list[dict[str, Any]]:
    found = time_series.returns_of_periods(backtest.dates, backtest.wealth, yearly=yearly)
    return [{"ends": day, "value": value} for day, value in found]
