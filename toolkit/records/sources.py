"""What a result rests on and for whom it was made: provenance, exchange rates, owner, strategy, remarks."""

from typing import Literal

from toolkit.records.base import Day, Record


class Provenance(Record):
    """The rows of a table that are from one source."""

    table: str
    """Table of the data package."""
    source: str
    """Title of the source."""
    source_id: str
    """Key of the source."""
    licence: str
    """Terms of its use."""
    as_of: Day | None
    """Day of the newest row; null for a table without such days."""
    known_from: Day
    """Day from which the newest row was known."""
    rows: int
    """Number of rows that were used."""
    sha256: str
    """Checksum of these rows."""
    overdue_days: int
    """Days since the next row should have come; 0 while it is not due."""


class Rate(Record):
    """An exchange rate."""

    base: str
    """Currency of quotation."""
    quote: str
    """Reporting currency."""
    rate: float
    """Units of `quote` for one of `base`."""
    date: Day
    """Day of the rate."""


class Owner(Record):
    """For whom the figures are."""

    country: str
    """ISO-3 code of the destination of deliveries."""
    currency: str
    """Reporting currency of every amount."""


class Review(Record):
    """How far the control ledger is complete."""

    reviewed_to: Day | None
    """Last day through which acts are in the ledger; null where nobody says so."""


class Remark(Record):
    """One thing that a reader must know."""

    kind: Literal["data", "law", "answer", "terms", "note"]
    """What is weak; a note weakens nothing."""
    money: float | None
    """Value that it touches, in the reporting currency; null where nobody can tell."""
    text: str
    """A sentence."""
    remedy: str | None
    """What to do about it."""


class StrategyName(Record):
    """Which strategy was run."""

    name: str
    """Key: the name of its file."""
    title: str
    """Title of the strategy."""
    fingerprint: str
    """Checksum of everything that it asks."""


class About(Record):
    """What a strategy says of itself."""

    title: str
    """Title of the strategy."""
    idea: str
    """Why it should work."""
    source: str
    """Literature or author."""
    refuted_by: str | None
    """What would show that it does not."""


class Vat(Record):
    """Value-added tax of the owner's country."""

    country: str
    """ISO-3 code."""
    rate: float | None
    """Fraction of a price; null where none is bundled."""
    citation: str | None
    """The law."""
