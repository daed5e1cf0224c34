"""Rows of a holdings file read as lots; numbers and dates are decided by the whole file."""

from __future__ import annotations

import contextlib
import re
from collections import Counter
from collections.abc import Mapping
from datetime import date, datetime
from itertools import groupby
from operator import itemgetter
from typing import Any

from toolkit.core.countries import UNKNOWN_ORIGIN, country, country_hint, fold, foldings
from toolkit.core.errors import DataError, did_you_mean
from toolkit.core.messages import few, message, together
from toolkit.core.places import INCOTERMS, place
from toolkit.core.trade_names import COINS, is_shape
from toolkit.core.units import KG_PER_UNIT
from toolkit.market.readers import cells
from toolkit.market.readers.faults import Fault
from toolkit.market.readers.holdings.columns import (
    BY_KEY,
    COLUMNS,
    COUNTS,
    FAULT,
    UNKNOWN_WORDS,
    Header,
)
from toolkit.market.readers.holdings.forms import CONTENT, form_beside
from toolkit.market.readers.holdings.lines import alike, no_lots, repeated
from toolkit.market.readers.holdings.lots import DEFAULTS, LISTED_UNIT, ReadFile, readings
from toolkit.market.readers.holdings.purchase import AGREES, PurchaseCells
from toolkit.market.readers.holdings.status import StatusCells
from toolkit.market.readers.holdings.unread import arrivals, contradictions

_NOT_FROM = re.compile(r"(ex|nicht|non|not|kein|keine|no|ohne|without|ausser|ausserhalb|outside|other|anderes?|rest) ")
"""Words, as `fold` writes them, that begin an origin of which only is said what it is not: ``Ex-China``."""
_WITH_MASS = re.compile(r"(?i)(.*?[^\W\d])\s+([\d.,/]+\s*(?:kg|g|oz|ozt|unzen?|gramm|kilo)\b)(.*)")
"""A name with the mass of one piece behind it: ``Goldbarren 100 g``."""
_ABOVE_ZERO = message(
    "Give a quantity above zero. A sale is no lot: take it off the quantity of its lot, and leave its row out."
)


