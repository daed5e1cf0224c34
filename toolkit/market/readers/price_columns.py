"""What each column of a price file is, and what its texts say of each row: by the proposal that lots are read by.

The texts of remarks, statuses, sides and deliveries are understood as a whole, or asked about once: a target, a forecast or a
forward is no price of today, and an oxide's is none of the metal.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import NamedTuple

import polars as pl

from toolkit.core.countries import fold, foldings
from toolkit.core.errors import DataError, SpecError
from toolkit.core.messages import Message, message, named
from toolkit.core.trade_names import includes_tax
from toolkit.market.layouts.fields import IGNORE
from toolkit.market.layouts.headers import stated_in
from toolkit.market.layouts.layout import Layout, Shape
from toolkit.market.layouts.prices import (
    BESIDE_SERIES,
    DERIVED,
    KIND,
    MONEY,
    OF_ROWS,
    OF_WHOM,
    SIDES,
    Key,
    PriceHeaders,
    is_known,
    is_period,
    key_of,
    states_alone,
)
from toolkit.market.layouts.propose import NO_ANSWERS, Proposal, Question, answered, open_file, propose
from toolkit.market.layouts.texts import as_answered, is_bare_name, is_derived, is_harmless, is_marked, is_plain_title, undated
from toolkit.market.layouts.vocabulary import vocabulary
from toolkit.market.readers import cells
from toolkit.market.readers.columns import words
from toolkit.market.readers.price_checks import AS_GIVEN, DEALER_ASK, DEALER_BID, WITHOUT_TAX, check_untaxed
from toolkit.market.readers.price_shapes import (
    PriceColumn,
    asset_of,
    check_levels,
    check_sides,
    check_stated,
    days_across,
    months_across,
    no_column,
    note_derived,
    one_end,
    price_header,
)
from toolkit.market.readers.price_titles import moneys_and_units, with_date
from toolkit.market.readers.tabular import Source, Table

_PRICED = ("price", "bid", "ask", "low", "high", "close")
"""Fields of prices of a file with a row for each."""
_NOT_IN_ROWS = ("remark", "status", "delivery", "most", "counterparty", "open", "nothing", IGNORE)
_SIDES = {"bid": DEALER_BID, "ask": DEALER_ASK, "mid": AS_GIVEN, "trade": AS_GIVEN}
_GOOD = ("asset", "form", "purity")
_RIVALS: Mapping[str, tuple[str, ...]] = {
    "counterparty": _GOOD,
    "least": (*_GOOD, "date", "counterparty", "place", "side", "basis", "terms", "delivery", "currency", "unit"),
}
"""Field of which several stand for one good -> what is one good: prices of several suppliers, or by quantity, are no series."""
_MOST_TEXTS = 100
"""Texts of a column that are asked about one by one."""


@dataclass(frozen=True, slots=True, eq=False)  # frames have no truth value
class PriceColumns(Proposal):
    """The columns of a price file, its cells under the names of their fields, but for those of prices.

    What is not read is not among them, nor are rows that are no price.

    Attributes:
        shape: A row a price, a column a series, or the fields of a day of trading.
        prices: The columns of the table that hold prices.
        notes: How it was read.
    """

    shape: Shape = "wide"
    prices: tuple[PriceColumn, ...] = ()
    notes: tuple[Message, ...] = ()


def read_columns(
    path: Source | Table, *, key: Key = None, layout: Layout | None = None, answers: Mapping[str, str] = NO_ANSWERS
) -> PriceColumns:
    """What each column of a price file is.

    Args:
        path: As of `read_table`.
        key: Name in the file -> asset that it means.
        layout: By which it is read; None for the one that is found for it, else for its words.
        answers: To questions, as of `toolkit.market.layouts.propose.answered`.

    Raises:
        DataError: for a file that is no table, and for prices that include tax.
        SpecError: for a layout or an answer that is none.
    """
    opened, is_asset = open_file(path, (KIND,), layout, answers, price_header), partial(is_known, key=key)
    table = opened.table
    check_levels(table)
    table, notes = months_across(table, days) if (days := days_across(table.columns)) else (table, ())
    own = [(name, one) for name, one in opened.layouts if layout is not None or name in opened.own]
    fitting = [(name, one) for name, one in opened.layouts if one.columns and one.fits(table.columns)]
    by, base = next(iter((*fitting, *own)), ("", Layout(of=KIND, columns={})))
    given = answered(base, table, answers)
    if "date" in given.every:
        hint = message("Write it above the header, as 'Stand: 26.11.2026': the next list is of another day.")
        raise SpecError("one day for every price is no part of a layout.", hint=hint)
    table = replace(table, mark=given.decimal, month_first=None if given.dates is None else given.dates == "month")
    headers = PriceHeaders(table, given, is_asset)
    worded = [one for one in table.columns if one not in headers.numeric and key_of(one) != "asset"]
    check_untaxed(table, words(table.cells[worded]) if worded else {})
    proposed, readings, questions = propose(headers)
    reads = {name: one.reads for name, one in proposed.columns.items()}
    if taxed := next((name for name, one in reads.items() if one in MONEY and includes_tax(name)), None):
        raise table.header_error("{name!r:s} includes tax.", WITHOUT_TAX, name=taxed)
    if {"date", "series", *MONEY}.isdisjoint(reads.values()) and any(map(is_period, table.columns)):
        with_date(table)
    unread = BESIDE_SERIES if headers.shape == "wide" else _NOT_IN_ROWS
    derived = [one.header for one in readings if one.why == DERIVED]
    told = [one.header for one in readings if (one.reads or IGNORE) in unread and one.header not in derived]
    rows = _Rows(headers, proposed, {one.header for one in readings if one.sure})
    open_ = [*questions, *_titles(table, proposed), *rows.questions]
    notes = (
        *((message("{file}: read by the layout {layout:s}.", file=table.name, layout=by),) if by else ()),
        *headers.notes(), *notes, *rows.notes, *note_derived(table.name, derived),
    )  # fmt: skip
    if told and headers.shape != "ohlc":
        notes += (
            message("Columns that are not read: {columns}.", columns=[message('"{header:s}"', header=one) for one in told]),
        )
    prices = [] if open_ else _prices(headers, proposed)
    found = _under_fields(rows, proposed, prices, key)
    return PriceColumns(found, opened.path, proposed, by, readings, open_, answers, headers.shape, tuple(prices), notes)


def indices(name: str, frame: pl.DataFrame) -> PriceColumns:
    """Numbers that are prices already, of which nothing is read: indices made from returns.

    Args:
        name: By which faults call them.
        frame: A column `date` of days, and one of numbers an asset, null where there is none.
    """
    table = Table(name, frame, pl.int_range(1, frame.height + 1, dtype=pl.Int64, eager=True).alias("row"), "")
    prices = tuple(PriceColumn(column, column) for column in frame.columns if column != "date")
    return PriceColumns(table, name, Layout(of=KIND, columns={}), prices=prices)


def _titles(table: Table, layout: Layout) -> list[Question]:
    """Questions on lines above the table, and the name of its sheet, with a word that is not known or against the layout.

    Raises:
        DataError: for one of which the layout says that its prices are none.
    """
    told = {undated(text): meaning for text, meaning in layout.remarks.items()}
    stated = [*layout.columns.values()]
    moneys = {code for code in (*(one.currency for one in stated), layout.every.get("currency")) if code}
    units = {unit for unit in (*(one.per for one in stated), layout.every.get("unit")) if unit and unit != cells.PIECE}
    asks = message("a line above the prices: does it leave them prices of today, in their currency and unit?")
    open_ = []
    for title in filter(str.strip, (table.sheet, *table.titles)):
        meaning = told.get(undated(title))
        if meaning == "not_a_price":
            hint = message("Leave the file out.")
            raise DataError("{file:s}: by {title!r:s} no prices of today.", hint=hint, file=table.name, title=title)
        named_, per = moneys_and_units(title)
        other = (moneys and named_ and not named_ <= moneys) or (units and per and not per <= units)
        if meaning is None and (other or not is_plain_title(title)):
            open_.append(Question("text", title, (), asks, None, ("no_meaning", "not_a_price")))
    return open_


class _Text(NamedTuple):
    """How texts of a column are understood: by a part of the vocabulary, or by all of their words; and what is asked else."""

    asks: Message
    answers: tuple[str, ...] = ("no_meaning", "not_a_price")
    known: str = ""
    is_plain: Callable[[str], bool] = lambda _: False


_WHOSE = message("whose price it is, or whether it is one")
_TEXTS: Mapping[str, _Text] = {
    "remark": _Text(message("a remark: may its price be taken for one of today"), is_plain=is_harmless),
    "status": _Text(_WHOSE, ("trade", "not_a_price", "bid", "ask", "mid"), "side"),
    "side": _Text(_WHOSE, ("bid", "ask", "mid", "trade", "not_a_price"), "side"),
    "basis": _Text(
        message("a basis that is not known: may its price be taken for one of today"),
        ("no_meaning", "bid", "ask", "mid", "not_a_price"), "side", lambda text: is_harmless(text, "bases"),
    ),
    "delivery": _Text(
        message("a delivery: is it a price of today, or one of a later delivery"), ("spot", "not_a_price"), "delivery",
    ),
    "terms": _Text(
        message("more than terms of delivery: may its price be taken for one of today"), is_plain=is_plain_title
    ),
    "least": _Text(
        message("a price by quantity: is it to be valued at the one from this quantity on"), is_plain=is_plain_title
    ),
    "most": _Text(
        message("more than a largest quantity: may its price be taken for one of today"), is_plain=is_plain_title
    ),
    "valid_until": _Text(
        message("no day: may its price be taken for one of today"), is_plain=lambda text: cells.day(text) is not None
    ),
    "counterparty": _Text(
        message("several give a price of one good: is it to be valued at this one's"), is_plain=is_bare_name
    ),
    "source": _Text(
        message("a name that says more: may its price be taken for one of today"),
        is_plain=lambda text: is_bare_name(text) and not any(map(str.isdigit, text)),
    ),
}  # fmt: skip
"""Fields whose texts say whether a row is a price."""
_NAMED = ("asset", "form", "purity", "place", "currency", "unit")
_MARKED = _Text(message("a sign beside its words: may its price be taken for one of today"), is_plain=lambda _: True)
"""Texts of other fields, of which a sign alone is asked about."""


class _Rows:
    """The rows of a file that are prices of today, and what is open of their texts.

    Attributes:
        table: Without the others; a dealer's sides by their basis.
        sides: Headers of columns that tell these.
        questions: What is open.
        notes: On what is left out.
    """

    def __init__(self, headers: PriceHeaders, layout: Layout, sure: Collection[str]) -> None:
        self.table, self.layout, self.headers = headers.table, layout, headers
        self.reads = {name: one.reads for name, one in layout.columns.items()}
        self.by = {key: name for name, key in self.reads.items()}
        self.sides: set[str] = set()
        self.questions: list[Question] = []
        self.notes: list[Message] = []
        left: list[str] = []
        kept = pl.Series([True] * self.table.cells.height, dtype=pl.Boolean)
        for name in (one for one in self.table.columns if one in sure and self._says_more(one)):
            text = self.table.cells[name].alias("text").cast(pl.String)
            rivals = self._rivals(name)
            meanings = self._meanings(name, {*text.filter(rivals)} if rivals is not None else set())
            gone = text.is_in([cell for cell, meaning in meanings.items() if meaning == "not_a_price"]).fill_null(value=False)
            shown = text.to_frame()
            if rivals is not None:  # whoever alone has a price of a good is asked for that one
                gone &= rivals
                if "asset" in self.by:
                    asset = self.table.cells[self.by["asset"]].alias("of").cast(pl.String)
                    shown = shown.with_columns(text=pl.format("{} ({})", "text", asset))
            kept &= ~gone
            left += [*shown["text"].filter(gone).unique(maintain_order=True)]
            self._with_sides(name, text, meanings)
        if left:
            self.notes.append(message("{file}: rows that are no price of today: {texts}.", file=self.table.name, texts=left))
        for name in (self.by.get("asset"), self.by.get("date")):
            if name is not None and name not in headers.numeric and self.table.cells[name].dtype == pl.String:
                column = self.table.cells[name].alias("")
                sums = [text for text in column.unique(maintain_order=True).drop_nulls() if is_derived(text)]
                self.notes += note_derived(self.table.name, sums)
                kept &= ~column.is_in(sums).fill_null(value=False)
        if not kept.all():
            self.table = replace(self.table, cells=self.table.cells.filter(kept), rows=self.table.rows.filter(kept))

    def _says_more(self, name: str) -> bool:
        """Whether the texts of a column may say that a row is no price: by its field, or by signs beside their words."""
        field, column = self.reads.get(name), self.table.cells[name]
        if field in _TEXTS or field not in _NAMED or column.dtype != pl.String:
            return field in _TEXTS
        return any(map(is_marked, column.alias("").drop_nulls().unique()))

    def _rivals(self, name: str) -> pl.Series | None:
        """Rows of a good of which a column says several: suppliers, or least quantities; None of another column."""
        of = _RIVALS.get(self.reads[name])
        if of is None:
            return None
        goods = [self.table.cells[one] for one in self.table.columns if self.reads.get(one) in of]
        # A name may be a pattern to `pl.col`.
        rows = pl.DataFrame([self.table.cells[name].alias("who"), *(good.alias(str(i)) for i, good in enumerate(goods))])
        good = pl.concat_str(pl.all().exclude("who"), ignore_nulls=True) if goods else pl.lit("")
        return rows.select(pl.col("who").n_unique().over(good) > 1).to_series()

    def _meanings(self, name: str, rivals: Collection[str]) -> dict[str, str]:
        """Cell -> what it says of its price; a text that is not known is asked about.

        Args:
            name: Of the column.
            rivals: Cells of several for one good.
        """
        field = self.reads[name]
        asks, answers, section, is_plain = _TEXTS.get(field, _MARKED)
        told = {as_answered(text): meaning for text, meaning in self.layout.remarks.items()}
        said = {as_answered(text): meaning for text, meaning in self.layout.words.items()}
        known = vocabulary().meanings[section] if section else {}
        found: dict[str, str] = {}
        for cell in self.table.cells[name].alias("").drop_nulls().cast(pl.String).unique(maintain_order=True):
            text = cells.tidy(cell)
            word = said.get(as_answered(text), "")
            meaning = told.get(as_answered(text)) or (word if word in answers else known.get(fold(word)))
            if not meaning and not is_marked(word or text):
                meaning = next((known[one] for one in foldings(text) if one in known), "")
                meaning = meaning or ("no_meaning" if cell not in rivals and is_plain(word or text) else "")
            found[cell] = meaning or ""
        unknown = [text for cell, meaning in found.items() if not meaning and (text := cells.tidy(cell))]
        if len(unknown) > _MOST_TEXTS:
            why = message("{n:d} texts that are not known", n=len(unknown))
            self.questions.append(Question("column", name, self.headers.shown(name), why, IGNORE, (IGNORE, field)))
        else:
            self.questions += [Question("text", text, (name,), asks, None, answers) for text in unknown]
        return found

    def _with_sides(self, name: str, text: pl.Series, meanings: Mapping[str, str]) -> None:
        """What a dealer pays or asks is a basis of its own, where a column says so."""
        sides = {cell: _SIDES[meaning] for cell, meaning in meanings.items() if meaning in _SIDES}
        if self.reads[name] not in ("side", "status", "basis") or not {*sides.values()} - {AS_GIVEN}:
            return
        own = text if self.reads[name] == "basis" else pl.lit(AS_GIVEN)
        said = pl.select(pl.coalesce(text.replace_strict(sides, default=None, return_dtype=pl.String), own).alias(name))
        self.table = replace(self.table, cells=self.table.cells.with_columns(said))
        self.sides.add(name)
        told = [f"{cell} = {side}" for cell, side in sides.items() if side not in (cell, AS_GIVEN)]
        if told:
            words_ = message(
                "{file}: what a dealer pays or asks, by {column}: {sides}.", file=self.table.name, column=name, sides=told
            )
            self.notes.append(words_)
        if as_answered(name) not in {*self.headers.named, "basis"} and self._may_be_own_trades(name):
            self.questions.append(Question("column", name, self.headers.shown(name), OF_WHOM, "side", ("side", IGNORE)))

    def _may_be_own_trades(self, name: str) -> bool:
        """Whether sides may be those of purchases and sales: beside quantities, or where no day of an asset has both."""
        if "quantity" in self.by or not {"asset", "date"} <= self.by.keys():
            return "quantity" in self.by
        keys = [self.by["asset"], self.by["date"]]
        both = [pl.col(name).n_unique().over(over) > 1 for over in (keys[:1], keys)]
        return self.table.cells.select(both[0].any() & ~both[1].any()).item()


def _under_fields(rows: _Rows, layout: Layout, prices: Collection[PriceColumn], key: Key) -> Table:
    """The columns that are read, under the names of their fields, but for those of prices; and constants of the layout.

    Args:
        rows: Of prices.
        layout: By which they are read.
        prices: Columns of prices.
        key: Name in the file -> asset that it means.
    """
    is_wide, frame = layout.shape == "wide", rows.table.cells
    unread = BESIDE_SERIES if is_wide else (*_NOT_IN_ROWS, "side", *MONEY)
    names = {one.header: one.header for one in prices} | {
        name: "basis" if name in rows.sides else one
        for name, one in rows.reads.items()
        if name in rows.sides or one not in (*unread, "series")
    }
    frame = frame[[name for name in frame.columns if name in names]]  # a name may be a pattern to `drop`
    frame = frame if len({*names.values()}) < len(names) else frame.rename(names)  # of one field twice: open, and not read
    constant = {name: text for name, text in layout.every.items() if name not in frame.columns}
    if "asset" in constant and key:
        constant["asset"] = key(constant["asset"]) or constant["asset"]
    if layout.shape == "long" or "asset" in constant:
        frame = frame.with_columns(pl.lit(text).alias(name) for name, text in constant.items())
    worded = [name for name in ("asset", "unit", "currency", "form", "purity", "place", "basis") if name in frame.columns]
    worded = [name for name in worded if layout.words and frame[name].dtype == pl.String]
    return replace(rows.table, cells=frame.with_columns(frame[name].replace({**layout.words}) for name in worded))


# --- shapes: header -> asset and kind of each column of prices ----------------------------------------------------------------

_Kinds = dict[str, tuple[str | None, str]]


def _prices(headers: PriceHeaders, layout: Layout) -> list[PriceColumn]:
    """The columns of prices, with the currency and the unit that layout or header say.

    Raises:
        DataError: for a table without a price, and a mass without a known currency.
    """
    table, reads = headers.table, {name: one.reads for name, one in layout.columns.items()}
    found = []
    for name, (asset, kind) in _SHAPES[headers.shape](headers, reads).items():
        column, said = layout.columns[name], check_stated(table, name, is_known=bool(layout.columns[name].currency))
        own = {"currency": column.currency or said.currency or "", "unit": column.per or said.unit or ""}
        found.append(PriceColumn(name, layout.words.get(asset or "", asset), kind, **own))
    if headers.shape == "wide":
        check_sides(table, [one.asset for one in found if one.asset], headers.is_asset)
    return found


def _long(headers: PriceHeaders, reads: Mapping[str, str]) -> _Kinds:
    """The columns of prices of a file with a row for each."""
    kinds = {name: "mid" if key in ("price", "close") else key for name, key in reads.items() if key in _PRICED}
    if len(kinds) == 1 and (end := next((name for name, kind in kinds.items() if kind in ("low", "high")), None)):
        raise one_end(headers.table, end)
    if not kinds:
        raise no_column(headers.table, "price")
    return {name: (None, kind) for name, kind in kinds.items()}


def _ohlc(headers: PriceHeaders, reads: Mapping[str, str]) -> _Kinds:
    """The adjusted close of days of trading, else their close."""
    close = next((name for key in ("adjusted", "close", "price") for name in reads if reads[name] == key), None)
    if close is None or "date" not in reads.values():
        lacks = message("there is no close") if close is None else message("there is no date")
        fault = message(
            "{names:, } is like a field of quotations, but {other}.", names=named(headers.table.columns[:3]), other=lacks
        )
        hint = message("Give one asset a file with Date and Close (or Adj Close), or one column an asset named for the asset.")
        raise headers.table.header_error(fault, hint)
    in_rows = "asset" in reads.values() or "asset" in headers.layout.every
    return {close: (None if in_rows else asset_of(headers.table.name), reads[close])}


def _wide(headers: PriceHeaders, reads: Mapping[str, str]) -> _Kinds:
    """The series of a file of a column for each."""
    table = headers.table
    below = {name: str(given[0]) for name, given in headers.first.items() if given and given[0] is not None}
    say_prices = below and all(states_alone(text) or text.lower() in SIDES for text in below.values())
    if say_prices and "date" not in {reads.get(name) for name in below}:
        hint = message(
            "Write currency and unit into the one row of the header, as 'Gallium USD/kg', and a row for each of several prices."
        )
        raise table.header_error("a header of several rows.", hint)
    for name, key in reads.items():
        if key in OF_ROWS[2:]:
            hint = message("Use date,asset,price and optional columns, or date and one column an asset.")
            raise table.header_error("{name!r:s} belongs to the long shape, but no 'asset' and 'price' do.", hint, name=name)
        if key in MONEY or (key == "series" and as_answered(name) not in headers.named and not stated_in(name).name):
            hint = message("Name it for what it is a price of, as 'Gallium EUR/kg', or add a column 'Metall'.")
            fault = message("column {name!r:s} does not say of what it is the price.", name=headers.bare[name])
            raise table.header_error(fault, hint)
    found: _Kinds = {name: (headers.bare[name], "mid") for name, key in reads.items() if key == "series"}
    if not found:
        raise table.header_error("there is no asset column.", "Add one column of prices an asset.")
    return found


_SHAPES: Mapping[Shape, Callable[[PriceHeaders, Mapping[str, str]], _Kinds]] = {
    "long": _long, "ohlc": _ohlc, "wide": _wide,
}  # fmt: skip
