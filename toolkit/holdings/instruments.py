"""Values of listed instruments among the lots of a holdings file, by the user's own prices."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

import polars as pl

from toolkit.core.errors import GapError
from toolkit.core.messages import Message, message
from toolkit.holdings.purchases import purchases
from toolkit.market.exchange_rates import last_rate


@dataclass(frozen=True, slots=True)
class Instrument:
    """One lot of a listed instrument. Money is in the reporting currency.

    Attributes:
        price: Of one unit, at the last price known.
        cost: Of the whole lot at the rate of the day of its purchase; None where the file gives no price.
        lot_id: Id in the holdings file.
        asset: Key of the instrument.
        quantity: Units.
        status: stored, ordered, ...
        date: Day of the price.
        value: Of the lot.
        bought: Day of the purchase.
        client: Whose it is, where the file says so.
    """

    lot_id: str
    asset: str
    quantity: float
    status: str
    price: float
    date: dt.date
    value: float
    bought: dt.date | None
    cost: float | None
    client: str | None = None


def instruments(lots: pl.DataFrame, prices: pl.DataFrame, fx: pl.DataFrame, currency: str) -> tuple[Instrument, ...]:
    """The listed lots with their values, in the order of the frame.

    Args:
        lots: Columns of the holdings contract, of listed instruments alone.
        prices: Visible prices, the user's own among them.
        fx: Exchange rates known.
        currency: The reporting currency.

    Raises:
        DataError: when no exchange rate leads to the reporting currency.
        GapError: for an instrument without a price that was known by then.
    """
    found: list[Instrument] = []
    for row, bought in zip(lots.iter_rows(named=True), purchases(lots, fx, currency), strict=True):
        last = prices.filter(pl.col("asset") == row["asset"]).sort("date").tail(1).to_dicts()
        if not last:
            raise GapError(
                "no price of {asset} was known by then.",
                hint="Choose a later --as-of.",
                details={"asset": row["asset"]},
                asset=row["asset"],
            )
        price = last[0]["price"] * last_rate(fx, last[0]["currency"], currency).value
        found.append(
            Instrument(
                lot_id=row["lot_id"],
                asset=row["asset"],
                quantity=row["quantity"],
                status=row["status"],
                price=price,
                date=last[0]["date"],
                value=price * row["quantity"],
                bought=row["purchase_date"],
                cost=bought.cost,
                client=row["client"],
            )
        )
    return tuple(found)


def out_of_scope(lots: Sequence[Instrument], currency: str) -> list[Message]:
    """Notes on listed instruments of an exposure: their value is in no total."""
    if not lots:
        return []
    return [
        message(
            "{assets}: listed instruments, {value:,.0f} {currency} by your prices, in no total. Export controls on them are "
            "not in the ledger's scope.",
            assets=sorted({lot.asset for lot in lots}),
            value=sum(lot.value for lot in lots),
            currency=currency,
        )
    ]
