"""Lots, and a file of them as far as it can be read: its cells, its faults and how it was read."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Protocol

import dataframely as dy
import polars as pl

from toolkit.core.countries import UNKNOWN_ORIGIN, fold
from toolkit.core.errors import FrameError
from toolkit.core.frames import COUNTRY, CURRENCY
from toolkit.core.messages import Message, few, message, together
from toolkit.core.units import KG_PER_UNIT
from toolkit.market.layouts.headers import Header
from toolkit.market.layouts.layout import OF_OWNERS
from toolkit.market.layouts.propose import Proposal, is_cell
from toolkit.market.layouts.unconfirmed import Unconfirmed, confirming, saying  # noqa: F401  # read from here too
from toolkit.market.layouts.vocabulary import vocabulary
from toolkit.market.readers import cells
from toolkit.market.readers.faults import Fault, grouped, row_error

LISTED_UNIT = cells.PIECE
ARRIVING = ("ordered", "in_transit")
"""Statuses of what is bought and has not arrived."""
AT_RISK = "at_risk"
"""Status of what may not come back to its owner: lent, pledged, stolen, seized, lost, disputed."""
_WORDS = ("unknown_asset", "unknown_form", "unknown_unit", "origin_country", "destination")
"""Rules that a word breaks which is none of those that are known."""
_FINE = ("fine", "fein")
"""Beginnings, as `fold` writes them, of a quantity that is fine weight: ``Feingewicht``, ``Fine oz``."""
CHECK = message("`toolkit holdings check FILE` tells every fault, and `toolkit holdings map FILE` how each column is read.")


class Lots(dy.Schema):
    """Lots of physical metal and of listed instruments.

    `quantity` is in `unit` as given and `mass` in kg; a listed instrument has neither form nor mass, its unit is ``unit``, and
    a quantity below zero is a short position. `purchase_price` is per `unit`, and `paid` the fraction of it that is paid (null:
    all). `purity` is free text, as traded. `spread` (round trip) and `storage_fee` (a year) are fractions of the value. `size`
    is that of one piece, as `toolkit.core.size.PieceSize` writes it. `destination` (ISO-3) and `end_user` are where a lot goes
    and who uses it there; null where the file does not say.
    """

    lot_id = dy.String(primary_key=True)
    asset = dy.String(nullable=False)
    form = dy.String(nullable=True)
    purity = dy.String(nullable=True)
    size = dy.String(nullable=True)
    quantity = dy.Float64(nullable=False, allow_inf=False, allow_nan=False)
    unit = dy.String(nullable=False)
    mass = dy.Float64(nullable=True, min_exclusive=0, allow_inf=False, allow_nan=False)
    purchase_date = dy.Date(nullable=True)
    purchase_price = dy.Float64(nullable=True, min_exclusive=0, allow_inf=False, allow_nan=False)
    paid = dy.Float64(nullable=True, min=0, max=1)
    currency = dy.String(nullable=True, regex=CURRENCY)
    origin_country = dy.String(nullable=False)
    location = dy.String(nullable=True)
    status = dy.String(nullable=False)
    custody = dy.String(nullable=True)
    certificate = dy.String(nullable=True)
    spread = dy.Float64(nullable=True, min=0, max_exclusive=1)
    storage_fee = dy.Float64(nullable=True, min=0, max_exclusive=1)
    vat_state = dy.String(nullable=True)
    destination = dy.String(nullable=True, regex=COUNTRY)
    end_user = dy.String(nullable=True)
    client = dy.String(nullable=True)

    @dy.rule()
    def status_is_known(cls) -> pl.Expr:  # noqa: N805
        """One of the five."""
        return pl.col("status").is_in(["stored", *ARRIVING, "planned", AT_RISK])

    @dy.rule()
    def short_positions_are_listed(cls) -> pl.Expr:  # noqa: N805
        """Below zero is a listed instrument that was sold short."""
        quantity = pl.col("quantity")
        return (quantity > 0) | ((quantity < 0) & (pl.col("unit") == LISTED_UNIT) & (pl.col("status") == "stored"))

    @dy.rule()
    def end_user_is_known(cls) -> pl.Expr:  # noqa: N805
        """One that a measure can single out, or civil."""
        return pl.col("end_user").is_in(["civil", "military", "listed"])

    @dy.rule()
    def metal_has_form_and_mass(cls) -> pl.Expr:  # noqa: N805
        """A listed instrument has neither; its unit is ``unit``."""
        metal = pl.col("unit").is_in(list(KG_PER_UNIT)) & pl.col("form").is_not_null() & pl.col("mass").is_not_null()
        listed = (pl.col("unit") == LISTED_UNIT) & pl.col("form").is_null() & pl.col("mass").is_null()
        return metal | listed

    @dy.rule()
    def origin_is_a_country_or_unknown(cls) -> pl.Expr:  # noqa: N805
        """ISO 3166 alpha-3, or openly unknown."""
        return pl.col("origin_country").str.contains(COUNTRY) | (pl.col("origin_country") == UNKNOWN_ORIGIN)

    @dy.rule()
    def what_is_owed_is_known(cls) -> pl.Expr:  # noqa: N805
        """A price where not all of it is paid."""
        return (pl.col("paid").fill_null(1.0) == 1) | pl.col("purchase_price").is_not_null()

    @dy.rule()
    def price_has_a_currency(cls) -> pl.Expr:  # noqa: N805
        """No price without its currency."""
        return pl.col("purchase_price").is_null() | pl.col("currency").is_not_null()


class Names(Protocol):
    """Resolution of the names in a holdings file."""

    def asset(self, text: str) -> tuple[str, str | None]:
        """Asset key, and words for a form that the text names with it; `DataError` with the nearest names."""
        ...

    def form(self, asset: str, text: str) -> str:
        """The form that a text names; `DataError` with the nearest words."""
        ...

    def traded_form(self, asset: str) -> str | None:
        """The form that is traded, None for a metal that no product trades."""
        ...

    def end_user(self, text: str) -> str:
        """The end user that a text means: civil, military or listed; `DataError` with the nearest words."""
        ...

    def is_listed(self, asset: str) -> bool:
        """Whether it is an instrument with a price of the user's own and no metal of the ledger."""
        ...

    def is_precious(self, asset: str) -> bool:
        """Whether its ounce is the troy ounce without a word."""
        ...


