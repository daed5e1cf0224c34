"""Many backtests of one question."""

from collections.abc import Mapping
from typing import Literal

from toolkit.records.base import Day, Phrase, Record, Rows
from toolkit.records.fields import FirstVersion


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


class Sweep(Record, schema="sweep"):
    """Many backtests of one question."""

    schema_version: FirstVersion
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


class FutureQuantile(Record):
    """Value that so many of the futures end at or below."""

    probability: float
    """Fraction of the futures."""
    value: float
    """In the reporting currency."""


class FutureValues(Record):
    """What an allocation is worth at the end, over futures."""

    futures: int
    """How many."""
    mean: float
    """Mean value."""
    quantiles: Rows[FutureQuantile]
    """Ascending."""
    worst_twentieth: float
    """Mean value of the lowest twentieth."""
    losing: float
    """Fraction that ends below the budget."""


class FutureShock(Record):
    """A shock that may come within the period."""

    name: str
    """Of the `[[scenario]]`."""
    probability: float
    """Of coming within the period, after views."""
    returns: Mapping[str, float]
    """Asset -> return when it comes; the median of its band where that is drawn."""
    drawn: Rows[str]
    """Assets whose size is drawn from the 90 % band of the prior."""
    stops_deliveries: bool
    """Whether it is a control: purchases of these assets that wait for a licence are stopped."""
    values: FutureValues | None
    """Over the futures in which it comes; null where it came in none."""


class AllocationFutures(Record):
    """Futures of one allocation, decided today from nothing but cash."""

    schema_version: FirstVersion
    kind: Literal["allocation_futures"]
    """Of the object."""
    as_of: Day
    """Day of knowledge, on which everything is bought."""
    currency: str
    """Of all amounts."""
    strategy: str
    """Key."""
    budget: float
    """Money before costs."""
    years: float
    """From the purchase to the end."""
    seed: int
    """Of the draws."""
    amounts: Mapping[str, float]
    """Asset -> money paid for it, without costs."""
    cash: float
    """Left after costs; earns nothing."""
    values: FutureValues
    """Over all futures."""
    without_shock: FutureValues | None
    """Over those in which no shock comes; null where one came in each."""
    shocks: Rows[FutureShock]
    """In the order of the strategy."""
    undelivered: float
    """Fraction of the futures in which a purchase is stopped before it arrives."""
    undelivered_amount: float
    """Mean money paid for such purchases in these futures; 0 without any."""
    on_ban: Literal["returned", "stuck"]
    """What becomes of that money: it is in the value, or counts nothing."""
    notes: Rows[str]
    """What the draws rest on."""
    phrases: Mapping[str, Phrase]
    """Sentence -> its template and values."""


class FuturesRun(Record):
    """An allocation and its futures, or why there are none."""

    fingerprint: str
    """Checksum of everything that decides it: the name of its file."""
    changes: Mapping[str, str]
    """What of the question is its own."""
    found: AllocationFutures | None
    """Null without an allocation."""
    failure: str | None
    """Why there is none, and what to do about it."""


class Futures(Record, schema="futures"):
    """Futures of the allocations of one question."""

    schema_version: FirstVersion
    kind: Literal["futures"]
    """Of the object."""
    as_of: Day
    """Day of knowledge."""
    strategy: str
    """Key of the strategy."""
    folder: str
    """Where the object of each allocation is stored, under its fingerprint."""
    runs: Rows[FuturesRun]
    """In the order of the question."""
    failed: int
    """How many have no allocation."""
