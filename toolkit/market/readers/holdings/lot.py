"""One row of a holdings file read as a lot: each field by its rule, and the few rules that need two cells."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from functools import cache, lru_cache
from typing import Any, TypeVar

from toolkit.core.countries import UNKNOWN_ORIGIN, fold, foldings
from toolkit.core.errors import DataError, did_you_mean
from toolkit.core.messages import Message, message, together
from toolkit.core.places import place
from toolkit.core.size import PieceSize
from toolkit.core.trade_names import COINS, COMPOUNDS, is_shape
from toolkit.core.units import KG_PER_UNIT
from toolkit.market.layouts.fields import BY_KEY, HOLDINGS
from toolkit.market.layouts.headers import Header
from toolkit.market.layouts.layout import OF_OWNERS, Layout, Meaning
from toolkit.market.layouts.propose import Question
from toolkit.market.layouts.texts import as_answered
from toolkit.market.layouts.vocabulary import vocabulary
from toolkit.market.readers import cells
from toolkit.market.readers.holdings import values
from toolkit.market.readers.holdings.lots import ARRIVING, AT_RISK, LISTED_UNIT, CellFault, Names
from toolkit.market.readers.holdings.values import Faulty
from toolkit.market.readers.tabular import Table

T = TypeVar("T")
AGREES = 5e-3
"""Relative difference below which a total agrees with what it totals: both were rounded."""


@dataclass(slots=True)
class FileCells:
    """The cells of one file by field, its conventions, and the faults, questions and assumptions that reading it leaves."""

    table: Table
    layout: Layout
    names: Names
    today: date
    header: dict[str, Header] = field(default_factory=dict)
    raw: dict[str, list[Any]] = field(default_factory=dict)
    lots: list[str] = field(default_factory=list)
    mark: str | None = None
    month_first: int | None = None
    remarks: Mapping[str, Meaning] = field(default_factory=dict)
    of_all: set[Meaning] = field(default_factory=set)
    units: set[str] = field(default_factory=set)
    words: Mapping[str, str] = field(default_factory=dict)
    faults: list[CellFault] = field(default_factory=list)
    questions: dict[str, Question] = field(default_factory=dict)
    defaults: dict[str, list[str]] = field(default_factory=dict)
    _read: dict[tuple[Any, ...], Any] = field(default_factory=dict)

    def once(self, reader: Callable[..., T], *texts: Any) -> T:
        """What a reader makes of the file and of texts that stand in many rows, read once."""
        key = reader, *texts
        if key not in self._read:
            self._read[key] = reader(self, *texts)
        return self._read[key]

    def text(self, key: str, i: int) -> str | None:
        """A cell as text; None where it is empty."""
        cell = self.raw[key][i] if key in self.raw else None
        return None if cell is None else cells.tidy(str(cell)) or None

    def fault(self, i: int, column: str, found: Faulty) -> None:
        """Note a fault of a cell.

        Args:
            i: Position of its row.
            column: Its field, where the fault does not name another.
            found: The fault.
        """
        column = found.column or column
        text = self.text(column, i) if found.cell is None else str(found.cell)
        self.faults.append(
            CellFault(self.table.rows[i], column, self.text("lot_id", i), text, found.rule, found.fault, found.hint)
        )

    def default(self, what: str, lot: str) -> None:
        """Note what is assumed of a lot."""
        self.defaults.setdefault(what, []).append(lot)


@cache
def _no_header(key: str) -> Header:
    """What is said of a field that no column is read as."""
    return Header(key, key)


class Row:
    """Cells of one row by field, without what is empty; what is wrong with one is noted and does not stop the reading."""

    __slots__ = ("cells", "file", "i", "lot")

    def __init__(self, file: FileCells, i: int) -> None:
        self.file, self.i, self.lot = file, i, file.lots[i]
        self.cells = {key: column[i] for key, column in file.raw.items() if column[i] is not None}

    def text(self, key: str) -> str | None:
        """A cell as text; None where it is empty."""
        cell = self.cells.get(key)
        return cell if cell is None or isinstance(cell, str) else str(cell)  # `read_columns` made it tidy

    def header(self, key: str) -> Header:
        """What the header of a field says."""
        return self.file.header.get(key) or _no_header(key)

    def default(self, what: str, said: str | None = None) -> None:
        """Note what is assumed of the lot."""
        self.file.default(what, said or self.lot)

    def read(self, column: str, reader: Callable[..., T], *given: Any, **named: Any) -> T | None:
        """What a reader makes of a cell; None with its fault noted.

        Args:
            column: Field of the cell.
            reader: Raises `Faulty`, or a `DataError`, for a cell that breaks a rule.
            given: Its arguments.
            named: More arguments.
        """
        try:
            return reader(*given, **named)
        except Faulty as found:
            self.fault(column, found)
        except DataError as error:
            self.fault(column, Faulty(column, error.message, error.hint))
        return None

    def fault(self, column: str, found: Faulty) -> None:
        """Note a fault of a cell."""
        self.file.fault(self.i, column, found)

    def number(self, key: str) -> tuple[float | None, cells.Amount | None]:
        """The number in a cell and what stands around it; None where it is empty or faulty."""
        found = self.read(key, values.number, self.cells[key], self.file.mark) if key in self.cells else None
        return found or (None, None)

    def bare(self, key: str, is_known: Callable[[str], bool]) -> float | None:
        """The number in a cell; a fault for words around it that are not known.

        Args:
            key: Field of the cell.
            is_known: Whether a word beside the number is one that its field may have.
        """
        value, shown = self.number(key)
        if odd := [word for word in (shown.before, shown.after) if word and not is_known(word)] if shown else []:
            hint = message("Write a plain number such as 1234.5, without words; leave the cell empty where a value is missing.")
            self.fault(key, Faulty("number", "a number with words that are not known", hint, cell=odd[0]))
        return None if odd else value

    def day(self, key: str) -> date | None:
        """The day in a cell, which may be ahead; of two readings the order of the file decides, or its owner is asked."""
        cell = self.cells.get(key)
        if cell is None or isinstance(cell, date):
            return cell
        text = cells.tidy(str(cell))
        read = cells.day(text)
        both = [day for day in (read.either or () if read else ()) if day]
        if len(both) > 1 and self.file.month_first is None:
            self.ask_order(text, *both)
            return None
        day = values.last_day(text, day_first=self.file.month_first != 1)
        if day is None and not values.is_unknown(text):
            raise Faulty("date", "not a date", message("Write dates as 2026-05-31 or 31.05.2026."))
        return day

    def ask_order(self, text: str, first: date, second: date) -> None:
        """Ask whether the day comes first in the dates of the file.

        Args:
            text: A date with two readings.
            first: The one of the day first.
            second: The other.
        """
        asks = message("it may be {day_first} or {month_first}: which comes first?", day_first=first, month_first=second)
        self.file.questions.setdefault("dates", Question("dates", "dates", (text,), asks, None, ("day", "month")))

    def ask_unit(self) -> None:
        """Ask for the unit of quantities without one: of precious metals, and beside others in another unit than kg.

        An ounce is answered as ``oz``, which is none of any other metal.
        """
        asks = message(
            "quantities without a unit, of a metal that is sold by the ounce too, or in a file that names one elsewhere: which?"
        )
        units = (cells.KG, cells.G, cells.T, cells.LB, "oz")
        known = self.file.questions.get("unit") or Question("unit", "unit", (), asks, None, units)
        where = (*known.cells, message("row {row:d}", row=self.file.table.rows[self.i]))[:3]
        self.file.questions["unit"] = replace(known, cells=where)

    def is_precious(self, asset: str | None) -> bool:
        """Whether an asset is a precious metal."""
        return asset is not None and self.file.names.is_precious(asset)


_WITH_MASS = re.compile(r"(?i)(.*?)\b([\d.,/]+\s*(?:kg|g|oz|ozt|unzen?|gramm|kilo)\b)(.*)")
"""A name with the mass of one piece: ``Goldbarren 100 g``, ``Silver 1 kg bar``, ``1 oz Krugerrand``."""
_TEXTS, _FRACTIONS = ({one.key for one in HOLDINGS if one.cells == of} for of in ("text", "fraction"))


def lot_of_row(row: Row, status: str, said: set[Meaning]) -> dict[str, Any] | None:
    """The record of a row, None where a cell is empty or faulty; None for a row that is no lot of the owner.

    Args:
        row: Its cells.
        status: That of the file.
        said: What the owner said of its texts.
    """
    if "not_mine" in said:
        return row.default("not_mine")
    if _is_zero(row):
        return row.default("zero")
    names, lot = row.file.names, dict.fromkeys(BY_KEY) | {"lot_id": row.lot}
    if not (row.text("lot_id") or "").lstrip("# "):
        row.default("lot_id")
    lot["asset"], words, lot["purity"] = row.read("asset", asset_of, row) or (None, None, None)
    is_listed = lot["asset"] is not None and names.is_listed(lot["asset"])
    if lot["asset"] is not None and not is_listed:
        lot["form"], beside = row.read("form", _form, row, lot["asset"], words) or (None, None)
        lot["purity"] = lot["purity"] or beside
    stated, lot["purity"] = lot["purity"], _purity(row) or lot["purity"]
    row.read("asset" if lot["purity"] == stated else "purity", check_pure, lot["purity"], lot["form"])
    pieces = _quantity(row, lot, words, is_listed=is_listed)
    if (size := row.text("size")) is not None and not values.is_unknown(size):
        most = mass_of(lot) * (1 + AGREES)
        found = row.read("size", cells.size, size, row.header("size").unit, most=most, precious=row.is_precious(lot["asset"]))
        lot["size"] = str(found) if found else None
    lot["status"] = _status(row, status, said)
    lot["purchase_date"] = row.read("purchase_date", day_of, row, lot["status"])
    price_of(row, lot, pieces if lot["quantity"] else None)
    if (origin := row.text("origin_country")) is None:
        row.default("origin_country")
    lot["origin_country"] = row.read("origin_country", values.origin, origin) if origin else UNKNOWN_ORIGIN
    for key, reader in (("destination", values.destination), ("end_user", names.end_user)):
        if (text := row.text(key)) is not None:
            lot[key] = row.read(key, _of_end_user, reader, text)
    for key in row.cells.keys() & _TEXTS:
        lot[key] = row.text(key)
    for key in row.cells.keys() & _FRACTIONS:
        if (share := row.number(key))[1]:
            lot[key] = row.read(key, values.fraction, key, share, percent=row.header(key).percent)
    _place(row, lot, is_listed=is_listed)
    row.read("pieces", _counted, row, lot)
    row.read("quantity", _short, row, lot)
    return lot


def mass_of(lot: Mapping[str, Any]) -> float:
    """Mass of a lot in kg; 0 where it is not known."""
    return (lot["quantity"] or 0) * KG_PER_UNIT.get(lot["unit"] or "", 0)


def _of_end_user(reader: Callable[[str], str], text: str) -> str:
    try:
        return reader(text)
    except DataError as error:
        raise Faulty("end_user", "an end user that is not known", error.hint) from None


def _is_zero(row: Row) -> bool:
    """Whether a row says that nothing is there."""
    cell = row.cells.get("quantity")
    read = cells.amount(cell) if isinstance(cell, str) else None
    return cell == 0 or (read is not None and not any(read.readings.values()))


def asset_of(row: Row) -> tuple[str, str | None, str | None]:
    """Asset key, words for a form, and the purity that stand with the name; the mass of one piece in it is the row's size."""
    if (text := row.text("asset")) is None:
        raise values.empty("asset")
    found = _WITH_MASS.fullmatch(text)
    if found and (named := _of_a_piece(row, cells.tidy(f"{found[1]} {found[3]}"), found[2])):
        return named
    try:
        return _named(row, text)
    except DataError as error:
        hint = error.hint
        if found and (name := found[1].strip()):
            hint = message(
                "Write {name:s} as the asset, and {mass:s} in a column 'size', as the mass of one piece.",
                name=name,
                mass=found[2],
            )
        if row.i == 0 and not any(re.search(r"\d", str(cell)) for cell in row.cells.values()):
            row_of = row.file.table.header
            hint = message("Row {row:d} is taken for the header. Where the header has two rows, write it in one.", row=row_of)
        raise Faulty("unknown_asset", "unknown asset", hint) from None


