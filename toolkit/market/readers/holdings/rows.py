"""Rows of a holdings file read as lots; numbers and dates are decided by the whole file."""

from __future__ import annotations

import contextlib
import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime
from functools import lru_cache
from itertools import groupby
from operator import itemgetter
from typing import Any

import polars as pl

from toolkit.core.countries import UNKNOWN_ORIGIN, country, country_hint, fold, foldings
from toolkit.core.errors import DataError, did_you_mean
from toolkit.core.messages import Message, few, message, together
from toolkit.core.places import place
from toolkit.core.trade_names import COINS, is_shape
from toolkit.core.units import KG_PER_UNIT
from toolkit.market.layouts.fields import BY_KEY, HOLDINGS, IGNORE, NOTHING, SEVERAL
from toolkit.market.layouts.headers import Header
from toolkit.market.layouts.layout import OF_LOTS, Meaning
from toolkit.market.layouts.propose import ColumnReading, Question, holds_more
from toolkit.market.layouts.texts import (
    is_grade,
    is_harmless,
    is_known_custody,
    is_paper,
    is_plain_name,
    is_plain_place,
    undated,
)
from toolkit.market.layouts.vocabulary import vocabulary
from toolkit.market.readers import cells
from toolkit.market.readers.faults import Fault
from toolkit.market.readers.holdings.days import last_day
from toolkit.market.readers.holdings.forms import CONTENT, form_beside
from toolkit.market.readers.holdings.lines import alike, no_lots, repeated
from toolkit.market.readers.holdings.lots import DEFAULTS, LISTED_UNIT, ReadFile, notes
from toolkit.market.readers.holdings.purchase import AGREES, PurchaseCells

_NOT_FROM = re.compile(r"(ex|nicht|non|not|kein|keine|no|ohne|without|ausser|ausserhalb|outside|other|anderes?|rest) ")
"""Words, as `fold` writes them, that begin an origin of which only is said what it is not: ``Ex-China``."""
_WITH_MASS = re.compile(r"(?i)(.*?[^\W\d])\s+([\d.,/]+\s*(?:kg|g|oz|ozt|unzen?|gramm|kilo)\b)(.*)")
"""A name with the mass of one piece behind it: ``Goldbarren 100 g``."""
_ROWS = 3
NEWEST, EVERY_DAY = "newest", "every"
_DAYS = (NEWEST, EVERY_DAY)
"""Rows that a question names."""
_ABOVE_ZERO = message(
    "Give a quantity above zero. A sale is no lot: take it off the quantity of its lot, and leave its row out."
)


