"""Figures of what a strategy held at past prices, and whether they refute it.

A model that believes a noisy metal to be volatile would be punished by prices that a filter has made calm, and one that
believes it to be calm by prints. So figures of risk are read from what was held on both, levels freed of noise and prints, and
a refutation holds or fails only where both say so. Figures of return are those of the account, net of every cost.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from toolkit.backtest.evaluation import Paths
from toolkit.backtest.prices import BacktestPrices
from toolkit.backtest.simulate import Backtest
from toolkit.core.forecast import FloatArray, read_only_arrays
from toolkit.records.backtest import Interval

Verdict = Literal["holds", "cannot_tell", "refuted"]
Positions = NDArray[np.integer[Any]]
TWENTIETH, TENTH = 0.05, 0.1


@dataclass(frozen=True, slots=True)
class RefutationOutcome:
    """What was held between T dates at one kind of price.

    Attributes:
        net: (T - 1,) returns of the account, net of every cost.
        weights: (T - 1, n) at the start of each period.
        returns: (T - 1, n) of the assets over it; 0 where nothing was held.
        per_year: Periods of a year.
        within: (n,) whether an asset is of the groups that are asked about.
    """

    net: FloatArray
    weights: FloatArray
    returns: FloatArray
    per_year: float
    within: FloatArray

    def __post_init__(self) -> None:
        read_only_arrays(self)

    @property
    def brought(self) -> FloatArray:
        """(T - 1, n) part of the gross return that each asset brought."""
        return self.weights * self.returns

    def at(self, rows: Positions) -> RefutationOutcome:
        """The same of some periods."""
        return replace(self, net=self.net[rows], weights=self.weights[rows], returns=self.returns[rows])


def outcome(backtest: Backtest, prices: BacktestPrices, within: frozenset[str] = frozenset()) -> RefutationOutcome:
    """What a backtest held, at prices that may be others than those it traded at.

    Args:
        backtest: T dates.
        prices: On the same dates.
        within: Keys of the assets of the groups that are asked about.
    """
    at = [prices.assets.index(key) for key in backtest.assets]
    first = prices.position(backtest.dates[0])
    price = prices.observed[first : first + len(backtest.dates), at]
    seen = np.maximum.accumulate(np.where(np.isfinite(price), np.arange(len(price))[:, None], 0), axis=0)
    price = np.take_along_axis(price, seen, axis=0)
    units = np.array([entry.units for entry in backtest.entries])[:-1]
    values = np.nan_to_num(units * price[:-1])
    wealth = values.sum(axis=1) + np.array([entry.cash for entry in backtest.entries])[:-1]
    with np.errstate(invalid="ignore"):
        returns = np.nan_to_num(np.where(units != 0, price[1:] / price[:-1] - 1.0, 0.0))
    return RefutationOutcome(
        backtest.returns,
        values / wealth[:, None],
        returns,
        backtest.periods_per_year,
        np.array([key in within for key in backtest.assets], dtype=float),
    )


def _deviation(returns: FloatArray, per_year: float) -> float:
    return float(returns.std(ddof=1) * math.sqrt(per_year))


def _worst(returns: FloatArray, part: float) -> Positions:
    """Positions of the worst part of the periods, at least one."""
    return np.argsort(returns)[: max(1, round(part * len(returns)))]


def _volatility(o: RefutationOutcome) -> float:
    return _deviation(o.brought.sum(axis=1), o.per_year)


def _growth(o: RefutationOutcome) -> float:
    return float(np.prod(1.0 + o.net) ** (o.per_year / len(o.net)) - 1.0)


def _ratio(gain: float, risk: float) -> float:
    return gain / risk if risk > 0 else math.nan


def _tail(o: RefutationOutcome) -> float:
    gross = o.brought.sum(axis=1)
    return -float(gross[_worst(gross, TENTH)].mean())


def _drawdown(o: RefutationOutcome) -> float:
    path = np.cumprod(np.append(1.0, 1.0 + o.brought.sum(axis=1)))
    return float((1.0 - path / np.maximum.accumulate(path)).max())


def _shares(o: RefutationOutcome) -> FloatArray:
    """(n,) parts of the realised variance."""
    brought = o.brought - o.brought.mean(axis=0)
    covariances = brought.T @ brought.sum(axis=1)
    return covariances / covariances.sum()


def _tail_parts(o: RefutationOutcome) -> FloatArray:
    """(n,) equal parts of the loss of the worst tenth of periods that each asset brings; there are as many as assets held."""
    gross = o.brought.sum(axis=1)
    lost = o.brought[_worst(gross, TENTH)].sum(axis=0)
    return lost / lost.sum() * int((o.weights > 0).any(axis=0).sum())


def _diversification(o: RefutationOutcome) -> float:
    singly = o.returns.std(axis=0, ddof=1) * math.sqrt(o.per_year)
    return _ratio(_volatility(o), float(o.weights.mean(axis=0) @ singly))


@dataclass(frozen=True, slots=True)
class RefutationFigure:
    """A figure of an outcome.

    Attributes:
        of: Its value.
        less_is_better: Whether the lower of two is the better one.
        net: Whether it is of the account alone, and so the same at any kind of price.
    """

    of: Callable[[RefutationOutcome], float]
    less_is_better: bool = True
    net: bool = False


FIGURES: Mapping[str, RefutationFigure] = MappingProxyType(
    {
        "volatility": RefutationFigure(_volatility),
        "growth": RefutationFigure(_growth, less_is_better=False, net=True),
        "return_over_volatility": RefutationFigure(
            lambda o: _ratio(_growth(o), _deviation(o.net, o.per_year)), less_is_better=False, net=True
        ),
        "return_over_tail": RefutationFigure(
            lambda o: _ratio(float(o.net.mean()), -float(o.net[_worst(o.net, TWENTIETH)].mean())),
            less_is_better=False,
            net=True,
        ),
        "utility": RefutationFigure(
            lambda o: o.per_year * float(o.net.mean() - 1.5 * o.net.var(ddof=1)), less_is_better=False, net=True
        ),
        "tail_loss": RefutationFigure(_tail),
        "drawdown": RefutationFigure(_drawdown),
        "diversification": RefutationFigure(_diversification),
        "unequal_risk": RefutationFigure(lambda o: float((_shares(o) ** 2).sum())),
        "largest_risk": RefutationFigure(lambda o: float(_shares(o).max())),
        "largest_tail": RefutationFigure(lambda o: float(_tail_parts(o).max())),
        "group_risk": RefutationFigure(lambda o: float(_shares(o) @ o.within)),
    }
)


@dataclass(frozen=True, slots=True)
class Margin:
    """How far a figure is on the good side of what would refute it, in its own unit.

    Attributes:
        value: The figure.
        other: What it is held against.
        margin: Above zero where it speaks for the strategy.
        interval: The middle 95 % of it over resampled periods; None where there are too few.
    """

    value: float
    other: float
    margin: float
    interval: Interval | None

    @property
    def verdict(self) -> Verdict:
        """What the interval says, whatever number of years was asked for."""
        if self.interval is None:
            return "cannot_tell"
        return "holds" if self.interval.low > 0 else "refuted" if self.interval.high < 0 else "cannot_tell"

    def years_needed(self, years: float) -> float | None:
        """Years after which an interval around this margin would leave out zero; it narrows with their root.

        Args:
            years: Seen so far.
        """
        if self.interval is None or self.margin == 0:
            return None
        return years * max(1.0, (self.interval.width / 2 / abs(self.margin)) ** 2)


def against_other(figure: RefutationFigure, ours: RefutationOutcome, other: RefutationOutcome, paths: Paths | None) -> Margin:
    """How much better a figure is than that of another strategy in the same periods.

    Args:
        figure: Of both.
        ours: The strategy.
        other: What it is held against.
        paths: (draws, T - 1) positions of resampled periods; None where they are too few.
    """
    sign = -1.0 if figure.less_is_better else 1.0

    def better(a: RefutationOutcome, b: RefutationOutcome) -> float:
        return sign * (figure.of(a) - figure.of(b))

    interval = _interval([better(ours.at(rows), other.at(rows)) for rows in paths]) if paths is not None else None
    return Margin(figure.of(ours), figure.of(other), better(ours, other), interval)


def against_numbers(
    figure: RefutationFigure, ours: RefutationOutcome, below: float | None, above: float | None, paths: Paths | None
) -> Margin:
    """How far a figure is inside what numbers allow.

    Args:
        figure: Of the strategy.
        ours: The strategy.
        below: Refuted below it; None for no such number.
        above: Refuted above it.
        paths: As of `against_other`.
    """
    low, high = -math.inf if below is None else below, math.inf if above is None else above

    def inside(value: float) -> float:
        return min(value - low, high - value)

    value = figure.of(ours)
    interval = _interval([inside(figure.of(ours.at(rows))) for rows in paths]) if paths is not None else None
    return Margin(value, low if value - low < high - value else high, inside(value), interval)


def _interval(drawn: list[float]) -> Interval:
    low, high = np.nanquantile(drawn, (0.025, 0.975))
    return Interval(float(low), float(high))
