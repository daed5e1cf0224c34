"""Rows of a list of bids, by the rules of the reader of lots: who offered how much for what, on which day."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from typing import Any

from toolkit.core.messages import few, message
from toolkit.market.layouts.fields import AS_LOT, BIDS
from toolkit.market.readers.holdings.lot import FileCells, Row, lot_of_row
from toolkit.market.readers.holdings.lots import DEFAULTS, Names, ReadFile, notes
from toolkit.market.readers.holdings.movements import KEPT_DEFAULTS, day_in
from toolkit.market.readers.holdings.rows import (
    check_formulas,
    conventions,
    read_columns,
    rows_of_no_lot,
    said_of,
    texts_of,
)
from toolkit.market.readers.holdings.values import Faulty

_OF_BID = {AS_LOT[field.key]: field.key for field in BIDS if field.key in AS_LOT}
"""Field of a lot -> that of a bid whose cells are read by its rules."""


def with_bids(read: ReadFile, names: Names, today: date, client: str | None) -> ReadFile:  # noqa: ARG001  # as of lots
    """A file with its bids, the faults of their cells, what its texts leave open, and how it was read.

    Args:
        read: Its cells and the layout by which they are read.
        names: How assets and forms are recognised.
        today: No bid is later.
        client: Bids are of no client.
    """
    file, numbers = FileCells(read.table, read.layout, names, today), read.table.rows.to_list()
    texts = [*texts_of(read)]
    read_columns(file, read.headers)
    check_formulas(file)
    totals, below = rows_of_no_lot(file)
    kept = sorted({*range(len(numbers))} - {*totals, *below})
    file.lots = [f"row {number}" for number in numbers]
    told = [*notes(read, [numbers[i] for i in totals]), *conventions(file, kept, kept)]
    found = {i: one for i in kept if (one := _bid(Row(file, i), said_of(file, texts, i, "stored"))) is not None}
    for key in (*KEPT_DEFAULTS, "form"):
        told += [DEFAULTS[key](few([*dict.fromkeys(file.defaults[key])]))] if key in file.defaults else []
    hint = message("Correct the date.")
    faults = [
        replace(one, column=_OF_BID.get(one.column, one.column))
        if one.rule not in ("future", "past")
        else replace(one, column="date", fault=message("a bid of a day that is not"), hint=hint)
        for one in file.faults
    ]
    return replace(
        read, rows=[*found.values()], numbers=[numbers[i] for i in found], faults=_in_order(faults),
        questions=(*read.questions, *file.questions.values()), notes=tuple(told),
    )  # fmt: skip


def _in_order(faults: Sequence[Any]) -> list[Any]:
    order = {field.key: at for at, field in enumerate(BIDS)}
    return sorted(dict.fromkeys(faults), key=lambda one: (order.get(one.column, -1), one.row))


def _bid(row: Row, said: Any) -> dict[str, Any] | None:
    """The record of a row; None for one that is no bid for what the owner has."""
    is_sized = row.text("quantity") is not None
    row.cells |= {} if is_sized else {"quantity": "1"}  # a price of one unit needs a quantity of it
    lot = lot_of_row(row, "stored", said)
    if lot is None:
        return None
    for key, what in (("purchase_date", "day"), ("purchase_price", "bid")):
        if row.cells.get(key) is None:
            words = message("a bid without its day") if what == "day" else message("a bid without a price")
            row.file.fault(row.i, key, Faulty("empty", words, message("Fill the cell, or leave the row out.")))
    bid, raw, ask = lot["purchase_price"], row.number("purchase_price")[0], row.number("ask")[0]
    row.read("ask", _above, row, raw, ask)
    return {
        "row": row.file.table.rows[row.i],
        "date": lot["purchase_date"],
        **{key: lot[key] for key in ("asset", "form", "purity", "unit", "currency")},
        "bid": bid,
        "ask": ask * bid / raw if ask and bid and raw else None,
        "quantity": lot["quantity"] if is_sized else None,
        "counterparty": row.text("counterparty"),
        "valid_until": row.read("valid_until", day_in, row, "valid_until"),
        "remark": row.text("remark"),
    }


def _above(row: Row, bid: float | None, ask: float | None) -> None:
    """A fault for an ask below the bid, and for one in another currency or of another unit."""
    if ask is None or bid is None:
        return
    one, other = row.header("purchase_price"), row.header("ask")
    if (other.unit, other.currency) not in ((None, None), (one.unit, one.currency)):
        raise Faulty("two_units", "an ask in another unit or currency than the bid", message("Give both in one."))
    if ask < bid:
        raise Faulty("ask", "an ask below the bid", message("Correct one of them, or leave the ask out."))
