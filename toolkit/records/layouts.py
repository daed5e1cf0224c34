"""Files of lots and of prices as they are understood: `toolkit holdings check`, `holdings map` and `data map`."""

from collections.abc import Iterable, Mapping
from typing import Any, Literal

from toolkit.market.readers.holdings.lots import CellFault
from toolkit.records.base import Day, Record, Rows, Sentence
from toolkit.records.fields import AsOf, Currency, Name, SchemaVersion
from toolkit.records.sources import Fault


class ReadLot(Record):
    """A row of the file without a fault (`toolkit.market.readers.holdings.lots.Lots`)."""

    lot_id: str
    """Id in the file."""
    asset: str
    """Key of the metal or the instrument."""
    form: str | None
    """Form that it is held in; null for a listed instrument."""
    purity: str | None
    """As traded."""
    size: str | None
    """Of one piece."""
    quantity: float
    """In `unit`."""
    unit: str
    """kg, g, oz, ..."""
    mass: float | None
    """kg; null for a listed instrument."""
    purchase_date: Day | None
    """Day of the purchase."""
    purchase_price: float | None
    """Of one unit, in `currency`."""
    paid: float | None
    """Part of the price that is paid, as a fraction."""
    currency: str | None
    """Of the purchase."""
    origin_country: str
    """ISO-3 code, or unknown."""
    location: str | None
    """Storage place as the file names it."""
    status: str
    """stored, in_transit, ordered, planned or at_risk."""
    custody: str | None
    """As the file says."""
    certificate: str | None
    """As the file says."""
    spread: float | None
    """Round trip, as a fraction; null for the dealer's usual terms."""
    storage_fee: float | None
    """A year, as a fraction of value; null for the dealer's usual terms."""
    vat_state: str | None
    """As the file says."""
    destination: str | None
    """ISO-3 code of the country that it goes to; null for the owner's."""
    end_user: str | None
    """civil, military or listed; null for civil."""
    client: str | None
    """Whose it is, as the file says."""
    country: str | None
    """ISO-3 code of the country that it lies in."""


class MovedMoney(Record):
    """Money of a currency: what was paid in, is owed and gained is the cost of the stock, what was taken out, and costs."""

    currency: str
    """ISO 4217."""
    paid_in: float
    """Paid for metal, fees, storage and taxes, or the cost of what was brought."""
    owed: float
    """Still to be paid for metal."""
    taken_out: float
    """Received after fees and taxes, or the cost of what was taken."""
    costs: float
    """Fees, storage and taxes."""
    gain: float
    """Realised: proceeds less cost, income, less what was lost."""
    unknown: float
    """Proceeds of lots of unknown cost, less the cost of what left at an unknown price."""
    stock: float
    """Cost of what is there, without the fees of its purchase."""


class SoldLot(Record):
    """What was sold of one lot."""

    row: int
    """Of the movement in the file."""
    date: Day
    """Of the sale."""
    lot: str
    """Its name."""
    client: str | None
    """Whose it was."""
    asset: str
    """Key of the metal or the instrument."""
    quantity: float
    """In `unit`."""
    unit: str
    """kg, g, oz, ..."""
    bought: Day
    """Day of the purchase."""
    proceeds: float | None
    """In `currency`, without fees."""
    cost: float | None
    """Paid for it, without fees, in `cost_currency`."""
    fees: float
    """Of the sale."""
    taxes: float
    """Of the sale."""
    purchase_fees: float
    """Its share of those of the purchase, in `cost_currency`."""
    purchase_taxes: float
    """Likewise."""
    gain: float | None
    """Proceeds less cost; null where one is not known, and in two currencies."""
    currency: str | None
    """Of the sale."""
    cost_currency: str | None
    """Of the purchase."""


class HoldingsStock(Record, schema="holdings-stock"):
    """The stock of a day by a file of movements: `toolkit holdings stock --json`."""

    schema_version: SchemaVersion
    file: Name
    as_of: AsOf
    movements: int
    """Rows that are movements, those after the day among them."""
    lots: Rows[ReadLot]
    """What is there."""
    money: Rows[MovedMoney]
    """By currency."""
    sales: Rows[SoldLot]
    """By day and lot."""
    notes: Rows[Sentence]
    """How the file was read."""
    written: str | None
    """File of the lots."""


class SoldLotPreview(Record):
    """What a sale would take of one lot; money is in the reporting currency."""

    lot: str
    """Its name."""
    quantity: float
    """In `unit`."""
    unit: str
    """kg, g, oz, ..."""
    bought: Day
    """Day of the purchase."""
    proceeds: float
    """After half the spread, before fees."""
    fees: float
    """Its share of those of the sale."""
    cost: float | None
    """With the fees of the purchase, at the rate of its day; null where it is not known."""
    gain: float | None
    """Proceeds less fees and cost."""
    free_from: Day | None
    """First day on which a sale is free of tax; null where no period is known."""
    is_free: bool
    """Whether it is on the day of the sale."""
    days_to_free: int | None
    """Until then."""


