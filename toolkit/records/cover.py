"""When metal runs out, and what to order: `toolkit cover --json`. Metal is kg of contained metal; shares are fractions."""

from typing import Literal

from toolkit.records.base import Day, Record, Rows, Sentence
from toolkit.records.fields import (
    AsOf,
    Client,
    Currency,
    DataUsed,
    MetalKey,
    Name,
    NotesBeside,
    Phrases,
    Remarks,
    ReviewedTo,
    Warnings,
)

Licence = Literal["none", "licence", "approved", "never", "not_covered"]
"""What a delivery needs to leave: nothing, a licence, one that is there; banned or refused; its law is not in the ledger."""


class Arriving(Record):
    """Metal that is on its way."""

    lot_id: Name
    kg: float
    """Contained metal."""
    due: Day | None
    """By its contract; null where no day is known, and then it is not counted."""
    licence: Licence
    """What it needs to leave."""
    chance: float
    """Probability that it arrives within the days asked about."""
    expected: Day | None
    """Day by which half of the draws have it; null where that is never."""
    file_by: Day | None
    """Last day on which nine in ten licences applied for come in time for its contract; null where none is needed."""
    refusal: Literal["buyer", "seller"] | None
    """Who bears a refused licence; null where that is not told."""
    price_basis: str | None
    """What its price follows, as written."""
    lacking: Rows[str] | None
    """Papers that its application lacks; null where none is needed, or what it has is not told."""


class StockThen(Record):
    """Stock on a day, kg."""

    day: Day
    """The day."""
    low: float
    """Nine in ten draws are above it."""
    middle: float
    """Half of the draws are above it."""
    high: float
    """One draw in ten is above it."""


class CoverScenario(Record):
    """The probability of a stop where something happens."""

    key: Literal["exports_stop", "refused", "late", "more_used"]
    """Exports by the controlling country stop today; an order never comes; a supplier is 60 days late; a fifth more is used."""
    subject: str
    """Order or supplier; empty for all."""
    probability: float
    """That production stops within the days asked about."""
    missing: float
    """Metal that is missed, kg on average."""
    stop: Day | None
    """Day by which half of the draws stop; null where fewer do."""


class Driver(Record):
    """The probability of a stop where one row of the data holds alone."""

    key: Literal["approval", "late_low", "late_high"]
    """A rate of approval, or deliveries that are on time, or later than is assumed."""
    source: Sentence
    """The row."""
    probability: float
    """That production stops within the days asked about."""
    missing: float
    """Metal that is missed, kg on average."""


class Producer(Record):
    """Who else makes the metal: the capacity of a country, and no offer."""

    country: str
    """ISO-3 code."""
    kg: float
    """Made in a year."""
    need: float
    """The need of a year as a share of it."""
    stage: str
    """Extraction or processing."""


class NeedCover(Record):
    """Cover of one need: a metal in a form and a purity at a site."""

    key: str
    """By which orders name it."""
    asset: MetalKey
    form: str
    """That can be used."""
    purity: str | None
    """That is needed at least; null for any."""
    site: str
    """Where it is used, as written."""
    country: str
    """Of the site, ISO-3."""
    kg_a_month: float
    """Average over the days asked about."""
    safety_weeks: float
    """Of use that shall be there."""
    stock: float
    """That can be used today."""
    on_order: float
    """That is on its way and could arrive."""
    days: float | None
    """That the stock lasts without a delivery; null beyond the days asked about."""
    probability: float
    """That production stops within the days asked about."""
    stop_early: Day | None
    """Day by which 5 % of the draws stop; null where fewer do."""
    stop_middle: Day | None
    """The same of half of them."""
    stop_late: Day | None
    """The same of 95 %."""
    missing: float
    """Metal that is missed, on average."""
    missing_cost: float | None
    """What that costs, by the cost of a month without it; null where that is not told."""
    fan: Rows[StockThen]
    """Through time."""
    arriving: Rows[Arriving]
    """Orders, and lots that still have to leave the controlling country."""
    scenarios: Rows[CoverScenario]
    """What if."""
    drivers: Rows[Driver]
    """Which rows of the data decide."""
    controlled: float | None
    """Share of the controlling country in what the world makes; null where quantities are not known."""
    producers: Rows[Producer]
    """Outside the controlling country, largest first."""
    lots: Rows[str]
    """That are its stock."""


class Uncounted(Record):
    """A lot that is in no need."""

    lot_id: Name
    asset: MetalKey
    why: Literal[
        "unused", "form", "purity", "purity_unknown", "place", "site", "at_risk", "withheld", "planned", "content", "due"
    ]
    """The metal, the form or the purity is not used; its place is not known; which of several sites it is for is not told; it
    may not come back, may not go where it is to be used, or is only planned; its content of metal is not known; no day of
    arrival is told."""