def _of_a_piece(row: Row, name: str, mass: str) -> tuple[str, str | None, str | None] | None:
    """What the name of a bar or a coin says, beside which its mass stands, where pieces are counted; None for another."""
    try:
        found = _named(row, name)
        size = cells.size(mass, None, most=0, precious=row.is_precious(found[0]))
    except DataError:
        return None
    count = cells.amount(str(row.cells.get("quantity", "")))
    if found[1] is None or row.file.names.is_listed(found[0]) or not _counts_pieces(row, count and count.after):
        return None
    given = row.text("size")
    if given is None or values.is_unknown(given):
        row.cells["size"] = mass
    elif (other := _mass_of_a_piece(row, found[0])) and abs(other - (size.mass or other)) > AGREES * other:
        raise Faulty("size", "a name with another mass than its size", "Correct one of the two.", column="size")
    return found


def _named(row: Row, text: str) -> tuple[str, str | None, str | None]:
    """Asset key, words for a form, and the purity in a dealer's name, as in ``Gallium ingot 99.99 %``."""
    try:
        return (*row.file.names.asset(text), None)
    except DataError:
        name, purity = cells.without_purity(text)
        if purity is None:
            raise
    return (*row.file.names.asset(name), purity)


def _form(row: Row, asset: str, words: str | None) -> tuple[str, str | None]:
    """The form, and the purity that stands with it: of its cell, else of the name of the asset, else that which is traded."""
    form, purity, assumed = row.file.once(_form_of, asset, words, row.text("form"))
    if assumed:
        row.default("form", assumed)
    return form, purity


