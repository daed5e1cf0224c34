"""What a backtest says of a strategy, and how sure it is.

Intervals come from the stationary bootstrap (Politis and Romano 1994): blocks of geometric length around the circle of
returns, which keep what neighbouring returns have in common. All strategies are drawn at the same places, so that a
difference between two of them is that of the same months.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np
from numpy.typing import NDArray

from toolkit.backtest.drawdown import Drawdown, drawdown
from toolkit.backtest.simulate import Backtest
from toolkit.core.calendar import add_months
from toolkit.core.forecast import FloatArray
from toolkit.core.units import DAYS_PER_YEAR
from toolkit.records.backtest import BenchmarkFigures, Interval
from toolkit.risk_measures.tail import CVaR

DRAWS = 2000
"""Paths that an interval is read from: its ends move by less than a tenth of its width from seed to seed."""
CONFIDENCE = 0.95
CVAR_CONFIDENCE = 0.95
"""Of the mean loss of the worst periods: the worst twentieth."""
NO_SPREAD = 1e-12
"""Standard deviation of returns up to which they do not vary, as those of cash."""
EVENT_MONTHS = 3
"""Months after an event in which a loss counts as following it."""
RETURNS_AT_ONCE = 1 << 19
"""Resampled returns that are held as numbers at once: four megabytes, however many paths and dates there are."""
Paths = NDArray[np.integer[Any]]
"""(draws, T) positions of T returns in resampled paths, in as few bytes as they need."""


@dataclass(frozen=True, slots=True)
class Performance:
    """Figures of a backtest, net of every cost; fractions, a year where nothing else is said.

    Attributes:
        years: From the first date to the last.
        total: Return over all of them.
        growth: Compound return.
        volatility: Of simple returns, times the root of the periods in a year, which are those of the dates; NaN below three.
        growth_interval, volatility_interval: None below `LEAST_RETURNS` returns.
        turnover: Half of purchases and sales, over mean wealth; the first purchase counts.
        costs, storage: Paid, over mean wealth.
        ratios: Of what was earned to its risk.
    """

    years: float
    total: float
    growth: float
    growth_interval: Interval | None
    volatility: float
    volatility_interval: Interval | None
    drawdown: Drawdown
    turnover: float
    costs: float
    storage: float
    ratios: Ratios


@dataclass(frozen=True, slots=True)
class Ratios:
    """What is earned for the risk; None where it has no meaning, as without a loss.

    Attributes:
        sharpe: Mean over standard deviation of returns over those of cash, a year (Sharpe 1966).
        sortino: The same over the root of their mean squared loss (Sortino and van der Meer 1991).
        calmar: Growth a year over the deepest fall.
        cvar: Mean loss of the worst twentieth of periods, positive where it is one.
        skew: Of returns, with the correction for a sample; None below three.
    """

    sharpe: float | None
    sortino: float | None
    calmar: float | None
    cvar: float
    skew: float | None


LEAST_RETURNS = 8
"""Returns below which no interval is given: with fewer, resampled paths are few and alike."""


@dataclass(frozen=True, slots=True)
class Difference:
    """Growth a year of one strategy less that of another, over the same dates.

    Attributes:
        growth: Fraction a year.
        interval: None below `LEAST_RETURNS` returns.
        years: Of the backtest.
    """

    growth: float
    interval: Interval | None
    years: float

    @property
    def is_distinguishable(self) -> bool:
        """Whether the interval leaves out zero."""
        return self.interval is not None and not self.interval.low <= 0.0 <= self.interval.high

    @property
    def years_needed(self) -> float | None:
        """Years after which an interval around this difference would leave out zero; it narrows with their root.

        None without an interval or a difference.
        """
        if self.interval is None or self.growth == 0.0:
            return None
        return self.years * (self.interval.width / 2 / abs(self.growth)) ** 2


def block_length(count: int) -> float:
    """Mean length of blocks for so many returns: their cube root, the rate that is optimal for a variance (Künsch 1989)."""
    return max(1.0, count ** (1 / 3))


def stationary_bootstrap(count: int, *, block: float, draws: int = DRAWS, seed: int = 0) -> Paths:
    """Positions (draws, count) of resampled returns.

    Args:
        count: Returns.
        block: Mean length of a block, from 1.
        draws: Paths.
        seed: Of the draws.
    """
    rng = np.random.default_rng(seed)
    found = np.empty((draws, count), dtype=np.min_scalar_type(-2 * count))
    parts, at = parts_of(draws, count), np.arange(count, dtype=found.dtype)
    for part in parts:
        found[part] = rng.integers(0, count, found[part].shape)
    for part in parts:
        begins = rng.random(found[part].shape) < 1.0 / block
        begins[:, 0] = True
        lengths = np.diff(np.flatnonzero(begins), append=begins.size)
        walked = np.repeat((found[part] - at)[begins], lengths).reshape(begins.shape) + at
        found[part] = np.where(walked >= count, walked - at.dtype.type(count), walked)  # after the last return comes the first
    return found


def parts_of(length: int, width: int) -> list[slice]:
    """Rows of a table in parts of at most `RETURNS_AT_ONCE` cells, and of one row at least.

    Args:
        length: Rows.
        width: Cells of a row.
    """
    step = max(1, RETURNS_AT_ONCE // width)
    return [slice(first, min(first + step, length)) for first in range(0, length, step)]


def resampled(backtest: Backtest, *, draws: int = DRAWS, seed: int = 0) -> Paths | None:
    """Positions of the returns of a backtest in resampled paths; None where they are too few for an interval.

    Args:
        backtest: T dates.
        draws: How many paths.
        seed: Of the draws; the same paths for the same seed.
    """
    count = len(backtest.returns)
    if count < LEAST_RETURNS:
        return None
    return stationary_bootstrap(count, block=block_length(count), draws=draws, seed=seed)


def performance(backtest: Backtest, paths: Paths | None) -> Performance:
    """The figures of a backtest.

    Args:
        backtest: T dates.
        paths: (draws, T - 1) positions of returns (see `resampled`); None for no intervals.
    """
    wealth, returns, years = backtest.wealth, backtest.returns, years_of(backtest)
    root, mean = np.sqrt(backtest.periods_per_year), float(wealth.mean())
    entries, fall = backtest.entries, drawdown(backtest.dates, wealth)
    growth = float((wealth[-1] / wealth[0]) ** (1 / years) - 1.0)
    return Performance(
        years=years,
        total=float(wealth[-1] / wealth[0] - 1.0),
        growth=growth,
        growth_interval=None if paths is None else _interval(_growths(returns, paths, years)),
        volatility=float(returns.std(ddof=1) * root) if len(returns) > 1 else float("nan"),
        volatility_interval=None if paths is None else _interval(_volatilities(returns, paths) * root),
        drawdown=fall,
        turnover=sum(entry.turnover for entry in entries) / 2 / mean / years,
        costs=sum(entry.costs for entry in entries) / mean / years,
        storage=sum(entry.storage for entry in entries) / mean / years,
        ratios=ratios(returns, backtest.periods_per_year, growth, fall.depth, backtest.rates),
    )


def ratios(returns: FloatArray, periods: float, growth: float, depth: float, cash: FloatArray | float = 0.0) -> Ratios:
    """Ratios of returns (T,).

    Args:
        returns: T simple returns, one or more.
        periods: Of these a year.
        growth: Compound return a year.
        depth: Deepest fall.
        cash: (T,) returns of cash; none by default.
    """
    over, root, count = returns - cash, float(np.sqrt(periods)), len(returns)
    mean, spread = float(over.mean()), float(over.std(ddof=1)) if count > 1 else 0.0
    losses = float(np.sqrt(np.mean(np.minimum(over, 0.0) ** 2)))
    about = returns - returns.mean()
    moment = float(np.mean(about**3)) / float(np.mean(about**2)) ** 1.5 if returns.std() > NO_SPREAD else 0.0
    return Ratios(
        sharpe=mean / spread * root if spread > NO_SPREAD else None,
        sortino=mean / losses * root if losses > 0.0 else None,
        calmar=growth / depth if depth > 0.0 else None,
        cvar=CVaR(confidence=CVAR_CONFIDENCE).numeric(-returns, np.full(count, 1.0 / count)),
        skew=moment * np.sqrt(count * (count - 1)) / (count - 2) if count > 2 and returns.std() > NO_SPREAD else None,
    )


def beside_benchmark(backtest: Backtest, benchmark: Backtest | FloatArray) -> BenchmarkFigures | None:
    """Figures beside a benchmark since the first trade, and from before its costs: until then all is cash.

    None where nothing was traded before the last date.

    Args:
        backtest: T dates.
        benchmark: What another strategy did on the same dates, or (T,) levels.
    """
    start = backtest.dates.index(backtest.trades[0].day) if backtest.trades else len(backtest.dates) - 1
    if start + 1 >= len(backtest.dates):
        return None
    levels = benchmark[start:] if isinstance(benchmark, np.ndarray) else _since(benchmark, start)
    ours, its = (of[1:] / of[:-1] - 1.0 for of in (_since(backtest, start), levels))
    return against_benchmark(ours, its, backtest.periods_per_year, backtest.rates[start:])


def _since(backtest: Backtest, start: int) -> FloatArray:
    """(T - start,) wealth from a date on, on this one before the costs of its trades."""
    wealth = backtest.wealth[start:].copy()
    wealth[0] += backtest.entries[start].costs
    return wealth


def against_benchmark(
    returns: FloatArray, benchmark: FloatArray, periods: float, cash: FloatArray | float = 0.0
) -> BenchmarkFigures:
    """Figures of returns beside those of a benchmark.

    Args:
        returns: (T,) simple returns.
        benchmark: (T,) of the same dates.
        periods: Of these a year.
        cash: (T,) returns of cash, over which alpha and beta are; none by default.
    """
    over, its = returns - cash, benchmark - cash
    apart = returns - benchmark
    ddof = min(1, len(returns) - 1)
    variance, error = float(its.var(ddof=ddof)), float(apart.std(ddof=ddof))
    known = np.sqrt(variance) > NO_SPREAD
    beta = float(np.cov(over, its, ddof=ddof)[0, 1]) / variance if known else None
    return BenchmarkFigures(
        beta=beta,
        alpha=None if beta is None else float(over.mean() - beta * its.mean()) * periods,
        tracking_error=error * float(np.sqrt(periods)),
        information_ratio=float(apart.mean()) / error * float(np.sqrt(periods)) if error > NO_SPREAD else None,
        up_capture=_captured(returns, benchmark, benchmark > 0.0),
        down_capture=_captured(returns, benchmark, benchmark < 0.0),
    )


def _captured(returns: FloatArray, benchmark: FloatArray, kept: NDArray[np.bool_]) -> float | None:
    """Compound return of the periods that are kept over that of the benchmark; None where there is no such period."""
    if not kept.any():
        return None
    ours, its = (float(np.expm1(np.log1p(of[kept]).mean())) for of in (returns, benchmark))
    return ours / its


def difference(ours: Backtest, other: Backtest, paths: Paths | None) -> Difference:
    """The growth of one backtest less that of another on the same dates.

    Args:
        ours: The one.
        other: The other.
        paths: As of `performance`.
    """
    years, of = years_of(ours), (ours.returns, other.returns)
    first, second = (float(np.prod(1 + returns) ** (1 / years)) for returns in of)
    interval = None
    if paths is not None:
        drawn, others = (_growths(returns, paths, years) for returns in of)
        interval = _interval(drawn - others)
    return Difference(first - second, interval, years)


def event_losses(backtest: Backtest, events: Mapping[str, date]) -> dict[str, float]:
    """Event -> the largest fall of wealth within `EVENT_MONTHS` after it, from the last date before; 0 where it never fell.

    Args:
        backtest: T dates.
        events: Event -> day; those before the first date, or without a date after them, are left out.
    """
    days = np.array(backtest.dates, dtype="datetime64[D]")
    found = {}
    for event, day in events.items():
        start = int(np.searchsorted(days, np.datetime64(day), side="left")) - 1
        end = int(np.searchsorted(days, np.datetime64(add_months(day, EVENT_MONTHS)), side="right"))
        if start >= 0 and end > start + 1:
            after = backtest.wealth[start + 1 : end].min()
            found[event] = max(0.0, float(1.0 - after / backtest.wealth[start]))
    return found


def years_of(backtest: Backtest) -> float:
    """Years from the first date to the last."""
    return (backtest.dates[-1] - backtest.dates[0]).days / DAYS_PER_YEAR


def _growths(returns: FloatArray, paths: Paths, years: float) -> FloatArray:
    """(draws,) growth a year of each path."""
    logs = np.log1p(returns)
    return np.expm1(np.concatenate([logs[paths[part]].sum(axis=1) for part in parts_of(*paths.shape)]) / years)


def _volatilities(returns: FloatArray, paths: Paths) -> FloatArray:
    """(draws,) standard deviation of each path."""
    count, about = paths.shape[1], returns - returns.mean()
    parts = (about[paths[part]] for part in parts_of(*paths.shape))
    squares = np.concatenate([np.einsum("dt,dt->d", x, x) - x.sum(axis=1) ** 2 / count for x in parts])
    return np.sqrt(np.maximum(squares, 0.0) / (count - 1))  # of a path of one return that rounds below nought


def _interval(values: FloatArray) -> Interval:
    low, high = np.quantile(values, [(1 - CONFIDENCE) / 2, (1 + CONFIDENCE) / 2])
    return Interval(float(low), float(high))
