"""What changed between two days: the law, prices, the value of what is held; of two stored runs also question and answer."""

from typing import Literal

from toolkit.records.base import Day, Record, Rows
from toolkit.records.fields import (
    Client,
    Confidence,
    DataUsed,
    Destinations,
    EventId,
    FirstVersion,
    InstrumentKind,
    NoticeTitle,
    PriceBasis,
    ProductKey,
    SourceId,
)


class RunEntry(Record):
    """A run, a backtest or a sweep that is stored."""

    run_id: str
    """Name of its folder, or of its file; `toolkit runs show` finds it by this."""
    command: Literal["optimize", "backtest", "sweep", "unknown"]
    """What made it; unknown where it cannot be read."""
    written: Day
    """Day on which its files were written."""
    as_of: Day | None
    """Day of knowledge; null where it cannot be read."""
    strategies: Rows[str]
    """Keys of the strategies that were asked for."""
    status: str
    """Of a run as `toolkit optimize --json` says, infeasible for one without an answer; complete, or partial where backtests
    of a sweep have no answer; unreadable."""
    client: Client
    folder: str
    """Its folder, or its file."""
    fault: str | None
    """Why it cannot be read; null where it can."""


class RunList(Record, schema="runs"):
    """Every stored run: `toolkit runs list`."""

    schema_version: FirstVersion
    kind: Literal["runs"]
    """Of the object."""
    folder: str
    """Where runs are stored: in its folders runs, reports and sweeps."""
    runs: Rows[RunEntry]
    """The one written last first."""


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
    """Whether the print was not known then."""
    before: PriceThen | None
    """What was known then."""
    change: float | None
    """As a fraction of it."""


class ValueChange(Record):
    """The value of today's lots at the prices of two days, in the reporting currency."""

    before: float
    """At the prices known then."""
    now: float
    """At those known now."""
    lots: int
    """How many."""
    left_out: int
    """Lots that are in neither: no price of the same basis was known then, or theirs is the owner's own."""


class Changes(Record):
    """What has changed since a day."""

    since: Day
    """The day: of last month's report, or of the first run."""
    ledger_until: Day
    """Last day of events that are looked at."""
    reviewed_to: Day | None
    """Last day through which acts are in the ledger; null where nobody says so."""
    controls: Rows[ControlChange]
    """Changes of the ledger."""
    prices: Rows[PriceChange]
    """Prices now and then."""
    value: ValueChange | None
    """Of what is held; null where nothing is."""
    data: DataUsed


class RunDifference(Record):
    """One thing that differs."""

    part: Literal["settings", "strategy", "holdings", "prices", "data", "versions", "weights", "orders", "figures"]
    """What it belongs to: of the question (settings, strategy, holdings, own prices), of what was known (data, versions), or of
    the answer (weights, orders, key figures)."""
    key: str
    """Which, as a path of keys."""
    first: str | float | None
    """In the first run; null where it has none."""
    second: str | float | None
    """In the second."""
    unit: str | None
    """fraction, a currency, or that of the asset; null for what is no quantity."""


class RunDifferences(Changes, schema="runs-diff"):
    """What differs between two stored runs, and what changed from the day of one to that of the other: `toolkit runs diff`.

    Law and prices are those that the runs themselves hold; of backtests and sweeps there are none.
    """

    schema_version: Literal[2] = 2
    """Of this shape."""
    kind: Literal["runs-diff"] = "runs-diff"
    """Of the object."""
    as_of: Day
    """Day of the second run."""
    law_compared: bool
    """Whether the runs are of two days, for one country and one ledger."""
    currency: str | None
    """Of prices; null where there are none."""
    first: RunEntry
    """The one."""
    second: RunEntry
    """The other."""
    differences: Rows[RunDifference]
    """First those of the question, then of what was known, then of the answer; empty where nothing differs."""