def _form_of(file: FileCells, asset: str, words: str | None, text: str | None) -> tuple[str, str | None, Message | None]:
    """Form, purity and what is said where the form is assumed, of the words beside an asset and the cell of the form."""
    names = file.names
    bare, purity = cells.without_purity(text or "")
    try:
        named = names.form(asset, words) if words else None
        if named not in (None, "metal", "magnet") and is_shape(bare):
            bare = ""
        given = names.form(asset, bare) if bare else None
    except DataError as error:
        column = "form" if text else "asset"
        raise Faulty("unknown_form", "unknown form of {asset!r:s}", error.hint, column=column, asset=asset) from None
    if named and given and named != given:
        hint = message("The asset says {named:s}, the form {given:s}: name the form once.", named=named, given=given)
        raise Faulty("two_forms", "a form that contradicts the asset", hint)
    if (form := given or named or names.traded_form(asset)) is None:
        raise Faulty("empty", "no form of {asset:s}, which no product trades", "Write metal, oxide, ...", asset=asset)
    return form, purity, None if given or named else message("{asset} ({form})", asset=asset, form=form)


LEAST_PURE = 95.0
"""Per cent below which a purity of a compound may be its content of metal: of antimony trioxide 83, of tungsten carbide 94."""


def check_pure(purity: str | None, form: str | None) -> None:
    """Check that a purity of a compound is not its content of metal, by which a threshold of a notice would be missed.

    Raises:
        Faulty: rule ``content``.
    """
    share = re.fullmatch(r"(\d[\d.]*) ?%", purity or "")
    if share and form in COMPOUNDS and float(share[1]) < LEAST_PURE:
        hint = message("Give the purity of the compound (99.5 %), or none: its column can be ignored.")
        raise Faulty("content", "a purity of {form:s} that may be its content of metal", hint, form=form)


