"""What was optimised under which limits, how it was solved, and what it costs."""

# Records are frozen, so a field may have a narrower type in a subclass.
# pyright: reportIncompatibleVariableOverride=false
from collections.abc import Mapping
from typing import Literal

from pydantic import Field

from toolkit.optimize.solvers.certificate import Certificate
from toolkit.optimize.solvers.solve import Attempt
from toolkit.records.base import Day, Record, Rows
from toolkit.records.fields import TermName


class Objective(Record):
    """What is minimised, and the unit in which its multipliers are to be read."""

    kind: str
    """Of the strategy: min_risk, max_return, track, ..."""
    value: float
    """At the proposal, in `unit`."""
    unit: str
    """variance; measure, in that of `measure`; cost, a fraction of the budget a year; distance; ratio; return."""
    risk_aversion: float | None
    """Price of risk, where risk is priced as cost."""
    measure: str | None
    """Name of the measure of risk."""
    confidence: float | None
    """Where the tail begins, as a probability."""
    benchmark: Mapping[str, float] | str | None = None
    """Of an information ratio: weights by name, an asset, equal_weight or held."""


class Solver(Record):
    """How the problem was solved."""

    name: str
    """Of the solver whose answer was taken."""
    status: str
    """Its own word."""
    attempts: Rows[Attempt]
    """Every solver tried, in order."""
    kkt: Certificate | None
    """Certificate; null where there is none for this kind of problem."""
    lots_gap: float | None
    """No other answer in whole lots or few holdings is better by more than this part of the best possible value; null without
    either, or without proof."""
    lots_gap_value: float | None = None
    """What any other whole lots could be better by, rounded up, in the reporting currency a year: costs with risk at its price,
    return, a measure of loss, or of a variance the volatility; null without proof, and where the objective has no such unit."""
    rounding_cost: float | None
    """What whole lots cost the objective, in its unit."""
    reproducible: bool
    """Whether the same inputs give the same answer whatever the machine's speed."""


class Constraint(Record):
    """A named limit at the proposal. Value, limit and slack are in its own unit."""

    name: TermName
    kind: str
    """Of the strategy: bounds, group, risk_limit, ..."""
    value: float | None
    """What it comes to; null for a rule without a number."""
    limit: float | None
    """What was asked of purchases."""
    hold_limit: float | None
    """What is sold from, above `limit`; null where that is the limit itself."""
    slack: float | None
    """How far it may still go, what has grown through it as far as that; below zero it is broken."""
    binding: bool | None
    """Whether the limit is reached."""
    shadow_price: float | None
    """What the objective falls by for one unit of room more, in its unit."""
    shadow_price_less: float | None
    """What it rises by for one unit of room less, in its unit."""
    side: str | None
    """upper or lower."""
    where: str | None
    """Row that is nearest to its limit: an asset, a country, a measure."""
    soft: float | None
    """Price of breaking it; null where it may not be broken."""
    confidence: float | None
    """Where the tail begins that a limit on risk is measured by, as a probability."""
    measure: str | None
    """Measure of a limit on risk, whose unit is that of the figures; null for another."""
    days: float | None
    """Days that a sale may take at most, of a limit on what can be sold; null for another."""
    coverage: Mapping[str, str] | None = None
    """Export law (ISO-3, or EU) that a limit on controls rests on -> how far it is in the ledger: modelled, partial or pointer;
    null for another limit."""


class Limit(Constraint):
    """A constraint that sets a number."""

    value: float
    """What it comes to."""
    limit: float
    """What was asked."""
    slack: float
    """How far it may still go; below zero it is broken."""
    binding: bool
    """Whether the limit is reached."""
    side: Literal["upper", "lower"]
    """Of the value on which it is."""


class CostItems(Record):
    """Costs by what they are for, in the reporting currency."""

    entry: Mapping[str, float]
    """Paid once."""
    yearly: Mapping[str, float]
    """Paid each year."""


class Rebalancing(Record):
    """When a strategy is looked at again, and what of holdings may be sold then."""

    every: str
    """month, quarter, year, ..."""
    sell: str
    """free, beyond_hold or never."""
    next_look: Day | None
    """Day by which it is; null where it is never."""
    kept: Rows[str]
    """Keys of what is held and not sold, as nothing of it is beyond a limit for holding."""


class Costs(Record):
    """What the proposal costs, in the reporting currency."""

    entry: float
    """Paid for the trades."""
    holding_per_year: float
    """Paid each year for storage."""
    annualised: float | None
    """Entry spread over the holding period, and storage; a year, as a fraction of wealth."""
    holding_years: float
    """Years over which entry is spread."""
    by_purpose: CostItems = Field(alias="items")
    """What they are paid for."""
