"""What holdings earned: `toolkit performance --json`. Money is in the reporting currency; rates and returns are fractions."""

from typing import Literal

from toolkit.records.base import Day, Record, Rows, Sentence
from toolkit.records.fields import AsOf, Client, Currency, DataUsed, Name, NotesBeside, Phrases, Remarks, Warnings


class GainParts(Record):
    """A gain by what it came from; the parts add up to the cent."""

    price: float
    """By the level of the metal in the currency in which it is quoted; where no level of the day is known, spread with it."""
    currency: float
    """By the exchange rate of that currency."""
    income: float
    """Received of what is held: interest, lending, dividends; at or above zero."""
    spread: float
    """Paid above the level at the purchase and received below it at the sale."""
    fees: float
    """At or below zero."""
    storage: float
    """At or below zero."""
    tax: float
    """At or below zero."""
    total: float
    """Of all parts."""


class Ends(Record):
    """The middle nine tenths of what may be."""

    low: float
    """Lower end."""
    high: float
    """Upper end."""


class Earned(Record):
    """What one metal, lot, client or all together earned."""

    key: str
    """Metal, lot or client; empty for all together."""
    client: Client
    first: Day
    """Of the first purchase."""
    put_in: float
    """Paid for purchases, fees, storage and tax; with an account what was deposited."""
    taken_out: float
    """Received for sales, after fees; with an account what was withdrawn."""
    value: float | None
    """Of what is held, and of the account; null where a level is missing."""
    value_ends: Ends | None
    """Between which it lies, by the errors of levels."""
    gain: GainParts
    """Realised and not, without what is held and has no level."""
    realised: float
    """Part of the gain that is of what was sold."""
    rate: float | None
    """Internal rate a year, actual/365; null below a year, and where none or several are one."""
    rate_ends: Ends | None
    """Between which it lies."""
    money_weighted: float | None
    """The same over all the time."""
    time_weighted: float | None
    """Return by time over all of it, after costs; null where a level is missing on a day on which money moved."""
    time_weighted_ends: Ends | None
    """Between which it lies."""
    time_weighted_a_year: float | None
    """Null below a year."""
    gross: float | None
    """Return by time without what trades and storage cost."""


class LotEarned(Earned):
    """What one lot earned."""

    metal: str
    """Key of the metal, or of a listed instrument."""
    held: float
    """Quantity that is held; kg, or units of a listed instrument."""
    sold: float
    """Quantity that was sold, taken or lost."""
    cost: float
    """Paid for what is held, without fees."""
    free_from: Day | None
    """First day on which a sale is free of tax; null where no rule is known, and of what is not held."""


class YearEarned(Record):
    """What a calendar year earned."""

    year: int
    """Calendar year, the last up to the day."""
    begin: float | None
    """Value before it; null where a level is missing, as are the next three."""
    put_in: float
    """Paid in it."""
    taken_out: float
    """Received in it."""
    end: float | None
    """Value at its end."""
    gain: float | None
    """End and what was taken out, less begin and what was put in."""
    time_weighted: float | None
    """Return by time of the year."""
    income: float
    """Received in it."""
    fees: float
    """Paid in it."""
    storage: float
    """Paid in it."""
    tax: float
    """Paid in it, that of trades with it."""


class Worth(Record):
    """The whole on one day."""

    day: Day
    """End of a month, day on which money moved, or the last."""
    value: float | None
    """Null where a level is missing."""
    ends: Ends | None
    """Between which it lies."""
    paid: float
    """Put in less taken out so far."""
    is_flow: bool
    """Whether money moved."""
    index: float | None
    """Growth of 1 since the first day, by time and after costs; null from the first missing level on."""


class Left(Record):
    """A lot, or the part of it that left at once."""

    lot_id: str
    """Its name."""
    client: Client
    metal: str
    """Key of the metal, or of a listed instrument."""
    how: Literal["sell", "withdraw", "loss"]
    """Whether it was sold, taken out unsold, which counts as its value of the day, or lost."""
    bought: Day
    """Of the purchase."""
    day: Day
    """On which it left."""
    quantity: float
    """Fine kg, or units of a listed instrument."""
    cost: float
    """Paid for it, without fees and tax."""
    proceeds: float
    """Received for it, before fees and tax."""
    fees: float
    """Of its purchase and of its sale."""
    tax: float
    """Likewise."""
    gain: float
    """Proceeds less cost, fees and tax."""


class Benchmark(Record):
    """The same money in something else."""

    key: str
    """Gold, cash, or a series of one's own."""
    value: float
    """What it would have come to, without its costs."""
    rate: float | None
    """Internal rate a year."""


class Risk(Record):
    """Risk of the whole by the estimated levels of month ends."""

    volatility: float
    """Of a year."""
    depth: float
    """Deepest fall, a fraction."""
    peak: Day
    """Before it."""
    trough: Day
    """At its end."""
    days_below: int
    """Longest time below an earlier peak."""


class LeftOut(Record):
    """A lot that is in no figure."""

    lot_id: str
    """Its name."""
    why: Literal["cost", "proceeds", "rate"]
    """What is not known: what was paid, what was received, or an exchange rate of the day."""


class Performance(Record, schema="performance"):
    """What holdings earned by their movements."""

    schema_version: Literal[1] = 1
    """Of this shape."""
    as_of: AsOf
    file: Name
    client: Client
    currency: Currency
    account: bool
    """Whether money was deposited, so that cash is part of the whole."""
    whole: Earned
    """All together."""
    metals: Rows[Earned]
    """By key."""
    clients: Rows[Earned]
    """By name, where the file has several."""
    lots: Rows[LotEarned]
    """By day of purchase."""
    left: Rows[Left]
    """What was sold, taken or lost, by its day."""
    years: Rows[YearEarned]
    """In their order."""
    path: Rows[Worth]
    """In their order."""
    benchmarks: Rows[Benchmark]
    """Those that are known on each day on which money moved."""
    risk: Risk | None
    """Null below twelve months, or where a level is missing."""
    unpriced: Rows[str]
    """Lots that are held and have no level today: in no value and no gain."""
    missing: Rows[str]
    """Metals without a level on some day on which money moved."""
    turned: Rows[str]
    """Metals that are valued today at an own price of a single day, and before at others: no return by time."""
    left_out: Rows[LeftOut]
    """Lots that are in no figure."""
    reading: Rows[Sentence]
    """How the file was read."""
    warnings: Warnings
    notes: NotesBeside
    remarks: Remarks
    data: DataUsed
    phrases: Phrases