def _purity(row: Row) -> str | None:
    text = row.text("purity")
    return None if text is None or values.is_unknown(text) else cells.purity(text, percent=row.header("purity").percent)


def _quantity(row: Row, lot: dict[str, Any], words: str | None, *, is_listed: bool) -> float | None:
    """Quantity and unit of a lot; returned is the number of pieces, where that is what the cell counts."""
    cell, mark = row.cells.get("quantity"), row.file.mark
    quantity, unit = row.read("quantity", values.quantity, cell, mark, may_be_short=is_listed) or (None, "")
    told = (row.text("form") or words or "", row.text("unit") or "", unit)
    is_coin = _names_a_coin(*told)
    pieces = None if is_listed or not _counts_pieces(row, unit) else quantity
    if pieces is not None:
        lot["quantity"], lot["unit"] = row.read("quantity", _mass_of_pieces, row, pieces, lot["asset"]), "kg"
    else:
        column = "unit" if row.text("unit") else "quantity"
        lot["quantity"] = quantity
        lot["unit"] = row.read(column, _unit, row, lot, unit, is_listed=is_listed, is_coin=is_coin)
    is_fine = _says_fine(f"{told[1]} {row.text('quantity') if unit or quantity is None else 0}")  # most are a number alone
    if is_fine or (is_coin and (lot["unit"] == "ozt" or (pieces and cells.in_ounces(row.text("size") or "")))):
        lot["purity"] = None
        row.default("coins")
    return pieces


