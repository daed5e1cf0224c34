"""Positions of a proposal and what stands beside them: cash, money, limits at the last prices, what is held before."""

from collections.abc import Mapping

from toolkit.holdings.unit_price import Quotation
from toolkit.records.base import Day, Record, Rows, Sentence
from toolkit.records.fields import Name, ProductKey


class Position(Record):
    """One asset of the universe: what is proposed, and what is held of it before."""

    asset: str
    """Key of the product or of the offer."""
    name: Name
    weight: float
    """Fraction of wealth after costs, proposed."""
    previous_weight: float
    """Fraction of the budget that is held before."""
    previous_quantity: float
    """Held before, in `unit`."""
    ordered_quantity: float
    """Part of that which is ordered or on its way, in `unit`."""
    outside: bool
    """Whether the strategy does not name it: it is held and can only be kept or sold."""
    value: float
    """In the reporting currency, after the trades."""
    quantity: float | None
    """After the trades, in `unit`; null where only returns are known."""
    unit: str
    """kg, g, oz, ..."""
    lots: int | None
    """Number of whole lots; null where it is divisible."""
    lot_size: float | None
    """Units in a lot; null where it is divisible."""
    price: float | None
    """Of one unit, in the reporting currency: the level that is used; null where only returns are known."""
    price_se: float | None
    """Standard error of the level on the day of the last print."""
    price_today_se: float | None
    """Standard error of the level as the price of today, which two outcomes of three lie within."""
    price_today_low: float | None
    """Lower end of what 95 % of prices of today would lie in."""
    price_today_high: float | None
    """Its upper end."""
    price_raw: float | None
    """Last observed price of one unit; null where only returns are known."""
    price_date: Day
    """Day of the last observed price."""
    basis: str
    """Basis of the price series."""
    series: str | None
    """Name of the annual series that stands for a price; null for another price."""
    place: str | None
    """Where the price is paid, ISO-3 or ``Europe``; null where its source does not say."""
    price_status: str
    """How an annual average was looked up; empty for another price."""
    price_source: str
    """Key of the source, or name of the user's file."""
    price_from: str
    """Whose price it is: bundled, own series, own quotation, ..."""
    in_europe: Quotation | None
    """What was quoted in Europe, for an annual average of elsewhere."""
    cost: float
    """Of the trade, in the reporting currency."""
    element: str | None
    """Symbol of the element."""
    group: str
    """Group of metals."""
    offer_of: str | None
    """Key of the product that this is an offer of."""
    origin: str | None
    """ISO-3 code of the origin of an offer."""
    terms: str
    """What spread and storage rest on: assumption, published_fee, given, mixed."""
    relaxed_weight: float
    """Fraction of wealth if it were divisible."""

    @property
    def product(self) -> str:
        """Key of the product that it is, or is an offer of."""
        return self.offer_of or self.asset


class Cash(Record):
    """Money that is not placed."""

    weight: float
    """Fraction of wealth after costs."""
    value: float
    """In the reporting currency."""
    previous_weight: float
    """Fraction of the budget before."""


class Money(Record):
    """Where the budget comes from, in the reporting currency."""

    held: float
    """Value of what is held before."""
    cash_before: float
    """Cash before."""
    added: float
    """Money that is added."""
    owed: float | int
    """Still to be paid of what is ordered."""
    reserved: float
    """Kept aside and not placed."""


class BrokenLimit(Record):
    """A limit that does not hold at the last observed prices."""

    name: str
    """Of the constraint."""
    kind: str
    """Of the constraint."""
    where: str
    """Row of it that is furthest beyond."""
    value: float
    """What it comes to, in the unit of the limit."""
    limit: float
    """What was asked."""
    beyond: float
    """How far it is beyond."""


class AtLastPrices(Record):
    """The proposal at the last observed price of everything."""

    value: float
    """Positions and cash, in the reporting currency."""
    limits_broken: Rows[BrokenLimit]
    """Limits that would not hold."""


class Caps(Record):
    """The tightest upper limits as fractions of wealth."""

    assets: Mapping[str, float | None]
    """By asset or element."""
    countries: Mapping[str, float | None]
    """By ISO-3 code of the country of supply."""


class Before(Record):
    """What is held today, measured as the proposal is."""

    volatility: float
    """A year, as a fraction."""
    controlled: float | None
    """Fraction of value under control."""
    country: Mapping[str, float]
    """Fraction of value by ISO-3 code of the country of supply."""
    country_other: float
    """Fraction behind which no country stands by name."""
    country_unknown: float
    """Fraction whose supply is not known."""
    limits: Mapping[str, float | None]
    """Value at each limit, by its name."""


class Relaxed(Record):
    """The optimum if metals were divisible."""

    weights: Mapping[str, float]
    """Fraction of wealth by asset."""
    cash: float
    """Fraction of wealth."""
    volatility: float | None
    """A year, as a fraction."""


class LeftOut(Record):
    """A product without a price."""

    asset: ProductKey
    name: Name
    reason: Sentence
    """Why it is left out, as a sentence."""


class SoldPart(Record):
    """What of an order comes from one lot."""

    lot_id: str
    """Id in the holdings file."""
    quantity: float
    """Taken from it, in the unit of the order."""
    of: float
    """In it before, in the unit of the order."""
    pieces: int | None
    """Number of whole pieces that are taken."""
    bought: Day | None
    """Day of its purchase."""
    free_from: Day | None
    """First day on which a gain is free of tax."""
    free: bool | None
    """Whether it is today; null where no rule is known."""


class Order(Record):
    """What is bought, sold or kept of one asset."""

    asset: str
    """Key of the product or of the offer."""
    name: Name
    side: str
    """buy, sell or keep."""
    quantity: float | None
    """Traded, in `unit`; positive; null where only returns are known."""
    unit: str
    """kg, g, oz, ..."""
    lots: int | None
    """Number of whole lots."""
    price: float | None
    """Of one unit, in the reporting currency; null where only returns are known."""
    value: float
    """Traded, in the reporting currency."""
    cost: float
    """Of the trade, in the reporting currency."""
    owed: float | int
    """Still to be paid of earlier orders, in the reporting currency."""
    cash: float
    """What the trade brings, negative what it takes, in the reporting currency."""
    lot_ids: Rows[str]
    """Lots that are sold or kept."""
    from_lots: Rows[SoldPart]
    """Parts of lots that are sold."""
    note: Sentence | None
    """A remark."""
    price_date: Day | None
    """Day of the last observed price."""
    price_from: str | None
    """Whose price it is."""
    price_source: str | None
    """Key of the source, or name of the user's file."""
