"""`holdings check` and `holdings map`: a holdings file as read, with every fault, and how each column is read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from functools import cached_property
from pathlib import Path

import polars as pl

from toolkit.app.context import Context
from toolkit.app.holdings.lots import with_known_texts
from toolkit.app.holdings.movements import lots_of, of_places, settled, stock_frame, with_stock
from toolkit.app.holdings.names import LotNames, instruments_of
from toolkit.app.holdings.sheets import EVERY_SHEET
from toolkit.app.prices import PriceFiles, read_own, with_stored
from toolkit.app.runs import put
from toolkit.core.errors import DataError, SpecError
from toolkit.core.messages import message
from toolkit.core.places import place
from toolkit.core.remarks import Remark
from toolkit.holdings.movements import Stock
from toolkit.holdings.price_slips import price_doubts, price_warnings
from toolkit.market.layouts.fields import HOLDINGS
from toolkit.market.layouts.layout import Layout
from toolkit.market.layouts.propose import Question
from toolkit.market.readers.contents import file_and_sheet
from toolkit.market.readers.faults import MEND
from toolkit.market.readers.holdings.lots import SCHEMA, ReadFile, Unconfirmed, confirming, lot_of
from toolkit.market.readers.holdings.read import NO_ANSWERS, parse
from toolkit.market.readers.tabular import Table
from toolkit.records import layouts as records
from toolkit.records.sources import Fault


@dataclass(frozen=True, slots=True, eq=False)  # frames have no truth value, so answers are compared by identity
class HoldingsCheck:
    """A holdings file as it is understood.

    Attributes:
        read: Its cells, columns and faults.
        lots: Holds the contract `Lots`; the rows without a fault.
        warnings: Prices far from the level of their day.
    """

    read: ReadFile
    lots: pl.DataFrame
    warnings: tuple[Remark, ...]

    @property
    def error(self) -> DataError | None:
        """The error that a command with this file raises; None for a file without a fault."""
        if self.read.questions:
            return Unconfirmed(self.read)
        return self.read.fault(MEND)

    def record(self) -> records.HoldingsCheck:
        """The file and its faults."""
        error = self.error
        return records.HoldingsCheck(
            schema_version=1,
            file=self.read.table.name,
            of="movements" if self.read.layout.of == "movements" else "holdings",
            columns=self.read.columns,
            ignored=self.read.ignored,
            lots=_lots(self.lots),
            faults=tuple(self.read.faults),
            notes=self.read.notes,
            warnings=tuple(warning.text for warning in self.warnings),
            **({} if error is None else {"error": Fault.model_validate(error)}),
        )


def _lots(frame: pl.DataFrame) -> tuple[records.ReadLot, ...]:
    rows = (
        {**row, "country": place(row["location"]).country if row["location"] else None} for row in frame.iter_rows(named=True)
    )
    return tuple(map(records.ReadLot.model_validate, rows))


@dataclass(frozen=True, slots=True, eq=False)
class HoldingsMap:
    """How a holdings file is read, and what is open.

    Attributes:
        read: The file, as every command reads it.
        stock: Of a file of movements the lots of the day; None of one of lots.
    """

    read: ReadFile
    stock: pl.DataFrame | None = None

    @property
    def questions(self) -> Sequence[Question]:
        """What is asked."""
        return self.read.questions

    def record(self, written: str | None) -> records.HoldingsMap:
        """The columns, the questions and the layout; `written` is the file that it is kept in."""
        read = self.read
        return records.HoldingsMap(
            schema_version=1,
            file=read.table.name,
            columns=tuple(map(records.ColumnReading.model_validate, read.readings)),
            questions=records.asked(read.questions),
            of="holdings" if read.layout.of == "prices" else read.layout.of,
            lots=len(read.rows) if self.stock is None else self.stock.height,
            movements=None if self.stock is None else len(read.rows),
            faults=len(read.faults) + len(read.broken),
            wrong=tuple(found.told() for found in read.grouped()),
            notes=read.notes,
            command=confirming(read),
            layout=read.layout.to_toml(),
            written=written,
        )


def map_holdings(
    path: str | Table,
    context: Context,
    *,
    prices: PriceFiles | None = None,
    layout: Layout | None = None,
    answers: Mapping[str, str] = NO_ANSWERS,
) -> HoldingsMap:
    """How a holdings file is read, with answers to what was open.

    Args:
        path: File, or ``-`` for standard input.
        context: What was known on the day.
        prices: Price files of the user, whose series may be held.
        layout: By which it is read; None for the one beside it.
        answers: Header, text or convention -> what it means.

    Raises:
        DataError, SpecError: as of `parse`.
    """
    names, _, _ = names_of(context, prices)
    read = parse(path, names=names, today=date.today(), layout=layout or context.layout, answers=answers)
    return HoldingsMap(*_with_stock(read, context))


def _with_stock(read: ReadFile, context: Context) -> tuple[ReadFile, pl.DataFrame | None]:
    """A file with what of its movements cannot be, and the lots of the day that they leave; None of a file of lots."""
    if read.layout.of != "movements":
        return read, None
    read, stock = with_stock(read, context.as_of, context.settings.config.owner.holding_rule)
    is_open = read.questions or read.faults or read.broken  # nothing is told of the stock then
    return read, stock_frame(stock).clear() if is_open else stock_frame(stock)


def stock_of(path: str | Table, context: Context, *, prices: PriceFiles | None, client: str | None = None) -> HoldingsStock:
    """The stock of the day of the answer, and the money, of a file of movements.

    Args:
        path: File, or ``-`` for standard input.
        context: With the day.
        prices: Price files of the user, whose series may be held.
        client: Whose movements are meant, where the file has a column of clients; None for all.

    Raises:
        SpecError: for a list of lots; DataError: for a file that cannot be read, or is not settled.
    """
    names, _, _ = names_of(context, prices)
    read = parse(path, names=names, today=date.today(), client=client, layout=context.layout)
    read, stock = settled(read, context.as_of, context.settings.config.owner.holding_rule)
    return HoldingsStock(read, stock)


@dataclass(frozen=True, eq=False)  # no slots: the lots are made once
class HoldingsStock:
    """The stock of a day by a file of movements.

    Attributes:
        read: The file.
        stock: What is there, the sales and the money.
    """

    read: ReadFile
    stock: Stock

    @cached_property
    def lots(self) -> pl.DataFrame:
        """The lots that are there, by the contract `Lots`."""
        return stock_frame(self.stock)

    def record(self, written: str | None) -> records.HoldingsStock:
        """The lots, the money and the sales; `written` is the file of the lots."""
        money = sorted((currency, one) for currency, one in self.stock.account().items() if currency)
        amounts = {*records.MovedMoney.model_fields} - {"currency"}
        return records.HoldingsStock(
            schema_version=1,
            file=self.read.table.name,
            as_of=self.stock.day.isoformat(),
            movements=len(self.read.rows),
            lots=_lots(self.lots),
            money=tuple(
                records.MovedMoney(currency=currency, **{name: float(getattr(one, name)) for name in amounts})
                for currency, one in money
            ),
            sales=tuple(
                records.SoldLot.model_validate({name: getattr(one, name) for name in records.SoldLot.model_fields})
                for one in self.stock.sales
            ),
            notes=(*self.read.notes, *of_places(self.lots)),
            written=written,
        )

    def to_csv(self) -> str:
        """The lots as a file of lots: read again they are the same, to the cent."""
        costs = {name: part.cost for name, part in lots_of(self.stock)}
        frame = with_known_texts(self.lots).with_columns(
            total_price=pl.Series([str(costs[lot]) if costs[lot] else None for lot in self.lots["lot_id"]], dtype=pl.String),
        )
        columns = [field.key for field in HOLDINGS if field.key in frame.columns and field.key != "purchase_price"]
        columns = [key for key in columns if key in ("asset", "quantity") or frame[key].null_count() < frame.height]
        return frame.select(columns).write_csv()


def accepted(found: HoldingsMap) -> dict[str, str]:
    """The answers that are proposed: header or text -> answer."""
    return {one.name: one.proposed for one in found.read.questions if one.proposed}


def write_layout(found: HoldingsMap, file: str) -> None:
    """Keep the layout; one that was there is replaced."""
    put(Path(file), found.read.layout.to_toml().encode("utf-8"))


def names_of(context: Context, prices: PriceFiles | None) -> tuple[LotNames, pl.DataFrame, pl.DataFrame | None]:
    """How names in a file are recognised, known prices, and the user's own."""
    known, own, names = context.snapshot["prices"], None, LotNames(context.ledger, context.products)
    if (files := with_stored(prices, context)) is not None:
        found = read_own(files, context.snapshot, names, context.settings.config.owner.currency)
        own, known = found.frame, found.over(known)
    instruments = {*instruments_of(own, context.ledger), *context.listed}
    return replace(names, instruments=tuple(instruments)), known, own