@lru_cache(4096)
def _names_a_coin(*texts: str) -> bool:
    return any(not COINS.isdisjoint(foldings(text)) for text in texts)


@lru_cache(4096)
def _says_fine(text: str) -> bool:
    return re.search(r"\b(fein|fine )", fold(text)) is not None


def _counts_pieces(row: Row, beside: str | None) -> bool:
    """Whether the quantity is a number of pieces: by its header or unit, where no mass is named."""
    return _are_pieces(row.text("unit"), beside, row.header("quantity").unit)


@lru_cache(4096)
def _are_pieces(*texts: str | None) -> bool:
    return {cells.PIECE if _names_a_coin(text) else cells.UNITS.get(fold(text)) for text in texts if text} == {cells.PIECE}


def _mass_of_a_piece(row: Row, asset: str | None) -> float | None:
    if (size := row.text("size")) is not None:
        with contextlib.suppress(DataError):  # what is no size is told as the fault of its own column
            return cells.size(size, row.header("size").unit, most=0, precious=row.is_precious(asset)).mass
    return None


def _mass_of_pieces(row: Row, count: float, asset: str | None) -> float:
    """The mass of a number of pieces in kg; a fault where that of one is not known."""
    mass = _mass_of_a_piece(row, asset)
    if mass is None or count != round(count):
        hint = message("Give the mass in kg, g, t, lb or ozt.")
        if row.file.layout.of in OF_OWNERS:
            hint = message("Give the mass in kg, g, t, lb or ozt, or that of one piece in a column 'size'.")
        raise Faulty("unknown_unit", "pieces of unknown weight", hint)
    row.default("pieces", message("{lot} ({count:.0f} x {mass:.12g} kg)", lot=row.lot, count=count, mass=mass))
    return float(f"{count * mass:.15g}")


def _unit(row: Row, lot: Mapping[str, Any], beside: str, *, is_listed: bool, is_coin: bool) -> str | None:
    """The unit of the column, of the quantity's cell or of its header; where two are named, they must agree."""
    asset = lot["asset"]
    named = [text for text in (row.text("unit"), beside, row.header("quantity").unit) if text]
    if not named and not is_listed and (said := row.file.layout.every.get("unit")):
        named = [said]
    if not named:
        if is_listed:
            return LISTED_UNIT
        if is_coin:
            hint = message("Give their mass in oz, g or kg: a number alone may count coins.")
            raise Faulty("unknown_unit", "coins without a unit", hint)
        if _mass_of_a_piece(row, asset):
            hint = message("Write kg behind the quantity, or rename its column to 'pieces'.")
            raise Faulty("unknown_unit", "a quantity that may be in kg or a number of pieces", hint)
        if row.is_precious(asset) or row.file.units:
            return row.ask_unit()
        row.default("unit")
        return "kg"
    found = set()
    for text in named:
        try:
            found.add(cells.unit(text, precious=row.is_precious(asset), listed=is_listed))
        except DataError as error:
            if asset is not None or not cells.UNITS.get(fold(text)):
                raise Faulty("unknown_unit", error.message, error.hint, cell=text) from None
    if len(found) > 1:
        raise Faulty("two_units", "two units", "Keep one of {words:s}.", words=", ".join(sorted(found)))
    return found.pop() if found else None


def _status(row: Row, default: str, said: set[Meaning]) -> str:
    """That which the owner said of a text of the row, else that of its cell, else that of the file."""
    text = row.text("status")
    found = values.known_word(text, vocabulary().meanings["status"])
    if told := said & {AT_RISK, "in_transit", "ordered", "planned"}:
        if found not in (None, *told):
            row.default("remarked")
        return min(told)  # at risk, where one text says so
    if text is None and default == "stored":
        row.default("status")
    return found or ("stored" if "stored" in said else default)


def day_of(row: Row, status: str) -> date | None:
    """The day of the purchase; None for a date that a program writes for an empty one."""
    cell = row.cells.get("purchase_date")
    if cell is None:
        return None
    if isinstance(cell, str) and cells.EMPTY_DATE.fullmatch(cells.tidy(cell)):
        return row.default("null_date")
    found = cell if isinstance(cell, date) else _day_of_text(row, str(cell))
    if found is None or found in cells.NULL_DATES:
        return None if found is None else row.default("null_date")
    if found < cells.FIRST_PURCHASE:
        hint = message("Correct the year, or leave the date empty where it is not known.")
        raise Faulty("past", "a purchase before {day}", hint, day=cells.FIRST_PURCHASE)
    if found > row.file.today and status != "planned":
        hint = together(
            message("Correct the date, or give the lot the status 'planned'."),
            message("A day of delivery belongs in a column 'delivery date'."),
        )
        raise Faulty("future", "a purchase after today ({day})", hint, day=row.file.today)
    return found


