"""`holdings check`: a holdings file as read, with every fault and its corrected copy."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

import polars as pl

from toolkit.app.context import Context
from toolkit.app.holdings.names import LotNames, instruments_of
from toolkit.app.holdings.sheets import EVERY_SHEET
from toolkit.app.prices import PriceFiles, read_own, with_stored
from toolkit.app.runs import put
from toolkit.core.errors import DataError, SpecError
from toolkit.core.messages import message
from toolkit.core.places import place
from toolkit.core.remarks import Remark
from toolkit.holdings.price_slips import price_doubts, price_warnings
from toolkit.market.readers.contents import file_and_sheet
from toolkit.market.readers.faults import row_error
from toolkit.market.readers.holdings.corrected_copy import corrected
from toolkit.market.readers.holdings.lots import SCHEMA, ReadFile, lot_of
from toolkit.market.readers.holdings.read import parse
from toolkit.records.answers import holdings as records
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
        groups = self.read.grouped()
        return row_error(self.read.table.name, groups) if groups else None

    def copy(self, tell: Callable[[str], str] = str) -> str:
        """The corrected copy, as CSV; `tell` writes its faults in the language of the reader."""
        return corrected(self.read, tell)

    def record(self, written: str | None) -> records.HoldingsCheck:
        """The file and its faults; `written` is the file of the corrected copy."""
        error = self.error
        lots = (
            {**row, "country": place(row["location"]).country if row["location"] else None}
            for row in self.lots.iter_rows(named=True)
        )
        return records.HoldingsCheck(
            schema_version=1,
            file=self.read.table.name,
            columns=self.read.columns,
            ignored=self.read.ignored,
            lots=tuple(map(records.ReadLot.model_validate, lots)),
            faults=tuple(self.read.faults),
            notes=self.read.notes,
            warnings=tuple(warning.text for warning in self.warnings),
            **({} if error is None else {"error": Fault.model_validate(error)}),
            written=written,
        )


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
    known, own, names = context.snapshot["prices"], None, LotNames(context.ledger, context.products)
    if (files := with_stored(prices, context)) is not None:
        found = read_own(files, context.snapshot, names, context.settings.config.owner.currency)
        own, known = found.frame, found.over(known)
    instruments = {*instruments_of(own, context.ledger), *context.listed}
    read = parse(path, names=replace(names, instruments=tuple(instruments)), today=date.today())
    faulty = {found.row for found in read.faults}
    good = [lot_of(row) for row, number in zip(read.rows, read.numbers, strict=True) if number not in faulty]
    lots = pl.DataFrame(good, schema=SCHEMA)
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
