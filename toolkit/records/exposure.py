"""The exposure of a holdings file: `toolkit exposure --json`. Money is in the reporting currency, quantities are in kg."""

from collections.abc import Mapping

from toolkit.records.base import Day, Record, Rows
from toolkit.records.positions import Quotation
from toolkit.records.sources import Review, Vat


class Restriction(Record):
    """A buyer to whom a lot may not be passed on."""

    destination: str
    """ISO-3 code of the buyer's country."""
    end_user: str
    """civil, military or listed."""
    instrument: str
    """licence, ban, ..."""
    event_id: str
    """Id in the ledger."""
    number: str | None
    """By which it is cited."""
    certainty: str
    """named, above_size or uncertain."""
    source: str
    """Citation."""


class LotAnswer(Record):
    """Whether a lot may be passed on to a buyer."""

    destination: str
    """ISO-3 code of the buyer's country."""
    end_user: str
    """civil, military or listed."""
    answer: str
    """free, restricted, not settled, ..."""
    measures: Rows[str]
    """Numbers of the measures behind it."""
    not_in_ledger: Rows[str]
    """ISO-3 codes of countries whose export law is not in the ledger."""
    licence_to_leave: bool
    """Whether it needs a licence to leave where it lies."""
    export_bans: Rows[str]
    """Ids of bans on its export."""


class Traceability(Record):
    """What of a lot can be shown."""

    origin: str
    """Whether its origin is documented."""
    certificate: str
    """Whether it has a certificate."""


class ExposedLot(Record):
    """One lot and what controls mean for it (`toolkit.holdings.exposure.LotExposure`)."""

    lot_id: str
    """Id in the holdings file."""
    asset: str
    """Key of the metal."""
    form: str
    """Form that it is held in."""
    purity: str | None
    """As the file says."""
    size: str | None
    """Of one piece."""
    status: str
    """stored, in_transit, ordered or planned."""
    mass: float
    """kg."""
    value: float | None
    """At today's price level; null where no price of this form is known."""
    origin: str
    """ISO-3 code, or unknown."""
    assumed_origin: bool
    """Whether the origin is unknown, and is taken for that of the controlling country."""
    export_from: str
    """ISO-3 code of the country whose controls are asked about."""
    location: str | None
    """Storage place as the file names it."""
    place: str | None
    """ISO-3 code of its country; null where it is not understood."""
    headline: str
    """State of the form for the owner's country."""
    controlled: bool
    """Whether a licence or ban is in force on it."""
    uncertain: bool
    """Whether no notice settles the form: it counts as controlled."""
    measures: Rows[str]
    """Numbers of the measures that make it controlled."""
    practice: Rows[str]
    """Instruments that are only reported."""
    delivery: str
    """What a control can do to it: stored_safe, open_order_at_risk, ..."""
    resale: Rows[Restriction]
    """Buyers to whom it may not be passed on."""
    answers: Rows[LotAnswer]
    """Whether it may be passed on, buyer by buyer."""
    elsewhere: Rows[Rows[str]]
    """Measures of the country that it lies in: number, and what was checked of it."""
    market_controlled: bool
    """Whether the form is controlled in the controlling country, wherever this lot is from."""
    traceability: Traceability
    """What of it can be shown."""
    at_most: bool
    """Whether `value` is an upper bound: the price is that of a purer grade."""


class Purchase(Record):
    """The purchase of one lot and its terms."""

    lot_id: str
    """Id in the holdings file."""
    bought: Day | None
    """Day of the purchase."""
    cost: float | None
    """Of the whole lot, at the exchange rate of the day; null without a price or a rate."""
    owed: float
    """Still to be paid."""
    spread: float | None
    """Round trip, as a fraction; null for the dealer's usual terms."""
    storage: float | None
    """A year, as a fraction of value; null for the dealer's usual terms."""
    vat_state: str | None
    """As the file says."""
    custody: str | None
    """As the file says."""
    doubted: bool
    """Whether the price paid is far from the level of its day, so that no gain is told."""