@dataclass(frozen=True, slots=True)
class CellFault:
    """A cell that breaks a rule.

    Attributes:
        row: Its row in the file.
        column: Its column.
        lot: Id of its lot.
        value: The cell.
        rule: Name of the rule.
        fault: What is wrong.
        hint: How to mend it.
    """

    row: int
    column: str
    lot: str | None
    value: str | None
    rule: str
    fault: str
    hint: str


@dataclass(frozen=True, slots=True, eq=False)  # frames have no truth value, so holdings are compared by identity
class Holdings:
    """The lots of one owner, or of the clients that the file names.

    Attributes:
        frame: Holds the contract `Lots`, sorted by `lot_id`, ``row 2`` before ``row 10``.
        name: File name as shown.
        notes: How the file was read, and what was assumed where it says nothing.
        fine: Whether quantities are fine weight, by their header.
        price_unit: That the header of the purchase price says it is per; None where it says nothing.
        other_grade: Lot -> nines by which it is purer than its product, negative where it is less pure; 0 is left out.
        arrivals: Lot -> the day on which it arrived, or is due, where a column says so.
        movements: How many there are, where the lots are the stock of a file of movements; None of a list of lots.
    """

    frame: pl.DataFrame
    name: str
    notes: tuple[str, ...] = ()
    fine: bool = False
    price_unit: str | None = None
    other_grade: Mapping[str, int] = field(default_factory=dict)
    arrivals: Mapping[str, date] = field(default_factory=dict)
    movements: int | None = None