def _day_of_text(row: Row, text: str) -> date | None:
    """The day that a text names, by the order of the file; None where that is asked."""
    found = values.purchase_day(text, month_first=row.file.month_first)
    if isinstance(found, tuple):
        return row.ask_order(text, *found)
    read = cells.day(text)
    if read is None:  # a month
        row.default("month")
        return min(found, row.file.today) if found.replace(day=1) <= row.file.today else found
    if read.either and None not in read.either:
        row.default("month_first" if row.file.month_first else "day_first")
    return found


def _place(row: Row, lot: dict[str, Any], *, is_listed: bool) -> None:
    """Where a lot lies, as far as that is known."""
    location = lot["location"]
    if values.is_unknown(location):
        location = None
    # A text that names a place and is answered otherwise is none where the lot lies.
    if location and row.file.remarks.get(as_answered(location), "stored") != "stored" and place(location).country:
        location = None
    if location is None and lot["status"] == "stored" and not is_listed:
        row.default("location")
    lot["location"] = location


def _short(row: Row, lot: Mapping[str, Any]) -> None:
    """A position that was sold short is there: it is no order, and nothing is still to be paid for it."""
    if (lot["quantity"] or 0) >= 0:
        return
    if lot["status"] != "stored" or lot["paid"] not in (None, 1):
        raise Faulty("short", "a short position that is ordered or not fully paid", "Leave status and payment out.")
    row.default("short")


def _counted(row: Row, lot: Mapping[str, Any]) -> None:
    """A number of pieces times the mass of one is the quantity."""
    if "pieces" not in row.cells:
        return
    count = row.number("pieces")[0]
    one, mass = _mass_of_a_piece(row, lot["asset"]), mass_of(lot)
    if count and mass and not one and count != 1:
        hint = message("Give the mass of one in a column 'size', or leave the number of pieces out.")
        raise Faulty("pieces", "pieces of unknown weight beside a quantity that may be of one", hint)
    if count and one and mass and abs(count * one - mass) > AGREES * mass:
        hint = message("{count:g} pieces of {one:.6g} kg are {mass:.6g} kg.", count=count, one=one, mass=count * one)
        raise Faulty("pieces", "a number of pieces that is not the quantity", hint)


# Purchase


_PIECE = re.compile(r"\b(stk|stck|stue?ck|pieces?|pcs?)\b")


def price_of(row: Row, lot: dict[str, Any], pieces: float | None) -> None:
    """Add price of one unit, its currency and the part of it that is paid to a lot.

    Args:
        row: Its cells.
        lot: What is read of it.
        pieces: How many its quantity is the mass of, where it is: a price may then be that of a piece.
    """
    (price, shown), (total, shown_total) = row.number("purchase_price"), row.number("total_price")
    paid, is_share, shown_paid = ("paid" in row.cells and row.read("paid", _payment, row)) or (None, False, None)
    texts = [part for one in (shown, shown_total, shown_paid) if one for part in (one.before, one.after) if part]
    is_needed = price is not None or total is not None
    lot["currency"] = row.read("currency", currency_of, row, lot, texts, is_needed=is_needed)
    lot["purchase_price"] = row.read("purchase_price", _unit_price, row, lot, (price, shown, total), pieces)
    if paid is not None:
        lot["paid"] = row.read("paid", _share_paid, lot, paid, is_share=is_share)
    elif row.text("paid") is None and lot["status"] in ARRIVING:
        row.default("paid")


