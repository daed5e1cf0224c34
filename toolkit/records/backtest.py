"""What strategies would have done."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Literal

from toolkit.records.base import Day, Record, Rows
from toolkit.records.fields import DataBySource, Phrases, Remarks, SchemaVersion


@dataclass(frozen=True, slots=True)
class Interval:
    """The middle 95 % of a figure over resampled paths.

    Attributes:
        low: Lower end.
        high: Upper end.
    """

    low: float
    high: float

    @property
    def width(self) -> float:
        """Distance of the ends."""
        return self.high - self.low


@dataclass(frozen=True, slots=True)
class Trade:
    """A trade, decided on one day and made on another.

    Attributes:
        decided: Day of the decision.
        day: Day of the trade.
        asset: Key of the product.
        units: Bought (above zero) or sold.
        price: Of a unit, in the reporting currency.
        amount: Paid (above zero) or received, without the cost.
        cost: Paid beside.
    """

    decided: date
    day: date
    asset: str
    units: float
    price: float
    amount: float
    cost: float


@dataclass(frozen=True, slots=True)
class Incident:
    """Something that did not go as decided.

    Attributes:
        day: Of it.
        kind: unsolved, no_forecast, no_money: no decision, what was held is kept. within_threshold: no weight
            was far enough from its target. missing_price: an order waits for one; implausible_price: or for a better
            one. lapsed: it never found one. ended: a series had its last, and what was held is sold at it.
            short: part of the purchases was not paid for. overdrawn: bills were more than the cash, by so much; both from a
            thousandth of wealth on. delayed: a licence is needed. stopped: a ban came before the metal. refused: it was there
            before the purchase.
            returned: money that was stuck is paid back.
        asset: Key of the product; null where it is about all.
        amount: Money concerned, in the reporting currency.
        reason: In words, where there is more to say.
    """

    day: date
    kind: str
    asset: str | None = None
    amount: float | None = None
    reason: str | None = None


class Figures(Record):
    """Performance net of every cost: fractions, a year where nothing else is said."""

    total: float
    """Return over all dates."""
    growth: float
    """Compound return."""
    growth_interval: Interval | None
    """Null where there are too few returns."""
    volatility: float | None
    """Of simple returns between dates, times the root of `periods_per_year`; null below three dates."""
    volatility_interval: Interval | None
    """Null where there are too few returns."""
    max_drawdown: float
    """Deepest fall from a peak, positive."""
    peak: Day
    """Where it began."""
    trough: Day
    """Where it was deepest."""
    days_under_water: int
    """Longest time below an earlier peak, whichever it was, until it was reached again or to the last date."""
    turnover: float
    """Half of purchases and sales, over mean wealth; the first purchase counts."""
    costs: float
    """Paid for trades, over mean wealth."""
    storage: float
    """Paid for storage, over mean wealth."""
    sharpe: float | None = None
    """Mean over standard deviation of returns over those of cash, a year; null where they do not vary."""
    sortino: float | None = None
    """The same over the root of their mean squared loss; null without a loss."""
    calmar: float | None = None
    """Growth over the deepest fall; null without one."""
    cvar: float | None = None
    """Mean loss of the worst twentieth of returns between dates, positive where it is one."""
    skew: float | None = None
    """Of returns between dates; null below three."""
    best_month: float | None = None
    """Highest return of a calendar month, of the first and the last only the part between the dates."""
    worst_month: float | None = None
    """Lowest return of a calendar month."""


@dataclass(frozen=True, slots=True)
class BenchmarkFigures:
    """Returns between dates since the first trade, beside those of the benchmark; null where it has none to divide by.

    Attributes:
        beta: Covariance over the variance of the benchmark, of returns over those of cash.
        alpha: Mean of them a year that beta does not explain.
        tracking_error: Standard deviation of the difference, a year.
        information_ratio: Mean difference a year over it.
        up_capture: Compound return over that of the benchmark, of periods in which it rose.
        down_capture: The same of periods in which it fell.
    """

    beta: float | None
    alpha: float | None
    tracking_error: float
    information_ratio: float | None
    up_capture: float | None
    down_capture: float | None


class PeriodReturn(Record):
    """Return of a calendar month or year, net of every cost."""

    ends: Day
    """Last date of it."""
    value: float
    """Fraction; of the first and the last period only the part between the dates."""


class Attribution(Record):
    """Where wealth came from, to the cent: its last value is the budget + gains + interest - storage - costs - lost."""

    gains: Mapping[str, float]
    """Of metal held, by asset; what was never held is left out."""
    storage: float
    """Paid over all dates."""
    costs: float
    """Paid for trades over all dates."""
    lost: float
    """Value of metal that bans stopped, less what was returned."""
    interest: float = 0.0
    """On cash, over all dates; below zero what was paid on borrowed money."""


class Simulated(Record):
    """A strategy or a baseline and what it did."""

    name: str
    """Key of the strategy, or of the baseline."""
    title: str
    """Title."""
    role: Literal["strategy", "baseline"]
    """Whether it was asked for, or is what strategies are compared with."""
    fingerprint: str
    """Checksum of everything that it asks."""
    figures: Figures
    """Performance."""
    against_benchmark: BenchmarkFigures | None = None
    """Beside the benchmark; null where none was named, and where nothing was traded before the last date."""
    wealth: Rows[float]
    """On each date, in the reporting currency."""
    band: Rows[Interval]
    """On each date, where wealth lies in the middle 95 % of histories of the same returns drawn anew; empty where there are
    too few returns, and for baselines."""
    drawdown: Rows[float]
    """On each date, the fraction below the highest wealth so far; 0 at a peak."""
    rolling_volatility: Rows[float | None]
    """On each date, annual, of the returns of a year until then; null before there are so many."""
    rolling_return: Rows[float | None] = ()
    """On each date, of the year until then; null before there is one."""
    months: Rows[PeriodReturn]
    """Calendar months, oldest first."""
    calendar_years: Rows[PeriodReturn]
    """Calendar years, oldest first."""
    attribution: Attribution
    """What wealth came from."""
    weights: Rows[Mapping[str, float]]
    """On each date, by asset; what is zero is left out, the rest is cash."""
    decisions: Rows[Day]
    """Days on which it decided."""
    orders: Rows[Trade]
    """In the order of time."""
    incidents: Rows[Incident]
    """In the order of time."""
    stuck: float
    """Money stuck in orders that a ban stopped, at the end; it counts nothing in wealth."""


class Comparison(Record):
    """Growth a year of a strategy less that of another or of a baseline."""

    strategy: str
    """Key of the one."""
    against: str
    """Key of the other."""
    growth: float
    """Difference, a fraction a year."""
    interval: Interval | None
    """Null where there are too few returns, and where one of the two was in cash at first for want of an answer."""
    distinguishable: bool
    """Whether the interval leaves out zero."""
    years_needed: float | None
    """Years after which an interval around this difference would leave out zero; null without a difference."""

    @property
    def is_same(self) -> bool:
        """Whether both did the same on every date: no path has a difference."""
        return self.growth == 0.0 and (self.interval is None or self.interval.width == 0.0)


@dataclass(frozen=True, slots=True)
class Selection:
    """Which of all strategies and baselines is best, and which strategy beats equal weight, when all are looked at at once.

    Attributes:
        returns: How many each has.
        least: Returns below which nothing is compared.
        block: Mean length of the blocks of the stationary bootstrap, in returns.
        draws: Resampled paths.
        seed: Of these.
        confidence: Of what is said, a fraction.
        p_values: Of the model confidence set, by strategy or baseline: from 0, excluded as the best, to 1; null with too few
            returns.
        best: Those that cannot be excluded as the best: the model confidence set.
        benchmark: What strategies are tested against; null where it was not simulated.
        superior_p: P-value of the hypothesis that no strategy grows faster than the benchmark; null without a test.
        superior: Strategies that grow faster than the benchmark.
    """

    returns: int
    least: int
    block: int
    draws: int
    seed: int
    confidence: float
    p_values: Mapping[str, float] | None
    best: tuple[str, ...]
    benchmark: str | None
    superior_p: float | None = None
    superior: tuple[str, ...] = ()


class EventLosses(Record):
    """Falls of wealth within three months after the announcement of a control, from the last date before it."""

    event: str
    """Key of the event."""
    title: str
    """Number of the notice, or who acted."""
    announced: Day
    """Day of the announcement."""
    metals: Rows[str]
    """That it names."""
    losses: Mapping[str, float]
    """By strategy or baseline; 0 where wealth never fell below."""


class Backtest(Record, schema="backtest"):
    """Strategies and baselines over the same dates."""

    schema_version: SchemaVersion
    kind: Literal["backtest"]
    """What it is."""
    as_of: Day
    """Day of knowledge of the whole; each decision knows its own day alone."""
    currency: str
    """Reporting currency of every amount."""
    budget: float
    """Cash at the start of each."""
    prices: Literal["observed", "estimated"]
    """At which is traded and valued: as observed, or as a filter finds behind customs values."""
    monthly: bool
    """Whether dates are ends of months."""
    periods_per_year: float
    """Of the dates."""
    dates: Rows[Day]
    """The first is the opening."""
    years: float
    """From the first to the last."""
    strategies: Rows[Simulated]
    """Those asked for, then baselines."""
    comparisons: Rows[Comparison]
    """Of each strategy with each other and with each baseline."""
    cash_rate: float = 0.0
    """Interest a year on cash, its mean over the dates; 0 where cash earns nothing."""
    benchmark: str | None = None
    """Key of the strategy, the baseline or the asset that returns are held against; null where none was named."""
    selection: Selection | None = None
    """What can be said of all of them at once; null where that was not asked for."""
    events: Rows[EventLosses]
    """Official licences and bans announced between the dates."""
    noisy: Rows[str]
    """Assets valued at customs unit values, which are seen through noise."""
    filtered: Rows[str]
    """Assets valued at prices that are estimated behind customs unit values."""
    averaged: Rows[str]
    """Assets valued at monthly averages, which move less than prices of a day."""
    seed: int
    """Of resampled paths and of drawn delays."""
    data: DataBySource
    warnings: Rows[str]
    """Texts of the remarks that weaken the answer."""
    notes: Rows[str]
    """Texts of the others."""
    remarks: Remarks
    phrases: Phrases