class SaleOrder(Record):
    """What an order of lots makes of a sale."""

    order: str
    """fifo, lifo, highest_cost, least_tax, or named."""
    refused: Sentence | None
    """Why it cannot be."""
    lots: Rows[SoldLotPreview]
    """In the order in which they are taken."""
    gain: float | None = None
    """Of all lots; null where the cost of one is not known."""
    taxable: float | None = None
    """Gains less losses of lots that are not free, at least nothing; null where no period is known."""
    tax: float | None = None
    """At the rate that was given."""
    net: float | None = None
    """Proceeds less fees and that tax."""


class SellPreview(Record, schema="sell"):
    """Which lots a sale would take: `toolkit sell --json`."""

    schema_version: SchemaVersion
    as_of: AsOf
    file: Name
    asset: str
    """Key of the metal or the instrument."""
    quantity: float
    """In `unit`."""
    unit: str
    """kg, g, oz, ..."""
    price: float
    """Of one unit, in the reporting currency."""
    price_kind: str
    """estimated price, last observed price, annual average; empty for a price that was given."""
    price_date: Day | None
    """Of the last price it rests on."""
    price_se: float
    """Standard error as the price of the day; 0 for a price that was given."""
    currency: Currency
    tax_rate: float | None
    """As given."""
    has_rule: bool
    """Whether a period free of tax is known."""
    orders: Rows[SaleOrder]
    """Side by side."""
    written: int | None
    """Movements that were added to the file."""


class ColumnReading(Record):
    """A column of a file, and how it is read."""

    header: str
    """As in the file."""
    cells: Rows[str]
    """Some of its distinct cells."""
    reads: str | None
    """Field of docs/holdings.md, ``ignore``, or null where nothing is proposed."""
    unit: Sentence
    """Unit, currency or per cent of its numbers, as its header says."""
    why: Sentence
    """The reason."""
    sure: bool
    """Whether it is read so without a question."""


class LayoutQuestion(Record):
    """What is asked once before a file is read."""

    about: str
    """column, text, decimal, dates, or gone: a column that the layout reads and the file lacks."""
    name: str
    """Header or text: what stands before ``=`` in an answer."""
    cells: Rows[Sentence]
    """Cells of the column, or rows of the text."""
    asks: Sentence
    """In words."""
    proposed: str | None
    """The likely answer."""
    answers: Rows[str]
    """What can be answered; empty for a column, which is a field, with a unit and a currency behind it, or ``ignore``."""


def asked(questions: Iterable[Any]) -> tuple[LayoutQuestion, ...]:
    """The questions on a file, those on a column without the fields that any may be."""
    found = map(LayoutQuestion.model_validate, questions)
    return tuple(one.model_copy(update={"answers": ()}) if one.about == "column" else one for one in found)


class FileMap(Record):
    """How a file is read, and what has to be said first."""

    schema_version: SchemaVersion
    file: Name
    columns: Rows[ColumnReading]
    """In the order of the file."""
    questions: Rows[LayoutQuestion]
    """What is open; without any the file is read."""
    notes: Rows[Sentence]
    """How the file was read."""
    command: str
    """That says what is open, with ``?`` where no answer is proposed."""
    layout: str
    """As it is kept, in TOML."""
    written: str | None
    """File of the layout."""


class HoldingsMap(FileMap, schema="holdings-map"):
    """How a file of lots or of movements is read: `toolkit holdings map --json`."""

    of: Literal["holdings", "movements", "bids", "needs", "quotes", "licences"]
    """What its rows are."""
    lots: int
    """Rows that are lots, or bids; of movements the lots of the day."""
    movements: int | None
    """Rows that are movements; null in a file of lots."""
    faults: int
    """Cells that break a rule."""
    wrong: Rows[Sentence]
    """Them by rule: what is wrong, in which rows, and what helps."""


class MappedSeries(Record):
    """The prices of one asset on one basis."""

    asset: str
    """Key of the metal, or the name in the file."""
    basis: str
    """As given, or a side of a dealer."""
    prices: int
    """How many."""
    first: Day
    """Day of the first price."""
    last: Day
    """Day of the newest price."""
    price: float
    """The newest one."""
    currency: str
    """Of the prices."""
    unit: str
    """That a price is of."""


class PricesMap(FileMap, schema="prices-map"):
    """How a price file is read: `toolkit data map --json`."""

    series: Rows[MappedSeries]
    """As every command reads them; none while something is open."""
    fault: Rows[Sentence]
    """Why the prices cannot be read although nothing is open, and what helps."""


class HoldingsCheck(Record, schema="holdings-check"):
    """A holdings file and its faults."""

    schema_version: SchemaVersion
    file: Name
    of: Literal["holdings", "movements"]
    """What its rows are; of movements the lots are those of the day."""
    columns: Mapping[str, str]
    """Column that is meant by each header."""
    ignored: Rows[str]
    """Headers that mean none."""
    lots: Rows[ReadLot]
    """Rows without a fault."""
    faults: Rows[CellFault]
    """Every cell that breaks a rule."""
    notes: Rows[Sentence]
    """How the file was read."""
    warnings: Rows[Sentence]
    """Prices far from the level of their day."""
    error: Fault | None = None
    """What a command with this file raises; missing for a file without a fault."""
