"""How a price file is read: `toolkit data map --json`."""

from toolkit.records.answers.holdings import ColumnReading, LayoutQuestion
from toolkit.records.base import Day, Record, Rows, Sentence
from toolkit.records.fields import Name, SchemaVersion


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


class PricesMap(Record, schema="prices-map"):
    """How a price file is read: `toolkit data map --json`."""

    schema_version: SchemaVersion
    file: Name
    columns: Rows[ColumnReading]
    """In the order of the file."""
    questions: Rows[LayoutQuestion]
    """What is open; without any the file is read."""
    series: Rows[MappedSeries]
    """As every command reads them; none while something is open."""
    fault: Rows[Sentence]
    """Why the prices cannot be read although nothing is open, and what helps."""
    notes: Rows[Sentence]
    """How the file was read."""
    command: str
    """That says what is open, with ``?`` where no answer is proposed."""
    layout: str
    """As it is kept, in TOML."""
    written: str | None
    """File of the layout."""
