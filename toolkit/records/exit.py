"""What a sale brings, product by product and after some years, and when gains are free of tax."""

from collections.abc import Mapping
from typing import Annotated

from pydantic import Field

from toolkit.holdings.exit import BidsSeen
from toolkit.records.base import Day, Named, Phrase, Record, Rows, Sentence
from toolkit.records.exposure import LicenceDelay
from toolkit.records.fields import (
    Assumed,
    Currency,
    DataUsed,
    DayAsked,
    Element,
    Name,
    OwnerCountry,
    Phrases,
    ProductKey,
    Remarks,
    SchemaVersion,
    Warnings,
)

HORIZONS = (1, 3, 5)
"""Years after which a sale is looked at."""
OF_EACH = Field(min_length=len(HORIZONS), max_length=len(HORIZONS))
AtHorizons = Annotated[Rows[float | None], OF_EACH]
"""A figure a horizon."""


class ExitAmounts(Record):
    """Amounts of a sale, in the reporting currency."""

    value: float
    """At today's price level."""
    entry: float
    """Paid beyond the value to come into it."""
    sale: float
    """Lost to the spread at the sale."""
    storage_paid: float
    """Paid for storage until then."""
    net_now: float
    """What a sale today leaves."""
    net: float
    """What a sale after the years leaves at an unchanged price."""
    rise: AtHorizons
    """Rise of the price a year at which nothing is lost, as a fraction."""


class DaysOfSale(Record):
    """Days from the decision to sell to the money."""

    low: float
    """Tenth percentile."""
    central: float
    """Median."""
    high: float
    """Ninetieth percentile."""


class ProductExit(Named, ExitAmounts):
    """The sale of one product."""

    group: str | None
    """Group of metals."""
    lots: int
    """How many."""
    spread: float | None
    """Round trip, as a fraction; null where lots differ."""
    storage: float | None
    """A year, as a fraction of value; null where lots differ."""
    terms: str
    """What both rest on: assumption, published_fee, given, mixed; bids where the spread is that of own bids."""
    days: DaysOfSale | None
    """Null where nothing is assumed of its group."""
    vat: Mapping[str, int]
    """Number of lots by state of VAT."""


class OpenOrders(Record):
    """What is ordered and cannot be sold yet."""

    lots: int
    """How many."""
    value: float
    """In the reporting currency."""


class TaxLot(Record):
    """A lot and the clock of its tax."""

    lot_id: str
    """Id in the holdings file."""
    asset: ProductKey
    name: Name
    element: Element
    status: str
    """stored, in_transit, ordered."""
    bought: Day
    """Day of the purchase."""
    cost: float | None
    """In the reporting currency."""
    value: float | None
    """At today's price level."""
    doubted: bool
    """Whether the price paid is far from the level of its day."""
    without_rate: str | None = None
    """Currency that was paid, where no exchange rate leads from it to the reporting currency."""
    gain: float | None
    """Value less cost; null where it is not known, and of what has not arrived."""
    free_from: Day | None
    """First day on which a gain is free of tax."""
    days: int | None
    """Days until then."""
    state: str | None
    """free, soon or later."""
    client: str | None = None
    """Whose it is, as the file says."""


class Tax(Record):
    """The taxation of sales."""

    country: OwnerCountry
    kind: str = "private"
    """Of the owner: private, company or trust."""
    by_law: bool = True
    """Whether the period is one of law; false for one that the owner set, and where there is none."""
    years: float | None
    """Years after which a gain is free; null where no period is known."""
    law: Phrase | None = None
    """What the law of the country says of private sales, with its source; null where none is bundled, and for other owners."""
    exemption: float | None
    """Gain a year that is free in any case, in the currency of the law."""
    left_out: int
    """Lots without a day of purchase, or only planned."""
    soon_days: int
    """Days within which a lot counts as soon free."""
    lots: Rows[TaxLot]
    """By day of purchase."""


class Rung(Record):
    """What could be money within some days."""

    days: int
    """From today on."""
    money: float
    """Net of the spread, in the reporting currency."""
    low: float
    """Lower end of its interval."""
    high: float
    """Upper end of its interval."""


class GoodLadder(Named):
    """A metal in one form, and when it could be money."""

    form: str
    """Form that is held."""
    lots: int
    """How many are for sale."""
    quantity: float
    """kg of them."""
    value: float
    """At the estimated price."""
    spread: float
    """Round trip, as a fraction; the mean by value where lots differ."""
    terms: str
    """What it rests on: bids, given, assumption, published_fee, mixed."""
    seen: BidsSeen | None
    """Own bids; null where none was seen."""
    days: DaysOfSale | None
    """Of a sale through a dealer; null where nothing is assumed of its group."""
    rungs: Rows[Rung]
    """By days, each with what came before it."""
    later: float
    """Money that takes longer than the last rung, or of which nothing is known."""


class Lack(Record):
    """What a lot lacks to be sold, or what stands in the way."""

    what: str
    """arrival, return, licence, place, price, certificate, certificate_number, origin, origin_paper, title, custody, customs or
    payment."""
    source: str
    """file, or the numbers of the measures that say it."""


class LotSale(Named):
    """A lot, and what it lacks."""

    lot_id: str
    """Id in the holdings file."""
    value: float | None
    """At the estimated price."""
    for_sale: bool
    """Whether it is in the ladder."""
    lacks: Rows[Lack]
    """What stops a sale first."""
    client: str | None = None
    """Whose it is, as the file says."""


class Ladder(Record):
    """What could be money, and when."""

    goods: Rows[GoodLadder]
    """The largest first."""
    rungs: Rows[Rung]
    """Of all; the ends are those of all goods at once."""
    later: float
    """Of all."""
    licence: LicenceDelay | None
    """How long a licence takes; null where nothing is known, or no lot waits for one."""
    lots: Rows[LotSale]
    """In the order of the file."""
    window: int
    """Days in which a bid counts."""
    fewest: int
    """Bids from which on their median is the spread."""


class Exit(Record):
    """The sale of everything."""

    of: str
    """What is sold: proposal or holdings."""
    years: float
    """Years of storage until the sale."""
    horizons: Annotated[Rows[int], OF_EACH]
    """Years after which a sale is looked at."""
    products: Rows[ProductExit]
    """The largest first."""
    total: ExitAmounts
    """Of all."""
    open: OpenOrders
    """What cannot be sold yet."""
    unpriced: Rows[str]
    """Ids of lots without a price."""
    tax: Tax | None
    """Null for what has no lots."""
    ladder: Ladder | None = None
    """Null for what has no lots."""
    assumptions: Assumed
    data: DataUsed


class ExitAnswer(Exit, schema="exit"):
    """The sale of what one holds: `toolkit exit --json`. Money is in the reporting currency."""

    schema_version: SchemaVersion
    as_of: DayAsked
    currency: Currency
    bids: Rows[BidsSeen]
    """The owner's own, by metal and form; empty where no file of them was given."""
    warnings: Warnings
    notes: Rows[Sentence]
    """Texts of the others, how the file was read among them."""
    remarks: Remarks
    phrases: Phrases
