"""Many backtests of one question."""

from collections.abc import Mapping
from typing import Literal

from toolkit.records.base import Day, Record, Rows


class SweepRun(Record):
    """A backtest, or why there is none."""

    fingerprint: str
    """Checksum of everything that decides it: the name of its file."""
    changes: Mapping[str, str]
    """What of the question is its own."""
    first: Day | None
    """First date; null without a backtest."""
    last: Day | None
    """Last date."""
    growth: float | None
    """Compound return a year, net of every cost; over less than a year the return over all dates."""
    volatility: float | None
    """A year; null below three dates too."""
    max_drawdown: float | None
    """Deepest fall from a peak, positive."""
    turnover: float | None
    """A year, over mean wealth."""
    costs: float | None
    """Paid for trades a year, over mean wealth."""
    failure: str | None
    """Why there is no backtest; null where there is one."""


class Sweep(Record):
    """Many backtests of one question."""

    schema_version: Literal[1]
    """Version of this object."""
    kind: Literal["sweep"]
    """Of the object."""
    as_of: Day
    """Day of knowledge."""
    sweep_id: str
    """Name of its folder among the stored sweeps: derived from the fingerprints of its backtests."""
    strategy: str
    """Key of the strategy that is varied."""
    folder: str
    """Where the object of each backtest is stored, under its fingerprint."""
    runs: Rows[SweepRun]
    """In the order of the question."""
    failed: int
    """How many have no backtest."""
    quantiles: Rows[float]
    """Least, lower quartile, median, upper quartile and greatest growth; empty without any."""
    drawdowns: Rows[float]
    """The same of the deepest falls, positive."""
    losing: float | None
    """Fraction of the backtests that ended below their start; null without any."""
    best: str | None
    """Fingerprint of the one with the greatest growth."""
    tries: int
    """Strategies over the same dates among which it is the best; 1 where dates differ."""
    deflated: float | None
    """Probability that the best Sharpe ratio of these is above what the best of as many without merit would show; null where
    it cannot be told."""