class Total(Record):
    """Some of the lots together."""

    name: str
    """Which ones."""
    lots: int
    """How many."""
    value: float
    """Of those with a price."""
    share: float
    """Fraction of the value of all that is owned or ordered."""


class UnitPrice(Record):
    """The price of one kg of a product in its traded form."""

    asset: str
    """Key of the product."""
    form: str
    """Traded form."""
    price: float
    """Of one kg."""
    standard_error: float
    """Of `price`; 0 where it is taken as it is."""
    kind: str
    """filtered, last_print, annual_average or quote."""
    date: Day
    """End of the last print, or of the year of the average."""
    basis: str
    """Basis of the price, or name of the annual series."""
    quoted: float
    """Price before conversion."""
    quoted_currency: str
    """Its currency."""
    rate_date: Day | None
    """Day of the exchange rate."""
    source: str
    """Key of the source."""
    region: str | None
    """Where it is paid."""
    status: str
    """How an annual average was looked up; empty for others."""
    in_europe: Quotation | None
    """What was quoted there, for an annual average of elsewhere."""
    price_from: str
    """Whose price it is."""


class Elasticity(Record):
    """Percent that the price moves the loss of one percent of supply."""

    low: float
    """Tenth percentile."""
    central: float
    """Median."""
    high: float
    """Ninetieth percentile."""
    basis: str
    """What it is measured on."""
    source: str
    """Key of the source."""


class PriceBand(Record):
    """Price multiples of one shock: price after over price before."""

    loss: float
    """Fraction of supply that is lost."""
    elasticity: Elasticity
    """What the band is made from."""
    low: float
    """At the high elasticity."""
    central: float
    """At the median."""
    high: float
    """At the low elasticity, no more than `cap`."""
    uncapped_high: float
    """Before the cap."""
    cap: float | None
    """Multiple at which buyers turn to a substitute."""


class Replacement(Record):
    """What a stop of exports adds to the value of what is held, and to the cost of what is still to come."""

    multiple: float
    """Price after over price before of the metal that moves most."""
    stored_gain: float
    """What metal gains that is out of the stopped country."""
    stored_loss_at_truce: float
    """What it loses when lost supply returns."""
    order_undelivered: float
    """Value of open orders that may not arrive."""
    in_transit: float
    """Value on its way that may be stopped."""
    order_cost: float
    """Beyond today's price, to replace open orders."""
    planned_cost: float
    """Beyond today's price, to buy what was planned."""
    cost: float
    """Gains and costs beyond today's prices together."""


class Shock(Record):
    """A stop of exports."""

    country: str
    """ISO-3 code of the country that stops."""
    band: PriceBand
    """Of a metal without a case of its own."""
    bands: Mapping[str, PriceBand]
    """By metal."""
    still: Rows[str]
    """Metals that do not move."""
    largest_observed: float | None
    """Largest multiple that any case has shown."""
    replacement: Mapping[str, Replacement]
    """By case: low, central, high."""


class Supply(Record):
    """Producers of a metal at the stage at which it is scored."""

    asset: str
    """Key of the metal."""
    stage: str
    """mine, refinery, ..."""
    source: str
    """Key of the source."""
    period_start: Day
    """First day of the period of the shares."""
    period_end: Day
    """Last day."""
    known_from: Day
    """Day from which they were known."""
    countries: Rows[str]
    """ISO-3 codes, the largest first."""
    shares: Rows[float]
    """Fractions of world supply, in that order."""
    other: float
    """Fraction that no country is named for."""
    elsewhere: Mapping[str, Mapping[str, float]]
    """Shares of a country by other statistics."""


class ExposureConcentration(Record):
    """Countries of supply behind the value, as fractions of it."""

    country: Mapping[str, float]
    """By ISO-3 code."""
    other: float
    """Behind which no country stands by name."""
    unknown: float
    """Whose supply is not known."""
    without_shares: Rows[str]
    """Metals whose shares are not known."""
    hhi: float | None
    """Herfindahl-Hirschman index, 0 to 1, weighted by value."""
    n_minus_1: float | None
    """Fraction of supply left without the largest producer."""
    supplies: Rows[Supply]
    """Metal by metal."""


