"""What one holds: a CSV (or Parquet) file with one row a lot, read as strictly as prices."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import BinaryIO

import dataframely as dy
import polars as pl

from toolkit.core.errors import did_you_mean
from toolkit.core.frames import COUNTRY, CURRENCY
from toolkit.core.units import KG_PER_UNIT, to_kg
from toolkit.data.files.tabular import (
    FIRST_ROWS,
    Table,
    check_columns,
    days,
    numbers,
    read_table,
    refuse,
    required_cells,
    texts,
)

STATUSES = ("stored", "in_transit", "ordered", "planned")
UNKNOWN_ORIGIN = "unknown"
REQUIRED = (
    "lot_id",
    "asset",
    "form",
    "purity",
    "quantity",
    "unit",
    "purchase_date",
    "purchase_price",
    "currency",
    "origin_country",
    "location",
    "status",
)
OPTIONAL = ("custody", "certificate", "spread", "storage_fee", "vat_state")

_TEXTS = ("lot_id", "asset", "form", "purity", "unit", "currency", "origin_country", "location", "status")
_OPTIONAL_TEXTS = ("custody", "certificate", "vat_state")
_FRACTIONS = ("spread", "storage_fee")


class Lots(dy.Schema):
    """Lots of physical metal. `quantity` is in `unit` as given, `mass` in kg; `purchase_price` is per `unit`.

    `purity` is free text, as traded. `spread` (round trip) and `storage_fee` (a year) are fractions of the value.
    """

    lot_id = dy.String(primary_key=True)
    asset = dy.String(nullable=False)
    form = dy.String(nullable=False)
    purity = dy.String(nullable=True)
    quantity = dy.Float64(nullable=False, min_exclusive=0, allow_inf=False, allow_nan=False)
    unit = dy.String(nullable=False)
    mass = dy.Float64(nullable=False, min_exclusive=0, allow_inf=False, allow_nan=False)
    purchase_date = dy.Date(nullable=True)
    purchase_price = dy.Float64(nullable=True, min_exclusive=0, allow_inf=False, allow_nan=False)
    currency = dy.String(nullable=True, regex=CURRENCY)
    origin_country = dy.String(nullable=False)
    location = dy.String(nullable=True)
    status = dy.String(nullable=False)
    custody = dy.String(nullable=True)
    certificate = dy.String(nullable=True)
    spread = dy.Float64(nullable=True, min=0, max_exclusive=1)
    storage_fee = dy.Float64(nullable=True, min=0, max_exclusive=1)
    vat_state = dy.String(nullable=True)

    @dy.rule()
    def status_is_known(cls) -> pl.Expr:  # noqa: N805
        """One of `STATUSES`."""
        return pl.col("status").is_in(STATUSES)

    @dy.rule()
    def unit_is_a_mass(cls) -> pl.Expr:  # noqa: N805
        """One of the units that `core.units.to_kg` converts."""
        return pl.col("unit").is_in(list(KG_PER_UNIT))

    @dy.rule()
    def origin_is_a_country_or_unknown(cls) -> pl.Expr:  # noqa: N805
        """ISO 3166 alpha-3 by its form, or openly unknown."""
        return pl.col("origin_country").str.contains(COUNTRY) | (pl.col("origin_country") == UNKNOWN_ORIGIN)

    @dy.rule()
    def bought_lots_have_date_price_and_currency(cls) -> pl.Expr:  # noqa: N805
        """Only what is planned may lack them."""
        bought = pl.all_horizontal(pl.col("purchase_date", "purchase_price", "currency").is_not_null())
        return (pl.col("status") == "planned") | bought


@dataclass(frozen=True, slots=True, eq=False)  # frames have no truth value, so holdings are compared by identity
class Holdings:
    """The lots of one owner.

    Attributes:
        frame: Holds the contract `Lots`, sorted by `lot_id`.
        name: File name as shown.
    """

    frame: pl.DataFrame
    name: str


def read_holdings(
    path: str | Path, *, known_assets: Mapping[str, tuple[str, ...]], today: date, stdin: BinaryIO | None = None
) -> Holdings:
    """Read a holdings file.

    `purity` and `location` may be empty, and so may the optional columns. A planned lot may lack purchase date, price
    and currency, and may be dated after `today`; every other lot needs all three. A purchase is dated by the day, since
    holding periods are counted in days.

    Args:
        path: CSV or Parquet file, or ``-`` for standard input.
        known_assets: Asset key to the forms known for it.
        today: No lot but a planned one is bought later.
        stdin: What ``-`` reads; the process's own standard input by default.

    Raises:
        DataError: for a file or a header that cannot be used.
        FrameError: for faulty rows, an unknown asset or form among them (the nearest names are in the hint); rule,
            count and first rows (header = row 1) are in `details`.
    """
    # Who holds nothing has a file with a header alone.
    table = read_table(path, stdin=stdin, may_be_empty=True)
    check_columns(table, required=REQUIRED, optional=OPTIONAL)
    lots = _lots(table)
    _check_names(table.name, lots, known_assets)
    _check_values(table.name, lots)
    _check_purchase(table.name, lots, today)
    units = list(KG_PER_UNIT)
    factor = pl.col("unit").replace_strict(units, [to_kg(1.0, unit) for unit in units], return_dtype=pl.Float64)
    lots = lots.with_columns(mass=pl.col("quantity") * factor)
    return Holdings(Lots.validate(lots.select(Lots.column_names()).sort("lot_id")), table.name)


def _lots(table: Table) -> pl.DataFrame:
    """The columns of `Lots` save `mass`, and the row numbers in the file; required cells are filled."""
    required_cells(table, "lot_id")
    lot = texts(table, "lot_id")
    for column in ("asset", "form", "quantity", "unit", "status"):
        required_cells(table, column, what=lot)
    origin = texts(table, "origin_country")
    _refuse(
        table.name,
        pl.DataFrame({"row": table.rows, "lot_id": lot, "origin_country": origin}).filter(origin.is_null()),
        "origin_country",
        rule="empty",
        fault="no origin_country",
        hint=f"Write the ISO 3166 alpha-3 code, or '{UNKNOWN_ORIGIN}'.",
    )
    given = numbers(table, [name for name in ("quantity", "purchase_price", *_FRACTIONS) if name in table.columns])
    absent = pl.Series([None] * given.height, dtype=pl.Float64)
    return pl.DataFrame(
        {
            "row": table.rows,
            **{name: texts(table, name) for name in (*_TEXTS, *_OPTIONAL_TEXTS)},
            **dict.fromkeys(_FRACTIONS, absent),
            **given.to_dict(),
            "purchase_date": days(table, "purchase_date", months=False),
        }
    )


def _check_names(file: str, lots: pl.DataFrame, known_assets: Mapping[str, tuple[str, ...]]) -> None:
    """Unique lots of known assets in known forms, units and statuses."""
    twice = lots.filter(pl.col("lot_id").is_duplicated())
    _refuse(file, twice, "asset", rule="duplicate", fault="a lot_id that occurs twice", hint="Give every lot an id of its own.")
    _refuse_unknown(file, lots, "asset", tuple(known_assets))
    # Forms are known by asset, so each pair is looked up once; there are few of them.
    for asset in lots["asset"].unique().sort():
        _refuse_unknown(file, lots.filter(pl.col("asset") == asset), "form", known_assets[asset], of=f" of {asset!r}")
    _refuse_unknown(file, lots, "unit", tuple(KG_PER_UNIT))
    _refuse_unknown(file, lots, "status", STATUSES)
    origin = pl.col("origin_country")
    _refuse(
        file,
        lots.filter(~origin.str.contains(COUNTRY) & (origin != UNKNOWN_ORIGIN)),
        "origin_country",
        rule="origin_country",
        fault="not a country code",
        hint=f"Write the ISO 3166 alpha-3 code, as CHN or DEU, or '{UNKNOWN_ORIGIN}'.",
    )


def _check_values(file: str, lots: pl.DataFrame) -> None:
    """Positive quantities and prices, fractions below one, currency codes."""
    for column in ("quantity", "purchase_price"):
        hint = f"Give a {column} above zero" + (
            ", or leave the cell of a planned lot empty." if column == "purchase_price" else "."
        )
        _refuse(
            file, lots.filter(pl.col(column) <= 0), column, rule="positive", fault=f"a {column} that is not positive", hint=hint
        )
    for column in _FRACTIONS:
        outside = lots.filter(~pl.col(column).is_between(0, 1, closed="left"))
        _refuse(
            file, outside, column, rule="fraction", fault=f"a {column} outside 0..1", hint="Write 15 % as the fraction 0.15."
        )
    codes = lots.filter(~pl.col("currency").str.contains(CURRENCY))
    _refuse(file, codes, "currency", rule="currency", fault="not a currency code", hint="Give three capital letters, as EUR.")


def _check_purchase(file: str, lots: pl.DataFrame, today: date) -> None:
    """What is bought has a day that is past, a price and a currency; a price always has a currency."""
    bought = lots.filter(pl.col("status") != "planned")
    for column in ("purchase_date", "purchase_price", "currency"):
        hint = f"Only planned lots may lack a {column}: fill it in."
        _refuse(file, bought.filter(pl.col(column).is_null()), column, rule="empty", fault=f"no {column}", hint=hint)
    _refuse(
        file,
        bought.filter(pl.col("purchase_date") > today),
        "purchase_date",
        rule="future",
        fault=f"a purchase after today ({today.isoformat()})",
        hint="Correct the date, or give the lot the status 'planned'.",
    )
    bare = lots.filter(pl.col("purchase_price").is_not_null() & pl.col("currency").is_null())
    _refuse(file, bare, "currency", rule="empty", fault="a purchase_price without currency", hint="Fill in the currency.")


def _refuse_unknown(file: str, lots: pl.DataFrame, column: str, known: Iterable[str], *, of: str = "") -> None:
    names = tuple(known)
    unknown = lots.filter(~pl.col(column).is_in(names))
    wrong = unknown[column].unique(maintain_order=True).head(FIRST_ROWS)
    hint = " ".join(dict.fromkeys(did_you_mean(word, names) for word in wrong))
    _refuse(file, unknown, column, rule=f"unknown_{column}", fault=f"unknown {column}{of}", hint=hint)


def _refuse(file: str, faulty: pl.DataFrame, column: str, *, rule: str, fault: str, hint: str) -> None:
    """`refuse`, naming the lot and quoting the cell of `column`."""
    cells = faulty.select("row", what="lot_id", value=pl.col(column).cast(pl.String))
    refuse(file, cells, rule=rule, fault=fault, hint=hint)
