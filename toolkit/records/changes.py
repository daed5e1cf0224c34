"""What a reader of last month's report does not know yet."""

from toolkit.records.base import Day, Record, Rows
from toolkit.records.fields import (
    Confidence,
    DataUsed,
    Destinations,
    EventId,
    InstrumentKind,
    MetalKey,
    NoticeTitle,
    PriceBasis,
    ProductKey,
    SourceId,
)
from toolkit.supply.flows import Change


class ControlChange(Record):
    """A change of the ledger."""

    event_id: EventId
    title: NoticeTitle
    kind: str
    """control or practice."""
    instrument: InstrumentKind
    standing: str
    """official, reported, ..."""
    confidence: Confidence
    source_id: SourceId
    origin: str | None
    """ISO-3 code of the country that acts."""
    destinations: Destinations
    metals: Rows[str]
    """Keys of metals and groups."""
    was: str | None
    """Status then; null where it was not known."""
    now: str
    """Status now."""
    day: Day
    """Day of the change."""
    inferred: bool
    """Whether the day is inferred."""
    targets: Rows[str]
    """Ids of measures that it acts on."""
    targets_now: Rows[str]
    """Their status now."""


class FlowNews(Record):
    """The newest month of a flow."""

    latest: float | None
    """Quantity of the month."""
    on_month: Change
    """Against the month before."""
    on_year: Change
    """Against the month of the year before."""
    zeros_running: int
    """Months at zero in a row until then."""
    inferred: bool
    """Whether the month is inferred to be zero."""


class FlowChange(Record):
    """A flow with a new month."""

    asset: MetalKey
    reporter: str
    """ISO-3 code of the country that reports."""
    month: Day
    """Last day of the newest month."""
    new: bool
    """Whether it was not known last month."""
    all: FlowNews
    """Of all origins."""
    china: FlowNews | None
    """Of China."""


class PriceThen(Record):
    """The price that was known then."""

    price: float
    """Of one unit, in the reporting currency."""
    date: Day
    """Day of its print."""


class PriceChange(Record):
    """The price of an asset now and then."""

    asset: ProductKey
    price: float
    """Of one unit, in the reporting currency."""
    standard_error: float | None
    """Of `price`."""
    date: Day
    """Day of its print."""
    basis: PriceBasis
    new: bool
    """Whether the print was not known last month."""
    before: PriceThen | None
    """What was known then."""
    change: float | None
    """As a fraction of it."""


class Changes(Record):
    """What has changed since a day."""

    since: Day
    """Day of last month's report."""
    ledger_until: Day
    """Last day of events that are looked at."""
    reviewed_to: Day | None
    """Last day through which acts are in the ledger; null where nobody says so."""
    controls: Rows[ControlChange]
    """Changes of the ledger."""
    flows: Rows[FlowChange]
    """Flows with a new month."""
    prices: Rows[PriceChange]
    """Prices now and then."""
    data: DataUsed