class QuotedOffer(Record):
    """A quotation beside others: what a kg of contained metal costs at the site."""

    quote: str
    """Its name."""
    need: str | None
    """Key of a need that it serves, a row each; null where it serves none."""
    why: Literal["unused", "form", "purity", "purity_unknown", "expired", "content", "lots", "delivered", "destination"] | None
    """Why it is for none."""
    counterparty: str | None
    """Who offers it."""
    asset: MetalKey
    origin: str
    """ISO-3 code, or unknown."""
    terms: str | None
    """Of delivery, as written."""
    per_kg: float | None
    """Landed: price, duty and freight, of a kg of contained metal."""
    with_freight: bool
    """Whether freight is in it."""
    licence: Licence | None
    """What it needs to leave."""
    chance: float | None
    """Probability that it arrives within the days asked about."""
    risk: float | None
    """What its chance not to arrive costs a kg, by the cost of a missing one."""
    expected: Day | None
    """Day by which half of the draws have it."""
    least: float | None
    """Contained metal that is sold at least at this price, kg."""
    valid_until: Day | None
    """Last day."""
    refusal: Literal["buyer", "seller"] | None
    """Who bears a refused licence; null where that is not told."""


class OrderLine(Record):
    """What to order."""

    quote: str
    """Name of the quotation."""
    need: str
    """Key of the need."""
    counterparty: str | None
    """Who offers it."""
    quantity: float
    """Of the good, kg."""
    cost: float
    """Landed."""
    latest: Day | None
    """Last day on which the same order keeps the probability asked for; null where it is today."""


class Reached(Record):
    """What the orders do for one need."""

    need: str
    """Its key."""
    before: float
    """Probability of a stop without them."""
    after: float
    """With them, over draws that did not choose them."""
    missing: float
    """Metal that is missed with them, kg on average."""
    missing_cost: float | None
    """What that costs, by the cost of a month without it; null where that is not told."""
    preventable: float | None
    """Share of draws with a stop that an order prevents, or one longer than with all that is quoted; null with a budget."""
    nearest: float | None
    """With orders that keep what they can prevent to the probability asked for; null with a budget."""
    week: float | None
    """What one more week of safety costs; null where the probability asked for is not kept, and with a budget."""


class Paper(Record):
    """What an application for a licence asks for."""

    key: str
    """By which `Arriving.lacking` names it."""
    statement: str
    """What it is."""
    source: str
    """Who asks for it."""


class Calibration(Record):
    """Own applications beside what the reports alone expect of them."""

    decided: int
    """Own ones."""
    approved: int
    """Of these."""
    low: int
    """Fewest approvals of as many that nine in ten draws have."""
    high: int
    """Most of them."""
    timed: int
    """Approvals of which the days are known."""
    within: int
    """Of these those within the days in which nine in ten are expected."""
    tail: float
    """These days."""


class OrderPlan(Record):
    """The orders that cost least, or miss least for a budget."""

    status: Literal["met", "impossible", "budget"]
    """The cheapest of the orders that keep the probability asked for over all draws that are told of; none that was found keeps
    it, and these are the cheapest; the best for a budget."""
    asked: float | None
    """Probability of a stop; null with a budget."""
    budget: float | None
    """Money; null without one."""
    spent: float
    """For the orders, landed."""
    spent_nearest: float | None
    """For orders that keep what they can prevent to the probability asked for; null with a budget."""
    gap: float
    """Relative distance from the proven bound."""
    orders: Rows[OrderLine]
    """What to order."""
    reached: Rows[Reached]
    """By need."""
    loosened: Rows[str]
    """Limits on shares of which each, left out alone, makes an answer possible."""
    unserved: Rows[str]
    """Keys of needs that stop more probably than asked for, and that no quotation serves."""


class Ahead(Record):
    """A date ahead."""

    day: Day
    """The day."""
    key: Literal["order", "file", "due", "expires", "stop", "stops"]
    """Order, file an application, an order is due, a quotation ends, production may stop (5 %), stops (from 5 to 95 %)."""
    subject: str
    """Quotation, order or need."""


class CoverAnswer(Record, schema="cover"):
    """When metal runs out, and what to order."""

    schema_version: Literal[1] = 1
    """Of this shape."""
    as_of: AsOf
    until: Day
    """Last day asked about."""
    holdings: Name
    """File of lots."""
    client: Client
    currency: Currency
    draws: int
    """Of arrivals."""
    needs: Rows[NeedCover]
    """The most pressing first."""
    uncounted: Rows[Uncounted]
    """Lots that are in no need."""
    approval: float | None
    """Probability that a licence is approved at all; null where nothing is known."""
    prior: float | None
    """Own applications that weigh as much as what others reported; null where nothing is known."""
    applications: int
    """Own ones that were decided."""
    delay_median: float | None
    """Days that half of the licences take at most."""
    delay_tail: float | None
    """Days that nine in ten take at most."""
    late: float
    """Within so many times the time of the contract nine in ten deliveries arrive."""
    quotes: Rows[QuotedOffer]
    """Side by side."""
    plan: OrderPlan | None
    """Null without quotations."""
    calibration: Calibration | None
    """Null without own applications that were decided."""
    papers: Rows[Paper]
    """What an application for a licence asks for; empty where nothing needs one."""
    ahead: Rows[Ahead]
    """By date."""
    reviewed_to: ReviewedTo
    warnings: Warnings
    notes: NotesBeside
    remarks: Remarks
    data: DataUsed
    phrases: Phrases
