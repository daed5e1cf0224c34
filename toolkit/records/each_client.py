"""A report for each client of a file: `toolkit report --each-client --json`."""

from toolkit.records.base import Day, Record, Rows, Sentence
from toolkit.records.fields import AsOf, Currency, Name, Phrases


class ClientReport(Record):
    """The report of one client, or why there is none."""

    client: str
    """Name of the client."""
    value: float | None
    """Of all that is owned or ordered and has a price; null without a report."""
    gain: float | None
    """Of a file of movements realised and not, after costs; of a list of lots of what is stored; null where it is not known."""
    at_risk: int | None
    """Lots under control and not out of its reach."""
    next_change: Day | None
    """First official change ahead of what the client holds; null where none is known."""
    files: Rows[str]
    """That were written for the client."""
    error: Sentence | None
    """Why there is no report; null where there is one."""
    hint: Sentence | None
    """What to do about it."""


class EachClient(Record, schema="report-each-client"):
    """A report for each client of a file."""

    schema_version: int = 1
    """Of this shape."""
    as_of: AsOf
    file: Name
    currency: Currency
    report: str
    """Name of the report."""
    table: str
    """File of this table."""
    clients: Rows[ClientReport]
    """In the order of the file."""
    unread: Rows[str]
    """Sheets that are hidden or have no header of lots."""
    phrases: Phrases