def check_holdings(path: str, context: Context, *, prices: PriceFiles | None = None) -> HoldingsCheck:
    """The lots of a holdings file, with all faults and doubtful prices of it.

    Args:
        path: File, or ``-`` for standard input.
        context: What was known on the day.
        prices: Price files of the user, with which purchase prices are compared too.

    Raises:
        DataError: for a file that is no table or has no header that can be used, and for a prices file that cannot be.
    """
    if file_and_sheet(path)[1] == EVERY_SHEET:
        hint = message("Name one, as {file:s}#SHEET.", file=str(file_and_sheet(path)[0]))
        raise DataError("the sheets of a workbook are checked one at a time.", hint=hint)
    names, known, _ = names_of(context, prices)
    read, stock = _with_stock(parse(path, names=names, today=date.today(), layout=context.layout), context)
    faulty = {found.row for found in read.faults}
    rows = zip(read.rows, read.numbers, strict=True) if stock is None else ()
    good = [lot_of(row) for row, number in rows if number not in faulty and row["quantity"] and row["unit"]]
    lots = pl.DataFrame(good, schema=SCHEMA) if stock is None else stock
    assets = {lot: (asset, None) for lot, asset in lots.select("lot_id", "asset").iter_rows()}
    doubts = price_doubts(lots, known, context.snapshot, context.products, unit=read.price_unit)
    return HoldingsCheck(read, lots, price_warnings(doubts, assets))


def write_text(file: str, text: str) -> None:
    """Text to a new file.

    Raises:
        SpecError: for a file that is there already, and a place that cannot be written to.
    """
    if Path(file).exists():
        raise SpecError("{file!r:s} is there already.", hint="Name another file, or remove it.", file=file)
    put(Path(file), text.encode("utf-8" if text.isascii() else "utf-8-sig"))