class Parser(PurchaseCells, StatusCells):
    """Reads the rows of one table; cells are decided by the whole file, so numbers and dates are looked at twice."""

    __slots__ = ()

    def read(self, broken: list[Fault]) -> ReadFile:
        """The lots with the faults of their cells; `broken` are lines that have other fields than the header."""
        table = self.table
        # The two that every file needs are there where the header is refused for want of them.
        self.header = {key: Header(key, key) for key in ("asset", "quantity")}
        self.header |= {header.key: header for header in self.headers if header.key}
        self.raw = {
            header.key: [None if isinstance(cell, str) and not cells.tidy(cell) else cell for cell in table.cells[header.text]]
            for header in self.headers
            if header.key
        }
        numbers = table.rows.to_list()
        self._formulas()
        self._sizes_in_names()
        totals, remarks = no_lots(table, [self._text("asset", i) for i in range(len(numbers))], self.names)
        kept = sorted({*range(len(numbers))} - {*totals, *remarks})
        self.lots = self._lot_ids(numbers)
        self._conventions(kept, numbers)
        whole, kept = kept, self._of_client(kept)
        rows = [self._lot(i) for i in kept]
        told = {(fault.row, fault.column) for fault in self.faults if fault.rule == "formula"}
        self.faults = [fault for fault in self.faults if fault.rule != "empty" or (fault.row, fault.column) not in told]
        self.faults += repeated([row["lot_id"] for row in rows], [numbers[i] for i in kept])
        self.faults += contradictions(table, self.headers, kept, rows, self.today, self.names)
        if kept == whole:
            self._totals(totals, kept, rows)
        ignored = tuple(h.text for h in self.headers if h.key is None and fold(h.text) != FAULT)
        columns = {h.text: h.key for h in self.headers if h.key}
        if remarks:
            self.notes.append(message("Below the table and no lot: row {rows}.", rows=few([str(numbers[i]) for i in remarks])))
        self._say(columns, ignored, [numbers[i] for i in totals], len(rows))
        faulty = {fault.row for fault in self.faults}
        self.notes += alike([row for row, i in zip(rows, kept, strict=True) if numbers[i] not in faulty])
        order = {column.key: at for at, column in enumerate(COLUMNS)}
        self.faults.sort(key=lambda found: (order.get(found.column, -1), found.row))
        return ReadFile(
            table,
            self.headers,
            columns,
            ignored,
            rows,
            [numbers[i] for i in kept],
            self.faults,
            broken,
            tuple(self.notes),
            arrivals(table, self.headers, kept, rows),
        )

    # The file as a whole

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
        for key in (column.key for column in COLUMNS if column.cells in ("number", "fraction")):
            for i in kept:
                cell = self.raw[key][i] if key in self.raw else None
                if isinstance(cell, str) and (found := cells.amount(cell)):
                    seen.append((i, key, found))
        self.mark, odd = cells.decimal_mark(Counter(found for _, _, found in seen))
        for i, key, found in seen:
            if found in odd:
                self._fault(
                    i, key, "decimal", "numbers use both '.' and ',' as decimal mark", "Use one decimal mark in the whole file."
                )
            elif found.is_ambiguous and self.mark is None:
                values = sorted(found.readings.values())
                self._fault(
                    i,
                    key,
                    "decimal",
                    "a mark that may mean decimals or thousands",
                    "Write {small:s} or {large:s}, whichever is meant: no other number of the file settles it.",
                    small=f"{values[0]:.4f}",
                    large=f"{values[1]:.0f}",
                )
        settled = [found for _, _, found in seen if found.is_ambiguous]
        if settled and self.mark is not None:
            self.notes.append(cells.decided(settled[0], self.mark))
        dates = [self.raw.get("purchase_date", [None] * len(numbers))[i] for i in kept]
        self.begun = cells.german_midnights(cell for cell in dates if isinstance(cell, str | datetime))
        days = [cells.day(cell) for cell in dates if isinstance(cell, str)]
        self.month_first, contradict = cells.either_reading(day for day in days if day)
        if contradict:
            self.month_first = None

    # One lot

    def _lot(self, i: int) -> dict[str, Any]:
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
        row["status"] = self._status(i)
        row["purchase_date"] = self._day(i, row["status"])
        self._price(i, row, pieces if row["quantity"] else None)
        row["origin_country"] = self._origin(i)
        row["destination"], row["end_user"] = self._destination(i), self._end_user(i)
        for column in COLUMNS:
            if column.cells == "text":
                row[column.key] = self._text(column.key, i)
            elif column.cells == "fraction":
                row[column.key] = self._fraction(i, column.key)
        if row["location"] and fold(row["location"]) in UNKNOWN_WORDS:
            row["location"] = None
        if row["location"] is None and row["status"] == "stored" and not listed:
            self._default("location", row["lot_id"])
        if row["location"] and row["status"] == "stored":
            self._lies_there(i, {*fold(row["location"]).split()})
        return row

    def _lies_there(self, i: int, words: set[str]) -> None:
        """A fault where a location says how or when metal comes to a place, and so not that it is there."""
        if words & {*INCOTERMS.split("|")} or (words & {*cells.MONTHS} and any(map(str.isdigit, words))):
            hint = message(
                "A term of delivery or a day of arrival says where it goes: write the place alone if it lies there, else the "
                "status ordered or in_transit."
            )
            self._fault(i, "location", "location", "not only the place where it lies", hint)

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
        if cell is None or fold(str(cell)) in UNKNOWN_WORDS:
            return None
        return cells.purity(str(cell), percent=self.header["purity"].percent)

    def _size(self, i: int, row: Mapping[str, Any]) -> str | None:
        text = self._text("size", i)
        if text is None or fold(text) in UNKNOWN_WORDS:
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
        if value <= 0:
            self._fault(i, "quantity", "positive", "a quantity that is not positive", _ABOVE_ZERO)
            return found.after or None, None
        return found.after or None, value

    def _counts_pieces(self, i: int, beside: str | None) -> bool:
        """Whether the quantity is a number of pieces: by its header or unit, where no mass is named."""
        header = self.header["quantity"]
        named = {
            cells.UNITS.get(fold(text)) if COINS.isdisjoint(foldings(text)) else cells.PIECE
            for text in (self._text("unit", i), beside, header.unit)
            if text
        }
        return named == {cells.PIECE} or (not named and not COUNTS.isdisjoint(foldings(header.text)))

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

    def _day_of(self, i: int, text: str) -> date | None:
        read = cells.day(text)
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
            if self.month_first is not None:
                return chosen
            hint = message("Some dates of the file have the day first and some the month: write them all as 2026-05-31.")
            return self._fault(i, "purchase_date", "date_order", "dates in two orders", hint)
        if self.month_first is None:
            hint = message(
                "Write it as {day_first} or {month_first}: no other date of the file settles which comes first.",
                day_first=day_first,
                month_first=month_first,
            )
            return self._fault(i, "purchase_date", "date_order", "a date whose day and month may be swapped", hint)
        self._default("month_first" if self.month_first else "day_first", self.lots[i])
        return month_first if self.month_first else day_first

    def _origin(self, i: int) -> str | None:
        text = self._text("origin_country", i)
        if text is None or fold(text) in UNKNOWN_WORDS or text in UNKNOWN_WORDS:
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

    def _say(self, columns: Mapping[str, str], ignored: tuple[str, ...], totals: list[int], lots: int) -> None:
        """Notes on how the file was read."""
        told = list(readings(self.table, columns, ignored, totals))
        self.notes[:0] = told
        for key, sentence in DEFAULTS.items():
            if own := self.defaults.get(key):
                # Forms are named one by one, since each is another assumption.
                self.notes.append(sentence(few([*dict.fromkeys(own)], of=lots if {*own} <= {*self.lots} else 0)))
