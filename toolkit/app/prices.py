"""The user's own prices beside the bundled ones: read, brought to the units of the products, and held against their level."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np
import polars as pl

from toolkit.app.exchange import last_rate
from toolkit.app.lots import LotNames
from toolkit.core.assets import CASH, Universe
from toolkit.core.countries import foldings
from toolkit.core.errors import DataError, GapError, did_you_mean
from toolkit.core.market import Snapshot
from toolkit.core.remarks import Remark, note
from toolkit.core.said import said
from toolkit.core.text import figure
from toolkit.core.units import KG_PER_UNIT
from toolkit.data.files.price_checks import JUMP
from toolkit.data.files.prices import read_price_files

LEVELS = "levels"
"""Name that accepts every own price far from the bundled level of its metal."""
CHECK = "Check these rows in the file."
STATE_UNIT = "State it in a column unit (kg, g, lb, ozt, t)."
_RECENT = 3  # prints of a bundled series whose median is its level: one customs value may be an entry error


@dataclass(frozen=True, slots=True)
class PriceFiles:
    """The user's price files and how they are to be read.

    Attributes:
        paths: Files and folders; ``-`` is standard input.
        currency: Of prices that name none, ISO 4217.
        only: Whether nothing is taken from the bundled prices.
        accept: Assets whose jumps or levels are meant although they look like errors; ``jumps`` or ``levels`` for all.
    """

    paths: tuple[str, ...]
    currency: str = "USD"
    only: bool = False
    accept: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, eq=False)  # frames have no truth value
class OwnPrices:
    """The prices of the user's files, known products per kg.

    Attributes:
        frame: Visible rows of `toolkit.core.frames.Prices`.
        asks: What a dealer asks for a product: its newest visible row, in no series.
        name: Of the files.
        notes: What a reader must know of the whole files.
        reading: How they were read, and what is assumed of units.
    """

    frame: pl.DataFrame
    asks: pl.DataFrame
    name: str
    notes: tuple[Remark, ...]
    reading: tuple[Remark, ...]

    @property
    def assets(self) -> tuple[str, ...]:
        """Keys, sorted."""
        return tuple(self.frame["asset"].unique().sort())

    def over(self, bundled: pl.DataFrame) -> pl.DataFrame:
        """These rows, and the bundled ones of every other asset."""
        return pl.concat([bundled.filter(~pl.col("asset").is_in(self.assets)), self.frame.select(bundled.columns)])


def read_own(files: PriceFiles, snapshot: Snapshot, names: LotNames, *, masses: bool = True) -> OwnPrices:
    """Read the user's price files.

    Args:
        files: Paths and how they are read.
        snapshot: The market on the day of the question.
        names: What the names of the files mean; products are priced per kg.
        masses: Whether masses are valued at these prices. If not, a product whose file states no unit and whose price
            cannot be one per kg keeps the file's own unit, and a warning says so.

    Raises:
        SpecError: for a currency or an accepted name that makes no sense.
        DataError, FrameError: for files, headers and rows that cannot be used, and a level far from the bundled one.
        GapError: where no price was known by then.
    """
    products = names.products
    bundled = snapshot["prices"]["asset"].unique().sort()
    spelled = {spelling: key for key in bundled for spelling in foldings(key)}

    def key(name: str) -> str | None:
        return next((spelled[found] for found in foldings(name) if found in spelled), None) or names.series(name)

    file = read_price_files(
        files.paths,
        default_currency=files.currency,
        today=date.today(),
        as_of=snapshot.as_of,
        accept={*files.accept} - {LEVELS},
        key=key,
    )
    known = (pl.col("known_from") <= snapshot.as_of) & (pl.col("date") <= snapshot.as_of)
    visible = file.frame.filter(known)
    odd = () if masses else _not_per_kg(visible, snapshot, products, files)
    frame, unit_notes = per_kg(visible, products.take([key for key in products.keys if key not in odd]))
    if odd:
        text = said(
            "The file states no unit for {assets}, and it cannot be a price per kg: quantities are in the unit of the file, "
            "whatever that is.",
            assets=list(odd),
        )
        unit_notes += (Remark("data", text, STATE_UNIT, tuple(odd)),)
    asks, ask_notes = _asks(file.asks.filter(known), {*products.keys, *bundled, *frame["asset"]}, file.name, products)
    if frame.is_empty() and asks.is_empty():
        hint = "Choose a later --as-of, or leave --prices out."
        raise GapError(f"{file.name}: no price was known on {snapshot.as_of}.", hint=hint)
    if CASH in set(frame["asset"]):
        raise DataError(f"{file.name}: no asset may be named {CASH!r}.", hint="Cash is always there; rename or remove it.")
    for part in (frame, asks):
        _check_levels(part, snapshot, files, file.name)
    lacking = (Remark("data", words, CHECK, tuple(frame["asset"].unique().sort())) for words in file.notes)
    return OwnPrices(frame, asks, file.name, tuple(lacking), (*map(note, file.reading), *unit_notes, *ask_notes))


def _asks(rows: pl.DataFrame, known: Collection[str], file: str, products: Universe) -> tuple[pl.DataFrame, tuple[Remark, ...]]:
    """The newest asking price of each product, per kg, and how it is read.

    Raises:
        DataError: for an asset without a series: an asking price tells no risk.
    """
    newest, notes = per_kg(
        rows.sort("asset", "date").group_by("asset", maintain_order=True).last().select(rows.columns), products
    )
    for key in newest["asset"]:
        if key not in known:
            raise DataError(
                f"{file}: a dealer's asking price for {key!r}, of which no price series is known.",
                hint=did_you_mean(key, sorted(known)) or "Bring a series of it, too: one price tells no risk.",
                details={"asset": key},
            )
    if newest.is_empty():
        return newest, notes
    text = said("Asking prices of a dealer for {assets}: proposals and orders take them.", assets=newest["asset"].to_list())
    return newest, (*notes, note(text))


def per_kg(prices: pl.DataFrame, products: Universe) -> tuple[pl.DataFrame, tuple[Remark, ...]]:
    """Prices of known products per kg, whatever mass they were quoted for; other assets stay as they are.

    A file that states no unit is taken to be in kg for a known product, and a note says so.
    """
    known = pl.col("asset").is_in(list(products.keys))
    silent = prices.filter(known & (pl.col("unit") == "unit"))["asset"].unique().sort()
    odd = prices.filter(known & ~pl.col("unit").is_in([*KG_PER_UNIT, "unit"]))
    if odd.height:
        row = odd.row(0, named=True)
        raise DataError(f"{row['asset']} is priced per {row['unit']!r}.", hint=did_you_mean(row["unit"], KG_PER_UNIT))
    mass = pl.col("unit").replace_strict({**KG_PER_UNIT, "unit": 1.0}, default=1.0, return_dtype=pl.Float64)
    converted = prices.with_columns(
        price=pl.when(known).then(pl.col("price") / mass).otherwise(pl.col("price")),
        unit=pl.when(known).then(pl.lit("kg")).otherwise(pl.col("unit")),
    )
    if silent.is_empty():
        return converted, ()
    text = said("No unit given for {assets}: taken as a price per kg.", assets=silent.to_list())
    return converted, (Remark("data", text, STATE_UNIT, tuple(silent)),)


def _check_levels(frame: pl.DataFrame, snapshot: Snapshot, files: PriceFiles, name: str) -> None:
    """`DataError` for a metal whose own price is `JUMP` times the bundled one of its time, or one over it, or beyond."""
    for row, level in _far(frame, snapshot, files):
        raise DataError(
            f"{name}: {row['asset']} costs {figure(row['price'])} {row['currency']} a {row['unit']} on {row['date']}, "
            f"{figure(row['price'] / level, 3)} times the bundled {figure(level)}.",
            hint="State the unit of the price (column unit: kg, g, lb, ozt, t) and its currency; "
            f"if it is meant: --accept {row['asset']}.",
            details={"asset": row["asset"], "rule": "level", "price": row["price"], "level": level},
        )


def _not_per_kg(frame: pl.DataFrame, snapshot: Snapshot, products: Universe, files: PriceFiles) -> tuple[str, ...]:
    """Products whose file states no unit and whose price would be far from the level if it were one per kg."""
    silent = frame.filter((pl.col("unit") == "unit") & pl.col("asset").is_in(list(products.keys)))
    return tuple(row["asset"] for row, _ in _far(silent.with_columns(unit=pl.lit("kg")), snapshot, files))


def _far(frame: pl.DataFrame, snapshot: Snapshot, files: PriceFiles) -> Iterator[tuple[dict[str, Any], float]]:
    """The last row of each asset that is `JUMP` times its bundled level, or one over it, or beyond; and that level."""
    if LEVELS in files.accept:
        return
    own = frame.filter(~pl.col("asset").is_in(list(files.accept))).sort("date")
    bundled = snapshot["prices"].sort("date")
    for row in own.group_by("asset", maintain_order=True).last().sort("asset").iter_rows(named=True):
        same = bundled.filter((pl.col("asset") == row["asset"]) & (pl.col("unit") == row["unit"]))
        before = same.filter(pl.col("date") <= row["date"])
        recent = before.tail(_RECENT) if before.height else same.head(_RECENT)
        if recent.is_empty():
            continue
        level = float(np.median(recent["price"])) * last_rate(snapshot["fx"], recent["currency"][-1], row["currency"]).value
        if not 1 / JUMP < row["price"] / level < JUMP:
            yield row, level
