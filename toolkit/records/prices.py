"""Price series of the assets: their months, how far each can be trusted, and what the checks of a store find in them."""

from collections.abc import Mapping

from pydantic import Field

from toolkit.records.base import Day, Named, Record, Rows
from toolkit.records.fields import Currency, DataUsed, PriceBasis
from toolkit.records.sources import Provenance
from toolkit.records.store import QualityFinding


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


class SeriesChecks(Record):
    """What is looked for in a series (`toolkit.market.quality.quality`)."""

    first: Day
    """Day of the first price."""
    last: Day
    """Day of the last price."""
    observations: int
    """Number of prices."""
    rhythm: str | None
    """Frequency: daily, monthly, ..."""
    expected: int
    """Prices that the frequency makes expect."""
    gaps: int
    """Times that a price is missing."""
    longest_gap: int
    """Prices that are missing in a row at most."""
    longest_gap_after: Day | None
    """Day of the price before them."""
    stale_run: int
    """Equal prices in a row at most."""
    stale_until: Day | None
    """Day of the last of them."""
    outliers: int
    """Prices far from their neighbours."""
    outlier_date: Day | None
    """Day of the farthest."""
    outlier_z: float | None
    """Its distance, in robust standard deviations."""
    unit_ratio: float | None
    """Jump that looks like a change of unit, or of daily prices like a split, as a ratio."""
    unit_date: Day | None
    """Day of the jump."""
    age_days: int
    """Days since the last price."""


class SeriesQuality(Named, SeriesChecks):
    """A price series of an asset."""

    basis: str
    """Basis of the newest price."""
    noisy: bool
    """Whether prices are customs values, of which a level is estimated."""
    old: bool
    """Whether the newest price is older than the frequency explains."""


class Quality(Record):
    """Price series of the assets."""

    series: Rows[SeriesQuality]
    """One a series, in the order of the assets."""
    without: Rows[Named]
    """Assets that have none."""
    data: DataUsed


class StoredChecks(Record):
    """Checks of fetched and imported series."""

    series: int
    """Number of series of the store that were checked."""
    findings: Rows[QualityFinding]
    """Errors first; what is noted only is left out."""
    data: Rows[Provenance] = ()
    """None: the rows are those of the subject."""
