"""What a fetch brought: one outcome a series, and the terms of the sources."""

from typing import Literal

from toolkit.records.base import Day, Record, Rows
from toolkit.records.fields import Name, SchemaVersion, SourceId

Use = Literal["personal", "bundling", "never"]
"""What data may be used for: ``personal`` use of the one who fetched it, ``bundling`` with a package that is passed on, or any
use in which it is ``never`` passed on."""
Status = Literal["ok", "empty", "partial", "stale", "failed"]
Reason = Literal[
    "rate_limited", "server_error", "timeout", "cut_off", "unreachable", "not_data", "login", "denied", "not_found", "no_key",
    "format", "contract", "missing_rows", "quality", "offline", "store",
]  # fmt: skip
"""Why a series is not ok: of the network, of the reply, of what it says, or of the store."""


class QualityFinding(Record):
    """One thing that a check of fetched prices found in one series."""

    rule: str
    """Name of the check, which `--accept` takes."""
    asset: str
    """Series of the table."""
    severity: Literal["error", "warning", "note"]
    """An error refuses the series, a warning keeps it and is shown, a note is told only."""
    action: Literal["refused", "accepted", "kept", "dropped", "new_vintage"]
    """What was done with the rows."""
    count: int
    """Rows concerned."""
    date: Day | None
    """First day concerned; null where it concerns the whole series."""
    value: float | None
    """Size of what was found: ratio of a jump, number of prices in a run; null where it has none."""


class SeriesOutcome(Record):
    """What became of one series."""

    source: SourceId
    series: str
    """Name of the series at the source."""
    status: Status
    """``partial``: some rows are missing; ``stale``: the newest row is older than the rhythm of the source explains."""
    reason: Reason | None
    """Null where it is ok."""
    detail: str | None
    """What the source or the check said, in its words."""
    rows: int
    """Rows received."""
    new: int
    """Rows of days that were not stored before."""
    revised: int
    """Rows that replace another value from the day of the fetch on."""
    first: Day | None
    """First day received."""
    last: Day | None
    """Last day received or, without any, stored."""
    quoted_currency: str | None
    """Unit of quotation where prices were converted: GBp, ZAc, ILA."""
    factor: float | None
    """By which quoted prices were multiplied; null where they were not."""
    required: bool
    """Whether the command fails without it."""
    findings: Rows[QualityFinding]
    """Of the checks of quality."""


class SourceTerms(Record):
    """A source that was asked."""

    source: SourceId
    title: Name
    terms: str
    """Terms of use, in a sentence."""
    use: Use
    """What its data may be used for."""
    url: str
    """Its page."""
    commits: int
    """Versions that were added to the store."""


class Fetch(Record, schema="fetch"):
    """What a fetch brought."""

    schema_version: SchemaVersion
    as_of: Day
    """Day of the fetch."""
    offline: bool
    """Whether no source was asked."""
    skipped: Rows[str]
    """Sources that were left out because they ask for a key that is not in the environment; none that was named."""
    sources: Rows[SourceTerms]
    """Those asked, by key."""
    series: Rows[SeriesOutcome]
    """One outcome a series, by source and series."""
    missing: Rows[str]
    """Required series, as source:series, that did not come."""