@dataclass(frozen=True, slots=True, eq=False)
class ReadFile(Proposal):
    """A holdings file as far as it can be read.

    Attributes:
        headers: What each of its headers says.
        rows: One record a lot that is understood or not: canonical header -> value, None where a cell is empty or faulty.
        numbers: Row in the file of each record.
        faults: Every cell that breaks a rule; `broken` are lines that have other fields than the header.
        notes: As `Holdings.notes`.
        arrivals: As of `Holdings`.
    """

    headers: Sequence[Header] = ()
    broken: list[Fault] = field(default_factory=list)
    rows: list[dict[str, Any]] = field(default_factory=list)
    numbers: list[int] = field(default_factory=list)
    faults: list[CellFault] = field(default_factory=list)
    notes: tuple[str, ...] = ()
    arrivals: Mapping[str, date] = field(default_factory=dict)

    @property
    def columns(self) -> dict[str, str]:
        """Header -> canonical header, of the columns that are read."""
        return {header.text: header.key for header in self.headers if header.key}

    @property
    def ignored(self) -> tuple[str, ...]:
        """Headers that are not read."""
        return tuple(header.text for header in self.headers if header.key is None)

    def grouped(self) -> list[Fault]:
        """The faults by rule and words, in the order of the columns; remedies of one kind are told once each."""
        return [*self.broken, *grouped((one.rule, one.fault, one.hint, (one.row, one.lot, one.value)) for one in self.faults)]

    def unknown_words(self) -> Sequence[str]:
        """Cells of which the whole is the name of no asset, form, unit or country."""
        found = {one.value: one.column for one in self.faults if one.value and one.rule in _WORDS}
        return [word for word in found if is_cell(self.table, word)]

    def fault(self, of_several: Message) -> FrameError | None:
        """The error of its cells, None where nothing is wrong with them.

        Args:
            of_several: What helps where there is more than one kind of fault.
        """
        if not (groups := self.grouped()):
            return None
        return row_error(self.table.name, groups, remedy=together(of_several if len(groups) > 1 else "", saying(self)))

    def raise_open(self) -> None:
        """Raise what stops the file from being used, where there is anything.

        Raises:
            Unconfirmed: with what is open.
            FrameError: with every fault of the file.
        """
        if self.questions:
            raise Unconfirmed(self)
        map_it = message("`toolkit holdings map FILE --set of={of:s}` tells every fault.", of=self.layout.of)
        if error := self.fault(CHECK if self.layout.of in OF_OWNERS else map_it):
            raise error

    def holdings(self) -> Holdings:
        """The lots; raises as `raise_open`."""
        self.raise_open()
        rows = sorted(self.rows, key=lambda row: (_counted(row["lot_id"]), row["lot_id"]))
        frame = pl.DataFrame([lot_of(row) for row in rows], schema=SCHEMA)
        lots = Lots.validate(frame.select(Lots.column_names()))
        return Holdings(lots, self.table.name, self.notes, self.fine, self.price_unit, arrivals=self.arrivals)

    @property
    def price_unit(self) -> str | None:
        """The unit that the header of the purchase price is per (``Kaufpreis EUR/kg``)."""
        headers = (header for header in self.headers if header.key == "purchase_price" and header.per_unit)
        return next((header.unit for header in headers if header.unit in KG_PER_UNIT), None)

    @property
    def fine(self) -> bool:
        """Whether the header of the quantity says fine weight (``Feingewicht (g)``)."""
        return any(header.key == "quantity" and fold(header.text).startswith(_FINE) for header in self.headers)


SCHEMA = {name: column.dtype for name, column in Lots.columns().items()}
"""Types of the columns of `Lots`."""


def lot_of(row: Mapping[str, Any]) -> dict[str, Any]:
    """The record of the contract `Lots`."""
    factor = KG_PER_UNIT.get(row["unit"])
    lot = {name: row.get(name) for name in Lots.column_names()}
    return {**lot, "mass": None if factor is None else row["quantity"] * factor}


