"""Price paths of the assets, month by month."""

from collections.abc import Mapping

from pydantic import Field

from toolkit.records.base import Day, Named, Record, Rows
from toolkit.records.fields import Currency, DataUsed, PriceBasis


class PriceMonth(Record):
    """A month of a price series."""

    month: Day
    """Its last day."""
    print: float | None
    """Observed price of one unit, in the reporting currency."""
    level: float | None
    """Price behind noisy prints."""
    error: float | None
    """Standard error of the level, in log points."""


class LastPrice(PriceMonth):
    """The last month with a price, converted at the last exchange rate: what a unit is valued at today."""

    off: float | None
    """Print over level less 1."""


class Fall(Record):
    """The largest fall from a peak."""

    depth: float
    """Fraction of the peak."""
    since: Day
    """First month that is looked at."""
    peak: Day
    """Month of the peak."""
    trough: Day
    """Month of the lowest price."""
    under_water: int
    """Months of the longest time below an earlier peak, whichever it was, until it was reached again."""
    lasts: bool
    """Whether that time lasts: its peak is not reached again."""


class PriceSeries(Named):
    """The price path of an asset."""

    basis: PriceBasis
    unit: str
    """Of the price."""
    quoted: str
    """Currency of quotation."""
    months: Rows[PriceMonth]
    """In order."""
    fall: Fall | None
    """The largest; null where there is none."""
    last: LastPrice
    """The last price."""


class Prices(Record):
    """Price paths."""

    currency: Currency
    start: Day = Field(alias="from")
    """First month that is shown."""
    series: Rows[PriceSeries]
    """In the order of the assets."""
    without: Rows[Named]
    """Assets that have none."""
    rates: Mapping[str, Day]
    """Day of the last exchange rate by currency of quotation."""
    data: DataUsed