class Parser(PurchaseCells):
    """Reads the rows of one table by its layout; numbers and dates may be decided by the whole file."""

    __slots__ = ()

    def read(
        self, broken: list[Fault], path: str, by: str, readings: Sequence[ColumnReading], questions: Sequence[Question]
    ) -> ReadFile:
        """The lots with the faults of their cells, and what is open.

        Args:
            broken: Lines that have other fields than the header.
            path: As the file was given.
            by: As of `ReadFile`.
            readings: As of `ReadFile`.
            questions: Open before a row is read.
        """
        table = self.table
        self.remarks = {fold(text): meaning for text, meaning in self.layout.remarks.items()}
        # The two that every file needs are there where the header is refused for want of them.
        self.header = {key: Header(key, key) for key in ("asset", "quantity")}
        self.header |= {header.key: header for header in self.headers if header.key}
        self.words = words = {fold(text): word for text, word in self.layout.words.items()}
        for header in self.headers:
            if header.key and header.key not in SEVERAL["holdings"]:
                column = [None if isinstance(cell, str) and not cells.tidy(cell) else cell for cell in table.cells[header.text]]
                self.raw[header.key] = [words.get(fold(cell), cell) if isinstance(cell, str) else cell for cell in column]
        unknown, asked = vocabulary().texts["unknown"], {one.name for one in questions}
        self.told = [
            (header, ["" if fold(text) in unknown else text for text in map(_one_line, table.cells[header.text].to_list())])
            for header in self.headers
            if (header.key or IGNORE) in _TEXTS and header.text not in asked and table.cells[header.text].dtype == pl.String
        ]
        if table.remarks:
            comments = [" ".join(table.remarks.get(row, ())) for row in table.rows]
            self.told.append((Header("", "remark"), comments))
        self._amounts()
        for key, text in self.layout.every.items():
            if key not in ("currency", "unit", "status"):  # these a cell, a header or a price may say in other places
                column = self.raw.get(key) or [None] * table.cells.height
                self.raw[key] = [text if cell is None else cell for cell in column]
                self.header.setdefault(key, Header(key, key))
        numbers = table.rows.to_list()
        self._formulas()
        self._sizes_in_names()
        totals, below = no_lots(table, [self._text("asset", i) for i in range(len(numbers))], self.names)
        left = [i for i, row in enumerate(table.cells.rows()) if self._is_left_out(row)]
        kept = sorted({*range(len(numbers))} - {*totals, *below, *left})
        self.lots = self._lot_ids(numbers)
        self._conventions(kept, numbers)
        status = self._of_file(
            [
                *self._sheet(),
                *table.titles,
                *self._comments_apart(),
                *(str(cell) for i in below for cell in table.cells.row(i) if cell is not None),
            ]
        )
        kept = self._newest(kept)
        whole, kept = kept, self._of_client(kept)
        read = [(i, row) for i in kept if (row := self._lot(i, status)) is not None]
        kept, rows = [i for i, _ in read], [row for _, row in read]
        told = {(fault.row, fault.column) for fault in self.faults if fault.rule == "formula"}
        self.faults = [fault for fault in self.faults if fault.rule != "empty" or (fault.row, fault.column) not in told]
        self.faults += repeated([row["lot_id"] for row in rows], [numbers[i] for i in kept])
        if kept == whole:
            self._totals(totals, kept, rows)
        self._nothing(kept)
        arrivals = self._arrivals(kept, rows)
        order = {column.key: at for at, column in enumerate(HOLDINGS)}
        self.faults.sort(key=lambda found: (order.get(found.column, -1), found.row))
        found = ReadFile(
            table=table,
            path=path,
            layout=self.layout,
            by=by,
            readings=readings,
            questions=(*questions, *self.questions.values()),
            headers=self.headers,
            columns={h.text: h.key for h in self.headers if h.key},
            ignored=tuple(h.text for h in self.headers if h.key is None),
            rows=rows,
            numbers=[numbers[i] for i in kept],
            faults=self.faults,
            broken=broken,
            notes=(),
            arrivals=arrivals,
        )
        faulty = {fault.row for fault in self.faults}
        self.notes[:0] = notes(found, [numbers[i] for i in (*totals, *left)])
        self._say(len(rows))
        self.notes += alike([row for row, number in zip(rows, found.numbers, strict=True) if number not in faulty])
        return replace(found, notes=tuple(self.notes))

    # The file as a whole

    def _amounts(self) -> None:
        """The quantity where a column counts pieces or what is ordered, and no other says how much there is."""
        if "quantity" in self.raw:
            return
        if "pieces" in self.raw:
            self.raw["quantity"] = self.raw.pop("pieces")
            unit = None if "unit" in self.raw else cells.PIECE
            self.header["quantity"] = replace(self.header["pieces"], key="quantity", unit=unit)
        elif "ordered" in self.raw:
            self.raw["quantity"] = self.raw["ordered"]
            self.header["quantity"] = replace(self.header["ordered"], key="quantity")

    def _sheet(self) -> list[str]:
        """The name of the sheet that nobody named, which may say what its lots are; none where each word of it is harmless."""
        name = self.table.sheet
        return [name] if name and not is_harmless(re.sub(r"[0-9]+|\b\w\b", " ", name)) else []

    def _comments_apart(self) -> list[str]:
        """Comments on cells of no row of the table, as of its header."""
        rows = {*self.table.rows}
        return [text for row, texts in self.table.remarks.items() if row not in rows for text in texts]

    def _is_left_out(self, row: Sequence[Any]) -> bool:
        first = next((str(cell) for cell in row if cell is not None), "")
        return any(fold(first) == fold(text) for text in self.layout.leave_out)

    def _of_file(self, texts: Sequence[str]) -> str:
        """The status of a lot without one, by what the owner said of the titles and the lines below the table."""
        is_ordered = self.header["quantity"].text == getattr(self.header.get("ordered"), "text", None)
        given = vocabulary().meanings["status"].get(fold(self.layout.every.get("status", "stored")), "stored")
        status = "ordered" if is_ordered else given
        dated = {undated(text): meaning for text, meaning in self.layout.remarks.items()}
        for text in texts:
            match dated.get(undated(text)):
                case None if not is_harmless(undated(text)):
                    asks = message("a line beside the table: what does it say of the lots?")
                    self._ask(text, (), asks, None)
                case "in_transit" | "ordered" | "planned" | "at_risk" as said:
                    status = "ordered" if said == "at_risk" else said
                case _:
                    pass
        return status

    def _ask(self, text: str, where: tuple[str, ...], asks: Message, proposed: Meaning | None) -> None:
        """A question on a text, told once however often it stands."""
        known = self.questions.get(fold(text))
        if known is None:
            self.questions[fold(text)] = Question("text", text, where, asks, proposed, OF_LOTS)
        elif len(known.cells) < _ROWS:
            self.questions[fold(text)] = replace(known, cells=(*known.cells, *where))

    def _newest(self, kept: list[int]) -> list[int]:
        """The rows of the newest day, where a file lists the stock of several."""
        if "snapshot" not in self.raw:
            return kept
        days: dict[int, date] = {}
        for i in kept:
            cell = self.raw["snapshot"][i]
            day = cell if isinstance(cell, date) else last_day(str(cell or ""), day_first=self.month_first != 1)
            if day is None or day > self.today:
                self._fault(i, "snapshot", "date", "not a day of the stock, up to today", "Write it as 2026-05-31.")
            else:
                days[i] = day
        newest, said = max(days.values(), default=None), self.layout.every.get("snapshot")
        if len({*days.values()}) > 1 and said not in _DAYS:
            asks = message("stock of several days: is the newest all of it, or does each row count?")
            told = tuple(str(day) for day in sorted({*days.values()})[-_ROWS:])
            self.questions["snapshot"] = Question("snapshot", "snapshot", told, asks, None, _DAYS)
        if said != NEWEST:
            return kept
        older = len(kept) - len(kept := [i for i in kept if days.get(i) in (None, newest)])
        if older:
            self.notes.append(message("Rows of days before {day} that are not read: {n:d}.", day=newest, n=older))
        return kept

    def _nothing(self, kept: list[int]) -> None:
        """A fault where a column that says nothing, as empty ones do, holds another cell than when that was confirmed."""
        for header in (one for one in self.headers if one.key == NOTHING):
            usual = {fold(text) for text in self.layout.columns[header.text].only}
            for i in kept:
                text = cells.tidy(str(self.table.cells[header.text][i] or ""))
                if holds_more(text) and fold(text) not in usual:
                    hint = message(
                        "Say what it means: toolkit holdings map FILE --set {name!r:s}=FIELD, or ignore.", name=header.text
                    )
                    words = message("a column {header!r:s} that said nothing when its layout was confirmed", header=header.text)
                    self._fault(i, NOTHING, "nothing", words, hint, cell=text)

    def _arrivals(self, kept: list[int], rows: list[dict[str, Any]]) -> dict[str, date]:
        """Stored lot -> the last day on which it may have arrived; a fault where that may lie ahead."""
        days: dict[str, date] = {}
        for i, row in zip(kept, rows, strict=True):
            key = "received" if self._text("received", i) else "arrival"
            text = self._text(key, i)
            if text is None or row["status"] != "stored" or fold(text) in vocabulary().texts["unknown"]:
                continue
            cell = self.raw[key][i]
            day = cell if isinstance(cell, date) else last_day(text)
            if day is None or day > self.today:
                hint = message("Give the status: ordered or in_transit; or the day on which it arrived.")
                self._fault(i, key, "arrival", "stored, and a day of arrival that may lie ahead", hint)
            else:
                days[row["lot_id"]] = day
        return days

    def _formulas(self) -> None:
        """A formula without a value is a fault, and its cell is empty; in a CSV what begins with ``=`` is text."""
        for key, column in self.raw.items():
            for i, cell in enumerate(column):
                if not isinstance(cell, str) or (cell.startswith("=") and self.table.encoding):
                    continue
                if cells.FORMULA_ERROR.fullmatch(cell):
                    hint = message("Mend the formula, or write the value in its place.")
                    if cell.startswith("="):
                        hint = message("Open the file in the spreadsheet and save it again, so that the formula has a value.")
                    self._fault(
                        i,
                        key,
                        "formula",
                        message("a formula without a value in column {header!r:s}", header=self.header[key].text),
                        hint,
                    )
                    column[i] = None

    def _sizes_in_names(self) -> None:
        """``Goldbarren 100 g`` is bars, of pieces of that mass: of a precious metal, whose mass is never that of the lot."""
        for i, cell in enumerate(self.raw.get("asset", ())):
            found = _WITH_MASS.fullmatch(cells.tidy(cell)) if isinstance(cell, str) else None
            name = found[1] + found[3] if found else ""  # with a purity behind the mass, as "Goldbarren 1 kg 999,9"
            if found and self._is_known(found[0]):  # "Silber Münzen 10 oz" may be all of them
                name = found[0] if self._counts_pieces(i, None) else ""
            if found is None or not self._is_known(name) or not self._is_precious(self._named(name)[0]):
                continue
            given = self._text("size", i)
            unit = self.header.setdefault("size", Header("size", "size")).unit
            with contextlib.suppress(DataError):  # what is no size is told as the fault of its own column
                size = cells.size(found[2], None, most=0, precious=True)
                plain = re.sub(r"[.,](?=\d{3}\b)", "", given or found[2])
                if cells.size(plain, unit if given else None, most=0, precious=True) == size:
                    self.raw.setdefault("size", [None] * len(self.raw["asset"]))[i] = found[2]
                    self.raw["asset"][i] = name

    def _lot_ids(self, numbers: list[int]) -> list[str]:
        # An id such as "# 1" would begin a comment where it stands first in a line.
        given = [(self._text("lot_id", i) or "").lstrip("# ") for i in range(len(numbers))]
        if "client" in self.raw and len({*filter(None, given)}) < len([*filter(None, given)]):  # each client's begin anew
            given = [lot and f"{self._text('client', i) or ''} {lot}".strip() for i, lot in enumerate(given)]
        return [lot or f"row {number}" for lot, number in zip(given, numbers, strict=True)]

    def _of_client(self, kept: list[int]) -> list[int]:
        """The rows of the client that is meant; all of them where none is, or no row names any."""
        names = {i: name for i in kept if (name := self._text("client", i)) is not None}
        if self.client is None or not names:
            return kept
        meant = {i for i, name in names.items() if name.casefold() == self.client.casefold()}
        if not meant:
            raise DataError(
                "no lot of {file:s} is of the client {client!r:s}.",
                hint=did_you_mean(self.client, {name.casefold(): name for name in names.values()}.values()),
                file=self.table.name,
                client=self.client,
            )
        unnamed = [i for i in kept if i not in names]
        for i in unnamed:
            hint = message("Write whose lot it is in every row.")
            self._fault(i, "client", "client", "a lot of no client, beside those of clients", hint)
        return sorted({*meant, *unnamed})

    def _conventions(self, kept: list[int], numbers: list[int]) -> None:
        """The decimal mark and the order of day and month, from every cell of the file."""
        seen: list[tuple[int, str, cells.Amount]] = []
        for key in (column.key for column in HOLDINGS if column.cells in ("number", "fraction")):
            for i in kept:
                cell = self.raw[key][i] if key in self.raw else None
                if isinstance(cell, str) and (found := cells.amount(cell)):
                    seen.append((i, key, found))
        self.mark, odd = cells.decimal_mark(Counter(found for _, _, found in seen))
        if self.layout.decimal:
            self.mark, odd = self.layout.decimal, {found for _, _, found in seen if self.layout.decimal not in found.readings}
        for i, key, found in seen:
            if found in odd:
                self._fault(
                    i, key, "decimal", "numbers use both '.' and ',' as decimal mark", "Use one decimal mark in the whole file."
                )
            elif found.is_ambiguous and self.mark is None:
                low, high = (f"{value:.12g}" for value in sorted(found.readings.values()))
                asks = message("it may be {low:s} or {high:s}: which mark is the decimal?", low=low, high=high)
                asked = Question("decimal", "decimal", (found.digits,), asks, None, (".", ","))
                self.questions.setdefault("decimal", asked)
        settled = [found for _, _, found in seen if found.is_ambiguous]
        if settled and self.mark is not None:
            self.notes.append(cells.decided(settled[0], self.mark))
        dates = [self.raw.get("purchase_date", [None] * len(numbers))[i] for i in kept]
        self.begun = cells.german_midnights(cell for cell in dates if isinstance(cell, str | datetime))
        days = [cells.day(cell) for cell in dates if isinstance(cell, str)]
        self.month_first, contradict = cells.either_reading(day for day in days if day)
        if contradict:
            self.month_first = None
        if self.layout.dates:
            self.month_first = int(self.layout.dates == "month")

    # One lot

    def _lot(self, i: int, status: str) -> dict[str, Any] | None:  # noqa: PLR0912  # a field after the other
        """The record of a row; None for one that is no lot of the owner, by what he said of its texts."""
        said = self._said(i, status)
        if "not_mine" in said:
            return self._default("not_mine", self.lots[i])
        if self._is_zero(i):
            return self._default("zero", self.lots[i])
        row: dict[str, Any] = dict.fromkeys(BY_KEY)
        row["lot_id"] = self.lots[i]
        if not (self._text("lot_id", i) or "").lstrip("# "):
            self._default("lot_id", self.lots[i])
        words = self._asset(i, row)
        listed = row["asset"] is not None and self.names.is_listed(row["asset"])
        if row["asset"] is not None and not listed:
            self._form(i, row, words)
        row["purity"] = self._purity(i) or row["purity"]
        unit, quantity = self._quantity(i)
        told = (self._text("form", i) or words or "", self._text("unit", i) or "", unit or "")
        is_coin = any(not COINS.isdisjoint(foldings(text)) for text in told)
        pieces = None if listed or not self._counts_pieces(i, unit) else quantity
        if pieces is not None:
            row["quantity"], row["unit"] = self._mass_of_pieces(i, pieces, row["asset"]), "kg"
        else:
            row["quantity"], row["unit"] = quantity, self._unit(i, row["asset"], unit, listed=listed, coin=is_coin)
        is_fine = re.search(r"\b(fein|fine )", fold(f"{told[1]} {self._text('quantity', i)}")) is not None
        if is_fine or (is_coin and (row["unit"] == "ozt" or (pieces and cells.in_ounces(self._text("size", i) or "")))):
            row["purity"] = None
            self._default("coins", self.lots[i])
        row["size"] = self._size(i, row)
        row["status"] = self._status(i, status, said)
        row["purchase_date"] = self._day(i, row["status"])
        self._price(i, row, pieces if row["quantity"] else None)
        row["origin_country"] = self._origin(i)
        row["destination"], row["end_user"] = self._destination(i), self._end_user(i)
        for column in HOLDINGS:
            if column.cells == "text":
                row[column.key] = self._text(column.key, i)
            elif column.cells == "fraction":
                row[column.key] = self._fraction(i, column.key)
        if row["location"] and fold(row["location"]) in vocabulary().texts["unknown"]:
            row["location"] = None
        # A text that names a place and is answered otherwise is none where the lot lies.
        if row["location"] and (meaning := self._meaning(row["location"])) and meaning != "stored":
            row["location"] = None if place(row["location"]).country else row["location"]
        if row["location"] is None and row["status"] == "stored" and not listed:
            self._default("location", row["lot_id"])
        if "at_risk" in said:
            self._default("at_risk", self.lots[i])
            row["status"], row["location"] = "ordered", None
        self._counted(i, row)
        return row

    def _is_zero(self, i: int) -> bool:
        """Whether a row says that nothing is there."""
        cell = self.raw.get("quantity", {i: None})[i]
        read = cells.amount(cell) if isinstance(cell, str) else None
        return cell == 0 or (read is not None and not any(read.readings.values()))

    def _said(self, i: int, default: str) -> set[Meaning]:
        """What the texts of a row say of its lot, as the owner answered; a text that is not understood is asked about.

        Where a lot lies is of matter to one that is stored.
        """
        found: set[Meaning] = set()
        known = vocabulary().meanings["status"]
        status = next((known[one] for one in foldings(self._text("status", i) or "") if one in known), default)
        for header, column in self.told:
            text = column[i]
            if not text or (header.key == "location" and status != "stored"):
                continue
            if meaning := self._meaning(text):
                found.add(meaning)
            elif not _TEXTS[header.key or IGNORE][0](self.words.get(fold(text), text)):
                where = (message("row {row:d}", row=self.table.rows[i]),)
                self._ask(text, where, _TEXTS[header.key or IGNORE][1], _says_status(text))
        return found

    def _status(self, i: int, default: str, said: set[Meaning]) -> str | None:
        """That which the owner said of a text of the row, else that of its cell, else that of the file."""
        text = self._text("status", i)
        known = vocabulary().meanings["status"]
        found = next((known[one] for one in foldings(text or "") if one in known), None)
        if told := said & {"in_transit", "ordered", "planned"}:
            if found not in (None, *told):
                self._default("remarked", self.lots[i])
            return str(min(told))
        if text is None and default == "stored":
            self._default("status", self.lots[i])
        return found or ("stored" if "stored" in said else default)

    def _counted(self, i: int, row: Mapping[str, Any]) -> None:
        """A number of pieces times the mass of one is the quantity."""
        count, _ = self._number(i, "pieces") if "pieces" in self.raw else (None, None)
        one = self._mass_of_a_piece(i, row["asset"]) if count else None
        mass = (row["quantity"] or 0) * KG_PER_UNIT.get(row["unit"] or "", 0)
        if count and mass and not one and count != 1:
            hint = message("Give the mass of one in a column 'size', or leave the number of pieces out.")
            self._fault(i, "pieces", "pieces", "pieces of unknown weight beside a quantity that may be of one", hint)
        elif count and one and mass and abs(count * one - mass) > AGREES * mass:
            hint = message("{count:g} pieces of {one:.6g} kg are {mass:.6g} kg.", count=count, one=one, mass=count * one)
            self._fault(i, "pieces", "pieces", "a number of pieces that is not the quantity", hint)

    def _asset(self, i: int, row: dict[str, Any]) -> str | None:
        text = self._text("asset", i)
        if text is None:
            return self._fault(i, "asset", "empty", "no asset", "Fill the 'asset' cell, or leave the row out.")
        try:
            row["asset"], words, row["purity"] = self._named(text)
        except DataError as error:
            hint = error.hint
            if (found := _WITH_MASS.fullmatch(text)) and self._is_known(found[1]):
                hint = message(
                    "Write {name:s} as the asset, and {mass:s} in a column 'size', as the mass of one piece.",
                    name=found[1],
                    mass=found[2],
                )
            if i == 0 and not any(re.search(r"\d", str(cell)) for cell in self.table.cells.row(0) if cell is not None):
                row_of = self.table.header
                hint = message(
                    "Row {row:d} is taken for the header. Where the header has two rows, write it in one.", row=row_of
                )
            return self._fault(i, "asset", "unknown_asset", "unknown asset", hint)
        return words

    def _is_known(self, text: str) -> bool:
        with contextlib.suppress(DataError):
            return bool(self._named(text))
        return False

    def _named(self, text: str) -> tuple[str, str | None, str | None]:
        """Asset key, words for a form, and the purity in a dealer's name, as in ``Gallium ingot 99.99 %``."""
        try:
            return (*self.names.asset(text), None)
        except DataError:
            name, purity = cells.without_purity(text)
            if purity is None:
                raise
        return (*self.names.asset(name), purity)

    def _form(self, i: int, row: dict[str, Any], words: str | None) -> None:
        asset, text = row["asset"], self._text("form", i)
        bare, purity = cells.without_purity(text or "")
        row["purity"] = row["purity"] or purity
        try:
            named = self.names.form(asset, words) if words else None
            if named not in (None, "metal", "magnet") and is_shape(bare):
                bare = ""
            pure = self._text("purity", i) or ""
            beside = (CONTENT.sub("", pure) if words else pure, asset)
            if not bare and beside not in self.beside:  # many lots say the same
                self.beside[beside] = form_beside(*beside, self.names)
            given = self.names.form(asset, bare) if bare else self.beside[beside]
        except DataError as error:
            column = "form" if text else "purity" if self._text("purity", i) and not words else "asset"
            self._fault(i, column, "unknown_form", "unknown form of {asset!r:s}", error.hint, asset=asset)
            return
        if named and given and named != given:
            hint = message("The asset says {named:s}, the form {given:s}: name the form once.", named=named, given=given)
            self._fault(i, "form", "two_forms", "a form that contradicts the asset", hint)
            return
        row["form"] = given or named or self.names.traded_form(asset)
        if row["form"] is None:
            self._fault(
                i, "form", "empty", "no form of {asset:s}, which no product trades", "Write metal, oxide, ...", asset=asset
            )
        elif not (given or named):
            self._default("form", message("{asset} ({form})", asset=asset, form=row["form"]))

    def _purity(self, i: int) -> str | None:
        cell = self.raw["purity"][i] if "purity" in self.raw else None
        if cell is None or fold(str(cell)) in vocabulary().texts["unknown"]:
            return None
        return cells.purity(str(cell), percent=self.header["purity"].percent)

    def _size(self, i: int, row: Mapping[str, Any]) -> str | None:
        text = self._text("size", i)
        if text is None or fold(text) in vocabulary().texts["unknown"]:
            return None
        mass = (row["quantity"] or 0) * KG_PER_UNIT.get(row["unit"] or "", 0)
        try:
            most, precious = mass * (1 + AGREES), self._is_precious(row["asset"])
            return str(cells.size(text, self.header["size"].unit, most=most, precious=precious))
        except DataError as error:
            return self._fault(i, "size", "size", error.message, error.hint)

    def _quantity(self, i: int) -> tuple[str | None, float | None]:
        if self._text("quantity", i) is None:
            self._fault(i, "quantity", "empty", "no quantity", "Fill the 'quantity' cell, or leave the row out.")
            return None, None
        if re.fullmatch(r"\(\s*\d[\d.,' ]*\w*\s*\)|\d[\d.,' ]*-", self._text("quantity", i) or ""):  # as accounts write it
            self._fault(i, "quantity", "positive", "a quantity that is not positive", _ABOVE_ZERO)
            return None, None
        value, found = self._number(i, "quantity")
        if found is None or value is None:
            return None, None
        if found.before:
            self._fault(i, "quantity", "number", "not a number", "Write the number alone, or with its unit behind it.")
            return None, None
        if value < 0:
            self._fault(i, "quantity", "positive", "a quantity that is not positive", _ABOVE_ZERO)
            return found.after or None, None
        return found.after or None, value

    def _counts_pieces(self, i: int, beside: str | None) -> bool:
        """Whether the quantity is a number of pieces: by its header or unit, where no mass is named."""
        named = {
            cells.UNITS.get(fold(text)) if COINS.isdisjoint(foldings(text)) else cells.PIECE
            for text in (self._text("unit", i), beside, self.header["quantity"].unit)
            if text
        }
        return named == {cells.PIECE}

    def _mass_of_pieces(self, i: int, count: float, asset: str | None) -> float | None:
        """The mass of a number of pieces in kg; a fault where that of one is not known."""
        mass = self._mass_of_a_piece(i, asset)
        if mass is None or count != round(count):
            hint = message("Give the mass in kg, g, t, lb or ozt, or that of one piece in a column 'size'.")
            return self._fault(i, "quantity", "unknown_unit", "pieces of unknown weight", hint)
        self._default("pieces", f"{self.lots[i]} ({count:.0f} x {mass:.12g} kg)")
        return float(f"{count * mass:.15g}")

    def _mass_of_a_piece(self, i: int, asset: str | None) -> float | None:
        size = self._text("size", i)
        if size is not None:
            with contextlib.suppress(DataError):  # what is no size is told as the fault of its own column
                return cells.size(size, self.header["size"].unit, most=0, precious=self._is_precious(asset)).mass
        return None

    def _unit(self, i: int, asset: str | None, beside: str | None, *, listed: bool, coin: bool) -> str | None:
        """The unit of the column, of the quantity's cell or of its header; where two are named, they must agree."""
        named = [text for text in (self._text("unit", i), beside, self.header["quantity"].unit) if text]
        if not named and not listed and (said := self.layout.every.get("unit")):
            named = [said]
        if not named:
            if listed:
                return LISTED_UNIT
            if coin or self._mass_of_a_piece(i, asset):
                hint = message("Write kg behind the quantity, or rename its column to 'pieces'.")
                fault = message("a quantity that may be in kg or a number of pieces")
                if coin:
                    hint = message("Give their mass in oz, g or kg: a number alone may count coins.")
                    fault = message("coins without a unit")
                return self._fault(i, "quantity", "unknown_unit", fault, hint)
            self._default("unit", self.lots[i])
            return "kg"
        column = "unit" if self._text("unit", i) else "quantity"
        found = set()
        for text in named:
            try:
                found.add(cells.unit(text, precious=self._is_precious(asset), listed=listed))
            except DataError as error:
                if asset is None and cells.UNITS.get(fold(text)):
                    continue
                return self._fault(i, column, "unknown_unit", error.message, error.hint, cell=text)
        if len(found) > 1:
            return self._fault(i, column, "two_units", "two units", "Keep one of {words:s}.", words=", ".join(sorted(found)))
        return found.pop() if found else None

    def _day(self, i: int, status: str | None) -> date | None:
        cell = self.raw["purchase_date"][i] if "purchase_date" in self.raw else None
        if cell is None:
            return None
        if isinstance(cell, str) and cells.EMPTY_DATE.fullmatch(cells.tidy(cell)):
            return self._default("null_date", self.lots[i])
        if str(cell) in self.begun:
            found = self.begun[str(cell)]
            self._default("german_day", self.lots[i])
        elif isinstance(cell, datetime):
            found = cell.date()
        elif isinstance(cell, date):
            found = cell
        else:
            found = self._day_of(i, str(cell))
        if found in cells.NULL_DATES:
            return self._default("null_date", self.lots[i])
        if found is not None and found < cells.FIRST_PURCHASE:
            hint = message("Correct the year, or leave the date empty where it is not known.")
            return self._fault(i, "purchase_date", "past", "a purchase before {day}", hint, day=cells.FIRST_PURCHASE)
        if found is not None and found > self.today and status not in ("planned", None):
            hint = together(
                message("Correct the date, or give the lot the status 'planned'."),
                message("A day of delivery belongs in a column 'delivery date'."),
            )
            return self._fault(i, "purchase_date", "future", "a purchase after today ({day})", hint, day=self.today)
        return found

    def _day_of(self, i: int, text: str) -> date | None:  # noqa: PLR0911  # one answer a kind of date
        read = cells.day(text)
        if read is None and cells.month(text) and (last := last_day(text)):
            self._default("month", self.lots[i])
            return min(last, self.today) if last.replace(day=1) <= self.today else last
        if read is None:
            serial = cells.serial_day(text)
            hint = message("Write dates as 2026-05-31 or 31.05.2026: holding periods are counted in days.")
            if serial:
                hint = together(
                    message(
                        "{number:s} is how a spreadsheet counts {day}: give the column the format of a date.",
                        number=cells.tidy(text),
                        day=serial,
                    ),
                    hint,
                )
            return self._fault(i, "purchase_date", "date", "not a date", hint)
        if read.day is not None:
            return read.day
        day_first, month_first = read.either or (None, None)
        if day_first is None or month_first is None:
            chosen = day_first or month_first
            if self.month_first is not None and bool(self.month_first) == (day_first is None):
                return chosen
            hint = message("Some dates of the file have the day first and some the month: write them all as 2026-05-31.")
            return self._fault(i, "purchase_date", "date_order", "dates in two orders", hint)
        if self.month_first is None:
            asks = message(
                "it may be {day_first} or {month_first}: which comes first?", day_first=day_first, month_first=month_first
            )
            self.questions.setdefault("dates", Question("dates", "dates", (text,), asks, None, ("day", "month")))
            return None
        self._default("month_first" if self.month_first else "day_first", self.lots[i])
        return month_first if self.month_first else day_first

    def _origin(self, i: int) -> str | None:
        text = self._text("origin_country", i)
        if text is None or fold(text) in vocabulary().texts["unknown"] or text in vocabulary().texts["unknown"]:
            if text is None:
                self._default("origin_country", self.lots[i])
            return UNKNOWN_ORIGIN
        found = country(text)
        if found is None:
            says_not = _NOT_FROM.match(fold(text))
            near = message("It says where the metal does not come from: write its country.") if says_not else country_hint(text)
            hint = together(near, message("Or write '{word:s}'.", word=UNKNOWN_ORIGIN))
            self._fault(i, "origin_country", "origin_country", "not a country", hint)
        return found

    def _destination(self, i: int) -> str | None:
        """The country that a lot goes to; what names none is a fault, since another country would decide its law."""
        text = self._text("destination", i)
        if text is None or country(text) is not None:
            return None if text is None else country(text)
        lies_in = place(text).country
        hint = message("{place:s} lies in {country:s}: write the country.", place=text, country=lies_in) if lies_in else None
        hint = together(hint or country_hint(text), message("Without a word the owner's country counts."))
        return self._fault(i, "destination", "destination", "not a country", hint)

    def _end_user(self, i: int) -> str | None:
        text = self._text("end_user", i)
        try:
            return None if text is None else self.names.end_user(text)
        except DataError as error:
            return self._fault(i, "end_user", "end_user", "an end user that is not known", error.hint)

    # All lots

    def _totals(self, totals: list[int], kept: list[int], rows: list[dict[str, Any]]) -> None:
        """A total is that of the lots above it, of those since a total before or of the last metal; else a row is wrong."""
        ends = [0]
        for i in totals:
            above = [row for at, row in zip(kept, rows, strict=True) if at < i]
            part = above[ends[-1] :]
            stated, _ = self._number(i, "quantity")
            sums: list[tuple[float, str]] = []
            *_, of_metal = [], *([*run] for _, run in groupby(part, key=itemgetter("asset")))
            for some in (above, *(above[end:] for end in ends[-10:]), of_metal if len(of_metal) > 1 else []):
                units = {row["unit"] for row in some}
                if not some or any(row["quantity"] is None for row in some) or not (len(units) == 1 or units <= {*KG_PER_UNIT}):
                    continue
                sums.append((sum(row["quantity"] for row in some), ""))
                if len(units) > 1:
                    mass = sum(row["quantity"] * KG_PER_UNIT[row["unit"]] for row in some)
                    sums += [(mass / kg, f" {unit}") for unit, kg in KG_PER_UNIT.items()]
            ends.append(len(above))
            if stated is not None and sums and not any(abs(one - stated) <= AGREES * abs(one) for one, _ in sums):
                found = max((one for one in sums if one[1] in ("", " kg")), key=lambda one: (one[1], one[0]))
                hint = message(
                    "The rows above it sum to {total:,.6g}{unit:s}: a lot is missing or misread; "
                    "correct it or leave the row out.",
                    total=found[0],
                    unit=found[1],
                )
                self._fault(i, "quantity", "total", "a total that the lots do not sum to", hint)

    def _say(self, lots: int) -> None:
        """Notes on what was assumed."""
        for key, sentence in DEFAULTS.items():
            if own := self.defaults.get(key):
                # Forms are named one by one, since each is another assumption.
                self.notes.append(sentence(few([*dict.fromkeys(own)], of=lots if {*own} <= {*self.lots} else 0)))


