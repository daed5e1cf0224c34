"""What each column of a price file is: by a layout, else by the words of the vocabulary. What is not known exactly is asked.

A column is read, or ignored by name. The texts of remarks, statuses, sides and deliveries are understood as a whole, or asked
about once: a target, a forecast or a forward is no price of today, and an oxide's is none of the metal.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from pathlib import Path
from types import MappingProxyType
from typing import Literal

import polars as pl

from toolkit.core.countries import fold, foldings
from toolkit.core.currencies import currency as currency_of
from toolkit.core.errors import DataError, SpecError
from toolkit.core.messages import Message, message
from toolkit.core.text import one_line
from toolkit.core.trade_names import FORMS, includes_tax, metal_within
from toolkit.market.layouts.fields import IGNORE, NOTHING, PRICES, SEVERAL
from toolkit.market.layouts.layout import Column, Layout, beside, found_for
from toolkit.market.layouts.propose import GONE, ColumnReading, Question, answered, nearly
from toolkit.market.layouts.texts import is_harmless, is_plain_title, undated
from toolkit.market.layouts.vocabulary import vocabulary
from toolkit.market.readers import cells
from toolkit.market.readers.columns import texts
from toolkit.market.readers.contents import file_and_sheet
from toolkit.market.readers.faults import Fault, raise_row_errors
from toolkit.market.readers.price_checks import AS_GIVEN, DEALER_ASK, DEALER_BID, WITHOUT_TAX, check_untaxed
from toolkit.market.readers.price_layouts import (
    days_across,
    download_levels,
    has_pairs,
    header_levels,
    is_derived,
    tickers_among,
    with_days_down,
    with_one_date,
    without_lines,
    without_marks,
)
from toolkit.market.readers.price_units import (
    field_of,
    has_words_alone,
    holds_days,
    is_known,
    key_of,
    no_date,
    stated_in,
    states_alone,
    with_field,
    without_words,
)
from toolkit.market.readers.tabular import TITLES, Header, Source, Table, read_table

KIND = "prices"
_Reading = tuple[str | None, Message, bool]
"""Field, the reason, and whether it is read so without a question."""
Shape = Literal["long", "wide", "ohlc"]
Key = Callable[[str], str | None] | None
"""Name in a file -> asset that it means, None for one of the file's own."""
NO_ANSWERS: Mapping[str, str] = MappingProxyType({})
MONEY_FIELDS = ("price", "bid", "ask", "low", "high", "open", "close", "adjusted")
_OF_ROWS = ("bid", "ask", "unit", "currency", "quantity", "form", "purity", "place", "side", "basis")
"""Fields that no day of trading has beside its prices."""
_TOLD = ("remark", "status", "side", "basis", "delivery", "terms", "least")
"""Fields whose texts say whether a row is a price."""
_NOT_IN_ROWS = ("remark", "status", "delivery", "terms", "least", "counterparty", "open", NOTHING, IGNORE)
_BESIDE_SERIES = ("remark", "status", "delivery", "terms", "least", "valid_until", "counterparty", "source", NOTHING, IGNORE)
"""Fields of columns that stand beside those of the series of a wide file."""
SIDES = {"bid": DEALER_BID, "ask": DEALER_ASK, "mid": AS_GIVEN, "trade": AS_GIVEN}
_PROMPT = timedelta(days=31)
"""Within which what is delivered is sold at a price of today."""
_EXAMPLES = 3
"""Cells of a column that are shown."""
_LOOKED_AT = 50
"""Cells by which a field is proposed."""
_MOST_TEXTS = 100
"""Texts of a column that are asked about one by one."""
_QUARTER = re.compile(r"(?i)(?:q([1-4])|h([12]))[\s/-]*([12][0-9]{3})|([12][0-9]{3})[\s/-]*(?:q([1-4])|h([12]))|([12][0-9]{3})")
_MONTH = re.compile(r"(?:[^\W\d_]+\.? |[01]?[0-9][./])?[12][0-9]{3}(?:-[01][0-9])?")
"""A cell of a line above the header that states a month: ``Monat;Mai 2026`` is no header."""
_PER_CENT = re.compile(r"(?<![0-9])(?<![0-9]\s)[+-]*/?[+-]*%[)\]]?$")
"""Behind a name, and not behind a purity."""


@dataclass(frozen=True, slots=True, eq=False)  # frames have no truth value
class PriceColumns:
    """The columns of a price file.

    Attributes:
        table: Its cells under the names of their fields, without what is not read and without rows that are no price.
        shape: A row a price, a column a series, or the fields of a day of trading.
        layout: By which it is read.
        path: As the file was given.
        by: Name of a layout that was found for it; empty where it was read by its words.
        readings: How each column is read, and why.
        questions: What is open; with one the file is not read.
        tickers: Columns that are series although their names are words of prices.
        notes: How it was read.
    """

    table: Table
    shape: Shape
    layout: Layout
    path: str
    by: str = ""
    readings: Sequence[ColumnReading] = ()
    questions: Sequence[Question] = ()
    tickers: tuple[str, ...] = ()
    notes: tuple[Message, ...] = ()

    def grouped(self) -> Sequence[Fault]:
        """No faults of values: they are those of the prices, once the columns are known."""
        return ()


