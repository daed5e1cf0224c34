"""What a stop of all exports of a country for a year would mean."""

from collections.abc import Mapping

from toolkit.records.answers.shock import ResponseCase
from toolkit.records.base import Day, Named, Record, Rows
from toolkit.records.fields import Assumed, Citation, DataUsed, Element, Name, SourceId
from toolkit.shocks.elasticity import Elasticity


class Band(Record):
    """Price multiples at a loss of supply: price after over price before."""

    loss: float
    """Fraction of supply that is lost."""
    low: float
    """Lower end of the 90 % band."""
    central: float
    """Median."""
    high: float
    """Upper end."""


class Multiples(Record):
    """Price multiples."""

    low: float
    """Lower end of the 90 % band."""
    central: float
    """Median."""
    high: float
    """Upper end."""


class Effect(Band):
    """Effect on a whole at a loss of supply: a fraction of weights, money in the reporting currency."""

    multiples: Multiples
    """Value after over value before."""
    metals: int
    """Metals that move."""
    short: int
    """Metals of which the country supplies less than that."""


class NamedCase(ResponseCase):
    """A price response with what it was."""

    name: Name
    element: Element
    title: str
    """What happened."""


class Response(Record):
    """What the elasticity is measured on."""

    observed: int
    """Cases of own measurement."""
    published: int
    """Cases of the literature."""
    moves: float
    """Percent of price for one percent of supply, summed."""
    cases: Rows[NamedCase]
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
    """A published estimate beside ours."""

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


class WhatIf(Record):
    """A stop of exports."""

    country: str
    """ISO-3 code of the country that stops."""
    elasticity: Elasticity
    """Of a metal without a case of its own."""
    carried_to: float
    """Largest loss that the formula is carried to, as a fraction."""
    largest_observed: float | None
    """Largest multiple that any case has shown."""
    response: Response | None
    """What it is measured on; null where it is assumed."""
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
