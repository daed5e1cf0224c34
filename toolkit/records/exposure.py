"""The exposure of a holdings file: `toolkit exposure --json`. Money is in the reporting currency, quantities are in kg."""

from collections.abc import Mapping

from toolkit.holdings.clients import ClientExposure
from toolkit.holdings.exit import BidsSeen
from toolkit.holdings.exposure import IndustryShare, LotExposure, Total
from toolkit.holdings.instruments import Instrument
from toolkit.holdings.purchases import Purchase
from toolkit.holdings.unit_price import UnitPrice
from toolkit.records.base import Day, Record, Rows, Sentence, Unwritten
from toolkit.records.fields import (
    Currency,
    DataBySource,
    DayAsked,
    MetalKey,
    OwnerCountry,
    OwnEvents,
    Phrases,
    Remarks,
    SchemaVersion,
    Warnings,
)
from toolkit.records.sources import Rate, Review, Vat
from toolkit.supply.concentration import SupplyShares


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
    supplies: Rows[SupplyShares]
    """Metal by metal."""


class Industries(Record):
    """Who uses what is held."""

    sectors: Rows[IndustryShare]
    """The largest first."""
    without_uses: Rows[str]
    """Metals whose uses are not known."""


class LicenceDelay(Record):
    """Days from an application to the delivery, lognormal."""

    median: float
    """Days that half of the licences take at most."""
    tail: float
    """Days that nine in ten take at most."""
    source: str
    """What the figures rest on."""


class NextChange(Record):
    """A dated change ahead for what is held."""

    date: Day
    """First day of the new state."""
    metal: MetalKey
    what: Sentence
    """The dated change as a sentence."""
    standing: str
    """Of what it rests on."""


class Exposure(Record):
    """What one holds, lot by lot."""

    schema_version: SchemaVersion
    as_of: DayAsked
    currency: Currency
    destination: OwnerCountry
    """Of the owner, and of lots that name none."""
    end_user: str = "civil"
    """Of lots that name none."""
    movements: int | None = None
    """How many there are in the file whose stock the lots are; null of a list of lots."""
    value: float
    """Of all that is owned or ordered and has a price."""
    value_se: float
    """Standard error of `value` as of today, which two outcomes of three lie within."""
    lots: Rows[LotExposure]
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
    may_not_return: Total
    """Lent, pledged, seized or lost, by its owner's word: counted in `held`, and in nothing that a control may stop."""
    not_covered: Total
    """That nothing is known to stop, by an export law that is not, or only in part, in the ledger."""
    resale_restricted: Total
    """That may not be passed on to some buyer."""
    resale_unknown_origin: Total
    """That would be restricted if it came from the controlling country."""
    clients: Rows[ClientExposure] = ()
    """By client, the largest first; empty where the file names none."""
    bids: Rows[BidsSeen] = ()
    """The owner's own, by metal and form; empty where no file of them was given."""
    ledger: Review
    """How far the control ledger is complete."""
    prices: Rows[UnitPrice]
    """That were used."""
    rates: Rows[Rate]
    """Exchange rates that they were converted at."""
    concentration: ExposureConcentration
    """Countries of supply."""
    industries: Industries
    """Who uses it."""
    licence_delay: LicenceDelay | None
    """Null where nothing is known of it."""
    vat: Vat
    """By law of the owner's country."""
    next_changes: Rows[NextChange]
    """Dated changes ahead."""
    own_events: OwnEvents
    instruments: Rows[Instrument]
    """Listed instruments."""


class ExposureAnswer(Exposure, schema="exposure"):
    """What one holds, and what that rests on."""

    reading: Unwritten[Rows[Sentence]]
    warnings: Warnings
    notes: Rows[Sentence]
    """Texts of the others, how the file was read among them."""
    remarks: Remarks
    data: DataBySource
    phrases: Phrases