def read_columns(
    path: Source | Table, *, key: Key = None, layout: Layout | None = None, answers: Mapping[str, str] = NO_ANSWERS
) -> PriceColumns:
    """What each column of a price file is.

    Args:
        path: As of `read_table`.
        key: Name in the file -> asset that it means.
        layout: By which it is read; None for the one that is found for it, else for its words.
        answers: To questions, as of `toolkit.market.layouts.propose.propose`.

    Raises:
        DataError: for a file that is no table, and for prices that include tax.
        SpecError: for a layout or an answer that is none.
    """
    file, sheet = file_and_sheet(path) if isinstance(path, str | Path) and str(path) != "-" else (None, None)
    found = [("", layout)] if layout is not None else [*found_for(file, KIND, sheet)] if file else []
    legacy = answers.get("encoding") or next((one.encoding for _, one in found[:1] if one.encoding), "cp1252")
    table = without_lines(read_table(path, header=_header([one for _, one in found]), legacy=legacy), key)
    across = bool(days_across(table.columns))
    table, worded = without_marks(with_one_date(with_days_down(table)))
    by, base = next(((name, one) for name, one in found if one.columns and one.fits(table.columns)), ("", layout))
    if base is None and file is not None and found and found[0][0] in (beside(file, sheet).name, beside(file).name):
        by, base = found[0]  # its own, of which the file is no more
    given = answered(base or Layout(of=KIND, columns={}), table, answers)
    if "date" in given.every:
        hint = message("Write it above the header, as 'Stand: 26.11.2026': the next list is of another day.")
        raise SpecError("one day for every price is no part of a layout.", hint=hint)
    table = replace(table, mark=given.decimal, month_first=None if given.dates is None else given.dates == "month")
    proposal = _Proposal(table, given, key, across=across)
    name = str(path) if isinstance(path, str | Path) else table.name
    if has_pairs(table.columns):
        return PriceColumns(table, "ohlc", given, name, by)
    check_untaxed(table, {name: words for name, words in worded.items() if key_of(name) != "asset"})
    if proposal.shape == "wide":
        proposal.table, closed = without_words(table, worded)
        proposal.notes.extend(closed)
    return proposal.read(name, by, base)


def _header(layouts: Sequence[Layout]) -> Header:
    """Finds the record that holds the columns of a layout, else as of `price_header`."""
    columns = [
        {fold(name) for name, one in layout.columns.items() if not one.optional and any(map(str.isalpha, name))}
        for layout in layouts
    ]
    columns = [names for names in columns if names]

    def find(records: Sequence[Sequence[str]]) -> tuple[list[str], int, int] | None:
        for at, record in enumerate(records[:TITLES] if columns else ()):
            there = {fold(text) for text in record if any(map(str.isalpha, text))}  # of hundreds of numbers none is a name
            if any(names <= there for names in columns):
                return [text.strip() for text in record], at, at + 1
        return price_header(records)

    return find


def price_header(records: Sequence[Sequence[str]]) -> tuple[list[str], int, int] | None:
    """The first record that names a date and something beside it, with the levels below it, else asset and price; or None."""
    for at, found in enumerate(records[:TITLES]):
        below = records[at + 1][:1] if at + 1 < len(records) else ()
        unnamed = found[:1] == [""] and any(map(cells.day, below))  # an index, as pandas writes it
        record = ["date", *found[1:]] if unnamed else found
        names, depth = download_levels([record, *records[at + 1 : at + 4]])
        dated = [i for i, name in enumerate(names) if key_of(name) == "date"]
        if (
            dated
            and sum(map(bool, map(str.strip, record))) > 1
            and not any(cells.day(text) or _MONTH.fullmatch(text.strip()) for text in record)
        ):
            if depth == 1:
                names, below = header_levels(names, dated[0], records[:at], records[at + 1 : at + 4])
                depth += below
            return names, at, at + depth
    for at, record in enumerate(records[:TITLES]):
        if "asset" in (keys := {key_of(text) for text in record}) and not keys.isdisjoint(MONEY_FIELDS):
            return [text.strip() for text in record], at, at + 1
    across = (at for at, record in enumerate(records[:TITLES]) if days_across([text.strip() for text in record]))
    return next((([text.strip() for text in records[at]], at, at + 1) for at in across), None)