class Sector(Record):
    """An industry that uses what is held."""

    nace2: str | None
    """Code of the industry."""
    share: float
    """Fraction of value behind it."""
    applications: Rows[str]
    """What for."""


class Industries(Record):
    """Who uses what is held."""

    sectors: Rows[Sector]
    """The largest first."""
    without_uses: Rows[str]
    """Metals whose uses are not known."""


class LicenceDelay(Record):
    """Days from an application to the delivery, lognormal."""

    median: float
    """Days that half of the licences take at most."""
    tail: float
    """Days that nine in ten take at most."""
    statutory: float
    """Calendar days that the authority has to decide."""
    source: str
    """What the figures rest on."""
    sigma: float
    """Standard deviation of the logarithm of the days."""
    quantiles: Mapping[str, float]
    """Days by probability."""
    within_statutory: float
    """Probability that it takes no longer than the authority has."""


class Cover(Record):
    """How far the stored metal reaches against the delay of a licence."""

    asset: str
    """Key of the metal."""
    stored: float
    """kg that are stored and safe."""
    monthly_use: float | None
    """kg a month, the user's figure."""
    days: float | None
    """Days of cover."""
    shortfall: float | None
    """Probability that a licence takes longer than the cover."""
    gap: float | None
    """Expected days without metal."""


class NextChange(Record):
    """A dated change ahead for what is held."""

    date: Day
    """First day of the new state."""
    metal: str
    """Key of the metal."""
    what: str
    """The dated change as a sentence."""
    standing: str
    """Of what it rests on."""


class Instrument(Record):
    """One lot of a listed instrument: in no total."""

    lot_id: str
    """Id in the holdings file."""
    asset: str
    """Key of the instrument."""
    quantity: float
    """Units."""
    status: str
    """stored, ordered, ..."""
    price: float
    """Of one unit, at the last price known."""
    date: Day
    """Day of the price."""
    value: float
    """Of the lot."""
    bought: Day | None
    """Day of the purchase."""
    cost: float | None
    """Of the whole lot, at the exchange rate of the day."""


class Exposure(Record):
    """What one holds, lot by lot."""

    schema_version: int
    """Of this object."""
    as_of: Day
    """Day asked about."""
    currency: str
    """Reporting currency."""
    destination: str
    """ISO-3 code of the owner's country."""
    value: float
    """Of all that is owned or ordered and has a price."""
    lots: Rows[ExposedLot]
    """In the order of the file."""
    purchases: Rows[Purchase]
    """One a lot, in the same order."""
    owed: float
    """Still to be paid."""
    unpriced: Rows[str]
    """Ids of lots without a price."""
    held: Total
    """All that is owned or ordered."""
    deliveries: Rows[Total]
    """By what a control can do; they add up to `value`."""
    planned: Rows[Total]
    """What is only planned."""
    controlled: Total
    """Under a control in force."""
    open_at_risk: Total
    """Ordered, and may not arrive."""
    at_risk: Total
    """Under control and not out of its reach."""
    resale_restricted: Total
    """That may not be passed on to some buyer."""
    resale_unknown_origin: Total
    """That would be restricted if it came from the controlling country."""
    statements: Rows[str]
    """What must be known, in words."""
    ledger: Review
    """How far the control ledger is complete."""
    prices: Rows[UnitPrice]
    """That were used."""
    shock: Shock
    """A stop of exports."""
    concentration: ExposureConcentration
    """Countries of supply."""
    industries: Industries
    """Who uses it."""
    licence_delay: LicenceDelay | None
    """Null where nothing is known of it."""
    cover: Rows[Cover]
    """Metal by metal."""
    vat: Vat
    """By law of the owner's country."""
    next_changes: Rows[NextChange]
    """Dated changes ahead."""
    own_events: Rows[str]
    """Ids of the user's own control events that were known."""
    instruments: Rows[Instrument]
    """Listed instruments."""
