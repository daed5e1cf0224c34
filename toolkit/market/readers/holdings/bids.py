"""Rows of a list of bids, by the rules of the reader of lots: who offered how much for what, on which day."""

from __future__ import annotations

from typing import Any

from toolkit.core.messages import message
from toolkit.market.readers.holdings import values
from toolkit.market.readers.holdings.lot import Row, is_currency, lot_of_row
from toolkit.market.readers.holdings.values import Faulty


def bid_of(row: Row, said: Any) -> dict[str, Any] | None:
    """The record of a row; None for one that is no bid for what the owner has.

    Args:
        row: Its cells.
        said: What the owner said of its texts.
    """
    is_sized = row.text("quantity") is not None
    row.cells |= {} if is_sized else {"quantity": "1"}  # a price of one unit needs a quantity of it
    lot = lot_of_row(row, "stored", said)
    if lot is None:
        return None
    for key, own in (("purchase_date", "date"), ("purchase_price", "bid")):
        if row.cells.get(key) is None:
            row.fault(key, values.empty(own))
    bid, raw = lot["purchase_price"], row.number("purchase_price")[0]
    ask = row.bare("ask", lambda word: is_currency(word, lot))
    row.read("ask", _above, row, raw, ask)
    return {
        "row": row.file.table.rows[row.i],
        "date": lot["purchase_date"],
        **{key: lot[key] for key in ("asset", "form", "purity", "unit", "currency")},
        "bid": bid,
        "ask": ask * bid / raw if ask and bid and raw else None,
        "quantity": lot["quantity"] if is_sized else None,
        "counterparty": row.text("counterparty"),
        "valid_until": row.read("valid_until", row.day, "valid_until"),
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
