"""What a strategy would have done at past prices, and whether what would refute it came true: stored, with its day."""

from typing import Literal

from toolkit.records.backtest import Interval
from toolkit.records.base import Day, Record, Rows

Verdict = Literal["holds", "cannot_tell", "refuted"]


class Followed(Record):
    """A strategy followed in one rhythm, or what it is compared with, net of every cost; fractions, a year."""

    name: str
    """`followed`, `held` (bought once), `equal-weight`, `sample-minimum-risk` or `gold-only`."""
    every: str
    """How often it decides: month, quarter, year, never."""
    growth: float
    """Compound return."""
    growth_interval: Interval | None
    """Null where there are too few returns."""
    ahead: float
    """Growth of the strategy in its own rhythm less this growth."""
    ahead_interval: Interval | None
    """Of the same resampled months; null where there are too few."""
    first_costs: float
    """Paid for the first purchase, of wealth at the start, once."""
    costs: float
    """Paid for trades after it, of mean wealth."""
    turnover: float
    """Half of purchases and sales after it, of mean wealth."""
    volatility: float
    """Of what was held, at price levels freed of noise."""
    volatility_prints: float
    """Of what was held, at observed prices."""


class Refutation(Record):
    """One way in which a strategy would be refuted, and what came of it."""

    figure: str | None
    """Its figure, as in the strategy file; null where no prices tell it."""
    against: str | None
    """Whose figure it is held against, under the same universe, limits and terms; null for numbers."""
    above: float | None
    """Refuted above it."""
    below: float | None
    """Refuted below it."""
    years: float
    """Asked for before anything is said."""
    until: Day | None
    """Day before which nothing is said."""
    needs: str | None
    """What would have to be known, in words of the strategy."""
    value: float | None = None
    """The figure, at levels freed of noise."""
    other: float | None = None
    """What it is held against: the figure of the other strategy, or the nearer number."""
    margin: float | None = None
    """How far it is on the good side, in its own unit; below zero it speaks against the strategy."""
    interval: Interval | None = None
    """The middle 95 % of the margin."""
    margin_prints: float | None = None
    """The margin at observed prices."""
    interval_prints: Interval | None = None
    """The middle 95 % of it."""
    so_far: Verdict = "cannot_tell"
    """What both intervals say, whatever number of years was asked for."""
    verdict: Verdict = "cannot_tell"
    """What is said: `so_far` once the years are there."""
    years_needed: float | None = None
    """Of month ends in all until something can be said, where the margin stays; null where nobody can tell."""


class LimitsKept(Record):
    """On how many dates a strategy, followed in its own rhythm, held its limits in their holding form."""

    dates: int
    """On which something was held."""
    exceeded: int
    """Of them those on which prices, or a change of law, had carried what was held beyond a limit."""
    decisions: int
    """Made."""
    beyond: int
    """Of them those after which a limit was exceeded all the same, at the prices of the decision: it gave way."""
    names: Rows[str]
    """Of limits that were exceeded on a date or by a decision, the most often first."""


class EvidenceState(Record):
    """Whether what would refute a strategy came true."""

    verdict: Verdict = "cannot_tell"
    """refuted where one of its refutations came true, holds where none of them did."""
    years_needed: float | None = None
    """The most that an open refutation needs; null where none is open, or nobody can tell."""
    against: bool = False
    """Whether nothing can be said yet, and what is there speaks against it."""


class StrategyEvidence(EvidenceState):
    """What past prices say of a strategy."""

    name: str
    """Name of its file."""
    title: str
    """As it says itself."""
    fingerprint: str
    """Of the strategy that was followed."""
    day: Day
    """Of the data."""
    every: str
    """Its own rhythm."""
    start: Day | None = None
    """First date; null where there are no prices."""
    end: Day | None = None
    """Last date."""
    years: float | None = None
    """Between them."""
    refutations: Rows[Refutation]
    """As it states them."""
    followed: Rows[Followed] = ()
    """In its own rhythm first."""
    limits: LimitsKept | None = None
    """Null where there are no figures."""
    missing: str | None = None
    """Why there are no figures."""


class EvidenceList(Record, schema="strategies-evidence"):
    """The stored evidence of strategies: `toolkit strategies evidence`."""

    as_of: Day
    """Day of the data."""
    currency: str
    """Of the budget."""
    budget: float
    """With which each begins."""
    strategies: Rows[StrategyEvidence]
    """By name."""
