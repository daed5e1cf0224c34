"""What commands say of a store: its tables, its verification, compaction, revisions, queries, exports and imports."""

from collections.abc import Mapping
from typing import Any, Literal

from toolkit.records.base import Day, Phrase, Record, Rows
from toolkit.records.fields import AnswerDay, Folder, Name, SchemaVersion, SourceId, TableName


class StoredTable(Record):
    """A table of a store."""

    table: TableName
    version: int
    """Version of its log: one more with each commit."""
    rows: int
    """Rows of all vintages."""
    files: int
    """Data files."""
    bytes: int
    """Their size."""
    fetched_at: str
    """Time of its last commit, UTC."""
    age_days: int
    """Days since then."""


class Correction(Record):
    """Rows that a user has corrected: new vintages, known from that day on."""

    table: str
    """Their table."""
    source: str
    """Who imported them."""
    fetched_at: str
    """When, UTC."""
    rows: int
    """How many."""
    reason: str
    """Why, in the words of the user."""


class Stored(Record):
    """A store."""

    store: Folder
    tables: Rows[StoredTable]
    """Its tables by name."""
    corrections: Rows[Correction] = ()
    """What was corrected in it, by table and time."""


UnusedReason = Literal["short", "other_source", "same_day", "unknown_name", "not_read"]


class UnusedSeries(Record):
    """A series of a store that no answer uses."""

    table: str
    """Its table: prices, flows or energy."""
    asset: Name
    source: str
    """Id of its source."""
    reason: UnusedReason
    """``short``: too few prices to replace a series in another currency or unit, or on another basis; ``other_source``: another
    source has newer rows; ``same_day``: another file of the user has a price of the same day, and is used; ``unknown_name``: it
    is no product and explains none; ``not_read``: no answer is made from its table."""
    rows: int
    """Its rows that were known."""
    kind: str
    """Its currency, unit and basis; of flows, who counted them and in which direction."""
    used: str | None
    """Those of the series that is used in its place; null where none is."""


class Damage(Record):
    """A file that is not as it was committed."""

    file: str
    """Its path in the store."""
    fault: str
    """What is wrong with it."""


class Verified(Record, schema="data-verify"):
    """Every committed byte of a store, held against its hash."""

    as_of: AnswerDay
    store: Folder
    versions: Mapping[str, int]
    """Table -> version of its last commit."""
    files: int
    """Files that were read."""
    bytes: int
    """Their size."""
    damaged: Rows[Damage]
    """Files that are not as they were committed."""
    uncommitted: Rows[str]
    """Files that a writer left that was killed: no reader sees them, and the next writer takes them up or removes them."""


class CompactedTable(Record):
    """A table whose small files were merged."""

    table: TableName
    version: int
    """Version of its log now."""
    files_before: int
    """Data files before."""
    files_after: int
    """Data files now."""


class Compacted(Record, schema="data-compact"):
    """A store whose small files were merged."""

    as_of: AnswerDay
    store: Folder
    tables: Rows[CompactedTable]
    """Its tables by name."""


class Revision(Record):
    """An observation that two states of a store have differently."""

    table: TableName
    key: Mapping[str, Any]
    """What names the observation."""
    change: Literal["added", "removed", "revised"]
    """What became of it."""
    before: Mapping[str, Any]
    """Values that differ, as they were; empty for what was added."""
    after: Mapping[str, Any]
    """The same values as they are; empty for what was removed."""


class DifferenceCount(Record):
    """How many observations of a table differ."""

    table: TableName
    added: int
    """Observations that only the later state has."""
    removed: int
    """Observations that only the earlier state has."""
    revised: int
    """Observations with another value."""


class Differences(Record, schema="data-diff"):
    """What two states of a store have differently."""

    as_of: AnswerDay
    store: Folder
    before: str
    """The earlier state: a day of knowledge, or a version."""
    after: str
    """The later state."""
    counts: Rows[DifferenceCount]
    """Tables that differ, by name."""
    rows: Rows[Revision]
    """Revised and removed observations; added ones only where they are asked for."""


class QueryResult(Record, schema="data-query"):
    """Rows that a query selects."""

    as_of: Day
    """Day of knowledge of the tables."""
    columns: Rows[str]
    """Names of the columns."""
    rows: Rows[Rows[Any]]
    """Their values."""


class Exported(Record, schema="data-export"):
    """A table that was written to a file."""

    as_of: AnswerDay
    store: str
    """Folder of the store."""
    table: TableName
    version: int
    """Version of its log."""
    file: str
    """Path of the file."""
    rows: int
    """Rows that were written."""
    sha256: str
    """Hash of the file."""


class Imported(Record, schema="data-import"):
    """What of a file was added to a store."""

    as_of: AnswerDay
    store: str
    """Folder of the store."""
    file: str
    """Name of the file."""
    table: str
    """Table it was added to."""
    version: int | None
    """Version of its log now; null where it has none yet."""
    rows: int
    """Rows that were added."""
    revised: int
    """How many of them are new vintages of an observation that the store had."""
    unchanged: int
    """Rows that the store had already."""
    left_out: int
    """Rows that cannot be kept, as ``notes`` say."""
    series: int
    """Series in the file; of an import in parts, of all parts."""
    sources: Rows[str]
    """Ids of the sources of its rows, where they are a user's own; none of an export."""
    correction: str
    """Why its rows replace those of the store; empty where they do not."""
    notes: Rows[Phrase]
    """How the file was read."""


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
