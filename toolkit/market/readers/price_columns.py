"""What each column of a price file is: by a layout, else by the words of the vocabulary. What is not known exactly is asked.

A column is read, or ignored by name. The texts of remarks, statuses, sides and deliveries are understood as a whole, or asked
about once: a target, a forecast or a forward is no price of today, and an oxide's is none of the metal.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from pathlib import Path
from types import MappingProxyType
from typing import Literal

import polars as pl

from toolkit.core.countries import fold, foldings
from toolkit.core.currencies import currency as currency_of
from toolkit.core.errors import DataError, SpecError
from toolkit.core.messages import Message, message, named
from toolkit.core.trade_names import FORMS, includes_tax, metal_within
from toolkit.market.layouts.fields import IGNORE, NOTHING, PRICES, SEVERAL
from toolkit.market.layouts.layout import Column, Layout, beside, found_for
from toolkit.market.layouts.propose import GONE, ColumnReading, Question, answered, examples, nearly
from toolkit.market.layouts.texts import is_harmless, is_plain_title, undated
from toolkit.market.layouts.vocabulary import vocabulary
from toolkit.market.readers import cells
from toolkit.market.readers.columns import words
from toolkit.market.readers.contents import file_and_sheet
from toolkit.market.readers.faults import Fault
from toolkit.market.readers.price_checks import AS_GIVEN, DEALER_ASK, DEALER_BID, WITHOUT_TAX, check_untaxed
from toolkit.market.readers.price_layouts import (
    KINDS,
    LEVELS,
    PriceColumn,
    asset_of,
    days_across,
    download_levels,
    months_across,
    of_tickers,
    side_in,
    sides_apart,
    with_levels,
    without_lines,
)
from toolkit.market.readers.price_units import (
    check_stated,
    field_of,
    holds_days,
    is_day,
    is_derived,
    is_known,
    key_of,
    moneys_and_units,
    says_none,
    stated_in,
    states_alone,
    tickers_among,
    with_date,
)
from toolkit.market.readers.tabular import TITLES, Header, Source, Table, listed, read_table

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
_TOLD = ("remark", "status", "side", "basis", "delivery", "terms", "least", "most", "counterparty")
"""Fields whose texts say whether a row is a price."""
_PRICED = ("price", "bid", "ask", "low", "high", "close")
"""Fields of prices of a file with a row for each."""
_NOT_IN_ROWS = ("remark", "status", "delivery", "most", "counterparty", "open", NOTHING, IGNORE)
_BESIDE_SERIES = (
    "remark", "status", "delivery", "terms", "least", "most", "valid_until", "counterparty", "source", NOTHING, IGNORE,
)  # fmt: skip
"""Fields of columns that stand beside those of the series of a wide file."""
_RIVALS: Mapping[str, tuple[str, ...]] = {
    "counterparty": ("asset", "form", "purity"),
    "least": (
        "asset", "form", "purity", "date", "counterparty", "place", "side", "basis", "terms", "delivery", "currency", "unit",
    ),
}  # fmt: skip
"""Field of which several stand for one good -> what is one good: prices of several suppliers, or by quantity, are no series."""
SIDES = {"bid": DEALER_BID, "ask": DEALER_ASK, "mid": AS_GIVEN, "trade": AS_GIVEN}
_PROMPT = timedelta(days=31)
"""Within which what is delivered is sold at a price of today."""
_LETTER = re.compile(r"[^\W\d_]")
_LOOKED_AT = 50
"""Cells by which a field is proposed."""
_MOST_TEXTS = 100
"""Texts of a column that are asked about one by one."""


@dataclass(frozen=True, slots=True, eq=False)  # frames have no truth value
class PriceColumns:
    """The columns of a price file.

    Attributes:
        table: Its cells under the names of their fields, but for those of prices, without what is not read and without rows
            that are no price.
        shape: A row a price, a column a series, or the fields of a day of trading.
        layout: By which it is read.
        path: As the file was given.
        by: Name of a layout that was found for it; empty where it was read by its words.
        readings: How each column is read, and why.
        questions: What is open; with one the file is not read.
        prices: The columns of the table that hold prices.
        notes: How it was read.
        given: Answers that were given with it.
    """

    table: Table
    shape: Shape
    layout: Layout
    path: str
    by: str = ""
    readings: Sequence[ColumnReading] = ()
    questions: Sequence[Question] = ()
    prices: tuple[PriceColumn, ...] = ()
    notes: tuple[Message, ...] = ()
    given: Mapping[str, str] = field(default_factory=dict)

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
    found = [("", layout)] if layout is not None else [*found_for(file, (KIND,), sheet)] if file else []
    legacy = answers.get("encoding") or next((one.encoding for _, one in found[:1] if one.encoding), "cp1252")
    table = without_lines(read_table(path, header=_header([one for _, one in found]), legacy=legacy), key)
    table = replace(table, cells=table.cells.rename(dict(zip(table.columns, with_levels(table.columns), strict=True))))
    if days := days_across(table.columns):
        table = months_across(table, days)
    by, base = next(((name, one) for name, one in found if one.columns and one.fits(table.columns)), ("", layout))
    if base is None and file is not None and found and found[0][0] in (beside(file, sheet).name, beside(file).name):
        by, base = found[0]  # its own, of which the file is no more
    given = answered(base or Layout(of=KIND, columns={}), table, answers)
    if "date" in given.every:
        hint = message("Write it above the header, as 'Stand: 26.11.2026': the next list is of another day.")
        raise SpecError("one day for every price is no part of a layout.", hint=hint)
    table = replace(table, mark=given.decimal, month_first=None if given.dates is None else given.dates == "month")
    proposal = _Proposal(table, given, key, across=bool(days))
    name = str(path) if isinstance(path, str | Path) else table.name
    if any(LEVELS in one for one in table.columns):
        prices = of_tickers(table)
        kept = {one: "date" for one in table.columns if key_of(one) == "date"} | {one.header: one.header for one in prices}
        return PriceColumns(replace(table, cells=table.cells[[*kept]].rename(kept)), "ohlc", given, name, by, prices=prices)
    worded = [one for one in table.columns if one not in proposal.numeric and key_of(one) != "asset"]
    check_untaxed(table, words(table.cells[worded]) if worded else {})
    return replace(proposal.read(name, by, base), given=answers)


def indices(name: str, frame: pl.DataFrame) -> PriceColumns:
    """Numbers that are prices already, of which nothing is read: indices made from returns.

    Args:
        name: By which faults call them.
        frame: A column `date` of days, and one of numbers an asset, null where there is none.
    """
    table = Table(name, frame, pl.int_range(1, frame.height + 1, dtype=pl.Int64, eager=True).alias("row"), "")
    prices = tuple(PriceColumn(column, column) for column in frame.columns if column != "date")
    return PriceColumns(table, "wide", Layout(of=KIND, columns={}), name, prices=prices)


def _header(layouts: Sequence[Layout]) -> Header:
    """Finds the record that holds the columns of a layout, else as of `price_header`."""
    columns = [
        {fold(name) for name, one in layout.columns.items() if not one.optional and any(map(str.isalpha, name))}
        for layout in layouts
    ]
    columns = [names for names in columns if names]

    def find(records: Sequence[Sequence[str]]) -> tuple[list[str], int, int] | None:
        for at, record in enumerate(records[:TITLES] if columns else ()):
            if not _LETTER.search(" ".join(record)):  # of hundreds of numbers none is a name
                continue
            there = {fold(text) for text in record if _LETTER.search(text)}
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
        filled = [text.strip() for text in record if text.strip()]
        of_a_line = len(filled) == 2 and any(is_day(text) or cells.month(text) for text in filled)  # ``Monat;Mai 2026``
        if dated and len(filled) > 1 and not of_a_line:
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
        self.keys = {name: self._key(name) for name in table.columns}
        dates = [name for name, key in self.keys.items() if key == "date"]
        if len(dates) > 1:  # of shares `DAY` is one
            self.keys |= {name: None for name in dates if not self.named and not holds_days(table.cells[name])}
        dates = [name for name, key in self.keys.items() if key == "date"]
        fields = [name for name, key in self.keys.items() if key and key != "date"]
        others = [name for name, key in self.keys.items() if key != "date"]
        tickers = tickers_among(others, fields) if len(dates) == 1 and not layout.columns else ()
        if tickers:
            self.keys |= dict.fromkeys(tickers)
            note = message("{file}: {names} are tickers, as the other columns are.", file=table.name, names=named(tickers))
            self.notes.append(note)
        self.tickers = frozenset(tickers)
        # Of hundreds of columns of numbers none is looked at further.
        read = table.cells.select(pl.all().cast(pl.Float64, strict=False).null_count()).row(0) if table.cells.width else ()
        nulls = table.cells.null_count().row(0)
        self.numeric = {
            name for name, kind, bad, none in zip(table.columns, table.cells.dtypes, read, nulls, strict=True)
            if not kind.is_temporal() and bad == none < table.cells.height
        }  # fmt: skip
        self.first = table.cells.head(_LOOKED_AT).to_dict(as_series=False)
        self.shape: Shape = layout.shape or self._shape()
        self.bare = {name: stated_in(name).name or name for name in table.columns}

    def _key(self, header: str) -> str | None:
        if fold(header) in self.ignored:
            return IGNORE
        return self.named.get(fold(header)) or key_of(header)

    def _shape(self) -> Shape:
        keys = {*self.keys.values()} | {*self.layout.every}
        if "series" in keys:
            return "wide"
        sure = {found[0] for name, key in self.keys.items() if key and (found := field_of(name)) and found[1]} | {
            *self.named.values()
        }
        ends_alone = {"high", "low"} & keys and keys <= {"date", "high", "low", IGNORE}
        traded = "open" in keys or ends_alone or ({"close", "adjusted"} & keys and "asset" not in keys)
        if traded and sure.isdisjoint(_OF_ROWS):
            return "ohlc"
        bare = {key for name, key in self.keys.items() if key in MONEY_FIELDS and not is_derived(name)}
        of_metals = {self.keys[name] for name in self.table.columns if self._names_metals(name)}
        if "asset" in of_metals or ("asset" not in keys and (bare or keys.isdisjoint(MONEY_FIELDS)) and of_metals):
            return "long"
        if bare and "asset" not in keys and any(map(self._repeats_words, self.table.columns)):
            return "long"
        named = any(key == "asset" and (field_of(name) or ("", True))[1] for name, key in self.keys.items())
        literal = {"asset", "price"} & ({name.lower() for name in self.table.columns} | {*self.layout.every})
        return "long" if literal or named or ("asset" in keys and not keys.isdisjoint(MONEY_FIELDS)) else "wide"

    def _repeats_words(self, header: str) -> bool:
        """Whether the cells of a column of which nothing is known are words that return: names beside the price of each."""
        column = self.table.cells[header].alias("")
        if header in self.numeric or column.dtype != pl.String or self.keys[header]:
            return False
        words = [cells.tidy(text) for text in column.drop_nulls().head(_LOOKED_AT)]
        return len({*words}) < len(words) and not any(
            is_one(text) for text in words for is_one in (_is_number, cells.day, cells.month)
        )

    def _names_metals(self, header: str) -> bool:
        """Whether the cells of a column are words, of which one is, or has in it, the name of a metal."""
        column = self.table.cells[header].alias("")
        if header in self.numeric or column.dtype != pl.String or self.keys[header] == "date":
            return False
        named = [cells.tidy(text) for text in column.drop_nulls().unique(maintain_order=True).head(_LOOKED_AT)]
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
        return examples(str(cell) for cell in self.first[header] if cell is not None)

    def read(self, path: str, by: str, base: Layout | None) -> PriceColumns:
        """The file by the layout that is proposed for it."""
        readings = self._each_once(self._with_derived([self._reading(name) for name in self.table.columns]))
        reads = {one.reads for one in readings}
        if taxed := next((one.header for one in readings if one.reads in MONEY_FIELDS and includes_tax(one.header)), None):
            raise self.table.header_error("{name!r:s} includes tax.", WITHOUT_TAX, name=taxed)
        if reads.isdisjoint(("date", *MONEY_FIELDS, "series")) and any(_is_period(one.header) for one in readings):
            with_date(self.table)
        kept = {fold(name): column for name, column in self.layout.columns.items()}
        columns = {
            one.header: kept.get(fold(one.header)) or Column(reads=one.reads)
            for one in readings if one.reads is not None and one.reads != IGNORE
        }  # fmt: skip
        ignore = tuple(one.header for one in readings if one.header not in columns)
        layout = self.layout.model_copy(update={"columns": columns, "ignore": ignore, "shape": self.shape})
        self.questions += [_asked(one, self.shape) for one in readings if not one.sure]
        self._read_titles(path, layout)
        gone = [] if base is None else [name for name in base.differs(self.table.columns)[1] if name in self.layout.columns]
        about = message("a column that the layout reads and the file has not")
        self.questions += [Question("gone", name, (), about, GONE, (GONE,)) for name in gone]
        table = self._of_prices(layout, {one.header for one in readings if one.sure})
        derived = [one.header for one in readings if one.why == DERIVED]
        self._note_derived(derived)
        unread = _BESIDE_SERIES if self.shape == "wide" else _NOT_IN_ROWS
        told = [one.header for one in readings if one.reads in unread and one.header not in derived]
        if self.shape != "ohlc" and told:
            columns_told = [message('"{header:s}"', header=name) for name in told]
            self.notes.append(message("Columns that are not read: {columns}.", columns=columns_told))
        if by:
            self.notes.insert(0, message("{file}: read by the layout {layout:s}.", file=table.name, layout=by))
        prices = () if self.questions else self._prices(columns)
        named = {name: self._field(one.reads) for name, one in columns.items()}
        frame = self._in_words(self._under_fields(table.cells, named, {one.header for one in prices}), layout)
        table = replace(table, cells=frame)
        return PriceColumns(table, self.shape, layout, path, by, readings, self.questions, prices, tuple(self.notes))

    def _note_derived(self, names: Sequence[str]) -> None:
        if names:
            note = message(
                "{file}: sums, averages, changes and premiums of others are not read: {names}.",
                file=self.table.name, names=[*names],
            )  # fmt: skip
            self.notes.append(note)

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
            named, per = moneys_and_units(title)
            other = (moneys and named and not named <= moneys) or (units and per and not per <= units)
            if title.strip() and meaning is None and (other or not is_plain_title(title)):
                asks = message("a line above the prices: does it leave them prices of today, in their currency and unit?")
                self.questions.append(Question("text", title, (), asks, None, ("no_meaning", "not_a_price")))

    # --- what a column is ---------------------------------------------------------------------------------------------------

    def _reading(self, header: str) -> ColumnReading:
        folded = fold(header)
        if folded in self.ignored:
            reads, why, sure = IGNORE, message("ignored by the layout"), True
        elif self.named.get(folded) == NOTHING and not {*map(fold, self._texts(header))} <= self.only[folded]:
            reads, why, sure = None, message("it says more than when its layout was confirmed"), False
        elif folded in self.named:
            reads, why, sure = self.named[folded], message("by the layout"), True
        else:
            reads, why, sure = self._beside_series(header) if self.shape == "wide" else self._of_rows(header)
        stated = stated_in(header)[1:] if reads in (*MONEY_FIELDS, "series") else ()
        return ColumnReading(header, self._shown(header), reads, "/".join(filter(None, stated)), why, sure)

    def _of_rows(self, header: str) -> _Reading:  # noqa: PLR0911  # one answer a kind of column
        """A column of a file with a row for each price, or for each day of trading."""
        field, sure = field_of(header) or (None, False)
        if is_derived(header) and (self.across or not sure):
            return IGNORE, DERIVED, True
        if not sure and self.table.cells[header].null_count() == self.table.cells.height:
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
        if field == "side" and not sure:
            return field, OF_WHOM, False
        if not settled and self._by_cells(header) == "asset":
            return "asset", message("its cells name metals"), False
        return field, SAID if sure else message("its cells show it") if settled else MAYBE, settled

    def _by_cells(self, header: str) -> str | None:
        """The field whose cells a column has, where no other column is it; None for words and numbers of anything."""
        taken = {*self.keys.values()}
        unknown = [name for name, key in self.keys.items() if key is None and all(map(_is_number, self._texts(name)))]
        kinds: dict[str, Callable[[], bool]] = {
            "date": lambda: holds_days(self.table.cells[header].alias("")),
            "price": lambda: taken.isdisjoint(MONEY_FIELDS) and not _is_period(header) and unknown == [header],
            "asset": lambda: self._names_metals(header) or self._repeats_words(header),
        }
        return next((field for field, is_one in kinds.items() if field not in taken and is_one()), None)

    def _beside_series(self, header: str) -> _Reading:  # noqa: PLR0911  # one answer a kind of column
        """A column of a wide file: the dates, a series, or what stands beside the series."""
        found = field_of(header) if self.keys[header] else None
        if header in self.tickers:
            return "series", message("a ticker, as the other columns are"), True
        if found and found[0] in MONEY_FIELDS[1:] and header.isupper() and "date" in self.keys.values():
            return "series", message("a ticker, or a price that does not say of what"), False
        if found and found[1]:
            return found[0], SAID, True
        if header not in self.numeric:
            if "date" not in self.keys.values() and holds_days(self.table.cells[header].alias("")):
                return "date", message("a column of days"), False
            if not any(any(map(str.isdigit, text)) for text in self._texts(header)) and not all(
                map(says_none, self._texts(header))
            ):
                return "remark", message("a column of words beside prices"), False
        if found and found[0] != "asset":
            return IGNORE, MAYBE, False
        parts = header.partition(" (")[0].split()
        for at in range(1, 1 if len(parts) > 1 and is_known(header, self.key) else len(parts)):
            rest = field_of(" ".join(parts[at:]))
            if rest and rest[0] in _BESIDE_SERIES and self._is_series(" ".join(parts[:at]), header):
                return IGNORE, SAID, rest[1]
        name = header.rstrip(")] ")
        if name.endswith("%") and not name.rstrip("%+-/ ")[-1:].isdigit() and self._is_series(name.rstrip("%+-/ (["), header):
            return IGNORE, DERIVED, True
        return "series", message("a column of numbers"), True

    def _is_series(self, name: str, beside: str) -> bool:
        """Whether a name is a metal's, or that of another column."""
        return is_known(name, self.key) or fold(name) in {fold(bare) for one, bare in self.bare.items() if one != beside}

    def _with_derived(self, readings: list[ColumnReading]) -> list[ColumnReading]:
        """The columns of a wide file, of which sums, averages and changes of others are not read where there are others."""
        if self.shape != "wide":
            return readings
        named = {*self.tickers, *(one.header for one in readings if fold(one.header) in self.named)}
        series = [one for one in readings if one.reads == "series" or (one.reads == "price" and is_derived(one.header))]
        made = {one.header: is_derived(self.bare[one.header]) for one in series if one.header not in named}
        if all(made.get(one.header) for one in series):
            return [replace(one, reads="series", sure=True) if made.get(one.header) else one for one in readings]
        words = vocabulary().texts["derived"]
        partly = {name for name, found in made.items() if not found and not words.isdisjoint(fold(self.bare[name]).split())}
        partly -= {
            name for name in partly if (found := side_in(self.bare[name])) and is_known(found[0], self.key)
        }  # Gallium Avg
        return [
            replace(one, reads=IGNORE, why=DERIVED) if made.get(one.header)
            else replace(one, reads=IGNORE, why=PARTLY, sure=False) if one.header in partly else one
            for one in readings
        ]  # fmt: skip

    def _settled(self, field: str, header: str) -> bool:  # noqa: PLR0911  # one answer a kind of column
        """Whether the cells of a column, or the other columns, show that a header which may mean a field means it."""
        of_one = vocabulary().meanings
        keys = {self.keys[name] for name in self.table.columns if name != header and (field_of(name) or ("", False))[1]}
        match field:
            case "asset":
                others = [name for name, key in self.keys.items() if name != header and key == "asset"]
                alone = not any(map(self._names_metals, others)) and (not others or self._names_metals(header))
                return "asset" not in keys and alone and not all(map(_is_number, self._texts(header)))
            case "purity":
                return all(map(_is_good, self._texts(header)))
            case "delivery":
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
                has_unit = "unit" in keys or any(stated_in(name).unit not in ("", "unit") for name in self.table.columns)
                return fold(header) in vocabulary().texts["numbering"] | (vocabulary().texts["packs"] if has_unit else set())
        return False

    def _each_once(self, readings: list[ColumnReading]) -> list[ColumnReading]:
        """Of several columns that may be one field none is taken unasked; ends beside a price are none of it."""
        keys = [one.reads for one in readings]
        if self.shape == "long" and {"price", "bid", "ask"} & {*keys}:
            ends = message("the ends of a range beside its price")
            readings = [replace(one, reads=IGNORE, why=ends) if one.reads in ("low", "high") else one for one in readings]
        if self.shape == "long" and "price" not in keys:
            readings = [replace(one, reads="price") if one.reads == "close" else one for one in readings]
        keys = [one.reads for one in readings]
        twice = {key for key in keys if keys.count(key) > 1 and key not in (*SEVERAL["prices"], IGNORE, None)} if (
            self.shape != "wide") else {"date"} if keys.count("date") > 1 else set()  # fmt: skip
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
                proposed = (None if one.reads in MONEY_FIELDS else IGNORE) if again else one.reads
                readings[at] = replace(one, sure=False, why=why, reads=proposed)
        return readings

    # --- what the rows are --------------------------------------------------------------------------------------------------

    def _prices(self, columns: Mapping[str, Column]) -> tuple[PriceColumn, ...]:
        """The columns of prices by the shape.

        Raises:
            DataError: for a table without a price, a field of another shape, and a header that says a unit alone.
        """
        reads = {name: one.reads for name, one in columns.items()}
        every: dict[str, str] = {}
        if self.shape == "wide":
            every = self._of_every_series(reads)
            self._check_wide({name: key for name, key in reads.items() if key not in every})
            of = {name: (self.bare[name], "mid") for name, key in reads.items() if key == "series"}
        elif self.shape == "ohlc":
            close = next((name for key in ("adjusted", "close", "price") for name in reads if reads[name] == key), None)
            if close is None or "date" not in reads.values():
                other = message("there is no close") if close is None else message("there is no date")
                raise self.table.header_error(
                    message(
                        "{names:, } is like a field of quotations, but {other}.",
                        names=named(self.table.columns[:3]),
                        other=other,
                    ),
                    message(
                        "Give one asset a file with Date and Close (or Adj Close), or one column an asset named for the asset."
                    ),
                )
            in_rows = "asset" in reads.values() or "asset" in self.layout.every
            of = {close: (None if in_rows else asset_of(self.table.name), reads[close])}
        else:
            of = {name: (None, "mid" if key in ("price", "close") else key) for name, key in reads.items() if key in _PRICED}
            if len(of) == 1 and (end := next((name for name, (_, key) in of.items() if key in ("low", "high")), None)):
                hint = message("Bring both ends, or name the column as the metal if it is its price.")
                raise self.table.header_error("{name!r:s} is one end of a range without the other.", hint, name=end)
            if not of:
                hint = message("The header needs {columns:s}.", columns="date, asset, price")
                raise self.table.header_error("no column {columns}.", hint, columns=listed(("price",)))
        found = []
        for name, (asset, kind) in of.items():
            column, said = columns[name], stated_in(name)
            if not column.currency:
                check_stated(self.table, name, said)
            currency, unit = column.currency or said.currency, column.per or said.unit
            if others := [
                every[key] for key, own in (("currency", currency), ("unit", unit)) if own and every.get(key, own) != own
            ]:
                raise self.table.header_error(
                    "{name!r:s} says another currency or unit than a column beside it: {other:s}.",
                    "Keep one of them.", name=name, other=others[0],
                )  # fmt: skip
            currency, unit = currency or every.get("currency", ""), unit or every.get("unit", "")
            found.append(PriceColumn(name, self.layout.words.get(asset or "", asset), kind, currency, unit))
        if self.shape != "wide":
            return tuple(found)
        if not found:
            raise self.table.header_error("there is no asset column.", "Add one column of prices an asset.")
        prices, told = sides_apart(self.table, found, self.key)
        self.notes += told
        return prices

    def _of_every_series(self, reads: Mapping[str, str]) -> dict[str, str]:
        """Currency and unit of columns beside the series of a wide file that say the same in each row."""
        filled = [name for name in reads if not self.table.cells[name].null_count()]
        said = {reads[name]: {*self._texts(name)} for name in filled if reads[name] in ("currency", "unit")}
        known = {
            "currency": currency_of,
            "unit": lambda text: next((cells.UNITS[one] for one in foldings(text) if one in cells.UNITS), None),
        }
        found = {key: known[key](min(texts)) for key, texts in said.items() if len(texts) == 1}
        return {key: word for key, word in found.items() if word}

    def _check_wide(self, reads: Mapping[str, str]) -> None:
        below = {name: str(cell) for name, given in self.first.items() for cell in given[:1] if cell is not None}
        if below and "date" not in {reads.get(name) for name in below} and all(map(_states_prices, below.values())):
            hint = message("Write currency, unit and side into the one row of the header: 'Gallium Bid USD/kg'.")
            raise self.table.header_error("a header of several rows.", hint)
        for name, key in reads.items():
            if key in _OF_ROWS[2:]:
                hint = message("Use date,asset,price and optional columns, or date and one column an asset.")
                raise self.table.header_error(
                    "{name!r:s} belongs to the long shape, but no 'asset' and 'price' do.", hint, name=name
                )
            if key in MONEY_FIELDS or (key == "series" and not stated_in(name).name and fold(name) not in self.named):
                hint = message("Name it for what it is a price of, as 'Gallium EUR/kg', or add a column 'Metall'.")
                raise self.table.header_error(
                    "column {name!r:s} does not say of what it is the price.", hint, name=self.bare[name]
                )

    def _field(self, key: str) -> str | None:
        """The name under which a column is read; None for one that is not."""
        unread = (*_BESIDE_SERIES, "currency", "unit") if self.shape == "wide" else (*_NOT_IN_ROWS, "side", *MONEY_FIELDS)
        return None if key in unread or key == "series" else key

    def _under_fields(self, frame: pl.DataFrame, named: Mapping[str, str | None], prices: Collection[str]) -> pl.DataFrame:
        """The columns that are read, under the names of their fields, but for those of prices; and constants of the layout."""
        named = {name: "basis" if name in self.sides else field for name, field in named.items()}
        kept = [name for name in frame.columns if name in prices or named.get(name)]
        names = {name: field for name in kept if name not in prices and (field := named.get(name))}
        frame = frame[kept]  # a name may be a pattern to `drop`
        frame = frame if len({*names.values()}) < len(names) else frame.rename(names)  # of one field twice: open, and not read
        constant = {name: text for name, text in self.layout.every.items() if name not in frame.columns}
        if "asset" in constant and self.key:
            constant["asset"] = self.key(constant["asset"]) or constant["asset"]
        if self.shape == "long" or "asset" in constant:
            frame = frame.with_columns(pl.lit(text).alias(name) for name, text in constant.items())
        return frame

    def _of_prices(self, layout: Layout, sure: Collection[str]) -> Table:
        """The table without the rows that are no price."""
        table, reads = self.table, {name: column.reads for name, column in layout.columns.items()}
        self.sides: set[str] = set()
        kept = pl.Series([True] * table.cells.height, dtype=pl.Boolean)
        left: list[str] = []
        for header in (name for name in table.columns if reads.get(name) in _TOLD and name in sure):
            meanings = self._meanings(header, reads)
            text = table.cells[header].alias("").cast(pl.String)
            gone = text.is_in([cell for cell, meaning in meanings.items() if meaning == "not_a_price"]).fill_null(value=False)
            if reads[header] == "delivery":
                gone |= self._forwards(header, [cell for cell, meaning in meanings.items() if meaning == "dated"])
            if reads[header] in _RIVALS:  # whoever alone has a price of a good is asked for that one
                gone &= self._has_rivals(header, reads)
            kept &= ~gone
            named = text.to_frame("text")
            if reads[header] in _RIVALS and (asset := next((one for one in reads if reads[one] == "asset"), None)):
                named = named.with_columns(text=pl.format("{} ({})", "text", table.cells[asset].alias("of").cast(pl.String)))
            left += [*named["text"].filter(gone).unique(maintain_order=True)]
            sides = {cell: SIDES[meaning] for cell, meaning in meanings.items() if meaning in SIDES}
            if reads[header] in ("side", "status", "basis") and {*sides.values()} - {AS_GIVEN}:
                own = text if reads[header] == "basis" else pl.lit(AS_GIVEN)
                said = text.replace_strict(sides, default=None, return_dtype=pl.String)
                table = replace(table, cells=table.cells.with_columns(pl.select(pl.coalesce(said, own).alias(header))))
                self.sides.add(header)
                told = [f"{cell} = {side}" for cell, side in sides.items() if side not in (cell, AS_GIVEN)]
                if told:
                    note = message("{file}: what a dealer pays or asks, by {column}: {sides}.", file=table.name, column=header,
                                   sides=told)  # fmt: skip
                    self.notes.append(note)
                if fold(header) not in {*self.named, "basis"} and self._may_be_own_trades(header, table.cells, reads):
                    self.questions.append(Question("column", header, self._shown(header), OF_WHOM, "side", ("side", IGNORE)))
        if left:
            note = message("{file}: rows that are no price of today: {texts}.", file=table.name, texts=left)
            self.notes.append(note)
        of_words = [name for name in table.columns if reads.get(name) in ("asset", "date") and name not in self.numeric]
        for header in (name for name in of_words if table.cells[name].dtype == pl.String):
            sums = [text for text in table.cells[header].unique(maintain_order=True).drop_nulls() if is_derived(text)]
            self._note_derived(sums)
            kept &= ~table.cells[header].is_in(sums).fill_null(value=False)
        return table if kept.all() else replace(table, cells=table.cells.filter(kept), rows=table.rows.filter(kept))

    @staticmethod
    def _may_be_own_trades(header: str, frame: pl.DataFrame, reads: Mapping[str, str]) -> bool:
        """Whether sides may be those of purchases and sales: beside quantities, or where no day of an asset has both."""
        columns = {key: name for name, key in reads.items()}
        if "quantity" in columns or not {"asset", "date"} <= {*columns}:
            return "quantity" in columns
        both = [pl.col(header).n_unique().over(keys) > 1 for keys in (columns["asset"], [columns["asset"], columns["date"]])]
        return frame.select(both[0].any() & ~both[1].any()).item()

    @staticmethod
    def _in_words(frame: pl.DataFrame, layout: Layout) -> pl.DataFrame:
        """Cells in the words that the layout says they stand for."""
        worded = [name for name in ("asset", "unit", "currency", "form", "purity", "place", "basis") if name in frame.columns]
        worded = [name for name in worded if layout.words and frame[name].dtype == pl.String]
        return frame.with_columns(frame[name].replace({**layout.words}) for name in worded)

    def _has_rivals(self, header: str, reads: Mapping[str, str]) -> pl.Series:
        """Rows of a good of which a column says several: suppliers, or least quantities."""
        of = [name for name in self.table.columns if reads.get(name) in _RIVALS[reads[header]]]
        goods = [self.table.cells[name].alias(str(i)) for i, name in enumerate(of)]  # a name may be a pattern to `pl.col`
        rows = pl.DataFrame([self.table.cells[header].alias("who"), *goods])
        good = pl.concat_str(pl.all().exclude("who"), ignore_nulls=True) if goods else pl.lit("")
        return rows.select(pl.col("who").n_unique().over(good) > 1).to_series()

    def _meanings(self, header: str, reads: Mapping[str, str]) -> dict[str, str]:
        """Cell -> what it says of its price; a text that is not known is asked about."""
        field = reads[header]
        told = {fold(text): meaning for text, meaning in self.layout.remarks.items()}
        words = {fold(text): meaning for text, meaning in self.layout.words.items()}
        known = {} if field == "remark" else vocabulary().meanings["delivery" if field == "delivery" else "side"]
        answers = {
            "status": ("trade", "not_a_price", "bid", "ask", "mid"),
            "side": ("bid", "ask", "mid", "trade", "not_a_price"), "delivery": ("spot", "not_a_price"),
            "basis": ("no_meaning", "bid", "ask", "mid", "not_a_price"),
        }.get(field, ("no_meaning", "not_a_price"))  # fmt: skip
        found: dict[str, str] = {}
        rivals = {*self.table.cells[header].filter(self._has_rivals(header, reads)).cast(pl.String)} if field in _RIVALS else ()
        for cell in self._cells(header):
            text = cells.tidy(cell)
            meaning = next((known[one] for one in foldings(text) if one in known), None)
            said = words.get(fold(text), "")
            meaning = told.get(fold(text)) or (said if said in answers else known.get(fold(said))) or meaning
            if meaning is None and field == "basis" and is_harmless(text, "bases"):
                meaning = "no_meaning"
            if meaning is None and field == "remark" and is_harmless(text):
                meaning = "no_meaning"
            if meaning is None and field in ("terms", "least", "most") and cell not in rivals and is_plain_title(text):
                meaning = "no_meaning"
            if meaning is None and field == "counterparty" and cell not in rivals:
                meaning = "no_meaning"
            if meaning is None and field == "delivery" and _first_day(text) is not None:
                meaning = "dated"
            found[cell] = meaning or ""
        asks = {
            "remark": message("a remark: may its price be taken for one of today"),
            "terms": message("more than terms of delivery: may its price be taken for one of today"),
            "least": message("a price by quantity: is it to be valued at the one from this quantity on"),
            "most": message("more than a largest quantity: may its price be taken for one of today"),
            "counterparty": message("several give a price of one good: is it to be valued at this one's"),
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
        when = next((name for name, key in self.keys.items() if key == "date"), None)
        days = self.table.cells[when].cast(pl.String) if when else [None] * self.table.cells.height
        of_text = {text: _first_day(text) if text else None for text in {*days}}
        given = self.table.cells[header].alias("").cast(pl.String)
        ahead = [
            (start := starts.get(cell or "")) is not None and ((day := of_text[text]) is None or start > day + _PROMPT)
            for cell, text in zip(given, days, strict=True)
        ]
        return pl.Series(ahead, dtype=pl.Boolean)


OF_WHOM = message("it may say what a dealer pays and asks, or what you bought and sold yourself")
SAID, MAYBE = message("its header says so"), message("its header may mean it")
DERIVED = message("a sum, an average, a change or a premium of others")
PARTLY = message("it may be a sum, an average, a change or a premium of another column")


def _asked(one: ColumnReading, shape: Shape) -> Question:
    fields = [field.key for field in PRICES if shape == "wide" or field.key != "series"]
    answers: tuple[str, ...] = tuple(dict.fromkeys([one.reads or IGNORE, IGNORE, *fields]))
    return Question("column", one.header, one.cells, one.why, one.reads, answers)


def _is_number(text: str) -> bool:
    """Whether a text is a number, with a currency beside it or none."""
    found = cells.amount(text)
    word = (found.before or found.after) if found else ""
    return found is not None and not (found.before and found.after) and (not word or currency_of(word) is not None)


def _states_prices(text: str) -> bool:
    """Whether a cell says of the prices below it what they are and nothing else: currency, unit, side."""
    return states_alone(text) or text.lower() in KINDS


def _is_good(text: str) -> bool:
    """Whether a text is a purity or a form."""
    rest, purity = cells.without_purity(text)
    rest, purity = (rest, purity) if purity else cells.without_purity(f"x {text}")
    return (purity is not None and rest.strip() in ("", "x")) or any(one in FORMS for one in foldings(text))


def _is_period(header: str) -> bool:
    """Whether a header is a day, a month, a quarter or a year."""
    has_year = any(len(part) == len("2026") and part.isdecimal() for part in fold(header).split())
    return has_year or cells.day(header) is not None or cells.SHORT_MONTH.fullmatch(header) is not None


def _first_day(text: str) -> date | None:
    """The first day of a day or a month; None for any other text."""
    words = cells.tidy(text)
    if (read := cells.day(words)) and (read.day or read.either):
        return read.day or min(filter(None, read.either or ()), default=None)
    return date.fromisoformat(f"{month}-01") if (month := cells.month(words)) else None
