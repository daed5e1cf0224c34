"""Tables of the store: those of the data package, and daily quotations, which the package does not have.

A table of the store has the columns of its contract and `fetched_at`. Its *key* is the primary key of the contract and the
source; its *series* is the key without the date; rows of one key that were known on different days are its *vintages*.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

import dataframely as dy
import polars as pl

from toolkit.core.errors import DataError, did_you_mean
from toolkit.core.frames import CURRENCY, REFERENCE_DATE, TABLES

FETCHED_AT = "fetched_at"
FETCHED_AT_TYPE = pl.Datetime("us", "UTC")
OF_A_SERIES = ("currency", "unit", "basis")
"""Columns that have one value in a series."""


class Quotations(dy.Schema):
    """Quotations of a day of listed instruments, futures and currency pairs, without time of day.

    `close` is in units of `currency` (pounds, not pence): `factor` is what the quoted number was multiplied by, 1 where it was
    quoted in them. `adjusted_close` is corrected for splits and dividends as the source does it; `split` is the number of new
    shares for an old one. `repaired` marks rows that the source, or the reading of it, has corrected.
    """

    date = dy.Date(primary_key=True)
    asset = dy.String(primary_key=True)
    close = dy.Float64(nullable=False, min_exclusive=0, allow_inf=False, allow_nan=False)
    adjusted_close = dy.Float64(nullable=True, min_exclusive=0, allow_inf=False, allow_nan=False)
    currency = dy.String(nullable=False, regex=CURRENCY)
    factor = dy.Float64(nullable=False, min_exclusive=0, allow_inf=False, allow_nan=False)
    volume = dy.Float64(nullable=True, min=0, allow_inf=False, allow_nan=False)
    dividend = dy.Float64(nullable=True, min=0, allow_inf=False, allow_nan=False)
    split = dy.Float64(nullable=True, min_exclusive=0, allow_inf=False, allow_nan=False)
    exchange = dy.String(nullable=True)
    repaired = dy.Bool(nullable=False)
    source = dy.String(nullable=False)
    known_from = dy.Date(nullable=False)

    @dy.rule()
    def one_currency_a_series(cls) -> pl.Expr:  # noqa: N805  # the name of a dataframely rule is its sentence
        """A series is in one currency."""
        return pl.col("currency").n_unique().over("asset", "source") == 1


STORE_TABLES: Mapping[str, type[dy.Schema]] = MappingProxyType({**TABLES, "quotations": Quotations})
"""Every table that the store can hold, and the contract of its rows without `fetched_at`."""


@dataclass(frozen=True, slots=True)
class Table:
    """Columns of a table of the store by what they are for.

    Attributes:
        key: What names an observation.
        series: The key without the date of reference and the source; rows are sorted by it, and then by date.
        reference: Column of the date of an observation; None for tables without one.
        values: Columns whose change makes a new vintage.
        fixed: Values that a series keeps.
    """

    name: str
    contract: type[dy.Schema]
    key: tuple[str, ...]
    series: tuple[str, ...]
    reference: str | None
    values: tuple[str, ...]
    fixed: tuple[str, ...]

    @classmethod
    def of(cls, name: str) -> Table:
        """The table of a name; `DataError` with the nearest names for one that has no contract."""
        if name not in STORE_TABLES:
            raise DataError("no contract for table {name!r:s}.", hint=did_you_mean(name, STORE_TABLES), name=name)
        contract = STORE_TABLES[name]
        columns = [column for column in contract.columns() if column != "known_from"]
        reference = "date" if name == "quotations" else REFERENCE_DATE.get(name)
        # A table without a key has rows that can be added and never revised.
        keyed = contract.primary_key() or columns
        key = tuple(dict.fromkeys((*keyed, "source")))
        series = tuple(column for column in key if column not in (reference, "source"))
        values = tuple(column for column in columns if column not in key)
        has_fixed = name in ("prices", "quotations")
        fixed = tuple(column for column in OF_A_SERIES if column in values) if has_fixed else ()
        return cls(name, contract, key, series, reference, values, fixed)

    @property
    def dtypes(self) -> dict[str, pl.DataType]:
        """Column -> type, of what is kept."""
        return {**{name: column.dtype for name, column in self.contract.columns().items()}, FETCHED_AT: FETCHED_AT_TYPE}

    @property
    def order(self) -> list[str]:
        """Columns that rows are sorted by in a file."""
        return [*self.series, *([self.reference] if self.reference else []), "source", "known_from", FETCHED_AT]