def notes(read: ReadFile, totals: Sequence[int]) -> Iterator[Message]:
    """How the columns and rows of a file were read, one message each; nothing for what is as in the template.

    Args:
        read: The file.
        totals: Numbers of the rows that were taken for totals.
    """
    named = vocabulary().first[read.layout.of]
    renamed = [
        message('"{header:s}" as {key:s}', header=text, key=key)
        for text, key in read.columns.items()
        if fold(text) not in {fold(name) for name in (key, *named.get(key, ()))}
    ]
    yield from read.table.notes
    if read.by:
        yield message("{file}: read by the layout {layout:s}.", file=read.table.name, layout=read.by)
    if read.table.encoding == "cp1252":
        yield message("{file} is not UTF-8 and was read as Windows-1252.", file=read.table.name)
    if renamed:
        yield message("Columns of {file}: {columns}.", file=read.table.name, columns=renamed)
    if read.ignored:
        columns = [message('"{header:s}"', header=text) for text in read.ignored]
        yield message("Columns that are not read: {columns}.", columns=columns)
    if totals:
        yield message("Totals and no lots: {rows}.", rows=few([message("row {row:d}", row=row) for row in totals]))
    if read.table.comments:
        rows = few([message("row {row:d}", row=row) for row in read.table.comments])
        yield message("Comments and no lots: {rows}.", rows=rows)


DEFAULTS: Mapping[str, Callable[[list[str]], Message]] = {
    "lot_id": lambda lots: message("Lots without an id are named by their row: {lots}.", lots=lots),
    "form": lambda forms: message("No form given, taken as traded: {forms}.", forms=forms),
    "coins": lambda lots: message("Ounces of coins, and fine ounces, are ounces of fine metal: {lots}.", lots=lots),
    "pieces": lambda lots: message("The quantity is the number of pieces times the mass of one: {lots}.", lots=lots),
    "unit": lambda lots: message("No unit given, taken as kg: {lots}.", lots=lots),
    "period": lambda lots: message("No period given: their quantity is taken as that of a month: {lots}.", lots=lots),
    "short": lambda lots: message("Sold short, since their quantity is below zero: {lots}.", lots=lots),
    "zero": lambda lots: message("A quantity of zero, and no lot: {lots}.", lots=lots),
    "remarked": lambda lots: message("The status is that of their remarks: {lots}.", lots=lots),
    "not_mine": lambda lots: message("Left out, as their remarks are said to mean: {lots}.", lots=lots),
    "status": lambda lots: message("No status given, taken as stored: {lots}.", lots=lots),
    "origin_country": lambda lots: message("No origin given, taken as unknown: {lots}.", lots=lots),
    "paid": lambda lots: message("No word on what is paid of these orders, taken as paid in full: {lots}.", lots=lots),
    "location": lambda lots: message("No place given, so not called safe: {lots}.", lots=lots),
    "day_first": lambda _: message("In dates with slashes the day comes first, as other dates of the file show."),
    "month_first": lambda _: message("In dates with slashes the month comes first, as other dates of the file show."),
    "null_date": lambda lots: message(
        "No purchase date: what stands there is how Excel, SAP or Unix write an empty date: {lots}.", lots=lots
    ),
    "month": lambda lots: message(
        "Of the purchase only the month is known; the tax clock runs from its last day: {lots}.", lots=lots
    ),
    "not_done": lambda lots: message("Planned, and no movements yet: {lots}.", lots=lots),
    "taken_back": lambda rows: message("No quantity and no price, so all that is named is taken back: {rows}.", rows=rows),
    "alike": lambda rows: message("Rows that say the same, and each counts: {rows}.", rows=rows),
    "dollar": lambda lots: message("The sign $ is read as USD: {lots}.", lots=lots),
}
"""What is assumed where a cell is empty: key -> the sentence that names the lots."""


def _counted(text: str) -> str:
    """A text by which its numbers sort as numbers."""
    return re.sub(r"\d+", lambda number: number[0].lstrip("0").zfill(20), text)
