"""A backtest over time: falls below the last peak, return and volatility of a window, months, what an asset earned, and noise.

The noise of wealth is that of resampled histories (`toolkit.backtest.evaluation`): on each date the middle of what so many
of the same returns come to, in another order and with others left out. It starts at zero width and widens with time.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np

from toolkit.backtest.evaluation import CONFIDENCE, Paths, parts_of
from toolkit.backtest.prices import BacktestPrices
from toolkit.backtest.simulate import Backtest
from toolkit.core.forecast import FloatArray
from toolkit.core.units import cents

ENDS = (1 - CONFIDENCE) / 2, (1 + CONFIDENCE) / 2


@dataclass(frozen=True, slots=True)
class Attribution:
    """Where wealth came from, to the cent: wealth at the end = at the start + gains + interest - storage - costs - lost.

    Attributes:
        gains: (n,) of metal held, by prices and exchange rates.
        storage, costs, lost, interest: As of `toolkit.backtest.simulate.BookEntry`, over all dates.
    """

    gains: FloatArray
    storage: float
    costs: float
    lost: float
    interest: float


def attribution(backtest: Backtest, prices: BacktestPrices) -> Attribution:
    """What each asset earned, and what was paid.

    Args:
        backtest: T dates, n assets.
        prices: Those that it was simulated at.
    """
    entries = backtest.entries
    units = np.array([entry.units for entry in entries])
    values = np.array([entry.values for entry in entries])
    held = np.where(units[:-1] != 0, units[:-1] * last_observed(prices.observed)[1:], 0.0)
    gains = np.round((cents(held) - values[:-1]).sum(axis=0), 2)
    paid = (round(sum(getattr(entry, name) for entry in entries), 2) for name in ("storage", "costs", "lost", "interest"))
    return Attribution(gains, *paid)


def drawdowns(wealth: FloatArray) -> FloatArray:
    """(T,) fraction by which wealth is below its highest so far: 0 at a peak, positive below it."""
    return 1.0 - wealth / np.maximum.accumulate(wealth)


def rolling_volatility(returns: FloatArray, window: int, periods_per_year: float) -> FloatArray:
    """(T - window + 1,) annual volatility of each `window` returns in a row; none where there are fewer.

    Args:
        returns: (T,) simple returns.
        window: At least 2.
        periods_per_year: Of the returns.
    """
    if len(returns) < window:
        return np.zeros(0)
    windows = np.lib.stride_tricks.sliding_window_view(returns, window)
    return windows.std(axis=1, ddof=1) * np.sqrt(periods_per_year)


def rolling_return(wealth: FloatArray, window: int) -> FloatArray:
    """(T - window,) return of each `window` periods in a row, of wealth (T,); none where there are fewer."""
    return wealth[window:] / wealth[: max(len(wealth) - window, 0)] - 1.0


def wealth_band(returns: FloatArray, paths: Paths | None, opening: float) -> FloatArray:
    """(T + 1, 2) ends of the middle of resampled wealth on each date; (0, 2) without paths.

    Args:
        returns: (T,) simple returns.
        paths: (draws, T) positions; None where returns are too few.
        opening: Wealth on the first date.
    """
    if paths is None:
        return np.zeros((0, 2))
    logs, before = np.log1p(returns), np.zeros(len(paths))
    ends = [np.ones((1, 2))]
    for part in parts_of(len(returns), len(paths)):
        grown = logs[paths[:, part].T]  # a date in a row: each is sorted in one piece of memory
        grown[0] += before
        np.cumsum(grown, axis=0, out=grown)
        before = grown[-1].copy()
        grown.sort(axis=1)
        ends.append(np.exp(_ends_of(grown)))
    return opening * np.vstack(ends)


def _ends_of(ascending: FloatArray) -> FloatArray:
    """(T, 2) quantiles at `ENDS` of each row of (T, m), those of `numpy.quantile`, which does not use that rows are sorted."""
    at = (ascending.shape[1] - 1) * np.array(ENDS)
    below = np.floor(at).astype(np.intp)
    lower, upper, part = ascending[:, below], ascending[:, below + 1], at - below
    return np.where(part < 0.5, lower + (upper - lower) * part, upper - (upper - lower) * (1.0 - part))


def returns_of_periods(dates: Sequence[date], wealth: FloatArray, *, yearly: bool) -> tuple[tuple[date, float], ...]:
    """(last date, return) of each month, or year, since the last date before it; the first one since the opening.

    Args:
        dates: T days.
        wealth: (T,).
        yearly: Whether periods are years.
    """
    period = [(day.year, 0 if yearly else day.month) for day in dates]
    last = [i for i in range(len(dates)) if i + 1 == len(dates) or period[i] != period[i + 1]]
    # What is left of the period of the opening is a part of its first one, or nothing where the opening ends it.
    ends = last if last[0] == 0 else [0, *last]
    return tuple((dates[b], float(wealth[b] / wealth[a] - 1.0)) for a, b in itertools.pairwise(ends))


def last_observed(observed: FloatArray) -> FloatArray:
    """(T, n) price of each date, or the last one before it; NaN before the first."""
    rows = np.where(np.isfinite(observed), np.arange(len(observed))[:, None], 0)
    return np.take_along_axis(observed, np.maximum.accumulate(rows, axis=0), axis=0)
