"""What a result rests on and for whom it was made: provenance, exchange rates, owner, strategy, remarks."""

from collections.abc import Mapping
from typing import Any, Literal

from toolkit.records.base import Day, Phrase, Record, Rows, Sentence


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
    kind: str = "private"
    """private, company or trust."""
    tax_free_after: int | None = None
    """Years after which the owner counts a sale as free of tax; null for what the law of the country says."""


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
    text: Sentence
    """What is weak, or how something was read or computed."""
    remedy: Sentence | None
    """What to do about it."""

    @property
    def is_warning(self) -> bool:
        """Whether `--strict` fails on it."""
        return self.kind != "note"


class Fault(Record):
    """An error."""

    kind: str = ""
    """Whose it is to mend: spec, data, frame, ..."""
    message: str
    """What is wrong, each fault in a line."""
    hint: str
    """What to do."""
    details: Mapping[str, Any] = {}
    """Rows, columns and settings that are meant."""


class Beside(Record):
    """What stands beside an answer: the attributes of its record that say how far it can be relied on."""

    remarks: Rows[Remark] = ()
    """Warnings and notes."""
    warnings: Rows[Sentence] = ()
    """Texts of the warnings of a record without remarks."""
    phrases: Mapping[str, Phrase] = {}
    """Sentences by their English words, with templates and values for other languages."""
    error: Fault | None = None
    """Why there is no answer, or which faults a file has."""


class StrategyTitle(Record):
    """A strategy."""

    name: str
    """Key: the name of its file."""
    title: str
    """Title of the strategy."""


class StrategyName(StrategyTitle):
    """Which strategy was run."""

    fingerprint: str
    """Checksum of everything that it asks."""


class About(Record):
    """What a strategy says of itself."""

    title: str
    """Title of the strategy."""
    idea: str
    """Why it should work; empty where its author does not say."""
    source: str
    """Literature or author; empty where its author does not say."""
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
