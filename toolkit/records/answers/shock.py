"""The price band of a metal under a loss of supply: `toolkit shock --json`. Multiples are price after over price before."""

from dataclasses import dataclass
from typing import Literal

from toolkit.holdings.unit_price import UnitPrice
from toolkit.records.base import Day, Record, Rows
from toolkit.records.fields import Citation, Currency, DayAsked, MetalKey
from toolkit.shocks.elasticity import Elasticity, Scenario, SupplyPremium


class ShockCase(Record):
    """What an elasticity means for who holds, waits or has yet to buy; fractions of the value at the price before."""

    level: float = 0.0
    """Level of the posterior, as a probability; missing for a range of elasticities."""
    elasticity: float
    """Sum of the elasticities of supply and demand."""
    price: float | None
    """Of one kg after the loss, in the reporting currency; null where no price is known."""
    multiple: float
    """Price multiple, never above the cap."""
    stored_gain: float
    """What stored metal gains."""
    stored_loss_at_truce: float
    """What it loses when the supply returns."""
    order_undelivered: float
    """What an open order loses that does not arrive."""
    order_replacement: float
    """What its replacement costs beyond the price before."""
    plan_replacement: float
    """What a planned purchase costs beyond the price before."""


class ResponseCase(Record):
    """A price response that was observed or published."""

    source: str
    """Id of the event, or the citation of a published model."""
    asset: MetalKey
    kind: str
    """observed or published."""
    day: Day
    """Of it."""
    change: float
    """Of the price, as a fraction."""
    error: float
    """Standard error, in log points."""
    months: int | None
    """Over which it is measured."""
    share_then: float | None
    """Share of the country in world supply, as a fraction."""
    fall: float | None
    """Of its exports, as a fraction."""
    loss: float | None
    """Of world supply, as a fraction."""


class Posterior(Record):
    """What past cases leave open."""

    levels: Rows[ShockCase]
    """From the low end of the band to the high one."""
    moves: float
    """Median size of price changes of their own in a year, log points: not in the band."""
    own: int
    """Cases of this metal."""
    observed: int
    """Cases of own measurement, of all metals."""
    published: int
    """Cases of the literature, of all metals."""
    cases: Rows[ResponseCase]
    """One by one."""


class PublishedResponse(Record):
    """A published price response, and the elasticity that would reproduce it at the loss of the request."""

    change: float
    """Of the price, as a fraction."""
    implied: float
    """Sum of elasticities that gives it; meaningless for another loss."""
    statement: str
    """What was published."""
    citation: Citation


@dataclass(frozen=True, slots=True)
class OutsidePremium(SupplyPremium):
    """The price outside the controlling country over the price inside.

    Attributes:
        outside_price: Of one kg, if today's price is the one inside.
    """

    outside_price: float | None


class CasesByName(Record):
    """At the high, the central and the low elasticity."""

    low: ShockCase
    """Smallest multiple."""
    central: ShockCase
    """The one in the middle."""
    high: ShockCase
    """Largest multiple."""


class ShockAnswer(Record, schema="shock"):
    """The band of one metal."""

    schema_version: Literal[1] = 1
    """Of this object."""
    metal: MetalKey
    as_of: DayAsked
    currency: Currency
    loss: float
    """Fraction of world supply that is lost."""
    elasticity: Elasticity
    """What the band is made from."""
    formula: str
    """From loss and elasticity to the multiple."""
    cap: float | None
    """Multiple at which buyers turn to a substitute."""
    cap_price: float | None
    """Price of the substitute, in the reporting currency per kg."""
    capped: bool
    """Whether it cuts the band."""
    price: UnitPrice | None
    """Today's; null where none is known: the multiples hold all the same."""
    cases: CasesByName
    """The band."""
    linear_rule: float
    """Multiple by the first-order rule at the central elasticity, for comparison."""
    largest_observed: float | None
    """Multiple that no price has been seen above in the year after a control."""
    posterior: Posterior | None
    """Behind the band; null where the user gave an elasticity, or too few cases were known."""
    published: PublishedResponse | None
    """Null where none was published by the day."""
    premium: OutsidePremium | None
    """Null where none is given or assumed."""
    scenarios: Rows[Scenario]
    """The loss, and its return."""