def _unit_price(
    row: Row, lot: dict[str, Any], given: tuple[float | None, cells.Amount | None, float | None], pieces: float | None
) -> float | None:
    """The price of one unit, from the price, the total, or both where they agree."""
    price, shown, total = given
    for key, value in (("purchase_price", price), ("total_price", total)):
        if value is not None and value <= 0:
            hint = message("Give a price above zero, or leave the cell empty.")
            raise Faulty("positive", "a {key:s} that is not positive", hint, column=key, key=key)
    quantity, unit = abs(lot["quantity"] or 0.0) or None, lot["unit"]
    is_total, count, per = _basis(row, lot, shown)
    if price is not None and per in cells.NO_ONE_MASS:
        words = message("a price per {unit:s}, which is not one mass", unit=per)
        raise Faulty("price_is", words, cells.NO_ONE_MASS[per])
    # A price of a piece, beside a mass: that of one piece is asked for; a price of a "unit" is of the unit of the quantity.
    is_apart = per == cells.PIECE and unit in KG_PER_UNIT and not pieces and _names_a_piece(row, shown)
    one = PieceSize.parse(lot["size"]).mass if is_apart and lot["size"] else None
    if quantity is None or unit is None:
        return None
    if price is not None and per == cells.PIECE and (pieces or one):
        price, per = price * pieces / quantity if pieces else price / (one or 1.0), "kg"
    elif price is not None and (pieces or is_apart) and not is_total and per not in KG_PER_UNIT:
        hint = message("Say it once: --set purchase_price_is=piece, kg or total; or write it, as EUR/kg.")
        raise Faulty("price_is", "a price that may be of a piece or of a kg", hint)
    if price is not None and per in KG_PER_UNIT and unit in KG_PER_UNIT:
        price = float(f"{price * KG_PER_UNIT[unit] / KG_PER_UNIT[per] / count:.15g}")
    elif price is not None:
        price /= quantity if is_total else count
    if price is None or total is None:
        return price if total is None else total / quantity
    if abs(price * quantity - total) > AGREES * total:
        hint = message(
            "{price:,.6g} times {quantity:,.6g} is {product:,.2f}: correct one of them, or leave one out.",
            price=price,
            quantity=quantity,
            product=price * quantity,
        )
        raise Faulty("total_price", "a total that is not the price times the quantity", hint, column="total_price")
    return price


def _basis(row: Row, lot: dict[str, Any], shown: cells.Amount | None) -> tuple[bool, float, str | None]:
    """What a price is of: whether of the whole lot, how many units, and the unit that they are counted in.

    By its cell (``11.500 EUR/t``), its header, or a cell of its own: ``t``, ``EUR/kg``, ``je 100 g``, ``100``, ``total``.
    """
    texts = (shown.after.partition("/")[2] if shown else "", row.text("purchase_price_is"), row.text("unit"))
    return row.file.once(_basis_of, row.is_precious(lot["asset"]), *texts)


def _basis_of(
    file: FileCells,
    is_precious: bool,  # noqa: FBT001
    beside: str,
    text: str | None,
    of_quantity: str | None,
) -> tuple[bool, float, str | None]:
    """The same of texts: what stands behind the price, in the cell of its basis, and in that of the unit."""
    header, counted = file.header.get("purchase_price"), getattr(file.header.get("quantity"), "unit", None)
    per = values.unit_named(beside, precious=is_precious) or values.unit_named(values.per_of(header), precious=is_precious)
    if text is None:
        return False, 1.0, per
    said = re.sub(r"^(per|je|pro)\b", "", text.rpartition("/")[2].strip().casefold()).strip()
    found = cells.amount(said)
    count = next(iter(found.readings.values())) if found and not found.before and not found.is_ambiguous else None
    unit = values.unit_named(found.after if found and count else said, precious=is_precious)
    if unit in KG_PER_UNIT and (count is None or count > 0):
        if per and (per, 1.0) != (unit, count or 1.0):
            hint = message("Say it in one of the two.")
            words = message("a price that its cell or header says is per {per:s}", per=per)
            raise Faulty("two_units", words, hint, column="purchase_price_is")
        return False, count or 1.0, unit
    if found and count and count > 0 and not found.after:
        return False, count, per
    of_unit = _are_pieces(of_quantity, counted) or fold(said) not in vocabulary().meanings["price_is"]
    if unit == cells.PIECE and count is None and of_unit:
        return False, 1.0, unit
    known = vocabulary().meanings["price_is"]
    if (meant := values.known_word(text, known)) is None:
        hint = together(did_you_mean(text, known.values()), message("Write unit, piece, total, or the mass, as t or EUR/kg."))
        key = "purchase_price_is"
        raise Faulty("unknown_purchase_price_is", "unknown {key:s}", hint, column=key, key=key)
    return meant == "total", 1.0, per