class _Proposal:
    """The layout of a file in the making."""

    def __init__(self, table: Table, layout: Layout, key: Key, *, across: bool) -> None:
        self.table, self.layout, self.key, self.across = table, layout, key, across
        self.notes: list[Message] = []
        self.questions: list[Question] = []
        self.named = {fold(name): column.reads for name, column in layout.columns.items()}
        self.only = {fold(name): {*map(fold, column.only)} for name, column in layout.columns.items()}
        self.ignored = {fold(name) for name in layout.ignore}
        dates = [name for name in table.columns if self._key(name) == "date"]
        if len(dates) > 1:  # of shares `DAY` is one
            dates = [name for name in dates if holds_days(table.cells[name])]
        words = [name for name in table.columns if name not in dates and self._key(name)]
        others = [name for name in table.columns if name not in dates]
        self.tickers = tickers_among(others, words) if len(dates) == 1 and not layout.columns else ()
        self.shape: Shape = layout.shape or self._shape()
        self.bare = {name: (stated_in(name) or (name,))[0] for name in table.columns}

    def _key(self, header: str) -> str | None:
        if fold(header) in self.ignored:
            return IGNORE
        return self.named.get(fold(header)) or key_of(header)

    def _shape(self) -> Shape:
        keys = {self._key(name) for name in self.table.columns if name not in self.tickers}
        if "series" in keys:
            return "wide"
        sure = {found[0] for name in self.table.columns if (found := field_of(name)) and found[1]} | {*self.named.values()}
        ends_alone = {"high", "low"} & keys and keys <= {"date", "high", "low", IGNORE}
        traded = "open" in keys or ends_alone or ({"close", "adjusted"} & keys and "asset" not in keys)
        if traded and sure.isdisjoint(_OF_ROWS):
            return "ohlc"
        bare = {key for name in self.table.columns if (key := self._key(name)) in MONEY_FIELDS and not is_derived(name)}
        if "asset" not in keys and (bare or keys.isdisjoint(MONEY_FIELDS)) and any(map(self._names_metals, self.table.columns)):
            return "long"
        named = any(self._key(name) == "asset" and (field_of(name) or ("", True))[1] for name in self.table.columns)
        literal = {"asset", "price"} & {name.lower() for name in self.table.columns}
        return "long" if literal or named or ("asset" in keys and not keys.isdisjoint(MONEY_FIELDS)) else "wide"

    def _names_metals(self, header: str) -> bool:
        """Whether the cells of a column are words, of which one is, or has in it, the name of a metal."""
        column = self.table.cells[header].alias("")
        if column.dtype != pl.String or self._key(header) == "date":
            return False
        given = column.drop_nulls()
        if any(map(_is_number, given.head(1))):  # of hundreds of series none is looked at further
            return False
        named = [cells.tidy(text) for text in given.unique(maintain_order=True).head(_LOOKED_AT)]
        others = (_is_number, cells.day, cells.month, cells.friday)
        return any(is_known(text, self.key) or metal_within(text) for text in named) and not any(
            is_one(text) for text in named for is_one in others
        )

    def _cells(self, header: str) -> pl.Series:
        """The distinct cells of a column, as text."""
        return self.table.cells[header].alias("").drop_nulls().cast(pl.String).unique(maintain_order=True)

    def _texts(self, header: str) -> list[str]:
        return [text for cell in self._cells(header) if (text := cells.tidy(cell))]

    def _shown(self, header: str) -> tuple[str, ...]:
        return tuple(map(one_line, self.table.cells[header].alias("").head(200).drop_nulls().cast(pl.String).unique(
            maintain_order=True).head(_EXAMPLES)))  # fmt: skip

    def read(self, path: str, by: str, base: Layout | None) -> PriceColumns:
        """The file by the layout that is proposed for it."""
        readings = [self._reading(name) for name in self.table.columns]
        readings = self._each_once(self._with_derived(readings))
        reads = {one.reads for one in readings}
        if taxed := next((one.header for one in readings if one.reads in MONEY_FIELDS and includes_tax(one.header)), None):
            raise self.table.header_error("{name!r:s} includes tax.", WITHOUT_TAX, name=taxed)
        if reads.isdisjoint(("date", *MONEY_FIELDS, "series")) and any(_is_period(one.header) for one in readings):
            raise no_date(self.table)
        columns = {one.header: self._column(one) for one in readings if one.reads not in (None, IGNORE)}
        ignore = tuple(one.header for one in readings if one.header not in columns)
        every = {**(self._of_close(columns) if self.shape == "ohlc" else {}), **self.layout.every}
        layout = self.layout.model_copy(update={"columns": columns, "ignore": ignore, "shape": self.shape, "every": every})
        self.questions += [_asked(one, self.shape) for one in readings if not one.sure]
        self._read_titles(path, layout)
        gone = [] if base is None else [name for name in base.differs(self.table.columns)[1] if name in self.layout.columns]
        about = message("a column that the layout reads and the file has not")
        self.questions += [Question("gone", name, (), about, GONE, (GONE,)) for name in gone]
        table = self._under_fields(layout, {one.header for one in readings if one.sure})
        unread = _BESIDE_SERIES if self.shape == "wide" else _NOT_IN_ROWS
        told = [one.header for one in readings if one.reads in unread]
        derived = [one.header for one in readings if one.why == DERIVED]
        if derived:
            note = message(
                "{file}: sums, averages, changes and premiums of others are not read: {names}.", file=table.name, names=derived
            )
            self.notes.append(note)
        if self.shape != "ohlc" and (told := [name for name in told if name not in derived]):
            columns_told = [message('"{header:s}"', header=name) for name in told]
            self.notes.append(message("Columns that are not read: {columns}.", columns=columns_told))
        if by:
            self.notes.insert(0, message("{file}: read by the layout {layout:s}.", file=table.name, layout=by))
        named = tuple(one.header for one in readings if one.reads == "series" and key_of(one.header))
        return PriceColumns(table, self.shape, layout, path, by, readings, self.questions, named, tuple(self.notes))

    def _read_titles(self, path: str, layout: Layout) -> None:
        """Ask about a line above the table, and the name of the sheet, with a word that is not known or against the layout.

        Raises:
            DataError: for one of which the layout says that its prices are none.
        """
        told = {undated(text): meaning for text, meaning in layout.remarks.items()}
        stated = [*layout.columns.values()]
        moneys = {code for code in (*(one.currency for one in stated), layout.every.get("currency")) if code}
        units = {unit for unit in (*(one.per for one in stated), layout.every.get("unit")) if unit and unit != "unit"}
        for title in (self.table.sheet, *self.table.titles):
            meaning = told.get(undated(title))
            if meaning == "not_a_price":
                raise DataError(
                    "{file:s}: by {title!r:s} no prices of today.", hint="Leave the file out.", file=path, title=title
                )
            named, per = _stated_in(title)
            other = (moneys and named and not named <= moneys) or (units and per and not per <= units)
            if title.strip() and meaning is None and (other or not is_plain_title(title)):
                asks = message("a line above the prices: does it leave them prices of today, in their currency and unit?")
                self.questions.append(Question("text", title, (), asks, None, ("no_meaning", "not_a_price")))

    def _of_close(self, columns: Mapping[str, Column]) -> dict[str, str]:
        """Currency and unit of the prices of days of trading, as the header of the close states them."""
        names = {column.reads: name for name, column in columns.items()}
        close = next((names[field] for field in ("adjusted", "close", "price") if field in names), "")
        _, money, unit = stated_in(close) or ("", "", "unit")
        code = currency_of(money)
        return {**({"currency": code} if code else {}), **({"unit": unit} if unit != "unit" else {})}

    def _column(self, one: ColumnReading) -> Column:
        kept = next((column for name, column in self.layout.columns.items() if fold(name) == fold(one.header)), None)
        return kept or Column(reads=str(one.reads))

    # --- what a column is ---------------------------------------------------------------------------------------------------

    def _reading(self, header: str) -> ColumnReading:
        if fold(header) in self.ignored:
            reads, why, sure = IGNORE, message("ignored by the layout"), True
        elif self.named.get(fold(header)) == NOTHING and not {*map(fold, self._texts(header))} <= self.only[fold(header)]:
            reads, why, sure = None, message("it says more than when its layout was confirmed"), False
        elif fold(header) in self.named:
            reads, why, sure = self.named[fold(header)], message("by the layout"), True
        else:
            reads, why, sure = self._beside_series(header) if self.shape == "wide" else self._of_rows(header)
        stated = stated_in(header) if reads in (*MONEY_FIELDS, "series") else None
        return ColumnReading(header, self._shown(header), reads, "/".join(filter(None, (stated or ())[1:])), why, sure)

    def _of_rows(self, header: str) -> _Reading:  # noqa: PLR0911  # one answer a kind of column
        """A column of a file with a row for each price, or for each day of trading."""
        field, sure = field_of(header) or (None, False)
        if is_derived(header) and (self.across or not sure):
            return IGNORE, DERIVED, True
        if not sure and self._is_empty(header):
            return NOTHING, message("empty"), True
        if field is None:
            if states_alone(header):
                return "price", message("a currency, and what a price is of"), False
            if (near := nearly(KIND, fold(header))) and not any(map(str.isdigit, header)):  # EUR/10g
                return near, message("its header is nearly {field:s}", field=near), False
            return self._by_cells(header), message("its header is not known"), False
        settled = sure or self._settled(field, header)
        if field == "asset" and not settled and fold(header) in vocabulary().texts["numbering"]:
            return IGNORE, message("beside the column that names the asset"), True
        if not settled and self._by_cells(header) == "asset":
            return "asset", message("its cells name metals"), False
        return field, SAID if sure else message("its cells show it") if settled else MAYBE, settled

    def _is_only_number(self, header: str) -> bool:
        """Whether no other column whose header is not known has numbers."""
        unknown = [name for name in self.table.columns if self._key(name) is None]
        return [name for name in unknown if all(map(_is_number, self._texts(name)[:_LOOKED_AT]))] == [header]

    def _is_empty(self, header: str) -> bool:
        return self.table.cells[header].null_count() == self.table.cells.height

    def _by_cells(self, header: str) -> str | None:
        """The field whose cells a column has, where no other column is it; None for words and numbers of anything."""
        taken = {self._key(name) for name in self.table.columns}
        column = self.table.cells[header].alias("")
        written = self._texts(header)[:_LOOKED_AT]
        kinds: dict[str, Callable[[], bool]] = {
            "date": lambda: holds_days(column),
            "currency": lambda: all(currency_of(text) for text in written),
            "unit": lambda: all(text.casefold() in cells.UNITS for text in written),
            "price": lambda: taken.isdisjoint(MONEY_FIELDS) and not _is_period(header) and self._is_only_number(header),
            "asset": lambda: self._names_metals(header),
        }
        return next((field for field, is_one in kinds.items() if field not in taken and is_one()), None)

    def _beside_series(self, header: str) -> _Reading:  # noqa: PLR0911  # one answer a kind of column
        """A column of a wide file: the dates, a series, or what stands beside the series."""
        found, worded = field_of(header), has_words_alone(self.table.cells[header].alias(""))
        if header in self.tickers:
            return "series", message("a ticker, as the other columns are"), True
        if found and found[1]:
            return found[0], SAID, True
        if "date" not in map(self._key, self.table.columns) and holds_days(self.table.cells[header].alias("")):
            return "date", message("a column of days"), False
        if worded:
            return "remark", message("a column of words beside prices"), False
        if found and found[0] != "asset":
            return IGNORE, MAYBE, False
        parts = [] if is_known(header, self.key) else header.partition(" (")[0].split()
        for at in range(1, len(parts)):
            rest = field_of(" ".join(parts[at:]))
            if rest and rest[0] in _BESIDE_SERIES and self._is_series(" ".join(parts[:at]), header):
                return IGNORE, SAID, rest[1]
        if _PER_CENT.search(header) and self._is_series(_PER_CENT.sub("", header).strip(" (+-["), header):
            return IGNORE, DERIVED, True
        return "series", message("a column of numbers"), True

    def _is_series(self, name: str, beside: str) -> bool:
        """Whether a name is a metal's, or that of another column."""
        return is_known(name, self.key) or fold(name) in {fold(bare) for one, bare in self.bare.items() if one != beside}

    def _with_derived(self, readings: list[ColumnReading]) -> list[ColumnReading]:
        """The columns of a wide file, of which sums, averages and changes of others are not read where there are others."""
        if self.shape != "wide":
            return readings
        own = {*self.tickers, *(one.header for one in readings if fold(one.header) in self.named)}
        series = [one.header for one in readings if one.reads == "series" and one.header not in own]
        series += [one.header for one in readings if one.reads == "price" and is_derived(one.header)]
        names = {name: fold(self.bare[name]) for name in series}
        derived = {name: _derived(self.bare[name], [other for one, other in names.items() if one != name]) for name in series}
        if all(derived.values()) and not own & {one.header for one in readings if one.reads == "series"}:
            return [replace(one, reads="series", sure=True) if one.header in derived else one for one in readings]
        return [
            replace(one, reads=IGNORE, why=DERIVED if found == "all" else PARTLY, sure=found == "all")
            if (found := derived.get(one.header))
            else one
            for one in readings
        ]

    def _settled(self, field: str, header: str) -> bool:  # noqa: PLR0911  # one answer a kind of column
        """Whether the cells of a column, or the other columns, show that a header which may mean a field means it."""
        of_one = vocabulary().meanings
        keys = {self._key(name) for name in self.table.columns if name != header and (field_of(name) or ("", False))[1]}
        has_unit = "unit" in keys or any((stated_in(name) or ("", "", "unit"))[2] != "unit" for name in self.table.columns)
        match field:
            case "asset":
                others = [name for name in self.table.columns if name != header and self._key(name) == "asset"]
                alone = not any(map(self._names_metals, others)) and (not others or self._names_metals(header))
                return "asset" not in keys and alone and not all(map(_is_number, self._texts(header)))
            case "purity":
                return all(self._is_good(text) for text in self._texts(header))
            case "side" | "delivery":
                return all(any(one in of_one[field] for one in foldings(text)) for text in self._texts(header))
            case "unit":
                return all(any(one in cells.UNITS for one in foldings(text)) for text in self._texts(header))
            case "quantity":
                return all(map(_is_number, self._texts(header)))
            case "remark":
                return True
            case "ignore" if fold(header) in vocabulary().texts["tax"]:
                return all(vocabulary().texts["untaxed"].issuperset(fold(text).split()) for text in self._texts(header))
            case "ignore":
                spared = vocabulary().texts["numbering"] | (vocabulary().texts["packs"] if has_unit else set())
                return fold(header) in spared
        return False

    @staticmethod
    def _is_good(text: str) -> bool:
        rest, purity = cells.without_purity(text)
        rest, purity = (rest, purity) if purity else cells.without_purity(f"x {text}")
        return (purity is not None and rest.strip() in ("", "x")) or any(one in FORMS for one in foldings(text))

    def _each_once(self, readings: list[ColumnReading]) -> list[ColumnReading]:
        """Of several columns that may be one field none is taken unasked; ends beside a price are none of it."""
        keys = [one.reads for one in readings]
        beside = ("low", "high") if self.shape == "long" and "price" in keys else ()
        if self.shape == "long" and "price" not in keys and "close" in keys:
            readings = [replace(one, reads="price") if one.reads == "close" else one for one in readings]
        readings = [
            replace(one, reads=IGNORE, why=message("the ends of a range beside its price")) if one.reads in beside else one
            for one in readings
        ]
        keys = [one.reads for one in readings]
        twice = {key for key in keys if keys.count(key) > 1 and key not in (*SEVERAL["prices"], IGNORE, None)}
        twice = twice & {"date"} if self.shape == "wide" else twice
        if self.shape == "long" and "price" in keys:
            twice |= {"bid", "ask"} & {*keys}
        seen: set[str | None] = set()
        for at, one in enumerate(readings):
            if self.shape == "ohlc" and one.reads in _OF_ROWS:  # it would be read of no day
                readings[at] = replace(one, sure=False, reads=IGNORE, why=MAYBE)
            again = one.reads in seen or one.reads in ("bid", "ask")
            seen.add(one.reads)
            if one.reads in twice and fold(one.header) not in self.named:
                why = message("another column may be {field:s} too", field=one.reads)
                readings[at] = replace(
                    one, sure=False, why=why, reads=(None if one.reads in MONEY_FIELDS else IGNORE) if again else one.reads
                )
        return readings

    # --- what the rows are --------------------------------------------------------------------------------------------------

    def _under_fields(self, layout: Layout, sure: Collection[str]) -> Table:
        """The cells under the names of their fields, without what is not read, and without the rows that are no price."""
        table, reads = self.table, {name: column.reads for name, column in layout.columns.items()}
        kept = pl.Series([True] * table.cells.height, dtype=pl.Boolean)
        left: list[str] = []
        for header in (name for name in table.columns if reads.get(name) in _TOLD and name in sure):
            meanings = self._meanings(header, reads[header])
            text = table.cells[header].alias("").cast(pl.String)
            none = [cell for cell, meaning in meanings.items() if meaning == "not_a_price"]
            gone = text.is_in(none).fill_null(value=False)
            if reads[header] == "delivery":
                ahead = self._forwards(header, [cell for cell, meaning in meanings.items() if meaning == "dated"])
                gone |= ahead
                none += [*text.filter(ahead).unique(maintain_order=True)]
            kept &= ~gone
            left += [cell for cell in none if cell in {*text.filter(gone)}]
            sides = {cell: SIDES[meaning] for cell, meaning in meanings.items() if meaning in SIDES}
            if reads[header] in ("side", "status", "basis") and {*sides.values()} - {AS_GIVEN}:
                own = text if reads[header] == "basis" else pl.lit(AS_GIVEN)
                basis = pl.select(
                    pl.coalesce(text.replace_strict(sides, default=None, return_dtype=pl.String), own)
                ).to_series()
                reads[header] = "basis"
                table = replace(table, cells=table.cells.with_columns(basis.alias(header)))
                told = [f"{cell} = {side}" for cell, side in sides.items() if side not in (cell, AS_GIVEN)]
                if told:
                    note = message("{file}: what a dealer pays or asks, by {column}: {sides}.", file=table.name, column=header,
                                   sides=told)  # fmt: skip
                    self.notes.append(note)
                self._check_own_trades(header, table.cells.with_columns(basis.alias("basis")), reads)
        if left:
            note = message("{file}: rows that are no price of today: {texts}.", file=table.name, texts=left)
            self.notes.append(note)
        for header in (name for name in table.columns if reads.get(name) == "terms"):
            self._check_terms(header, next((name for name, key in reads.items() if key == "asset"), None))
        names: dict[str, str] = {}
        for header, key in reads.items():
            if key in ("series", "date") or self.shape != "wide" or key not in _BESIDE_SERIES:
                names[header] = self._name(header, key, layout)
        dropped = [name for name in table.columns if name not in names or names[name] in _NOT_IN_ROWS]
        dropped += [name for name, key in names.items() if key == "side"]
        frame = table.cells[[name for name in table.columns if name not in dropped]]  # a name may be a pattern to `drop`
        names = {name: own for name, own in names.items() if name in frame.columns}
        if len({*names.values()}) == len(names):  # columns of one field are open, and not read
            frame = frame.rename(names)
        frame = frame.filter(kept) if left else frame
        constant = {name: text for name, text in layout.every.items() if name not in frame.columns}
        if "asset" in constant and self.key:
            constant["asset"] = self.key(constant["asset"]) or constant["asset"]
        if self.shape == "long" or "asset" in constant:
            frame = frame.with_columns(pl.lit(text).alias(name) for name, text in constant.items())
        return replace(table, cells=self._in_words(frame, layout), rows=table.rows.filter(kept) if left else table.rows)

    def _name(self, header: str, key: str, layout: Layout) -> str:
        """The name of a column: that of its field, with the currency and unit of its header, or those of the layout."""
        column = layout.columns[header]
        if key in (*MONEY_FIELDS, "series") and (column.currency or column.per):
            bare = self.bare[header] if key == "series" else key
            stated = stated_in(header) or ("", "", "unit")
            money, unit = column.currency or stated[1], column.per or stated[2]
            return f"{bare} ({money})" if unit == "unit" else f"{bare} {money}/{unit}"
        if key in MONEY_FIELDS and self.shape == "long":
            return with_field(key, header)
        return header if key == "series" or (self.shape == "wide" and key != "date") else key

    @staticmethod
    def _in_words(frame: pl.DataFrame, layout: Layout) -> pl.DataFrame:
        """Cells in the words that the layout says they stand for."""
        if not layout.words:
            return frame
        own = {**layout.words}
        worded = [name for name in ("asset", "unit", "currency", "form", "purity", "place", "basis") if name in frame.columns]
        worded = [name for name in worded if frame[name].dtype == pl.String]
        bare = {name: (stated_in(name) or (name,))[0] for name in frame.columns}
        names = {name: f"{own[one]}{name[len(one) :]}" for name, one in bare.items() if one in own}
        return frame.with_columns(frame[name].replace(own) for name in worded).rename(names)

    def _meanings(self, header: str, field: str) -> dict[str, str]:
        """Cell -> what it says of its price; a text that is not known is asked about."""
        told = {fold(text): meaning for text, meaning in self.layout.remarks.items()}
        words = {fold(text): meaning for text, meaning in self.layout.words.items()}
        known = {} if field == "remark" else vocabulary().meanings["delivery" if field == "delivery" else "side"]
        answers = {
            "remark": ("no_meaning", "not_a_price"), "status": ("trade", "not_a_price", "bid", "ask", "mid"),
            "side": ("bid", "ask", "mid", "trade", "not_a_price"), "delivery": ("spot", "not_a_price"),
            "basis": ("no_meaning", "bid", "ask", "mid", "not_a_price"),
            "terms": ("no_meaning", "not_a_price"), "least": ("no_meaning", "not_a_price"),
        }[field]  # fmt: skip
        found: dict[str, str] = {}
        for cell in self._cells(header):
            text = cells.tidy(cell)
            meaning = next((known[one] for one in foldings(text) if one in known), None)
            said = words.get(fold(text), "")
            meaning = told.get(fold(text)) or (said if said in answers else known.get(fold(said))) or meaning
            if meaning is None and field == "basis" and is_harmless(text, "bases"):
                meaning = "no_meaning"
            if meaning is None and field == "remark" and is_harmless(text):
                meaning = "no_meaning"
            if meaning is None and field in ("terms", "least") and is_plain_title(text):
                meaning = "no_meaning"
            if meaning is None and field == "delivery" and _first_day(text) is not None:
                meaning = "dated"
            found[cell] = meaning or ""
        asks = {
            "remark": message("a remark: may its price be taken for one of today"),
            "terms": message("more than terms of delivery: may its price be taken for one of today"),
            "least": message("more than a least quantity: may its price be taken for one of today"),
            "basis": message("a basis that is not known: may its price be taken for one of today"),
            "delivery": message("a delivery: is it a price of today, or one of a later delivery"),
        }.get(field, message("whose price it is, or whether it is one"))
        unknown = [text for cell, meaning in found.items() if not meaning and (text := cells.tidy(cell))] if answers else []
        if len(unknown) > _MOST_TEXTS:
            why = message("{n:d} texts that are not known", n=len(unknown))
            self.questions.append(Question("column", header, self._shown(header), why, IGNORE, (IGNORE, field)))
        else:
            self.questions += [Question("text", text, (header,), asks, None, answers) for text in unknown]
        return found

    def _forwards(self, header: str, dated: Sequence[str]) -> pl.Series:
        """Rows of a delivery that is too far ahead to be sold at a price of today."""
        starts = {cell: _first_day(cell) for cell in dated}
        when = next((name for name in self.table.columns if self._key(name) == "date"), None)
        days = self.table.cells[when].cast(pl.String) if when else [None] * self.table.cells.height
        of_text = {text: _first_day(text) if text else None for text in {*days}}
        given = self.table.cells[header].alias("").cast(pl.String)
        ahead = [
            (start := starts.get(cell or "")) is not None and ((day := of_text[text]) is None or start > day + _PROMPT)
            for cell, text in zip(given, days, strict=True)
        ]
        return pl.Series(ahead, dtype=pl.Boolean)

    def _check_own_trades(self, header: str, frame: pl.DataFrame, reads: Mapping[str, str]) -> None:
        """Ask whether a column says what a dealer pays and asks: it may say as well what its owner bought and sold."""
        columns = {key: name for name, key in reads.items()}
        if fold(header) in self.named or fold(header) == "basis" or not {"asset", "date"} <= {*columns}:
            return
        both = [pl.col("basis").n_unique().over(keys) > 1 for keys in (columns["asset"], [columns["asset"], columns["date"]])]
        if "quantity" in columns or frame.select(both[0].any() & ~both[1].any()).item():
            asks = message("it may say what a dealer pays and asks, or what you bought and sold yourself")
            self.questions.append(Question("column", header, self._shown(header), asks, "side", ("side", IGNORE)))

    def _check_terms(self, header: str, asset: str | None) -> None:
        """`FrameError` (rule ``one_terms``) for rows of an asset under other terms of delivery than its first: two series."""
        if asset is None:
            return
        text = texts(self.table, header).str.to_lowercase()
        frame = {"row": self.table.rows, "what": texts(self.table, asset), "value": texts(self.table, header), "terms": text}
        rows = pl.DataFrame(frame).filter(pl.col("terms").is_not_null())
        rows = rows.filter(pl.col("terms") != pl.col("terms").first().over("what")).drop("terms")
        raise_row_errors(
            self.table.name, rows, rule="one_terms",
            fault="a second term of delivery in the series of an asset",
            hint="Keep the rows of one, or give each an asset name of its own: series of two kinds are never joined.",
        )  # fmt: skip


