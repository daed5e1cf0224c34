"""A stop of supply: `toolkit shock --json`, and a report's `findings.json`. Multiples are price after over price before."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from toolkit.holdings.unit_price import UnitPrice
from toolkit.records.base import Day, Named, Record, Rows
from toolkit.records.fields import AsOf, Assumed, Citation, Currency, DataUsed, SourceId
from toolkit.shocks.elasticity import Elasticity, SupplyPremium


class Multiples(Record):
    """Price multiples."""

    low: float
    """Lower end of the 90 % band."""
    central: float
    """Median."""
    high: float
    """Upper end."""


class Band(Multiples):
    """Price multiples at a loss of supply."""

    loss: float
    """Fraction of supply that is lost."""


class Effect(Band):
    """Effect on a whole at a loss of supply: a fraction of weights, money in the reporting currency."""

    multiples: Multiples
    """Largest of any metal."""
    on_return: Multiples | None = None
    """Loss of the same amounts at today's prices when as much supply comes back: the price falls by the same factor."""
    metals: int
    """Metals that move."""
    short: int
    """Metals of which the country makes more than that."""


class ResponseCase(Named):
    """A price response that was observed or published."""

    title: str
    """What happened."""
    source: str
    """Id of the event, or the citation of a published model."""
    kind: str
    """observed or published."""
    day: Day
    """Of it."""
    change: float
    """Of the price, as a fraction."""
    error: float
    """Standard error, in log points."""
    months: int | None
    """Over which it is measured; null for a model."""
    share_then: float | None
    """Share of the country in world supply, as a fraction."""
    fall: float | None
    """Of its exports, as a fraction."""
    loss: float | None
    """Of world supply, as a fraction."""


class Response(Record):
    """What the elasticity is measured on."""

    observed: int
    """Cases of own measurement."""
    published: int
    """Cases of the literature."""
    moves: float
    """Median size of price changes of their own in a year, log points: not in the band."""
    cases: Rows[ResponseCase]
    """One by one."""


class MetalStop(Named):
    """What a full stop means for a metal."""

    weight: float | None
    """Fraction of value; null for the market alone."""
    share: float | None
    """Share of the country in world supply, as a fraction."""
    stage: str | None
    """Stage of the shares."""
    period_start: Day | None
    """First day of the period of the shares."""
    period_end: Day | None
    """Last day."""
    source_id: str | None
    """Key of the source."""
    state: str
    """counted, beyond, not_made, precious or unknown."""
    bands: Rows[Band]
    """At the losses that every metal is shown at."""
    stop: Band | None
    """At the loss of a full stop."""


class PublishedCheck(Named):
    """A published response to a full stop beside ours."""

    change: float
    """Of the price, as published, as a fraction."""
    share: float | None
    """Share of the country in world supply, as a fraction."""
    implied_elasticity: float | None
    """That would give this change at this share."""
    implied_loss: float | None
    """Loss of supply that would give it at our elasticity."""
    statement: str
    """The comparison as a sentence."""
    citation: Citation
    source_id: SourceId


class Level(Record):
    """A price multiple between the ends of a band; fractions of the value at the price before."""

    level: float
    """Level of the posterior, as a probability; of a range of elasticities its end: 0, 0.5 or 1."""
    elasticity: float
    """Sum of the elasticities of supply and demand."""
    multiple: float
    """Never above the cap."""
    price: float | None
    """Of one kg after the loss, in the reporting currency; null where no price is known."""
    gain: float
    """Of metal in store, and what the replacement of an order or a planned purchase costs beyond the price before."""
    loss_on_return: float
    """Of metal in store when the supply comes back."""


@dataclass(frozen=True, slots=True)
class OutsidePremium(SupplyPremium):
    """The price outside the controlling country over the price inside.

    Attributes:
        outside_price: Of one kg, if today's price is the one inside; None where none is known.
    """

    outside_price: float | None


class AskedLoss(Named):
    """A loss of supply of one metal, whoever causes it."""

    loss: float
    """Fraction of world supply."""
    elasticity: Elasticity
    """Of this metal."""
    levels: Rows[Level]
    """From the smallest multiple to the largest."""
    linear_rule: float
    """Multiple by the first-order rule at the central elasticity, for comparison."""
    price: UnitPrice | None
    """Today's; null where none is known: the multiples hold all the same."""
    cap: float | None
    """Multiple at which buyers turn to a substitute."""
    cap_price: float | None
    """Price of the substitute, in the reporting currency per kg."""
    uncapped: float | None
    """Largest multiple without the cap; null where it cuts nothing."""
    premium: OutsidePremium | None
    """Null where none is given or assumed."""


class WhatIf(Record, schema="shock"):
    """A stop of exports of one country, or a loss of supply of one metal."""

    schema_version: Literal[2] = 2
    """Of this shape."""
    as_of: AsOf
    currency: Currency
    asked: AskedLoss | None
    """What a command asked about one metal; null in a report."""
    country: str
    """ISO-3 code of the country that stops."""
    elasticity: Elasticity
    """Of a metal without a case of its own."""
    carried_to: float
    """Largest loss that the formula is carried to, as a fraction."""
    largest_observed: float | None
    """Largest multiple that any case has shown in the year after a control."""
    response: Response | None
    """What it is measured on; null where it is assumed or given."""
    metals: Rows[MetalStop]
    """In the order of the report."""
    shown: Rows[Band]
    """Of a metal without a case of its own."""
    weights: Rows[Effect] | None
    """On the value, as fractions; null for the market alone."""
    money: Mapping[str, Rows[Effect]]
    """On the whole, on what is held and on what is coming."""
    undelivered: float
    """Value of orders that may not arrive."""
    in_transit: float
    """Value on its way that may be stopped."""
    checks: Rows[PublishedCheck]
    """Published estimates beside ours."""
    assumptions: Assumed
    data: DataUsed
