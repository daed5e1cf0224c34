"""`toolkit data map`: how a price file is read, what of it is open, and the prices that every command takes from it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

import polars as pl

from toolkit.app.context import Context
from toolkit.app.holdings.names import LotNames
from toolkit.app.prices import per_kg, read_known
from toolkit.core.assets import Universe
from toolkit.core.errors import DataError
from toolkit.market.layouts.layout import Layout
from toolkit.market.layouts.propose import NO_ANSWERS, Question
from toolkit.market.layouts.unconfirmed import confirming
from toolkit.market.readers.price_columns import PriceColumns, read_columns
from toolkit.market.readers.prices import PriceFile
from toolkit.market.readers.tabular import Table
from toolkit.records.layouts import ColumnReading, MappedSeries, PricesMap, asked


@dataclass(frozen=True, slots=True, eq=False)
class MappedPrices:
    """How a price file is read, and what is open.

    Attributes:
        columns: Its columns.
        file: Its prices; None while something is open, or a cell is faulty.
        fault: Why the prices cannot be read although nothing is open.
        products: Priced per kg.
    """

    columns: PriceColumns
    file: PriceFile | None
    fault: DataError | None
    products: Universe

    @property
    def questions(self) -> Sequence[Question]:
        """What is asked."""
        return self.columns.questions

    def record(self, written: str | None) -> PricesMap:
        """The columns, the questions, the series and the layout; `written` is the file that it is kept in."""
        read = self.columns
        words = (self.fault.message, self.fault.hint) if self.fault else ()
        rows = pl.DataFrame() if self.file is None else per_kg(pl.concat([self.file.frame, self.file.quotes]), self.products)[0]
        newest = () if self.file is None else rows.sort("date").group_by("asset", "basis", maintain_order=True).agg(
            pl.len().alias("prices"), pl.col("date").min().alias("first"), pl.col("date", "price", "currency", "unit").last()
        ).sort("asset", "basis").iter_rows(named=True)  # fmt: skip
        return PricesMap(
            schema_version=1,
            file=read.table.name,
            columns=tuple(map(ColumnReading.model_validate, read.readings)),
            questions=asked(read.questions),
            series=tuple(
                MappedSeries(
                    asset=row["asset"], prices=row["prices"], first=row["first"].isoformat(), last=row["date"].isoformat(),
                    price=row["price"], currency=row["currency"], unit=row["unit"], basis=row["basis"],
                )
                for row in newest
            ),
            fault=tuple(text for text in words if text),
            notes=read.notes if self.file is None else (*self.file.reading, *self.file.notes),
            command=confirming(read),
            layout=read.layout.to_toml(),
            written=written,
        )  # fmt: skip


def map_prices(
    path: str | Table,
    context: Context,
    *,
    currency: str | None = None,
    layout: Layout | None = None,
    answers: Mapping[str, str] = NO_ANSWERS,
) -> MappedPrices:
    """How a price file is read, with answers to what was open, by the very reader of `--prices` and `toolkit data import`.

    Args:
        path: File, ``-`` for standard input, or cells.
        context: What was known on the day.
        currency: Of prices that name none; that of the owner by default.
        layout: By which it is read; None for the one beside it.
        answers: Header, text or convention -> what it means.

    Raises:
        DataError: for a file that is no table.
        SpecError: for a layout or an answer that is none.
    """
    names = LotNames(context.ledger, context.products)
    columns = read_columns(path, key=names.series, layout=layout, answers=answers)
    if columns.questions:
        return MappedPrices(columns, None, None, context.products)
    try:
        money = currency or context.settings.config.owner.currency
        file = read_known([columns], names, default_currency=money, today=date.today())
    except DataError as error:
        return MappedPrices(columns, None, error, context.products)
    return MappedPrices(columns, file, None, context.products)