SAID, MAYBE = message("its header says so"), message("its header may mean it")
DERIVED = message("a sum, an average, a change or a premium of others")
PARTLY = message("it may be a sum, an average, a change or a premium of another column")


def _derived(header: str, others: Sequence[str]) -> Literal["all", "in part"] | None:
    """Whether a name is that of a sum, an average or a change, alone or of another column; in part where it says more."""
    name = f" {fold(header)} "
    beside = max((other for other in others if other and f" {other} " in name), key=len, default="")
    if is_derived(header, beside=beside):
        return "all"
    rest = name.replace(f" {beside} ", " ", 1).split() if beside else []
    return "in part" if any(is_derived(word) for word in rest) else None


def _asked(one: ColumnReading, shape: Shape) -> Question:
    fields = [field.key for field in PRICES if shape == "wide" or field.key != "series"]
    answers: tuple[str, ...] = tuple(dict.fromkeys([one.reads or IGNORE, IGNORE, *fields]))
    return Question("column", one.header, one.cells, one.why, one.reads, answers)


def _is_number(text: str) -> bool:
    """Whether a text is a number, with a currency beside it or none."""
    found = cells.amount(text)
    word = (found.before or found.after) if found else ""
    return found is not None and not (found.before and found.after) and (not word or currency_of(word) is not None)