def _names_a_piece(row: Row, shown: cells.Amount | None) -> bool:
    """Whether the cell of a price, or its header, says that it is of a piece: ``Preis/Stk.``, ``155 €/Stück``."""
    return any(_PIECE.search(fold(text)) for text in (row.header("purchase_price").text, shown.after if shown else ""))


def _payment(row: Row) -> tuple[float | None, bool, cells.Amount | None]:
    """The payment in a cell, whether it is a share of the price, and the cell where it is an amount."""
    if (word := values.known_word(row.text("paid"), vocabulary().meanings["paid"])) is not None:
        return float(word == "all"), True, None
    value, found = row.number("paid")
    if value is None or found is None:
        return None, False, None
    if found.after == "%" or row.header("paid").percent:
        return value / 100, True, None
    if 0 < value <= 1 and not (found.before or found.after):
        hint = message("Write {value:.0%}, or the amount with its currency, as {value:.2f} EUR.", value=value)
        raise Faulty("paid", "a payment that may be a fraction or an amount", hint)
    return value, value == 0, found


def _share_paid(lot: dict[str, Any], paid: float, *, is_share: bool) -> float:
    """The part of the purchase price that is paid."""
    price = lot["purchase_price"]
    if price is None and not (is_share and paid == 1):
        hint = message("Fill in purchase_price or total_price; a column that is itself the price is total_price.")
        raise Faulty("paid_of_what", "a part of an unknown purchase price", hint)
    share = paid if is_share else paid / (price * lot["quantity"])
    if not 0 <= share <= 1 + AGREES:
        hint = message("Give what is paid, as 30 % or as an amount.")
        raise Faulty("paid", "a payment that is not between nothing and the purchase price", hint)
    if share > 0 and lot["status"] == "planned":
        raise Faulty("paid", "a payment for a lot that is only planned", "Give it the status 'ordered'.")
    return min(share, 1.0)


def is_currency(word: str, lot: Mapping[str, Any]) -> bool:
    """Whether a word beside a number is the currency of its row, alone or with its unit: ``EUR``, ``EUR/kg``."""
    money, _, per = word.partition("/")
    try:
        return cells.currency(money) == lot["currency"] and (not per or cells.UNITS.get(fold(per)) == lot["unit"])
    except DataError:
        return False


def currency_of(row: Row, lot: dict[str, Any], shown: list[str], *, is_needed: bool) -> str | None:
    """The one currency that the row, its prices or their headers name, else that of the layout.

    Args:
        row: Its cells.
        lot: What is read of it: asset and unit.
        shown: Words beside its prices.
        is_needed: Whether it is a fault where none is named.
    """
    basis = row.text("purchase_price_is") or ""
    texts = [row.text("currency"), *shown, basis if basis.partition("/")[1] and basis.partition("/")[0].strip() else None]
    texts += [row.header(key).currency for key in ("purchase_price", "total_price", "paid")]
    texts = texts if any(texts) else [row.file.layout.every.get("currency")]
    given = tuple(filter(None, texts))
    for text in given:
        if "$" in text and text.partition("/")[0].strip() == "$":
            row.default("dollar")
    return row.file.once(_currency_named, lot["unit"], row.is_precious(lot["asset"]), is_needed, *given)


def _currency_named(_: FileCells, unit: str | None, is_precious: bool, is_needed: bool, *texts: str) -> str | None:  # noqa: FBT001
    """The one currency that texts name."""
    found: set[str] = set()
    for text in texts:
        word, per = (part.strip() for part in text.partition("/")[::2])
        named = values.unit_named(per, precious=is_precious)
        if per and unit and not {named, unit} <= {*KG_PER_UNIT} and named != unit and named not in cells.NO_ONE_MASS:
            hint = message("The price is per {per:s} and the quantity in {unit:s}: use one unit.", per=per, unit=unit)
            raise Faulty("two_units", "two units", hint, column="purchase_price")
        try:
            found.add(cells.currency(word))
        except DataError as error:
            raise Faulty("currency", error.message, error.hint, cell=text) from None
    if len(found) > 1:
        raise Faulty("two_currencies", "two currencies", "Keep one of {words:s}.", words=", ".join(sorted(found)))
    if not found and is_needed:
        hint = message("Fill in the currency, or say it of all rows: --set currency=EUR.")
        raise Faulty("empty", "money without a currency", hint)
    return found.pop() if found else None
