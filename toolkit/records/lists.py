"""Lists of what there is: settings, strategies, data, checks of the installation, and the quality of a price file."""

from collections.abc import Mapping
from typing import Any

from toolkit.records.base import Day, Record, Rows, Sentence
from toolkit.records.evidence import EvidenceState
from toolkit.records.fields import Folder, KnownFrom, PriceBasis
from toolkit.records.prices import SeriesChecks
from toolkit.records.sources import Provenance
from toolkit.records.store import QualityFinding, Stored, UnusedSeries, Verified


class Setting(Record):
    """A setting that is in effect."""

    key: str
    """Its path, `section.name`."""
    value: str | int | float | bool | None
    """In effect."""
    origin: str
    """default, file, environment or option."""


class SettingsList(Record, schema="config"):
    """Every setting: `toolkit config show`."""

    settings: Rows[Setting]
    """In the order of the file."""


class StrategyFile(Record):
    """A strategy that is found by its name."""

    name: str
    """Of the file, without its ending."""
    title: str
    """As it says itself."""
    origin: str
    """Folder that it is found in: yours or shipped."""
    path: str
    """Of the file."""
    evidence: EvidenceState | None = None
    """What past prices say of it; null where none is stored of exactly this file."""


class StrategyList(Record, schema="strategies"):
    """Every strategy: `toolkit strategies list`."""

    strategies: Rows[StrategyFile]
    """By name."""


class StrategyCheck(Record, schema="strategies-check"):
    """A strategy without a fault: `toolkit strategies check`."""

    name: str
    """As it was asked for."""
    fingerprint: str
    """Hash of all its settings."""
    faults: Rows[str] = ()
    """None: a strategy with faults is an error."""


class LanguageKey(Record):
    """A key of a table of a strategy."""

    key: str
    """As it is written."""
    type: str
    """Of its value, in words."""
    required: bool
    """Whether a table without it is refused."""
    default: Any
    """Value of a key that is not written; null where it has none."""
    says: str
    """What it means."""


class LanguageEntry(Record):
    """A table or a kind of table that a strategy may have, or a measure that it may name."""

    table: str
    """Its header as it is written, `[costs]` or `[[constraint]]`; `measure` for a measure."""
    kind: str | None
    """Value of its key `kind`, or the name of a measure; null for a table without kinds."""
    says: str
    """What it means."""
    keys: Rows[LanguageKey]
    """In the order of the model; none for a measure."""


class LanguageList(Record, schema="strategies-language"):
    """Everything that a strategy may say: `toolkit strategies language`."""

    language: Rows[LanguageEntry]
    """Tables, kinds and measures."""


class StoreCheck(Record):
    """A store without a fault."""

    verified: Verified
    """Its files."""
    tables: int
    """Number of tables that hold their contracts."""
    quality: Rows[QualityFinding]
    """What the checks of quality find in its series."""
    unused: Rows[UnusedSeries]
    """Series that no answer uses."""


class PackageCheck(Record, schema="data-validate"):
    """A data package without a fault: `toolkit data validate`."""

    package: Folder
    tables: Rows[str]
    """That hold their contracts."""
    faults: Rows[str] = ()
    """None: a package with faults is an error."""
    store: StoreCheck | None = None
    """The store over it; missing where none is in use."""


class Check(Record):
    """A check of the installation."""

    name: str
    """What is checked."""
    ok: bool
    """Whether it is in order."""
    detail: str
    """What was found."""


class Doctor(Record, schema="doctor"):
    """Checks of the installation: `toolkit doctor`."""

    healthy: bool
    """Whether all of them are in order."""
    findings: Rows[Check]
    """In the order in which a person would make them."""


class DataList(Record, schema="data"):
    """Tables and sources of the data: `toolkit data list`."""

    as_of: Day
    """Day that ages are counted to."""
    package: str
    """Folder of the data."""
    data: Rows[Provenance]
    """Table by table and source by source."""
    weaknesses: Mapping[str, Rows[str]]
    """Known weaknesses by table."""
    store: Stored | None = None
    """The store over them; missing where none is in use."""


class SeriesCheck(SeriesChecks):
    """A series of a price file."""

    asset: str
    """Key of what it prices."""
    coverage: float
    """Prices over those expected."""
    large_moves: int
    """Changes far above the usual size, true or not."""
    unit_factor: float | None
    """Price level after it over that before."""
    price: float
    """The newest, as it was read from the file."""
    currency: str
    """Of the prices."""
    unit: str
    """What they are of: kg, g, ...; ``unit`` where the file does not say."""


class Quote(Record):
    """A price of one day."""

    date: Day
    """Day of the price."""
    asset: str
    """Key of what it prices."""
    price: float
    """Of one unit."""
    currency: str
    """Of the price."""
    unit: str
    """kg, g, oz, ..."""
    quantity: float | None
    """kg that a customs unit value is of; null for another price."""
    basis: PriceBasis
    source: str
    """Key of the source, or name of the file."""
    known_from: KnownFrom


class PriceCheck(Record, schema="data-validate-prices"):
    """The quality of price files: `toolkit data validate --prices`."""

    file: str
    """Name of the file."""
    shape: str
    """How the table is laid out."""
    quality: Rows[SeriesCheck]
    """One a series."""
    quotes: Rows[Quote]
    """Prices of a day, which belong to no series."""
    findings: Rows[Sentence]
    """What is wrong or was supposed."""
    faults: Rows[str] = ()
    """None: a file with faults is an error."""