def _is_period(header: str) -> bool:
    return _first_day(header) is not None or cells.SHORT_MONTH.fullmatch(header) is not None


def _first_day(text: str) -> date | None:
    """The first day of a day, a month, a quarter, a half or a year; None for any other text."""
    words = cells.tidy(text)
    if (read := cells.day(words)) and (read.day or read.either):
        return read.day or min(filter(None, read.either or ()), default=None)
    if month := cells.month(words) or (words if re.fullmatch(r"[12][0-9]{3}-(0[1-9]|1[0-2])", words) else None):
        return date.fromisoformat(f"{month}-01")
    if match := _QUARTER.fullmatch(words):
        quarter, half, year = match[1] or match[5], match[2] or match[6], match[3] or match[4] or match[7]
        return date(int(year), 3 * int(quarter) - 2 if quarter else 6 * int(half) - 5 if half else 1, 1)
    return None


def _stated_in(title: str) -> tuple[set[str], set[str]]:
    """Currencies and units that a line names."""
    words = re.findall(r"[^\W\d_]+|[€$£¥]", title)
    moneys = {
        code for word in words if (len(word) == 3 and word.isupper()) or not word.isalpha() if (code := currency_of(word))
    }
    return moneys, {cells.UNITS[one] for word in words for one in foldings(word) if one in cells.UNITS and len(word) > 1}