def _one_line(cell: Any) -> str:
    return "" if cell is None else cells.tidy(str(cell))


def _is_status(text: str) -> bool:
    return any(one in vocabulary().meanings["status"] for one in foldings(text))


def _says_status(text: str) -> Meaning | None:
    """The status that the first words of a text that is not understood name; a proposal, and never that it is there."""
    words = fold(text).split()
    known = vocabulary().meanings["status"]
    found = next((known[one] for end in range(len(words), 0, -1) if (one := " ".join(words[:end])) in known), None)
    return next((meaning for meaning in OF_LOTS if meaning == found != "stored"), None)


_TEXTS: Mapping[str, tuple[Callable[[str], bool], Message]] = {
    "status": (_is_status, message("no known status: what does it say of the lot?")),
    "location": (
        lru_cache(4096)(is_plain_place),
        message("not only a place that is known: does the lot lie there? Or write the country."),
    ),
    "custody": (lru_cache(4096)(is_known_custody), message("not only how it is kept: what does it say of the lot?")),
    "certificate": (is_paper, message("not only a paper: what does it say of the lot?")),
    "lot_id": (lru_cache(4096)(is_plain_name), message("a name that says more: what does it say of the lot?")),
    "client": (lru_cache(4096)(is_plain_name), message("a name that says more: what does it say of the lot?")),
    IGNORE: (lru_cache(4096)(is_plain_name), message("in a column that is not read: what does it say of the lot?")),
    "purity": (is_grade, message("not only a purity: what does it say of the lot?")),
    "remark": (is_harmless, message("a remark: what does it say of the lot?")),
}
"""Columns of text -> whether a text of it is understood, and what is asked where it is not."""
